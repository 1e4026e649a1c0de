"""Time stamps for manifests: what is stamped, what waits and is tried again, and what the verifier says to it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
import responses
from authority import LocalAuthority, serving
from sqlalchemy import Engine, event, insert, select
from stamp_specimens import FIRST, answers, at, now
from storage_specimens import archive_in, database_of, exchange, on_both

from storage.audit import AuditLog
from storage.db import writing
from storage.seal import Sealer
from storage.sealing.manifests import FOLDER
from storage.stamp import LONGEST_WAIT, MOST_TOLD, Stamping, _Done, _due, _told, stamp_pending, token_path
from storage.tables.sealing import SealRow
from storage.verifier.tokens import Stamp, anchors, check_token
from storage.verify import Wanted, verify


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A file, but for those tests that say otherwise: most are about files."""
    return database_of(request, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive" / FOLDER).mkdir(parents=True)
    return tmp_path / "archive"


def seal(engine: Engine, folder: Path, numbers: range, sealed_at: datetime) -> None:
    """Manifests as far as a stamp is concerned: heads and their rows."""
    for number in numbers:
        head = b'{"number":%d}\n' % number
        (folder / FOLDER / f"{number:06d}.json").write_bytes(head)
        row = {
            **dict.fromkeys(("sm3", "previous", "rules", "audit_head"), ""),
            "number": number,
            "kind": "records",
            "sha256": hashlib.sha256(head).hexdigest(),
            "leaves": 1,
            "sealed_at": sealed_at,
            "audit_count": 0,
            "demand": "stamped",
        }
        with writing(engine).begin() as connection:
            connection.execute(insert(SealRow).values(row))


def rows(engine: Engine) -> list[tuple[int, bool, int, str]]:
    """Number, whether stamped, tries, error."""
    query = select(SealRow.number, SealRow.stamped_at, SealRow.tries, SealRow.last_error).order_by(SealRow.number)
    with engine.begin() as connection:
        return [(number, at is not None, tries, error) for number, at, tries, error in connection.execute(query)]


def stamp_of(folder: Path, number: int, authority: LocalAuthority) -> Stamp:
    head = (folder / FOLDER / f"{number:06d}.json").read_bytes()
    token = token_path(folder, number).read_bytes()
    stamp = check_token(token, head, anchors(authority.root.read_bytes()), part="")
    assert isinstance(stamp, Stamp)
    return stamp


# -- all that wait -------------------------------------------------------------------------------


@on_both
def test_every_manifest_in_order(engine: Engine, folder: Path, authority: LocalAuthority, authority_url: str) -> None:
    seal(engine, folder, range(1, 4), now())
    stamping = stamp_pending(folder, engine, [at(authority, authority_url)], now())
    assert (stamping.done, stamping.left, stamping.error) == (3, 0, "")
    assert [one.number for one in stamping.stamped] == [1, 2, 3]
    assert rows(engine) == [(number, True, 1, "") for number in (1, 2, 3)]
    for one in stamping.stamped:
        assert stamp_of(folder, one.number, authority).at == one.at
    with engine.begin() as connection:
        digest = connection.execute(select(SealRow.token_sha256).where(SealRow.number == 2)).scalar_one()
    assert digest == hashlib.sha256(token_path(folder, 2).read_bytes()).hexdigest()
    copies = list((folder / FOLDER / "authorities").iterdir())
    assert [one.read_bytes() for one in copies] == [authority.root.read_bytes()]
    assert [entry.act for entry in AuditLog(engine).entries()] == ["stamp"] * 3


def test_nothing_to_do(engine: Engine, folder: Path, authority: LocalAuthority) -> None:
    assert stamp_pending(folder, engine, [at(authority)], now()) == Stamping(done=0, left=0, error="")


@pytest.fixture
def asked_of_database(engine: Engine) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_without_an_authority_nothing_waits_and_nothing_is_read(
    engine: Engine, folder: Path, asked_of_database: list[str]
) -> None:
    seal(engine, folder, range(1, 3), now())
    asked_of_database.clear()
    stamping = stamp_pending(folder, engine, [], now())
    assert asked_of_database == []
    assert (stamping.done, stamping.left) == (0, 0)
    assert "没有设置" in stamping.error
    assert rows(engine) == [(1, False, 0, ""), (2, False, 0, "")]


def test_a_silent_authority_is_asked_once_a_call_and_later_again(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 4), now())
    web.add(responses.POST, FIRST, body=requests.ConnectionError("nobody"))
    begun = now()
    stamping = stamp_pending(folder, engine, [at(authority)], begun)
    assert (stamping.done, stamping.left, len(web.calls)) == (0, 3, 1)
    assert stamping.error.startswith("http://tsa1.example：")
    assert [(tries, bool(error)) for _, _, tries, error in rows(engine)] == [(1, True), (0, False), (0, False)]
    web.remove(responses.POST, FIRST)
    answers(web, FIRST, authority)
    # The first waits a minute; the others were never tried and are due.
    assert [one.number for one in stamp_pending(folder, engine, [at(authority)], begun).stamped] == [2, 3]
    later = begun + timedelta(minutes=2)
    assert [one.number for one in stamp_pending(folder, engine, [at(authority)], later).stamped] == [1]


@on_both
def test_waits_double_up_to_six_hours_and_never_end(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 2), now())
    web.add(responses.POST, FIRST, status=503)
    moment, waits = now(), []
    for tries in range(1, 13):
        (waiting,) = stamp_pending(folder, engine, [at(authority)], moment).waiting
        assert waiting.tries == tries
        assert waiting.next_try_at is not None
        waits.append(round((waiting.next_try_at - moment) / timedelta(minutes=1)))
        assert stamp_pending(folder, engine, [at(authority)], moment).waiting == (waiting,)
        moment = waiting.next_try_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert timedelta(minutes=waits[-1]) == LONGEST_WAIT


def test_at_once_does_not_wait(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 2), now())
    web.add(responses.POST, FIRST, status=503)
    stamp_pending(folder, engine, [at(authority)], now())
    web.remove(responses.POST, FIRST)
    answers(web, FIRST, authority)
    assert stamp_pending(folder, engine, [at(authority)], now()).done == 0
    assert stamp_pending(folder, engine, [at(authority)], now(), at_once=True).done == 1


def test_a_refused_answer_leaves_no_file(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock, make_authority
) -> None:
    seal(engine, folder, range(1, 2), now())
    answers(web, FIRST, make_authority(name="Qita"))
    assert "不是所信任的" in stamp_pending(folder, engine, [at(authority)], now()).error
    assert not token_path(folder, 1).exists()


@on_both
def test_a_crash_between_file_and_row_is_healed(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 2), now())
    token = authority.stamp(b'{"number":1}\n')
    token_path(folder, 1).write_bytes(token)
    (folder / FOLDER / ".stamp.tmp").write_bytes(b"half")
    stamping = stamp_pending(folder, engine, [at(authority)], now())
    assert (stamping.done, len(web.calls)) == (1, 0)
    assert token_path(folder, 1).read_bytes() == token
    assert rows(engine) == [(1, True, 1, "")]


def test_a_token_found_that_does_not_hold_is_left_for_a_person(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 3), now())
    answers(web, FIRST, authority)
    foreign = authority.stamp(b"another head")
    token_path(folder, 1).write_bytes(foreign)
    stamping = stamp_pending(folder, engine, [at(authority)], now())
    assert (stamping.done, stamping.left) == (1, 1)
    assert "000001.tsr" in stamping.error
    assert [stamping.error in one for one in stamping.broken] == [True]
    assert token_path(folder, 1).read_bytes() == foreign


def test_a_head_that_was_changed_is_not_stamped_and_holds_up_nobody(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 4), now())
    answers(web, FIRST, authority)
    (folder / FOLDER / "000001.json").write_bytes(b'{"number":7}\n')
    (folder / FOLDER / "000002.json").unlink()
    stamping = stamp_pending(folder, engine, [at(authority)], now())
    assert [one.number for one in stamping.stamped] == [3]
    assert [one.number for one in stamping.waiting] == [1, 2]
    assert all(one.error for one in stamping.waiting)
    assert [one[:6] for one in stamping.broken] == ["第 1 号清", "第 2 号清"]
    # No minute goes by in silence: what is broken is said at every call.
    again = stamp_pending(folder, engine, [at(authority)], now())
    assert (len(again.broken), again.waiting[0].tries, len(web.calls)) == (2, 2, 1)


def test_what_is_broken_is_said_though_nobody_answers(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 4), now())
    web.add(responses.POST, FIRST, status=503)
    (folder / FOLDER / "000003.json").write_bytes(b'{"number":7}\n')
    stamping = stamp_pending(folder, engine, [at(authority)], now())
    assert (len(stamping.broken), "000003" in stamping.broken[0], stamping.left) == (1, True, 3)
    assert not stamp_pending(folder, engine, [at(authority)], now()).done


def test_an_authority_that_is_away_costs_no_more_the_more_wait(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock, asked_of_database: list[str]
) -> None:
    web.add(responses.POST, FIRST, status=503)
    asked = []
    for numbers in (range(1, 151), range(151, 331)):
        seal(engine, folder, numbers, now())
        asked_of_database.clear()
        stamping = stamp_pending(folder, engine, [at(authority)], now())
        asked.append(len(asked_of_database))
    assert asked[0] == asked[1]
    assert (stamping.left, len(stamping.waiting), len(web.calls)) == (330, MOST_TOLD, 2)


def test_those_that_wait_are_found_by_an_index(engine: Engine, folder: Path, asked_of_database: list[str]) -> None:
    seal(engine, folder, range(1, 3), now())
    asked_of_database.clear()
    _told(engine, _Done())
    list(_due(engine, now(), at_once=False))
    plans = []
    with engine.begin() as connection:
        for statement in [one for one in asked_of_database if one.startswith("SELECT")]:
            parameters = (None,) * statement.count("?")
            plans += [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert len(plans) == 3
    assert all("USING" in plan and "ix_seals_stamped_at (stamped_at=?" in plan for plan in plans), plans


def test_a_seal_ahead_of_the_authority_waits_alone(
    engine: Engine, folder: Path, authority: LocalAuthority, web: responses.RequestsMock
) -> None:
    seal(engine, folder, range(1, 2), now() + timedelta(minutes=3))
    seal(engine, folder, range(2, 3), now())
    answers(web, FIRST, authority)
    stamping = stamp_pending(folder, engine, [at(authority)], now())
    assert [one.number for one in stamping.stamped] == [2]
    assert "早于封存" in stamping.error


@on_both
def test_two_at_once_ask_once(engine: Engine, folder: Path, make_authority) -> None:
    """The second sees the first at work and leaves it to it."""
    asked, go_on = threading.Event(), threading.Event()

    class Slow(LocalAuthority):
        def reply(self, query: bytes) -> bytes:
            asked.set()
            go_on.wait(100)
            return super().reply(query)

    make_authority()  # skips where there is no openssl
    slow = Slow(folder.parent / "slow")
    seal(engine, folder, range(1, 2), now())
    with serving(slow) as url, ThreadPoolExecutor(1) as pool:
        first = pool.submit(stamp_pending, folder, engine, [at(slow, url)], now())
        assert asked.wait(100)
        second = stamp_pending(folder, engine, [at(slow, url)], now())
        go_on.set()
        assert first.result().done == 1
    assert (second.done, second.left) == (0, 1)
    assert "另一个进程" in second.error
    assert len(slow.asked) == 1


# -- as the verifier sees it ---------------------------------------------------------------------


def sealed(folder: Path, engine: Engine, body: bytes) -> None:
    with archive_in(folder) as archive:
        archive.keep(exchange(body))
    Sealer(folder, engine, tool="lantian 0.1.0", demand="stamped").seal("", now())


def test_an_archive_is_stamped_when_every_manifest_is(
    engine: Engine, folder: Path, authority: LocalAuthority, authority_url: str, make_authority
) -> None:
    trusting = Wanted(anchors=(authority.root.read_bytes(),))
    sealed(folder, engine, b"one")
    stamp_pending(folder, engine, [at(authority, authority_url)], now())
    assert (verify(folder, trusting).state, verify(folder, trusting).ok) == ("stamped", True)
    (folder / FOLDER / ".stamp.tmp").write_bytes(b"a crash left this")
    assert verify(folder, trusting).ok
    untrusting = verify(folder, Wanted(anchors=(make_authority().root.read_bytes(),)))
    assert [one.kind for one in untrusting.broken] == ["token_untrusted"]
    sealed(folder, engine, b"two")
    assert [one.kind for one in verify(folder, trusting).broken] == ["token_missing", "not_stamped"]
    stamp_pending(folder, engine, [at(authority, authority_url)], now())
    assert verify(folder, trusting).ok
    one, two = (token_path(folder, number) for number in (1, 2))
    one.write_bytes(two.read_bytes())
    assert [one.kind for one in verify(folder, trusting).broken] == ["token_mismatch"]
