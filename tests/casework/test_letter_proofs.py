"""No letter is believed without two people, whatever random people do and whatever is written into the rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from letter_office import Post
from review_specimens import office_in
from sqlalchemy import text

from casework.acting import Acting, Grant
from casework.letters.content import Content, content_read, digest_of, written
from casework.letters.letter import Annex, Grid, Kind, Letter, Lines, Paragraph
from casework.letters.refusing import Proofs, ProvenLetter
from casework.papers.paper import Column
from casework.review.deciding import approve, claim, confirm, send_back
from casework.review.desk import Desk
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.laws import Laws, NewDelegation
from storage.cases.letter_shapes import KeptLetter, NewLetter, NewLetterLead
from storage.cases.letters import LetterAct, approve_on, draft_on, numbers_ahead
from storage.cases.shapes import WorkedLead
from storage.db import writing

NAMES = ("甲示例", "乙示例", "丙示例")
SEEDS, STEPS = 3, 40


def letter(words: str) -> Letter:
    """A letter to a client: it needs nobody's confirmed name."""
    grid = Grid(columns=(Column(name="序号", width=9),), rows=((("1",),),))
    return Letter(
        kind=Kind.WARN,
        letterhead="示例局",
        code="示知函",
        year=2026,
        marks=(),
        title="示例",
        addressee="示例大学",
        paragraphs=(Paragraph(text=words),),
        annexes=(
            Annex(name="单", blocks=(grid, Lines(lines=("甲", "乙"), is_small=True)), is_wide=True, foot=("脚",)),
        ),
        signer="示例局",
        contact="",
    )


def content_of(words: str, *leads: WorkedLead, proofs: Proofs) -> Content:
    proven = tuple(proofs.lead(one).lead for one in leads)
    return Content(letter=letter(words), verb="商请", listed=(), leads=proven, articles=())


def test_content_is_read_as_it_was_written() -> None:
    hostile = "{{7*7}} =cmd()\u202e\ud800\x00 <w:t> 𠮷 😀" + "长" * 10_000
    content = Content(letter=letter(hostile), verb="商请", listed=(), leads=(), articles=(), notes=("注",))
    once = written(content)
    again = content_read(once)
    assert written(again) == once
    assert again.letter.annexes == content.letter.annexes
    assert again.letter.paragraphs[0].text.endswith("长" * 10_000)
    assert digest_of(once) != digest_of(once.replace("示例大学", "示例大家"))
    for broken in ("", "{}", "[]", "null", once[:-5], once.replace("lantian-letter/1", "lantian-letter/9")):
        with pytest.raises(EvidenceBroken):
            content_read(broken)


@dataclass
class Town:
    """Three people with random rights who do random things; `truth` is who really signed what."""

    post: Post
    chance: random.Random
    people: dict[str, Acting] = field(default_factory=dict)
    drafted: dict[str, tuple[str, str]] = field(default_factory=dict)
    approved: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    confirmed: dict[str, set[str]] = field(default_factory=dict)

    @property
    def engine(self):
        return self.post.engine

    def desk(self, name: str) -> Desk:
        return Desk(engine=self.engine, acting=self.people[name], now=self.post.office.later())

    def letters(self) -> list[KeptLetter]:
        with self.engine.connect() as connection:
            numbers = connection.execute(text("SELECT number FROM letters")).scalars().all()
        return [self.post.letters.named(number) for number in numbers]

    # -- what people do ----------------------------------------------------------------------------

    def claims(self, name: str, lead: WorkedLead) -> None:
        claim(self.desk(name), [lead])

    def confirms(self, name: str, lead: WorkedLead) -> None:
        confirm(self.desk(name), [lead])
        self.confirmed.setdefault(lead.number, set()).add(name)

    def approves(self, name: str, lead: WorkedLead) -> None:
        approve(self.desk(name), [lead])

    def sends_back(self, name: str, lead: WorkedLead) -> None:
        send_back(self.desk(name), [lead], "再看")

    def drafts(self, name: str, lead: WorkedLead) -> None:
        words = f"涉嫌，尚待依法查证 {self.chance.random()}"
        content = content_of(words, lead, proofs=Proofs(self.engine))
        now, told = self.post.office.later(), written(content)
        (number,) = numbers_ahead(self.engine, now, 1)
        leads = tuple(NewLetterLead(lead_id=one.id, number=one.number, exhibits=one.exhibits) for one in content.leads)
        new = NewLetter(
            number=number,
            kind="warn",
            verb="商请",
            addressee="示例大学",
            operator_id=None,
            case_id=None,
            content=told,
            digest=digest_of(told),
            articles=(),
            leads=leads,
        )
        with writing(self.engine).begin() as connection:
            draft_on(connection, new, LetterAct(by=name, at=now), self.people[name].sign)
        self.drafted[number] = (name, new.digest)

    def approves_letter(self, name: str, _: WorkedLead) -> None:
        """Past the command: nothing but his own signature."""
        kept = self.chance.choice(self.letters())
        with writing(self.engine).begin() as connection:
            act = LetterAct(by=name, at=self.post.office.later())
            approve_on(connection, kept.id, act, self.people[name].sign)
        self.approved.setdefault((kept.number, kept.digest), set()).add(name)

    # -- what somebody with a shell does -----------------------------------------------------------

    def forges(self, _: str, lead: WorkedLead) -> None:
        entry = f"(SELECT id FROM audit ORDER BY abs(id - {self.chance.randrange(1, 120)}) LIMIT 1)"
        statement = self.chance.choice(
            (
                "UPDATE letters SET state='approved'",
                f"UPDATE letters SET approval={entry}, state='approved', approved_by='乙示例'",
                f"UPDATE letters SET entry={entry}",
                "UPDATE letters SET (content, digest)=(SELECT content, digest FROM letters ORDER BY id DESC LIMIT 1)",
                "UPDATE letters SET state='draft', approval=NULL",
                f"UPDATE leads SET state='approved', decision={entry}, approval={entry} WHERE id={lead.id}",
                f"UPDATE leads SET state='{self.chance.choice(('confirmed', 'approved', 'examining'))}'",
                "UPDATE grants SET ended_at=NULL, confirmed_by=asked_by, \"grant\"='reviewer'",
            )
        )
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def act(self, lead: WorkedLead, *, is_forging: bool) -> Callable[[str, WorkedLead], None]:
        """Mostly what comes next in the life of this lead, else anything."""
        letters = (self.drafts, self.approves_letter, self.approves_letter)
        anything = (self.claims, self.confirms, self.approves, *letters, self.sends_back)
        following = {"new": (self.claims,), "examining": (self.confirms,), "confirmed": (self.approves,)}
        if self.chance.random() < 0.75:
            return self.chance.choice(following.get(lead.state, letters))
        return self.chance.choice((*anything, self.forges, self.forges) if is_forging else anything)

    # -- what must hold ----------------------------------------------------------------------------

    def believed(self) -> int:
        """How many letters are believed; each has two people who really signed it, and neither confirmer approved."""
        found = 0
        for kept in self.letters():
            try:
                proven = Proofs(self.engine).approved(kept)
            except (UserMistake, EvidenceBroken):
                continue
            digest = digest_of(kept.content)
            assert self.drafted[kept.number] == (proven.drafted_by, digest)
            assert proven.approved_by in self.approved[kept.number, digest]
            assert self.people[proven.approved_by].may(Grant.REVIEWER)
            assert proven.approved_by != proven.drafted_by
            for lead in proven.content.leads:
                confirmers = self.confirmed[lead.number]
                assert len(confirmers | {proven.approved_by, proven.drafted_by}) > 1
                assert confirmers != {proven.approved_by}
            found += 1
        return found


def town(folder: Path, seed: int) -> Town:
    chance = random.Random(seed)
    made = Town(Post(office_in(folder / "lantian.db")), chance)
    for at, name in enumerate(NAMES):
        grants = (Grant.EXAMINER, Grant.REVIEWER) if at < 2 else (Grant.EXAMINER,)
        made.people[name] = made.post.office.person(name, *grants)
    made.post.office.see({"a1": (_promise(),)}, seller_id="shop-1")
    made.post.office.see({"b1": (_promise(),)}, seller_id="shop-2")
    made.post.office.take_in()
    return made


def _promise():
    from review_specimens import PROMISE

    return PROMISE


def test_random_people_and_a_random_shell(tmp_path: Path) -> None:
    believed = refused = 0
    for seed in range(SEEDS):
        (tmp_path / str(seed)).mkdir()
        here = town(tmp_path / str(seed), seed)
        for _ in range(STEPS):
            name, lead = here.chance.choice(NAMES), here.chance.choice(here.post.office.leads())
            try:
                here.act(lead, is_forging=seed % 2 == 0)(name, lead)
            except (UserMistake, EvidenceBroken, IndexError):
                refused += 1
            believed += here.believed()
        here.engine.dispose()
    assert believed, "a letter came about at all"
    assert refused


def test_a_delegation_is_what_somebody_signed_for_and_did_not_end(tmp_path: Path) -> None:
    post = Post(office_in(tmp_path / "lantian.db"))
    legal = post.office.person("示例法制", Grant.LEGAL)
    laws, now = Laws(post.engine), post.office.later()
    days = {"first": date(2026, 1, 1), "last": date(2026, 12, 31)}
    new = NewDelegation(number="示委〔2026〕1号", kind="delegation", giver="示例省局", scope=("处罚",), **days)
    laws.add_delegation(new, now, legal.sign)
    (kept,) = laws.delegations()
    Proofs(post.engine).delegation(kept)
    for changed in ({"giver": "别局"}, {"scope": ("全部",)}, {"last": date(2030, 1, 1)}, {"entry": kept.entry - 1}):
        with pytest.raises(EvidenceBroken):
            Proofs(post.engine).delegation(replace(kept, **changed))
    laws.end_delegation(new.number, "到期", now, legal.sign)
    with post.engine.begin() as connection:
        connection.execute(text("UPDATE delegations SET ended_at = NULL"))
    with pytest.raises(EvidenceBroken, match="已经终止"):
        Proofs(post.engine).delegation(laws.delegations()[0])
    post.engine.dispose()


def test_a_reading_is_a_legal_reviewers_of_that_very_version(tmp_path: Path) -> None:
    post = Post(office_in(tmp_path / "lantian.db"))
    legal, ann = post.office.person("示例法制", Grant.LEGAL), post.office.ann.acting
    laws, now = Laws(post.engine), post.office.later()
    read, unfit = (
        laws.confirm("AD-四", "ab", "原文", now, legal.sign),
        laws.confirm("AD-五", "ab", "原文", now, ann.sign),
    )
    proofs = Proofs(post.engine)
    assert proofs.has_read(read)
    assert not proofs.has_read(unfit), "who has not the right to"
    assert not proofs.has_read(replace(read, digest="cd"))
    assert not proofs.has_read(replace(read, article="AD-六"))
    post.engine.dispose()


def test_a_letter_about_no_lead_is_nobodys_to_approve(tmp_path: Path) -> None:
    post = Post(office_in(tmp_path / "lantian.db"))
    proofs = Proofs(post.engine)
    empty = ProvenLetter(content=content_of("涉嫌，尚待依法查证", proofs=proofs), drafted_by="甲", approved_by="")
    with pytest.raises(EvidenceBroken, match="没有经两人认定、复核的线索"):
        proofs.refuse_approver("H2026-00001", empty, "乙")
    with pytest.raises(UserMistake, match="不能由同一人复核"):
        proofs.refuse_approver("H2026-00001", empty, "甲")
    post.engine.dispose()
