"""What the tests of detection share: one loaded screen, and listings made of a line of text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from crawler.agencies import Agency
from crawler.items import Kind, Listing
from detectors.screen import Screen, load_screen

LAWFUL = Path(__file__).parent / "lawful"


AGENCIES = (
    Agency(name="晨野专利代理有限公司", code="99001", kind="patent_agency", status="在业"),
    Agency(name="星桥知识产权代理事务所", code="99003", kind="patent_agency", status="吊销"),
    Agency(name="松陵专利事务所", code="99004", kind="patent_agency", status="停止承接"),
    Agency(name="星岸商标服务有限公司", code="", kind="tm_agency", status="在业"),
)


class FewAgencies:
    """A registry of invented agencies, by the beginning of a name or by code."""

    as_of = "2026-11-01"

    def find(self, name: str) -> Agency | None:
        return next((one for one in AGENCIES if name.startswith(one.name)), None)

    def find_code(self, code: str) -> Agency | None:
        return next((one for one in AGENCIES if code and one.code == code), None)


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
