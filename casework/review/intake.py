"""Flagged listings become leads, one for each actor and platform; what is seen again grows or reopens what is there.

Only findings of active rules that stand make a lead. What a person dismissed stays dismissed while it stays the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from casework.review.settled import Decided, decided_on
from storage.audit import unsigned
from storage.cases.actors import place_on
from storage.cases.growing import grown, renew, retell
from storage.cases.lead_exhibits import fresh_listings, lead_listings
from storage.cases.lead_shapes import FreshListing, Moved
from storage.cases.leads import lead_on, leads_of_actors, leads_on, register
from storage.cases.moves import State, Step
from storage.cases.moving import move_on
from storage.cases.shapes import NewLead, WorkedLead
from storage.db import writing
from storage.people import OURSELVES

BATCH = 500
SOURCE = "monitoring"
SEEN_AGAIN = "结束之后再次看见"
_ENDED = (State.GONE, State.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of it: new leads, listings that joined one that was there, leads that were opened again."""

    new: int = 0
    grown: int = 0
    relapsed: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(new=self.new + other.new, grown=self.grown + other.grown, relapsed=self.relapsed + other.relapsed)


def take_in(engine: Engine, now: datetime) -> Taken:
    """Take in all that the leads do not know of yet, a few hundred listings a transaction; again it changes nothing."""
    taken = Taken()
    while _is_waiting(engine):
        with writing(engine).begin() as connection:
            # Another process may have taken them meanwhile.
            taken += _take(connection, fresh_listings(connection, BATCH), now)
    return taken


def _is_waiting(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(fresh_listings(connection, 1))


def _take(connection: Connection, fresh: Sequence[FreshListing], now: datetime) -> Taken:
    silent = [one for one in fresh if not one.newest.categories]
    lead_listings(connection, [(one.newest.listing, one.lead_id, one.newest.row) for one in silent])
    speaking = [one for one in fresh if one.newest.categories]
    actors = place_on(connection, [one.newest.listing for one in speaking], now)
    intake = _Intake(connection=connection, now=now, actors=actors)
    intake.know(speaking)
    for one in speaking:
        intake.take(one)
    return intake.written()


@dataclass(slots=True, kw_only=True)
class _Intake:
    """One batch, in the transaction that writes it."""

    connection: Connection
    now: datetime
    actors: Mapping[str, int]
    leads: dict[int, WorkedLead] = field(default_factory=dict)
    by_actor: defaultdict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    placed: list[tuple[str, int | None, int]] = field(default_factory=list)
    told_anew: set[int] = field(default_factory=set)
    taken: Taken = field(default_factory=Taken)
    decided: dict[int, Decided | None] = field(default_factory=dict)

    def know(self, fresh: Iterable[FreshListing]) -> None:
        """Read the leads that these listings may belong to."""
        own = leads_on(self.connection, [one.lead_id for one in fresh if one.lead_id])
        self.leads = {lead.id: lead for lead in own}
        for actor, leads in leads_of_actors(self.connection, self.actors.values()).items():
            self.leads |= {lead.id: lead for lead in leads}
            for lead in leads:
                self.by_actor[actor, lead.platform].append(lead.id)

    def take(self, one: FreshListing) -> None:
        """Find the lead of one listing, or make it."""
        lead = self._own(one) or self._of_actor(one) or self._registered(one)
        self.placed.append((one.newest.listing, lead.id, one.newest.row))
        self.told_anew |= {lead.id} if one.known_upto and lead.url == one.newest.url else set()
        self.leads[lead.id] = grown(self.leads[lead.id], one.newest)

    def written(self) -> Taken:
        """Write what became of it."""
        lead_listings(self.connection, self.placed)
        touched = {lead for _, lead, _ in self.placed if lead}
        for lead in sorted(touched - self.told_anew):
            renew(self.connection, self.leads[lead])
        for lead in sorted(self.told_anew):
            retell(self.connection, lead)
        return self.taken

    # -- which lead ----------------------------------------------------------------------------

    def _own(self, one: FreshListing) -> WorkedLead | None:
        """The lead it belongs to already, unless that was dismissed and this is something else."""
        if one.lead_id is None:
            return None
        lead = self._followed(one.lead_id)
        if self._is_dismissed(lead):
            return self._joined(lead) if self._is_settled(lead, one) else None
        return self._again(lead, one)

    def _of_actor(self, one: FreshListing) -> WorkedLead | None:
        """The actor's lead on this platform: one that is worked on, else one that ended over a like offer."""
        actor = self.actors.get(one.newest.listing)
        if actor is None:
            return None
        leads = [self.leads[lead] for lead in self.by_actor[actor, one.platform]]
        for lead in leads:
            if lead.state not in (*_ENDED, State.DISMISSED):
                return self._joined(lead)
        return next((found for lead in leads if (found := self._ended_like(lead, one))), None)

    def _ended_like(self, lead: WorkedLead, one: FreshListing) -> WorkedLead | None:
        if self._is_dismissed(lead):
            return self._joined(lead) if self._is_settled(lead, one) else None
        decided = self._decided(lead)
        return self._again(lead, one) if decided and decided.has_like(one.newest) else None

    def _again(self, lead: WorkedLead, one: FreshListing) -> WorkedLead:
        """It joins; a lead that had ended is open again if this was seen after its end."""
        if lead.state not in _ENDED or one.newest.seen_at <= lead.state_at:
            return self._joined(lead)
        told = {"exhibits": [one.newest.exhibit]}
        moved = Moved(by=OURSELVES, at=self.now, reason=SEEN_AGAIN, detail=told)
        move_on(self.connection, lead.id, Step.RELAPSE, moved, unsigned)
        self.taken += Taken(relapsed=1)
        self.leads[lead.id] = lead_on(self.connection, lead.id)
        return self.leads[lead.id]

    def _joined(self, lead: WorkedLead) -> WorkedLead:
        self.taken += Taken(grown=1)
        return lead

    def _registered(self, one: FreshListing) -> WorkedLead:
        newest = one.newest
        new = NewLead(
            source=SOURCE,
            platform=one.platform,
            title=newest.title,
            seller=newest.seller,
            url=newest.url,
            categories=newest.categories,
            points=newest.points,
            found_at=newest.seen_at,
            registered_at=self.now,
            actor_id=self.actors.get(newest.listing),
        )
        lead = register(self.connection, new, unsigned)
        self.leads[lead.id] = lead
        if lead.actor_id is not None:
            self.by_actor[lead.actor_id, lead.platform].insert(0, lead.id)
        self.taken += Taken(new=1)
        return lead

    # -- what was decided ----------------------------------------------------------------------

    def _followed(self, lead_id: int) -> WorkedLead:
        """The lead, or the one that it was merged into in the end."""
        while True:
            lead = self.leads.get(lead_id) or lead_on(self.connection, lead_id)
            self.leads[lead.id] = lead
            if lead.merged_into is None:
                return lead
            lead_id = lead.merged_into

    def _is_dismissed(self, lead: WorkedLead) -> bool:
        """Also one that was closed after that."""
        if lead.state == State.CLOSED:
            decided = self._decided(lead)
            return decided is not None and decided.is_dismissed
        return lead.state == State.DISMISSED

    def _is_settled(self, lead: WorkedLead, one: FreshListing) -> bool:
        decided = self._decided(lead)
        return decided is not None and decided.covers(one.newest)

    def _decided(self, lead: WorkedLead) -> Decided | None:
        if lead.id not in self.decided:
            self.decided[lead.id] = decided_on(self.connection, lead)
        return self.decided[lead.id]
