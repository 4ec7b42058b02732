// The formulas' menu remembers choices for all books of one address, and offers parts that are not here, without which no formula
// would be set again: it is off, and what was chosen elsewhere is not read.
if (window.MathJax) {
  Object.assign(window.MathJax.options ??= {}, { enableMenu: false, renderActions: { checkLoading: [] } });
  window.MathJax.startup = { ready() {
    MathJax._.ui.menu.Menu.Menu.MENU_STORAGE = "HebbNotes-formulas";
    MathJax.startup.defaultReady();
    // the page is another size when the window, the type, or the fonts that came are
    MathJax.startup.promise.then(() => new ResizeObserver(reach).observe(document.querySelector("article")));
    document.fonts.addEventListener("loadingdone", reach);
  } };
  // A formula that is wider than the page is scrolled by key, too: then, and only then, it takes the focus.
  const reach = () => {
    const wide = new Map([...document.querySelectorAll(".math")].map(m => [m, m.scrollWidth > m.clientWidth + 1]));
    wide.forEach((is, formula) => is ? formula.setAttribute("tabindex", "0") : formula.removeAttribute("tabindex"));
  };
}
