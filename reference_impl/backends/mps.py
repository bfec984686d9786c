"""``torch.backends.mps``: there is no Metal device."""

from ..missing import names_of


def is_available() -> bool:
    """No."""
    return False


def is_built() -> bool:
    """No."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """No: it is asked of a Metal device."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """No: it is asked of a Metal device."""
    return False


__getattr__ = names_of(__name__)
