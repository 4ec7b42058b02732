// A memory whose cells excite and inhibit, each synapse with one sign: how many interneurons does it need, so that the last picture does not echo?
// needs dots
"use strict";
Live.model("cell-types", function* ({ numbers, stage }) {
  const { zeros, dot, random, piecewise, all: whole, make, mosaic, told: number, thousands } = Live, { trained, schedule, side, others, face, rubbed, seed } = numbers, N = side * side, MINE = 2;
  const { fromHex, rubTo, soon, thumbnail, grid } = Live.dots;

  // ------------------------------------------------------------------------------------------------------------- the network
  const add = (sum, factor, values) => { for (let j = 0; j < sum.length; j++) sum[j] += factor * values[j]; };
  // What a cell feels of its own past rate, r = (1 + y) / 2: its own interneuron tells all of it; none nothing; one of k the mean of a
  // group of neighbours; a plastic one has a synapse u onto each cell, which follows the cell's rate.
  function felt(y, u, { kind, k }) {
    if (kind === "plastic") return u;
    if (kind === "private") return y.map(y_j => (1 + y_j) / 2);
    if (kind === "none") return y.map(() => 0.5);
    const sums = zeros(k), sizes = zeros(k), n = y.length, group = j => Math.floor(j * k / n);
    for (let j = 0; j < n; j++) { sums[group(j)] += (1 + y[j]) / 2; sizes[group(j)]++; }
    return y.map((_, j) => sums[group(j)] / sizes[group(j)]);
  }
  // y(t) = tanh(x + (gain / N) 2 r(t-1) H - c (2 felt - 1)), where the trace H is what excitation and inhibition make together, all of
  // their synapses 0 or more (smallest, below). It is never built: each pair of steps adds what it resembles the rates that are sent.
  function step({ states, u }, x, clamped, { gain, inhibition, eta }, how) {
    const t = states.length, n = x.length, y = t ? states[t - 1] : zeros(n);
    let next = x;
    if (!clamped.every(Boolean)) {
      const sent = y.map(y_i => 1 + y_i), own = felt(y, u, how), drive = x.map((x_j, j) => x_j - inhibition * (2 * own[j] - 1));
      for (let s = 1; s < t; s++) {
        add(drive, gain / n * eta * (1 - eta) ** (t - 1 - s) * dot(sent, states[s - 1]), states[s]);
      }
      next = drive.map((d, j) => clamped[j] ? x[j] : Math.tanh(d));
    }
    states.push(next);
    if (how.kind === "plastic") for (let j = 0; j < n; j++) u[j] += how.rate * ((1 + next[j]) / 2 - u[j]);
  }
  // Every picture once, a blank after each; then the cue, what is left of one of them.
  function* life(patterns, three, how, { steps_on, steps_off }) {
    const memory = { states: [], u: zeros(patterns[0].length).fill(0.5) }, blank = zeros(patterns[0].length), every = blank.map(() => 1);
    for (const pattern of patterns) {
      for (let k = 0; k < steps_on; k++) step(memory, pattern, every, three, how);
      for (let k = 0; k < steps_off; k++) { step(memory, blank, blank, three, how); yield; }
    }
    return memory;
  }
  function* ask({ states, u }, pattern, erased, three, how, { steps_test }) {
    const memory = { states: [...states], u: u.slice() }, cue = pattern.map((p, j) => erased[j] ? 0 : p), given = erased.map(e => 1 - e);
    for (let k = 0; k < steps_test; k++) { step(memory, cue, given, three, how); yield; }
    return memory;
  }
  function* episode(patterns, asked, erased, three, how) {
    return yield* ask(yield* life(patterns, three, how, schedule), patterns[asked], erased, three, how, schedule);
  }
  // The smallest synapse of all: excitatory ones are traces of r_pre r_post, inhibitory ones of r_pre, of r_post, or follow a rate (u).
  function* smallest({ states, u }, { eta }) {
    const rates = [], last = states.length - 1, n = u.length, rest = zeros(n).fill(0.5), traces = [zeros(n), zeros(n)];
    let least = Math.min(...u);
    for (const [s, y] of states.entries()) { // traces of the rates, and of those a step ago
      rates.push(y.map(y_j => (1 + y_j) / 2));
      const kept = eta * (1 - eta) ** (last - s);
      [rates[s], rates[s - 1] ?? rest].forEach((r, k) => add(traces[k], kept, r));
      yield;
    }
    for (const trace of traces) for (let j = 0; j < n; j++) if (trace[j] < least) least = trace[j];
    const row = zeros(n);
    for (let i = 0; i < n; i++) {
      row.fill(0);
      for (let s = 0; s <= last; s++) {
        const kept = eta * (1 - eta) ** (last - s) * (s ? rates[s - 1][i] : 0.5);
        if (kept) add(row, kept, rates[s]);
      }
      for (let j = 0; j < n; j++) if (row[j] < least) least = row[j];
      if (i % 4 === 3) yield;
    }
    return least;
  }

  // ---------------------------------------------------------------------------------------------------------- what is asked
  // Half of the cells, by lot, are on for ink, the others for paper, so that about half are on whatever is drawn.
  yield;
  const lot = random(seed), likes = zeros(N).map(() => lot() < 0.5 ? 1 : -1), pictures = others.map(hex => fromHex(hex, N)), coded = picture => picture.map((dot_j, j) => likes[j] * dot_j);
  yield;
  const drawing = fromHex(face, N), erased = fromHex(rubbed, N).map(bit => bit > 0 ? 1 : 0), chance = random(1), last = pictures[pictures.length - 1];
  const patterns = () => [...pictures.slice(0, MINE), drawing, ...pictures.slice(MINE)];
  const KS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 384, 512, 640, 768, 896, N], how = { kind: "private", k: 256, rate: 1 };
  let mode = "rub", its = "The face", version = 0, seen, tried = new Map();
  const setting = () => how.kind === "one" ? { kind: "groups", k: 1 } : how.kind === "groups" ? { kind: "groups", k: how.k } : how.kind === "plastic" ? { kind: "plastic", rate: how.rate } : { kind: how.kind };
  const interneurons = ({ kind, k }) => kind === "private" ? N : kind === "none" ? 0 : kind === "plastic" ? 1 : k;
  function* recalled(one) { // what was shown stays as it is, if it was not changed: only the cue is new
    const now = version, given = erased.slice(), picture = drawing.slice();
    if (one.version !== now) {
      const shown = patterns().map(coded);
      yield;
      const lived = yield* life(shown, trained, one.how, schedule);
      Object.assign(one, { version: now, lived, least: null });
    }
    const memory = yield* ask(one.lived, coded(picture), given, trained, one.how, schedule), y = memory.states[memory.states.length - 1], answer = coded(y);
    yield;
    let count = 0, wrong = 0, apart = 0, echo = 0;
    answer.forEach((value, j) => {
      if (!given[j]) return;
      const not = Math.sign(value) !== picture[j];
      count++;
      wrong += not;
      if (last[j] !== picture[j]) { apart++; echo += not; }
    });
    return Object.assign(one, { y, answer, given, u: memory.u, count, wrong, echo: apart ? echo / apart : 0 });
  }
  let asked = 0; // what comes after the answer waits, if something else is asked
  function* steps() {
    const now = setting(), key = JSON.stringify(now), mine = asked;
    if (!tried.has(key)) tried.set(key, { how: now });
    const one = seen = yield* recalled(tried.get(key));
    show();
    yield;
    for (const other of tried.values()) { // for the chart
      if (mine !== asked) return;
      if (other !== one) yield* recalled(other);
    }
    if (one.least !== null) return;
    const job = smallest(one.lived, trained);
    for (let next = job.next(); mine === asked; next = job.next()) {
      if (next.done) { one.least = next.value; tell(); return; }
      yield;
    }
  }
  const work = piecewise(steps, () => chart.redraw()), answer = () => { asked++; work(); };
  const showAll = () => { version++; asked++; thumbnails.forEach(one => one.draw()); work.afresh(); };

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const tiny = x => x === 0 ? "0" : x.toFixed(Math.max(0, Math.ceil(-Math.log10(Math.abs(x))))).replace("-", "−");
  const percent = part => `${number(100 * part, part && part < 0.1 ? 1 : 0)} %`;
  yield;
  stage.lead("Take the interneurons away, and rub over the face.");
  yield;
  const board = stage.part("picture wide sheets"), middle = stage.part("wide"), left = stage.part("panel"), right = stage.part("panel"), verdict = stage.verdict();
  const sheet = board.part("sheet"), back = board.part("sheet"), list = board.part("sheet shown-once");
  sheet.text("state", "you give");
  yield;
  const paper = grid(sheet, side, {
    label: `The picture, ${side} by ${side} dots. Arrow keys move the pen, the space bar draws or rubs out.`,
    radius: () => mode === "draw" ? 1 : 2,
    dab(dots) {
      if (mode === "draw") { dots.forEach(j => { drawing[j] = 1; }); paper.redraw(); return; }
      dots.forEach(j => { erased[j] = 1; });
      paper.redraw();
      later.ask();
    },
    lift() { if (mode === "draw") showAll(); else later.now(); },
    look: j => ({ given: mode === "draw" || !erased[j], y: erased[j] && mode === "rub" ? 0 : drawing[j] }),
    hint: () => mode === "draw" ? (drawing.includes(1) ? "" : "draw here") : erased.includes(1) ? "" : "rub here",
  });
  const later = soon(() => answer());
  yield;
  back.text("state").append("back, ", make("span", { textContent: "■", className: "red", aria: { hidden: "true" } }), " wrong");
  const ANSWER = "What comes back", SHEET = 352;
  const reply = back.canvas(ANSWER, [SHEET, SHEET], (context, colour) => {
    const [ink, paperColour, faint, blue, red] = ["ink", "paper", "faint", "blue", "red"].map(colour);
    if (seen) mosaic(context, [side, side], j => {
      const y = seen.answer[j], wrong = seen.given[j] && Math.sign(y) !== drawing[j];
      if (!seen.given[j]) return y > 0 ? [ink, 1] : [paperColour, 1];
      return wrong ? [red, y > 0 ? 0.4 + 0.6 * y : 0.3] : y > 0 ? [blue, 0.3 + 0.7 * y] : [faint, 0.16];
    }, [0, 0, SHEET, SHEET]);
    Object.assign(context, { strokeStyle: faint, lineWidth: 2 });
    context.strokeRect(1, 1, SHEET - 2, SHEET - 2);
  }, { className: "dots" });
  yield;
  list.text("state", "shown, stripes last");
  const thumbnails = [0, 1, 2, 3, 4].map(k => thumbnail(stage, side, () => patterns()[k]));
  const row = list.part("line");
  thumbnails.forEach(({ picture }) => row.add(picture));
  const main = row.button("", () => (mode === "rub" ? draw() : rub()), { main: true });

  // Sixteen neighbours of the cells, with those who inhibit them: excitation, inhibition, as strong as it is.
  const FIRST = Math.floor(N / 2) + Math.floor(side / 4), SHOWN = 16, WIDE = 340, HIGH = 92, cellAt = k => [14 + k * 20.8, HIGH - 14], DISC = 7;
  function disc(context, [x, y], r, fill, line, share = 1) {
    context.beginPath();
    context.arc(x, y, r, 0, 7);
    Object.assign(context, { fillStyle: fill, globalAlpha: share });
    context.fill();
    Object.assign(context, { globalAlpha: 1, strokeStyle: line, lineWidth: 1.5 });
    context.stroke();
  }
  function drawCircuit(context, colour) {
    if (!seen) return;
    const [ink, paperColour, green, pink, muted] = ["ink", "paper", "green", "pink", "muted"].map(colour), { kind, k } = seen.how, groups = new Map();
    for (let m = 0; m < SHOWN; m++) {
      const name = kind === "private" ? m : kind === "groups" ? Math.floor((FIRST + m) * k / N) : 0;
      groups.set(name, [...(groups.get(name) ?? []), m]);
    }
    Object.assign(context, { font: "13px system-ui, sans-serif", fillStyle: muted, textAlign: "center" });
    if (kind === "none") context.fillText("no interneurons", WIDE / 2, 22);
    else groups.forEach(members => {
      const [x] = cellAt(members.reduce((a, b) => a + b) / members.length), top = [x, 18];
      members.forEach(m => {
        const [to, low] = cellAt(m);
        const line = (role, shift, wide) => {
          Object.assign(context, { strokeStyle: role, lineWidth: wide });
          context.beginPath();
          context.moveTo(x + shift, top[1]);
          context.lineTo(to + shift, low - DISC);
          context.stroke();
        };
        if (kind !== "plastic") line(green, -2.5, 1 + 1.5 / members.length);
        if (kind !== "plastic" || seen.u[FIRST + m] > 0.01) line(pink, 2.5, kind === "plastic" ? 0.4 + 4.6 * seen.u[FIRST + m] : 2.6);
      });
      disc(context, top, 9, pink, paperColour);
    });
    for (let m = 0; m < SHOWN; m++) {
      disc(context, cellAt(m), DISC, paperColour, ink);
      disc(context, cellAt(m), DISC, green, ink, (1 + seen.y[FIRST + m]) / 2);
    }
  }
  // What was tried: wrong dots against the number of interneurons.
  const TALL = 118, FLOOR = TALL - 22, across = k => 40 + (k ? 1 + Math.log2(k) : 0) * 26.6, up = share => FLOOR - share * 138;
  function drawChart(context, colour) {
    const [ink, muted, pink] = ["ink", "muted", "pink"].map(colour);
    Object.assign(context, { font: "13px system-ui, sans-serif", strokeStyle: muted, fillStyle: muted, lineWidth: 1, textAlign: "center" });
    context.beginPath();
    [[32, 4], [32, FLOOR], [WIDE, FLOOR]].forEach(point => context.lineTo(...point));
    context.stroke();
    [0, 1, 4, 16, 64, 256, 1024].forEach(k => context.fillText(k === 1024 ? "1,024" : k, across(k) - (k === 1024 ? 14 : 0), FLOOR + 16));
    context.textAlign = "right";
    [0, 0.3, 0.6].forEach(share => context.fillText(`${100 * share}`, 27, up(share) + 5));
    context.textAlign = "left";
    context.fillText("% wrong, by number of interneurons", 40, 14);
    const all = [...tried.values()].filter(one => one.count), fixed = all.filter(({ how: { kind } }) => kind !== "plastic").map(one => [across(interneurons(one.how)), up(one.wrong / one.count), one]).sort((a, b) => a[0] - b[0]);
    Object.assign(context, { strokeStyle: ink, lineWidth: 1.5 });
    context.beginPath();
    fixed.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
    fixed.forEach(([x, y, one]) => disc(context, [x, y], one === seen ? 7 : 4, ink, ink));
    all.filter(({ how: { kind } }) => kind === "plastic").forEach(one => disc(context, [across(1), up(one.wrong / one.count)], one === seen ? 7 : 4, pink, pink));
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  const change = given => { Object.assign(how, given); if (mode === "draw" && drawing.includes(1)) rub(); else answer(); };
  middle.choice("Inhibition", [["private", "private"], ["none", "none"], ["one", "one fixed"], ["groups", "k groups"], ["plastic", "one plastic"]], kind => change({ kind }), how.kind);
  yield;
  const many = left.slider("interneurons k, one for each group", { min: 0, max: KS.length - 1, step: 1, value: KS.indexOf(how.k), say: at => thousands(KS[at]) }, at => change({ k: KS[at] }));
  const rate = left.slider("its synapses learn at rate η", { min: 0, max: 1, step: 0.05, value: how.rate, say: value => number(value) }, value => change({ rate: value }));
  yield;
  const circuit = left.canvas("Sixteen neighbouring cells and who inhibits them", [WIDE, HIGH], drawCircuit);
  const key = left.text("key");
  yield;
  const share = right.slider("rubbed out", { min: 0, max: 95, step: 1, value: 0, say: x => `${Math.round(x)} %` }, x => {
    mode = "rub";
    rubTo(erased, Math.round(x / 100 * N), chance);
    paper.redraw();
    answer();
  });
  const chart = right.canvas("Wrong dots by number of interneurons", [WIDE, TALL], drawChart);

  function draw() { [mode, its] = ["draw", "Your picture"]; drawing.fill(-1); erased.fill(0); showAll(); paper.grab(); paper.element.focus({ preventScroll: true }); }
  function rub() { mode = "rub"; erased.fill(0); paper.redraw(); answer(); }
  function tell() {
    const least = seen.least;
    key.replaceChildren(...[["green", " excite  "], ["pink", " inhibit  "]].flatMap(([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), words]),
      least === null ? "" : `smallest synapse: ${tiny(least)}`);
  }
  function show() {
    main.textContent = mode === "rub" ? "Draw one" : "Rub it out";
    main.disabled = mode === "draw" && !drawing.includes(1);
    share.set(100 * seen.count / N);
    share.element.disabled = mode === "draw";
    many.element.parentElement.hidden = how.kind !== "groups";
    rate.element.parentElement.hidden = how.kind !== "plastic";
    [paper, reply, circuit, chart].forEach(canvas => canvas.redraw());
    reply.say(`${ANSWER}: ${seen.wrong} of ${seen.count} dots wrong`);
    circuit.say(`Sixteen neighbouring cells of ${thousands(N)}, and who inhibits them: ${WHO[seen.how.kind](seen.how)}`);
    chart.say(`Wrong dots by number of interneurons: ${[...tried.values()].filter(one => one.count).map(one => `${interneurons(one.how)}${one.how.kind === "plastic" ? ` plastic, rate ${number(one.how.rate)}` : ""}: ${percent(one.wrong / one.count)}`).join(", ")}`);
    tell();
    verdict(sentence());
  }
  const WHO = {
    private: () => "each cell has an interneuron of its own",
    none: () => "nobody inhibits a cell",
    groups: ({ k }) => k === 1 ? "one interneuron, with fixed synapses" : `${thousands(k)} interneurons, each for a group`,
    plastic: () => "one interneuron, whose synapses learn",
  };
  function sentence() {
    const { count, wrong, echo, how: { kind, k, rate: learns } } = seen;
    if (mode === "draw") return drawing.includes(1) ? "The memory has seen it once, as the third of five pictures. Now rub it out."
      : "Draw anything: the memory will see it once, as the third of five pictures.";
    if (!count) return `${its} was shown once, as the third of five pictures; ${WHO[kind](seen.how)}. Rub over it.`;
    if (count === N) return "Nothing is left to ask by.";
    const head = wrong ? `${wrong} of ${count} dots are wrong, ${percent(wrong / count)}` : `All ${count} dots are back`;
    const echoes = echo > 0.15 ? `: the last picture echoes; where it differs, ${percent(echo)} of the dots show it` : wrong ? ": too little is left to ask by" : "";
    const enough = !wrong && interneurons(seen.how) < N / 2 && kind !== "plastic" ? " So much is left to ask by that no echo is heard: rub out more." : "";
    if (kind === "private") return `${head}${echoes}. Each of ${thousands(N)} cells has an interneuron of its own: as many interneurons as cells.`;
    if (kind === "plastic") return `${head}${echoes}. One interneuron, ${thousands(N)} synapses: ` +
      (learns === 1 ? "they hold what each cell did a step ago, so that each inhibits itself." : learns === 0 ? "they never change, and say nothing of any cell." : `they follow each cell's rate by ${percent(learns)} a step.`);
    if (kind === "none") return `${head}${echoes}.${enough}`;
    if (enough) return `${head}.${enough}`;
    return `${head}${echoes}. ${k === 1 ? "One fixed interneuron inhibits all alike." : `Each of ${thousands(k)} interneurons serves ${N % k ? "one cell or two" : N / k === 1 ? "one cell" : `${N / k} cells`}.`}`;
  }
  yield* Live.fonts("600 19px");
  yield Live.rest;
  seen = yield* recalled({ how: setting() });
  tried.set(JSON.stringify(seen.how), seen);
  show();
  work(); // and what its smallest synapse is
  thumbnails.forEach(one => one.draw());
  return {
    felt, fromHex, likes, episode: (...given) => whole(episode(...given)), life: (...given) => whole(life(...given, schedule)), smallest: (...given) => whole(smallest(...given)),
    now: () => ({ mode, ...how, drawing: [...drawing], erased: [...erased], count: seen.count, wrong: seen.wrong, echo: seen.echo, least: seen.least, tried: [...tried.values()].map(({ how: tried, wrong, count }) => ({ ...tried, wrong, count })) }),
  };
});
