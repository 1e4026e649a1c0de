"""`lantian move`: the database to another one, or finished files of the archive to another shelf.

What is moved from stays as it is; nothing counts before it was compared, and before the settings name the new place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import Engine

from casework.acting import Acting
from casework.trust import Trust
from console.acting import acting
from console.archive.indexing import caught_up
from console.homelocks import between_crawls, only_backup, only_patrol, only_shelving
from console.homes import account, person
from console.output import harmless, print_json, progress, say
from console.sealing import opened_engine
from console.verifying import Asked as Verification
from console.verifying import report_of
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, UserMistake
from storage.audit import Act, AuditLog
from storage.db import is_there, open_database
from storage.handover import INCOMING, is_worker
from storage.people import People
from storage.shelf import open_shelf
from storage.upkeep.archiving import ArchiveMove, Laid
from storage.upkeep.copies import mark_of
from storage.upkeep.copying import megabytes
from storage.upkeep.moving import MovedTable, make_closed, mark_moved, move, refuse_target, rows_in
from storage.whereabouts import POSTGRES, SQLITE, shown, url_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One of two: the address of a database, or of a shelf with the endpoint of its server; and who has it done."""

    database: str = ""
    archive: str = ""
    endpoint: str = ""
    by: str = ""


def run_move(asked: Asked, *, as_json: bool) -> int:
    """0 when all is there and verifies, 4 when something does not."""
    if bool(asked.database) == bool(asked.archive):
        raise UserMistake("搬什么？--database 数据库地址，或 --archive 存储地址，写一个")
    config = Config.load()
    if is_worker(config.home):
        raise UserMistake(f"{config.home} 是工作机的目录：在巡查主机上搬")
    if not is_there(config.database):
        raise UserMistake(f"{config.home} 里还没有数据，没有可搬的")
    with only_patrol(config.home), between_crawls(config.home), only_shelving(config.home), only_backup(config.home):
        return (_move_rows if asked.database else _move_files)(config, asked, as_json=as_json)


# -- the database ----------------------------------------------------------------------------------


def _move_rows(config: Config, asked: Asked, *, as_json: bool) -> int:
    refuse_target(config.database, asked.database)
    with ExitStack() as held:
        source = open_database(config.database)
        held.callback(source.dispose)
        who = _who(config, source, asked.by)
        make_closed(asked.database)
        target = open_database(asked.database)
        held.callback(target.dispose)
        with _counting("搬数据库", 2 * rows_in(source)) as tell:
            moved = move(source, target, tell)
        _say_moved(config, asked, moved)
        there = replace(config, secrets=replace(config.secrets, database=asked.database))
        report = report_of(Verification(), there) if config.archive.is_dir() else None
        broken = 0 if report is None or report.is_consistent else report.total
        faults = Trust(target).verify_all().broken
        indexed = caught_up(there, target)
        _enter(target, who, config, moved)
    mark_moved(config.database, asked.database)
    say(f"核验：证据{_words(broken)}，操作日志{_words(len(faults))}；检索编入 {indexed} 个证据项")
    _say_settings(config, asked)
    if as_json:
        told = {"database": shown(url_of(asked.database)), "tables": [asdict(one) for one in moved], "indexed": indexed}
        print_json(told | {"broken": broken, "faults": [asdict(one) for one in faults]})
    return EXIT_EVIDENCE if broken or faults else EXIT_DONE


def _who(config: Config, source: Engine, by: str) -> Acting | str:
    """A timer has no credential; a person who gives his name proves himself where he is known."""
    if by.strip() and People(source).everybody():
        return acting(config, source, by=by)
    return person(config, source, by) if by.strip() else account()


def _enter(target: Engine, who: Acting | str, config: Config, moved: tuple[MovedTable, ...]) -> None:
    """In the log that goes on, signed there by whoever proved himself."""
    tables = [f"{one.table} {one.rows} {one.sha256}" for one in moved]
    detail = {"from": shown(url_of(config.database)), "tables": tables}
    name = who if isinstance(who, str) else who.name
    act = Act(who=name, act="move", subject=shown(target.url), at=clock.now(), detail=detail)
    AuditLog(target).add(act if isinstance(who, str) else who.sign(act))


def _words(broken: int) -> str:
    return f"有 {broken} 处不符" if broken else "一致"


def _say_moved(config: Config, asked: Asked, moved: tuple[MovedTable, ...]) -> None:
    rows = sum(one.rows for one in moved)
    where = f"{shown(url_of(config.database))} → {shown(url_of(asked.database))}"
    say(f"{where}：{len(moved)} 张表 {rows} 行，两边逐表的行数和摘要一致；原来的数据库没有改动")
    for one in moved:
        if one.mended:
            say(f"{one.table} 有 {one.mended} 行含数据库不收的字符（NUL、半个字符），已各换成 U+FFFD")


def _say_settings(config: Config, asked: Asked) -> None:
    url = url_of(asked.database)
    if url.get_backend_name() == POSTGRES or (url.database or "") != str(config.home / "lantian.db"):
        say(f"现在起用新的：把环境变量 LANTIAN_DATABASE 设为所给的地址（{shown(url)}），重启服务")
    else:
        say("现在起用新的：去掉环境变量 LANTIAN_DATABASE，重启服务")
    old = url_of(config.database)
    if old.get_backend_name() == SQLITE:
        say(f"原来的旁边有了 {mark_of(Path(old.database or '')).name}：没有换设置的命令从此被拒绝，不会写进旧的")
    say("换过去以前不要再往原来的数据库写；换过去并核验（lantian evidence verify）以后，原来的另行保管")


@contextmanager
def _counting(label: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, advance=done)


# -- the archive -----------------------------------------------------------------------------------


def _move_files(config: Config, asked: Asked, *, as_json: bool) -> int:
    settings = replace(config.shelf, url=asked.archive, endpoint=asked.endpoint or config.shelf.endpoint)
    there = replace(config, shelf=settings)
    new, old = open_shelf(there), open_shelf(config)
    if new is None:
        raise UserMistake("--archive 要写成文件夹，或 s3://桶/前缀")
    if settings == config.shelf:
        raise UserMistake(f"{new.label} 就是现在的存储：写完并封存的文件用 lantian evidence shelve 放上去")
    if old is not None and old.names(INCOMING):
        raise UserMistake("存储上还有工作机交来、没有收的文件：先运行 lantian evidence collect")
    with opened_engine(config) as engine:
        moving = ArchiveMove(config.archive, engine, new, old)
        wanted = moving.wanted()
        with progress("搬档案", len(wanted)) as tell:
            laid = moving.lay(wanted, tell)
    for trouble in laid.troubles:
        say(f"没有搬，须由人查看：{harmless(trouble)}")
    # What lies here is read here; only what lay on a shelf alone is read from the new one.
    report = report_of(Verification(), there) if laid.fetched and not laid.troubles else None
    broken = report.total if report and not report.is_consistent else 0
    _say_laid(asked, laid, new.label, broken)
    if as_json:
        print_json(asdict(laid) | {"archive": new.label, "broken": broken})
    return EXIT_EVIDENCE if laid.troubles or broken else EXIT_DONE


def _say_laid(asked: Asked, laid: Laid, label: str, broken: int) -> None:
    say(f"{label}：{laid.files} 个文件，{megabytes(laid.bytes)}，都已读回核对；原处的文件一个没有动")
    if laid.open:
        say(f"还有 {laid.open} 个文件没有写完或没有封存，留在本机，以后照常放上去")
    if broken:
        say(f"核验有 {broken} 处不符：lantian evidence verify；设置不要改")
        return
    if not laid.troubles:
        endpoint = f' endpoint = "{harmless(asked.endpoint)}"' if asked.endpoint else ""
        say(f'现在起用新的：lantian.toml 的 [shelf] 写 url = "{harmless(asked.archive)}"{endpoint}')
        say("然后运行 lantian evidence shelve：本机的文件再核对一次，移走")
