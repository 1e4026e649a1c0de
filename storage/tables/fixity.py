"""The mapped class of the nightly reading: when each sealed stretch of a file was last read, and what was wrong."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big


class FixityRow(Base):
    """One sealed stretch of a file, by where it begins. `broken` is empty where it held; `manifests/000007.json` is a
    file too, for that manifest alone."""

    __tablename__ = "fixity"

    file: Mapped[str] = mapped_column(primary_key=True)
    from_: Mapped[Big] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(index=True)
    broken: Mapped[str] = mapped_column(server_default="")
