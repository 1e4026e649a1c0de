"""The settings of a claim: all that shapes what is seen, and nothing that is secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.config import Config
from crawler.watches import Watch, WatchQuery, WatchVersion
from patrol.snapshots import snapshot

NINE = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
SECRETS = {
    "LANTIAN_S3_KEY": "mi-yao-1",
    "LANTIAN_S3_SECRET": "mi-yao-2",
    "LANTIAN_DATABASE": "postgresql://lantian:mi-yao-3@127.0.0.1/lantian",
    "LANTIAN_BROKER": "redis://:mi-yao-4@127.0.0.1/0",
    "LANTIAN_PROFILE_KEY": "mi-yao-5",
    "LANTIAN_NOTIFY": "mailto://lantian:mi-yao-6@mail.example",
}
SETTINGS = """[crawl]
delay = 5.0
[[place]]
name = "北京机房"
proxy = "http://127.0.0.1:3128"
[[place]]
name = "别处"
proxy = "http://127.0.0.1:3129"
"""
WATCH = Watch(
    name="日常", platforms=("jd",), queries=(WatchQuery(words="专利"),), schedule="0 9 * * *", place="北京机房"
)
VERSION = WatchVersion(watch_id=3, version=2, watch=WATCH, since=NINE, until=None, by="张三（虚构）")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "lantian.toml").write_text(SETTINGS, encoding="utf-8")
    return Config.load({"LANTIAN_HOME": str(tmp_path)} | SECRETS)


def test_it_tells_what_shapes_what_is_seen(config: Config) -> None:
    taken = snapshot(VERSION, config, "lantian/9", "rules-1")
    told = json.loads(taken.settings)
    assert (told["watch"]["id"], told["watch"]["version"], told["watch"]["queries"][0]["words"]) == (3, 2, "专利")
    assert (told["crawl"]["delay"], told["browser"]["pages"], told["tool"], told["rules"]) == (
        5,
        1,
        "lantian/9",
        "rules-1",
    )
    assert told["place"] == {"name": "北京机房", "proxy": "http://127.0.0.1:3128"}
    assert (taken.tool, taken.words) == ("lantian/9", "pages=3 delay=5 watch=3.2")
    deep = snapshot(replace(VERSION, watch=replace(WATCH, depth=1, place="")), config, "lantian/9", "rules-1")
    assert deep.words.startswith("pages=1 ")
    assert json.loads(deep.settings)["place"] is None


def test_no_secret_is_in_it(config: Config) -> None:
    assert config.secrets.s3_key == "mi-yao-1", "they were there to be taken"
    assert "mi-yao" not in str(snapshot(VERSION, config, "lantian/9", "rules-1"))


def test_the_same_settings_have_one_digest_and_others_another(config: Config) -> None:
    taken = snapshot(VERSION, config, "lantian/9", "rules-1")
    assert snapshot(VERSION, config, "lantian/9", "rules-1").digest == taken.digest
    others = (
        snapshot(VERSION, config, "lantian/9", "rules-2"),
        snapshot(VERSION, config, "lantian/10", "rules-1"),
        snapshot(replace(VERSION, version=3), config, "lantian/9", "rules-1"),
        snapshot(VERSION, replace(config, crawl=replace(config.crawl, pages=9)), "lantian/9", "rules-1"),
        snapshot(VERSION, replace(config, browser=replace(config.browser, pictures=False)), "lantian/9", "rules-1"),
    )
    assert len({one.digest for one in (taken, *others)}) == 6
