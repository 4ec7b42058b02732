// Predictions: before a figure the reader chooses an answer, or drags a curve; the figure is covered until then, and the fold with
// the answer opens. What was predicted is kept in this browser, and nowhere else. Without JavaScript there is the fold alone.
"use strict";
(start => { if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start(); })(() => {
  const { make, Stage, told, clamp } = Live, KNOTS = 9;
  const kept = {
    get: key => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set: (key, value) => { try { if (value === null) localStorage.removeItem(key); else localStorage.setItem(key, JSON.stringify(value)); } catch { /* not kept */ } },
  };

  // Cover a figure, or what the next cell after the fold prints ("next"); the function that is returned uncovers it.
  function cover(id, fold) {
    let figure = document.getElementById(id);
    if (id === "next") for (let one = fold; one && !figure; one = one.nextElementSibling) figure = one.querySelector(":scope.cell > .cell_output");
    if (!figure) return () => {};
    const show = make("button", { type: "button", textContent: "Show it without a prediction" });
    const over = make("div", { className: "uncover live-model" }, make("p", { textContent: "Covered, until you have predicted what it shows." }), show);
    const uncover = () => { figure.classList.remove("covered"); over.remove(); };
    show.addEventListener("click", () => {
      uncover();
      figure.tabIndex = -1; // the button is gone: who pressed it goes on from here
      figure.focus({ preventScroll: true });
    });
    figure.classList.add("covered");
    figure.append(over);
    return uncover;
  }

  document.querySelectorAll(".predict[data-predict]:not(.live)").forEach(root => {
    const { key, choices, right, covers, curve } = JSON.parse(root.dataset.predict), fold = root.nextElementSibling;
    root.classList.add("live", "live-model");
    const said = make("p", { className: "said visually-hidden", aria: { role: "status" } });
    const stage = new Stage(root, root, said);
    let uncover = () => {};
    const title = fold.querySelector("summary .sd-summary-text") ?? fold.querySelector("summary"), own = title.innerHTML; // it may tell
    const hide = () => { title.textContent = "The answer"; const all = covers.map(id => cover(id, fold)); uncover = () => all.forEach(one => one()); };
    const answer = curve ? drag() : choose();
    const verdict = stage.verdict();
    root.append(said);
    const again = stage.button("Forget my prediction", () => { kept.set(key, null); again.hidden = true; answer(null); verdict(""); hide(); });
    const done = (value, words, now = true) => { // value: the words that were chosen, or the curve
      kept.set(key, value);
      verdict(words);
      again.hidden = false;
      title.innerHTML = own;
      uncover();
      if (now) fold.open = true;
    };
    again.hidden = true;
    const before = understood(kept.get(key));
    if (before === null) hide(); else answer(before);

    // What was kept, if it still answers this question: a page may have been changed since.
    function understood(value) {
      if (curve) return Array.isArray(value) && value.length === KNOTS && value.every(Number.isFinite) ? value : null;
      const k = choices.indexOf(value);
      return k < 0 ? null : k;
    }

    // One of several answers.
    function choose() {
      const row = stage.part("line");
      row.element.setAttribute("role", "group");
      row.element.setAttribute("aria-label", "Your prediction");
      const buttons = choices.map((text, k) => row.button(text, () => pick(k)));
      const pick = (k, now = true) => {
        buttons.forEach((button, j) => { button.setAttribute("aria-pressed", j === k); button.disabled = k !== null; button.classList.toggle("right", k !== null && j === right); });
        if (k !== null) done(choices[k], k === right ? `You said: ${choices[k]}. Right.` : `You said: ${choices[k]}. It is: ${choices[right]}.`, now);
      };
      return k => pick(k, false);
    }

    // A curve over empty axes: knots at equal distances, which a pointer or the arrow keys move.
    function drag() {
      const { x, y, truth, given = [] } = curve, [W, H, L, B, T, R] = [440, 250, 52, 40, 10, 12];
      const begin = () => Array.from({ length: KNOTS }, (_, k) => y.from + (y.to - y.from) * k / 2 / (KNOTS - 1)), drawn = new Set([0]);
      let knots = begin(), at = 0, shown = false;
      const px = value => L + (value - x.from) / (x.to - x.from) * (W - L - R), py = value => H - B - (value - y.from) / (y.to - y.from) * (H - B - T);
      const places = knots.map((_, k) => x.from + k / (KNOTS - 1) * (x.to - x.from));
      const line = (context, points, stroke, width) => {
        Object.assign(context, { strokeStyle: stroke, lineWidth: width, lineJoin: "round" });
        context.beginPath();
        points.forEach(([a, b]) => context.lineTo(px(a), py(b)));
        context.stroke();
      };
      const canvas = stage.canvas(`Your curve: ${y.label} against ${x.label}. Left and right choose a place, up and down move the curve there.`, [W, H], (context, colour) => {
        Object.assign(context, { font: "14px system-ui, sans-serif", fillStyle: colour("ink"), textAlign: "center" });
        line(context, [[x.from, y.to], [x.from, y.from], [x.to, y.from]], colour("ink"), 1.5);
        [x.from, x.to].forEach(value => context.fillText(value, px(value), H - B + 18));
        context.fillText(x.label, (L + W - R) / 2, H - 6);
        context.textAlign = "right";
        [y.from, y.to].forEach(value => context.fillText(value, L - 6, py(value) + 5));
        context.save();
        context.translate(16, (H - B + T) / 2);
        context.rotate(-Math.PI / 2);
        context.textAlign = "center";
        context.fillText(y.label, 0, 0);
        context.restore();
        context.textAlign = "left";
        given.forEach(({ points, name }) => { line(context, points, colour("faint"), 2); label(context, name, points, colour("muted")); });
        line(context, places.map((place, k) => [place, knots[k]]), colour("blue"), 3);
        label(context, "you", [[places[2], knots[2]]], colour("blue"));
        if (canvas.focused()) { context.beginPath(); context.arc(px(places[at]), py(knots[at]), 7, 0, 7); context.stroke(); }
        if (shown) { line(context, truth, colour("red"), 3); label(context, "measured", truth, colour("red")); }
      }, {
        keys: { ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, 1), ArrowDown: () => step(0, -1) },
        pointer: { down: move, move, handle: ({ x: across, y: up }) => !shown && Math.abs(up - py(knots[place(across)])) < 30 },
      });
      function label(context, name, points, fill) {
        const [a, b] = points[points.length - 1];
        context.fillStyle = fill;
        context.fillText(name, Math.min(px(a), W - R - context.measureText(name).width), py(b) - 7);
      }
      const place = across => clamp(Math.round((across - L) / (W - L - R) * (KNOTS - 1)), 0, KNOTS - 1);
      function move(point) {
        if (shown) return;
        set(place(point.x), y.from + (H - B - point.y) / (H - B - T) * (y.to - y.from));
      }
      function step(across, up) {
        at = clamp(at + across, 0, KNOTS - 1);
        if (up && !shown) set(at, knots[at] + up * (y.to - y.from) / 20);
        stage.say(`${x.label} ${told(places[at], 0)}: ${told(knots[at], 0)}`);
        canvas.redraw();
      }
      // What was not drawn yet follows: a straight line from what was drawn before it, and level after it.
      function set(k, value) {
        knots[k] = clamp(value, y.from, y.to);
        drawn.add(k);
        const before = Math.max(...[...drawn].filter(j => j < k), 0), next = Math.min(...[...drawn].filter(j => j > k), KNOTS);
        for (let j = before + 1; j < k; j++) knots[j] = knots[before] + (knots[k] - knots[before]) * (j - before) / (k - before);
        if (next === KNOTS) for (let j = k + 1; j < KNOTS; j++) knots[j] = knots[k];
        finish.disabled = false;
        canvas.redraw();
      }
      const hint = stage.text("key", "Drag the line to where you expect it.");
      const finish = stage.button("That is my curve", () => reveal(), { main: true });
      finish.disabled = true;
      const reveal = (now = true) => {
        shown = true;
        finish.hidden = hint.hidden = true;
        const end = truth[truth.length - 1][1], mine = knots[KNOTS - 1];
        done(knots, `At the end you said ${told(mine, 0)}; it is ${told(end, 0)}.`, now);
        canvas.redraw();
      };
      return value => {
        if (value) { knots = value; reveal(false); return; }
        [knots, shown] = [begin(), false];
        drawn.clear();
        drawn.add(0);
        Object.assign(finish, { hidden: false, disabled: true });
        hint.hidden = false;
        canvas.redraw();
      };
    }
  });
});
