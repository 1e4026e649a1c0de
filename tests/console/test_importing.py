"""`lantian import`: read, kept, judged, recorded, sealed; what is claimed is not seen; what is refused leaves none."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from people_specimens import office, token_by
from saved_pages import mhtml, packed, response, singlefile, wacz
from sqlalchemy import text

from crawler import clock
from crawler.errors import UserMistake
from crawler.items import Capture, Exhibits, How, Outcome
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.import_shapes import Backing
from storage.imports import Imports
from storage.people import People
from storage.shapes import PlannedRun
from storage.tasks import Tasks
from storage.verifier.package import verify_package
from storage.verifier.report import SEALED
from tests.console.conftest import Ran
from tests.console.test_files import goods
from tests.detectors.drawing import encoded, written

Run = Callable[..., Ran]
URL = "https://search.jd.com/Search?keyword=%E4%B8%93%E5%88%A9&enc=utf-8&page=1"
TITLE = "发明专利包授权 不过全额退款"
PAGE = goods(TITLE, "发明专利申请 正规代理机构")


@contextmanager
def stored(home: Path) -> Iterator[ExhibitStore]:
    engine = open_database(home / "lantian.db")
    yield ExhibitStore(engine)
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def saved(tmp_path: Path, raw: bytes | str, name: str = "page.html") -> Path:
    path = tmp_path / name
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return path


def brought(here: Run, path: Path, *more: str) -> dict[str, object]:
    ran = here("import", path, "--by", "王示例", "--json", *more)
    assert ran.code == 0, ran.err
    (line,) = ran.lines
    return line


FORMS = {
    "html": (f"<!-- saved from url=(0077){URL} -->{PAGE}".encode(), ""),
    "singlefile": (singlefile(PAGE, URL), "Thu Nov 19 2026"),
    "mhtml": (mhtml(PAGE, URL), "Thu, 19 Nov 2026"),
    "warc": (packed(response(URL, PAGE.encode())), "2026-11-19"),
    "wacz": (wacz(packed(response(URL, PAGE.encode()), response("https://x.example/f", b"<p>")), URL), "2026-11-19"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_goes_the_way_of_a_page(here: Run, tmp_path: Path, home: Path, form: str) -> None:
    raw, claimed_at = FORMS[form]
    begun = clock.now()
    told = brought(here, saved(tmp_path, raw), "--how", "browser")
    assert (told["state"], told["form"], told["platform"], told["claimed_url"]) == ("imported", form, "jd", URL)
    assert str(told["claimed_at"]).startswith(claimed_at)
    (run,) = told["runs"]
    assert (run["spider"], run["query"], run["outcome"], run["reason"], run["listings"]) == (
        "jd", "专利", "ok", "imported", 2,
    )  # fmt: skip
    (lead,) = here("leads", "--json").lines
    assert (lead["title"], lead["imported"], lead["sealed"], lead["integrity"]) == (TITLE, True, True, "whole")
    with stored(home) as store:
        detail = store.exhibit(lead["exhibit"])
        assert detail.capture.how is How.IMPORTED
        assert begun <= detail.seen_at == detail.capture.taken_at <= clock.now(), "never the time that is claimed"
        original = Imports(store.engine).original_of(detail.capture.id)
        archive = FolderArchive(home / "archive", tool="t")
        assert archive.produce(original) == raw, "whole, as it was brought"
    assert here("evidence", "verify", home).code == 0


def test_what_is_claimed_is_called_so(here: Run, tmp_path: Path) -> None:
    told = brought(here, saved(tmp_path, PAGE), "--url", URL, "--saved-at", "2020-01-01T08:00", "--note", "投诉人提供")
    (lead,) = here("leads", "--json").lines
    shown = here("show", lead["exhibit"])
    for words in ("据称网址", "据称保存时间：2020-01-01T08:00", "导入于", "（据称）", "备注：投诉人提供"):
        assert words in shown.out
    assert "看见  " not in shown.out
    (detail,) = here("show", lead["exhibit"], "--json").lines
    assert detail["imported"]["claimed_at"] == "2020-01-01T08:00"
    assert detail["imported"]["backing"] == "none"
    assert not detail["seen_at"].startswith("2020")
    assert "据称" in here("leads").out
    assert told["by"] == "王示例"


def test_the_record_says_who_by_number_and_never_by_name(here: Run, tmp_path: Path, home: Path) -> None:
    with_users(home)
    assert here("import", saved(tmp_path, PAGE), "--by", "路人", "--url", URL).code == 2
    brought(here, saved(tmp_path, PAGE, "王示例\u202egpj.html"), "--url", URL)
    with stored(home) as store:
        (lead,) = here("leads", "--json").lines
        capture = store.exhibit(lead["exhibit"]).capture
    with (home / "archive" / capture.file).open("rb") as file:
        file.seek(capture.offset)
        from storage import warc

        record = warc.read_member(file.read(capture.length))
    assert record.field("Lantian-Saved-By") == "user 1"
    assert record.field("Lantian-Original-SHA256") == hashlib.sha256(PAGE.encode()).hexdigest()
    assert "\u202e" not in record.field("Lantian-Original-Name")
    assert record.field("WARC-Target-URI") == f"urn:imported:{URL}", "no player takes it for the page"


def test_the_same_file_twice_changes_nothing(here: Run, tmp_path: Path, home: Path) -> None:
    path = saved(tmp_path, PAGE)
    brought(here, path, "--url", URL)
    before = rows(home)
    again = brought(here, path, "--url", URL, "--platform", "baidu")
    assert again["state"] == "known"
    assert "导入过" in here("import", path, "--by", "李示例").err
    assert rows(home) == before


def rows(home: Path) -> dict[str, int]:
    with stored(home) as store, store.engine.connect() as connection:
        tables = ("captures", "runs", "pages", "exhibits", "imports", "imported_pages", "audit", "tasks")
        counts = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    return counts | {"bytes": sum(path.stat().st_size for path in (home / "archive").glob("*.warc.gz"))}


def test_what_could_not_be_read_may_be_brought_in_as_what_it_is(here: Run, tmp_path: Path) -> None:
    path = saved(tmp_path, PAGE)
    wrong = here("import", path, "--by", "王示例", "--platform", "baidu", "--query", "专利", "--json")
    assert (wrong.code, wrong.lines[0]["runs"][0]["outcome"]) == (3, "changed")
    assert (
        here("import", path, "--by", "王示例", "--platform", "baidu", "--query", "专利", "--json").lines[0]["state"]
        == "known"
    )
    assert brought(here, path, "--url", URL)["state"] == "imported"


def test_refused_files_are_told_and_leave_nothing(here: Run, tmp_path: Path, home: Path) -> None:
    good = saved(tmp_path, PAGE, "good.html")
    bad = saved(tmp_path, packed(response(URL, PAGE.encode()))[:-9], "bad\x1b[31m.warc.gz")
    os.mkfifo(tmp_path / "pipe")
    ran = here("import", bad, tmp_path, tmp_path / "no", tmp_path / "pipe", "--by", "王示例", "--url", URL, "--json")
    assert ran.code == 2
    assert [line["state"] for line in ran.lines] == ["refused"] * 4
    assert "\x1b" not in ran.err + ran.out
    assert set(rows(home).values()) == {0}
    ran = here("import", bad, good, "--by", "王示例", "--url", URL, "--json")
    assert (ran.code, [line["state"] for line in ran.lines]) == (2, ["refused", "imported"])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--by", " "], "--by"),
        (["--by", "王示例", "--platform", "nowhere"], "没有名为"),
        (["--by", "王示例", "--url", "file:///etc/passwd"], "网址不完整"),
        (["--by", "王示例", "--saved-at", "昨天"], "--saved-at"),
        (["--by", "王示例"], "没有网址"),
        (["--by", "王示例", "--platform", "jd"], "没有网址"),
    ],
)
def test_what_is_missing_or_wrong_is_said(here: Run, tmp_path: Path, home: Path, options: list[str], why: str) -> None:
    ran = here("import", saved(tmp_path, PAGE), *options)
    assert ran.code == 2
    assert why in ran.err
    assert set(rows(home).values()) == {0}


def test_a_screenshot_is_read_like_any_picture(here: Run, tmp_path: Path, home: Path) -> None:
    picture = encoded(written("发明专利包授权，不过全额退款", size=36))
    path = saved(tmp_path, picture, "shot.png")
    assert "--url" in here("import", path, "--by", "王示例").err
    told = brought(here, path, "--platform", "jd", "--query", "专利", "--how", "phone")
    assert (told["form"], told["claimed_url"]) == ("picture", "")
    (lead,) = here("leads", "--json").lines
    (finding, *_) = lead["findings"]
    assert (finding["field"], finding["image"]) == ("image", hashlib.sha256(picture).hexdigest())
    confirmed(here, home, tmp_path, lead["exhibit"])
    out = tmp_path / "out.wacz"
    ran = here("evidence", "export", "--exhibit", lead["exhibit"], "-o", out, "--by", "王示例")
    assert ran.code == 0, ran.err
    assert verify_package(out, (), SEALED).ok
    assert "截图读不了" in here("import", saved(tmp_path, picture[:80], "torn.png"), "--by", "王示例", "--url", URL).err


def test_pictures_in_the_file_are_read_without_the_network(here: Run, tmp_path: Path) -> None:
    image = "https://img14.example/a.png"
    card = (
        goods("专利代理")
        .replace("<em>", f'<img src="{image}"><em>')
        .replace(
            '<div class="p-name">',
            f'<div class="p-img"><a href="//item.jd.com/1000.html"><img src="{image}"></a></div><div class="p-name">',
        )
    )
    picture = encoded(written("发明专利包授权，不过全额退款", size=36))
    told = brought(here, saved(tmp_path, mhtml(card, URL, (image, "image/png", picture))))
    assert told["runs"][0]["listings"] == 1
    found = here("leads", "--json").lines
    assert [one["findings"][0]["image"] for one in found] == [hashlib.sha256(picture).hexdigest()]
    assert found[0]["integrity"] == "whole"


# -- tasks -----------------------------------------------------------------------------------------


def test_an_import_closes_the_task_of_its_query(here: Run, tmp_path: Path, home: Path) -> None:
    wall(home)
    wrong = here("import", saved(tmp_path, "<html><body>别的</body></html>", "w.html"), "--by", "王示例", "--url", URL)
    assert wrong.code == 3
    assert len(here("tasks", "list", "--json").lines) == 1, "what shows nothing closes nothing"
    brought(here, saved(tmp_path, PAGE), "--url", URL)
    assert here("tasks", "list", "--json").lines == []
    (task,) = here("tasks", "list", "--all", "--json").lines
    assert (task["closed_how"], task["closed_by"]) == ("import", "王示例")


@pytest.mark.parametrize("shown", ["hello", "发明专利包授权，不过全额退款"])
def test_a_screenshot_leaves_the_task_to_a_person(here: Run, tmp_path: Path, home: Path, shown: str) -> None:
    """Nobody can tell from it that it is the page that was asked for."""
    wall(home)
    path = saved(tmp_path, encoded(written(shown, size=36)), "shot.png")
    told = here("import", path, "--by", "王示例", "--platform", "jd", "--query", "专利", "--json")
    (task,) = here("tasks", "list", "--json").lines
    assert (told.code, told.lines[0]["tasks"]) == (0, [task["id"]])
    assert "lantian tasks close" in told.err
    assert here("tasks", "close", str(task["id"]), "--by", "王示例", "--reason", "已看截图").code == 0


def test_a_screenshot_in_which_nothing_can_be_read_was_not_seen(here: Run, tmp_path: Path, home: Path) -> None:
    wall(home)
    path = saved(tmp_path, encoded(written("", size=36)), "blank.png")
    told = here("import", path, "--by", "王示例", "--platform", "jd", "--query", "专利", "--json")
    (run,) = told.lines[0]["runs"]
    assert (told.code, run["outcome"], run["reason"], run["exhibits"]) == (3, "changed", "no_text", [])
    assert len(here("tasks", "list", "--json").lines) == 1


def wall(home: Path) -> None:
    with stored(home) as store:
        run = PlannedRun(id="run-1", platform="jd", query="专利", planned_at=clock.now())
        store.open_runs([run], clock.now())
        store.finish_run("run-1", Outcome.BLOCKED, "captcha", "", clock.now())
        assert len(Tasks(store.engine).waiting()) == 1


# -- leaving the house -----------------------------------------------------------------------------


def with_users(home: Path) -> None:
    with stored(home) as store:
        if not People(store.engine).everybody():
            office(store.engine, {name: password_of(name) for name in ("王示例", "李示例", "赵示例")})
        os.environ["LANTIAN_TOKEN"] = token_by(store.engine, "王示例", password_of("王示例"))


def password_of(name: str) -> str:
    return f"口令很长别人不易猜到{name[0]}1"


@pytest.fixture(autouse=True)
def _own_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's; once there are users, 王示例 acts."""
    monkeypatch.setenv("LANTIAN_TOKEN", "")


def confirmed(  # noqa: PLR0917 - a table-driven test takes its row
    here: Run, home: Path, tmp_path: Path, exhibit: str, code: int = 0, officers: str = "王示例,李示例"
) -> Ran:
    with_users(home)
    logins = tmp_path / "logins"
    logins.write_text("".join(f"{name}:{password_of(name)}\n" for name in ("王示例", "李示例")), encoding="utf-8")
    logins.chmod(0o600)
    ran = here("import", "confirm", exhibit, "--officers", officers, "--login-file", logins, "--json")
    assert ran.code == code, ran.err
    return ran


@pytest.mark.parametrize("form", ["html", "mhtml"])
def test_nothing_imported_leaves_before_two_answer_for_it(here: Run, tmp_path: Path, home: Path, form: str) -> None:
    brought(here, saved(tmp_path, FORMS[form][0]))
    (lead,) = here("leads", "--json").lines
    exhibit, out = lead["exhibit"], tmp_path / "out.wacz"
    asked = ("evidence", "export", "--exhibit", exhibit, "-o", out, "--by", "王示例")
    refused = here(*asked)
    assert refused.code == 2
    assert exhibit in refused.err
    assert not out.exists()
    with_users(home)
    confirmed(here, home, tmp_path, exhibit, 2, "王示例,王示例")
    confirmed(here, home, tmp_path, exhibit, 2, "王示例,赵示例")
    assert here(*asked).code == 2
    ran = confirmed(here, home, tmp_path, exhibit)
    assert ran.lines[0]["officers"] == ["王示例", "李示例"]
    confirmed(here, home, tmp_path, exhibit, 2)
    assert here(*asked).code == 0
    report = verify_package(out, (), SEALED)
    assert report.ok, report.broken
    raw = out.read_bytes()
    assert ("据称".encode() in raw) or b"urn:imported:" in raw
    assert "王示例".encode() not in raw, "no name leaves"
    assert "import_confirmed" in acts(home)
    table = tmp_path / "out.jsonl"
    category = lead["categories"][0]
    assert here("archive", "export", "--category", category, "--out", table, "--by", "王示例").code == 0
    assert [(one["exhibit"], one["imported"]) for one in map(json.loads, table.read_text().splitlines())] == [
        (exhibit, True)
    ]


def acts(home: Path) -> list[str]:
    with stored(home) as store, store.engine.connect() as connection:
        return list(connection.execute(text("SELECT act FROM audit ORDER BY id")).scalars())


def test_a_name_without_its_password_confirms_nothing(here: Run, tmp_path: Path, home: Path) -> None:
    brought(here, saved(tmp_path, PAGE), "--url", URL)
    (lead,) = here("leads", "--json").lines
    with_users(home)
    logins = tmp_path / "wrong"
    logins.write_text("王示例:口令很长别人不易猜到王1\n李示例:不是这个口令的\n", encoding="utf-8")
    logins.chmod(0o600)
    ran = here("import", "confirm", lead["exhibit"], "--officers", "王示例,李示例", "--login-file", logins)
    assert ran.code == 2
    with stored(home) as store:
        assert Imports(store.engine).backing(lead["exhibit"]) is Backing.NONE
        person = People(store.engine).named("王示例")
        with pytest.raises(UserMistake, match="不同"):
            Imports(store.engine).confirm(lead["exhibit"], (person, person), clock.now())


@pytest.mark.parametrize("change", ["same", "other words", "earlier", "imported too", "invented", "both invented"])
def test_only_the_same_seen_since_stands_in_for_signatures(here: Run, tmp_path: Path, home: Path, change: str) -> None:
    brought(here, saved(tmp_path, PAGE), "--url", URL)
    (lead,) = here("leads", "--json").lines
    with stored(home) as store:
        detail = store.exhibit(lead["exhibit"])
        assert Imports(store.engine).is_imported(detail.exhibit.id)
        at = detail.seen_at + timedelta(hours=-1 if change == "earlier" else 1)
        how = How.IMPORTED if change == "imported too" else How.HTTP
        capture = replace(detail.capture, id="seen-again", how=how, taken_at=at, is_specimen="invented" in change)
        if change == "both invented":
            with store.engine.begin() as connection:
                connection.execute(text("UPDATE captures SET is_specimen = true"))
        listing = replace(detail.exhibit.listing, text="别的" if change == "other words" else "")
        record_again(store, capture, replace(detail.exhibit, id="again", listing=listing))
        assert not Imports(store.engine).is_imported("again")
        expected = Backing.FRESH if change in {"same", "both invented"} else Backing.NONE
        assert Imports(store.engine).backing(detail.exhibit.id) is expected


def record_again(store: ExhibitStore, capture: Capture, exhibit: object) -> None:
    from crawler.items import Exhibit, Reading, Sightings

    assert isinstance(exhibit, Exhibit)
    run = PlannedRun(id="run-again", platform="jd", query="专利", planned_at=capture.taken_at)
    store.open_runs([run], capture.taken_at)
    seen = Sightings(
        run="run-again", platform="jd", query="专利", page_number=1, requested_url=URL, url=URL,
        seen_at=capture.taken_at,
        reading=Reading(outcome=Outcome.OK, listings=(exhibit.listing,)), capture=capture,
    )  # fmt: skip
    store.record(Exhibits(sightings=seen, exhibits=(exhibit,)))


def test_a_changed_claim_is_found_out(here: Run, tmp_path: Path, home: Path) -> None:
    """What the rows say of an imported page must be what its record says, or nothing leaves."""
    brought(here, saved(tmp_path, PAGE), "--url", URL)
    (lead,) = here("leads", "--json").lines
    confirmed(here, home, tmp_path, lead["exhibit"])
    with stored(home) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE captures SET url = 'https://other.example/'"))
        connection.execute(text("UPDATE pages SET url = 'https://other.example/'"))
    out = tmp_path / "out.wacz"
    assert _broken(here, "evidence", "export", "--exhibit", lead["exhibit"], "-o", out, "--by", "王示例")
    assert here("evidence", "verify", home).code == 4


def _broken(here: Run, *asked: object) -> bool:
    from crawler.errors import EvidenceBroken

    with pytest.raises(EvidenceBroken):
        here(*asked)
    return True


def test_json_of_leads_is_one_document_a_line(here: Run, tmp_path: Path) -> None:
    brought(here, saved(tmp_path, PAGE), "--url", URL)
    assert all(json.loads(line) for line in here("leads", "--json").out.splitlines())
