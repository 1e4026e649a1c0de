"""A page is written whole, once, and comes back as it was."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError
from storage_specimens import T0, capture, finding, listing, page_of, pages_of, visit_of
from test_archive import ROOT

from crawler.errors import UserMistake
from crawler.items import Exhibits
from storage.bulk import Bulk
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.models import EntityRow, ExhibitRow, ListingRow
from storage.tables.hand import OverrideRow

THREE = (listing("1"), listing("2", seller_id="", seller="无号店"), listing("3", item_id="", is_redirect=True))
FLAGGED = {"1": (finding(), finding("green_channel", 65, field="text", pro=(), articles=()))}


def rows_in(store: ExhibitStore) -> Counter[str]:
    with store.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        return Counter({table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables})


def contents(store: ExhibitStore) -> dict[str, list[tuple[object, ...]]]:
    with store.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        return {table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))] for table in tables}


def test_exhibit_comes_back_as_it_was_recorded(planned: ExhibitStore) -> None:
    page = page_of(THREE, findings=FLAGGED, picture=True, total=31)
    assert planned.record(page) == 3
    for given in page.exhibits:
        detail = planned.exhibit(given.id)
        assert detail.exhibit == given
        assert detail.exhibit.listing.key == given.listing.key
        assert detail.capture == page.sightings.capture
        assert detail.picture == page.visit.picture
        assert (detail.seen_at, detail.page_url) == (page.sightings.seen_at, page.sightings.url)
        assert (detail.run.query, detail.page_number, detail.sightings) == ("包授权", 1, 1)


def test_recording_a_page_twice_changes_nothing(planned: ExhibitStore) -> None:
    page = page_of(THREE, findings=FLAGGED, picture=True)
    planned.record(page)
    before = contents(planned)
    assert planned.record(page) == 0
    assert contents(planned) == before
    assert rows_in(planned)["exhibits"] == 3


def test_recorded_page_is_not_replaced_by_another_capture(planned: ExhibitStore) -> None:
    page = page_of(THREE)
    planned.record(page)
    other = replace(page, sightings=replace(page.sightings, capture=capture("another")))
    with pytest.raises(ValueError, match="from another capture"):
        planned.record(other)
    assert rows_in(planned)["captures"] == 1


def test_same_listing_again_is_a_new_sighting(planned: ExhibitStore) -> None:
    planned.record(page_of((listing("1"),), number=2, findings=FLAGGED))
    planned.record(page_of((listing("1", title="改了标题", seller="新店名"),), number=3))
    planned.record(page_of((listing("1"),), number=1))
    assert rows_in(planned)["listings"] == 1
    assert rows_in(planned)["exhibits"] == 3
    with planned.engine.connect() as connection:
        row = connection.execute(select(*ListingRow.__table__.columns)).one()
    assert (row.sightings, row.points, row.flagged_id) == (3, 70, 1)
    assert (row.first_seen, row.last_seen) == (T0 + timedelta(seconds=1), T0 + timedelta(seconds=3))


def test_the_same_listing_twice_on_one_page_is_two_exhibits(planned: ExhibitStore) -> None:
    assert planned.record(page_of((listing("1"), listing("1")), findings=FLAGGED)) == 2
    assert planned.leads()[0].sightings == 2
    assert len(planned.leads()) == 1


def test_page_without_an_answer_is_written_too(planned: ExhibitStore) -> None:
    page = page_of(())
    assert planned.record(replace(page, sightings=replace(page.sightings, capture=None))) == 0
    (row,) = pages_of(planned, "run-1")
    assert (row.capture, row.listings) == ("", 0)


def test_exhibit_without_a_capture_is_refused(planned: ExhibitStore) -> None:
    page = page_of(THREE)
    with pytest.raises(ValueError, match="no evidence"):
        planned.record(replace(page, sightings=replace(page.sightings, capture=None)))
    assert not rows_in(planned)["pages"]


def test_page_of_an_unknown_run_is_refused_whole(planned: ExhibitStore) -> None:
    with pytest.raises(IntegrityError):
        planned.record(page_of(THREE, run="run-9"))
    assert not rows_in(planned)["captures"]


def test_a_failure_half_way_leaves_nothing(planned: ExhibitStore) -> None:
    page = page_of(THREE, findings=FLAGGED)
    last = replace(page.exhibits[2], id=page.exhibits[0].id)
    with pytest.raises(IntegrityError):
        planned.record(replace(page, exhibits=(*page.exhibits[:2], last)))
    counted = rows_in(planned)
    assert not any(counted[table] for table in ("pages", "captures", "listings", "exhibits", "findings", "entities"))
    assert planned.record(page) == 3


def test_row_ids_grow_with_time(planned: ExhibitStore) -> None:
    pages = [page_of((listing(str(number)), listing("x")), number=number) for number in range(1, 5)]
    for page in pages:
        planned.record(page)
    with planned.engine.connect() as connection:
        ids = connection.execute(select(ExhibitRow.public_id).order_by(ExhibitRow.id)).scalars().all()
    assert ids == [exhibit.id for page in pages for exhibit in page.exhibits]


HOSTILE = (
    "\ud83d 包授权",
    "包\0授权",
    "'; DROP TABLE exhibits; --",
    "\u202e包授权\u2066",
    "😀" * 50,
    "\r\n\t",
    "x" * 1_000_000,
    "%_\\",
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_written_and_read_back(planned: ExhibitStore, hostile: str) -> None:
    made = listing("1", title=hostile, text=hostile, seller=hostile, images=(hostile,), price=hostile)
    found = finding(quote=hostile[:80], pro=((hostile[:80], 70),))
    page = page_of((made,), findings={"1": (found,)}, detail=hostile)
    planned.record(page)
    detail = planned.exhibit(page.exhibits[0].id)
    expected = hostile.replace("\ud83d", "\ufffd").replace("\0", "\ufffd")
    back = detail.exhibit.listing
    assert {back.title, back.text, back.seller, back.price, *back.images} == {expected}
    assert detail.exhibit.findings[0].quote == expected[:80]
    assert detail.exhibit.findings[0].pro == ((expected[:80], 70),)
    assert planned.leads()[0].title == expected


def test_absurd_total_is_no_failure(planned: ExhibitStore) -> None:
    planned.record(page_of((), total=10**30))
    assert pages_of(planned, "run-1")[0].total == 2**63 - 1


def test_capture_shared_by_two_pages_is_one_row(planned: ExhibitStore) -> None:
    pages = [page_of((listing(str(number)),), number=number) for number in (1, 2)]
    for page in pages:
        planned.record(replace(page, visit=visit_of("one")))
    assert rows_in(planned)["captures"] == 7
    assert rows_in(planned)["browser_captures"] == 1


def test_id_is_known_by_its_beginning(planned: ExhibitStore) -> None:
    page = page_of(THREE)
    twins = tuple(replace(one, id=f"abcdef{place}0ff") for place, one in enumerate(page.exhibits))
    planned.record(replace(page, exhibits=twins))
    assert planned.exhibit("abcdef1").exhibit == twins[1]
    assert planned.exhibit("abcdef10ff").exhibit == twins[1]
    for asked, why in (
        ("abcdef", "不止一个"),
        ("abcde", "前 6 位"),
        ("abcdef9", "没有证据项"),
        ("%%%%%%", "没有"),
    ):
        with pytest.raises(UserMistake, match=why):
            planned.exhibit(asked)


RECORDER = """
import sys
from pathlib import Path
sys.path[:0] = ["tests/storage"]
from storage_specimens import T0, listing, page_of
from storage.bulk import Bulk
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
store, name = ExhibitStore(open_database(Path(sys.argv[1]))), sys.argv[2]
store.open_runs([PlannedRun(id=name, platform="taobao", query=name, planned_at=T0)], T0)
for number in range(1, 21):
    store.record(page_of(tuple(listing(f"{item}") for item in range(30)), run=name, number=number))
    print(number, flush=True)
"""


def recorders(database: Path, count: int) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen(
            [sys.executable, "-c", RECORDER, str(database), f"run-{number}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number in range(count)
    ]


def test_processes_write_side_by_side(tmp_path: Path) -> None:
    """They also make the database side by side."""
    for child in recorders(tmp_path / "lantian.db", 3):
        said, _ = child.communicate(timeout=300)
        assert (child.returncode, len(said.split())) == (0, 20)
    store = ExhibitStore(open_database(tmp_path / "lantian.db"))
    counted = rows_in(store)
    store.engine.dispose()
    assert (counted["exhibits"], counted["listings"], counted["pages"]) == (3 * 20 * 30, 30, 60)


def test_killed_recorder_leaves_whole_pages(tmp_path: Path) -> None:
    (child,) = recorders(tmp_path / "lantian.db", 1)
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(4)]
    child.kill()
    said, _ = child.communicate()
    acknowledged += [int(line) for line in said.split()]
    store = ExhibitStore(open_database(tmp_path / "lantian.db"))
    pages = pages_of(store, "run-0")
    assert [page.number for page in pages][: len(acknowledged)] == acknowledged
    assert rows_in(store)["exhibits"] == 30 * len(pages)
    assert page_is_repeatable(store)
    store.engine.dispose()


def page_is_repeatable(store: ExhibitStore) -> bool:
    first: Exhibits = page_of(tuple(listing(f"{item}") for item in range(30)), run="run-0", number=1)
    return store.record(first) == 0


def test_entities_are_found_by_value(planned: ExhibitStore) -> None:
    planned.record(page_of(THREE, findings=FLAGGED))
    with planned.engine.connect() as connection:
        count = select(func.count()).where(EntityRow.kind == "phone", EntityRow.value == "13800000000")
        assert connection.scalar(count) == 1


def test_rows_of_other_columns_are_refused(planned: ExhibitStore) -> None:
    bulk = Bulk(insert(OverrideRow))
    row = {"platform": "jd", "person": "张三（虚构）", "reason": "执法检查", "signed_at": T0}
    with planned.engine.begin() as connection:
        bulk.execute(connection, [])
        bulk.execute(connection, [row, {**row, "platform": "taobao"}])
        with pytest.raises(KeyError):
            bulk.execute(connection, [{"platform": "jd"}])
        stray = Bulk(insert(OverrideRow).values(platform="jd"))
        with pytest.raises(ValueError, match="binds"):
            stray.execute(connection, [{"person": "李四（虚构）"}])
    assert [one.platform for one in planned.overrides()] == ["jd", "taobao"]
