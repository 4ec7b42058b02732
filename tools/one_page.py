"""Sphinx extension for the book on one page, which the PDF is printed from.

It mends what the builder of that page (``singlehtml``) leaves broken: it does not know the nodes
that extensions explain to the builder "html" alone, and it confuses addresses that several chapters
use.
"""

from collections import Counter

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def share_visitors(app: Sphinx) -> None:
    """Let the one page show what extensions explain to the builder "html" only, such as folded
    boxes.
    """
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def separate_addresses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the chapter's name before every address that another chapter uses, too, and point each
    link at its own.
    """
    if app.builder.name != "singlehtml":
        return
    chapters = {chapter["docname"]: chapter for chapter in doctree.findall(addnodes.start_of_file)}
    home = {id(node): name for name, chapter in chapters.items() for node in chapter.findall()}
    used = Counter(address for node in doctree.findall(nodes.Element) for address in node["ids"])

    def own(name: str, address: str) -> str:
        return f"{name}-{address}" if used[address] > 1 and name in chapters else address

    for node in list(doctree.findall(nodes.Element)):
        here = home.get(id(node), docname)
        for kind in ("ids", "backrefs"):
            node[kind] = [own(here, address) for address in node[kind]]
        if "refid" in node:
            node["refid"] = own(here, node["refid"])
        if (uri := node.get("refuri", "")).startswith("#document-"):
            page, _, address = uri.removeprefix("#document-").partition("#")
            node["refuri"] = "#" + (own(page, address) if address else f"document-{page}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", share_visitors)
    app.connect("doctree-resolved", separate_addresses, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
