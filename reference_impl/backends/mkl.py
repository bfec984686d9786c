"""``torch.backends.mkl``: NumPy's own library computes here."""

from ..missing import names_of


def is_available() -> bool:
    """No."""
    return False


__getattr__ = names_of(__name__)
