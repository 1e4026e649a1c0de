"""`lantian archive export`: thin, as `console.cli`; the doing is in `console.archive.exporting`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.archive.options import (
    Actor,
    Category,
    First,
    In,
    Json,
    Kind,
    Last,
    Literal,
    Place,
    Platform,
    Rule,
    State,
    Words,
)

By = Annotated[str, typer.Option(help="谁导出；有用户以后要与凭据一致，没有 LANTIAN_TOKEN 时在终端输入其口令")]


def export(  # noqa: PLR0913, PLR0917 - one parameter an option
    out: Annotated[Path, typer.Option(help="写成这个文件；已有的不覆盖")],
    form: Annotated[str, typer.Option("--format", help="csv、xlsx、jsonl 或 wacz；默认按文件名")] = "",
    words: Words = "",
    fields: In = "",
    platform: Platform = "",
    kind: Kind = "",
    category: Category = "",
    rule: Rule = "",
    actor: Actor = "",
    place: Place = "",
    state: State = "",
    first: First = "",
    last: Last = "",
    literal: Literal = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """导出检索结果：表格（csv、xlsx）、JSON Lines 或证据包；逐项核验，断了用同一命令接着导出。"""
    from console.archive import exporting
    from console.archive.query import Chosen

    chosen = Chosen(
        fields=fields, platforms=platform, kinds=kind, categories=category, rules=rule, actors=actor, places=place,
        states=state, first=first, last=last, is_literal=literal,
    )  # fmt: skip
    named = form.lower() or out.suffix.lower().removeprefix(".")
    asked = exporting.Asked(words=words, chosen=chosen, format=named, out=out, by=by)
    raise typer.Exit(exporting.export(asked, as_json=as_json))
