"""What a page looks like that is not what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crawler.errors import PageTrouble
from spiders.reading import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What a page looks like that is not what was asked for, and what that means.

    Every one of `marks` must be found `within` the address, the title or the source text.
    Walls are asked only about a page on which nothing could be read, so a result that merely
    talks about a captcha is never taken for one.
    """

    trouble: type[PageTrouble]
    reason: str
    marks: tuple[str, ...]
    within: Literal["url", "title", "text"] = "text"

    def stands_in(self, document: Document) -> bool:
        place = {"url": document.url, "title": document.title, "text": document.text}[self.within]
        return self.is_written_in(place)

    def is_written_in(self, place: str) -> bool:
        return all(mark in place for mark in self.marks)
