"""``torch.backends.opt_einsum``: not used here; ``einsum`` goes from left to right."""

from .switches import flags_of

enabled, strategy = False, None
flags = flags_of(__name__, "enabled", "strategy")


def is_available() -> bool:
    """No."""
    return False


def get_opt_einsum() -> None:
    """None: the package is not used."""
