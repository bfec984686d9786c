"""Formulas as MathML, made when the site is built: no script, no font, nothing from elsewhere.

pymdownx.arithmatex (with `generic: true`) finds the formulas; latex2mathml translates them.
"""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET

from latex2mathml.converter import convert
from markdown.treeprocessors import Treeprocessor

log = logging.getLogger("mkdocs.crossgrad")  # MkDocs counts warnings below its own name
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
                except Exception as error:  # the library raises many kinds, one for each slip
                    log.warning("the formula %r can't be read: %s", latex, repr(error))
                    continue
                element.text, element.attrib["class"] = None, "formula"
                element.append(math)


def mathml(latex: str, *, is_block: bool) -> ET.Element:
    """One formula as a `math` element."""
    math = ET.fromstring(convert(latex, display="block" if is_block else "inline"))
    for element in math.iter():
        element.tag = element.tag.removeprefix(_MATHML)
    math.set("alttext", latex)
    return math
