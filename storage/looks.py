"""Pictures by what they look like: kept for each picture that was read, and found where a few bits differ.

A look comes from the caller as 16 hex digits; nothing here opens a picture, or says that two are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from crawler.items import Capture
from crawler.pictures import Fate
from storage.bulk import Bulk
from storage.db import writing
from storage.models import CaptureRow
from storage.rows import CAPTURE, capture_of
from storage.tables.pictures import HAS_BYTES, PictureRow
from storage.tables.search import PictureBand, PictureLook

QUARTERS, BITS = 4, 16
# So many bits may differ and one quarter still differs in one at most.
FURTHEST = 2 * QUARTERS - 1
CANDIDATES = 20_000  # looks that are compared for one picture

_NEW_LOOKS = Bulk(insert(PictureLook).on_conflict_do_nothing(index_elements=[PictureLook.sha256]))
_NEW_BANDS = Bulk(insert(PictureBand).on_conflict_do_nothing(index_elements=[PictureBand.band, PictureBand.sha256]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LikePicture:
    """A picture by the digest of its bytes, and in how many of 64 bits its look differs."""

    sha256: str
    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlooked:
    """A picture that was read before looks were kept, with a capture of its bytes."""

    sha256: str
    capture: Capture


class Looks:
    """The looks of a home's pictures. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, looks: Iterable[tuple[str, str]]) -> None:
        """Write down looks by the digests of the pictures' bytes; what is known already stays."""
        with writing(self._engine).begin() as connection:
            for sha256, look in looks:
                keep_on(connection, sha256, look)

    def like(self, sha256: str) -> tuple[tuple[LikePicture, ...], bool]:
        """Other pictures that differ in `FURTHEST` bits at most, the nearest first, and whether all were compared:
        none is while its own look is missing."""
        with self._engine.connect() as connection:
            mine = connection.execute(select(PictureLook.look).where(PictureLook.sha256 == sha256)).scalar_one_or_none()
            if not mine:
                return (), mine is not None
            look = _unsigned(mine)
            bands = select(PictureBand.sha256).where(PictureBand.band.in_(_neighbours(look))).limit(CANDIDATES)
            candidates = bands.subquery()
            query = select(PictureLook.sha256, PictureLook.look)
            rows = connection.execute(query.join(candidates, candidates.c.sha256 == PictureLook.sha256)).all()
        distances = {row.sha256: (_unsigned(row.look) ^ look).bit_count() for row in rows if row.sha256 != sha256}
        found = [LikePicture(sha256=one, distance=bits) for one, bits in distances.items() if bits <= FURTHEST]
        return tuple(sorted(found, key=lambda one: (one.distance, one.sha256))), len(rows) < CANDIDATES

    def missing(self, after: str, limit: int) -> tuple[Unlooked, ...]:
        """Pictures that were read and have no look yet, in the order of their digests after `after`."""
        known = select(PictureLook.sha256).where(PictureLook.sha256 == PictureRow.sha256).exists()
        query = select(PictureRow.sha256, func.max(PictureRow.capture_id).label("capture"))
        # Bytes that were removed in time make no look any more.
        query = query.join(CaptureRow, (CaptureRow.id == PictureRow.capture_id) & CaptureRow.expired_in.is_(None))
        query = query.where(PictureRow.sha256 > after, HAS_BYTES, PictureRow.state == Fate.READ.value, ~known)
        some = query.group_by(PictureRow.sha256).order_by(PictureRow.sha256).limit(limit).subquery()
        both = select(some.c.sha256.label("picture"), *CAPTURE).join(CaptureRow, CaptureRow.id == some.c.capture)
        with self._engine.connect() as connection:
            rows = connection.execute(both.order_by(some.c.sha256)).all()
            return tuple(Unlooked(sha256=row.picture, capture=capture_of(row)) for row in rows)


def keep_on(connection: Connection, sha256: str, look: str) -> None:
    """Write down one look within the caller's transaction; no look at all (`""`) is nothing to write."""
    if not look:
        return
    number = int(look, 16)
    _NEW_LOOKS.execute(connection, [{"sha256": sha256, "look": _signed(number)}])
    # A picture of one colour is like every other; that it has no look is remembered, and found by nobody.
    _NEW_BANDS.execute(connection, [{"band": band, "sha256": sha256} for band in _bands(number) if number])


def forget_on(connection: Connection, digests: Sequence[str]) -> None:
    """Take out the looks of these pictures within the caller's transaction."""
    connection.execute(delete(PictureLook).where(PictureLook.sha256.in_(digests)))
    connection.execute(delete(PictureBand).where(PictureBand.sha256.in_(digests)))


def _bands(look: int) -> list[int]:
    """Each quarter of a look with its place above it."""
    return [(place << BITS) | (look >> place * BITS) & ((1 << BITS) - 1) for place in range(QUARTERS)]


def _neighbours(look: int) -> list[int]:
    """The quarters of a look, and those that differ from them in one bit."""
    return [band ^ flipped for band in _bands(look) for flipped in (0, *(1 << bit for bit in range(BITS)))]


def _signed(look: int) -> int:
    return look - (1 << 64) if look >> 63 else look


def _unsigned(look: int) -> int:
    return look & ((1 << 64) - 1)
