"""`lantian letter remind`: a letter about the leads of another that nobody answered. It finds nothing new.

What it rests on is what two people signed in the first letter; it goes the same way through two people again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from casework.acting import OFFICERS
from casework.law_words import Verb
from casework.letters.composing import reminded
from casework.letters.content import Content
from casework.letters.matters import Addressee
from casework.letters.refusing import Complaints, Proofs
from casework.workdays import last_day
from console.acting import acting
from console.cases.letter_drafting import new_letter, write_drafts
from console.cases.letter_evidence import Evidence
from console.cases.letter_files import Folder, Sources, files_of
from console.cases.letter_law import Law
from console.cases.letter_scope import letter_for
from console.cases.letter_told import tell_letters
from console.ledger import opened
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.letter_moves import LETTER_WORDS, LIVE
from storage.cases.letter_shapes import KeptLetter
from storage.cases.letters import KeptLetters, numbers_ahead


def remind(word: str, out: Path, *, by: str = "", as_json: bool) -> None:
    """Draft a reminder over what is still open; refused while one is on its way."""
    config, now = Config.load(), clock.now()
    with opened(config) as store:
        acts = acting(config, store.engine, *OFFICERS, by=by)
        letters, proofs = KeptLetters(store.engine), Proofs(store.engine)
        kept = letter_for(store.engine, acts, word)
        _refuse(kept, letters, now)
        first = proofs.approved(kept).content
        content = _content(config, kept, first, letters)
        evidence = Evidence(config, store)
        complaints = Complaints()
        evidence.check(content, complaints)
        complaints.settle("没有起草")
        folder, sources = Folder(out), Sources(evidence, Law(config, store.engine, now))
        (number,) = numbers_ahead(store.engine, now, 1)
        new = replace(new_letter(content, number, _addressee(kept)), case_id=kept.case_id, reminds=kept.id)
        files = files_of(config, content, number, sources, is_draft=True)
        made = write_drafts(store.engine, [(new, files)], folder, acts, now)
        tell_letters(made, folder, as_json=as_json)


def _refuse(kept: KeptLetter, letters: KeptLetters, now: datetime) -> None:
    if kept.reminds is not None:
        raise UserMistake(f"{kept.number} 本身是催办，催办针对原函")
    if kept.state not in ("sent", "delivered"):
        raise UserMistake(f"{kept.number} {LETTER_WORDS[kept.state]}，不用催办")
    reminders = letters.reminders_of(kept.id)
    waiting = [one.number for one in reminders if one.state in LIVE and one.sent_at is None]
    if waiting:
        raise UserMistake(f"{kept.number} 的催办 {waiting[0]} 还没有发出")
    # Whoever was reminded has until the day that the reminder gave him.
    due_at = max((one.due_at for one in (kept, *reminders) if one.due_at), default=now)
    if now < due_at:
        last = last_day(due_at)
        raise UserMistake(f"{kept.number} 期限未到（{last.month}月{last.day}日），其后仍未反馈的才催办")


def _content(config: Config, kept: KeptLetter, first: Content, letters: KeptLetters) -> Content:
    open_ = {one.lead_id for one in letters.leads_of(kept.id) if one.answered_at is None and one.gone_at is None}
    left = tuple(one for one in first.leads if one.id in open_)
    if not left:
        raise UserMistake(f"{kept.number} 没有待反馈的线索")
    return reminded(replace(first, leads=left, verb=Verb.ASK.value), kept.number, kept.document, config.letters)


def _addressee(kept: KeptLetter) -> Addressee:
    return Addressee(name=kept.addressee, operator_id=kept.operator_id)
