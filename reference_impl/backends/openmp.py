"""``torch.backends.openmp``: NumPy's own library decides on threads here."""


def is_available() -> bool:
    """No."""
    return False
