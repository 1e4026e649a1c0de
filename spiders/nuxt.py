"""State that a page passes as arguments to a function, `(function(a,b){…return {…}}(1,"x"))`.

Nuxt writes `window.__NUXT__` so. Names are put in place and nothing is executed; what is no
assignment of a literal is refused.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from crawler.errors import PageChanged
from spiders.script import CONSTANTS, MAX_ARRAY, Reader, elements, extent, literal

_HEAD = re.compile(r"\(\s*function\s*\(([^()]*)\)\s*\{")
_ASSIGNMENT = re.compile(r'\s*([A-Za-z_$][\w$]*+)((?:\.[\w$]++|\[(?:\d{1,9}|"[^"\\\]]*+")\])++)\s*=(?!=)')
_STEP = re.compile(r'\.([\w$]+)|\[(\d+)\]|\["([^"]*)"\]')
_RETURN = re.compile(r"[\s;]*return\b\s*")
_ENDED = re.compile(r"\s*(?:[);,]|<|$)")
_CALLED = re.compile(r"[\s;]*\}\s*\)?\s*\(")
MAX_LISTS = 20
MAX_GUESSED = 4 * 1024 * 1024  # characters read while guessing where the arguments begin


def call_state(text: str, start: int) -> Any:
    """The object the function at `start` returns, with its arguments put in place.

    Assignments `a.b=c` before the return are carried out on the arguments, as Nuxt writes
    objects that occur twice.
    """
    parameters, body = _head(text, start)
    opened = _CALLED.match(text, extent(text, body - 1)[0] - 1)
    if opened is None:
        raise PageChanged("structure", "the state function is not called")
    names = _bound(parameters, Reader(text, opened.end(), dict(CONSTANTS)).elements(")", 0))
    returned = _RETURN.match(text, _carry_out(text, body, names))
    if returned is None:
        raise PageChanged("structure", "the state function returns nothing we can read")
    return literal(text, returned.end(), names=names)[0]


def call_list(text: str, start: int, name: str) -> tuple[list[Any], int]:
    """Only the first `name:[…]` of such a state that holds objects, and how many are damaged.

    A state is a megabyte, the list a tenth of it: the arguments are looked for from the
    end, so that most of the text is never looked at.
    """
    parameters, body = _head(text, start)
    end = text.find("</script", body)
    end = len(text) if end < 0 else end
    names = _bound(parameters, _arguments(text, body, end, len(parameters)))
    _carry_out(text, body, names)
    key = re.compile(rf"""(?<![\w$]){re.escape(name)}["']?\s*:\s*(?=\[)""")
    for found in islice(key.finditer(text, body, end), MAX_LISTS):
        values, lost = elements(text, found.end(), names=names)
        if lost or any(isinstance(value, dict) for value in values):
            return values, lost
    return [], 0


def _head(text: str, start: int) -> tuple[list[str], int]:
    head = _HEAD.match(text, start)
    if head is None:
        raise PageChanged("structure", "state is not a called function")
    return [name.strip() for name in head[1].split(",") if name.strip()], head.end()


def _arguments(text: str, body: int, end: int, count: int) -> list[Any]:
    """The arguments: as many values as there are names, after the last `}(` that is followed by as many."""
    at, guessed = end, 0
    while guessed < MAX_GUESSED:
        at = text.rfind("}(", body, at)
        if at < 0:
            break
        reader = Reader(text, at + 2, dict(CONSTANTS))
        try:
            values = reader.elements(")", 0)
            if len(values) == count and _ENDED.match(text, reader.at):
                return values
        except PageChanged:
            pass
        guessed += reader.at - at
    raise PageChanged("structure", "the state function is not called")


def _bound(parameters: list[str], values: list[Any]) -> dict[str, Any]:
    return dict.fromkeys(parameters) | dict(zip(parameters, values, strict=False))


def _carry_out(text: str, at: int, names: dict[str, Any]) -> int:
    """Do what `a.b=c;` says, to bound values only, and say where the first other thing stands."""
    while True:
        found = _ASSIGNMENT.match(text, at)
        if found is None:
            return at
        value, at = literal(text, found.end(), names=names)
        steps = [step[1] or step[3] or int(step[2] or 0) for step in _STEP.finditer(found[2])]
        _put(names.get(found[1]), steps, value)
        while at < len(text) and text[at] in "; \t\r\n,":
            at += 1


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
