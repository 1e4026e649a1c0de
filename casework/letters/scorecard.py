"""How platforms' operators fare with our letters: what went out, what came back, what re-checks saw of it.

A removal counts when a re-check proved it, whatever an answer says; a check that was blocked is told apart and is
never one. Every figure has the ids behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from storage.cases.letter_shapes import KeptLetter, KeptLetterLead
from storage.cases.letters import KeptLetters
from storage.cases.shapes import Figure

AGAIN = (7, 30, 90)  # days
LETTERS, LEADS = "letters", "leads"
DAY = timedelta(days=1)
NOTHING_DONE = "未处置"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One operator. `days` are from sending to the first proven absence, the median over the leads behind `gone`."""

    operator: str
    figures: tuple[Figure, ...]
    days: float | None

    def figure(self, name: str) -> Figure:
        """One by its name."""
        return next(one for one in self.figures if one.name == name)


@dataclass(frozen=True, slots=True)
class _Line:
    """One lead of one letter."""

    letter: KeptLetter
    lead: KeptLetterLead


FIGURE_WORDS = {
    "sent": "发函",
    "leads": "涉及线索",
    "answered": "已反馈",
    "claimed": "反馈称已处置",
    "gone": "复查证实消失",
    "back_7": "7 天内复现",
    "back_30": "30 天内复现",
    "back_90": "90 天内复现",
    "unchecked": "尚未复查",
    "blocked": "复查均被拦、未看到",
    "present": "复查仍在",
}


def scorecard(
    letters: KeptLetters, first: datetime, until: datetime, districts: Sequence[str] = ()
) -> tuple[Score, ...]:
    """Every operator to whom letters went in this time, the one with most leads first; over those letters that
    whoever works for these districts sees."""
    lines: dict[str, list[_Line]] = {}
    after = 0
    while found := letters.sent_to_operators(first, until, after, districts):
        by_id = {one.id: one for one in found}
        for lead in letters.leads_of(*by_id):
            letter = by_id[lead.letter_id]
            lines.setdefault(letter.addressee, []).append(_Line(letter, lead))
        after = found[-1].id
    scores = [_score(name, of_it) for name, of_it in lines.items()]
    return tuple(sorted(scores, key=lambda one: (-one.figure("leads").value, one.operator)))


def _score(operator: str, lines: Sequence[_Line]) -> Score:
    gone = [one for one in lines if one.lead.gone_at is not None]
    figures = (
        _letters("sent", lines),
        _leads("leads", lines),
        _leads("answered", (one for one in lines if one.lead.answered_at is not None)),
        _leads("claimed", (one for one in lines if one.lead.measure not in ("", NOTHING_DONE))),
        _leads("gone", gone),
        *(_leads(f"back_{days}", (one for one in gone if _is_back(one, days))) for days in AGAIN),
        _leads("unchecked", (one for one in lines if one.lead.gone_at is None and not one.lead.looks)),
        _leads("blocked", filter(_is_blocked, lines)),
        _leads("present", (one for one in lines if _is_seen(one))),
    )
    return Score(operator=operator, figures=figures, days=_days(gone))


def _is_back(one: _Line, days: int) -> bool:
    lead = one.lead
    return lead.gone_at is not None and lead.back_at is not None and lead.back_at - lead.gone_at <= days * DAY


def _is_blocked(one: _Line) -> bool:
    return one.lead.gone_at is None and bool(one.lead.looks) and one.lead.looks == one.lead.blocked


def _is_seen(one: _Line) -> bool:
    return one.lead.gone_at is None and one.lead.looks > one.lead.blocked


def _days(gone: Iterable[_Line]) -> float | None:
    found = [
        (one.lead.gone_at - one.letter.sent_at) / DAY
        for one in gone
        if one.lead.gone_at is not None and one.letter.sent_at is not None
    ]
    return round(median(found), 1) if found else None


def _leads(name: str, lines: Iterable[_Line]) -> Figure:
    return _figure(name, LEADS, lines, lambda one: one.lead.lead_id)


def _letters(name: str, lines: Iterable[_Line]) -> Figure:
    return _figure(name, LETTERS, lines, lambda one: one.letter.id)


def _figure(name: str, of: str, lines: Iterable[_Line], id_of: Callable[[_Line], int]) -> Figure:
    ids = tuple(sorted({id_of(one) for one in lines}))
    return Figure(name=name, value=len(ids), of=of, ids=ids)
