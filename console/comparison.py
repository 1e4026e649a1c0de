"""One exhibit judged again beside what stands about it: what is new, what falls away, what is otherwise.

It judges as a round would and writes nothing. What was read in a picture is judged again where its text is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import zip_longest

from console.picture_words import office_shapes
from crawler.config import Config
from crawler.items import Entity, Finding
from detectors.picture_verdict import judge_picture, picture_entities
from detectors.screen import Screen
from detectors.shapes import Shape
from pipelines.judge import packaged_screen
from storage.care_shapes import Archived, StoredFinding, Verdict
from storage.registry import StoredRegistry

# What a rule file's digest alone says: nothing about this listing.
COMPARED = tuple(field.name for field in fields(Finding) if field.name != "rule_digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What judging an exhibit again changed; pairs are (before, now)."""

    archived: Archived
    stands: tuple[Finding, ...]
    new: tuple[Finding, ...]
    gone: tuple[StoredFinding, ...]
    changed: tuple[tuple[StoredFinding, Finding], ...]

    @property
    def is_one(self) -> bool:
        return bool(self.new or self.gone or self.changed)


class Bench:
    """Today's rules, the registry the home goes by and the office's shapes: what a round would judge by."""

    def __init__(self, config: Config) -> None:
        self.screen: Screen = packaged_screen(StoredRegistry.current(config.database))
        self.shapes: Sequence[Shape] = office_shapes(config)

    def compared(self, archived: Archived) -> Change:
        """Findings in pictures whose text is not at hand are left out of it: they stand as they are."""
        found = self._judged(archived)
        within = {"", *(picture.sha256 for picture in archived.pictures)}
        kept = tuple(one.finding for one in archived.findings if one.finding.image not in within)
        old, now = defaultdict(list), defaultdict(list)
        for held in archived.findings:
            if held.finding.image in within:
                old[held.finding.rule, held.finding.image].append(held)
        for finding in found:
            now[finding.rule, finding.image].append(finding)
        pairs = [pair for key in sorted({*old, *now}) for pair in _paired(old[key], now[key])]
        return Change(
            archived=archived,
            stands=(*kept, *found),
            new=tuple(after for before, after in pairs if before is None and after is not None),
            gone=tuple(before for before, after in pairs if before is not None and after is None),
            changed=tuple((before, after) for before, after in pairs if before is not None and after is not None),
        )

    def _judged(self, archived: Archived) -> list[Finding]:
        found = list(self.screen.judge(archived.listing))
        for picture in archived.pictures:
            found += judge_picture(self.screen, archived.listing, picture.text, picture.sha256, self.shapes)
        return found

    def entities(self, change: Change) -> tuple[Entity, ...]:
        """What leads to whoever offers, for an exhibit about which something is found now."""
        listing = change.archived.listing
        if not change.new:
            return ()
        images = {finding.image for finding in change.new}
        seen = [
            entity
            for picture in change.archived.pictures
            if picture.sha256 in images
            for entity in picture_entities(self.screen, listing, picture.text)
        ]
        return (*self.screen.entities(listing), *seen)


def _paired(
    old: Sequence[StoredFinding], now: Sequence[Finding]
) -> Iterator[tuple[StoredFinding | None, Finding | None]]:
    """Of one rule and one picture, what is not the same before and now."""
    same = {_plain(held.finding) for held in old} & {_plain(finding) for finding in now}
    left = [held for held in old if _plain(held.finding) not in same]
    come = [finding for finding in now if _plain(finding) not in same]
    yield from zip_longest(left, come)


def _plain(finding: Finding) -> Finding:
    return replace(finding, rule_digest="")


def verdict_of(change: Change, entities: tuple[Entity, ...]) -> Verdict:
    """The change as the store takes it."""
    replaced = [*change.gone, *(before for before, _ in change.changed)]
    return Verdict(
        row=change.archived.row,
        stood=tuple(held.row for held in change.archived.findings),
        replaced=tuple(held.row for held in replaced),
        findings=(*change.new, *(after for _, after in change.changed)),
        entities=entities,
    )


def differences(before: Finding, after: Finding) -> list[str]:
    """Which parts of a finding are others now."""
    return [name for name in COMPARED if getattr(before, name) != getattr(after, name)]
