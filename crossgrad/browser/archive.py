"""Pack what a browser imports, compiled: the reference, and the part of the engine it needs.

Called inside Pyodide, because bytecode belongs to one version of Python. Equal sources give equal
bytes.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import marshal
import sys
import zipfile
from pathlib import Path

_DATE = (2020, 1, 1, 0, 0, 0)
_KEPT = {".py", ".txt"}


def pack(root: str) -> bytes:
    """The archive, from the sources below `root`."""
    importlib.import_module("crossgrad.browser.session")
    engine = [name for name in sys.modules if name.partition(".")[0] == "crossgrad"]
    paths = [Path(str(sys.modules[name].__file__)) for name in engine if name != __name__]
    reference = Path(root, "reference_impl")
    paths += [path for path in reference.rglob("*") if path.suffix in _KEPT]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(paths):
            name, data = path.relative_to(root).as_posix(), path.read_bytes()
            if path.suffix == ".py":
                code = compile(data, name, "exec", dont_inherit=True)
                data = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
                name += "c"
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
