"""年度总结: what a yearly summary holds, as far as rows say it. What no row says is a line to be filled by hand.

It decides nothing and praises nothing: cases, problems and plans are empty headings for whoever writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from casework.papers.paper import Block, Column, Grid, Heading, Lines, Paper
from casework.reports.charts import Chart, Marks, Series, bars, shares, stacked
from casework.reports.coverage import COLUMNS, Covered, statement, table
from casework.reports.figures import Group, Report
from casework.reports.period import DistrictLine
from casework.reports.told import middle_words, percent, rate_words
from casework.reports.words import UNASSIGNED
from crawler.clock import SHANGHAI, in_shanghai

BY_HAND = "【待填】"
MOST_ROWS = 20
WRITE = "（由人撰写。）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One draw of lots (双随机): so many of so many."""

    day: date
    source: str
    wanted: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionFacts:
    """Whom the office supervises: `None` where no registry was imported."""

    agencies: int | None
    looked_for: int
    seen: int
    closely: int
    draws: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFacts:
    """All that a summary is made of."""

    year: int
    office: str
    to: str
    due: date
    now: datetime
    report: Report
    districts: tuple[DistrictLine, ...]
    supervision: SupervisionFacts
    published: int
    covered: Covered
    districts_only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The paper's frame, and its parts in their order: blocks and charts."""

    paper: Paper
    parts: tuple[Block | Chart, ...]


def due_words(facts: YearFacts) -> str:
    """By when it is wanted, and how late it is."""
    to = f"，报送{facts.to}" if facts.to else ""
    late = (facts.now.astimezone(SHANGHAI).date() - facts.due).days
    return f"报送期限：{facts.due}{to}。" + (f"已逾期 {late} 天。" if late > 0 else f"还有 {-late} 天。")


def summary(facts: YearFacts) -> Summary:
    """The yearly summary."""
    office = facts.office or BY_HAND
    paper = Paper(
        title=f"{facts.year}年“蓝天”专项整治行动工作总结",
        blocks=(),
        foot=(f"{office}　数据截至 {in_shanghai(facts.now)}　各条均为涉嫌，以查证结论为准",),
    )
    sections = (_overview, _leads, _platforms, _agencies, _enforcement, _abnormal, _publicity, _prose, _coverage)
    return Summary(paper=paper, parts=tuple(one for section in sections for one in section(facts)))


def _overview(facts: YearFacts) -> Iterator[Block | Chart]:
    report, covered = facts.report, facts.covered
    leads, sent = report.group("leads.source").whole.value, report.group("sent.kind").whole.value
    true = report.group("leads.conclusion").part("true").value
    yield Heading(text="一、总体情况")
    yield Lines(
        lines=(
            (
                f"{facts.year}年登记线索 {leads} 条，经两人审核属实 {true} 条；发函 {sent} 件。"
                f"应查 {covered.planned} 项，看到 {covered.seen} 项，没有看到 {covered.unseen} 项（见附表）。"
            ),
            due_words(facts),
            *_scope_words(facts),
            f"标有{BY_HAND}的由人填写：本系统没有这些信息，也不推算。",
        )
    )


def _scope_words(facts: YearFacts) -> tuple[str, ...]:
    names = "、".join(facts.districts_only)
    return (f"线索和函的数字只含 {names}：制表人只能看这些区县。",) if names else ()


def _leads(facts: YearFacts) -> Iterator[Block | Chart]:
    report = facts.report
    yield Heading(text="二、线索")
    yield _by_month(facts)
    for name in ("source", "category", "platform", "actor_kind"):
        yield _grid(report.group(f"leads.{name}"))
    yield _bars(report.group("leads.category"), "线索的类别")
    yield _bars(report.group("leads.platform"), "线索的平台")
    yield Lines(lines=(*(rate_words(one) for one in report.rates[:2]), _repeated(report)))
    yield Lines(lines=("第一时间通报、处理、反馈（从登记起算）：", *map(middle_words, report.middles[:3])))
    yield _times(report)
    yield _districts(facts.districts)


def _platforms(facts: YearFacts) -> Iterator[Block | Chart]:
    report = facts.report
    yield Heading(text="三、平台处置")
    for name in ("sent.kind", "sent.answer", "named.measure", "named.recheck"):
        yield _grid(report.group(name))
    yield _bars(report.group("named.measure"), "平台措施")
    links = report.group("links.platform").whole.value
    told = [f"涉及链接 {links} 个。", *(rate_words(one) for one in report.rates[2:])]
    told += [middle_words(one) for one in report.middles[3:]]
    yield Lines(lines=(*told, f"平台自查（拦截信息、处理违规信息或商品、整改、封禁账号、巡查词库规模）：{BY_HAND}"))


def _agencies(facts: YearFacts) -> Iterator[Block | Chart]:
    known, report = facts.supervision, facts.report
    yield Heading(text="四、机构监管")
    listed = f"名录中代理机构和分支机构 {known.agencies} 家" if known.agencies is not None else "未导入机构名录"
    lines = [
        f"{listed}；本年排进巡查 {known.looked_for} 家，看到 {known.seen} 家；重点监控 {known.closely} 家。",
        f"双随机抽查 {len(known.draws)} 次" + ("：" if known.draws else "。"),
        *(
            f"{one.day}，从 {one.source} {one.size} 家中抽取 {one.wanted} 家（{percent(_share(one))}）。"
            for one in known.draws
        ),
        f"抽查发现问题数：{BY_HAND}",
        f"约谈函 {_sent(report, 'talk')} 件；实际约谈次数、机构数：{BY_HAND}",
        f"责令整改函 {_sent(report, 'order')} 件；整改到位率：{BY_HAND}",
        f"信用加减分条数：{BY_HAND}　列入经营异常：{BY_HAND}　严重违法失信：{BY_HAND}",
        f"挂证核查人数、查实数：{BY_HAND}　人均代理量异常机构数：{BY_HAND}　预审限制机构数：{BY_HAND}",
    ]
    yield Lines(lines=tuple(lines))


def _enforcement(facts: YearFacts) -> Iterator[Block | Chart]:
    handed = facts.report.group("acts").part("hand_over").value
    yield Heading(text="五、执法")
    yield Lines(
        lines=(
            f"立案：{BY_HAND}　办结：{BY_HAND}　处罚件数：{BY_HAND}　罚没金额（万元）：{BY_HAND}",
            f"移送线索 {handed} 条，移送函 {_sent(facts.report, 'transfer')} 件；其中移送公安：{BY_HAND}",
            f"公示曝光 {facts.published} 条。",
            f"案件统计表行为代码各项（案件总数、普通程序、调解、案值、罚款、没收、挽回损失、移送司法）：{BY_HAND}",
        )
    )


def _abnormal(facts: YearFacts) -> Iterator[Block | Chart]:
    leads = facts.report.group("leads.category").part("abnormal_filing").value
    yield Heading(text="六、非正常申请")
    yield Lines(
        lines=(
            f"网上招揽非正常申请的线索 {leads} 条。",
            f"通报数：{BY_HAND}　撤回率：{BY_HAND}　申诉通过率：{BY_HAND}　重点单位自查：{BY_HAND}",
        )
    )


def _publicity(facts: YearFacts) -> Iterator[Block | Chart]:
    yield Heading(text="七、宣传引导")
    yield Lines(
        lines=(
            f"风险提示函 {_sent(facts.report, 'warn')} 件。",
            f"公开举报电话、渠道：{BY_HAND}　培训场次、人次：{BY_HAND}",
            f"自律倡议：{BY_HAND}　示范合同推广：{BY_HAND}",
        )
    )


def _prose(_facts: YearFacts) -> Iterator[Block | Chart]:
    for number, name in zip("八九十", ("典型案例", "经验做法", "问题建议和下步打算"), strict=True):
        yield Heading(text=f"{number}、{name}")
        yield Lines(lines=(WRITE,))


def _coverage(facts: YearFacts) -> Iterator[Block | Chart]:
    yield Heading(text="附：覆盖说明")
    yield Lines(lines=statement(facts.covered))
    widths = (30, 15, 15, 20, 19, 19, 20, 18)
    rows = tuple(tuple((cell,) for cell in row) for row in table(facts.covered))
    names = zip(COLUMNS, widths, strict=True)
    yield Grid(columns=tuple(Column(name=name, width=width) for name, width in names), rows=rows)


# -- parts -----------------------------------------------------------------------------------------


def _grid(group: Group) -> Grid:
    """What, how many, and which share of the whole."""
    rows = [
        ((one.label,), (str(one.figure.value),), (percent(one.figure.value / group.whole.value),))
        for one in group.parts[:MOST_ROWS]
        if group.whole.value
    ]
    left = group.parts[MOST_ROWS:]
    if left:
        rest = len({row for one in left for row in one.figure.ids})
        rows.append(((f"其余 {len(left)} 项",), (str(rest),), (percent(rest / group.whole.value),)))
    last = "合计（去重）" if group.overlaps else "合计"
    rows.append(((last,), (str(group.whole.value),), ("",)))
    columns = (Column(name=group.title, width=96), Column(name="数量", width=30), Column(name="占比", width=30))
    return Grid(columns=columns, rows=tuple(rows))


def _bars(group: Group, title: str) -> Chart:
    parts = group.parts[:8]
    return bars(title, [one.label for one in parts], [one.figure.value for one in parts])


def _by_month(facts: YearFacts) -> Chart:
    """Every month of the year that has begun; one in which nobody saw a page says so, for its zero tells nothing."""
    report, seen = facts.report, {one.day.month for one in facts.covered.days if one.seen}
    begun = 12 if facts.now.astimezone(SHANGHAI).year > facts.year else facts.now.astimezone(SHANGHAI).month
    months = [report.group("leads.month").part(f"{facts.year}-{month:02}") for month in range(1, begun + 1)]
    names = [f"{month}月" for month in range(1, begun + 1)]
    blank = [month for month in range(1, begun + 1) if month not in seen]
    told = ("灰底：该月没有看到任何页面，不等于没有违法信息", "、".join(f"{one}月" for one in blank))
    marks = Marks(blank=tuple(one - 1 for one in blank), words=told if blank else ())
    conclusions = report.group("leads.conclusion")
    known = {"属实": set(conclusions.part("true").ids), "误报": set(conclusions.part("false").ids)}
    series = [Series(name=name, values=tuple(len(ids & set(one.ids)) for one in months)) for name, ids in known.items()]
    judged = set().union(*known.values())
    rest = Series(name="尚无结论", values=tuple(len(set(one.ids) - judged) for one in months))
    return stacked("每月登记的线索", names, [*series, rest], marks)


def _times(report: Report) -> Chart:
    groups = [report.group(f"leads.{name}") for name in ("told", "handled", "answered")]
    series = [
        Series(name=word, values=tuple(one.part(key).value for one in groups))
        for word, key in (("限内", "within"), ("超限", "late"), ("尚未到此步", "waiting"))
    ]
    return shares("三个第一时间", ["通报", "处理", "反馈"], series)


def _districts(lines: Sequence[DistrictLine]) -> Grid:
    names = [one.label for one in lines[-1].parts]
    columns = (Column(name="区县", width=24), *(Column(name=name, width=12) for name in names))
    rows = tuple(((one.district or UNASSIGNED,), *((str(part.figure.value),) for part in one.parts)) for one in lines)
    return Grid(columns=columns, rows=rows)


def _repeated(report: Report) -> str:
    group = report.group("actors.repeat")
    return f"涉及主体 {group.whole.value} 个，其中重复违法（两条以上经复核属实）{group.part('repeat').value} 个。"


def _share(drawn: Drawn) -> float | None:
    return drawn.wanted / drawn.size if drawn.size else None


def _sent(report: Report, kind: str) -> int:
    return report.group("sent.kind").part(kind).value
