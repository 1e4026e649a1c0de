"""What changed between two versions of a listing, field by field, as people read it and as JSON.

Places are those of the texts as they were kept; what may not be seen is hidden in its place before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from console.output import harmless
from crawler.items import Listing
from detectors.difference import Change, Purse, amount, differences

FIELDS = {"title": "标题", "text": "正文", "price": "价格", "seller": "卖家"}
AROUND = 12  # characters of what is the same that are shown beside a change
MOST_CHANGES = 12  # of one field, and
MOST_SHOWN = 200  # characters of one change on a terminal; JSON has all
GONE, NEW = "bold red strike", "bold green"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """The changes of one field. `old` and `new` are its texts as whoever looks may see them."""

    field: str
    old: str
    new: str
    changes: tuple[Change, ...]


def field_changes(
    old: Listing, new: Listing, seen_old: Listing, seen_new: Listing, purse: Purse
) -> tuple[FieldChange, ...]:
    """Every field that is not the same; the second pair are the same listings with what is hidden hidden. The purse
    pays for the comparing; when it is empty, fields are told as replaced."""
    return tuple(
        FieldChange(
            field=field,
            old=getattr(seen_old, field),
            new=getattr(seen_new, field),
            changes=differences(getattr(old, field), getattr(new, field), purse),
        )
        for field in FIELDS
        if getattr(old, field) != getattr(new, field)
    )


# -- as JSON ---------------------------------------------------------------------------------------


def change_told(one: FieldChange) -> dict[str, Any]:
    """Operations with offsets of both texts, and what stands there; a price with what it went up or down."""
    operations = [
        {"op": _operation(change)}
        | asdict(change)
        | {"old": one.old[change.start : change.end], "new": one.new[change.new_start : change.new_end]}
        for change in one.changes
    ]
    return {"field": one.field, "changes": operations, "price": price_told(one)}


def _operation(change: Change) -> str:
    if change.start == change.end:
        return "insert"
    return "delete" if change.new_start == change.new_end else "replace"


def price_told(one: FieldChange) -> dict[str, str] | None:
    """Both prices as numbers, how much more or less the new one is, and in hundredths of the old one."""
    if one.field != "price":
        return None
    old, new = amount(one.old), amount(one.new)
    if old is None or new is None or old == new:
        return None
    told = {"old": f"{old:f}", "new": f"{new:f}", "by": f"{new - old:f}"}
    return told | ({"percent": f"{(new - old) * 100 / old:.1f}"} if old else {})


# -- as people read it -----------------------------------------------------------------------------


def change_text(one: FieldChange) -> Text:
    """One line a field: 〔删：…〕 what went, 〔增：…〕 what came, a little of what stands around it."""
    line = Text(f"{FIELDS[one.field]}：")
    price = price_told(one)
    if price or (one.field == "price" and one.old and one.new):
        line.append(harmless(_short(one.old)), style=GONE).append(" → ").append(harmless(_short(one.new)), style=NEW)
        return line.append(f"（{_price_words(price)}）") if price else line
    for piece in _pieces(one):
        line.append(piece)
    return line


def _price_words(price: dict[str, str]) -> str:
    up, by = not price["by"].startswith("-"), price["by"].removeprefix("-")
    share = f"，{price['percent'].removeprefix('-')}%" if "percent" in price else ""
    return f"{'涨' if up else '降'} {by}{share}"


def _pieces(one: FieldChange) -> Iterator[Text]:
    at = 0
    for change in one.changes[:MOST_CHANGES]:
        yield Text(harmless(_flat(_between(one.old[at : change.start], is_first=at == 0))))
        if change.start < change.end:
            yield Text(f"〔删：{harmless(_short(one.old[change.start : change.end]))}〕", style=GONE)
        if change.new_start < change.new_end:
            yield Text(f"〔增：{harmless(_short(one.new[change.new_start : change.new_end]))}〕", style=NEW)
        at = change.end
    rest = one.old[at:]
    yield Text(harmless(_flat(rest if len(rest) <= AROUND else f"{rest[:AROUND]}…")))
    if left := len(one.changes) - MOST_CHANGES:
        yield Text(f"（另有 {left} 处改动，见 --json）" if left > 0 else "")


def _between(text: str, *, is_first: bool) -> str:
    """What is the same before a change: its end, and after an earlier change its beginning too."""
    if is_first:
        return text if len(text) <= AROUND else f"…{text[-AROUND:]}"
    return text if len(text) <= 2 * AROUND else f"{text[:AROUND]}…{text[-AROUND:]}"


def shortened(text: str, most: int = MOST_SHOWN) -> str:
    """A text on one line of a terminal, harmless, cut where it is too long for that."""
    return harmless(_flat(text if len(text) <= most else f"{text[:most]}…"))


def _short(text: str) -> str:
    cut = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…（共 {len(text)} 字）"
    return _flat(cut)


def _flat(text: str) -> str:
    """One line: a break is shown as one."""
    return text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\r", "⏎").replace("\t", " ")
