"""An invented reporter, and the files in which offices and people would tell of one."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

from casework.incoming.listed import Known
from casework.incoming.reporter import KEY, Reporter, ReporterKey

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
NAME, PHONE, MAIL = "钟示例丁", "13800000719", "zhongshiliding@mail.example"
IDENTITY = "11000019900101003X"
WORDS = "我是隔壁公司的职员，亲眼看见他们在样本网店写着包授权不成功全额退款，请替我保密不要说是我讲的。"
KEY_ONE, KEY_TWO = ReporterKey(secret=b"1" * KEY), ReporterKey(secret=b"2" * KEY)
REPORTER = Reporter(
    name=NAME, phone=PHONE, mail=MAIL, identity=IDENTITY, address="示例省样本市甲乙路十九号", words=WORDS
)
KNOWN = Known(
    platforms={"淘宝": "taobao", "taobao": "taobao", "landing": "landing"},
    categories={"包授权": "guaranteed_grant", "绿色通道": "green_channel"},
    platform_of=lambda url: "landing",
)


def report_file(folder: Path, **changes: str) -> Path:
    """A report as an officer writes it down, private."""
    told = {
        "url": "https://shop.xinghe.example/1",
        "title": "网店声称包授权",
        "summary": "商品标题写有保证授权",
    } | changes
    lines = [f'{name} = "{text}"' for name, text in told.items()]
    lines += ['categories = ["guaranteed_grant"]', "[reporter]", f'name = "{NAME}"', f'phone = "{PHONE}"']
    lines += [f'mail = "{MAIL}"', f'identity = "{IDENTITY}"', f'words = "{WORDS}"', 'reply = "书面答复"']
    path = folder / "report.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


HEAD = ("编号", "平台", "网址", "主体", "违规表述", "类别", "截止日期", "备注", "举报人", "举报人电话")
SHOP = "https://shop.xinghe.example/"
SPACED = f"举报人 {PHONE[:3]} {PHONE[3:]}"
ROWS = (
    ("省1", "淘宝", f"{SHOP}1", "星河网店", "包授权，不过全退", "包授权", "2026-11-20", "", NAME, PHONE),
    ("省2", "", f"{SHOP}2", "月河网店", "有绿色通道", "绿色通道", "", SPACED, "", ""),
)


def list_bytes(rows: object = ROWS, head: object = HEAD) -> bytes:
    """A list as another office's program writes it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    assert isinstance(rows, tuple)
    for row in (head, *rows):
        sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def list_file(folder: Path, rows: object = ROWS, head: object = HEAD, name: str = "list.xlsx") -> Path:
    path = folder / name
    path.write_bytes(list_bytes(rows, head))
    return path
