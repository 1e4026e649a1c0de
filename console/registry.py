"""The registry of agencies: importing lists, choosing a version, asking it.

What it does not find is 未匹配 and nothing more: lists grow old and names change, and trademark agencies are filed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.homes import person
from console.output import harmless, page, print_json, print_line, say
from crawler import clock
from crawler.agencies import ATTORNEY, BRANCH_OF, FORMER_NAME, TRADEMARK_AGENCY, Agency
from crawler.config import Config
from crawler.errors import EXIT_USAGE, RegistryInvalid, UserMistake
from storage.db import is_there, open_database
from storage.people import People
from storage.registers.store import Answer, Imported, Provenance, Registries, Version
from storage.registers.words import KIND_WORDS, TITLES, day

NOT_MATCHED = "未在导入名录（{as_of}）中匹配"
NO_PROOF = "名录可能不全或已旧，名称也会变更；须到官方系统复核后才能下结论。"
SHOWN = ("credit_code", "parent_code", "status_date", "province", "license_no", "website", "icp")
FILED = "商标代理机构是备案，不是许可。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the person said of a file; empty words mean that nobody said."""

    as_of: str = ""
    source: str = ""
    by: str = ""
    is_trial: bool = False


def import_registry(path: Path, asked: Asked, *, as_json: bool) -> int:
    """Import a list, whole or not at all; 2 when it was refused, after every complaint was told."""
    config = Config.load()
    said = Provenance(at=clock.now(), as_of=_day(asked.as_of), source=_line(asked.source), by=_line(asked.by))
    try:
        with opened(config, is_new=True) as registries:
            if not asked.is_trial:
                said = replace(said, by=_by(config, registries, said.by))
            imported = registries.load(path, said, is_trial=asked.is_trial)
    except RegistryInvalid as invalid:
        for complaint in invalid.complaints:
            say(harmless(complaint))
        say(harmless(f"lantian: {path}：{invalid.total} 处不对，整份没有导入，什么都没有写入"))
        return EXIT_USAGE
    if as_json:
        print_json(_imported_told(imported, is_trial=asked.is_trial))
    say_imported(imported, is_trial=asked.is_trial)
    return 0


def list_versions(*, as_json: bool) -> None:
    """Every version, the first one first."""
    with opened(Config.load()) as registries:
        versions = registries.versions()
    if as_json:
        for one in versions:
            print_json(_version_told(one))
        return
    if not versions:
        say("还没有导入名录。")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="名录版本（* 是当前所用）", title_justify="left")
    for name in ("版本", "导入时间", "导入人", "来源", "截至", "行数", "摘要"):
        table.add_column(name, overflow="fold")
    for one in versions:
        words = (f"{one.id}{'*' if one.is_current else ''}", clock.in_shanghai(one.imported_at), one.imported_by or "—",
                 one.source or one.file, one.as_of or "未写明", _counted(one.counts), one.digest[:12])  # fmt: skip
        table.add_row(*(Text(harmless(word)) for word in words))
    page().print(table)


def find_agency(word: str, *, as_json: bool) -> None:
    """The entry a name or code leads to, else near ones and what it means that there is none."""
    with opened(Config.load()) as registries:
        answer = registries.ask(word)
    said = _answer_said(word, answer)
    if as_json:
        print_json({
            "query": word, "version": answer.version.id, "as_of": answer.version.as_of, "said": said,
            "entry": asdict(answer.entry) if answer.entry else None,
            "persons": [asdict(one) for one in answer.persons], "near": [asdict(one) for one in answer.near],
        })  # fmt: skip
        return
    print_line(harmless(said))
    for one in (*filter(None, (answer.entry,)), *answer.persons):
        for line in _entry_said(one):
            print_line(harmless(line))
    if answer.near:
        print_line("相近的：")
    for one in answer.near:
        print_line(harmless(f"  {one.name}（{KIND_WORDS[one.kind]}，{one.status}{_coded(one)}）"))


def use_version(version: int, by: str, *, as_json: bool = False) -> None:
    """Go by an earlier version, or by a later one again."""
    config = Config.load()
    with opened(config) as registries:
        used = registries.use(version, clock.now(), _by(config, registries, _line(by)))
    say(harmless(f"现在使用名录版本 {used.id}（{_as_of(used)}），下一轮起生效；其他版本都保留着"))
    if as_json:
        print_json({"version": used.id, "as_of": used.as_of})


def write_template(path: Path) -> None:
    """An empty list with the columns' names, in the encoding that spreadsheets open rightly."""
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(",".join(title for name, title in TITLES.items() if name != "person") + "\r\n")
    except FileExistsError:
        raise UserMistake(f"{path} 已经存在，没有覆盖") from None
    except OSError as wrong:
        raise UserMistake(f"写不了 {path}：{wrong.strerror}") from None
    say(harmless(f"已写出 {path}：类型可写 {'、'.join(KIND_WORDS.values())}；代理师只填名称、所属机构代码和资格证号"))


@contextmanager
def opened(config: Config, *, is_new: bool = False) -> Iterator[Registries]:
    """The versions in the home. Only an import may be the first thing that happens there."""
    if not is_new and not is_there(config.database):
        raise UserMistake(f"{config.home} 里还没有数据：先运行 lantian registry import，或设置 LANTIAN_HOME")
    engine = open_database(config.database)
    try:
        yield Registries(engine)
    finally:
        engine.dispose()


def say_imported(imported: Imported, *, is_trial: bool = False) -> None:
    """What was read and what was not, what to look at again, and how it ended."""
    told, version = imported.told, imported.version
    if told.personal:
        say(harmless(f"没有读入、也不会保存的个人信息列：{'、'.join(told.personal)}"))
    if told.unread:
        say(harmless(f"没有用到的列：{'、'.join(told.unread)}"))
    for warning in told.warnings:
        say(harmless(f"请核对：{warning}"))
    for kind, before, now in imported.shrunk:
        say(f"请核对：{KIND_WORDS[kind]}从 {before} 行变成 {now} 行，是否只导出了一部分")
    counted = _counted(told.counts)
    if not imported.is_new:
        again = "" if version.is_current else f"；当前用的是别的版本，要用它：lantian registry use {version.id}"
        say(f"同一文件已在 {clock.in_shanghai(version.imported_at)} 导入为版本 {version.id}，没有再建版本{again}")
    elif is_trial:
        say(f"试读通过：{counted}；没有写入")
    else:
        say(harmless(f"已导入为版本 {version.id}（{_as_of(version)}）：{counted}；下一轮起使用"))


def _imported_told(imported: Imported, *, is_trial: bool) -> dict[str, Any]:
    told = imported.told
    shrunk = [{"kind": kind, "before": before, "now": now} for kind, before, now in imported.shrunk]
    return _version_told(imported.version) | {
        "is_new": imported.is_new, "dry_run": is_trial, "warnings": told.warnings, "shrunk": shrunk,
        "personal_columns": told.personal, "unread_columns": told.unread,
    }  # fmt: skip


def _version_told(version: Version) -> dict[str, Any]:
    counts = [{"kind": kind, "status": status, "rows": rows} for kind, status, rows in version.counts]
    told = {name: getattr(version, name) for name in ("digest", "file", "source", "as_of", "rows", "is_current")}
    imported = {"imported_at": version.imported_at.isoformat(), "imported_by": version.imported_by}
    return {"version": version.id or None} | told | imported | {"counts": counts}


def _counted(counts: Sequence[tuple[str, str, int]]) -> str:
    """`专利代理机构 3（在业 2、注销 1）`, kind by kind."""
    words = []
    for kind, word in KIND_WORDS.items():
        of_kind = [(status, rows) for one, status, rows in counts if one == kind]
        if of_kind:
            states = "、".join(f"{status} {rows}" for status, rows in of_kind)
            words.append(f"{word} {sum(rows for _, rows in of_kind)}（{states}）")
    return "，".join(words)


def _answer_said(word: str, answer: Answer) -> str:
    entry = answer.entry
    if entry is None and answer.persons:
        return f"名录（{_as_of(answer.version)}）里有这个姓名的代理师；同名不等于同一人。"
    if entry is None:
        return f"{word}：{NOT_MATCHED.format(as_of=_as_of(answer.version))}。{NO_PROOF}"
    if entry.found_as == BRANCH_OF:
        return f"{word}：名录（{_as_of(answer.version)}）里没有这个分支机构，有它所属的机构。{NO_PROOF}"
    how = "，以曾用名" if entry.found_as == FORMER_NAME else ""
    filed = FILED if entry.kind == TRADEMARK_AGENCY else ""
    return f"{word}：在名录（{_as_of(answer.version)}）中{how}匹配。{filed}"


def _entry_said(one: Agency) -> Iterator[str]:
    yield f"  {one.name}（{KIND_WORDS[one.kind]}，{one.status}{_coded(one)}）"
    if one.former_names:
        yield f"  {TITLES['former_names']}：{'、'.join(one.former_names)}"
    told = ((TITLES[name], getattr(one, name)) for name in SHOWN)
    yield from (f"  {title}：{value}" for title, value in told if value)
    if one.last_four:
        yield f"  {TITLES['qualification']}后四位：{one.last_four}"


def _coded(one: Agency) -> str:
    return "" if one.kind == ATTORNEY or not one.code else f"，代码 {one.code}"


def _as_of(version: Version) -> str:
    return f"截至 {version.as_of}" if version.as_of else "截至日期未写明"


def _day(written: str) -> str:
    """The day people wrote, ISO; `UserMistake` for one that is not, or is still to come."""
    if not written:
        return ""
    try:
        found = day(written)
    except ValueError:
        raise UserMistake(f"--as-of 要写成 2026-01-31，不能是 {written}") from None
    if found > clock.now().astimezone(clock.SHANGHAI).date() or found < date(2000, 1, 1):
        raise UserMistake(f"--as-of {found.isoformat()} 不会是名录的日期")
    return found.isoformat()


def _by(config: Config, registries: Registries, by: str) -> str:
    """Who decides. Before there are users nobody need be named."""
    return person(config, registries.engine, by) if by or People(registries.engine).everybody() else ""


def _line(text: str) -> str:
    """What a person says of a version stands on every later list of versions."""
    if harmless(text) != text:
        raise UserMistake("来源和姓名各写一行，不含控制字符")
    return text.strip()
