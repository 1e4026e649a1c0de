"""Who asks the archive, and what he may see of it: contacts with that right, what people work on as far as his
districts go. Without a credential the pages are there, masked, and the casework about them is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from console.acting import acting
from console.archive.columns import Masks
from console.archive.query import Chosen, parts
from console.veiling import Veil
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.actors import Actors
from storage.people import People
from storage.searching.resting import Matter, matters_of
from storage.searching.shapes import Facet, Hit

WORKED = (Facet.STATE, Facet.ACTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who asks. `knows_work` is whether leads are anything to him, `districts` whose (none for all)."""

    veil: Veil
    knows_work: bool
    districts: tuple[str, ...] = ()

    @classmethod
    def of_ourselves(cls) -> Reader:
        """For what nobody is shown, and before there are users."""
        return cls(veil=Veil(is_open=True, is_told=False), knows_work=True)

    @property
    def counts_work(self) -> bool:
        """Whether he may count and choose by casework: of one district, the rest is not there to be counted."""
        return self.knows_work and not self.districts

    @property
    def facets(self) -> tuple[Facet, ...]:
        """By what he may count."""
        return tuple(one for one in Facet if self.counts_work or one not in WORKED)

    def chosen(self, engine: Engine, chosen: Chosen) -> Chosen:
        """What he chose, with the actors looked up; `UserMistake` for what he may not choose by."""
        if (chosen.actors or chosen.states) and not self.counts_work:
            raise UserMistake("--actor、--state 是办案内容：要用本人的凭据（LANTIAN_TOKEN 或 --by），且不限于某些区县")
        actors = Actors(engine)
        return replace(chosen, actor_ids=frozenset(actors.named(one).id for one in parts(chosen.actors)))


def reader(config: Config, engine: Engine, by: str) -> Reader:
    """Whoever asks; `UserMistake` for a credential that is not his."""
    if not People(engine).everybody():
        return Reader.of_ourselves()
    if not config.secrets.token and not by.strip():
        return Reader(veil=Veil(is_open=False, is_told=True), knows_work=False)
    return reader_of(acting(config, engine, *Grant, by=by))


def reader_of(acts: Acting) -> Reader:
    """Somebody who has proved himself."""
    veil = Veil(is_open=acts.may(Grant.CONTACTS), is_told=True)
    return Reader(veil=veil, knows_work=True, districts=acts.districts)


class Shown:
    """Hits as whoever asks may see them."""

    def __init__(self, engine: Engine, who: Reader) -> None:
        self._engine, self._who = engine, who
        self._masks = Masks(who.veil)

    def hits(self, hits: Sequence[Hit]) -> list[Hit]:
        """The same hits, contacts and casework hidden where that is due; every text keeps its length."""
        numbers = sorted({one.lead for one in hits if one.lead})
        matters = matters_of(self._engine, numbers) if self._who.districts else {}
        return [self._masks.hit(one if self._knows(one, matters.get(one.lead)) else _alone(one)) for one in hits]

    def _knows(self, hit: Hit, matter: Matter | None) -> bool:
        if not hit.lead or not self._who.districts:
            return self._who.knows_work
        return matter is not None and matter.district in self._who.districts


def _alone(hit: Hit) -> Hit:
    """The exhibit without what people made of it."""
    return replace(hit, lead="", state="", actor="", actor_name="")
