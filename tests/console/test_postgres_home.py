"""A home whose rows are on PostgreSQL, as a person works with it: nothing else of it is different."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from registry_specimens import ROWS, table, written
from servers import PASSWORD

from tests.console.conftest import Ran
from tests.console.test_files import goods
from tests.console.test_rounds import GUILTY, INNOCENT, QUICK, WALL, WEB

Run = Callable[..., Ran]
Serve = Callable[[dict[str, str], str], Path]


@pytest.fixture
def address(new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, which is the home's."""
    address = new_database()
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    return address


def test_a_round_and_what_follows_it(lantian: Run, here: Run, serve: Serve, tmp_path: Path, address: str) -> None:
    home = tmp_path / "home"
    (home / "lantian.toml").write_text(QUICK, encoding="utf-8")
    (tmp_path / "queries.txt").write_text("专利\n商标\n", encoding="utf-8")
    before = here("leads")
    assert (before.code, "还没有数据" in before.err) == (2, True)
    assert here("registry", "import", written(tmp_path, table(*ROWS))).code == 0

    where = {"LANTIAN_HOSTS": str(serve({"goods.html": goods(GUILTY, INNOCENT), "wall.html": WALL}, WEB))}
    asked = ("round", "--queries", tmp_path / "queries.txt", "--spiders", "jd", "--json")
    ran = lantian(*asked, LANTIAN_DATABASE=address, **where)
    told = {line["query"]: (line["outcome"], line["reason"], line["listings"]) for line in ran.lines}
    assert (ran.code, told) == (3, {"专利": ("ok", "", 2), "商标": ("blocked", "rate_limit", 0)}), ran.err

    (lead,) = here("leads", "--json").lines
    assert (lead["title"], lead["integrity"], lead["seal"], lead["sealed"]) == (GUILTY, "whole", "sealed", True)
    assert json.loads(here("show", lead["exhibit"][:8], "--json").out)["exhibit"]["findings"]
    checked = here("evidence", "verify", "--json")
    assert (checked.code, checked.lines[0]["ok"], checked.lines[0]["rows"]) == (0, True, "elsewhere")
    assert "没有逐行与数据库核对" in here("evidence", "verify").out
    assert here("evidence", "audit").code == 0
    assert not list(home.glob("lantian.db*")), "all rows are there"
    assert PASSWORD not in ran.out + ran.err + checked.out + before.err


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://lantian:{PASSWORD}@127.0.0.1/lantian",
        f"postgresql://lantian:{PASSWORD}@127.0.0.1:1/lantian",
        f"postgresql://lantian:{PASSWORD}@127.0.0.1:x/lantian",
        f"sqlite:///{PASSWORD}.db",
        PASSWORD,
    ],
    ids=["another kind", "nobody there", "no port", "a file somewhere", "no address"],
)
def test_what_is_no_database_is_refused_without_its_password(
    here: Run, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_DATABASE", address)
    refused = here("leads")
    assert refused.code == 2
    assert len(refused.err.strip().splitlines()) == 1
    assert PASSWORD not in refused.out + refused.err
