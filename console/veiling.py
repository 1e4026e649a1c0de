"""Leads and exhibits as whoever looks may see them: without the right to contacts each is a row of marks, in its place.

Before there are users everything is told; once there are, contacts are for whoever proves that he may see them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from casework.acting import Grant
from casework.masking import CONTACTS, masked_in_place, masked_quote_in_place
from console.acting import acting
from crawler.config import Config
from crawler.items import Entity, Finding, Listing
from storage.exhibits import ExhibitStore
from storage.people import People
from storage.shapes import ExhibitDetail, Lead

# Our own numbers, digests and moments are no contacts, though their digits may look like one.
_NUMBERS = frozenset(
    ("id", "exhibit", "listing", "capture", "picture", "file", "image", "visit", "round", "run", "tool")
)
_DIGESTS = frozenset(("sha256", "digest", "rule", "rule_digest", "rules_digest", "ip_address", "clock_source"))
_OURS = _NUMBERS | _DIGESTS
_DIGEST = re.compile(
    r"((?=[0-9]*[a-f])[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ][\d:.+]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Veil:
    """What somebody may see: all of it (`is_open`), and whether it is said that something is hidden (`is_told`)."""

    is_open: bool
    is_told: bool
    known: tuple[str, ...] = ()

    def knowing(self, entities: Iterable[Entity]) -> Veil:
        """The same, with the contacts that were found in what is looked at."""
        return replace(self, known=tuple(one.value for one in entities if one.kind in CONTACTS))

    def text(self, text: str) -> str:
        return text if self.is_open else masked_in_place(text, self.known)

    def words(self, text: str) -> str:
        """The same of a line of ours, in which digests and moments may stand."""
        pieces = _DIGEST.split(text)
        return "".join(one if at % 2 else self.text(one) for at, one in enumerate(pieces))

    def lead(self, lead: Lead) -> Lead:
        if self.is_open:
            return lead
        findings = self._findings(lead.findings, {"title": lead.title})
        images = tuple(replace(one, url=self.text(one.url)) for one in lead.images)
        spoken: dict[str, Any] = {name: self.text(getattr(lead, name)) for name in ("title", "seller", "url")}
        return replace(lead, findings=findings, images=images, **spoken)

    def detail(self, detail: ExhibitDetail) -> ExhibitDetail:
        if self.is_open:
            return detail
        exhibit = detail.exhibit
        listing = self.listing(exhibit.listing)
        fields = {"title": exhibit.listing.title, "text": exhibit.listing.text, "seller": exhibit.listing.seller}
        hidden = replace(exhibit, listing=listing, findings=self._findings(exhibit.findings, fields))
        again = tuple(replace(one, replaced=self._findings(one.replaced, fields)) for one in detail.rejudgements)
        images = tuple(replace(one, url=self.text(one.url)) for one in detail.images)
        run, page = replace(detail.run, query=self.text(detail.run.query)), self.text(detail.page_url)
        return replace(detail, exhibit=hidden, rejudgements=again, images=images, run=run, page_url=page)

    def told(self, told: dict[str, Any]) -> dict[str, Any]:
        """JSON as he may see it; before there are users as it is."""
        if not self.is_told:
            return told
        return {**(told if self.is_open else self._tree(told, "")), "masked": not self.is_open}

    def _tree(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: self._tree(one, key) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._tree(one, name) for one in value]
        return self.words(value) if isinstance(value, str) and name not in _OURS else value

    def listing(self, listing: Listing) -> Listing:
        names = ("title", "text", "seller", "seller_id", "item_id", "url", "display_url", "price")
        spoken: dict[str, Any] = {name: self.text(getattr(listing, name)) for name in names}
        return replace(listing, **spoken)

    def _findings(self, findings: Sequence[Finding], fields: dict[str, str]) -> tuple[Finding, ...]:
        return tuple(replace(one, quote=self._quote(one, fields.get(one.field, ""))) for one in findings)

    def _quote(self, finding: Finding, text: str) -> str:
        """What of the hidden text stands at its place; by itself a quote may begin or end within a number."""
        if text[finding.start : finding.end] == finding.quote:
            return self.text(text)[finding.start : finding.end]
        return masked_quote_in_place(finding.quote, self.known)


class SeenLeads:
    """Leads as whoever looks may see them; what an exhibit shows of contacts is asked for only where it is hidden."""

    def __init__(self, store: ExhibitStore, looks: Veil) -> None:
        self._store, self._veil = store, looks

    def lead(self, lead: Lead) -> Lead:
        return self._of(lead).lead(lead)

    def told(self, lead: Lead, told: dict[str, Any]) -> dict[str, Any]:
        return self._of(lead).told(told)

    def _of(self, lead: Lead) -> Veil:
        if self._veil.is_open:
            return self._veil
        return self._veil.knowing(self._store.exhibit(lead.exhibit).exhibit.entities)


def veil(config: Config, engine: Engine, by: str) -> Veil:
    """What whoever looks may see. Who shows no credential sees no contact; `UserMistake` for one that is not his."""
    if not People(engine).everybody():
        return Veil(is_open=True, is_told=False)
    if not config.secrets.token and not by.strip():
        return Veil(is_open=False, is_told=True)
    return Veil(is_open=acting(config, engine, *Grant, by=by).may(Grant.CONTACTS), is_told=True)
