"""All that one visit takes home, of one state of the page: what moved meanwhile is not in it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from crawler import clock
from crawler.captures import Chain, Frame, Place, Visit
from crawler.hosts import MappedHost
from crawler.transport import is_specimen
from pipelines.devtools import BrowserTrouble, PageMoved
from pipelines.gate import Gate
from pipelines.locating import Wanted, in_both, look
from pipelines.visiting import TALLEST, TITLE, Visiting

CONTRAST = 24  # of 255: less between the darkest and the lightest point of a place, and no letter is seen
NOTHING_SEEN = Frame(width=0, height=0)
TRIES = 3  # a page that goes on by itself is taken home anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is taken while a page is held still."""

    url: str
    dom: bytes
    title: str = ""
    text: bytes = b""
    mhtml: bytes = b""
    picture: bytes = b""
    frame: Frame = NOTHING_SEEN
    chains: tuple[Chain, ...] = ()


async def take_home(visiting: Visiting, url: str, wanted: Wanted) -> Visit:
    """The visit, complete but for what only the gate and the browser know."""
    started_at = clock.now()
    await visiting.load(url)
    for left in reversed(range(TRIES)):
        try:
            taken = await _held(visiting, wanted)
            break
        except PageMoved:
            if not left:
                raise
            visiting.step("页面自行转到另一地址，重新保存")
            await visiting.release()
    return await _visit(visiting, url, taken, started_at)


async def render(visiting: Visiting, url: str) -> Visit:
    """The page's document and messages alone."""
    started_at = clock.now()
    await visiting.load(url)
    await visiting.hold()
    taken = Taken(url=await visiting.address(), dom=await visiting.dom())
    return await _visit(visiting, url, taken, started_at)


async def _visit(visiting: Visiting, url: str, taken: Taken, started_at: datetime) -> Visit:
    messages = await visiting.recorder.messages()
    visiting.limits_met()
    return Visit(
        id=str(uuid.uuid4()),
        requested_url=url,
        url=taken.url,
        redirects=_passed(visiting.recorder.documents, taken.url),
        status=visiting.recorder.status,
        title=taken.title,
        started_at=started_at,
        ended_at=clock.now(),
        browser="",
        picture=taken.picture,
        dom=taken.dom,
        text=taken.text,
        mhtml=taken.mhtml,
        frame=taken.frame,
        messages=tuple(messages),
        chains=taken.chains,
        sockets=visiting.recorder.sockets,
        steps=tuple(visiting.steps),
        troubles=tuple(visiting.troubles),
    )


async def _held(visiting: Visiting, wanted: Wanted) -> Taken:
    """All parts of one state of the page. Raises `PageMoved` when it was replaced meanwhile."""
    await visiting.scroll_through()
    await visiting.hold()
    arrivals = visiting.arrivals
    before = await _looked(visiting, wanted)
    visiting.step("定位检索词、引文和广告标识")
    url, title = await visiting.address(), str(await visiting.world.value(TITLE))
    dom, text = await visiting.dom(), await visiting.text()
    visiting.step("保存页面文档和可见文字")
    mhtml = await visiting.part("mhtml", visiting.mhtml())
    picture = await visiting.part("picture", visiting.picture())
    visiting.step("保存整页截图" if picture else "整页截图未成")
    after = await _looked(visiting, wanted)
    if visiting.arrivals != arrivals:
        raise PageMoved(f"{url}: went on to another address while it was captured")
    return Taken(
        url=url,
        title=title,
        dom=dom,
        text=text,
        mhtml=mhtml,
        picture=picture,
        frame=await asyncio.to_thread(as_drawn, picture, in_both(before, after)),
        chains=await visiting.certificates(url),
    )


async def _looked(visiting: Visiting, wanted: Wanted) -> Frame:
    """What can be seen; nothing, and the trouble said, where the page does not let itself be searched."""
    try:
        return await look(visiting.world, wanted, TALLEST)
    except PageMoved:
        raise
    except BrowserTrouble as trouble:
        visiting.troubles.append(("frame", str(trouble)))
        return NOTHING_SEEN


def as_drawn(picture: bytes, frame: Frame) -> Frame:
    """The frame as the picture bears it out: where a place is all of one colour, nothing can be read."""
    if not picture:
        return NOTHING_SEEN
    with Image.open(BytesIO(picture), formats=["PNG"]) as opened:
        width, height = opened.size
        image = opened.convert("L") if frame.places else opened
    places = tuple(one for one in frame.places if _is_drawn(image, one))
    return replace(frame, width=width, height=height, places=places)


def _is_drawn(image: Image.Image, place: Place) -> bool:
    box = place.box
    seen = np.asarray(image.crop((box.left, box.top, box.right, box.bottom)))
    return bool(seen.size) and int(seen.max()) - int(seen.min()) >= CONTRAST


def located(visit: Visit, gate: Gate, hosts: Mapping[str, MappedHost]) -> Visit:
    """The visit with the addresses that were really connected to: the browser only saw the gate."""
    messages = tuple(
        replace(one, ip_address=_behind(one.url, gate), is_specimen=is_specimen(one.url, hosts))
        for one in visit.messages
    )
    return replace(
        visit,
        ip_address=_behind(visit.url, gate),
        is_specimen=is_specimen(visit.url, hosts),
        messages=messages,
        refused=tuple(gate.refused),
    )


def _behind(url: str, gate: Gate) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    except ValueError:
        return ""
    return gate.reached.get((parts.hostname or "", port), "")


def _passed(documents: list[str], final: str) -> tuple[str, ...]:
    """Every address on the way, without the last."""
    last = final.partition("#")[0]
    passed = documents[:-1] if documents and documents[-1].partition("#")[0] == last else documents
    return tuple(passed)
