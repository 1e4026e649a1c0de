"""Advertisements drawn from a seed, as sellers draw them: for the benchmark, the tests and the specimen web.

`python -m benchmarks.drawn FOLDER` draws the two pictures of the specimen web. Shapes are
inventions of ours; nothing here resembles an emblem or a seal.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.made import SEED

FONTS = Path("/usr/share/fonts/opentype/noto")
FACES = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc")
COLOURS = (("#c81e1e", "white"), ("white", "#1450a0"), ("#ffe650", "#a01414"), ("#222222", "#f4ecd8"))
OFFERS = (
    "发明专利包授权", "不授权全额退款", "内部绿色通道加急", "第一发明人挂名", "名额有限先到先得", "专利撰写一对一服务", "执业代理师面谈",
    "实用新型三个月下证", "商标注册查询续展", "高新认定辅导", "星河知产示例机构", "全国办理费用透明",
)  # fmt: skip
GUILTY = ("星河知产", "发明专利包授权", "不授权全额退款", "咨询请联系客服")
LAWFUL = ("示例知产", "专利撰写检索分析", "官费另计不承诺结果", "执业代理师一对一")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How an advertisement looks: the face's file name, the first line's height in pixels, ink and ground."""

    face: str = FACES[0]
    size: int = 48
    ink: str = "#c81e1e"
    ground: str = "white"


def advert(lines: Sequence[str], look: Look, *, width: int = 800, height: int = 800) -> Image.Image:
    """A picture with these lines, one under the other over its whole height, each a little indented."""
    image = Image.new("RGB", (width, height), look.ground)
    pen = ImageDraw.Draw(image)
    step = (height - 40) / len(lines)
    for number, line in enumerate(lines):
        size = look.size if number % 2 == 0 else round(look.size * 0.8)
        font = ImageFont.truetype(str(FONTS / look.face), size)
        pen.text((30 + 10 * (number % 3), 20 + number * step), line, font=font, fill=look.ink)
    return image


def adverts(count: int, *, side: int = 800) -> list[tuple[tuple[str, ...], Image.Image]]:
    """So many advertisements of five lines with what stands in them: faces, sizes and colours in turn."""
    chance = random.Random(SEED)
    made = []
    for number in range(count):
        ink, ground = COLOURS[number % len(COLOURS)]
        look = Look(face=FACES[number % len(FACES)], size=(28, 40, 56)[number % 3], ink=ink, ground=ground)
        lines = tuple(chance.sample(OFFERS, 5))
        made.append((lines, advert(lines, look, width=side, height=side)))
    return made


def png(image: Image.Image) -> bytes:
    """The picture's bytes, as small as PNG makes them."""
    body = BytesIO()
    image.quantize(32).save(body, "PNG", optimize=True)
    return body.getvalue()


def main() -> None:
    folder = Path(sys.argv[1])
    small = Look(size=36)
    (folder / "offer-1.png").write_bytes(png(advert(GUILTY, small, width=400, height=400)))
    (folder / "offer-2.png").write_bytes(png(advert(LAWFUL, small, width=400, height=400)))


if __name__ == "__main__":
    main()
