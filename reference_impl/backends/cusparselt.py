"""``torch.backends.cusparselt``: not used here."""


def is_available() -> bool:
    """No."""
    return False


def version() -> None:
    """None: there is none."""


def get_max_alg_id() -> None:
    """None: there is none."""
