"""An office's own articles over ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from casework.lawbook.powers import Powers
from detectors.article import Article


def with_office(articles: Mapping[str, Article], powers: Powers, path: Path) -> dict[str, Article]:
    """Ours with the office's."""
    raise NotImplementedError(path)
