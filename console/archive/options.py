"""What every question to the archive may be narrowed by, as it is typed: the same options on each command."""

from __future__ import annotations

from typing import Annotated

import typer

Words = Annotated[str, typer.Argument(help='检索词：都要有；-不要 "整句" 开头*；以减号开头的写在 -- 之后')]
In = Annotated[str, typer.Option("--in", help="只在这些里找：title,text,picture,entity")]
Literal = Annotated[bool, typer.Option("--literal", help="检索词逐字照查：空格、引号、减号、星号都算字")]
Platform = Annotated[str, typer.Option(help="只看这些平台，逗号分隔；下同")]
Kind = Annotated[str, typer.Option(help="只看这些类型，如 ad,product,post")]
Category = Annotated[str, typer.Option(help="只看这些类别，如 guaranteed_grant 或 包授权")]
Rule = Annotated[str, typer.Option(help="只看这些规则发现的")]
Actor = Annotated[str, typer.Option(help="只看这些主体的：编号、序号或其证据项")]
Place = Annotated[str, typer.Option(help="只看在这些地点看见的")]
State = Annotated[str, typer.Option(help="只看线索在这些状态的，如 new,confirmed；none 为没有线索")]
First = Annotated[str, typer.Option("--from", help="从哪一天看见起，如 2026-03-01（北京时间）")]
Last = Annotated[str, typer.Option("--to", help="到哪一天（含）")]
By = Annotated[str, typer.Option(help="谁在看；有用户以后，没有 LANTIAN_TOKEN 时在终端输入其口令")]
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
