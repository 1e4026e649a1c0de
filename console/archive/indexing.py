"""Keeps the archive's index up to its rows, and says how far it has come; every question catches up first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from console.output import harmless, print_json, say
from console.sealing import opened_engine
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, EXIT_NOT_CLEAN, EvidenceBroken, Expired
from crawler.items import Capture
from detectors.addresses import address_marks
from detectors.near import bands
from storage.archive import FolderArchive
from storage.handover import open_elsewhere
from storage.searching.indexing import Indexer, indexed_upto
from storage.searching.pagetexts import PageIndexer

AT_ONCE = 2_000  # exhibits that are taken in without a word
MOST_DRIFT, MOST_SAID = 1_000, 20  # places that are looked for, and told: with more there is but one thing to do


def indexer(engine: Engine) -> Indexer:
    """The index of this home, told what near-duplicates share, and under which numbers addresses are found."""
    return Indexer(engine, bands, address_marks)


def caught_up(config: Config, engine: Engine) -> int:
    """Take in what is new since the index was last asked; how many exhibits. Much is shown as it goes."""
    index = indexer(engine)
    behind = index.behind()
    done = _taken_in("编入检索", index, behind) if behind else 0
    _take_in_pages(config, engine)
    return done


def refreshed(config: Config, engine: Engine) -> None:
    """The same for a question, which is answered from what the index has where the database cannot be written now."""
    try:
        caught_up(config, engine)
    except OperationalError as wrong:
        say(f"检索落后 {indexer(engine).behind()} 个证据项，数据库此刻不能写：{harmless(str(wrong.orig))}")


def _take_in_pages(config: Config, engine: Engine) -> None:
    pages = PageIndexer(engine, _Texts(config))
    try:
        _taken_in("编入整页文字", pages, pages.behind())
    except OSError as wrong:
        # A shelf that is away; nothing is marked as read that was not.
        say(f"整页的文字还没有编入检索，下次再读：{harmless(str(wrong))}")


def _taken_in(label: str, index: Indexer | PageIndexer, behind: int) -> int:
    if behind <= AT_ONCE:
        return index.catch_up(lambda _: None)
    with counting(label, behind) as tell:
        return index.catch_up(tell)


class _Texts:
    """Reads what stands on whole pages out of the archive."""

    def __init__(self, config: Config) -> None:
        self._archive = FolderArchive(config.archive, tool=TOOL, elsewhere=open_elsewhere(config))

    def __call__(self, capture: Capture) -> str:
        """Empty where the bytes are not to be had any more, which `lantian evidence verify` tells."""
        try:
            return self._archive.produce(capture).decode("utf-8", "replace")
        except (EvidenceBroken, Expired):
            return ""


@contextmanager
def counting(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; what it yields is called with how many more are done."""
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, advance=done)


def reindex(*, is_check: bool, as_json: bool) -> int:
    """`lantian archive reindex`: make the index anew, or only compare it with the rows."""
    config = Config.load()
    with opened_engine(config) as engine:
        index = indexer(engine)
        return _check(index, as_json=as_json) if is_check else _rebuild(config, index, as_json=as_json)


def _rebuild(config: Config, index: Indexer, *, as_json: bool) -> int:
    # Only who reads pictures again waits for what reads them; every question catches up through this module.
    from console.archive.looking import look_again

    with counting("重建检索", _exhibits(index)) as tell:
        done = index.rebuild(tell)
    _take_in_pages(config, index.engine)
    say(f"检索已重建：{done} 个证据项")
    looked = look_again(config, index.engine, say)
    if looked.done:
        say(f"补上外观摘要的图片：{looked.done} 张")
    if looked.failed:
        say(f"读不出、没有外观摘要的图片：{looked.failed} 张；lantian evidence verify 看固定是否完整")
    if as_json:
        print_json({"indexed": done, "pictures": looked.done, "pictures_failed": looked.failed})
    return EXIT_DONE


def _check(index: Indexer, *, as_json: bool) -> int:
    """What the index does not know yet is no drift: it is taken in first."""
    index.catch_up(lambda _: None)
    total = _exhibits(index)
    with counting("核对检索", total) as tell:
        found = list(islice(index.check(tell), MOST_DRIFT))
    for one in found[:MOST_SAID]:
        say(harmless(f"证据项第 {one.exhibit} 行 {one.part}：{one.detail}"))
    if as_json:
        told = [{"exhibit": one.exhibit, "part": one.part, "detail": one.detail} for one in found]
        print_json({"checked": total, "drift": told})
    if not found:
        say(f"检索与数据库一致：{total} 个证据项")
        return EXIT_DONE
    more = "以上" if len(found) >= MOST_DRIFT else ""
    say(f"检索有 {len(found)} 处{more}与数据库不符；证据不受影响。重建：lantian archive reindex")
    return EXIT_NOT_CLEAN


def _exhibits(index: Indexer) -> int:
    """How many rows there are to go through, for the bar."""
    with index.engine.connect() as connection:
        return indexed_upto(connection) + index.behind()
