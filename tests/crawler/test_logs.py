"""Logs: whole lines whoever writes, never more than they may be, and nothing of pages, queries and people in them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from crawler.config import Config
from crawler.discretion import discreet, discreet_value, our_words, plain
from crawler.logs import CRAWLS, BoundedFile, JsonLines, TextLines, log_file, logs_bytes, put_aside
from crawler.tables import Disk, Log

PHONE, WECHAT, NAME, WORDS = "13800000000", "vx_lan888", "示例甲代理", "专利包授权"
URL = f"https://www.example.cn/s/{NAME}?wd={WORDS}&tel={PHONE}"
HIDDEN = (PHONE, WECHAT, NAME, WORDS, "tel=", "wd=", "hunter2", "mm@example.cn")


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("pipelines.test").makeRecord(
        "pipelines.test", logging.WARNING, "x.py", 1, message, args, None, "f", extra or None
    )
    if args and len(args) == 1 and isinstance(args[0], dict):
        made.args = args[0]
    return made


def leaks(text: str) -> list[str]:
    return [one for one in HIDDEN if one in text]


# -- discretion ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        f"Gave up retrying <GET {URL}> (failed 2 times)",
        f"got /s?wd={WORDS} and %E5%8C%85",
        f"seller {NAME} at {PHONE}, 138-0000-0000, 138 0000 0000",
        "Cookie: sid=hunter2; a=b",
        "token=hunter2",
        "mail to mm@example.cn",
        "https://user:hunter2@example.cn/x",
    ],
)
def test_messages_lose_what_is_somebodys(message: str) -> None:
    assert leaks(message) or "138-" in message, "the specimen holds nothing to hide"
    told = discreet(message)
    assert leaks(told) == []
    assert "0000" not in told


def test_what_belongs_to_nobody_stays() -> None:
    kept = "manifest 000012 at 2026-11-20T08:30:00+00:00, run 0123456789abcdef0123456789abcdef, 404 in 12.5 s"
    assert discreet(kept) == kept
    assert discreet("claim 20261120T083000Z-0a1b2c of https://www.example.cn") == (
        "claim 20261120T083000Z-0a1b2c of https://www.example.cn/…"
    )


def test_free_text_loses_accounts_and_quotes() -> None:
    told = plain(f'PageChanged: no "add {WECHAT} now" in the page, code A1b2C3, key=v of {NAME}')
    assert leaks(told) == []
    assert "A1b2C3" not in told
    assert told.startswith("PageChanged: no … in the page,")


def test_values_are_kept_by_their_kind() -> None:
    assert discreet_value(7) == 7
    assert discreet_value("baidu") == "baidu"
    assert discreet_value(ValueError(PHONE)) == "ValueError"
    assert discreet_value(OSError(28, f"no space for {NAME}")) == "OSError ENOSPC"
    assert discreet_value({"why": f"{NAME} {PHONE}", "runs": 3}) == {"why": "… …", "runs": 3}


def test_sentences_of_ours_keep_their_language_alone() -> None:
    told = our_words(f"没有封存“{NAME}”：{URL}，电话 {PHONE}")
    assert told.startswith("没有封存…：https://www.example.cn/…")
    assert leaks(told) == []


# -- lines -----------------------------------------------------------------------------------------


def test_a_json_line_says_which_run_and_no_more() -> None:
    spider = SimpleNamespace(name="baidu")
    why, run = f"{NAME} {WECHAT} {PHONE}", "0" * 31 + "a"
    line = JsonLines().format(record("%s refused us: %s", "www.example.cn", why, spider=spider, run=run))
    told = json.loads(line)
    assert (told["level"], told["platform"], told["run"]) == ("warning", "baidu", run)
    assert told["event"].startswith("www.example.cn refused us: ")
    assert leaks(line) == []


@pytest.mark.parametrize("lines", [TextLines(), JsonLines()], ids=["text", "json"])
def test_of_an_error_its_type_and_places_are_told(lines: logging.Formatter) -> None:
    try:
        try:
            raise ValueError(f"{NAME} {PHONE}")
        except ValueError as first:
            raise OSError(28, PHONE) from first
    except OSError:
        made = record("lost")
        made.exc_info = sys.exc_info()
    line = lines.format(made)
    assert leaks(line) == []
    assert "OSError ENOSPC" in line
    assert "ValueError" in line
    assert "crawler/test_logs.py:" in line


def test_a_library_that_quotes_in_its_message_is_not_believed() -> None:
    made = record(f"Task exception: PageChanged('{WECHAT}')\nfuture: <Task exception=ValueError('{NAME}')>")
    made.name = "asyncio"
    assert leaks(TextLines().format(made)) == []


def test_a_message_that_does_not_fit_its_arguments_is_told_without_them() -> None:
    assert json.loads(JsonLines().format(record("%d pages", "many")))["event"] == "%d pages"


def test_a_hostile_line_stays_one_line_of_json() -> None:
    line = JsonLines().format(record("%s", '{"a":\n"b"}\r\n\x1b[2J'))
    assert "\n" not in line
    assert "\x1b" not in line


def test_a_hostile_text_begins_no_line_of_its_own() -> None:
    forged = "x\n2026-11-20 08:30:00 1 [patrol] INFO: all is well"
    assert "\n" not in TextLines().format(record("%s", forged))
    library = record(forged)
    library.name = "scrapy"
    assert TextLines().format(library).splitlines()[1].startswith("    ")


def test_however_long_a_text_is_little_of_it_is_looked_at_and_told() -> None:
    for text in ("a" * 5_000_000, "0" * 5_000_000, "%E4" * 2_000_000, "http://" * 1_000_000):
        assert len(JsonLines().format(record("%s", text))) < 3_000


# -- files -----------------------------------------------------------------------------------------

WRITER = """
import logging, sys
from pathlib import Path
from crawler.logs import BoundedFile
handler = BoundedFile(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
handler.setFormatter(logging.Formatter("%(message)s"))
log = logging.getLogger("x"); log.addHandler(handler); log.setLevel(10); log.propagate = False
for number in range(300):
    log.info("%s-%04d-end", sys.argv[4], number)
"""


def write_together(path: Path, limit: int, files: int) -> None:
    going = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(limit), str(files), f"w{one}"])
        for one in range(4)
    ]
    assert [one.wait(120) for one in going] == [0] * 4


def all_lines(folder: Path) -> list[str]:
    return [line for one in sorted(folder.glob("a.log*")) for line in one.read_text(encoding="utf-8").splitlines()]


def test_many_who_write_lose_and_mix_nothing(tmp_path: Path) -> None:
    write_together(tmp_path / "a.log", 2_000, 40)
    assert sorted(all_lines(tmp_path)) == sorted(
        f"w{one}-{number:04d}-end" for one in range(4) for number in range(300)
    )
    assert len(list(tmp_path.glob("a.log.*"))) > 3


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    write_together(tmp_path / "a.log", 1_000, 3)
    kept = sorted(one.name for one in tmp_path.glob("a.log*"))
    assert [one for one in kept if one not in ("a.log", "a.log.1", "a.log.2")] == []
    assert logs_bytes(tmp_path) <= 3 * (1_000 + 4 * 20)
    assert all(line.endswith("-end") for line in all_lines(tmp_path))


def written(handler: logging.Handler, *words: str) -> None:
    for one in words:
        handler.handle(record(one))


def plain_file(path: Path, limit: int = 1_000, files: int = 3) -> BoundedFile:
    handler = BoundedFile(path, limit, files)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def test_one_file_alone_begins_anew(tmp_path: Path) -> None:
    handler = plain_file(tmp_path / "a.log", 10, 1)
    written(handler, "first line", "second")
    handler.close()
    assert all_lines(tmp_path) == ["second"]


def test_a_file_that_another_program_put_aside_is_noticed(tmp_path: Path) -> None:
    handler = plain_file(tmp_path / "a.log")
    written(handler, "before")
    (tmp_path / "a.log").rename(tmp_path / "a.log-20261120")
    written(handler, "after")
    handler.close()
    assert (tmp_path / "a.log").read_text() == "after\n"


def test_a_small_file_is_not_put_aside(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x" * 10)
    assert not put_aside(tmp_path / "a.log", 10, 3)
    assert put_aside(tmp_path / "a.log", 9, 3)
    assert not put_aside(tmp_path / "a.log", 9, 3), "somebody else has done it"


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    handler = plain_file(tmp_path / "none" / "a.log")
    written(handler, "lost")
    (tmp_path / "none").mkdir()
    written(handler, "kept")
    handler.close()
    assert (tmp_path / "none" / "a.log").read_text() == "kept\n"


def test_the_home_decides_size_and_form(tmp_path: Path) -> None:
    config = replace(Config(home=tmp_path), disk=Disk(log_megabytes=1, log_files=2), log=Log(format="json"))
    handler = log_file(config, CRAWLS)
    written(handler, *["x " * 500] * 1_200)
    handler.close()
    assert (tmp_path / "lantian.log.1").stat().st_size > 1 << 20
    json.loads((tmp_path / "lantian.log").read_text().splitlines()[0])
    assert (tmp_path / "lantian.log").stat().st_mode & 0o007 == 0


NARROW = """
import logging, resource, sys
from pathlib import Path
from crawler.logs import BoundedFile
handler = BoundedFile(Path(sys.argv[1]), 1 << 20, 2)
handler.setFormatter(logging.Formatter("%(message)s"))
log = logging.getLogger("x"); log.addHandler(handler); log.setLevel(10); log.propagate = False
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
log.info("a" * 30)
resource.setrlimit(resource.RLIMIT_FSIZE, (50, hard))
log.info("b" * 30)
log.info("c" * 30)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.info("d" * 30)
"""


def test_after_a_full_disk_lines_are_whole_again(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", NARROW, str(tmp_path / "a.log")], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert all_lines(tmp_path) == ["a" * 30, "b" * 19, "d" * 30]
