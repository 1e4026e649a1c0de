"""`lantian import`: files that people saved, each told by itself; and two officers who answer for what was read of one.

What a person brings in is never said to have been seen when or where its file claims: that is 据称.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from console.bringing import Bringing, Brought, Claims
from console.claims import imported_told, imported_words
from console.files import platform, platforms
from console.homelocks import among_crawls
from console.homes import named_person
from console.ledger import opened
from console.officers import proved, two_names
from console.output import OUTCOME_WORDS, harmless, print_json, say
from console.sealing import seal_round
from console.shelving import shelve_round
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, EXIT_USAGE, UserMistake, graver
from crawler.saved import LONGEST_CLAIM, MOST_FILE, Form
from spiders.imported import is_address
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.handover import open_elsewhere
from storage.import_shapes import ReadRun
from storage.imports import Imports
from storage.marks import refuse_simulation
from storage.people import People
from storage.tasks import Tasks

LONGEST_WORDS = 500  # characters of a note


def import_files(paths: Sequence[Path], claims: Claims, *, as_json: bool) -> int:
    """Each file is taken whole or not at all, and told; one that is refused leaves the others as they are."""
    if not paths:
        raise UserMistake("要有文件：lantian import 文件… --by 姓名")
    config = Config.load()
    store = ExhibitStore(open_database(config.database))
    try:
        refuse_simulation(store.engine)
        signed = replace(claims, by=named_person(config, store.engine, claims.by))
        checked = _checked(signed, People(store.engine))
        with among_crawls(config.home):
            with FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config)) as archive:
                bringing = Bringing(config, store, archive, checked)
                tasks = Tasks(store.engine)
                codes = [_one(bringing, tasks, path, as_json=as_json) for path in paths]
            codes += [seal_round(config, store.engine), shelve_round(config, store.engine)]
    finally:
        store.engine.dispose()
    return graver(*codes)


def _one(bringing: Bringing, tasks: Tasks, path: Path, *, as_json: bool) -> int:
    try:
        brought = bringing.bring(path, contents(path))
    except UserMistake as refused:
        say(f"没有导入 {harmless(str(path))}：{harmless(str(refused))}")
        if as_json:
            print_json({"path": harmless(str(path)), "state": "refused", "why": str(refused)}, goes_on=True)
        return EXIT_USAGE
    _tell(path, brought)
    left = [one.id for run in brought.runs for one in tasks.of_query(run.platform, run.query)]
    if left:
        why = "截图不能代替网页" if brought.imported.form is Form.PICTURE else "这份文件没有查到结果"
        say(f"  {why}：任务 {'、'.join(map(str, left))} 仍在等人处理，看过后用 lantian tasks close 关闭")
    if as_json:
        print_json(_told(path, brought) | {"tasks": left}, goes_on=True)
    return EXIT_DONE if all(run.outcome.is_clean for run in brought.runs) else EXIT_NOT_CLEAN


def contents(path: Path) -> bytes:
    """The bytes of a plain file of bearable size; the file that is looked at is the one that is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise UserMistake("不是文件")
            if facts.st_size > MOST_FILE:
                raise UserMistake(f"有 {facts.st_size} 字节，最多 {MOST_FILE >> 20} MB")
            raw = file.read(MOST_FILE + 1)
    except IsADirectoryError:
        raise UserMistake("是文件夹，不是文件") from None
    except (OSError, ValueError) as wrong:
        raise UserMistake(f"读不了：{getattr(wrong, 'strerror', '') or wrong}") from None
    if len(raw) > MOST_FILE:
        raise UserMistake(f"最多 {MOST_FILE >> 20} MB")
    return raw


def _checked(claims: Claims, people: People) -> Claims:
    """What was typed, in order; `UserMistake` for what cannot be."""
    if claims.platform:
        platform(claims.platform)
    if claims.url and not is_address(claims.url):
        raise UserMistake(f"网址不完整：{harmless(claims.url)!r}（要以 http:// 或 https:// 开头）")
    if claims.saved_at:
        _refuse_no_time(claims.saved_at)
    if len(claims.how) > LONGEST_CLAIM or len(claims.note) > LONGEST_WORDS:
        raise UserMistake(f"--how 最多 {LONGEST_CLAIM} 字，--note 最多 {LONGEST_WORDS} 字")
    user = people.named(claims.by).id if people.everybody() else 0
    return replace(claims, user=user, query=claims.query.strip(), how=harmless(claims.how).strip())


def _refuse_no_time(said: str) -> None:
    try:
        datetime.fromisoformat(said)
    except ValueError:
        raise UserMistake(f"--saved-at 要写成 2026-01-31 或 2026-01-31T09:30，不是 {harmless(said)!r}") from None


# -- telling ---------------------------------------------------------------------------------------


def _tell(path: Path, brought: Brought) -> None:
    one = brought.imported
    if not brought.is_new:
        at = clock.in_shanghai(one.at)
        say(f"{harmless(path.name)} 已于 {at} 由 {harmless(one.by)} 导入过（第 {one.id} 号），这次没有改动")
        return
    say(f"已导入 {harmless(path.name)}：")
    for line in imported_words(one).split("\n"):
        say(f"  {line}")
    for run in brought.runs:
        why = "" if run.outcome.is_clean else f"（{run.reason}）{harmless(run.detail)[:100]}"
        what = f"  {platforms()[run.platform].label}“{harmless(run.query)}”：{OUTCOME_WORDS[run.outcome]}{why}"
        say(f"{what}，网页 {len(run.pages)} 个，信息 {sum(_listings(run))} 条")


def _listings(run: ReadRun) -> list[int]:
    return [len(read.exhibits.exhibits) for read in run.pages]


def _told(path: Path, brought: Brought) -> dict[str, Any]:
    state = "imported" if brought.is_new else "known"
    told = {"path": harmless(str(path)), "state": state} | imported_told(brought.imported)
    return told | {
        "runs": [
            {
                "run": run.id,
                "spider": run.platform,
                "query": run.query,
                "outcome": run.outcome,
                "reason": run.reason,
                "listings": sum(_listings(run)),
                "captures": len(run.pages),
                "exhibits": [one.id for read in run.pages for one in read.exhibits.exhibits],
            }
            for run in brought.runs
        ]
    }


# -- two signatures --------------------------------------------------------------------------------


def confirm(exhibit: str, officers: str, login_file: Path | None, *, as_json: bool) -> int:
    """Two officers answer for an imported exhibit, each by his own password."""
    names = two_names(officers)
    with opened(Config.load()) as store:
        detail = store.exhibit(exhibit)
        name, imports, people = detail.exhibit.id, Imports(store.engine), People(store.engine)
        if not imports.is_imported(name):
            raise UserMistake(f"证据项 {name} 是本系统自己固定的，不需要签字确认")
        if imports.confirmation(name) is not None:
            raise UserMistake(f"证据项 {name} 已经有两人签字")
        two = proved(people, names, login_file, f"import confirm {name}")
        done = imports.confirm(name, two, clock.now())
    say(harmless(f"证据项 {name} 已由 {'、'.join(one.name for one in two)} 签字确认"))
    if as_json:
        print_json({"exhibit": name, "officers": [one.name for one in two], "at": done.at.isoformat()})
    return EXIT_DONE
