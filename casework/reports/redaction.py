"""What leaves the office of a case: no contacts, no natural persons' names, and companies' only where they may stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from casework.masking import masked_quote
from casework.reports.short_names import ShortNames, short_names
from detectors.entities import find_entities
from storage.cases.ledger_rows import LedgerRow

SOMEBODY, SOME_AGENCY, SOME_FIRM, SOME_PLATFORM = "某某", "某某知识产权代理公司", "某某公司", "某平台"
SHORTEST = 2  # characters of a name that is looked for
NO_SHORTS = ShortNames(known=(), firm=SOME_FIRM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Names and what stands in their place, the longest first."""

    names: tuple[tuple[str, str], ...]
    hides_firms: bool
    shorts: ShortNames = NO_SHORTS

    def of(self, text: str) -> str:
        """The text with every known name replaced and every contact hidden."""
        hidden = masked_quote(text)
        for name, instead in self.names:
            hidden = hidden.replace(name, instead)
        return _without_firms(self.shorts.hidden(hidden)) if self.hides_firms else hidden


def redaction_of(rows: Iterable[LedgerRow], *, anonymous: bool) -> Redaction:
    """By what the rows know: people of the office, sellers, actors, agencies and those who were written to.

    A seller whom the registry does not know may be a natural person: his name goes in any case.
    """
    names, officers = dict[str, str](), set[str]()
    for row in rows:
        lead, actor = row.lead, row.actor
        agency = actor.agency if actor else ""
        people = (lead.assignee, lead.decided_by, lead.approved_by, *(move.by for move in row.moves))
        names |= dict.fromkeys(people, SOMEBODY)
        officers.update(people)
        for name in (lead.seller, actor.name if actor else "", *(one.seller for one in row.exhibits)):
            names |= {name: SOME_AGENCY if agency else SOMEBODY} if name != agency or anonymous else {}
        if anonymous:
            names |= {agency: SOME_AGENCY} | {one.addressee: SOME_PLATFORM for one in row.letters}
    kept = [(name, instead) for name, instead in names.items() if len(name.strip()) >= SHORTEST]
    shorts = short_names([one for one in kept if one[0] not in officers], SOME_FIRM) if anonymous else NO_SHORTS
    ordered = tuple(sorted(kept, key=lambda one: (-len(one[0]), one[0])))
    return Redaction(names=ordered, hides_firms=anonymous, shorts=shorts)


def _without_firms(text: str) -> str:
    """Names of firms that nobody had written down, as far as the text itself tells them."""
    for one in sorted(find_entities(text, ""), key=lambda one: -one.start):
        if one.kind == "company":
            text = text[: one.start] + SOME_FIRM + text[one.end :]
    return text
