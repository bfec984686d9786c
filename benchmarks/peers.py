"""The libraries that are compared, each imported only if it is installed.

torch, HIPS/autograd and MyGrad differentiate for you; ``numpy`` is the same mathematics with its
derivatives written by hand, the least that any NumPy-based library can take.
"""

from __future__ import annotations

import gc
import importlib
from types import ModuleType

MODULES = {
    "torch": "torch",
    "numpy": "numpy",
    "autograd": "autograd.numpy",
    "mygrad": "mygrad",
    "reference": "reference_impl",
}


def load() -> tuple[dict[str, ModuleType], list[str]]:
    """The peers that are installed, by name, and a note for each one that is not."""
    found, notes = {}, []
    for name, module in MODULES.items():
        try:
            found[name] = importlib.import_module(module)
        except ImportError:
            notes.append(f"{name} is left out: it is not installed (pip install '.[torch,bench]')")
    if "torch" in found:
        found["torch"].set_num_threads(1)
    gc.collect()
    gc.freeze()  # nobody's runs pay for walking through the modules of all the others
    return found, notes
