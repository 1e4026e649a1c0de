"""`lantian actor …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

actor_app = typer.Typer(help="主体：谁在店铺和账号背后，凭什么认为是同一主体。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="本人姓名；没有凭据时在终端问口令")]
Reason = Annotated[str, typer.Option(help="理由")]
Actor = Annotated[str, typer.Argument(help="主体编号（ZT-000001）、序号，或其一条信息的证据项编号")]
Most = Annotated[int, typer.Option("--limit", min=1, max=1000, help="身份、联系方式、关联、历史各最多几项")]


@actor_app.command("list")
def actor_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    gang: Annotated[bool, typer.Option("--gang", help="只列团伙：几个身份由相同的联系方式等相连")] = False,
    repeat: Annotated[bool, typer.Option("--repeat", help="只列累犯：复发、另案、函后又有")] = False,
    before: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一次：上一次最后一个序号")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几个")] = 50,
    by: By = "",
    as_json: Json = False,
) -> None:
    """主体，新的在前：身份几个、机构、线索和案件几件、是否团伙或累犯。"""
    from console.cases import actors

    actors.list_actors(actors.Asked(gang=gang, repeat=repeat, before=before, limit=limit), by, as_json=as_json)


@actor_app.command("show")
def actor_show(actor: Actor, limit: Most = 200, by: By = "", as_json: Json = False) -> None:
    """一个主体：身份、联系方式、每处关联的理由、登记册比对、函件、答复和复发的历史。"""
    from console.cases import actors

    actors.show_actor(actor, limit, by, as_json=as_json)


@actor_app.command("graph")
def actor_graph(
    actor: Actor,
    out: Annotated[Path | None, typer.Option(help="写到文件：.svg、.json 或 .dot；不写则在屏幕上列出")] = None,
    limit: Annotated[int, typer.Option(min=2, max=500, help="最多画几个身份和联系方式")] = 200,
    by: By = "",
    as_json: Json = False,
) -> None:
    """关系图：身份、它们共有的联系方式、人工关联。"""
    from console.cases import actor_graph as graphs

    graphs.draw_graph(actor, out, limit, by, as_json=as_json)


@actor_app.command("join")
def actor_join(actor: Actor, other: Actor, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """两个主体是同一主体：由人认定，写明理由，可以撤销。"""
    from console.cases import actor_acts

    actor_acts.join(actor, other, actor_acts.Told(by=by, reason=reason), as_json=as_json)


@actor_app.command("split")
def actor_split(
    join: Annotated[int, typer.Argument(min=1, max=MOST, help="关联的号，见 actor show")],
    reason: Reason = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """撤销一处关联：没有别的关联相连的就分开，以后不再因同一理由相连。"""
    from console.cases import actor_acts

    actor_acts.split(join, actor_acts.Told(by=by, reason=reason), as_json=as_json)


@actor_app.command("match")
def actor_match(  # noqa: PLR0913, PLR0917 - one parameter an option
    actor: Annotated[str, typer.Argument(help="主体；与 --all 二者取一")] = "",
    agency: Annotated[str, typer.Option(help="登记册中的机构：代码、统一社会信用代码或名称")] = "",
    nobody: Annotated[bool, typer.Option("--none", help="不是登记册中的任何机构")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="撤回人工匹配，重新与登记册比对")] = False,
    every: Annotated[bool, typer.Option("--all", help="把还没有按现用名录比对的主体都比对一遍")] = False,
    reason: Reason = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """主体是登记册中的哪家机构：由人认定；或 --all 按现用名录比对。"""
    from console.cases import actor_acts

    told = actor_acts.Told(by=by, reason=reason)
    asked = actor_acts.Match(actor=actor, agency=agency, nobody=nobody, undo=undo, every=every)
    actor_acts.match(asked, told, as_json=as_json)


@actor_app.command("kind")
def actor_kind(  # noqa: PLR0913, PLR0917 - one parameter an option
    actor: Actor,
    kind: Annotated[str, typer.Argument(help="unlicensed、tm_unfiled、patent_agency 或 tm_agency")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="撤回确认")] = False,
    reason: Annotated[str, typer.Option(help="理由，写明在官方系统查询的结果")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """主体资格的类别：由人向官方系统查证后确认；登记册未匹配不等于无资质。"""
    from console.cases import actor_acts

    actor_acts.kind(actor, "" if undo else kind, actor_acts.Told(by=by, reason=reason), as_json=as_json)
