"""People with credentials, and extractions that two of them made."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Filled by its owner."""
