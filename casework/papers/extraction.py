"""An extraction's facts as canonical JSON and back, so that its record can be printed again word for word.

Reading refuses whatever was not written here: a missing or strange part is broken evidence, never a guess.
"""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from casework.papers.paper_facts import ExtractionFacts
from crawler.errors import EvidenceBroken
from storage.canonical import canonical
from storage.models import encodable

T = TypeVar("T")


def facts_written(facts: ExtractionFacts) -> str:
    """Canonical JSON, one line."""
    return canonical(_plain(facts)).decode()


def facts_read(written: str) -> ExtractionFacts:
    """The facts as they were written; `EvidenceBroken` when they are not whole."""
    try:
        return _made(ExtractionFacts, json.loads(written))
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise EvidenceBroken(f"提取记录已损坏（{type(wrong).__name__}: {wrong}）") from None


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return encodable(value.value if isinstance(value, Enum) else value)


def _made(kind: type[T], told: Any) -> T:
    """A dataclass of this kind; every field must be told and nothing else."""
    hints = get_type_hints(kind)
    if set(told) != set(hints):
        raise ValueError(f"{kind.__name__}: {sorted(set(told) ^ set(hints))}")
    return kind(**{name: _value(hint, told[name]) for name, hint in hints.items()})


def _value(hint: Any, told: Any) -> Any:
    parts = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return None if told is None else _value(next(one for one in parts if one is not type(None)), told)
    if get_origin(hint) is tuple:
        wanted = [parts[0]] * len(told) if parts[-1] is Ellipsis else parts
        return tuple(_value(one, value) for one, value in zip(wanted, told, strict=True))
    if isinstance(hint, type) and is_dataclass(hint):
        return _made(hint, told)
    if hint is datetime:
        return datetime.fromisoformat(told)
    if issubclass(hint, Enum):
        return hint(told)
    if type(told) is not hint and not (hint is float and type(told) is int):
        raise ValueError(f"{told!r} is no {hint.__name__}")
    return told
