"""The command line: `crossgrad verify | update | report [PAGES] [--witness NAME...]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossgrad.progress import LiveProgress, PlainProgress
    from crossgrad.report import Line
    from crossgrad.verify import Verification

EPILOG = """\
witnesses:
  torch-cpu   PyTorch on the CPU
  torch-cuda  PyTorch on CUDA
  numpy       the reference implementation on NumPy
  cupy        the reference implementation on CuPy
  wasm        the reference implementation in Pyodide, as in a reader's browser

exit status: 0 all agree; 1 a disagreement; 2 a request that cannot be carried out;
130 stopped with Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        return _run(parse(arguments))
    except KeyboardInterrupt:
        return _refuse("stopped; no page is left half-written", 130)
    except BrokenPipeError:
        return 141
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{name}{error.strerror or error}")
    except Exception as error:
        from crossgrad.errors import CrossgradError

        if not isinstance(error, CrossgradError):
            raise
        return _refuse(str(error))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; a wish that makes no sense ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="crossgrad",
        description="Run the code blocks of a PyTorch tutorial on independent witnesses, "
        "which must agree.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, about in (
        ("verify", "run the blocks and compare; nothing in the docs folder is changed"),
        ("update", "run, compare, and write outputs, pictures and evidence where all agree"),
        ("report", "show what was last found, without running anything"),
    ):
        _add_command(commands, name, about)
    options = parser.parse_args(arguments)
    # `--witness numpy docs/index.md`: what is no witness but a file is a page
    names = [name for word in options.witness for name in word.split(",")]
    options.pages += [Path(name) for name in names if Path(name).exists()]
    options.witness = [name for name in names if not Path(name).exists()]
    return options


def _add_command(commands: argparse._SubParsersAction, name: str, about: str) -> None:
    command = commands.add_parser(
        name,
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = command.add_argument
    add("pages", nargs="*", type=Path, metavar="PAGES", help="pages or folders; default: all")
    add("--docs", type=Path, default=Path("docs"), help="the docs folder (default: docs)")
    add(
        "--witness",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="only these witnesses (default: all that can run here)",
    )
    if name == "report":
        add("--format", choices=("text", "junit", "json"), default="text", help="default: text")
        add("--output", type=Path, help="write to this file instead of the terminal")
        return
    add("--timeout", type=_positive, default=60.0, metavar="S", help="seconds a block may take")
    add("--memory", type=_positive, default=4.0, metavar="GIB", help="memory a page may take")
    add("--fresh", action="store_true", help="run everything, also what has not changed")


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _run(options: argparse.Namespace) -> int:
    if options.command == "report":
        return _report(options)
    from crossgrad import progress

    watcher = progress.watcher()
    try:
        result = _verified(options, watcher)
    finally:
        if isinstance(watcher, progress.LiveProgress):
            watcher.close()
    from crossgrad import report, verify

    verify.keep_fresh(result, options.docs)

    _print(report.text(result.evidence, options.docs.resolve().name))
    return 1 if result.disagreements else 0


def _verified(options: argparse.Namespace, watcher: PlainProgress | LiveProgress) -> Verification:
    """Verify, and for `update` write and judge what was written."""
    from crossgrad import evidence, witnesses
    from crossgrad.scheduler import Limits, Scheduler

    chosen = witnesses.choose(options.witness)
    runs = evidence.fresh_path(options.docs).parent / "runs"
    with Scheduler() as scheduler:
        if options.fresh or not runs.exists():  # then importing torch can begin at once
            scheduler.warm(witness.host for witness in chosen if not witness.problem())
        from crossgrad.update import require_writable, update
        from crossgrad.verify import Verifier, read_pages, require_available

        if options.witness:
            require_available(chosen)
        pages = read_pages(options.pages, options.docs)
        if options.command == "update":
            require_writable(options.docs)
        verifier = Verifier(
            options.docs,
            chosen,
            scheduler,
            limits=Limits(options.timeout, int(options.memory * 2**30)),
            watcher=watcher,
            remember=not options.fresh,
        )
        return update(verifier, pages) if options.command == "update" else verifier.verify(pages)


def _report(options: argparse.Namespace) -> int:
    from crossgrad import evidence as store
    from crossgrad import report, witnesses
    from crossgrad.errors import CrossgradError
    from crossgrad.verify import read_pages, restricted

    witnesses.choose(options.witness)
    pages = read_pages(options.pages, options.docs)
    found = restricted(store.site_evidence(options.docs), pages, options.witness)
    if not any(page.blocks for page in found.pages.values()):
        raise CrossgradError("there is no evidence of these pages yet; run `crossgrad verify`")
    docs = options.docs.resolve().name
    if options.format == "text" and options.output is None:
        _print(report.text(found, docs))
        return 0
    made = {
        "text": lambda: "".join(f"{line}\n" for line, _ in report.text(found, docs)),
        "junit": lambda: report.junit(found, docs),
        "json": found.to_json,
    }[options.format]()
    if options.output is None:
        sys.stdout.write(made)
    else:
        store.write_whole(options.output, made)
    return 0


def _print(lines: Iterable[Line]) -> None:
    """Plain text, with colours on a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.writelines(f"{line}\n" for line, _ in lines)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line, style in lines:
        console.print(Text(line, style), soft_wrap=True)


def _refuse(sentence: str, status: int = 2) -> int:
    print(f"crossgrad: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
