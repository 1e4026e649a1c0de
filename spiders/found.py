"""Collects what a page shows, in the order a person sees it; what has no title or address is counted as lost."""

from __future__ import annotations

from collections.abc import Iterable

from crawler.items import Kind, Listing, Outcome, Reading
from spiders.reading import Document, absolute, clean


class Found:
    """Collects the listings of one page in the order a person sees them, and counts the lost."""

    def __init__(self, platform: str, document: Document) -> None:
        self.platform = platform
        self.base = document.url
        self.listings: list[Listing] = []
        self.lost = 0

    def add(  # noqa: PLR0913 - a builder: every argument has its name at the call
        self,
        *,
        kind: Kind,
        title: str,
        url: str,
        images: Iterable[str] = (),
        is_ad: bool = False,
        is_redirect: bool = False,
        **told: str,
    ) -> None:
        """Add one listing; `url` and `images` may be relative. Without title or URL it is lost.

        `told` are the remaining text fields of `Listing`, as the page writes them.
        """
        title, url = clean(title), absolute(self.base, url)
        if not title or not url:
            self.lost += 1
            return
        pictures = tuple(dict.fromkeys(filter(None, (absolute(self.base, image) for image in images))))
        texts = {name: clean(text) for name, text in told.items()}
        self.listings.append(
            Listing(
                platform=self.platform,
                kind=kind,
                position=len(self.listings) + 1,
                title=title,
                url=url,
                is_ad=is_ad,
                is_redirect=is_redirect,
                images=pictures,
                **texts,
            )
        )

    def reading(self, *, total: int | None = None, next_url: str | None = None, detail: str = "") -> Reading:
        """What was found, as an `ok` reading; `next_url` may be relative."""
        following = absolute(self.base, next_url or "") or None
        return Reading(
            outcome=Outcome.OK,
            detail=detail,
            total=total,
            next_url=following,
            listings=tuple(self.listings),
            lost=self.lost,
        )
