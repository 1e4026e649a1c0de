"""`lantian archive versions` and `similar`: thin, as `console.cli`; the doing is in the modules beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.archive.options import By, Json

MOST = 500
Exhibit = Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")]


def versions(  # noqa: PLR0913, PLR0917 - one parameter an option
    exhibit: Exhibit,
    shop: Annotated[bool, typer.Option("--shop", help="同一卖家的所有信息，各有最近几个版本")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几个版本；--shop 时最多几条信息")] = 20,
    before: Annotated[str, typer.Option(help="更早的版本：上一页最后一个版本的证据项编号")] = "",
    after: Annotated[str, typer.Option(help="--shop 时接着上一页：上一页最后一条信息的编号")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """一条信息的所有版本，新的在前：何时看见、几次、与前一版相比删了什么、加了什么、价格涨降。"""
    from console.archive import history

    asked = history.Asked(exhibit=exhibit, of_shop=shop, limit=limit, before=before, after=after, by=by)
    raise typer.Exit(history.show_versions(asked, as_json=as_json))


def similar(  # noqa: PLR0913, PLR0917 - one parameter an option
    exhibit: Exhibit,
    pictures: Annotated[bool, typer.Option("--pictures", help="按图片：相同的，或看起来一样的")] = False,
    least: Annotated[float, typer.Option(min=0.6, max=1.0, help="文字至少多相近，0.6 到 1")] = 0.6,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几个，最相近的在前")] = 20,
    by: By = "",
    as_json: Json = False,
) -> None:
    """与一个证据项文字相近的版本（连同相近的程度），或展示同样图片的信息。"""
    from console.archive import resembling

    asked = resembling.Asked(exhibit=exhibit, by_pictures=pictures, least=least, limit=limit, by=by)
    raise typer.Exit(resembling.show_similar(asked, as_json=as_json))
