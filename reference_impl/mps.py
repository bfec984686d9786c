"""``torch.mps``: there is none."""

from .missing import names_of


def is_available() -> bool:
    """No."""
    return False


def device_count() -> int:
    """None: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Accepted and ignored: no generator of such a device exists."""


__getattr__ = names_of(__name__)
