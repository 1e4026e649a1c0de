"""`lantian doctor`: each check is seen to be well and seen to complain, with what to do; none hides another."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from authority import OPENSSL, WITHOUT_OPENSSL, LocalAuthority, serving
from backed_home import flip, working_home
from sqlalchemy import Engine, insert, text, update
from time_server import TimeServer
from typer.core import TyperGroup
from typer.main import get_command

from console.cli import app
from console.upkeep import archive_checks, doctor, machine, office_checks, programs
from console.upkeep.checks import Check, Health, Look, Patient, good, made
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from crawler.tables import Authority, Browser, Clock, Crawl, Disk, Secrets
from crawler.watches import Watch, WatchQuery
from pipelines import surroundings
from storage.db import HEAD, open_database
from storage.sealing.manifests import head_path
from storage.tables.backups import BackupRow
from storage.tables.fixity import FixityRow
from storage.tables.patrol import WatchRow
from storage.tables.sealing import SealRow
from storage.upkeep.inventory import LIST
from storage.upkeep.vitals import vitals
from storage.watches import Watches
from tests.console.conftest import ROOT, Ran
from tests.storage.test_vitals import backup, seal

Run = Callable[..., Ran]
HOMES = Path(__file__).parent.parent / "storage" / "homes"
HOUR = timedelta(hours=1)


@pytest.fixture
def patient(made_home: Path) -> Patient:
    made_home.chmod(0o750)
    (made_home / "archive").mkdir()
    return Patient(config=Config(home=made_home), now=clock.now())


@pytest.fixture
def engine(patient: Patient) -> Iterator[Engine]:
    engine = open_database(patient.config.database)
    yield engine
    engine.dispose()


def of_machine(patient: Patient, name: str) -> Check:
    return found(machine.looks(patient), name)


def found(looks: tuple[Look, ...], name: str) -> Check:
    (check,) = [check for look in looks if look.name == name for check in made(look)]
    return check


def of_home(patient: Patient, engine: Engine, name: str) -> Check:
    told = vitals(engine)
    looks = (*archive_checks.looks(patient, engine, told), *office_checks.looks(patient, engine, told))
    return found(looks, name)


def changed(patient: Patient, **tables: object) -> Patient:
    return replace(patient, config=replace(patient.config, **tables))


def complains(check: Check, state: Health, words: str, fix: str) -> None:
    assert (check.state, words in check.told, fix in check.fix) == (state, True, True), check


def write(engine: Engine, table: type, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table).values(values))


def rows_of(home: Path) -> list[str]:
    database = sqlite3.connect(home / "lantian.db")
    told = list(database.iterdump())
    database.close()
    return told


# -- the command -----------------------------------------------------------------------------------


def test_a_home_is_looked_at_and_nothing_in_it_changes(lantian: Run, made_home: Path) -> None:
    before = hashlib.sha256((made_home / "lantian.db").read_bytes()).hexdigest()
    ran = lantian("doctor", "--json", LANTIAN_BROWSER_AS_ROOT="1")
    assert ran.code == 0, ran.out
    (told,) = ran.lines
    assert told["ok"] is True
    assert {one["name"] for one in told["checks"]} - {"glyphs"} == set(doctor.NAMES) - {"settings", "glyphs"}
    assert all(one["fix"] for one in told["checks"] if one["state"] == "warn")
    assert hashlib.sha256((made_home / "lantian.db").read_bytes()).hexdigest() == before
    assert {one.name for one in made_home.iterdir()} <= {"lantian.db", "lantian.db-wal", "lantian.db-shm"}


def test_settings_that_cannot_be_read_are_the_answer(here: Run, made_home: Path) -> None:
    (made_home / "lantian.toml").write_text("[disk]\nfree_megabytes = 0\n", encoding="utf-8")
    ran = here("doctor", "--json")
    assert ran.code == 3
    assert [(one["name"], one["state"]) for one in ran.lines[0]["checks"]] == [("settings", "bad")]
    spoken = here("doctor")
    assert "不行 设置" in spoken.out
    assert "→ 改正 lantian.toml" in spoken.out


def test_an_older_home_is_named_and_left_as_it_is(made_home: Path) -> None:
    shutil.rmtree(made_home)
    shutil.copytree(HOMES / "0.5.0", made_home)
    before = rows_of(made_home)
    patient = Patient(config=Config(home=made_home), now=clock.now())
    complains(archive_checks.schema_check(patient), Health.BAD, HEAD, "lantian upgrade")
    assert [one.name for one in doctor._of_home(patient)] == ["schema"]
    assert rows_of(made_home) == before


def test_a_newer_schema_and_what_is_no_database_are_named(patient: Patient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    complains(archive_checks.schema_check(patient), Health.BAD, "9999", "升级程序")
    engine.dispose()
    for one in patient.config.home.glob("lantian.db*"):
        one.unlink()
    complains(archive_checks.schema_check(patient), Health.UNKNOWN, "还没有数据库", "lantian round")
    (patient.config.home / "lantian.db").write_bytes(b"no database at all" * 100)
    (wrong,) = doctor._of_home(patient)
    complains(wrong, Health.BAD, "", "lantian restore")
    server = changed(patient, secrets=Secrets(database="postgresql://geheim@127.0.0.1:1/none"))
    (away,) = doctor._of_home(server)
    complains(away, Health.BAD, "", "LANTIAN_DATABASE")
    assert "geheim" not in away.told + away.fix


def test_a_database_whose_pages_are_gone_is_told_with_a_remedy(patient: Patient, engine: Engine) -> None:
    with engine.connect() as connection:
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'exhibits'").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    engine.dispose()
    with (patient.config.home / "lantian.db").open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    checks = list(doctor._of_home(patient))
    assert [one.name for one in checks] == ["schema", "database"]
    complains(checks[1], Health.BAD, "malformed", "lantian restore")


def test_no_complaint_without_a_remedy(patient: Patient, engine: Engine) -> None:
    told = vitals(engine)
    every = (
        *machine.looks(patient),
        *programs.looks(patient),
        *archive_checks.looks(patient, engine, told),
        *office_checks.looks(patient, engine, told),
    )
    assert {one.name for one in every} == set(doctor.NAMES) - {"settings", "glyphs", "schema"}
    assert [one.name for one in every if not one.fix] == []
    with pytest.raises(ValueError, match="disk: a look without"):
        Look(name="disk", make=list, fix=" ")
    for state in (Health.WARN, Health.BAD):
        with pytest.raises(ValueError, match="disk: a complaint without"):
            Check(name="disk", state=state, told="x")


@pytest.mark.parametrize(
    "wrong", [OSError(5, "Input/output error"), UserMistake("不行"), EvidenceBroken("x"), ImportError("none")]
)
def test_a_check_that_fails_as_things_fail_is_its_own_answer(wrong: Exception) -> None:
    def fails() -> list[Check]:
        raise wrong

    looks = (Look(name="disk", make=fails, fix="换盘"), Look(name="logs", make=lambda: [good("logs", "好")], fix="看"))
    told = [check for look in looks for check in made(look)]
    assert [(one.name, one.state) for one in told] == [("disk", Health.BAD), ("logs", Health.OK)]
    assert told[0].fix == "换盘"


def test_a_bug_of_ours_is_no_finding() -> None:
    def breaks() -> list[Check]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(made(Look(name="disk", make=breaks, fix="换盘")))


_commands = cache(get_command)


def unknown_remedies(words: str) -> list[str]:
    """Commands, options and units in a text that are not there."""
    wrong = []
    for line in re.findall(r"(?<![\w/-])lantian( [a-z][^；。，、）\"”]*)", words):
        command: object = _commands(app)
        typed = re.findall(r"--[a-z-]+|[a-z]+(?:-[a-z]+)*(?![\w=])", line)
        while typed and isinstance(command, TyperGroup):
            command = command.commands.get(typed.pop(0))
        options = [one for one in typed if one.startswith("--")]
        known = {name for one in getattr(command, "params", ()) for name in one.opts}
        wrong += [line] if command is None or isinstance(command, TyperGroup) or set(options) - known else []
    units = re.findall(r"lantian-[a-z]+(?:\.[a-z]+)?", words)
    return wrong + [one for one in units if not list((ROOT / "deploy").glob(f"{one}*"))]


def test_whatever_is_to_be_done_can_be_done() -> None:
    sources = "\n".join(one.read_text(encoding="utf-8") for one in sorted((ROOT / "console" / "upkeep").glob("*.py")))
    fixes = [one for one in re.findall(r"\"[^\"\n]*\"", sources) if "lantian" in one]
    assert len(fixes) > 25
    assert [wrong for one in fixes for wrong in unknown_remedies(one.strip('"'))] == []
    for bad_advice in ("lantian heal", "lantian evidence heal", "lantian doctor --soon", "lantian-soon.timer"):
        assert unknown_remedies(bad_advice) != [], bad_advice


def test_every_check_is_documented() -> None:
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("\n## Doctor\n")[2]
    assert [name for name in doctor.NAMES if f"`{name}`" not in told.partition("\n## ")[0]] == []


# -- the machine -----------------------------------------------------------------------------------


def test_a_home_that_others_can_enter_or_that_is_not_there(patient: Patient) -> None:
    assert of_machine(patient, "home").state is Health.OK
    patient.config.home.chmod(0o755)
    complains(of_machine(patient, "home"), Health.WARN, "0755", "chmod o-rwx")
    away = changed(patient, home=patient.config.home / "none")
    complains(of_machine(away, "home"), Health.BAD, "不存在", "mkdir")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_home_of_another_user(patient: Patient) -> None:
    os.chown(patient.config.home, 65534, 65534)
    complains(of_machine(patient, "home"), Health.WARN, "65534", "runuser")


def test_a_disk_that_is_full_or_soon_will_be(patient: Patient) -> None:
    assert of_machine(patient, "disk").state is Health.OK
    full = changed(patient, disk=Disk(free_megabytes=1 << 40))
    complains(of_machine(full, "disk"), Health.BAD, "不再开始巡查", "lantian evidence expire")
    free = shutil.disk_usage(patient.config.home).free
    file = patient.config.archive / "a.warc.gz"
    for share, state in ((2, Health.BAD), (0.5, Health.WARN)):
        with file.open("wb") as sparse:
            sparse.truncate(int(free * share))
        complains(of_machine(patient, "disk"), state, "天后不再开始", "[shelf]")


def test_logs_that_nobody_bounds(patient: Patient) -> None:
    assert of_machine(patient, "logs").state is Health.OK
    with (patient.config.home / "patrol.log").open("wb") as sparse:
        sparse.truncate(129 << 20)
    complains(of_machine(patient, "logs"), Health.WARN, "patrol.log", "lantian-patrol")


@pytest.mark.parametrize(
    ("ahead", "state"), [(0.0, Health.OK), (5.0, Health.WARN), (-4000.0, Health.BAD)], ids=["right", "off", "far off"]
)
def test_a_clock_is_compared(patient: Patient, ahead: float, state: Health) -> None:
    surroundings._checked.clear()
    with TimeServer(ahead=ahead) as server:
        check = of_machine(changed(patient, clock=Clock(sources=(server.source,))), "clock")
    assert check.state is state
    assert state is Health.OK or check.fix == "timedatectl set-ntp true"


def test_a_clock_that_nobody_answers_for(patient: Patient) -> None:
    surroundings._checked.clear()
    complains(of_machine(patient, "clock"), Health.UNKNOWN, "没有设置", "[clock] sources")
    with TimeServer(garbage=b"x") as server:
        silent = changed(patient, clock=Clock(sources=(server.source,)))
        complains(of_machine(silent, "clock"), Health.UNKNOWN, "没有回答", "UDP 123")


def test_whom_to_ask_is_written(patient: Patient) -> None:
    complains(of_machine(patient, "contact"), Health.WARN, "联系方式", "contact")
    assert of_machine(changed(patient, crawl=Crawl(contact="a@b.example")), "contact").state is Health.OK


# -- programs of others ----------------------------------------------------------------------------


def test_a_browser_that_is_not_there_or_does_not_start(patient: Patient, tmp_path: Path) -> None:
    none = changed(patient, browser=Browser(path=str(tmp_path / "none"), as_root=True))
    complains(found(programs.looks(none), "browser"), Health.WARN, "不能运行", "apt-get install")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    dead = changed(patient, browser=Browser(path=str(broken), as_root=True))
    complains(found(programs.looks(dead), "browser"), Health.WARN, "没有网页截图", "apt-get install")
    off = changed(patient, browser=Browser(pictures=False))
    assert found(programs.looks(off), "browser").state is Health.UNKNOWN


@pytest.mark.skipif(not shutil.which("chromium"), reason="the chromium program is not there")
@pytest.mark.parametrize("has_fonts", [True, False], ids=["fonts", "no fonts"])
def test_what_the_browser_cannot_draw_is_seen(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, has_fonts: bool
) -> None:
    if not has_fonts:
        (tmp_path / "fonts").mkdir()
        latin = next(Path("/usr/share/fonts").rglob("*DejaVuSans.ttf"), None)
        if latin is not None:
            shutil.copy(latin, tmp_path / "fonts")
        (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}/fonts</dir></fontconfig>")
        monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    rooted = changed(patient, browser=Browser(as_root=True))
    (look,) = [one for one in programs.looks(rooted) if one.name == "browser"]
    started, drawn = made(look)
    assert started.state is Health.OK
    if has_fonts:
        assert (drawn.name, drawn.state) == ("glyphs", Health.OK)
    else:
        complains(drawn, Health.WARN, programs.DRAWN, "fonts-noto-cjk")


def test_without_the_lister_of_fonts_nothing_is_known(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    complains(found(programs.looks(patient), "fonts"), Health.UNKNOWN, "fc-list", "fontconfig")


def test_without_chinese_fonts_there_is_a_complaint(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lister = tmp_path / "fc-list"
    lister.write_text("#!/bin/sh\n")
    lister.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    complains(found(programs.looks(patient), "fonts"), Health.WARN, "没有中文字体", "fonts-noto-cjk")


# -- what is kept ----------------------------------------------------------------------------------


def test_the_newest_manifest_must_be_the_one_that_is_known(patient: Patient, engine: Engine) -> None:
    assert of_home(patient, engine, "chain").state is Health.UNKNOWN
    path = head_path(patient.config.archive, 1)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    write(engine, SealRow, **seal(1, sha256=hashlib.sha256(b"{}").hexdigest()))
    assert of_home(patient, engine, "chain").state is Health.OK
    path.write_bytes(b"{ }")
    complains(of_home(patient, engine, "chain"), Health.BAD, "不符", "lantian evidence verify")
    path.unlink()
    complains(of_home(patient, engine, "chain"), Health.BAD, "不在", "lantian backups")


def test_what_is_finished_must_be_sealed(patient: Patient, engine: Engine) -> None:
    assert of_home(patient, engine, "sealing").state is Health.OK
    (patient.config.archive / "lantian-20261120T000000Z-00000001.warc.gz").write_bytes(b"x" * 50)
    check = of_home(patient, engine, "sealing")
    assert check.state is not Health.OK
    assert check.fix


def test_the_night_reading_must_have_been_and_have_found_nothing(patient: Patient, engine: Engine) -> None:
    write(engine, SealRow, **seal(1))
    complains(of_home(patient, engine, "fixity"), Health.WARN, "从来没有", "lantian-audit.timer")
    write(engine, FixityRow, file="a", from_=0, checked_at=patient.now - 72 * HOUR, broken="")
    complains(of_home(patient, engine, "fixity"), Health.WARN, "3 天前", "lantian-audit.timer")
    write(engine, FixityRow, file="b", from_=0, checked_at=patient.now - HOUR, broken="")
    assert of_home(patient, engine, "fixity").state is Health.OK
    write(engine, FixityRow, file="c", from_=0, checked_at=patient.now, broken="altered")
    complains(of_home(patient, engine, "fixity"), Health.BAD, "1 处", "lantian backups")


def test_a_backup_counts_when_it_was_tested_and_is_not_old(patient: Patient, engine: Engine) -> None:
    assert of_home(patient, engine, "backup").state is Health.UNKNOWN, "an empty home has nothing to lose"
    place = patient.config.home.parent / "backups" / "lantian-1"
    place.mkdir(parents=True)
    (place / LIST).touch()
    write(engine, BackupRow, **backup(at=patient.now - 240 * HOUR, tested_at=patient.now, place=str(place)))
    complains(of_home(patient, engine, "backup"), Health.WARN, "10 天前", "lantian backup")
    write(engine, BackupRow, **backup(at=patient.now, tested_at=patient.now, place=str(place)))
    assert of_home(patient, engine, "backup").state is Health.OK
    place.rename(place.with_name("away"))
    complains(of_home(patient, engine, "backup"), Health.WARN, f"现在找不到：{place}", "mount")
    place.with_name("away").rename(place)
    assert of_home(patient, engine, "backup").state is Health.OK
    write(engine, BackupRow, **backup(at=patient.now, trouble="缺一个文件"))
    complains(of_home(patient, engine, "backup"), Health.BAD, "缺一个文件", "lantian backup")


def test_one_broken_file_is_put_back_alone(here: Run, tmp_path: Path) -> None:
    with working_home(tmp_path / "home") as (home, _):
        patient = Patient(config=Config(home=home.folder), now=clock.now())
        assert here("backup", tmp_path / "the backups").code == 0
        (home.archive / ".half.warc.gz.part").unlink()
        record = min(home.archive.glob("*.gz"))
        whole = record.read_bytes()
        flip(record)
        assert here("evidence", "audit").code != 0
        (broken,) = [one for one in doctor._of_home(patient) if one.name == "fixity"]
        complains(broken, Health.BAD, record.name, f"archive/{record.name}")
        assert "restore" not in broken.fix
        typed, _, rest = broken.fix.partition(" && lantian ")
        assert rest == "evidence audit && lantian evidence verify"
        subprocess.run(["/bin/sh", "-ec", typed], check=True)
        assert record.read_bytes() == whole
        assert here("evidence", "audit").code == here("evidence", "verify").code == 0
        assert "fixity" not in [one.name for one in doctor._of_home(patient) if one.state is Health.BAD]
        head = min((home.archive / "manifests").glob("*.json"))
        told = archive_checks._put_back(patient, home.engine, f"manifests/{head.name}")
        assert f"archive/manifests/{head.name}" in told
        shutil.rmtree(tmp_path / "the backups")
        assert "lantian backups" in archive_checks._put_back(patient, home.engine, record.name)


def test_a_home_on_a_server_is_looked_at_too(patient: Patient, migrated_database: str) -> None:
    (patient.config.home / "lantian.db").unlink()
    server = changed(patient, secrets=Secrets(database=migrated_database))
    told = {one.name: one for one in doctor._of_home(server)}
    assert told["database"].told.startswith("postgresql")
    assert [one for one in told.values() if one.state is Health.BAD] == []
    assert set(told) == {*list(doctor.NAMES)[list(doctor.NAMES).index("schema") :]}
    nobody = changed(patient, secrets=Secrets(database="postgresql://lantian:geheim@127.0.0.1:1/none"))
    (away,) = doctor._of_home(nobody)
    complains(away, Health.BAD, "打不开", "")
    assert "geheim" not in away.told


# -- the office ------------------------------------------------------------------------------------


def test_the_patrol_must_run_and_keep_up(patient: Patient, engine: Engine) -> None:
    complains(of_home(patient, engine, "patrol"), Health.UNKNOWN, "没有进行中", "lantian watch add")
    watch = Watch(name="示例", platforms=("sogou",), queries=(WatchQuery(words="专利"),), schedule="0 9 * * *")
    Watches(engine).add(watch, "王一", patient.now - HOUR)
    complains(of_home(patient, engine, "patrol"), Health.WARN, "没有运行", "systemctl start lantian-patrol")
    with (patient.config.home / "patrol.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert of_home(patient, engine, "patrol").state is Health.OK
        with engine.begin() as connection:
            connection.execute(update(WatchRow).values(planned_until=patient.now + 2400 * HOUR))
        complains(of_home(patient, engine, "patrol"), Health.BAD, "名册已写到", "put-back")


def test_an_authority_must_answer(patient: Patient, engine: Engine, tmp_path: Path) -> None:
    assert of_home(patient, engine, "authority").state is Health.UNKNOWN
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = Authority(url=f"http://127.0.0.1:{free.getsockname()[1]}/?key=geheim", ca=tmp_path / "x")
        silent = changed(patient, authorities=(nobody,))
        check = of_home(silent, engine, "authority")
    complains(check, Health.WARN, "连不上", "lantian evidence stamp")
    assert "geheim" not in check.told
    if not OPENSSL:
        pytest.skip(WITHOUT_OPENSSL)
    authority = LocalAuthority(tmp_path / "authority")
    with serving(authority) as url:
        asked = changed(patient, authorities=(Authority(url=url, ca=authority.root),))
        assert "连得上" in of_home(asked, engine, "authority").told
        assert "验证无误" in of_home(replace(asked, in_full=True), engine, "authority").told
        other = LocalAuthority(tmp_path / "other")
        wrong = changed(patient, authorities=(Authority(url=url, ca=other.root),))
        complains(of_home(replace(wrong, in_full=True), engine, "authority"), Health.WARN, "127.0.0.1", "ca")


def test_notices_must_have_somewhere_to_go(patient: Patient, engine: Engine) -> None:
    complains(of_home(patient, engine, "notify"), Health.WARN, "没有通知地址", "LANTIAN_NOTIFY")
    wrong = changed(patient, secrets=Secrets(notify=("json://127.0.0.1/", "nowhere-geheim")))
    check = of_home(wrong, engine, "notify")
    complains(check, Health.BAD, "第 2 个", "lantian notify test")
    assert "geheim" not in check.told
    right = changed(patient, secrets=Secrets(notify=("json://127.0.0.1/",)))
    assert of_home(right, engine, "notify").state is Health.OK


def test_people_are_wanted_in_pairs(patient: Patient) -> None:
    engine = open_database(patient.config.database)
    empty = vitals(engine)
    engine.dispose()

    def of(users: int, reviewers: int) -> Check:
        (check,) = office_checks._users(replace(empty, users=users, reviewers=reviewers))
        return check

    complains(of(0, 0), Health.WARN, "还没有用户", "lantian user add")
    complains(of(1, 1), Health.WARN, "一件事要两个人", "lantian user grant")
    complains(of(3, 1), Health.WARN, "只有一人", "lantian user grant")
    assert of(3, 2).state is Health.OK


def test_what_nobody_confirmed_is_named(patient: Patient, engine: Engine) -> None:
    complains(of_home(patient, engine, "operators"), Health.WARN, "没有人核对", "lantian letter operator confirm")
    complains(of_home(patient, engine, "articles"), Health.WARN, "没有法制人员核对", "lantian law confirm")
