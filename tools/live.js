// The plastic network in the page: three trained numbers, a grid to draw on, and an episode to watch. Nothing here is global.
(() => {
  "use strict";
  const root = document.currentScript.closest(".live-network");
  const find = selector => root.querySelector(selector);
  const { trained, schedule, side, letters, colours } = JSON.parse(find("script[type='application/json']").textContent);
  const N = side * side, MOST = 8, PEN = 1, per = schedule.steps_on + schedule.steps_off; // steps for each pattern

  // ------------------------------------------------------------------------------------------------------------------- the network
  const dot = (a, b) => { let sum = 0; for (let i = 0; i < a.length; i++) sum += a[i] * b[i]; return sum; };

  // What each earlier step s adds to the drive of step t, as a multiple of y(s). The trace itself is never built:
  //   (a / N) sum_i H_ij(t) y_i(t-1) = sum_{s<t} (a / N) eta (1 - eta)^(t-1-s) (y(t-1) . y(s-1)) y_j(s),   y(-1) = 0.
  const pulls = (states, t, { gain, eta }) => states.slice(0, t).map((y, s) =>
    s && (gain / y.length) * eta * (1 - eta) ** (t - 1 - s) * dot(states[t - 1], states[s - 1]));

  // All states of an episode: y(t) = tanh(-c y(t-1) + what the trace sends + x(t)); a clamped unit equals its input.
  function run(inputs, clamped, numbers) {
    const states = [];
    inputs.forEach((x, t) => {
      const drive = Float64Array.from(x, (x_j, j) => x_j - (t && numbers.inhibition * states[t - 1][j]));
      pulls(states, t, numbers).forEach((pull, s) => { for (let j = 0; j < drive.length; j++) drive[j] += pull * states[s][j]; });
      states.push(drive.map((d, j) => clamped[t][j] ? x[j] : Math.tanh(d)));
    });
    return states;
  }

  // Every pattern once, a blank after each, then the cue; `source` says which pattern a step was clamped to.
  function episode(patterns, asked, erased, numbers) {
    const inputs = [], clamped = [], source = [], blank = new Float64Array(erased.length);
    const add = (steps, x, on, k) => { while (steps--) { inputs.push(x); clamped.push(on); source.push(k); } };
    patterns.forEach((pattern, k) => {
      add(schedule.steps_on, pattern, blank.map(() => 1), k);
      add(schedule.steps_off, blank, blank, null);
    });
    add(schedule.steps_test, blank.map((_, j) => erased[j] ? 0 : patterns[asked][j]), blank.map((_, j) => !erased[j]), null);
    return { states: run(inputs, clamped, numbers), source };
  }

  // Which pattern the answer is, judged by the signs of the erased dots, and why: one sentence, from this episode's own numbers.
  function verdict(patterns, asked, erased, numbers, { states, source }) {
    const last = patterns.length - 1, end = states.length - 1, answer = states[end], name = `pattern ${asked + 1}`;
    const majority = answer.map((_, j) => Math.sign(patterns.reduce((sum, p) => sum + p[j], 0))); // 0 is a tie, and no vote
    const agreement = p => {
      const voted = [...p.keys()].filter(j => erased[j] && p[j]);
      return voted.filter(j => Math.sign(answer[j]) === p[j]).length / (voted.length || 1);
    };
    const share = { right: agreement(patterns[asked]), last: agreement(patterns[last]), majority: last > 1 && agreement(majority) };
    const best = Object.keys(share).reduce((a, b) => share[b] > share[a] ? b : a), kind = share[best] < 0.95 ? "else" : best;
    const places = erased.reduce((a, b) => a + b), wrong = Math.round((1 - share.right) * places);
    const size = answer.reduce((sum, y, j) => sum + erased[j] * Math.abs(y), 0) / places;

    const pull = patterns.map(() => 0); // on the last step, of the steps at which each pattern was clamped
    pulls(states, end, numbers).forEach((value, s) => { if (source[s] !== null) pull[source[s]] += value; });
    const pairs = patterns.flatMap((p, i) => patterns.slice(0, i).map(q => dot(p, q) / p.length));
    const overlap = pairs.reduce((a, b) => a + b, 0) / (pairs.length || 1), own = pull[asked], off = !numbers.eta;
    const two = x => x.toFixed(2).replace("-0.00", "0.00").replace("-", "−"), percent = x => `${Math.round(100 * x)} %`;
    const others = (last > 1 ? `those of the other ${last} together with ` : "the other one with ") +
      two(pull.reduce((a, b) => a + b) - own);
    const forces = `at the last step the memory of ${name} pulls with ${two(own)}, ${others}`;
    const count = wrong ? `${wrong} of ${places} erased dots are wrong` : `all ${places} erased dots are back`;
    const echo = "plasticity is off, so nothing was written, and only the last pattern's activity still echoes in the erased dots";
    const because = {
      right: off ? `Right (${count}), but not from memory: ${echo}.`
        : `${wrong ? "Nearly right" : "Right"}, ${count}: ` +
          (last ? `the patterns overlap by ${two(overlap)} on average, and ${forces}.` : "it was the only pattern."),
      majority: `The majority of the ${last + 1} patterns, not ${name} (${count}): they overlap by ${two(overlap)} on average ` +
        `(random ones by about 0)${overlap > 0.1 ? ", so the cue wakes them all" : ""}, and ${forces}.`,
      last: `The last pattern shown, not ${name} (${count}): ` + (off ? `${echo}.`
        : `its memory pulls with ${two(pull[last])}, that of ${name} with ${two(own)}, and its activity still echoes.`),
      else: size < 0.01 ? `Silence, not ${name}: nothing drives the erased dots.`
        : `Something else: on the erased dots, it agrees with ${name} in ${percent(share.right)}, with the last pattern in ` +
          percent(share.last) + (last > 1 ? `, with the majority in ${percent(share.majority)}` : "") +
          `; ${off ? "plasticity is off" : forces}.`,
    };
    return { kind, sentence: because[kind] };
  }

  // ------------------------------------------------------------------------------------------------------------------ the pictures
  const toPattern = hex => Float64Array.from({ length: N }, (_, j) => parseInt(hex[j >> 2], 16) >> (3 - j % 4) & 1 ? 1 : -1);
  const half = () => { // exactly half of the dots, at random
    const order = Array.from({ length: N }, (_, j) => [Math.random(), j]).sort((a, b) => a[0] - b[0]), chosen = new Float64Array(N);
    order.slice(0, N / 2).forEach(([, j]) => { chosen[j] = 1; });
    return chosen;
  };
  const random = () => half().map(on => 2 * on - 1), empty = () => new Float64Array(N).fill(-1);

  // White is -1, grey 0, ink +1.
  const between = (low, high, part) => Math.round(low + part * (high - low));
  const shade = y => `rgb(${colours.silent.map((grey, i) => between(grey, y < 0 ? 255 : colours.ink[i], Math.abs(y)))})`;
  function paint(canvas, y, marked = () => false) {
    const context = canvas.getContext("2d"), cell = canvas.width / side;
    y.forEach((value, j) => {
      const fill = (colour, low, size) => { // from `low` to `low + size` of the cell
        context.fillStyle = colour;
        context.fillRect((j % side + low) * cell, (Math.floor(j / side) + low) * cell, size * cell, size * cell);
      };
      fill(shade(value), 0, 1);
      if (marked(j)) fill(`rgb(${colours.wrong})`, 0.25, 0.5);
    });
    return context;
  }

  // ------------------------------------------------------------------------------------------------------------------- the drawing
  const grid = find(".paper"), drawing = empty(), pen = { row: side / 2, column: side / 2 };
  let ink = 0, from = null; // what the stroke under way leaves behind, and where it was
  const at = ({ row, column }) => row * side + column, inside = x => Math.max(0, Math.min(side - 1, x));
  const dab = (to, value) => drawing.forEach((_, j) => {
    if (Math.abs(Math.floor(j / side) - to.row) <= PEN && Math.abs(j % side - to.column) <= PEN) drawing[j] = value;
  });
  function redraw() {
    const context = paint(grid, drawing), cell = grid.width / side, width = (2 * PEN + 1) * cell;
    if (grid.matches(":focus-visible")) {
      Object.assign(context, { strokeStyle: `rgb(${colours.wrong})`, lineWidth: 2 });
      context.strokeRect((pen.column - PEN) * cell, (pen.row - PEN) * cell, width, width);
    } else if (!drawing.includes(1)) {
      Object.assign(context, { font: "20px sans-serif", textAlign: "center", fillStyle: "#6b6b6b" });
      context.fillText("draw here", grid.width / 2, grid.height / 2);
    }
  }
  const put = pattern => { drawing.set(pattern); redraw(); };
  function stroke(event) { // from where the pointer was to where it is
    const box = grid.getBoundingClientRect(), scaled = x => inside(Math.floor(x * side));
    const to = { row: scaled((event.clientY - box.top) / box.height), column: scaled((event.clientX - box.left) / box.width) };
    if (!from) { ink = -drawing[at(to)]; from = to; }
    const steps = Math.max(1, Math.abs(to.row - from.row), Math.abs(to.column - from.column));
    const on = (key, k) => between(from[key], to[key], k / steps);
    for (let k = 0; k <= steps; k++) dab({ row: on("row", k), column: on("column", k) }, ink);
    from = to;
    Object.assign(pen, to);
    redraw();
  }
  grid.addEventListener("pointerdown", event => {
    if (event.button || !event.isPrimary) return;
    grid.setPointerCapture(event.pointerId);
    stroke(event);
  });
  grid.addEventListener("pointermove", event => { if (from && event.isPrimary) stroke(event); });
  ["pointerup", "pointercancel"].forEach(name => grid.addEventListener(name, () => { from = null; }));
  ["focus", "blur"].forEach(name => grid.addEventListener(name, redraw));
  grid.addEventListener("keydown", event => {
    const move = { " ": [0, 0], ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    Object.assign(pen, { row: inside(pen.row + move[0]), column: inside(pen.column + move[1]) });
    if (event.key === " ") dab(pen, -drawing[at(pen)]);
    redraw();
    find(".said").textContent = `row ${pen.row + 1}, column ${pen.column + 1}: ${drawing[at(pen)] > 0 ? "ink" : "paper"}`;
  });

  // ------------------------------------------------------------------------------------------------------------------- the episode
  let patterns = [], asked = 0, erased = half(), frames = [], now = 0, timer = null, recalled = false;
  const bar = find(".steps input"), sliders = [...root.querySelectorAll(".number input")], off = find("[name=off]");
  const note = text => { find(".note").textContent = text; };
  const say = text => { if (find(".result").textContent !== text) find(".result").textContent = text; };
  const offer = name => { // what the button shows begins its accessible name
    find(".play").textContent = name;
    find(".play").setAttribute("aria-label", `${name} the episode`);
  };
  const stop = () => { clearTimeout(timer); timer = null; offer("Play"); };
  const mistaken = (y, j) => erased[j] && Math.sign(y[j]) !== patterns[asked][j];

  function show(k) {
    const { y, label, answer } = frames[now = k];
    paint(find(".net"), y, j => answer && mistaken(y, j));
    find(".moment").textContent = label;
    bar.value = k;
    bar.setAttribute("aria-valuetext", label);
    find(".net").setAttribute("aria-label", `State of the ${N} units: ${label}` +
      (patterns.length ? `; overlap with pattern ${asked + 1} ${(dot(y, patterns[asked]) / N).toFixed(2)}` : ""));
    if (answer && k === frames.length - 1) recalled = true;
    if (recalled) say(frames.verdict);
  }
  function play() {
    offer("Pause");
    timer = setTimeout(() => { show(now + 1); if (now < frames.length - 1) play(); else stop(); }, frames[now].slow ? 800 : 130);
  }
  // Run the episode anew, after any change, and show the same moment of it, or another.
  function refresh(moment = now) {
    stop();
    [".recall", ".play", ".next", ".steps input"].forEach(name => { find(name).disabled = !patterns.length; });
    find(".store").disabled = patterns.length >= MOST;
    if (patterns.length >= MOST) note(`It holds ${MOST} patterns: forget all before you show it another.`);
    else if (!patterns.length) note("Nothing is stored: show it a pattern, then ask for it.");
    frames = [{ y: new Float64Array(N), label: "nothing was shown yet" }];
    if (patterns.length) {
      const set = Object.fromEntries(sliders.map(slider => [slider.name, +slider.value]));
      const numbers = off.checked ? { ...set, eta: 0 } : set, done = episode(patterns, asked, erased, numbers);
      const first = done.states.length - schedule.steps_test;
      frames = done.states.map((y, t) => {
        const k = Math.floor(t / per), wrong = y.filter((_, j) => mistaken(y, j)).length;
        if (t >= first) return { y, slow: true, answer: true, label: `the cue, step ${t - first + 1} of ${schedule.steps_test}: ` +
          (wrong ? `${wrong} dots are wrong (vermilion)` : "no dot is wrong") };
        return { y, label: done.source[t] === null ? `a blank step after pattern ${k + 1}`
          : `pattern ${k + 1} of ${patterns.length}, step ${t % per + 1} of ${schedule.steps_on}` };
      });
      const cue = patterns[asked].map((p, j) => erased[j] ? 0 : p);
      frames.splice(first, 0, { y: cue, slow: true, label: `the cue for pattern ${asked + 1}: grey dots are erased` });
      frames.verdict = verdict(patterns, asked, erased, numbers, done).sentence;
    }
    bar.max = frames.length - 1;
    show(Math.min(moment, frames.length - 1));
  }
  function list(ask, moment = patterns.length * per) { // there are other patterns: show this moment, or the cue
    asked = ask;
    recalled = false;
    find(".shown").replaceChildren(...patterns.map((pattern, k) => {
      const [label, radio, canvas] = ["label", "input", "canvas"].map(name => document.createElement(name));
      Object.assign(radio, { type: "radio", name: "asked", checked: k === asked });
      radio.setAttribute("aria-label", `ask for pattern ${k + 1}`);
      radio.addEventListener("change", () => { asked = k; refresh(); });
      canvas.width = canvas.height = side;
      paint(canvas, pattern);
      label.append(radio, canvas, k + 1);
      return label;
    }));
    say("");
    refresh(moment);
  }

  // ------------------------------------------------------------------------------------------------------------------ the controls
  const press = (selector, act) => find(selector).addEventListener("click", act);
  press(".store", () => {
    if (!drawing.includes(1)) return note("The grid is empty: draw something first, or press a letter.");
    note("");
    patterns.push(drawing.slice());
    put(empty());
    list(asked, (patterns.length - 1) * per);
    if (patterns.length < MOST) note(`Pattern ${patterns.length} was shown for ${schedule.steps_on} steps, once. ` +
      `Asked for is pattern ${asked + 1}: choose below.`);
  });
  const begin = (name, make) => press(name, () => {
    note("");
    patterns = make();
    list(0);
    if (patterns.length) find(".recall").click();
  });
  begin(".randoms", () => Array.from({ length: 5 }, random));
  begin(".letters", () => Object.values(letters).map(toPattern));
  begin(".forget", () => []);
  const erase = () => { erased = find(".erase").value === "random" ? half() : new Float64Array(N).fill(1, N / 2); };
  find(".erase").addEventListener("change", () => { erase(); refresh(); });
  press(".recall", () => {
    erase();
    recalled = false;
    say("");
    refresh(matchMedia("(prefers-reduced-motion: reduce)").matches ? Infinity : 0);
    if (!recalled) play();
  });
  press(".play", () => { if (timer) return stop(); if (now === frames.length - 1) show(0); play(); });
  press(".next", () => { stop(); show((now + 1) % frames.length); });
  bar.addEventListener("input", () => { stop(); show(+bar.value); });
  const tell = slider => { // the number beside a slider
    slider.parentNode.querySelector(".value").textContent = (+slider.value).toPrecision(3);
    slider.setAttribute("aria-valuetext", (+slider.value).toPrecision(3));
  };
  sliders.forEach(slider => slider.addEventListener("input", () => { tell(slider); refresh(); }));
  off.addEventListener("change", () => refresh());
  const reset = () => { off.checked = false; sliders.forEach(slider => { slider.value = trained[slider.name]; tell(slider); }); };
  press(".trained", () => { reset(); refresh(); });
  find("form").addEventListener("submit", event => event.preventDefault());
  Object.entries({ ...letters, Random: null, Clear: null }).forEach(([name, hex]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => put(hex ? toPattern(hex) : name === "Random" ? random() : empty()));
    find(".presets").append(button);
  });

  patterns = [random(), toPattern(letters.A), random(), random(), random()];
  reset();
  redraw();
  list(1);
  root.live = { episode, verdict }; // for the tests: a property of this element, not a global
  root.classList.add("live");
  find("form").hidden = false;
})();
