"""Sphinx extension for the book on one page, which the PDF is printed from.

It mends what the builder of that page (``singlehtml``) leaves broken: it does not know the nodes
that extensions explain to the builder "html" alone, and it confuses addresses that several chapters
use. And it leaves out what nobody reads on paper: the modules of the package with their
signatures, and the pages of nothing else. A link to these leads to the site, if it has an address,
or is plain text.
"""

import re
from collections import Counter

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from tools.package import PACKAGE, pages

OF_MODULES = (f"{PACKAGE}.", f"module-{PACKAGE}.")
"""How the addresses of modules, and of what they define, begin."""
SCRIPT = re.compile(r"<script\b.*?</script>", re.S)


def left_out() -> set[str]:
    """Return the pages that are not on paper: those of what single chapters use."""
    return {*pages().values()}


class OnePage(SingleFileHTMLBuilder):
    """The builder of the one page, which has no search."""

    search = False

    def write(self, *documents: object) -> None:
        """Write the page, for which no page has what is left out."""
        read = self.env.get_doctree
        self.env.get_doctree = lambda name: for_paper(read(name))
        self.env.master_doctree = self.env.get_doctree(self.config.root_doc)
        super().write(*documents)


def for_paper(tree: nodes.document) -> nodes.document:
    """Take the pages that are left out from the contents, and the sections of modules from a page,
    with the headings that have nothing else.
    """
    for contents in tree.findall(addnodes.toctree):
        contents["includefiles"] = [n for n in contents["includefiles"] if n not in left_out()]
        contents["entries"] = [e for e in contents["entries"] if e[1] not in left_out()]
    for section in list(tree.findall(nodes.section)):
        if any(address.startswith(OF_MODULES) for address in section["ids"]):
            above = section.parent
            above.remove(section)
            while isinstance(above, nodes.section) and len(above) == 1:
                empty, above = above, above.parent
                above.remove(empty)
    return tree


def share_visitors(app: Sphinx) -> None:
    """Let the one page show what extensions explain to the builder "html" only, such as folded
    boxes.
    """
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def separate_addresses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the chapter's name before every address that another chapter uses, too, and point each
    link at its own; live models stay still pictures, as on paper.
    """
    if app.builder.name != "singlehtml":
        return
    chapters = {chapter["docname"]: chapter for chapter in doctree.findall(addnodes.start_of_file)}
    for raw in doctree.findall(nodes.raw):
        if "moving-figure" not in raw.astext():  # which is a strip on paper by its script
            raw.children[:] = [nodes.Text(SCRIPT.sub("", raw.astext()))]
    home = {id(node): name for name, chapter in chapters.items() for node in chapter.findall()}
    used = Counter(address for node in doctree.findall(nodes.Element) for address in node["ids"])

    def own(name: str, address: str) -> str:
        return f"{name}-{address}" if used[address] > 1 and name in chapters else address

    for node in list(doctree.findall(nodes.Element)):
        here = home.get(id(node), docname)
        for kind in ("ids", "backrefs"):
            node[kind] = [own(here, address) for address in node[kind]]
        if isinstance(node, nodes.reference) and "refid" in node and not used[node["refid"]]:
            node["refuri"] = f"#document-{here}#{node.attributes.pop('refid')}"  # of a signature
        if "refid" in node:
            node["refid"] = own(here, node["refid"])
        if (uri := node.get("refuri", "")).startswith("#document-"):
            page, _, address = uri.removeprefix("#document-").partition("#")
            if page in left_out() or (address.startswith(OF_MODULES) and not used[address]):
                place = f"{page}.html#{address}".rstrip("#")
                lead_to_the_site(node, place, app.config.html_baseurl)
            else:
                node["refuri"] = "#" + (own(page, address) if address else f"document-{page}")


def lead_to_the_site(link: nodes.Element, place: str, site: str) -> None:
    """Point a link at a place of the site, or make plain text of it where that has no address."""
    if site:
        link["refuri"] = f"{site.rstrip('/')}/{place}"
    else:
        link.replace_self(link.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_builder(OnePage, override=True)
    app.connect("builder-inited", share_visitors)
    app.connect("doctree-resolved", separate_addresses, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
