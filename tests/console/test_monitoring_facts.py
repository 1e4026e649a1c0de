"""What the kept request says of how a page was asked for: only what it says, and no name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from storage_specimens import EXCHANGE, SNAPSHOT, T0, archive_in, keep_snapshot

from casework.papers.paper_facts import MonitoringFacts, PageSeen, Target
from console.monitoring_facts import with_request
from crawler.errors import EvidenceBroken
from crawler.items import Capture

FACTS = MonitoringFacts(
    exhibit="one",
    seen_at=T0,
    target=Target(exhibit="one", platform="百度", kind="广告", title="专利"),
    page=PageSeen(requested_url="https://s.example/", url="https://s.example/", status=200),
    files=(),
)


@pytest.mark.parametrize(
    ("override", "robots"),
    [
        ("", "允许"),
        ("override 3: Disallow: /s", "禁止（Disallow: /s）；依第 3 号例外决定访问"),
        ("王主任（专项检查）: Disallow: /s", "禁止；依已签署的例外决定访问"),
    ],
)
def test_the_request_behind_the_page_is_told(tmp_path: Path, override: str, robots: str) -> None:
    sent = (("User-Agent", "lantian (+https://示例.example)"), ("Accept", "x" * 40_000))
    with archive_in(tmp_path) as archive:
        archive.keep(EXCHANGE)
        kept = archive.keep(replace(EXCHANGE, request_headers=sent, override=override))
        archive.keep(EXCHANGE)
        facts = with_request(FACTS, archive, kept, "pages=3 delay=2.5")
    assert [name for name, _ in facts.request_headers] == ["User-Agent", "Accept"]
    assert facts.request_headers[1] == sent[1]
    assert (facts.robots, facts.delay, facts.asked_at) == (robots, 2.5, None)


def test_what_the_records_do_not_say_is_left_out(tmp_path: Path) -> None:
    with archive_in(tmp_path) as archive:
        rendered = keep_snapshot(archive, SNAPSHOT)
        kept = archive.keep(EXCHANGE)
        last = archive.keep(EXCHANGE)
        assert with_request(FACTS, archive, rendered, "pages=3") == FACTS
        stranger = replace(kept, id=last.id)
        assert with_request(FACTS, archive, stranger, "") == FACTS, "another page's request"


@pytest.mark.parametrize("left", [0, 10])
def test_a_request_that_is_gone_is_broken_evidence(tmp_path: Path, left: int) -> None:
    with archive_in(tmp_path) as archive:
        kept: Capture = archive.keep(EXCHANGE)
    path = tmp_path / kept.file
    path.write_bytes(path.read_bytes()[: kept.offset + kept.length + left])
    with pytest.raises(EvidenceBroken, match="ends before"):
        with_request(FACTS, archive, kept, "")
