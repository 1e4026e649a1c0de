"""Under what settings a run is claimed, in one canonical form. No secret is among them: those are never read here."""

from __future__ import annotations

from dataclasses import asdict

from crawler.config import Config
from crawler.watches import WatchVersion
from storage.canonical import canonical
from storage.roster_shapes import Snapshot


def snapshot(version: WatchVersion, config: Config, tool: str, rules: str) -> Snapshot:
    """The watch version, `[crawl]`, `[browser]` and place, the tool and the digest of the rules it judges by."""
    watch = version.watch
    place = next((one for one in config.places if one.name == watch.place), None)
    told = {
        "watch": {"id": version.watch_id, "version": version.version, **asdict(watch)},
        "crawl": asdict(config.crawl),
        "browser": asdict(config.browser),
        "place": asdict(place) if place else None,
        "tool": tool,
        "rules": rules,
    }
    pages = watch.depth or config.crawl.pages
    words = f"pages={pages} delay={config.crawl.delay:g} watch={version.watch_id}.{version.version}"
    return Snapshot(tool=tool, settings=canonical(told).decode().rstrip("\n"), words=words)
