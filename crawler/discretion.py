"""What a log may repeat: words of programs, never those of pages, queries and people.

Our own messages are English templates, so whatever is not ASCII came from elsewhere. Of an address its host is kept,
of an error its type; numbers long enough for a telephone are left out.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any

LEFT_OUT = "…"
LONGEST = 2_000  # characters of one line
_LOOKED_AT = 2 * LONGEST  # a page may be a line of megabytes, and no pattern is to be held up by it
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://(?:[^\s/?#'\"<>@]*@)?([^\s/?#'\"<>:]*)[^\s'\"<>]*", re.I)
_QUESTION = re.compile(r"\?[^\s'\"<>]+")
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")
_SECRET = re.compile(
    r"\b(set-cookie|cookie|authorization|token|password|secret|session|api[_-]?key)\b(['\"]?\s*[=:]\s*).*", re.I
)
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_FOREIGN = re.compile(r"[^\x20-\x7e]+")
# Moments, ids of claims and digests are long numbers that belong to nobody.
_NUMBER = re.compile(
    r"(\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
    r"|\b\d{8}T\d{6}Z-[0-9a-f]{6,12}\b|\b(?=[0-9a-f]*[a-f])[0-9a-f]{32}(?:[0-9a-f]{32})?\b)"
    r"|\d(?:[ -]?\d){6,}"
)
_QUOTED = re.compile(r"'(?![\w/.-]+')[^']*'|\"(?![\w/.-]+\")[^\"]*\"")
_OUR_QUOTES = re.compile(r"“[^”]*”|「[^」]*」|【[^】]*】|'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"\w[\w.:/+-]{0,79}", re.ASCII)
_ODD = re.compile(r"(?=.*[A-Za-z])(?=.*\d)|[@=]|.{41}")


def discreet(message: str) -> str:
    """The message with its addresses cut to their hosts, and without what pages, queries or people said."""
    told = _ADDRESS.sub(rf"\1://\2/{LEFT_OUT}", message[:_LOOKED_AT])
    told = _QUESTION.sub(f"?{LEFT_OUT}", _MAIL.sub(LEFT_OUT, told))
    told = _ENCODED.sub(LEFT_OUT, _SECRET.sub(rf"\1\2{LEFT_OUT}", told))
    told = "\n".join(_FOREIGN.sub(LEFT_OUT, line) for line in told.splitlines())
    return _NUMBER.sub(lambda found: found[1] or LEFT_OUT, told)[:LONGEST]


def plain(words: str) -> str:
    """Free text of an unknown writer: what is quoted, and what looks like an account or a code, is left out too."""
    told = _QUOTED.sub(LEFT_OUT, discreet(words))
    return "\n".join(
        " ".join(word if "://" in word or not _ODD.search(word) else LEFT_OUT for word in line)
        for line in (line.split(" ") for line in told.splitlines())
    )


def discreet_value(value: Any) -> Any:
    """An argument of a message: numbers and single words as they are, text without what may be somebody's."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return error_name(value)
    if isinstance(value, Mapping):
        return {name: discreet_value(one) for name, one in value.items()}
    words = " ".join(str(value)[:_LOOKED_AT].split())  # whoever writes a line must not begin another
    return discreet(words) if _WORD.fullmatch(words) else plain(words)


def our_words(words: str) -> str:
    """A sentence of ours in any language: what it quotes is left out, as are addresses, accounts and long numbers."""
    told = _MAIL.sub(LEFT_OUT, _ADDRESS.sub(rf"\1://\2/{LEFT_OUT}", words[:_LOOKED_AT]))
    told = _ENCODED.sub(LEFT_OUT, _SECRET.sub(rf"\1\2{LEFT_OUT}", _OUR_QUOTES.sub(LEFT_OUT, told)))
    return _NUMBER.sub(lambda found: found[1] or LEFT_OUT, " ".join(told.split()))[:LONGEST]


def error_name(wrong: BaseException) -> str:
    """The error's type; of what the system refused also its name (`OSError ENOSPC`). Its words may quote a page."""
    name = type(wrong).__name__
    number = getattr(wrong, "errno", None)
    return f"{name} {errno.errorcode[number]}" if isinstance(number, int) and number in errno.errorcode else name


def error_names(wrong: BaseException | None) -> list[str]:
    """The error and those it came from, the last one first."""
    names: list[str] = []
    while wrong is not None and len(names) < 10:
        names.append(error_name(wrong))
        wrong = wrong.__cause__ or (None if wrong.__suppress_context__ else wrong.__context__)
    return names


def places(trace: TracebackType | None, most: int = 30) -> list[str]:
    """Where it happened, outermost first, as `room/file.py:12 function`; no line of source and no value."""
    found: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{'/'.join(code.co_filename.rsplit('/', 2)[-2:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-most:]
