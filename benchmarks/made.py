"""Pages for the benchmarks, made from a seed: result lists that repeat themselves as real ones do."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

SEED = 20261120
CARDS = 96
DEPTH = 3  # pages a query
GUILTY = (
    "发明专利包授权 不过全额退款",
    "专利加急内部渠道 七天下证",
    "国家知识产权局官方申请平台 专利受理",
    "发明专利第一发明人挂名 名额有限",
)
WORDS = (
    "专利 商标 申请 注册 代理 实用新型 外观设计 发明 检索 撰写 答复 年费 缴纳 转让 许可 评估 咨询 服务 企业 高新 认定 版权 登记 "
    "顾问 一对一 资深 团队 正规 机构 快速 响应 全国 办理 费用 透明 流程 清晰 材料 指导 复审 无效 布局 分析 报告 查新 变更"
).split()


def _text(chance: random.Random, words: int) -> str:
    return "".join(chance.choices(WORDS, k=words))


def _card(chance: random.Random, sku: int, share: float) -> str:
    title = chance.choice(GUILTY) if chance.random() < share else _text(chance, 10)
    picture = chance.randbytes(12).hex()
    return (
        f'<li data-sku="{sku}" data-spu="{sku}" ware-type="10" class="gl-item"><div class="gl-i-wrap">'
        f'<div class="p-img"><a target="_blank" title="{title}" href="//item.jd.com/{sku}.html" '
        f"onclick=\"searchlog(1, '{sku}','{chance.randrange(99)}','2','','flagsClk={chance.randrange(10**9)}');\">"
        f'<img width="220" height="220" class="err-product" data-img="1" src="//img.specimen.example/n7/{picture}.jpg" /></a>'
        '<div data-lease="" data-catid="6980" data-venid="1000" data-presale="0"></div></div>'
        f'<div class="p-price"><strong class="J_{sku}" data-price="{chance.randrange(99999)}.00"><em>￥</em>'
        f"<i>{chance.randrange(99999)}.00</i></strong></div>"
        f'<div class="p-name p-name-type-2"><a target="_blank" title="{_text(chance, 30)}" href="//item.jd.com/{sku}.html">'
        f'<em>{title[:4]}<font class="skcolor_ljg">{title[4:6]}</font>{title[6:]} {_text(chance, 12)}</em>'
        f'<i class="promo-words" id="J_AD_{sku}">{_text(chance, 40)}</i></a></div>'
        f'<div class="p-commit" data-done="1"><strong><a id="J_comment_{sku}" target="_blank" '
        f'href="//item.jd.com/{sku}.html#comment">{chance.randrange(999)}</a>条评价</strong></div>'
        f'<div class="p-shop" data-selfware="0" data-score="5" data-reputation="9" data-shopid="{chance.randrange(10**6)}">'
        f'<span class="J_im_icon"><a target="_blank" class="curr-shop" title="" '
        f'href="//mall.jd.com/index-{chance.randrange(10**6)}.html">{_text(chance, 3)}专营店</a></span></div>'
        f'<div class="p-icons" id="J_pro_{sku}" data-done="1"><i class="goods-icons J-picon-tips" data-tips="{_text(chance, 8)}">'
        f"自营</i></div></div></li>"
    )


def result_page(number: int, *, share: float, place: int = 1) -> str:
    """A JD-like page of about 200 kB with 96 cards, of which `share` (0–1) offer what is forbidden.

    `place` is where it stands among the `DEPTH` pages of its query.
    """
    chance = random.Random(SEED + number)
    cards = "".join(_card(chance, 100_000_000 + number * CARDS + place, share) for place in range(CARDS))
    filler = "".join(
        f'<li><a href="//list.specimen.example/{place}">{_text(chance, 3)}</a></li>' for place in range(300)
    )
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>专利 - 商品搜索</title></head><body>'
        f'<div class="nav"><ul>{filler}</ul></div><div id="J_topPage"><span class="fp-text"><b>{place}</b><em>/</em><i>{DEPTH}</i>'
        '</span></div><div id="J_goodsList" class="goods-list-v2"><ul class="gl-warp clearfix">'
        f"{cards}</ul></div></body></html>"
    )


def write_web(folder: Path, queries: int, *, share: float) -> None:
    """A specimen web of `queries` searches on search.jd.com, `DEPTH` pages each, already gzipped."""
    folder.mkdir(parents=True)
    entries = ["version = 1\n"]
    for query in range(queries):
        for place in range(1, DEPTH + 1):
            name = f"{query}-{place}.html"
            page = result_page(query * DEPTH + place, share=share, place=place)
            (folder / name).write_bytes(gzip.compress(page.encode(), 6, mtime=0))
            entries.append(
                f'[[page]]\nhost = "search.jd.com"\npath = "/Search?keyword=q{query}&page={2 * place - 1}"\nfile = "{name}"\n'
                'headers = { "Content-Type" = "text/html; charset=utf-8", "Content-Encoding" = "gzip" }\n'
            )
    (folder / "manifest.toml").write_text("\n".join(entries), encoding="utf-8")
