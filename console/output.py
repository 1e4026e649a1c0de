"""How results reach a person or a program: JSON on stdout, everything else on stderr or as tables.

Text from the web is never trusted here: control characters and terminal escapes are shown,
not obeyed.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from crawler.errors import EXIT_DONE
from crawler.items import Finding

PAGE_WIDTH = 110
MOST = 2**31 - 1  # the largest number that every database takes
OUTCOME_WORDS = {
    "ok": "已查",
    "empty": "页面称无结果",
    "blocked": "被拦",
    "login": "要求登录",
    "gone": "已不存在",
    "changed": "页面变了",
    "disallowed": "robots 禁止",
    "unreachable": "连不上",
    "error": "出错",
    "missed": "漏查",
}
CATEGORY_WORDS = {
    "guaranteed_grant": "包授权",
    "green_channel": "绿色通道",
    "official_impersonation": "冒用官方名义",
    "inventor_listing": "发明人挂名",
    "unqualified_agency": "无资质代理",
    "licence_renting": "挂证",
    "abnormal_filing": "非正常申请",
    "malicious_trademark": "恶意商标",
}


def speak_any_locale() -> None:
    """A terminal that cannot show a character gets its number, never an error in the middle of a round."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class Page(Console):
    """A console whose reader may go away (`| head`) without that being a failure of ours."""

    def on_broken_pipe(self) -> None:
        reader_gone()
        raise SystemExit(EXIT_DONE)


def reader_gone() -> None:
    """Whatever else is written to stdout goes nowhere, also what Python itself flushes at its end."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def page() -> Console:
    """Where tables and texts go. Into a file or a pipe they are set for a wide page, not for 80 columns."""
    console = Page(highlight=False, markup=False)
    return console if console.is_terminal else Page(highlight=False, markup=False, width=PAGE_WIDTH)


def say(message: str) -> None:
    """One line to the person, on stderr."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(message)


def print_json(value: Any, *, goes_on: bool = False) -> None:
    """One JSON document on one line of stdout: UTF-8, or ASCII where stdout cannot carry it.

    Without a reader the command ends, unless it `goes_on` for its own sake, as a round does.
    """
    # `>&-` leaves Python without a stdout.
    is_utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    print_line(json.dumps(value, ensure_ascii=not is_utf8), goes_on=goes_on)


def print_line(line: str, *, goes_on: bool = False) -> None:
    """One line on stdout, at once."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        reader_gone()
        if not goes_on:
            raise SystemExit(EXIT_DONE) from None


def harmless(text: str) -> str:
    """Hostile text as a person may see it: control, format and private characters become marks.

    A right-to-left override in a shop's name would otherwise turn round the rest of the line.
    """
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") else one for one in text
    )


def bracketed(text: str, findings: Sequence[Finding], field: str, *, width: int = 0) -> Text:
    """The text with 【】 around every quote, so that it also shows without colours; cut to `width` if given."""
    spans = sorted({(one.start, one.end) for one in findings if one.field == field})
    marked, at = Text(), 0
    for start, end in _joined(spans):
        marked.append(harmless(text[at:start]))
        marked.append(f"【{harmless(text[start:end])}】", style="bold red")
        at = end
    marked.append(harmless(text[at:]))
    if width:
        marked.truncate(width, overflow="ellipsis")
    return marked


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def finding_told(finding: Finding) -> dict[str, Any]:
    """A finding as every command tells it in JSON."""
    return asdict(finding) | {"severity_word": finding.severity_word, "confidence": finding.confidence}


def weight_words(finding: Finding) -> str:
    """How grave it is and how sure we are."""
    return f"严重程度{finding.severity_word}，把握{finding.confidence}"


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar on stderr; what it yields is called with a few words after each step."""
    what = TextColumn("{task.description}", markup=False)
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), what)
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda what: bar.update(task, advance=1, description=what)
