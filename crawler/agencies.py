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
# How a question led to an entry, where it was not by the entry's own name or code.
FORMER_NAME, BRANCH_OF = "former_name", "branch_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One entry of the registry. `code` is five digits, `credit_code` eighteen characters, either may be empty.

    `parent_code` is the agency a branch or an attorney belongs to. Of an attorney there is nothing but name, status,
    agency and `last_four`, the end of the qualification number. `found_as` belongs to an answer: empty, `FORMER_NAME`,
    or `BRANCH_OF` when the name asked for is a branch that has no entry of its own and this is its agency.
    """

    name: str
    code: str
    kind: str
    status: str
    credit_code: str = ""
    icp: str = ""
    website: str = ""
    former_names: tuple[str, ...] = ()
    province: str = ""
    status_date: str = ""
    license_no: str = ""
    parent_code: str = ""
    last_four: str = ""
    found_as: str = ""

    @property
    def is_active(self) -> bool:
        return self.status == ACTIVE


class RegistryView(Protocol):
    """What detection may ask the registry. It never answers with a person."""

    @property
    def as_of(self) -> str:
        """The day its source was drawn, ISO; empty when nobody said."""

    def find(self, name: str) -> Agency | None:
        """The entry of this name: brackets, partnership and branch suffixes, width and script aside."""

    def find_code(self, code: str) -> Agency | None:
        """The entry of this five-digit agency code or eighteen-character credit code."""
