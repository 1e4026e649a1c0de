"""A letter's files in a folder: four of one content, each whole or not there, none ever replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from casework.letters.content import Content, content_read, marked, with_pictures
from casework.letters.letter import Letter
from casework.letters.papers import LetterFiles, drawn
from console.cases.letter_evidence import Evidence
from console.cases.letter_law import Law
from console.output import harmless, say
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.letter_shapes import KeptLetter
from storage.folders import made, save_new

TEMPLATES = "templates"  # in the home: what the office changed in Word
ENDINGS = ("docx", "pdf", "xlsx", "json")
READY = "未编号、未签发、未用印"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files go. It is made when it is not there; `UserMistake` for what is no folder."""

    path: Path

    def __post_init__(self) -> None:
        try:
            made(self.path)
        except OSError as wrong:
            raise UserMistake(f"{self.path}：不能用作文件夹（{wrong.strerror}）") from None

    def save(self, name: str, files: LetterFiles) -> tuple[Path, ...]:
        """All four under this name, or `UserMistake` where one of them is there already."""
        paths = [self.path / f"{name}.{ending}" for ending in ENDINGS]
        if taken := [one.name for one in paths if one.exists()]:
            raise UserMistake(f"{self.path} 中已有 {'、'.join(taken)}，不覆盖：换一个文件夹，或先移走")
        saved: list[Path] = []
        try:
            for path, ending in zip(paths, ENDINGS, strict=True):
                save_new(path, getattr(files, ending))
                saved.append(path)
        except OSError as wrong:
            for path in saved:
                path.unlink(missing_ok=True)
            raise UserMistake(f"{self.path}：没有写成（{wrong.strerror or wrong}）") from None
        return tuple(saved)


def draw(  # noqa: PLR0913 - what a drawing needs, each of its own kind
    config: Config, kept: KeptLetter, evidence: Evidence, law: Law, folder: Folder, *, is_draft: bool
) -> tuple[Path, ...]:
    """Write the files of a letter as it must be marked now."""
    content = content_read(kept.content)
    letter = to_be_drawn(content, kept.number, law, is_draft=is_draft)
    letter = with_pictures(letter, evidence.pictures(content))
    templates = config.home / TEMPLATES
    files = drawn(letter, content.listed, config.letters, templates if templates.is_dir() else None)
    for line in files.fonts:
        say(f"{kept.number}：{harmless(line)}")
    return folder.save(f"{kept.number}{'-草稿' if is_draft else ''}", files)


def to_be_drawn(content: Content, number: str, law: Law, *, is_draft: bool) -> Letter:
    """The letter under its marks, with our own number on the list that comes back."""
    letter = marked(content, is_draft=is_draft, is_unread=bool(law.unread(content)))
    return replace(letter, marks=(*letter.marks, READY), own_number=number)
