"""One story on the demo's pages: from what was found to a letter, to "gone", and back again when the seller returns.

Every step is a command that a person types with his own credential.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from people_specimens import token_of
from sqlalchemy import Engine, update
from typer.testing import CliRunner

from casework.acting import Grant
from console.cli import app
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_USAGE, UserMistake
from crawler.tables import Browser
from pipelines.browser import BrowserTrouble, find_chromium
from storage.db import open_database
from storage.tables.rechecks import RecheckRow
from tests.console.conftest import Ran

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]
GOOD = "https://item.jd.com/100416571595.html"
OFFICE = """
[office]
name = "示例市市场监督管理局"
kind = "amr"
level = "city"
province = "示例省"
city = "示例市"
code = "示市监知函"
person = "示例联系人"
phone = "000-00000000"
[crawl]
delay = 0.0
retries = 0
[patrol]
tick = 0.5
megabytes = 3000
"""


class Story:
    """A home after a demo, and three people who work in it: 初审 `first`, 复核 `second`, 法制 `law`."""

    def __init__(self, lantian: Run, home: Path) -> None:
        self._lantian, self.home = lantian, home
        engine = self._engine()
        self.first = token_of(engine, "示例初审", Grant.EXAMINER)
        self.second = token_of(engine, "示例复核", Grant.REVIEWER)
        self.law = token_of(engine, "示例法制", Grant.LEGAL)
        engine.dispose()

    def _engine(self) -> Engine:
        return open_database(self.home / "lantian.db")

    def ran(self, token: str, *words: str | Path) -> Ran:
        """In this process, which has everything loaded: a process each would be most of the story's time."""
        environ = {"LANTIAN_TOKEN": token, "LANTIAN_HOME": str(self.home)}
        ended = CliRunner().invoke(app, [str(one) for one in words], env=environ)
        if isinstance(ended.exception, UserMistake):
            return Ran(EXIT_USAGE, ended.stdout, f"{ended.stderr}lantian: {ended.exception}\n")
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ran(ended.exit_code, ended.stdout, ended.stderr)

    def demo(self) -> None:
        ran = self._lantian("demo", LANTIAN_BROWSER_AS_ROOT="1")
        assert ran.code == 0, ran.err

    def told(self, token: str, *words: str | Path) -> dict[str, Any]:
        ran = self.ran(token, *words, "--json")
        assert ran.code == 0, ran.err
        return ran.lines[0]

    def refused(self, token: str, *words: str | Path) -> str:
        ran = self.ran(token, *words)
        assert (ran.code, len(ran.err.strip().splitlines()[-1:])) == (2, 1), (ran.code, ran.err)
        return ran.err

    def lead(self, number: str) -> dict[str, Any]:
        return self.told(self.first, "lead", "show", number)

    def confirm_law(self, articles: list[str]) -> None:
        ran = self.ran(self.law, "law", "confirm", *articles, "--source", "示例官方文本", "--json")
        assert [one["article"] for one in ran.lines] == articles, ran.err

    def look_again(self, hosts: Path) -> None:
        """The next look of every re-check is due, and the patrol takes it."""
        engine = self._engine()
        with engine.begin() as connection:
            connection.execute(update(RecheckRow).values(next_at=clock.now() - timedelta(seconds=5)))
        engine.dispose()
        ran = self._lantian("patrol", "--once", LANTIAN_HOSTS=str(hosts), LANTIAN_BROWSER_AS_ROOT="1")
        assert ran.code in (0, 3), ran.err  # what is gone is neither ok nor empty


# WeasyPrint leaves the colour profile it embeds to the collector to close.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def story(lantian: Run, tmp_path: Path) -> Story:
    try:
        find_chromium(Config(home=tmp_path, browser=Browser(as_root=True)))
    except BrowserTrouble as trouble:
        pytest.skip(f"no Chromium on this machine: {trouble}")
    (tmp_path / "home" / "lantian.toml").write_text(OFFICE, encoding="utf-8")
    ran = lantian("demo", LANTIAN_BROWSER_AS_ROOT="1")
    assert ran.code == 0, ran.err
    return Story(lantian, tmp_path / "home")


def test_from_lead_to_letter_to_gone_and_back(story: Story, serve: Serve, tmp_path: Path) -> None:
    number = approved(story)
    letter = sent(story, number, tmp_path)
    answered(story, letter, tmp_path)
    gone(story, number, letter, serve)
    back(story, number)
    in_the_books(story, number, tmp_path)


def approved(story: Story) -> str:
    """Found, confirmed by one, approved by another."""
    found = next(one for one in story.ran(story.first, "lead", "list", "--json").lines if one["url"] == GOOD)
    number: str = found["number"]
    assert found["state"] == "new"
    story.told(story.first, "lead", "claim", number)
    story.told(story.first, "lead", "confirm", number)
    assert "复核" in story.refused(story.first, "lead", "approve", number)
    out = story.home.parent / "early"
    out.mkdir()
    assert "复核" in story.refused(story.first, "letter", "draft", "--leads", number, "--out", out)
    assert list(out.iterdir()) == []
    assert story.told(story.second, "lead", "approve", number)["state"] == "approved"
    assert "经营者" in story.refused(story.first, "letter", "draft", "--leads", number, "--out", out)
    return number


def sent(story: Story, number: str, tmp_path: Path) -> str:
    """Drafted, read by the legal reviewer, approved by the second person, exported, numbered and sent by the office."""
    platform = ("--platform", "jd", "--name", "示例电子商务有限公司", "--seat", "示例市", "--source", "示例登记")
    story.told(story.first, "letter", "operator", "confirm", *platform)
    drafts, final = tmp_path / "drafts", tmp_path / "final"
    drafts.mkdir()
    final.mkdir()
    draft = story.told(story.first, "letter", "draft", "--leads", number, "--out", drafts)
    letter: str = draft["number"]
    assert "条文待核" in story.refused(story.second, "letter", "approve", letter)
    story.confirm_law(draft["articles"])
    assert "复核" in story.refused(story.first, "letter", "approve", letter)
    story.refused(story.first, "letter", "export", letter, "--out", final)
    story.told(story.second, "letter", "approve", letter)
    story.told(story.first, "letter", "export", letter, "--out", final)
    assert {path.suffix for path in final.iterdir()} == {".docx", ".pdf", ".xlsx", ".json"}
    looks_right(next(final.glob("*.pdf")))
    document = ("--document", "示市监知函〔2026〕1号", "--on", clock.in_shanghai(clock.now())[:10])
    assert story.told(story.first, "letter", "send", letter, *document)["state"] == "sent"
    assert story.lead(number)["state"] == "sent"
    assert "已" in story.refused(story.first, "letter", "draft", "--leads", number, "--out", drafts)
    return letter


def looks_right(pdf: Path) -> None:
    """What the page must hold and must not; its measures are looked at in tests/casework."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    words = "".join(text.split())
    assert "〔2026〕" in words
    assert "尚待依法查证" in words
    assert "条文待核" not in words
    assert "草稿" not in words
    assert "样本" in words


def answered(story: Story, letter: str, tmp_path: Path) -> None:
    """The addressee fills the receipt that went out with the letter."""
    receipt = next((tmp_path / "final").glob("*.xlsx"))
    book = openpyxl.load_workbook(receipt)
    sheet = book["反馈回执"]
    row = sheet.max_row
    today = clock.in_shanghai(clock.now())[:10]
    for column, words in enumerate(("属实", "删除", today, "示例店主", "示例经办"), 2):
        sheet.cell(row, column, words)
    returned = tmp_path / "returned.xlsx"
    book.save(returned)
    assert story.told(story.first, "letter", "answer", letter, returned)["all"] is True
    assert story.told(story.first, "letter", "show", letter)["state"] == "answered"


def gone(story: Story, number: str, letter: str, serve: Serve) -> None:
    """Looked at twice more, and both times it is away: sealed, and only then believed."""
    watched = [one["query"] for one in story.ran(story.first, "recheck", "list", "--json").lines]
    assert GOOD in watched
    page = '[[page]]\nhost = "{0.hostname}"\npath = "{0.path}"\nfile = "away.html"\nstatus = 404\n'
    pages = "".join(page.format(urlsplit(one)) for one in watched)
    away = serve({"away.html": "<!doctype html><title>404</title><p>商品已下架</p>"}, pages)
    story.look_again(away)
    assert story.lead(number)["state"] == "sent", "once is not enough"
    story.look_again(away)
    assert story.lead(number)["state"] == "gone"
    score = json.dumps(story.ran(story.first, "letter", "scorecard", "--json").lines, ensure_ascii=False)
    assert "示例电子商务有限公司" in score
    assert story.told(story.first, "letter", "show", letter)["state"] == "closed"
    assert story.told(story.first, "lead", "close", number, "--reason", "复查已消失")["state"] == "closed"


def back(story: Story, number: str) -> None:
    """The next round sees it again: the matter is open again, with its history."""
    story.demo()
    lead = story.lead(number)
    assert (lead["state"], lead["reopened"]) == ("new", 1)
    assert [one["move"] for one in lead["moves"]] == [
        *("register", "claim", "confirm", "approve", "send", "answer", "vanish", "close", "relapse")
    ]


def in_the_books(story: Story, number: str, tmp_path: Path) -> None:
    """Every step stands in the 台账, and the audit log verifies."""
    ledger = tmp_path / "ledger.xlsx"
    story.told(story.first, "report", "ledger", "--out", ledger)
    book = openpyxl.load_workbook(ledger, read_only=True)
    written = "\n".join(str(row) for sheet in book for row in sheet.iter_rows(values_only=True))
    for words in (number, "示市监知函〔2026〕1号", "示例初审", "示例复核", "删除", "复发"):
        assert words in written, words
    package = tmp_path / "case.wacz"
    story.told(story.first, "evidence", "export", "--case", story.lead(number)["case"], "--out", package)
    assert story.ran(story.first, "evidence", "verify", package, "--json").lines[0]["ok"]
    admin = token_of(story._engine(), "示例管理员", Grant.ADMIN)
    verified = story.ran(admin, "audit", "verify", "--json")
    assert (verified.code, verified.lines[0]["ok"]) == (0, True), verified.err
    assert story.ran(story.first, "evidence", "verify", "--json").code == 0
