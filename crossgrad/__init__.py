"""Crossgrad: a PyTorch tutorial whose every code block is executed by independent witnesses.

Read the modules in the order in which a page travels through them:

    pages       a Markdown page or a notebook becomes blocks of code
                (`fences`, `directives`, `notebooks`: what a page may hold)
    witnesses   who runs them: PyTorch or the reference, on the CPU or on CUDA
    scheduler   hands pages to warm processes (`nursery`), one fork for each page and witness
    worker      runs one page in its fork; `recorder` and `picture_data` note what each block did,
                as a `record`
    compare     record against record (`texts`: printed text)
    verdict     who agrees on a page, the page itself among them (`illustrate`: its pictures)
    evidence    the verdicts, as the data that the site shows
    verify      all of the above in one call, with a `cache` of runs
    update      writes outputs, pictures and evidence into the docs folder
    cli         `crossgrad verify | update | report`, with `progress` and `report`
    pytest_plugin   the same for pytest, one item for each block and witness

`pictures` draws graphs, plots and images; `markdown_extension` and `site` show the verdicts.
"""

__version__ = "0.1.0"
