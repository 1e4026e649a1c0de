"""The measures of a letter in 信函格式 (GB/T 9704-2012, 10.1 and 7), in millimetres and points."""

from __future__ import annotations

PAPER = (210.0, 297.0)
TOP, LEFT, RIGHT, BOTTOM = 37.0, 28.0, 26.0, 35.0
TYPE_AREA = (156.0, 225.0)

OFF_CENTRE = LEFT + TYPE_AREA[0] / 2 - PAPER[0] / 2  # the type area's middle is right of the paper's

MARKS_TOP = 15.0  # upper edge of the line of marks, from the paper's upper edge
SIGN_TOP = 30.0  # upper edge of 发文机关标志, from the paper's upper edge
SIGN_SIZE = 42.0  # points
SIGN_WIDEST = 160.0  # what a long name is narrowed to
LINE_GAP = 4.0  # between 发文机关标志 and the first red line
LINES_LENGTH, LINES_LEFT = 170.0, 20.0
THICK, BETWEEN, THIN = 0.8, 0.5, 0.3
LINES_HEIGHT = THICK + BETWEEN + THIN
LOWER_LINES = 20.0  # from the paper's lower edge to the lower edge of the second double line

BODY_SIZE, TITLE_SIZE, SMALL_SIZE = 16.0, 22.0, 14.0  # points: 三号、二号、四号
PITCH = TYPE_AREA[1] / 22 / 25.4 * 72  # points: 22 lines fill the type area
CHARACTER = TYPE_AREA[0] / 28 / 25.4 * 72  # points: 28 characters fill a line
NUMBER_GAP = BODY_SIZE * 7 / 8 / 72 * 25.4  # between the first red line and 发文字号: 7/8 of a character's height
SIGN_HEIGHT = SIGN_SIZE / 72 * 25.4
FIRST_LINE = SIGN_TOP + SIGN_HEIGHT + LINE_GAP  # upper edge of the first double line
NUMBER_TOP = FIRST_LINE + LINES_HEIGHT + NUMBER_GAP
PAGE_NUMBER = 7.0  # from the type area's lower edge to the page number's dashes

BODY, TITLE, HEAD, KAI, NUMBERS = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
RED = "FF0000"


def sign_scale(ems: float) -> int:
    """Per cent of its width that a letterhead of so many characters is narrowed to, so that it stays one line."""
    width = ems * SIGN_HEIGHT
    return 100 if width <= SIGN_WIDEST else max(25, int(100 * SIGN_WIDEST / width))
