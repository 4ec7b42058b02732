// Nine trained networks that paid more and more for their wire: their links, how these thin out with distance, and what is left of
// their modularity when the links are shuffled.
"use strict";
Live.model("wiring", function* ({ numbers, stage }) {
  const { zeros, unpack, piecewise, all, random, told } = Live, { side: SIDE, tolerance: TOLERANCE, sweeps: SWEEPS, tries: TRIES, edges: EDGES } = numbers, N = SIDE * SIDE;

  // ------------------------------------------------------------------------------------------------------------- the graph
  // Links without direction: 1 at i n + j and at j n + i. Units lie on a grid, row by row.
  const distance = (i, j, side) => Math.hypot(i % side - j % side, Math.floor(i / side) - Math.floor(j / side));
  function fromHex(hex, n) { // a bit for each pair i < j, row by row
    const graph = new Uint8Array(n * n), bits = [...hex].flatMap(digit => [8, 4, 2, 1].map(bit => parseInt(digit, 16) & bit ? 1 : 0));
    for (let i = 0, k = 0; i < n; i++) for (let j = i + 1; j < n; j++) graph[i * n + j] = graph[j * n + i] = bits[k++];
    return graph;
  }
  function pairs(graph) {
    const n = Math.sqrt(graph.length), found = [];
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (graph[i * n + j]) found.push([i, j]);
    return found;
  }
  // Of all pairs of one distance, the share that is joined; a bin of distances holds its lower end.
  function* profile(graph, side) {
    const joined = zeros(EDGES.length - 1), pairs = zeros(EDGES.length - 1), sums = zeros(EDGES.length - 1), n = side * side;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const d = distance(i, j, side), bin = Math.floor((d - EDGES[0]) / (EDGES[1] - EDGES[0]));
        pairs[bin]++;
        sums[bin] += d;
        joined[bin] += graph[i * n + j];
      }
      if (i % 16 === 15) yield;
    }
    return [...pairs.keys()].filter(bin => pairs[bin]).map(bin => ({ distance: sums[bin] / pairs[bin], share: joined[bin] / pairs[bin] }));
  }
  // Wire, Σ |w_ij| d_ij, and the sum of |w_ij|.
  function wire(w, side) {
    let length = 0, total = 0;
    for (let k = 0, n = side * side; k < w.length; k++) {
      total += Math.abs(w[k]);
      length += Math.abs(w[k]) * distance(Math.floor(k / n), k % n, side);
    }
    return { length, total };
  }

  // ------------------------------------------------------------------------------------------------------------- modularity
  // Q = Σ_c (e_cc - a_c²): the share of links within modules, less what it would be if ends met at random.
  function quality(graph, labels) {
    const n = labels.length, inside = zeros(n), ends = zeros(n);
    let total = 0;
    for (let k = 0; k < graph.length; k++) {
      if (!graph[k]) continue;
      const i = Math.floor(k / n);
      total++;
      ends[labels[i]]++;
      if (labels[i] === labels[k % n]) inside[labels[i]]++;
    }
    return inside.reduce((sum, one, c) => sum + one / total - (ends[c] / total) ** 2, 0);
  }
  // Each unit in turn goes to the module where it adds most, until none does; order(n) says in which order they are taken.
  function* moved(rows, order) {
    const near = rows.map((row, i) => [...row.keys()].filter(k => row[k] && k !== i)), degree = rows.map(row => row.reduce((a, b) => a + b)), total = degree.reduce((a, b) => a + b) || 1;
    const labels = rows.map((_, i) => i), held = degree.slice();
    for (let moves = true; moves;) {
      moves = false;
      for (const i of order(rows.length)) {
        const own = labels[i], to = new Map([[own, 0]]);
        held[own] -= degree[i];
        for (const k of near[i]) to.set(labels[k], (to.get(labels[k]) ?? 0) + rows[i][k]);
        let best = own, most = to.get(own) - degree[i] * held[own] / total;
        for (const [label, links] of to) {
          const gain = links - degree[i] * held[label] / total;
          if (gain > most + 1e-12) [best, most] = [label, gain];
        }
        held[best] += degree[i];
        if (best !== own) { labels[i] = best; moves = true; }
      }
      yield;
    }
    const names = [...new Set(labels)].sort((a, b) => a - b);
    return labels.map(label => names.indexOf(label));
  }
  // Then modules move as units did, until none does.
  function* modularity(graph, order) {
    const n = Math.sqrt(graph.length);
    let rows = Array.from({ length: n }, (_, i) => Array.from(graph.subarray(i * n, i * n + n))), labels = [...rows.keys()];
    for (;;) {
      const its = yield* moved(rows, order), modules = Math.max(...its) + 1;
      labels = labels.map(label => its[label]);
      if (modules === rows.length) return { q: quality(graph, labels), labels };
      const whole = Array.from({ length: modules }, () => Array(modules).fill(0));
      rows.forEach((row, i) => row.forEach((x, k) => { whole[its[i]][its[k]] += x; }));
      rows = whole;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- shuffling
  // Two links a-b and c-d exchange ends, to a-d and c-b, unless one is there; with lengths, only if each keeps that which it had at
  // first, to within the tolerance. draw(m) says which two of m links, and whether the second is turned.
  function* shuffle(graph, draw, side, keepLengths, sweeps) {
    const there = graph.slice(), n = side * side, ends = pairs(graph), m = ends.length, begun = ends.map(([i, j]) => distance(i, j, side)), apart = (a, b) => !keepLengths || Math.abs(a - b) < TOLERANCE;
    const set = (i, j, link) => { there[i * n + j] = there[j * n + i] = link; };
    for (let made = 0, tried = 0; made < sweeps * m && tried < 200 * sweeps * m; tried++) {
      if (tried % 1000 === 999) yield;
      const [x, y, turn] = draw(m);
      let [[p, q], [r, s]] = [ends[x], turn ? [ends[y][1], ends[y][0]] : ends[y]];
      if (p === r || p === s || q === r || q === s || there[p * n + s] || there[r * n + q]) continue;
      if (keepLengths) {
        const one = distance(p, s, side), other = distance(r, q, side);
        if (!apart(one, begun[x]) || !apart(other, begun[y])) {
          if (!apart(other, begun[x]) || !apart(one, begun[y])) continue;
          [p, q, r, s] = [r, s, p, q];
        }
      }
      set(p, q, 0);
      set(r, s, 0);
      set(p, s, 1);
      set(r, q, 1);
      [ends[x], ends[y]] = [[p, s], [r, q]];
      made++;
    }
    return there;
  }

  // ---------------------------------------------------------------------------------------------------------------- the state
  yield;
  const networks = [];
  for (const one of numbers.networks) {
    const w = unpack(one.w), graph = fromHex(one.links, N), links = pairs(graph), strengths = links.map(([i, j]) => Math.abs(w[i * N + j]) + Math.abs(w[j * N + i])), largest = Math.max(...strengths);
    networks.push({ ...one, w, graph, links, clear: strengths.map(size => 0.25 + 0.75 * size / largest), ...wire(w, SIDE), shuffles: { degrees: [], lengths: [] } });
    yield;
  }
  const chance = random(), draw = m => [Math.floor(chance() * m), Math.floor(chance() * m), chance() < 0.5], ROUNDS = 10;
  function order(n) {
    const found = Array.from({ length: n }, (_, k) => k);
    for (let k = n - 1; k > 0; k--) {
      const other = Math.floor(chance() * (k + 1));
      [found[k], found[other]] = [found[other], found[k]];
    }
    return found;
  }
  function* best(graph) {
    let found = { q: -1 };
    for (let k = 0; k < TRIES; k++) {
      const one = yield* modularity(graph, order);
      if (one.q > found.q) found = one;
    }
    return found;
  }
  let at = 0, kind = null, held = null, wanted = null; // the network; how it was shuffled; a unit that is looked at
  const here = () => networks[at], seen = () => (kind ? here().last[kind] : here());
  const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
  // What is asked for is found in pieces; what it is about may have changed since.
  const work = piecewise(function* () {
    const one = here(), how = wanted;
    wanted = null;
    if (!one.profile) {
      const found = yield* profile(one.graph, SIDE), rounds = [];
      while (rounds.length < ROUNDS) rounds.push(yield* best(one.graph)); // as often as shuffled ones are asked, for moves by chance end differently
      Object.assign(one, { q: mean(rounds.map(({ q }) => q)), labels: rounds[0].labels, profile: found });
    }
    if (!how) return;
    for (let k = 0; k < ROUNDS; k++) {
      const graph = yield* shuffle(one.graph, draw, SIDE, how === "lengths", SWEEPS);
      if (!k) { // the first is shown
        const links = pairs(graph), same = links.filter(([i, j]) => one.graph[i * N + j]).length / links.length;
        one.last = { ...one.last, [how]: { graph, links, same, profile: yield* profile(graph, SIDE) } };
        kind = how;
        [picture, plot].forEach(canvas => canvas.redraw());
      }
      const { q, labels } = yield* best(graph);
      one.shuffles[how].push(q);
      if (!k) one.last[how].labels = labels;
    }
  }, () => show());

  // ------------------------------------------------------------------------------------------------------------ what is shown
  const SIZE = 352, place = i => [(i % SIDE + 0.5) * SIZE / SIDE, (Math.floor(i / SIDE) + 0.5) * SIZE / SIDE];
  function drawGrid(context, colour) {
    const { links, labels, clear } = seen(), [ink, paper, faint, blue, purple, muted] = ["ink", "paper", "faint", "blue", "purple", "muted"].map(colour);
    const line = ([i, j]) => { // a little bent, so that links along a row are seen
      const [x, y] = place(i), [u, v] = place(j);
      context.beginPath();
      context.moveTo(x, y);
      context.quadraticCurveTo((x + u) / 2 + (v - y) * 0.08, (y + v) / 2 - (u - x) * 0.08, u, v);
      context.stroke();
    };
    Object.assign(context, { strokeStyle: kind ? purple : blue, lineWidth: 1 });
    links.forEach((pair, k) => {
      context.globalAlpha = (held === null ? 1 : 0.3) * (clear ? clear[k] : 0.7);
      line(pair);
    });
    Object.assign(context, { strokeStyle: ink, lineWidth: 2, globalAlpha: 1 });
    links.filter(pair => pair.includes(held)).forEach(line);
    context.globalAlpha = 1;
    for (let i = 0; i < N; i++) {
      const [x, y] = place(i);
      context.beginPath();
      context.arc(x, y, i === held ? 9 : 6.5, 0, 7);
      Object.assign(context, { fillStyle: i === held ? ink : paper, strokeStyle: i === held ? ink : muted, lineWidth: 1.8 });
      context.fill();
      context.stroke();
      if (labels && i !== held) module(context, x, y, labels[i], colour);
    }
    Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
    if (picture.focused()) context.strokeRect(1, 1, SIZE - 2, SIZE - 2);
  }
  // A module's mark: colour and form.
  function module(context, x, y, label, colour) {
    context.fillStyle = colour(["green", "pink", "ink", "purple", "blue", "muted"][label % 6]);
    context.beginPath();
    if (label % 3 === 0) context.arc(x, y, 4.2, 0, 7);
    else if (label % 3 === 1) context.rect(x - 3.6, y - 3.6, 7.2, 7.2);
    else [[0, -4.8], [4.4, 3.4], [-4.4, 3.4]].forEach(([a, b]) => context.lineTo(x + a, y + b));
    context.fill();
  }
  const WIDE = 340, HIGH = 148, LEFT = 46, FLOOR = HIGH - 20, LEAST = 0.003, across = d => LEFT + d / 10 * (WIDE - LEFT - 6), up = share => FLOOR - Math.log(Math.max(share, LEAST) / LEAST) / Math.log(1 / LEAST) * (FLOOR - 8);
  function drawPlot(context, colour) {
    const [muted, blue, purple] = ["muted", "blue", "purple"].map(colour), one = here();
    axes(context, muted, [[LEFT, 6], [LEFT, FLOOR], [WIDE, FLOOR]]);
    [2, 4, 6, 8].forEach(d => context.fillText(d === 8 ? "8 apart" : d, across(d), FLOOR + 16));
    context.textAlign = "right";
    [[1, "100 %"], [0.1, "10 %"], [0.01, "1 %"]].forEach(([share, words]) => context.fillText(words, LEFT - 4, up(share) + 5));
    const line = (points, role, wide) => {
      Object.assign(context, { strokeStyle: role, fillStyle: role, lineWidth: wide });
      context.beginPath();
      points.filter(({ share }) => share > 0).forEach(({ distance: d, share }) => context.lineTo(across(d), up(share)));
      context.stroke();
      points.forEach(({ distance: d, share }) => {
        context.beginPath();
        context.arc(across(d), up(share), share ? 3 : 1.5, 0, 7);
        context.fill();
      });
    };
    Object.assign(context, { fillStyle: muted, textAlign: "right" });
    context.fillText("pairs that are joined, by distance", WIDE, 14);
    if (kind) line(seen().profile, purple, 1.8);
    if (one.profile) line(one.profile, blue, 2.4);
  }
  function axes(context, muted, points) {
    Object.assign(context, { font: "13px system-ui, sans-serif", strokeStyle: muted, fillStyle: muted, lineWidth: 1, textAlign: "center" });
    context.beginPath();
    points.forEach(point => context.lineTo(...point));
    context.stroke();
  }
  const ROWS = [["degrees", "degrees"], ["lengths", "lengths, too"]], TALL = 104, over = q => 96 + Math.min(Math.max((q - 0.2) / 0.3, 0), 1) * (WIDE - 104);
  function drawChart(context, colour) {
    const [ink, muted, blue, purple] = ["ink", "muted", "blue", "purple"].map(colour), one = here();
    axes(context, muted, [[96, TALL - 20], [WIDE, TALL - 20]]);
    [0.2, 0.3, 0.4, 0.5].forEach(q => context.fillText(q === 0.2 ? "Q = 0.2" : q, over(q) - (q === 0.5 ? 8 : 0), TALL - 4));
    context.textAlign = "left";
    context.fillText("shuffles keep", 0, 14);
    ROWS.forEach(([name, words], row) => {
      const y = 34 + 28 * row, values = one.shuffles[name];
      Object.assign(context, { fillStyle: muted, textAlign: "left" });
      context.fillText(words, 0, y + 5);
      Object.assign(context, { fillStyle: purple, globalAlpha: 0.45 });
      values.forEach((q, k) => {
        context.beginPath();
        context.arc(over(q), y + (k * 7 % 5 - 2) * 2, 3.2, 0, 7);
        context.fill();
      });
      context.globalAlpha = 1;
      if (!values.length) return;
      Object.assign(context, { strokeStyle: ink, lineWidth: 2.5 });
      context.beginPath();
      context.moveTo(over(mean(values)), y - 10);
      context.lineTo(over(mean(values)), y + 10);
      context.stroke();
    });
    if (one.q === undefined) return;
    Object.assign(context, { strokeStyle: blue, lineWidth: 3 });
    context.beginPath();
    context.moveTo(over(one.q), 20);
    context.lineTo(over(one.q), TALL - 20);
    context.stroke();
    Object.assign(context, { fillStyle: blue, textAlign: "center" });
    context.fillText("the network", over(one.q), 14);
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const percent = (part, digits = 0) => `${told(100 * part, digits)} %`, price = one => one.price ? `${told(one.price * 1e5, 0)} × 10⁻⁵` : "none";
  const spent = one => one.length / networks[0].length;
  function sentence() {
    const one = here(), { degrees, lengths } = one.shuffles, beyond = values => `${one.q >= mean(values) ? "" : "−"}${told(Math.abs(one.q - mean(values)), 3)}`;
    const first = at ? `At this price ${percent(1 - spent(one))} of the wire is gone` : "Wire is free here";
    if (!kind) return `${first}, and ${percent(one.accuracy, 1)} of the choices are right. The ${one.count} strongest links have modularity Q = ${told(one.q, 3)}. Shuffle them: what is left of it?`;
    const other = kind === "degrees" ? lengths : degrees, name = kind === "degrees" ? "and lengths" : "only";
    return `The network has Q = ${told(one.q, 3)}. ${one.shuffles[kind].length} shuffles that keep each unit's degree${kind === "lengths" ? " and each link's length" : ", and no length,"} have ${told(mean(one.shuffles[kind]), 3)}: the network exceeds them by ${beyond(one.shuffles[kind])}. `
      + (other.length ? `With degrees ${name} it was ${told(mean(other), 3)}.` : `${percent(1 - seen().same)} of the links are others now.`);
  }
  function show() {
    [picture, plot, chart].forEach(canvas => canvas.redraw());
    back.disabled = !kind;
    const one = here();
    bars.set([{ value: one.accuracy, text: percent(one.accuracy, 1) }, { value: spent(one), text: percent(spent(one)) }, { value: one.nonzero, text: percent(one.nonzero) }]);
    if (one.q === undefined) return; // it is being found
    verdict(sentence());
    const joined = seen().profile, far = joined.reduce((a, b) => Math.abs(b.distance - 7) < Math.abs(a.distance - 7) ? b : a);
    picture.say(`${PICTURE} ${one.count} links${kind ? ", shuffled" : ""}` + (held === null ? "" : `; unit ${held + 1} has ${count(held)}`));
    plot.say(`Share of pairs that are joined, by distance, on a logarithmic axis: ${percent(joined[0].share)} of neighbours, ${percent(far.share, 1)} of those ${told(far.distance, 1)} apart`);
    chart.say(`Modularity: of the network ${told(one.q, 3)}` + ROWS.map(([name, words]) => one.shuffles[name].length ? `; shuffled, keeping ${name === "degrees" ? words : "degrees and lengths"}, ${told(mean(one.shuffles[name]), 3)}` : "").join(""));
  }
  const count = i => seen().links.filter(pair => pair.includes(i)).length;

  // ------------------------------------------------------------------------------------------------------------ the controls
  const PICTURE = "Units on a grid and their links. Arrow keys go to a unit, the space bar leaves it.";
  yield;
  stage.lead("Raise the price of wire, then shuffle the links.");
  const board = stage.part("picture"), panel = stage.part("panel"), below = stage.part("panel wide"), verdict = stage.verdict();
  const look = unit => {
    held = unit;
    picture.redraw();
    if (unit !== null) stage.say(`unit ${unit + 1}: ${count(unit)} links`);
  };
  const go = (dx, dy) => () => look(held === null ? 0 : (Math.floor(held / SIDE) + dy + SIDE) % SIDE * SIDE + (held + dx + SIDE) % SIDE);
  const picture = board.canvas(PICTURE, [SIZE, SIZE], drawGrid, {
    keys: { ArrowLeft: go(-1, 0), ArrowRight: go(1, 0), ArrowUp: go(0, -1), ArrowDown: go(0, 1), Escape: () => look(null), " ": () => look(null) },
    pointer: { tap: ({ x, y }) => {
      const unit = Math.min(SIDE - 1, Math.floor(y / SIZE * SIDE)) * SIDE + Math.min(SIDE - 1, Math.floor(x / SIZE * SIDE));
      look(unit === held ? null : unit);
    } },
  });
  board.text("key", "Clear lines: strong links. A unit's mark: its module.");
  yield;
  panel.slider("price of wire", { min: 0, max: networks.length - 1, step: 1, value: at, say: k => price(networks[k]) }, k => { [at, kind] = [k, null]; work.afresh(); show(); });
  const bars = panel.bars("This network", ["right choices", "wire", "links left"]);
  const plot = panel.canvas("Share of pairs that are joined, by distance, on a logarithmic axis", [WIDE, HIGH], drawPlot);
  const chart = panel.canvas("Modularity", [WIDE, TALL], drawChart);
  yield;
  const line = below.part("line"), ask = how => () => { wanted = how; work.afresh(); };
  line.button("Shuffle, keep degrees and lengths", ask("lengths"), { main: true });
  line.button("Shuffle, keep degrees only", ask("degrees"));
  const back = line.button("As it was", () => { kind = null; show(); });
  show();
  work();
  return { fromHex, pairs, quality, wire: (...given) => wire(...given), profile: (...given) => all(profile(...given)), modularity: (...given) => all(modularity(...given)), shuffle: (...given) => all(shuffle(...given)),
    networks, now: () => ({ at, kind, held, q: here().q, shuffles: here().shuffles, same: kind ? seen().same : 1, spent: spent(here()), accuracy: here().accuracy, degrees: Array.from({ length: N }, (_, i) => count(i)), profile: seen().profile }) };
});
