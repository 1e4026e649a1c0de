"""Refuses markup that would cost the HTML parser far more than its length, before the parser sees it.

The parser is quadratic in open elements and in the attributes of one tag, and it writes every
formatting element that was left open again into each paragraph. Its stack is followed here,
never shorter than it really is. Nothing is read here, and no honest page comes near the limits.
"""

from __future__ import annotations

import re
from collections import Counter

from crawler.errors import PageBroken

FEW = 4_000  # so few tags cannot cost much, however they are arranged
MAX_TAGS = 1_000_000
MAX_DEPTH = 5_000
MAX_ATTRIBUTES = 500  # 30 MB of tags with 500 each cost 5 s, one tag with 100,000 costs minutes
MAX_WORDS = 5_000  # of a script, between `a<b` and the next `>`
BUDGET = 300_000_000  # steps; of our captures the costliest takes 2.5 million
REWRITTEN = 200  # what one formatting element costs that is written again, in steps up the stack
SOUGHT = 20  # what one step costs here, in steps of the parser

_SPACE = r"[\t\n\f\r ]"
_ATTRIBUTE = (
    rf"""(?:[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+"""
    rf"""(?:{_SPACE}*+={_SPACE}*+(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+)?+)"""
)
_NAME = r"[a-zA-Z][^\t\n\f\r />]*+"
_NO_GIANT = re.compile(rf"(?:[^<]++|<(?!{_NAME}{_ATTRIBUTE}{{{MAX_ATTRIBUTES}}})(?:{_NAME}{_ATTRIBUTE}*+)?+)*+")
_GIANT = re.compile(rf"<{_NAME}((?:{_ATTRIBUTE})++)")
_ONE = re.compile(_ATTRIBUTE)
_TAG = re.compile(
    rf"<!--(?:-?>|.*?--!?>|.*)|<(!\[CDATA\[)|<[!?][^>]*+|</(?![a-zA-Z])[^>]*+|<(/?)({_NAME})({_ATTRIBUTE}*+)", re.DOTALL
)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What holds nothing, or is closed by the next of its kind: it stands no deeper than what is counted.
_SHUT = _names(
    "html head body form area base br col embed hr img input link meta param source track wbr p li option dt dd "
    "tr td th caption colgroup tbody thead tfoot"
)
_CELLS = _names("tr td th caption colgroup tbody thead tfoot")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_RAW = _names("script style textarea title xmp iframe noembed noframes")
_BORDERS = _names("applet marquee object table template select foreignobject desc title annotation-xml")
# Their end tags close whatever stands between, up to a border; those of others stop at the first special element.
_BLOCKS = _names(
    "address applet article aside blockquote button center details dir div dl fieldset figcaption figure footer "
    "h1 h2 h3 h4 h5 h6 header hgroup listing main marquee menu nav object ol pre search section summary ul"
)
_BORDERS_OF_CELLS = (_BORDERS - {"table"}) | {"svg", "math"}
_OUTERMOST = _names("table template")
_SPECIAL = _BORDERS | _BLOCKS | _RAW | _names("frameset noscript plaintext")


def refuse_tangle(text: str) -> None:
    """Raise `PageBroken` too_deep or too_large for a document the parser would be busy with for too long."""
    tags = text.count("<")
    if tags > MAX_TAGS:
        raise PageBroken("too_large", f"{tags} tags, the limit is {MAX_TAGS}")
    _refuse_giant(text)
    if tags > FEW:
        Stack().follow(text)


def _refuse_giant(text: str) -> None:
    passed = _NO_GIANT.match(text)
    while passed is not None and passed.end() < len(text):
        start = passed.end()
        giant = _GIANT.match(text, start)
        if giant is None:
            return
        # A comparison in a script looks like a tag; where a script seems to stand, more is let through.
        in_script = text.rfind("<script", 0, start) > text.rfind("</script", 0, start)
        if not in_script or sum(1 for _ in _ONE.finditer(giant[1])) > MAX_WORDS:
            raise PageBroken("too_deep", f"a single tag of more than {MAX_ATTRIBUTES} attributes")
        passed = _NO_GIANT.match(text, giant.end())


class Stack:
    """The parser's open elements as far as the tags tell. Where that is in doubt, an element stays open."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.floor = 0  # what stands in a script cannot close what stands outside
        self.formatting: dict[str, list[str]] = {name: [] for name in _FORMATTING}
        self.alike: Counter[str] = Counter()
        self.live = 0
        self.cost = 0

    def follow(self, text: str) -> None:
        raw_end = 0
        for tag in _TAG.finditer(text):
            if self.floor and tag.start() >= raw_end:
                self.floor = 0
            name = (tag[3] or "").lower()
            if tag[2]:
                self.close(name)
            elif name:
                self.begin(name, tag[4])
            if (tag[1] or name in _RAW) and not tag[2] and tag.start() >= raw_end:
                raw_end = _end_of(text, name, tag.end())
                self.floor = len(self.open)
            self.cost += len(self.open) + self.live * REWRITTEN
            if len(self.open) > MAX_DEPTH:
                raise PageBroken("too_deep", f"more than {MAX_DEPTH} elements open at once")
            if self.cost > BUDGET:
                raise PageBroken("too_deep", "elements left open over too many tags")

    def begin(self, name: str, attributes: str) -> None:
        if name in _SHUT:
            if name in _CELLS and self.counts["table"]:
                self._cut("table", _BORDERS_OF_CELLS, keeps=True)
            return
        if name in ("a", "nobr") and self.formatting[name]:
            self.close(name)  # a new one closes the last
        self.open.append(name)
        self.counts[name] += 1
        if name in _FORMATTING:
            written = f"{name} {attributes}"
            # Of those that are written alike, the parser remembers three.
            if self.alike[written] < 3:
                self.formatting[name].append(written)
                self.alike[written] += 1
                self.live += 1

    def close(self, name: str) -> None:
        if name in _FORMATTING and not self.floor:
            self._forget(name)
        if not self.counts[name]:
            return
        if self.open[-1] == name and len(self.open) > self.floor:
            self.open.pop()
            self.counts[name] -= 1
            return
        blocking = _OUTERMOST if name in _OUTERMOST else _BORDERS if name in _BLOCKS else _SPECIAL
        self._cut(name, blocking, keeps=False)

    def _cut(self, name: str, blocking: frozenset[str], *, keeps: bool) -> None:
        """Close what stands above the last `name`, and that too unless it `keeps`; nothing when something blocks."""
        for place in range(len(self.open) - 1, self.floor - 1, -1):
            self.cost += SOUGHT
            if self.open[place] == name:
                self.counts.subtract(self.open[place + keeps :])
                del self.open[place + keeps :]
                return
            if self.open[place] in blocking:
                return

    def _forget(self, name: str) -> None:
        if self.formatting[name]:
            self.alike[self.formatting[name].pop()] -= 1
            self.live -= 1


def _end_of(text: str, name: str, start: int) -> int:
    """Where raw text ends: a script and its like, or a CDATA section, which has no name."""
    found = re.compile(rf"</{name}[\t\n\f\r />]" if name else r"\]\]>", re.I).search(text, start)
    return found.start() if found else len(text)
