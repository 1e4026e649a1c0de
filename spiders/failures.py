"""When no page came: what the downloader's failures mean in our words."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)

from crawler.errors import PageBroken, PageTrouble, Unreachable

_KNOWN: tuple[tuple[type[Exception], type[PageTrouble], str], ...] = (
    (CannotResolveHostError, Unreachable, "dns"),
    (DownloadTimeoutError, Unreachable, "timeout"),
    (DownloadConnectionRefusedError, Unreachable, "refused"),
    (DownloadFailedError, Unreachable, "connection"),
    (DownloadCancelledError, PageBroken, "too_large"),
    (IgnoreRequest, PageBroken, "redirect_loop"),
)


def trouble_of(wrong: BaseException | None) -> PageTrouble:
    """What happened, as an outcome and a reason; a failure nobody foresaw never passes for a network's."""
    if isinstance(wrong, PageTrouble):
        return wrong
    for failure, trouble, reason in _KNOWN:
        if isinstance(wrong, failure):
            return trouble(reason, str(wrong))
    return PageBroken("unexpected", f"{type(wrong).__name__}: {wrong}")
