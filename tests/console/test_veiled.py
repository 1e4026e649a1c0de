"""`lantian leads` and `lantian show` once there are users: contacts, in their places, for few."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from people_specimens import token_of
from sqlalchemy import Engine, update

from casework.acting import Grant
from storage.db import open_database
from storage.models import ExhibitRow, FindingRow
from tests.console.conftest import Ran
from tests.console.test_export import kept_in

PHONE, WECHAT = "13900000321", "xinghe_zc01"
TITLE = f"包授权 电话{PHONE} 不成退款"
QUOTE = TITLE[4:17]


@pytest.fixture
def found(tmp_path: Path, made_home: Path) -> tuple[Engine, str]:
    """A home without users, with one lead that shows contacts, one of them within the quote."""
    kept = kept_in(made_home)
    engine = open_database(made_home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(update(ExhibitRow).values(title=TITLE, text=f"加微信：{WECHAT}", seller=f"QQ：{PHONE[:8]}"))
        connection.execute(update(FindingRow).values(start=4, end=17, quote=QUOTE, articles=[]))
    return engine, kept.flagged


def test_contacts_are_for_those_who_may_see_them(
    here: Callable[..., Ran], found: tuple[Engine, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, exhibit = found
    commands = (("leads",), ("leads", "--json"), ("show", exhibit), ("show", exhibit, "--json"))
    monkeypatch.delenv("LANTIAN_TOKEN", raising=False)
    before = [here(*words) for words in commands]
    assert all(PHONE in one.out for one in before)
    assert all("masked" not in one.lines[0] for one in before[1::2])

    sees = token_of(engine, "示例可见", Grant.VIEWER, Grant.CONTACTS)
    blind = token_of(engine, "示例查看", Grant.VIEWER)
    unproved = [here(*words) for words in commands]
    assert [one.code for one in unproved] == [0] * 4
    assert not any(hidden in one.out for one in unproved for hidden in (PHONE, WECHAT))
    monkeypatch.setenv("LANTIAN_TOKEN", "lantian_1_" + "0" * 64)
    assert here("leads").code == 2

    monkeypatch.setenv("LANTIAN_TOKEN", sees)
    for words, one in zip(commands, before, strict=True):
        told = here(*words)
        assert told.out if "--json" not in words else told.lines == [{**one.lines[0], "masked": False}]
        assert PHONE in told.out

    monkeypatch.setenv("LANTIAN_TOKEN", blind)
    for words in commands:
        told = here(*words)
        assert told.code == 0
        for hidden in (PHONE, WECHAT, PHONE[:8]):
            assert hidden not in told.out, words
    lead, shown = (here(*words).lines[0] for words in commands[1::2])
    assert (lead["masked"], shown["masked"]) == (True, True)
    assert lead["title"] == shown["exhibit"]["listing"]["title"] == TITLE.replace(PHONE, "139******21")
    for one in (*lead["findings"], *shown["exhibit"]["findings"]):
        assert one["quote"] == lead["title"][one["start"] : one["end"]]
    same = ("exhibit", "listing", "capture", "seal", "first_seen")
    assert [lead[name] for name in same] == [before[1].lines[0][name] for name in same]
    assert shown["capture"]["sha256"] == before[3].lines[0]["capture"]["sha256"]
