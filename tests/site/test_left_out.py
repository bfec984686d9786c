"""The page on what the reference leaves out says what the reference's own list says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def tool():
    spec = importlib.util.spec_from_file_location("left_out", ROOT / "tools" / "left_out.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_list_gives():
    written = (ROOT / "docs" / "left-out.md").read_text(encoding="utf-8")
    assert written == tool().page(), "the list has changed: run python tools/left_out.py"


def test_every_name_of_the_list_is_on_the_page():
    from reference_impl import missing

    written = tool().page()
    names = [n for g in missing.groups() for ns in (g.modules, *g.names.values()) for n in ns]
    assert [n for n in names if f"`{n}`" not in written] == []
