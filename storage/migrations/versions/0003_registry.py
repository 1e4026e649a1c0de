"""The registry of agencies, in versions."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
