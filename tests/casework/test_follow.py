"""What follows upon letters: gone when proven, back when seen, a reminder once, then up; twice is as good as once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from letter_office import DAY, OPERATOR, SEAT, Post
from review_specimens import PROMISE, office_in
from sqlalchemy import func, select
from storage_specimens import database_of

from casework.follow import Followed, follow
from casework.letters.scorecard import scorecard
from casework.workdays import Deadline, day_of, deadline
from crawler.errors import UserMistake
from crawler.holidays import Notice, NoticeDay
from crawler.tables import Letters
from patrol.calendar import Calendar
from storage.audit import AuditLog
from storage.cases.letters import KeptLetters
from storage.rechecks import Rechecks, Verdict
from storage.tables.sealing import AuditRow

NOTHING = Followed()
SETTINGS = Letters()


@pytest.fixture(params=["sqlite", "postgresql"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    office = office_in(database_of(request, tmp_path))
    yield Post(office)
    office.engine.dispose()


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Post]:
    office = office_in(tmp_path / "lantian.db")
    yield Post(office)
    office.engine.dispose()


def followed(post: Post, now: datetime) -> Followed:
    """One pass, and a second one that finds nothing new and writes nothing."""
    done = follow(post.engine, SETTINGS, Calendar(), now)
    before = entries(post)
    assert follow(post.engine, SETTINGS, Calendar(), now) == NOTHING
    assert entries(post) == before
    return done


def entries(post: Post) -> int:
    with post.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(AuditRow)).scalar_one())


def test_gone_is_what_was_seen_gone_twice_and_back_what_was_seen_again(post: Post) -> None:
    (lead,) = post.decided("a1")
    letter = post.sent(lead)
    assert letter.sent_at is not None
    recheck = post.row(letter).recheck_id
    assert recheck is not None
    start = letter.sent_at
    post.look(recheck, Verdict.PRESENT, start + DAY)
    assert followed(post, start + DAY) == NOTHING
    # Blocked is never clean: counted apart, and no absence.
    post.look(recheck, Verdict.UNSEEN, start + 3 * DAY)
    assert followed(post, start + 3 * DAY) == NOTHING
    row = post.row(letter)
    assert (row.looks, row.blocked, row.gone_at) == (2, 1, None)
    post.look(recheck, Verdict.GONE, start + 4 * DAY, capture="first")
    assert followed(post, start + 4 * DAY) == NOTHING, "once is not enough"
    post.look(recheck, Verdict.GONE, start + 5 * DAY, capture="second")
    done = followed(post, start + 5 * DAY)
    assert (done.gone, done.closed) == (((letter.id, lead.id),), (letter.id,))
    row = post.row(letter)
    assert (row.gone_at, row.gone_capture, row.looks, row.blocked) == (start + 4 * DAY, "first", 4, 1)
    assert post.office.store.lead(lead.id).state == "gone"
    assert post.letters.named(letter.number).state == "closed"
    # It is offered again: the round's lead comes back, and the letter knows.
    post.office.now = start + 10 * DAY
    post.office.see({"a1": (PROMISE,)}, seller_id="shop-a1", seller="示例店 a1")
    post.office.take_in()
    assert post.office.store.lead(lead.id).state == "new"
    done = followed(post, start + 11 * DAY)
    assert done.back == ((letter.id, lead.id),)
    assert post.row(letter).back_at is not None
    scores(post, letter.sent_at)


def scores(post: Post, sent_at: datetime) -> None:
    (score,) = scorecard(KeptLetters(post.engine), sent_at - DAY, sent_at + DAY)
    told = {one.name: one.value for one in score.figures}
    assert (score.operator, score.days) == (OPERATOR, 4.0)
    assert told == {"sent": 1, "leads": 1, "answered": 0, "claimed": 0, "gone": 1, "back_7": 1, "back_30": 1,
                    "back_90": 1, "unchecked": 0, "blocked": 0, "present": 0}  # fmt: skip
    assert score.figure("gone").ids == (1,)
    assert scorecard(KeptLetters(post.engine), sent_at + DAY, sent_at + 2 * DAY) == ()


def test_an_absence_without_a_capture_proves_nothing(lone: Post) -> None:
    (lead,) = lone.decided("a1")
    letter = lone.sent(lead)
    recheck, start = lone.row(letter).recheck_id or 0, lone.office.now
    from dataclasses import replace
    from functools import partial

    from patrol.recheck import stands, write_due

    for day in (1, 2):
        rechecks = Rechecks(lone.engine)
        write_due(lone.engine, (1,), max(start + day * DAY, rechecks.recheck(recheck)[0].next_at))
        for one in rechecks.recheck(recheck)[1]:
            if one.verdict is None:
                ended = replace(one, verdict=Verdict.GONE, capture="", at=start + day * DAY)
                rechecks.conclude(ended, partial(stands, (1,)))
    assert rechecks.recheck(recheck)[0].state == "gone"
    assert followed(lone, start + 3 * DAY) == NOTHING
    assert lone.row(letter).gone_at is None


def test_only_blocked_looks_remove_nothing(lone: Post) -> None:
    (lead,) = lone.decided("a1")
    letter = lone.sent(lead)
    start = lone.office.now
    for day in range(1, 5):
        lone.look(lone.row(letter).recheck_id or 0, Verdict.UNSEEN, start + day * DAY)
    assert followed(lone, start + 5 * DAY) == NOTHING
    assert letter.sent_at is not None
    (score,) = scorecard(lone.letters, letter.sent_at - DAY, letter.sent_at + DAY)
    assert (score.figure("blocked").value, score.figure("gone").value, score.days) == (1, 0, None)


def test_looks_from_before_a_letter_are_not_of_it(lone: Post) -> None:
    (lead,) = lone.decided("a1")
    recheck, start = lone.recheck(lead), lone.office.now
    lone.look(recheck, Verdict.GONE, start + DAY)
    lone.look(recheck, Verdict.GONE, start + 2 * DAY)
    lone.office.now = start + 3 * DAY
    lone.recheck(lead)  # looked at anew, under the same number
    letter = lone.drafted(lead)
    from storage.cases.following import watch_on
    from storage.db import writing

    with writing(lone.engine).begin() as connection:
        watch_on(connection, letter.id, lead.id, [recheck], lone.office.later())
    assert followed(lone, start + 4 * DAY) == NOTHING
    assert (lone.row(letter).looks, lone.row(letter).gone_at) == (0, None)


def test_late_first_a_reminder_then_up_each_once(post: Post) -> None:
    (lead,) = post.decided("a1")
    due = datetime.fromisoformat("2026-08-14T16:00:00+00:00")  # the end of Friday, 14 August, in Shanghai
    letter = post.sent(lead, due_at=due)
    assert followed(post, due) == NOTHING
    assert followed(post, due + timedelta(days=4)) == NOTHING, "Saturday and Sunday are no working days"
    done = followed(post, due + timedelta(days=5))
    assert done.reminders == (letter.id,)
    assert [one.step for one in post.letters.steps_of(letter.id)][-1] == "remind_due"
    # Nobody reminded them: it does not go up by itself.
    assert followed(post, due + timedelta(days=60)) == NOTHING
    post.office.now = due + timedelta(days=6)
    post.sent(lead, reminds=letter.id)
    assert followed(post, due + timedelta(days=7)) == NOTHING
    done = followed(post, due + timedelta(days=20))
    assert done.escalated == (letter.id,)
    step = post.letters.steps_of(letter.id)[-1]
    assert (step.step, step.by, SEAT in step.detail) == ("escalate", "lantian", True)
    assert post.letters.named(letter.number).escalated_at is not None
    assert [one.who for one in AuditLog(post.engine).entries() if one.act == "letter_escalate"] == ["lantian"]


def test_deadlines_go_by_the_calendar_and_say_what_they_assume() -> None:
    friday = date(2026, 11, 20)
    assert deadline(Calendar(), friday, 10) == Deadline(day=date(2026, 12, 4))
    # Over the National Day of 2026 and its worked Sunday, as published.
    notice = Notice(
        year=2030,
        days=(
            NoticeDay(day=date(2030, 10, 1), is_workday=False, name="国庆节"),
            NoticeDay(day=date(2030, 9, 29), is_workday=True, name="国庆节"),
        ),
        since=datetime.fromisoformat("2029-12-01T00:00:00+00:00"),
    )
    assert deadline(Calendar([notice]), date(2030, 9, 27), 3) == Deadline(day=date(2030, 10, 2))
    far = deadline(Calendar(), date(2040, 6, 1), 5)
    assert (far.day, far.assumed) == (date(2040, 6, 8), "暂按周末推算")
    assert far.words == "2040年6月8日（暂按周末推算）"
    assert day_of(far.at - timedelta(seconds=1)) == far.day
    assert day_of(far.at) == far.day + timedelta(days=1)
    for days in (0, -1, 1000):
        with pytest.raises(UserMistake):
            deadline(Calendar(), friday, days)
