"""The key of reporters' identities as commands use it: shown to whoever may, changed for another, never told."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import Engine

from casework.acting import Grant
from casework.incoming.keys import key_at, make_key
from casework.incoming.reporter import FIELD_WORDS, FIELDS, ReporterKey
from casework.incoming.reports import rekey, reporters_of
from console.acting import acting
from console.homes import home_engine
from console.output import harmless, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.leads import WorkedLeads
from storage.cases.reporters import Reporters


def key_for(config: Config, engine: Engine) -> ReporterKey:
    """The key to seal with, made at first use. Where reporters are sealed already a missing one is not replaced."""
    path = config.reporter_key
    if path.exists() or path.is_symlink() or Reporters(engine).is_any():
        return key_at(path, kept_folders(config))
    key = make_key(path, kept_folders(config))
    say(f"已生成举报人密钥 {key.id}：{path}。请离线另存一份，与主目录的备份分开；丢失后举报人信息无法恢复")
    return key


def existing_key(config: Config, engine: Engine) -> ReporterKey | None:
    """The key to look with before something leaves, if it is here; whoever looks refuses what it does not open."""
    if not Reporters(engine).is_any() or not config.reporter_key.exists():
        return None
    return key_at(config.reporter_key, kept_folders(config))


def kept_folders(config: Config) -> tuple[Path, ...]:
    """What is backed up: the home, and a shelf that is a folder."""
    shelf = config.shelf.url
    return (config.home, Path(shelf)) if shelf and "://" not in shelf else (config.home,)


def show_reporter(word: str, *, reveal: bool, as_json: bool) -> None:
    """Who reported a lead, on a terminal; elsewhere only where `reveal` asks for it."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine)
        lead = WorkedLeads(engine).named(word, acts.districts)
        if as_json and not reveal:
            sealed = Reporters(engine).of(lead.id)
            print_json({"lead": lead.number, "sealed": [{"at": one.at.isoformat(), "by": one.by} for one in sealed]})
            return
        acts.needs(Grant.REPORTERS)
        if not reveal and not sys.stdout.isatty():
            raise UserMistake("举报人信息只在终端上显示；确要输出到别处，加 --reveal")
        key = key_at(config.reporter_key, kept_folders(config))
        found = reporters_of(engine, lead, key, acts, clock.now())
    if as_json:
        told = [{name: getattr(one, name) for name in FIELDS if getattr(one, name)} for one in found]
        print_json({"lead": lead.number, "reporters": told})
        return
    for one in found:
        for name in FIELDS:
            if getattr(one, name):
                print_line(f"{FIELD_WORDS[name]}：{harmless(getattr(one, name))}")
    say("这次查看已记入审计日志")


def show_key(*, make: bool, as_json: bool) -> None:
    """Which key there is, and how many reporters are sealed under which."""
    config = Config.load()
    with home_engine(config) as engine:
        acting(config, engine, Grant.ADMIN, Grant.REPORTERS)
        kept = kept_folders(config)
        key = make_key(config.reporter_key, kept) if make else key_at(config.reporter_key, kept)
        sealed = Reporters(engine).keys()
    if as_json:
        print_json({"key": key.id, "file": str(config.reporter_key), "sealed": dict(sealed)})
        return
    print_line(f"密钥 {key.id}：{config.reporter_key}")
    for name, count in sealed.items():
        print_line(f"  {name}：{count} 条{'' if name == key.id else '（现用密钥打不开）'}")


def change_key(new: Path, old: Path | None, *, as_json: bool) -> None:
    """Everything sealed under one key is sealed under another, or nothing; both files are needed."""
    config = Config.load()
    with home_engine(config) as engine:
        acts = acting(config, engine, Grant.ADMIN)
        kept = kept_folders(config)
        before = key_at(old or config.reporter_key, kept)
        after = make_key(new, kept)
        count = rekey(engine, before, after, acts, clock.now())
    say(f"{count} 条举报人信息已改用密钥 {after.id}；请把 LANTIAN_REPORTER_KEY 设为 {new}，旧备份仍要旧密钥")
    if as_json:
        print_json({"from": before.id, "to": after.id, "reporters": count, "file": str(new)})
