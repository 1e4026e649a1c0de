"""Invented letters: a tame one of any length, and one that hostile listings filled."""

from __future__ import annotations

import io
from dataclasses import replace

from paper_specimens import HOSTILE
from PIL import Image, ImageDraw

from casework.letters.letter import Annex, Column, Grid, Kind, Letter, Lines, Listed, Paragraph, Picture

ADDRESSEE, OFFICE = "示例网络科技有限公司", "示例市知识产权局"
SUSPECTED = "以上为监测发现的涉嫌线索，尚待依法查证。"
COLUMNS = (
    ("序号", 8), ("线索编号", 20), ("类别", 16), ("网址", 45), ("店铺或账号", 18), ("页面标题", 25),
    ("违规表述摘录", 30), ("发现时间", 18), ("固定时间", 18), ("文件哈希", 35), ("建议措施", 15),
)  # fmt: skip
WORDS = (
    *HOSTILE,
    "{{7*7}}{% for x in y %}{# c #}{_{ }_} {_% %_} ${x} %}",
    "{{r x}}{%p endfor %}",
    "</w:t></w:r></w:p><w:p><w:r><w:t>",
    "㬵胶 ∕／`‵｀ ―—–‐‑ ·•∙・ 郎\uf92c鿰䶷𠀀",
    "@SUM(A1)\t+1\r-2",
    "——与……及—《“‘”’》〔〕【】·、；：？！（）％￥",
    "＝1+1 ＋1 －1 ＠a",
)


def png(width: int = 600, height: int = 400, word: str = "1") -> bytes:
    """A picture of nobody's page."""
    image = Image.new("RGB", (width, height), (240, 244, 255))
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, width - 20, 80), fill=(30, 80, 160))
    draw.text((30, 110), f"specimen {word}", fill=(0, 0, 0))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def listed(number: int) -> Listed:
    """One lead of the list."""
    return Listed(
        number=str(number),
        lead=f"X2026-{number:04d}",
        category="包授权",
        url=f"https://shop.xinghe.example/item/{number}?id=9900{number}&from=%E4%B8%93",
        account="星河知产",
        title="发明专利代写 包授权 不过退款",
        quote="“包授权”“不授权全额退款”",
        seen="2026-11-20 13:05:39",
        captured="2026-11-20 13:05:41",
        sha256=f"{number % 256:02x}" * 32,
        measure="删除链接",
    )


def row(one: Listed) -> tuple[tuple[str, ...], ...]:
    """The same lead as a row of the annex."""
    return (
        (one.number,), (one.lead,), (one.category,), (one.url,), (one.account,), (one.title,), (one.quote,),
        (one.seen,), (one.captured,), (one.sha256,), (one.measure,),
    )  # fmt: skip


def leads_annex(rows: tuple[tuple[tuple[str, ...], ...], ...]) -> Annex:
    """线索清单, lying on its side."""
    columns = tuple(Column(name=name, width=width) for name, width in COLUMNS)
    return Annex(
        name="线索清单", blocks=(Grid(columns=columns, rows=rows),), is_wide=True, foot=("时间均为北京时间。",)
    )


def letter(leads: int = 3, *, lines: int = 4, pictures: int = 0) -> Letter:
    """A letter to a platform; `lines` paragraphs of the same request make it longer."""
    receipt = Grid(
        columns=tuple(
            Column(name=name, width=26) for name in ("线索编号", "是否属实", "措施", "处置时间", "主体", "经办人")
        ),
        rows=tuple(((listed(at).lead,), (), (), (), (), ()) for at in range(1, min(leads, 30) + 1)),
    )
    annexes = [
        leads_annex(tuple(row(listed(at)) for at in range(1, leads + 1))),
        Annex(name="反馈回执", blocks=(Lines(lines=("请填写后盖章反馈。",)), receipt)),
    ]
    if pictures:
        shown = tuple(
            Picture(
                png=png(word=str(at), height=400 * at),
                caption=f"图{at} 线索 X2026-{at:04d} 页面",
                mark=f"SHA-256 {'ab' * 32}",
            )
            for at in range(1, pictures + 1)
        )
        annexes.append(Annex(name="页面截图", pictures=shown))
    request = (
        "请贵公司自收到本函之日起10个工作日内核查上述信息，对属实的依法并依平台服务协议和规则采取删除、屏蔽等必要措施。"
    )
    return Letter(
        kind=Kind.REMOVE,
        letterhead=OFFICE,
        code="示知函",
        year=2026,
        marks=("草稿", "【条文待核】"),
        title="关于商请协助处置涉嫌违法代理业务招揽信息的函",
        addressee=ADDRESSEE,
        paragraphs=(
            Paragraph(
                text="为落实知识产权代理行业年度专项整治部署，我局对网络平台开展日常监测，现将有关情况函告如下。"
            ),
            Paragraph(text="一、有关情况", level=1),
            Paragraph(text="（一）线索", level=2),
            Paragraph(text=f"监测发现涉嫌包授权的信息共{leads}条（见附件1）。{SUSPECTED}"),
            Paragraph(text="二、请予事项", level=1),
            *(Paragraph(text=f"{at}. {request}", level=3) for at in range(1, lines + 1)),
            Paragraph(text="此函。"),
        ),
        annexes=tuple(annexes),
        signer=OFFICE,
        contact="联系人：示例甲，电话：13800000000",
        copies=("示例市市场监督管理局",),
        own_number="H2026-0007",
    )


def hostile_listed(word: str) -> Listed:
    """A lead whose every field a hostile page wrote."""
    return Listed(
        number=word, lead=word, category=word, url=word, account=word, title=word, quote=word, seen=word, captured=word,
        sha256=word, measure=word, query=word, position=word,
    )  # fmt: skip


def hostile(words: tuple[str, ...]) -> Letter:
    """The tame letter with a row for each of these words, and every one in the text and under a picture."""
    tame = letter(1)
    rows = tuple((("x",),) * 5 + ((word,),) * 2 + (("y",),) * 4 for word in words)
    shown = tuple(Picture(png=png(), caption=word, mark=word) for word in words[:2])
    pictures = Annex(name="页面截图", pictures=shown, blocks=(Lines(lines=words),))
    quoted = tuple(Paragraph(text=f"页面称“{word[:200]}”。") for word in words)
    return replace(
        tame,
        paragraphs=(*tame.paragraphs[:-1], *quoted, tame.paragraphs[-1]),
        annexes=(leads_annex((row(listed(1)), *rows, row(listed(2)))), tame.annexes[1], pictures),
    )
