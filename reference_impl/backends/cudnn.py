"""``torch.backends.cudnn``: cuDNN is not used here; its switches keep what they are set to."""

from .switches import flags_of

enabled, benchmark, deterministic, allow_tf32 = True, False, False, True
benchmark_limit, fp32_precision = 10, "none"
flags = flags_of(
    __name__, "enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32",
    "fp32_precision",
)  # fmt: skip


def is_available() -> bool:
    """No."""
    return False


def version() -> None:
    """None: there is none."""
