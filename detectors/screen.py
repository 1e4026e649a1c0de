"""Listing in, findings out: every candidate is weighed, points with reasons, against its rule's need.

It knows no network, no database and no picture; nothing is decided that a finding does not explain.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from crawler.agencies import RegistryView
from crawler.items import Entity, Finding, Listing
from detectors.entities import find_entities
from detectors.phrase import Place
from detectors.quote import quoted_span
from detectors.reach import DISGUISED_POINTS, SECONDS_AT_MOST
from detectors.registered import REGISTRY_AT_MOST, by_registry
from detectors.rule import LICENCE, RULES, Nearby, Rule, load_rules
from detectors.scene import Candidate, Scene, Stage
from detectors.speaker import SPEAKER_AT_MOST, Speaker, load_looks
from detectors.stance import CLOSE, Reason, Stance, load_cues, load_speakers, stands_within
from detectors.tag import load_tags

FIELDS = ("title", "text", "seller")
JUDGED_AT_MOST = 100_000  # characters of one text; the longest in our captures has 2,700
NAMES_JUDGED_AT_MOST = 10_000  # of a title, or of a seller's name
SECOND_WITHIN = 80
WHOLE_LISTING = 0
PLAINLY_AGAINST, DENIED_POINTS = -50, -40
UNOFFERED_POINTS = -30
IMPERSONATION = "official_impersonation"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A candidate with everything that was weighed. `is_denied`: what stands right beside it says it is no offer."""

    candidate: Candidate
    pro: tuple[Reason, ...]
    contra: tuple[Reason, ...]
    is_denied: bool

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.pro + self.contra)


class Screen:
    """Judges listings by the active rules, with `with_trial` also by those on trial."""

    def __init__(
        self, rules: Sequence[Rule], registry: RegistryView | None = None, *, with_trial: bool = False
    ) -> None:
        # Without a registry nothing can be said of a licence.
        self._rules = tuple(
            rule
            for rule in rules
            if (with_trial or rule.state == "active") and (registry is not None or rule.registry != LICENCE)
        )
        self._registry = registry
        self._tags = load_tags()
        cues = load_cues()
        speakers = load_speakers()
        self._stance = Stance(cues, speakers)
        self._claimant = Speaker(speakers, load_looks())
        groups = {cue.label: cue.wordings for cue in cues}
        self._near = {rule.id: _labelled(rule) for rule in self._rules}
        for labelled in self._near.values():
            groups |= {label: group.wordings for label, group in labelled.items()}
        self._stage = Stage(self._rules, groups, {rule.id: self._by_speaker(rule) for rule in self._rules})

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those it judges by."""
        return self._rules

    def judge(self, listing: Listing) -> tuple[Finding, ...]:
        """At most one finding a rule: its strongest candidate. Empty for a lawful listing."""
        listing = _bounded(listing)
        if not self._stage.deserves_a_look(_whole(listing)):
            return ()
        found = [finding for finding in self.weigh(listing) if finding.points >= finding.needs]
        tags = self._tags.tags_of(listing, found) if found else ()
        return tuple(replace(finding, tags=tags) for finding in found)

    def weigh(self, listing: Listing) -> tuple[Finding, ...]:
        """The strongest candidate of every rule, whether or not its sum suffices, with every reason.

        Of a text longer than a book, `JUDGED_AT_MOST` characters are judged: one hostile page must
        not hold up the round.
        """
        listing = _bounded(listing)
        scene = self._stage.set_out(listing, _whole(listing))
        verdicts = ((rule, self._best(rule, scene)) for rule in self._rules)
        return tuple(_finding(rule, verdict, scene) for rule, verdict in verdicts if verdict)

    def _by_speaker(self, rule: Rule) -> int:
        """What who speaks, and the registry, may add to a rule's sum at most."""
        most = SPEAKER_AT_MOST if rule.category == IMPERSONATION else 0
        return most + (REGISTRY_AT_MOST if rule.registry and self._registry is not None else 0)

    def entities(self, listing: Listing) -> tuple[Entity, ...]:
        """Phones, addresses, codes and names in the fields that judge searches."""
        return _entities(_bounded(listing))

    def _best(self, rule: Rule, scene: Scene) -> Verdict | None:
        candidates = scene.candidates.get(rule.id, ())
        ranked = sorted(candidates, key=lambda one: -one.words.points)
        if not candidates:
            return None
        # Who speaks is the same for every candidate, and costs a reading of the whole text.
        told = self._by_registry(rule, scene.listing) + self._by_claimant(rule, scene.listing)
        verdicts = [self._weigh(rule, scene, one, ranked, told) for one in candidates if not one.words.supports]
        return max(_denied(list(filter(None, verdicts))), key=lambda verdict: verdict.points, default=None)

    def _weigh(
        self, rule: Rule, scene: Scene, candidate: Candidate, ranked: Sequence[Candidate], told: Sequence[Reason]
    ) -> Verdict | None:
        near = [
            group
            for label, group in self._near[rule.id].items()
            if label in scene.groups and _is_near(group, scene.groups[label], candidate.place, len(scene.text))
        ]
        required = [group for group in rule.context if group.required]
        if required and not any(group in near for group in required):
            return None
        heard = self._stance.heard(scene, candidate.place)
        offers = self._stance.offers(scene, heard)
        pro = [Reason(f"有「{candidate.said}」", candidate.words.points)]
        if candidate.place.disguised:
            pro.append(Reason("写法经过变形", DISGUISED_POINTS))
        pro += _seconds(candidate, ranked)
        pro += [Reason(group.reason, group.points) for group in near if group.points > 0]
        contra = [Reason(group.reason, group.points) for group in near if group.points < 0]
        contra += self._stance.against(scene, candidate, heard)
        if candidate.words.wants_offer and not offers:
            contra.append(Reason("没有人在招揽、报价，也没有说谁来办", UNOFFERED_POINTS))
        told = [*offers, *told]
        pro += [reason for reason in told if reason.points > 0]
        contra += [reason for reason in told if reason.points < 0]
        is_denied = any(cue.points <= PLAINLY_AGAINST and cue.scope in CLOSE for cue in heard)
        return Verdict(candidate, tuple(pro), tuple(contra), is_denied)

    def _by_claimant(self, rule: Rule, listing: Listing) -> list[Reason]:
        """A claim to be official is weighed against who makes it."""
        if rule.category != IMPERSONATION:
            return []
        entities = self.entities(listing) if self._registry else ()
        return self._claimant.speaks(listing, entities, self._registry)

    def _by_registry(self, rule: Rule, listing: Listing) -> list[Reason]:
        if self._registry is None or not rule.registry:
            return []
        return by_registry(rule.registry, listing.seller, self.entities(listing), self._registry)


@lru_cache(maxsize=1)
def _entities(listing: Listing) -> tuple[Entity, ...]:
    """Those of one listing, remembered because several rules ask the registry for them."""
    return tuple(entity for field in FIELDS for entity in find_entities(getattr(listing, field), field))


def _bounded(listing: Listing) -> Listing:
    if len(listing.text) <= JUDGED_AT_MOST and max(len(listing.title), len(listing.seller)) <= NAMES_JUDGED_AT_MOST:
        return listing
    title, seller = listing.title[:NAMES_JUDGED_AT_MOST], listing.seller[:NAMES_JUDGED_AT_MOST]
    return replace(listing, title=title, text=listing.text[:JUDGED_AT_MOST], seller=seller)


def _whole(listing: Listing) -> str:
    return "\n".join((listing.title, listing.text, listing.seller))


def _labelled(rule: Rule) -> dict[str, Nearby]:
    return {f"{rule.id}/{number}": group for number, group in enumerate(rule.context + rule.contra)}


def _is_near(group: Nearby, places: Sequence[Place], place: Place, length: int) -> bool:
    low, high = (0, length) if group.within == WHOLE_LISTING else (place.start - group.within, place.end + group.within)
    # 专利 within 专利挂名 is context; what speaks against must stand outside.
    return stands_within(places, low, high, place if group.points < 0 else None)


def _seconds(candidate: Candidate, ranked: Sequence[Candidate]) -> list[Reason]:
    """Up to two other wordings of the same rule close by, at half their points, SECONDS_AT_MOST together.

    `ranked` are the rule's candidates, those with most points first.
    """
    reasons: dict[str, int] = {}
    taken, left = [candidate.place], SECONDS_AT_MOST
    for other in ranked:
        near = abs(other.place.start - candidate.place.start) <= SECOND_WITHIN
        apart = all(other.place.end <= place.start or place.end <= other.place.start for place in taken)
        if near and apart and left and not other.quoted and other.said not in (candidate.said, *reasons):
            taken.append(other.place)
            reasons[other.said] = min(other.words.points // 2, left)
            left -= reasons[other.said]
        if len(reasons) == 2:
            break
    return [Reason(f"另有「{said}」", points) for said, points in reasons.items()]


def _denied(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Who warns of a thing in one sentence does not offer it in the next, in the same words."""
    told = {verdict.candidate.said for verdict in verdicts if verdict.is_denied}
    return [
        replace(verdict, contra=(*verdict.contra, Reason("同样的话在文中别处被否定、转述", DENIED_POINTS)))
        if verdict.candidate.said in told and not verdict.is_denied
        else verdict
        for verdict in verdicts
    ]


def _finding(rule: Rule, verdict: Verdict, scene: Scene) -> Finding:
    listing, place = scene.listing, verdict.candidate.place
    fields = (listing.title, listing.text, listing.seller)
    begins = (0, len(listing.title) + 1, len(listing.title) + len(listing.text) + 2)
    number = bisect_right(begins, verdict.candidate.origin[0]) - 1
    field = begins[number], begins[number] + len(fields[number])
    others = [one.place for one in scene.candidates[rule.id] if not one.quoted]
    start, end = (at - begins[number] for at in quoted_span(_whole(listing), scene.view, place, others, field))
    return Finding(
        rule=rule.id,
        rule_digest=rule.digest,
        state=rule.state,
        category=rule.category,
        severity=rule.severity,
        field=FIELDS[number],
        start=start,
        end=end,
        quote=fields[number][start:end],
        points=verdict.points,
        needs=rule.needs,
        pro=tuple((reason.why, reason.points) for reason in verdict.pro),
        contra=tuple((reason.why, reason.points) for reason in verdict.contra),
        articles=rule.articles,
    )


def load_screen(registry: RegistryView | None = None, *, with_trial: bool = False, folder: Path = RULES) -> Screen:
    """A screen with the packaged rules."""
    return Screen(load_rules(folder), registry, with_trial=with_trial)
