"""Who exports and what he may see, and exhibits as they may leave for him: proved, masked, and naming no reporter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from casework.acting import Grant
from casework.incoming.guard import known_reporters, refuse_reporters
from casework.whole_log import refuse_gaps
from console.acting import acting_out
from console.archive.columns import COLUMNS, Leaving
from console.archive.proving import Proving
from console.archive.reading import Reader, Shown
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
    """A person by name, what he may see, and how his acts are signed."""

    name: str
    reader: Reader
    sign: Signer

    @property
    def is_masked(self) -> bool:
        """Whether contacts are hidden from him."""
        return not self.reader.veil.is_open


def exporter(config: Config, engine: Engine, by: str) -> Exporter:
    """Whoever exports; the audit log must be whole. Before there are users it is whoever is named, and sees all."""
    if not People(engine).everybody():
        name = named_person(config, engine, by)
        refuse_gaps(engine, config.archive)
        reader = Reader(veil=Veil(is_open=True, is_told=False), knows_work=True)
        return Exporter(name=name, reader=reader, sign=unsigned)
    acts = acting_out(config, engine, *Grant, by=by)
    looks = Veil(is_open=acts.may(Grant.CONTACTS), is_told=True)
    reader = Reader(veil=looks, knows_work=True, districts=acts.districts)
    return Exporter(name=acts.name, reader=reader, sign=acts.sign)


class Gate:
    """Lets exhibits out, some hundreds at a time, or refuses the first that may not leave."""

    def __init__(self, config: Config, engine: Engine, who: Exporter) -> None:
        self._engine = engine
        self._proving, self._shown = Proving(config, engine), Shown(engine, who.reader)
        self._has_reporters = Reporters(engine).is_any()
        self._key = existing_key(config, engine)

    def out(self, hits: Sequence[Hit]) -> list[Leaving]:
        """The same exhibits as they leave; those whose time is over by now are left out."""
        proved = self._proving.leaving(hits)
        seen = self._shown.hits([one.hit for one in proved])
        leaving = [replace(one, hit=hit) for one, hit in zip(proved, seen, strict=True)]
        if self._has_reporters:
            matters = matters_of(self._engine, sorted({one.lead for one in hits if one.lead}))
            known = known_reporters(self._engine, (one.lead for one in matters.values()), self._key)
            refuse_reporters(known, _texts(leaving))
        return leaving


def _texts(leaving: Iterable[Leaving]) -> Iterator[tuple[str, str]]:
    """All that is told, with its place."""
    for one in leaving:
        for column in COLUMNS:
            cell = column.cell(one)
            if isinstance(cell, str) and cell:
                yield f"证据项 {one.hit.exhibit}（{column.head}）", cell
