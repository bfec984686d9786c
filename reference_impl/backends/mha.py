"""``torch.backends.mha``: whether attention layers may take a fast path; there is none here."""

_fastpath = [True]


def get_fastpath_enabled() -> bool:
    """What ``set_fastpath_enabled`` was told."""
    return _fastpath[0]


def set_fastpath_enabled(value: bool) -> None:
    """Note whether a fast path may be taken."""
    _fastpath[0] = value
