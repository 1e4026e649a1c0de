"""What is said of a file that a person brought in: whose, when, and what is only claimed of it (据称)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Engine

from console.output import harmless
from crawler import clock
from crawler.errors import UserMistake
from crawler.items import How
from storage.exhibits import ExhibitStore
from storage.import_shapes import Backing, Imported
from storage.imports import Imports
from storage.shapes import ExhibitDetail

BACKING_WORDS = {
    Backing.NONE: "没有重新固定，也没有两人签字：不能随函、不能导出",
    Backing.FRESH: "其后系统已自行固定到同一信息的同样内容",
    Backing.CONFIRMED: "已由两名执法人员签字确认",
}


def is_claimed(detail: ExhibitDetail) -> bool:
    """Whether address and time of the page are claims."""
    return detail.capture.how is How.IMPORTED


def imported_told(one: Imported) -> dict[str, Any]:
    """An import as every command tells it in JSON: what is claimed is called so."""
    told = asdict(one)
    del told["id"], told["is_clean"]
    return told | {"import": one.id, "form": one.form.value, "at": one.at.isoformat()}


def imported_words(one: Imported) -> str:
    """Who brought it in, when, and what is claimed of it; a line each."""
    how = f"，保存方式：{one.how}" if one.how else ""
    lines = (
        f"第 {one.id} 号，{clock.in_shanghai(one.at)}（北京时间）由 {one.by} 导入{how}",
        f"据称网址：{one.claimed_url}" if one.claimed_url else "未注明网址",
        f"据称保存时间：{one.claimed_at}" if one.claimed_at else "未注明保存时间",
        f"原文件 {one.name}（{one.form}，{one.size} 字节），SHA-256 {one.sha256}",
        *((f"备注：{one.note}",) if one.note else ()),
    )
    return "\n".join(harmless(line) for line in lines)


def claims_shown(store: ExhibitStore, detail: ExhibitDetail) -> tuple[tuple[str, str], ...]:
    """The rows that an imported exhibit is shown with; none for what we captured ourselves."""
    imports, name = Imports(store.engine), detail.exhibit.id
    found = imports.of_exhibit(name)
    if found is None:
        return ()
    return (("导入", imported_words(found)), ("可用", BACKING_WORDS[imports.backing(name)]))


def claims_told(store: ExhibitStore, detail: ExhibitDetail) -> dict[str, Any]:
    """The same in JSON: `imported` is null for what we captured ourselves."""
    imports, name = Imports(store.engine), detail.exhibit.id
    found = imports.of_exhibit(name)
    if found is None:
        return {"imported": None}
    return {"imported": imported_told(found) | {"backing": imports.backing(name).value}}


def refuse_unbacked(store: ExhibitStore, detail: ExhibitDetail) -> None:
    """What only a file says leaves the house when we have seen it too, or two officers answer for it."""
    if is_claimed(detail):
        refuse_unbacked_name(store.engine, detail.exhibit.id)


def refuse_unbacked_name(engine: Engine, name: str) -> None:
    """The same for an exhibit that is known to have been brought in."""
    if Imports(engine).backing(name) is Backing.NONE:
        raise UserMistake(
            f"证据项 {name} 是人保存后导入的，网址和时间只是据称，不能导出：先重新固定同一信息，"
            f"或由两名执法人员签字（lantian import confirm {name} --officers 王一,李二）"
        )


def remark_of(store: ExhibitStore, detail: ExhibitDetail) -> str:
    """What papers say of it, without a name; empty for what we captured ourselves."""
    imports, name = Imports(store.engine), detail.exhibit.id
    found = imports.of_exhibit(name)
    if found is None:
        return ""
    where = f"据称网址 {found.claimed_url}" if found.claimed_url else "没有注明网址"
    when = f"据称保存时间 {found.claimed_at}" if found.claimed_at else "没有注明保存时间"
    at = clock.in_shanghai(found.at)
    backing = BACKING_WORDS[imports.backing(name)]
    return harmless(
        f"本项不是系统自行访问取得的，而是由人保存后于 {at}（北京时间）导入；{where}，{when}，均未经系统核实；"
        f"文中的看见时间是导入时间；{backing}。"
    )
