"""The one exception for bad input: its text is the sentence that the user reads."""

from __future__ import annotations


class CrossgradError(Exception):
    """Something the user can mend; the message names the thing and the remedy."""


class PageError(CrossgradError):
    """A page that cannot be read as blocks; names the page and the line."""

    def __init__(self, page: str, line: int, sentence: str) -> None:
        super().__init__(f"{page}:{line}: {sentence}")
        self.page, self.line, self.sentence = page, line, sentence
