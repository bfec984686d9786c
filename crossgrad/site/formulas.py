"""Formulas as MathML, made when the site is built: no script, no font, nothing from elsewhere.

pymdownx.arithmatex (with `generic: true`) finds the formulas; latex2mathml translates them.
"""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET

from latex2mathml.converter import convert
from markdown.treeprocessors import Treeprocessor

log = logging.getLogger("mkdocs.crossgrad")  # MkDocs counts warnings below its own name
_PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3}
_MATHML = "{http://www.w3.org/1998/Math/MathML}"


class FormulaTreeprocessor(Treeprocessor):
    """Replaces the LaTeX in each element of class `arithmatex` by MathML."""

    def run(self, root: ET.Element) -> None:
        """Called by Python-Markdown when the tree of a page is complete."""
        for element in root.iter():
            if element.get("class") == "arithmatex":
                latex = (element.text or "")[2:-2].strip()
                try:
                    math = mathml(latex, is_block=element.tag == "div")
                except Exception as error:  # the library has a kind for each slip
                    why = str(error) or type(error).__name__
                    log.warning("the formula $%s$ can't be read: %s", latex, why)
                    continue
                element.text, element.attrib["class"] = None, "formula"
                element.append(math)


def mathml(latex: str, *, is_block: bool) -> ET.Element:
    """One formula as a `math` element.

    Raises an exception of some kind if the LaTeX is wrong. The library lets commands that it does
    not know and parts that are missing pass, so they are looked for here.
    """
    math = ET.fromstring(convert(latex, display="block" if is_block else "inline"))
    for element in math.iter():
        element.tag = element.tag.removeprefix(_MATHML)
        if (element.text or "").startswith("\\"):
            raise ValueError(f"there is no command {element.text}")
        if len(element) != _PARTS.get(element.tag, len(element)):
            raise ValueError(f"a part of {element.tag} is missing")
    math.set("alttext", latex)
    return math
