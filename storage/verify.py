"""The independent verifier: does an archive, a home or a package still hold what was sealed, and who says when.

It shares no code with whoever wrote, needs no network, and runs alone: `python -m storage.verify PATH`, or this file
by its path wherever it and the folder `verifier` beside it were copied. It changes nothing.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType

if not __package__:
    # Run by its path: the siblings lie beside it, whatever that folder is called.
    _beside = ModuleType("storage")
    _beside.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules["storage"] = _beside

from cryptography.x509 import Certificate

from storage.verifier import report as words
from storage.verifier import words as rendering
from storage.verifier.chain import Chain, against_known
from storage.verifier.digest import NoSm3
from storage.verifier.files import Files
from storage.verifier.format import DIGEST, moment_text
from storage.verifier.layout import Layout
from storage.verifier.leaves import head_name, token_name
from storage.verifier.moving import PAUSES, marks
from storage.verifier.report import Broken, Findings, Report
from storage.verifier.rows import DATABASE, Places
from storage.verifier.source import OPEN_SUFFIX, FolderSource, Source
from storage.verifier.stamps import Stamps
from storage.verifier.tokens import anchors


class NothingThere(Exception):
    """The path leads to no archive, home or package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller trusts and demands.

    `anchors` are PEM files' bytes: who names them wants their stamps, unless told otherwise. `demand` is demanded to
    the letter; `expects` is what a house's settings say, and does not blame a file that is still being written for not
    being sealed. `heads` are known from elsewhere, on paper or from a depositor: number and SHA-256.
    `has_rows_elsewhere`: the house's database is no file beside its archive, whatever lies there.
    """

    anchors: tuple[bytes, ...] = ()
    demand: str = ""
    expects: str = ""
    heads: tuple[tuple[int, str], ...] = ()
    is_quick: bool = False
    has_rows_elsewhere: bool = False

    @property
    def least(self) -> str:
        """What is expected at least. An archive's own word for it is a forger's too."""
        return self.expects or (words.STAMPED if self.anchors else "")

    def certificates(self) -> tuple[Certificate, ...]:
        """All trusted certificates; `ValueError` when one cannot be read."""
        return tuple(certificate for pem in self.anchors for certificate in anchors(pem))


NOTHING_WANTED = Wanted()


def verify(path: Path, wanted: Wanted = NOTHING_WANTED, source: Source | None = None) -> Report:
    """The verdict on a home, an archive's folder or a package; `NothingThere` when it is none of them.

    `source` reads the archive's files where they do not all lie in the folder. What seems broken while somebody writes
    is read again, a few times.
    """
    if path.is_file():
        from storage.verifier.package import verify_package

        return verify_package(path, wanted.certificates(), wanted.demand or wanted.least, wanted.heads)
    if not path.is_dir():
        raise NothingThere(f"{path} 不在")
    folder, database = _folder_and_database(path)
    database = None if wanted.has_rows_elsewhere else database
    if source is None and not folder.is_dir():
        raise NothingThere(f"{path} 中没有 archive 文件夹")
    source = source or FolderSource(folder)
    for pause in (*PAUSES, None):
        before = marks(source, database)
        archive = _Archive(source, wanted, database)
        if not archive.is_there:
            raise NothingThere(f"{path} 不是档案，也不是证据包")
        report = archive.report()
        is_still = not archive.is_behind and marks(source, database) == before
        if report.is_consistent or pause is None or is_still:
            break
        time.sleep(pause)
    return report


def _folder_and_database(path: Path) -> tuple[Path, Path | None]:
    if (path / DATABASE).is_file():
        return path / "archive", path / DATABASE
    beside = path.absolute().parent / DATABASE
    if path.absolute().name == "archive" and beside.is_file():
        return path, beside
    return (path / "archive" if (path / "archive").is_dir() else path), None


class _Archive:
    """One archive being read."""

    def __init__(self, source: Source, wanted: Wanted, database: Path | None) -> None:
        self.findings = Findings()
        self._source, self._wanted, self._database = source, wanted, database
        # Rows are written after what they speak of, so the database is looked at before the folder is.
        self._places = Places(database, is_quick=wanted.is_quick)
        self.layout = Layout.of(source)
        self.chain = Chain(source, self.findings)
        self.files = Files(source, self.layout.files, self.findings, self._places.tell, is_quick=wanted.is_quick)
        self.stamps = Stamps(source, wanted.certificates(), self.findings)

    @property
    def is_there(self) -> bool:
        return self.layout.is_archive or self._database is not None

    @property
    def is_behind(self) -> bool:
        """Whether the newest manifest has no row yet."""
        return self._places.is_behind

    def report(self) -> Report:
        try:
            self._read()
        finally:
            self._places.close()
        state, demanded = self._state(), self._demanded()
        if not self.findings.is_tampered:
            self._hold_against(state, demanded)
        return Report(
            state=state,
            checked=self.files.checked,
            broken=tuple(self.findings.listed),
            total=self.findings.total,
            expired=self.chain.expired,
            damaged=self.files.damaged,
            unsealed=self.files.unsealed,
            anchored=self.stamps.are_complete(self.chain),
            demanded=demanded,
            rows=self._rows_read(),
            chain=self._told_chain(),
        )

    def _read(self) -> None:
        manifests = self.layout.manifests
        self.chain.follow(manifests)
        self.stamps.check(self.chain, manifests)
        self.findings.extend(against_known(self.chain.heads, self._wanted.heads))
        self.findings.extend(self.layout.settle(self.chain, self._source))
        self.files.check(self.chain)
        self._places.tell_gone(self.chain.removed())
        self.findings.extend(self._places.twice())
        if self._database is not None:
            self._places.compare(self.chain, manifests, self._source.is_plain, self.findings)

    # -- judging -------------------------------------------------------------------------------

    def _state(self) -> str:
        if self.findings.is_tampered:
            return words.BROKEN
        if self.chain.last is None or self.files.unsealed:
            return words.OPEN
        return words.STAMPED if self.stamps.are_complete(self.chain) else words.SEALED

    def _demanded(self) -> str:
        """The strongest of what the newest head, the caller's house and the caller say; the caller's word is last."""
        last = self.chain.last
        # Where something of manifests lies, sealing has begun, though no head may be left to say so.
        begun = words.SEALED if self.layout.manifests else ""
        said = (last.demand if last else begun, self._wanted.least)
        return self._wanted.demand or max(said, key=("", words.SEALED, words.STAMPED).index)

    def _hold_against(self, state: str, demanded: str) -> None:
        if demanded == words.STAMPED and state != words.STAMPED:
            self._tell_missing_tokens()
            detail = f"有 {self.files.unsealed} 条记录未封存" if self.files.unsealed else ""
            self.findings.add(Broken(kind="not_stamped", part=self._newest_name(), detail=detail))
        elif demanded == words.SEALED and state == words.OPEN:
            # A round that is running, or was never sealed at all, is open and no more; a finished file is done with.
            finished = self.files.unsealed_finished if self.layout.manifests else []
            if self._wanted.demand or finished:
                part = finished[0] if finished else self._newest_name()
                detail = f"有 {self.files.unsealed} 条记录未封存"
                self.findings.add(Broken(kind="not_sealed", part=part, detail=detail))

    def _tell_missing_tokens(self) -> None:
        for number in self.stamps.missing:
            self.findings.add(Broken(kind="token_missing", part=token_name(number)))

    def _rows_read(self) -> str:
        if self._database is not None:
            return words.COMPARED
        return words.ELSEWHERE if self._wanted.has_rows_elsewhere else words.ABSENT

    def _newest_name(self) -> str:
        return head_name(self.chain.last.number) if self.chain.last else ""

    def _told_chain(self) -> words.Chain:
        last = self.chain.last
        if last is None:
            return words.Chain()
        return words.Chain(
            manifests=len(self.chain.heads),
            number=last.number,
            head=last.sha256,
            sealed_at=moment_text(last.sealed_at),
            stamped_at=self.stamps.newest,
        )


# -- one manifest, just written --------------------------------------------------------------------


def check_manifest(folder: Path, number: int) -> tuple[Broken, ...]:
    """What is wrong with one manifest of the archive in `folder`, and with the bytes that it covers.

    It costs what that manifest covers: of those before it only what is needed to know where this one begins.
    """
    findings, source = Findings(), FolderSource(folder)
    chain = Chain(source, findings)
    if number > 1 and (previous := chain.read_head(number - 1)):
        chain.heads.append(previous)
    if head := chain.read_head(number):
        chain.link(head)
        chain.remember(head)
        chain.cover(head)
        for covered in chain.files.values():
            covered.lines = [lines for lines in covered.lines if lines.number == number]
        Files(source, _names_of(source, chain), findings, lambda _file, _members: None).check_sealed(chain)
    return tuple(findings.listed)


def _names_of(source: Source, chain: Chain) -> dict[str, str]:
    """Under which name each covered file lies."""
    both = ((file, name) for file in chain.files for name in (file + OPEN_SUFFIX, file))
    return {file: name for file, name in both if source.is_plain(name)}


# -- on its own ------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m storage.verify PATH`: 0 good, 4 broken or not as demanded, 2 nothing there or wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asked = _parser().parse_args(arguments)
    try:
        pems = tuple(path.read_bytes() for path in asked.anchor)
        wanted = Wanted(anchors=pems, demand=asked.demand, heads=tuple(asked.head), is_quick=asked.quick)
        report = verify(asked.path, wanted)
    except (NothingThere, NoSm3) as nothing:
        print(rendering.harmless(str(nothing)), file=sys.stderr)
        return rendering.EXIT_NOTHING
    except (OSError, ValueError) as wrong:
        print(f"不能核验：{rendering.harmless(str(wrong))}", file=sys.stderr)
        return rendering.EXIT_NOTHING
    print(rendering.as_json(report) if asked.json else "\n".join(rendering.lines(report)))
    return rendering.exit_code(report)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m storage.verify", description="核验一个档案、数据目录或证据包。只读，不联网。"
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="数据目录、archive 文件夹或 .wacz")
    parser.add_argument("--anchor", type=Path, action="append", default=[], metavar="PEM", help="信任的时间戳机构证书")
    parser.add_argument("--demand", choices=words.STATES[1:], default="", help="要求达到的状态")
    parser.add_argument("--head", type=known_head, action="append", default=[], metavar="N:SHA256", help="已知的链首")
    parser.add_argument("--quick", action="store_true", help="不解开记录，只与清单逐字节对照")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    return parser


def known_head(text: str) -> tuple[int, str]:
    """`N:SHA256` as it is printed on an annex; `ValueError` when it is not."""
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdecimal() and DIGEST.fullmatch(digest.lower())):
        raise ValueError(f"{text} 不是 编号:SHA-256")
    return int(number), digest.lower()


if __name__ == "__main__":
    sys.exit(main())
