"""Where in a text stands what was asked for, and the piece of the text around it; it marks, and judges nothing.

What is hidden from whoever looks is marked as a whole or not at all: a mark on a part of it would tell that part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from console.output import harmless
from detectors.addresses import address_mark, normal_address
from detectors.entities import find_entities
from storage.searching.shapes import FOLDED, Query, Term

MOST = 20  # places of one text that are marked
LOOKED_AT = 20_000  # characters of a text in which they are looked for
BEFORE = 16  # characters before the first place
_MARKS = re.compile(r"\*+")
Span = tuple[int, int]


def places(text: str, shown: str, query: Query) -> list[Span]:
    """The spans of all terms of the question in a text and in what of it is shown, in order and without overlap."""
    looked = text[:LOOKED_AT]
    found = _spans(looked, query)
    if shown != text:
        hidden = _hidden(looked, shown)
        # Where a term stands in what is shown nothing hidden has a say, nor in how many places of it are marked.
        found = [span for span in found if _is_whole(span, hidden)]
        found += [span for span in _spans(shown[:LOOKED_AT], query) if not _touched(span, hidden)]
    return _apart(sorted(found))[:MOST]


def _spans(text: str, query: Query) -> list[Span]:
    folded = text.translate(FOLDED)
    found = [span for term in query.terms for span in _standing(folded, term)]
    if any(term.entities for term in query.terms):
        found += _named(text, query.terms)
    return found


def _hidden(text: str, shown: str) -> list[Span]:
    """The rows of marks that stand for something else, with the marks that stand beside them for themselves."""
    rows = [found.span() for found in _MARKS.finditer(shown)]
    return [(start, end) for start, end in rows if shown[start:end] != text[start:end]]


def _touched(span: Span, hidden: Sequence[Span]) -> list[Span]:
    return [(start, end) for start, end in hidden if start < span[1] and span[0] < end]


def _is_whole(span: Span, hidden: Sequence[Span]) -> bool:
    touched = _touched(span, hidden)
    return bool(touched) and all(span[0] <= start and end <= span[1] for start, end in touched)


def snippet(shown: str, spans: Sequence[Span], width: int) -> Text:
    """A piece of `shown`, a text as long as that in which the places were found, with 【】 around each place."""
    start = max(spans[0][0] - BEFORE, 0) if spans else 0
    # A line break is no part of what is found, but one less place where a row of the table ends.
    piece, end = Text("…" if start else ""), min(start + width, len(shown))
    for low, high in spans:
        if low >= end:
            break
        piece.append(harmless(_flat(shown[start:low])))
        piece.append(f"【{harmless(_flat(shown[low:high]))}】", style="bold red")
        start = high
    piece.append(harmless(_flat(shown[start:end])))
    return piece.append("…") if end < len(shown) and start < len(shown) else piece


def _flat(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ").replace("\t", " ")


def _standing(folded: str, term: Term) -> Iterator[Span]:
    for words in (term.text, *term.spellings):
        yield from _each(folded, words.translate(FOLDED))
    if term.marks and "." in folded:
        yield from _addresses(folded, term.marks)


def _each(folded: str, words: str) -> Iterator[Span]:
    at = folded.find(words) if words else -1
    for _ in range(MOST):
        if at < 0:
            return
        yield at, at + len(words)
        at = folded.find(words, at + len(words))


def _addresses(folded: str, marks: Iterable[int]) -> Iterator[Span]:
    """Words that are the very address, however it is written."""
    at = 0
    for word in folded.split():
        at = folded.index(word, at)
        if "." in word and address_mark(normal_address(word)) in marks:
            yield at, at + len(word)
        at += len(word)


def _named(text: str, terms: Sequence[Term]) -> list[Span]:
    wanted = {value for term in terms for _, value in term.entities}
    return [(one.start, one.end) for one in find_entities(text, "") if one.value in wanted]


def _apart(spans: Iterable[Span]) -> list[Span]:
    apart: list[Span] = []
    for start, end in spans:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
