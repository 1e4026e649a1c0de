"""Is this clause an offer, or a warning, a report, a statute, a quotation, a question?

Whole-document evidence counts too: who speaks, and whether anybody is invited. Answers are points
with reasons; nothing is decided here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from detectors.phrase import Place, Wordings, read_wordings
from detectors.reach import OFFER_AT_MOST
from detectors.scene import Candidate, Scene
from detectors.strict import Table, read_table

LEXICON = Path(__file__).parent / "lexicon"
SCOPES = ("touching", "before", "after", "follows", "clause", "sentence", "listing")
CLOSE = ("touching", "before", "after", "follows")
CLAUSE_ENDS = frozenset("。！？；，：\n")
SENTENCE_ENDS = frozenset("。！？\n")
SENTENCE_STOPS = frozenset("。\n")
BEFORE, OVERLAP, AFTER, FOLLOWS, SENTENCE = 12, 3, 14, 24, 120
TOUCHING_AT_MOST = 40
SELLER_POINTS, QUOTED_POINTS = 20, -40
OFFICIAL_POINTS, PRESS_POINTS, NAMED_POINTS = -100, -40, -40
PRICED = "priced"  # the cue that a printed price stands for


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words for the reader, and how much."""

    why: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Words that tell the stance of a text when they stand in `scope` of a candidate.

    `silences`: whoever speaks so tells of others, so nothing in the listing counts as an offer of his own.
    `outweighs`: he calls readers to himself to be served, so he offers whatever else he tells.
    """

    id: str
    reason: str
    scope: str
    points: int
    silences: bool
    outweighs: bool
    wordings: Wordings

    @property
    def label(self) -> str:
        return f"cue/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speakers:
    """Hosts of the state and of the press, and how the names of their accounts end."""

    official: tuple[str, ...]
    press: tuple[str, ...]
    official_names: tuple[str, ...]
    press_names: tuple[str, ...]


def load_cues(path: Path = LEXICON / "stance.toml") -> tuple[Cue, ...]:
    """The cues in the file's order; RuleInvalid names file and place."""
    table = read_table(path)
    cues = tuple(_read_cue(entry) for entry in table.tables("cue"))
    table.finish()
    return cues


def _read_cue(entry: Table) -> Cue:
    cue = Cue(
        id=entry.text("id"),
        reason=entry.text("reason"),
        scope=entry.one_of("scope", SCOPES),
        points=entry.whole("points"),
        silences=entry.flag("silences") if entry.has("silences") else False,
        outweighs=entry.flag("outweighs") if entry.has("outweighs") else False,
        wordings=read_wordings(entry, {}),
    )
    entry.finish()
    return cue


def load_speakers(path: Path = LEXICON / "speakers.toml") -> Speakers:
    """The lists of hosts; RuleInvalid names file and place."""
    table = read_table(path)
    speakers = Speakers(
        official=table.texts("official"),
        press=table.texts("press"),
        official_names=table.texts("official_names"),
        press_names=table.texts("press_names"),
    )
    table.finish()
    return speakers


def edges(text: str, place: Place, ends: frozenset[str], reach: int) -> tuple[int, int]:
    """The run around a place up to the next of `ends`, at most `reach` characters either way."""
    floor, ceiling = max(0, place.start - reach), min(len(text), place.end + reach)
    low = max(floor, *(text.rfind(mark, floor, place.start) + 1 for mark in ends))
    following = (text.find(mark, place.end, ceiling) for mark in ends)
    return low, min((high for high in following if high >= 0), default=ceiling)


def stands_within(places: Sequence[Place], low: int, high: int, but: Place | None) -> bool:
    """Whether one of the places lies in [low, high) and is no part of `but`."""
    for index in range(bisect_left(places, Place(low, 0)), len(places)):
        place = places[index]
        if place.start >= high:
            return False
        if place.end <= high and not (but and but.holds(place)):
            return True
    return False


def _ends_at(places: Sequence[Place], end: int) -> bool:
    """Whether one of the places, no longer than TOUCHING_AT_MOST, ends there."""
    low, high = bisect_left(places, Place(end - TOUCHING_AT_MOST, 0)), bisect_left(places, Place(end, 0))
    return any(places[index].end == end for index in range(low, high))


class _Windows:
    """Where cues must stand to apply to one place, each worked out once."""

    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._place = place
        self._known: dict[str, tuple[int, int]] = {}

    def show(self, places: Sequence[Place], scope: str) -> bool:
        """Whether one of a cue's places stands in its scope."""
        if scope == "touching":
            return _ends_at(places, self._place.start)
        if scope not in self._known:
            self._known[scope] = self._window(scope)
        return stands_within(places, *self._known[scope], self._place)

    def _window(self, scope: str) -> tuple[int, int]:
        text, place = self._text, self._place
        if scope == "listing":
            return 0, len(text)
        if scope == "sentence":
            return edges(text, place, SENTENCE_ENDS, SENTENCE)
        low, high = edges(text, place, CLAUSE_ENDS, SENTENCE)
        if scope == "before":
            # A few characters over the border: 不承诺 in front of 承诺授权.
            return max(low, place.start - BEFORE), place.start + OVERLAP
        if scope == "after":
            return place.end, min(high, place.end + AFTER)
        if scope == "follows":
            # What is said next of it, also behind a question or a comma: 不授权不收费？这种承诺要小心.
            return place.end, edges(text, place, SENTENCE_STOPS, FOLLOWS)[1]
        return low, high


class Stance:
    """Weighs a candidate by the cues around it and by who speaks."""

    def __init__(self, cues: Sequence[Cue], speakers: Speakers) -> None:
        self._cues = {cue.label: cue for cue in cues}
        self._speakers = speakers

    def heard(self, scene: Scene, place: Place) -> list[Cue]:
        """The cues that apply to what stands at this place, in the file's order."""
        groups, windows = scene.groups, _Windows(scene.text, place)
        return [
            cue
            for label, cue in self._cues.items()
            if (label in groups and windows.show(groups[label], cue.scope))
            or (cue.id == PRICED and scene.listing.price)
        ]

    def against(self, scene: Scene, candidate: Candidate, heard: Sequence[Cue]) -> list[Reason]:
        """Reasons why the candidate, around which these cues are heard, is no offer."""
        halved = 2 if scene.is_selling else 1
        # An article that ends in an offer of its own is no report either.
        told = 2 if any(cue.outweighs for cue in heard) else 1
        reasons = [
            # A paid advertisement or goods is nobody's report: there, distant cues count half.
            Reason(cue.reason, cue.points if cue.scope in CLOSE else cue.points // max(halved, told * cue.silences))
            for cue in heard
            if cue.points < 0
        ]
        if candidate.quoted:
            reasons.append(Reason("在引号或书名号里", QUOTED_POINTS // halved))
        return reasons + self._by_speaker(scene)

    def offers(self, scene: Scene, heard: Sequence[Cue]) -> list[Reason]:
        """Reasons why somebody sells where these cues are heard, together at most OFFER_AT_MOST points."""
        reasons = [Reason("这是广告或商品，说话的是卖家", SELLER_POINTS)] if scene.is_selling else []
        if any(cue.outweighs for cue in heard) or not any(cue.silences for cue in heard):
            reasons += [Reason(cue.reason, cue.points) for cue in heard if cue.points > 0]
        over = sum(reason.points for reason in reasons) - OFFER_AT_MOST
        return [*reasons, Reason("卖家的话合计封顶", -over)] if over > 0 else reasons

    def _by_speaker(self, scene: Scene) -> list[Reason]:
        if self.is_official(scene.listing.url):
            return [Reason("国家机关或其事业单位自己的网站", OFFICIAL_POINTS)]
        if _is_under(scene.listing.url, self._speakers.press):
            return [Reason("新闻媒体的网站", PRESS_POINTS)]
        # Whoever sells may call a shop what he likes.
        if scene.is_selling or not scene.listing.seller:
            return []
        if scene.listing.seller.endswith(self._speakers.official_names):
            return [Reason("发布者名称像机关、学校或协会", NAMED_POINTS)]
        if scene.listing.seller.endswith(self._speakers.press_names):
            return [Reason("发布者名称像新闻媒体", NAMED_POINTS)]
        return []

    def is_official(self, url: str) -> bool:
        """Whether the page belongs to the state."""
        return _is_under(url, self._speakers.official)


def is_below(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of these, or stands below one."""
    return any(host == known or host.endswith(f".{known}") for known in hosts)


@lru_cache(maxsize=4096)
def _is_under(url: str, hosts: tuple[str, ...]) -> bool:
    try:
        return is_below(urlsplit(url).hostname or "", hosts)
    except ValueError:
        return False
