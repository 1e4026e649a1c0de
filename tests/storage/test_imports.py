"""What people brought in: one append, one transaction, one closing of its task; and who answers for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from storage_specimens import T0, archive_in, finding, listing, page_of

from crawler.errors import EvidenceBroken, UserMistake
from crawler.items import Exhibits, How, Outcome
from crawler.saved import Form, SavedPage
from crawler.tables import Retention
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.import_shapes import Backing, Imported, KeptImport, Original, ReadPage, ReadRun
from storage.imports import Imports
from storage.keeping.needs import Needs
from storage.keptimports import keep_import
from storage.people import NewPerson, People
from storage.shapes import PlannedRun
from storage.tasks import Tasks

URL = "https://s.taobao.example/search?q=x"
BODY = b"MIME-Version: 1.0 and all the rest"
PAGE = SavedPage(body="<p>专利</p>".encode(), content_type="text/html; charset=utf-8", url=URL, at="昨天", status=403)
SECOND = replace(PAGE, body=b"<p>2</p>", url=f"{URL}&page=2")


def original(**changes: object) -> Original:
    made = Original(
        body=BODY,
        sha256=hashlib.sha256(BODY).hexdigest(),
        name="页面.mhtml",
        form=Form.MHTML,
        mime="multipart/related",
        url=URL,
        at=T0,
        by="王示例\ud800",
        user=0,
        how="browser",
        note="",
        claimed_url=URL,
        claimed_at="昨天",
        tool="lantian 0.1.0",
        is_specimen=False,
    )
    return replace(made, **changes)


def brought(store: ExhibitStore, folder: Path, run: str = "run-i", **changes: object) -> tuple[Imported, KeptImport]:
    """Two pages of one file, the first with something found on it."""
    told = original(**changes)
    with archive_in(folder) as archive:
        kept = keep_import(archive, told, [PAGE, SECOND])
    pages = tuple(read(kept, run, number) for number in (1, 2))
    read_run = ReadRun(
        id=run, platform="taobao", query="包授权", outcome=Outcome.OK, reason="imported", detail="", pages=pages
    )  # fmt: skip
    return Imports(store.engine).record(told, kept, (read_run,)), kept


def read(kept: KeptImport, run: str, number: int) -> ReadPage:
    seen = page_of((listing(f"{run}{number}"),), run=run, number=number, findings={f"{run}1": (finding(),)})
    capture = kept.pages[number - 1]
    exhibits = tuple(replace(one, id=f"{run}-exhibit-{number}") for one in seen.exhibits)
    sightings = replace(seen.sightings, capture=capture, seen_at=capture.taken_at)
    return ReadPage(exhibits=Exhibits(sightings=sightings, exhibits=exhibits), page=(PAGE, SECOND)[number - 1])


def test_file_and_pages_are_kept_whole_and_say_whose_they_are(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_import(archive, original(user=7, name="a\r\nWARC-Type: response"), [PAGE, SECOND])
        assert archive.produce(kept.original) == BODY
        assert [archive.produce(one) for one in kept.pages] == [PAGE.body, SECOND.body]
        assert {one.how for one in (kept.original, *kept.pages)} == {How.IMPORTED}
        first = warc_fields(archive.member(kept.original.file, kept.original.offset, kept.original.length))
        second = warc_fields(archive.member(kept.pages[0].file, kept.pages[0].offset, kept.pages[0].length))
        for wrong in (replace(kept.original, url="https://x.example/"), replace(kept.original, how=How.BROWSER)):
            with pytest.raises(EvidenceBroken):
                archive.produce(wrong)
    assert first["lantian-saved-by"] == "user 7"
    assert first["warc-type"] == "resource"
    assert second["warc-refers-to"] == f"<urn:uuid:{kept.original.id}>"
    assert (second["lantian-claimed-status"], second["warc-target-uri"]) == ("403", f"urn:imported:{URL}")
    assert "王示例" not in str(first)


def warc_fields(member: bytes) -> dict[str, str]:
    from storage import warc

    return warc.read_member(member).fields


def test_a_page_that_is_the_file_is_kept_once(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        kept = keep_import(archive, original(), [replace(PAGE, body=BODY)])
    assert kept.pages == (kept.original,)


def test_a_file_is_written_down_once(store: ExhibitStore, tmp_path: Path) -> None:
    imports = Imports(store.engine)
    first, kept = brought(store, tmp_path)
    assert imports.known(first.sha256) == (first,)
    assert (first.by, first.claimed_at, first.is_clean, first.user) == ("王示例\ufffd", "昨天", True, 0)
    assert imports.of_exhibit("run-i-exhibit-1") == first
    assert imports.of_exhibit("nothing") is None
    assert imports.original_of(kept.pages[1].id) == kept.original
    assert imports.claims_of(kept.pages[1].id) == (SECOND.url, "昨天")
    run = store.run("run-i")
    assert (run.outcome, run.reason, run.pages, run.listings, run.round) == (Outcome.OK, "imported", 2, 2, None)
    before = AuditLog(store.engine).head()
    with pytest.raises(UserMistake, match="导入过"):
        brought(store, tmp_path, "run-j")
    with pytest.raises(LookupError):
        store.run("run-j")
    assert AuditLog(store.engine).head() == before
    with pytest.raises(LookupError):
        imports.original_of("nothing")


def test_what_fails_half_way_leaves_nothing(store: ExhibitStore, tmp_path: Path) -> None:
    told = original()
    with archive_in(tmp_path) as archive:
        kept = keep_import(archive, told, [PAGE, SECOND])
    bad = read(kept, "run-i", 2)
    bad = replace(bad, exhibits=replace(bad.exhibits, sightings=replace(bad.exhibits.sightings, capture=None)))
    run = ReadRun(
        id="run-i", platform="taobao", query="包授权", outcome=Outcome.OK, reason="imported", detail="",
        pages=(read(kept, "run-i", 1), bad),
    )  # fmt: skip
    with pytest.raises(ValueError, match="no evidence"):
        Imports(store.engine).record(told, kept, (run,))
    with store.engine.connect() as connection:
        for table in ("imports", "imported_pages", "runs", "pages", "exhibits", "captures", "audit"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_it_closes_its_task_and_no_other(store: ExhibitStore, tmp_path: Path) -> None:
    for number, query in enumerate(("包授权", "挂名")):
        planned = PlannedRun(id=f"run-{number}", platform="taobao", query=query, planned_at=T0)
        store.open_runs([planned], T0)
        store.finish_run(planned.id, Outcome.BLOCKED, "captcha", "", T0)
    first, _ = brought(store, tmp_path)
    (task,) = Tasks(store.engine).waiting()
    assert task.query == "挂名"
    closed = next(one for one in Tasks(store.engine).every() if one.query == "包授权")
    assert (closed.closed_how, closed.closed_why) == ("import", f"import {first.id}")


def test_two_officers_or_the_same_seen_since(store: ExhibitStore, tmp_path: Path) -> None:
    imports, people = Imports(store.engine), People(store.engine)
    brought(store, tmp_path)
    exhibit = "run-i-exhibit-1"
    assert imports.backing(exhibit) is Backing.NONE
    one, two = (
        people.add(NewPerson(name=name, badge=name, unit="", by="甲"), "x", T0) for name in ("王示例", "李示例")
    )
    with pytest.raises(UserMistake, match="不同"):
        imports.confirm(exhibit, (one, one), T0)
    assert imports.confirmation(exhibit) is None
    done = imports.confirm(exhibit, (one, two), T0)
    assert imports.confirmation(exhibit) == done
    assert imports.backing(exhibit) is Backing.CONFIRMED
    with pytest.raises(UserMistake, match="已经有两人"):
        imports.confirm(exhibit, (two, one), T0)
    fresh = page_of((listing("run-i2"),), run="run-1")
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)], T0)
    assert imports.backing("run-i-exhibit-2") is Backing.NONE
    store.record(fresh)
    capture = fresh.sightings.capture
    assert capture is not None
    assert capture.is_specimen
    assert imports.backing("run-i-exhibit-2") is Backing.NONE, "what was invented backs nothing real"
    real = replace(capture, id="capture-real", is_specimen=False)
    exhibits = tuple(replace(one, id=f"{one.id}-real") for one in fresh.exhibits)
    store.open_runs([PlannedRun(id="run-2", platform="taobao", query="包授权", planned_at=T0)], T0)
    store.record(Exhibits(sightings=replace(fresh.sightings, run="run-2", capture=real), exhibits=exhibits))
    assert imports.backing("run-i-exhibit-2") is Backing.FRESH


def test_the_file_stays_as_long_as_what_was_found_in_it(store: ExhibitStore, tmp_path: Path) -> None:
    _, kept = brought(store, tmp_path)
    flagged, unflagged = Retention().flagged_days, Retention().unflagged_days
    with store.engine.connect() as connection:
        young = Needs(Retention(), T0 + timedelta(days=unflagged + 1)).kept(connection, kept.original.file)
        old = Needs(Retention(), T0 + timedelta(days=flagged + 1)).kept(connection, kept.original.file)
    assert young == {kept.original.id, kept.pages[0].id}, "the other page showed nothing"
    assert old == frozenset()
