"""What the site shows of the evidence: verdict lines, the matrix, pictures and formulas.

    identity  which page a Markdown text is
    judgement the verdict on a block in one word, from evidence and page
    words     how the site says things
    line      that verdict as HTML, under the block
    weave     a page's Markdown with verdicts, output labels and pictures put in
    tables    the matrix of pages and witnesses, known differences, notebooks
    formulas  LaTeX to MathML
    settings  what mkdocs.yml says, and the pages in the order of the menu
    parts     a page as prose and blocks in turn
    downloads a page as a notebook and as a script
    takeaway  the files beside the pages, llms.txt, redirects
    tools     what stands below a heading, and what links to a page show elsewhere
    finish    puts the last three, and live blocks, into the HTML of any site generator

`crossgrad.markdown_extension` hands them to Python-Markdown. None of it runs a block.
"""
