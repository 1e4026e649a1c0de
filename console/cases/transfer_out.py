"""`lantian transfer out`: leads to another office as one signed package.

Nothing goes out that does not verify at that moment, or that names whoever reported it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.incoming.guard import known_reporters, refuse_reporters, uncompared
from casework.incoming.reporter import ReporterKey
from casework.letters.content import LeadIn
from casework.letters.refusing import Complaints
from casework.masking import masked_quote
from casework.transfer.handing import Decided, Decisions, Outgoing, hand_out, lead_told
from casework.transfer.manifest import (
    DELEGATE,
    HAND_OVER,
    Manifest,
    PackedFile,
    TransferredExhibit,
    TransferredLead,
    texts,
)
from casework.transfer.package import EVIDENCE, fingerprint, write_package
from console import export
from console.acting import acting_out
from console.cases.letter_evidence import Evidence
from console.cases.reporter_keys import existing_key
from console.homes import home_engine
from console.output import CATEGORY_WORDS, harmless, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.leads import WorkedLeads
from storage.cases.shapes import WorkedLead
from storage.exhibits import ExhibitStore
from storage.folders import sync_folder, take_name

PURPOSES = {"移送": HAND_OVER, "交办": DELEGATE}
SUFFIX = ".ltp"
MOST_LEADS = 500
_CATEGORIES = {word: name for name, word in CATEGORY_WORDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which leads go where, under which document, for what, until when, and with what."""

    leads: tuple[str, ...]
    to: str
    document: str
    out: Path
    purpose: str
    due: str = ""
    with_contacts: bool = False
    with_evidence: bool = False
    is_unchecked: bool = False


# -- out -----------------------------------------------------------------------------------------------


def send(asked: Asked, *, as_json: bool) -> None:
    """Write the package and take the step with each lead, or neither."""
    config = Config.load()
    _refuse(config, asked)
    with home_engine(config) as engine:
        acts = acting_out(config, engine, Grant.EXAMINER, Grant.REVIEWER)
        if asked.with_contacts:
            acts.needs(Grant.CONTACTS)
        leads = _named(engine, acts, asked.leads)
        told = _Gathering(config, engine, asked).told(leads)
        with _evidence(asked, told) as evidence, _named_at_last(asked.out) as temp:
            manifest = _manifest(config, asked, acts, told, evidence)
            unchecked = _refuse_reporters(existing_key(config, engine), engine, leads, (asked, manifest))
            with temp.open("xb") as out:
                digest = write_package(out, manifest, acts.key, evidence)
                out.flush()
                os.fsync(out.fileno())
            outgoing = Outgoing(manifest=manifest, digest=digest, leads=leads, unchecked=unchecked)
            hand_out(engine, outgoing, acts, clock.now(), partial(_take_name, temp, asked.out))
    say(f"{asked.purpose}{harmless(asked.to)}：{len(leads)} 条线索，{asked.out}（SHA-256 {digest}）")
    say(f"签署人 {acts.name}，钥匙指纹 {fingerprint(manifest.public)}：对方要先与你核对一次")
    if as_json:
        numbers = [one.number for one in leads]
        print_json({"package": str(asked.out), "sha256": digest, "leads": numbers, "purpose": manifest.purpose,
                    "contacts": manifest.has_contacts, "evidence": bool(manifest.files), "unchecked": unchecked,
                    "fingerprint": fingerprint(manifest.public)})  # fmt: skip


class _Gathering:
    """What leads and exhibits say, every capture read again; all that keeps one from going is told at once."""

    def __init__(self, config: Config, engine: Engine, asked: Asked) -> None:
        self._store = ExhibitStore(engine)
        self._evidence = Evidence(config, self._store)
        self._decisions = Decisions(engine)
        self._asked = asked

    def told(self, leads: tuple[WorkedLead, ...]) -> tuple[TransferredLead, ...]:
        complaints = Complaints()
        told = [one for lead in leads if (one := self._lead(lead, complaints)) is not None]
        complaints.settle(f"不能{self._asked.purpose}")
        return tuple(told)

    def _lead(self, lead: WorkedLead, complaints: Complaints) -> TransferredLead | None:
        try:
            decided = self._decisions.of(lead, PURPOSES[self._asked.purpose])
        except (UserMistake, EvidenceBroken) as wrong:
            complaints.add_error(f"线索 {lead.number}", wrong)
            return None
        exhibits = self._exhibits(lead, decided, complaints)
        return lead_told(lead, decided, exhibits, has_contacts=self._asked.with_contacts)

    def _exhibits(self, lead: WorkedLead, decided: Decided, complaints: Complaints) -> list[TransferredExhibit]:
        shown_in = LeadIn(
            id=lead.id,
            number=lead.number,
            exhibits=decided.exhibits,
            categories=decided.categories,
            decision=lead.decision or 0,
            approval=lead.approval or 0,
        )
        return [
            TransferredExhibit(
                id=one.id,
                sha256=one.sha256,
                captured_at=one.captured_at.isoformat(),
                title=self._quoted(one.title),
                url=one.url,
                quotes=tuple(self._quoted(quote) for _, quote in one.quotes),
                categories=tuple(dict.fromkeys(_CATEGORIES[word] for word, _ in one.quotes)),
                laws=self._laws(one.id),
            )
            for one in self._evidence.shown(shown_in, complaints)
        ]

    def _quoted(self, text: str) -> str:
        return text if self._asked.with_contacts else masked_quote(text)

    def _laws(self, exhibit: str) -> tuple[str, ...]:
        findings = self._store.exhibit(exhibit).exhibit.findings
        return tuple(dict.fromkeys(law for one in findings for law in one.articles))


def _refuse(config: Config, asked: Asked) -> None:
    if asked.purpose not in PURPOSES:
        raise UserMistake(f"--as 要是 {'、'.join(PURPOSES)} 之一")
    for word, text in (("--to", asked.to), ("--document", asked.document)):
        if not text.strip() or len(text) > 100 or not text.isprintable():
            raise UserMistake(f"{word} 要写明，最多 100 字")
    if not config.office.name:
        raise UserMistake("要先在 lantian.toml 的 [office] 里写明 name（本单位名称）")
    if asked.out.suffix != SUFFIX or not asked.out.parent.is_dir() or asked.out.exists():
        raise UserMistake(f"{asked.out}：要写成已有文件夹中的 {SUFFIX} 文件，不覆盖已有的")
    try:
        is_day = not asked.due or date.fromisoformat(asked.due).isoformat() == asked.due
    except ValueError:
        is_day = False
    if not is_day:
        raise UserMistake("--due 要写成 2026-11-30")


def _named(engine: Engine, acts: Acting, words: tuple[str, ...]) -> tuple[WorkedLead, ...]:
    if not 1 <= len(words) <= MOST_LEADS:
        raise UserMistake(f"--leads 要写 1 到 {MOST_LEADS} 条线索")
    store = WorkedLeads(engine)
    return tuple({one.id: one for one in (store.named(word, acts.districts) for word in words)}.values())


def _manifest(
    config: Config, asked: Asked, acts: Acting, told: tuple[TransferredLead, ...], evidence: Path | None
) -> Manifest:
    return Manifest(
        office=config.office.name,
        person=acts.name,
        public=acts.key.public_key().public_bytes_raw().hex(),
        addressee=asked.to.strip(),
        document=asked.document.strip(),
        purpose=PURPOSES[asked.purpose],
        made_at=clock.now().isoformat(),
        due=asked.due,
        has_contacts=asked.with_contacts,
        leads=told,
        files=() if evidence is None else (_packed(evidence),),
    )


def _packed(evidence: Path) -> PackedFile:
    with evidence.open("rb") as file:
        return PackedFile(
            name=EVIDENCE, sha256=hashlib.file_digest(file, "sha256").hexdigest(), bytes=evidence.stat().st_size
        )


def _refuse_reporters(
    key: ReporterKey | None, engine: Engine, leads: tuple[WorkedLead, ...], told: tuple[Asked, Manifest]
) -> tuple[str, ...]:
    """The numbers of leads whose reporters nobody could look for, where that was said to be right."""
    (asked, manifest), ids = told, [one.id for one in leads]
    refuse_reporters(known_reporters(engine, ids, key, is_unchecked=asked.is_unchecked), texts(manifest))
    left = uncompared(engine, ids, key)
    if left:
        say(f"没有比对举报人信息：线索 {'、'.join(left)}")
    return left


@contextmanager
def _evidence(asked: Asked, told: tuple[TransferredLead, ...]) -> Iterator[Path | None]:
    """The exhibits as a package that anybody can verify, beside the one being written until it is done."""
    exhibits = tuple(dict.fromkeys(one.id for lead in told for one in lead.exhibits))
    if not asked.with_evidence:
        yield None
        return
    if not exhibits:
        raise UserMistake("这些线索没有证据项，不能加 --with-evidence")
    path = asked.out.with_name(f".{asked.out.stem}.{secrets.token_hex(4)}.wacz")
    try:
        export.export(export.Asked(exhibits=exhibits, out=path, by=""), as_json=False)
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _named_at_last(out: Path) -> Iterator[Path]:
    """A name beside the wanted one; nothing is left of either where something fails."""
    temp = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    is_done = False
    try:
        yield temp
        is_done = True
    finally:
        if not is_done and temp.exists() and out.exists() and out.samefile(temp):
            out.unlink()
        temp.unlink(missing_ok=True)


def _take_name(temp: Path, out: Path) -> None:
    try:
        take_name(temp, out)
    except FileExistsError:
        raise UserMistake(f"{out} 已经存在，不覆盖") from None
    sync_folder(out.parent)
