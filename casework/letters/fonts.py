"""Which fonts the letter's PDF is drawn with: the settings' own where they are installed, else Noto, and it is told."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from casework.papers.paper import printable
from casework.papers.pdf_paper import SANS, SERIF
from crawler.errors import UserMistake
from crawler.tables import Letters

NOTE = "PDF 字体替代："
_KAI, _NUMBERS = ("楷体_GB2312", "楷体", "KaiTi"), ("宋体", "SimSun")
_NAME = re.compile(r"[\w \-.()（）]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """A family for each part of a letter, and what was put in another's place (`仿宋_GB2312 → Noto Serif CJK SC`)."""

    body: str
    title: str
    head: str
    kai: str
    numbers: str
    replaced: tuple[str, ...]


def faces(settings: Letters, installed: frozenset[str] | None = None) -> Faces:
    """`UserMistake` with `strict_fonts`, naming the fonts that are not there."""
    there = installed_families() if installed is None else installed
    wanted = {
        "body": (settings.body_font,),
        "title": (settings.title_font,),
        "head": (settings.head_font,),
        "kai": _KAI,
        "numbers": _NUMBERS,
    }
    chosen, replaced = {}, []
    for part, names in wanted.items():
        if not all(_NAME.fullmatch(name) for name in names):
            raise UserMistake(f"[letters] 的字体名不能用：{printable(names[0])}")
        found = next((name for name in names if name in there), "")
        chosen[part] = found or (SANS if part == "head" else SERIF)
        if not found:
            replaced.append(f"{names[0]} → {chosen[part]}")
    if settings.strict_fonts and replaced:
        raise UserMistake(
            f"strict_fonts：没有安装字体 {'、'.join(one.partition(' → ')[0] for one in replaced)}，不能出 PDF"
        )
    return Faces(**chosen, replaced=tuple(dict.fromkeys(replaced)))


def installed_families() -> frozenset[str]:
    """Every name that fontconfig knows a family by; none where there is no `fc-list`, so that all are replaced."""
    lister = shutil.which("fc-list")
    if lister is None:
        return frozenset()
    told = subprocess.run([lister, ":", "family"], capture_output=True, check=False, timeout=60)  # noqa: S603 - no input
    names = told.stdout.decode("utf-8", "replace").replace("\\", "").splitlines()
    return frozenset(name.strip() for line in names for name in line.split(","))


def drawn_with(families: frozenset[str], chosen: Faces) -> tuple[str, ...]:
    """What was replaced, with families that the drawing took for single characters."""
    known = {chosen.body, chosen.title, chosen.head, chosen.kai, chosen.numbers, SERIF, SANS}
    return (*chosen.replaced, *(f"个别字 → {name}" for name in sorted(families - known)))


def font_note(chosen: Faces) -> str:
    """The small line after the last page's text; nothing where no font was replaced."""
    return f"{NOTE}{'；'.join(chosen.replaced)}" if chosen.replaced else ""
