"""What people hand to commands by mistake, and what attackers do: one Chinese line with the place, exit 2, no trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.conftest import Ran

Run = Callable[..., Ran]
pytestmark = pytest.mark.usefixtures("made_home")
WATCH = ("watch", "add", "任务", "--schedule", "0 8 * * *", "--by", "甲", "--platforms", "baidu")
FILES = {
    "binary.txt": bytes(range(256)) * 40,
    "utf16.txt": "专利".encode("utf-16"),
    "nul.txt": "专利\n商标\0包过\n".encode(),
    "long.txt": "专".encode() * 800_000,
    "escape.txt": "专利\n\x1b[31m\n".encode(),
    "empty.txt": b"",
    "empty.toml": b"",
    "number.toml": b"query = 5\n",
    "numbers.toml": b"query = [1, 2]\n",
    "wordless.toml": b'[[query]]\nwords = "a"\n[[query]]\ncategory = "x"\n',
    "other.toml": b'[[query]]\nwords = "a"\ncategory = []\n',
    "table.toml": b'[query]\nwords = "a"\n',
    "broken.toml": b"x = 1\n[[query\n",
    "digits.toml": b"query = " + b"9" * 5000,
    "brackets.toml": b"query = " + b"[" * 5000,
    "quote.csv": b'"' + b"a" * 200_000,
    "dates.csv": "date,kind,name\n9999999999-99-99,休,元旦\n".encode(),
}
COMMANDS = {
    "queries": (*WATCH, "--queries"),
    "urls": (*WATCH, "--urls"),
    "list": ("watch", "queries", "--queries"),
    "calendar": ("calendar", "import", "--by", "甲"),
    "import": ("import", "--by", "甲"),
}
PLACES = {
    "nul.txt": "第 2 行", "escape.txt": "第 2 行", "binary.txt": "第 2 行", "wordless.toml": "第 2 个 [[query]]",
    "broken.toml": "第 2 行",
}  # fmt: skip
# Python's own words: several English ones in a row.
ENGLISH = re.compile(r"[A-Za-z']{3,} [a-z]{2,} [a-z]{2,}")
DATES = (
    ("roster", "--from"), ("roster", "--to"), ("coverage", "--from"), ("coverage", "--to"), ("watch", "plan", "--from"),
    ("watch", "plan", "--to"), ("calendar", "show", "--to", "2026-01-01", "--from"),
)  # fmt: skip


def refused(ran: Ran, what: object) -> str:
    assert ran.code == 2, (what, ran.code, ran.err[:300])
    assert "Traceback" not in ran.err
    last = ran.err.strip().splitlines()[-1]
    assert re.search(r"[\u4e00-\u9fff]", last), (what, last[:300])
    assert not ENGLISH.search(re.sub(r"lantian [a-z]+ [a-z-]+", "", last)), (what, last[:300])
    return last


@pytest.mark.parametrize("command", COMMANDS)
def test_no_file_is_a_stack_trace(here: Run, tmp_path: Path, command: str) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.toml").mkdir()
    # Any line of text is a query, and each file that is brought in takes its time.
    left = {"import": FILES.keys() - {"binary.txt", "empty.txt"}, "calendar": set()}.get(command, {"dates.csv"})
    for name in (*(one for one in FILES if one not in left), "folder", "folder.toml", "nowhere.txt"):
        said = refused(here(*COMMANDS[command], tmp_path / name), (command, name))
        assert name in said or command == "import"
        if command in ("queries", "urls", "list") and name in PLACES:
            assert PLACES[name] in said, (name, said)
    refused(here(*COMMANDS[command], "/dev/zero"), (command, "/dev/zero"))


@pytest.mark.parametrize("command", DATES, ids=" ".join)
def test_no_date_is_a_stack_trace(here: Run, command: tuple[str, ...]) -> None:
    for words in (
        "x",
        "\0",
        "9" * 400,
        "2026-13-45",
        "10000-01-01",
        "9999-12-31T23:59:59+00:00",
        "0001-01-01T00:00+14:00",
    ):
        refused(here(*command, words), words)


@pytest.mark.parametrize(
    "command",
    [
        "alarms show", "alarms ack --by 甲 --reason x", "recheck show", "recheck stop --by 甲 --reason x",
        "recheck list --after", "recheck list --limit", "agency list --after", "agency list --limit",
        "tasks list --before", "tasks close --by 甲 --reason x", "roster --limit", "leads --limit",
        "notify list --limit", "registry use --by 甲", "rescreen --limit", "sample --from shops --seed x -n",
    ],
)  # fmt: skip
def test_no_number_is_a_stack_trace(here: Run, command: str) -> None:
    for number in ("9" * 40, str(2**31)):
        ran = here(*command.split(), number)
        assert ran.code == 2, (number, ran.err[-300:])
        assert "2147483647" in ran.err, "it is refused for what it is"
