"""What SQLite and PostgreSQL spell differently, for statements that are to run on both."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement, ReturnTypeFromArgs


class _Least(ReturnTypeFromArgs[Any]):
    name = "least"
    inherit_cache = True


class _Greatest(ReturnTypeFromArgs[Any]):
    name = "greatest"
    inherit_cache = True


class Elements(FunctionElement[Any]):
    """The texts of a JSON list as a table: `Elements(column).table_valued("value")`."""

    name = "json_array_elements_text"
    inherit_cache = True


def least(*several: Any) -> ColumnElement[Any]:
    """The smallest of several values in one row, none of which is null."""
    return _Least(*several)


def greatest(*several: Any) -> ColumnElement[Any]:
    """The greatest of several values in one row, none of which is null."""
    return _Greatest(*several)


@compiles(_Least, "sqlite")
def _least(element: _Least, compiler: SQLCompiler, **kw: Any) -> str:
    return f"min({compiler.process(element.clauses, **kw)})"


@compiles(_Greatest, "sqlite")
def _greatest(element: _Greatest, compiler: SQLCompiler, **kw: Any) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


@compiles(Elements)
def _elements(element: Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{element.name}({compiler.process(element.clauses, **kw)})"


@compiles(Elements, "sqlite")
def _sqlite_elements(element: Elements, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"
