"""`lantian archive versions` and `similar`: what changed is read at a glance, and contacts are for few."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from people_specimens import token_of
from PIL import Image, ImageDraw
from sqlalchemy import Engine, select

from casework.acting import Grant
from console.archive.changes import change_text, change_told, field_changes
from console.archive.history import STEPS
from crawler.captures import Exchange
from crawler.items import Capture, Entity, Exhibit, Exhibits, How, Kind, Listing, Outcome, Reading, Sightings
from crawler.pictures import Fate, WantedPicture
from detectors.difference import Purse
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.picture_shapes import PictureEnd
from storage.shapes import PlannedRun
from storage.tables.search import PictureLook
from tests.console.conftest import Ran

Run = Callable[..., Ran]
AT = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
PHONE, OTHER_PHONE = "13800000000", "13800000077"
OFFER = f"本店专业办理各类发明专利实用新型外观设计申请，内部渠道包授权，不授权全额退款，电话{PHONE}"
LISTING = Listing(
    platform="taobao",
    kind=Kind.PRODUCT,
    position=1,
    title="发明专利代写 包授权",
    url="https://item.taobao.example/1",
    text=OFFER,
    seller="示例知产",
    seller_id="7001",
    item_id="1",
    price="¥2 800.00",
)


class Home:
    """A home in which pages are written down, one an hour."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.store, self._pages = engine, ExhibitStore(engine), 0
        round_id = self.store.begin_round(AT, "lantian 0.5.0", "")
        run = PlannedRun(id="run-1", platform="taobao", query="专利", planned_at=AT)
        self.store.plan(round_id, [run])
        self.store.open_runs([run], AT)

    def saw(self, *listings: Listing, pictures: tuple[str, ...] = ()) -> list[str]:
        """A page of these; the ids of its exhibits, each of which names its phones and wants these pictures."""
        self._pages += 1
        number, at = self._pages, AT + timedelta(hours=self._pages)
        ids = [hashlib.sha256(f"{number} {place}".encode()).hexdigest()[:20] for place in range(len(listings))]
        exhibits = tuple(
            Exhibit(id=name, listing=replace(one, position=place), findings=(), entities=phones(one.text))
            for place, (name, one) in enumerate(zip(ids, listings, strict=True), 1)
        )
        sightings = Sightings(
            run="run-1",
            platform="taobao",
            query="专利",
            page_number=number,
            requested_url="https://s.taobao.example/",
            url="https://s.taobao.example/",
            seen_at=at,
            reading=Reading(outcome=Outcome.OK, listings=listings),
            capture=capture(f"page-{number}", at),
        )
        wanted = [WantedPicture(exhibit=name, url=url) for name in ids for url in pictures]
        self.store.record(Exhibits(sightings=sightings, exhibits=exhibits), wanted)
        return ids

    def read(self, url: str, body: bytes, kept: Capture | None = None) -> str:
        """All that wait for this picture have it."""
        sha256 = hashlib.sha256(body).hexdigest()
        ends = [
            PictureEnd(row=one.row, fate=Fate.READ, at=AT, sha256=sha256, capture=kept) for one in self.store.shown(url)
        ]
        self.store.end_pictures(ends)
        return sha256


def phones(text: str) -> tuple[Entity, ...]:
    found = re.finditer(r"1\d{10}", text)
    return tuple(Entity(kind="mobile", value=one[0], field="text", start=one.start(), end=one.end()) for one in found)


def capture(name: str, at: datetime) -> Capture:
    return Capture(
        id=name,
        url="https://s.taobao.example/",
        how=How.HTTP,
        status=200,
        mime="text/html",
        taken_at=at,
        file="lantian-20260301T010000Z-00000000.warc.gz",
        offset=0,
        length=10,
        sha256="ab" * 32,
        size=10,
        ip_address="127.0.0.1",
        is_specimen=True,
    )


@pytest.fixture
def home(made_home: Path) -> Iterator[Home]:
    engine = open_database(made_home / "lantian.db")
    yield Home(engine)
    engine.dispose()


def told(here: Run, *words: str) -> dict[str, Any]:
    ran = here("archive", *words, "--json")
    assert ran.code == 0, ran.err
    return ran.lines[0]


# -- versions --------------------------------------------------------------------------------------


def test_versions_say_what_went_what_came_and_what_it_costs_now(here: Run, home: Home) -> None:
    (first,) = home.saw(LISTING)
    home.saw(LISTING)
    (second,) = home.saw(replace(LISTING, title="发明专利代写 协助授权", price="¥3 500.00"))
    ran = here("archive", "versions", first[:8])
    assert "标题：发明专利代写 〔删：包〕〔增：协助〕授权" in ran.out
    assert "价格：¥2 800.00 → ¥3 500.00（涨 700.00，25.0%）" in ran.out
    assert "看见 2 次" in ran.out
    assert ran.out.index("第 2 版") < ran.out.index("第 1 版")
    assert "共 2 个版本" in ran.err

    answer = told(here, "versions", first)
    assert (answer["total"], answer["next"]) == (2, None)
    newest, oldest = answer["versions"]
    assert (newest["exhibit"], newest["against"], oldest["exhibit"]) == (second, first, first)
    assert oldest["changes"] is None
    assert oldest["captures"] == ["page-2", "page-1"]
    title, price = newest["changes"]
    assert title["changes"] == [
        {"op": "replace", "start": 7, "end": 8, "new_start": 7, "new_end": 9, "old": "包", "new": "协助"}
    ]
    assert price["price"] == {"old": "2800.00", "new": "3500.00", "by": "700.00", "percent": "25.0"}


def test_versions_are_paged(here: Run, home: Home) -> None:
    ids = [home.saw(replace(LISTING, title=f"第{number}次改名"))[0] for number in range(5)]
    first = told(here, "versions", ids[0], "--limit", "2")
    assert [one["number"] for one in first["versions"]] == [5, 4]
    assert first["versions"][-1]["against"] == ids[2]
    second = told(here, "versions", ids[0], "--limit", "2", "--before", first["next"])
    assert [one["number"] for one in second["versions"]] == [3, 2]
    last = told(here, "versions", ids[0], "--limit", "2", "--before", second["next"])
    assert ([one["number"] for one in last["versions"]], last["next"]) == ([1], None)
    assert f"--before {ids[3]}" in here("archive", "versions", ids[0], "--limit", "2").err


def test_a_shop_shows_all_its_listings_and_no_other(here: Run, home: Home) -> None:
    other = replace(LISTING, item_id="2", title="商标注册")
    (asked, *_) = home.saw(LISTING, other, replace(LISTING, item_id="3", seller_id="8", seller="别家"))
    home.saw(*(replace(LISTING, title=f"第{number}次改名") for number in range(6)))
    answer = told(here, "versions", asked, "--shop")
    assert (answer["platform"], answer["seller"], answer["next"]) == ("taobao", "示例知产", None)
    assert sorted(one["total"] for one in answer["listings"]) == [1, 7]
    assert max(len(one["versions"]) for one in answer["listings"]) == 5
    page = told(here, "versions", asked, "--shop", "--limit", "1")
    rest = told(here, "versions", asked, "--shop", "--limit", "1", "--after", page["next"])
    assert [one["listing"] for one in (*page["listings"], *rest["listings"])] == [
        one["listing"] for one in answer["listings"]
    ]
    shown = here("archive", "versions", asked, "--shop")
    assert "示例知产" in shown.out
    assert "更早的：lantian archive versions" in shown.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("abcdef",), "没有证据项"),
        (("--shop", "--before", "abcdef", "abcdef"), "--after"),
        (("--after", "abcdef", "abcdef"), "--shop"),
    ],
)
def test_mistakes_are_told(here: Run, home: Home, options: tuple[str, ...], said: str) -> None:
    ran = here("archive", "versions", *options)
    assert (ran.code, said in ran.err) == (2, True)


def test_without_data_there_is_nothing_to_ask(here: Run) -> None:
    for command in ("versions", "similar"):
        assert here("archive", command, "abcdef").code == 2


def test_contacts_are_hidden_in_their_places_also_in_what_changed(
    here: Run, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = home.saw(LISTING)
    home.saw(replace(LISTING, text=OFFER.replace(PHONE, OTHER_PHONE), title=f"代写 {PHONE}"))
    home.saw(replace(LISTING, item_id="2"))
    commands = (("versions", first), ("versions", first, "--shop"), ("similar", first))
    opened = [here("archive", *words, *more) for words in commands for more in ((), ("--json",))]
    assert all(PHONE in one.out or OTHER_PHONE in one.out for one in opened if "similar" not in one.out)
    assert "masked" not in opened[1].lines[0]

    blind = token_of(home.engine, "示例查看", Grant.VIEWER)
    sees = token_of(home.engine, "示例可见", Grant.VIEWER, Grant.CONTACTS)
    for token in ("", blind):
        monkeypatch.setenv("LANTIAN_TOKEN", token) if token else monkeypatch.delenv("LANTIAN_TOKEN", raising=False)
        for words in commands:
            for more in ((), ("--json",)):
                ran = here("archive", *words, *more)
                assert ran.code == 0
                assert PHONE not in ran.out
                assert OTHER_PHONE not in ran.out
    hidden = told(here, "versions", first)
    assert hidden["masked"] is True
    change = next(one for one in hidden["versions"][0]["changes"] if one["field"] == "text")
    (operation,) = change["changes"]
    assert (operation["start"], operation["end"]) == (OFFER.index(PHONE), OFFER.index(PHONE) + len(PHONE))
    assert set(operation["old"]) <= {"*", *"1380"}

    monkeypatch.setenv("LANTIAN_TOKEN", sees)
    assert told(here, "versions", first) == {**opened[1].lines[0], "masked": False}


def test_hostile_text_is_shown_not_obeyed(here: Run, home: Home) -> None:
    (first,) = home.saw(replace(LISTING, title="甲\x1b[31m\u202e乙", text="a\nb"))
    home.saw(replace(LISTING, title="甲\x1b[2J丙", text="a\nc", seller="\x1b]0;x\x07"))
    for words in (("versions", first), ("versions", first, "--shop"), ("similar", first)):
        out = here("archive", *words).out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_endless_fields_fill_no_terminal(here: Run, home: Home) -> None:
    endless = "包授权！" * 6_000
    (first,) = home.saw(replace(LISTING, title=endless, seller=endless, price=endless, text=endless))
    home.saw(replace(LISTING, item_id="2", title=endless, seller=endless, price=endless, text=endless))
    home.saw(replace(LISTING, title=endless[::-1], seller=endless[::-1], price=endless[::-1], text=endless[::-1]))
    for words in (("versions", first), ("versions", first, "--shop"), ("similar", first)):
        ran = here("archive", *words)
        assert ran.code == 0
        assert len(ran.out) < 6_000


def test_a_long_text_is_shown_by_what_changed_in_it() -> None:
    long = "".join(f"第{number}项服务说明，" for number in range(9_000))
    old, new = replace(LISTING, text=long), replace(LISTING, text=long.replace("第500项服务", "第500项包授权"))
    (change,) = field_changes(old, new, old, new, Purse(STEPS))
    shown = change_text(change).plain
    assert "〔删：服务〕〔增：包授权〕" in shown
    assert len(shown) < 200
    assert len(change_told(change)["changes"]) == 1


def test_many_changes_of_a_field_are_counted() -> None:
    old = replace(LISTING, text="".join(f"第{number}项甲甲甲甲，" for number in range(60)))
    new = replace(LISTING, text="".join(f"第{number}项甲甲乙甲，" for number in range(60)))
    (change,) = field_changes(old, new, old, new, Purse(STEPS))
    assert "另有 48 处改动" in change_text(change).plain
    assert len(change_told(change)["changes"]) == 60


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (("¥2800", "¥2100"), "¥2800 → ¥2100（降 700，25.0%）"),
        (("0.3万", "3500元"), "0.3万 → 3500元（涨 500.0，16.7%）"),
        (("¥0", "¥5"), "¥0 → ¥5（涨 5）"),
        (("面议", "¥5"), "面议 → ¥5"),
        (("¥5.0", "¥5"), "¥5.0 → ¥5"),
        (("", "¥5"), "〔增：¥5〕"),
    ],
)
def test_prices_say_whether_they_went_up_or_down(prices: tuple[str, str], said: str) -> None:
    old, new = (replace(LISTING, price=price) for price in prices)
    (change,) = field_changes(old, new, old, new, Purse(STEPS))
    assert change_text(change).plain == f"价格：{said}"


# -- similar ---------------------------------------------------------------------------------------


def test_similar_tells_each_version_with_its_likeness(here: Run, home: Home) -> None:
    near = replace(LISTING, item_id="2", seller="仿冒店", seller_id="9", text=OFFER.replace("全额退款", "分文不取"))
    (asked,) = home.saw(LISTING)
    home.saw(near, replace(LISTING, item_id="3", title="出售自行车", text="九成新，城东自提，价格面议，非诚勿扰"))
    home.saw(near)
    answer = told(here, "similar", asked)
    (found,) = answer["similar"]
    assert (answer["total"], answer["complete"]) == (1, True)
    assert (found["seller"], found["times"], found["same_listing"]) == ("仿冒店", 2, False)
    assert 0.6 <= found["likeness"] < 1
    shown = here("archive", "similar", asked)
    assert f"相近 {found['likeness'] * 100:.0f}%" in shown.out
    assert told(here, "similar", asked, "--least", "1")["similar"] == []
    assert here("archive", "similar", asked, "--least", "0.5").code == 2


def drawn(place: int) -> Image.Image:
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((place, 40, place + 120, 220), fill="navy")
    pen.ellipse((240, place, 340, place + 90), fill="red")
    return image


def saved(image: Image.Image, form: str) -> bytes:
    body = BytesIO()
    image.save(body, form)
    return body.getvalue()


def test_same_pictures_are_found_also_those_read_before_there_were_looks(
    here: Run, home: Home, made_home: Path
) -> None:
    one, two, three = (f"https://img.xinghe.example/{number}" for number in (1, 2, 3))
    bodies = {one: saved(drawn(20), "PNG"), two: saved(drawn(20).resize((200, 150)), "JPEG"), three: b""}
    bodies[three] = saved(drawn(150), "PNG")
    (asked,) = home.saw(LISTING, pictures=(one,))
    home.saw(replace(LISTING, item_id="2"), pictures=(one,))
    home.saw(replace(LISTING, item_id="3"), pictures=(two,))
    home.saw(replace(LISTING, item_id="4"), pictures=(three,))
    with FolderArchive(made_home / "archive", tool="lantian 0.5.0") as archive:
        for url, body in bodies.items():
            home.read(url, body, archive.keep(exchange(url, body)))
    before = told(here, "similar", asked, "--pictures")
    assert [found["same_bytes"] for found in before["similar"]] == [True]
    assert before["complete"] is False
    assert "lantian archive reindex" in here("archive", "similar", asked, "--pictures").err

    again = here("archive", "reindex", "--json")
    assert (again.code, again.lines[0]["pictures"], again.lines[0]["pictures_failed"]) == (0, 3, 0)
    answer = told(here, "similar", asked, "--pictures")
    assert [(found["same_bytes"], found["distance"] <= 7) for found in answer["similar"]] == [
        (True, True),
        (False, True),
    ]
    assert answer["complete"] is True
    assert [found["url"] for found in answer["pictures"]] == [one]
    shown = here("archive", "similar", asked, "--pictures")
    assert "同一图片" in shown.out
    assert "外观相近" in shown.out
    assert here("archive", "reindex", "--json").lines[0]["pictures"] == 0


def exchange(url: str, body: bytes) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_headers=(),
        request_body=b"",
        status=200,
        reason="OK",
        protocol="HTTP/1.1",
        response_headers=(("Content-Type", "image/png"),),
        response_body=body,
        ip_address="127.0.0.1",
        fetched_at=AT,
    )


def test_a_picture_that_cannot_be_read_again_is_counted_and_told(here: Run, home: Home, made_home: Path) -> None:
    url = "https://img.xinghe.example/1"
    home.saw(LISTING, pictures=(url,))
    with FolderArchive(made_home / "archive", tool="lantian 0.5.0") as archive:
        home.read(url, b"not a picture", archive.keep(exchange(url, b"not a picture")))
    again = here("archive", "reindex", "--json")
    assert (again.code, again.lines[0]["pictures_failed"]) == (0, 1)
    assert "没有外观摘要的图片：1 张" in again.err
    with home.engine.connect() as connection:
        assert connection.execute(select(PictureLook.sha256)).all() == []


def test_an_exhibit_without_pictures_says_so(here: Run, home: Home) -> None:
    (asked,) = home.saw(LISTING)
    assert "没有读过的图片" in here("archive", "similar", asked, "--pictures").err
