"""`lantian evidence`: sealing, checking, handing over and keeping what was captured. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

evidence_app = typer.Typer(help="证据：封存、状态、链首、验证、导出、保存期限。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@evidence_app.command("seal")
def evidence_seal(as_json: Json = False) -> None:
    """封存：把尚未封存的记录列入新的清单，接到链上；有时间戳服务的，随即请求时间戳。"""
    from console import sealing

    raise typer.Exit(sealing.seal(as_json=as_json))


@evidence_app.command("status")
def evidence_status(as_json: Json = False) -> None:
    """状态：未封存、已封存、有时间戳的各多少，链首，等待中的时间戳，操作日志。"""
    from console import sealing

    raise typer.Exit(sealing.show_status(as_json=as_json))


@evidence_app.command("head")
def evidence_head(
    export: Annotated[Path | None, typer.Option(help="写成文件，交第三方存证")] = None,
    as_json: Json = False,
) -> None:
    """链首：编号、SHA-256、SM3、封存时间、时间戳时间、操作日志；附件上所印的就是它。"""
    from console import sealing

    raise typer.Exit(sealing.show_head(export, as_json=as_json))


@evidence_app.command("stamp")
def evidence_stamp(as_json: Json = False) -> None:
    """时间戳：立即为每份还没有时间戳的清单请求；还有等待的，退出码 4。"""
    from console import stamping

    raise typer.Exit(stamping.stamp(as_json=as_json))


@evidence_app.command("verify")
def evidence_verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    path: Annotated[Path | None, typer.Argument(help="数据目录、archive 文件夹或 .wacz；默认 LANTIAN_HOME")] = None,
    anchor: Annotated[list[Path] | None, typer.Option(help="信任的时间戳机构证书（PEM），可多次；默认按设置")] = None,
    demand: Annotated[str, typer.Option(help="要求达到的状态：sealed 或 stamped")] = "",
    head: Annotated[list[str] | None, typer.Option(help="已知的链首 编号:SHA256，可多次；须在链上")] = None,
    is_quick: Annotated[bool, typer.Option("--quick", help="不解开记录，只与清单逐字节对照")] = False,
    as_json: Json = False,
) -> None:
    """核验：重读全部字节，逐项对照清单、链、时间戳和数据库；有不符或没有达到要求的状态，退出码 4。"""
    from console import verifying

    asked = verifying.Asked(path=path, anchors=anchor or (), demand=demand, heads=head or (), is_quick=is_quick)
    raise typer.Exit(verifying.verify_evidence(asked, as_json=as_json))


@evidence_app.command("hold")
def evidence_hold(
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")],
    reason: Annotated[str, typer.Option(help="理由")],
    person: Annotated[str, typer.Option(help="谁要求保留；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """保留：这条信息的固定不按期限删除，直到解除。"""
    from console import keeping

    raise typer.Exit(keeping.hold(exhibit, person, reason, as_json=as_json))


@evidence_app.command("release")
def evidence_release(
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")],
    person: Annotated[str, typer.Option(help="谁解除；要与凭据一致")] = "",
    of: Annotated[str, typer.Option(help="解除谁要求的保留；默认是自己的")] = "",
    as_json: Json = False,
) -> None:
    """解除保留：保存期限从此起算。"""
    from console import keeping

    raise typer.Exit(keeping.release(exhibit, person, of, as_json=as_json))


@evidence_app.command("holds")
def evidence_holds(
    with_lifted: Annotated[bool, typer.Option("--all", help="连同已解除的")] = False, as_json: Json = False
) -> None:
    """现有的保留。"""
    from console import keeping

    raise typer.Exit(keeping.list_holds(with_lifted=with_lifted, as_json=as_json))


@evidence_app.command("expire")
def evidence_expire(
    by: Annotated[str, typer.Option(help="谁决定删除；要与凭据一致")] = "",
    is_trial: Annotated[bool, typer.Option("--dry-run", help="只说会删除什么")] = False,
    as_json: Json = False,
) -> None:
    """保存期限：删除到期且不再需要的固定，摘要留在链上的清单里。"""
    from console import keeping

    raise typer.Exit(keeping.expire(by, is_trial=is_trial, as_json=as_json))


@evidence_app.command("shelve")
def evidence_shelve(as_json: Json = False) -> None:
    """放上存储：写完并封存的文件放到 [shelf] 所设之处，读回核对后从本机移走。"""
    from console import keeping

    raise typer.Exit(keeping.shelve(as_json=as_json))


@evidence_app.command("collect")
def evidence_collect(as_json: Json = False) -> None:
    """收齐：把各工作机交来的文件收进档案，核对、封存、放上存储；在巡查主机上运行。"""
    from console import handing

    raise typer.Exit(handing.collect_evidence(as_json=as_json))


@evidence_app.command("audit")
def evidence_audit(
    nights: Annotated[int, typer.Option(min=1, help="几夜把档案读完一遍；每夜读其中一份")] = 30,
    as_json: Json = False,
) -> None:
    """重读：按所定的夜数把封存的档案轮流重读一遍，先读最久没有读过的；有不对的，退出码 4。"""
    from console import fixity

    raise typer.Exit(fixity.audit(nights, as_json=as_json))


@evidence_app.command("export")
def evidence_export(  # noqa: PLR0913, PLR0917 - one parameter an option
    out: Annotated[Path, typer.Option("--out", "-o", help="要写出的 .wacz 文件；不覆盖已有的")],
    exhibit: Annotated[list[str] | None, typer.Option(help="证据项编号，或其前 6 位以上；可以有几个")] = None,
    lead: Annotated[list[str] | None, typer.Option(help="线索编号：它的全部证据项；可以有几个")] = None,
    case: Annotated[list[str] | None, typer.Option(help="案件编号：它各线索的全部证据项；可以有几个")] = None,
    by: Annotated[str, typer.Option(help="谁导出；只记入操作日志，不写进证据包；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """导出：证据项连同固定、证明、清单、时间戳、截图和文书，成为一个任何人都能核验的证据包（WACZ）。"""
    from console import export as export_

    asked = export_.Asked(
        exhibits=tuple(exhibit or ()), leads=tuple(lead or ()), cases=tuple(case or ()), out=out, by=by
    )
    raise typer.Exit(export_.export(asked, as_json=as_json))
