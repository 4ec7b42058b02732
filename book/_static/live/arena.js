// A rule of five terms writes a small matrix; five tasks score it. Its dot moves on a map of what a rule sees against what it keeps.
"use strict";
Live.model("arena", function* ({ numbers, stage }) {
  const { zeros, dot, clamp, random, piecewise, told, make } = Live, { d: D, batch: B, active: ACTIVE, named: NAMED, noise: NOISE, writes: WRITES, unfair: UNFAIR } = numbers;
  const TASKS = ["recall", "re-bind", "blanks", "crowd", "reward"], SEES = ["its two ends", "its own weight", "a broadcast", "what its cell expected", "both of these"], SHORT = ["Hebb", "decay", "delta", "gated", "grows", "bell"];

  // ------------------------------------------------------------------------------------------------------------ the equations
  // What one synapse adds to its weight. rule: { eta, drive, w, post, pre, marked }: w, post and pre stand before the weight; pre acts where a sender is active.
  const change = (rule, w, pre, post, drive, modulator) =>
    (rule.marked ? modulator : 1) * (pre * post + rule.drive * pre * drive + (rule.w + rule.post * post ** 2 + rule.pre * (pre !== 0)) * w);
  const heard = (w, pre, j) => { let sum = 0; for (let i = 0; i < D; i++) sum += pre[i] * w[i * D + j]; return sum; };
  // The overlap of a rule in a stream of pairs, { pre[t][b], post[t][b], modulator[t][b], queries[q][b], wanted[q][b], noise[t or T + q][b] },
  // and the size of its weights after each step. An episode at a time; the noise and the range of a synapse are in units of a fresh write.
  function* lived(rule, { pre, post, modulator, queries, wanted, noise }, { noise: loud = NOISE, writes = WRITES } = {}) {
    const unmarked = { ...rule, marked: false }, many = pre[0].length;
    let size = 0, used = 0, unit = 0;
    for (let b = 0; b < many; b++) {
      const w = zeros(D * D), [sent, got] = [pre[0][b], post[0][b]];
      for (let i = 0, k = 0; i < D; i++) for (let j = 0; j < D; j++, k++) {
        w[k] = rule.eta * change(unmarked, 0, sent[i], got[j], 0, 1);
        if (sent[i] * got[j]) { size += Math.abs(w[k]); used++; }
      }
      for (let j = 0; j < D; j++) unit += Math.abs(heard(w, sent, j)) / D / many;
      yield;
    }
    const most = writes ? writes * size / used : Infinity, sizes = zeros(pre.length), drive = zeros(D), ends = [];
    let right = 0;
    for (let b = 0; b < many; b++) {
      const w = zeros(D * D);
      for (let t = 0; t < pre.length; t++) {
        const [sent, got] = [pre[t][b], post[t][b]];
        for (let j = 0; j < D; j++) drive[j] = heard(w, sent, j) + loud * unit * noise[t][b][j];
        for (let i = 0, k = 0; i < D; i++) for (let j = 0; j < D; j++, k++)
          w[k] = clamp(w[k] + rule.eta * change(rule, w[k], sent[i], got[j], drive[j], modulator[t][b]), -most, most);
        sizes[t] += dot(w, w);
        yield;
      }
      queries.forEach((asked, q) => { for (let j = 0; j < D; j++) right += Math.sign(heard(w, asked[b], j) + loud * unit * noise[pre.length + q][b][j]) * wanted[q][b][j]; });
      ends.push(w);
      yield;
    }
    return { overlap: right / queries.length / many / D, sizes: [...sizes].map(Math.sqrt), ends };
  }

  // ---------------------------------------------------------------------------------------------------------------- the tasks
  function* drawn(task, code, weak, draw) {
    const range = n => [...Array(n).keys()];
    function* each(n, make) {
      const found = [];
      for (let t = 0; t < n; t++) { found.push(range(B).map(make)); yield; }
      return found;
    }
    const value = (size = 1) => range(D).map(() => draw() < 0.5 ? -size : size), nothing = () => range(D).map(() => 0);
    const key = () => {
      if (code === "signs") return value(D ** -0.5);
      const order = range(D).map(i => [draw(), i]).sort((p, q) => p[0] - q[0]).slice(0, ACTIVE).map(([, i]) => i);
      return range(D).map(i => order.includes(i) ? ACTIVE ** -0.5 : 0);
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
    const pairs = { recall: 8, "re-bind": 4, blanks: 3, crowd: 3, reward: 18 }[task];
    let pre = yield* each(pairs, key), post = yield* each(pairs, () => value()), queries = pre, wanted = post, modulator = pre.map(step => step.map(() => 1));
    if (task === "re-bind") { pre = [...pre, ...pre, ...pre]; post = [...post, ...yield* each(8, () => value())]; wanted = post.slice(-4); }
    if (task === "blanks") { const silent = yield* each(24, nothing); pre = [...pre, ...silent]; post = [...post, ...silent]; }
    if (task === "crowd") { pre = [...pre, ...yield* each(12, key)]; post = [...post, ...yield* each(12, () => value(weak))]; }
    if (task === "reward") { // the first three of each episode's own order are marked
      const marked = range(B).map(() => range(pairs).map(t => [draw(), t]).sort((p, q) => p[0] - q[0]).slice(0, 3).map(([, t]) => t));
      modulator = pre.map((step, t) => step.map((_, b) => marked[b].includes(t) ? 1 : 0));
      [queries, wanted] = [pre, post].map(of => range(3).map(q => range(B).map(b => of[marked[b][q]][b])));
    }
    while (modulator.length < pre.length) modulator = [...modulator, modulator[0]];
    return { pre, post, modulator, queries, wanted, noise: yield* each(pre.length + queries.length, () => range(D).map(normal)) };
  }
  function* arena(code, fair) {
    const draw = random(seed), tasks = [];
    for (const task of TASKS) tasks.push(yield* drawn(task, code, fair ? 1 : UNFAIR, draw));
    return { tasks, how: fair ? {} : { noise: 0, writes: 0 } };
  }
  function* scored(rule, { tasks, how }) {
    const found = [];
    for (const task of tasks) found.push(yield* lived(rule, task, how));
    return { each: found.map(({ overlap }) => overlap), total: found.reduce((sum, { overlap }) => sum + overlap, 0) / TASKS.length, silence: found[2].sizes };
  }

  // ------------------------------------------------------------------------------------------------------------ what is asked
  let seed = 1, code = "signs", fair = true, mine = { ...NAMED.Hebb }, now = null, others = [], world, cheating = "no", turn = 0, climbs = 0;
  const sees = rule => rule.drive ? 3 + rule.marked : rule.marked ? 2 : rule.w || rule.post || rule.pre ? 1 : 0;
  const prepare = piecewise(() => arena(code, fair), found => {
    world = found;
    [score, scoreOthers].forEach(run => run.afresh());
    if (cheating === "climbing") climb.afresh();
  });
  const score = piecewise(function* () { return yield* scored(mine, world); }, found => { if (world) { now = found; show(); } });
  const scoreOthers = piecewise(function* () {
    const found = [];
    for (const [name, rule] of Object.entries(NAMED)) found.push({ name, sees: sees(rule), ...(yield* scored(rule, world)) });
    return found;
  }, found => { if (world) { others = found; show(); } });
  // Climb a hill: what does better in the unfair arena is kept.
  const climb = piecewise(function* () {
    const draw = random(seed + 7), step = () => (draw() + draw() + draw() - 1.5) / 2, here = world;
    let best = (yield* scored(mine, here)).total;
    for (let tried = 0; tried < 60 && turn === climbs; tried++) {
      const next = { ...mine, w: clamp(mine.w + step(), -0.3, 1), post: clamp(mine.post + step(), -1, 0) }, found = yield* scored(next, here);
      if (turn === climbs && found.total > best) { best = found.total; mine = next; now = found; set(); show(); }
    }
    return turn === climbs;
  }, toItsEnd => { if (toItsEnd) { cheating = "done"; score(); } });
  // Whatever a reader does ends a climb.
  function acted() { turn++; cheating = "no"; }
  function anew() {
    [world, now, others] = [null, null, []];
    prepare.afresh();
    show();
  }
  function moved(name, value) { acted(); mine = { ...mine, [name]: value }; names.set(""); rescore(); }
  function rescore() { if (world) score(); }
  function cheat() {
    acted();
    [fair, cheating, climbs, mine] = [false, "climbing", turn, { ...NAMED.Hebb }];
    names.set("");
    fairness.set("no");
    set();
    anew();
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 360, HIGH = 250, LEFT = 40, TOP = 16, FLOOR = 196, across = k => LEFT + 36 + 64 * k, up = total => FLOOR - (FLOOR - TOP) * clamp(total, -0.1, 1);
  function paint(context, colour) {
    const [ink, paper, muted, faint, blue] = ["ink", "paper", "muted", "faint", "blue"].map(colour);
    Object.assign(context, { font: "11px system-ui, sans-serif", textAlign: "center", textBaseline: "middle", lineWidth: 1 });
    [0, 0.5, 1].forEach(mark => {
      Object.assign(context, { strokeStyle: faint, fillStyle: muted });
      context.beginPath();
      context.moveTo(LEFT, up(mark));
      context.lineTo(WIDE - 4, up(mark));
      context.stroke();
      context.fillText(mark, LEFT - 14, up(mark));
    });
    ["two ends", "own weight", "broadcast", "drive", "both"].forEach((what, k) => {
      context.fillStyle = muted;
      const words = what.split(" "), half = Math.ceil(words.length / 2);
      context.fillText((k ? "+ " : "") + words.slice(0, half).join(" "), across(k), FLOOR + 22);
      context.fillText(words.slice(half).join(" "), across(k), FLOOR + 38);
    });
    others.forEach(({ name, sees: k, total }, n) => {
      Object.assign(context, { strokeStyle: ink, fillStyle: paper });
      context.beginPath();
      context.arc(across(k) - 14, up(total), 5, 0, 7);
      context.fill();
      context.stroke();
      context.fillStyle = ink;
      context.fillText(n + 1, across(k) - 28, up(total) + (n % 2 ? 5 : -5));
    });
    if (!now) return;
    Object.assign(context, { fillStyle: blue, strokeStyle: paper, lineWidth: 2 });
    context.beginPath();
    context.arc(across(sees(mine)) + 8, up(now.total), 9, 0, 7);
    context.fill();
    context.stroke();
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  function sentence() {
    if (!now) return "The five tasks are run …";
    const hebb = others.find(({ name }) => name === "Hebb"), grown = now.silence.at(-1) / now.silence[2], head = `In all ${told(now.total)}. `;
    if (cheating === "climbing") return `${head}An optimiser changes the rule, and keeps what scores more …`;
    if (!fair && grown > 2) return `${head}In silence its weights grow ${grown > 99 ? "more than a hundred" : told(grown, 0)} times: strangers that are weaker than what it holds drown. That is no memory; it is a rule that read the examination.`;
    if (!hebb) return head;
    const gain = TASKS.map((task, k) => [now.each[k] - hebb.each[k], task]).sort((p, q) => q[0] - p[0]), [most, least] = [gain[0], gain.at(-1)];
    const better = most[0] > 0.05 ? `It gains ${told(most[0])} over Hebb in ${most[1]}` : "It gains nothing over Hebb", worse = least[0] < -0.05 ? ` and loses ${told(-least[0])} in ${least[1]}.` : ".";
    return `${head}A synapse sees ${SEES[0]}${[2, 3].map(k => sees(mine) === 4 || sees(mine) === k ? `, ${SEES[k]}` : "").join("")}${mine.w || mine.post || mine.pre ? `, ${SEES[1]}` : ""}. ${better}${worse}`;
  }
  function show() {
    map.redraw();
    map.say(`A map of rules. ${others.map(({ name, total }) => `${name} ${told(total)}`).join(", ")}; yours ${now ? told(now.total) : "is being scored"}, in the column of ${SEES[sees(mine)]}`);
    bars.set(TASKS.map((task, k) => ({ value: now ? now.each[k] : 0, text: now ? told(now.each[k]) : "…" })));
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  stage.lead("Your rule is the blue dot. Move a slider: can it beat Hebb in every task?");
  const board = stage.part("picture"), panel = stage.part("panel"), more = stage.part("panel"), last = stage.part("panel"), verdict = stage.verdict();
  yield;
  const map = board.canvas("A map of rules", [WIDE, HIGH], paint);
  board.text("key").append(...Object.keys(NAMED).map((name, n) => make("span", { textContent: `${n + 1} ${name}  ` })));
  const bars = board.bars("What your rule keeps", TASKS);
  yield;
  const names = panel.choice("Rule", Object.keys(NAMED).map((name, n) => [name, SHORT[n]]), name => { acted(); mine = { ...NAMED[name] }; set(); rescore(); }, "Hebb");
  yield;
  const sliders = {};
  const SLIDERS = [
    ["eta", "learning rate", { min: 0.05, max: 1, step: 0.05 }, 1],
    ["drive", "less what was expected", { min: 0, max: 1.5, step: 0.05 }, -1],
    ["w", "own weight, always", { min: -0.3, max: 1, step: 0.02 }, 1],
    ["post", "own weight, active receiver", { min: -1, max: 0, step: 0.02 }, 1],
    ["pre", "own weight, active sender", { min: -1, max: 0.2, step: 0.02 }, 1],
  ];
  for (const [name, text, range, by] of SLIDERS) {
    sliders[name] = { by, ...panel.slider(text, { ...range, value: mine[name] / by, say: value => told(value) }, value => moved(name, value * by)) };
    yield;
  }
  const marks = last.toggle("write what the broadcast marks", on => moved("marked", on));
  const set = () => {
    Object.entries(sliders).forEach(([name, slider]) => slider.set(mine[name] / slider.by));
    marks.checked = mine.marked;
  };
  more.choice("Keys", [["signs", "signs"], ["sparse", "few active"]], value => { acted(); code = value; anew(); });
  const fairness = more.choice("Noise, range", [["yes", "fair"], ["no", "off"]], value => { acted(); fair = value === "yes"; anew(); });
  yield;
  const row = last.part("line");
  row.button("Let an optimiser cheat", cheat);
  row.button("Other pairs", () => { acted(); seed++; anew(); });
  yield;
  anew();
  return {
    cheat, now: () => ({ mine, cheating, ...now, others, fair, code }),
    episode: ({ rule, how, ...given }) => { const found = Live.all(lived(rule, given, how)); return { overlap: found.overlap, sizes: found.sizes, end: [...found.ends[0]] }; },
  };
});
