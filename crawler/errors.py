"""Every error of the project, by who must act on it.

`PageTrouble` and its children: nobody yet; the page gets an outcome and a reason.
`UserMistake`: the person at the keyboard; one line, exit 2.
`EvidenceBroken`: the officer in charge; exit 4.
Anything else that is raised is a bug of ours; exit 1.
"""

from collections.abc import Sequence

from crawler.items import Outcome

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_NOT_CLEAN = 3
EXIT_EVIDENCE = 4
GRAVEST_FIRST = (EXIT_EVIDENCE, EXIT_BUG, EXIT_USAGE, EXIT_NOT_CLEAN, EXIT_DONE)


def graver(*codes: int) -> int:
    """Of several exit codes the one that a person must hear of first."""
    return next(code for code in GRAVEST_FIRST if code in codes)


class LantianError(Exception):
    """Something happened that we have a word for."""


class PageTrouble(LantianError):
    """A page cannot be read as what was asked for. Carries the outcome and its reason word."""

    outcome = Outcome.ERROR

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class PageBroken(PageTrouble):
    """The bytes are not a whole document: empty, binary, truncated, too large, too deep."""


class PageChanged(PageTrouble):
    """We do not understand this page; somebody must look at it."""

    outcome = Outcome.CHANGED


class PageBlocked(PageTrouble):
    """A captcha, a rate limit or another wall, whatever status it came with."""

    outcome = Outcome.BLOCKED


class LoginRequired(PageTrouble):
    """The platform shows this only to members."""

    outcome = Outcome.LOGIN


class PageGone(PageTrouble):
    """The platform says the thing no longer exists."""

    outcome = Outcome.GONE


class PageEmpty(PageTrouble):
    """The page itself says that there is nothing to show."""

    outcome = Outcome.EMPTY


class Disallowed(PageTrouble):
    """robots.txt forbids it and nobody signed an override; `detail` is the matching line."""

    outcome = Outcome.DISALLOWED


class Unreachable(PageTrouble):
    """No answer: name, connection, certificate, time limit, or a server's own failure."""

    outcome = Outcome.UNREACHABLE


class NotKept(PageTrouble):
    """The answer could not be written to the archive, so nothing may be read from it."""


class PictureRefused(PageTrouble):
    """The bytes are no picture that is read: too large, undecodable, an icon, a drawing in markup."""


class UserMistake(LantianError):
    """Bad input from a person; the message is the whole explanation."""


class ConfigInvalid(UserMistake):
    """lantian.toml, LANTIAN_HOSTS or another setting cannot be used."""


class RuleInvalid(UserMistake):
    """A rule file or an article file is wrong; the message names file and place."""


class RegistryInvalid(UserMistake):
    """A list of agencies has rows that cannot be right; `complaints` names the first of all `total` of them."""

    def __init__(self, path: object, complaints: Sequence[str], total: int) -> None:
        more = f"（共 {total} 处）" if total > 1 else ""
        super().__init__(f"{path}：{complaints[0]}{more}")
        self.complaints = tuple(complaints)
        self.total = total


class Expired(UserMistake):
    """What is asked for was removed when its time was over; the message names the manifest that says so."""


class EvidenceBroken(LantianError):
    """Kept bytes are missing or no longer digest to what was recorded."""


class NotStamped(EvidenceBroken):
    """No time-stamping authority gave a token that holds; the message says what each one did."""
