"""Who says that he is an office, or an office's own: the claim weighed against host, name and site owner.

Reasons for, never alone: a listing without a claim is not asked. What speaks against (genuine hosts, names of
accounts) is in `stance.py`; whether a firm is listed, in `registered.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from crawler.agencies import Agency, RegistryView
from crawler.items import Entity, Listing
from detectors.normal import canonical, squeezed
from detectors.scene import sells
from detectors.stance import LEXICON, Reason, Speakers, is_below
from detectors.strict import read_table

HOST_POINTS, SHOWN_POINTS, NAME_POINTS, OWNER_POINTS = 25, 25, 15, 10
# Whoever says nothing that sounds official is none for his host's sake.
SPEAKER_AT_MOST = 30
PIECES = re.compile(r"[.\-_]+")
# Digits that stand for letters in cn1pa and g0v.
LETTERS = str.maketrans("0135", "oies")
ICP_NUMBER = re.compile(r"\d{6,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Pieces of hosts and of names that make somebody look like an office."""

    tokens: frozenset[str]
    inside: tuple[str, ...]
    names: tuple[str, ...]
    endings: tuple[str, ...]


def load_looks(path: Path = LEXICON / "looks.toml") -> Looks:
    """The packaged list; RuleInvalid names file and place."""
    table = read_table(path)
    looks = Looks(
        tokens=frozenset(table.texts("tokens")),
        inside=table.texts("inside"),
        names=table.texts("names"),
        endings=table.texts("endings"),
    )
    table.finish()
    return looks


@dataclass(frozen=True, slots=True)
class Speaker:
    """Weighs who speaks, by the genuine hosts and by what only looks like one."""

    speakers: Speakers
    looks: Looks

    def speaks(
        self, listing: Listing, entities: Iterable[Entity] = (), registry: RegistryView | None = None
    ) -> list[Reason]:
        """Reasons why a claim to be official is not this speaker's to make, together at most SPEAKER_AT_MOST points.

        Nothing on a genuine host. `entities` are those of the listing, for the owner of its site.
        """
        host = host_of(listing.url)
        if self.is_genuine(host):
            return []
        reasons = [
            *self._by_host(listing, host),
            *self._by_name(listing),
            *_by_owner(listing, host, entities, registry),
        ]
        over = sum(reason.points for reason in reasons) - SPEAKER_AT_MOST
        return [*reasons, Reason("说话者的疑点合计封顶", -over)] if over > 0 else reasons

    def is_genuine(self, host: str) -> bool:
        """Whether a host is the state's or its institute's own, or stands below one."""
        return is_below(host, self.speakers.official)

    def looks_official(self, host: str) -> bool:
        """Whether a host that is nobody's of the state looks as if it were: cnipa-gov.example, sbj-gov.cn.example."""
        if self.is_genuine(host):
            return False
        pieces = [piece.translate(LETTERS) for piece in PIECES.split(host) if piece]
        return any(piece in self.looks.tokens or any(look in piece for look in self.looks.inside) for piece in pieces)

    def _by_host(self, listing: Listing, host: str) -> list[Reason]:
        # A platform's redirect tells nothing of the advertiser's host; what the platform shows of it does.
        shown = host_of(listing.display_url)
        own = shown if listing.is_redirect else host
        if self.looks_official(own):
            return [Reason(f"域名像机关：{own}", HOST_POINTS)]
        if shown and not listing.is_redirect and self.is_genuine(shown):
            return [Reason(f"显示的网址是机关的（{shown}），实际是{host}", SHOWN_POINTS)]
        return []

    def _by_name(self, listing: Listing) -> list[Reason]:
        """A seller, not a reporter, under an office's name. A brand's 官方旗舰店 has none in it."""
        if not sells(listing):
            return []
        name = squeezed(canonical(listing.seller)).text
        if any(one in name for one in self.looks.names) or name.endswith(self.looks.endings):
            return [Reason(f"卖家的名称像机关：{listing.seller}", NAME_POINTS)]
        return []


def host_of(url: str) -> str:
    """The host of an address, also of one printed without its scheme; empty when there is none."""
    text = url.strip().lower()
    try:
        return (urlsplit(text if "//" in text else f"//{text}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _by_owner(listing: Listing, host: str, entities: Iterable[Entity], registry: RegistryView | None) -> list[Reason]:
    """A site that the registry knows as an agency's own is no office's."""
    if registry is None:
        return []
    told = tuple(entities)
    names = dict.fromkeys((listing.seller, *(one.value for one in told if one.kind == "company")))
    numbers = {_number(one.value) for one in told if one.kind == "icp"}
    for name in filter(None, names):
        agency = registry.find(name)
        if agency is not None and _owns(agency, host, numbers):
            return [Reason(f"网站的主办者是代理机构{agency.name}，不是机关", OWNER_POINTS)]
    return []


def _owns(agency: Agency, host: str, numbers: set[str]) -> bool:
    website = host_of(agency.website).removeprefix("www.")
    return bool(website and (host == website or host.endswith(f".{website}"))) or bool(
        agency.icp and _number(agency.icp) in numbers
    )


def _number(icp: str) -> str:
    match = ICP_NUMBER.search(icp)
    return match[0] if match else ""
