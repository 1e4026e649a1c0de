"""`lantian letter draft`: one letter an operator over any number of leads, or one an actor; else every reason why not.

Nothing is written before every letter asked for may be: what is refused leaves neither row nor file.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from casework.acting import OFFICERS, Acting
from casework.incoming.guard import known_reporters, refuse_reporters
from casework.letters.composing import composed, office_complaints
from casework.letters.content import Content, digest_of, said_in, written
from casework.letters.letter import Kind
from casework.letters.matters import Addressee, Matter, Wanted
from casework.letters.papers import LetterFiles
from casework.letters.phrases import KIND_WORDS
from casework.letters.refusing import Complaints, Proofs, ProvenLead
from console.acting import acting_out
from console.cases.addressees import Addressees
from console.cases.letter_evidence import Evidence
from console.cases.letter_files import Folder, Sources, files_of, name_of
from console.cases.letter_law import Law
from console.cases.letter_told import tell_letters
from console.cases.reporter_keys import existing_key
from console.ledger import opened
from console.output import progress, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EvidenceBroken, UserMistake
from storage.cases.leads import WorkedLeads
from storage.cases.letter_moves import LETTER_WORDS, OUT
from storage.cases.letter_shapes import KeptLetter, LetterAbout, NewLetter, NewLetterLead
from storage.cases.letters import KeptLetters, LetterAct, about_on, draft_on, numbers_ahead
from storage.cases.shapes import WorkedLead
from storage.db import writing

MOST_LEADS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which leads go into letters of which kind; `to` is an addressee that no lead names, `out` a folder, `without` are
    articles that whoever drafts leaves out."""

    leads: tuple[str, ...]
    out: Path
    kind: str = Kind.REMOVE.value
    to: str = ""
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The leads that go to one addressee."""

    addressee: Addressee
    leads: tuple[WorkedLead, ...]


def draft(asked: Asked, *, by: str = "", as_json: bool) -> int:
    """Write the letters' rows and files. Refusals name every lead, exhibit, platform and article they are about."""
    config, now = Config.load(), clock.now()
    kind = _kind(asked.kind)
    with opened(config) as store:
        acts = acting_out(config, store.engine, *OFFICERS, by=by)
        folder = Folder(asked.out)
        leads = _leads(store.engine, acts, asked.leads)
        drafting = _Drafting(config, Evidence(config, store), store.engine, now)
        drafting.without = asked.without
        ready = drafting.ready(kind, leads, asked.to)
        for new, _ in ready:
            folder.free(name_of(new.number, is_draft=True))
        made = write_drafts(store.engine, drafting.drawn(ready), folder, acts, now)
        tell_letters(made, folder, as_json=as_json)
    if not as_json:
        say("草稿未编号、未签发、未用印；须由另一人复核（lantian letter approve）后才能导出正式稿。")
    return EXIT_DONE


def _kind(word: str) -> Kind:
    kinds = [one for one in Kind if one is not Kind.REMIND]
    if word not in kinds:
        raise UserMistake(f"--kind 要是 {'、'.join(f'{one}（{KIND_WORDS[one]}）' for one in kinds)} 之一")
    return Kind(word)


def _leads(engine: Engine, acts: Acting, words: Sequence[str]) -> tuple[WorkedLead, ...]:
    asked = [word.strip() for word in words if word.strip()]
    if not asked:
        raise UserMistake("要有线索：--leads 编号,编号")
    if len(asked) > MOST_LEADS:
        raise UserMistake(f"一次最多 {MOST_LEADS} 件线索")
    worked, complaints, found = WorkedLeads(engine), Complaints(), []
    for word in asked:
        try:
            found.append(worked.named(word, acts.districts))
        except UserMistake as wrong:
            complaints.add(str(wrong))
    complaints.settle("没有起草")
    return tuple({one.id: one for one in found}.values())


class _Drafting:
    """Looks at everything that a letter rests on before any letter is written."""

    def __init__(self, config: Config, evidence: Evidence, engine: Engine, now: datetime) -> None:
        self._config, self._engine, self._now = config, engine, now
        self._proofs = Proofs(engine)
        self.evidence, self._law = evidence, Law(config, engine, now)
        self.without: tuple[str, ...] = ()

    def ready(self, kind: Kind, leads: Sequence[WorkedLead], to: str) -> list[tuple[NewLetter, Content]]:
        """The letters, one an addressee; `UserMistake` or `EvidenceBroken` with every reason against them."""
        complaints = Complaints()
        complaints.add(*office_complaints(self._config.office))
        matters = self._matters(leads, complaints)
        addressees = Addressees(self._engine, self._proofs)
        groups: dict[Addressee, list[WorkedLead]] = {}
        for lead in leads:
            try:
                groups.setdefault(addressees.of(kind, lead, to), []).append(lead)
            except (UserMistake, EvidenceBroken) as wrong:
                complaints.add_error(f"线索 {lead.number}", wrong)
        joined = [_Group(addressee=addressees.whole(one), leads=tuple(of_it)) for one, of_it in groups.items()]
        for one in joined:
            self._refuse_known(kind, one, complaints)
        wanted = [self._wanted(kind, one, matters, complaints) for one in joined]
        self._refuse_uncited(wanted, complaints)
        complaints.settle("没有起草")
        numbers = numbers_ahead(self._engine, self._now, len(wanted))
        return [_numbered(one, number, group) for one, number, group in zip(wanted, numbers, joined, strict=True)]

    def drawn(self, ready: Sequence[tuple[NewLetter, Content]]) -> list[tuple[NewLetter, LetterFiles]]:
        """Each with its files, before any row: what cannot be drawn is not drafted."""
        sources, found = Sources(self.evidence, self._law), []
        with progress("成文", len(ready)) as step:
            for new, content in ready:
                step(new.number)
                self._refuse_reporters(content)
                found.append((new, files_of(self._config, content, new.number, sources, is_draft=True)))
        return found

    def _refuse_reporters(self, content: Content) -> None:
        """Who reported a lead never leaves, not even as an addressee."""
        key, ids = existing_key(self._config, self._engine), (one.id for one in content.leads)
        refuse_reporters(known_reporters(self._engine, ids, key), said_in(content))

    def _matters(self, leads: Sequence[WorkedLead], complaints: Complaints) -> dict[int, Matter]:
        matters: dict[int, Matter] = {}
        with progress("核验证据", len(leads)) as step:
            for lead in leads:
                step(lead.number)
                proven = self._proven(lead, complaints)
                if proven is not None:
                    matters[lead.id] = Matter(
                        lead=proven.lead,
                        shown=self.evidence.shown(proven.lead, complaints),
                        confirmed_by=proven.confirmed_by,
                        approved_by=proven.approved_by,
                    )
        return matters

    def _proven(self, lead: WorkedLead, complaints: Complaints) -> ProvenLead | None:
        try:
            proven = self._proofs.lead(lead)
            self._refuse_foreign(lead, proven)
        except (UserMistake, EvidenceBroken) as wrong:
            complaints.add_error(f"线索 {lead.number}", wrong)
            return None
        return proven

    def _refuse_foreign(self, lead: WorkedLead, proven: ProvenLead) -> None:
        worked = WorkedLeads(self._engine)
        for name in proven.lead.exhibits:
            if worked.named(name).id != lead.id:
                raise UserMistake(f"证据项 {name} 不是这条线索的")

    def _refuse_known(self, kind: Kind, group: _Group, complaints: Complaints) -> None:
        """Nobody is asked for the same twice: what went out is reminded of, what did not is sent or withdrawn."""
        ids = [one.id for one in group.leads]
        known = KeptLetters(self._engine).about(ids, group.addressee.name, kind)
        for lead in group.leads:
            if lead.id in known:
                complaints.add(f"线索 {lead.number} {_known_words(known[lead.id], kind, group.addressee.name)}")

    def _refuse_uncited(self, wanted: Sequence[Wanted], complaints: Complaints) -> None:
        """An article may be left out only where it would stand: a mistyped one would stay in the letter."""
        out = {name for one in wanted for name in one.basis.without}
        if missing := [name for name in self.without if name not in out]:
            complaints.add(f"--without 只能去掉本函会引的条文，{'、'.join(missing)} 不在其中")

    def _wanted(self, kind: Kind, group: _Group, matters: dict[int, Matter], complaints: Complaints) -> Wanted:
        of_it = tuple(matters[one.id] for one in group.leads if one.id in matters)
        basis = self._law.basis(kind, group.addressee, [(one, matters.get(one.id)) for one in group.leads], complaints)
        basis = self._law.left_out(kind, basis, self.without, complaints)
        return Wanted(
            kind=kind,
            addressee=group.addressee,
            matters=of_it,
            basis=basis,
            office=self._config.office,
            settings=self._config.letters,
            chain=self.evidence.chain(),
            now=self._now,
        )


def _known_words(known: LetterAbout, kind: Kind, addressee: str) -> str:
    told = f"已在给 {addressee} 的{KIND_WORDS[kind]}函 {known.number}（{LETTER_WORDS[known.state]}）中"
    if known.state in OUT:
        return f"{told}，未反馈的请催办：lantian letter remind {known.number}"
    return f"{told}，请先发出或撤回：lantian letter withdraw {known.number}"


def _numbered(wanted: Wanted, number: str, group: _Group) -> tuple[NewLetter, Content]:
    content, cases = composed(wanted), {one.case_id for one in group.leads}
    new = new_letter(content, number, wanted.addressee)
    return replace(new, case_id=cases.pop() if len(cases) == 1 else None), content


def new_letter(content: Content, number: str, addressee: Addressee) -> NewLetter:
    """The row of a letter that says this."""
    text = written(content)
    return NewLetter(
        number=number,
        kind=content.letter.kind.value,
        verb=content.verb,
        addressee=addressee.name,
        operator_id=addressee.operator_id,
        case_id=None,
        content=text,
        digest=digest_of(text),
        articles=tuple(one.id for one in content.articles),
        without=content.without,
        leads=tuple(
            NewLetterLead(lead_id=one.id, number=one.number, exhibits=one.exhibits) for one in content.leads
        ),
    )  # fmt: skip


def write_drafts(
    engine: Engine, drafts: Sequence[tuple[NewLetter, LetterFiles]], folder: Folder, acts: Acting, now: datetime
) -> tuple[KeptLetter, ...]:
    """All rows and all files, or none: files lie on the disk before the commit, and get their names after it."""
    prepared = []
    with ExitStack() as undone:
        with writing(engine).begin() as connection:
            for new, files in drafts:
                _refuse_taken(connection, new)
                draft_on(connection, new, LetterAct(by=acts.name, at=now), acts.sign)
                prepared.append(folder.prepare(name_of(new.number, is_draft=True), files))
                undone.callback(prepared[-1].remove)
        undone.pop_all()
    for one in prepared:
        one.settle()
    letters = KeptLetters(engine)
    return tuple(letters.named(new.number) for new, _ in drafts)


def _refuse_taken(connection: Connection, new: NewLetter) -> None:
    """Two who draft at once: the second one sees here what the first one wrote."""
    if new.reminds is not None:
        return
    if known := about_on(connection, [one.lead_id for one in new.leads], (new.addressee, new.kind)):
        numbers = "、".join(sorted({one.number for one in known.values()}))
        raise UserMistake(f"没有起草：所列线索已在给 {new.addressee} 的 {numbers} 中")
