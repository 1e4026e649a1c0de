"""What a finding quotes: its wording within the sentence it stands in, as long as that is short.

It chooses characters of the original and changes none; what the words mean was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from detectors.normal import WHOLE, View
from detectors.phrase import Place
from detectors.stance import CLAUSE_ENDS, SENTENCE_ENDS, edges

QUOTE_AT_MOST = 80
PAIRS = {
    pair[0]: pair[1]
    for pair in ("（）", "()", "【】", "[]", "［］", "〔〕", "〖〗", "「」", "『』", "“”", "‘’", "<>", "《》", "{}")
}
CLOSES = {closes: opens for opens, closes in PAIRS.items()}

# Start and end, in original characters.
Span = tuple[int, int]


def quoted_span(whole: str, view: View, place: Place, others: Iterable[Place], field: Span) -> Span:
    """The part of a field, at most QUOTE_AT_MOST characters of `whole`, that shows `place` of its squeezed `view`.

    As much of the sentence as fits, whole pieces of it only, then `others` that count beside it.
    """
    span = _within(field, with_brackets(whole, *view.span(place.start, place.end)))
    if not _fits(span):
        return span[0], span[0] + QUOTE_AT_MOST
    for low, high in _growing(view, place, field):
        span = _joined(span, with_brackets(whole, low, high), field)
    for other in sorted(others, key=lambda one: abs(one.start - place.start)):
        span = _joined(span, view.span(other.start, other.end), field)
    return _with_unseen(whole, span, field)


def with_brackets(whole: str, start: int, end: int) -> Span:
    """A bracket inside a disguised word takes its partner along: （包）过, not 包）过."""
    opened: list[str] = []
    closed: list[str] = []
    for one in whole[start : min(end, start + QUOTE_AT_MOST)]:
        if one in PAIRS:
            opened.append(one)
        elif one in CLOSES and opened and opened[-1] == CLOSES[one]:
            opened.pop()
        elif one in CLOSES:
            closed.append(one)
    for one in closed:
        if whole[start - 1 : start] == CLOSES[one]:
            start -= 1
    for one in reversed(opened):
        if whole[end : end + 1] == PAIRS[one]:
            end += 1
    return start, end


def _growing(view: View, place: Place, field: Span) -> Iterable[Span]:
    """Spans around a place that begin and end where pieces of its sentence do, the nearest pieces first."""
    low, high = edges(view.text, place, SENTENCE_ENDS, QUOTE_AT_MOST)
    text, start, end = view.text, place.start, place.end
    left = [at for at in range(start, low - 1, -1) if at == low or text[at - 1] in CLAUSE_ENDS or _is_gap(view, at)]
    right = [at for at in range(end, high + 1) if at == high or text[at] in CLAUSE_ENDS or _is_gap(view, at)]
    for after, before in zip_longest(right, left):
        for grown in ((start, after or end), (before if before is not None else start, end)):
            original = view.span(*grown)
            if _fits(original) and field[0] <= original[0] and original[1] <= field[1]:
                start, end = grown
                yield original


def _is_gap(view: View, at: int) -> bool:
    """Whether something was squeezed out before a place of the view."""
    return view.ends[at - 1] < view.starts[at]


def _joined(span: Span, other: Span, field: Span) -> Span:
    """Both, where that is not too long; a span outside the field adds nothing."""
    both = min(span[0], other[0]), max(span[1], other[1])
    return both if _fits(both) and field[0] <= both[0] and both[1] <= field[1] else span


def _within(field: Span, span: Span) -> Span:
    return max(field[0], span[0]), min(field[1], span[1])


def _fits(span: Span) -> bool:
    return span[1] - span[0] <= QUOTE_AT_MOST


def _with_unseen(whole: str, span: Span, field: Span) -> Span:
    """The span with what is invisible right behind it, so that no character is torn from its marks."""
    start, end = span
    most = min(field[1], start + QUOTE_AT_MOST)
    while end < most and not WHOLE[ord(whole[end])]:
        end += 1
    return start, end
