"""Pyodide: Python in the reader's browser, and in Node.js as the witness `wasm`.

    pyodide   what this machine has of it
    fetch     gets what is missing, each file against its hash
    witness   runs a page inside Pyodide as the other witnesses run it in a process of its own
    session   runs the blocks of a page inside Pyodide for its reader
    archive   the sources that a browser needs, packed inside Pyodide

The JavaScript around them is in `live/`: what a page loads, and the process that the scheduler
talks to.
"""
