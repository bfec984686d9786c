"""What else becomes of a page's Markdown: labels, comments, pictures, formulas, tables."""

import json

import pytest

from crossgrad.evidence import KnownDifference
from crossgrad.site.identity import body

QUESTION = """# A page

<!--crossgrad:skip cupy because it may-->
```python
print(1)
```

<details class="question" markdown="1">
<summary>What do you expect?</summary>

<!--pytest-codeblocks:expected-output-->
```text
1
```

Because *one* is one.

</details>
"""
PICTURE = """# A page

```python
x = 1
```

<!--crossgrad:graph x "a graph"-->
![a graph](pictures/page-1.svg)
"""
SVG = '<svg role="img" aria-label="a graph"><style>.a{color:red}</style><path d="M0 0"/></svg>'


def test_output_is_labelled(docs):
    docs.write("page.md", QUESTION)
    output = docs.soup("page.md").select_one(".output")
    assert output.select_one(".filename").get_text() == "Output"
    assert output.pre.get_text().strip() == "1"


def test_a_question_hides_the_output_and_its_verdict(docs):
    docs.write("page.md", QUESTION)
    question = docs.soup("page.md").select_one("details.question")
    assert question.summary.get_text() == "What do you expect?"
    assert question.select_one(".output")
    assert question.select_one(".verdict")
    assert question.em.get_text() == "one"


def test_comments_to_the_engine_do_not_reach_the_reader(docs):
    docs.write("page.md", QUESTION)
    assert "<!--" not in docs.html("page.md")


def test_each_block_can_be_linked_to(docs):
    docs.write("page.md", QUESTION)
    assert docs.soup("page.md").select_one("#block-1.language-python")


def test_a_block_that_must_raise_says_so_to_scripts(docs):
    docs.write("page.md", "<!--pytest-codeblocks:expect-exception-->\n```python\n1 / 0\n```\n")
    assert docs.soup("page.md").select_one(".language-python.raises")


def test_a_block_that_runs_when_asked_says_so_to_scripts(docs):
    docs.write("page.md", "<!--crossgrad:when-asked-->\n```python\n1\n```\n\n```python\n2\n```\n")
    soup = docs.soup("page.md")
    assert [box["id"] for box in soup.select(".language-python.when-asked")] == ["block-1"]


@pytest.mark.parametrize(
    ("directive", "reason"),
    [
        ("skip cupy because it may", None),
        ('skip wasm because it\'s "native"', 'it\'s "native"'),
        ("requires cuda", "needs a GPU"),
    ],
)
def test_a_block_that_does_not_run_in_the_page_says_why_to_scripts(docs, directive, reason):
    docs.write("page.md", f"<!--crossgrad:{directive}-->\n```python\nprint(1)\n```\n")
    assert docs.soup("page.md").select_one("#block-1").get("data-not-live") == reason


def test_a_block_that_differs_in_the_page_says_why_to_scripts(docs):
    known = "<!--crossgrad:known-difference wasm output because it is small-->"
    docs.write("page.md", f"{known}\n```python\nprint(1)\n```\n")
    assert docs.soup("page.md").select_one("#block-1")["data-differs"] == "it is small"


def test_output_and_pictures_name_their_block_to_scripts(docs):
    docs.write("page.md", "```python\n0\n```\n" + QUESTION + PICTURE)
    docs.write("pictures/page-1.svg", SVG)
    soup = docs.soup("page.md")
    assert soup.select_one(".output")["data-block"] == "block-2"
    figure = soup.select_one("figure.picture")
    assert figure["data-block"] == "block-3"
    asked = {"kind": "graph", "names": ["x"], "alt": "a graph", "options": {}}
    assert json.loads(figure["data-picture"]) == asked


def test_a_picture_becomes_part_of_the_page_and_leaves_its_colours_to_it(docs):
    docs.write("page.md", PICTURE)
    docs.write("pictures/page-1.svg", SVG)
    figure = docs.soup("page.md").select_one("figure.picture-graph")
    assert figure.svg["aria-label"] == "a graph"
    assert not figure.select("style")
    assert not docs.soup("page.md").select("img")


def test_a_missing_picture_stays_a_link_for_the_build_to_refuse(docs):
    docs.write("page.md", PICTURE)
    assert docs.soup("page.md").img["src"] == "pictures/page-1.svg"


def test_a_page_is_known_by_its_text_with_front_matter_and_tabs(docs):
    text = "---\ntitle: A page\n---\n\n# A page\n\n```python\nif True:\n\tprint(1)\n```\n"
    docs.write("page.md", text)
    docs.verify("page.md")
    docs.write("page.md", body(text))
    assert docs.soup("page.md").select_one(".verdict-agree")


def test_formulas_are_mathml(docs):
    docs.write("page.md", "So $x^2$, and\n\n$$\n\\frac{1}{2}\n$$\n\nbut not `$x$` or $5 and $6.\n")
    soup = docs.soup("page.md")
    assert [(m["display"], m["alttext"]) for m in soup.select("math")] == [
        ("inline", "x^2"),
        ("block", "\\frac{1}{2}"),
    ]
    assert soup.select_one("p math msup")
    assert "$5 and $6" in soup.get_text()


@pytest.mark.parametrize("latex", [r"\frac{1}", r"\unheard x", "x^", "x_1_2"])
def test_a_formula_that_can_not_be_read_is_named(docs, caplog, latex):
    docs.write("page.md", f"${latex}$")
    docs.html("page.md")
    assert f"the formula ${latex}$ can't be read" in caplog.text


@pytest.fixture
def two_pages(docs):
    docs.write("a.md", QUESTION.replace("A page", "First | page"))
    docs.write("b/c.md", QUESTION.replace("A page", "Second"))
    docs.verify("a.md", value_difference=1e-7)
    docs.write("verification.md", "<!--site:matrix-->\n\n<!--site:known-differences-->\n")
    return docs


def test_the_matrix_shows_each_page_and_witness(two_pages):
    rows = two_pages.soup("verification.md").select("table tr")
    cells = [[cell.get_text() for cell in row.select("th, td")] for row in rows]
    assert cells == [
        [
            "Page",
            "Blocks",
            "torch-cpu",
            "torch-cuda",
            "numpy",
            "cupy",
            "wasm",
            "Largest difference",
        ],
        ["First | page", "1", "1 ✓", "–", "1 ✓", "–", "–", "1e-07"],
        ["Second", "1", "–", "–", "–", "–", "–", "none"],
    ]
    assert [row.a["href"] for row in rows[1:]] == ["a.md", "b/c.md"]


def test_known_differences_are_listed_with_their_place(two_pages):
    assert "There is none at present." in two_pages.html("verification.md")
    known = KnownDifference("numpy", "x.grad_fn", "it has no such node", "A", "B")
    two_pages.evidence.pages["a.md"].blocks[0].known_differences.append(known)
    row = two_pages.soup("verification.md").select("table")[1].select("tr")[1]
    assert row.a["href"] == "a.md#verdict-1"
    assert two_pages.soup("a.md").select_one("#verdict-1.verdict")
    assert "it has no such node" in row.get_text()
