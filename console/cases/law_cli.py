"""`lantian law …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

law_app = typer.Typer(help="法条：本机关在何种情形下可以引用哪些条文，用什么词。", no_args_is_help=True)
delegation_app = typer.Typer(help="其他机关委托、交办给本机关的职权：文号、范围、期限。", no_args_is_help=True)
law_app.add_typer(delegation_app, name="delegation")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁做；没有 LANTIAN_TOKEN 时在终端输入其口令")]
Article = Annotated[str, typer.Argument(metavar="ID", help="条文编号，如 PAR-二十七")]
DELEGATION = "持有的委托或交办：登记过的文号，或写成 文号|委托|省局|范围,范围|2026-01-01|2026-12-31；可重复"

FACT = (
    "见到的事实：emblem（国徽） government_query（政务查询） official_site official_staff inventor_change "
    "unpublished own_filing unchecked practitioner，或中文；可重复；没有写的就当未见"
)


@law_app.command("choose")
def law_choose(  # noqa: PLR0913, PLR0917 - one parameter an option
    category: Annotated[str, typer.Option(help="类别，如 guaranteed_grant 或 包授权")],
    actor: Annotated[str, typer.Option(help="主体：patent_agency unlicensed tm_agency tm_unfiled unknown，或中文")],
    place: Annotated[str, typer.Option(help="载体：search_ad shop forum own_site，或中文")] = "",
    platform: Annotated[str, typer.Option(help="平台名，代替 --place，如 baidu、淘宝")] = "",
    office: Annotated[
        str, typer.Option(help="本机关：amr（市场监管局）或 ipo（独立的知识产权局）；默认 [office] kind")
    ] = "",
    level: Annotated[str, typer.Option(help="层级：province city county；默认 [office] level")] = "",
    delegation: Annotated[list[str] | None, typer.Option(help=DELEGATION)] = None,
    on: Annotated[str, typer.Option(help="行为终了日，如 2026-11-20；默认今天")] = "",
    written: Annotated[str, typer.Option(help="写函之日，委托、交办须在此日有效；默认行为终了日")] = "",
    measure: Annotated[str, typer.Option(help="哪种函：remove close system order talk transfer …；默认整件事")] = "",
    office_seat: Annotated[str, typer.Option(help="本机关所在地；默认 [office] province 和 city")] = "",
    platform_seat: Annotated[str, typer.Option(help="平台住所地")] = "",
    actor_seat: Annotated[str, typer.Option(help="行为人所在地")] = "",
    fact: Annotated[list[str] | None, typer.Option(help=FACT)] = None,
    as_json: Json = False,
) -> None:
    """可以引用哪些条文，用责令、商请、协助还是移送，其他为什么不能引。不需要数据，也不需要凭据。"""
    from console.cases import law_choosing

    asked = law_choosing.Asked(
        category=category,
        actor=actor,
        place=place,
        platform=platform,
        office=office,
        level=level,
        delegations=tuple(delegation or ()),
        on=on,
        written=written,
        measure=measure,
        office_seat=office_seat,
        platform_seat=platform_seat,
        actor_seat=actor_seat,
        facts=tuple(fact or ()),
    )
    law_choosing.choose_law(asked, as_json=as_json)


@law_app.command("show")
def law_show(article: Article, as_json: Json = False) -> None:
    """一条的版本、时效、有权主体、原文，以及谁核对过。"""
    from console.cases import law

    law.show_article(article, as_json=as_json)


@law_app.command("list")
def law_list(
    category: Annotated[str, typer.Option(help="只列这一类别的")] = "",
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="只列函件会引而法制人员还没有核对的")] = False,
    as_json: Json = False,
) -> None:
    """全部条文。"""
    from console.cases import law

    law.list_articles(category, unconfirmed=unconfirmed, as_json=as_json)


@law_app.command("check")
def law_check(
    file: Annotated[Path | None, typer.Argument(help="要检查的文件；默认数据目录里的 laws.toml")] = None,
    as_json: Json = False,
) -> None:
    """检查本机关的条文文件；写错的说明在哪一行。"""
    from console.cases import law

    law.check_file(file, as_json=as_json)


@law_app.command("confirm")
def law_confirm(
    articles: Annotated[list[str], typer.Argument(metavar="ID", help="条文编号，如 PAR-二十七；可以有几个")],
    source: Annotated[str, typer.Option(help="对照的文本，如 国家法律法规数据库")],
    digest: Annotated[str, typer.Option(help="所看文本的摘要，前 6 位以上；条文改过就拒绝；只核对一条时用")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """法制人员对照原文核对这一版条文；条文一改，核对失效。"""
    from console.cases import law

    law.confirm_articles(articles, law.Read(source=source, digest=digest, by=by), as_json=as_json)


@law_app.command("confirmations")
def law_confirmations(as_json: Json = False) -> None:
    """谁核对过哪一版，是否仍然有效。"""
    from console.cases import law

    law.list_confirmations(as_json=as_json)


@delegation_app.command("add")
def delegation_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="文号")],
    giver: Annotated[str, typer.Option("--giver", help="委托、交办的机关")],
    scope: Annotated[str, typer.Option(help="范围：职权的词或条文编号，逗号分隔，如 约谈,责令限期改正")],
    first: Annotated[str, typer.Option("--from", help="从哪一天起")],
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）")],
    kind: Annotated[str, typer.Option(help="委托 或 交办")] = "委托",
    by: By = "",
    as_json: Json = False,
) -> None:
    """登记一份委托或交办。"""
    from console.cases import law_delegations

    typed = law_delegations.Typed(number=number, kind=kind, giver=giver, scope=scope, first=first, last=last, by=by)
    law_delegations.add_delegation(typed, as_json=as_json)


@delegation_app.command("list")
def delegation_list(as_json: Json = False) -> None:
    """登记过的委托和交办。"""
    from console.cases import law_delegations

    law_delegations.list_delegations(as_json=as_json)


@delegation_app.command("end")
def delegation_end(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="文号")],
    reason: Annotated[str, typer.Option(help="理由")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """提前终止。"""
    from console.cases import law_delegations

    law_delegations.end_delegation(number, reason, by, as_json=as_json)
