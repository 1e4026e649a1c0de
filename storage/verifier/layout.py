"""Which file of an archive is what, by its name: whatever has no business there is named.

Three things may be left over without harm, for a writer that died leaves them and the next one takes them away:
temporary and lock files, the leaves of a manifest that was never finished, and what an expiry did not finish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.verifier.chain import Chain
from storage.verifier.format import EXPIRY, FILE_NAME, HEAD_LIMIT, Malformed, parse_head
from storage.verifier.leaves import FOLDER, head_name, leaves_name, token_name
from storage.verifier.report import Broken
from storage.verifier.source import OPEN_SUFFIX, Source, read_bounded

_AUTHORITY = re.compile(r"manifests/authorities/[0-9a-f]{16}\.pem")
_OF_NUMBER = re.compile(r"manifests/([0-9]{6,9})\.(json|leaves\.jsonl|tsr)")
_TEMPORARY = re.compile(
    r"(manifests/(authorities/)?)?(\.[A-Za-z0-9._-]+\.(tmp|lock)|\.lock|[A-Za-z0-9][A-Za-z0-9._-]*\.warc\.gz\.part)"
)
_REWRITTEN = re.compile(r"(.+)-x([1-9][0-9]*)\.warc\.gz")


@dataclass(slots=True)
class Layout:
    """Names by what they are. `files` leads from a final name to the one that the file has now."""

    files: dict[str, str] = field(default_factory=dict)
    manifests: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, source: Source) -> Layout:
        """Sort every name of the archive."""
        layout = cls()
        for name in sorted(source.names()):
            if _TEMPORARY.fullmatch(name):
                continue
            if not source.is_plain(name):
                layout.links.append(name)
            elif name.startswith(FOLDER):
                layout._manifest(name)
            else:
                layout._file(name)
        return layout

    def _manifest(self, name: str) -> None:
        if _OF_NUMBER.fullmatch(name):
            self.manifests.add(name)
        elif not _AUTHORITY.fullmatch(name):
            self.others.append(name)

    def _file(self, name: str) -> None:
        final = name.removesuffix(OPEN_SUFFIX)
        if not FILE_NAME.fullmatch(final):
            self.others.append(name)
        elif final in self.files:
            self.twins.append(name)
        else:
            self.files[final] = name

    @property
    def is_archive(self) -> bool:
        return bool(self.files or self.manifests)

    def settle(self, chain: Chain, source: Source) -> Iterator[Broken]:
        """What does not belong to this chain; leftovers of a dead writer are taken out of `files`."""
        for name in self.links:
            yield Broken(kind="link", part=name)
        for name in self.twins:
            yield Broken(kind="extra_file", part=name, detail="完成的和未完成的两份都在")
        for name in self.others:
            yield _other(name, chain, source)
        yield from self._of_manifests(chain, source)
        yield from self._of_expiries(chain)

    def _of_manifests(self, chain: Chain, source: Source) -> Iterator[Broken]:
        last = chain.last.number if chain.last else 0
        for name in sorted(self.manifests):
            found = _OF_NUMBER.fullmatch(name)
            number = int(found[1]) if found else 0
            if name not in (head_name(number), leaves_name(number), token_name(number)):
                yield _other(name, chain, source)
            elif head_name(number) not in self.manifests and number > last:
                if name == token_name(number):
                    yield Broken(kind="chain_cut", part=head_name(number), detail="有它的时间戳，清单却不在")
                elif number > last + 1:
                    yield Broken(kind="extra_file", part=name, detail="没有这份清单")

    def _of_expiries(self, chain: Chain) -> Iterator[Broken]:
        last = chain.last
        unfinished = {extent.file for extent in last.files} if last and last.kind == EXPIRY else set()
        for file in sorted(self.files):
            rewritten = _REWRITTEN.fullmatch(file)
            if file in chain.gone:
                if file not in unfinished:
                    yield Broken(kind="extra_file", part=file, detail="已按期删除的文件还在")
                del self.files[file]
            elif (
                rewritten
                and file not in chain.files
                and f"{rewritten[1]}.warc.gz" in chain.files
                and int(rewritten[2]) == (last.number if last else 0) + 1
            ):
                del self.files[file]


def _other(name: str, chain: Chain, source: Source) -> Broken:
    """A file without a place. One that is a manifest of this archive is another version of its history."""
    try:
        head = parse_head(read_bounded(source, name, HEAD_LIMIT)) if name.startswith(FOLDER) else None
    except (OSError, ValueError, Malformed):
        head = None
    if head is not None and any(known.number == head.number and known.sha256 != head.sha256 for known in chain.heads):
        return Broken(kind="fork", part=name, detail=f"第 {head.number} 号清单有两份")
    return Broken(kind="extra_file", part=name)
