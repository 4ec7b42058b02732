"""What keeps readers out of a page, as axe-core finds it in Chromium."""

from axe_playwright_python.sync_playwright import Axe

AXE = Axe()
THEMES_OWN = {
    "region": "the theme's logo and its buttons stand outside its landmarks",
    "label-content-name-mismatch": "the theme labels its search button otherwise than it shows it",
    "aria-allowed-role": "the roles that docutils gives the entries of a bibliography",
    "aria-deprecated-role": "the same",
    "aria-required-children": "the same",
}
"""What axe finds in every page that the theme and Sphinx make, whatever is on it."""


MARK_LOOKS = """seen => {
    const hash = text => { let a = 0xdeadbeef, b = 0x41c6ce57; for (let i = 0; i < text.length; i++) { const c = text.charCodeAt(i);
        a = Math.imul(a ^ c, 2654435761); b = Math.imul(b ^ c, 1597334677); } return (a >>> 0).toString(36) + (b >>> 0).toString(36); };
    const CLEAR = "rgba(0, 0, 0, 0),none,1,none,static,auto,false,";
    const surfaces = new Map(), known = new Set(seen), added = [];
    const surface = e => {
        if (!e) return "";
        if (!surfaces.has(e)) {
            const s = getComputedStyle(e), own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.position,
                s.zIndex, e.hasAttribute("disabled"), e.ariaDisabled].join(), behind = surface(e.parentElement);
            surfaces.set(e, own === CLEAR ? behind : hash(behind + own));
        }
        return surfaces.get(e);
    };
    const add = (e, look) => {
        look = hash(look.join());
        if (known.has(look)) return;
        known.add(look);
        added.push(look);
        e.setAttribute("data-look", "");
    };
    document.querySelectorAll("[data-look]").forEach(e => e.removeAttribute("data-look"));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement, s = getComputedStyle(e);
        if (!texts.currentNode.textContent.trim() || !e.getClientRects().length || !e.checkVisibility({visibilityProperty: true}))
            continue;
        const link = e.closest("a"), block = link?.parentElement.closest("p, li, dd, dt, td, th, figcaption, div");
        const among = link && [getComputedStyle(link.parentElement).color, getComputedStyle(link).textDecorationLine,
            getComputedStyle(link).borderBottom, block.tagName, block.textContent.trim() !== link.textContent.trim()];
        add(link ?? e, [surface(e), s.color, s.fontSize, s.fontWeight, s.textShadow, among]);
    }
    for (const e of document.querySelectorAll("input, select, textarea")) {
        if (!e.getClientRects().length || !e.checkVisibility({visibilityProperty: true})) continue;
        const [s, inner] = [getComputedStyle(e), getComputedStyle(e, "::placeholder")];
        add(e, [surface(e), s.color, s.fontSize, s.fontWeight, s.textShadow, e.tagName, e.type, inner.color, inner.opacity]);
    }
    return added;
}"""  # one text of each look: its colour and size, all that lies behind it, and, of a link, what stands around it
PUT_ASIDE = """() => {
    const kept = new Set(), top = scrollY, swapped = [], hidden = [];
    for (let e of document.querySelectorAll("[data-look]"))
        for (; e && !kept.has(e); e = e.parentElement) kept.add(e);
    const aside = [...kept].filter(e => document.body.contains(e) && !e.hasAttribute("data-look"))
        .flatMap(e => [...e.children]).filter(e => {
            const {position, display} = getComputedStyle(e);
            return !kept.has(e) && position === "static" && !/^(inline|none|contents)/.test(display);
        });
    const hide = e => e.style.setProperty("display", "none", "important");
    for (const e of aside) {
        if (e.getElementsByTagName("*").length < 8) {
            hidden.push([e, e.getAttribute("style")]);
            hide(e);
        } else {
            const empty = e.cloneNode(false);
            hide(empty);
            e.replaceWith(empty);
            swapped.push([empty, e]);
        }
    }
    scrollTo({top: 0, behavior: "instant"});
    window.putBack = () => {
        for (const [empty, e] of swapped) empty.replaceWith(e);
        for (const [e, style] of hidden) style === null ? e.removeAttribute("style") : e.setAttribute("style", style);
        scrollTo({top, behavior: "instant"});
        delete window.putBack;
    };
}"""  # blocks without a marked text, but what may lie over or under another: axe weighs all that is shown
OF_LOOKS = ("color-contrast", "link-in-text-block")
"""What axe asks of a text's look alone; its search takes a minute on a long page."""


def judged(page, where, **how):
    """Return what axe finds in a part of the page, and in which elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    violations = page.evaluate(
        "([where, how]) => axe.run(where ?? document, how).then(found => found.violations)",
        [where, {"reporter": "no-passes", "resultTypes": ["violations"], "preload": False} | how],
    )
    return {v["id"]: [node["html"][:160] for node in v["nodes"][:3]] for v in violations}


def faint_looks(page, seen):
    """Return what axe finds of the looks of texts that are not among the ``seen``, which grow: texts
    of one look are equally faint, so that one of each will do, whatever page it is on.
    """
    added = page.evaluate(MARK_LOOKS, list(seen))
    seen.update(added)
    if not added:
        return {}
    page.evaluate(PUT_ASIDE)
    found = judged(page, "[data-look]", runOnly=OF_LOOKS)
    page.evaluate("putBack()")
    return found


def other_barriers(page):
    """Return what axe finds besides that is not the theme's own."""
    return judged(page, None, rules={rule: {"enabled": False} for rule in (*OF_LOOKS, *THEMES_OWN)})
