"""``torch.backends.mkldnn``: oneDNN is not used here; its switches keep what they are set to."""

from .switches import flags_of

enabled, deterministic, allow_tf32, fp32_precision = True, False, True, "none"
flags = flags_of(__name__, "enabled", "deterministic", "allow_tf32", "fp32_precision")


def is_available() -> bool:
    """No."""
    return False
