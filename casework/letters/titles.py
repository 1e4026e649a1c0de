"""Where a long title is broken: between words, into lines of which none is more than a third shorter than the rest."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

WIDEST = 19  # characters of 22 pt in 156 mm, one less than would fit
MOST_PIECES = 40  # more ways to part them than are worth trying
_WORDS = """
    关于 商请 提请 协助 处置 核查 查处 查证 涉嫌 违法 违规 代理 业务 招揽 信息 删除 链接 关停 店铺
    健全 制度 责令 限期 改正 约谈 警示 谈话 线索 移送 通报 风险 提示 催办 催告 反馈 有关 情况 专利
    商标 知识产权 平台 网络 互联网 保护中心 代办处 保证授权 包授权 绿色通道 冒用 官方 名义 发明人 挂名
    无资质 非正常 申请 恶意 注册 广告 搜索 服务 机构 有限公司 股份 公司 科技 通知 工作 要求 审查
    管理 监督 市场 有限 问题 事项 处理 结果 推广 内容 账号 商品 页面 发布 审核 措施 落实 主体 责任
    进一步 加强 依法 及时 商请协助
"""
_PIECES = re.compile("|".join(sorted(map(re.escape, _WORDS.split()), key=len, reverse=True)) + r"|[!-~]+|.", re.S)
_NEVER_FIRST = set("的了等函》”’）〕】、，。：；！？…·　 和与及或")
_NEVER_LAST = set("《“‘（〔【关对向为不")


def title_lines(title: str) -> tuple[str, ...]:
    """The title as one to four lines; one that no word end breaks well is broken anywhere."""
    if ems(title) <= WIDEST:
        return (title,)
    pieces = _cut(title)
    for number in (2, 3, 4):
        if len(pieces) <= MOST_PIECES and ems(title) <= number * WIDEST and (best := _best(pieces, number)):
            return best
    return tuple(title[at : at + WIDEST] for at in range(0, len(title), WIDEST))


def _cut(title: str) -> list[str]:
    """Words, each with what may not begin a line after it and what may not end one before it."""
    pieces: list[str] = []
    for piece in _PIECES.findall(title):
        joins = pieces and (piece[0] in _NEVER_FIRST or pieces[-1][-1] in _NEVER_LAST)
        if joins:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _best(pieces: list[str], number: int) -> tuple[str, ...]:
    """Of all ways to part the pieces the one whose lines are most alike, the longer ones above."""
    found = []
    for cuts in combinations(range(1, len(pieces)), number - 1):
        edges = (0, *cuts, len(pieces))
        lines = tuple("".join(pieces[a:b]) for a, b in pairwise(edges))
        widths = [ems(line) for line in lines]
        if max(widths) <= WIDEST and min(widths) * 3 >= max(widths):
            alone = sum(len(pieces[at]) == 1 for cut in cuts for at in (cut - 1, cut) if at < len(pieces))
            rises = sum(max(0.0, b - a) for a, b in pairwise(widths))
            found.append((max(widths) - min(widths) + 2 * alone + rises, lines))
    return min(found)[1] if found else ()


def ems(text: str) -> float:
    """How many characters' width a line takes: Latin ones count half."""
    return sum(0.5 if one <= "\u02ff" else 1.0 for one in text)
