"""Letters as a person reads them: a list, and one with its life. Contacts are masked for whoever may not see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.letters.content import Content, content_read
from casework.letters.letter import Kind, Stage
from casework.letters.phrases import KIND_WORDS
from casework.masking import masked
from casework.workdays import told_day
from console.acting import acting
from console.cases.letter_files import Folder
from console.cases.letter_scope import letter_for
from console.ledger import opened, plain
from console.output import harmless, page, print_json, print_line, say
from crawler import clock
from crawler.config import Config
from crawler.errors import UserMistake
from storage.cases.leads import leads_on
from storage.cases.letter_moves import LETTER_WORDS, STEP_WORDS
from storage.cases.letter_shapes import KeptLetter, KeptLetterLead, LettersWanted
from storage.cases.letters import KeptLetters

READERS = (Grant.VIEWER, Grant.EXAMINER, Grant.REVIEWER, Grant.ADMIN, Grant.LEGAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which letters are to be listed."""

    state: str = ""
    to: str = ""
    before: int = 0
    limit: int = 50


def letter_told(kept: KeptLetter) -> dict[str, Any]:
    """One letter in JSON, without what it says."""
    told: dict[str, Any] = plain(asdict(kept))
    del told["content"]
    content = content_read(kept.content)
    return told | {
        "due_day": told_day(kept.due_at),
        "leads": [one.number for one in content.leads],
        "exhibits": [name for one in content.leads for name in one.exhibits],
        "title": content.letter.title,
        "specimen": content.letter.is_specimen,
        "notes": list(content.notes),
    }


def tell_letters(letters: Sequence[KeptLetter], folder: Folder | None, *, as_json: bool) -> None:
    """What was just written, a line each."""
    where = str(folder.path) if folder else ""
    for one in letters:
        if as_json:
            print_json(letter_told(one) | {"out": where})
            continue
        content = content_read(one.content)
        place = f"：{where}" if where else ""
        whom = f"{KIND_WORDS[Kind(one.kind)]} 致 {harmless(one.addressee)}"
        print_line(f"{one.number} {whom}，{len(content.leads)} 件线索{place}")
        for note in content.notes:
            say(f"{one.number} 请核对：{harmless(note)}")


def tell_letter(engine: Engine, letter_id: int, words: str, *, as_json: bool) -> None:
    """One letter after an act upon it."""
    kept = KeptLetters(engine).named(str(letter_id))
    if as_json:
        print_json(letter_told(kept))
    else:
        say(f"{kept.number} {words}（{LETTER_WORDS[kept.state]}）")


def list_letters(listing: Listing, *, by: str = "", as_json: bool) -> None:
    """The newest first."""
    if listing.state and listing.state not in set(Stage):
        raise UserMistake(f"--state 要是 {'、'.join(Stage)} 之一")
    config = Config.load()
    with opened(config) as store:
        acts = acting(config, store.engine, *READERS, by=by)
        states = (listing.state,) if listing.state else ()
        wanted = LettersWanted(
            states=states,
            addressee=listing.to,
            districts=tuple(sorted(acts.districts)),
            before=listing.before,
            limit=listing.limit,
        )
        found = KeptLetters(store.engine).letters(wanted)
    if as_json:
        for one in found:
            print_json(letter_told(one))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("编号", "种类", "主送", "状态", "起草", "文号", "期限"):
        table.add_column(name, overflow="fold")
    for one in found:
        cells = (one.number, KIND_WORDS[Kind(one.kind)], harmless(one.addressee), LETTER_WORDS[one.state])
        row = (*cells, clock.in_shanghai(one.drafted_at)[:10], harmless(one.document), told_day(one.due_at))
        table.add_row(*map(Text, row))
    page().print(table)


def show_letter(word: str, *, by: str = "", as_json: bool) -> None:
    """One letter: what it says, what became of each lead, every step."""
    config = Config.load()
    with opened(config) as store:
        acts = acting(config, store.engine, *READERS, by=by)
        letters = KeptLetters(store.engine)
        kept = letter_for(store.engine, acts, word)
        content, steps, rows = content_read(kept.content), letters.steps_of(kept.id), letters.leads_of(kept.id)
        with store.engine.connect() as connection:
            numbers = {one.id: one.number for one in leads_on(connection, [row.lead_id for row in rows])}
    lines = [_lead_told(row, numbers[row.lead_id], acts) for row in rows]
    if as_json:
        said = [_shown(one.text, acts) for one in content.letter.paragraphs]
        history = [plain(asdict(step)) for step in steps]
        print_json(letter_told(kept) | {"text": said, "results": lines, "history": history})
        return
    _print_letter(kept, content, acts)
    for one in lines:
        print_line(f"  {one['lead']}  {_result_words(one)}")
    for step in steps:
        words = f"：{harmless(_shown(step.detail, acts))}" if step.detail else ""
        print_line(f"  {clock.in_shanghai(step.at)}  {STEP_WORDS[step.step]}  {harmless(step.by)}{words}")


def _print_letter(kept: KeptLetter, content: Content, acts: Acting) -> None:
    print_line(f"{kept.number} {LETTER_WORDS[kept.state]}：{harmless(content.letter.title)}")
    print_line(f"致 {harmless(kept.addressee)}；内容摘要 {kept.digest}")
    if kept.due_at:
        print_line(f"反馈期限 {told_day(kept.due_at)}（含当日）")
    for one in content.letter.paragraphs:
        print_line(harmless(_shown(one.text, acts)))


def _lead_told(row: KeptLetterLead, number: str, acts: Acting) -> dict[str, Any]:
    told: dict[str, Any] = plain(asdict(row))
    return told | {"lead": number, "remark": _shown(row.remark, acts)}


def _shown(text: str, acts: Acting) -> str:
    return text if acts.may(Grant.CONTACTS) else masked(text)


def _result_words(told: dict[str, Any]) -> str:
    answered = (
        f"反馈：{told['is_true']}，{told['measure']} {told['measured_on']}".rstrip()
        if told["answered_at"]
        else "未反馈"
    )
    seen = "复查未见" if told["gone_at"] else f"复查 {told['looks']} 次，其中 {told['blocked']} 次没有看到"
    back = "，其后又见" if told["back_at"] else ""
    remark = f"（{harmless(told['remark'])}）" if told["remark"] else ""
    return f"{answered}{remark}；{seen}{back}"
