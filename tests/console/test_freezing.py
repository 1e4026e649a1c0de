"""A frozen page is made in one command, without persons and secrets, and reads as the page it came from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from console.freezing import frozen_page
from console.masking import Masks
from crawler.items import Page
from spiders.so360 import So360
from spiders.wuba import Wuba
from tests.console.conftest import Ran

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]

PAGES = Path(__file__).parent.parent / "spiders" / "pages"
URL = "https://bj.58.com/shangbiaozhli/pn1/?key=%E4%B8%93%E5%88%A9"
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>专利</title></head><body><ul class="list">
<li logr="z_1_2_57565992294195_x"><h2 class="title">
<a href="https://bj.58.com/shangbiaozhli/57565992294195x.shtml?sid=a1b2c3d4e5">专利包授权</a></h2>
<p class="desc">联系人：张三丰 13912345678，请联系李女士 139-1234-5678，座机0372-5551234，微信：abc_12345</p>
<div class="seller">星河知产</div></li>
</ul><script>var token="a1b2c3d4e5f6a7"; var who={"userId":12345678};</script></body></html>"""
PERSONS = ("张三丰", "13912345678", "139-1234-5678", "李女士", "5551234", "abc_12345", "a1b2c3d4e5", "12345678}")
QUICK = "[crawl]\ndelay = 0.0\ntimeout = 60.0\nretries = 0\n[browser]\npictures = false\n"


# -- what is masked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13912345678", "电话13800000001"),
        ("139-1234-5678 或 13912345678", "138-0000-0001 或 13800000001"),
        ("13912345678 和 15812345678", "13800000001 和 13800000002"),
        ("座机0372-5551234", "座机0372-6000001"),
        ("热线 400-123-4567", "热线 400-600-0001"),
        ("QQ：987654321", "QQ：100000001"),
        ('href="?v=3&uin=987654321&site=qq"', 'href="?v=3&uin=100000001&site=qq"'),
        ("加微信：abc_12345 咨询", "加微信：xxx_00001 咨询"),
        ("foo.bar@xinghe.com", "xxx.xx1@xxxxx1.com"),
        ("身份证 410523199001011234 号", "身份证 110000190001010001 号"),
        ("联系人：张三丰", "联系人：示例甲"),
        ("联系人：张三", "联系人：示甲"),
        ("请联系李女士", "请联系某女士"),
        ('token="a1b2c3d4e5f6"', 'token="x0x0x0x0x0x1"'),
        ("x5secdata=abcdef0123456789&q=1", "x5secdata=xxxxxx0000000001&q=1"),
        ('{"userId":12345678}', '{"userId":10000001}'),
        ("/link?url=AbCdEf0123456789AbCdEf0123456789AbCd", "/link?url=XxXxXx0000000000XxXxXx0000000000XxX1"),
    ],
)
def test_persons_and_secrets_are_masked_in_kind_and_length(text: str, masked: str) -> None:
    assert Masks().masked(text) == masked
    assert len(masked) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "商品号 700000000001，时间 1763649999999",
        "各位先生女士，办公室主任会议",
        "logo@2x.png 和 img@3x.webp",
        "design: 12px; assign=foo",
        "https://a.example/s?q=%E4%B8%93%E5%88%A9%E5%8C%85%E6%8E%88%E6%9D%83%E4%B8%93%E5%88%A9",
        "京ICP备12345678号-1",
        'class="feeds-item-wrap--rGdH_KoF"',
        "专利号 ZL 2020 1 0123456.7",
    ],
)
def test_what_is_no_person_and_no_secret_stays(text: str) -> None:
    assert Masks().masked(text) == text


def test_one_thing_has_one_mask_in_the_page_and_in_its_address() -> None:
    body = '<p>15812345678</p><a href="tel:13912345678">x</a>'
    frozen = frozen_page(Wuba(), Page(url="https://bj.58.com/x?tel=13912345678", body=body.encode()))
    assert frozen.page.body.decode() == '<p>13800000001</p><a href="tel:13800000002">x</a>'
    assert frozen.page.url == "https://bj.58.com/x?tel=13800000002"


def test_masking_that_changes_the_reading_is_noticed() -> None:
    result = '<li class="res-list"><h3><a href="https://a.example/">专利</a></h3></li>'
    body = f'<html><body><div id="main">{result}<span class="nums">约{{}}个</span></div></body></html>'
    for total, reads_alike in ((1230, True), (13912345678, False)):
        page = Page(url="https://www.so.com/s?q=1", body=body.format(total).encode())
        assert frozen_page(So360(), page).reads_alike is reads_alike


@pytest.mark.parametrize(
    "name", ["so360/results.html", "tmall/list.html", "wuba/services-table.html", "landing/agency.html"]
)
def test_our_own_frozen_pages_read_alike_when_masked(name: str) -> None:
    path = PAGES / name
    told = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    from console.files import platform

    assert frozen_page(platform(path.parent.name)(), Page(body=path.read_bytes(), **told)).reads_alike


# -- the command -------------------------------------------------------------------------------


def test_a_saved_file_becomes_a_frozen_page(here: Run, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(PAGE.replace("utf-8", "gbk").encode("gb18030"))
    out = tmp_path / "frozen"
    ran = here("spiders", "freeze", "wuba", saved, "--url", URL + "&sid=a1b2c3d4e5", "--query", "专利", "--out", out)
    assert ran.code == 0, ran.err
    body = (out / "page.html").read_text(encoding="utf-8")
    told = tomllib.loads((out / "page.toml").read_text(encoding="utf-8"))
    golden = json.loads((out / "page.json").read_text(encoding="utf-8"))
    assert "专利包授权" in body
    assert [person for person in PERSONS if person in body + str(told) + str(golden)] == []
    assert told["query"] == "专利"
    assert golden["outcome"] == "ok"
    page = Page(body=(out / "page.html").read_bytes(), **told)
    assert Wuba().read(page).listings[0].title == golden["listings"][0]["title"] == "专利包授权"
    assert "手机号 1" in ran.err


def test_nothing_is_overwritten(here: Run, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_text(PAGE, encoding="utf-8")
    asked = ("spiders", "freeze", "wuba", saved, "--url", URL, "--out", tmp_path / "frozen")
    assert here(*asked).code == 0
    before = (tmp_path / "frozen" / "page.html").read_bytes()
    again = here(*asked)
    assert (again.code, "已有" in again.err) == (2, True)
    assert (tmp_path / "frozen" / "page.html").read_bytes() == before
    assert here(*asked, "--as", "other").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wuba", "saved.html"), "--url"),
        (("landing", "saved.html", "--query", "专利"), "--url"),
        (("nobody", "saved.html"), "nobody"),
        (("wuba", "missing.html", "--url", URL), "missing.html"),
        (("wuba", "saved.html", "--url", URL, "--as", "../x"), "../x"),
        (("wuba", "binary.html", "--url", URL), "不能冻结"),
        (("baidu", "https://www.baidu.com/baidu.php?url=abc"), "按点击计费"),
        (("sogou", "https://www.sogou.com/link?url=abc"), "跳转链接"),
        (("landing", "http://[::ffff:127.0.0.1]/"), "不在公网上"),
    ],
)
def test_what_cannot_be_frozen_is_one_line(here: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "saved.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "binary.html").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    name, file, *rest = arguments
    source = file if "://" in file else tmp_path / file
    ran = here("spiders", "freeze", name, source, *rest, "--out", tmp_path / "frozen")
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert not (tmp_path / "frozen").exists()


def test_a_wall_is_frozen_too_and_exits_3(here: Run, tmp_path: Path) -> None:
    saved = tmp_path / "wall.html"
    saved.write_text("<title>请输入验证码</title><body>x</body>", encoding="utf-8")
    ran = here("spiders", "freeze", "wuba", saved, "--url", URL, "--out", tmp_path / "frozen", "--json")
    assert ran.code == 3
    assert json.loads(ran.out)["reason"] == "captcha"
    assert json.loads((tmp_path / "frozen" / "page.json").read_text(encoding="utf-8"))["outcome"] == "blocked"


def test_an_address_is_fetched_as_a_round_would(lantian: Run, serve: Serve, tmp_path: Path) -> None:
    manifest = '[[page]]\nhost = "bj.58.com"\npath = "/shangbiaozhli/pn1/"\nfile = "page.html"\n'
    hosts = str(serve({"page.html": PAGE}, manifest))
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "lantian.toml").write_text(QUICK, encoding="utf-8")
    out = tmp_path / "frozen"
    address = "https://bj.58.com/shangbiaozhli/pn1/"
    ran = lantian("spiders", "freeze", "wuba", address, "--query", "专利", "--out", out, "--json", LANTIAN_HOSTS=hosts)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["listings"] == 1
    assert tomllib.loads((out / "page.toml").read_text(encoding="utf-8")) == {"url": address, "query": "专利"}
    assert "13912345678" not in (out / "page.html").read_text(encoding="utf-8")
    assert not list((tmp_path / "home").glob("archive/**/*.warc.gz")), "nothing of it is evidence"


def test_what_robots_forbid_is_not_fetched(lantian: Run, serve: Serve, tmp_path: Path) -> None:
    manifest = (
        '[[page]]\nhost = "bj.58.com"\npath = "/robots.txt"\nfile = "robots.txt"\n'
        '[[page]]\nhost = "bj.58.com"\npath = "/x"\nfile = "page.html"\n'
    )
    hosts = str(serve({"page.html": PAGE, "robots.txt": "User-agent: *\nDisallow: /x\n"}, manifest))
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "lantian.toml").write_text(QUICK, encoding="utf-8")
    ran = lantian("spiders", "freeze", "wuba", "https://bj.58.com/x", "--out", tmp_path / "out", LANTIAN_HOSTS=hosts)
    assert ran.code == 3
    assert "Disallow: /x" in ran.err
    assert not (tmp_path / "out").exists()
