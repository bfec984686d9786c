"""``torch.backends.mkl``: NumPy's own library computes here."""


def is_available() -> bool:
    """No."""
    return False
