"""Pictures that wait to be read, and what was read in them."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
