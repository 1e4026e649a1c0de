"""`lantian letter operator`: who runs a platform, once looked up and signed for by a named person."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from casework.letters.refusing import CONFIRMERS, Proofs
from console.acting import acting
from console.cases.addressees import proposals
from console.cases.letter_told import READERS
from console.files import platform, platforms
from console.ledger import opened, plain
from console.output import harmless, page, print_json, say
from crawler import clock
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from storage.cases.letter_shapes import NewOperator, Operator
from storage.cases.operators import Operators, confirm_on
from storage.db import writing

LONGEST = 100
CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")  # GB 32100-2015


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What somebody confirms; `source` is where he looked it up."""

    platform: str
    name: str
    seat: str
    code: str = ""
    source: str = ""


def confirm_operator(asked: Confirmation, *, by: str = "", as_json: bool) -> None:
    """Signed under his own name; a later one replaces it."""
    config, now = Config.load(), clock.now()
    new = _checked(asked)
    with opened(config) as store:
        acts = acting(config, store.engine, *CONFIRMERS, by=by)
        with writing(store.engine).begin() as connection:
            number = confirm_on(connection, new, acts.name, now, acts.sign)
    if as_json:
        print_json({"id": number, "confirmed_by": acts.name} | asdict(new))
    else:
        say(f"{acts.name} 已确认：{platform(new.platform).label}由 {harmless(new.name)}（{harmless(new.seat)}）经营")


def _checked(asked: Confirmation) -> NewOperator:
    words = {name: getattr(asked, name).strip() for name in ("name", "seat", "code", "source")}
    if asked.platform not in platforms() or asked.platform == "landing":
        raise UserMistake(f"没有平台 {asked.platform!r}；见 lantian spiders list")
    for name, label in (("name", "名称"), ("seat", "住所地")):
        if not words[name]:
            raise UserMistake(f"要写明经营者的{label}")
    if any(len(one) > LONGEST or not one.isprintable() for one in words.values()):
        raise UserMistake(f"名称、住所地等最多 {LONGEST} 字，不能有不可见的字符")
    if words["code"] and not CODE.fullmatch(words["code"]):
        raise UserMistake("统一社会信用代码是 18 位数字和大写字母")
    return NewOperator(
        platform=asked.platform,
        name=words["name"],
        seat=words["seat"],
        credit_code=words["code"],
        source=words["source"],
    )


def list_operators(*, by: str = "", as_json: bool) -> None:
    """Each platform's operator: confirmed and by whom, or only proposed."""
    config = Config.load()
    with opened(config) as store:
        acting(config, store.engine, *READERS, by=by)
        proofs = Proofs(store.engine)
        kept = {name: one for one in Operators(store.engine).current() for name in one.platforms}
        signers = {name: _signer(proofs, one) for name, one in kept.items()}
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("平台", "经营者", "住所地", "确认"):
        table.add_column(name, overflow="fold")
    for name in platforms():
        one, proposed = kept.get(name), proposals().get(name)
        if one is None and proposed is None:
            continue
        if as_json:
            told = plain(asdict(one)) | {"signed_by": signers[name]} if one else None
            print_json({"platform": name, "confirmed": told, "proposed": asdict(proposed) if proposed else None})
            continue
        if one is not None:
            table.add_row(
                *map(Text, (name, harmless(one.name), harmless(one.seat), signers[name] or "签字不能证实，不作数"))
            )
        elif proposed is not None:
            table.add_row(*map(Text, (name, f"{proposed.name}（第三方材料，未核）", "", "未确认")))
    if not as_json:
        page().print(table)


def _signer(proofs: Proofs, kept: Operator) -> str:
    try:
        return proofs.operator(kept).name
    except (UserMistake, EvidenceBroken):
        return ""
