"""A reporter's name and phone come in by every door; then everything is run, and neither is anywhere in plain text.

Not in the database, its WAL, a backup, the archive, an export, a letter, a report, a package, an answer or a
complaint, in no encoding; and the search that says so is seen to find them where they are.
"""

from __future__ import annotations

import gzip
import io
import os
import pty
import select
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import typer
from docx import Document
from leak_search import Search, forms
from people_specimens import token_of
from reporter_specimens import IDENTITY, MAIL, NAME, PHONE, ROWS, WORDS, list_file, report_file
from typer.main import get_command

from casework.acting import Grant
from casework.incoming.reporter import FIELDS
from casework.reports.sheets import Book, Head
from console.cli import app
from crawler.errors import EvidenceBroken
from detectors.addresses import address_marks
from detectors.near import bands
from storage.cases.leads import WorkedLeads
from storage.cases.shapes import LeadsWanted
from storage.searching.grams import phrase
from storage.searching.indexing import Indexer
from tests.console.conftest import ROOT, Ran
from tests.console.letter_specimens import ANN, BEN, CAT, Bureau, copied, new_home, read_law

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SPACED = f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"
SEARCH = Search(NAME, PHONE, SPACED, MAIL, IDENTITY, WORDS[:12], "钟示例戊", "13800000728")
TYPED = ("钟示例戊", "13800000728")  # the reporter who is typed on a terminal
SECRETS = (NAME, PHONE, SPACED, MAIL, IDENTITY, *TYPED)
DOCUMENT = "示知函〔2026〕3号"
# What goes on for ever, asks somebody, makes a web of its own, or tells of nothing but the program's own rules.
NOT_RUN = frozenset(
    """patrol worker round demo rescreen notify.test rules.test rules.list rules.stats rules.explain user.password
    incoming.report evidence.collect evidence.shelve evidence.stamp watch.queries watch.put-back law.list law.check
    spiders.list spiders.health calendar.list""".split()
)
TOLD_TWICE = ("lead", "case", "actor", "incoming", "audit")


def commands(group: typer.core.TyperGroup, above: str = "") -> Iterator[tuple[str, list[str], list[str]]]:
    """Every command with its options, and what must be given."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{above}{name} ")
        else:
            needed = [one.name or "" for one in command.params if one.required]
            yield f"{above}{name}", [word for one in command.params for word in one.opts], needed


def every_command() -> list[tuple[str, list[str], list[str]]]:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return list(commands(group))


@dataclass
class House:
    """The home, all that was printed, and who acts."""

    folder: Path
    bureau: Bureau
    here: Callable[..., Ran]
    monkeypatch: pytest.MonkeyPatch
    printed: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, *arguments: object, who: str = "") -> Ran:
        """A command as this person; whatever happens, what it said is kept."""
        self.monkeypatch.setenv("LANTIAN_TOKEN", self.bureau.tokens[who or "示例全能"])
        try:
            ran = self.here(*arguments)
        except EvidenceBroken as broken:
            ran = Ran(4, "", str(broken))
        self.printed.append(f"{' '.join(map(str, arguments))}\n{ran.out}\n{ran.err}")
        return ran

    def must(self, *arguments: object, who: str = "") -> Ran:
        ran = self.run(*arguments, who=who)
        assert ran.code == 0, (arguments, ran)
        return ran

    def newest(self, source: str) -> str:
        return WorkedLeads(self.bureau.engine).leads(LeadsWanted(source=source, limit=1))[0].number


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return new_home(tmp_path_factory.mktemp("bureau") / "home", monkeypatch)


@pytest.fixture
def house(tmp_path: Path, decided: Path, here: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("doors", "out", "temp", "keys"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "reporter.key"))
    bureau = Bureau(copied(decided, tmp_path / "home"), here, monkeypatch)
    grants = (Grant.EXAMINER, Grant.REVIEWER, Grant.ADMIN, Grant.CONTACTS)
    bureau.tokens["示例全能"] = token_of(bureau.engine, "示例全能", *grants)
    yield House(tmp_path, bureau, here, monkeypatch)
    bureau.engine.dispose()


# -- the doors -------------------------------------------------------------------------------------


def by_file(house: House) -> None:
    """Refused while the officer's own words name the reporter, taken with them hidden."""
    doors = house.folder / "doors"
    wanted = report_file(doors, summary=f"{NAME}（{SPACED}）来电", title="网店声称包授权", seller=MAIL)
    assert house.run("incoming", "report", wanted).code == 2
    house.must("incoming", "report", wanted, "--redact", "--json")
    house.must("incoming", "report", report_file(doors), "--json")


def by_list(house: House) -> None:
    rows = ((*ROWS[0][:4], f"据{NAME}（{SPACED}）反映包授权", *ROWS[0][5:]), ROWS[1])
    sent = ("--office", "示例省局", "--document", DOCUMENT, "--kind", "assigned", "--json")
    wrong = (*rows, ("", NAME, PHONE, "", "", NAME, PHONE, "", NAME, PHONE))
    assert house.run("incoming", "import", list_file(house.folder / "doors", wrong), *sent).code == 2
    house.must("incoming", "import", list_file(house.folder / "doors", rows), *sent)
    house.must("incoming", "import", list_file(house.folder / "doors", rows), *sent)


def by_terminal(house: House) -> None:
    """A real terminal: what is typed of a reporter is not shown on it."""
    name, phone = TYPED
    clear = ["https://shop.xinghe.example/9", "网店声称包授权", "商品标题", "", "", "包授权"]
    typed = [*clear, name, phone, "", "", "", f"{name}说他们包授权"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(house.folder), "LANG": "C.UTF-8", "TERM": "dumb"}
    names = ("LANTIAN_HOME", "LANTIAN_REPORTER_KEY", "TMPDIR")
    environ |= {one: os.environ[one] for one in names} | {"LANTIAN_TOKEN": house.bureau.tokens["示例全能"]}
    command = [sys.executable, "-c", "from console.cli import main; main()", "incoming", "report", "--json"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execve(command[0], command, environ)
    shown = answer(terminal, typed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert '"sealed": true' in shown
    house.printed.append(shown)


def answer(terminal: int, lines: list[str]) -> str:
    """Types a line after each prompt; all that the terminal showed."""
    shown, prompts, until = "", 0, time.monotonic() + 120
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            break
        if not piece:
            break
        shown += piece
        seen = shown.count("：") - shown.count("类别：包") - shown.count("信息：")
        while prompts < min(seen, len(lines)):
            os.write(terminal, f"{lines[prompts]}\n".encode())
            prompts += 1
            time.sleep(0.05)
    os.close(terminal)
    return shown


# -- everything ------------------------------------------------------------------------------------


def decide(house: House, number: str) -> None:
    """What two people do with a lead from elsewhere."""
    for step, who in (("claim", ANN), ("confirm", ANN), ("approve", BEN)):
        house.must("lead", step, number, who=who)


def whatever_needs_nothing(house: House) -> None:
    """Every command that can be run as it is; those that tell of leads to people and to programs."""
    for name, options, needed in every_command():
        if name.replace(" ", ".") in NOT_RUN or needed:
            continue
        if "--json" not in options or name.split()[0] in TOLD_TWICE:
            house.run(*name.split())
        if "--json" in options:
            house.run(*name.split(), "--json")


def whatever_tells_of_a_lead(house: House, numbers: list[str]) -> None:
    for number in numbers:
        for words in (("lead", "show"), ("incoming", "reporter")):
            house.run(*words, number)
            house.run(*words, number, "--json")
    for words in (("actor", "show"), ("actor", "graph"), ("case", "show")):
        house.run(*words, "1")
        house.run(*words, "1", "--json")
    house.run("show", house.bureau.exhibit, "--full")
    house.run("show", house.bureau.exhibit, "--json")
    house.run("audit", "list", "--limit", "5000", "--json")


def whatever_leaves(house: House, lead: str, reported: str) -> None:
    out = house.out
    for number, name in ((lead, "letters"), (reported, "letters2")):
        house.run("letter", "draft", "--leads", number, "--out", out / name, "--json", who=CAT)
        house.run(
            "letter", "draft", "--leads", number, "--kind", "talk", "--to", "示例公司", "--out", out / name, who=CAT
        )
    house.run("letter", "approve", "1", who=BEN)
    house.run("letter", "export", "1", "--out", out / "exported")
    house.run("letter", "show", "1", "--json")
    house.must("incoming", "feedback", "--document", DOCUMENT, "--out", out / "f.xlsx", "--json")
    house.must("incoming", "template", "--out", out / "t.xlsx")
    reports = ("ledger --out l.xlsx", "credit --out c.xlsx", "trend --out t.svg", "case 1 --out k.zip")
    for name in (*reports, "year 2026 --out y.docx"):
        words = [str(out / one) if "." in one else one for one in name.split()]
        house.run("report", *words, "--json")
    for one in ("leads.source.report", "leads.source.assigned"):
        house.run("report", "month", "2026-11", "--list", one, "--json")
    house.run("evidence", "export", "--exhibit", house.bureau.exhibit, "--out", out / "e.wacz")
    for number, way, name in ((reported, "交办", "a.ltp"), (lead, "移送", "b.ltp")):
        told = (
            "--leads",
            number,
            "--to",
            "示例市局",
            "--document",
            "示移函〔2026〕1号",
            "--as",
            way,
            "--out",
            out / name,
        )
        house.run("transfer", "out", *told, "--with-contacts", *(("--with-evidence",) if name == "b.ltp" else ()))


def whatever_goes_wrong(house: House, reported: str) -> None:
    """Complaints and refusals, each with a reporter behind it."""
    doors = house.folder / "doors"
    house.run("incoming", "reporter", reported, "--reveal")  # without the right
    (doors / "broken.toml").write_text(f'name = "{NAME}" {PHONE}', encoding="utf-8")
    (doors / "broken.json").write_text(f'{{"reporter": {{"{NAME}": "{PHONE}"}}}}', encoding="utf-8")
    (doors / "broken.xlsx").write_bytes(b"PK\x03\x04" + NAME.encode())
    for one in doors.glob("broken*"):
        one.chmod(0o600)
        assert house.run("incoming", "report", one).code == 2
        sent = ("--office", "示例省局", "--document", DOCUMENT, "--kind", "assigned")
        assert house.run("incoming", "import", one, *sent).code == 2
    full = house.folder / "keys" / "reporter.key"
    house.monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(house.folder / "keys" / "other.key"))
    house.must("incoming", "key", "--make")
    house.bureau.tokens["示例机要"] = token_of(house.bureau.engine, "示例机要", Grant.REPORTERS)
    assert house.run("incoming", "reporter", reported, "--reveal", who="示例机要").code == 2
    house.monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(full))
    house.must("incoming", "rekey", "--new", house.folder / "keys" / "new.key", "--json")
    house.monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(house.folder / "keys" / "new.key"))
    with sqlite3.connect(house.bureau.home / "lantian.db") as connection:
        broken = bytearray(connection.execute("SELECT sealed FROM reporters").fetchone()[0])
        broken[60] ^= 1
        connection.execute("UPDATE reporters SET sealed = ?", (bytes(broken),))
    connection.close()
    assert house.run("incoming", "reporter", reported, "--reveal", who="示例机要").code == 4


def back_up(house: House) -> None:
    """As an operator does, and as SQLite dumps itself."""
    source = sqlite3.connect(house.bureau.home / "lantian.db")
    copy = sqlite3.connect(house.out / "backup.db")
    source.backup(copy)
    copy.close()
    # Python's dump cannot read the index of words: it is asked by itself.
    plain = sqlite3.connect(":memory:")
    source.backup(plain)
    plain.execute("DROP TABLE IF EXISTS search_words")
    (house.out / "dump.sql").write_text("\n".join(plain.iterdump()), encoding="utf-8")
    plain.close()
    source.close()


def indexed(house: House) -> list[str]:
    """Those of the reporter's words that the index of words knows; everything is in it."""
    lantian = house.bureau.engine
    Indexer(lantian, bands, address_marks).catch_up(lambda _: None)
    asked = "SELECT count(*) FROM search_words WHERE search_words MATCH ?"
    with lantian.connect() as connection:
        return [word for word in SECRETS if connection.exec_driver_sql(asked, (phrase(word),)).scalar_one()]


def hits(house: House) -> list[str]:
    found = [one for folder in ("home", "out", "temp") for one in SEARCH.in_folder(house.folder / folder)]
    return found + [one for text in house.printed for one in SEARCH.in_bytes(text.encode(), text[:200])]


def test_a_planted_reporter_is_nowhere_in_plain_text(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    read_law(house.bureau.engine, {"PAR-二十七", "SAMR-8"})
    by_file(house)
    by_list(house)
    by_terminal(house)
    reported, assigned, lead = house.newest("report"), house.newest("assigned"), house.bureau.lead.number
    for number in (reported, assigned):
        decide(house, number)
    whatever_tells_of_a_lead(house, [reported, assigned, lead])
    whatever_leaves(house, lead, assigned)
    whatever_needs_nothing(house)
    assert hits(house) == []  # with the key at hand
    whatever_goes_wrong(house, reported)
    back_up(house)
    written = [one.name for one in house.out.rglob("*") if one.is_file()]
    assert {"f.xlsx", "l.xlsx", "a.ltp", "b.ltp", "backup.db", "e.wacz"} <= set(written)
    assert [one for one in written if one.endswith(".docx")]
    told = capfd.readouterr()
    house.printed.append(told.out + told.err)
    assert hits(house) == []
    assert indexed(house) == []


def test_nothing_of_a_reporter_is_ever_an_argument() -> None:
    """Neither a list of processes nor a shell's history has it."""
    for name, options, needed in every_command():
        if name.startswith("incoming"):
            assert not set(FIELDS) & {one.strip("-").lower() for one in (*options, *needed)}, name


# -- the search is seen to find --------------------------------------------------------------------


def test_a_name_in_the_clear_is_found_in_the_database_and_in_what_is_told(house: House) -> None:
    house.must("incoming", "report", report_file(house.folder / "doors"), "--json")
    assert hits(house) == []
    with sqlite3.connect(house.bureau.home / "lantian.db") as connection:
        connection.execute("UPDATE leads SET note = ? WHERE source = 'report'", (f"{NAME}来电",))
    connection.close()
    house.run("lead", "show", house.newest("report"), "--json")
    found = hits(house)
    assert [one for one in found if one.startswith(("lantian.db:", "lantian.db-wal:"))]
    assert [one for one in found if one.startswith("lead show")]


@pytest.mark.parametrize("name", sorted(forms("x")))
def test_every_form_is_found(name: str, tmp_path: Path) -> None:
    for word in (NAME, PHONE):
        (tmp_path / "file").write_bytes(b"before " + forms(word)[name] + b" after")
        assert list(Search(word).in_folder(tmp_path))


def test_every_container_is_opened(tmp_path: Path) -> None:
    plain = f"由{NAME}举报".encode()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("deep.txt", gzip.compress(plain))
    document = Document()
    paragraph = document.add_paragraph(NAME[:2])
    paragraph.add_run(NAME[2:]).bold = True
    document.save(str(tmp_path / "b.docx"))
    book = Book()
    book.sheet("s", [Head(name="h")]).add([f"由{NAME}举报"])
    sheet = io.BytesIO()
    book.save(sheet)
    (tmp_path / "c.xlsx").write_bytes(sheet.getvalue())
    (tmp_path / "d.pdf").write_bytes(pdf())
    (tmp_path / NAME).write_bytes(b"")
    found = {one.partition("/")[0].partition(":")[0] for one in Search(NAME).in_folder(tmp_path)}
    assert found >= {"a.zip", "b.docx", "c.xlsx", "d.pdf"}
    assert [one for one in found if one.startswith("name of")]


def pdf() -> bytes:
    from weasyprint import HTML

    written = HTML(string=f"<p>由{NAME}举报</p>").write_pdf()
    assert isinstance(written, bytes)
    return written


def test_the_terminal_would_show_what_is_echoed() -> None:
    """The same terminal, with a program that reads a name as anything is read."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", "input('姓名：')"])
    shown = answer(terminal, [NAME])
    os.waitpid(child, 0)
    assert list(SEARCH.in_bytes(shown.encode(), "terminal"))


def test_a_report_file_is_what_was_planted(tmp_path: Path) -> None:
    assert len(list(SEARCH.in_bytes(report_file(tmp_path).read_bytes(), "door"))) >= 5
