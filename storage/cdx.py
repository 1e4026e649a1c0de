"""The index of a package (CDXJ): where a player finds the record of an address. Knows no files."""

from __future__ import annotations

import json
from urllib.parse import SplitResult, urlsplit

from crawler.items import How
from storage import warc

INDEXED = ("response", "resource")
FILE = "data.warc.gz"


def lines(record: warc.Record, offset: int, length: int) -> list[str]:
    """The one line of a response or resource record; nothing for any other.

    A picture that was kept under the page's own address has none: a player would show it instead of the page.
    """
    url = record.field("WARC-Target-URI")
    is_picture_of = record.field("Lantian-How") == How.PICTURE and not url.startswith("urn:")
    if record.field("WARC-Type") not in INDEXED or is_picture_of:
        return []
    payload = warc.payload_of(record)
    told = {
        "url": url,
        "mime": _mime(record, payload),
        "status": int(payload.head[9:12]) if payload.head else 200,
        "digest": f"sha256:{payload.sha256}",
        "length": length,
        "offset": offset,
        "filename": FILE,
    }
    moment = "".join(one for one in record.field("WARC-Date")[:19] if one.isdigit())
    return [f"{key(url)} {moment} {json.dumps(told, ensure_ascii=True)}\n"]


def _mime(record: warc.Record, payload: warc.Payload) -> str:
    named = record.field("Content-Type")
    if payload.head:
        named = ""
        for line in payload.head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-type":
                named = value
                break
    return named.partition(";")[0].strip().lower() or "unk"


def key(url: str) -> str:
    """The address as index keys write it (SURT): host turned round, no www, query sorted, in lower case."""
    if not url.startswith(("http://", "https://")):
        return url.replace(" ", "%20")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url.lower()
    labels = host.removeprefix("www.").split(".")
    turned = ",".join(reversed(labels)) + (f":{port}" if port not in (None, 80, 443) else "")
    return f"{turned}){_path(parts)}".lower()


def _path(parts: SplitResult) -> str:
    query = "&".join(sorted(parts.query.split("&")))
    return (parts.path or "/") + (f"?{query}" if query else "")
