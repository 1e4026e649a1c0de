"""`lantian lead …`, the acts: each asks for the person's own credential. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁；没有 LANTIAN_TOKEN 时在终端输入口令")]
Seen = Annotated[str, typer.Option(help="看到的 state_at：之后有人动过就拒绝")]
Reason = Annotated[str, typer.Option(help="理由")]
Leads = Annotated[list[str], typer.Argument(help="线索编号（X2026-00001）、序号，或其中一个证据项编号的前 6 位以上")]
Lead = Annotated[str, typer.Argument(help="线索编号、序号，或其中一个证据项编号的前 6 位以上")]
Like = Annotated[bool, typer.Option("--like", help="连同所有信息都与它同类的未决线索，先列出再问")]
Yes = Annotated[bool, typer.Option("--yes", help="不再问")]
Document = Annotated[str, typer.Option(help="文号")]


def claim(leads: Leads, by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """认领：归自己研判。"""
    from console.cases import lead_acts

    lead_acts.claim(lead_acts.Asked(words=tuple(leads), by=by, seen=seen), as_json=as_json)


def assign(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    unit: Annotated[str, typer.Option(help="责任部门")] = "",
    to: Annotated[str, typer.Option(help="责任人：已有的用户")] = "",
    reason: Reason = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """分派责任部门、责任人。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason)
    lead_acts.assign(asked, unit, to, as_json=as_json)


def confirm(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    exhibit: Annotated[list[str] | None, typer.Option(help="看过的证据项，可重复；默认全部仍成立的")] = None,
    category: Annotated[list[str] | None, typer.Option(help="认定的类别，可重复；默认全部仍成立的")] = None,
    reason: Reason = "",
    like: Like = False,
    yes: Yes = False,
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """认定属实：写明看过哪些证据项；由另一人复核。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason, is_like=like, is_sure=yes)
    lead_acts.confirm(asked, tuple(exhibit or ()), tuple(category or ()), as_json=as_json)


def dismiss(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    reason: Reason = "",
    like: Like = False,
    yes: Yes = False,
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """认定不属实：理由必填，原文（遮去联系方式）列为规则的误报例。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason, is_like=like, is_sure=yes)
    lead_acts.dismiss(asked, as_json=as_json)


def more(leads: Leads, reason: Reason = "", by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """要求补充：理由写明还缺什么。"""
    from console.cases import lead_acts

    lead_acts.more(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason), as_json=as_json)


def merge(  # noqa: PLR0913, PLR0917 - one parameter an option
    lead: Lead,
    into: Annotated[str, typer.Option(help="并入哪一条")],
    reason: Reason = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """并入另一条未办结的线索。"""
    from console.cases import lead_acts

    lead_acts.merge(lead_acts.Asked(words=(lead,), by=by, seen=seen, reason=reason), into, as_json=as_json)


def hand_over(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    to: Annotated[str, typer.Option(help="移送到哪个机关")],
    document: Document = "",
    reason: Reason = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """移送有权机关（复核通过之后）。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason)
    lead_acts.hand_over(asked, to, document, as_json=as_json)


def delegate(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    to: Annotated[str, typer.Option(help="交办到哪个区县")],
    document: Document = "",
    due: Annotated[str, typer.Option(help="要求反馈的日期，如 2026-12-31")] = "",
    reason: Reason = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """交办区县核查。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason)
    lead_acts.delegate(asked, to, document, due, as_json=as_json)


def feedback(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Leads,
    result: Annotated[str, typer.Option(help="核查结果")] = "",
    teller: Annotated[str, typer.Option("--from", help="谁反馈的")] = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """登记区县对交办的反馈，回到研判。"""
    from console.cases import lead_acts

    asked = lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=result)
    lead_acts.feedback(asked, teller, as_json=as_json)


def approve(leads: Leads, reason: Reason = "", by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """复核通过：认定的人、认定之后并入过别的线索的人不能复核。"""
    from console.cases import lead_acts

    lead_acts.approve(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason), as_json=as_json)


def send_back(leads: Leads, reason: Reason = "", by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """退回重新研判，理由必填。"""
    from console.cases import lead_acts

    lead_acts.send_back(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason), as_json=as_json)


def answer(
    leads: Leads,
    result: Annotated[str, typer.Option(help="反馈了什么")] = "",
    by: By = "",
    seen: Seen = "",
    as_json: Json = False,
) -> None:
    """登记反馈：向交来的机关或举报人，或收到的答复。"""
    from console.cases import lead_acts

    lead_acts.answer(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=result), as_json=as_json)


def close(leads: Leads, reason: Reason = "", by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """办结，理由必填。"""
    from console.cases import lead_acts

    lead_acts.close(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason), as_json=as_json)


def reopen(leads: Leads, reason: Reason = "", by: By = "", seen: Seen = "", as_json: Json = False) -> None:
    """重新研判，理由必填；案件随之重开。"""
    from console.cases import lead_acts

    lead_acts.reopen(lead_acts.Asked(words=tuple(leads), by=by, seen=seen, reason=reason), as_json=as_json)
