"""`lantian transfer …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

transfer_app = typer.Typer(
    help="转办包：与其他单位之间移送、交办线索，签名、去除举报人、可核验。", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Fingerprint = Annotated[str, typer.Argument(help="对方 lantian transfer key 所示的指纹，64 位十六进制")]


@transfer_app.command("out")
def transfer_out(  # noqa: PLR0913, PLR0917 - one parameter an option
    leads: Annotated[str, typer.Option(help="线索编号，逗号分隔")],
    to: Annotated[str, typer.Option(help="给哪个单位")],
    document: Annotated[str, typer.Option(help="本单位的文号")],
    out: Annotated[Path, typer.Option(help="写成哪个 .ltp 文件")],
    purpose: Annotated[str, typer.Option("--as", help="移送（要已复核）或 交办")] = "移送",
    due: Annotated[str, typer.Option(help="请对方在哪一天前反馈，如 2026-11-30")] = "",
    with_contacts: Annotated[
        bool, typer.Option("--with-contacts", help="不遮盖联系方式；要有联系方式可见权限")
    ] = False,
    with_evidence: Annotated[bool, typer.Option("--with-evidence", help="附上可独立核验的证据包")] = False,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="举报人密钥不在手边也发出：没有比对举报人信息，并记入操作日志")
    ] = False,
    as_json: Json = False,
) -> None:
    """写一份签名的转办包，并对每条线索记下移送或交办。"""
    from console.cases import transfer_out as transfer_out_

    named = tuple(filter(None, re.split(r"[,，、\s]+", leads)))
    asked = transfer_out_.Asked(leads=named, to=to, document=document, out=out, purpose=purpose, due=due,
                                with_contacts=with_contacts, with_evidence=with_evidence,
                                is_unchecked=unchecked)  # fmt: skip
    transfer_out_.send(asked, as_json=as_json)


@transfer_app.command("import")
def transfer_import(
    file: Annotated[Path, typer.Argument(help="转办包（.ltp）")],
    district: Annotated[str, typer.Option(help="归哪个区县")] = "",
    evidence_out: Annotated[Path | None, typer.Option(help="把其中的证据包另存为这个 .wacz 文件")] = None,
    as_json: Json = False,
) -> None:
    """核验并导入一份转办包：整份导入或一条也不导入，同一线索不重复登记。"""
    from console.cases import transfer_in

    transfer_in.take_in(file, district, evidence_out, as_json=as_json)


@transfer_app.command("list")
def transfer_list(
    direction: Annotated[str, typer.Option(help="只列 out（发出）或 in（收到）")] = "",
    before: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一页：上一页最后一个号")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几份")] = 50,
    as_json: Json = False,
) -> None:
    """发出和收到的转办包。"""
    from console.cases import transfer_in

    transfer_in.list_transfers(direction, before, limit, as_json=as_json)


@transfer_app.command("trust")
def transfer_trust(
    office: Annotated[str, typer.Argument(help="对方单位")],
    fingerprint: Fingerprint,
    as_json: Json = False,
) -> None:
    """与对方核对过后，具名确认这把钥匙是那个单位的；此后才导入它签的包。"""
    from console.cases import transfer_in

    transfer_in.trust_key(office, fingerprint, as_json=as_json)


@transfer_app.command("distrust")
def transfer_distrust(
    fingerprint: Fingerprint,
    reason: Annotated[str, typer.Option(help="理由")],
    as_json: Json = False,
) -> None:
    """不再信任一把钥匙。"""
    from console.cases import transfer_in

    transfer_in.distrust_key(fingerprint, reason, as_json=as_json)


@transfer_app.command("key")
def transfer_key(as_json: Json = False) -> None:
    """自己签名所用钥匙的指纹，读给对方核对。"""
    from console.cases import transfer_in

    transfer_in.show_key(as_json=as_json)
