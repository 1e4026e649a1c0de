"""What people do with a drafted letter: approve, export, withdraw, close. Nothing leaves that two people did not sign.

Before each of these the digest, the signatures and the evidence are looked at anew; rows alone convince nobody.
"""

from __future__ import annotations

from pathlib import Path

from casework.acting import OFFICERS, Grant
from casework.letters.content import content_read
from casework.letters.refusing import Complaints, Proofs
from console.acting import acting, acting_out
from console.cases.letter_evidence import Evidence
from console.cases.letter_files import Folder, Sources, files_of, name_of
from console.cases.letter_law import Law, demand_read
from console.cases.letter_scope import letter_for
from console.cases.letter_told import tell_letter
from console.ledger import opened
from console.output import print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.audit import Act, AuditLog, Detail
from storage.cases.letter_moves import LETTER_WORDS
from storage.cases.letters import LetterAct, approve_on, close_on, withdraw_on
from storage.db import writing

EXPORTABLE = ("approved", "sent", "delivered", "answered", "closed")


def approve(word: str, *, by: str = "", as_json: bool) -> None:
    """Another person than the drafter and whoever confirmed a lead stands behind exactly what was drafted."""
    config, now = Config.load(), clock.now()
    with opened(config) as store:
        acts = acting_out(config, store.engine, Grant.REVIEWER, by=by)
        kept, proofs = letter_for(store.engine, acts, word), Proofs(store.engine)
        if kept.state != "draft":
            raise UserMistake(f"{kept.number} {LETTER_WORDS[kept.state]}，不能复核")
        draft = proofs.draft(kept)
        proofs.refuse_approver(kept.number, draft, acts.name)
        demand_read(Law(config, store.engine, now), draft.content, kept.number)
        complaints = Complaints()
        Evidence(config, store).check(draft.content, complaints)
        complaints.settle(f"{kept.number} 不能复核")
        with writing(store.engine).begin() as connection:
            approve_on(connection, kept.id, LetterAct(by=acts.name, at=now), acts.sign)
        tell_letter(store.engine, kept.id, "已复核", as_json=as_json)


def export(word: str, out: Path, *, is_draft: bool, by: str = "", as_json: bool) -> None:
    """The files without 草稿, once two people are proven to stand behind this very content; or a draft's once more."""
    config, now = Config.load(), clock.now()
    with opened(config) as store:
        acts = acting_out(config, store.engine, *OFFICERS, by=by)
        kept, proofs = letter_for(store.engine, acts, word), Proofs(store.engine)
        evidence, law = Evidence(config, store), Law(config, store.engine, now)
        if is_draft:
            proven = proofs.draft(kept)
        else:
            if kept.state not in EXPORTABLE:
                raise UserMistake(f"{kept.number} {LETTER_WORDS[kept.state]}，没有可以导出的正式稿（--draft 导出草稿）")
            proven = proofs.approved(kept)
            demand_read(law, proven.content, kept.number)
        complaints = Complaints()
        evidence.check(proven.content, complaints)
        complaints.settle(f"{kept.number} 不能导出")
        files = files_of(config, proven.content, kept.number, Sources(evidence, law), is_draft=is_draft)
        prepared = Folder(out).prepare(name_of(kept.number, is_draft=is_draft), files)
        detail: Detail = {"digest": kept.digest, "files": [one.name for one in prepared.paths], "is_draft": is_draft}
        AuditLog(store.engine).add(
            acts.sign(Act(who=acts.name, act="letter_export", subject=kept.number, at=now, detail=detail))
        )
        written = prepared.settle()
    if as_json:
        print_json({"letter": kept.number, "digest": kept.digest, "files": [str(one) for one in written]})
        return
    for one in written:
        print_line(str(one))
    if not is_draft:
        say(f"{kept.number} 起草 {proven.drafted_by}，复核 {proven.approved_by}；仍须编号、签发、用印后发出。")


def withdraw(word: str, reason: str, *, by: str = "", as_json: bool) -> None:
    """It never goes out; its leads may go into another."""
    _end(word, reason, is_withdrawal=True, by=by, as_json=as_json)


def close(word: str, reason: str, *, by: str = "", as_json: bool) -> None:
    """Nothing more is expected of it."""
    _end(word, reason, is_withdrawal=False, by=by, as_json=as_json)


def _end(word: str, reason: str, *, is_withdrawal: bool, by: str = "", as_json: bool) -> None:
    config, now = Config.load(), clock.now()
    if not reason.strip():
        raise UserMistake("要写明理由：--reason")
    with opened(config) as store:
        acts = acting(config, store.engine, *OFFICERS, by=by)
        kept = letter_for(store.engine, acts, word)
        content_read(kept.content)
        act = LetterAct(by=acts.name, at=now, words=reason.strip(), detail={"reason": reason.strip()})
        with writing(store.engine).begin() as connection:
            (withdraw_on if is_withdrawal else close_on)(connection, kept.id, act, acts.sign)
        tell_letter(store.engine, kept.id, "已撤回" if is_withdrawal else "已办结", as_json=as_json)
