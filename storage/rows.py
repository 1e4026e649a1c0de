"""Captures and findings as rows, for all who write them: a page's record, and what is found in it later."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite import insert

from crawler.items import Capture, Finding
from storage.bulk import Bulk
from storage.models import CaptureRow, FindingRow

Values = dict[str, Any]

NEW_CAPTURES = Bulk(insert(CaptureRow).on_conflict_do_nothing(index_elements=[CaptureRow.id]))
NEW_FINDINGS = Bulk(insert(FindingRow))


def capture_values(capture: Capture) -> Values:
    return {
        "id": capture.id,
        "url": capture.url,
        "how": capture.how.value,
        "status": capture.status,
        "mime": capture.mime,
        "taken_at": capture.taken_at,
        "file": capture.file,
        "offset": capture.offset,
        "length": capture.length,
        "sha256": capture.sha256,
        "size": capture.size,
        "ip_address": capture.ip_address,
        "is_specimen": capture.is_specimen,
    }


def finding_values(finding: Finding) -> Values:
    return {
        "rule": finding.rule,
        "rule_digest": finding.rule_digest,
        "state": finding.state,
        "category": finding.category,
        "severity": finding.severity,
        "field": finding.field,
        "start": finding.start,
        "end": finding.end,
        "quote": finding.quote,
        "points": finding.points,
        "needs": finding.needs,
        "pro": finding.pro,
        "contra": finding.contra,
        "articles": finding.articles,
        "tags": finding.tags,
        "image": finding.image,
        "box": finding.box,
    }
