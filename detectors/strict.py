"""Reading our TOML files strictly: a key that is missing, unknown or of another type is refused.

It knows nothing of rules; every refusal is RuleInvalid with the file and the place in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from crawler.errors import RuleInvalid

T = TypeVar("T")
BYTES_AT_MOST = 4_000_000
TOLD_AT_MOST = 300  # characters of a refusal


class Table:
    """One TOML table. Every read takes its key away; `finish` refuses what nobody asked for."""

    def __init__(self, values: dict[str, object], *, file: str, place: str = "") -> None:
        self._values = dict(values)
        self.file = file
        self.place = place

    def refuse(self, why: str) -> RuleInvalid:
        where = f"{self.file}: {self.place}" if self.place else self.file
        return RuleInvalid(one_line(f"{where}: {why}"))

    def has(self, key: str) -> bool:
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """The keys not read yet, in the file's order."""
        return tuple(self._values)

    def _take(self, key: str, kind: type[T]) -> T:
        if key not in self._values:
            raise self.refuse(f"缺少 {key}")
        value = self._values.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.refuse(f"{key} 应为 {kind.__name__}，实为 {type(value).__name__}")
        return value

    def text(self, key: str) -> str:
        value = self._take(key, str)
        if not value.strip():
            raise self.refuse(f"{key} 不能为空")
        return value

    def whole(self, key: str) -> int:
        return self._take(key, int)

    def flag(self, key: str) -> bool:
        return self._take(key, bool)

    def day(self, key: str) -> date:
        return self._take(key, date)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of at least one text, none of them empty or twice."""
        values = self._take(key, list)
        if not values or not all(isinstance(value, str) and value.strip() for value in values):
            raise self.refuse(f"{key} 应为非空文字的列表")
        if len(set(values)) != len(values):
            raise self.refuse(f"{key} 里有重复")
        return tuple(values)

    def one_of(self, key: str, choices: Sequence[str]) -> str:
        value = self.text(key)
        if value not in choices:
            raise self.refuse(f"{key} 应为 {'、'.join(choices)} 之一，实为 {value}")
        return value

    def table(self, key: str) -> Table:
        return Table(self._take(key, dict), file=self.file, place=f"{self.place}.{key}" if self.place else key)

    def tables(self, key: str) -> tuple[Table, ...]:
        values = self._take(key, list)
        if not all(isinstance(value, dict) for value in values):
            raise self.refuse(f"{key} 应为表的列表")
        place = f"{self.place}.{key}" if self.place else key
        return tuple(Table(value, file=self.file, place=f"{place}[{n}]") for n, value in enumerate(values, 1))

    def finish(self) -> None:
        if self._values:
            raise self.refuse(f"不认识的键 {'、'.join(sorted(self._values))}")


def one_line(told: str) -> str:
    """What a file says, as one line that no console obeys."""
    shown = "".join(one if one.isprintable() else "\ufffd" for one in told)
    return shown if len(shown) <= TOLD_AT_MOST else f"{shown[:TOLD_AT_MOST]}…"


def read_table(path: Path, body: bytes | None = None) -> Table:
    """The table of a whole file; `body` spares a second reading."""
    try:
        told = path.read_bytes() if body is None else body
        if len(told) > BYTES_AT_MOST:
            raise RuleInvalid(f"{path.name}: 有 {len(told)} 字节，太大（最多 {BYTES_AT_MOST}）")
        return Table(tomllib.loads(told.decode("utf-8")), file=path.name)
    except OSError as error:
        raise RuleInvalid(f"{path.name}: 读不了：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RuleInvalid(f"{path.name}: 不是 UTF-8（第 {error.start} 字节）") from error
    except (ValueError, RecursionError) as error:
        # Besides its own error the reader lets pass those of deep nesting and of endless numbers.
        raise RuleInvalid(one_line(f"{path.name}: 不是 TOML：{error}")) from error
