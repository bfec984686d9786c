"""What the site shows of the evidence: verdict lines, the matrix, pictures and formulas.

    identity  which page a Markdown text is
    judgement the verdict on a block in one word, from evidence and page
    words     how the site says things
    line      that verdict as HTML, under the block
    weave     a page's Markdown with verdicts, output labels and pictures put in
    tables    the matrix of pages and witnesses, known differences, notebooks
    formulas  LaTeX to MathML

`crossgrad.markdown_extension` hands them to Python-Markdown. None of it runs a block.
"""
