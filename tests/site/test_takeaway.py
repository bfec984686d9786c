"""What a reader takes along: Markdown, notebooks, scripts, lists for language models."""

import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest

from crossgrad.pages import find_pages, read_page
from crossgrad.site.downloads import notebook, outputs, script
from crossgrad.site.parts import Code, Prose, markdown, parts, placed
from crossgrad.site.settings import Settings, SitePage, read_settings, site_pages
from crossgrad.site.takeaway import write_files, write_redirects
from crossgrad.site.tools import colab_link, description, minutes, tools
from crossgrad.texts import same

from .conftest import ROOT

DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): read_page(path, DOCS) for path in find_pages(DOCS)}
WITH_BLOCKS = [name for name, page in PAGES.items() if page.blocks]
MARKDOWN = [name for name in WITH_BLOCKS if not PAGES[name].is_notebook]
RUN_BY_THE_REFERENCE = [
    name
    for name in MARKDOWN
    if not any("numpy" in block.skips or block.known_differences for block in PAGES[name].blocks)
]
# Executing a notebook takes seconds, so a few stand for all: text, errors, files, a network.
EXECUTED = ["index.md", "autograd/questions.md", "operations/serialization.md", "network.md"]

PAGE = """# A page

The first paragraph, with `code` and a [link](below/other.md#there).

<!--crossgrad:skip cupy because it may-->
```python
import warnings
print(1)
warnings.warn("careful")
```

<details class="question" markdown="1">
<summary>What do you expect? One?</summary>

<!--pytest-codeblocks:expected-output-->
```text
1
UserWarning: careful
```

Because *one* is one.

</details>

<!--crossgrad:graph x "a graph"-->
![a graph](pictures/page-1.svg)

<!--pytest-codeblocks:expect-exception-->
```python
raise ValueError("no:\\nnot at all")
```

<!--pytest-codeblocks:expected-output-->
```text
ValueError: no:
not at all
```

<details markdown="1">
<summary>The answer</summary>

First this.

```python
print(2)
```

<!--pytest-codeblocks:expected-output-->
```text
2
```

Then no more.

</details>

The end.
"""


@pytest.fixture
def page(docs):
    docs.write("page.md", PAGE)
    return read_page(docs.folder / "page.md", docs.folder)


@pytest.fixture
def settings(docs):
    return Settings(
        "Site", "A site.", "https://example.org/", "", docs.folder, {"Top": ["page.md"]}
    )


def cells(page, address=""):
    return nbformat.reads(notebook(page, address), as_version=4).cells


def test_a_page_is_prose_and_blocks_without_comments_and_outputs(page):
    kinds = ["code" if isinstance(part, Code) else "prose" for part in parts(page)]
    assert kinds == ["prose", "code", "prose", "code", "prose", "code", "prose"]
    assert "<!--" not in "".join(part.text for part in parts(page) if isinstance(part, Prose))


def test_source_that_a_page_quotes_goes_along(docs):
    docs.write("page.md", "# A page\n\n<!--site:source crossgrad/serve.py HOST-->\n\nThat.\n")
    page = read_page(docs.folder / "page.md", docs.folder)
    (prose,) = parts(page)
    for text in (markdown(page), prose.text):
        assert "`crossgrad/serve.py`, line " in text
        assert "\n```python\nHOST = " in text
        assert "<!--" not in text


def test_a_question_is_asked_before_the_output_and_its_answer_follows(page):
    question, code, answer = cells(page)[1:4]
    assert question.source == "**What do you expect? One?**"
    assert code.metadata.jupyter.outputs_hidden
    assert answer.source.startswith("<details>\n<summary>Why?</summary>\n\nBecause *one* is one.")


def test_an_element_that_holds_a_block_is_opened_up(page):
    text = "".join(cell.source for cell in cells(page)[4:] if cell.cell_type == "markdown")
    assert "**The answer**" in text
    assert "details" not in text


def test_outputs_are_text_warnings_and_an_error(page):
    first, second, third = (outputs(block) for block in page.blocks)
    assert [(one["name"], one["text"]) for one in first] == [
        ("stdout", "1\n"),
        ("stderr", "UserWarning: careful\n"),
    ]
    assert [(one["ename"], one["evalue"]) for one in second] == [("ValueError", "no:\nnot at all")]
    assert [one["text"] for one in third] == ["2\n"]


def test_an_error_of_several_lines_begins_where_its_type_is_named(docs):
    raised = "```text\nUserWarning: a\nCheckError: no.\nTip: look\n```\n"
    docs.write(
        "page.md",
        "<!--pytest-codeblocks:expect-exception-->\n```python\nraise\n```\n\n"
        f"<!--pytest-codeblocks:expected-output-->\n{raised}",
    )
    (block,) = read_page(docs.folder / "page.md", docs.folder).blocks
    warned, error = outputs(block)
    assert warned["text"] == "UserWarning: a\n"
    assert (error["ename"], error["evalue"]) == ("CheckError", "no.\nTip: look")


def test_a_cell_that_must_raise_does_not_stop_the_notebook(page):
    tags = [cell.metadata.get("tags") for cell in cells(page) if cell.cell_type == "code"]
    assert tags == [None, ["raises-exception"], None]


def test_pictures_and_links_lead_to_the_site_or_are_told_in_words(page):
    text = "".join(cell.source for cell in cells(page, "https://example.org/"))
    assert "[link](https://example.org/below/other/#there)" in text
    assert "![a graph](https://example.org/pictures/page-1.svg)" in text
    assert "*(Picture: a graph)*" in "".join(cell.source for cell in cells(page))
    assert placed("[up](../index.md)", "a/b.md", "https://e.org/") == "[up](https://e.org/)"


def test_a_script_goes_on_after_an_error_that_the_page_shows(page, tmp_path):
    path = tmp_path / "page.py"
    path.write_text(script(page))
    run = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert run.stdout == "1\nValueError: no:\nnot at all\n2\n"
    assert "# Output:\n# 1\n# UserWarning: careful" in path.read_text()


def test_markdown_has_the_outputs_and_no_comments(page):
    text = markdown(page)
    assert "<!--" not in text
    assert "```text\n1\n" in text
    assert "![a graph](pictures/page-1.svg)" in text


def test_markdown_quotes_source_and_tells_of_what_is_made_for_the_site(docs):
    asks = "<!--site:source crossgrad/serve.py port_number-->\n\n<!--site:matrix-->\n"
    docs.write("page.md", f"# A page\n\n{asks}")
    text = markdown(read_page(docs.folder / "page.md", docs.folder))
    assert ":\n\n```python\ndef port_number(text: str) -> int:\n" in text
    assert "made when the site is built" in text


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_a_notebook_has_the_page_s_blocks_and_verified_outputs(name):
    page = PAGES[name]
    code = [cell for cell in cells(page) if cell.cell_type == "code"]
    assert [cell.source for cell in code] == [block.code.rstrip("\n") for block in page.blocks]
    for cell, block in zip(code, page.blocks, strict=True):
        texts = [
            one.text if one.output_type == "stream" else "\n".join(one.get("traceback", []))
            for one in cell.outputs
            if one.output_type in ("stream", "error")
        ]
        shown = "\n".join(text.rstrip("\n") for text in texts)
        if not page.is_notebook:
            assert shown == (block.expected_output or "")
            assert block.requires_cuda or block.expects_exception == any(
                one.output_type == "error" for one in cell.outputs
            )


@pytest.mark.parametrize("name", RUN_BY_THE_REFERENCE)
def test_a_script_prints_what_its_page_shows(name, tmp_path):
    path = tmp_path / "page.py"
    path.write_text(script(PAGES[name]), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", "reference_impl", str(path)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    told = run.stdout.replace("Not run: there is no GPU\n", "")
    assert same(without_blank_lines(told), without_blank_lines("\n".join(printed(PAGES[name]))))


def without_blank_lines(text):
    """A page does not keep those at the end of a block's output."""
    return "\n".join(filter(str.strip, text.split("\n")))


def printed(page):
    """What each block prints, its error included."""
    for block in page.blocks:
        for one in outputs(block):
            if one["output_type"] == "error":
                yield "\n".join(one["traceback"])
            elif one["name"] == "stdout":
                yield one["text"]


@pytest.mark.torch
@pytest.mark.parametrize("name", EXECUTED)
def test_a_downloaded_notebook_executes(name, tmp_path):
    nbclient = pytest.importorskip("nbclient")
    made = nbformat.reads(notebook(PAGES[name]), as_version=4)
    expected = [cell.copy() for cell in made.cells if cell.cell_type == "code"]
    client = nbclient.NotebookClient(
        made, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    for found, wanted in zip(code, expected, strict=True):
        assert same(stdout(found), stdout(wanted)), found.source
        assert errors(found) == errors(wanted), found.source


def stdout(cell):
    streams = (one for one in cell.outputs if one.get("name") == "stdout")
    return "".join(one.text for one in streams)


def errors(cell):
    return [(one.ename, one.evalue) for one in cell.outputs if one.output_type == "error"]


def test_files_stand_beside_their_page_and_in_the_lists(page, settings, tmp_path):
    pages = [SitePage(page, "Top")]
    write_files(tmp_path, pages, settings)
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "llms-full.txt",
        "llms.txt",
        "page.ipynb",
        "page.md",
        "page.py",
    ]
    listed = "- [A page](https://example.org/page.md): The first paragraph, with code and a link."
    assert listed in (tmp_path / "llms.txt").read_text().splitlines()
    assert "Because *one* is one." in (tmp_path / "llms-full.txt").read_text()


def test_the_lists_follow_the_menu_and_leave_no_page_out():
    settings = read_settings(address="")
    names = [page.page.name for page in site_pages(settings)]
    menu = [name for section in settings.menu.values() for name in section]
    assert [name for name in names if name in menu] == menu
    assert sorted(names) == sorted(PAGES)


@pytest.mark.parametrize(
    ("repository", "link"),
    [
        ("", None),
        ("https://example.org/a/b", None),
        (
            "https://github.com/a/b",
            "https://colab.research.google.com/github/a/b/blob/notebooks/page.ipynb",
        ),
    ],
)
def test_colab_opens_the_notebooks_of_a_repository_on_github(page, repository, link):
    assert colab_link(SitePage(page, "Top"), repository) == link


def test_the_link_to_colab_stands_with_the_others_where_the_repository_is_known(page, settings):
    one = SitePage(page, "Top")
    assert "Colab" not in tools(one, settings)
    known = replace(settings, repository="https://github.com/a/b")
    assert f'<a href="{colab_link(one, known.repository)}">Open in Colab</a>' in tools(one, known)


def test_the_branch_that_colab_reads_is_the_one_that_is_published():
    workflow = (ROOT / ".github" / "workflows" / "pages.yml").read_text()
    assert "HEAD:notebooks" in workflow


def test_the_reading_time_grows_with_the_page(page, docs):
    assert minutes(SitePage(page, "Top")) == 1
    docs.write("long.md", PAGE + "\nmany words " * 500)
    long = read_page(docs.folder / "long.md", docs.folder)
    assert minutes(SitePage(long, "Top")) == 6


def test_a_description_is_the_first_paragraph_in_plain_words(page):
    assert description(SitePage(page, "Top")) == "The first paragraph, with code and a link."


def test_every_page_has_a_description():
    assert [p.page.name for p in site_pages(read_settings()) if not description(p)] == []


def test_an_old_address_leads_to_the_new_one(docs, tmp_path):
    moved = {"old/place": "new", "taken": "new", "gone": ""}
    settings = Settings("Site", "", "", "", docs.folder, {}, moved)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/index.html").write_text("a page")
    write_redirects(tmp_path, settings)
    assert 'url=../../new/"' in (tmp_path / "old/place/index.html").read_text()
    assert 'url=../"' in (tmp_path / "gone/index.html").read_text()
    assert (tmp_path / "taken/index.html").read_text() == "a page"


def test_redirects_lead_to_pages():
    settings = read_settings()
    folders = {page.folder.rstrip("/") for page in site_pages(settings)}
    assert {new.strip("/") for new in settings.redirects.values()} <= folders
