"""Whether an actor is a group of sellers, and whether it did it again: by what is counted, with every reason in words.

One letter about one matter makes nobody a repeater; what came after it does.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.cases.actor_shapes import Tally

SEVERAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`gang` says of how many and by how many joins, `repeats` each reason; empty where it is none."""

    gang: str = ""
    repeats: tuple[str, ...] = ()

    @property
    def is_gang(self) -> bool:
        return bool(self.gang)

    @property
    def is_repeater(self) -> bool:
        return bool(self.repeats)


def standing(tally: Tally) -> Standing:
    """What the counts come to. Whom only a person's word joined is no group by itself."""
    gang = ""
    if tally.identities >= SEVERAL and tally.by_contact:
        where = f"，涉及 {tally.platforms} 个平台" if tally.platforms > 1 else ""
        gang = f"{tally.identities} 个身份由 {tally.by_contact} 处相同的联系方式等相连{where}"
    told = (
        (tally.relapses, f"线索复发 {tally.relapses} 次"),
        (tally.broken, f"答复已处置后又出现 {tally.broken} 次"),
        (tally.cases >= SEVERAL, f"立过 {tally.cases} 件案件"),
        (tally.letters >= SEVERAL, f"发过 {tally.letters} 件函"),
        (tally.later, f"发函之后又有 {tally.later} 条新线索"),
    )
    return Standing(gang=gang, repeats=tuple(words for holds, words in told if holds))
