"""What is known of a visit as canonical JSON, written once and read back strictly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from crawler.captures import Box, Frame, Place, Surroundings, Visit, VisitFacts, VisitRecord
from crawler.errors import EvidenceBroken
from storage.canonical import canonical

Told = dict[str, Any]


def facts_json(visit: Visit, surroundings: Surroundings, records: Sequence[VisitRecord]) -> bytes:
    """The facts record's bytes; `records` are all others of the visit."""
    told = {
        "visit": visit.id,
        "requested_url": visit.requested_url,
        "url": visit.url,
        "redirects": visit.redirects,
        "status": visit.status,
        "title": visit.title,
        "started_at": moment(visit.started_at),
        "ended_at": moment(visit.ended_at),
        "browser": visit.browser,
        "ip_address": visit.ip_address,
        "frame": asdict(visit.frame),
        "surroundings": _surroundings_told(surroundings),
        "sockets": visit.sockets,
        "refused": visit.refused,
        "steps": [(moment(at), words) for at, words in visit.steps],
        "troubles": visit.troubles,
        "override": visit.override,
        "is_specimen": visit.is_specimen,
        "records": [asdict(one) for one in records],
    }
    return canonical(told)


def facts_read(raw: bytes) -> VisitFacts:
    """The facts in these bytes. Raises `EvidenceBroken` when they are not as we write them."""
    try:
        return _facts(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise EvidenceBroken(f"the facts of a visit are not as we write them: {wrong!r}") from None


def moment(at: datetime) -> str:
    """ISO, UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(told: str) -> datetime:
    return datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _facts(told: Told) -> VisitFacts:
    return VisitFacts(
        visit=told["visit"],
        requested_url=told["requested_url"],
        url=told["url"],
        redirects=tuple(told["redirects"]),
        status=told["status"],
        title=told["title"],
        started_at=_moment(told["started_at"]),
        ended_at=_moment(told["ended_at"]),
        browser=told["browser"],
        ip_address=told["ip_address"],
        frame=_frame(told["frame"]),
        surroundings=_surroundings(told["surroundings"]),
        sockets=tuple(told["sockets"]),
        refused=tuple(told["refused"]),
        steps=tuple((_moment(at), words) for at, words in told["steps"]),
        troubles=tuple((part, reason) for part, reason in told["troubles"]),
        is_specimen=told["is_specimen"],
        records=tuple(VisitRecord(**one) for one in told["records"]),
        # Visits kept by earlier versions do not say it.
        override=told.get("override", ""),
    )


def _surroundings_told(known: Surroundings) -> Told:
    return {**asdict(known), "clock_at": moment(known.clock_at) if known.clock_at else None}


def _surroundings(told: Told) -> Surroundings:
    lists: Told = {name: tuple(told[name]) for name in ("proxies", "hosts_entries", "resolvers")}
    lists["tools"] = tuple((name, version) for name, version in told["tools"])
    lists["dns"] = tuple((name, tuple(addresses)) for name, addresses in told["dns"])
    lists["clock_at"] = _moment(told["clock_at"]) if told["clock_at"] else None
    return Surroundings(**{**told, **lists})


def _frame(told: Told) -> Frame:
    places = tuple(_place(one) for one in told["places"])
    return Frame(width=told["width"], height=told["height"], places=places, query_box=_box(told["query_box"]))


def _place(told: Told) -> Place:
    box = _box(told["box"])
    if box is None:
        raise ValueError("a place without a box")
    return Place(**{**told, "box": box, "label": _box(told["label"])})


def _box(told: Told | None) -> Box | None:
    return Box(**told) if told else None
