"""Addresses of other pages, made from the address of this one without decoding what it carries.

Queries on the Chinese web may be percent-encoded in GBK: taking them apart and putting them
together again would change them.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def with_parameter(url: str, name: str, value: str) -> str:
    """`url` with the parameter `name` set to `value`; "" when it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] != name]
    return parts._replace(query="&".join([*kept, f"{name}={value}"]), fragment="").geturl()


def without_parameter(url: str, *names: str) -> str:
    """`url` without the parameters of these names; unchanged when it is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] not in names]
    return parts._replace(query="&".join(kept)).geturl()
