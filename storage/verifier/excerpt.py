"""The excerpt of a chain that a package carries: its heads follow one another, and its tokens are over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography import x509

from storage.verifier.format import HEAD_LIMIT, TOKEN_LIMIT, Head, Malformed, moment_text, parse_head
from storage.verifier.report import Broken, Chain, Findings
from storage.verifier.tokens import Stamp, check_token

FOLDER, HEAD_SUFFIX, TOKEN_SUFFIX = "chain/", ".json", ".tsr"


class Excerpt:
    """The heads and the stamps that hold, by number. `tokens` are the numbers of heads that have a token, good or not.

    `read` gives an entry's bytes, b"" for a bad one.
    """

    def __init__(self, read: Callable[[str, int], bytes], trusted: Sequence[x509.Certificate], found: Findings) -> None:
        self.heads: dict[int, Head] = {}
        self.stamps: dict[int, Stamp] = {}
        self.tokens: set[int] = set()
        self._read = read
        self._trusted = trusted
        self._found = found

    @property
    def newest(self) -> Head | None:
        return self.heads[max(self.heads)] if self.heads else None

    def check(self, names: Sequence[str]) -> None:
        """Every head and every token among these entries, heads first."""
        chain = [name for name in names if name.startswith(FOLDER)]
        for name in chain:
            if name.endswith(HEAD_SUFFIX):
                self._check_head(name)
        for name in chain:
            if name.endswith(TOKEN_SUFFIX):
                self._check_stamp(name)
        if not self.heads:
            self._complain("package_missing", FOLDER, "没有一份封存清单")

    def _check_head(self, name: str) -> None:
        try:
            head = parse_head(self._read(name, HEAD_LIMIT))
        except Malformed as wrong:
            self._complain("manifest_format", name, str(wrong))
            return
        before = self.newest
        if name != f"{FOLDER}{head.number:06d}{HEAD_SUFFIX}":
            self._complain("manifest_number", name, f"里面写的是第 {head.number} 份")
        elif before and head.number != before.number + 1:
            self._complain("manifest_gap", name, f"前一份是第 {before.number} 份")
        elif before and head.archive != before.archive:
            self._complain("foreign_manifest", name, "与前一份不是同一个档案的")
        elif before and (head.previous, head.previous_sm3) != (before.sha256, before.sm3):
            self._complain("chain", name, "与前一份接不上")
        self.heads[head.number] = head

    def _check_stamp(self, name: str) -> None:
        number = int(name[len(FOLDER) : -len(TOKEN_SUFFIX)])
        if number not in self.heads:
            self._complain("package_extra", name, "没有它所盖的清单")
            return
        self.tokens.add(number)
        stamp = self.token(name, self._read(name.removesuffix(TOKEN_SUFFIX) + HEAD_SUFFIX, HEAD_LIMIT), number)
        if stamp is not None:
            self.stamps[number] = stamp

    def token(self, name: str, over: bytes, number: int = 0) -> Stamp | None:
        """The stamp that the entry puts on these bytes, if it holds; `number` when they are a head's."""
        sealed_at = self.heads[number].sealed_at if number else None
        said = check_token(self._read(name, TOKEN_LIMIT), over, self._trusted, part=name, sealed_at=sealed_at)
        if isinstance(said, Stamp):
            return said
        # Whoever trusts nobody is told what is consistent, no more.
        if self._trusted or said.kind != "token_untrusted":
            self._found.add(said)
        return None

    def told(self) -> Chain:
        """What the report says of it."""
        head = self.newest
        if head is None:
            return Chain()
        stamped = max((stamp.at for stamp in self.stamps.values()), default=None)
        return Chain(
            manifests=len(self.heads),
            number=head.number,
            head=head.sha256,
            sealed_at=moment_text(head.sealed_at),
            stamped_at=moment_text(stamped) if stamped else "",
        )

    def _complain(self, kind: str, part: str, detail: str) -> None:
        self._found.add(Broken(kind=kind, part=part, detail=detail))
