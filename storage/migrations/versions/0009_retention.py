"""Holds, what expired, and where finished files lie."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Filled by its owner."""
