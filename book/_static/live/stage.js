// What the live models stand on: a canvas that follows the theme, controls that have names, a clock.
//
// A model is a file beside this one that calls Live.model(name, build). build({ numbers, stage }) lays out its pictures and its
// controls on the stage, and returns the functions that tests call: they are figure.model.
if (!Live.model) Object.assign(Live, (() => {
  "use strict";
  const { clamp, told, make, settled, hold, rest, inPieces, soon, shown, colours } = Live;

  let count = 0;
  class Stage {
    constructor(root, element, said, paints = []) { Object.assign(this, { root, element, said, paints }); }

    // A part of the stage, "picture" or "panel" of the figure or a group of controls with a legend.
    part(className) { return new Stage(this.root, this.add(make("div", { className })), this.said, this.paints); }
    group(legend, className = "") {
      return new Stage(this.root, this.add(make("fieldset", { className }, make("legend", { textContent: legend }))), this.said, this.paints);
    }
    add(element) { this.element.append(element); return element; }
    // What to do first, in one line above all else.
    lead(text) { return this.text("lead", text); }
    text(className = "", textContent = "") { return this.add(make("p", { className, textContent })); }

    // The role of a colour in the theme of the page: ink, paper, muted, faint, blue, green, red, pink, purple.
    colour(role) {
      if (!colours.has(role)) colours.set(role, getComputedStyle(this.root).getPropertyValue(`--${role}`).trim());
      return colours.get(role);
    }

    // Call what draws in the theme's colours again when the theme changes; a canvas of the stage does so by itself.
    themed(redraw) { shown.add(redraw); return redraw; }

    // What the model has to say, seen by all and read out; the same words are not said twice.
    verdict() {
      const element = this.add(make("p", { className: "verdict", aria: { role: "status", live: "polite" } }));
      return text => { if (element.textContent !== text) element.textContent = text; };
    }
    // While much changes by itself the verdict is not read out, which would never end; what it says at last is.
    quiet(on) {
      this.root.querySelectorAll(".verdict").forEach(element => {
        element.setAttribute("aria-live", on ? "off" : "polite");
        if (!on) element.replaceChildren(element.textContent);
      });
    }
    // What is seen anyhow, for those who do not see it; once a second at most, the last words count.
    say(text) {
      clearTimeout(this.said.later);
      const wait = Math.max(0, (this.said.last ?? -Infinity) + 1000 - performance.now());
      const speak = () => { this.said.last = performance.now(); this.said.textContent = text; };
      if (wait) this.said.later = setTimeout(speak, wait); else speak();
    }

    button(textContent, act, { main = false, label } = {}) {
      const button = make("button", { type: "button", textContent, className: main ? "main" : "" });
      if (label) button.setAttribute("aria-label", label);
      const handOn = () => { // a button that is of no use any more hands the focus on
        if (!button.disabled && !button.hidden || ![button, document.body].includes(document.activeElement)) return;
        this.root.querySelector("canvas[tabindex], button:not([disabled], [hidden])")?.focus({ preventScroll: true });
      };
      button.addEventListener("click", () => {
        const focused = document.activeElement === button;
        act();
        if (focused) { handOn(); settled().then(handOn); }
      });
      return this.add(button);
    }
    // A switch; act(on) is called when it is turned.
    toggle(text, act, on = false) {
      const input = make("input", { type: "checkbox", checked: on, aria: { role: "switch" } });
      input.addEventListener("change", () => act(input.checked));
      this.add(make("label", { className: "switch" }, input, make("span", { textContent: text })));
      return input;
    }
    // One of several; options are [value, text], or [value, text, element to show in its place].
    choice(legend, options, act, chosen = options[0][0]) {
      const name = `live-choice-${++count}`, group = make("fieldset", { className: "choice" }, make("legend", { textContent: legend }));
      options.forEach(([value, text, picture]) => {
        const input = make("input", { type: "radio", name, value, checked: value === chosen });
        if (picture) input.setAttribute("aria-label", text);
        input.addEventListener("change", () => act(value));
        group.append(make("label", {}, input, picture ?? make("span", { textContent: text })));
      });
      this.add(group);
      return { element: group, set: value => group.querySelectorAll("input").forEach(i => { i.checked = i.value === String(value); }) };
    }
    // A line of text; act(text) is called as it is typed.
    field(text, { value = "", most = 20 }, act) {
      const id = `live-field-${++count}`, input = make("input", { id, type: "text", value, maxLength: most, autocomplete: "off", spellcheck: false });
      input.addEventListener("input", () => act(input.value));
      this.add(make("label", { className: "field", htmlFor: id }, make("span", { textContent: text }), input));
      return input;
    }
    // A slider; say(value) is what stands beside it and is read out.
    slider(text, { min, max, step = "any", value, say = String }, act) {
      const id = `live-slider-${++count}`, input = make("input", { id, type: "range", min, max, step, value }), output = make("output");
      const tell = () => { output.textContent = say(+input.value); input.setAttribute("aria-valuetext", say(+input.value)); };
      input.addEventListener("input", () => { tell(); act(+input.value); });
      this.add(make("label", { className: "slider", htmlFor: id }, make("span", { textContent: text }), output, input));
      tell();
      return { element: input, set: to => { input.value = to; tell(); } };
    }
    // Horizontal bars, from 0 to most or on both sides of 0; a name is a text, or { text, picture } with an element to show in its
    // place. set([{ value, text, role, strong }]) draws them.
    bars(label, names, { most = 1, signed = false } = {}) {
      const rows = names.map(given => {
        const { text: name, picture = name } = given.text ? given : { text: given };
        const fill = make("span", { className: "fill" }), value = make("span", { className: "value" }), head = make("span", { className: "name" }, picture);
        const row = make("div", { className: "bar" }, head, make("span", { className: signed ? "track signed" : "track" }, fill), value);
        return { row, fill, value, head, name };
      });
      const element = this.add(make("div", { className: "bars", aria: { role: "img", label } }, ...rows.map(({ row }) => row)));
      const set = values => {
        values.forEach(({ value, text = told(value), role = "blue", strong = false }, k) => {
          const share = clamp(value / most, signed ? -1 : 0, 1), half = signed ? 50 : 100;
          rows[k].row.hidden = false;
          rows[k].row.classList.toggle("strong", strong);
          Object.assign(rows[k].fill.style, { left: `${signed ? 50 + Math.min(0, share) * 50 : 0}%`,
            width: `${Math.abs(share) * half}%`, background: `var(--${role})` });
          rows[k].value.textContent = text;
        });
        rows.slice(values.length).forEach(({ row }) => { row.hidden = true; });
        element.setAttribute("aria-label", `${label}: ` + values.map(({ value, text = told(value) }, k) => `${rows[k].name} ${text}`).join(", "));
      };
      return { element, set, name: (k, text) => { rows[k].name = rows[k].head.textContent = text; } };
    }

    // A canvas of size [width, height] in units of its own, whatever its pixels. draw(context, colour) draws all of it.
    // keys: by the name of the key. pointer: { grabs, handle, down, move, up, tap }, each gets a point { x, y } in these units; see listen.
    canvas(label, size, draw, { keys, pointer, className = "" } = {}) {
      const element = make("canvas", { className, aria: { role: keys ? "application" : "img", label } });
      const resize = ([width, height]) => {
        size = [width, height];
        Object.assign(element.style, { aspectRatio: `${width} / ${height}`, maxWidth: `${width}px` });
        element.style.setProperty("--ratio", width / height);
        element.style.setProperty("--wide", `${width}px`);
      };
      resize(size);
      this.add(element);
      let across = 0;
      const empty = () => {
        across ||= element.clientWidth;
        const pixels = Math.round(across * (window.devicePixelRatio || 1)), [width, height] = size;
        if (!across || this.root.classList.contains("building")) return null;
        const high = Math.round(pixels * height / width);
        if (element.width !== pixels || element.height !== high) Object.assign(element, { width: pixels, height: high });
        const context = element.getContext("2d");
        context.setTransform(pixels / width, 0, 0, pixels / width, 0, 0);
        return context;
      };
      const paint = () => {
        const context = empty(), [width, height] = size;
        if (!context) return;
        context.clearRect(0, 0, width, height);
        draw(context, role => this.colour(role));
      };
      const redraw = () => soon(paint);
      new ResizeObserver(([{ contentRect }]) => { across = contentRect.width; redraw(); }).observe(element);
      shown.add(redraw);
      this.paints.push(empty, paint);
      if (keys) {
        element.tabIndex = 0;
        element.addEventListener("keydown", event => {
          const act = keys[event.key];
          if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          act();
        });
        ["focus", "blur"].forEach(name => element.addEventListener(name, redraw));
      }
      const grab = pointer && listen(this.root, element, pointer, () => size);
      return { element, grab, redraw, paint, resize, say: text => element.setAttribute("aria-label", text), focused: () => element.matches(":focus-visible") };
    }

    // Play, step and speed. step() does one step; shown() draws after some; turned(playing) is told when it starts and stops.
    // Speeds are steps in a second, say(speed) what a reader is told of one; with what = null there is no button for a step.
    clock({ step, shown: show, speeds = [2, 8, 30, 120], speed = 1, what = "", say = s => `${s} steps a second`, turned = () => {} }) {
      let last = null, due = 0, seen = true, next;
      const row = this.part("line"), state = { playing: false, speed: speeds[speed] };
      const play = row.button("Play", () => set(!state.playing), { main: true });
      if (what !== null) row.button("Step", () => { set(false); step(); show(); }, { label: `Step${what && ` ${what}`}` });
      this.slider("speed", { min: 0, max: speeds.length - 1, step: 1, value: speed, say: k => say(speeds[k]) },
        k => { state.speed = speeds[k]; });
      const frame = now => {
        if (!state.playing) return;
        next = requestAnimationFrame(frame);
        if (!seen) { last = null; return; }
        due = Math.min(due + (now - (last ?? now)) / 1000 * state.speed, state.speed);
        last = now;
        setTimeout(go); // the page is drawn in the task of this call
      };
      const go = () => {
        const begun = performance.now();
        let any = false;
        while (due >= 1 && state.playing && performance.now() - begun < 4) { due--; step(); any = true; }
        if (any) soon(show);
      };
      const set = on => {
        if (on === state.playing) return;
        Object.assign(state, { playing: on });
        play.textContent = on ? "Pause" : "Play";
        last = null;
        due = on ? 1 : 0;
        cancelAnimationFrame(next); // one that was paused and goes on at once has one clock
        if (on) next = requestAnimationFrame(frame);
        this.quiet(on);
        turned(on);
      };
      new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; }).observe(this.root);
      return Object.assign(state, { row, play: () => set(true), pause: () => set(false) });
    }
  }

  // A finger that does not grab (grabs(point) is false) scrolls the page. On what is wide, it also does if it goes up or down at first,
  // until the reader has tapped it or gone across it; from then on it draws, until something outside of the model is touched. A handle
  // (handle(point) is true) is grabbed at once.
  function listen(root, element, { grabs = () => true, handle = () => false, down, move, up, tap }, sizes) {
    let held = false, knows = false, pending = null;
    element.dataset.pointer = "";
    const point = ({ clientX, clientY }) => {
      const box = element.getBoundingClientRect(), [width, height] = sizes();
      return { x: (clientX - box.left) / box.width * width, y: (clientY - box.top) / box.height * height };
    };
    if (tap) element.addEventListener("click", event => tap(point(event)));
    if (!down && !move && !up) return null;
    element.style.touchAction = "pan-y pinch-zoom";
    document.addEventListener("pointerdown", ({ target }) => { if (!root.contains(target)) knows = false; });
    const draws = at => grabs(at) && knows || handle(at);
    element.addEventListener("touchstart", event => { if (draws(point(event.targetTouches[0]))) event.preventDefault(); }, { passive: false });
    const begin = at => {
      [held, knows, pending] = [true, true, null];
      down?.(at);
    };
    element.addEventListener("pointerdown", event => {
      const at = point(event);
      if (event.button || !event.isPrimary || !grabs(at) && !handle(at)) return;
      element.setPointerCapture(event.pointerId);
      if (event.pointerType === "touch" && !draws(at)) pending = { at, x: event.clientX, y: event.clientY }; else begin(at);
    });
    const gone = ({ clientX, clientY }) => [Math.abs(clientX - pending.x), Math.abs(clientY - pending.y)];
    element.addEventListener("pointermove", event => {
      if (!event.isPrimary) return;
      if (pending) {
        const [across, up] = gone(event);
        if (across > up) begin(pending.at);
      }
      if (held) move?.(point(event));
    });
    ["pointerup", "pointercancel"].forEach(name => element.addEventListener(name, event => {
      if (!event.isPrimary) return; // a second finger
      if (pending && name === "pointerup" && Math.max(...gone(event)) < 10) begin(pending.at); // a tap
      if (held) up?.(point(event), name === "pointercancel");
      [held, pending] = [false, null];
    }));
    return () => { knows = true; }; // a finger draws at once
  }

  // On a phone what the model says stays with the picture, which sticks; elsewhere it stands where it was put.
  function beside(verdict, picture) {
    if (!verdict || !picture) return;
    const { parentNode, nextSibling } = verdict, phone = matchMedia("(max-width: 639px)");
    const place = () => { if (phone.matches) picture.append(verdict); else parentNode.insertBefore(verdict, nextSibling); };
    phone.addEventListener("change", place);
    place();
  }

  // ----------------------------------------------------------------------------------------------------------------- models
  // The pieces of a generator, and after each what it added is laid out in a task of its own: not all at once by the next picture of the
  // page.
  function* laidOut(built, element) {
    const parts = element.getElementsByTagName("*");
    for (let next = built.next(), many = 0; ; next = built.next()) {
      if (next.done) return next.value;
      if (parts.length === many) { yield next.value; continue; }
      many = parts.length;
      yield rest;
      element.getBoundingClientRect();
      yield rest;
    }
  }
  // The first text of a font is slow: of each, as "600 13px", it is set here alone.
  function* fonts(...names) {
    const context = make("canvas").getContext("2d");
    for (const name of names) {
      yield rest;
      context.font = `${name} system-ui, sans-serif`;
      context.measureText("0");
    }
  }
  // Each is built, laid out and drawn in pieces, unseen, while its still picture stands in the page; then it takes the place of that.
  function model(name, build) {
    document.querySelectorAll(`figure.live-model[data-model="${name}"]:not(.building, .live)`).forEach(root => {
      root.classList.add("building");
      const said = make("p", { className: "said visually-hidden", aria: { role: "status" } });
      const stage = new Stage(root, make("div", { className: "stage" }), said);
      inPieces(function* () {
        const told = document.querySelector(`script[data-numbers="${name}"]`), numbers = told ? JSON.parse(told.textContent) : {};
        yield rest;
        root.querySelector(".still").after(stage.element);
        const built = build({ numbers, stage, root });
        root.model = built?.next ? yield* laidOut(built, stage.element) : built;
        yield rest;
        stage.add(said);
        beside(root.querySelector(".stage > .verdict"), root.querySelector(".stage > .picture"));
        root.classList.remove("building");
        yield* fonts("13px");
        for (const paint of stage.paints) {
          yield rest;
          paint();
        }
        for (const [element, name] of [[root, "live"], [root.querySelector(".still"), "past"]]) { // what is many shapes goes alone
          yield rest;
          element.classList.add(name);
          root.getBoundingClientRect();
        }
      }());
    });
  }

  // The scripts of models stand in the page as text. They are read when it has been drawn, each in a task of its own.
  function* scripts() {
    for (const { textContent } of document.querySelectorAll("script[data-script]")) {
      const script = make("script", { textContent });
      document.head.append(script);
      script.remove();
      yield rest;
    }
  }
  const letGo = hold(), begin = () => requestAnimationFrame(() => setTimeout(() => { inPieces(scripts()); letGo(); }));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin); else begin();

  return { model, fonts, Stage };
})());
