"""What follows upon letters by itself: gone, back, overdue. The clock acts under its own name and decides no case.

Gone is what patrol concluded twice over, in pages that are kept and sealed; what was blocked was not seen. It can be
taken again at any moment: what is written is not written twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from casework.workdays import Workdays, day_of, deadline, last_day
from crawler.tables import Letters
from storage.audit import unsigned
from storage.cases import following as rows
from storage.cases.following import Came, SeenLook, Watched
from storage.cases.lead_shapes import Moved
from storage.cases.letter_shapes import KeptLetter, KeptLetterLead
from storage.cases.letters import KeptLetters, LetterAct, close_on, lead_of_letter_on, note_on
from storage.cases.moves import State, Step
from storage.cases.moving import move_on
from storage.cases.operators import Operators
from storage.db import writing
from storage.people import OURSELVES
from storage.rechecks import Standing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What one pass found: (letter, lead) that are gone or back, letters closed, to be reminded, to go up."""

    gone: tuple[tuple[int, int], ...] = ()
    back: tuple[tuple[int, int], ...] = ()
    closed: tuple[int, ...] = ()
    reminders: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()


def follow(engine: Engine, settings: Letters, workdays: Workdays, now: datetime) -> Followed:
    """Everything that has come of letters by now. Call it after re-checks were concluded and leads taken in."""
    pass_ = _Pass(engine, settings, workdays, now)
    pass_.rechecked()
    pass_.returned()
    pass_.overdue()
    return Followed(
        gone=tuple(pass_.gone),
        back=tuple(pass_.back),
        closed=tuple(pass_.closed),
        reminders=tuple(pass_.reminders),
        escalated=tuple(pass_.escalated),
    )


class _Pass:
    def __init__(self, engine: Engine, settings: Letters, workdays: Workdays, now: datetime) -> None:
        self._engine, self._settings, self._workdays, self._now = engine, settings, workdays, now
        self._writer, self._letters = writing(engine), KeptLetters(engine)
        self.gone: list[tuple[int, int]] = []
        self.back: list[tuple[int, int]] = []
        self.closed: list[int] = []
        self.reminders: list[int] = []
        self.escalated: list[int] = []

    # -- re-checks ---------------------------------------------------------------------------------

    def rechecked(self) -> None:
        """Count what looks came to, lead by lead."""
        after = (0, 0)
        while found := rows.waiting(self._engine, after):
            for letter_id, lead_id in found:
                self._recount(letter_id, lead_id)
            after = found[-1]

    def _recount(self, letter_id: int, lead_id: int) -> None:
        with self._writer.begin() as connection:
            watched = rows.watched_on(connection, letter_id, lead_id)
            before = lead_of_letter_on(connection, letter_id, lead_id)
            came = came_to(before, watched)
            rows.came_on(connection, letter_id, lead_id, came)
            rows.counted_on(connection, letter_id, lead_id, watched)
            if came.gone_at and not before.gone_at:
                self.gone.append((letter_id, lead_id))
                self._move(connection, lead_id, Step.VANISH, f"复查未见，固定 {came.gone_capture}")
            if came.back_at and not before.back_at:
                self.back.append((letter_id, lead_id))
                self._move(connection, lead_id, Step.RELAPSE, "复查又见")
            self._close(connection, letter_id)

    def _move(self, connection: Connection, lead_id: int, step: Step, reason: str) -> None:
        """Where the lead's own state allows it; people may have taken it elsewhere meanwhile."""
        fitting = {Step.VANISH: (State.SENT,), Step.RELAPSE: (State.GONE, State.CLOSED)}[step]
        if State(rows.lead_state_on(connection, lead_id)) in fitting:
            move_on(connection, lead_id, step, Moved(by=OURSELVES, at=self._now, reason=reason), unsigned)

    def _close(self, connection: Connection, letter_id: int) -> None:
        if rows.is_over_on(connection, letter_id):
            act = LetterAct(by=OURSELVES, at=self._now, words="所列线索复查均已消失或者办结")
            close_on(connection, letter_id, act, unsigned)
            self.closed.append(letter_id)

    # -- relapse -----------------------------------------------------------------------------------

    def returned(self) -> None:
        """What a round saw again."""
        while found := rows.returned(self._engine):
            with self._writer.begin() as connection:
                for one in found:
                    rows.back_on(connection, one)
                    self.back.append((one.letter_id, one.lead_id))

    # -- overdue -----------------------------------------------------------------------------------

    def overdue(self) -> None:
        """Whose answer is late: first a reminder is due, and after that the matter goes up."""
        after = 0
        while found := rows.overdue(self._engine, self._now, after):
            for letter in found:
                self._late(letter)
            after = found[-1].id

    def _late(self, letter: KeptLetter) -> None:
        taken = {one.step for one in self._letters.steps_of(letter.id)}
        reminder = next((one for one in self._letters.reminders_of(letter.id) if one.sent_at), None)
        if reminder is not None and reminder.sent_at is not None:
            if self._is_past(day_of(reminder.sent_at), self._settings.escalate_days):
                self._note(letter, "escalate", f"催办后仍未反馈，建议{self._whom(letter)}")
                self.escalated.append(letter.id)
        elif "remind_due" not in taken and self._is_to_be_reminded(letter):
            self._note(letter, "remind_due", f"逾期未反馈：lantian letter remind {letter.number}")
            self.reminders.append(letter.id)

    def _is_to_be_reminded(self, letter: KeptLetter) -> bool:
        return letter.due_at is not None and self._is_past(last_day(letter.due_at), self._settings.remind_days)

    def _is_past(self, since: date, days: int) -> bool:
        return deadline(self._workdays, since, days).at <= self._now

    def _note(self, letter: KeptLetter, step: str, words: str) -> None:
        with self._writer.begin() as connection:
            act = LetterAct(by=OURSELVES, at=self._now, words=words)
            note_on(connection, letter.id, step, act, unsigned)

    def _whom(self, letter: KeptLetter) -> str:
        seats = {one.id: one.seat for one in Operators(self._engine).every()}
        seat = seats.get(letter.operator_id or 0, "")
        return f"提请{seat}市场监督管理部门督促" if seat else "报上一级主管部门"


def came_to(before: KeptLetterLead, watched: Sequence[Watched]) -> Came:
    """What looks came to: counted apart are those that saw nothing. Once gone stays gone, until it is back."""
    looks = [look for one in watched for look in one.looks]
    gone = _gone(watched) if before.gone_at is None else None
    gone_at, capture = (before.gone_at, before.gone_capture) if gone is None else (gone.at, gone.capture)
    back = before.back_at
    if back is None and gone_at is not None:
        again = [one.at for one in looks if one.verdict is Verdict.PRESENT and one.at > gone_at]
        back = min(again, default=None)
    return Came(
        looks=len(looks),
        blocked=sum(one.verdict is Verdict.UNSEEN for one in looks),
        gone_at=gone_at,
        gone_capture=capture,
        back_at=back,
    )


def _gone(watched: Sequence[Watched]) -> SeenLook | None:
    """The look that proved the last of a lead's addresses gone; `None` while one of them is not."""
    if not watched or any(one.state is not Standing.GONE for one in watched):
        return None
    firsts = [_first_absence(one.looks) for one in watched]
    proven = [one for one in firsts if one is not None]
    return max(proven, key=lambda one: one.at) if len(proven) == len(firsts) else None


def _first_absence(looks: Sequence[SeenLook]) -> SeenLook | None:
    """The first of the absences that nothing has followed but absences, each with its capture."""
    first = None
    for one in reversed([look for look in looks if look.verdict is not Verdict.UNSEEN]):
        if not one.verdict.is_absence or not one.capture:
            break
        first = one
    return first
