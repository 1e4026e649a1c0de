"""`lantian lead examples`: dismissed false alarms as entries that can be pasted into a rule's file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from casework.acting import Grant
from casework.review.desk import WORKERS
from console.acting import acting
from console.cases.viewing import viewer
from console.ledger import plain
from console.output import harmless, print_json, print_line, say
from console.sealing import opened_engine
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.examples import PROPOSED, REFUSED, TAKEN, Examples, settle
from storage.cases.lead_shapes import Example
from storage.db import writing

_PLAIN_KIND = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which examples."""

    rule: str
    state: str
    after: int


def list_examples(wanted: Wanted, by: str, *, as_json: bool) -> None:
    if wanted.state not in (PROPOSED, TAKEN, REFUSED):
        raise UserMistake(f"--state 要是 {PROPOSED}、{TAKEN}、{REFUSED} 之一")
    with viewer(by) as views:
        found = Examples(views.engine).examples(wanted.rule, wanted.state, wanted.after)
    for one in found:
        if as_json:
            print_json(views.veiled_told(plain(asdict(one))) | {"toml": toml_of(one)})
        else:
            reason = views.veiled(" ".join(one.reason.split()))
            print_line(harmless(f"# 第 {one.id} 号，规则 {one.rule}，{one.proposed_by}：{reason}"))
            for line in toml_of(one).splitlines():
                print_line(harmless(line))
    if not found:
        say("没有误报例。")


def settle_example(number: int, by: str, *, is_taken: bool, as_json: bool) -> None:
    """Somebody who decides about leads or administers says what became of it."""
    config = Config.load()
    with opened_engine(config) as engine:
        acts = acting(config, engine, *WORKERS, Grant.ADMIN, by=by)
        with writing(engine).begin() as connection:
            done = settle(connection, number, TAKEN if is_taken else REFUSED, clock.now(), acts.sign)
    if as_json:
        print_json(plain(asdict(done)))
    else:
        say(f"第 {number} 号误报例：{'已收进规则' if is_taken else '不收'}")


def toml_of(example: Example) -> str:
    """The example as `[[lawful]]` of a rule's file."""
    title, _, text = example.text.partition("\n")
    told = {"title": title, "text": text, "kind": example.kind if example.kind != _PLAIN_KIND else ""}
    return "\n".join(["[[lawful]]", *(f"{name} = {_quoted(value)}" for name, value in told.items() if value)])


def _quoted(text: str) -> str:
    # TOML takes JSON's escapes; the one control character that JSON leaves as it is, it does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
