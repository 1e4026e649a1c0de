"""What `lantian watch` writes: watches, their changes, and which queries they ask. All of it by a named person."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from console.doubts import refuse_wrong_clock
from console.files import platforms
from console.homes import home_engine, person
from console.output import harmless, print_json, say
from console.watch_tables import show_queries, told_version
from crawler import clock
from crawler.agencies import Agency
from crawler.config import Config
from crawler.errors import UserMistake
from crawler.watches import RESERVED, Watch, WatchQuery, WatchVersion
from detectors.rule import load_rules
from patrol.checking import LANDING, checked_watch, platform_of
from patrol.queries import checked, chosen, from_rules, is_address, read_list
from patrol.supervision import Targets, followed, targets
from storage.clock_repair import put_back
from storage.registers.store import Registries
from storage.struck import StruckWords
from storage.supervision import Supervision
from storage.supervision_shapes import Follows
from storage.watches import Watches

NEARLY = timedelta(minutes=1)
LONGEST_PLAN = timedelta(days=366)
LOOK_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Which queries a person asked for; nothing at all means the packaged list and the rules' words."""

    queries: tuple[str, ...] = ()
    file: Path | None = None
    with_list: bool = False
    with_rules: bool = False
    urls: tuple[str, ...] = ()
    url_file: Path | None = None
    agencies: tuple[str, ...] = ()
    all_agencies: str = ""
    sites: bool = False

    @property
    def is_nothing(self) -> bool:
        return self == Words()

    @property
    def follows(self) -> Follows | None:
        """Which agencies are asked for, `None` where words or addresses are; `UserMistake` for both."""
        if not (self.agencies or self.all_agencies or self.sites):
            return None
        only = Words(agencies=self.agencies, all_agencies=self.all_agencies, sites=self.sites)
        if only != self or bool(self.agencies) == bool(self.all_agencies):
            raise UserMistake("--agency 和 --agencies 选一个，不能和查询词、网址一起写")
        which = self.all_agencies or "named"
        if which not in ("all", "priority", "named"):
            raise UserMistake(f"--agencies 要是 all（全部）或 priority（重点监控名单），不是 {which!r}")
        return Follows(f"{which}_sites" if self.sites else which)


# -- writing ---------------------------------------------------------------------------------------


def add_watch(watch: Watch, words: Words, by: str, *, as_json: bool) -> None:
    """Write a new watch; addresses of several platforms make one watch each."""
    config = Config.load()
    with home_engine(config) as engine:
        name = person(config, engine, by)
        follows = words.follows
        wanted_agencies = _targets(engine, words, follows) if follows else None
        queries = wanted_agencies.queries if wanted_agencies else asked_queries(engine, words)
        asked = _placed(replace(watch, queries=queries), follows)
        places = [one.name for one in config.places]
        wanted = [checked_watch(one, places, config.hosts) for one in _by_platform(asked)]
        known = {one.watch.name for one in Watches(engine).current()}
        taken = [one.name for one in wanted if one.name in known]
        if taken:
            raise UserMistake(f"已有名为 {'、'.join(taken)} 的巡查任务")
        for one in wanted:
            number = Watches(engine).add(one, name, clock.now())
            if follows and wanted_agencies:
                Supervision(engine).aim(number, follows, wanted_agencies.aims)
            say(harmless(f"已建立巡查任务 {one.name}：{_size(one)}"))
            if as_json:
                print_json(told_version(Watches(engine).find(one.name)), goes_on=True)


def change_watch(name: str, change: Watch, words: Words, by: str, *, as_json: bool) -> None:
    """Write the next version: `change` is the whole watch as it shall be, but for its queries when words are asked."""
    config = Config.load()
    with home_engine(config) as engine:
        found = Watches(engine).find(name)
        by_name, follows = person(config, engine, by), words.follows
        targeted = _targets(engine, words, follows) if follows else None
        asked = targeted.queries if targeted else () if words.is_nothing else asked_queries(engine, words)
        wanted = checked_watch(
            replace(change, queries=asked or found.watch.queries), [one.name for one in config.places], config.hosts
        )
        if targeted and follows:
            Supervision(engine).aim(found.watch_id, follows, targeted.aims)
        elif asked and found.watch_id in Supervision(engine).followers():
            Supervision(engine).aim(found.watch_id, Follows.NAMED, ())  # it follows no list any more
        is_new = wanted != found.watch
        if is_new:
            Watches(engine).change(found.watch_id, wanted, by_name, clock.now())
        done = Watches(engine).find(name)
    told = f"已改为第 {done.version} 版：{_size(wanted)}；已排进名册的照旧" if is_new else "本来就是这样，没有改动"
    say(harmless(f"{name} {told}{_from_when(done)}"))
    if as_json:
        print_json(told_version(done) | {"is_new": is_new})


def current(name: str) -> WatchVersion:
    """The watch of this name as it is."""
    with home_engine(Config.load()) as engine:
        return Watches(engine).find(name)


def pause_watch(name: str, by: str, *, is_paused: bool, as_json: bool) -> None:
    """From now on it plans nothing, or again."""
    config = Config.load()
    with home_engine(config) as engine:
        found = Watches(engine).find(name)
        if name in RESERVED:
            raise UserMistake(f"{name} 由系统自己安排，不能暂停或恢复")
        if found.watch.is_paused == is_paused:
            raise UserMistake(f"{name} {'已经停着' if is_paused else '没有停'}")
        watch = replace(found.watch, is_paused=is_paused)
        Watches(engine).change(found.watch_id, watch, person(config, engine, by), clock.now())
        done = Watches(engine).find(name)
    told = f"{name} 已{'暂停' if is_paused else '恢复'}（第 {done.version} 版）；停着的时候不计为漏查"
    say(harmless(f"{told}{_from_when(done)}"))
    if as_json:
        print_json(told_version(done))


def asked_queries(engine: Engine, words: Words) -> tuple[WatchQuery, ...]:
    """The queries a person asked for, the office's own first."""
    urls = [*words.urls, *(one.words for one in read_list(words.url_file))] if words.url_file else [*words.urls]
    wrong = next((one for one in urls if not is_address(one.strip())), "")
    if wrong:
        raise UserMistake(f"{wrong[:100]!r} 不是网址：要以 http:// 或 https:// 开头")
    office = [WatchQuery(words=one) for one in (*words.queries, *urls)]
    filed = read_list(words.file) if words.file else ()
    is_default = words.is_nothing
    listed = read_list() if words.with_list or is_default else ()
    struck = StruckWords(engine).all()
    ruled = from_rules(load_rules(), struck) if words.with_rules or is_default else ()
    return chosen(office, filed, listed, ruled)


def _targets(engine: Engine, words: Words, follows: Follows) -> Targets:
    """The agencies a person asked for, as queries."""
    entries = [agency_of(engine, one) for one in words.agencies] or list(followed(engine, follows))
    found = targets(entries, follows)
    if found.without:
        some = "、".join(found.without[:3])
        say(harmless(f"{len(found.without)} 家机构在名录里没有可用的网址，没有列入：{some}"))
    if not found.queries:
        raise UserMistake("一家机构也没有：名单是空的，或都没有网址")
    return found


def agency_of(engine: Engine, word: str) -> Agency:
    """The agency of this name or code in the current registry; `UserMistake` names near ones."""
    answer = Registries(engine).ask(word)
    if answer.entry is None:
        near = "、".join(one.name for one in answer.near[:3])
        raise UserMistake(f"当前名录里没有 {word}" + (f"；相近的有 {near}" if near else ""))
    return answer.entry


def _placed(watch: Watch, follows: Follows | None) -> Watch:
    """Agencies' own pages are at any address; thousands of names on every platform are asked by nobody unsaid."""
    if follows is None or watch.platforms:
        return watch
    if follows.is_all and not follows.is_sites:
        raise UserMistake("查全部机构的名称要写明平台：--platforms")
    return replace(watch, platforms=(LANDING,)) if follows.is_sites else watch


def _by_platform(watch: Watch) -> list[Watch]:
    """The watch with its platforms: those named, else all that answer words, else those the addresses are of."""
    if watch.platforms:
        return [watch]
    spiders = list(platforms().values())
    if not any(is_address(one.words) for one in watch.queries):
        able = [one.name for one in spiders if one.answers_words and watch.device in one.devices]
        return [replace(watch, platforms=tuple(able))]
    if not all(is_address(one.words) for one in watch.queries):
        raise UserMistake("网址和查询词在一起时要写明平台：--platforms")
    parts: dict[str, list[WatchQuery]] = {}
    for query in watch.queries:
        parts.setdefault(platform_of(checked(query).words, spiders), []).append(query)
    named = {one: _part_name(watch.name, one) if len(parts) > 1 else watch.name for one in sorted(parts)}
    return [replace(watch, name=name, platforms=(one,), queries=tuple(parts[one])) for one, name in named.items()]


def _part_name(name: str, platform: str) -> str:
    return name if platform == LANDING else f"{name}·{platforms()[platform].label}"


def _from_when(one: WatchVersion) -> str:
    """From when a version holds, where that is not now: the roster is written that far already."""
    if one.since <= clock.now() + NEARLY:
        return ""
    return f"；名册已写到 {clock.in_shanghai(one.since)[:16]}，那以后才按这样排（时钟曾经快了：lantian watch put-back）"


def put_back_watches(by: str, *, as_json: bool) -> None:
    """After a clock that was far ahead: what it wrote down for times to come is taken out, and all holds from now."""
    config = Config.load()
    with home_engine(config) as engine:
        name = person(config, engine, by)
        refuse_wrong_clock(config)
        done = put_back(engine, name, clock.now())
    for one in done:
        kept = f"，{one.kept} 项已经查过，留着" if one.kept else ""
        say(harmless(f"{one.name} 从写到 {clock.in_shanghai(one.until)[:16]} 改回现在：撤下 {one.withdrawn} 项{kept}"))
        if as_json:
            print_json(asdict(one) | {"until": one.until.isoformat()}, goes_on=True)


def _size(watch: Watch) -> str:
    return f"{len(watch.platforms)} 个平台 × {len(watch.queries)} 个查询"


# -- queries ---------------------------------------------------------------------------------------


def list_queries(file: Path | None, *, as_json: bool) -> None:
    """What a watch asks that names no queries of its own: the list, and the rules' words that nobody struck."""
    with home_engine(Config.load()) as engine:
        queries = asked_queries(engine, Words(file=file, with_list=file is None, with_rules=True))
    show_queries(queries, as_json=as_json)


def strike_query(words: str, by: str, *, as_json: bool) -> None:
    """A word of the rules that the office does not want, for good."""
    config = Config.load()
    with home_engine(config) as engine:
        struck = StruckWords(engine)
        if words not in {one.words for one in from_rules(load_rules(), struck.all())}:
            raise UserMistake(f"{words!r} 不是从规则生成的词；现有的见 lantian watch queries")
        name, now = person(config, engine, by), clock.now()
        struck.strike(words, name, now)
    say(harmless(f"已划去 {words}：不再生成；已有的任务用 lantian watch change 改"))
    if as_json:
        print_json({"struck": words, "by": name, "at": now.isoformat()})
