"""`update` writes what the witnesses agree on, and nothing else."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from crossgrad import evidence as store
from crossgrad import update as update_module
from crossgrad.errors import CrossgradError
from crossgrad.evidence import site_evidence
from crossgrad.update import require_writable

from .conftest import TORCH, Site, faulty

pytestmark = pytest.mark.torch

BARE = """
# Title

```python
import torch

x = torch.tensor(3.0, requires_grad=True)
y = x * x
print(y)
```
<!--crossgrad:graph y "The graph of y"-->

<details class="question" markdown="1">
<summary>What do you expect?</summary>

<!--pytest-codeblocks:expected-output-->
```text
```

It is six.
</details>

```python
print("one\\n\\n```\\ntwo  ")
```

<!--pytest-codeblocks:expect-exception-->
```python
y.nothing
```
The end.

```python
z = 1
```

<!--pytest-codeblocks:expected-output-->
```text
gone
```
"""

WRITTEN = """
# Title

```python
import torch

x = torch.tensor(3.0, requires_grad=True)
y = x * x
print(y)
```
<!--crossgrad:graph y "The graph of y"-->
![The graph of y](../pictures/a-page-1.svg)

<details class="question" markdown="1">
<summary>What do you expect?</summary>

<!--pytest-codeblocks:expected-output-->
```text
tensor(9., grad_fn=<MulBackward0>)
```

It is six.
</details>

```python
print("one\\n\\n```\\ntwo  ")
```

<!--pytest-codeblocks:expected-output-->
````text
one

```
two
````

<!--pytest-codeblocks:expect-exception-->
```python
y.nothing
```

<!--pytest-codeblocks:expected-output-->
```text
AttributeError: 'Tensor' object has no attribute 'nothing'
```
The end.

```python
z = 1
```
"""


def test_outputs_and_pictures_are_written_and_then_verified(site: Site) -> None:
    site.write(BARE, "a/page.md")
    result = site.update(TORCH, faulty("none"))
    assert site.read("a/page.md") == WRITTEN.lstrip()
    assert result.disagreements == []
    assert (site.docs / "pictures" / "a-page-1.svg").read_text().startswith("<svg")
    assert site.complaints(TORCH, faulty("none")) == []


def test_updating_again_changes_nothing(site: Site) -> None:
    site.write(BARE, "a/page.md")
    site.update()
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in site.docs.rglob("*.*")}
    site.update()
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in site.docs.rglob("*.*")} == before


def test_a_block_on_which_witnesses_disagree_is_left_alone(site: Site) -> None:
    page = "```python\nimport torch\nx = torch.mean(torch.ones(2))\nprint(x)\n```\n\n"
    page += "```python\nprint(2)\n```\n"
    site.write(page)
    result = site.update(TORCH, faulty("wrong_dtype"))
    assert {c.line for c in result.disagreements} == {1}
    assert site.read() == page + "\n<!--pytest-codeblocks:expected-output-->\n```text\n2\n```\n"


def test_the_evidence_is_written_beside_the_pages(site: Site) -> None:
    site.write("```python\nimport torch\nx = torch.ones(2)\nprint(x)\n```\n")
    site.update(TORCH, faulty("none"))
    data = json.loads((site.docs / "evidence.json").read_text())
    assert data["format"] == 1
    assert data["witnesses"]["torch-cpu"]["available"]
    (block,) = data["pages"]["page.md"]["blocks"]
    assert (block["line"], block["output"]) == (1, "tensor([1., 1.])")
    verdict = block["witnesses"]["saboteur"]
    assert (verdict["status"], verdict["value_difference"]) == ("agrees", 0.0)
    assert verdict["versions"]["numpy"]
    assert verdict["date"]
    assert block["disagreements"] == block["known_differences"] == []


def test_evidence_of_a_gpu_machine_is_kept_while_the_block_is_the_same(site: Site) -> None:
    page = "```python\nimport torch\n```\n\n<!--crossgrad:requires cuda-->\n```python\nx = 1\n```\n"
    path = site.write(page)
    site.update()
    file = site.docs / "evidence.json"
    data = json.loads(file.read_text())
    cuda = {"status": "agrees", "date": "2026-01-01T00:00:00+00:00", "device": "NVIDIA H200"}
    gpu_block = data["pages"]["page.md"]["blocks"][1]
    assert gpu_block["witnesses"]["torch-cpu"]["reason"] == "needs a GPU"
    gpu_block["witnesses"]["torch-cuda"] = cuda
    gpu_block["output"] = "from the GPU"
    file.write_text(json.dumps(data))
    shown = "\n<!--pytest-codeblocks:expected-output-->\n```text\nfrom the GPU\n```\n"
    path.write_text(page + shown)

    assert site.update().disagreements == []
    kept = site_evidence(site.docs).pages["page.md"].blocks[1]
    assert (kept.output, kept.witnesses["torch-cuda"].device) == ("from the GPU", "NVIDIA H200")
    assert site.read() == page + shown

    path.write_text(page.replace("x = 1", "x = 2"))
    site.update()
    assert "torch-cuda" not in site_evidence(site.docs).pages["page.md"].blocks[1].witnesses


def test_pictures_and_evidence_that_are_no_longer_wanted_go(site: Site) -> None:
    site.write(BARE, "a/page.md")
    site.write("```python\nx = 1\n```\n", "other.md")
    site.update()
    (site.docs / "other.md").unlink()
    site.write(BARE.replace('<!--crossgrad:graph y "The graph of y"-->', ""), "a/page.md")
    site.update()
    assert list((site.docs / "pictures").iterdir()) == []
    assert list(site_evidence(site.docs).pages) == ["a/page.md"]


def test_a_picture_that_is_wrong_is_named(site: Site) -> None:
    site.write(BARE, "a/page.md")
    site.update()
    picture = site.docs / "pictures" / "a-page-1.svg"
    picture.write_text(picture.read_text().replace("MulBackward0", "DivBackward0"))
    (complaint,) = site.complaints()
    assert (complaint.field, complaint.actual) == ("graph y", "another drawing")
    picture.unlink()
    (complaint,) = site.complaints()
    assert complaint.expected == "the file a-page-1.svg"
    path = site.docs / "a" / "page.md"
    path.write_text(path.read_text().replace("![The graph of y]", "![A graph]"))
    (complaint,) = site.complaints()
    assert complaint.actual == "![A graph](../pictures/a-page-1.svg)"


def test_a_notebook_is_updated_in_its_own_format(site: Site) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Tour"]},
        {
            "cell_type": "code",
            "execution_count": 4,
            "metadata": {},
            "outputs": [],
            "source": [
                "import torch\n",
                "x = torch.ones(1, requires_grad=True)\n",
                "(x * 2).sum()",
            ],
        },
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": ['<!--crossgrad:graph x "x alone"-->'],
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = site.write(json.dumps(notebook), "notebooks/tour.ipynb")
    assert site.update().disagreements == []
    after = json.loads(path.read_text())
    assert after["cells"][1]["outputs"] == [
        {
            "name": "stdout",
            "output_type": "stream",
            "text": ["tensor(2., grad_fn=<SumBackward0>)\n"],
        }
    ]
    assert after["cells"][1]["execution_count"] is None
    assert after["cells"][2]["source"][1] == "![x alone](../pictures/notebooks-tour-1.svg)"
    assert after["cells"][0] == cells[0]
    assert site.complaints() == []


def test_a_page_is_written_whole_or_not_at_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    path = site.write("```python\nprint(1)\n```\n")
    before = path.read_bytes()

    def fail(*names: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(CrossgradError, match=r"page\.md cannot be written \(Permission denied\)"):
        site.update()
    assert path.read_bytes() == before
    assert sorted(p.name for p in site.docs.iterdir()) == ["page.md"]


def test_ctrl_c_waits_until_a_page_is_through(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.md", "b.md"):
        site.write("```python\nprint(1)\n```\n", name)
    original = store.write_whole

    def write_and_interrupt(path: Path, text: str) -> None:
        signal_main_thread()
        original(path, text)

    monkeypatch.setattr(update_module, "write_whole", write_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        site.update()
    assert "expected-output" in site.read("a.md")
    assert "expected-output" not in site.read("b.md")
    assert list(site_evidence(site.docs).pages) == ["a.md"]
    assert [c.page for c in site.complaints()] == ["docs/b.md"]


def signal_main_thread() -> None:
    import signal

    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(CrossgradError, match=r"missing cannot be written \(No such file"):
        require_writable(tmp_path / "missing")
