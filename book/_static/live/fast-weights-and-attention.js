// Pairs of letters, written by hand into a matrix of synapses or into a list: what each key answers, and what each write did to others.
"use strict";
Live.model("fast-weights-and-attention", function* ({ numbers, stage }) {
  const { zeros, dot, clamp, told, make } = Live, { codes, own } = numbers, N = codes[0].length, KEYS = [...numbers.keys], VALUES = [...numbers.values], K = KEYS.length;

  // ------------------------------------------------------------------------------------------------------------ the equations
  // Keys of length 1 with one product: each key has two lines of its own, and sends some on those of the others.
  function keysOf(overlap) {
    const alone = Math.sqrt(1 - overlap), all = Math.sqrt(1 + (K - 1) * overlap);
    return KEYS.map((_, key) => KEYS.flatMap((_, line) => own.map(part => part * ((line === key ? alone : 0) + (all - alone) / K))));
  }
  const drive = (w, k) => codes[0].map((_, j) => k.reduce((sum, pre, i) => sum + pre * w[i * N + j], 0));
  const parts = answer => codes.map(code => dot(code, answer) / N); // how much of each value is in an answer
  // What reads a list: the values, weighted by how much their keys resemble what is asked, and by how late they stand.
  function weights(held, keys, k, { sharpness, recency }) {
    const scores = held.map(([key], place) => sharpness * dot(k, keys[key]) + recency * place), top = Math.max(...scores);
    const likely = scores.map(score => Math.exp(score - top)), total = likely.reduce((a, b) => a + b, 0);
    return likely.map(share => share / total);
  }
  const mixed = (held, shares) => codes[0].map((_, j) => held.reduce((sum, [, value], place) => sum + shares[place] * codes[value][j], 0));
  const answered = (held, keys, asked, how) => mixed(held, weights(held, keys, keys[asked], how));

  // Write all pairs, one after the other: w_ij += pre_i (post_j - g expected_j) - f_i w_ij. Decay forgets the same share everywhere,
  // the pre-gated rule as much as the line sends.
  function replay(pairs, how) {
    const keys = keysOf(how.overlap), list = how.rule === "softmax", g = how.rule === "delta" ? how.g : 0, lost = pre => how.rule === "decay" ? how.forget : how.rule === "gated" ? pre * pre : 0;
    let w = zeros(N * N);
    return pairs.map(([key, value], t) => {
      const held = pairs.slice(0, t + 1), old = w, expected = list ? answered(held.slice(0, t), keys, key, how) : drive(w, keys[key]), wrote = codes[value].map((post, j) => post - g * expected[j]);
      if (!list) w = w.map((weight, at) => { const pre = keys[key][Math.floor(at / N)]; return weight + pre * wrote[at % N] - lost(pre) * weight; });
      const after = w, read = (held, w) => KEYS.map((_, asked) => parts(list ? answered(held, keys, asked, how) : drive(w, keys[asked])));
      return { expected, told: wrote, w, old, reads: () => ({ before: read(held.slice(0, t), old), after: read(held, after) }) };
    });
  }

  // ---------------------------------------------------------------------------------------------------------- what is asked
  const MOST = 60, RULE = { hebb: "Hebb", decay: "Decay", gated: "Pre-gated", delta: "Delta", softmax: "Softmax" }, how = { ...numbers.how, rule: "hebb" };
  let pairs, done, asked = 0, aim = 0, seen = null, carried = null; // asked: the key; aim: the value that keys would write; seen: a synapse
  const none = KEYS.map(() => VALUES.map(() => 0)), nothing = { before: none, after: none, expected: zeros(N), told: zeros(N), w: zeros(N * N), old: zeros(N * N) }, bound = (key, most = pairs.length) => pairs.slice(0, most).reduce((found, [k, value]) => (k === key ? value : found), null);
  function look() {
    const write = replay(pairs, how).pop();
    done = write ? { ...write, ...write.reads() } : nothing; // the last
    show();
  }
  function write(key, value) {
    if (pairs.length === MOST) pairs.shift();
    pairs.push([key, value]);
    [asked, aim, seen] = [key, value, null];
    look();
    stage.say(`${KEYS[key]} to ${VALUES[value]} written`);
  }
  function ask(key) {
    asked = key;
    show();
    stage.say(`${KEYS[key]} answers ${words(done.after[key])}`);
  }
  const again = () => { // the newest value of each key once more
    const newest = KEYS.map((_, key) => [key, bound(key)]).filter(([, value]) => value !== null);
    pairs = [...pairs, ...newest].slice(-MOST);
    look();
  };

  // ------------------------------------------------------------------------------------------------------------ what is said
  const listed = () => how.rule === "softmax";
  const words = answer => {
    const held = answer.map((part, value) => [part, value]).filter(([part]) => Math.abs(part) >= 0.05).sort(([a], [b]) => Math.abs(b) - Math.abs(a));
    return held.length ? held.map(([part, value]) => `${told(part)} ${VALUES[value]}`).join(", ") : "nothing";
  };
  const right = (answer, value) => answer.every((part, other) => other === value ? part > 0 : Math.abs(part) < answer[value] / 2);
  function sentence() {
    if (!pairs.length) return "Nothing is written: every key answers nothing. Drag a key to a value.";
    const [key, value] = pairs[pairs.length - 1], was = bound(key, pairs.length - 1), now = done, rebound = was !== null && was !== value;
    const others = KEYS.map((_, k) => k).filter(k => k !== key && bound(k) !== null);
    const most = others.reduce((found, k) => { const far = Math.max(...now.after[k].map((part, v) => Math.abs(part - now.before[k][v]))); return far > (found?.far ?? 0.005) ? { k, far } : found; }, null);
    const count = [key, ...others].filter(k => right(now.after[k], bound(k))).length, all = others.length + 1;
    const head = asked !== key ? `${KEYS[asked]} answers ${words(now.after[asked])}. ` : "";
    const its = `${KEYS[key]} → ${VALUES[value]} was written${rebound ? ` over ${VALUES[was]}` : ""}: ${KEYS[key]} answers ${words(now.after[key])}. `;
    const old = !others.length ? "" : most ? `It moved ${KEYS[most.k]} (${VALUES[bound(most.k)]}) from ${words(now.before[most.k])} to ${words(now.after[most.k])}. ` : "No other key's answer moved. ";
    const why = !rebound ? "" : how.rule === "hebb" ? "Hebb only adds: the old letter stays. "
      : how.rule === "delta" && how.g === 1 ? "What the cells expected was subtracted: the old letter is gone. "
        : listed() && how.recency < 0.5 ? "The list holds both, and nothing says which is newer. " : "";
    return `${head}${its}${old}${why}${all > 1 ? `${count} of ${all} keys answer` : `${count ? "It answers" : "It does not answer"}`} the newest letter clearly.`;
  }
  // What a synapse read.
  const READS = {
    hebb: () => "read its sender and what its cell should do",
    decay: () => "read its sender, what its cell should do, and its own weight",
    gated: () => "read its sender, what its cell should do, and its own weight",
    delta: () => "read its sender, what its cell should do, and what that cell expected",
    softmax: () => "",
  };
  function account() {
    if (listed()) return `The list holds ${pairs.length} pair${pairs.length === 1 ? "" : "s"}, ${2 * N * pairs.length} numbers, and this read weights them as shown; a matrix has ${N * N}, always.`;
    if (!seen || !pairs.length) return `Each synapse ${READS[how.rule]()}. Tap one.`;
    const [i, j] = seen, [key, value] = pairs[pairs.length - 1], now = done, at = i * N + j, pre = keysOf(how.overlap)[key][i], post = codes[value][j], minus = how.rule === "delta" ? ` − ${told(how.g)} × ${told(now.expected[j])}` : "";
    const less = how.rule === "decay" || how.rule === "gated" ? ` − ${told(how.rule === "decay" ? how.forget : pre * pre)} × ${told(now.old[at])}` : "";
    return `Line ${i + 1} to cell ${j + 1}: sender ${told(pre)}, cell should do ${post > 0 ? "+1" : "−1"}, cell expected ${told(now.expected[j])}. Written: ${told(pre)} × ${minus ? "(" : ""}${post}${minus}${minus ? ")" : ""}${less} = ${told(now.w[at] - now.old[at])}. Weight ${told(now.old[at])} → ${told(now.w[at])}.`.replace(/-/g, "−");
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 340, LEFT = 86, TOP = 58, CELL = 25, GRID = N * CELL, BELOW = TOP + GRID + 8, ROW = 24, HIGH = BELOW + 3 * ROW + 2, VALUE = GRID / VALUES.length;
  const keyAt = key => [26, TOP + 2 * CELL * (key + 0.5)], valueAt = value => [LEFT + VALUE * (value + 0.5), 25];
  const font = { font: "13px system-ui, sans-serif", textBaseline: "alphabetic", lineJoin: "round", textAlign: "center" };
  function square(context, x, y, side, value, most, [plus, minus]) { // as large as what it stands for
    const half = (side / 2 - 2) * Math.min(1, Math.sqrt(Math.abs(value) / most));
    if (half < 0.4) return;
    context.fillStyle = value > 0 ? plus : minus;
    context.fillRect(x + side / 2 - half, y + side / 2 - half, 2 * half, 2 * half);
  }
  function letter(context, colour, name, [x, y], role, chosen, disc) {
    Object.assign(context, { fillStyle: chosen ? colour(role) : colour("paper"), strokeStyle: colour(role), lineWidth: 2.5 });
    context.beginPath();
    if (disc) context.arc(x, y, 21, 0, 7); else context.rect(x - 22, y - 19, 44, 38);
    context.fill();
    context.stroke();
    Object.assign(context, { font: "700 19px system-ui, sans-serif", textAlign: "center", fillStyle: chosen ? colour("paper") : colour("ink") });
    context.fillText(name, x, y + (disc ? 7 : 2));
  }
  function drawBoard(context, colour) {
    const [ink, faint, muted, blue, pink] = ["ink", "faint", "muted", "blue", "pink"].map(colour), signs = [blue, pink], now = done, sent = keysOf(how.overlap)[asked];
    KEYS.forEach((name, key) => letter(context, colour, name, keyAt(key), "green", key === asked, true));
    VALUES.forEach((name, value) => letter(context, colour, name, valueAt(value), "purple", false, false));
    VALUES.forEach((_, value) => codes[value].forEach((bit, j) => { // what it is
      context.fillStyle = bit > 0 ? blue : pink;
      context.fillRect(valueAt(value)[0] - 18 + 4.5 * j, valueAt(value)[1] + 9, 4, 4);
    }));
    sent.forEach((pre, i) => square(context, 58, TOP + CELL * i, CELL, pre, 1, [ink, ink]));
    Object.assign(context, font);
    const shares = listed() ? weights(pairs, keysOf(how.overlap), sent, how) : null;
    if (shares) drawList(context, colour, shares);
    else {
      Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
      for (let at = 0; at < N * N; at++) {
        const x = LEFT + CELL * (at % N), y = TOP + CELL * Math.floor(at / N);
        context.strokeRect(x + 0.5, y + 0.5, CELL, CELL);
        square(context, x, y, CELL, now.w[at], 1.5, signs);
        const moved = Math.min(1, 1.5 * Math.abs(now.w[at] - now.old[at])); // what the last write moved
        if (moved < 0.02) continue;
        Object.assign(context, { strokeStyle: ink, globalAlpha: moved });
        context.strokeRect(x + 2.5, y + 2.5, CELL - 4, CELL - 4);
        Object.assign(context, { strokeStyle: faint, globalAlpha: 1 });
      }
      if (seen) {
        Object.assign(context, { strokeStyle: colour("green"), lineWidth: 3 });
        context.strokeRect(LEFT + CELL * seen[1], TOP + CELL * seen[0], CELL + 1, CELL + 1);
      }
    }
    const answer = shares ? mixed(pairs, shares) : drive(now.w, sent), rows = [["expected", now.expected], ["written", now.told], [`${KEYS[asked]} answers`, answer]];
    rows.forEach(([name, values], row) => {
      const y = BELOW + ROW * row;
      Object.assign(context, font, { textAlign: "right", fillStyle: row === 2 ? ink : muted, font: `${row === 2 ? "600 " : ""}13px system-ui, sans-serif` });
      context.fillText(name, LEFT - 5, y + 17);
      values.forEach((value, j) => square(context, LEFT + CELL * j + 1, y, ROW, value, 1.5, signs));
    });
    Object.assign(context, { textAlign: "left", fillStyle: muted });
    if (pairs.length && !shares) context.fillText(`${KEYS[pairs[pairs.length - 1][0]]}→${VALUES[pairs[pairs.length - 1][1]]}`, LEFT + GRID + 8, BELOW + 17);
    if (board.focused()) { // what Enter would write
      Object.assign(context, { strokeStyle: ink, lineWidth: 3 });
      context.strokeRect(valueAt(aim)[0] - 25, 3, 50, 44);
    }
    if (carried) { // a key on its way to a value
      Object.assign(context, { strokeStyle: colour("green"), lineWidth: 3 });
      context.beginPath();
      context.moveTo(...keyAt(carried.key));
      context.lineTo(carried.x, carried.y);
      context.stroke();
    }
  }
  function drawList(context, colour, shares) { // the newest pairs, and their weights in this read
    const [ink, muted, green] = ["ink", "muted", "green"].map(colour), more = pairs.length - N;
    pairs.slice(-N).forEach(([key, value], row) => {
      const share = shares[shares.length - Math.min(N, shares.length) + row], y = TOP + CELL * row;
      Object.assign(context, { fillStyle: green, globalAlpha: 0.35 });
      context.fillRect(LEFT + 66, y + 4, 96 * share, CELL - 8);
      Object.assign(context, { fillStyle: ink, globalAlpha: 1, textAlign: "left", font: "600 15px system-ui, sans-serif" });
      context.fillText(`${KEYS[key]} → ${VALUES[value]}`, LEFT + 6, y + 18);
      context.textAlign = "right";
      context.fillText(told(share), LEFT + GRID, y + 18);
    });
    Object.assign(context, font, { fillStyle: muted, textAlign: "left" });
    if (more > 0) context.fillText(`+ ${more} older`, LEFT + GRID + 4, TOP + 12);
    if (!pairs.length) context.fillText("an empty list", LEFT + 6, TOP + 18);
  }
  const TALL = 36, HEAD = 34, CHART = HEAD + K * TALL, FROM = [66, 212], BAR = 28, UNIT = 19;
  function drawChart(context, colour) {
    const [ink, muted, faint, green, red] = ["ink", "muted", "faint", "green", "red"].map(colour), now = done, newest = pairs[pairs.length - 1]?.[0];
    Object.assign(context, font, { fillStyle: muted });
    ["before", "after the last write"].forEach((name, side) => context.fillText(name, FROM[side] + 2 * BAR, 13));
    FROM.forEach(x => VALUES.forEach((name, value) => context.fillText(name, x + BAR * (value + 0.5), 30)));
    KEYS.forEach((name, key) => {
      const middle = HEAD + TALL * key + UNIT + 6, value = bound(key);
      Object.assign(context, { textAlign: "left", fillStyle: value === null ? muted : ink, font: `${newest === key ? "700 " : ""}15px system-ui, sans-serif` });
      context.fillText(`${name}${value === null ? "" : ` → ${VALUES[value]}`}`, 2, middle);
      [now.before, now.after].forEach((answers, side) => {
        const wanted = side ? value : bound(key, pairs.length - 1);
        Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
        context.beginPath();
        context.moveTo(FROM[side], middle + 0.5);
        context.lineTo(FROM[side] + 4 * BAR, middle + 0.5);
        context.stroke();
        answers[key].forEach((part, v) => {
          const x = FROM[side] + BAR * v + 4, high = UNIT * clamp(part, -0.6, 1.25);
          context.fillStyle = v === wanted ? green : wanted === null ? muted : red;
          context.fillRect(x, middle - Math.max(0, high), BAR - 8, Math.abs(high));
          if (v !== wanted) return; // what it should answer
          Object.assign(context, { strokeStyle: ink, lineWidth: 1.5 });
          context.strokeRect(x - 1, middle - UNIT, BAR - 6, UNIT);
        });
      });
    });
  }
  function show() {
    [board, chart].forEach(canvas => canvas.redraw());
    sliders.forEach(([rule, slider]) => { slider.element.closest(".slider").hidden = rule !== how.rule; });
    [undo, rehearse].forEach(button => { button.disabled = !pairs.length; });
    state.textContent = account();
    verdict(sentence());
    board.say(`${BOARD} ${KEYS[asked]} is asked and answers ${words(done.after[asked])}. ${VALUES[aim]} is chosen.`);
    chart.say("Answers before and after the last write: " + KEYS.map((name, key) => `${name} ${words(done.before[key])}, then ${words(done.after[key])}`).join("; "));
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  const BOARD = "Keys, synapses and values. Up and down arrow keys choose a key, which asks it; left and right a value; Enter writes. The keys w, a, s and d go to a synapse.";
  stage.lead("Drag A to Y: A is bound again. What does it answer now?");
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  yield;
  const near = ({ x, y }) => {
    const key = KEYS.findIndex((_, k) => Math.abs(y - keyAt(k)[1]) <= CELL && x < 56), value = VALUES.findIndex((_, v) => Math.abs(x - valueAt(v)[0]) <= VALUE / 2 && y < TOP - 2);
    return { key: key < 0 ? null : key, value: value < 0 ? null : value };
  };
  const turn = (by, of, now) => (now + by + of) % of, step = (down, across) => () => {
    if (listed()) return;
    seen = seen ? [turn(down, N, seen[0]), turn(across, N, seen[1])] : [0, 0];
    show();
    stage.say(account());
  };
  const choose = by => () => { aim = turn(by, VALUES.length, aim); show(); stage.say(`${VALUES[aim]} is chosen`); };
  const board = picture.canvas(BOARD, [WIDE, HIGH], drawBoard, {
    keys: {
      ArrowUp: () => ask(turn(-1, K, asked)), ArrowDown: () => ask(turn(1, K, asked)), ArrowLeft: choose(-1), ArrowRight: choose(1),
      Enter: () => write(asked, aim), w: step(-1, 0), s: step(1, 0), a: step(0, -1), d: step(0, 1), Escape: () => { seen = null; show(); },
    },
    pointer: {
      grabs: at => near(at).key !== null || near(at).value !== null, handle: at => near(at).key !== null,
      down: at => {
        const { key, value } = near(at);
        if (key === null) { if (value !== null) write(asked, value); return; }
        carried = { key, ...at };
        if (key !== asked) ask(key);
      },
      move: at => { if (carried) { Object.assign(carried, at); board.redraw(); } },
      up: (at, cancelled) => {
        const from = carried, { value } = near(at);
        carried = null;
        if (from && value !== null && !cancelled) write(from.key, value);
        board.redraw();
      },
      tap: ({ x, y }) => { // a synapse
        const i = Math.floor((y - TOP) / CELL), j = Math.floor((x - LEFT) / CELL);
        if (listed() || i < 0 || j < 0 || i >= N || j >= N) return;
        seen = seen && seen[0] === i && seen[1] === j ? null : [i, j];
        show();
      },
    },
  });
  yield;
  const line = picture.part("line");
  const undo = line.button("Undo", () => { pairs.pop(); seen = null; look(); }, { label: "Undo the last write" });
  const rehearse = line.button("All once more", again, { label: "Write all pairs once more" });
  line.button("Forget all", () => { pairs = []; seen = null; look(); });
  yield;
  picture.text("key").append(...[["blue", " +  "], ["pink", " −   "], ["green", " newest letter  "], ["red", " others"]].flatMap(
    ([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), words]));
  yield;
  panel.choice("Rule", Object.entries(RULE), rule => { Object.assign(how, { rule }); seen = null; look(); }, how.rule);
  yield;
  const sliders = [], pulls = panel.part("panel halves");
  pulls.slider("keys overlap", { min: 0, max: 0.9, step: 0.05, value: how.overlap, say: overlap => told(overlap) }, overlap => { how.overlap = overlap; look(); });
  for (const [rule, text, name, max, step] of [
    ["delta", "subtracted, g", "g", 1.5, 0.1], ["decay", "forgotten", "forget", 0.9, 0.1], ["softmax", "sharpness", "sharpness", 20, 1], ["softmax", "recency", "recency", 5, 0.5],
  ]) {
    yield;
    sliders.push([rule, pulls.slider(text, { min: 0, max, step, value: how[name], say: value => told(value, step < 1 ? 1 : 0) }, value => { how[name] = value; look(); })]);
  }
  yield;
  const chart = panel.canvas("Answers before and after the last write", [WIDE, CHART], drawChart);
  const state = panel.text("state");
  yield;
  yield* Live.fonts("700 19px", "600 13px", "15px", "700 15px");
  pairs = numbers.first.map(pair => [...pair]);
  look();
  return {
    write, ask, look: (i, j) => { seen = [i, j]; show(); }, replay: (pairs, how) => replay(pairs, how).map(({ reads, expected, told: wrote, w }) => ({ ...reads(), expected: [...expected], told: wrote, w: Array.from({ length: N }, (_, i) => [...w.slice(i * N, i * N + N)]) })),
    now: () => ({ ...how, pairs, asked, aim, seen, before: done.before, after: done.after, account: state.textContent }),
  };
});
