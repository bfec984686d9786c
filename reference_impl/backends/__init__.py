"""``torch.backends``: questions to and switches of the libraries that PyTorch computes with.

None of them is used here, NumPy and CuPy are: ``is_available()`` says so, and a switch keeps what
it was set to, so that a program that sets it and reads it back runs on.
"""

from ..missing import names_of
from . import (
    cpu,
    cuda,
    cudnn,
    cusparselt,
    kleidiai,
    mha,
    miopen,
    mkl,
    mkldnn,
    mps,
    nnpack,
    openmp,
    opt_einsum,
    quantized,
)

__all__ = [
    "cpu", "cuda", "cudnn", "cusparselt", "kleidiai", "mha", "miopen", "mkl", "mkldnn", "mps",
    "nnpack", "openmp", "opt_einsum", "quantized",
]  # fmt: skip
fp32_precision = "none"

__getattr__ = names_of(__name__)
