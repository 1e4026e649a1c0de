"""An office's home with one sealed exhibit of an advertisement, its people and a law that was read; for letters' tests.

A home is made once and copied: each stage of a letter is one copy further.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from package_specimens import VISIT
from people_specimens import BEGUN, someone, token_of
from PIL import Image
from sqlalchemy import Engine

from casework.acting import Grant
from casework.credentials import with_token
from casework.law import Book, digest_of
from casework.review.deciding import approve, claim, confirm
from casework.review.desk import Desk
from casework.review.intake import take_in
from crawler import clock
from storage.cases.laws import Laws
from storage.cases.leads import WorkedLeads
from storage.cases.letter_shapes import KeptLetter, NewOperator
from storage.cases.letters import KeptLetters
from storage.cases.operators import confirm_on
from storage.cases.shapes import WorkedLead
from storage.db import open_database, writing
from storage.exhibits import ExhibitStore
from storage.people import People
from tests.console import test_export
from tests.console.conftest import Ran
from tests.console.test_export import kept_in

ANN, BEN, CAT, LEX = "示例初审", "示例复核", "示例起草", "示例法制"
OPERATOR, SEAT = "北京示例网络有限公司", "北京市海淀区"
DOCUMENT = "示知函〔2026〕12号"
OFFICE = """
[office]
name = "示例市市场监督管理局"
kind = "amr"
level = "city"
province = "山西省"
city = "示例市"
code = "示知函"
person = "示例联系人"
phone = "0351-0000000"
"""


@dataclass
class Bureau:
    """A home and the people of it; a command is run under one person's token."""

    home: Path
    run: Callable[..., Ran]
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        told = json.loads((self.home / "specimen.json").read_text(encoding="utf-8"))
        self.exhibit: str = told["exhibit"]
        self.other: str = told["other"]
        self.tokens: dict[str, str] = told["tokens"]
        self.engine: Engine = open_database(self.home / "lantian.db")

    @property
    def out(self) -> Path:
        return self.home.parent / "out"

    @property
    def lead(self) -> WorkedLead:
        return WorkedLeads(self.engine).named(self.exhibit)

    @property
    def letter(self) -> KeptLetter:
        return KeptLetters(self.engine).named("1")

    def desk(self, name: str) -> Desk:
        return Desk(
            engine=self.engine, acting=with_token(People(self.engine), self.tokens[name], BEGUN), now=clock.now()
        )

    def decide(self, by: str = ANN, approved_by: str = BEN) -> None:
        """The lead confirmed by one and approved by another."""
        desk = self.desk(by)
        claim(desk, [self.lead])
        confirm(desk, [self.lead])
        approve(self.desk(approved_by), [self.lead])

    def by(self, name: str, *arguments: object) -> Ran:
        """`lantian letter …` as this person."""
        self.monkeypatch.setenv("LANTIAN_TOKEN", self.tokens[name])
        return self.run("letter", *arguments)

    def draft(self, name: str = CAT, *more: object) -> Ran:
        return self.by(name, "draft", "--leads", self.lead.number, "--out", self.out, "--json", *more)

    def files(self) -> list[str]:
        return sorted(one.name for one in self.out.iterdir()) if self.out.exists() else []

    def damage(self) -> None:
        """One bit of the page that the exhibit was read from."""
        capture = ExhibitStore(self.engine).exhibit(self.exhibit).capture
        path = self.home / "archive" / capture.file
        raw = bytearray(path.read_bytes())
        raw[capture.offset + capture.length // 2] ^= 1
        path.write_bytes(bytes(raw))

    def write(self, statement: str, *values: object) -> None:
        """What somebody with a shell does to the database."""
        with sqlite3.connect(self.home / "lantian.db") as connection:
            connection.execute(statement, values)
        connection.close()


def new_home(home: Path, monkeypatch: pytest.MonkeyPatch, *, is_decided: bool = True, **kinds: Any) -> Path:
    """A home of an office: its lead decided, the platform's operator confirmed, the law read."""
    home.mkdir(parents=True)
    (home / "lantian.toml").write_text(OFFICE, encoding="utf-8")
    monkeypatch.setattr(test_export, "VISIT", replace(VISIT, picture=_png()))
    kept = kept_in(home, **kinds)
    engine = open_database(home / "lantian.db")
    tokens = {name: token_of(engine, name, Grant.EXAMINER, Grant.REVIEWER) for name in (ANN, BEN, CAT)}
    told = {"exhibit": kept.flagged, "other": kept.other, "tokens": tokens}
    (home / "specimen.json").write_text(json.dumps(told), encoding="utf-8")
    take_in(engine, clock.now())
    bureau = Bureau(home, lambda: Ran(0, "", ""), monkeypatch)
    if is_decided:
        bureau.decide()
    with writing(engine).begin() as connection:
        new = NewOperator(platform="baidu", name=OPERATOR, seat=SEAT, credit_code="", source="示例公示系统")
        ann = bureau.desk(ANN).acting
        confirm_on(connection, new, ANN, clock.now(), ann.sign)
    bureau.engine.dispose()
    engine.dispose()
    return home


def read_law(engine: Engine, articles: set[str]) -> None:
    """A legal reviewer reads these articles."""
    legal = someone(engine, LEX, Grant.LEGAL)
    for one in Book.load(None).articles.values():
        if one.id in articles:
            Laws(engine).confirm(one.id, digest_of(one), "原文", clock.now(), legal.sign)


def copied(home: Path, to: Path) -> Path:
    """The home once more, to be changed."""
    if to.exists():
        to.rmdir()
    shutil.copytree(home, to)
    return to


def _png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (320, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()
