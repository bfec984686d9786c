"""What mkdocs.yml says of the site as a whole, and the pages in the order of its menu."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mkdocs.utils.yaml import get_yaml_loader, yaml_load

from crossgrad.pages import Page, find_pages, read_page
from crossgrad.site.tables import title

CONFIG = Path(__file__).parents[2] / "mkdocs.yml"


@dataclass(frozen=True)
class Settings:
    """The site.

    address: where it is served, with `/` at the end; "" if that is not known. repository: its
    address on GitHub, or "". menu: the pages of each section, by name. redirects: from the
    folder where a page was to the page that it is now.
    """

    name: str
    description: str
    address: str
    repository: str
    docs_dir: Path
    menu: dict[str, list[str]]
    redirects: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SitePage:
    """A page and where the site has it: `plain` is its path below the site, without ending."""

    page: Page
    section: str

    @property
    def plain(self) -> str:
        return self.page.name.rsplit(".", 1)[0]

    @property
    def folder(self) -> str:
        """The address below the site's: `autograd/homework/`, or "" for the first page."""
        inner = self.plain.removesuffix("index").rstrip("/")
        return f"{inner}/" if inner else ""

    @property
    def title(self) -> str:
        return title(self.page).replace("\\|", "|")


def read_settings(config: Path = CONFIG, address: str | None = None) -> Settings:
    """The settings of a mkdocs.yml; `address` stands for the one that it names."""
    with open(config, encoding="utf-8") as file:
        said: dict[str, Any] = yaml_load(file, get_yaml_loader())
    extra = said.get("extra") or {}
    served = said.get("site_url") if address is None else address
    return Settings(
        name=said["site_name"],
        description=said.get("site_description", ""),
        address=f"{served.rstrip('/')}/" if served else "",
        repository=(extra.get("repository") or "").rstrip("/"),
        docs_dir=config.parent / said.get("docs_dir", "docs"),
        menu=_menu(said.get("nav", []), said["site_name"]),
        redirects=extra.get("redirects") or {},
    )


def site_pages(settings: Settings) -> list[SitePage]:
    """All pages: those of the menu in its order, then any others by name."""
    known = {
        path.relative_to(settings.docs_dir).as_posix(): path
        for path in find_pages(settings.docs_dir)
    }
    sections = {name: section for section, names in settings.menu.items() for name in names}
    ordered = [*(name for name in sections if name in known), *sorted(known.keys() - sections)]
    return [
        SitePage(read_page(known[name], settings.docs_dir), sections.get(name, settings.name))
        for name in ordered
    ]


def _menu(nav: list[dict[str, Any]], top: str) -> dict[str, list[str]]:
    menu: dict[str, list[str]] = {}
    for entry in nav:
        for label, target in entry.items():
            section = top if isinstance(target, str) else label
            menu.setdefault(section, []).extend(_names(target))
    return menu


def _names(target: Any) -> Iterator[str]:
    if isinstance(target, str):
        yield target
    else:
        for entry in target:
            for inner in [entry] if isinstance(entry, str) else entry.values():
                yield from _names(inner)
