"""The mapped classes of sealing: manifests, how far each file is covered, and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class SealRow(Base):
    """One manifest of the chain, written after its files were read back from the disk.

    `sha256` and `sm3` are of the head's bytes. While `stamped_at` is null it waits for a time stamp:
    `tries` have been made, the next not before `next_try_at`.
    """

    __tablename__ = "seals"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    sha256: Mapped[str]
    sm3: Mapped[str]
    previous: Mapped[str]
    sealed_at: Mapped[datetime]
    leaves: Mapped[Big]
    rules: Mapped[str]
    audit_count: Mapped[Big]
    audit_head: Mapped[str]
    demand: Mapped[str]
    stamped_at: Mapped[datetime | None] = mapped_column(index=True)
    authority: Mapped[str] = mapped_column(server_default="")
    token_sha256: Mapped[str] = mapped_column(server_default="")
    tries: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str] = mapped_column(server_default="")
    next_try_at: Mapped[datetime | None]


class ExtentRow(Base):
    """The bytes of one file, from `from_` up to `to`, that one manifest covers."""

    __tablename__ = "sealed_extents"

    file: Mapped[str] = mapped_column(primary_key=True)
    from_: Mapped[Big] = mapped_column(primary_key=True)
    to: Mapped[Big]
    number: Mapped[int] = mapped_column(ForeignKey("seals.number"), index=True)


class AuditRow(Base):
    """Who did what, for ever: triggers refuse to change or remove an entry.

    `detail` is canonical JSON; `digest` chains the entry to the one before.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_act", "act", "id"),
        Index("ix_audit_subject", "subject", "id"),
        Index("ix_audit_who", "who", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    who: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    previous: Mapped[str]
    digest: Mapped[str]


_WORDS = "the audit log is only appended to"
_SQLITE = [
    f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    for what in ("UPDATE", "DELETE")
]
_FUNCTION = (
    "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
_POSTGRES = (
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()"
)
for _dialect, _statements in (("sqlite", _SQLITE), ("postgresql", [_FUNCTION, _POSTGRES])):
    for _statement in _statements:
        _refusal = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(AuditRow.__table__, "after_create", _refusal.execute_if(dialect=_dialect))
