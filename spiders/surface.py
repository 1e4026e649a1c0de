"""What of a strange page a person sees, and what stands in it unseen: for pages whose makers we do not know.

Looks at attributes, at inline styles and at the page's own style sheets; sheets in other files are
other documents. What a script would show or hide later is not guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup

from spiders.reading import BLOCKS, Document, Node, attr, clean
from spiders.sheets import Colours, Sheets, declared, hides

MAX_TEXT = 60_000  # characters; of a longer page the beginning and, for its foot, the end
FOOT = 10_000
MAX_UNSEEN = 1_000
MAX_COMMENT = 20_000
MOSTLY = 3  # times as much hidden as shown
# Of these a browser with scripts shows nothing, or only what a page has for one that cannot play films.
_NEVER = frozenset(
    (
        *("script", "style", "template", "noscript", "noframes", "head", "title", "iframe", "object"),
        *("video", "audio", "canvas", "datalist", "-doctype"),
    )
)
_WORDED = frozenset(("button", "submit", "reset"))


@dataclass(frozen=True, slots=True)
class Surface:
    """`shown` is what a person reads, one line a paragraph; `unseen` what stands there hidden, in words."""

    shown: str
    unseen: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: a node, whether something around it hides it, and the colours it inherits."""

    node: Node
    is_hidden: bool
    colours: Colours


def surface_of(document: Document) -> Surface:
    """What is seen of the document's body and what is not, comments among it.

    A sheet that hides most of the page is undone by a script or by another file's sheet: no page is made to
    show nothing. Such sheets are not believed.
    """
    body = document.root.css_first("body")
    top = document.root if body is None else body
    walk = _Walk(Sheets(document)).through(top)
    shown = _lines(walk.shown)
    if walk.sheets.say_anything and walk.hidden > MOSTLY * len(shown):
        trusting = _Walk(Sheets(document, believed=False)).through(top)
        if len(told := _lines(trusting.shown)) > MOSTLY * len(shown):
            walk, shown = trusting, told
    return Surface(_bounded(shown), clean(" ".join(walk.unseen))[:MAX_UNSEEN])


def _lines(parts: list[str]) -> str:
    return "\n".join(filter(None, map(clean, "".join(parts).split("\n"))))


class _Walk:
    """One walk down a tree in the order of the document, without recursion: pages nest as they like."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.shown: list[str] = []
        self.unseen: list[str] = []
        self.unseen_length = 0
        self.hidden = 0  # characters in elements, comments apart

    def through(self, top: Node) -> _Walk:
        """Walk down from here; returns itself."""
        stack: list[_Place | str] = [_Place(top, is_hidden=False, colours=self.sheets.ground)]
        while stack:
            place = stack.pop()
            if isinstance(place, str):
                self.shown.append(place)
            elif place.node.is_text_node:
                text = place.node.text() or ""
                self.hidden += len(text.strip()) if place.is_hidden else 0
                self.tell(text, is_hidden=place.is_hidden)
            elif place.node.is_comment_node:
                if self.unseen_length < MAX_UNSEEN:
                    self.tell(_words_of(place.node.comment_content or ""), is_hidden=True)
            elif place.node.tag not in _NEVER:
                self.enter(place, stack)
        return self

    def enter(self, place: _Place, stack: list[_Place | str]) -> None:
        node = place.node
        styles = self.sheets.of(node) | declared(attr(node, "style"))
        colours = place.colours.within(styles, node)
        # What hides the whole page is taken away when it has loaded.
        is_whole = node.tag in ("html", "body")
        is_hidden = place.is_hidden or (not is_whole and (is_hidden_by(node, styles) or colours.are_alike))
        if not is_hidden:
            self.shown.append(_button(node))
            if node.tag in BLOCKS:
                self.shown.append("\n")
                stack.append("\n")
        inside = [_Place(child, is_hidden, colours) for child in _children(node)]
        stack.extend(reversed(inside))

    def tell(self, text: str, *, is_hidden: bool) -> None:
        if not is_hidden:
            self.shown.append(text)
        elif self.unseen_length < MAX_UNSEEN and text.strip():
            self.unseen.append(text[:MAX_UNSEEN])
            self.unseen_length += len(text)


def is_hidden_by(node: Node, styles: Mapping[str, str]) -> bool:
    """Whether the element itself says, or is told by its styles, not to be seen."""
    attributes = node.attributes
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").strip().lower() == "true":
        return True
    if node.tag == "dialog" and "open" not in attributes:
        return True
    return hides(styles)


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    child = node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _button(node: Node) -> str:
    """Words that stand in attributes and are read on the page all the same."""
    if node.tag == "input":
        written = "value" if attr(node, "type").strip().lower() in _WORDED else "placeholder"
        return f" {attr(node, written)} "
    return f" {attr(node, 'placeholder')} " if node.tag == "textarea" else ""


def _words_of(comment: str) -> str:
    """The words of a comment; markup that was commented out is read like markup."""
    if "<" not in comment:
        return comment[:MAX_COMMENT]
    return BeautifulSoup(comment[:MAX_COMMENT], "html.parser").get_text(" ")


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - FOOT]}\n{text[-FOOT:]}"
