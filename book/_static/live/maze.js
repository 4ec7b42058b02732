// The ghost in the trace: an agent in its maze, whose goal the reader moves, and the place that its trace says the goal is at.
// needs walls
"use strict";
Live.model("maze", function* ({ numbers, stage }) {
  const { zeros, addProduct, unpack, random, told, clamp } = Live;
  const { walls, reward, penalty, find } = numbers, SIDE = walls.length, MOVES = [[-1, 0], [1, 0], [0, -1], [0, 1]];
  const { isWall, same, free, centre, anywhereBut, around } = Live.walls(walls);

  // -------------------------------------------------------------------------------------------------------------- the agents
  const weights = Object.fromEntries(["plastic", "lstm"].map(kind => [kind, Object.fromEntries(
    Object.entries(numbers[kind]).map(([name, value]) => [name, value.base64 ? unpack(value) : value]))]));
  const line = unpack(numbers.line), n = { plastic: numbers.plastic.w.shape[0], lstm: numbers.lstm.w.shape[0] };
  const sigmoid = x => 1 / (1 + Math.exp(-x));

  // inward's last row is the bias: the drive of all units by what is seen.
  const sensed = (inward, seen, width) => addProduct(inward.slice(seen.length * width), seen, inward.subarray(0, seen.length * width));

  const think = {
    // y(t) = tanh(b + seen V + y(t-1) (w + alpha H)), and then Oja: H += eta (y(t-1) y(t) - y(t)^2 H).
    plastic({ y, hebb }, seen, { writes = true, reads = true }) {
      const { inward, w, alpha, eta } = weights.plastic, size = n.plastic, drive = sensed(inward, seen, size);
      for (let i = 0, at = 0; i < size; i++) for (let j = 0; j < size; j++, at++) drive[j] += y[i] * (reads ? w[at] + alpha[at] * hebb[at] : w[at]);
      const post = drive.map(Math.tanh);
      if (writes) for (let i = 0, at = 0; i < size; i++) for (let j = 0; j < size; j++, at++) hebb[at] += eta * post[j] * (y[i] - post[j] * hebb[at]);
      y.set(post);
    },
    // c(t) = keep c(t-1) + store new, y(t) = show tanh(c(t)); the gates stand in the order store, keep, new, show.
    lstm({ y, cells }, seen) {
      const { inward, w } = weights.lstm, size = n.lstm, drive = addProduct(sensed(inward, seen, 4 * size), y, w);
      for (let j = 0; j < size; j++) {
        cells[j] = sigmoid(drive[size + j]) * cells[j] + sigmoid(drive[j]) * Math.tanh(drive[2 * size + j]);
        y[j] = sigmoid(drive[3 * size + j]) * Math.tanh(cells[j]);
      }
    },
  };

  // ---------------------------------------------------------------------------------------------------------------- the maze
  const newborn = (kind, goal) => ({
    kind, goal, place: centre, action: -1, reward: 0,
    state: { y: zeros(n[kind]), ...(kind === "plastic" ? { hebb: zeros(n.plastic ** 2) } : { cells: zeros(n.lstm) }) },
  });
  const wipe = (life, what) => life.state[what].fill(0);

  // Nine squares around it, what it did, what it got.
  function observe({ place, action, reward: got }) {
    const seen = zeros(14);
    seen.set(around(place));
    if (action >= 0) seen[9 + action] = 1;
    seen[13] = got;
    return seen;
  }

  // One step: think, choose by softmax, move; who finds the goal is paid, and put elsewhere. In the dark it thinks, and waits.
  function step(life, [choice, put], how = {}) {
    think[life.kind](life.state, how.dark ? zeros(14) : observe(life), how);
    if (how.dark) return false;
    const { outward } = weights[life.kind], { y } = life.state;
    const logits = addProduct(outward.slice(4 * y.length), y, outward.subarray(0, 4 * y.length)), top = Math.max(...logits);
    const likely = logits.map(value => Math.exp(value - top)), total = likely.reduce((a, b) => a + b);
    let action = 0, sum = likely[0] / total;
    while (action < 3 && choice >= sum) sum += likely[++action] / total;
    const there = life.place.map((x, axis) => x + MOVES[action][axis]), bumped = isWall(there);
    if (!bumped) life.place = there;
    const found = same(life.place, life.goal);
    if (found) life.place = anywhereBut(life.goal, put);
    Object.assign(life, { action, reward: (found ? reward : 0) - (bumped ? penalty : 0) });
    return found;
  }

  // Where the trace says that the goal is: one straight line through 4,096 numbers for each of row and column.
  const ghostOf = ({ state: { hebb } }) => hebb && [0, 1].map(axis => Live.dot(hebb, line.subarray(axis * hebb.length, (axis + 1) * hebb.length)) + numbers.offset[axis]);
  const away = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const chance = random(), how = { writes: true, reads: true, dark: false }, UNIT = 35, percent = x => `${Math.round(100 * x)} %`;
  let life, goal = anywhereBut(centre, random(1)()), old = null, path, finds, since, event = null, wiped = null; // wiped: how many steps ago its trace was

  const at = ([row, column]) => [(column + 0.5) * UNIT, (row + 0.5) * UNIT];
  function star(context, place, fill, edge, dashed = []) {
    const [x, y] = at(place);
    context.beginPath();
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? 6.5 : 15, turn = k * Math.PI / 5;
      context.lineTo(x + r * Math.sin(turn), y - r * Math.cos(turn));
    }
    context.closePath();
    context.setLineDash(dashed);
    Object.assign(context, { fillStyle: fill || "transparent", strokeStyle: edge, lineWidth: 2.5 });
    context.fill();
    context.stroke();
    context.setLineDash([]);
  }
  function drawMaze(context, colour) {
    context.fillStyle = colour("paper");
    context.fillRect(0, 0, SIDE * UNIT, SIDE * UNIT);
    context.globalAlpha = 0.6;
    context.fillStyle = colour("faint");
    walls.forEach((row, r) => [...row].forEach((_, c) => { if (isWall([r, c])) context.fillRect(c * UNIT, r * UNIT, UNIT + 0.5, UNIT + 0.5); }));
    Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 4, lineCap: "round" });
    path.forEach((place, k) => { // older steps fade; no line where it was put elsewhere
      const before = path[k - 1];
      if (!before || away(before, place) > 1) return;
      context.globalAlpha = 0.75 * (k + 1) / path.length;
      context.beginPath();
      context.moveTo(...at(before));
      context.lineTo(...at(place));
      context.stroke();
    });
    context.globalAlpha = 1;
    if (old) star(context, old, "", colour("green"), [4, 4]);
    star(context, life.goal, finds.some(one => one.found) ? colour("green") : colour("paper"), colour("green"));
    const there = ghostOf(life);
    if (there) star(context, there.map(x => clamp(x, 0, SIDE - 1)), "", colour("purple"));
    context.fillStyle = colour("blue");
    context.beginPath();
    context.arc(...at(life.place), 10, 0, 7);
    context.fill();
    if (how.dark) {
      Object.assign(context, { globalAlpha: 0.55, fillStyle: colour("ink") });
      context.fillRect(0, 0, SIDE * UNIT, SIDE * UNIT);
      context.globalAlpha = 1;
    }
    if (maze.focused()) {
      const [x, y] = at(life.goal);
      Object.assign(context, { strokeStyle: colour("ink"), lineWidth: 3 });
      context.strokeRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
    }
  }
  function drawFinds(context, colour) {
    const last = finds.slice(-20), most = Math.max(50, ...last.map(one => one.steps)), width = 19;
    Object.assign(context, { font: "13px system-ui, sans-serif", textAlign: "center", fillStyle: colour("ink") });
    last.forEach(({ steps, found, moved }, k) => {
      const high = 62 * Math.sqrt(steps / most), x = 2 + k * width;
      Object.assign(context, { fillStyle: colour("blue"), strokeStyle: colour("blue"), lineWidth: 1.5 });
      if (found) context.fillRect(x, 78 - high, width - 4, high); else context.strokeRect(x + 1, 78 - high, width - 6, high);
      if (moved) { // the goal was moved in this search
        context.fillStyle = colour("green");
        context.fillRect(x - 3, 10, 2.5, 80);
      }
      context.fillStyle = colour("ink");
      context.fillText(steps, x + width / 2 - 2, 74 - high);
    });
    Object.assign(context, { textAlign: "left", fillStyle: colour("muted") });
    context.fillText("steps to each find (open: still searching)", 2, 94);
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  stage.lead("Press Play. When it has found the star twice, drag the star away.");
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const maze = picture.canvas("The maze. Arrow keys move the goal, the space bar plays and pauses.", [SIDE * UNIT, SIDE * UNIT], drawMaze, {
    keys: {
      ...Object.fromEntries(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].map((key, k) => [key, () => push(MOVES[k])])),
      " ": () => (clock.playing ? clock.pause() : clock.play()),
    },
    pointer: {
      grabs: () => false,
      handle: ({ x, y }) => Math.hypot(x - at(life.goal)[0], y - at(life.goal)[1]) < UNIT,
      move: point => moveGoal(nearest(point)),
      up: point => moveGoal(nearest(point)),
    },
  });
  const strip = picture.canvas("Steps to each find", [SIDE * UNIT, 98], drawFinds);
  const nearest = ({ x, y }) => free.reduce((best, place) => {
    const far = ([row, column]) => Math.hypot(x / UNIT - 0.5 - column, y / UNIT - 0.5 - row);
    return far(place) < far(best) ? place : best;
  });

  const show = () => {
    maze.redraw();
    strip.redraw();
    strip.say("Steps to each find: " + (finds.filter(one => one.found).map(one => one.steps).join(", ") || "none yet") + `; searching for ${since}`);
    verdict(sentence());
  };
  function begin(kind = life.kind) {
    life = newborn(kind, goal);
    Object.assign(how, { writes: !switches.writes.checked, reads: !switches.reads.checked });
    [path, finds, since, old, event, wiped] = [[centre], [{ steps: 0 }], 0, null, "born", null];
    show();
  }
  // The sentence that goes with what happened last, with the package's own numbers.
  function sentence() {
    const known = finds.filter(one => one.found), ghost = ghostOf(life), off = ghost && told(away(ghost, life.goal), 1);
    const last = finds[finds.length - 2], who = life.kind === "plastic" ? "plastic agents" : "LSTMs", { moved, newborn } = find[life.kind];
    const age = finds.reduce((sum, one) => sum + one.steps, 0), far = ghost && away(ghost, life.goal) > 1.5 && age > 200;
    const is = !ghost || !since ? "" : ` Its ghost is ${off} squares from the goal.` + (far ? " It has lived longer than it was trained to, and its trace drifts." : "");
    const done = {
      born: "It does not know where the goal is, and searches." + (ghost ? " The ghost shows where its trace says that the goal is: nothing is written yet." : ""),
      found: !last ? "" : last.wiped && known.length > 1 ? `It had forgotten ${last.moved ? "the old place, and found the new one" : "the goal, and found it again"} after ${last.steps} steps; the find before took ${known[known.length - 2].steps}.${is}`
        : last.moved && known.length > 1 ? `It found the moved goal, after ${last.steps} steps.${is}`
        : known.length > 1 ? `Find ${known.length} took ${last.steps} steps; the first took ${known[0].steps}.${is}`
          : `Found, after ${last.steps} steps.` + (ghost && !since ? " Now it is told that it was paid: watch the ghost." : ghost ? ` The ghost has jumped: ${off} squares from the goal.` : " What it knows now is in its activity: wipe that."),
      moved: !known.length ? "You moved a goal that it had not found: it goes on searching."
        : wiped !== null && ghost ? `Moved, and its trace wiped: of such agents ${percent(find.wiped)} find the new place in 100 steps, instead of ${percent(moved)}. Forgetting helps.`
          : `You moved the goal, and nobody told it.${ghost ? " The ghost stays where it was paid." : ""} Of such ${who} ${percent(moved)} find the new place in 100 steps; of newborn ones, ${percent(newborn)}.`,
      activity: ghost ? "Its activity is gone, and the ghost has not moved: the place is not kept there." : "Its activity is gone, and with it all that it knew.",
      trace: wiped ? `Its trace was wiped ${wiped} step${wiped > 1 ? "s" : ""} ago. It has written since, but not where the goal is: it searches.${is}`
        : old ? `Its trace is blank: the ghost is gone. Of agents whose goal was moved ${percent(find.wiped)} find it then, instead of ${percent(moved)}. Forgetting helps.`
        : "Its trace is blank: the ghost is gone, and it must search again.",
      "no writing": "It writes nothing from now on: what its trace holds, it keeps; what happens, it cannot note.",
      writing: "It writes again.",
      "no reading": "Its trace is there, and the ghost with it, but nothing reads it: it acts as if it knew nothing.",
      reading: "It reads its trace again.",
      dark: "It sees nothing, and waits. " + (ghost ? "Its trace is still written: watch the ghost." : "Only activity keeps what an LSTM knows, and here it fades."),
      light: "The light is on again: does it still know the way?",
    };
    return done[event];
  }
  function live() {
    const found = step(life, [chance(), chance()], how);
    since++;
    if (wiped !== null) wiped++;
    Object.assign(finds[finds.length - 1], { steps: since });
    path = [...path.slice(-39), life.place];
    if (!found) return;
    Object.assign(finds[finds.length - 1], { found: true, wiped: wiped !== null });
    finds.push({ steps: 0 });
    const taken = since;
    [since, event, path, wiped] = [0, "found", [life.place], null];
    if (finds.length > 2 && finds[finds.length - 2].moved) old = null;
    stage.say(`find ${finds.length - 1}, after ${taken} steps`);
  }
  function moveGoal(place) {
    if (same(place, life.goal) || same(place, life.place)) return;
    if (!old && finds.some(one => one.found)) old = life.goal;
    if (old && same(place, old)) old = null;
    goal = life.goal = place;
    Object.assign(finds[finds.length - 1], { moved: finds.length > 1 && Boolean(old) });
    event = "moved";
    stage.say(`goal in row ${place[0]}, column ${place[1]}`);
    show();
  }
  // By arrow keys: to the next free square that way.
  function push(move) {
    let place = life.goal;
    do place = place.map((x, axis) => x + move[axis]); while (place.every(x => x > 0 && x < SIDE - 1) && isWall(place));
    if (place.every(x => x > 0 && x < SIDE - 1)) moveGoal(place);
  }

  yield;
  const clock = panel.clock({ step: live, shown: show, speeds: [2, 8, 30, 120, 400], what: "of its life" });
  const acts = panel.part("line");
  acts.button("Move the goal", () => { // far from where it is
    const far = free.filter(place => away(place, life.goal) >= 5 && !same(place, life.place));
    moveGoal(far[Math.floor(chance() * far.length)]);
  });
  acts.button("Wipe its activity", () => {
    Object.keys(life.state).filter(what => what !== "hebb").forEach(what => wipe(life, what));
    event = "activity";
    show();
  });
  const trace = acts.button("Wipe its trace", () => { wipe(life, "hebb"); [event, wiped] = ["trace", 0]; show(); });
  acts.button("New agent", () => begin());
  yield;
  const group = panel.part("switches"), switches = {};
  const turn = (name, words, on, off, blocks) => {
    switches[name] = group.toggle(words, checked => { how[name] = blocks ? !checked : checked; event = checked ? on : off; show(); });
  };
  turn("writes", "stop writing (as D-AP5 does)", "no writing", "writing", true);
  turn("reads", "stop reading (as CNQX does)", "no reading", "reading", true);
  turn("dark", "darkness: it sees nothing, and waits", "dark", "light", false);
  panel.choice("Who lives", [["plastic", "plastic agent"], ["lstm", "LSTM"]], kind => {
    const plastic = kind === "plastic";
    [trace, switches.writes, switches.reads].forEach(control => { control.disabled = !plastic; });
    begin(kind);
  });
  panel.text("key").append(...[["★", "green", " goal  "], ["☆", "purple", " ghost: where its trace says that the goal is  "], ["●", "blue", " agent"]].flatMap(
    ([mark, role, words]) => [Live.make("span", { textContent: mark, className: role, aria: { hidden: "true" } }), words]));
  yield;
  begin("plastic");
  return { newborn, step, wipe, ghostOf, now: () => ({ life, finds, old, how }), live: (steps = 1) => { while (steps--) live(); show(); } };
});
