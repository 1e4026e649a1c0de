"""Which parts of a page of results are one result or one advertisement each, in page order.

A part is paid only by a mark: a class, an attribute, a link through the platform's cash desk,
or a label whose whole text is 广告. The same word inside a title or a snippet marks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spiders.reading import Document, Node, attr, block_text_of, clean, text_of

LABELS = frozenset(("广告", "推广", "推广链接", "商业推广", "品牌广告", "广告推广"))
_LABEL_WORDS = ("广告", "推广")  # one of them stands in every label
_LABEL_TAGS = "span,i,a,div,label,sup,small,font,td"
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
_ADDRESS_TAGS = "cite,span,a,div,p,em,i,b,td"
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,24}(?:[/:?…].*|\.{2,3})?$", re.ASCII | re.IGNORECASE)
_SUGGESTION = re.compile(r"[?&](?:wd|word|query|keyword|kw|q)=")
_MAX_TEXT = 4000
_MAX_ADDRESS = 300
_MAX_PARTS = 500  # elements of a block that are asked whether they are a label or an address
_MAX_IN_BLOCK = 20  # labels or lines with an address in one block
_MAX_CLIMB = 64  # an honest label stands a dozen elements deep; more is an attempt to cost us time
_MAX_LOOKS = 500  # each costs up to the whole tree; an honest page needs a few for each advertisement


@dataclass(frozen=True, slots=True)
class Block:
    """One result as an element, and whether somebody paid for its place."""

    node: Node
    is_paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a platform puts its results. All but `columns` and `is_paid` are selectors.

    `listed` are the results the platform itself marks as such. `marks` are candidates for a
    mark of payment, which `is_paid` confirms; "" where no mark but the label is known. `heading`
    is what every result has one of. `said` is where a result has its own words, which are never
    a label. `columns` are the ids of the elements that hold results: an advertisement that is
    not listed ends there.
    """

    listed: str
    marks: str
    heading: str
    said: str
    columns: frozenset[str]
    is_paid: Callable[[Node], bool] = bool

    def blocks(self, document: Document) -> list[Block]:
        return _Search(self, document).blocks()


class _Search:
    """One look at one page: the listed results first, then every mark finds the block it stands in."""

    def __init__(self, layout: Layout, document: Document) -> None:
        self.layout, self.document, self.root = layout, document, document.root
        self.nodes: dict[int, Node] = {}
        self.paid: set[int] = set()
        self.shared: dict[int, bool] = {}
        self.looks = 0

    def blocks(self) -> list[Block]:
        for node in self.root.css(self.layout.listed):
            if self.owner(node) is None:
                self.nodes[node.mem_id] = node
        listed = len(self.nodes)
        for mark in self.root.css(self.layout.marks) if self.layout.marks else ():
            if self.layout.is_paid(mark):
                self.settle(mark, is_label=False)
        for label in labels(self.document, self.layout.said):
            self.settle(label, is_label=True)
        ordered = self.nodes if len(self.nodes) == listed else self.in_page_order()
        return [Block(node, mem_id in self.paid) for mem_id, node in ordered.items()]

    def settle(self, mark: Node, *, is_label: bool) -> None:
        """Mark as paid the block around the mark, or the blocks in it, or make new ones of it."""
        owner = self.owner(mark)
        if owner is not None:
            self.paid.add(owner)
        elif not is_label and self.looks < _MAX_LOOKS and self.is_shared(mark):
            self.paid |= {node.mem_id for node in mark.css(self.layout.listed)} & self.nodes.keys()
            headings = mark.css(self.layout.heading)
            self.looks += len(headings)
            for heading in headings:
                if self.owner(heading) is None:
                    self.take(self.grown(heading, is_label=False))
        else:
            self.take(self.grown(mark, is_label=is_label))

    def take(self, block: Node | None) -> None:
        if block is not None:
            self.nodes[block.mem_id] = block
            self.paid.add(block.mem_id)

    def owner(self, node: Node) -> int | None:
        return next((part.mem_id for part in upwards(node) if part.mem_id in self.nodes), None)

    def grown(self, mark: Node, *, is_label: bool) -> Node | None:
        """The largest element around the mark that holds one heading only.

        Outside the columns of results a mark counts only for itself and a mere label for nothing.
        """
        block = mark
        for parent in upwards(mark.parent):
            if parent.id in self.layout.columns:
                return block
            if parent.tag in ("body", "html"):
                break
            if self.is_shared(parent):
                return None if is_label and not self.is_in_column(parent) else block
            block = parent
        return None if is_label else mark

    def is_shared(self, node: Node) -> bool:
        """It holds several results. Remembered, because many marks ask the same ancestors."""
        if node.mem_id not in self.shared:
            self.looks += 1
            if self.looks > _MAX_LOOKS:
                return True
            several = len(node.css(self.layout.heading)) > 1
            self.shared[node.mem_id] = several or node.css_first(self.layout.listed) is not None
        return self.shared[node.mem_id]

    def is_in_column(self, node: Node) -> bool:
        return any(part.id in self.layout.columns for part in upwards(node))

    def in_page_order(self) -> dict[int, Node]:
        found = (node.mem_id for node in self.root.css("*"))
        return {mem_id: self.nodes[mem_id] for mem_id in found if mem_id in self.nodes}


def labels(document: Document, said: str) -> list[Node]:
    """The elements that are nothing but a word for advertisement, outside titles and result texts."""
    found = [node for node in document.root.css(_LABEL_TAGS) if _is_label(node)]
    if not found:
        return []
    own_words = {node.mem_id for node in document.root.css(said)}
    return [label for label in found if own_words.isdisjoint(part.mem_id for part in upwards(label))]


def labels_in(node: Node) -> list[Node]:
    """The elements of a block that are nothing but a word for advertisement."""
    text = node.text()
    if not any(word in text for word in _LABEL_WORDS):
        return []
    return [part for part in node.css(_LABEL_TAGS)[:_MAX_PARTS] if _is_label(part)][:_MAX_IN_BLOCK]


def _is_label(node: Node) -> bool:
    # Its own text first: asking every element for all the text in it would cost the square of the page.
    if (node.text(deep=False) or "").strip() not in LABELS or (node.text() or "").strip() not in LABELS:
        return False
    return not _is_in_sentence(node) and not _is_suggestion(node) and not _is_title(list(upwards(node)))


def _is_in_sentence(label: Node) -> bool:
    """Words stand on both sides of it, or beside it in a link: it is a word that somebody coloured."""
    beside = [part is not None and part.is_text_node and bool(part.text().strip()) for part in (label.prev, label.next)]
    return all(beside) or (any(beside) and label.parent is not None and label.parent.tag == "a")


def _is_title(above: list[Node]) -> bool:
    """The first link of a heading, or a heading inside a link, is the title, whatever it says."""
    heading = next((part for part in above if part.tag in _HEADINGS), None)
    link = next((part for part in above if part.tag == "a"), None)
    if heading is None or link is None:
        return False
    title = heading.css_first("a")
    return title is None or title.mem_id == link.mem_id


def _is_suggestion(label: Node) -> bool:
    """A link that searches for the word is a suggestion to somebody who asked for it."""
    return _SUGGESTION.search(attr(label, "href")) is not None


def upwards(node: Node | None) -> Iterator[Node]:
    """The element itself and those around it, as far as an honest page nests."""
    for _ in range(_MAX_CLIMB):
        if node is None:
            return
        yield node
        node = node.parent


def worded_link(node: Node) -> Node | None:
    """The first link in which a person reads something; a picture or an icon is none."""
    return next((link for link in node.css("a[href]") if text_of(link)), None)


def beside_title(node: Node, title: Node | None, said: str, apart: str) -> str:
    """All that a person reads in a block but its title; of an advertisement, for claims hide in sublinks.

    Labels of payment, the first line that is only an address, and what matches `apart` are the
    platform's words and not the advertiser's. `said` is where the advertiser's own words are.
    """
    parts = [*node.css(apart), *([title] if title is not None else [])]
    found = labels_in(node)
    own = {part.mem_id for part in node.css(said)} if found else set()
    parts += [part for part in found if own.isdisjoint(above.mem_id for above in upwards(part))]
    address = shown_address(node)
    return block_text_of(node, parts if address is None else [*parts, address])[:_MAX_TEXT]


def shown_address(node: Node) -> Node | None:
    """The first element that is nothing but an address for people to read, or that and a label."""
    looks = 0
    for part in node.css(_ADDRESS_TAGS)[:_MAX_PARTS] if "." in node.text() else ():
        own = (part.text(deep=False) or "").strip()
        if len(own) <= _MAX_ADDRESS and _ADDRESS.match(own):
            if text_of(part).replace(own, "", 1).strip() in ("", *LABELS):
                return part
            looks += 1
            if looks > _MAX_IN_BLOCK:
                break
    return None


def without_labels(node: Node | None) -> str:
    """What a person reads in a line of the platform, such as an address with a label at its end."""
    return clean(block_text_of(node, labels_in(node))) if node is not None else ""
