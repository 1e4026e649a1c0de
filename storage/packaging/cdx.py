"""The index of a package (CDXJ): where a player finds the record of an address. Knows no files."""

from __future__ import annotations

import json
import re
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from crawler.items import How
from storage import warc

_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_WWW = re.compile(r"^www\d*\.")
_SESSIONS = tuple(
    re.compile(rf"^(.*)(?:{one})(?:&(.*))?$", re.I | re.S)
    for one in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]+&cftoken=[^&]+",
    )
)
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
    """The address as index keys write it (SURT), by the rules that players share: pywb finds nothing under another.

    Host turned round without www, path and query without needless escapes and in lower case, no slash at the end, the
    query in order and without the numbers of sessions.
    """
    if not url.startswith(("http://", "https://")):
        return url.replace(" ", "%20")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url.lower()
    turned = ",".join(reversed(_WWW.sub("", host, count=1).split(".")))
    turned += f":{port}" if port not in (None, 80, 443) else ""
    query = _query(_plainly(parts.query))
    return f"{turned}){_path(parts.path)}{'?' + query if query else ''}"


def _plainly(text: str) -> str:
    """Without escapes that are not needed, however often it was escaped."""
    raw = text.encode("utf-8", "surrogatepass")
    while (opened := unquote_to_bytes(raw)) != raw:
        raw = opened
    return quote_from_bytes(raw, safe=_SAFE)


def _path(path: str) -> str:
    kept: list[str] = []
    for part in _plainly(path).split("/")[1:]:
        if part == ".." and kept:
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept).lower()


def _query(query: str) -> str:
    for session in _SESSIONS:
        query = session.sub(r"\1\2", query)
    return "&".join("=".join(one) for one in sorted(part.split("=", 1) for part in query.lower().split("&")))
