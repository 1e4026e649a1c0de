"""The lists that lots are drawn from, line by line, and the draws that were made: written once, and in the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Row, case, func, insert, select

from crawler.agencies import ACTIVE, ATTORNEY
from crawler.errors import UserMistake
from storage.audit import Act, Detail, add_on
from storage.db import writing
from storage.models import ListingRow
from storage.registry import ENTRY, as_agency, current_version
from storage.supervision import NO_REGISTRY
from storage.supervision_shapes import Draw, identity
from storage.tables.registry import RegistryEntry
from storage.tables.supervision import DrawRow

BATCH = 2000  # rows
Line = tuple[str, ...]
_DRAW = tuple(one for one in DrawRow.__table__.columns if one.name != "id")


class Draws:
    """What can be drawn from, and what was drawn. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def registry_version(self) -> int:
        """The number of the registry in use; `UserMistake` where there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(current_version()).one_or_none()
        if row is None:
            raise UserMistake(NO_REGISTRY)
        return int(row.id)

    def agencies(self, version: int, *, only_active: bool = False) -> Iterator[Line]:
        """Agencies and branches of one version, no persons: what each is known by, and its name."""
        query = select(*ENTRY).where(RegistryEntry.version_id == version, RegistryEntry.kind != ATTORNEY)
        query = query.where(RegistryEntry.status == ACTIVE) if only_active else query
        with self.engine.connect().execution_options(yield_per=BATCH) as connection:
            for row in connection.execute(query.order_by(RegistryEntry.id)):
                entry = as_agency(row)
                yield identity(entry), entry.name

    def shops(self) -> Iterator[Line]:
        """Every seller of a stored listing once: platform, the platform's number for him, or his name without one."""
        # Of a numbered seller the name may change, so it does not tell sellers apart.
        name = case((ListingRow.seller_id == "", ListingRow.seller), else_="")
        query = select(ListingRow.platform, ListingRow.seller_id, name.label("name"), func.max(ListingRow.seller))
        query = query.where((ListingRow.seller_id != "") | (ListingRow.seller != ""))
        with self.engine.connect().execution_options(yield_per=BATCH) as connection:
            for row in connection.execute(query.group_by(ListingRow.platform, ListingRow.seller_id, name)):
                yield row.platform, row.seller_id, row[3]

    def keep(self, draw: Draw) -> int:
        """Write a draw down; returns its number."""
        values = {one.name: getattr(draw, one.name) for one in _DRAW} | {"results": [list(one) for one in draw.results]}
        detail: Detail = {
            "source": draw.source, "version": draw.version, "seed": draw.seed, "wanted": draw.wanted,
            "size": draw.size, "digest": draw.digest, "method": draw.method,
            "results": tuple(" ".join(filter(None, one)) for one in draw.results),
        }  # fmt: skip
        with self._writer.begin() as connection:
            number = connection.execute(insert(DrawRow).values(values).returning(DrawRow.id)).scalar_one()
            add_on(
                connection,
                Act(who=draw.drawn_by, act="drawn", subject=f"draw {number}", at=draw.drawn_at, detail=detail),
            )
        return int(number)

    def all(self) -> tuple[tuple[int, Draw], ...]:
        """Every draw with its number, the first one first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(DrawRow.id, *_DRAW).order_by(DrawRow.id))
            return tuple((row.id, _draw(row)) for row in rows)


def _draw(row: Row[Any]) -> Draw:
    told = {one.name: row._mapping[one.name] for one in _DRAW}
    return Draw(**told | {"results": tuple(tuple(line) for line in row.results)})
