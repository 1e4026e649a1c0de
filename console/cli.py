"""`lantian`: every command a person or a timer types. Thin: it composes what others do.

Messages are Chinese and go to stderr; what a command found goes to stdout, with `--json` as
JSON. Exit codes: 0 done · 1 our bug · 2 usage or bad input · 3 some run was not ok/empty ·
4 evidence broken.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError, OperationalError

from console.archive.cli import archive_app
from console.calendar_cli import calendar_app
from console.cases.actor_cli import actor_app
from console.cases.audit_cli import audit_app
from console.cases.case_cli import case_app
from console.cases.incoming_cli import incoming_app
from console.cases.law_cli import law_app
from console.cases.lead_cli import lead_app
from console.cases.letter_cli import letter_app
from console.cases.report_cli import report_app
from console.cases.transfer_cli import transfer_app
from console.evidence_cli import evidence_app
from console.hand_cli import import_app, login, tasks_app
from console.notify_cli import notify_app
from console.output import MOST, harmless, reader_gone, speak_any_locale
from console.patrol_cli import patrol, roster_
from console.people_cli import extract, user_app
from console.recheck_cli import recheck_app
from console.registry_cli import registry_app
from console.rules_cli import rules_app
from console.spiders_cli import alarms_app, spiders_app
from console.supervision_cli import agency_app, draws, sample
from console.upkeep.backup_cli import backup, backups, restore
from console.upkeep.hearing import hear_migrations
from console.upkeep.upgrade_cli import move, upgrade
from console.upkeep.watching_cli import doctor, metrics
from console.watch_cli import watch_app
from console.worker_cli import worker
from crawler import clock
from crawler.errors import EXIT_EVIDENCE, EXIT_USAGE, EvidenceBroken, UserMistake

LONGEST_COMPLAINT = 2_000  # characters; what was typed may be quoted in it
app = typer.Typer(
    name="lantian",
    help="蓝天巡查：在搜索广告、网店和论坛中发现专利商标代理违法招揽，固定证据，交人决定。",
    no_args_is_help=True,
    add_completion=False,
    # A help text says [patrol] and means it; all apps below take this over.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
override_app = typer.Typer(help="robots.txt 禁止的平台：由具名人员签署的例外。", no_args_is_help=True)
app.add_typer(spiders_app, name="spiders")
app.add_typer(alarms_app, name="alarms")
app.add_typer(override_app, name="override")
app.add_typer(registry_app, name="registry")
app.add_typer(evidence_app, name="evidence")
app.add_typer(user_app, name="user")
app.add_typer(audit_app, name="audit")
app.add_typer(tasks_app, name="tasks")
app.add_typer(import_app, name="import")
app.add_typer(watch_app, name="watch")
app.add_typer(calendar_app, name="calendar")
app.add_typer(agency_app, name="agency")
app.add_typer(recheck_app, name="recheck")
app.add_typer(letter_app, name="letter")
app.add_typer(notify_app, name="notify")
app.add_typer(lead_app, name="lead")
app.add_typer(actor_app, name="actor")
app.add_typer(case_app, name="case")
app.add_typer(incoming_app, name="incoming")
app.add_typer(transfer_app, name="transfer")
app.add_typer(report_app, name="report")
app.add_typer(law_app, name="law")
app.add_typer(archive_app, name="archive")
app.command("backup")(backup)
app.command("backups")(backups)
app.command("restore")(restore)
app.command("upgrade")(upgrade)
app.command("move")(move)
app.command("doctor")(doctor)
app.command("metrics")(metrics)
app.command("sample")(sample)
app.command("draws")(draws)
app.command("extract")(extract)
app.command("login")(login)
app.command("patrol")(patrol)
app.command("roster")(roster_)
app.command("worker")(worker)
app.add_typer(rules_app, name="rules")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁在看；有用户以后，没有 LANTIAN_TOKEN 时在终端输入其口令")]


@app.command()
def read(
    spider: Annotated[str, typer.Argument(help="平台名，见 lantian spiders list")],
    file: Annotated[Path, typer.Argument(help="保存的页面（HTML 或 JSON）")],
    url: Annotated[str, typer.Option(help="该页面的网址")],
    query: Annotated[str, typer.Option(help="查询词")] = "",
    as_json: Json = False,
) -> None:
    """读一个保存下来的页面：结果、原因和其中的信息。"""
    from console import files

    raise typer.Exit(files.read_page(spider, file, url, query, as_json=as_json))


@app.command()
def screen(
    file: Annotated[Path, typer.Argument(help="JSON Lines：id、text，可有 title url seller platform kind")],
    registry: Annotated[Path | None, typer.Option(help="机构名录，CSV 或 XLSX")] = None,
    trial: Annotated[bool, typer.Option("--trial", help="也用试行规则")] = False,
    images: Annotated[Path | None, typer.Option(help="图片文件夹：每行可有 images，其中的文字一并检查")] = None,
) -> None:
    """用规则检查一批文本（可连同图片），逐行输出发现（JSON Lines）。"""
    from console import files

    files.screen_texts(file, registry, with_trial=trial, images=images)


@app.command("round")
def round_(
    queries: Annotated[Path | None, typer.Option(help="查询词文件（TOML 或每行一词）")] = None,
    spiders: Annotated[str, typer.Option(help="只查这些平台，逗号分隔")] = "",
    pages: Annotated[int, typer.Option(help="每个查询词最多翻几页；0 用设置值")] = 0,
    ack: Annotated[Path | None, typer.Option(help="每个证据项入库后，把编号写入此文件")] = None,
    as_json: Json = False,
) -> None:
    """跑一轮：每个平台、每个查询词，各有且只有一个结果。"""
    from console import rounds

    asked = rounds.Asked(queries=queries, spiders=spiders, pages=pages, ack=ack)
    raise typer.Exit(rounds.run_round(asked, as_json=as_json))


@app.command()
def leads(  # noqa: PLR0913, PLR0917 - one parameter an option
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    category: Annotated[str, typer.Option(help="只看此类别")] = "",
    limit: Annotated[int | None, typer.Option(min=1, max=MOST, help="最多几条；默认 50，--json 时全部")] = None,
    before: Annotated[str, typer.Option(help="接着上一页：上一页最后一条的证据项编号")] = "",
    each: Annotated[bool, typer.Option("--each", help="逐条显示，不把同类的合为一条")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """线索：平台、卖家、标出引文的标题、类别、分数、固定、完整性；同类的合为一条。"""
    from console import ledger
    from storage.shapes import LeadFilter

    wanted = LeadFilter(platform=platform, category=category, limit=limit or 0, before=before, by_group=not each)
    raise typer.Exit(ledger.show_leads(wanted, by=by, as_json=as_json))


@app.command()
def show(
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")],
    full: Annotated[bool, typer.Option("--full", help="连同条文全文")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """一个证据项：标出引文的原文、规则、条款、固定。"""
    from console import ledger

    raise typer.Exit(ledger.show_exhibit(exhibit, by=by, as_json=as_json, in_full=full))


@app.command()
def coverage(  # noqa: PLR0913, PLR0917 - one parameter an option
    round_id: Annotated[str, typer.Option("--round", help="哪一轮；默认最近一轮")] = "",
    first: Annotated[str, typer.Option("--from", help="从哪一天起，如 2026-11-01")] = "",
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）；默认今天")] = "",
    watch: Annotated[str, typer.Option(help="只看这个巡查任务")] = "",
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    as_json: Json = False,
) -> None:
    """覆盖：应查的每一项各是什么结果，什么没有看到；一轮的，或一段时间的（--from、--to）。"""
    from console import coverage as coverage_
    from console import coverage_period

    asked = coverage_period.Asked(first=first, last=last, watch=watch, platform=platform)
    if asked.is_asked and round_id:
        raise UserMistake("--round 看一轮，--from、--to、--watch、--platform 看一段时间，不能同时用")
    if asked.is_asked:
        raise typer.Exit(coverage_period.show_period(asked, clock.now(), as_json=as_json))
    raise typer.Exit(coverage_.show_coverage(round_id, as_json=as_json))


@override_app.command("sign")
def override_sign(
    platform: Annotated[str, typer.Argument(help="平台名")],
    reason: Annotated[str, typer.Option(help="理由")],
    person: Annotated[str, typer.Option(help="签署人姓名；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """签署一项例外：姓名、理由、日期都会随证据保存。"""
    from console import coverage as coverage_

    coverage_.sign_override(platform, person, reason, as_json=as_json)


@override_app.command("list")
def override_list(as_json: Json = False) -> None:
    """已签署的例外。"""
    from console import coverage as coverage_

    coverage_.list_overrides(as_json=as_json)


@app.command("rescreen")
def rescreen_(  # noqa: PLR0913, PLR0917 - one parameter an option
    since: Annotated[str, typer.Option(help="只看这一天（含）以后看见的，如 2026-01-31")] = "",
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="最多几条；0 为全部")] = 0,
    before: Annotated[str, typer.Option(help="接着上一次：上一次最后一条的证据项编号")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="写入；旧的发现保留在历史里")] = False,
    by: Annotated[str, typer.Option(help="谁决定写入；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """用现在的规则重新判定已存的信息，不上网：有什么变化；--apply 才写入。"""
    from console import rescreen

    asked = rescreen.Asked(since=since, platform=platform, limit=limit, before=before, apply=apply, by=by)
    raise typer.Exit(rescreen.rescreen(asked, as_json=as_json))


@app.command("demo")
def demo_(
    specimen: Annotated[Path, typer.Option(help="样本网的文件夹")] = Path("specimen"),
    keep_running: Annotated[bool, typer.Option("--serve/--once", help="跑完后让样本网继续开着")] = False,
) -> None:
    """在本机的样本网上跑完整一轮，并显示线索和覆盖。"""
    from console import demo

    raise typer.Exit(demo.run_demo(specimen, keep_running=keep_running))


def main() -> None:
    """The entry point: a person's mistake is one line, broken evidence is exit 4."""
    speak_any_locale()
    hear_migrations()
    try:
        app()
    except UserMistake as mistake:
        _end(str(mistake), EXIT_USAGE)
    except EvidenceBroken as broken:
        _end(f"证据不完整：{broken}", EXIT_EVIDENCE)
    except OperationalError as wrong:
        _end(f"数据库不能读写：{wrong.orig}", EXIT_USAGE)
    except DatabaseError as wrong:
        _end(f"数据库已损坏：{wrong.orig}", EXIT_EVIDENCE)
    except OSError as wrong:
        # A full disk, a home that may not be written: the operator must act, not we.
        reader_gone()
        _end(f"读写失败：{wrong}", EXIT_USAGE)


def _end(message: str, code: int) -> None:
    told = message if len(message) <= LONGEST_COMPLAINT else f"{message[:LONGEST_COMPLAINT]}…"
    print(f"lantian: {harmless(told)}", file=sys.stderr)
    sys.exit(code)
