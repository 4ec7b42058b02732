// How long was it between two pulses? A bank of leaky cells and one cell that excites itself tell it; then what they are made of drifts.
"use strict";
Live.model("time-constants", function* ({ numbers, stage }) {
  const { clamp, dot, told, make, piecewise, all } = Live, { bank, pulse, floor, shortest, longest, cut } = numbers;

  // ------------------------------------------------------------------------------------------------------------ the equations
  const decay = tau => Math.exp(-1 / cut / tau); // lambda, what is left after a part of a step: as good as continuous time
  // What a pulse, x = 1, does to a cell at rest: it lifts it by `pulse`, which is small, so that tanh is straight.
  const built = (tau, w = 0) => ({ tau, w, u: Math.atanh(pulse / (1 - decay(tau))), out: 1 });
  // A cell that excites itself keeps lambda + (1 - lambda) w of its state: how slowly it fades, and which w makes it fade so.
  const slow = ({ tau, w }) => { const kept = decay(tau) + (1 - decay(tau)) * w; return kept < 1 ? -1 / cut / Math.log(kept) : Infinity; };
  const wired = (tau, slowly) => Math.max(0, (decay(slowly) - decay(tau)) / (1 - decay(tau)));
  // h <- lambda h + (1 - lambda) tanh(w h + u x), from the pulse on: what a second pulse meets that comes 1, 2, 3 ... steps later.
  function course({ tau, w, u }) {
    const lam = decay(tau), states = [];
    for (let part = 0, h = 0; part < longest * cut; part++) {
      h = lam * h + (1 - lam) * Math.tanh(w * h + (part ? 0 : u));
      if ((part + 1) % cut === 0) states.push(h);
    }
    return states;
  }

  // The bank's read-out: the log of the gap is a weighted sum of its states, fitted in the package to noisy states.
  const cells = bank.taus.map(tau => built(tau));
  const sayBank = (states, out) => Math.exp(bank.bias + dot(bank.read, states.map((h, i) => out[i] * h / pulse)));
  // The other's: what a sum is for many cells is a logarithm for one, which hears nothing below the floor of its noise. a and b are
  // fitted, least squares, to all gaps that it hears.
  const log = (h, out) => Math.log(Math.max(out * h / pulse, floor));
  function fit(states) {
    const heard = [];
    for (let gap = shortest; gap <= longest; gap++) if (gap === shortest || states[gap - 1] > floor * pulse) heard.push([log(states[gap - 1], 1), gap]);
    const mean = of => heard.reduce((sum, one) => sum + of(one), 0) / heard.length, [x, y] = [0, 1].map(k => mean(one => one[k]));
    const b = mean(one => (one[0] - x) * (one[1] - y)) / Math.max(1e-12, mean(one => (one[0] - x) ** 2));
    return { a: y - b * x, b };
  }
  const sayCell = (h, out, { a, b }) => Math.max(0, a + b * log(h, out));

  // Every synapse grows by one share, inward, outward and onto itself; or every time constant does; or both.
  function drifted(cell, what, by) {
    const weights = what === "taus" ? 1 : 1 + by, taus = what === "weights" ? 1 : 1 + by;
    return { tau: taus * cell.tau, w: weights * cell.w, u: weights * cell.u, out: weights * cell.out };
  }
  // All that happens: the courses of all cells, and what both say of every gap.
  function* lived({ tau, w, drift, what }) {
    const own = built(tau, w), tuned = course(own), read = fit(tuned), now = drifted(own, what, drift), mine = drift ? course(now) : tuned, courses = [];
    for (const cell of cells) {
      courses.push(course(drifted(cell, what, drift)));
      yield;
    }
    const out = cells.map(cell => drifted(cell, what, drift).out), says = { bank: [], cell: [] };
    for (let gap = shortest; gap <= longest; gap++) {
      says.bank.push(sayBank(courses.map(states => states[gap - 1]), out));
      says.cell.push(sayCell(mine[gap - 1], now.out, read));
    }
    return { courses, mine, tuned, says, read, slow: slow(now), tunedTo: slow(own) };
  }

  // ---------------------------------------------------------------------------------------------------------- what is asked
  const LAST = 110, how = { first: 6, gap: 60, tau: numbers.tau, w: wired(numbers.tau, numbers.slow), drift: 0, what: "weights" };
  let now, rested, held; // rested: what the bank says before anything drifts
  const second = () => how.first + how.gap;
  function pull(which, t) {
    t = Math.round(t);
    if (which === "first") {
      const first = clamp(t, Math.max(0, second() - longest), second() - shortest);
      [how.gap, how.first] = [second() - first, first];
    } else how.gap = clamp(t, how.first + shortest, Math.min(LAST, how.first + longest)) - how.first;
    show();
  }
  function set(given) {
    const slowly = slow(how);
    Object.assign(how, given);
    if ("tau" in given) how.w = wired(how.tau, slowly); // tuned anew, so that it fades as slowly as before
    answer();
  }
  const answer = piecewise(() => lived(how), found => { now = found; show(); });

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 360, HIGH = 284, LEFT = 12, STEP = 3.08, BASE = 166, ONE = 108, x = t => LEFT + t * STEP, y = h => BASE - ONE * Math.min(1.12, h / pulse);
  const KNOB = 18, small = { font: "13px system-ui, sans-serif", textAlign: "left", textBaseline: "alphabetic", lineJoin: "round" };
  const said = () => ({ truth: how.gap, bank: now.says.bank[how.gap - shortest], cell: now.says.cell[how.gap - shortest] });
  function line(context, states) {
    context.beginPath();
    context.moveTo(x(how.first), BASE - ONE);
    for (let k = 0; k < how.gap; k++) context.lineTo(x(how.first + k + 1), y(states[k]));
    context.stroke();
  }
  function draw(context, colour) {
    const [ink, paper, muted, faint, blue, purple] = ["ink", "paper", "muted", "faint", "blue", "purple"].map(colour);
    Object.assign(context, small, { strokeStyle: faint, lineWidth: 1 });
    context.beginPath();
    context.moveTo(x(0), BASE);
    context.lineTo(x(LAST), BASE);
    context.stroke();
    Object.assign(context, { strokeStyle: blue, lineWidth: 1.3 });
    now.courses.forEach((states, i) => { context.globalAlpha = 0.3 + 0.5 * i / now.courses.length; line(context, states); });
    Object.assign(context, { globalAlpha: 1, strokeStyle: purple, lineWidth: 1.5 });
    context.setLineDash([3, 4]);
    if (how.drift) line(context, now.tuned);
    context.setLineDash([]);
    context.lineWidth = 3;
    line(context, now.mine);
    ["first", "second"].forEach((which, k) => { // the pulses
      const at = x(k ? second() : how.first);
      Object.assign(context, { strokeStyle: ink, lineWidth: 2, fillStyle: ink });
      context.beginPath();
      context.moveTo(at, KNOB);
      context.lineTo(at, BASE);
      context.stroke();
      context.beginPath();
      context.arc(at, KNOB, 10, 0, 7);
      context.fill();
      if (picture.focused() && k) {
        context.beginPath();
        context.arc(at, KNOB, 14, 0, 7);
        context.stroke();
      }
      context.fillStyle = ink;
      context.textAlign = k ? "right" : "left";
      if (how.gap > 66 || k === 0 && how.gap > 34) context.fillText(k ? "second pulse" : "first pulse", at + (k ? -16 : 16), KNOB + 5);
    });
    context.textAlign = "left";
    const seen = said();
    [["truth", "it was", muted], ["bank", "the bank says", blue], ["cell", "the self-exciting cell says", purple]].forEach(([name, words, role], row) => {
      const top = BASE + 22 + row * 34, long = clamp(seen[name], 0, LAST - how.first);
      Object.assign(context, { fillStyle: ink, strokeStyle: paper, lineWidth: 4 });
      context.fillText(`${words} ${told(seen[name], row ? 1 : 0)} steps`, x(0), top);
      context.fillStyle = role;
      context.fillRect(x(how.first), top + 5, Math.max(2, long * STEP), 9);
      if (seen[name] > LAST - how.first) context.fillText("→", x(LAST) - 4, top);
    });
  }
  // What both say of every gap, against the truth.
  const X = 34, Y = 178, PER = [2.85, 1.55], across = gap => X + PER[0] * gap, up = gap => Y - PER[1] * clamp(gap, 0, 108);
  function drawAll(context, colour) {
    const [ink, muted, blue, purple] = ["ink", "muted", "blue", "purple"].map(colour), seen = said();
    Object.assign(context, small, { strokeStyle: muted, fillStyle: muted, lineWidth: 1, textAlign: "center" });
    context.beginPath();
    [[0, 108], [0, 0], [100, 0]].forEach(([a, b]) => context.lineTo(across(a), up(b)));
    context.stroke();
    [25, 50, 75, 100].forEach(gap => {
      context.textAlign = "center";
      context.fillText(gap, across(gap), Y + 16);
      context.textAlign = "right";
      context.fillText(gap, X - 5, up(gap) + 5);
    });
    context.setLineDash([3, 4]);
    context.beginPath();
    context.moveTo(across(shortest), up(shortest));
    context.lineTo(across(longest), up(longest));
    context.stroke();
    context.setLineDash([]);
    Object.assign(context, { fillStyle: ink, textAlign: "left" });
    context.fillText("said", X + 6, 14);
    context.textAlign = "right";
    context.fillText("true gap, steps", across(106), Y - 6);
    [["bank", blue], ["cell", purple]].forEach(([name, role]) => {
      Object.assign(context, { strokeStyle: role, fillStyle: role, lineWidth: 2.5 });
      context.beginPath();
      now.says[name].forEach((gap, k) => context.lineTo(across(shortest + k), up(gap)));
      context.stroke();
      context.beginPath();
      context.arc(across(how.gap), up(seen[name]), 6, 0, 7);
      context.fill();
    });
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const percent = by => `${by > 0 ? "+" : ""}${told(100 * by, Number.isInteger(Math.round(1000 * by) / 10) ? 0 : 1)} %`, THINGS = { weights: "All weights", taus: "All time constants", both: "All weights and time constants" };
  const lasts = tau => tau === Infinity ? "it grows instead of fading" : `it is ${told(tau, 0)}`;
  function sentence() {
    const { bank: many, cell: one, truth } = said(), { slow: fades, tunedTo } = now, both = `the bank says ${told(many, 0)} steps, the self-exciting cell ${told(one, 0)}.`;
    if (!how.drift) return `The gap was ${truth} steps: ${both} ` + (truth - one > 0.1 * truth ? `With a time constant of ${told(tunedTo, 0)}, nothing is left in the cell of a pulse so long ago.`
      : how.w === 0 ? `The cell is slow by itself, and needs no wiring.` : `Its wiring makes a time constant of ${told(how.tau, 0)} one of ${told(tunedTo, 0)}. Both are right; now let them drift.`);
    const head = `${THINGS[how.what]} ${how.drift > 0 ? "grew" : "shrank"} by ${percent(Math.abs(how.drift)).slice(1)}. The gap was ${truth} steps: ${both} `;
    if (how.what === "taus") {
      const moved = [many - rested[how.gap - shortest], one - sayCell(now.tuned[how.gap - 1], 1, now.read)].map(Math.abs);
      return `${head}That moved the bank by ${told(moved[0], 1)} steps, the cell by ${told(moved[1], 1)}${Math.abs(moved[0] - moved[1]) < 2 ? ": here the bank is no better" : ""}.`;
    }
    return head + (how.w === 0 ? "The cell is slow by itself, and has no w that must be right." : `Its wiring gave it a time constant of ${told(tunedTo, 0)} steps; now ${lasts(fades)}.`);
  }
  function show() {
    [picture, chart].forEach(canvas => canvas.redraw());
    sliders.tau.set(Math.log2(how.tau / 3));
    sliders.w.set(how.w);
    sliders.drift.set(100 * how.drift);
    const { truth, bank: many, cell: one } = said();
    picture.say(`${PICTURE} ${truth} steps apart: the bank says ${told(many, 1)}, the self-exciting cell ${told(one, 1)}`);
    chart.say(`What both say of every gap from ${shortest} to ${longest} steps: of ${truth}, the bank ${told(many, 1)}, the cell ${told(one, 1)}`);
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  const PICTURE = "Two pulses, which left and right arrow keys pull apart, up and down move the first.";
  now = yield* lived(how);
  rested = now.says.bank;
  yield;
  stage.lead("Let the weights drift by 2 %, then drag a pulse.");
  yield;
  const board = stage.part("picture"), panel = stage.part("panel"), left = stage.part("panel"), right = stage.part("panel"), verdict = stage.verdict();
  const by = k => () => pull("second", second() + k), begin = k => () => pull("first", how.first + k);
  const picture = board.canvas(PICTURE, [WIDE, HIGH], draw, {
    keys: { ArrowLeft: by(-1), ArrowRight: by(1), ArrowUp: begin(-1), ArrowDown: begin(1), Home: () => pull("second", 0), End: () => pull("second", LAST) },
    pointer: {
      grabs: ({ x: at, y: high }) => high < BASE && Math.min(Math.abs(at - x(how.first)), Math.abs(at - x(second()))) < 26,
      down: ({ x: at }) => { held = Math.abs(at - x(how.first)) < Math.abs(at - x(second())) ? "first" : "second"; },
      move: ({ x: at }) => pull(held, (at - LEFT) / STEP),
    },
  });
  yield;
  board.text("key").append(...[["blue", ` bank of ${cells.length} leaky cells  `], ["purple", " self-exciting cell"]].flatMap(
    ([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), words]));
  yield;
  const sliders = { drift: panel.slider("they drift by", { min: -5, max: 5, step: 0.5, value: 0, say: by => percent(by / 100) }, by => set({ drift: by / 100 })) };
  yield;
  panel.choice("What drifts", [["weights", "weights"], ["taus", "time constants"], ["both", "both"]], what => set({ what }));
  yield;
  const chart = panel.canvas("What both say of every gap", [340, 198], drawAll);
  yield;
  sliders.tau = left.slider("the cell's own time constant τ", { min: 0, max: 5, step: 0.25, value: 0, say: k => `${told(3 * 2 ** k, 0)} steps` }, k => set({ tau: 3 * 2 ** k }));
  sliders.w = right.slider("it excites itself by w", { min: 0, max: 0.98, step: 0.001, value: how.w, say: w => told(w, 3) }, w => set({ w }));
  show();
  return { lived: given => all(lived(given)), pull, now: () => ({ ...how, ...said(), slow: now.slow, tunedTo: now.tunedTo, says: now.says }) };
});
