"""A letter's files in a folder: four of one content, each whole or not there, none ever replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from casework.letters.content import Content, marked, with_pictures
from casework.letters.letter import Letter
from casework.letters.papers import LetterFiles, drawn
from console.cases.letter_evidence import Evidence
from console.cases.letter_law import Law
from console.output import harmless, say
from crawler.config import Config
from crawler.errors import UserMistake
from storage.folders import made, save_new, sync_folder, take_name

TEMPLATES = "templates"  # in the home: what the office changed in Word
ENDINGS = ("docx", "pdf", "xlsx", "json")
READY = "未编号、未签发、未用印"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a drawing asks beside the content: the pictures, and which articles are read."""

    evidence: Evidence
    law: Law


@dataclass(frozen=True, slots=True)
class Folder:
    """Where files go. It is made when it is not there; `UserMistake` for what is no folder."""

    path: Path

    def __post_init__(self) -> None:
        try:
            made(self.path)
        except OSError as wrong:
            raise UserMistake(f"{self.path}：不能用作文件夹（{wrong.strerror}）") from None

    def free(self, name: str) -> tuple[Path, ...]:
        """The paths of a letter's files; `UserMistake` where one is there already."""
        paths = tuple(self.path / f"{name}.{ending}" for ending in ENDINGS)
        if taken := [one.name for one in paths if one.exists()]:
            raise UserMistake(f"{self.path} 中已有 {'、'.join(taken)}，不覆盖：换一个文件夹，或先移走")
        return paths

    def prepare(self, name: str, files: LetterFiles) -> Prepared:
        """All four on the disk, without their names yet; `UserMistake` where one of those is there already."""
        paths = self.free(name)
        prepared = Prepared(paths)
        try:
            for part, ending in zip(prepared.parts, ENDINGS, strict=True):
                part.unlink(missing_ok=True)  # of one that was killed
                save_new(part, getattr(files, ending))
        except OSError as wrong:
            prepared.remove()
            raise UserMistake(f"{self.path}：没有写成（{wrong.strerror or wrong}）") from None
        return prepared


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter's files before what stands behind them is written down: then they get their names, or are removed."""

    paths: tuple[Path, ...]

    @property
    def parts(self) -> tuple[Path, ...]:
        return tuple(path.with_name(f".{path.name}.part") for path in self.paths)

    def settle(self) -> tuple[Path, ...]:
        """Their names; nothing is replaced."""
        for part, path in zip(self.parts, self.paths, strict=True):
            try:
                take_name(part, path)
                part.unlink(missing_ok=True)
            except OSError as wrong:
                raise UserMistake(f"{path}：没有写成（{wrong.strerror}）；lantian letter export 可再导出") from None
        sync_folder(self.paths[0].parent)
        return self.paths

    def remove(self) -> None:
        """They did not come about."""
        for part in self.parts:
            part.unlink(missing_ok=True)


def files_of(config: Config, content: Content, number: str, sources: Sources, *, is_draft: bool) -> LetterFiles:
    """The files of a letter as it must be marked now."""
    letter = to_be_drawn(content, number, sources.law, is_draft=is_draft)
    letter = with_pictures(letter, sources.evidence.pictures(content))
    templates = config.home / TEMPLATES
    files = drawn(letter, content.listed, config.letters, templates if templates.is_dir() else None)
    for line in files.fonts:
        say(f"{number}：{harmless(line)}")
    return files


def name_of(number: str, *, is_draft: bool) -> str:
    """What a letter's files are called."""
    return f"{number}{'-草稿' if is_draft else ''}"


def to_be_drawn(content: Content, number: str, law: Law, *, is_draft: bool) -> Letter:
    """The letter under its marks, with our own number on the list that comes back."""
    letter = marked(content, is_draft=is_draft, is_unread=bool(law.unread(content)))
    return replace(letter, marks=(*letter.marks, READY), own_number=number)
