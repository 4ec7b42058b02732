// Your initial, written into a neuron: inputs that the reader paints share spikes, and synapses that see nothing but their two ends find them.
"use strict";
Live.model("hebb-in-the-brain", function* ({ numbers, stage }) {
  const { zeros, soon, random, told, clamp } = Live, { neuron, rate, begin } = numbers, [WIDE, HIGH] = [numbers.letter[0].length, numbers.letter.length];
  const N = WIDE * HIGH, all = [...Array(N).keys()], mean = values => values.reduce((a, b) => a + b, 0) / values.length;

  // -------------------------------------------------------------------------------------------------------------- the neuron
  const fade = tau => Math.exp(-neuron.dt / tau), fades = { g: fade(neuron.tau_syn), pre: fade(neuron.tau_plus), post: fade(neuron.tau_minus) };
  const rest = w => ({ v: neuron.v_rest, g: 0, pre: zeros(N), post: 0, w: Float64Array.from(w) });

  // One millisecond in which the inputs of a list spike; returns whether the neuron does.
  function step(state, arriving, window) {
    const { v_rest, v_threshold, v_reset, e_exc, g_max, tau_m, dt } = neuron, { pre, w } = state;
    let opened = 0;
    for (const i of arriving) opened += w[i];
    state.g = state.g * fades.g + g_max * opened; // a spike opens g_max w, which fades
    const total = 1 + state.g, target = (v_rest + state.g * e_exc) / total; // tau_m dv/dt = v_rest - v + g (E - v)
    state.v = target + (state.v - target) * Math.exp(-dt / tau_m * total);
    const fires = state.v >= v_threshold;
    if (fires) state.v = v_reset;
    for (let i = 0; i < N; i++) pre[i] *= fades.pre;
    state.post *= fades.post;
    learn(state, arriving, fires, window);
    for (const i of arriving) pre[i] += 1;
    if (fires) state.post += 1;
    return fires;
  }

  // dw = A+ pre S_post - A- S_pre post: all that a synapse sees. Turned over, both signs change.
  function learn({ pre, post, w }, arriving, fires, { up, down, turned }) {
    const sign = turned ? -1 : 1, seen = post;
    if (fires) {
      const arrives = new Set(arriving);
      for (let i = 0; i < N; i++) w[i] = clamp(w[i] + sign * (up * pre[i] - (arrives.has(i) ? down * seen : 0)), 0, 1);
    } else for (const i of arriving) w[i] = clamp(w[i] - sign * down * seen, 0, 1);
  }

  // Who spikes in a millisecond: an input that shares copies its source, with a chance of `share`, or spikes by itself, as others do.
  // Each is a Poisson train by itself. Copied spikes are told apart for the picture, and by nobody else.
  function spikes(sharing, share, chance) {
    const p = rate * neuron.dt, common = chance() < p, arriving = [], copied = [];
    for (let i = 0; i < N; i++) {
      const copies = sharing[i] && chance() < share;
      if (copies ? common : chance() < p) {
        arriving.push(i);
        if (copies) copied.push(i);
      }
    }
    return { arriving, copied };
  }

  // ------------------------------------------------------------------------------------------------------------ what is done
  const chance = random(), window = { up: neuron.a_plus, down: neuron.a_minus, turned: false }, SECOND = Math.round(1 / neuron.dt), SEEN = SECOND / 2, PIECE = 20;
  let painted = numbers.letter.flatMap(row => [...row].map(mark => mark === "#")), share = numbers.share;
  let example = true, state, time, past, own = [], cursor = [Math.floor(HIGH / 2), Math.floor(WIDE / 2)], looks = true, alone = false;
  function fresh() {
    [state, time, past] = [rest(Array(N).fill(begin)), 0, []];
  }
  function live(steps = PIECE) {
    while (steps--) {
      const { arriving, copied } = spikes(painted, share, chance);
      past.push({ arriving, copied, fires: step(state, arriving, window) });
      time++;
    }
    if (past.length > SECOND) past = past.slice(-SECOND);
    if (time % (5 * SECOND) === 0) verdict(sentence());
    if (time === numbers.seconds * SECOND) clock.pause(); // to look; Play goes on
  }
  function tell() {
    const yours = all.filter(i => painted[i]), others = all.filter(i => !painted[i]), w = which => which.length ? mean(which.map(i => state.w[i])) : 0;
    const heaviest = all.slice().sort((a, b) => state.w[b] - state.w[a]).slice(0, yours.length);
    return { n: yours.length, yours: w(yours), others: w(others), found: heaviest.filter(i => painted[i]).length,
      hz: past.filter(one => one.fires).length * SECOND / Math.max(SEEN, past.length), seconds: time / SECOND };
  }

  // The sentence that goes with what happened.
  function sentence() {
    const { n, yours, others, found, hz, seconds } = tell(), now = `After ${told(seconds, seconds < 10 ? 1 : 0)} s`, copy = `${Math.round(100 * share)} %`;
    if (!n) return "Nobody shares a spike: paint your initial.";
    if (seconds < 0.5) return `${n === N ? `All ${N}` : `${n} of the ${N}`} inputs, the painted ones, copy ${copy} of their spikes from one source. No synapse is told. ` +
      (example ? "Press Play, or paint your own initial." : "Press Play.");
    const means = `yours ${told(yours)} on average, the others ${told(others)}`;
    if (n < N && others > 0.85) return `${now} nearly all synapses are at their ceiling (${means}), and the neuron spikes ${told(hz, 0)} times a second: your initial is drowned. ` +
      (window.down * neuron.tau_minus < window.up * neuron.tau_plus ? "Without enough weakening even chance strengthens, and a stronger synapse meets more spikes of the neuron." : "");
    if (window.turned) return `${now}: ${means}. Turned over, the rule weakens who helped to fire the neuron: your initial sinks` +
      (hz < 1 ? ", until nothing fires it any more." : ".");
    if (!share) return `${now}, ${found} of the ${n} heaviest synapses are yours; blind chance has ${Math.round(n * n / N)}. Nothing is shared, so there is nothing to find.`;
    if (n === N) return `${now}: all share, all grow (${told(yours)}). There is no shape where nobody is left out.`;
    if (found >= 0.8 * n && yours > others + 0.2) return `${now}, ${found} of the ${n} heaviest synapses are yours (${means}). Each saw only its own spikes and the neuron's: together they found out who shares.`;
    return `${now}, ${found} of the ${n} heaviest synapses are yours (${means}). ` +
      (n < 12 ? `${n === 1 ? "One input" : `${n} inputs`} at once rarely fire the neuron: paint more, or wait.` : "It begins slowly: go on.");
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const CELL = 18, LEFT = 64, ACROSS = WIDE * CELL - LEFT;
  function drawField(context, colour) {
    [true, false].forEach(mark => { // all discs of a colour are one path
      context.fillStyle = colour(looks ? mark ? "blue" : "faint" : "ink");
      context.beginPath();
      all.forEach(i => {
        if (painted[i] !== mark) return;
        const x = (i % WIDE + 0.5) * CELL, y = (Math.floor(i / WIDE) + 0.5) * CELL, r = Math.max(0.7, state.w[i] * (CELL / 2 - 0.5));
        context.moveTo(x + r, y);
        context.arc(x, y, r, 0, 7);
      });
      context.fill();
    });
    if (field.focused()) {
      Object.assign(context, { strokeStyle: colour("red"), lineWidth: 2.5 });
      context.strokeRect(cursor[1] * CELL + 1, cursor[0] * CELL + 1, CELL - 2, CELL - 2);
    }
  }
  // The last half second: a row for each of some inputs, a stroke for each spike; below, the neuron.
  function drawSpikes(context, colour) {
    const some = mark => all.filter(i => painted[i] === mark).slice(0, 18), shown = past.slice(-SEEN), at = k => LEFT + (k + SEEN - shown.length) / SEEN * ACROSS;
    const groups = alone ? [[some(true)[0] ?? 0]] : [some(true), some(false)], high = alone ? 26 : 2.5, rows = new Map();
    Object.assign(context, { font: "13px system-ui, sans-serif", fillStyle: colour("ink"), textBaseline: "middle" });
    groups.forEach((group, k) => {
      const top = alone ? 24 : 4 + 48 * k;
      group.forEach((i, row) => rows.set(i, top + high * row));
      context.fillText(alone ? "its sender" : ["painted", "others"][k], 0, alone ? top + 12 : top + 22);
    });
    context.fillText("neuron", 0, 112);
    const strokes = { blue: [], muted: [], ink: [] };
    shown.forEach(({ arriving, copied, fires }, k) => {
      for (const i of arriving) if (rows.has(i)) strokes[!alone && copied.includes(i) ? "blue" : "muted"].push([at(k), rows.get(i), 1.6, high - 0.4]);
      if (fires) strokes.ink.push([at(k), 101, 2, 22]);
    });
    Object.entries(strokes).forEach(([role, some]) => {
      context.fillStyle = colour(role);
      context.beginPath();
      some.forEach(box => context.rect(...box));
      context.fill();
    });
  }
  const PLOT = { wide: 340, high: 96, middle: 48, scale: 1000 };
  const bend = (x, lag) => lag > 0 ? window.up * Math.exp(-lag / neuron.tau_plus) : -window.down * Math.exp(lag / neuron.tau_minus);
  function drawWindow(context, colour) {
    const { wide, high, middle, scale } = PLOT, sign = window.turned ? -1 : 1, y = lag => middle - sign * scale * bend(0, lag);
    Object.assign(context, { strokeStyle: colour("faint"), lineWidth: 1, font: "13px system-ui, sans-serif", fillStyle: colour("ink") });
    context.strokeRect(0, middle, wide, 0);
    [1, -1].forEach(side => {
      const role = side * sign > 0 ? "green" : "red";
      context.beginPath();
      context.moveTo(wide / 2, middle);
      for (let k = 0; k <= 60; k++) context.lineTo(wide / 2 + side * k / 60 * wide / 2, y(side * (k + 1e-6) / 1000));
      context.lineTo(wide / 2 + side * wide / 2, middle);
      Object.assign(context, { globalAlpha: 0.35, fillStyle: colour(role) });
      context.fill();
      Object.assign(context, { globalAlpha: 1, fillStyle: colour("ink") });
    });
    [["neuron spikes first", 2, "left", -1], ["input spikes first", wide - 2, "right", 1]].forEach(([words, x, textAlign, side]) => {
      context.textAlign = textAlign;
      context.fillText(words, x, side * sign > 0 ? middle - 26 : middle + 36);
    });
    context.textAlign = "left";
    context.fillStyle = colour("ink");
    context.beginPath();
    context.arc(wide / 2 - 9, y(-1e-9), 9, 0, 7);
    context.fill();
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  stage.lead("Paint your initial over the discs, and let go.");
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const field = picture.canvas("The synapses. Arrow keys move a mark, the space bar paints, Enter plays and pauses.", [WIDE * CELL, HIGH * CELL], drawField, {
    keys: {
      ...Object.fromEntries([["ArrowUp", -1, 0], ["ArrowDown", 1, 0], ["ArrowLeft", 0, -1], ["ArrowRight", 0, 1]].map(([key, down, right]) => [key, () => {
        cursor = [clamp(cursor[0] + down, 0, HIGH - 1), clamp(cursor[1] + right, 0, WIDE - 1)];
        stage.say(`row ${cursor[0] + 1}, column ${cursor[1] + 1}: ${painted[cursor[0] * WIDE + cursor[1]] ? "painted" : "not painted"}`);
        field.redraw();
      }])),
      " ": () => {
        const i = cursor[0] * WIDE + cursor[1], on = example || !painted[i];
        paint([i], on);
        stage.say(on ? "painted" : "wiped");
      },
      Enter: () => (clock.playing ? clock.pause() : clock.play()),
    },
    pointer: {
      down: point => {
        own = [point, !example && painted[nearest(point)]];
        stroke(point);
      },
      move: stroke,
      up: (point, broken) => { if (!broken && !own[1] && painted.includes(true)) clock.play(); },
    },
  });
  yield;
  const raster = picture.canvas("Spikes of the last half second", [WIDE * CELL, 126], drawSpikes);
  const nearest = ({ x, y }) => clamp(Math.floor(y / CELL), 0, HIGH - 1) * WIDE + clamp(Math.floor(x / CELL), 0, WIDE - 1);

  // A brush as wide as a disc and a half; the rubber, which begins on a painted disc, is as wide as one.
  function stroke(point) {
    const [last, rubs] = own, steps = Math.ceil(Math.hypot(point.x - last.x, point.y - last.y) / 6) || 1, hit = new Set();
    for (let k = 0; k <= steps; k++) {
      const x = last.x + (point.x - last.x) * k / steps, y = last.y + (point.y - last.y) * k / steps;
      hit.add(nearest({ x, y }));
      if (!rubs) all.forEach(i => { if (((i % WIDE + 0.5) * CELL - x) ** 2 + ((Math.floor(i / WIDE) + 0.5) * CELL - y) ** 2 < (0.75 * CELL) ** 2) hit.add(i); });
    }
    own[0] = point;
    paint([...hit], !rubs);
  }
  function paint(which, on) {
    clock.pause();
    if (example) { // the first stroke clears what we painted
      painted.fill(false);
      fresh();
      example = false;
    }
    which.forEach(i => { painted[i] = on; });
    look(true);
    soon(show);
  }
  function look(on) { looks = switches.looks.checked = on; }

  yield;
  const clock = panel.clock({ step: live, shown: () => show(false), speeds: [50, 250, 500], speed: 1, what: null, say: s => `${s / 50} s in a second`,
    turned: on => { if (on) look(false); soon(show); } });
  clock.row.button("Start again", () => { clock.pause(); fresh(); show(); });
  clock.row.button("Wipe the paint", () => { paint(all, false); fresh(); show(); });
  yield;
  const bars = panel.bars("Mean weight", ["painted", "others"]);
  const plot = panel.canvas("The window: what a pair of spikes does to a weight", [PLOT.wide, PLOT.high], drawWindow, { pointer: {
    grabs: () => false,
    handle: ({ x }) => Math.abs(x - PLOT.wide / 2) < 60,
    move: ({ y }) => weaken(clamp((window.turned ? -1 : 1) * (y - PLOT.middle) / PLOT.scale, 0, numbers.most)),
  } });
  yield;
  const weakening = panel.slider("weakening, A₋", { min: 0, max: numbers.most, step: 0.001, value: window.down, say: x => told(x, 3) }, x => weaken(x));
  function weaken(to) {
    window.down = Math.round(1000 * to) / 1000;
    weakening.set(window.down);
    soon(show);
  }
  yield;
  panel.slider("spikes that the painted copy", { min: 0, max: 0.8, step: 0.05, value: share, say: x => `${Math.round(100 * x)} %` }, x => { share = x; show(); });
  yield;
  const group = panel.part("line"), switches = {};
  group.toggle("turn it over", on => { window.turned = on; show(); });
  switches.looks = group.toggle("show paint", on => { looks = on; show(); }, true);
  group.toggle("one synapse's view", on => { alone = on; show(); });
  function show(speak = true) {
    [field, raster, plot].forEach(canvas => canvas.redraw());
    const { yours, others, hz, n } = tell();
    bars.set([{ value: yours, strong: true }, { value: others, role: "muted" }]);
    raster.say(`Spikes of the last half second: the neuron spikes ${told(hz, 0)} times a second; ${n} inputs are painted`);
    if (speak) verdict(alone ? "These two trains are all that this synapse sees. Nothing in them says who shares." : sentence());
  }
  fresh();
  for (let k = 0; k < SEEN / PIECE; k++) { yield; live(); } // so that there are spikes to see
  Object.assign(state, rest(Array(N).fill(begin)));
  time = 0;
  yield;
  show();
  return { rest, step, spikes, now: () => ({ state, painted, time, window, share, ...tell() }), live: seconds => { live(seconds * SECOND); show(); } };
});
