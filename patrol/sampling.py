"""双随机: lots drawn so that anybody can draw them again, with the same list and the same seed, on any machine.

Each line has a rank: the SHA-256 of the seed, a zero byte and the line's identity, in UTF-8. The lines with the
smallest ranks are drawn, in the order of their ranks. Neither the order of the list nor a random number generator
has a part in it. The list's digest is the SHA-256 over the SHA-256 of every identity, smallest first: whether two lists
are the same shows whatever order a database gives them in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

from crawler.errors import UserMistake

METHOD = "sha256-rank/1"
LONGEST_SEED = 200
MOST = 100_000
SPARE = 1000  # lines beyond those wanted that are kept before they are cut
Line = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The drawn lines in the order drawn, how many lines there were, and the digest of them all."""

    results: tuple[Line, ...]
    size: int
    digest: str


def drawn(lines: Iterable[tuple[str, Line]], seed: str, wanted: int) -> Drawn:
    """Draw so many of the lines, each given with its identity; a second line of one identity is the same line.

    `UserMistake` when more are wanted than there are.
    """
    if not 1 <= wanted <= MOST:
        raise UserMistake(f"抽取数要在 1 到 {MOST} 之间，不是 {wanted}")
    if not seed or len(seed) > LONGEST_SEED or not seed.isprintable():
        raise UserMistake(f"种子要有 1 到 {LONGEST_SEED} 个字符，不含控制字符")
    marks: set[bytes] = set()
    lowest: dict[str, Line] = {}
    for identity, line in lines:
        marks.add(hashlib.sha256(_bytes(identity)).digest())
        place = rank(seed, identity)
        # Of two rows with one identity the same one stays, in whatever order they come.
        lowest[place] = min(lowest[place], line) if place in lowest else line
        if len(lowest) > 2 * wanted + SPARE:
            lowest = dict(nsmallest(wanted, lowest.items()))
    if wanted > len(marks):
        raise UserMistake(f"名单里只有 {len(marks)} 个，抽不出 {wanted} 个")
    told = hashlib.sha256(b"".join(sorted(marks))).hexdigest()
    return Drawn(results=tuple(line for _, line in nsmallest(wanted, lowest.items())), size=len(marks), digest=told)


def rank(seed: str, identity: str) -> str:
    """Where a line stands in the order of a seed."""
    return hashlib.sha256(_bytes(f"{seed}\0{identity}")).hexdigest()


def shop_identity(shop: Line) -> str:
    """A seller by platform and number, or by platform and name where he has no number."""
    platform, number, name = shop
    return "\0".join((platform, "number", number) if number else (platform, "name", name))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
