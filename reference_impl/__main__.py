"""Run a PyTorch script on the reference.

    python -m reference_impl script.py [arguments]
    python -m reference_impl -c "import torch; print(torch.ones(2))" [arguments]

`import torch` in the script means the reference. The script sees its own `sys.argv`, is
`__main__`, and ends with its own traceback and exit status.
"""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from types import CodeType, ModuleType, TracebackType

from reference_impl import alias

PROGRAM = "python -m reference_impl"


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] in ([], ["-h"], ["--help"]):
        print((__doc__ or "").strip(), file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    if arguments[0] == "-c":
        if len(arguments) < 2:
            sys.exit(_refuse("-c needs the program as its next argument"))
        source, filename, folder = arguments[1].encode(), "<string>", ""
        sys.argv = ["-c", *arguments[2:]]
    else:
        filename = arguments[0]
        folder = os.path.dirname(os.path.realpath(filename))
        sys.argv = arguments
        try:
            with open(filename, "rb") as file:
                source = file.read()
        except OSError as error:
            sys.exit(_refuse(f"cannot read the script {filename}: {error.strerror}"))
    sys.path[0] = folder
    alias.install()
    run(source, filename)


def run(source: bytes, filename: str) -> None:
    """Execute a program as `__main__`; its uncaught exception is shown without our frames."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__=filename, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    if filename == "<string>":
        lines = source.decode().splitlines(keepends=True)
        linecache.cache[filename] = (len(source), None, lines, filename)
    try:
        exec(_compiled(source, filename), module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        _show(error, filename)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


def _compiled(source: bytes, filename: str) -> CodeType:
    return compile(source, filename, "exec", dont_inherit=True)


def _show(error: BaseException, filename: str) -> None:
    frame: TracebackType | None = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename != filename:
        frame = frame.tb_next
    sys.stdout.flush()
    traceback.print_exception(type(error), error, frame)


def _refuse(sentence: str) -> int:
    print(f"{PROGRAM}: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
