"""The doctor's looks at programs of others: the browser and its sandbox, fonts, PDF, and what reads pictures."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from io import BytesIO

from console.chromium import DEBIAN
from console.upkeep.checks import Check, Health, Look, Patient, bad, good, unknown, warning

PATIENCE = 20.0  # seconds a program gets to start
INSTALL = f"apt-get install {' '.join(DEBIAN)}"
# Characters that a page is full of, drawn by the browser itself: those that look as one nobody has assigned, or as
# nothing, have no glyph.
DRAWN = "专利代理蓝天巡查"
GLYPHS = f"""(() => {{
  const draw = (one) => {{
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 48;
    const pen = canvas.getContext("2d");
    pen.font = "32px sans-serif";
    pen.fillText(one, 4, 36);
    return canvas.toDataURL();
  }};
  const missing = [draw("\\u0378"), draw(" ")];
  return [..."{DRAWN}"].filter((one) => missing.includes(draw(one))).join("");
}})()"""
LISTED = ("fc-list", ":lang=zh-cn", "family")


def looks(patient: Patient) -> tuple[Look, ...]:
    return (
        Look(name="browser", make=lambda: _browser(patient), otherwise=Health.WARN, fix=INSTALL),
        Look(name="sandbox", make=_sandbox, otherwise=Health.UNKNOWN, fix="apt-get install util-linux"),
        Look(name="fonts", make=_fonts, otherwise=Health.WARN, fix="apt-get install fonts-noto-cjk"),
        Look(name="papers", make=_papers, otherwise=Health.WARN, fix=INSTALL),
        Look(name="ocr", make=lambda: _ocr(patient), otherwise=Health.WARN, fix="make setup"),
    )


def _browser(patient: Patient) -> Iterator[Check]:
    from pipelines.browser import BrowserTrouble, Error
    from pipelines.devtools import UNEXPECTED

    if not patient.config.browser.pictures:
        yield unknown("browser", "[browser] pictures = false：不拍图，没有检查浏览器")
        return
    try:
        version, missing = asyncio.run(_started(patient))
    except (BrowserTrouble, Error, TimeoutError, *UNEXPECTED) as wrong:
        why = str(wrong).partition("\n")[0] or type(wrong).__name__
        is_root = os.geteuid() == 0 and not patient.config.browser.as_root
        fix = "以自己的用户运行（docs/operations.md），不要用 root" if is_root else INSTALL
        yield warning("browser", f"{why}；没有浏览器就没有网页截图，脚本生成的列表也读不了", fix)
        return
    yield good("browser", f"{version} 已启动并打开空白页")
    if missing:
        words = f"浏览器画不出“{missing}”：网页截图上是空框"
        yield warning("glyphs", words, "apt-get install fonts-noto-cjk，再重启 lantian-patrol")
    else:
        yield good("glyphs", "浏览器画得出汉字")


async def _started(patient: Patient) -> tuple[str, str]:
    """Its version, when it has opened a page of its own, and the characters it could not draw there."""
    from crawler.exits import HERE
    from pipelines.browser import Engine

    engine = Engine(patient.config, HERE)
    try:
        async with asyncio.timeout(PATIENCE):
            version = await engine.start()
            async with engine.page() as (session, _):
                drawn = await session.ask("Runtime.evaluate", {"expression": GLYPHS, "returnByValue": True})
                return version, str(drawn["result"]["value"])
    finally:
        await engine.stop()


def _sandbox() -> Iterator[Check]:
    if os.geteuid() == 0:
        fix = "以自己的用户运行（deploy/lantian-patrol.service 的 User=lantian）"
        yield warning("sandbox", "现在是 root：浏览器没有沙箱", fix)
        return
    unshare = shutil.which("unshare")
    if unshare is None:
        yield unknown("sandbox", "没有 unshare，无从检查", "apt-get install util-linux")
        return
    ended = subprocess.run([unshare, "-U", "true"], capture_output=True, check=False, timeout=PATIENCE)  # noqa: S603
    if ended.returncode:
        fix = "sysctl kernel.unprivileged_userns_clone=1；Ubuntu 另需 Chromium 的 AppArmor 配置"
        yield bad("sandbox", "系统不许建立用户命名空间，浏览器的沙箱起不来", fix)
    else:
        yield good("sandbox", "浏览器的沙箱可以建立")


def _fonts() -> Iterator[Check]:
    lister = shutil.which(LISTED[0])
    if lister is None:
        yield unknown("fonts", "没有 fc-list，无从检查", "apt-get install fontconfig fonts-noto-cjk")
        return
    listed = [lister, *LISTED[1:]]
    told = subprocess.run(listed, capture_output=True, check=False, timeout=PATIENCE).stdout  # noqa: S603 - our words
    families = sorted({line.partition(",")[0] for line in told.decode("utf-8", "replace").splitlines() if line})
    if families:
        yield good("fonts", f"中文字体 {len(families)} 种，如 {families[0]}")
    else:
        yield warning("fonts", "没有中文字体：网页截图上会是空框", "apt-get install fonts-noto-cjk")


def _papers() -> Iterator[Check]:
    from casework.papers.pdf_paper import demand_pdf

    demand_pdf()
    yield good("papers", "PDF 画得出来，汉字都有字形")


def _ocr(patient: Patient) -> Iterator[Check]:
    from detectors.pictures import engine_name

    if not patient.config.pictures.read:
        yield unknown("ocr", "[pictures] read = false：不读图片中的文字")
        return
    try:
        name = engine_name()
    except PackageNotFoundError:
        yield warning("ocr", "没有安装识别图片文字的程序", "make setup")
        return
    if not patient.in_full:
        yield good("ocr", f"{name}（--full 时真读一张图）")
    elif _reads():
        yield good("ocr", f"{name} 读对了样图")
    else:
        yield warning("ocr", f"{name} 读不出样图", "make setup")


def _reads() -> bool:
    """Whether a picture of a word is read as that word."""
    from PIL import Image, ImageDraw, ImageFont

    from detectors.pictures import Reader

    picture = Image.new("RGB", (480, 120), "white")
    ImageDraw.Draw(picture).text((40, 30), "LANTIAN 2026", fill="black", font=ImageFont.load_default(size=56))
    saved = BytesIO()
    picture.save(saved, "PNG")
    read = "".join(line.text for line in Reader().read(saved.getvalue()).lines)
    return "2026" in read
