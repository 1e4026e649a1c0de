"""Who exports and what he may see, and exhibits as they may leave for him: proved, masked, and naming no reporter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from casework.acting import Grant
from casework.incoming.guard import known_reporters, refuse_reporters
from casework.whole_log import refuse_gaps
from console.acting import acting_out
from console.archive.columns import COLUMNS, Leaving, Masks
from console.archive.proving import Proving
from console.cases.reporter_keys import existing_key
from console.homes import named_person
from console.veiling import Veil
from crawler.config import Config
from storage.audit import Signer, unsigned
from storage.cases.reporters import Reporters
from storage.people import People
from storage.searching.resting import matters_of
from storage.searching.shapes import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """A person by name: `veil` is what he may see of contacts, `districts` whose matters (none for all)."""

    name: str
    veil: Veil
    sign: Signer
    districts: tuple[str, ...] = ()


def exporter(config: Config, engine: Engine, by: str) -> Exporter:
    """Whoever exports; the audit log must be whole. Before there are users it is whoever is named, and sees all."""
    if not People(engine).everybody():
        name = named_person(config, engine, by)
        refuse_gaps(engine, config.archive)
        return Exporter(name=name, veil=Veil(is_open=True, is_told=False), sign=unsigned)
    acts = acting_out(config, engine, *Grant, by=by)
    looks = Veil(is_open=acts.may(Grant.CONTACTS), is_told=True)
    return Exporter(name=acts.name, veil=looks, sign=acts.sign, districts=acts.districts)


class Gate:
    """Lets exhibits out, some hundreds at a time, or refuses the first that may not leave."""

    def __init__(self, config: Config, engine: Engine, who: Exporter) -> None:
        self._engine, self._who = engine, who
        self._proving, self._masks = Proving(config, engine), Masks(who.veil)
        self._has_reporters = Reporters(engine).is_any()
        self._key = existing_key(config, engine)

    def out(self, hits: Sequence[Hit]) -> list[Leaving]:
        """The same exhibits as they leave; those whose time is over by now are left out."""
        matters = matters_of(self._engine, sorted({one.lead for one in hits if one.lead}))
        hidden = {number for number, one in matters.items() if not self._sees(one.district)}
        proved = self._proving.leaving([_alone(one) if one.lead in hidden else one for one in hits])
        leaving = [replace(one, hit=self._masks.hit(one.hit)) for one in proved]
        if self._has_reporters:
            known = known_reporters(self._engine, (one.lead for one in matters.values()), self._key)
            refuse_reporters(known, _texts(leaving))
        return leaving

    def _sees(self, district: str) -> bool:
        return not self._who.districts or district in self._who.districts


def _alone(hit: Hit) -> Hit:
    """The exhibit without what is known of another district's matter."""
    return replace(hit, lead="", state="", actor="", actor_name="")


def _texts(leaving: Iterable[Leaving]) -> Iterator[tuple[str, str]]:
    """All that is told, with its place."""
    for one in leaving:
        for column in COLUMNS:
            cell = column.cell(one)
            if isinstance(cell, str) and cell:
                yield f"证据项 {one.hit.exhibit}（{column.head}）", cell
