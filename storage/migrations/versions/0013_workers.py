"""What several workers share: turns on hosts, files handed over."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Nothing yet."""
