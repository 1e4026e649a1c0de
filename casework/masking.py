"""Phones, WeChat, QQ and mail addresses made unreadable for whoever may not see them, in disguised spellings too.

What the detectors hear as a contact does not survive; names, codes of firms and all other words stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from crawler.items import Entity
from detectors.entities import NUMERALS, find_entities
from detectors.normal import View, canonical

CONTACTS = ("mobile", "phone", "wechat", "qq", "mail")
# Four, since the entity finder reads over up to three marks between two digits.
HIDDEN = "****"
WINDOW = 4_000  # characters; one look finds only so many contacts
_NO_NUMERALS = dict.fromkeys(NUMERALS, "某")
_NUMERAL = re.compile("[" + "".join(map(chr, NUMERALS)) + "]")
_PLAIN = re.compile(r"(?<!\d)1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)", re.ASCII)
_AT = re.compile(r"[@#]|艾特|\(at\)|\bat\b")  # xinghe-patent.example is a host
_CUT_NUMBER = re.compile(r"^\d{4,}|\d{4,}$")

Span = tuple[int, int]
Hide = Callable[[str], str]


def masked(text: str, known: Sequence[str] = ()) -> str:
    """The text with every contact hidden but its ends; masking it again changes nothing.

    `known` are contacts, in normal form, that were found elsewhere: they are hidden where they stand alone too.
    """
    return _whole(text, known, _hidden)


def masked_in_place(text: str, known: Sequence[str] = ()) -> str:
    """The same with a mark for every hidden character: whatever stands in the text stands where it stood."""
    return _whole(text, known, _hidden_in_place)


def masked_quote(quote: str, known: Sequence[str] = ()) -> str:
    """A quote masked, and the digits at its edges too: it may begin or end within a number."""
    hidden = masked(quote, known)
    return _CUT_NUMBER.sub(lambda found: _hidden(found[0]), hidden)


def masked_quote_in_place(quote: str, known: Sequence[str] = ()) -> str:
    """The same with a mark for every hidden character."""
    return _CUT_NUMBER.sub(lambda found: _hidden_in_place(found[0]), masked_in_place(quote, known))


def masked_value(kind: str, value: str) -> str:
    """One contact in normal form: hidden where it leads to a person, as it is where it is a firm's or a picture's."""
    return _hidden(value) if kind in CONTACTS else value


def _whole(text: str, known: Sequence[str], hide: Hide) -> str:
    values = set(known)
    pieces = [_masked(text[start : start + WINDOW], values, hide) for start in range(0, len(text), WINDOW)]
    return _masked("".join(pieces), values, hide)


def _masked(text: str, values: set[str], hide: Hide) -> str:
    """What masking leaves may read as a contact together with what stood beside it, so it is looked at again."""
    while True:
        found = _heard(text)
        values.update(one.value for one in found)
        spans = [(one.start, one.end) for one in found] + _standing_alone(text, values) + _plain(text)
        hidden = _without(text, spans, hide)
        if hidden == text:
            return text
        text = hidden


def _heard(text: str) -> list[Entity]:
    """Also what a numeral stands beside that belongs to the next word: 13800000000一对一."""
    readings = (text, text.translate(_NO_NUMERALS)) if _NUMERAL.search(text) else (text,)
    found = [one for reading in readings for one in find_entities(reading, "") if one.kind in CONTACTS]
    return [one for one in found if one.kind != "mail" or _AT.search(canonical(text[one.start : one.end]).text)]


def _plain(text: str) -> list[Span]:
    """Mobile numbers right behind letters, as in TEL13800000000."""
    if _PLAIN.search(text) is None and text.isascii():
        return []
    view = canonical(text)
    return [view.span(*found.span()) for found in _PLAIN.finditer(view.text)]


def _standing_alone(text: str, values: Iterable[str]) -> list[Span]:
    """Where the values stand without the word that says what they are."""
    told = [value for value in values if value]
    if not told or not text:
        return []
    view = canonical(text)
    numerals = view.text.translate(NUMERALS)
    return [span for value in told for looked in (view.text, numerals) for span in _places(view, looked, value.lower())]


def _places(view: View, looked: str, value: str) -> list[Span]:
    return [view.span(*found.span()) for found in re.finditer(re.escape(value), looked)]


def _without(text: str, spans: Iterable[Span], hide: Hide) -> str:
    pieces, last = [], 0
    for start, end in _joined(sorted(spans)):
        pieces += [text[last:start], hide(text[start:end])]
        last = end
    return "".join([*pieces, text[last:]])


def _joined(spans: Iterable[Span]) -> list[Span]:
    whole: list[Span] = []
    for start, end in spans:
        if whole and start < whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def _hidden(written: str) -> str:
    head, tail = _ends(written)
    return head + HIDDEN + tail


def _hidden_in_place(written: str) -> str:
    head, tail = _ends(written)
    return head + "*" * (len(written) - len(head) - len(tail)) + tail


def _ends(written: str) -> tuple[str, str]:
    """The first three and last two of what is long enough, fewer of what is short."""
    places = [place for place, one in enumerate(written) if one.isalnum()]
    first, last = (3, 2) if len(places) >= 10 else (2, 1) if len(places) >= 7 else (1, 0)
    if len(places) < 4:
        return "", ""
    return written[: places[first - 1] + 1], written[places[-last] :] if last else ""
