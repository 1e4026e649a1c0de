"""Figures in words: a share never without what it is a share of, a median never without how many it is over."""

from __future__ import annotations

from dataclasses import dataclass

from casework.reports.figures import ACTORS, EXHIBITS, LEADS, LETTERS, MOVES, Middle, Rate
from casework.reports.words import ACTOR_WORDS, LETTER_WORDS, SOURCE_WORDS, STAGE_WORDS, Label, labelled, plainly
from storage.cases.behind import Behind
from storage.cases.moves import STATE_WORDS, STEP_WORDS

_STATES = {state.value: word for state, word in STATE_WORDS.items()}
_STEPS = {step.value: word for step, word in STEP_WORDS.items()}
_NOTHING = plainly("")
_WORDS: dict[str, tuple[Label, Label]] = {
    LEADS: (labelled(SOURCE_WORDS), labelled(_STATES)),
    LETTERS: (labelled(LETTER_WORDS), labelled(STAGE_WORDS)),
    MOVES: (labelled(_STEPS), labelled(_STATES, "")),
    ACTORS: (labelled(ACTOR_WORDS), _NOTHING),
    EXHIBITS: (_NOTHING, _NOTHING),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWords:
    """What a row behind a figure is, in Chinese."""

    kind: str
    state: str
    place: str


def row_words(row: Behind, of: str, label_of: Label) -> RowWords:
    """The row's own words, translated where its table has some."""
    kind, state = _WORDS[of]
    place = label_of(row.place) if of in (LEADS, MOVES, EXHIBITS) and row.place else row.place
    return RowWords(kind=kind(row.kind), state=state(row.state), place=place)


def percent(share: float | None) -> str:
    """`12.5%`; a dash where there was nothing to divide by."""
    return "—" if share is None else f"{share:.1%}"


def rate_words(rate: Rate) -> str:
    return f"{rate.label} {percent(rate.share)}（{rate.some.value}/{rate.among.value}）"


def hours_words(hours: float | None) -> str:
    """Hours up to two days, days above."""
    if hours is None:
        return "—"
    return f"{hours:.1f} 小时" if hours < 48 else f"{hours / 24:.1f} 天"


def middle_words(middle: Middle) -> str:
    return f"{middle.label}：中位数 {hours_words(middle.hours)}（{middle.over.value} 条）"
