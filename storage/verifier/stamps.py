"""The time stamps of a chain: one beside each head, over that head's bytes, of an authority that the caller trusts."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.x509 import Certificate

from storage.verifier.chain import Chain
from storage.verifier.format import HEAD_LIMIT, TOKEN_LIMIT, Head
from storage.verifier.leaves import head_name, token_name
from storage.verifier.report import Broken, Findings
from storage.verifier.source import Source, read_bounded
from storage.verifier.tokens import Stamp, check_token


class Stamps:
    """Reads the tokens of all heads; `missing` are the numbers of heads without one."""

    def __init__(self, source: Source, trusted: Sequence[Certificate], findings: Findings) -> None:
        self.held: dict[int, Stamp] = {}
        self.missing: list[int] = []
        self._source, self._trusted, self._findings = source, trusted, findings

    def check(self, chain: Chain, manifests: set[str]) -> None:
        """A token that is not good is broken; without anchors none can be good, but it can be bad."""
        for head in chain.heads:
            if token_name(head.number) not in manifests:
                self.missing.append(head.number)
                continue
            said = self._said(head)
            if isinstance(said, Stamp):
                self.held[head.number] = said
            elif self._trusted or said.kind != "token_untrusted":
                self._findings.add(said)

    def _said(self, head: Head) -> Stamp | Broken:
        name = token_name(head.number)
        try:
            token = read_bounded(self._source, name, TOKEN_LIMIT)
            over = read_bounded(self._source, head_name(head.number), HEAD_LIMIT)
        except (OSError, ValueError) as wrong:
            return Broken(kind="token_unreadable", part=name, detail=str(wrong))
        return check_token(token, over, self._trusted, part=name, sealed_at=head.sealed_at)

    @property
    def newest(self) -> str:
        """The time of the newest head that has a good token, "" where none has."""
        if not self.held:
            return ""
        return self.held[max(self.held)].at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def are_complete(self, chain: Chain) -> bool:
        return bool(chain.heads) and len(self.held) == len(chain.heads)
