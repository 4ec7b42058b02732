// Hold the hand: two networks that say themselves when they write, and a reader who turns what they say.
"use strict";
Live.model("neuromodulated-plasticity", function* ({ numbers, stage }) {
  const { zeros, dot, addProduct, unpack, random, told, clamp, piecewise, all } = Live, { bits, delay, slot, right } = numbers, CUES = 4, LETTERS = "ABCD";
  const STUDY = CUES * slot, STEPS = 2 * STUDY, REWARD = bits, TEST = bits + 1; // inputs: the bits, the reward, "this is a test"

  // ------------------------------------------------------------------------------------------------------------ the networks
  const nets = {};
  for (const [name, net] of Object.entries(numbers.nets)) {
    nets[name] = {};
    for (const [key, value] of Object.entries(net)) {
      nets[name][key] = value?.base64 ? unpack(value) : value;
      yield;
    }
  }
  const size = numbers.units;
  const EMPTIES = { y: ["y"], marks: ["marks"], hebb: ["hebb"], both: ["marks", "hebb"] };
  const rest = () => ({ y: zeros(size), hebb: zeros(size * size), marks: zeros(size * size) });

  // What one unit sends to all, and what is written of it, a row of each matrix, in functions of their own, which a browser compiles soon.
  function send(drive, sent, { w, alpha }, hebb, at) {
    for (let j = 0; j < size; j++, at++) drive[j] += sent * (w[at] + alpha[at] * hebb[at]);
  }
  function write({ hebb, marks }, before, post, signal, { eta, eta_e }, at) {
    for (let j = 0; j < size; j++, at++) {
      const pair = before * post[j];
      hebb[at] = (1 - eta) * hebb[at] + signal * (eta_e ? marks[at] : pair);
      if (eta_e) marks[at] = (1 - eta_e) * marks[at] + eta_e * pair;
    }
  }
  // y(t) = tanh(b + seen U + y(t-1) (w + alpha H)); M = tanh(m y + m0), times the reader's hand; then H and, with marks, E.
  function step(net, state, seen, hand, silenced) {
    const { inward, read, bias } = net, { y, hebb } = state;
    const drive = addProduct(inward.slice(seen.length * size), seen, inward.subarray(0, seen.length * size));
    for (let i = 0; i < size; i++) send(drive, y[i], net, hebb, i * size);
    const post = drive.map(u => (silenced ? 0 : Math.tanh(u))), own = Math.tanh(bias + dot(read, post)), signal = hand * own;
    for (let i = 0; i < size; i++) write(state, y[i], post, signal, net, i * size);
    y.set(post);
    return { own, signal };
  }
  const rms = values => Math.sqrt(dot(values, values) / values.length);

  // An episode: strings, the order in which they are asked, the step of the reward, and what is emptied just before it. Each step
  // is recorded.
  function* live(name, { strings, order, reward, hand, emptied }) {
    const net = nets[name], state = rest(), course = [], scores = zeros(CUES);
    for (let t = 0; t < STEPS; t++) {
      const asked = t >= STUDY, within = t % slot, cue = Math.floor(t / slot) % CUES, which = asked ? order[cue] : cue, seen = zeros(bits + 2);
      if (within === 0) { seen.set(strings[which]); seen[TEST] = asked ? 1 : 0; }
      if (t === reward) seen[REWARD] = 1;
      if (t === reward) (EMPTIES[emptied] ?? []).forEach(what => state[what].fill(0));
      const silenced = Boolean(net.silent) && within === 2;
      const { own, signal } = step(net, state, seen, hand, silenced);
      if (asked && within === (net.silent ? 1 : delay)) scores[which] = dot(net.outward, state.y);
      course.push({ own, signal, hebb: rms(state.hebb), marks: rms(state.marks), activity: rms(state.y), silenced });
      yield;
    }
    const top = Math.max(...scores), likely = [...scores].map(value => Math.exp(value - top)), total = likely.reduce((a, b) => a + b);
    return { course, state, scores, shares: likely.map(value => value / total) };
  }

  // ---------------------------------------------------------------------------------------------------------- what is asked
  const chance = random(), how = { name: "simple", hand: 1, emptied: "", reward: slot + delay, order: [2, 0, 3, 1], strings: [] };
  let now, cursor = [0, 0];
  const drawn = () => Array.from({ length: CUES }, () => Array.from({ length: bits }, () => (chance() < 0.5 ? -1 : 1)));
  const last = () => Math.floor(how.reward / slot), late = () => how.reward - slot * last(); // the string shown last, and how long ago
  const look = piecewise(() => live(how.name, { ...how, strings: how.strings.map(string => [...string]) }), found => { now = found; show(); });
  function flip(row, column) { how.strings[row][column] *= -1; look(); }
  function pay(t) { how.reward = clamp(Math.round(t), 0, STUDY - 1); look(); }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const CELL = 16, ROW = 22, LEFT = 24, WIDE = 360, EACH = (WIDE - LEFT - 4) / STEPS, at = t => LEFT + (t + 0.5) * EACH;
  const small = { font: "13px system-ui, sans-serif", textAlign: "left", textBaseline: "alphabetic" };
  function drawStrings(context, colour) {
    Object.assign(context, small);
    how.strings.forEach((string, row) => {
      const paid = row === last() && late() === delay;
      context.fillStyle = colour(paid ? "green" : "ink");
      context.fillText(LETTERS[row], 6, row * ROW + 16);
      string.forEach((bit, column) => {
        Object.assign(context, { fillStyle: colour(bit > 0 ? "ink" : "paper"), strokeStyle: colour("faint"), lineWidth: 1 });
        context.fillRect(LEFT + column * CELL + 1, row * ROW + 3, CELL - 2, ROW - 6);
        context.strokeRect(LEFT + column * CELL + 1, row * ROW + 3, CELL - 2, ROW - 6);
      });
    });
    if (strings.focused()) {
      Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 3 });
      context.strokeRect(LEFT + cursor[1] * CELL, cursor[0] * ROW + 2, CELL, ROW - 4);
    }
  }
  function star(context, x, y, fill) {
    context.beginPath();
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? 5 : 12, turn = k * Math.PI / 5;
      context.lineTo(x + r * Math.sin(turn), y - r * Math.cos(turn));
    }
    context.closePath();
    context.fillStyle = fill;
    context.fill();
  }
  const TOLD = 30, SIGNAL = 78, PENCIL = 146, MARKS = 192;
  function drawTime(context, colour) {
    const { course } = now, [ink, muted, faint] = ["ink", "muted", "faint"].map(colour), marked = Boolean(nets[how.name].eta_e);
    const most = Math.max(0.02, ...course.map(one => one.hebb)), mostMarks = Math.max(0.02, ...course.map(one => one.marks));
    Object.assign(context, small, { strokeStyle: faint, lineWidth: 1 });
    context.setLineDash([3, 4]);
    [STUDY - 0.5, how.reward].forEach(t => {
      context.beginPath();
      context.moveTo(at(t), 6);
      context.lineTo(at(t), marked ? MARKS : PENCIL);
      context.stroke();
    });
    context.setLineDash([]);
    course.forEach(({ silenced }, t) => { // silence
      if (!silenced) return;
      Object.assign(context, { fillStyle: faint, globalAlpha: 0.35 });
      context.fillRect(at(t) - EACH / 2, TOLD - 18, EACH, 22);
      context.globalAlpha = 1;
    });
    context.textAlign = "center";
    for (let k = 0; k < 2 * CUES; k++) {
      context.fillStyle = ink;
      context.fillText(k < CUES ? LETTERS[k] : LETTERS[how.order[k - CUES]] + "?", at(k * slot), TOLD);
    }
    star(context, at(how.reward), TOLD - 5, colour("green"));
    if (time.focused()) {
      Object.assign(context, { strokeStyle: ink, lineWidth: 2 });
      context.strokeRect(at(how.reward) - 13, TOLD - 18, 26, 26);
    }
    Object.assign(context, { textAlign: "left", fillStyle: muted });
    [["M", SIGNAL], ["H", PENCIL], ...(marked ? [["E", MARKS]] : [])].forEach(([name, y]) => {
      context.fillText(name, 6, y);
      Object.assign(context, { strokeStyle: faint, lineWidth: 1 });
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(WIDE - 4, y);
      context.stroke();
    });
    course.forEach(({ signal, hebb, marks }, t) => {
      const x = at(t) - EACH / 2 + 1, bar = (y, high, role) => { context.fillStyle = colour(role); context.fillRect(x, Math.min(y, y - high), EACH - 2, Math.abs(high)); };
      bar(SIGNAL, 30 * signal, "pink");
      bar(PENCIL, 36 * hebb / most, "blue");
      if (marked) bar(MARKS, 32 * marks / mostMarks, "purple");
    });
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const NAMES = { y: "the activity", marks: "the marks E", hebb: "the trace H", both: "marks and trace" }, hundred = share => told(100 * share, share < 0.01 || share > 0.99 ? 1 : 0);
  const handed = hand => (hand === 1 ? "its own" : hand === -1 ? "turned" : hand === 0 ? "nothing" : `${told(hand, 1)} times its own`);
  function sentence() {
    const { shares } = now, said = shares.indexOf(Math.max(...shares)), least = shares.indexOf(Math.min(...shares)), which = last(), share = right[how.name];
    const says = `It says ${LETTERS[said]} (${told(100 * shares[said], 0)} %)`, correct = said === which;
    if (late() !== delay) return `The reward comes ${late() ? `${late()} step${late() > 1 ? "s" : ""} after` : "together with"} ${LETTERS[which]}, and in its training always ${delay} steps after a string. ${says}.`;
    if (how.emptied) {
      const often = how.hand === 1 ? ` With ${NAMES[how.emptied]} emptied just before the reward it is right in ${hundred(share[how.emptied])} of 100 episodes, and in ${hundred(share.own)} if nothing is.` : "";
      return ["marks", "both"].includes(how.emptied) && !nets[how.name].eta_e ? `${says}. This network has no marks.` : `${says}, and ${LETTERS[which]} was rewarded.${often}`;
    }
    if (how.hand === 0) return `${says}. Nothing is ever written; so held, it is right in ${hundred(share.held)} of 100 episodes.`;
    if (how.hand < 0) return `${says}. ${LETTERS[which]} was rewarded` + (least === which ? ", and gets the lowest score of all: it has learned what to avoid." : ".") +
      (how.hand === -1 ? ` Turned, it is right in ${hundred(share.turned)} of 100 episodes${Math.abs(share.turned - 0.25) < 0.06 ? ", as by chance" : ""}.` : "");
    return `${says}, and ${LETTERS[which]} was rewarded${correct ? "" : ": wrong, this time"}. ` + (how.hand === 1 ? `With its own signal it is right in ${hundred(share.own)} of 100 episodes. Now turn the hand.` : "Less is written than by its own.");
  }
  const strongest = () => now.course.reduce((best, { signal }, t) => (Math.abs(signal) > Math.abs(now.course[best].signal) ? t : best), 0);
  function show() {
    [strings, time].forEach(canvas => canvas.redraw());
    strings.say(`Four strings of ${bits} bits. ${how.strings.map((string, k) => `${LETTERS[k]}: ${string.map(bit => (bit > 0 ? 1 : 0)).join("")}`).join(", ")}`);
    time.say(`The reward comes at step ${how.reward + 1}, ${late()} steps after ${LETTERS[last()]}; the signal is strongest at step ${strongest() + 1}: ${told(now.course[strongest()].signal)}`);
    scores.set(now.shares.map((value, k) => ({ value, text: `${told(100 * value, 0)} %`, role: k === last() ? "green" : "blue", strong: k === last() })));
    hand.set(how.hand);
    reward.set(how.reward);
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  how.strings = drawn();
  now = yield* live(how.name, how);
  yield Live.rest;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  picture.text("state", "Tap bits, drag the star, turn the hand.");
  yield;
  const move = (down, across) => () => { cursor = [(cursor[0] + down + CUES) % CUES, (cursor[1] + across + bits) % bits]; strings.redraw(); };
  const strings = picture.canvas("Four strings", [WIDE, CUES * ROW + 2], drawStrings, {
    keys: { ArrowUp: move(-1, 0), ArrowDown: move(1, 0), ArrowLeft: move(0, -1), ArrowRight: move(0, 1), " ": () => flip(...cursor) },
    pointer: { tap: ({ x, y }) => {
      const row = Math.floor(y / ROW), column = Math.floor((x - LEFT) / CELL);
      if (row >= 0 && row < CUES && column >= 0 && column < bits) flip(row, column);
    } },
  });
  yield;
  const time = picture.canvas("Time", [WIDE, 200], drawTime, {
    keys: { ArrowLeft: () => pay(how.reward - 1), ArrowRight: () => pay(how.reward + 1), Home: () => pay(0), End: () => pay(STUDY - 1) },
    pointer: { grabs: ({ x, y }) => Math.abs(x - at(how.reward)) < 26 && y < TOLD + 24, move: ({ x }) => pay((x - LEFT) / EACH - 0.5) },
  });
  yield;
  panel.choice("network", [["simple", "writes at once"], ["marks", "writes marks, silent delay"]], name => { how.name = name; look(); });
  yield;
  const hand = panel.slider("the hand: M is", { min: -1, max: 1, step: 0.1, value: 1, say: value => handed(+(+value).toFixed(1)) }, value => { how.hand = +value.toFixed(1); look(); });
  yield;
  const scores = panel.bars("Which was rewarded? Scores", [...LETTERS]);
  yield;
  panel.choice("just before the reward, empty", [["", "nothing"], ["y", "activity"], ["marks", "marks"], ["hebb", "trace"], ["both", "marks and trace"]], what => { how.emptied = what; look(); });
  yield;
  const reward = panel.slider("the reward comes at step", { min: 0, max: STUDY - 1, step: 1, value: how.reward, say: t => String(t + 1) }, pay);
  panel.part("line").button("Other strings", () => { how.strings = drawn(); look(); });
  yield;
  show();
  return { live: (name, given) => all(live(name, given)), nets, flip, pay, now: () => ({ ...how, shares: now.shares, course: now.course, late: late(), last: last() }) };
});
