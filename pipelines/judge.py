"""Every exhibit meets every rule; findings and entities travel on with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from crawler.items import Exhibit, Exhibits
from detectors.screen import Screen, load_screen


@cache
def packaged_screen() -> Screen:
    """The rules that came with this version; loading them costs a second, so once a process."""
    return load_screen()


class Judge:
    """Exhibits without findings to exhibits with them."""

    def __init__(self) -> None:
        self._screen = packaged_screen()

    def process_item(self, item: Exhibits) -> Exhibits:
        return replace(item, exhibits=tuple(self._judged(exhibit) for exhibit in item.exhibits))

    def _judged(self, exhibit: Exhibit) -> Exhibit:
        findings = self._screen.judge(exhibit.listing)
        if not findings:
            return exhibit
        return replace(exhibit, findings=findings, entities=self._screen.entities(exhibit.listing))
