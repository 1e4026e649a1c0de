"""The last look before something leaves: whether it names anybody who reported the leads in it.

It needs the key; where the key is not at hand it says so and leaves the judgement to whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from casework.incoming.reporter import FIELD_WORDS, ReporterKey, unseal
from casework.incoming.spellings import Spellings, spellings, together
from crawler.errors import UserMistake
from storage.cases.reporters import Reporters

AT_ONCE = 500


def known_reporters(engine: Engine, lead_ids: Iterable[int], key: ReporterKey) -> Spellings:
    """What would give away whoever reported these leads; those sealed under another key are not among them."""
    ids = sorted(set(lead_ids))
    found = [one for at in range(0, len(ids), AT_ONCE) for one in Reporters(engine).of(*ids[at : at + AT_ONCE])]
    return together(spellings(unseal(one.sealed, one.lead, key)) for one in found if one.key_id == key.id)


def refuse_reporters(known: Spellings, texts: Iterable[tuple[str, str]]) -> None:
    """`UserMistake` naming the first place (`texts` are place and text) that gives a reporter away, and not how."""
    for place, text in texts:
        if found := known.found(text):
            raise UserMistake(
                f"{place}中写有举报人的{'、'.join(FIELD_WORDS[one] for one in found)}，不能外发：请先改写"
            )
