// Two agents that say themselves, by one number M, how strongly each step is written, in their maze; and a reader who says it instead.
// needs walls
// needs agents
"use strict";
Live.model("neuromodulation-at-work", function* ({ numbers, stage }) {
  const { zeros, dot, unpack, random, told, piecewise } = Live, { steps: LIFE, around: NEAR } = numbers;
  const { SIDE, UNIT, free, same, centre, newborn: inMaze, observe, sensed, act, far, star, ground, disc, frame, board } = Live.agents(numbers);

  // --------------------------------------------------------------------------------------------------------------- the agent
  const nets = [];
  for (const agent of numbers.agents) {
    const net = {};
    for (const [name, value] of Object.entries(agent)) {
      net[name] = value.base64 ? unpack(value) : value;
      yield;
    }
    nets.push(net);
  }
  const n = nets[0].read.length;
  const newborn = (which, goal) => ({ ...inMaze(goal), net: nets[which], knows: 0, own: 0, heard: 0, size: 0, state: { y: zeros(n), hebb: zeros(n * n) } });

  // What one unit sends to all, and what is written of it, a row of each matrix, in functions of their own, which a browser compiles soon.
  function send(drive, sent, { w, alpha }, hebb, at) {
    for (let j = 0; j < n; j++, at++) drive[j] += sent * (w[at] + alpha[at] * hebb[at]);
  }
  function write(hebb, before, kept, written, at) {
    let squares = 0;
    for (let j = 0; j < n; j++, at++) squares += (hebb[at] = kept[j] * hebb[at] + before * written[j]) ** 2;
    return squares;
  }
  // y(t) = tanh(b + seen V + y(t-1) (w + alpha H)); M = tanh(m y + m0); and then H_ij += M phi_j y_i(t-1) y_j(t) - eta y_j(t)^2 H_ij.
  // hear(M, knows) is what the synapses hear instead of M: knows counts the steps from that which tells of the first find, as 1.
  function think(life, seen, hear) {
    const { inward, eta, read, bias, fan } = life.net, { y, hebb } = life.state, drive = sensed(inward, seen, n);
    for (let i = 0; i < n; i++) send(drive, y[i], life.net, hebb, i * n);
    const post = drive.map(Math.tanh), own = Math.tanh(bias + dot(read, post)), heard = hear(own, life.knows);
    const kept = post.map(value => 1 - eta * value * value), written = post.map((value, j) => heard * fan[j] * value);
    let squares = 0;
    for (let i = 0; i < n; i++) squares += write(hebb, y[i], kept, written, i * n);
    y.set(post);
    Object.assign(life, { own, heard, size: Math.sqrt(squares) / n });
  }
  // One step: think, choose and move.
  function step(life, chance, hear) {
    if (life.knows || life.reward > 0) life.knows++; // it is told now of what it found in the step before
    think(life, observe(life), hear);
    return act(life, life.net.outward, life.state.y, chance);
  }

  // ---------------------------------------------------------------------------------------------------------- what is asked
  const how = { which: 0, kind: "own", constant: 0.5 };
  const HEAR = { own: own => own, constant: () => how.constant, turned: own => -own, once: (own, knows) => (knows > NEAR ? 0 : own) };
  const NAME = { own: "its own M", constant: "a constant", turned: "sign turned", once: "0 after a find" }, KINDS = Object.keys(NAME);
  const SHORT = { own: "its own", constant: "constant", turned: "turned", once: "0 after a find" };
  const KEPT = 96, chance = random();
  // past: the last steps; sums: of what it said, and of steps, at finds and else; counts: of each agent, by what was heard, whole lives.
  let life, goal = free[Math.floor(random(1)() * free.length)], old = null, path, past, largest, sums, finds, age, since, event, counts;
  const hear = (own, knows) => HEAR[how.kind](own, knows);
  function begin() {
    life = newborn(how.which, goal);
    [path, past, finds, age, since, old, event] = [[centre], [], [], 0, 0, null, "born"];
    [largest, sums] = [0.01, { at: [0, 0], else: [0, 0] }];
    tally();
    show();
  }
  function live() {
    const informed = life.reward > 0, found = step(life, [chance(), chance()], hear);
    past.push({ own: life.own, heard: life.heard, size: life.size, informed });
    if (past.length > KEPT) past.shift();
    largest = Math.max(largest, life.size);
    const sum = sums[informed ? "at" : "else"];
    sum[0] += life.own;
    sum[1]++;
    age++;
    since++;
    path = [...path.slice(-39), life.place];
    if (!found) return;
    finds.push({ taken: since, moved: Boolean(old) });
    [since, path, event, old] = [0, [life.place], "found", null];
    stage.say(`find ${finds.length}, after ${finds[finds.length - 1].taken} steps`);
  }
  function moveGoal(place) {
    if (same(place, life.goal) || same(place, life.place)) return;
    if (!old && finds.length) old = life.goal;
    if (old && same(place, old)) old = null;
    goal = life.goal = place;
    event = "moved";
    stage.say(`goal in row ${place[0]}, column ${place[1]}`);
    show();
  }
  // Whole lives, each with a goal of its own, to count what is found.
  const LIVES = 20, none = () => ({ lives: 0, finds: 0 });
  const many = piecewise(function* () {
    const { which, kind, constant: value } = how, seed = counts[which][kind].lives, draw = random(1000 + seed), hear = (own, knows) => (kind === "constant" ? value : HEAR[kind](own, knows));
    for (let k = 0; k < LIVES; k++) {
      const one = newborn(which, free[Math.floor(draw() * free.length)]);
      let found = 0;
      for (let t = 0; t < LIFE; t++) {
        found += step(one, [draw(), draw()], hear);
        if (t % 4 === 3) yield;
      }
      if (kind === "constant" && value !== how.constant) return;
      counts[which][kind].lives++;
      counts[which][kind].finds += found;
      tally();
    }
  }, () => { event = "counted"; show(); });

  // ------------------------------------------------------------------------------------------------------------ what is seen
  function drawMaze(context, colour) {
    ground(context, colour, path);
    if (old) star(context, old, "", colour("green"), [4, 4]);
    star(context, life.goal, finds.length ? colour("green") : colour("paper"), colour("green"));
    disc(context, life.place, colour("blue"));
    if (maze.focused()) frame(context, life.goal, colour("ink"));
  }
  const WIDE = SIDE * UNIT, HIGH = 104, MIDDLE = 58, UP = 40, LEFT = 34, EACH = (WIDE - LEFT - 4) / KEPT;
  function drawSignal(context, colour) {
    const [ink, muted, faint, blue, pink, green, purple] = ["ink", "muted", "faint", "blue", "pink", "green", "purple"].map(colour), seen = past;
    const most = Math.max(0.2, ...seen.map(({ own, heard }) => Math.max(Math.abs(own), Math.abs(heard))));
    Object.assign(context, { font: "13px system-ui, sans-serif", textAlign: "right", textBaseline: "alphabetic", strokeStyle: faint, fillStyle: muted, lineWidth: 1 });
    context.beginPath();
    context.moveTo(LEFT, MIDDLE + 0.5);
    context.lineTo(WIDE, MIDDLE + 0.5);
    context.stroke();
    [[told(most, 1), -UP + 6], ["0", 4], [told(-most, 1), UP + 4]].forEach(([words, down]) => context.fillText(words, LEFT - 3, MIDDLE + down));
    const x = k => LEFT + EACH * k;
    seen.forEach(({ own, heard, informed }, k) => {
      context.fillStyle = heard > 0 ? blue : pink;
      const high = UP * heard / most;
      context.fillRect(x(k) + 0.4, MIDDLE - Math.max(0, high), EACH - 0.8, Math.abs(high));
      if (own !== heard) { // what it says, where another thing is heard
        context.fillStyle = ink;
        context.fillRect(x(k), MIDDLE - UP * own / most - 1, EACH, 2);
      }
      if (!informed) return;
      Object.assign(context, { fillStyle: green, strokeStyle: green });
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(x(k + 0.5), 18);
      context.lineTo(x(k + 0.5), MIDDLE + UP);
      context.stroke();
      context.setLineDash([]);
      context.textAlign = "center";
      context.fillText("★", x(k + 0.5), 14);
    });
    Object.assign(context, { strokeStyle: purple, lineWidth: 2 });
    context.beginPath();
    seen.forEach((one, k) => context.lineTo(x(k + 0.5), MIDDLE + UP - 2 * UP * one.size / largest));
    context.stroke();
  }
  // What is shown, in plain words.
  function sentence() {
    const mean = ([sum, count]) => told(sum / count), means = sums.at[1] ? `It says M = ${mean(sums.at)} when it is told that it found the star, and ${mean(sums.else)} at other steps. ` : "";
    const last = finds[finds.length - 1], counted = counts[how.which], lived = ([kind, { lives, finds: got }]) => `${told(got / lives, 1)} with ${NAME[kind]}${kind === "constant" ? ` of ${told(how.constant, 1)}` : ""}`;
    const instead = how.kind === "own" ? "" : { constant: `Its synapses hear ${told(how.constant)} at every step, whatever it says. `, turned: "Its synapses hear the opposite of what it says. ", once: life.knows > NEAR ? `Its first find was told more than ${NEAR} steps ago: its synapses hear 0, write nothing more, and forget. ` : `Its synapses hear it until ${NEAR} steps after its first find, and then 0. ` }[how.kind];
    const done = {
      born: "M says how strongly this step is written: 0 writes nothing, below 0 writes the opposite. It does not know where the star is, and searches. ",
      found: last && (finds.length > 1 ? `Find ${finds.length} took ${last.taken} steps${last.moved ? ", for the star had been moved" : ""}; the first took ${finds[0].taken}. ` : `Found, after ${last.taken} steps. `),
      moved: finds.length ? "You moved the star, and nobody told it. " : "You moved a star that it had not found. ",
      trace: "Its trace is blank: what it wrote is gone. ",
      heard: "",
      living: `${LIVES} agents live ${LIFE} steps each. `,
      counted: `Goals found in a life of ${LIFE} steps: ${Object.entries(counted).filter(([, { lives }]) => lives).map(lived).join(", ")}. `,
    };
    return `${done[event]}${instead}${event === "born" || event === "counted" ? "" : means}`.trim();
  }
  function tally() {
    choices.forEach((button, which) => { button.className = which === how.which ? "main" : ""; button.setAttribute("aria-pressed", which === how.which); });
    const rows = KINDS.map(kind => counts[how.which][kind]), means = rows.map(({ lives, finds: got }) => (lives ? got / lives : 0));
    bars.set(KINDS.map((kind, k) => ({ value: means[k], text: rows[k].lives ? told(means[k], 1) : "–", role: kind === "own" ? "blue" : "purple", strong: kind === how.kind })));
  }
  function show() {
    [maze, signal].forEach(canvas => canvas.redraw());
    const now = past[past.length - 1];
    signal.say(`${SIGNAL}: ` + (now ? `it says ${told(now.own)}, its synapses hear ${told(now.heard)}, its trace has size ${told(now.size, 3)}` : "nothing yet") + `; ${finds.length} finds in ${age} steps`);
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  const SIGNAL = "M over the last steps";
  yield;
  stage.lead("Press Play and watch M. Does any constant do as well?");
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const maze = board(picture, "The maze. Arrow keys move the goal, the space bar plays and pauses.", drawMaze, { goal: () => life.goal, moved: moveGoal, clock: () => clock });
  yield;
  const signal = picture.canvas(SIGNAL, [WIDE, HIGH], drawSignal);
  yield;
  const clock = panel.clock({ step: live, shown: show, speeds: [2, 8, 30, 120, 400], what: "of its life" });
  yield;
  const choices = nets.map((_, which) => clock.row.button(`Agent ${which + 1}`, () => { how.which = which; begin(); }, { label: `Agent ${which + 1}, newborn` }));
  const acts = panel.part("line");
  acts.button("Move the star", () => moveGoal(far(life, chance())), { label: "Move the goal" });
  acts.button("Wipe trace", () => { life.state.hebb.fill(0); event = "trace"; show(); }, { label: "Wipe its trace" });
  acts.button(`${LIVES} lives`, () => { event = "living"; show(); many(); }, { label: `Live ${LIVES} lives of ${LIFE} steps` });
  yield;
  panel.choice("M is", KINDS.map(kind => [kind, SHORT[kind]]), kind => { [how.kind, event] = [kind, "heard"]; constant.element.closest(".slider").hidden = kind !== "constant"; tally(); show(); });
  yield;
  const constant = panel.slider("the constant", { min: -1, max: 1, step: 0.1, value: how.constant, say: value => told(value, 1) }, value => {
    [how.constant, event] = [value, "heard"];
    counts.forEach(one => { one.constant = none(); });
    tally();
    show();
  });
  constant.element.closest(".slider").hidden = true;
  yield;
  panel.text("heading", `Goals found in ${LIFE} steps`);
  yield;
  const bars = panel.bars(`Goals found in ${LIFE} steps, mean`, KINDS.map(kind => NAME[kind]), { most: 25 });
  yield;
  const key = picture.text("key");
  for (const [mark, role, words] of [["★", "green", " told of a find  "], ["■", "blue", " heard M  "], ["■", "purple", " trace"]]) {
    key.append(Live.make("span", { textContent: mark, className: role, aria: { hidden: "true" } }), words);
    yield;
  }
  counts = nets.map(() => Object.fromEntries(KINDS.map(kind => [kind, none()])));
  begin();
  return {
    newborn, step, many, hear: kind => HEAR[kind], live: (steps = 1) => { while (steps--) live(); show(); },
    now: () => ({ ...how, life, age, finds, past, counts, old }),
  };
});
