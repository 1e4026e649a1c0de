"""An advertiser's own page: asked by its address, followed where it sends on, judged, exported with its redirects."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.console.conftest import Ran

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

PAGES = Path(__file__).parent.parent / "spiders" / "pages" / "landing"
ASKED, LED_TO = "https://old.xinghe-ip.example/zl", "https://www.xinghe-ip.example/zl/"
WEB = """
[[page]]
host = "old.xinghe-ip.example"
path = "/zl"
file = "moved.html"
status = 302
headers = { Location = "https://www.xinghe-ip.example/zl/" }
[[page]]
host = "www.xinghe-ip.example"
path = "/zl/"
file = "agency.html"
[[page]]
host = "www.xinghe-ip.example"
path = "/gone"
file = "gone.html"
"""
QUICK = "[crawl]\ndelay = 0.0\ntimeout = 60.0\nretries = 0\n[browser]\npictures = false\n[pictures]\nread = false\n"


def test_a_landing_page_is_followed_judged_and_exported(lantian: Run, here: Run, serve: Serve, tmp_path: Path) -> None:
    agency = (PAGES / "agency.html").read_text(encoding="utf-8")
    files = {"moved.html": "moved", "agency.html": agency, "gone.html": "<title>404</title>您访问的页面不存在"}
    hosts = {"LANTIAN_HOSTS": str(serve(files, WEB))}
    (tmp_path / "home" / "lantian.toml").write_text(QUICK, encoding="utf-8")
    queries = tmp_path / "addresses.txt"
    queries.write_text(f"{ASKED}\nhttps://www.xinghe-ip.example/gone\n", encoding="utf-8")
    ran = lantian("round", "--spiders", "landing", "--queries", queries, "--json", **hosts)
    told = {line["query"]: (line["outcome"], line["reason"], line["listings"]) for line in ran.lines}
    assert told == {ASKED: ("ok", "", 1), "https://www.xinghe-ip.example/gone": ("gone", "not_found", 0)}, ran.err
    (lead,) = here("leads", "--json").lines
    assert lead["seller"] == "示例星河知识产权代理有限公司"
    out = tmp_path / "landing.wacz"
    ran = here("evidence", "export", "--exhibit", lead["exhibit"], "-o", out, "--by", "示例甲")
    assert ran.code == 0, ran.err
    with zipfile.ZipFile(out) as package:
        (records,) = (package.read(name) for name in package.namelist() if name.endswith(".warc.gz"))
    told = gzip.decompress(records)
    assert all(f"WARC-Target-URI: {url}\r\n".encode() in told for url in (ASKED, LED_TO))


def test_words_are_refused_before_anything_begins(lantian: Run, tmp_path: Path) -> None:
    queries = tmp_path / "words.txt"
    queries.write_text("专利包授权\n", encoding="utf-8")
    ran = lantian("round", "--spiders", "landing", "--queries", queries)
    assert (ran.code, "专利包授权" in ran.err) == (2, True)
    assert not (tmp_path / "home" / "lantian.db").exists()
