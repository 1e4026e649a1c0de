"""Our WARC writer against stock warcio writing the same exchanges; prints one JSON line.

The exchanges are made from a seed: result pages of about 200 kB that repeat themselves as real
ones do, and pictures of 60 kB that do not compress. Both write request and response records
with payload and block digests into real files. Interleaved, median of five, per CPU second.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.captures import Exchange
from storage.archive import FolderArchive

SEED = 20260801
PAIRS = 32
ROUNDS = 5
MOMENT = datetime(2026, 8, 1, 2, 30, tzinfo=UTC)
REQUEST_HEADERS = (("Host", "www.specimen.example"), ("User-Agent", "lantian/0.1.0"), ("Accept-Encoding", "gzip, br"))


def html(chance: random.Random, words: list[str]) -> bytes:
    """A result page of about 200 kB: the same frame around 96 items of differing words."""
    items = []
    for number in range(96):
        title, text = ("".join(chance.choices(words, k=count)) for count in (12, 170))
        items.append(
            f'<div class="result c-container xpath-log new-pmd" id="{number}" srcid="{chance.randrange(10**4)}" '
            f'data-click="{{&quot;rsv_bdr&quot;:&quot;0&quot;,&quot;p5&quot;:{number}}}">'
            f'<h3 class="t c-title-en"><a href="https://www.specimen.example/link?url={chance.randbytes(32).hex()}" '
            f'target="_blank">{title}</a></h3><div class="c-abstract c-row"><span class="content-right">{text}</span>'
            f'</div><div class="f13"><span class="c-showurl">shop{chance.randrange(10**6)}.example</span></div></div>'
        )
    return f"<!DOCTYPE html><html><body>{''.join(items)}</body></html>".encode()


def exchanges() -> Iterator[Exchange]:
    """The mixture, the same at every call."""
    chance = random.Random(SEED)
    words = ["".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(chance.randint(1, 4))) for _ in range(20_000)]
    words = chance.choices(words, [1 / (rank + 1) for rank in range(len(words))], k=20_000)
    for number in range(PAIRS):
        for kind, body in (("text/html;charset=utf-8", html(chance, words)), ("image/jpeg", chance.randbytes(60_000))):
            yield Exchange(
                url=f"https://www.specimen.example/s?pn={number}&t={kind[:5]}",
                method="GET",
                request_headers=REQUEST_HEADERS,
                request_body=b"",
                status=200,
                reason="OK",
                protocol="HTTP/1.1",
                response_headers=(("Content-Type", kind), ("Content-Length", str(len(body))), ("Server", "specimen")),
                response_body=body,
                ip_address="127.0.0.1",
                fetched_at=MOMENT,
            )


def ours(folder: Path, mixture: list[Exchange]) -> None:
    with FolderArchive(folder, tool="lantian benchmark") as archive:
        for exchange in mixture:
            archive.keep(exchange)


def stock(folder: Path, mixture: list[Exchange]) -> None:
    folder.mkdir()
    with (folder / "stock.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True, warc_version="1.1")
        for exchange in mixture:
            answer = StatusAndHeaders("200 OK", list(exchange.response_headers), protocol="HTTP/1.1")
            question = StatusAndHeaders("GET /s HTTP/1.1", list(exchange.request_headers), is_http_request=True)
            fields = {"WARC-IP-Address": exchange.ip_address}
            response = writer.create_warc_record(
                exchange.url,
                "response",
                payload=io.BytesIO(exchange.response_body),
                http_headers=answer,
                warc_headers_dict=dict(fields),
            )
            request = writer.create_warc_record(
                exchange.url, "request", payload=io.BytesIO(b""), http_headers=question, warc_headers_dict=dict(fields)
            )
            writer.write_request_response_pair(request, response)


def measured(write: Callable[[Path, list[Exchange]], None], mixture: list[Exchange]) -> tuple[float, int]:
    """CPU seconds and bytes on disk."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "archive"
        start = time.process_time()
        write(folder, mixture)
        spent = time.process_time() - start
        return spent, sum(path.stat().st_size for path in folder.iterdir())


def main() -> None:
    mixture = list(exchanges())
    megabytes = sum(len(exchange.response_body) for exchange in mixture) / 1e6
    rounds = [(measured(ours, mixture), measured(stock, mixture)) for _ in range(ROUNDS)]
    value = megabytes / statistics.median(mine[0] for mine, _ in rounds)
    baseline = megabytes / statistics.median(theirs[0] for _, theirs in rounds)
    (_, our_size), (_, stock_size) = rounds[0]
    result = {
        "name": "warc writer, MB/CPU-s",
        "value": round(value, 1),
        "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 2),
        "goal": "≥ 4, size ≤ 1.05",
        "size_ratio": round(our_size / stock_size, 3),
        "note": f"size × {our_size / stock_size:.3f}",
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
