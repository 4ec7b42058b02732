// On paper the light theme holds whatever is chosen, and what is folded is open, in browsers that cannot do this by style, too.
(() => {
  const root = document.documentElement;
  let screen = null;
  const toPaper = () => {
    if (screen) return;
    screen = { theme: root.dataset.theme, folded: [...document.querySelectorAll("details:not([open])")] };
    root.dataset.theme = "light";
    screen.folded.forEach(box => { box.open = true; });
  };
  const toScreen = () => {
    if (!screen) return;
    root.dataset.theme = screen.theme;
    screen.folded.forEach(box => { box.open = false; });
    screen = null;
  };
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", toScreen);
  matchMedia("print").addEventListener("change", event => (event.matches ? toPaper : toScreen)());
})();
