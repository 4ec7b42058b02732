// Nine trained networks that paid more and more for their wire: their links, how connections thin out with distance, and what is left
// of their modularity in copies whose links are shuffled.
"use strict";
Live.model("wiring", function* ({ numbers, stage }) {
  const { zeros, unpack, piecewise, all, random, make, told, thousands } = Live, { side: SIDE, tolerance: TOLERANCE, sweeps: SWEEPS, tries: TRIES, edges: EDGES } = numbers, N = SIDE * SIDE;

  // ------------------------------------------------------------------------------------------------------------- the graph
  // Links without direction: 1 at i n + j and at j n + i. Cells lie on a board, row by row.
  const tables = new Map();
  function distances(side) {
    const n = side * side;
    if (!tables.has(side)) tables.set(side, zeros(n * n).map((_, k) => Math.sqrt((Math.floor(k / n) % side - k % side) ** 2 + (Math.floor(k / n / side) - Math.floor(k % n / side)) ** 2)));
    return tables.get(side);
  }
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
    const joined = zeros(EDGES.length - 1), pairs = zeros(EDGES.length - 1), sums = zeros(EDGES.length - 1), n = side * side, far = distances(side);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const d = far[i * n + j], bin = Math.floor((d - EDGES[0]) / (EDGES[1] - EDGES[0]));
        pairs[bin]++;
        sums[bin] += d;
        joined[bin] += graph[i * n + j];
      }
      if (i % 8 === 7) yield;
    }
    return [...pairs.keys()].filter(bin => pairs[bin]).map(bin => ({ distance: sums[bin] / pairs[bin], share: joined[bin] / pairs[bin] }));
  }

  // ------------------------------------------------------------------------------------------------------------- modularity
  // Q = Σ_c (e_cc - a_c²): the share of links within groups, less what it would be if ends met at random.
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
  // Each cell in turn goes to the group where it adds most, until none does; order(n) says in which order they are taken.
  function* moved(rows, order) {
    const near = rows.map((row, i) => [...row.keys()].filter(k => row[k] && k !== i)), degree = rows.map(row => row.reduce((a, b) => a + b)), total = degree.reduce((a, b) => a + b) || 1;
    const labels = rows.map((_, i) => i), held = degree.slice();
    yield;
    for (let moves = true; moves;) {
      let looked = 0;
      moves = false;
      for (const i of order(rows.length)) {
        if (++looked % 16 === 0) yield;
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
  // Then groups move as cells did, until none does.
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
      yield;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- shuffling
  // Two links a-b and c-d exchange ends, to a-d and c-b, unless one is there; with lengths, only if each keeps that which it had at
  // first, to within the tolerance. draw(m) is a whole number below m, by chance. What is refused counts. With lengths d is drawn
  // of the cells that are as far from a, and c-d of its links: the way back is drawn more rarely or more often, for which the last
  // draw makes up.
  function* shuffle(graph, draw, side, keepLengths, sweeps) {
    const there = graph.slice(), n = side * side, ends = pairs(graph), m = ends.length, from = Int32Array.from(ends, ([i]) => i), to = Int32Array.from(ends, ([, j]) => j), far = distances(side);
    const begun = Float64Array.from(ends, ([i, j]) => far[i * n + j]), near = (a, b) => Math.abs(a - b) < TOLERANCE, set = (i, j, link) => { there[i * n + j] = there[j * n + i] = link; };
    const own = Array.from({ length: n }, () => []), cells = new Map();
    ends.forEach((pair, x) => pair.forEach(k => own[k].push(x)));
    yield;
    const asFar = (p, length) => {
      const key = `${p} ${length}`;
      if (!cells.has(key)) cells.set(key, Array.from({ length: n }, (_, k) => k).filter(k => k !== p && near(far[p * n + k], length)));
      return cells.get(key);
    };
    const exchange = (x, y, p, q, r, s) => {
      set(p, q, 0);
      set(r, s, 0);
      set(p, s, 1);
      set(r, q, 1);
      [from[x], to[x], from[y], to[y]] = [p, s, r, q];
    };
    for (let tried = 0; tried < sweeps * m; tried++) {
      if (tried % 500 === 499) yield;
      const x = draw(m);
      if (!keepLengths) {
        const y = draw(m), turn = draw(2), p = from[x], q = to[x], r = turn ? to[y] : from[y], s = turn ? from[y] : to[y];
        if (p !== r && p !== s && q !== r && q !== s && !there[p * n + s] && !there[r * n + q]) exchange(x, y, p, q, r, s);
        continue;
      }
      const turn = draw(2), p = turn ? to[x] : from[x], q = turn ? from[x] : to[x], its = asFar(p, begun[x]), s = its[draw(its.length)], at = draw(own[s].length), luck = draw(own[q].length);
      if (s === q || there[p * n + s] || !own[s].length) continue;
      const y = own[s][at], r = from[y] + to[y] - s;
      if (r === q || there[r * n + q] || !near(far[r * n + q], begun[y]) || luck >= own[s].length) continue;
      exchange(x, y, p, q, r, s);
      own[q][own[q].indexOf(x)] = y;
      own[s][own[s].indexOf(y)] = x;
    }
    return there;
  }

  // ---------------------------------------------------------------------------------------------------------------- the state
  yield;
  const networks = [];
  for (const one of numbers.networks) {
    const strengths = unpack(one.strengths), graph = fromHex(one.links, N), largest = Math.max(...strengths);
    networks.push({ ...one, graph, links: pairs(graph), clear: strengths.map(size => 0.25 + 0.75 * size / largest), copies: { degrees: [], lengths: [] } });
    yield;
  }
  const chance = random(), draw = m => Math.floor(chance() * m), ROUNDS = 10;
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
  let at = 0, kind = null, held = null, wanted = null; // the network; how it was shuffled; a cell that is looked at
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
      yield;
      if (!k) { // the first is shown
        const links = pairs(graph), same = links.filter(([i, j]) => one.graph[i * N + j]).length / links.length;
        yield;
        one.last = { ...one.last, [how]: { graph, links, same, profile: yield* profile(graph, SIDE) } };
        kind = how;
        [picture, plot].forEach(canvas => canvas.redraw());
      }
      const { q, labels } = yield* best(graph);
      one.copies[how].push(q);
      if (!k) one.last[how].labels = labels;
      chart.redraw();
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
    const linked = new Set(links.flat());
    for (let i = 0; i < N; i++) {
      const [x, y] = place(i);
      context.beginPath();
      context.arc(x, y, i === held ? 9 : 6.5, 0, 7);
      Object.assign(context, { fillStyle: i === held ? ink : paper, strokeStyle: i === held ? ink : muted, lineWidth: 1.8 });
      context.fill();
      context.stroke();
      if (labels && i !== held && linked.has(i)) group(context, x, y, labels[i], colour);
    }
    Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
    if (picture.focused()) context.strokeRect(1, 1, SIZE - 2, SIZE - 2);
  }
  // A group's mark: colour and form.
  function group(context, x, y, label, colour) {
    context.fillStyle = colour(["green", "pink", "ink", "purple", "blue", "muted"][label % 6]);
    context.beginPath();
    if (label % 3 === 0) context.arc(x, y, 4.2, 0, 7);
    else if (label % 3 === 1) context.rect(x - 3.6, y - 3.6, 7.2, 7.2);
    else [[0, -4.8], [4.4, 3.4], [-4.4, 3.4]].forEach(([a, b]) => context.lineTo(x + a, y + b));
    context.fill();
  }
  const WIDE = 340, HIGH = 132, LEFT = 46, FLOOR = HIGH - 20, LEAST = 0.003, across = d => LEFT + d / 10 * (WIDE - LEFT - 6), up = share => FLOOR - Math.log(Math.max(share, LEAST) / LEAST) / Math.log(1 / LEAST) * (FLOOR - 18);
  function drawPlot(context, colour) {
    const [faint, muted, blue, purple] = ["faint", "muted", "blue", "purple"].map(colour), one = here();
    axes(context, muted, [[LEFT, 14], [LEFT, FLOOR], [WIDE, FLOOR]]);
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
    context.fillText("share that is there, by distance", WIDE, 12);
    if (!one.profile) return;
    line(one.profile.map(({ distance }, k) => ({ distance, share: one.shares[k] })), faint, 3);
    line(one.profile, blue, 1.5);
    if (kind) line(seen().profile, purple, 1.5);
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
    context.fillText("copies keep", 0, 14);
    ROWS.forEach(([name, words], row) => {
      const y = 34 + 28 * row, values = one.copies[name];
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
  function sentence() {
    const one = here(), { degrees, lengths } = one.copies, by = one.q - (kind ? mean(one.copies[kind]) : 0), other = kind === "degrees" ? lengths : degrees;
    if (!kind) return `${one.price ? "At this price" : "Where wire is free,"} ${thousands(one.left)} of ${thousands(N * N - N)} connections are left, and ${percent(one.right, 1)} of the choices are right. The ${one.links.length} strongest links have modularity Q = ${told(one.q, 3)}. Shuffle them: how much has a copy?`;
    return `The network has Q = ${told(one.q, 3)}. ${one.copies[kind].length} shuffled copies that keep each cell's degree${kind === "lengths" ? " and each link's length" : ", and no length,"} have ${told(mean(one.copies[kind]), 3)}, ${told(Math.abs(by), 3)} ${by < 0 ? "more" : "less"}. `
      + (other.length ? `Copies with degrees ${kind === "degrees" ? "and lengths" : "only"} have ${told(mean(other), 3)}.` : `${percent(1 - seen().same)} of the links are others now.`);
  }
  function show() {
    [picture, plot, chart].forEach(canvas => canvas.redraw());
    back.disabled = !kind;
    const one = here();
    bars.set([{ value: one.right, text: percent(one.right, 1) }, { value: one.wire / most, text: thousands(one.wire) }, { value: one.left / (N * N - N), text: thousands(one.left) }]);
    if (one.q === undefined) return; // it is being found
    verdict(sentence());
    const at7 = one.profile.reduce((found, { distance }, k) => Math.abs(distance - 7) < Math.abs(one.profile[found].distance - 7) ? k : found, 0);
    picture.say(`${PICTURE} ${one.links.length} links${kind ? ", shuffled" : ""}` + (held === null ? "" : `; cell ${held + 1} has ${count(held)}`));
    plot.say(`${PLOT}: ${percent(one.shares[0])} between neighbours, ${percent(one.shares[at7], 1)} where cells lie ${told(one.profile[at7].distance, 1)} apart`);
    chart.say(`Modularity: of the network ${told(one.q, 3)}` + ROWS.map(([name, words]) => one.copies[name].length ? `; of copies that keep ${name === "degrees" ? words : "degrees and lengths"}, ${told(mean(one.copies[name]), 3)}` : "").join(""));
  }
  const count = i => seen().links.filter(pair => pair.includes(i)).length;

  // ------------------------------------------------------------------------------------------------------------ the controls
  const PICTURE = "A board of cells and their links. Arrow keys go to a cell, the space bar leaves it.", PLOT = "Share of connections that are left, by distance, on a logarithmic axis", most = Math.max(...networks.map(one => one.wire));
  yield;
  stage.lead("Raise the price of wire, then shuffle the links.");
  const board = stage.part("picture"), panel = stage.part("panel"), below = stage.part("panel wide"), verdict = stage.verdict();
  const look = cell => {
    held = cell;
    picture.redraw();
    if (cell !== null) stage.say(`cell ${cell + 1}: ${count(cell)} links`);
  };
  const go = (dx, dy) => () => look(held === null ? 0 : (Math.floor(held / SIDE) + dy + SIDE) % SIDE * SIDE + (held + dx + SIDE) % SIDE);
  const picture = board.canvas(PICTURE, [SIZE, SIZE], drawGrid, {
    keys: { ArrowLeft: go(-1, 0), ArrowRight: go(1, 0), ArrowUp: go(0, -1), ArrowDown: go(0, 1), Escape: () => look(null), " ": () => look(null) },
    pointer: { tap: ({ x, y }) => {
      const cell = Math.min(SIDE - 1, Math.floor(y / SIZE * SIDE)) * SIDE + Math.min(SIDE - 1, Math.floor(x / SIZE * SIDE));
      look(cell === held ? null : cell);
    } },
  });
  board.text("key", "Clear lines: strong links. Marks: groups.");
  yield;
  panel.slider("price of wire", { min: 0, max: networks.length - 1, step: 1, value: at, say: k => price(networks[k]) }, k => { [at, kind] = [k, null]; work.afresh(); show(); });
  yield;
  const bars = panel.bars("This network", ["right choices", "wire", "connections"]);
  panel.text("key").append(...[["muted", "connections"], ["blue", `${here().links.length} links`], ["purple", "a copy's"]].flatMap(([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), ` ${words}  `]));
  yield;
  const plot = panel.canvas(PLOT, [WIDE, HIGH], drawPlot);
  const chart = panel.canvas("Modularity", [WIDE, TALL], drawChart);
  yield;
  const line = below.part("line"), ask = how => () => {
    wanted = how;
    verdict("The links are shuffled, again and again …");
    work.afresh();
  };
  line.button("Shuffle, keep degrees and lengths", ask("lengths"), { main: true });
  line.button("Shuffle, keep degrees only", ask("degrees"));
  const back = line.button("As it was", () => { kind = null; show(); });
  yield;
  show();
  work();
  return { fromHex, pairs, quality, profile: (...given) => all(profile(...given)), modularity: (...given) => all(modularity(...given)), shuffle: (...given) => all(shuffle(...given)),
    networks, now: () => ({ at, kind, held, q: here().q, copies: here().copies, same: kind ? seen().same : 1, wire: here().wire, right: here().right, shares: here().shares, degrees: Array.from({ length: N }, (_, i) => count(i)), profile: seen().profile }) };
});
