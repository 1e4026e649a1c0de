"""Listing in, findings out: one cheap pass over everything, a close look only around candidates.

It knows no network, no database and no picture; each finding carries its reasons.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.items import Entity, Finding, Listing, RegistryView
from detectors.disguise import disguises, load_spellings
from detectors.entities import find_entities
from detectors.index import Index
from detectors.normal import RADICALS, View, canonical, probe, squeezed
from detectors.phrase import Phrase, Place, find_phrase
from detectors.rule import RULES, Nearby, Rule, Words, load_rules
from detectors.stance import Reason, Scene, Stance, load_cues, load_speakers, quotations, stands_within
from detectors.words import Borders

FIELDS = ("title", "text", "seller")
QUOTE_AT_MOST = 80
# Beyond so many candidates of one rule in one listing, more would not change the verdict.
CANDIDATES_AT_MOST = 200
SECOND_WITHIN = 80
DISGUISED_POINTS = 10
WHOLE_LISTING = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wording of a rule, standing where words begin and end."""

    place: Place
    phrase: Phrase
    words: Words
    said: str


@dataclass(frozen=True, slots=True)
class Read:
    """A listing made ready for a close look."""

    scene: Scene
    view: View
    places: dict[str, list[Place]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A candidate with everything that was weighed."""

    candidate: Candidate
    pro: tuple[Reason, ...]
    contra: tuple[Reason, ...]

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.pro + self.contra)


class Screen:
    """Judges listings by the active rules, with `with_trial` also by those on trial."""

    def __init__(
        self, rules: Sequence[Rule], registry: RegistryView | None = None, *, with_trial: bool = False
    ) -> None:
        self._rules = tuple(rule for rule in rules if with_trial or rule.state == "active")
        self._registry = registry
        self._cues = load_cues()
        self._stance = Stance(self._cues, load_speakers())
        spelled = self._spellings_of_words()
        words = {part for rule in self._rules for group in rule.words for part in _parts(group.phrases)}
        nearby = {
            part for rule in self._rules for group in rule.context + rule.contra for part in _parts(group.phrases)
        }
        cues = {part for cue in self._cues for part in _parts(cue.phrases)}
        self._first = Index(words | set(RADICALS), spelled)
        self._whole = Index(words | nearby | cues, spelled)
        self._borders = Borders(word for word in words if 2 <= len(word) <= 4)
        self._starting = _by_first_part(
            phrase for rule in self._rules for words in rule.words for phrase in words.phrases
        )

    def _spellings_of_words(self) -> dict[str, str]:
        spellings = load_spellings()
        spelled: dict[str, str] = {}
        for part in sorted(
            part for rule in self._rules for group in rule.words if group.disguised for part in _parts(group.phrases)
        ):
            for disguise in disguises(part, spellings):
                spelled.setdefault(disguise, part)
        return spelled

    def judge(self, listing: Listing) -> tuple[Finding, ...]:
        """At most one finding a rule: its strongest candidate. Empty for a lawful listing."""
        whole = "\n".join((listing.title, listing.text, listing.seller))
        if not self._deserves_a_look(whole):
            return ()
        read = self._read(listing, whole)
        verdicts = ((rule, self._best(rule, read)) for rule in self._rules)
        return tuple(
            _finding(rule, verdict, read) for rule, verdict in verdicts if verdict and verdict.points >= rule.needs
        )

    def entities(self, listing: Listing) -> tuple[Entity, ...]:
        """Phones, addresses, codes and names in the fields that judge searches."""
        return tuple(entity for field in FIELDS for entity in find_entities(getattr(listing, field), field))

    def _deserves_a_look(self, whole: str) -> bool:
        touched = self._first.touches(probe(whole))
        if not touched:
            return False
        if any(part in RADICALS for part in touched):
            return True
        return any(
            not any(slot.isdisjoint(touched) for slot in phrase.slots)
            for part in touched
            for phrase in self._starting.get(part, ())
        )

    def _read(self, listing: Listing, whole: str) -> Read:
        view = squeezed(canonical(whole))
        places = self._whole.places(view.text)
        cues = {cue.id: _gather(cue.phrases, places) for cue in self._cues}
        scene = Scene(listing=listing, text=view.text, cues=cues, quotes=quotations(whole))
        return Read(scene, view, places)

    def _best(self, rule: Rule, read: Read) -> Verdict | None:
        candidates = self._candidates(rule, read)
        near = [(group, _gather(group.phrases, read.places)) for group in rule.context + rule.contra]
        best: Verdict | None = None
        for candidate in candidates:
            verdict = self._weigh(rule, read, candidate, candidates, near)
            if verdict and (best is None or verdict.points > best.points):
                best = verdict
        return best

    def _candidates(self, rule: Rule, read: Read) -> list[Candidate]:
        text = read.view.text
        found = [
            Candidate(place, phrase, words, place.disguised or text[place.start : place.end])
            for words in rule.words
            for phrase in words.phrases
            for place in find_phrase(phrase, read.places, text, CANDIDATES_AT_MOST)
        ]
        found.sort(key=lambda candidate: (candidate.place.start, -candidate.place.end))
        return [one for one in found[:CANDIDATES_AT_MOST] if self._is_word(text, one)]

    def _is_word(self, text: str, candidate: Candidate) -> bool:
        place, plain = candidate.place, candidate.place.disguised
        if plain and len(candidate.phrase.slots) == 1:
            # What the reader is meant to read decides the borders: 钱包shou权 is 钱包授权.
            text = text[: place.start] + plain + text[place.end :]
            return self._borders.holds(text, place.start, place.start + len(plain))
        return self._borders.holds(text, place.start, place.end)

    def _weigh(
        self,
        rule: Rule,
        read: Read,
        candidate: Candidate,
        others: Sequence[Candidate],
        near: Sequence[tuple[Nearby, list[Place]]],
    ) -> Verdict | None:
        place = candidate.place
        standing = [group for group, places in near if _is_near(group, places, place, len(read.view.text))]
        required = [group for group in rule.context if group.required]
        offers = self._stance.offers(read.scene, place)
        if (required and not any(group in standing for group in required)) or (rule.sellers_only and not offers):
            return None
        pro = [Reason(f"有「{candidate.said}」", candidate.words.points)]
        if place.disguised:
            pro.append(Reason("写法经过变形", DISGUISED_POINTS))
        pro += _seconds(candidate, others)
        pro += [Reason(group.reason, group.points) for group in standing if group.points >= 0]
        contra = [Reason(group.reason, group.points) for group in standing if group.points < 0]
        contra += self._stance.against(read.scene, place, read.view.span(place.start, place.end))
        contra += [reason for reason in offers if reason.points < 0]
        return Verdict(candidate, tuple(pro + [one for one in offers if one.points > 0]), tuple(contra))


def _parts(phrases: Iterable[Phrase]) -> set[str]:
    return {part for phrase in phrases for slot in phrase.slots for part in slot}


def _by_first_part(phrases: Iterable[Phrase]) -> dict[str, list[Phrase]]:
    starting: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        for part in phrase.slots[0]:
            starting.setdefault(part, []).append(phrase)
    return starting


def _gather(phrases: Iterable[Phrase], places: dict[str, list[Place]]) -> list[Place]:
    gathered = [place for phrase in phrases for place in find_phrase(phrase, places, "", CANDIDATES_AT_MOST)]
    return sorted(gathered)


def _is_near(group: Nearby, places: Sequence[Place], place: Place, length: int) -> bool:
    if not places:
        return False
    if group.within == WHOLE_LISTING:
        return stands_within(places, 0, length, place)
    return stands_within(places, max(0, place.start - group.within), place.end + group.within, place)


def _seconds(candidate: Candidate, others: Sequence[Candidate]) -> list[Reason]:
    """Up to two other wordings of the same rule close by, at half their points."""
    reasons: dict[str, Reason] = {}
    taken = [candidate.place]
    for other in sorted(others, key=lambda one: -one.words.points):
        near = abs(other.place.start - candidate.place.start) <= SECOND_WITHIN
        apart = all(other.place.end <= place.start or place.end <= other.place.start for place in taken)
        if near and apart and other.phrase != candidate.phrase:
            taken.append(other.place)
            reasons.setdefault(other.said, Reason(f"另有「{other.said}」", other.words.points // 2))
        if len(reasons) == 2:
            break
    return list(reasons.values())


def _finding(rule: Rule, verdict: Verdict, read: Read) -> Finding:
    start, end = read.view.span(verdict.candidate.place.start, verdict.candidate.place.end)
    values = [getattr(read.scene.listing, field) for field in FIELDS]
    begins = [0, len(values[0]) + 1, len(values[0]) + len(values[1]) + 2]
    number = bisect_right(begins, start) - 1
    start, end = start - begins[number], end - begins[number]
    end = min(end, start + QUOTE_AT_MOST, len(values[number]))
    return Finding(
        rule=rule.id,
        rule_digest=rule.digest,
        state=rule.state,
        category=rule.category,
        severity=rule.severity,
        field=FIELDS[number],
        start=start,
        end=end,
        quote=values[number][start:end],
        points=verdict.points,
        needs=rule.needs,
        pro=tuple((reason.why, reason.points) for reason in verdict.pro),
        contra=tuple((reason.why, reason.points) for reason in verdict.contra),
        articles=rule.articles,
    )


def load_screen(registry: RegistryView | None = None, *, with_trial: bool = False, folder: Path = RULES) -> Screen:
    """A screen with the packaged rules."""
    return Screen(load_rules(folder), registry, with_trial=with_trial)
