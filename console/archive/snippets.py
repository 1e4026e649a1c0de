"""Where in a text stands what was asked for, and the piece of the text around it; it marks, and judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from console.output import harmless
from detectors.addresses import address_mark, normal_address
from detectors.entities import find_entities
from storage.searching.shapes import FOLDED, Query, Term

MOST = 20  # places of one text that are marked
LOOKED_AT = 20_000  # characters of a text in which they are looked for
BEFORE = 16  # characters before the first place
Span = tuple[int, int]


def places(text: str, query: Query) -> list[Span]:
    """The spans of all terms of the question, in order and without overlap."""
    looked = text[:LOOKED_AT]
    folded = looked.translate(FOLDED)
    found = [span for term in query.terms for span in _standing(folded, term)]
    if any(term.entities for term in query.terms):
        found += _named(looked, query.terms)
    return _apart(sorted(found))[:MOST]


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
