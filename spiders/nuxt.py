"""State that a page's script assigns: an object, or what a function returns when it is called.

Nuxt writes `window.__NUXT__=(function(a,b){…return {…}}(1,"x"))`, older and newer tools an arrow
function, a call outside of the brackets, or the bare object. Names are put in place and nothing
is executed; what is no assignment of a literal is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crawler.errors import PageChanged
from spiders.script import CONSTANTS, MAX_ARRAY, Reader, elements, extent, literal

_HEAD = re.compile(
    r"[(!+\s]{0,20}(?:function\b[\s\w$]{0,80}\(([^()]*)\)\s*\{"
    r"|(?:\(([^()]*)\)|([A-Za-z_$][\w$]*+))\s*=>\s*(?:\{|\(\s*(?=[\[{])))"
)
_ASSIGNMENT = re.compile(
    r'\s*(?:(?:var|let|const)\s+)?([A-Za-z_$][\w$]*+)((?:\.[\w$]++|\[(?:\d{1,9}|"[^"\\\]]*+")\])*+)\s*=(?![=>])'
)
_PASSED_OVER = re.compile(
    r"""[;,\s]*(?:(?:"use strict"|'use strict'|(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$]*+)\s*(?=[;,])[;,\s]*)*"""
)
_STEP = re.compile(r'\.([\w$]+)|\[(\d+)\]|\["([^"]*)"\]')
_RETURN = re.compile(r"[\s;]*(?:return\b)?\s*(?:\(\s*)?(?=[\[{])")
_ENDED = re.compile(r"\s*(?:[);,]|<|$)")
_CALLED = re.compile(r"[})][\s)]{0,40}\(")
_CALL = re.compile(r"\}[\s)]{0,40}\(")
_BRACKET = re.compile(r"[\[\]{}]")
MAX_LISTS = 20
MAX_GUESSED = 4 * 1024 * 1024  # characters read while guessing where the arguments begin
MAX_BESIDE = 2_000


@dataclass(frozen=True, slots=True)
class StateList:
    """A list of the state, how many of its elements are damaged, and what its object says besides."""

    values: list[Any]
    lost: int
    beside: dict[str, Any]


def call_state(text: str, start: int) -> Any:
    """The object at `start`, or the one the function there returns, with its arguments put in place.

    Assignments `a.b=c` before the return are carried out on the arguments, as Nuxt writes
    objects that occur twice.
    """
    if text[start : start + 1] in ("{", "["):
        return literal(text, start)[0]
    parameters, body = _head(text, start)
    opened = _CALLED.match(text, extent(text, body - 1)[0] - 1)
    if opened is None:
        raise PageChanged("structure", "the state function is not called")
    names = _bound(parameters, Reader(text, opened.end(), dict(CONSTANTS)).elements(")", 0))
    returned = _RETURN.match(text, _carry_out(text, body, names))
    if returned is None:
        raise PageChanged("structure", "the state function returns nothing we can read")
    return literal(text, returned.end(), names=names)[0]


def call_list(text: str, start: int, name: str) -> StateList | None:
    """Only the first `name:[…]` of such a state that holds objects, else the last one; None for no such list.

    A state is a megabyte, the list a tenth of it: the arguments are looked for from the
    end, so that most of the text is never looked at.
    """
    names: dict[str, Any] = {}
    body = start
    end = text.find("</script", start)
    end = len(text) if end < 0 else end
    if text[start : start + 1] not in ("{", "["):
        parameters, body = _head(text, start)
        names = _bound(parameters, _arguments(text, body, end, len(parameters)))
        _carry_out(text, body, names)
    key = re.compile(rf"""(?<![\w$])["']?{re.escape(name)}["']?\s*:\s*(?=\[)""")
    listed: StateList | None = None
    for found in islice(key.finditer(text, body, end), MAX_LISTS):
        values, lost = elements(text, found.end(), names=names)
        beside = _before(text[max(body, found.start() - MAX_BESIDE) : found.start()], names)
        listed = StateList(values, lost, beside | _after(text, extent(text, found.end())[0], names))
        if lost or any(isinstance(value, dict) for value in values):
            return listed
    return listed


def _head(text: str, start: int) -> tuple[list[str], int]:
    head = _HEAD.match(text, start)
    if head is None:
        raise PageChanged("structure", "state is not a called function")
    parameters = next((part for part in head.groups() if part is not None), "")
    return [name.strip() for name in parameters.split(",") if name.strip()], head.end()


def _arguments(text: str, body: int, end: int, count: int) -> list[Any]:
    """The arguments: as many values as there are names, after the last `}(` that is followed by as many."""
    guessed = 0
    for call in reversed([found.end() for found in _CALL.finditer(text, body, end)]):
        reader = Reader(text, call, dict(CONSTANTS))
        try:
            values = reader.elements(")", 0)
            if len(values) == count and _ENDED.match(text, reader.at):
                return values
        except PageChanged:
            pass
        guessed += reader.at - call + 1
        if guessed > MAX_GUESSED:
            break
    raise PageChanged("structure", "the state function is not called")


def _before(text: str, names: dict[str, Any]) -> dict[str, Any]:
    """The members of an object that end where `text` ends, as far as its beginning stands near."""
    brackets = list(_BRACKET.finditer(text))
    depth, starts = 0, [brackets[-1].end()] if brackets else [0]
    for bracket in reversed(brackets):
        depth += 1 if bracket[0] in "}]" else -1
        if depth < 0:
            starts.insert(0, bracket.end())
            break
    for start in starts:
        try:
            return Reader(text[start:] + "}", 0, CONSTANTS | names).members(0)
        except PageChanged:
            continue
    return {}


def _after(text: str, start: int, names: dict[str, Any]) -> dict[str, Any]:
    """The members of an object that begin at `start`, as far as its end stands near."""
    reader = Reader(text[start : start + MAX_BESIDE], 0, CONSTANTS | names)
    found: dict[str, Any] = {}
    try:
        reader.members(0, found)
    except PageChanged:
        if found:
            found.popitem()  # its value may be cut
    return found


def _bound(parameters: list[str], values: list[Any]) -> dict[str, Any]:
    return dict.fromkeys(parameters) | dict(zip(parameters, values, strict=False))


def _carry_out(text: str, at: int, names: dict[str, Any]) -> int:
    """Do what `a.b=c;` and `var d=c;` say, to bound values only, and say where the first other thing stands."""
    while True:
        passed = _PASSED_OVER.match(text, at)
        at = passed.end() if passed else at
        found = _ASSIGNMENT.match(text, at)
        if found is None:
            return at
        value, at = literal(text, found.end(), names=names)
        steps = [step[1] or step[3] or int(step[2] or 0) for step in _STEP.finditer(found[2])]
        if steps:
            _put(names.get(found[1]), steps, value)
        else:
            names[found[1]] = value


def _put(target: Any, steps: list[str | int], value: Any) -> None:
    for step in steps[:-1]:
        target = _member(target, step)
    last = steps[-1]
    if isinstance(target, dict):
        target[str(last)] = value
    elif isinstance(target, list) and isinstance(last, int) and last < MAX_ARRAY:
        target.extend([None] * (last + 1 - len(target)))
        target[last] = value


def _member(target: Any, step: str | int) -> Any:
    if isinstance(target, dict):
        return target.get(str(step))
    if isinstance(target, list) and isinstance(step, int) and step < len(target):
        return target[step]
    return None
