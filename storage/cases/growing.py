"""What a lead is told by when listings join it: the weightiest exhibit gives its title, address, seller and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, update

from storage.cases.lead_exhibits import led_exhibits
from storage.cases.lead_shapes import LedExhibit
from storage.cases.leads import lead_on
from storage.cases.shapes import WorkedLead
from storage.tables.leads import LeadRow

LOOKED_AT = 10_000  # listings of one lead, when its weightiest is looked for anew
_TOLD = ("title", "url", "seller", "points")


def grown(lead: WorkedLead, exhibit: LedExhibit) -> WorkedLead:
    """The lead with this exhibit in it; what weighs as much as the rest gives its words, being the newer."""
    categories = tuple(dict.fromkeys((*lead.categories, *exhibit.categories)))
    if exhibit.points < lead.points:
        return replace(lead, categories=categories)
    weightier = tuple(dict.fromkeys((*exhibit.categories, *lead.categories)))
    return replace(lead, categories=weightier, **{name: getattr(exhibit, name) for name in _TOLD})


def renew(connection: Connection, lead: WorkedLead) -> None:
    """Write what this lead is told by."""
    told = {"categories": list(lead.categories), **{name: getattr(lead, name) for name in _TOLD}}
    connection.execute(update(LeadRow).where(LeadRow.id == lead.id).values(**told))


def retell(connection: Connection, lead_id: int) -> None:
    """Look anew at all that belongs to a lead: what told it may not stand any more, or others were merged into it."""
    exhibits = led_exhibits(connection, [lead_id], LOOKED_AT)
    if exhibits:
        renew(connection, _told_by(lead_on(connection, lead_id), exhibits))


def _told_by(lead: WorkedLead, exhibits: Sequence[LedExhibit]) -> WorkedLead:
    bare = replace(lead, categories=(), points=0)
    for one in sorted(exhibits, key=lambda one: (one.points, one.row)):
        bare = grown(bare, one)
    return bare
