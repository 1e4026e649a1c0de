"""What the tests of detection share: one loaded screen, and listings made of a line of text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from crawler.items import Kind, Listing
from detectors.examples import FewAgencies
from detectors.screen import Screen, load_screen

LAWFUL = Path(__file__).parent / "lawful"


@cache
def screen() -> Screen:
    return load_screen(with_trial=True, registry=FewAgencies())


def listing(text: str = "", *, title: str = "", kind: Kind = Kind.RESULT, seller: str = "", url: str = "") -> Listing:
    return Listing(
        platform="example",
        kind=kind,
        position=1,
        title=title,
        text=text,
        seller=seller,
        url=url or "https://www.example/",
        is_ad=kind is Kind.AD,
    )


def categories(shown: Listing) -> set[str]:
    return {finding.category for finding in screen().judge(shown)}


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
