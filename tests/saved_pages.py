"""Files as people save them, made from one page: MHTML, SingleFile, WARC, WACZ, and what hostile ones look like."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Sequence

DATE = "2026-11-19T01:02:03Z"


def mhtml(page: str, url: str, *more: tuple[str, str, bytes], date: str = "Thu, 19 Nov 2026 09:02:03 +0800") -> bytes:
    """As Chromium writes it; `more` are parts beside the page: address, type, bytes."""
    parts = [_part(url, "text/html; charset=utf-8", page.encode())]
    parts += [_part(address, kind, body) for address, kind, body in more]
    head = (
        "From: <Saved by Blink>\r\n"
        f"Snapshot-Content-Location: {url}\r\n"
        "Subject: =?utf-8?Q?=E4=B8=93=E5=88=A9?=\r\n"
        f"Date: {date}\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----Boundary--x----"\r\n\r\n\r\n'
    )
    line = b"------Boundary--x----"
    return head.encode() + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _part(url: str, kind: str, body: bytes) -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Location: {url}\r\n\r\n"
    return head.encode() + base64.encodebytes(body).replace(b"\n", b"\r\n")


def singlefile(page: str, url: str, date: str = "Thu Nov 19 2026 09:02:03 GMT+0800 (中国标准时间)") -> bytes:
    """As the extension of that name writes it, with a picture inside."""
    inside = base64.b64encode(bytes(range(256)) * 8).decode()
    comment = f"<!--\n Page saved with SingleFile \n url: {url} \n saved date: {date}\n-->"
    return f"<!DOCTYPE html> <html>{comment}{page}<img src=data:image/png;base64,{inside}></html>".encode()


def record(kind: str, url: str, content_type: str, block: bytes, date: str = DATE) -> bytes:
    """One WARC record, plain."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def response(url: str, body: bytes, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """One response record, plain."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]
    return record(
        "response", url, "application/http; msgtype=response", "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    )


def packed(*records: bytes) -> bytes:
    """Each record as a gzip member of its own."""
    return b"".join(gzip.compress(one) for one in records)


def wacz(warc: bytes, *urls: str, more: Sequence[tuple[str | zipfile.ZipInfo, bytes]] = ()) -> bytes:
    """A package of one WARC whose pages are `urls`."""
    lines = [{"format": "json-pages-1.0", "id": "pages"}, *({"url": url, "ts": DATE} for url in urls)]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("archive/data.warc.gz", warc)
        file.writestr("pages/pages.jsonl", "\n".join(map(json.dumps, lines)))
        file.writestr("datapackage.json", "{}")
        for name, body in more:
            file.writestr(name, body)
    return written.getvalue()
