"""`lantian letter …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cases.letter_template_cli import template_app
from console.cases.operator_cli import operator_app
from console.output import MOST

letter_app = typer.Typer(help="函：起草、复核、发出、反馈、催办；两名人员各用本人凭据。", no_args_is_help=True)
letter_app.add_typer(operator_app, name="operator")
letter_app.add_typer(template_app, name="template")

By = Annotated[str, typer.Option(help="谁；没有设 LANTIAN_TOKEN 时询问口令")]
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Letter = Annotated[str, typer.Argument(help="函的编号，见 lantian letter list")]
Out = Annotated[Path, typer.Option(help="写到哪个文件夹")]
Reason = Annotated[str, typer.Option(help="理由")]
Day = Annotated[str, typer.Option("--on", help="哪一天，如 2026-11-20；默认今天")]


@letter_app.command("draft")
def letter_draft(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Annotated[str, typer.Option(help="线索编号，逗号分隔")],
    out: Out,
    kind: Annotated[
        str, typer.Option(help="种类：remove、close、system、order、talk、transfer、assist、warn、notice")
    ] = "remove",
    to: Annotated[str, typer.Option(help="主送单位，给平台以外的")] = "",
    without: Annotated[str, typer.Option(help="不引的条文编号，逗号分隔；只能去掉，不能加")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """起草函：每个平台经营者一份，线索不限；不能起草的一次列明所有理由。"""
    from console.cases import letter_drafting

    named, left = (tuple(one.replace("，", ",").replace("、", ",").split(",")) for one in (leads, without))
    left = tuple(one.strip() for one in left if one.strip())
    asked = letter_drafting.Asked(leads=named, out=out, kind=kind, to=to, without=left)
    raise typer.Exit(letter_drafting.draft(asked, by=by, as_json=as_json))


@letter_app.command("approve")
def letter_approve(letter: Letter, by: By = "", as_json: Json = False) -> None:
    """复核：起草的人和认定线索的人不能复核；有【条文待核】的不能复核。"""
    from console.cases import letter_acts

    letter_acts.approve(letter, by=by, as_json=as_json)


@letter_app.command("export")
def letter_export(
    letter: Letter,
    out: Out,
    draft: Annotated[bool, typer.Option("--draft", help="再导出一次草稿")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """导出已复核的稿（未编号、未签发、未用印）：两人的签字都能证实才导出。"""
    from console.cases import letter_acts

    letter_acts.export(letter, out, is_draft=draft, by=by, as_json=as_json)


@letter_app.command("send")
def letter_send(
    letter: Letter,
    document: Annotated[str, typer.Option(help="本机关的文号，如 示知函〔2026〕12号")],
    on: Day = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """登记已发出：线索转为已发函，所列网址列入复查，按工作日计反馈期限。"""
    from console.cases import letter_sending

    letter_sending.send(letter, letter_sending.Sending(document=document, on=on), by=by, as_json=as_json)


@letter_app.command("delivered")
def letter_delivered(
    letter: Letter, way: Annotated[str, typer.Option(help="送达方式")], on: Day = "", by: By = "", as_json: Json = False
) -> None:
    """登记已送达。"""
    from console.cases import letter_sending

    letter_sending.delivered(letter, way, on, by=by, as_json=as_json)


@letter_app.command("answer")
def letter_answer(
    letter: Letter,
    file: Annotated[Path, typer.Argument(help="返回的反馈回执，XLSX")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """导入返回的回执：有一行不对就整份不导入，错在哪一行都会说明。"""
    from console.cases import letter_sending

    letter_sending.answer(letter, file, by=by, as_json=as_json)


@letter_app.command("remind")
def letter_remind(letter: Letter, out: Out = Path(), by: By = "", as_json: Json = False) -> None:
    """起草催办：只列原函中还没有反馈的线索。"""
    from console.cases import letter_reminding

    letter_reminding.remind(letter, out, by=by, as_json=as_json)


@letter_app.command("withdraw")
def letter_withdraw(letter: Letter, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """撤回还没有发出的函。"""
    from console.cases import letter_acts

    letter_acts.withdraw(letter, reason, by=by, as_json=as_json)


@letter_app.command("close")
def letter_close(letter: Letter, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """办结已发出的函。"""
    from console.cases import letter_acts

    letter_acts.close(letter, reason, by=by, as_json=as_json)


@letter_app.command("list")
def letter_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    state: Annotated[
        str, typer.Option(help="只列此状态：draft、approved、sent、delivered、answered、closed、withdrawn")
    ] = "",
    to: Annotated[str, typer.Option(help="只列致此单位的")] = "",
    before: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一页：上一页最后一个 id")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几份")] = 50,
    by: By = "",
    as_json: Json = False,
) -> None:
    """函的列表，新的在前。"""
    from console.cases import letter_told

    letter_told.list_letters(
        letter_told.Listing(state=state, to=to, before=before, limit=limit), by=by, as_json=as_json
    )


@letter_app.command("show")
def letter_show(letter: Letter, by: By = "", as_json: Json = False) -> None:
    """一份函：内容、各线索的反馈和复查、每一步。"""
    from console.cases import letter_told

    letter_told.show_letter(letter, by=by, as_json=as_json)


@letter_app.command("scorecard")
def letter_scorecard(  # noqa: PLR0913, PLR0917 - one parameter an option
    first: Annotated[str, typer.Option("--from", help="从哪一天发出的起")] = "",
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）；默认今天")] = "",
    platform: Annotated[str, typer.Option(help="只看此平台的经营者")] = "",
    with_ids: Annotated[bool, typer.Option("--list", help="每个数后列出编号")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """各平台经营者：发函、反馈、复查证实消失、复现；被拦的另计。"""
    from console.cases import letter_scores

    period = letter_scores.Period(first=first, last=last, platform=platform, with_ids=with_ids)
    letter_scores.show_scorecard(period, by=by, as_json=as_json)
