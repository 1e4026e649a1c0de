"""What of an exhibit is indexed, and what of that may still change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.canonical import canonical

PAGES_FROM = 1 << 33
"""Where the numbers of whole pages begin, beyond those of all exhibits."""

Banding = Callable[[str, str], tuple[int, ...]]
"""The numbers that near-duplicates of a title and a text share."""

Marking = Callable[[Sequence[str], Sequence[str]], tuple[int, ...]]
"""The numbers of the addresses that texts name, and of those that are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the words' index knows under one number. An exhibit has two: the even one never changes."""

    number: int
    title: str = ""
    text: str = ""
    pictures: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    given: tuple[int, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is a word in it; one without is not written."""
        return bool(self.title or self.text or self.pictures or self.entities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What an exhibit has in the columns: sets are canonical JSON, `seen` whole seconds, `lead` 0 for none."""

    platform: str
    kind: str
    place: str
    categories: str
    rules: str
    seen: int
    lead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """One exhibit as the index has it. Pictures and entities stand each once, in the order of their characters."""

    row: int
    title: str
    text: str
    pictures: tuple[str, ...]
    entities: tuple[str, ...]
    addresses: tuple[str, ...]
    cells: Cells

    @property
    def late(self) -> Document:
        """What may still come to it."""
        return late_document(self.row, self.pictures, self.entities)

    def body(self, given: tuple[int, ...]) -> Document:
        """What never changes, under the numbers that are given to it."""
        return Document(number=2 * self.row, title=self.title, text=self.text, given=given)


def late_document(row: int, pictures: tuple[str, ...], entities: tuple[str, ...]) -> Document:
    """The document of what came to an exhibit later."""
    return Document(number=2 * row + 1, pictures=pictures, entities=entities)


def last_of(row: int) -> int:
    """The last document of an exhibit, or of all of them."""
    return min(2 * row + 1, PAGES_FROM - 1)


def page_document(row: int, text: str) -> Document:
    """The document of a whole page."""
    return Document(number=PAGES_FROM + row, text=text)


def json_of(ones: Sequence[str]) -> str:
    """Canonical JSON of a list of texts."""
    return canonical(list(ones)).decode().rstrip("\n")
