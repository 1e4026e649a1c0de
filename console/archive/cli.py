"""`lantian archive`: asking what was captured. Thin, as `console.cli`; the doing is in the modules beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.archive.export_cli import export
from console.archive.likeness_cli import similar, versions
from console.archive.options import (
    Actor,
    By,
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
from console.output import MOST

archive_app = typer.Typer(help="档案：检索、分面、重建索引、存下的检索。", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="存下的检索的名称")]


@archive_app.command()
def search(  # noqa: PLR0913, PLR0917 - one parameter an option
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
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="最多几条；0 为默认：20，--json 时全部")] = 0,
    before: Annotated[str, typer.Option(help="接着上一页：上一页最后一条的证据项编号")] = "",
    pages: Annotated[bool, typer.Option("--pages", help="连同整页的文字里有的")] = False,
    details: Annotated[bool, typer.Option("--details", help="--json 时连同每条的内容")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """检索：标题、正文、图片文字、号码和名称里有这些词的证据项，新的在前。"""
    from console.archive import searching
    from console.archive.query import Chosen

    chosen = Chosen(
        fields=fields, platforms=platform, kinds=kind, categories=category, rules=rule, actors=actor, places=place,
        states=state, first=first, last=last, is_literal=literal,
    )  # fmt: skip
    asked = searching.Asked(
        words=words, chosen=chosen, limit=limit, before=before, with_pages=pages, with_details=details, by=by
    )
    raise typer.Exit(searching.search(asked, as_json=as_json))


@archive_app.command()
def facets(  # noqa: PLR0913, PLR0917 - one parameter an option
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
    most: Annotated[int, typer.Option(min=1, max=1000, help="每个分面最多几个值")] = 20,
    by: By = "",
    as_json: Json = False,
) -> None:
    """分面：检索到的证据项按平台、类型、类别、规则、线索状态、主体、地点、月份各有多少。"""
    from console.archive import facets as facets_
    from console.archive.query import Chosen

    chosen = Chosen(
        fields=fields, platforms=platform, kinds=kind, categories=category, rules=rule, actors=actor, places=place,
        states=state, first=first, last=last, is_literal=literal,
    )  # fmt: skip
    raise typer.Exit(facets_.show_facets(words, chosen, most, by, as_json=as_json))


@archive_app.command()
def reindex(
    check: Annotated[bool, typer.Option("--check", help="只核对索引与数据库是否一致；不一致，退出码 3")] = False,
    as_json: Json = False,
) -> None:
    """从数据库重建检索的索引；证据不受影响。"""
    from console.archive import indexing

    raise typer.Exit(indexing.reindex(is_check=check, as_json=as_json))


archive_app.command("export")(export)
archive_app.command("versions")(versions)
archive_app.command("similar")(similar)


@archive_app.command()
def save(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Name,
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
    by: Annotated[str, typer.Option(help="谁存下；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """存下检索：此后每次巡查之后再查一遍新的，有找到的，随通知报数。"""
    from console.archive import saved as saved_
    from console.archive.query import Chosen

    chosen = Chosen(
        fields=fields, platforms=platform, kinds=kind, categories=category, rules=rule, actors=actor, places=place,
        states=state, first=first, last=last, is_literal=literal,
    )  # fmt: skip
    raise typer.Exit(saved_.save(name, words, chosen, by, as_json=as_json))


@archive_app.command()
def saved(
    name: Annotated[str, typer.Argument(help="存下的检索的名称；不写，列出全部")] = "",
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="最多几条；0 为默认：20，--json 时全部")] = 0,
    by: By = "",
    as_json: Json = False,
) -> None:
    """存下的检索：各找到多少；写明名称的，存下以来找到了什么。"""
    from console.archive import saved as saved_

    shown = saved_.show_saved(name, limit, by, as_json=as_json) if name else saved_.list_saved(by, as_json=as_json)
    raise typer.Exit(shown)


@archive_app.command()
def unsave(
    name: Name,
    by: Annotated[str, typer.Option(help="谁结束；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """结束存下的检索：不再查；找到过的仍记着。"""
    from console.archive import saved as saved_

    raise typer.Exit(saved_.unsave(name, by, as_json=as_json))
