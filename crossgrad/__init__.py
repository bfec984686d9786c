"""Crossgrad: a PyTorch tutorial whose every code block is executed by independent witnesses.

Read the modules in the order in which a page travels through them:

    pages      a Markdown page or a notebook becomes blocks of code
    witnesses  who runs them: PyTorch or the reference, on the CPU or on CUDA
    scheduler  hands pages to warm processes (`nursery`), one fork for each page and witness
    worker     runs one page in its fork; `recorder` writes down what each block did (`record`)
    compare    record against record, and against the output that the page shows
    evidence   the verdicts, as the data that the site shows
    verify     all of the above in one call; `update` writes outputs and pictures into the pages
    cli        `crossgrad verify | update | report`; `pytest_plugin` offers the same to pytest
"""

__version__ = "0.1.0"
