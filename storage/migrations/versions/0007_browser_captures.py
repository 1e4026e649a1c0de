"""Complete captures by the browser, and what their pictures are worth for each exhibit."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Filled by its owner."""
