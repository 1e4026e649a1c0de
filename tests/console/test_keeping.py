"""`lantian evidence hold`, `release`, `holds`, `expire` and `shelve`, as a person types them."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keeping_specimens import DAY, NOW, Home, home_in, keep_page, keep_wall
from people_specimens import founders, token_of
from storage_specimens import archive_in

from casework.granting import disable
from casework.trust import Trust
from console.inspection import Inspection
from console.shelving import shelve_round
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE
from crawler.tables import Shelf
from storage.audit import AuditLog
from storage.people import People


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A sealed file: an old wall, an old page that nobody needs, and an old flagged one."""
    with home_in(tmp_path / "home") as made:
        with archive_in(made.archive) as archive:
            keep_wall(archive, NOW - 10 * DAY)
            keep_page(made, archive, {"1": False}, NOW - 10 * DAY)
            made.seen += keep_page(made, archive, {"2": True}, NOW - 10 * DAY)
        made.seal()
        yield made


def write_settings(home: Home, text: str) -> None:
    (home.folder / "lantian.toml").write_text(text, encoding="utf-8")


def test_holds_are_placed_listed_and_lifted(here: Callable, home: Home) -> None:
    exhibit = home.seen[0]
    done = here("evidence", "hold", exhibit, "--person", "张审核", "--reason", "案件未结")
    assert (done.code, "第 1 号保留" in done.err) == (0, True)
    (told,) = here("evidence", "holds", "--json").lines
    assert (told["exhibit"], told["person"], told["lifted_at"]) == (exhibit, "张审核", "")
    assert "案件未结" in here("evidence", "holds").out
    again = here("evidence", "hold", exhibit, "--person", "张审核", "--reason", "再来")
    assert (again.code, "已要求保留" in again.err) == (EXIT_USAGE, True)
    other = here("evidence", "release", exhibit, "--person", "李复核")
    assert (other.code, "--of" in other.err) == (EXIT_USAGE, True)
    assert here("evidence", "release", exhibit, "--person", "李复核", "--of", "张审核").code == 0
    assert "没有保留" in here("evidence", "holds").err
    (told,) = here("evidence", "holds", "--all", "--json").lines
    assert told["lifted_by"] == "李复核"


def test_hostile_words_of_a_hold_are_shown_harmless(here: Callable, home: Home) -> None:
    here("evidence", "hold", home.seen[0], "--person", "张\x1b[31m", "--reason", "一\u202e二")
    shown = here("evidence", "holds").out
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown


def test_once_there_are_users_only_their_credentials_act(
    here: Callable, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = [
        ("evidence", "hold", home.seen[0], "--reason", "案件未结", "--person"),
        ("evidence", "release", home.seen[0], "--person"),
        ("evidence", "expire", "--by"),
        ("override", "sign", "zhihu", "--reason", "专项检查", "--person"),
        ("rescreen", "--apply", "--by"),
    ]
    tokens = {name: token_of(home.engine, name) for name in ("张审核", "李复核")}
    disable(People(home.engine), founders(home.engine)[0], "李复核", NOW)
    before = len(AuditLog(home.engine).entries())
    cases = (
        ("", "张审核", "要用本人的凭据"),
        (tokens["张审核"], "王主任", "凭据是 张审核 的"),
        (tokens["李复核"], "", "用户 李复核 已停用"),
    )
    for act in acts:
        for token, name, said in cases:
            monkeypatch.setenv("LANTIAN_TOKEN", token)
            refused = here(*act, name)
            assert (refused.code, said in refused.err) == (EXIT_USAGE, True), (act, refused.err)
    assert {one.act for one in AuditLog(home.engine).entries()[before:]} == {"refused"}
    before = len(AuditLog(home.engine).entries())
    monkeypatch.setenv("LANTIAN_TOKEN", tokens["张审核"])
    for act in acts[:4]:
        assert here(*act, " 张审核 ").code == EXIT_DONE, act
    done = AuditLog(home.engine).entries()[before:]
    assert {one.who for one in done} == {"张审核"}
    assert all('"signature"' in one.detail for one in done), "each is signed by whose credential it was"
    assert Trust(home.engine).verify_all().is_whole
    assert here("evidence", "expire", "--dry-run").code == EXIT_DONE, "who only looks names nobody"


def test_expiry_is_told_then_done_then_seen(here: Callable, home: Home) -> None:
    write_settings(home, "[retention]\nunflagged_days = 5\nflagged_days = 30\n")
    trial = here("evidence", "expire", "--dry-run", "--json")
    told = json.loads(trial.out)
    assert (trial.code, told["records"], told["manifests"], told["dry_run"]) == (0, 4, [], True)
    assert "没有删除" in trial.err
    nobody = here("evidence", "expire")
    assert (nobody.code, "--by" in nobody.err) == (EXIT_USAGE, True)
    done = here("evidence", "expire", "--by", "王主任", "--json")
    assert (done.code, json.loads(done.out)["manifests"]) == (0, [2])
    assert "第 2 号清单留有摘要" in done.err
    assert "没有到期的固定" in here("evidence", "expire", "--by", "王主任").err
    verified = here("evidence", "verify", "--json")
    assert (verified.code, json.loads(verified.out)["expired"]) == (0, 4)
    assert here("show", home.seen[0]).code == 0


def test_an_expired_exhibit_is_shown_as_such(here: Callable, home: Home) -> None:
    write_settings(home, "[retention]\nunflagged_days = 2\nflagged_days = 3\n")
    home.engine.dispose()
    assert here("evidence", "expire", "--by", "王主任").code == 0
    shown = here("show", home.seen[0])
    assert shown.code == EXIT_USAGE
    assert "已按保存期限删除，第 2 号清单留有摘要" in shown.err
    assert "包授权" in shown.out, "what was found stays told"
    leads = here("leads", "--json")
    assert (leads.code, leads.lines[0]["integrity"], leads.lines[0]["manifest"]) == (0, "expired", 2)
    assert "已按保存期限删除" in here("leads").out
    export = here("evidence", "export", "--exhibit", home.seen[0], "-o", home.folder / "x.wacz")
    assert (export.code, (home.folder / "x.wacz").exists()) == (EXIT_USAGE, False)
    assert here("evidence", "verify").code == 0


def test_damage_is_exit_4_and_nothing_goes(here: Callable, home: Home) -> None:
    write_settings(home, "[retention]\nunflagged_days = 5\n")
    (name,) = [one for one in home.files() if one.endswith(".gz")]
    raw = bytearray((home.archive / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (home.archive / name).write_bytes(raw)
    done = here("evidence", "expire", "--by", "王主任")
    assert (done.code, name in done.err) == (EXIT_EVIDENCE, True)
    assert (home.archive / name).exists()


def test_removed_words_are_wiped_out_of_the_index(here: Callable, home: Home) -> None:
    write_settings(home, "[retention]\nunflagged_days = 5\n")
    assert here("archive", "reindex").code == 0
    assert here("evidence", "expire", "--by", "王主任").code == 0
    with home.engine.connect() as connection:
        pieces = "SELECT count(DISTINCT segid) FROM search_words_idx"
        assert connection.exec_driver_sql(pieces).scalar_one() == 1


def test_not_while_a_round_runs(here: Callable, home: Home) -> None:
    with (home.folder / "round.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (("expire", "--by", "王主任"), ("shelve",)):
            write_settings(home, '[shelf]\nurl = "../shelf"\n')
            refused = here("evidence", *command)
            assert (refused.code, "正在进行" in refused.err) == (EXIT_USAGE, True)


def test_files_go_to_the_shelf_and_are_found_there(here: Callable, home: Home) -> None:
    without = here("evidence", "shelve")
    assert (without.code, "[shelf]" in without.err) == (EXIT_USAGE, True)
    (home.folder.parent / "shelf").mkdir()
    write_settings(home, '[shelf]\nurl = "../shelf"\n[retention]\nunflagged_days = 5\n')
    done = here("evidence", "shelve", "--json")
    assert (done.code, json.loads(done.out)["files"]) == (0, 3)
    assert "都已读回核对" in done.err
    assert [one for one in home.files() if one.endswith(".gz")] == []
    assert here("leads", "--json").lines[0]["integrity"] == "whole"
    assert here("evidence", "verify").code == 0
    expired = here("evidence", "expire", "--by", "王主任")
    assert (expired.code, "第 2 号清单" in expired.err) == (0, True)
    assert [one for one in home.files() if one.endswith(".gz")] == [], "what is left is on the shelf again"
    assert len(list((home.folder.parent / "shelf").glob("*-x2.warc.gz"))) == 1
    assert len(list((home.folder.parent / "shelf").glob("*.warc.gz"))) == 1
    assert here("show", home.seen[0]).code == 0
    assert here("evidence", "verify").code == 0
    (home.folder.parent / "shelf").rename(home.folder.parent / "gone")
    away = here("show", home.seen[0])
    assert (away.code, "存储不可达" in away.err) == (EXIT_USAGE, True)


def test_a_round_ends_whether_or_not_the_shelf_answers(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(home=home.folder, shelf=Shelf(url="../shelf"))
    shelf = home.folder.parent / "shelf"
    shelf.write_bytes(b"no folder")
    assert shelve_round(config, home.engine) == EXIT_DONE
    assert "稍后运行 lantian evidence shelve" in capsys.readouterr().err
    assert [one for one in home.files() if one.endswith(".gz")] != []
    shelf.unlink()
    shelf.mkdir()
    assert shelve_round(config, home.engine) == EXIT_DONE
    assert [one for one in home.files() if one.endswith(".gz")] == []
    assert shelve_round(Config(home=home.folder), home.engine) == EXIT_DONE, "without one there is nothing to do"


def test_who_reads_while_an_expiry_moves_files_looks_at_the_rows_again(home: Home) -> None:
    """The captures were asked for before it, and are read after it: one has moved, one has expired."""
    found = [home.store.exhibit(one).capture for one in home.seen]
    with archive_in(home.archive) as archive:
        (plain,) = keep_page(home, archive, {"3": False}, NOW - 10 * DAY)
        (stays,) = keep_page(home, archive, {"4": True}, NOW)
    home.seal()
    found += [home.store.exhibit(one).capture for one in (plain, stays)]
    home.expire(NOW, unflagged_days=5, flagged_days=30)
    inspection = Inspection(Config(home=home.folder), home.engine)
    assert [inspection.of(one) for one in found] == ["完整", "已按保存期限删除，第 3 号清单留有摘要", "完整"]
    assert [inspection.seal_of(one).number for one in found] == [1, 3, 2]
    (home.archive / home.store.exhibit(stays).capture.file).unlink()
    assert "missing" in Inspection(Config(home=home.folder), home.engine).of(found[2])
