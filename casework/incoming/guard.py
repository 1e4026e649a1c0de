"""The last look before something leaves: whether it names anybody who reported the leads in it.

It needs the key that sealed them: where that is not at hand nothing leaves, unless a person says that it may unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from casework.incoming.reporter import FIELD_WORDS, ReporterKey, unseal
from casework.incoming.spellings import Spellings, spellings, together
from crawler.errors import UserMistake
from storage.cases.reporters import Reporters, Sealed

AT_ONCE = 500
NAMED = 10  # leads in one complaint
NO_KEY = "举报人密钥文件不在这里"
OTHER_KEY = "现用的举报人密钥不是当时加密用的那一把"


def known_reporters(
    engine: Engine, lead_ids: Iterable[int], key: ReporterKey | None, *, is_unchecked: bool = False
) -> Spellings:
    """What would give away whoever reported these leads, or leads merged into them.

    `UserMistake` naming the leads that this key cannot look into, unless they may go unchecked.
    """
    found = _behind(engine, lead_ids)
    left = _left(found, key)
    if left and not is_unchecked:
        names = "、".join(left[:NAMED]) + (f" 等 {len(left)} 条" if len(left) > NAMED else "")
        why = NO_KEY if key is None else OTHER_KEY
        raise UserMistake(
            f"{why}，不能与举报人信息比对：线索 {names}。请放回原来的密钥文件，或用 LANTIAN_REPORTER_KEY 指出它"
        )
    return together(
        spellings(unseal(one.sealed, one.lead, key)) for one in found if key is not None and one.key_id == key.id
    )


def uncompared(engine: Engine, lead_ids: Iterable[int], key: ReporterKey | None) -> tuple[str, ...]:
    """The numbers of those among these leads, or merged into them, whose reporters this key does not open."""
    return _left(_behind(engine, lead_ids), key)


def refuse_reporters(known: Spellings, texts: Iterable[tuple[str, str]]) -> None:
    """`UserMistake` naming the first place (`texts` are place and text) that gives a reporter away, and not how."""
    for place, text in texts:
        if found := known.found(text):
            raise UserMistake(
                f"{place}中写有举报人的{'、'.join(FIELD_WORDS[one] for one in found)}，不能外发：请先改写"
            )


def _behind(engine: Engine, lead_ids: Iterable[int]) -> list[Sealed]:
    ids, store = sorted(set(lead_ids)), Reporters(engine)
    return [one for at in range(0, len(ids), AT_ONCE) for one in store.behind(*ids[at : at + AT_ONCE])]


def _left(found: Iterable[Sealed], key: ReporterKey | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.lead for one in found if key is None or one.key_id != key.id))
