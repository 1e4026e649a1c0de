"""The doctor's looks at what is kept: database, chain of manifests, night reading, search, backups."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from shlex import quote

from sqlalchemy import Engine

from console.output import harmless
from console.upkeep.checks import Check, Health, Look, Patient, bad, good, unknown, warning
from crawler import clock
from storage.db import HEAD, schema_of
from storage.notices import Notices
from storage.sealing.manifests import head_path
from storage.searching.indexing import Indexer
from storage.standing import standing
from storage.upkeep.backups import Backups, is_laid
from storage.upkeep.homefiles import ARCHIVE
from storage.upkeep.vitals import QUICK_BYTES, Vitals, broken_files, database_bytes, integrity
from storage.whereabouts import SQLITE, url_of

MB = 1 << 20
SLOW_READ = timedelta(days=2)  # the night reading is nightly
MANY_BEHIND = 20_000  # exhibits; the index takes in some thousands a second
NAMED = 3  # broken files that are told of
UPGRADE = "lantian upgrade"
RESTORE = "停止巡查，先照原样复制数据目录，再从备份恢复：lantian restore"


def unreadable(patient: Patient) -> str:
    """What to do where the database cannot be read."""
    if url_of(patient.config.database).get_backend_name() == SQLITE:
        return RESTORE
    return "检查 LANTIAN_DATABASE 的地址和口令、到数据库服务器的网络：systemctl status postgresql"


def schema_check(patient: Patient) -> Check:
    """Whether the database is one that may be opened; it is not changed for the question."""
    found = schema_of(patient.config.database)
    if not found:
        return unknown("schema", "还没有数据库：第一次巡查时建立", "lantian round，或 lantian watch add")
    if found == HEAD:
        return good("schema", f"结构 {found}，与程序一致")
    if found < HEAD:
        return bad("schema", f"数据库的结构是 {found}，程序要 {HEAD}", UPGRADE)
    return bad("schema", f"数据库的结构 {found} 比程序认得的 {HEAD} 新", "升级程序，或恢复升级前的备份")


def looks(patient: Patient, engine: Engine, told: Vitals) -> tuple[Look, ...]:
    """What can be asked once the database is open."""
    return (
        Look(name="database", make=lambda: _database(patient, engine), fix=unreadable(patient)),
        Look(name="chain", make=lambda: _chain(patient, engine, told), fix="lantian evidence verify"),
        Look(name="sealing", make=lambda: _sealing(patient, engine), fix="lantian evidence seal"),
        Look(name="fixity", make=lambda: _fixity(patient, engine, told), fix="lantian evidence audit"),
        Look(name="search", make=lambda: _search(engine), otherwise=Health.WARN, fix="lantian archive reindex"),
        Look(name="backup", make=lambda: _backup(patient, told), otherwise=Health.WARN, fix="lantian backup"),
    )


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in words that are exact enough."""
    hours = (now - moment).total_seconds() / 3600
    return f"{hours:.0f} 小时前" if hours < 48 else f"{hours / 24:.0f} 天前"


def _database(patient: Patient, engine: Engine) -> Iterator[Check]:
    size = database_bytes(engine)
    told = f"{engine.dialect.name}，{size / MB:.1f} MB"
    if not patient.in_full and size > QUICK_BYTES:
        yield good("database", f"{told}，能打开（--full 时从头检查）")
        return
    wrong = integrity(engine, in_full=patient.in_full)
    if wrong:
        yield bad("database", f"{told}；{harmless(wrong)[:200]}", RESTORE)
    else:
        yield good("database", f"{told}，检查无误" if engine.dialect.name == "sqlite" else f"{told}，能打开")


def _chain(patient: Patient, engine: Engine, told: Vitals) -> Iterator[Check]:
    """The newest manifest is on the disk as the database knows it. The whole chain is what `verify` reads."""
    if told.newest_seal is None:
        yield unknown("chain", "还没有封存过")
        return
    number, sha256 = told.newest_seal
    path = head_path(patient.config.archive, number)
    name = path.relative_to(patient.config.archive).as_posix()
    if not path.exists():
        yield bad("chain", f"第 {number} 号清单不在 {path}", _put_back(patient, engine, name))
    elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        yield bad("chain", f"第 {number} 号清单与数据库所记不符", _put_back(patient, engine, name))
    else:
        yield good("chain", f"清单到第 {number} 号，{sha256[:12]}")


def _sealing(patient: Patient, engine: Engine) -> Iterator[Check]:
    config = patient.config
    now = standing(config.archive, engine, patient.now)
    for trouble in now.troubles[:3]:
        yield bad("sealing", harmless(trouble), "lantian evidence verify")
    if now.open_finished:
        yield warning("sealing", f"{now.open_finished} 个写完的文件没有封存", "lantian evidence seal")
    elif config.demand == "stamped" and now.sealed.manifests:
        yield warning("sealing", f"{now.sealed.manifests} 份清单没有时间戳", "lantian evidence stamp")
    elif not now.troubles:
        open_words = f"，{now.open_captures} 个固定正在写" if now.open_captures else ""
        yield good("sealing", f"写完的都已封存{open_words}")


def _fixity(patient: Patient, engine: Engine, told: Vitals) -> Iterator[Check]:
    if broken := Notices(engine).broken_stretches():
        for file, end in broken_files(engine, NAMED):
            words = f"重读不符 {broken} 处：{harmless(file)}"
            yield bad("fixity", words, _put_back(patient, engine, file, end))
    elif told.newest_seal is None:
        yield unknown("fixity", "还没有封存，无从重读")
    elif told.read_at is None or patient.now - told.read_at > SLOW_READ:
        when = "从来没有" if told.read_at is None else f"上次在 {ago(told.read_at, patient.now)}"
        yield warning("fixity", f"夜间重读{when}", "systemctl enable --now lantian-audit.timer")
    else:
        yield good("fixity", f"夜间重读在 {ago(told.read_at, patient.now)}，没有不符")


def _put_back(patient: Patient, engine: Engine, file: str, least: int = 0) -> str:
    """One file is put back alone: a whole home of yesterday would lose what was captured since."""
    config = patient.config
    backup = Backups(engine).holding(file, least)
    if backup is None:
        return "没有找得到的备份里有它：lantian backups，接上放备份的磁盘再看；lantian evidence verify 说明损坏了什么"
    target = config.archive / file
    aside = config.home / f"{target.name}.broken"
    moves = f"mv {quote(str(target))} {quote(str(aside))} && " if target.exists() else ""
    copies = f"cp -p {quote(str(backup / ARCHIVE / file))} {quote(str(target))}"
    return f"{moves}{copies} && lantian evidence audit && lantian evidence verify"


def _search(engine: Engine) -> Iterator[Check]:
    behind = Indexer(engine, lambda _title, _text: ()).behind()
    if behind > MANY_BEHIND:
        yield warning("search", f"搜索索引落后约 {behind} 条", "lantian archive reindex")
    else:
        yield good("search", f"搜索索引落后 {behind} 条，下次搜索前补上" if behind else "搜索索引与数据一致")


def _backup(patient: Patient, told: Vitals) -> Iterator[Check]:
    most = timedelta(days=patient.config.backup.max_days)
    if told.backup_trouble:
        yield bad("backup", f"最近一次备份试恢复失败：{harmless(told.backup_trouble)[:200]}", "lantian backup")
    elif told.backup_at is None:
        fix = "lantian backup 文件夹；systemctl enable --now lantian-backup.timer"
        yield (warning if told.exhibits else unknown)("backup", "没有经过试恢复的备份", fix)
    elif not is_laid(told.backup_place):
        when = clock.in_shanghai(told.backup_at)[:16]
        place = harmless(told.backup_place)
        yield warning(
            "backup",
            f"最近一次经过试恢复的备份（{when}）现在找不到：{place}",
            "接上放备份的磁盘（mount），或另作一份：lantian backup；有哪些备份：lantian backups",
        )
    elif patient.now - told.backup_at > most:
        yield warning("backup", f"最近一次经过试恢复的备份在 {ago(told.backup_at, patient.now)}", "lantian backup")
    else:
        yield good("backup", f"经过试恢复的备份：{clock.in_shanghai(told.backup_at)[:16]}")
