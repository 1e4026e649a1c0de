"""A listing made ready for judging: its squeezed text, where known words stand, what is quoted.

The first look is one cheap pass that nearly every listing leaves by; only the others are set out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crawler.items import Kind, Listing
from detectors.disguise import load_distinctive
from detectors.first_look import FirstLook
from detectors.index import Index
from detectors.normal import WHOLE, View, canonical, squeezed
from detectors.openings import Opening, Openings
from detectors.phrase import Place, Wordings, find_phrase
from detectors.reach import Reach
from detectors.rule import Rule, Words
from detectors.sieve import Hit, Sieve
from detectors.words import Borders, load_ordinary

SELLING = (Kind.AD, Kind.PRODUCT, Kind.SHOP)
QUOTED = re.compile(
    r"“[^”\n]{1,60}”|「[^」\n]{1,60}」|『[^』\n]{1,60}』|‘[^’\n]{1,60}’|\"[^\"\n]{1,40}\"|《[^》\n]{1,60}》"
)
# Two words written together, no word: as one it would rob what stands beside it (让您|的名字, 6000|元).
GLUED = re.compile("[您你]|^[的可能让把被]|[0-9]元")
# Beyond so many candidates of one rule in one listing, more would not change the verdict.
CANDIDATES_AT_MOST = 200
# A word, where it starts and where it ends.
Heard = tuple[str, int, int]
# Longer words are heard by the words in them.
HEARD_AT_MOST = 6
JOINED_AT_MOST = 50  # places of one phrase of a cue; more would not make it truer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wording of a rule, standing where words begin and end; `origin` are original offsets."""

    place: Place
    words: Words
    said: str
    origin: tuple[int, int]
    quoted: bool


def sells(listing: Listing) -> bool:
    """Whether a listing itself is an advertisement or goods."""
    return listing.is_ad or listing.kind in SELLING


@dataclass(frozen=True, slots=True)
class Scene:
    """A listing set out. `groups` has the places of every cue and every group of nearby words, by label."""

    listing: Listing
    view: View
    groups: Mapping[str, Sequence[Place]]
    candidates: Mapping[str, Sequence[Candidate]]

    @property
    def text(self) -> str:
        return self.view.text

    @property
    def is_selling(self) -> bool:
        """Whether the listing itself is an advertisement or goods, so that a seller speaks."""
        return sells(self.listing)


class Stage:
    """Sets out the scenes of a set of rules, with the words of `groups` by their labels.

    `by_speaker` is what who speaks may add to a rule's sum at most.
    """

    def __init__(self, rules: Sequence[Rule], groups: Mapping[str, Wordings], by_speaker: Mapping[str, int]) -> None:
        parts = {part for rule in rules for words in rule.words for part in words.parts}
        # Longer words would outweigh their neighbours: 打包下证书路径 must stay 打包/下/证书.
        ordinary = load_ordinary()
        taught = (part for part in parts if 2 <= len(part) <= 3 and not GLUED.search(part))
        self._borders = Borders(taught, ordinary.words)
        self._openings = Openings(rules, self._borders.frequency, ordinary.everyday)
        self._labels = _labels(groups)
        self._phrases = [(label, phrase) for label, group in groups.items() for phrase in group.phrases]
        told = {part for group in groups.values() for part in group.parts}
        hidden = _hidden(rules, parts | told)
        self._first_look = FirstLook(self._openings, hidden, self._borders, Reach(rules, by_speaker))
        self._labelled = Index(self._labels)
        self._joined = Sieve([phrase for _, phrase in self._phrases], self._borders.frequency, ordinary.everyday)

    def deserves_a_look(self, whole: str) -> bool:
        """Whether some rule may find enough there; never false when one does."""
        return self._first_look.deserves(whole)

    def set_out(self, listing: Listing, whole: str) -> Scene:
        """The scene of a listing whose fields together are `whole`. Cues are only looked for around a candidate."""
        view = squeezed(canonical(whole))
        heard = self._heard(whole, view)
        candidates = self._candidates(whole, view, heard)
        if all(one.words.supports for several in candidates.values() for one in several):
            return Scene(listing, view, {}, {})
        groups = self._grouped(view.text, heard)
        return Scene(listing, view, groups, candidates)

    def _candidates(self, whole: str, view: View, heard: Sequence[Heard]) -> dict[str, list[Candidate]]:
        quotes = [match.span() for match in QUOTED.finditer(whole)]
        parted = partings(whole, view)
        candidates: dict[str, list[Candidate]] = {}
        for opening, found in self._found(view, heard):
            candidate = _candidate(opening, found, view, quotes)
            if self._is_word(view, parted, candidate, len(opening.phrase.slots)):
                candidates.setdefault(opening.rule, []).append(candidate)
        for several in candidates.values():
            several.sort(key=lambda one: (one.place.start, -one.place.end))
        return candidates

    def _heard(self, whole: str, view: View) -> list[Heard]:
        """Where words stand in disguise."""

        def lost_before(place: int) -> str:
            return whole[view.ends[place - 1] : view.starts[place]] if 0 < place < len(view.text) else ""

        spelled = self._first_look.latin.places(view.text)
        return list(_nearest(view.text, self._first_look.sound.places(view.text, lost_before) + spelled))

    def _found(self, view: View, heard: Sequence[Heard]) -> Iterable[tuple[Opening, Place]]:
        index = self._openings.index
        plain = index.whole(view.text)
        known = [(index.number_of[word], start, end) for word, start, end in heard if word in index.number_of]
        standing = self._openings.standing(plain + known)
        places = _places(plain, index.wordings, heard) if standing else {}
        counts: dict[str, int] = {}
        for opening in standing:
            left = CANDIDATES_AT_MOST - counts.get(opening.rule, 0)
            for place in find_phrase(opening.phrase, places, view.text, left) if left > 0 else ():
                counts[opening.rule] = counts.get(opening.rule, 0) + 1
                yield opening, place

    def _grouped(self, text: str, heard: Sequence[Heard]) -> dict[str, list[Place]]:
        groups: dict[str, list[Place]] = {}
        words = self._labelled
        plain = [hit for hit in words.whole(text) if not _asks_whether(text, hit[1])]
        for part, found in _places(plain, words.wordings, heard).items():
            for label in self._labels.get(part, ()):
                groups.setdefault(label, []).extend(found)
        hits, index = self._joined.index.whole(text), self._joined.index
        standing = self._joined.standing(hits)
        places = _places(hits, index.wordings, ()) if standing else {}
        for number in standing:
            label, phrase = self._phrases[number]
            if joined := find_phrase(phrase, places, text, JOINED_AT_MOST):
                groups.setdefault(label, []).extend(joined)
        for several in groups.values():
            several.sort()
        return groups

    def _is_word(self, view: View, parted: Sequence[int], candidate: Candidate, slots: int) -> bool:
        place, plain, text = candidate.place, candidate.place.disguised, view.text
        gaps = parted[bisect_right(parted, place.start) : bisect_left(parted, place.end)]
        # Written together, with a gap around it, it is a word of its own: 内部名额 有限.
        starts_apart, ends_apart = (not gaps and _holds(parted, edge) for edge in (place.start, place.end))
        if starts_apart and ends_apart:
            return True
        start, end = place.start, place.end
        if plain and slots == 1:
            # What the reader is meant to read decides the borders: 钱包shou权 is 钱包授权.
            text = text[max(0, start - 64) : start] + plain + text[end : end + 64]
            start = min(start, 64)
            end = start + len(plain)
        begins, ends = self._borders.at_borders(text, start, end)
        if gaps:
            # The writer's own gaps count too: in 书包 过审 the first word is 书包.
            since = parted[bisect_right(parted, place.start) - 1]
            own, lead = view.text[since : gaps[0]], place.start - since
            return begins and ends and (not lead or self._borders.at_borders(own, lead, len(own))[0])
        return (begins or starts_apart) and (ends or ends_apart)


def _places(hits: Iterable[Hit], wordings: Sequence[str], heard: Iterable[Heard]) -> dict[str, list[Place]]:
    """Where words stand, plainly or in disguise, in order of their starts."""
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for number, start, end in hits:
        places[wordings[number]].append(Place(start, end))
    for word, start, end in heard:
        places[word].append(Place(start, end, word))
        places[word].sort()
    return dict(places)


def _asks_whether(text: str, start: int) -> bool:
    """Whether 不 stands between the two halves of a question: 靠不靠谱 is not 不靠谱."""
    return text[start] == "不" and start > 0 and text[start - 1] == text[start + 1 : start + 2]


def _nearest(text: str, heard: Sequence[Heard]) -> Iterable[Heard]:
    """What is heard in one place is the word that shares most characters with it: 包shou权 is not 保授权."""
    shared = {hit: len(set(hit[0]).intersection(text[hit[1] : hit[2]])) for hit in heard}
    most: dict[tuple[int, int], int] = {}
    for (_, *span), count in shared.items():
        most[span[0], span[1]] = max(count, most.get((span[0], span[1]), 0))
    return [hit for hit, count in shared.items() if count == most[hit[1], hit[2]]]


def partings(whole: str, view: View) -> list[int]:
    """The places of the view before which something visible was squeezed out, with both ends of the text."""
    pairs = zip(view.ends, view.starts[1:], strict=False)
    inner = [place for place, (end, start) in enumerate(pairs, 1) if end < start and whole[end:start].translate(WHOLE)]
    return [0, *inner, len(view.text)]


def _holds(places: Sequence[int], place: int) -> bool:
    index = bisect_left(places, place)
    return index < len(places) and places[index] == place


def _candidate(opening: Opening, place: Place, view: View, quotes: Sequence[tuple[int, int]]) -> Candidate:
    start, end = view.span(place.start, place.end)
    # 注册“不成功全额退” is quoted where it matters.
    quoted = any(2 * (min(end, high) - max(start, low)) > end - start for low, high in quotes)
    said = place.disguised or view.text[place.start : place.end]
    return Candidate(place, opening.words, said, (start, end), quoted)


def _labels(groups: Mapping[str, Wordings]) -> dict[str, list[str]]:
    labels: dict[str, list[str]] = {}
    for label, group in groups.items():
        for word in group.words:
            labels.setdefault(word, []).append(label)
    return labels


def _hidden(rules: Sequence[Rule], known: Iterable[str]) -> set[str]:
    """The words that are understood in disguise: those of the groups that want it, and distinctive ones anywhere."""
    wanted = {part for rule in rules for words in rule.words if words.disguised for part in words.parts}
    return {part for part in wanted if len(part) <= HEARD_AT_MOST} | (load_distinctive() & set(known))
