"""What stays, what goes and where it lies: holds, retention and the shelf, as a person or a timer asks for them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.homelocks import between_crawls
from console.homes import named_person
from console.output import harmless, page, print_json, progress, say
from console.sealing import opened_engine, sealer_of
from console.shelving import put_on
from console.upkeep.backups import say_rewritten
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, UserMistake
from storage.holds import Hold, Holds
from storage.retention import Expired, Keeper, Order
from storage.searching.wiping import wipe
from storage.shelf import open_shelf

# -- holds -----------------------------------------------------------------------------------------


def hold(exhibit: str, person: str, reason: str, *, as_json: bool = False) -> int:
    """`lantian evidence hold`: this listing's captures do not expire."""
    config = Config.load()
    with opened_engine(config) as engine:
        number = Holds(engine).place(exhibit, named_person(config, engine, person), reason, clock.now())
    say(f"已登记第 {number} 号保留：这条信息的固定不会到期删除，每次看见都重新截图，直到解除")
    if as_json:
        print_json({"hold": number})
    return EXIT_DONE


def release(exhibit: str, person: str, of: str, *, as_json: bool = False) -> int:
    """`lantian evidence release`: the person's hold, or that of another who is named, is over."""
    config = Config.load()
    with opened_engine(config) as engine:
        left = Holds(engine).lift(exhibit, named_person(config, engine, person), clock.now(), of=of)
    say(f"已解除；这条信息还有 {left} 项保留" if left else "已解除；这条信息不再保留，保存期限从今天起算")
    if as_json:
        print_json({"left": left})
    return EXIT_DONE


def list_holds(*, with_lifted: bool, as_json: bool) -> int:
    """`lantian evidence holds`."""
    with opened_engine(Config.load()) as engine:
        found = Holds(engine).holds(with_lifted=with_lifted)
    if as_json:
        for one in found:
            print_json(_hold_told(one))
        return EXIT_DONE
    if not found:
        say("没有保留。")
        return EXIT_DONE
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"保留 {len(found)} 项", title_justify="left")
    for name in ("号", "证据项", "标题", "谁", "理由", "何时", "解除"):
        table.add_column(name, overflow="fold")
    for one in found:
        lifted = f"{clock.in_shanghai(one.lifted_at)} {one.lifted_by}" if one.lifted_at else ""
        words = (str(one.id), one.exhibit, one.title, one.person, one.reason, clock.in_shanghai(one.placed_at), lifted)
        table.add_row(*(Text(harmless(word)) for word in words))
    page().print(table)
    return EXIT_DONE


def _hold_told(one: Hold) -> dict[str, Any]:
    moments = {"placed_at": one.placed_at, "lifted_at": one.lifted_at}
    return asdict(one) | {name: at.isoformat() if at else "" for name, at in moments.items()}


# -- retention -------------------------------------------------------------------------------------


def expire(by: str, *, is_trial: bool, as_json: bool) -> int:
    """`lantian evidence expire`: remove what is past its time and needed by nothing, or say what that would be."""
    config = Config.load()
    now, shelf = clock.now(), open_shelf(config)
    with between_crawls(config.home), opened_engine(config) as engine:
        by = by if is_trial else named_person(config, engine, by)
        keeper = Keeper(sealer_of(config, engine).chain, config.retention, shelf)
        expired = keeper.expire(Order(by=by, now=now, is_trial=is_trial), partial(progress, "保存期限"))
        shelving = put_on(shelf, config, engine) if shelf and not is_trial else None
        _say_expired(expired, is_trial=is_trial)
        if expired.records and not is_trial:
            say_rewritten(engine)
            wipe(engine)
    if as_json:
        print_json(asdict(expired) | {"dry_run": is_trial})
    troubles = expired.troubles or (shelving and shelving.troubles)
    return EXIT_EVIDENCE if troubles else EXIT_DONE


def _say_expired(expired: Expired, *, is_trial: bool) -> None:
    for trouble in expired.troubles:
        say(f"没有动，须由人查看：{harmless(trouble)}")
    if not expired.records:
        say("没有到期的固定。")
        return
    what = f"{expired.files} 个文件中的 {expired.records} 条记录（固定 {expired.captures} 次），{expired.bytes} 字节"
    if is_trial:
        say(f"到期：{what}；没有删除")
    else:
        numbers = "、".join(map(str, expired.manifests))
        say(f"已按保存期限删除 {what}；第 {numbers} 号清单留有摘要")
        say("以前的备份里还有它们，或者靠货架上已改写的文件：请重新备份（lantian backup）")


# -- the shelf -------------------------------------------------------------------------------------


def shelve(*, as_json: bool) -> int:
    """`lantian evidence shelve`: put finished, sealed files on the shelf, and take them out of the home."""
    config = Config.load()
    shelf = open_shelf(config)
    if shelf is None:
        raise UserMistake("没有设置存储：在 lantian.toml 的 [shelf] 写 url")
    with between_crawls(config.home), opened_engine(config) as engine:
        shelving = put_on(shelf, config, engine)
    if as_json:
        print_json(asdict(shelving))
    return EXIT_EVIDENCE if shelving.troubles else EXIT_DONE
