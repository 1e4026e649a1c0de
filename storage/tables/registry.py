"""The mapped classes of the registry: versions, which one is in use, entries, and the names that lead to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class RegistryVersion(Base):
    """One import of the list of agencies; none is ever changed or removed. `counts` holds (kind, status, rows)."""

    __tablename__ = "registry_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    file: Mapped[str]
    source: Mapped[str]
    as_of: Mapped[str]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str]
    counts: Mapped[list[Any]]


class RegistryUse(Base):
    """Which version the home goes by from then on: the last row says which."""

    __tablename__ = "registry_uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("registry_versions.id"))
    used_at: Mapped[datetime]
    used_by: Mapped[str]


class RegistryEntry(Base):
    """One agency, branch or attorney of one version. `last_four` is all of an attorney's number."""

    __tablename__ = "registry_entries"
    __table_args__ = (
        Index("ix_registry_entries_code", "version_id", "code"),
        Index("ix_registry_entries_credit_code", "version_id", "credit_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("registry_versions.id"))
    kind: Mapped[str]
    name: Mapped[str]
    former_names: Mapped[list[Any]]
    code: Mapped[str]
    credit_code: Mapped[str]
    province: Mapped[str]
    status: Mapped[str]
    status_date: Mapped[str]
    license_no: Mapped[str]
    website: Mapped[str]
    icp: Mapped[str]
    parent_code: Mapped[str]
    last_four: Mapped[str]


class RegistryName(Base):
    """A normal name that leads to an entry: 0 its own, 1 a former one, 2 what is left without place and trade."""

    __tablename__ = "registry_names"
    __table_args__ = (Index("ix_registry_names_norm", "version_id", "name_norm"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("registry_versions.id"))
    name_norm: Mapped[str]
    sort: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("registry_entries.id"))
