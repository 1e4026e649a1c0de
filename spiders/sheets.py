"""What a page's own styles say of whether an element is seen; no more of CSS than that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from spiders.reading import Document, Node, attr, matches

MAX_SHEET = 200_000  # characters of all sheets together
MAX_RULES = 400
MAX_STEPS = 4_000_000  # rules times tags; a page with many of both is read with fewer rules
ALIKE = 24  # of 765, the difference of two colours that no eye sees

_PLAIN_SELECTOR = re.compile(r"[\w\s.#>*\[\]=\"'-]{1,200}")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.S)
_BRACES = re.compile(r"[{}]")
_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|vw|vh)?")
_SHORT, _LONG = re.compile(r"#([0-9a-f]{3})[0-9a-f]?$"), re.compile(r"#([0-9a-f]{6})(?:[0-9a-f]{2})?$")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)$")
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^)]{1,60}\)|\b[a-z]{3,20}\b")
_NOTHING_LEFT = re.compile(r"rect\((?:[\s,]*[01](?:px)?){4}|inset\((?:100|[5-9]\d)%|circle\(0")
_AWAY = re.compile(r"scale[xy]?\(0[,)]|translate(?:x|y|3d)?\((?:-\d{3,5}px|[^,]{1,12},-\d{3,5}px)")
_NAMED = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
}
_PAINTED = frozenset(("background", "background-color", "background-image"))
_RELEVANT = _PAINTED | {
    *("display", "visibility", "opacity", "overflow", "position", "clip", "clip-path", "transform", "color"),
    *("font-size", "text-indent", "width", "height", "max-width", "max-height", "left", "top", "right", "bottom"),
}

Colour = tuple[int, int, int]


def declared(style: str) -> dict[str, str]:
    """The declarations of a style attribute or of a rule's block that may hide something; the later one wins."""
    found: dict[str, str] = {}
    for declaration in style[:2_000].split(";"):
        name, _, value = declaration.partition(":")
        name = name.strip().lower()
        if name in _RELEVANT:
            found[name] = value.replace("!important", "").strip().lower()
    return found


def hides(styles: Mapping[str, str]) -> bool:
    """Whether these declarations take the element and all in it out of sight, colours apart."""
    if not styles:
        return False
    return _is_switched_off(styles) or _has_no_size(styles) or _is_elsewhere(styles)


def _is_switched_off(styles: Mapping[str, str]) -> bool:
    return (
        styles.get("display") == "none"
        or styles.get("visibility") in ("hidden", "collapse")
        or _at_most(styles, "opacity", 0.05)
        or (styles.get("color") == "transparent" and _PAINTED.isdisjoint(styles))
    )


def _has_no_size(styles: Mapping[str, str]) -> bool:
    if _at_most(styles, "font-size", 1) or _AWAY.match(styles.get("transform", "").replace(" ", "")):
        return True
    is_cut = styles.get("overflow", "").startswith(("hidden", "clip"))
    return is_cut and any(_at_most(styles, name, 1) for name in ("width", "height", "max-width", "max-height"))


def _is_elsewhere(styles: Mapping[str, str]) -> bool:
    if _at_most(styles, "text-indent", -300):
        return True
    if _NOTHING_LEFT.match(styles.get("clip", "")) or _NOTHING_LEFT.match(styles.get("clip-path", "")):
        return True
    is_placed = styles.get("position") in ("absolute", "fixed", "relative")
    return is_placed and any(_at_most(styles, name, -500) for name in ("left", "top", "right", "bottom"))


def _at_most(styles: Mapping[str, str], name: str, limit: float) -> bool:
    """Whether a length or number is given and no larger; lengths are meant in pixels."""
    length = _LENGTH.fullmatch(styles.get(name, ""))
    if length is None:
        return False
    value = float(length[1])
    if length[2] in (None, "px", "pt"):
        return value <= limit
    return value <= 0 <= limit or (limit < 0 and value * 10 <= limit)


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour of the writing and of what is behind it, as far as they are known."""

    ink: Colour | None = (0, 0, 0)
    ground: Colour | None = None

    def within(self, styles: Mapping[str, str], node: Node) -> Colours:
        """The colours inside an element with these styles. What is taken out of the flow may lie over anything."""
        ink = styles.get("color") or (attr(node, "color") if node.tag == "font" else "")
        painted = _PAINTED & styles.keys() or (attr(node, "bgcolor") or attr(node, "background"))
        around = replace(self, ground=None) if styles.get("position") in ("absolute", "fixed") else self
        if not ink and not painted:
            return around
        ground = _ground(styles, attr(node, "bgcolor"), around.ground) if painted else around.ground
        return Colours(colour_of(ink) if ink else self.ink, ground)

    @property
    def are_alike(self) -> bool:
        if self.ink is None or self.ground is None:
            return False
        return sum(abs(one - other) for one, other in zip(self.ink, self.ground, strict=True)) <= ALIKE


def colour_of(written: str) -> Colour | None:
    """A colour as red, green and blue; None for one that is see-through or that we do not know."""
    written = written.strip().lower()
    if written in _NAMED:
        return _NAMED[written]
    if short := _SHORT.match(written):
        red, green, blue = (int(digit * 2, 16) for digit in short[1])
        return red, green, blue
    if long := _LONG.match(written):
        red, green, blue = (int(long[1][at : at + 2], 16) for at in (0, 2, 4))
        return red, green, blue
    spelt = _RGB.match(written)
    if spelt is None or (spelt[4] and float(spelt[4]) < (50 if spelt[5] else 0.5)):
        return None
    return int(spelt[1]), int(spelt[2]), int(spelt[3])


def _ground(styles: Mapping[str, str], bgcolor: str, around: Colour | None) -> Colour | None:
    """The colour behind; pictures and gradients may be of any."""
    written = " ".join(styles[name] for name in _PAINTED if name in styles) or bgcolor
    if not written or "url(" in written or "gradient" in written:
        return None
    if written in ("transparent", "none", "inherit", "initial", "unset"):
        return around
    return next((colour for word in _COLOUR.findall(written) if (colour := colour_of(word))), None)


@dataclass(frozen=True, slots=True)
class _Rule:
    weight: tuple[bool, int, int, int]
    selector: str
    styles: dict[str, str]


class Sheets:
    """The page's own style sheets, asked about one element after the other.

    `ground` are the colours of the paper: white, unless a sheet that is not read in full may say otherwise.
    """

    def __init__(self, document: Document, *, believed: bool = True) -> None:
        """Unless they are `believed`, it is as if the page brought none that hide anything."""
        root = document.root
        self._told: dict[int, dict[str, str]] = {}
        sheets = _COMMENT.sub("", "\n".join(node.text() or "" for node in root.css("style")[:50])[:MAX_SHEET])
        rules, is_known = _rules(sheets)
        is_known = is_known and believed and len(sheets) < MAX_SHEET and "@import" not in sheets
        is_white = is_known and root.css_first('link[rel~="stylesheet"]') is None
        self.ground = Colours(ground=(255, 255, 255) if is_white else None)
        if rules and believed:
            self._apply(root, rules, document.text.count("<"))

    @property
    def say_anything(self) -> bool:
        return bool(self._told)

    def of(self, node: Node) -> dict[str, str]:
        """What the sheets declare for the element itself."""
        return self._told.get(node.mem_id, {})

    def _apply(self, root: Node, rules: list[_Rule], tags: int) -> None:
        affordable = min(MAX_RULES, MAX_STEPS // max(tags, 1))
        if len(rules) > affordable:  # those that say more than a colour first
            rules = sorted(rules, key=lambda rule: not (rule.styles.keys() - _PAINTED - {"color"}))[:affordable]
        for rule in sorted(rules, key=lambda rule: rule.weight):
            for node in matches(root, rule.selector):
                self._told.setdefault(node.mem_id, {}).update(rule.styles)


def _rules(sheets: str) -> tuple[list[_Rule], bool]:
    """The rules that are understood, and whether these are all that paint anything."""
    found: list[_Rule] = []
    is_known = True
    for selectors, block in _blocks(sheets):
        if selectors.startswith("@"):  # holds under a condition, or is no rule for elements
            is_known = is_known and "background" not in block
            continue
        styles = declared(block)
        styles.pop("opacity", None)  # a sheet's is the first step of an animation
        for selector in selectors.split(",") if styles else ():
            plain = " ".join(selector.split())
            if _PLAIN_SELECTOR.fullmatch(plain) and len(plain.split()) <= 4:
                weight = ("!important" in block, plain.count("#"), plain.count(".") + plain.count("["), len(found))
                found.append(_Rule(weight, plain, styles))
            else:
                is_known = is_known and _PAINTED.isdisjoint(styles)
    return found, is_known and len(found) <= MAX_RULES


def _blocks(sheets: str) -> Iterable[tuple[str, str]]:
    """Every outermost block, as what stands before it and what stands in it."""
    depth, start, opened = 0, 0, 0
    for brace in _BRACES.finditer(sheets):
        if brace[0] == "{":
            depth += 1
            if depth == 1:
                opened = brace.start()
            continue
        if depth == 1:
            yield sheets[start:opened].strip(), sheets[opened + 1 : brace.start()]
        depth = max(depth - 1, 0)
        if depth == 0:
            start = brace.end()
