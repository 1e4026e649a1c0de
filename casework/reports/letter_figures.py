"""Figures of letters: what went out, what was answered, what was done about it, and what re-checks saw.

A check that was blocked is counted apart: what was not seen is not gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from casework.reports.figures import (
    EXHIBITS,
    LEADS,
    LETTERS,
    Group,
    Grouping,
    Middle,
    Rate,
    counted,
    grouped,
    hours_between,
    middle,
    together,
)
from casework.reports.lead_figures import LeadFigures
from casework.reports.words import ANSWER_WORDS, LETTER_WORDS, RECHECK_WORDS, UNKNOWN, Label, labelled, plainly
from storage.cases.figure_rows import LetterFacts, LinkFacts

REMOVED = ("删除", "屏蔽", "断链", "下架", "暂停", "终止")
UNANSWERED, LEFT = "未反馈", "未处置"


def letter_figures(
    drafted: Sequence[LetterFacts], sent: Sequence[LetterFacts], label_of: Label, now: datetime
) -> LeadFigures:
    """Everything about the letters drafted and those sent in a period."""
    out = counted("sent", LETTERS, (one.id for one in sent))
    named = newest_links(sent)
    leads = counted("named", LEADS, (one.lead_id for one in named))
    answers = grouped(
        Grouping(name="sent.answer", title="函的反馈", label=labelled(ANSWER_WORDS), always=tuple(ANSWER_WORDS)),
        out,
        sent,
        lambda one: _answer(one, now),
        lambda one: one.id,
    )
    measures, looks = _measures(named), _looks(named)
    back, gone = looks.part("back"), looks.part("gone")
    answered = together("sent.answered", answers.part("in_time"), answers.part("late"))
    removed = together("named.removed", *(measures.part(one) for one in REMOVED))
    return LeadFigures(
        groups=(
            _by_kind("drafted", "本期起草的函", drafted),
            _by_kind("sent", "本期发出的函", sent),
            answers,
            _escalated(sent),
            measures,
            looks,
            _places(named, label_of),
            _addresses(named, label_of),
        ),
        rates=(
            Rate(label="反馈率", some=answered, among=out),
            Rate(label="处置率（平台答复）", some=removed, among=leads),
            Rate(label="复发率", some=back, among=together("named.vanished", gone, back)),
        ),
        middles=(_days(sent),),
    )


def _by_kind(name: str, title: str, letters: Sequence[LetterFacts]) -> Group:
    whole = counted(name, LETTERS, (one.id for one in letters))
    grouping = Grouping(name=f"{name}.kind", title=title, label=labelled(LETTER_WORDS))
    return grouped(grouping, whole, letters, lambda one: one.kind, _id)


def newest_links(letters: Sequence[LetterFacts]) -> list[LinkFacts]:
    """Each lead once, with what came of the newest letter that names it."""
    newest: dict[int, LinkFacts] = {}
    for letter in sorted(letters, key=lambda one: one.id):
        newest |= {link.lead_id: link for link in letter.links}
    return list(newest.values())


def recheck_word(link: LinkFacts) -> str:
    """What looking again has come to."""
    if link.back_at:
        return "back"
    if link.gone_at:
        return "gone"
    if link.looks:
        return "present" if link.looks > link.blocked else "unseen"
    return "waiting" if link.recheck_id else "none"


def _id(letter: LetterFacts) -> int:
    return letter.id


def _answer(letter: LetterFacts, now: datetime) -> str:
    if letter.answered_at:
        return "late" if letter.due_at and letter.answered_at > letter.due_at else "in_time"
    if letter.due_at is None:
        return "none"
    return "overdue" if letter.due_at < now else "waiting"


def _escalated(sent: Sequence[LetterFacts]) -> Group:
    words = {"escalated": "已提请上报", "reminder": "催办函", "other": "其他"}
    grouping = Grouping(name="sent.after", title="催办与上报", label=labelled(words), always=tuple(words))

    def key(one: LetterFacts) -> str:
        return "escalated" if one.escalated_at else "reminder" if one.reminds else "other"

    return grouped(grouping, counted("sent", LETTERS, (one.id for one in sent)), sent, key, _id)


def _measures(named: Sequence[LinkFacts]) -> Group:
    whole = counted("named", LEADS, (one.lead_id for one in named))
    grouping = Grouping(name="named.measure", title="平台措施（以答复为准）", label=plainly(UNANSWERED))

    def key(link: LinkFacts) -> str:
        return link.measure or (LEFT if link.answered_at else "")

    return grouped(grouping, whole, named, key, lambda one: one.lead_id)


def _looks(named: Sequence[LinkFacts]) -> Group:
    whole = counted("named", LEADS, (one.lead_id for one in named))
    grouping = Grouping(
        name="named.recheck", title="复查结果", label=labelled(RECHECK_WORDS), always=tuple(RECHECK_WORDS)
    )
    return grouped(grouping, whole, named, recheck_word, lambda one: one.lead_id)


def _places(named: Sequence[LinkFacts], label_of: Label) -> Group:
    whole = counted("named", LEADS, (one.lead_id for one in named))
    grouping = Grouping(name="named.platform", title="所涉线索的平台", label=lambda one: label_of(one) or UNKNOWN)
    return grouped(grouping, whole, named, lambda one: one.platform, lambda one: one.lead_id)


def _addresses(named: Sequence[LinkFacts], label_of: Label) -> Group:
    pairs = {exhibit: link.platform for link in named for exhibit in link.exhibits}
    whole = counted("links", EXHIBITS, pairs)
    grouping = Grouping(name="links.platform", title="涉及链接（证据项）", label=lambda one: label_of(one) or UNKNOWN)
    return grouped(grouping, whole, list(pairs.items()), lambda one: one[1], lambda one: one[0])


def _days(sent: Sequence[LetterFacts]) -> Middle:
    done = [one for one in sent if one.sent_at and one.answered_at]
    hours = [hours_between(one.sent_at, one.answered_at) for one in done if one.sent_at and one.answered_at]
    return middle("发函到反馈", counted("sent.done", LETTERS, (one.id for one in done)), hours)
