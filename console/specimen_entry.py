"""One table of a manifest, read strictly: every complaint names the entry and the key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.errors import UserMistake

_NAMING = ("host", "path", "spider", "query", "title")


class Entry:
    """One table of the manifest; knows its place and which keys were asked for."""

    def __init__(self, place: str, table: Any) -> None:
        self.place = place
        if not isinstance(table, dict):
            raise self.mistake("应当是一个表")
        self.table: dict[str, Any] = table
        self.known: set[str] = set()

    def mistake(self, why: str) -> UserMistake:
        return UserMistake(f"{self.place}：{why}")

    def _of_kind(self, key: str, kinds: tuple[type, ...], otherwise: Any) -> Any:
        self.known.add(key)
        value = self.table.get(key, otherwise)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.mistake(f"{key} 的类型不对：{value!r}")
        return value

    def text(self, key: str) -> str:
        return str(self._of_kind(key, (str,), ""))

    def needed(self, key: str) -> str:
        text = self.text(key)
        if not text.strip():
            raise self.mistake(f"缺少 {key}")
        return text

    def flag(self, key: str) -> bool:
        return bool(self._of_kind(key, (bool,), otherwise=False))

    def whole(self, key: str, otherwise: int) -> int:
        return int(self._of_kind(key, (int,), otherwise))

    def seconds(self, key: str) -> float:
        value = float(self._of_kind(key, (int, float), 0))
        if not 0 <= value <= 3600:
            raise self.mistake(f"{key} 应在 0 到 3600 秒之间")
        return value

    def texts(self, key: str) -> list[str]:
        values = self._of_kind(key, (list,), [])
        if not all(isinstance(value, str) for value in values):
            raise self.mistake(f"{key} 应当是字符串列表")
        return list(values)

    def tables(self, key: str) -> Iterator[Entry]:
        for number, table in enumerate(self._of_kind(key, (list,), []), 1):
            entry = Entry(f"{self.place} [[{key}]] 第 {number} 项", table)
            named = [str(entry.table[name]) for name in _NAMING if name in entry.table]
            entry.place += f"（{' '.join(named)}）" if named else ""
            yield entry

    def pairs(self, key: str) -> Iterator[tuple[str, str]]:
        for name, values in self._of_kind(key, (dict,), {}).items():
            for value in values if isinstance(values, list) else [values]:
                if not isinstance(value, str):
                    raise self.mistake(f"{key} 中 {name} 的值应当是字符串")
                yield name, value

    def refuse_unknown(self) -> None:
        unknown = sorted(set(self.table) - self.known)
        if unknown:
            raise self.mistake(f"不认识的键 {'、'.join(unknown)}")
