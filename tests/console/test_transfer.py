"""Leads between two offices: signed, believed once a named person said so, taken in whole and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from people_specimens import token_of
from reporter_specimens import NAME, PHONE, report_file
from sqlalchemy import Engine, update

from casework.acting import Grant
from casework.transfer.package import EVIDENCE, read_package
from crawler.errors import EvidenceBroken
from storage.audit import AuditLog
from storage.cases.leads import WorkedLeads
from storage.cases.moves import State
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.tables.leads import LeadRow
from storage.tables.reports import TransferRow
from tests.console.conftest import Ran
from tests.console.letter_specimens import CAT, Bureau, copied, new_home

Here = Callable[..., Ran]
DOCUMENT = "示移函〔2026〕7号"


@dataclass
class Offices:
    """One that sends and one that receives, each with a home; a command runs in either, as one person."""

    sender: Bureau
    receiver: Engine
    home: Path
    here: Here
    monkeypatch: pytest.MonkeyPatch

    def send(self, *arguments: object) -> Ran:
        return self._as(self.sender.home, self.sender.tokens[CAT], *arguments)

    def receive(self, *arguments: object, grant: Grant = Grant.EXAMINER) -> Ran:
        name = {Grant.EXAMINER: "示例收件", Grant.ADMIN: "示例主管"}[grant]
        return self._as(self.home, token_of(self.receiver, name, grant), *arguments)

    def hand_over(self, out: Path, *options: object) -> Ran:
        told = ("--leads", self.sender.lead.number, "--to", "示例省局", "--document", DOCUMENT, "--out", out, "--json")
        return self.send("transfer", "out", *told, *options)

    def trust(self, mark: str) -> Ran:
        return self.receive("transfer", "trust", "示例市局", mark, grant=Grant.ADMIN)

    def _as(self, home: Path, token: str, *arguments: object) -> Ran:
        self.monkeypatch.setenv("LANTIAN_HOME", str(home))
        self.monkeypatch.setenv("LANTIAN_TOKEN", token)
        return self.here(*arguments)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return new_home(tmp_path_factory.mktemp("bureau") / "home", monkeypatch)


@pytest.fixture
def offices(
    tmp_path: Path, decided: Path, made_home: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Offices]:
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "reporter.key"))
    sender = Bureau(copied(decided, tmp_path / "sender"), here, monkeypatch)
    receiver = open_database(made_home / "lantian.db")
    yield Offices(sender, receiver, made_home, here, monkeypatch)
    sender.engine.dispose()
    receiver.dispose()


def test_an_approved_lead_goes_over_once_and_whole(offices: Offices, tmp_path: Path) -> None:
    lead = offices.sender.lead
    out = tmp_path / "p.ltp"
    sent = offices.hand_over(out)
    assert sent.code == 0, sent.err
    package = read_package(out)
    (told,) = package.manifest.leads
    assert (told.origin, told.decided_by, told.approved_by) == (lead.number, "示例初审", "示例复核")
    assert [one.id for one in told.exhibits] == [offices.sender.exhibit]
    assert told.exhibits[0].quotes
    assert told.exhibits[0].laws
    assert told.exhibits[0].sha256 == ExhibitStore(offices.sender.engine).exhibit(offices.sender.exhibit).capture.sha256
    after = WorkedLeads(offices.sender.engine).named(lead.number)
    assert (after.state, after.office, after.reference) == (State.HANDED_OVER, "示例省局", DOCUMENT)
    assert not list(tmp_path.glob(".*"))

    refused = offices.receive("transfer", "import", out)
    assert (refused.code, "没有确认过" in refused.err) == (2, True)
    assert offices.trust(sent.lines[0]["fingerprint"]).code == 0
    taken = offices.receive("transfer", "import", out, "--json")
    assert taken.code == 0, taken.err
    (number,) = taken.lines[0]["new"]
    here = WorkedLeads(offices.receiver).named(number)
    assert (here.source, here.office, here.reference) == ("transferred", "示例市局", DOCUMENT)
    assert told.exhibits[0].sha256 in here.note
    again = offices.receive("transfer", "import", out, "--json").lines[0]
    assert (again["is_new"], again["new"]) == (False, [])
    acts = [one.act for one in AuditLog(offices.receiver).entries(limit=10_000)]
    assert (acts.count("transfer_in"), acts.count("lead_register")) == (1, 1)
    kept = offices.home / "transfers" / f"{package.digest}.ltp"
    assert kept.read_bytes() == out.read_bytes()
    assert json.loads(offices.receive("transfer", "list", "--json").out)["direction"] == "in"


def test_what_is_not_approved_is_only_given_to_look_into(offices: Offices, tmp_path: Path) -> None:
    lead = offices.sender.lead
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(state="examining", decision=None, approval=None))
    refused = offices.hand_over(tmp_path / "p.ltp")
    assert (refused.code, "不能移送" in refused.err, lead.number in refused.err) == (2, True, True)
    assert list(tmp_path.glob("*.ltp")) == []
    sent = offices.hand_over(tmp_path / "p.ltp", "--as", "交办", "--due", "2026-12-01")
    assert sent.code == 0, sent.err
    assert WorkedLeads(offices.sender.engine).named(lead.number).state == State.DELEGATED
    offices.trust(sent.lines[0]["fingerprint"])
    (number,) = offices.receive("transfer", "import", tmp_path / "p.ltp", "--json").lines[0]["new"]
    here = WorkedLeads(offices.receiver).named(number)
    assert here.source == "assigned"
    assert here.due_at is not None
    told = offices.receive("incoming", "feedback", "--document", DOCUMENT, "--out", tmp_path / "f.xlsx", "--json")
    assert told.lines[0]["rows"][0]["origin"] == lead.number


def test_a_row_that_says_approved_convinces_nobody(offices: Offices, tmp_path: Path) -> None:
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(approval=LeadRow.decision))
    with pytest.raises(EvidenceBroken, match="不能移送"):
        offices.hand_over(tmp_path / "p.ltp")
    assert list(tmp_path.glob("*.ltp")) == []


def test_a_changed_lead_is_noted_and_not_a_second_one(offices: Offices, tmp_path: Path) -> None:
    lead = offices.sender.lead
    sent = offices.hand_over(tmp_path / "1.ltp", "--as", "交办")
    offices.trust(sent.lines[0]["fingerprint"])
    (number,) = offices.receive("transfer", "import", tmp_path / "1.ltp", "--json").lines[0]["new"]
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(state="approved", title="改过的标题"))
    assert offices.hand_over(tmp_path / "2.ltp", "--as", "交办").code == 0
    told = offices.receive("transfer", "import", tmp_path / "2.ltp", "--json").lines[0]
    assert (told["new"], told["changed"]) == ([], [number])
    assert "改过的标题" in WorkedLeads(offices.receiver).named(number).note
    assert lead.number in WorkedLeads(offices.receiver).named(number).note


def test_a_key_is_believed_by_a_signed_act_and_until_somebody_takes_it_back(offices: Offices, tmp_path: Path) -> None:
    mark = offices.hand_over(tmp_path / "p.ltp").lines[0]["fingerprint"]
    assert offices.receive("transfer", "trust", "示例市局", mark).code == 2
    assert "64 位" in offices.trust("ab").err
    spaced = " ".join(mark[at : at + 4] for at in range(0, 64, 4))
    assert offices.trust(spaced).code == 0
    assert "已由" in offices.trust(mark).err
    with offices.receiver.begin() as connection:
        connection.execute(update(TransferRow).values(office="冒名省局"))
    with pytest.raises(EvidenceBroken, match="签字确认的不符"):
        offices.receive("transfer", "import", tmp_path / "p.ltp")
    with offices.receiver.begin() as connection:
        connection.execute(update(TransferRow).values(office="示例市局"))
    told = offices.receive("transfer", "distrust", mark, "--reason", "令牌丢失", grant=Grant.ADMIN)
    assert told.code == 0
    assert "没有确认过" in offices.receive("transfer", "import", tmp_path / "p.ltp").err
    assert "不再信任" in offices.trust(mark).err


def test_evidence_goes_along_and_is_verified_by_itself(offices: Offices, tmp_path: Path) -> None:
    sent = offices.hand_over(tmp_path / "p.ltp", "--with-evidence")
    assert sent.code == 0, sent.err
    assert [one.name for one in read_package(tmp_path / "p.ltp").manifest.files] == [EVIDENCE]
    offices.trust(sent.lines[0]["fingerprint"])
    wacz = tmp_path / "e.wacz"
    told = offices.receive("transfer", "import", tmp_path / "p.ltp", "--evidence-out", wacz, "--json")
    assert told.lines[0]["evidence"] == "sealed"
    assert offices.receive("evidence", "verify", wacz).code == 0
    assert not list(tmp_path.glob(".*"))


def test_contacts_are_masked_unless_somebody_may_show_them(offices: Offices, tmp_path: Path) -> None:
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(seller="样本网店 电话13900000321"))
    refused = offices.hand_over(tmp_path / "c.ltp", "--with-contacts")
    assert (refused.code, "联系方式可见" in refused.err) == (2, True)
    assert offices.hand_over(tmp_path / "p.ltp").code == 0
    assert b"13900000321" not in (tmp_path / "p.ltp").read_bytes()


def test_nothing_leaves_that_names_who_reported_it(offices: Offices, tmp_path: Path) -> None:
    run = offices.send
    number = run("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    out = ("--to", "示例省局", "--document", DOCUMENT, "--as", "交办", "--out", tmp_path / "r.ltp")
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(note=f"举报人{NAME}来电"))
    refused = run("transfer", "out", "--leads", number, *out)
    assert (refused.code, "写有举报人的姓名" in refused.err, NAME in refused.err) == (2, True, False)
    with offices.sender.engine.begin() as connection:
        connection.execute(update(LeadRow).values(note="电话举报"))
    for words in (("--to", NAME), ("--document", f"{NAME}〔2026〕7号")):
        refused = run("transfer", "out", "--leads", number, *out, *words)
        assert (refused.code, f"{words[0]}）中写有举报人的姓名" in refused.err, NAME in refused.err) == (2, True, False)
    assert not (tmp_path / "r.ltp").exists()
    assert run("transfer", "out", "--leads", number, *out).code == 0
    package = (tmp_path / "r.ltp").read_bytes()
    assert NAME.encode() not in package
    assert PHONE.encode() not in package


def test_without_the_key_nothing_leaves_but_by_a_persons_word(offices: Offices, tmp_path: Path) -> None:
    run = offices.send
    number = run("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    (tmp_path / "keys" / "reporter.key").rename(tmp_path / "keys" / "elsewhere.key")
    out = ("--leads", number, "--to", "示例省局", "--document", DOCUMENT, "--as", "交办", "--out", tmp_path / "r.ltp")
    refused = run("transfer", "out", *out)
    assert (refused.code, number in refused.err) == (2, True)
    assert not (tmp_path / "r.ltp").exists()
    sent = run("transfer", "out", *out, "--unchecked", "--json")
    assert (sent.code, sent.lines[0]["unchecked"], "没有比对举报人信息" in sent.err) == (0, [number], True)
    (entry,) = (one for one in AuditLog(offices.sender.engine).entries(limit=10_000) if one.act == "transfer_out")
    assert json.loads(entry.detail)["unchecked"] == [number]
    assert offices.hand_over(tmp_path / "q.ltp").code == 0, "nobody reported this one"


def test_an_unsealed_capture_or_a_taken_name_leaves_no_package(offices: Offices, tmp_path: Path) -> None:
    out = tmp_path / "p.ltp"
    out.write_bytes(b"mine")
    assert "不覆盖" in offices.hand_over(out).err
    assert out.read_bytes() == b"mine"
    offices.sender.damage()
    with pytest.raises(EvidenceBroken, match="不能移送"):
        offices.hand_over(tmp_path / "q.ltp")
    assert not (tmp_path / "q.ltp").exists()
    assert offices.sender.lead.state == State.APPROVED


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--as", "借阅"), "--as"),
        (("--due", "2026-11-31"), "--due"),
    ],
)
def test_what_is_asked_wrongly_is_refused(offices: Offices, tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    told = offices.hand_over(tmp_path / "p.ltp", *options)
    assert (told.code, why in told.err) == (2, True)
