"""Files that people saved are opened as what they are; the hostile ones are refused in one line, within bounds."""

from __future__ import annotations

import gzip
import io
import stat
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from saved_pages import DATE, mhtml, packed, record, response, singlefile, wacz

from console.files import platforms
from crawler.errors import UserMistake
from crawler.saved import Form
from spiders import savedhtml, savedwacz, savedwarc
from spiders.imported import FALLBACK, is_address, open_saved, platform_of, query_of

URL = "https://search.jd.com/Search?keyword=%E4%B8%93%E5%88%A9&enc=utf-8&page=1"
PAGE = "<html><body><p>专利代理</p></body></html>"
BODY = PAGE.encode()


def only(raw: bytes) -> tuple[Form, bytes, str, str]:
    saved = open_saved(raw)
    (page,) = saved.pages
    return saved.form, page.body, page.url, page.at


# -- what they are -----------------------------------------------------------------------------


def test_plain_html_has_the_claim_a_browser_writes() -> None:
    assert only(BODY) == (Form.HTML, BODY, "", "")
    claimed = f"<!-- saved from url=(0077){URL} -->\n{PAGE}".encode()
    assert only(claimed) == (Form.HTML, claimed, URL, "")


def test_singlefile_is_read_without_its_long_data_addresses() -> None:
    raw = singlefile(PAGE, URL)
    saved = open_saved(raw)
    (page,) = saved.pages
    assert (saved.form, page.url) == (Form.SINGLEFILE, URL)
    assert page.at.startswith("Thu Nov 19 2026 09:02:03")
    assert len(page.body) < len(raw) - 2000
    ((name, picture),) = page.pictures.items()
    assert name.encode() in page.body
    assert picture == bytes(range(256)) * 8


def test_mhtml_is_its_page_and_the_pictures_beside_it() -> None:
    raw = mhtml(
        PAGE, URL, ("https://img.example/a.png", "image/png", b"png"), ("https://x.example/", "text/html", b"<p>")
    )
    saved = open_saved(raw)
    (page,) = saved.pages
    assert (saved.form, page.body, page.url, page.at) == (Form.MHTML, BODY, URL, "Thu, 19 Nov 2026 09:02:03 +0800")
    assert page.content_type == "text/html; charset=utf-8"
    assert page.pictures == {"https://img.example/a.png": b"png"}


def test_mhtml_may_nest_and_quote() -> None:
    quoted = b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=E4=B8=93</p>\n"
    inner = b'Content-Type: multipart/alternative; boundary="i"\n\n--i\n' + quoted + b"--i--\n"
    raw = b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="o"\n\n--o\n' + inner + b"\n--o--\n"
    assert only(raw) == (Form.MHTML, "<p>专</p>".encode(), "", "")


@pytest.mark.parametrize(
    "pack", [b"".join, lambda several: packed(*several), lambda several: gzip.compress(b"".join(several))]
)
def test_warc_plain_and_packed(pack: Callable[[list[bytes]], bytes]) -> None:
    raw = pack([record("warcinfo", "", "application/warc-fields", b"a: b"), response(URL, BODY)])
    assert only(raw) == (Form.WARC, BODY, URL, DATE)


def test_warc_bodies_come_out_of_chunks_and_encodings() -> None:
    body = gzip.compress(BODY)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    raw = response(URL, chunks, "Transfer-Encoding: chunked", "Content-Encoding: gzip")
    assert only(raw)[1] == BODY
    assert only(response(URL, BODY, "Transfer-Encoding: chunked", "Content-Encoding: gzip"))[1] == BODY, "opened before"


def test_warc_takes_documents_once_and_no_redirect() -> None:
    raw = packed(
        response("https://www.jd.com/", b"", "Location: /x", status="302 Found"),
        response(URL, BODY),
        response(URL, BODY),
        response("https://img.example/a.png", b"png", kind="image/png"),
        response("https://x.example/a.js", b"js", kind="text/javascript"),
        response("https://x.example/wall", b"<p>", status="403 Forbidden"),
    )
    pages = open_saved(raw).pages
    assert [(page.url, page.status) for page in pages] == [(URL, 200), ("https://x.example/wall", 403)]
    assert pages[0].pictures == {"https://img.example/a.png": b"png"}


def test_wacz_names_its_pages() -> None:
    saved = open_saved(wacz(packed(response(URL, BODY), response("https://x.example/frame", b"<p>")), URL))
    assert (saved.form, len(saved.pages), saved.listed) == (Form.WACZ, 2, {URL})


@pytest.mark.parametrize(
    ("raw", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n rest", "image/png"),
        (b"\xff\xd8\xff rest", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 rest", "image/webp"),
    ],
)
def test_pictures_are_known_by_their_bytes(raw: bytes, mime: str) -> None:
    saved = open_saved(raw)
    assert (saved.form, saved.pages[0].content_type, saved.pages[0].body) == (Form.PICTURE, mime, raw)


# -- what is refused ---------------------------------------------------------------------------


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    return wacz(packed(response(URL, BODY)), URL, more=entries)


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zipped(("pages/pages.jsonl", b"{}"))


def encrypted() -> bytes:
    raw = bytearray(zipped())
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.index(magic) + at] |= 1
    return bytes(raw)


def broken_gzip() -> bytes:
    raw = bytearray(packed(response(URL, BODY * 50)))
    raw[len(raw) // 2] ^= 0xFF
    return bytes(raw)


def broken_entry() -> bytes:
    raw = bytearray(zipped())
    raw[raw.index(b"archive/data.warc.gz") + 60] ^= 0xFF
    return bytes(raw)


HEAD = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"


def nested(depth: int) -> bytes:
    inner = b"Content-Type: text/html\r\n\r\n<p>\r\n"
    for level in range(depth):
        mark = b"%d" % level
        inner = b"Content-Type: multipart/mixed; boundary=n%s\r\n\r\n--n%s\r\n%s\r\n--n%s--\r\n" % (
            mark,
            mark,
            inner,
            mark,
        )
    return HEAD + b"--b\r\n" + inner + b"\r\n--b--\r\n"


def huge_directory() -> bytes:
    """A zip's directory of many more entries than a page has parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("a", b"")
    raw = written.getvalue()
    entry = raw[raw.index(b"PK\1\2") : raw.index(b"PK\5\6")]
    return raw[: raw.index(b"PK\1\2")] + entry * (savedwacz.MOST_ENTRIES + 1) + raw[raw.index(b"PK\5\6") :]


REFUSED = {
    "empty": (lambda: b"", "空文件"),
    "text": ("只是文字".encode, "认不出"),
    "html without end": (lambda: HEAD + b"--b\r\nContent-Type: text/html\r\n\r\n<p>", "不完整"),
    "mhtml without page": (lambda: HEAD + b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n", "没有网页"),
    "mhtml without boundary": (lambda: HEAD.replace(b"; boundary=b", b"") + b"--b--", "分隔符"),
    "mhtml too deep": (lambda: nested(savedhtml.DEEPEST + 1), "嵌套"),
    "mhtml of many parts": (lambda: HEAD + b"--b\r\n\r\n" * (savedhtml.MOST_PARTS + 1) + b"--b--\r\n", "部件超过"),
    "mhtml with a long head": (lambda: HEAD.replace(b"=b", b"=b\r\nX: " + b"1" * savedhtml.LARGEST_HEAD), "过长"),
    "mhtml with an endless type": (
        lambda: HEAD + b'--b\r\nContent-Type: text/html; a="' + b";" * 10_000 + b"\r\n\r\nx\r\n--b--\r\n",
        "类型",
    ),
    "mhtml in an odd encoding": (
        lambda: HEAD + b"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: uuencode\r\n\r\nx\r\n--b--\r\n",
        "编码",
    ),
    "warc cut": (lambda: response(URL, BODY)[:-20], "不完整"),
    "warc cut in its head": (lambda: response(URL, BODY)[:60], "不完整"),
    "warc without a length": (lambda: response(URL, BODY).replace(b"Content-Length", b"Content-Width"), "长度"),
    "warc of another kind": (lambda: b"WARC/9.9\r\n\r\n", "WARC 1.0"),
    "warc with an endless head": (lambda: b"WARC/1.1\r\nX: " + b"x" * (savedwarc.LARGEST_HEAD * 2), "过长"),
    "warc without pages": (lambda: record("warcinfo", "", "text/plain", b"a"), "没有网页"),
    "warc of many records": (
        lambda: gzip.compress(record("metadata", "", "a/b", b"") * (savedwarc.MOST_RECORDS + 1)),
        "记录超过",
    ),
    "gzip cut": (lambda: packed(response(URL, BODY))[:-9], "不完整"),
    "gzip broken": (broken_gzip, "损坏|WARC"),
    "gzip of something else": (lambda: gzip.compress(b"hello\r\n\r\n"), "WARC 1.0"),
    "gzip of empty members": (lambda: gzip.compress(b"") * (savedwarc.MOST_MEMBERS + 2), "段超过"),
    "zip cut": (lambda: zipped()[:-30], "不完整|读不了"),
    "zip with a link": (lambda: zipped((link("archive/x"), b"/etc/passwd")), "链接"),
    "zip that climbs": (lambda: zipped(("archive/../../x.warc", b"")), "越出"),
    "zip with an absolute name": (lambda: zipped(("/etc/x", b"")), "越出"),
    "zip with two of a name": (twice, "两个"),
    "zip with a password": (encrypted, "密码"),
    "zip of many entries": (huge_directory, "文件超过"),
    "zip by bzip2": (lambda: bomb(zipfile.ZIP_BZIP2), "压缩方法"),
    "zip by lzma": (lambda: bomb(zipfile.ZIP_LZMA), "压缩方法"),
    "zip that says how large it is": (lambda: bomb(zipfile.ZIP_DEFLATED, savedwacz.MOST_UNPACKED + 1), "超过 256 MB"),
    "zip with a broken entry": (broken_entry, "读不了|损坏|WARC"),
    "zip with another name inside": (
        lambda: zipped().replace(b"pages/pages.jsonl", b"pages/pages.json\xff", 1),
        "读不了",
    ),
    "zip without a warc": (lambda: wacz(b"")[:0] + _empty_zip(), "没有网页"),
}  # fmt: skip


def bomb(method: int, says: int = 0) -> bytes:
    """A zip that unpacks to much; `says` is put in its directory for how much."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as file, file.open("archive/data.warc", "w") as entry:
        for _ in range(64):
            entry.write(bytes(1 << 20))
    raw = bytearray(written.getvalue())
    if says:
        at = raw.index(b"PK\1\2") + 24
        raw[at : at + 4] = says.to_bytes(4, "little")
    return bytes(raw)


def _empty_zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("readme.txt", b"x")
    return written.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_broken_or_hostile_is_refused_in_one_line(name: str) -> None:
    make, why = REFUSED[name]
    with pytest.raises(UserMistake, match=why) as refused:
        open_saved(make())
    said = str(refused.value)
    assert "\n" not in said
    assert len(said) < 200


@pytest.mark.parametrize("form", ["gzip", "zip", "bzip2", "lzma", "deflated", "encoding"])
def test_bombs_cost_bounded_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(savedwarc, "MOST_UNPACKED", 16 << 20)
    methods = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA, "deflated": zipfile.ZIP_DEFLATED}
    if form in methods:
        raw = bomb(methods[form])
    elif form == "encoding":
        raw = response(URL, gzip.compress(bytes(64 << 20)), "Content-Encoding: gzip")
    else:
        member = gzip.compress(record("response", URL, "text/plain", bytes(64 << 20)))
        raw = member if form == "gzip" else wacz(member, URL)
    tracemalloc.start()
    try:
        with pytest.raises(UserMistake, match=r"超过|过大|压缩方法|头部过长"):
            open_saved(raw)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 48 << 20


@pytest.mark.parametrize("kind", ["text/html", "text/javascript"])
def test_what_pages_unpack_to_counts_together(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what nobody reads is not unpacked at all."""
    monkeypatch.setattr(savedwarc, "MOST_UNPACKED", 4 << 20)
    monkeypatch.setattr(savedwarc, "MOST_KEPT", 64 << 20)
    body = gzip.compress(bytes(1 << 20))
    several = [response(f"{URL}{at}", body, "Content-Encoding: gzip", kind=kind) for at in range(6)]
    raw = packed(*several, response(URL, BODY))
    if kind == "text/html":
        with pytest.raises(UserMistake, match="超过 4 MB"):
            open_saved(raw)
    else:
        assert only(raw)[1] == BODY


# -- whose page it is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "jd"),
        ("https://www.baidu.com/s?wd=x", "baidu"),
        ("https://agent.xinghe.example/", FALLBACK),
        ("https://evil.example/www.baidu.com", FALLBACK),
        ("https://www.baidu.com@evil.example/", FALLBACK),
        ("file:///etc/passwd", ""),
        ("", ""),
        ("https://[::1", ""),
    ],
)
def test_the_host_says_which_spider_reads(url: str, name: str) -> None:
    assert platform_of(url, platforms()) == name


@pytest.mark.parametrize("bad", ["https://x.example/\u202egpj", "https://x.example/ a", "https://" + "x" * 3000, "//x"])
def test_what_is_no_address_is_no_claim(bad: str) -> None:
    assert not is_address(bad)


def test_every_platforms_own_address_gives_its_query_back() -> None:
    asked = {
        name: query_of(spider(), spider().first_url("发明专利 包授权"))
        for name, spider in platforms().items()
        if name != FALLBACK
    }
    assert len(asked) > 10
    assert {name: said for name, said in asked.items() if said != "发明专利 包授权"} == {}


def test_queries_come_in_platforms_other_encoding_too() -> None:
    spider = platforms()["jd"]()
    assert query_of(spider, "https://search.jd.com/Search?keyword=%D7%A8%C0%FB") == "专利"
    assert query_of(spider, "https://item.jd.com/1000.html") == "https://item.jd.com/1000.html"
