// A sheet of cells by Kohonen's rule: a map of orientations, its pinwheels, and its twin, which has the same waves and never learned.
"use strict";
Live.model("maps", function* ({ numbers, stage }) {
  const { zeros, random, piecewise, all, make, mosaic, told, thousands, clamp, calm, soon } = Live, { side: SIDE, batch: BATCH, share: SHARE, reach: REACH, birth: BIRTH, animals: ANIMALS, anchors } = numbers, TURN = 2 * Math.PI;

  // --------------------------------------------------------------------------------------------------------------- the sheet
  // Six weights of each cell: where it looks, and twice the angle of the tilt that it prefers as a vector of the plane. The sheet closes on itself:
  // row and column lie on circles, and are told by cosine and sine. So is a stimulus, whose angle lies on a ring of radius q.
  const circle = (at, side) => [side / TURN * Math.cos(TURN * at / side), side / TURN * Math.sin(TURN * at / side)];
  const placed = (row, column, side) => [...circle(row, side), ...circle(column, side)];
  function* bearing(side, chance) {
    const w = [0, 1, 2, 3, 4, 5].map(() => zeros(side * side)), normal = () => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(TURN * chance());
    const places = Array.from({ length: side }, (_, at) => circle(at, side));
    for (let j = 0; j < side * side; j++) {
      [w[0][j], w[1][j]] = places[Math.floor(j / side)];
      [w[2][j], w[3][j]] = places[j % side];
      w[4][j] = BIRTH * normal();
      w[5][j] = BIRTH * normal();
      if (j % 128 === 127) yield;
    }
    return w;
  }
  const born = (side, chance) => all(bearing(side, chance));
  function stimulus(q, side, chance) {
    const row = side * chance(), column = side * chance(), angle = TURN * chance();
    return { row, column, x: [...placed(row, column, side), q * Math.cos(angle), q * Math.sin(angle)] };
  }
  // Where the cells of a sheet are, what stimuli add up to in each, and which row or column one is that lies beyond its edge.
  const sheets = new Map();
  function plan(side) {
    if (!sheets.has(side)) sheets.set(side, { own: born(side, () => 0.5), seen: [1, 2, 3, 4, 5, 6, 7].map(() => zeros(side * side)), beyond: Int32Array.from({ length: 4 * side }, (_, at) => at % side) });
    return sheets.get(side);
  }
  // The cell whose weights are nearest, looked for in rings about the place: none looks farther from its own place than far, so that
  // rings are left out that cannot hold a nearer one.
  function nearest([w0, w1, w2, w3, w4, w5], { row, column, x: [x0, x1, x2, x3, x4, x5] }, side, far) {
    const middle = Math.round(column) + side, upper = Math.round(row) + side, { beyond } = plan(side);
    let best = 0, least = Infinity;
    for (let ring = 0; ring <= side / 2; ring++) {
      const out = side / Math.PI * Math.sin(Math.PI * (ring - 0.5) / side) - far;
      if (out > 0 && out * out > least) break;
      for (let dr = -ring; dr <= ring; dr++) {
        const from = beyond[upper + dr] * side, apart = dr === ring || dr === -ring ? 1 : 2 * ring;
        for (let dc = -ring; dc <= ring; dc += apart) {
          const j = from + beyond[middle + dc], d4 = x4 - w4[j], d5 = x5 - w5[j];
          let square = d4 * d4 + d5 * d5;
          if (square >= least) continue;
          const d0 = x0 - w0[j], d1 = x1 - w1[j], d2 = x2 - w2[j], d3 = x3 - w3[j];
          square += d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
          if (square < least) { least = square; best = j; }
        }
      }
    }
    return best;
  }
  // For each stimulus x, Δw = η h (x - w), where h = exp(-d² / 2σ²) of the distance d to the nearest cell; below REACH it is none.
  function learn(w, stimuli, sigma, eta, side) {
    const { own: [p0, p1, p2, p3], beyond, seen } = plan(side), [w0, w1, w2, w3] = w, n = side * side, half = side / 2, [h_, s0, s1, s2, s3, s4, s5] = seen;
    let far = 0;
    for (const sum of seen) sum.fill(0);
    for (let j = 0; j < n; j++) {
      const d0 = w0[j] - p0[j], d1 = w1[j] - p1[j], d2 = w2[j] - p2[j], d3 = w3[j] - p3[j], square = d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
      if (square > far) far = square;
    }
    far = Math.sqrt(far);
    const most = Math.floor(sigma * Math.sqrt(-2 * Math.log(REACH))), low = -Math.min(most, Math.ceil(half) - 1), high = Math.min(most, Math.floor(half)), bells = zeros(high + 1).map((_, d) => Math.exp(-d * d / (2 * sigma * sigma)));
    for (const one of stimuli) {
      const s = nearest(w, one, side, far), row = Math.floor(s / side) + side, column = s % side + side, [x0, x1, x2, x3, x4, x5] = one.x;
      for (let dr = low; dr <= high; dr++) {
        const from = beyond[row + dr] * side, upright = bells[dr < 0 ? -dr : dr];
        for (let dc = low; dc <= high; dc++) {
          const h = upright * bells[dc < 0 ? -dc : dc];
          if (h < REACH) continue;
          const j = from + beyond[column + dc];
          h_[j] += h;
          s0[j] += h * x0;
          s1[j] += h * x1;
          s2[j] += h * x2;
          s3[j] += h * x3;
          s4[j] += h * x4;
          s5[j] += h * x5;
        }
      }
    }
    for (let k = 0; k < 6; k++) {
      const one = w[k], sum = seen[k + 1];
      for (let j = 0; j < n; j++) one[j] += eta * (sum[j] - h_[j] * one[j]);
    }
  }

  // ------------------------------------------------------------------------------------------------------------ what is counted
  // How often twice the angle turns round each corner that four cells share: 1 or -1 is a pinwheel.
  const short = angle => angle - TURN * Math.round(angle / TURN), angles = ([a, b]) => a.map((one, j) => Math.atan2(b[j], one));
  function winding(angle, side) {
    const n = angle.length, along = zeros(n), down = zeros(n), turns = new Int8Array(n);
    for (let j = 0; j < n; j++) {
      along[j] = short(angle[(j + 1) % side ? j + 1 : j + 1 - side] - angle[j]);
      down[j] = short(angle[(j + side) % n] - angle[j]);
    }
    for (let j = 0; j < n; j++) turns[j] = Math.round((along[j] + down[(j + 1) % side ? j + 1 : j + 1 - side] - along[(j + side) % n] - down[j]) / TURN);
    return turns;
  }
  // The waves that a map is made of, [real, imaginary] by wave number; with sign = 1 the way back, but for a factor side².
  function* waves([a, b], side, sign = -1) {
    const cosine = zeros(side).map((_, k) => Math.cos(TURN * k / side)), sine = zeros(side).map((_, k) => sign * Math.sin(TURN * k / side));
    let from = [a, b];
    for (let pass = 0; pass < 2; pass++) {
      const [p, q] = from, to = [zeros(p.length), zeros(p.length)];
      for (let r = 0; r < side; r++) {
        for (let k = 0; k < side; k++) {
          let re = 0, im = 0;
          for (let c = 0, t = 0, at = r * side; c < side; c++, at++) {
            re += p[at] * cosine[t] - q[at] * sine[t];
            im += p[at] * sine[t] + q[at] * cosine[t];
            t += k;
            if (t >= side) t -= side;
          }
          to[0][k * side + r] = re;
          to[1][k * side + r] = im;
        }
        yield;
      }
      from = to;
    }
    return from;
  }
  const pitch = (k, side) => TURN / side * (k > side / 2 ? k - side : k);
  // The spacing Λ = 2π / <k>, pinwheels in Λ², and what random waves of these lengths would have: π <k²> / <k>².
  function* density(z, side) {
    const [re, im] = yield* waves(z, side), angle = angles(z);
    yield;
    const turns = winding(angle, side);
    yield;
    let power = 0, first = 0, second = 0, plus = 0, minus = 0;
    for (let j = 0; j < re.length; j++) {
      if (turns[j] > 0) plus++; else if (turns[j] < 0) minus++;
      if (!j) continue; // the mean is no wave
      const p = re[j] ** 2 + im[j] ** 2, k = Math.hypot(pitch(j % side, side), pitch(Math.floor(j / side), side));
      power += p;
      first += p * k;
      second += p * k * k;
    }
    const spacing = TURN * power / first;
    return { spacing, plus, minus, density: (plus + minus) * spacing ** 2 / re.length, random: Math.PI * second * power / first ** 2 };
  }
  // The twin: the same waves, each as strong as it is, from phases by lot.
  function* twin(z, side, chance) {
    const [re, im] = yield* waves(z, side), phases = zeros(re.length).map(() => TURN * chance());
    yield;
    const size = re.map((one, j) => Math.hypot(one, im[j]) / re.length);
    yield;
    return yield* waves([size.map((one, j) => one * Math.cos(phases[j])), size.map((one, j) => one * Math.sin(phases[j]))], side, 1);
  }
  const selectivity = ([a, b]) => a.reduce((sum, one, j) => sum + Math.hypot(one, b[j]), 0) / a.length;
  const threshold = sigma => Math.sqrt(Math.E) * sigma;

  // ------------------------------------------------------------------------------------------------------------- a life of it
  yield;
  const chance = random(), how = { sigma: 2, q: 5 };
  let w, steps, history, found, peak, shown, other, twins, due;
  const map = () => [w[4], w[5]], FORMED = 0.2, FIRST = 30, LAST = 5000, nothing = { steps: 0, plus: 0, minus: 0, selectivity: 0, formed: false };
  // What is counted of the map as it is now; it may go on meanwhile.
  function* counted() {
    const z = map().map(one => one.slice()), at = steps, q = how.q, sheet = w;
    return { ...yield* density(z, SIDE), selectivity: selectivity(z) / q, steps: at, sheet };
  }
  function take(counted) {
    if (counted.sheet !== w) return; // of one that is gone
    found = { ...counted, formed: counted.selectivity >= FORMED };
    if (!found.formed) peak = null;
    else if (!peak || found.plus + found.minus > peak.count) peak = { count: found.plus + found.minus, steps: found.steps };
    if (found.steps >= 1.05 * (history[history.length - 1]?.steps ?? 0)) history.push(found);
    tell();
  }
  const count = piecewise(counted, take);
  function birth(sheet = born(SIDE, chance)) {
    [w, steps, history, peak, twins, other, due, found, shown] = [sheet, 0, [], null, [], null, 10, nothing, "grown"];
  }
  function step(w, { sigma, q }, chance) {
    const eta = SHARE / BATCH * SIDE * SIDE / (TURN * sigma ** 2); // however wide, each cell goes the same share of its way in a step
    learn(w, Array.from({ length: BATCH }, () => stimulus(q, SIDE, chance)), sigma, eta, SIDE);
  }
  function grown(sigma, q, steps, seed) {
    const drawn = random(seed), w = born(SIDE, drawn);
    while (steps--) step(w, { sigma, q }, drawn);
    return w;
  }
  function live() {
    step(w, how, chance);
    steps++;
    if (steps < due) return;
    due = Math.ceil(1.08 * due);
    count();
  }

  // ------------------------------------------------------------------------------------------------------------ what is shown
  const SIZE = 352, CELL = SIZE / SIDE, KEY = 26, HUES = 64;
  const mix = (low, high, part) => low.map((one, k) => Math.round(one + part * (high[k] - one))), parts = hex => [1, 3, 5].map(k => parseInt(hex.slice(k, k + 2), 16));
  const hues = Array.from({ length: HUES }, (_, k) => {
    const at = k / HUES * anchors.length, low = Math.floor(at);
    return `#${mix(parts(anchors[low]), parts(anchors[(low + 1) % anchors.length]), at - low).map(one => one.toString(16).padStart(2, "0")).join("")}`;
  });
  const hue = angle => hues[(Math.round(angle / TURN * HUES) % HUES + HUES) % HUES]; // of twice the angle
  function pinwheel(context, x, y, sign, ink, paper, r = 4.2) {
    context.beginPath();
    context.arc(x, y, r, 0, 7);
    Object.assign(context, { fillStyle: sign > 0 ? ink : paper, strokeStyle: sign > 0 ? paper : ink, lineWidth: 1.6 });
    context.fill();
    context.stroke();
  }
  function drawSheet(context, colour) {
    const [ink, paper, faint, muted] = ["ink", "paper", "faint", "muted"].map(colour), [a, b] = shown === "twin" ? other.z : map(), angle = angles([a, b]);
    mosaic(context, [SIDE, SIDE], j => [hue(angle[j]), Math.min(1, 2 * Math.sqrt(a[j] ** 2 + b[j] ** 2) / how.q)], [0, 0, SIZE, SIZE]);
    Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
    context.strokeRect(0.5, 0.5, SIZE - 1, SIZE - 1);
    if (found.formed) winding(angle, SIDE).forEach((sign, j) => { if (sign) pinwheel(context, (j % SIDE + 1) * CELL, (Math.floor(j / SIDE) + 1) * CELL, sign, ink, paper); });
    const y = SIZE + KEY / 2 + 3; // what colours and discs mean
    for (let k = 0; k < 8; k++) {
      const x = 12 + 23 * k, angle = Math.PI * k / 8;
      Object.assign(context, { strokeStyle: hue(2 * angle), lineWidth: 5, lineCap: "round" });
      context.beginPath();
      context.moveTo(x - 7 * Math.cos(angle), y - 7 * Math.sin(angle)); // clockwise, as rows are counted downwards
      context.lineTo(x + 7 * Math.cos(angle), y + 7 * Math.sin(angle));
      context.stroke();
    }
    const words = { fillStyle: muted, font: "14px system-ui, sans-serif" };
    Object.assign(context, words).fillText("pinwheels", 200, y + 5);
    [1, -1].forEach((sign, k) => {
      pinwheel(context, 284 + 34 * k, y, sign, ink, paper, 5);
      Object.assign(context, words);
      context.fillText(sign > 0 ? "+" : "−", 293 + 34 * k, y + 5);
    });
  }
  const WIDE = 340, HIGH = 168, LEFT = 26, FLOOR = HIGH - 20, TOP = 5, across = t => LEFT + Math.log(clamp(t, FIRST, LAST) / FIRST) / Math.log(LAST / FIRST) * (WIDE - LEFT - 8), up = rho => FLOOR - clamp(rho, 0, TOP) / TOP * (FLOOR - 6);
  function drawChart(context, colour) {
    const [ink, muted, blue, purple, green] = ["ink", "muted", "blue", "purple", "green"].map(colour);
    Object.assign(context, { font: "13px system-ui, sans-serif", strokeStyle: muted, fillStyle: muted, lineWidth: 1, textAlign: "center" });
    context.beginPath();
    [[LEFT, 6], [LEFT, FLOOR], [WIDE, FLOOR]].forEach(point => context.lineTo(...point));
    context.stroke();
    [100, 1000].forEach(t => context.fillText(t === 1000 ? "1,000 steps" : t, across(t), FLOOR + 16));
    context.textAlign = "right";
    [0, 2, 4].forEach(rho => context.fillText(rho, LEFT - 5, up(rho) + 5));
    Object.assign(context, { strokeStyle: green, lineWidth: 2 });
    context.beginPath();
    [LEFT, WIDE].forEach(x => context.lineTo(x, up(ANIMALS)));
    context.stroke();
    const known = history.filter(one => one.formed), line = (of, role, dash) => {
      Object.assign(context, { strokeStyle: role, lineWidth: 2.5 });
      context.setLineDash(dash);
      context.beginPath();
      known.forEach(one => context.lineTo(across(one.steps), up(of(one))));
      context.stroke();
      context.setLineDash([]);
    };
    line(one => one.random, purple, [2, 5]);
    line(one => one.density, blue, []);
    const dot = (t, rho, role, r) => {
      context.beginPath();
      context.arc(across(t), up(rho), r, 0, 7);
      context.fillStyle = role;
      context.fill();
    };
    twins.forEach(one => dot(one.steps, one.density, purple, one === other && shown === "twin" ? 6 : 3.5));
    if (found.formed) dot(steps, found.density, blue, shown === "twin" ? 3.5 : 6);
    if (!known.length && !found.formed) {
      Object.assign(context, { fillStyle: ink, textAlign: "center" });
      context.fillText("no map yet", (LEFT + WIDE) / 2, FLOOR - 10);
    }
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const percent = part => `${Math.round(100 * part)} %`;
  function sentence() {
    const q_c = threshold(how.sigma), ratio = how.q / q_c, count = found.plus + found.minus, head = `Step ${thousands(steps)}: `;
    if (!steps) return `Newborn: no cell prefers a tilt. The range is ${told(ratio)} times the threshold √e σ, so that ${ratio < 1 ? "nothing will form" : "a map will form"}.`;
    if (!found.formed) {
      return head + (ratio < 1 ? `nothing forms. The range q = ${told(how.q, 1)} is below the threshold √e σ = ${told(q_c, 1)}: what cells prefer, ${percent(found.selectivity)} of q, is noise of the last stimuli.`
        : `no map yet. The range q is ${told(ratio)} times the threshold, and selectivity, ${percent(found.selectivity)} of q, grows out of noise.`);
    }
    if (ratio < 1) return head + `the range is now ${told(ratio)} times the threshold, and the map fades.`;
    if (shown === "twin") return `The twin never learned: the same waves, with phases by lot. It has ${told(other.density)} pinwheels in Λ², the map ${told(found.density)}, animals about ${told(ANIMALS)}; waves of these lengths, alike in all directions, have ${told(found.random)} on average.`;
    const lost = (peak?.count ?? count) - count;
    return head + `${count} pinwheels, ${found.plus} of each sign, ${told(found.density)} in Λ² (Λ = ${told(found.spacing, 1)}); animals have about ${told(ANIMALS)}, random waves of these lengths, alike in all directions, ${told(found.random)}. `
      + (lost > 0.15 * (count + lost) ? `Since step ${thousands(peak.steps)} pairs of both signs have met and vanished: ${lost} pinwheels are gone.` : "Has it learned that number? Ask its twin.");
  }
  const tell = () => {
    chart.redraw();
    sheet.redraw();
    verdict(sentence());
    sheet.say(`${shown === "twin" ? "The map's twin" : "The sheet"}, ${SIDE} by ${SIDE} cells, coloured by the tilt that they prefer: ` + (found.formed ? `${shown === "twin" ? other.plus + other.minus : found.plus + found.minus} pinwheels` : "no map"));
    chart.say(`Pinwheels in Λ², by steps: ` + (found.formed ? `the map ${told(found.density)}, random waves ${told(found.random)}, animals about ${told(ANIMALS)}${twins.length ? `, its twins ${twins.map(one => told(one.density)).join(", ")}` : ""}` : "no map yet"));
  };
  let saidAt = -Infinity;
  function show() {
    if (shown === "twin" && other.steps !== steps) view("grown"); // the map went on
    sheet.redraw();
    if (clock.playing && performance.now() - saidAt < 250) return; // words change four times a second
    saidAt = performance.now();
    if (found.steps === steps) tell(); else count();
  }
  const view = to => { shown = to; views.set(to); };
  const draw = piecewise(function* () {
    if (found.steps !== steps) take(yield* counted());
    const at = steps, z = yield* twin(map(), SIDE, chance);
    return { z, steps: at, ...yield* density(z, SIDE) };
  }, drawn => {
    if (drawn.steps !== steps) { view("grown"); return; } // the map went on
    other = drawn;
    twins.push(drawn);
    view("twin");
    tell();
  });

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  stage.lead("Grow a map, ask its twin, then drag the range below the threshold.");
  const board = stage.part("picture"), panel = stage.part("panel"), times = stage.part("panel wide halves"), verdict = stage.verdict();
  const sheet = board.canvas("The sheet", [SIZE, SIZE + KEY], drawSheet, { className: "sheet-of-cells" });
  const change = given => { Object.assign(how, given); peak = null; range.set(how.q); grow(); };
  panel.slider("width σ of the neighbourhood", { min: 1.5, max: 3, step: 0.1, value: how.sigma, say: sigma => `${told(sigma, 1)} cells` }, sigma => change({ sigma }));
  yield;
  const range = panel.slider("range q of tilts", { min: 0.5, max: 10, step: 0.1, value: how.q, say: q => `${told(q, 1)}, ${told(q / threshold(how.sigma))} × threshold` }, q => change({ q }));
  yield;
  const views = panel.choice("Show", [["grown", "the map"], ["twin", "its twin"]], to => { if (to === "twin") ask(); else { view(to); tell(); } });
  yield;
  panel.text("key").append(...[["blue", "map"], ["purple", "twins"], ["green", "animals"]].flatMap(([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), ` ${words}  `]), "(pinwheels in Λ²)");
  yield;
  const chart = panel.canvas("Pinwheels in Λ², by steps", [WIDE, HIGH], drawChart);
  yield;
  const left = times.part("panel"), right = times.part("panel");
  const clock = left.clock({ step: live, shown: () => show(), speeds: [20, 100, 400, 1000], speed: 2, what: null, turned: on => { if (!on) show(); } });
  right.element.append(left.element.querySelector(".slider")); // beside the buttons
  yield;
  const anew = piecewise(() => bearing(SIDE, chance), sheet => { birth(sheet); show(); });
  clock.row.button("Newborn", () => { clock.pause(); anew(); });
  clock.row.button("New twin", () => ask(true));
  function ask(more = false) {
    clock.pause();
    if (other?.steps === steps && !more) { view("twin"); tell(); } else draw();
  }
  const rush = piecewise(function* () { for (let k = 0; k < 250; k++) { live(); yield; } }, show), grow = () => { if (calm()) rush(); else clock.play(); soon(show); };
  yield;
  birth(yield* bearing(SIDE, chance));
  yield;
  tell();
  yield;
  plan(SIDE);
  yield* Live.fonts("14px");
  const first = w.map(one => one.slice());
  for (let k = 0; k < 60; k++) { // a rehearsal, so that the first step is as fast as others
    learn(first, [0].map(() => stimulus(how.q, SIDE, chance)), how.sigma, 0, SIDE);
    yield;
  }
  yield* density([first[4], first[5]], SIDE);
  return { born, stimulus, learn, grown, angles, winding, density: (...given) => all(density(...given)), twin: (...given) => all(twin(...given)), selectivity, threshold,
    live: n => { clock.pause(); while (n--) live(); show(); }, now: () => ({ ...how, ...found, sheet: null, shown, playing: clock.playing, twins: twins.map(one => one.density), peak, history: history.length }) };
});
