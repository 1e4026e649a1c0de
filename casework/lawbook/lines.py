"""On which line of a TOML file a key of the n-th table stands, for telling a person where he mistyped.

It does not read TOML: what it is given was read already, and it only looks for lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*\[\[\s*([\w-]+)\s*\]\]")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*=\s*(.*)")
_AT_LINE = re.compile(r"at line (\d+)")
_LONG = ('"""', "'''")


@dataclass(slots=True)
class Lines:
    """The lines of a file's tables: (table, number from 1, key), with an empty key for the table itself."""

    at: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def of(self, table: str, number: int, why: str) -> int:
        """The line of the key that the words of a complaint name; without one, of the table's beginning."""
        keys = [key for name, n, key in self.at if (name, n) == (table, number) and key]
        named = [key for key in keys if re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", why)]
        return self.at.get((table, number, named[0] if named else ""), 1)


def lines_of(text: str) -> Lines:
    """Where every table of an array and every key in it stands."""
    lines, table, closing = Lines(), "", ""
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
        elif header := _HEADER.match(line):
            table = header[1]
            counts[table] = counts.get(table, 0) + 1
            lines.at[table, counts[table], ""] = number
        elif (key := _KEY.match(line)) and table:
            lines.at.setdefault((table, counts[table], key[1]), number)
            closing = next((mark for mark in _LONG if key[2].count(mark) % 2), "")
    return lines


def syntax_line(why: str) -> int:
    """The line that the TOML reader's own complaint names, 1 where it names none."""
    found = _AT_LINE.search(why)
    return int(found[1]) if found else 1
