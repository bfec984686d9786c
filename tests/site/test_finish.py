"""What is done to a built site: a Content-Security-Policy, and live blocks where possible."""

import base64
import hashlib
import re

import pytest

from crossgrad.browser import pyodide
from crossgrad.site.finish import finish, main

PAGE = '<html><head><meta charset="utf-8"></head><body><script>{}</script></body></html>'


@pytest.fixture
def built(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "index.html").write_text(PAGE.format("one()"))
    (tmp_path / "below/index.html").write_text(PAGE.format("two()"))
    (tmp_path / "404.html").write_text(PAGE.format("one()"))
    return tmp_path


@pytest.fixture
def without_pyodide(monkeypatch):
    monkeypatch.setattr(pyodide, "problem", lambda: "Node.js is missing")


@pytest.fixture
def with_pyodide(monkeypatch, tmp_path_factory):
    packed = tmp_path_factory.mktemp("packed")
    (packed / "live.js").write_text("")
    monkeypatch.setattr(pyodide, "problem", lambda: None)
    monkeypatch.setattr("crossgrad.site.finish.pack", lambda: None)
    monkeypatch.setattr("crossgrad.site.finish.PACKED", packed)


def policy(html: str) -> dict[str, list[str]]:
    (content,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    return {name: values for name, *values in map(str.split, content.split(";"))}


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_every_page_may_load_from_its_own_site_alone(built, without_pyodide):
    finish(built)
    for path in built.rglob("*.html"):
        rules = policy(path.read_text())
        assert rules["default-src"] == ["'none'"]
        assert {source for rule in rules.values() for source in rule if "." in source} == set()


def test_a_page_may_run_the_inline_scripts_of_all_pages_and_no_others(built, without_pyodide):
    finish(built)
    allowed = {"'self'", digest("one()"), digest("two()")}
    assert set(policy((built / "index.html").read_text())["script-src"]) == allowed


def test_without_pyodide_the_site_is_whole_and_one_sentence_says_why(
    built, without_pyodide, capsys
):
    assert main([str(built)]) == 0
    assert capsys.readouterr().out == "Live blocks are left out: Node.js is missing.\n"
    assert "live.js" not in (built / "index.html").read_text()


def test_with_pyodide_each_page_loads_the_scripts_from_where_it_stands(built, with_pyodide):
    assert finish(built) is None
    assert (built / "assets/live/live.js").is_file()
    assert 'src="assets/live/live.js"' in (built / "index.html").read_text()
    assert 'src="../assets/live/live.js"' in (built / "below/index.html").read_text()
    assert "live.js" not in (built / "404.html").read_text()
