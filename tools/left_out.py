"""Write docs/left-out.md: what of PyTorch the reference leaves out, from its own list.

python tools/left_out.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "left-out.md"
HEAD = """\
# What the reference leaves out

<!-- Written by tools/left_out.py from reference_impl/missing.txt: edit those. -->

The reference is a second PyTorch, written on NumPy to check the first. It does not have everything.
This page lists what is public in PyTorch 2.13 and missing from the reference: {count} names and
{modules} modules with all that is in them. A test compares both packages, so a name that is
neither here nor listed can't go unseen, and nor can one that is listed and here.

What is listed can be imported and looked up, so a program that never uses it runs. Calling it says
why it is missing:

```text
>>> torch.sparse_coo_tensor([[0]], [1.0])
NotImplementedError: torch.sparse_coo_tensor is not implemented: every tensor here is dense
```

`hasattr` answers as PyTorch does, because it asks which PyTorch this is. Whether something can be
*used* is asked by functions such as `torch.distributed.is_available()`, and they answer `False`.

Some parts are here in the form which PyTorch itself has when they are switched off:

- `torch.compile` returns the function or module that it was given, as with `disable=True`.
- `torch.jit.script` and `torch.jit.trace` do the same, as with the environment variable
  `PYTORCH_JIT=0`.
- Switches such as `torch.backends.cudnn.benchmark` keep what they are set to and change nothing.
"""


def page() -> str:
    """The text of the page."""
    sys.path.insert(0, str(ROOT))
    from reference_impl import missing

    groups = missing.groups()
    count = sum(len(names) for group in groups for names in group.names.values())
    modules = sum(len(group.modules) for group in groups)
    parts = [HEAD.format(count=count, modules=modules)]
    for group in groups:
        lines = [f"## {group.title}", "", f"{group.reason[0].upper()}{group.reason[1:]}."]
        if group.modules:
            lines += ["", f"Whole modules: {_names(group.modules)}."]
        for owner, names in sorted(group.names.items()):
            lines += ["", f"In `{owner}`: {_names(names)}."]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def main() -> None:
    new = PAGE.with_suffix(".new")
    new.write_text(page(), encoding="utf-8")
    os.replace(new, PAGE)


if __name__ == "__main__":
    main()
