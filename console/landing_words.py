"""What is told of advertisers' own pages, in words and as JSON. It opens none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from console.output import OUTCOME_WORDS, harmless
from crawler import clock
from storage.landings import Landing, Why


def landings_told(landings: Sequence[Landing]) -> dict[str, Any]:
    """The openings made for an exhibit, as JSON has them."""
    return {"landings": [asdict(one) | {"at": one.at.isoformat()} for one in landings]}


def landings_words(landings: Sequence[Landing]) -> tuple[tuple[str, str], ...]:
    """The same for a person, one line an opening."""
    return tuple(("落地页", _words(one)) for one in landings)


def _words(landing: Landing) -> str:
    ended = OUTCOME_WORDS[landing.outcome] if landing.outcome else "尚未查完"
    why = {Why.AD: "广告自己的网址", Why.FLAGGED: "摘要已有发现"}[landing.why]
    reason = f"（{landing.reason}）" if landing.reason else ""
    return f"{harmless(landing.url)[:100]} {ended}{reason}；{why}；{clock.in_shanghai(landing.at)} 打开"
