// The ghost in the trace: an agent in its maze, whose goal the reader moves, and the place that its trace says the goal is at.
// needs walls
// needs agents
"use strict";
Live.model("maze", function* ({ numbers, stage }) {
  const { zeros, addProduct, unpack, random, told, clamp } = Live, { find } = numbers;
  const { SIDE, UNIT, newborn: inMaze, same, centre, anywhereBut, observe, sensed, act, away, far, star, ground, disc, frame, board } = Live.agents(numbers);

  // -------------------------------------------------------------------------------------------------------------- the agents
  const weights = { plastic: {}, lstm: {} };
  for (const kind of Object.keys(weights)) for (const [name, value] of Object.entries(numbers[kind])) {
    yield;
    weights[kind][name] = value.base64 ? unpack(value) : value;
  }
  yield;
  const line = unpack(numbers.line), n = { plastic: numbers.plastic.w.shape[0], lstm: numbers.lstm.w.shape[0] };
  const sigmoid = x => 1 / (1 + Math.exp(-x));

  // What one unit sends to all, and what Oja's rule writes of it: a row of each matrix. In functions of their own, which a browser compiles soon.
  function send(drive, sent, { w, alpha }, hebb, at) {
    for (let j = 0; j < drive.length; j++, at++) drive[j] += sent * (w[at] + alpha[at] * hebb[at]);
  }
  function write(hebb, before, post, eta, at) {
    for (let j = 0; j < post.length; j++, at++) hebb[at] += eta * post[j] * (before - post[j] * hebb[at]);
  }
  const think = {
    // y(t) = tanh(b + seen V + y(t-1) (w + alpha H)), and then Oja: H += eta (y(t-1) y(t) - y(t)^2 H).
    plastic({ y, hebb }, seen, { writes = true, reads = true }) {
      const net = weights.plastic, size = n.plastic, drive = sensed(net.inward, seen, size);
      if (reads) for (let i = 0; i < size; i++) send(drive, y[i], net, hebb, i * size);
      else addProduct(drive, y, net.w);
      const post = drive.map(Math.tanh);
      if (writes) for (let i = 0; i < size; i++) write(hebb, y[i], post, net.eta, i * size);
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
    kind, ...inMaze(goal),
    state: { y: zeros(n[kind]), ...(kind === "plastic" ? { hebb: zeros(n.plastic ** 2) } : { cells: zeros(n.lstm) }) },
  });
  const wipe = (life, what) => life.state[what].fill(0);

  // One step: think, choose and move. In the dark it thinks, and waits.
  function step(life, chance, how = {}) {
    think[life.kind](life.state, how.dark ? zeros(14) : observe(life), how);
    return how.dark ? false : act(life, weights[life.kind].outward, life.state.y, chance);
  }

  // Where the trace says that the goal is: one straight line through 4,096 numbers for each of row and column.
  const ghostOf = ({ state: { hebb } }) => hebb && [0, 1].map(axis => Live.dot(hebb, line.subarray(axis * hebb.length, (axis + 1) * hebb.length)) + numbers.offset[axis]);

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const chance = random(), how = { writes: true, reads: true, dark: false }, percent = x => `${Math.round(100 * x)} %`;
  let life, goal = anywhereBut(centre, random(1)()), old = null, path, finds, since, event = null, wiped = null; // wiped: how many steps ago its trace was

  function drawMaze(context, colour) {
    ground(context, colour, path);
    if (old) star(context, old, "", colour("green"), [4, 4]);
    star(context, life.goal, finds.some(one => one.found) ? colour("green") : colour("paper"), colour("green"));
    const there = ghostOf(life);
    if (there) star(context, there.map(x => clamp(x, 0, SIDE - 1)), "", colour("purple"));
    disc(context, life.place, colour("blue"));
    if (how.dark) {
      Object.assign(context, { globalAlpha: 0.55, fillStyle: colour("ink") });
      context.fillRect(0, 0, SIDE * UNIT, SIDE * UNIT);
      context.globalAlpha = 1;
    }
    if (maze.focused()) frame(context, life.goal, colour("ink"));
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
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const maze = board(picture, "The maze. Arrow keys move the goal, the space bar plays and pauses.", drawMaze, {
    goal: () => life.goal, moved: place => moveGoal(place), clock: () => clock,
  });
  yield;
  const strip = picture.canvas("Steps to each find", [SIDE * UNIT, 98], drawFinds);

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

  yield;
  const clock = panel.clock({ step: live, shown: show, speeds: [2, 8, 30, 120, 400], what: "of its life" });
  yield;
  const acts = panel.part("line");
  acts.button("Move the goal", () => moveGoal(far(life, chance())));
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
  yield;
  panel.choice("Who lives", [["plastic", "plastic agent"], ["lstm", "LSTM"]], kind => {
    const plastic = kind === "plastic";
    [trace, switches.writes, switches.reads].forEach(control => { control.disabled = !plastic; });
    begin(kind);
  });
  yield;
  const key = panel.text("key");
  for (const [mark, role, words] of [["★", "green", " goal  "], ["☆", "purple", " ghost: where its trace says that the goal is  "], ["●", "blue", " agent"]]) {
    key.append(Live.make("span", { textContent: mark, className: role, aria: { hidden: "true" } }), words);
    yield;
  }
  begin("plastic");
  return { newborn, step, wipe, ghostOf, now: () => ({ life, finds, old, how }), live: (steps = 1) => { while (steps--) live(); show(); } };
});
