"""What is told of listings' pictures and of what was read in them, and the office's own shapes. It reads no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.output import say
from crawler.config import Config
from crawler.items import Capture, Finding
from crawler.pictures import Fate
from detectors.shapes import Shape, load_shapes
from storage.picture_shapes import ExhibitPicture, PictureCounts, total_counts

FATE_WORDS = {Fate.PENDING: "待识别", Fate.READ: "已识别", Fate.SKIPPED: "略过", Fate.FAILED: "失败"}


def office_shapes(config: Config) -> tuple[Shape, ...]:
    """The office's reference shapes, read before anything is crawled: a wrong one is the person's to mend."""
    return load_shapes(config.shapes)


def say_counts(counts: Mapping[str, PictureCounts], waiting: int) -> None:
    """The line over these runs; `waiting` are the pictures of all rounds that wait to be read."""
    total = total_counts(counts.values())
    if counts:
        say(pictures_line(total))
    if waiting > total.pending:
        say(f"其他各轮还有 {waiting - total.pending} 张图片待识别，下一轮接着识别")


def pictures_line(counts: PictureCounts) -> str:
    """图片：已识别 n，命中 m，待识别 k，失败 j（原因）."""
    line = f"图片：已识别 {counts.read}，命中 {counts.hits}，待识别 {counts.pending}，失败 {counts.failed}"
    line += f"，略过 {counts.skipped}" if counts.skipped else ""
    why = "，".join(f"{reason} {number}" for reason, number in counts.reasons)
    return f"{line}（{why}）" if why else line


def shown_captures(images: Sequence[ExhibitPicture]) -> list[Capture]:
    """The captures that findings rest on."""
    return [one.capture for one in images if one.findings and one.capture]


def quote_words(finding: Finding) -> str:
    """The quote; a likeness quotes no words."""
    return finding.quote or "图形近似"


def place_in_picture(finding: Finding) -> str:
    left, top, right, bottom = finding.box
    text = f"识别文字第 {finding.start + 1}–{finding.end} 字，" if finding.quote else ""
    return f"图片 {finding.image[:12]} 中，{text}位置 左 {left} 上 {top} 右 {right} 下 {bottom} 像素"


def picture_words(image: ExhibitPicture) -> str:
    """One of the listing's own pictures: its address, what became of it, and where its bytes lie."""
    became = FATE_WORDS[image.fate] + (f"（{image.reason}）" if image.reason else "")
    became += f"，命中 {image.findings}" if image.findings else ""
    lines = [f"{image.url}", became]
    if image.capture:
        origin = "（样本网，不是真实平台）" if image.capture.is_specimen else ""
        lines.append(f"固定 {image.capture.id}{origin}，图片 SHA-256 {image.sha256 or '无'}")
    return "\n".join(lines)
