"""`lantian user` and `lantian audit` as they are typed: own credentials, two people, and a log that is verified."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from keeping_specimens import DAY, NOW, home_in, keep_wall
from people_specimens import FOUNDER, PASSWORD, SECOND, founders, token_of
from sqlalchemy import text
from storage_specimens import archive_in

from casework.acting import Grant
from console.cases.grants import grant_of
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, UserMistake
from storage.audit import Act, AuditLog
from storage.db import open_database
from tests.console.conftest import ROOT, Ran

Run = Callable[..., Ran]
WORDS = ["查看", "初审", "复核", "管理", "联系方式可见", "举报人信息", "法制审核"]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def acts(here: Run, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """`acts("王一", "user", "grants")`: the command as this person runs it, with the grants he was given."""
    tokens: dict[str, str] = {}
    engine = open_database(made_home / "lantian.db")

    def run(name: str, *arguments: str | Path, grants: tuple[Grant, ...] = ()) -> Ran:
        if name and (name not in tokens or grants):
            tokens[name] = token_of(engine, name, *grants)
        monkeypatch.setenv("LANTIAN_TOKEN", tokens[name] if name else "")
        return here(*arguments)

    return run


# -- a home is begun -------------------------------------------------------------------------------


@pytest.mark.usefixtures("made_home")
def test_an_office_begins_with_two_commands(here: Run, secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", "")
    added = here("user", "add", "赵四", "--badge", "豫示例004", "--unit", "示例局", "--password-file", secret, "--json")
    (told,) = added.lines
    assert (told["name"], told["badge"], told["unit"], told["grants"]) == ("赵四", "豫示例004", "示例局", ["admin"])
    assert told["added_by"].startswith("系统账号")
    made = here("user", "token", "new", "--label", "办公室", "--by", "赵四", "--password-file", secret)
    assert (made.code, made.out.strip() in made.err) == (EXIT_DONE, False)
    another = ("user", "add", "钱五", "--badge", "5", "--password-file", secret)
    assert "要用本人的凭据" in here(*another, "--by", "赵四").err
    monkeypatch.setenv("LANTIAN_TOKEN", made.out.strip())
    assert here("user", "whoami", "--json").lines[0]["grants"] == ["admin"]
    assert "赵四（执法证号 豫示例004）：管理；地区：全部" in here("user", "whoami").out
    assert here(*another).code == EXIT_DONE
    granted = here("user", "grant", "钱五", "复核", "--json")
    assert ("还没有别人可以确认" in granted.err, granted.lines[0]["confirmed_by"]) == (True, "赵四")
    assert here("user", "add", "赵四", "--badge", "6", "--password-file", secret).code == EXIT_USAGE
    secret.write_text("short\n", encoding="utf-8")
    refused = here("user", "add", "孙六", "--badge", "6", "--password-file", secret)
    assert (refused.code, "short" in refused.err) == (EXIT_USAGE, False)
    shown = here("user", "list").out
    assert all(word in shown for word in ("赵四", "管理", "钱五", "复核", "可用"))


def test_without_anybody_there_is_nobody_to_act(here: Run, made_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", "")
    for command in (("whoami",), ("token", "list"), ("grant", "王一", "复核"), ("disable", "王一"), ("password",)):
        refused = here("user", *command)
        assert (refused.code, "还没有用户" in refused.err) == (EXIT_USAGE, True), command
    assert here("user", "list", "--json").lines == []


# -- credentials -----------------------------------------------------------------------------------


def test_a_token_is_shown_once_listed_without_itself_and_ended(acts: Run) -> None:
    made = acts("王一", "user", "token", "new", "--label", "家里", "--days", "30", "--json").lines[0]
    assert made["token"].startswith(f"lantian_{made['credential']}_")
    listed = acts("王一", "user", "token", "list", "--json")
    assert made["token"].rpartition("_")[2] not in listed.out
    assert [(one["kind"], one["label"]) for one in listed.lines] == [
        ("password", ""),
        ("token", "测试"),
        ("token", "家里"),
    ]
    assert listed.lines[-1]["expires_at"]
    assert "家里" in acts("王一", "user", "token", "list").out
    other = acts("李二", "user", "token", "end", str(made["credential"]))
    assert (other.code, "不是你的" in other.err) == (EXIT_USAGE, True)
    ended = acts("王一", "user", "token", "end", str(made["credential"]), "--json")
    assert ended.lines[0]["ended_by"] == "王一"
    for words in ("", " ", "长" * 61, "一\u202e二"):
        assert acts("王一", "user", "token", "new", "--label", words).code == EXIT_USAGE


def test_a_credential_that_is_none_or_anothers_is_refused_and_logged(
    acts: Run, here: Run, made_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--by 写的是 李二，凭据是 王一 的" in acts("王一", "user", "whoami", "--by", "李二").err
    assert acts("王一", "user", "whoami", "--by", " 王一 ").code == EXIT_DONE
    monkeypatch.setenv("LANTIAN_TOKEN", "lantian_1_" + "ab" * 32)
    refused = here("user", "whoami")
    assert (refused.code, "ab" * 8 in refused.err) == (EXIT_USAGE, False)
    engine = open_database(made_home / "lantian.db")
    last = AuditLog(engine).entries()[-1]
    assert (last.act, "ab" * 8 in last.detail) == ("refused", False)


def test_passwords_are_changed_alone_and_reset_by_two(acts: Run, secret: Path) -> None:
    acts("王一", "user", "whoami")
    secret.write_text("lin-yi 2027 新口令\n", encoding="utf-8")
    assert acts("王一", "user", "password", "--password-file", secret, "--json").lines == [
        {"name": "王一", "changed": True}
    ]
    new = ("user", "token", "new", "--label", "新", "--by", "王一", "--password-file", secret)
    assert acts("", *new).code == EXIT_DONE
    secret.write_text("chang-zhi 2028 又一个\n", encoding="utf-8")
    asked = acts(FOUNDER, "user", "reset", "王一", "--password-file", secret, "--json")
    number = asked.lines[0]["id"]
    assert (asked.lines[0]["grant"], "等另一人确认" in asked.err) == ("password", True)
    assert "口令不对" in acts("", *new).err
    assert "新口令" in acts("", "user", "grants").out
    assert acts(FOUNDER, "user", "confirm", str(number)).code == EXIT_USAGE
    assert "新口令" in acts(SECOND, "user", "confirm", str(number)).err
    assert acts("", *new).code == EXIT_DONE
    asked = acts(FOUNDER, "user", "reset", "王一", "--password-file", secret, "--json")
    assert acts(SECOND, "user", "revoke", "王一", "新口令").code == EXIT_DONE


def test_on_a_terminal_the_password_is_asked_for_and_not_shown(acts: Run, made_home: Path) -> None:
    acts("王一", "user", "whoami")
    command = [sys.executable, "-c", "from console.cli import main; main()", "user", "whoami", "--by", "王一"]
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "LANTIAN_HOME": str(made_home)}
    shown = typed(command, environ, PASSWORD)
    assert ("王一 的口令：" in shown, "没有权限" in shown, PASSWORD in shown) == (True, True, False)
    assert "口令不对" in typed(command, environ, "another one")


def typed(command: list[str], environ: dict[str, str], *answers: str) -> str:
    """What a terminal shows while these answers are typed, each at its prompt."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.execve(command[0], command, environ)
    shown = b""
    for answer in answers:
        while not shown.endswith("：".encode()):
            shown += os.read(terminal, 4096)
        os.write(terminal, answer.encode() + b"\n")
    with suppress(OSError):  # the other end goes away
        while rest := os.read(terminal, 4096):
            shown += rest
    os.waitpid(pid, 0)
    return shown.decode()


# -- grants ----------------------------------------------------------------------------------------


def test_a_grant_is_asked_confirmed_listed_and_taken_back(acts: Run) -> None:
    acts("王一", "user", "whoami")
    asked = acts(FOUNDER, "user", "grant", "王一", "初审", "--json")
    number = str(asked.lines[0]["id"])
    assert (asked.lines[0]["confirmed_at"], f"lantian user confirm {number}" in asked.err) == (None, True)
    assert "待确认" in acts("", "user", "grants", "--name", "王一").out
    assert "另一人" in acts(FOUNDER, "user", "confirm", number).err
    assert acts(SECOND, "user", "confirm", number, "--json").lines[0]["confirmed_by"] == SECOND
    assert acts("王一", "user", "whoami", "--json").lines[0]["grants"] == ["examiner"]
    assert acts("王一", "user", "revoke", "王一", "初审").code == EXIT_USAGE
    assert acts(SECOND, "user", "revoke", "王一", "examiner", "--json").lines[0]["ended_by"] == SECOND
    assert acts("王一", "user", "whoami", "--json").lines[0]["grants"] == []
    assert [one["id"] for one in acts("", "user", "grants", "--after", "1", "--limit", "1", "--json").lines] == [2]
    for wrong in (
        ("grant", "王一", "皇帝"),
        ("grant", FOUNDER, "复核"),
        ("confirm", "4711"),
        ("grant", "无此人", "复核"),
    ):
        assert acts(FOUNDER, "user", *wrong).code == EXIT_USAGE, wrong


def test_every_grant_has_a_word_and_an_id() -> None:
    assert [grant_of(word) for word in WORDS] == list(Grant) == [grant_of(str(grant)) for grant in Grant]
    with pytest.raises(UserMistake, match="法制审核"):
        grant_of("皇帝")


def test_districts_and_disabling_are_told(acts: Run) -> None:
    acts("王一", "user", "whoami")
    told = acts(FOUNDER, "user", "scope", "王一", "--district", "甲区", "--district", "乙区", "--json").lines[0]
    assert told["districts"] == ["甲区", "乙区"] == acts("王一", "user", "whoami", "--json").lines[0]["districts"]
    assert "甲区、乙区" in acts("王一", "user", "whoami").out
    assert "不能给自己" in acts(FOUNDER, "user", "scope", FOUNDER).err
    gone = acts(FOUNDER, "user", "disable", "王一", "--json").lines[0]
    assert (gone["disabled_by"], gone["grants"]) == (FOUNDER, [])
    assert "停用" in acts("", "user", "list").out
    assert "已停用" in acts("王一", "user", "whoami").err
    assert acts(FOUNDER, "user", "disable", SECOND).code == EXIT_DONE
    assert "最后一名管理" in acts(FOUNDER, "user", "disable", FOUNDER).err


# -- the log ---------------------------------------------------------------------------------------


def test_the_log_is_looked_up_and_verified(acts: Run, made_home: Path) -> None:
    acts("王一", "user", "whoami", grants=(Grant.EXAMINER,))
    verified = acts("", "audit", "verify", "--json")
    (told,) = verified.lines
    assert (verified.code, told["ok"], told["broken"], told["manifest"]) == (EXIT_DONE, True, [], 0)
    assert told["entries"] > told["signed"] > 5
    assert "都相符" in verified.err
    listed = acts("王一", "audit", "list", "--act", "grant_confirmed", "--who", SECOND, "--json").lines
    assert [(one["subject"], one["detail"]["grant"]) for one in listed] == [("王一", "examiner")]
    assert "（有签名）" in acts("王一", "audit", "list", "--subject", "王一", "--limit", "1").out
    day = ("--from", "2026-01-01", "--before", "2026-01-02")
    assert len(acts("王一", "audit", "list", *day, "--json").lines) == told["entries"]
    assert "没有这样的记录" in acts("王一", "audit", "list", "--before", "2026-01-01").err
    assert acts("王一", "audit", "list", "--from", "昨天").code == EXIT_USAGE


def test_the_log_is_for_people_and_contacts_in_it_for_few(acts: Run, made_home: Path) -> None:
    acts("王一", "user", "whoami", grants=(Grant.EXAMINER,))
    acts("李二", "user", "whoami", grants=(Grant.VIEWER, Grant.CONTACTS))
    engine = open_database(made_home / "lantian.db")
    now = AuditLog(engine).entries()[0].at
    digest = "ab13800000000" + "0" * 51
    detail = {"reason": "来电13900000321说已删除", "package": digest}
    AuditLog(engine).add(Act(who="示例甲", act="lead_more", subject="X2026-00001", at=now, detail=detail))
    asked = ("audit", "list", "--act", "lead_more")
    refused = acts("", *asked)
    assert (refused.code, "凭据" in refused.err, refused.out) == (EXIT_USAGE, True, "")
    assert "13900000321" in acts("李二", *asked).out
    for told in (acts("王一", *asked).out, acts("王一", *asked, "--json").out):
        assert ("13900000321" in told, "来电139******21说" in told, digest in told) == (False, True, True)
    assert acts("王一", *asked, "--json").lines[0]["masked"] is True

    acts(FOUNDER, "user", "scope", "王一", "--district", "甲区")
    acts("王一", "user", "token", "new", "--label", "又一")
    assert {one["who"] for one in acts("王一", "audit", "list", "--json").lines} == {"王一"}
    assert acts("王一", *asked).out == ""
    assert "只能查本人" in acts("王一", *asked, "--who", "示例甲").err
    acts(FOUNDER, "user", "whoami")
    acts(SECOND, "user", "scope", FOUNDER, "--district", "甲区")
    assert "示例甲" in acts(FOUNDER, *asked).out


def test_a_forged_or_changed_entry_is_exit_4_by_its_number(acts: Run, made_home: Path) -> None:
    acts("王一", "user", "whoami")
    engine = open_database(made_home / "lantian.db")
    AuditLog(engine).add(Act(who="王一", act="lead_approve", subject="线索 1", at=AuditLog(engine).entries()[0].at))
    number = AuditLog(engine).head().count
    forged = acts("", "audit", "verify", "--json")
    assert (forged.code, [one["entry"] for one in forged.lines[0]["broken"]]) == (EXIT_EVIDENCE, [number])
    assert f"第 {number} 条：没有签名" in forged.err
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET subject = '改' WHERE id = 2"))
    changed = acts("", "audit", "verify", "--json")
    assert (changed.code, changed.lines[0]["broken"][0]["entry"], changed.lines[0]["entries"]) == (EXIT_EVIDENCE, 2, 1)


def test_a_log_that_does_not_fit_the_newest_manifest_is_found(here: Run, tmp_path: Path) -> None:
    """The end is taken away, and what is left is whole in itself; or all of it is another log."""
    with home_in(tmp_path / "home") as home:
        founders(home.engine)
        with archive_in(home.archive) as archive:
            keep_wall(archive, NOW - DAY)
        home.seal()
        assert here("audit", "verify", "--json").lines[0]["manifest"] == 1
        sealed = AuditLog(home.engine).head().count - 1
        with home.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER audit_no_delete"))
            connection.execute(text("DELETE FROM audit WHERE id >= :sealed"), {"sealed": sealed})
        cut = here("audit", "verify", "--json")
        assert (cut.code, cut.lines[0]["broken"][0]["entry"]) == (EXIT_EVIDENCE, sealed)
        assert "与第 1 号清单所记不符" in cut.err
        AuditLog(home.engine).add(Act(who="lantian", act="other", subject="别的", at=NOW))
        assert here("audit", "verify").code == EXIT_EVIDENCE
