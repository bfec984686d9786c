"""How fast the reference is beside its peers: ``python -m benchmarks``.

Everything runs on one thread, which has to be said before anything loads a BLAS.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
