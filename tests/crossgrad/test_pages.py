"""A page becomes blocks; what would be shown but not run, or is ill-formed, is refused."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from crossgrad.errors import CrossgradError, PageError
from crossgrad.pages import Page, block_hash, parse_page, read_page


def page_of(text: str) -> Page:
    return parse_page(textwrap.dedent(text).lstrip(), "a/page.md", shown="docs/a/page.md")


def test_blocks_come_in_order_with_their_line_and_output() -> None:
    page = page_of("""
        # Title

        ```python
        print(1)
        ```

        <!--pytest-codeblocks:expected-output-->
        ```text
        1
        ```

        ```python
        x = 2
        ```
        """)
    assert [(b.line, b.code, b.expected_output) for b in page.blocks] == [
        (3, "print(1)\n", "1"),
        (12, "x = 2\n", None),
    ]
    assert page.blocks[0].output_lines == (7, 10)
    assert page.slug == "a-page"


def test_a_block_s_hash_covers_the_blocks_before_it() -> None:
    first = page_of("```python\nx = 1\n```\n```python\nx\n```\n")
    other = page_of("```python\nx = 2\n```\n```python\nx\n```\n")
    assert first.blocks[1].hash == block_hash(["x = 1\n", "x\n"])
    assert first.blocks[1].hash != other.blocks[1].hash


def test_directives_belong_to_the_block_they_stand_at() -> None:
    page = page_of("""
        <!--crossgrad:skip-page cupy because it is slow-->

        <!--crossgrad:skip numpy, torch-cuda because files differ-->
        <!--crossgrad:known-difference torch-cpu x.grad_fn because it is fused-->
        <!--pytest-codeblocks:expect-exception-->
        ```python
        x
        ```

        <!--crossgrad:plot x=a y=b,c kind=scatter xlabel="the x" "a plot"-->
        ![a plot](somewhere)

        <!--crossgrad:requires cuda-->
        <!--crossgrad:when-asked-->
        ```python
        y
        ```
        <!--crossgrad:graph y "the graph"-->
        """)
    first, second = page.blocks
    assert first.skips == {
        "cupy": "it is slow",
        "numpy": "files differ",
        "torch-cuda": "files differ",
    }
    assert first.expects_exception
    assert [(k.witness, k.field, k.reason) for k in first.known_differences] == [
        ("torch-cpu", "x.grad_fn", "it is fused")
    ]
    (plot,) = first.pictures
    assert (plot.kind, plot.names, plot.alt) == ("plot", ("b", "c"), "a plot")
    assert plot.options == {"x": "a", "kind": "scatter", "xlabel": "the x"}
    assert second.requires_cuda
    assert [block.when_asked for block in page.blocks] == [False, True]
    assert second.skips == {"cupy": "it is slow"}
    assert [(p.kind, p.names, p.number) for p in second.pictures] == [("graph", ("y",), 2)]


@pytest.mark.parametrize(
    "opening",
    [
        "```py",
        "```Python",
        "``` python",
        "```python3",
        "```pycon",
        "```ipython",
        '```python title="x.py"',
        "```python hl_lines=1",
        "```{.python}",
        "```{ .python .norun }",
        "~~~python",
        "~~~~ py",
        "  ```python",
        "    ```python",
        "> ```python",
        "- ```python",
    ],
)
def test_a_python_fence_that_would_be_skipped_is_an_error(opening: str) -> None:
    closing = "~~~~" if "~" in opening else "```"
    text = f"# Title\n\n{opening}\nprint(1)\n{closing}\n"
    if opening.startswith("- "):
        text = f"# Title\n\n{opening}\n  print(1)\n  ```\n"
    with pytest.raises(PageError, match=r"^docs/a/page\.md:3: .*never run"):
        page_of(text)


def test_python_in_html_is_an_error() -> None:
    with pytest.raises(PageError, match=r"page\.md:1: Python in HTML"):
        page_of('<pre><code class="language-python">x = 1</code></pre>\n')


def test_a_line_of_inline_backticks_that_would_swallow_the_next_block_is_an_error() -> None:
    with pytest.raises(PageError, match=r"page\.md:1: this line begins with ```"):
        page_of(
            "```inline``` code begins this paragraph\n\n```python\nx = 1\n```\n\n```text\n```\n"
        )


def test_a_block_that_extraction_does_not_see_is_an_error() -> None:
    with pytest.raises(PageError, match=r"page\.md:\d+: extraction does not see"):
        page_of("~~~text\n```\n~~~\n\n```python\nx = 1\n```\n\n~~~text\n```\n~~~\n")


def test_other_languages_and_fences_inside_fences_are_left_alone() -> None:
    page = page_of("````markdown\n```python\nx\n```\n````\n\n```bash\npython x.py\n```\n")
    assert page.blocks == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("```python\nx = 1\n", "1: this fence is never closed"),
        ("\n```python\nx = = 1\n```\n", "3: the block is no valid Python"),
        ("<!--crossgrad:skip numpy-->\n```python\n```\n", "1: skip needs a reason"),
        ("<!--crossgrad:skip jax because x-->\n```python\n```\n", "1: no witness is called 'jax'"),
        ("<!--crossgrad:skp numpy because x-->\n```python\n```\n", "1: .* is no directive"),
        (" <!--crossgrad:requires cuda-->\n```python\n```\n", "1: .* is no directive"),
        ("<!--crossgrad:requires tpu-->\n```python\n```\n", "1: a block can require `cuda`"),
        ("<!--crossgrad:when-asked twice-->\n```python\n```\n", "1: when-asked stands alone"),
        ("<!--pytest-codeblocks:cont-->\n```python\n```\n", "1: .* is no directive"),
        ("<!--pytest.mark.skip-->\n```python\n```\n", "1: .* is no directive"),
        ("<!--crossgrad:requires cuda-->\ntext\n", "1: requires must stand directly before"),
        ("<!--crossgrad:requires cuda-->\n", "1: requires must stand directly before"),
        ('<!--crossgrad:graph x "alt"-->\n', "1: this picture follows no Python block"),
        ("```python\n```\n<!--crossgrad:graph x-->\n", "3: graph needs a text alternative"),
        ('```python\n```\n<!--crossgrad:plot x=a "alt"-->\n', "3: plot takes x=NAME"),
        ('```python\n```\n<!--crossgrad:image "alt"-->\n', "3: image takes the name"),
        ("<!--pytest-codeblocks:expected-output-->\n```text\n```\n", "1: expected-output must"),
        (
            "```python\n```\n<!--pytest-codeblocks:expected-output-->\n```python\n```\n",
            "3: expected-output must",
        ),
        (
            "```python\n```\n<!--pytest-codeblocks:expected-output-->\nx\n```text\n```\n",
            "3: expected-output must",
        ),
        (
            "```python\n```\n```bash\n```\n<!--pytest-codeblocks:expected-output-->\n```text\n```\n",
            "5: expected-output must",
        ),
        (
            "```python\n```\n<!--crossgrad:skip-page numpy because x-->\n",
            "3: skip-page stands before the first block",
        ),
        (
            "<!--crossgrad:known-difference numpy because x-->\n```python\n```\n",
            "1: known-difference needs a witness and a field",
        ),
    ],
)
def test_an_ill_formed_page_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(PageError, match=rf"^page\.md:{sentence}"):
        parse_page(text, "page.md")


def test_a_block_that_announces_an_exception_may_be_a_syntax_error() -> None:
    page = page_of("<!--pytest-codeblocks:expect-exception-->\n```python\nx = = 1\n```\n")
    assert page.blocks[0].expects_exception


def test_a_missing_page_and_a_binary_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CrossgradError, match=r"there is no page .*none\.md"):
        read_page(tmp_path / "none.md", tmp_path)
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CrossgradError, match=r"binary\.md cannot be read as a page"):
        read_page(tmp_path / "binary.md", tmp_path)


def notebook(*cells: dict[str, object]) -> str:
    made = [{"metadata": {}, **cell} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})


def code(source: str, *tags: str, output: str = "") -> dict[str, object]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": list(tags)},
        "outputs": outputs,
        "execution_count": None,
    }


def test_a_notebook_s_code_cells_are_blocks(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "notebooks" / "tour.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(
        notebook(
            {"cell_type": "markdown", "source": "# Tour\n<!--crossgrad:skip cupy because slow-->"},
            code("x = 1\nprint(x)", output="1\n"),
            code("1 / 0", "raises-exception"),
        )
    )
    page = read_page(path, tmp_path / "docs")
    first, second = page.blocks
    assert (page.name, page.shown) == ("notebooks/tour.ipynb", "docs/notebooks/tour.ipynb")
    assert (first.line, first.label, first.expected_output) == (2, "cell2", "1")
    assert first.filename == "docs/notebooks/tour.ipynb[cell 2]"
    assert first.skips == {"cupy": "slow"}
    assert second.expects_exception


def test_python_in_a_notebook_s_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tour.ipynb"
    path.write_text(notebook({"cell_type": "markdown", "source": "```python\nx\n```"}))
    with pytest.raises(PageError, match=r"tour\.ipynb:1: Python in a Markdown cell"):
        read_page(path, tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"nbformat": 3}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tour.ipynb"
    path.write_text(text)
    with pytest.raises(PageError, match="notebook"):
        read_page(path, tmp_path)
