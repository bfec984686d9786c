"""What a reader is told under a block, for every kind of evidence."""

import pytest

from crossgrad.evidence import Disagreement, KnownDifference, WitnessInfo, WitnessVerdict
from crossgrad.markdown_extension import CrossgradExtension

from .conftest import VERSIONS

PAGE = """# A page

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
"""
DISAGREEMENT = Disagreement(
    "docs/page.md", 3, "numpy", "x.grad", "tensor(1.)", "tensor(<2>)", "torch-cpu"
)


@pytest.fixture
def page(docs):
    docs.write("page.md", PAGE)
    return docs


def verdicts(docs, name="page.md"):
    return docs.soup(name).select(".verdict")


def line(docs):
    """The verdict line of the first block, without its sign."""
    return verdicts(docs)[0].summary.get_text().split(" ", 1)[1]


def state(docs):
    (found,) = {name for name in verdicts(docs)[0]["class"] if name.startswith("verdict-")}
    return found.removeprefix("verdict-")


def test_every_block_has_a_verdict_after_its_output(page):
    page.verify("page.md")
    blocks = page.soup("page.md").select("div.highlight, div.verdict")
    kinds = ["verdict" if "verdict" in block["class"] else block["class"][0] for block in blocks]
    assert kinds == ["language-python", "language-text", "verdict", "language-python", "verdict"]


def test_agreement_is_said_quietly(page):
    page.verify("page.md")
    assert line(page) == (
        "PyTorch 2.13.0 and the reference on NumPy 2.4.6 agree · no difference · 23 November 2026"
    )
    assert not verdicts(page)[0].details.has_attr("open")


def test_all_witnesses_fit_into_the_sentence(page):
    page.verify("page.md", tuple(VERSIONS))
    assert line(page).startswith(
        "PyTorch 2.13.0 on CPU and GPU and the reference on NumPy 2.4.6, CuPy 14.2.0 "
        "and WebAssembly agree"
    )


def test_the_largest_difference_is_that_of_values_and_gradients(page):
    page.verify("page.md", value_difference=1e-9, gradient_difference=1.2e-7)
    assert "largest difference 1e-07" in line(page)


def test_the_date_is_that_of_the_newest_run(page):
    page.verify("page.md")[0].witnesses["numpy"].date = "2026-12-02T00:00:00+00:00"
    assert line(page).endswith("2 December 2026")


def test_the_details_say_what_each_witness_did_and_why_one_did_not(page):
    block = page.verify("page.md")[0]
    block.witnesses["torch-cuda"] = WitnessVerdict("skipped", reason="NumPy has no GPU")
    page.evidence.witnesses["cupy"] = WitnessInfo(False, reason="CuPy is not installed")
    page.evidence.witnesses["wasm"] = WitnessInfo(False, reason="Node.js is missing")
    text = [item.get_text() for item in verdicts(page)[0].select("dt, dd")]
    assert text == [
        "✓ torch-cpu",
        "agrees · torch 2.13.0+cpu, numpy 2.4.6 · a processor · 23 November 2026, 10:40 UTC",
        "○ torch-cuda",
        "not run: NumPy has no GPU",
        "✓ numpy",
        "agrees · numpy 2.4.6 · a processor · 23 November 2026, 10:40 UTC",
        "○ cupy",
        "not run: CuPy is not installed",
        "○ wasm",
        "not run: Node.js is missing",
    ]


def test_the_line_leads_to_the_page_that_explains_it(docs):
    for name, address in [("page.md", "verification.md"), ("a/b/page.md", "../../verification.md")]:
        docs.write(name, PAGE)
        help_link = verdicts(docs, name)[0].select_one("a.verdict-help")
        assert (help_link["href"], help_link["aria-label"]) == (address, "How verification works")


def test_one_witness_alone_is_no_agreement(page):
    page.verify("page.md", ("numpy",))
    assert state(page) == "alone"
    assert line(page).startswith("Run by the reference on NumPy 2.4.6 alone, not cross-checked")


def test_a_block_that_nobody_could_run_says_why(page):
    block = page.verify("page.md")[0]
    skipped = WitnessVerdict("skipped", reason="needs a GPU")
    block.witnesses = {"torch-cpu": skipped, "numpy": skipped}
    assert (state(page), line(page)) == ("not-run", "Not run yet: needs a GPU")


def test_a_changed_block_is_out_of_date(page):
    page.verify("page.md")
    page.write("page.md", PAGE.replace("print(1)", "print(1 + 0)"))
    assert state(page) == "stale"
    assert line(page) == "Out of date: changed since it was verified on 23 November 2026"


def test_a_block_below_a_changed_one_is_out_of_date_and_one_above_is_not(page):
    page.verify("page.md")
    page.write("page.md", PAGE.replace("x = 2", "x = 3"))
    assert [found["class"][1] for found in verdicts(page)] == ["verdict-agree", "verdict-stale"]


def test_a_block_without_evidence_is_not_verified(page):
    assert (state(page), line(page)) == ("missing", "Not verified yet")


def test_a_new_block_at_the_end_is_not_verified_and_the_others_still_are(page):
    page.verify("page.md")
    page.write("page.md", PAGE + "\n```python\ny = 3\n```\n")
    states = [found["class"][1] for found in verdicts(page)]
    assert states == ["verdict-agree", "verdict-agree", "verdict-missing"]


def test_a_disagreement_is_loud_and_shows_both_values(page):
    block = page.verify("page.md")[0]
    block.disagreements.append(DISAGREEMENT)
    block.witnesses["numpy"].status = "disagrees"
    found = verdicts(page)[0]
    assert (state(page), found.details.has_attr("open")) == ("disagree", True)
    assert line(page) == "The witnesses disagree (1 difference) · 23 November 2026"
    assert "numpy differs in x.grad" in found.get_text()
    assert [pre.get_text() for pre in found.select("pre")] == ["tensor(1.)", "tensor(<2>)"]
    warning = page.soup("page.md").select_one("h1 + p.verdict-warning")
    assert "1 block on this page did not pass verification" in warning.get_text()


def test_a_witness_that_failed_is_a_disagreement(page):
    block = page.verify("page.md")[0]
    block.witnesses["numpy"] = WitnessVerdict("failed", reason="its process ended")
    assert state(page) == "disagree"
    assert "failed: its process ended" in verdicts(page)[0].get_text()


def test_an_output_that_was_edited_in_the_page_is_loud(page):
    page.verify("page.md")
    page.write("page.md", PAGE.replace("\n1\n", "\n2\n"))
    assert state(page) == "edited"
    assert line(page) == "The output shown is not the one that was verified on 23 November 2026"
    assert verdicts(page)[0].pre.get_text() == "1"


def test_a_known_difference_is_shown_with_its_reason(page):
    known = KnownDifference("numpy", "x.grad_fn", "it has no such node", "A", "<B>")
    page.verify("page.md")[0].known_differences.append(known)
    assert "agree, apart from 1 known difference ·" in line(page)
    text = verdicts(page)[0].get_text()
    assert "x.grad_fn is <B> on numpy instead of A, because it has no such node." in text


def test_fresh_evidence_beside_the_docs_is_laid_over_the_committed_one(page):
    page.verify("page.md")
    fresh = page.folder.parent / ".crossgrad" / "evidence.json"
    fresh.parent.mkdir()
    page.html("page.md")
    newer = (page.folder / "evidence.json").read_text().replace("2026-11-23", "2027-01-05")
    fresh.write_text(newer)
    assert line(page).endswith("5 January 2027")


def test_a_text_with_blocks_that_is_no_page_is_reported(page, caplog):
    from markdown import Markdown

    markdown = Markdown(extensions=[CrossgradExtension(docs_dir=str(page.folder))])
    markdown.convert("no block, no matter")
    assert not caplog.records
    markdown.convert("```python\nprint('strange')\n```")
    assert "a text with Python blocks is no page below" in caplog.text


def test_a_page_that_does_not_parse_is_reported_with_its_line(page, caplog):
    page.write("page.md", "# A page\n\n```py\nprint(1)\n```\n")
    page.html("page.md")
    assert "page.md:3: the fence '```py' would be shown but never run" in caplog.text
