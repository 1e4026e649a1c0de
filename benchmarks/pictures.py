"""`make pictures`: the pictures of the README, drawn from a demo in a home of its own; everything on them is invented.

What a terminal shows is set cell by cell, so that Chinese and Latin stay in their columns whatever the fonts; a letter
is its own PDF. It refuses a picture that is too large for a README.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from crawler.config import Config
from crawler.tables import Browser
from pipelines.chromium import find_chromium

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "pictures"
LARGEST = 250_000  # bytes
WIDE = 100  # cells of the terminal
COLOURS = 64
THEME = TerminalTheme(
    (30, 32, 40),
    (222, 225, 231),
    [
        (60, 64, 75),
        (240, 113, 120),
        (152, 207, 131),
        (242, 200, 110),
        (110, 170, 245),
        (199, 146, 234),
        (120, 205, 220),
    ],
)
SHEET = """
body { margin: 0; background: transparent; }
#frame { display: inline-block; padding: 18px 22px 20px; background: #1e2028; color: #dee1e7;
  font: 15px/23px 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', 'Noto Sans CJK SC', monospace; }
.line { height: 23px; white-space: pre; }
.line i { display: inline-block; width: 9px; height: 23px; font-style: normal; vertical-align: top;
  text-align: center; }
.line i.w { width: 18px; font-size: 17px; line-height: 20px; font-family: 'Noto Sans CJK SC', sans-serif; }
.typed { color: #98cf83; } .typed b { color: #7d8492; font-weight: normal; }
"""


def lantian(home: Path, *words: str, token: str = "", is_shown: bool = False) -> str:
    """What a command prints, in colours where it `is_shown`; its other words go to our own stderr."""
    environ = {**os.environ, "LANTIAN_HOME": str(home), "LANTIAN_BROWSER_AS_ROOT": "1", "LANTIAN_TOKEN": token}  # noqa: TID251 - what the children are given
    if is_shown:
        environ |= {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(WIDE)}
    command = [sys.executable, "-c", "from console.cli import main; main()", *words]
    return subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout


def shown(home: Path, *words: str, until: str = "") -> str:
    """A page of the terminal: the command as typed, then what it prints, `until` a line that begins so."""
    printed = lantian(home, *words, is_shown=True).strip("\n").split("\n")
    lines = [Text.from_ansi(one.rstrip()) for one in printed]
    ends = [at for at, line in enumerate(lines) if until and line.plain.startswith(until)]
    rows = "".join(f'<div class="line">{drawn(line)}</div>' for line in lines[: ends[0] - 1 if ends else None])
    typed = drawn(Text(as_typed(words)))
    return (
        f'<meta charset="utf-8"><style>{SHEET}</style><div id="frame">'
        f'<div class="line typed"><b>{drawn(Text("$ "))}</b>{typed}</div>{rows}</div>'
    )


def as_typed(words: tuple[str, ...]) -> str:
    """The command as a person types it; Chinese needs no quotes."""
    return " ".join(("lantian", *(f"'{one}'" if " " in one else one for one in words)))


def drawn(line: Text) -> str:
    """One line, a box for every character that is as wide as its cells."""
    return "".join(cells(line))


def cells(line: Text) -> Iterator[str]:
    for segment in line.render(Console(width=WIDE * 4)):
        for letter in segment.text.rstrip("\n"):
            wide = ' class="w"' if cell_len(letter) > 1 else ""
            yield f"<i{wide}{painted(segment)}>{html.escape(letter)}</i>"


def painted(segment: Segment) -> str:
    """The colours and weight of one stretch, as a style attribute."""
    style = segment.style or Style()
    front, back = style.color, style.bgcolor
    said = [f"color:{hexed(front)}"] if front and not front.is_default else []
    said += [f"background:{hexed(back, is_front=False)}"] if back and not back.is_default else []
    said += ["font-weight:bold"] * bool(style.bold) + ["opacity:.6"] * bool(style.dim)
    return f' style="{";".join(said)}"' if said else ""


def hexed(colour: Color, *, is_front: bool = True) -> str:
    return colour.get_truecolor(THEME, foreground=is_front).hex


def photographed(pages: dict[str, str]) -> None:
    """Each page as a picture of its own, twice as fine as a screen."""
    path = find_chromium(Config(home=ROOT, browser=Browser(as_root=True)))
    with sync_playwright() as play, play.chromium.launch(executable_path=path, args=["--no-sandbox"]) as browser:
        page = browser.new_page(device_scale_factor=2, viewport={"width": 1400, "height": 900})
        for name, content in pages.items():
            page.set_content(content)
            kept(name, page.locator("#frame").screenshot())


def kept(name: str, picture: bytes) -> None:
    """Written in few colours; refused when it is too large all the same."""
    out = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    if len(out.getvalue()) > LARGEST:
        raise SystemExit(f"{name}: {len(out.getvalue())} bytes are more than {LARGEST}")
    OUT.mkdir(exist_ok=True)
    (OUT / name).write_bytes(out.getvalue())


def letter(home: Path, folder: Path) -> bytes:
    """The first page of a letter that two invented people stand behind."""
    first, second = people(home, folder)
    listed = lantian(home, "lead", "list", "--platform", "jd", "--category", "guaranteed_grant", "--json", token=first)
    lead = re.findall(r"X\d+-\d+", listed)[0]
    for token, word in ((second, "claim"), (second, "confirm"), (first, "approve")):
        lantian(home, "lead", word, lead, token=token)
    operator = ("--platform", "jd", "--name", "示例电子商务有限公司", "--seat", "示例省示例市", "--source", "示例登记")
    lantian(home, "letter", "operator", "confirm", *operator, token=second)
    lantian(home, "letter", "draft", "--leads", lead, "--out", str(folder / "drafts"), token=second)
    return paper(next((folder / "drafts").glob("*.pdf")))


def people(home: Path, folder: Path) -> tuple[str, str]:
    """Tokens of one who may approve and one who may confirm."""
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text("lantian-demo-2026", encoding="utf-8")
    given = ("--password-file", str(secret))
    lantian(home, "user", "add", "甲", "--badge", "示例-1", *given)
    first = lantian(home, "user", "token", "new", "--label", "演示", "--by", "甲", *given).strip()
    lantian(home, "user", "add", "乙", "--badge", "示例-2", *given, token=first)
    second = lantian(home, "user", "token", "new", "--label", "演示", "--by", "乙", *given).strip()
    for grant in ("初审", "管理"):
        lantian(home, "user", "grant", "乙", grant, token=first)
    lantian(home, "user", "grant", "甲", "复核", token=second)
    lantian(home, "user", "confirm", "4", token=first)
    return first, second


def paper(path: Path) -> bytes:
    """The first page of a PDF with a thin edge, as sharp as a projector shows it."""
    command = ["pdftoppm", "-r", "110", "-f", "1", "-l", "1", "-png", str(path)]
    page = Image.open(BytesIO(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)).convert("RGB")
    framed = Image.new("RGB", (page.width + 4, page.height + 4), (190, 194, 202))
    framed.paste(page, (2, 2))
    out = BytesIO()
    framed.save(out, "PNG")
    return out.getvalue()


def main() -> None:
    """Everything anew; some two minutes."""
    with tempfile.TemporaryDirectory() as named:
        folder, home = Path(named), Path(named) / "home"
        lantian(home, "demo", "--once")
        photographed(terminal_pages(home))
        kept("letter.png", letter(home, folder))


def terminal_pages(home: Path) -> dict[str, str]:
    """What is typed in the README, and where a picture of it ends."""
    return {
        "leads.png": shown(home, "leads", "--limit", "4"),
        "search.png": shown(home, "archive", "search", "包授权 -软件", "--kind", "ad,product", "--limit", "5"),
        "facets.png": shown(home, "archive", "facets", "专利", until="规则"),
    }


if __name__ == "__main__":
    main()
