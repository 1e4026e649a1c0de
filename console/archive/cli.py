"""`lantian archive`: asking what was captured. Thin, as `console.cli`; the doing is in the modules beside it."""

from __future__ import annotations

import typer

archive_app = typer.Typer(help="档案：检索、分面、重建索引、存下的检索。", no_args_is_help=True)


@archive_app.callback()
def archive() -> None:
    """档案：检索、分面、重建索引、存下的检索。"""
