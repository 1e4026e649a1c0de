"""Addresses that are looked at again, and advertisers' own pages."""

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nothing yet."""
