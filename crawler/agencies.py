"""What detection may ask the registry of agencies, and the words of its answers.

Not being in a registry is a reason to look, never proof: names change, branches differ, lists grow old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

PATENT_AGENCY, TRADEMARK_AGENCY, BRANCH, ATTORNEY = "patent_agency", "tm_agency", "branch", "patent_attorney"
KINDS = (PATENT_AGENCY, TRADEMARK_AGENCY, BRANCH, ATTORNEY)
ACTIVE = "在业"
# Patent agencies are licensed; trademark agencies are filed, so their words differ in `casework`, not here.
STATUSES = (ACTIVE, "停止承接", "注销", "撤销", "吊销", "异常")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One entry of the registry. `code` is five digits, `credit_code` eighteen characters, either may be empty."""

    name: str
    code: str
    kind: str
    status: str
    credit_code: str = ""
    icp: str = ""
    website: str = ""
    former_names: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE


class RegistryView(Protocol):
    """What detection may ask the registry."""

    @property
    def as_of(self) -> str:
        """The day its source was drawn, ISO; empty when nobody said."""

    def find(self, name: str) -> Agency | None:
        """The entry of this name: brackets, partnership and branch suffixes, width and script aside."""

    def find_code(self, code: str) -> Agency | None:
        """The entry of this five-digit agency code or eighteen-character credit code."""
