"""``torch.backends.nnpack``: not used here; its switch keeps what it is set to."""

from .switches import flags_of

enabled = True
flags = flags_of(__name__, "enabled")


def is_available() -> bool:
    """No."""
    return False


def set_flags(_enabled: bool) -> tuple[bool]:
    """Set the switch; what it was."""
    global enabled
    before, enabled = enabled, _enabled
    return (before,)
