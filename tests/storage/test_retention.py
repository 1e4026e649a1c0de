"""What is old and needed by nothing goes, with its digests left in the chain; everything else stays as it was."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from keeping_specimens import DAY, NOW, Home, home_in, keep_page, keep_redirect, keep_visit, keep_wall
from sqlalchemy import insert, select, update
from storage_specimens import TOOL, archive_in, database_of, exchange, finding, listing, on_both, page_of
from test_visits import SURROUNDINGS, VISIT

from crawler.config import Config
from crawler.errors import EvidenceBroken, Expired, UserMistake
from crawler.tables import Retention
from crawler.tables import Shelf as ShelfSettings
from storage import visits
from storage.archive import FolderArchive
from storage.audit import AuditLog
from storage.cases.leads import register
from storage.cases.shapes import NewLead
from storage.db import open_database, writing
from storage.keeping.expiring import new_name
from storage.keeping.trail import NEAR
from storage.looks import Looks
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow
from storage.packaging.redirects import redirects_to
from storage.retention import Keeper, Order
from storage.rows import capture_values
from storage.sealing.manifests import head_of, leaves_of
from storage.sealing.proofs import Extent, prove
from storage.shelf import Shelf, open_shelf
from storage.shelving import Shelver
from storage.tables.leads import LeadRow
from storage.tables.people import ExtractionRow, UserRow
from storage.tables.pictures import PictureRow, PictureTextRow
from storage.tables.search import PictureBand, PictureLook
from storage.tables.showings import BrowserCaptureRow, ShowingRow


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A file, but for those tests that say otherwise: most are about files."""
    return database_of(request, tmp_path)


@pytest.fixture
def home(tmp_path: Path, database: Path | str) -> Iterator[Home]:
    with home_in(tmp_path / "home", database if isinstance(database, str) else "") as made:
        yield made


@on_both
def test_what_is_not_flagged_expires_and_the_rest_stays(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW - 100 * DAY)
        (gone,) = keep_page(home, archive, {"1": False}, NOW - 100 * DAY)
        flagged, beside = keep_page(home, archive, {"2": True, "3": False}, NOW - 100 * DAY)
        (young,) = keep_page(home, archive, {"4": False}, NOW)
        keep_wall(archive, NOW)
    assert home.seal() == 1
    before = {one: home.store.exhibit(one).capture for one in (gone, flagged, beside, young)}
    bytes_of = {one: home.produce(before[one]) for one in (flagged, young)}
    assert home.expire(NOW + 79 * DAY).records == 0
    assert home.verified().ok
    expired = home.expire(NOW + 81 * DAY)
    assert (expired.records, expired.captures, expired.manifests, expired.troubles) == (4, 1, (2,), ())
    (name,) = [one for one in home.files() if one.endswith(".warc.gz")]
    assert name.endswith("-x2.warc.gz")
    for one in (flagged, young):
        assert home.produce(home.store.exhibit(one).capture) == bytes_of[one]
    with pytest.raises(Expired, match="第 2 号清单"):
        home.produce(home.capture(before[gone].id))
    with pytest.raises(Exception, match="没有证据项"):
        home.store.exhibit(gone)
    assert head_of(home.archive, 2).files[0].new == name
    tombs = [leaf for leaf in leaves_of(home.archive, 2) if leaf.to == -1]
    assert before[gone].id in {leaf.id for leaf in tombs}
    assert home.seal() == 0, "nothing new to seal"
    assert home.expire(NOW + 82 * DAY).records == 0
    report = home.verified()
    assert (report.ok, report.expired, report.broken) == (True, 4, ())


def flagged_home(home: Home, at: datetime) -> str:
    """One sealed file with one flagged page; its exhibit."""
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": True}, at)
    home.seal()
    return exhibit


@on_both
def test_flagged_captures_stay_three_years_after_they_were_last_seen(home: Home) -> None:
    first = flagged_home(home, NOW - 10 * DAY)
    with archive_in(home.archive) as archive:
        (second,) = keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    assert home.expire(NOW + 1095 * DAY).records == 0, "the first sighting stays as long as the last"
    told = home.store.exhibit(first)
    assert home.expire(NOW + 1097 * DAY).captures == 2
    assert [home.store.exhibit(one).capture.expired_in for one in (first, second)] == [2 + 1, 3]
    assert home.store.exhibit(first).exhibit == told.exhibit, "what was found stays told"
    assert home.store.leads()[0].capture.expired_in == 3
    assert home.files() == [], "nothing is left of either file"
    assert home.verified().ok


@on_both
def test_holds_win(home: Home) -> None:
    flagged = flagged_home(home, NOW)
    with archive_in(home.archive) as archive:
        (plain,) = keep_page(home, archive, {"2": False}, NOW)
    home.seal()
    for one in (flagged, plain):
        home.holds.place(one, "张审核", "案件未结", NOW)
    assert home.expire(NOW + 9000 * DAY).records == 0
    for one in (flagged, plain):
        home.holds.lift(one, "张审核", NOW + 9000 * DAY)
    assert home.expire(NOW + 9001 * DAY).captures == 1, "the one without findings has no time of its own"
    assert home.expire(NOW + (9000 + 1095) * DAY).records == 0, "closing is when the last hold was lifted"
    assert home.expire(NOW + (9000 + 1097) * DAY).captures == 1
    assert home.verified().ok


def test_the_settings_decide(home: Home) -> None:
    flagged_home(home, NOW)
    assert home.expire(NOW + 40 * DAY, unflagged_days=5, flagged_days=41).records == 0
    assert home.expire(NOW + 40 * DAY, unflagged_days=5, flagged_days=39).records > 0


def test_all_records_of_a_visit_go_or_stay_together(home: Home) -> None:
    """A picture that is needed keeps the messages and the facts beside it; a visit that nobody needs goes whole."""
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": True}, NOW)
        kept = keep_visit(archive, "visit-kept", NOW)
        gone = keep_visit(archive, "visit-gone", NOW)
    with home.engine.begin() as connection:
        connection.execute(insert(CaptureRow).values(capture_values(kept[1])))
        connection.execute(update(ExhibitRow).values(picture_id=kept[1].id))
    home.seal()
    assert home.verified().broken == ()
    assert home.expire(NOW + 200 * DAY).records == len(gone)
    moves = {leaf.id: leaf.to for leaf in leaves_of(home.archive, 2)}
    assert all(moves[one.id] >= 0 for one in kept)
    assert all(moves[one.id] == -1 for one in gone)
    picture = home.store.exhibit(exhibit).picture
    assert picture is not None
    assert home.produce(picture) == b"visit-kept picture" * 9
    assert home.verified().ok


def test_what_a_rendered_page_loaded_goes_and_stays_with_it(home: Home) -> None:
    messages = tuple(replace(one, at=NOW) for one in VISIT.messages)
    pages = {}
    with archive_in(home.archive) as archive:
        for number, findings in enumerate(({"1": (finding(articles=("PAR-二",)),)}, {}), 1):
            visit = replace(VISIT, id=str(uuid.uuid4()), started_at=NOW, ended_at=NOW, messages=messages)
            kept = visits.keep_page(archive, visit, SURROUNDINGS)
            pages[kept.offset] = bool(findings)
            page = page_of((listing("1"),), number=number, findings=findings)
            seen = replace(page.sightings, capture=kept, seen_at=NOW, requested_url=kept.url, url=kept.url)
            archive.sync()
            home.store.record(replace(page, sightings=seen))
    home.seal()
    home.expire(NOW + 200 * DAY)
    second = max(pages)
    leaves = [leaf for leaf in leaves_of(home.archive, 2) if leaf.type != "warcinfo"]
    assert len(leaves) == 18
    assert all((leaf.to >= 0) == (leaf.offset < second) for leaf in leaves)
    assert home.verified().ok


@on_both
def test_browser_captures_move_with_their_file(home: Home) -> None:
    """A visit that a showing of a flagged exhibit rests on stays, and its row says where it lies now."""
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        keep_page(home, archive, {"1": True}, NOW)
        parts = keep_visit(archive, "visit-shown", NOW)
    ids = {"picture_id": parts[1].id, "dom_id": parts[0].id, "text_id": parts[0].id, "facts_id": parts[2].id}
    where = {"file": parts[0].file, "offset": parts[0].offset, "length": 1, "records": 3}
    told = {"url": "u", "requested_url": "u", "started_at": NOW, "ended_at": NOW, "is_specimen": False}
    with home.engine.begin() as connection:
        connection.execute(insert(CaptureRow), [capture_values(one) for one in parts])
        connection.execute(insert(BrowserCaptureRow).values(id="visit-shown", **ids, **where, **told))
        row = connection.execute(select(ExhibitRow.id, ExhibitRow.listing_key)).one()
        showing = {"exhibit_id": row.id, "listing_key": row.listing_key, "run_id": "run-1", "verdict": "shows_quote"}
        showing |= {"reason": "", "detail": "", "frame": {}, "position": 1, "seen_at": NOW}
        connection.execute(insert(ShowingRow).values(browser_capture_id="visit-shown", **showing))
    home.seal()
    assert home.expire(NOW + 200 * DAY).records == 2, "only the wall and its request"
    with home.engine.connect() as connection:
        visit = connection.execute(select(BrowserCaptureRow.file, BrowserCaptureRow.offset)).one()
    picture, message = home.capture(parts[1].id), home.capture(parts[0].id)
    assert (visit.file, visit.offset) == (message.file, message.offset)
    assert message.offset < parts[0].offset
    assert home.produce(picture)
    assert home.expire(NOW + 201 * DAY).records == 0
    assert home.expire(NOW + 1100 * DAY).captures == 4
    assert home.verified().ok


@on_both
def test_what_led_to_a_flagged_page_stays_as_long_as_it(home: Home) -> None:
    """Redirects, and the page as it came before it was rendered; those of a page without findings go by their date."""
    with archive_in(home.archive) as archive:
        asked = "https://s.taobao.example/a"
        stay = [keep_redirect(archive, NOW, "a", "/b"), keep_redirect(archive, NOW, "b", "/?page=1")]
        go = [keep_wall(archive, NOW), keep_redirect(archive, NOW, "c", "/?page=2")]
        (first,) = keep_page(home, archive, {"1": True}, NOW, asked=asked)
        keep_page(home, archive, {"2": False}, NOW, asked="https://s.taobao.example/c")
        stay += [keep_redirect(archive, NOW, "d", "/e"), keep_wall(archive, NOW, "e")]
        keep_page(home, archive, {"3": True}, NOW, asked="https://s.taobao.example/d", is_rendered=True)
        stay.append(keep_wall(archive, NOW, "?page=4"))
        keep_page(home, archive, {"4": True}, NOW, is_rendered=True)
        go.append(keep_redirect(archive, NOW, "x", "/?page=5"))
        keep_page(home, archive, {"5": True}, NOW)
    home.seal()
    assert home.expire(NOW + 181 * DAY).records == 2 * (len(go) + 1), "each with its request, and the page without"
    moves = {leaf.id: leaf.to for leaf in leaves_of(home.archive, 2)}
    assert [moves[one.id] == -1 for one in (*stay, *go)] == [False] * len(stay) + [True] * len(go)
    page = home.store.exhibit(first).capture
    archive = FolderArchive(home.archive, tool=TOOL)
    assert [one.id for one in redirects_to(archive, home.archive, home.engine, page, asked)] == [stay[0].id, stay[1].id]
    home.seen.clear()
    assert home.expire(NOW + 700 * DAY).records == 0
    assert not home.seen, "what stays with its page is not looked at again before the page is due"
    home.expire(NOW + 1097 * DAY)
    assert home.files() == [], "and it goes with its page"
    assert home.verified().ok


def test_redirects_are_looked_for_only_before_their_page(home: Home) -> None:
    """Leaves of later manifests are not read, nor those of earlier ones once there are enough."""
    archive = archive_in(home.archive)
    for path in ("old", "far"):
        keep_wall(archive, NOW, path)
        archive.sync()
        home.seal()
    for number in range(NEAR):
        keep_wall(archive, NOW, str(number))
    hop = keep_redirect(archive, NOW, "a", "/?page=1")
    (exhibit,) = keep_page(home, archive, {"1": True}, NOW, asked="https://s.taobao.example/a")
    home.seal()
    keep_wall(archive, NOW)
    archive.close()
    home.seal()
    for number in (1, 2, 4):
        (home.archive / "manifests" / f"{number:06d}.leaves.jsonl").unlink()
    page = home.store.exhibit(exhibit).capture
    reader = FolderArchive(home.archive, tool=TOOL)
    (found,) = redirects_to(reader, home.archive, home.engine, page, "https://s.taobao.example/a")
    assert found == hop


@on_both
def test_what_two_officers_extracted_counts_as_flagged(home: Home) -> None:
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": False}, NOW)
    home.seal()
    with home.engine.begin() as connection:
        officer = {"unit": "", "password": "", "added_at": NOW, "added_by": "", "disabled_by": "", "failures": 0}
        connection.execute(insert(UserRow), [{"name": one, "badge": one, **officer} for one in ("甲", "乙")])
        told = {"exhibit": exhibit, "officer_a": 1, "officer_b": 2, "started_at": NOW, "ended_at": NOW, "place": ""}
        told |= {"visits": [], "outcome": "failed", "reason": "", "facts": "{}"}
        connection.execute(insert(ExtractionRow).values(id="one", **told))
    assert home.expire(NOW + 200 * DAY).records == 0
    assert home.expire(NOW + 1100 * DAY).captures == 1
    assert home.store.exhibit(exhibit).capture.expired_in == 2


@on_both
def test_what_was_read_in_pictures_goes_with_its_exhibit(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_page(home, archive, {"1": False}, NOW)
        keep_page(home, archive, {"2": True}, NOW)
        images = [archive.keep(exchange(name.encode(), fetched_at=NOW)) for name in ("gone", "kept")]
    picture = {"run_id": "run-1", "url": "u", "queued_at": NOW, "state": "read"}
    picture |= {"reason": "", "detail": "", "findings": 0}
    text = {"engine": "e", "width": 1, "height": 1, "lines": [], "marks": [], "read_at": NOW}
    with home.engine.begin() as connection:
        connection.execute(insert(CaptureRow), [capture_values(one) for one in images])
        exhibits = connection.execute(select(ExhibitRow.id).order_by(ExhibitRow.id)).scalars().all()
        for at, image in enumerate(images):
            values = {"exhibit_id": exhibits[at], "capture_id": image.id, "sha256": f"{at}"}
            connection.execute(insert(PictureRow).values(**values, **picture))
            connection.execute(insert(PictureTextRow).values(sha256=f"{at}", **text))
    Looks(home.engine).keep([("0", "0123456789abcdef"), ("1", "0123456789abcdee")])
    home.seal()
    assert home.expire(NOW + 200 * DAY).captures == 2, "the page and its image"
    with home.engine.connect() as connection:
        assert connection.execute(select(PictureTextRow.sha256)).scalars().all() == ["1"]
        assert connection.execute(select(PictureLook.sha256)).scalars().all() == ["1"]
        assert connection.execute(select(PictureBand.sha256)).scalars().all() == ["1"] * 4
        assert connection.execute(select(PictureRow.sha256)).scalars().all() == ["1"]
        assert connection.execute(select(EntityRow.exhibit_id).distinct()).scalars().all() == [exhibits[1]]
    assert home.produce(home.capture(images[1].id)) == b"kept"


# -- only what may be touched ----------------------------------------------------------------------


def test_a_trial_says_the_same_and_removes_nothing(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    before = {one: (home.archive / one).read_bytes() for one in home.files()}
    told = home.expire(NOW + 181 * DAY, is_trial=True)
    assert (told.records, told.manifests) == (2, ())
    assert {one: (home.archive / one).read_bytes() for one in home.files()} == before
    assert len(AuditLog(home.engine).entries()) == 1
    assert home.seen, "it is told how far it is"
    done = home.expire(NOW + 181 * DAY)
    assert replace(done, manifests=()) == told
    who = [(one.who, one.act) for one in AuditLog(home.engine).entries() if one.act == "expire"]
    assert who == [("王主任", "expire")]


def test_open_and_half_sealed_files_are_left_alone(home: Home) -> None:
    archive = archive_in(home.archive)
    keep_page(home, archive, {"1": False}, NOW)
    archive.sync()
    home.seal()
    assert home.expire(NOW + 500 * DAY).records == 0, "its writer lives"
    keep_page(home, archive, {"2": False}, NOW)
    archive.close()
    half = home.expire(NOW + 500 * DAY)
    assert (half.records, half.troubles) == (0, ()), "its last page is not sealed"
    home.seal()
    assert home.expire(NOW + 500 * DAY).captures == 2


@pytest.mark.parametrize("part", ["a record that goes", "a large one", "a record that stays", "the end"])
def test_a_damaged_file_is_said_and_left(home: Home, part: str) -> None:
    with archive_in(home.archive) as archive:
        large = archive.keep(exchange(os.urandom(50_000), fetched_at=NOW))
        keep_wall(archive, NOW)
        (stays,) = keep_page(home, archive, {"1": True}, NOW)
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
    home.seal()
    kept = home.store.exhibit(stays).capture
    path = home.archive / kept.file
    raw = bytearray(path.read_bytes())
    places = {"a record that goes": kept.offset - 20, "a large one": large.offset + large.length // 2}
    raw[(places | {"a record that stays": kept.offset + kept.length // 2}).get(part, -1)] ^= 1
    path.write_bytes(raw[:-1] if part == "the end" else raw)
    expired = home.expire(NOW + 181 * DAY)
    assert (expired.files, len(expired.troubles)) == (1, 1), "the other file is done"
    assert kept.file in expired.troubles[0]
    assert path.exists()
    assert not home.verified().ok, "time has hidden nothing"


def test_a_missing_file_is_said(home: Home) -> None:
    exhibit = flagged_home(home, NOW)
    path = home.archive / home.store.exhibit(exhibit).capture.file
    path.unlink()
    assert "missing" in home.expire(NOW + 2000 * DAY).troubles[0]


def test_no_room_removes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    before = home.files()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(UserMistake, match="空间不够"):
        home.expire(NOW + 181 * DAY)
    assert home.files() == before
    monkeypatch.undo()
    assert home.expire(NOW + 181 * DAY).records == 2


@on_both
def test_a_lead_that_is_not_over_wins(home: Home) -> None:
    """Closing begins the time of what was flagged anew, as lifting a hold does."""
    with archive_in(home.archive) as archive:
        keep_page(home, archive, {"1": True}, NOW)
        keep_page(home, archive, {"2": True}, NOW)
    home.seal()
    lead_of(home, "1", "sent", NOW)
    assert home.expire(NOW + 9000 * DAY, is_trial=True).captures == 1
    lead_of(home, "1", "closed", NOW + 9000 * DAY)
    assert home.expire(NOW + (9000 + 1095) * DAY, is_trial=True).captures == 1
    assert home.expire(NOW + (9000 + 1097) * DAY, is_trial=True).captures == 2


def lead_of(home: Home, item_id: str, state: str, at: datetime) -> None:
    """The listing is of a lead that has been in this state since then."""
    told = {"source": "monitoring", "platform": "taobao", "title": "", "url": ""}
    with writing(home.engine).begin() as connection:
        of_listing = ListingRow.item_id == item_id
        known = connection.execute(select(ListingRow.lead_id).where(of_listing)).scalar_one()
        if known is None:
            new = NewLead(**told, found_at=at, registered_at=at)
            known = register(connection, new, lambda act: act).id
        connection.execute(update(ListingRow).where(of_listing).values(lead_id=known))
        connection.execute(update(LeadRow).where(LeadRow.id == known).values(state=state, state_at=at))


@on_both
def test_a_hold_that_comes_meanwhile_wins(home: Home) -> None:
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": False}, NOW)
        keep_page(home, archive, {"2": True}, NOW)
    home.seal()
    before = home.files()
    keeper = Keeper(home.sealer.chain, Retention())
    order = Order(by="王主任", now=NOW + 181 * DAY)

    def place(_: str) -> None:
        home.holds.place(exhibit, "张审核", "案件未结", NOW)

    with pytest.raises(UserMistake, match="再运行一次"):
        keeper.expire(order, lambda _: nullcontext(place))
    assert home.files() == before
    assert home.expire(NOW + 182 * DAY).records == 0
    assert home.verified().ok


def once_named(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Do something at the moment when a file has got this name."""
    real = os.rename

    def rename(old: object, new: object) -> None:
        real(old, new)  # type: ignore[arg-type]
        if Path(str(new)).name == name:
            act()

    monkeypatch.setattr(os, "rename", rename)


@pytest.mark.parametrize("comes", ["a hold", "a finding"])
def test_what_is_needed_after_the_manifest_was_written_stays(
    home: Home, monkeypatch: pytest.MonkeyPatch, comes: str
) -> None:
    """The manifest is on the disk and is just being verified when it comes; later sealing does not bring it back."""
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": False}, NOW)
        keep_page(home, archive, {"2": True}, NOW)
    home.seal()
    before = home.files()

    def act() -> None:
        if comes == "a hold":
            home.holds.place(exhibit, "张审核", "案件未结", NOW)
            return
        with home.engine.begin() as connection:
            plain = select(ExhibitRow.id).where(ExhibitRow.public_id == exhibit)
            connection.execute(update(FindingRow).values(exhibit_id=plain.scalar_subquery()))

    with monkeypatch.context() as acting:
        once_named(acting, "000002.json", act)
        with pytest.raises(UserMistake, match="再运行一次"):
            home.expire(NOW + 181 * DAY)
    assert home.files() == before
    assert not (home.archive / "manifests" / "000002.json").exists()
    assert not (home.archive / "manifests" / "000002.leaves.jsonl").exists()
    assert home.seal() == 0
    assert home.produce(home.store.exhibit(exhibit).capture)
    assert home.verified().ok


@on_both
@pytest.mark.parametrize("is_held", [True, False])
def test_an_expiry_that_a_crash_left_is_taken_back_for_a_hold_and_else_says_who_ordered_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, *, is_held: bool
) -> None:
    with archive_in(home.archive) as archive:
        (exhibit,) = keep_page(home, archive, {"1": False}, NOW)
        keep_page(home, archive, {"2": True}, NOW)
    home.seal()
    before = home.files()
    home.engine.dispose()
    if not (child := os.fork()):
        once_named(monkeypatch, "000002.json", lambda: os._exit(9))
        home.expire(NOW + 181 * DAY)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert (home.archive / "manifests" / "000002.json").exists()
    if is_held:
        home.holds.place(exhibit, "张审核", "案件未结", NOW)
    home.seal()
    assert (home.files() == before) == is_held
    assert home.verified().ok
    acts = [(one.who, one.act) for one in AuditLog(home.engine).entries() if one.act.startswith("expire")]
    assert acts == [("王主任", "expire_begun"), *([] if is_held else [("王主任", "expire")])]


def test_an_expiry_that_is_done_is_not_taken_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the database from just before it is put back, and a hold placed: what it removed is gone already."""
    with archive_in(home.archive) as archive:
        (gone,) = keep_page(home, archive, {"1": False}, NOW)
        (stays,) = keep_page(home, archive, {"2": True}, NOW)
    home.seal()
    older = home.folder / "older.db"

    def copy() -> None:
        with closing(sqlite3.connect(home.folder / "lantian.db")) as now, closing(sqlite3.connect(older)) as then:
            now.backup(then)

    with monkeypatch.context() as copying:
        once_named(copying, "000002.json", copy)
        assert home.expire(NOW + 181 * DAY).captures == 1
    home.engine.dispose()
    for path in home.folder.glob("lantian.db*"):
        path.unlink()
    older.rename(home.folder / "lantian.db")
    home.engine = open_database(home.folder / "lantian.db")
    home.holds.place(gone, "张审核", "案件未结", NOW)
    home.seal()
    assert home.produce(home.store.exhibit(stays).capture)
    with pytest.raises(UserMistake, match="没有证据项"):
        home.store.exhibit(gone)
    assert home.verified().ok


def test_a_file_is_opened_again_only_when_something_is_due(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_page(home, archive, {"1": True}, NOW - 3 * DAY)
        keep_wall(archive, NOW)
    home.seal()

    def looked(after: int) -> int:
        home.seen.clear()
        home.expire(NOW + after * DAY)
        return len(home.seen)

    assert [looked(after) for after in (1, 2, 100, 179, 181, 182, 800)] == [1, 0, 0, 0, 1, 0, 0]


# -- again and again -------------------------------------------------------------------------------


def test_a_rewritten_file_expires_again_and_its_proofs_hold(home: Home) -> None:
    with archive_in(home.archive) as archive:
        for age in (60, 40, 20):
            keep_page(home, archive, {f"{age}": False}, NOW - age * DAY)
        (stays,) = keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    for at, step in enumerate((121, 141, 161), 2):
        assert home.expire(NOW + step * DAY).captures == 1
        report = home.verified()
        assert (report.ok, report.expired) == (True, 2 * (at - 1))
        kept = home.store.exhibit(stays).capture
        assert kept.file.endswith(f"-x{at}.warc.gz")
        assert home.produce(kept)
        extent = Extent(file=kept.file, start=kept.offset, end=kept.offset + kept.length)
        mine = next(one for one in prove(home.archive / "manifests", [extent]) if one.id == kept.id)
        assert (mine.manifest, mine.offset) == (1, kept.offset), "its first manifest still proves it"
        assert home.sealer.state_of(kept).number == 1
    assert len([one for one in home.files() if one.endswith(".warc.gz")]) == 1


def test_several_files_under_one_manifest(home: Home) -> None:
    for item in "123":
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {item: True}, NOW)
            keep_wall(archive, NOW)
    home.seal()
    expired = home.expire(NOW + 181 * DAY)
    assert (expired.files, expired.records, expired.manifests) == (3, 6, (2,))
    assert home.verified().ok
    assert all(home.produce(lead.capture) for lead in home.store.leads())


def test_whoever_changes_a_tombstone_is_seen(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    home.expire(NOW + 181 * DAY)
    assert home.verified().ok
    path = home.archive / "manifests" / "000002.leaves.jsonl"
    path.write_text(path.read_text().replace('"to":-1', '"to":0', 1))
    assert {one.kind for one in home.verified().broken} >= {"leaves"}


# -- in the middle ---------------------------------------------------------------------------------


def folder_shelf(folder: Path) -> Shelf:
    folder.mkdir(exist_ok=True)
    shelf = open_shelf(Config(home=folder.parent / "home", shelf=ShelfSettings(url=str(folder))))
    assert shelf is not None
    return shelf


def die_at(home: Home, step: int) -> bool:
    """Expire in a process that dies at its n-th fsync, rename or unlink; whether it did."""
    home.engine.dispose()
    child = os.fork()
    if child == 0:
        left = [step]

        def dying(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **named: object) -> object:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return real(*arguments, **named)

            return call

        for name in ("fsync", "rename", "unlink"):
            setattr(os, name, dying(getattr(os, name)))
        try:
            home.expire(NOW + 181 * DAY)
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 9)
    return os.waitstatus_to_exitcode(status) == 9


@pytest.mark.parametrize("goes_on", ["expire", "seal", "shelf"])
def test_whatever_moment_it_dies_at_the_next_run_finishes_or_takes_back(
    tmp_path: Path, goes_on: str, *, is_torture: bool
) -> None:
    with home_in(tmp_path / "whole") as home:
        with archive_in(home.archive) as archive:
            keep_wall(archive, NOW)
            (stays,) = keep_page(home, archive, {"1": True}, NOW)
        with archive_in(home.archive) as archive:
            keep_wall(archive, NOW)
        home.seal()
        if goes_on == "shelf":
            home.shelf = folder_shelf(tmp_path / "shelf")
            Shelver(home.archive, home.engine, home.shelf).shelve(NOW, home.seen.append)
    first = 0 if is_torture or goes_on == "expire" else 2
    for step in range(first, 100, 1 if is_torture else 4):
        folder = shutil.copytree(tmp_path / "whole", tmp_path / f"dead-{goes_on}-{step}")
        again = Home(folder=folder, engine=open_database(folder / "lantian.db"))
        if goes_on == "shelf":
            again.shelf = folder_shelf(Path(shutil.copytree(tmp_path / "shelf", folder.with_suffix(".shelf"))))
        has_died = die_at(again, step)
        if goes_on == "seal":
            again.seal()
        else:
            again.expire(NOW + 182 * DAY)
        if again.shelf:
            Shelver(again.archive, again.engine, again.shelf).shelve(NOW, again.seen.append)
        report = again.verified()
        assert report.ok, (step, report.broken)
        assert again.produce(again.store.exhibit(stays).capture)
        assert report.expired == 5 or (goes_on == "seal" and report.expired == 0), step
        assert [one for one in again.files() if not one.endswith(".warc.gz")] == []
        assert again.expire(NOW + 183 * DAY).records == (0 if report.expired else 5)
        again.engine.dispose()
        shutil.rmtree(folder)
        if not has_died:
            break
    assert step > 8, "it writes more often than that"


class Refusing:
    """Lets so many fsyncs and renames through and refuses the next, as a full or failing disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
        self.left = left
        self.has_refused = False
        for name in ("fsync", "rename"):
            monkeypatch.setattr(os, name, self._limited(getattr(os, name)))

    def _limited(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self.left -= 1
            if self.left == -1:
                self.has_refused = True
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return call


def test_a_write_that_fails_leaves_what_the_chain_says(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the one after the manifest's head has its name: then the expiry is done, and entered later."""
    with archive_in(home.archive) as archive:
        (stays,) = keep_page(home, archive, {"1": True}, NOW)
        for age in range(100, 0, -5):
            keep_wall(archive, NOW - age * DAY)
    home.seal()
    for step in range(12):
        now = NOW + (81 + 5 * step) * DAY
        with monkeypatch.context() as failing:
            refusing = Refusing(failing, step)
            with suppress(OSError):
                home.expire(now)
        before = home.verified()
        assert before.is_consistent or {one.kind for one in before.broken} <= {"extra_file", "rows"}, before.broken
        home.seal()
        report = home.verified()
        assert report.ok, (step, report.broken)
        assert home.produce(home.store.exhibit(stays).capture)
        if not refusing.has_refused:
            break
        home.expire(now)
        assert home.verified().expired == 2 * (step + 1)
    assert step > 6


def test_a_new_file_is_taken_back_only_if_the_chain_knows_the_old_one(home: Home) -> None:
    exhibit = flagged_home(home, NOW)
    old = home.archive / home.store.exhibit(exhibit).capture.file
    half = home.archive / new_name(old.name, 9)
    half.write_bytes(old.read_bytes()[:100])
    home.seal()
    assert not half.exists()
    foreign = home.archive / "lantian-20200101T000000Z-00000000-x9.warc.gz"
    foreign.write_bytes(b"x")
    with pytest.raises(EvidenceBroken, match="no manifest knows"):
        home.seal()
    assert foreign.exists()


def test_the_old_file_stays_when_the_new_one_is_missing(home: Home) -> None:
    with archive_in(home.archive) as archive:
        keep_wall(archive, NOW)
        (exhibit,) = keep_page(home, archive, {"1": True}, NOW)
    home.seal()
    old = home.archive / home.store.exhibit(exhibit).capture.file
    raw = old.read_bytes()
    home.expire(NOW + 181 * DAY)
    (home.archive / home.store.exhibit(exhibit).capture.file).unlink()
    old.write_bytes(raw)
    with pytest.raises(EvidenceBroken, match="which is missing"):
        home.seal()
    assert old.exists()
