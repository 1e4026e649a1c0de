"""Values written in a page's scripts, read without running them.

A JavaScript literal is translated to JSON token by token: bare and single-quoted keys,
`undefined`, `void 0`, `!0`, trailing commas and, for state passed as arguments to a
function, names bound to their values. Code is never executed, only read, in linear time.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from crawler.errors import PageChanged

_STRING = r""""[^"\\]*+(?:\\.[^"\\]*+)*+" | '[^'\\]*+(?:\\.[^'\\]*+)*+' | `[^`\\]*+(?:\\.[^`\\]*+)*+`"""
_COMMENT = r"//[^\n]*+ | /\*(?:[^*]|\*(?!/))*+\*/"
_TOKEN = re.compile(
    rf"""
    (?P<space>(?:\s++|{_COMMENT})++)
  | (?P<string>{_STRING})
  | (?P<number>-?(?:0[xX][0-9a-fA-F]++|(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?))
  | (?P<flag>![01])
  | (?P<void>void\s+0)
  | (?P<name>[A-Za-z_$][\w$]*+(?:\.[A-Za-z_$][\w$]*+)*+)
  | (?P<mark>[{{}}\[\]:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(rf"(?:{_STRING} | {_COMMENT})()|([\[{{(])|([\]}})])|([\"'`])|(,)", re.VERBOSE | re.DOTALL)
_WORDS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?<![\w$.])(![01]|void 0|[A-Za-z_$][\w$]*+)(\s*+:)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|.)", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "NaN": None,
    "Infinity": None,
    "!0": True,
    "!1": False,
    "void 0": None,
}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_MARKUP = re.compile(r"<[/!a-zA-Z][^<>]{0,300}>")
MAX_NESTING = 200
MAX_ARRAY = 100_000
MAX_COPIED = 2_000


def plain(markup: str) -> str:
    """The text of a short piece of HTML inside a script's string; highlight tags leave no gap."""
    return html.unescape(_MARKUP.sub("", markup))


def literal(text: str, start: int = 0, *, names: Mapping[str, Any] | None = None) -> tuple[Any, int]:
    """The JavaScript literal that begins at `start` (after white space) and where it ends.

    `names` binds identifiers; one that is not bound, or a call, reads as `None`. Other code
    raises `PageChanged`. Strict JSON takes the fast way.
    """
    at = _skip(text, start)
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
        return value, end
    except (ValueError, RecursionError):
        pass
    reader = Reader(text, at, CONSTANTS | dict(names or {}))
    return reader.value(0), reader.at


def assigned(text: str, name: str, *, names: Mapping[str, Any] | None = None) -> Any:
    """The literal assigned to `name`: `name = {…}`, `"name": {…}` or `name: {…}`.

    `name` is matched literally and may be dotted. Raises `PageChanged` when absent.
    """
    found = re.compile(re.escape(name) + r"""["']?\s*(?:=(?!=)|:)\s*(?=[\[{"'\d-])""").search(text)
    if found is None:
        raise PageChanged("structure", f"no literal assigned to {name}")
    return literal(text, found.end(), names=names)[0]


def elements(text: str, start: int, *, names: Mapping[str, Any] | None = None) -> tuple[list[Any], int]:
    """The elements of the array whose bracket stands at `start`, and how many are damaged.

    One element that cannot be read does not lose the others.
    """
    end, cuts = extent(text, start)
    bound = CONSTANTS | dict(names or {})
    written = {name: json.dumps(value) for name, value in bound.items() if _is_short(value)}

    def translated(word: re.Match[str]) -> str:
        name, colon = word.groups()
        if name is None:
            return word[0]
        return written[name] if colon is None else f'"{name}":'

    try:
        whole = json.loads(_WORDS.sub(translated, text[start:end]))
    except (ValueError, KeyError, RecursionError):
        return _one_by_one(text, cuts, bound)
    return whole, 0


def _is_short(value: Any) -> bool:
    """A long value written out at each of its mentions could fill the memory."""
    return not isinstance(value, (dict, list)) and (not isinstance(value, str) or len(value) <= MAX_COPIED)


def _one_by_one(text: str, cuts: list[int], names: dict[str, Any]) -> tuple[list[Any], int]:
    found: list[Any] = []
    lost = 0
    for start, stop in pairwise(cuts):
        piece = text[start + 1 : stop].strip()
        if not piece:
            continue
        reader = Reader(piece, 0, names)
        try:
            value = reader.value(0)
        except PageChanged:
            lost += 1
            continue
        if piece[reader.at :].strip():
            lost += 1
        else:
            found.append(value)
    return found, lost


def extent(text: str, start: int) -> tuple[int, list[int]]:
    """Where the bracket at `start` is closed, and where its own commas stand (ends included)."""
    depth, cuts = 0, [start]
    for step in _STEP.finditer(text, start):
        kind = step.lastindex
        if kind == 2:
            depth += 1
        elif kind == 3:
            depth -= 1
            if depth <= 0:
                return step.end(), [*cuts, step.start()]
        elif kind == 5 and depth == 1:
            cuts.append(step.start())
        elif kind == 4:
            break
    raise PageChanged("structure", "a bracket or a string is never closed")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _unquote(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    return _PAIR.sub(_join_pair, _ESCAPE.sub(_unescape, token[1:-1]))


def _join_pair(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "ux" and len(code) > 1:
        number = int(code.strip("ux{}"), 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return _PLAIN.get(code, code)


class Reader:
    """One pass over tokens. Nesting is bounded, so hostile input cannot exhaust the stack."""

    def __init__(self, text: str, at: int, names: dict[str, Any]) -> None:
        self.text, self.at, self.names = text, at, names

    def token(self) -> tuple[str, str]:
        while True:
            found = _TOKEN.match(self.text, self.at)
            if found is None:
                raise PageChanged("structure", f"not a literal: {self.text[self.at : self.at + 40]!r}")
            self.at = found.end()
            if found.lastgroup != "space":
                return found.lastgroup or "", found[0]

    def value(self, depth: int) -> Any:
        if depth > MAX_NESTING:
            raise PageChanged("structure", "a literal nested too deeply")
        kind, word = self.token()
        if word == "{":
            return self.members(depth)
        if word == "[":
            return self.elements("]", depth)
        if kind == "name":
            return self.named(word, depth)
        if kind not in _SCALARS:
            raise PageChanged("structure", f"not a literal: {word!r}")
        return _SCALARS[kind](word)

    def named(self, name: str, depth: int) -> Any:
        """A bound name, or `new Date(…)` and its like, whose value nobody needs."""
        called = self.token()[1] if name == "new" else name
        if self.text[self.at : self.at + 1] == "(":
            self.at += 1
            given = self.elements(")", depth)
            return _array(given) if called == "Array" else None
        return self.names.get(name)

    def members(self, depth: int, found: dict[str, Any] | None = None) -> dict[str, Any]:
        """The members up to the closing brace, added to `found`, which has them even when a later one is no literal."""
        found = {} if found is None else found
        while True:
            kind, word = self.token()
            if word == "}":
                return found
            if word == ",":
                continue
            key = _unquote(word) if kind == "string" else word
            if self.token()[1] != ":":
                raise PageChanged("structure", f"no value for {key[:40]!r}")
            found[key] = self.value(depth + 1)

    def elements(self, closing: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while True:
            at = self.at = _skip(self.text, self.at)
            if self.text[at : at + 1] == closing:
                self.at += 1
                return found
            if self.text[at : at + 1] == ",":
                self.at += 1
                continue
            found.append(self.value(depth + 1))


def _array(given: list[Any]) -> list[Any]:
    """`Array(3)` is three empty places; Nuxt fills them by assignment."""
    if len(given) == 1 and isinstance(given[0], int) and 0 <= given[0] <= MAX_ARRAY:
        return [None] * given[0]
    return given


def _number(token: str) -> int | float:
    if "x" in token or "X" in token:
        return int(token, 16)
    try:
        return int(token)
    except ValueError:  # a fraction, or more digits than Python converts
        return float(token)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": _unquote,
    "number": _number,
    "flag": lambda word: word == "!0",
    "void": lambda _word: None,
}
