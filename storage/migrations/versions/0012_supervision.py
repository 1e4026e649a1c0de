"""Whom the office supervises: priority agencies, draws, holiday notices, key dates."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Nothing yet."""
