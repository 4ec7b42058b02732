// Two inputs, three units, two outputs. Each unit is told of the outputs' error through a feedback arrow that never learns; the reader
// turns it, and the unit's outgoing arrow follows.
"use strict";
Live.model("credit-assignment", function* ({ numbers, stage }) {
  const { clamp, dot, told, make, random } = Live, { inputs: x, eta, sigma, turns, length } = numbers, UNITS = 3, outputs = [0, 1];

  // ------------------------------------------------------------------------------------------------------------ the equations
  // a[j]: the weights into unit j; w[j]: those out of it; b[j]: its feedback arrow. All units and outputs are linear.
  const size = arrow => Math.hypot(...arrow), plus = (arrow, by, more) => arrow.map((value, k) => value + by * more[k]);
  const wanted = turn => x.map(([p, q]) => [length * (Math.cos(turn) * p - Math.sin(turn) * q), length * (Math.sin(turn) * p + Math.cos(turn) * q)]);
  const rates = ({ a }, given) => a.map(into => dot(into, given));
  const output = ({ w }, h) => outputs.map(o => h.reduce((sum, rate, j) => sum + rate * w[j][o], 0));
  const loss = ({ a, w }, targets) => x.reduce((sum, given, k) => sum + size(plus(output({ w }, rates({ a }, given)), -1, targets[k])) ** 2 / 2, 0) / x.length;
  // What unit j is told of the error e: the truth, a lie, noise times what it did to the loss, nothing.
  const TELL = {
    truth: ({ w }, e) => w.map(out => dot(out, e)),
    lie: ({ b }, e) => b.map(back => dot(back, e)),
    noise: ({ w }, e, noise) => {
      const moved = plus(e, sigma, outputs.map(o => noise.reduce((sum, xi, j) => sum + xi * w[j][o], 0)));
      return noise.map(xi => (size(moved) ** 2 - size(e) ** 2) / 2 / sigma * xi);
    },
    nothing: ({ w }) => w.map(() => 0),
  };
  // One step of learning from all inputs at once; each synapse moves by what its sender did times what its receiver was told.
  function learned(net, { kind, decay, targets, noise }) {
    const kept = 1 - eta * decay, per = eta / x.length, next = { ...net, a: net.a.map(into => into.map(v => kept * v)), w: net.w.map(out => out.map(v => kept * v)) };
    const moved = net.a.map(() => 0); // |change of a|^2 without the decay
    const into = net.a.map(() => [0, 0]);
    x.forEach((given, k) => {
      const h = rates(net, given), e = plus(output(net, h), -1, targets[k]), heard = TELL[kind](net, e, noise?.[k]);
      h.forEach((rate, j) => {
        next.w[j] = plus(next.w[j], -per * rate, e);
        into[j] = plus(into[j], -per * heard[j], given);
      });
    });
    into.forEach((change, j) => { next.a[j] = plus(next.a[j], 1, change); moved[j] = size(change) ** 2; });
    // The account: b . w, kept from the incoming weights alone; exact for the lie.
    next.account = net.account.map((owed, j) => kept * owed + (size(next.a[j]) ** 2 - kept ** 2 * size(net.a[j]) ** 2 - moved[j]) / 2 / kept);
    return next;
  }
  const opened = net => ({ ...net, account: net.b.map((back, j) => dot(back, net.w[j])) });
  const born = (start, back) => opened({ a: numbers.a.map(into => into.map(v => start * v)), w: numbers.w.map(out => out.map(v => start * v)), b: back.map(arrow => [...arrow]) });

  // ---------------------------------------------------------------------------------------------------------- what is asked
  const KEPT = 240, how = { kind: "lie", decay: numbers.decay, start: numbers.start, world: 0, unit: 0 };
  let net, targets = wanted(turns[0]), steps, past, draw = random(1), turned;
  const chance = () => x.map(() => net.w.map(() => draw() < 0.5 ? -1 : 1));
  const agree = j => { const far = size(net.b[j]) * size(net.w[j]); return far > 1e-9 ? dot(net.b[j], net.w[j]) / far : 0; };
  const note = () => { past.push(net.b.map((back, j) => [dot(back, net.w[j]), net.account[j]])); if (past.length > KEPT) past.shift(); };
  function step() {
    net = learned(net, { ...how, targets, noise: how.kind === "noise" ? chance() : null });
    steps++;
    note();
  }
  function begin(back = numbers.b) {
    [net, steps, past, turned] = [born(how.start, back), 0, [], null];
    note();
    show();
  }
  function aim(j, arrow) { // the reader turns a feedback arrow: an account is opened anew
    const far = size(arrow);
    if (far < 0.05) return;
    how.unit = j;
    net = opened({ ...net, b: net.b.map((back, k) => k === j ? arrow.map(v => v * clamp(far, 0.3, 1.25) / far) : back) });
    turned = { j, since: steps };
    past = [];
    note();
    show();
  }
  const rotate = by => {
    const [p, q] = net.b[how.unit], [cos, sin] = [Math.cos(by), Math.sin(by)];
    aim(how.unit, [cos * p - sin * q, sin * p + cos * q]);
  };
  const choose = by => { how.unit = (how.unit + by + UNITS) % UNITS; show(); };
  function another() {
    how.world = (how.world + 1) % turns.length;
    targets = wanted(turns[how.world]);
    [past, turned] = [[], null];
    net = opened(net);
    note();
    show();
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 360, HIGH = 290, MIDDLE = 150, ROUND = 54, ONE = 40, dial = j => 62 + 118 * j, END = [110, 250], TOP = 26, FLOOR = 262;
  const small = { font: "13px system-ui, sans-serif", textAlign: "center", textBaseline: "alphabetic", lineJoin: "round" };
  const tip = (j, [p, q]) => { const scale = Math.min(ONE, (ROUND + 14) / Math.max(1e-9, size([p, q]))); return [dial(j) + scale * p, MIDDLE - scale * q]; };
  function arrow(context, j, to, head) {
    const [ax, ay] = [dial(j), MIDDLE], [bx, by] = tip(j, to), long = Math.hypot(bx - ax, by - ay);
    if (long < 2) return;
    const [ux, uy] = [(bx - ax) / long, (by - ay) / long];
    context.beginPath();
    context.moveTo(ax, ay);
    context.lineTo(bx - ux * Math.min(head, long), by - uy * Math.min(head, long));
    context.stroke();
    context.beginPath();
    context.moveTo(bx, by);
    [-1, 1].forEach(side => context.lineTo(bx - ux * head - side * uy * head * 0.55, by - uy * head + side * ux * head * 0.55));
    context.fill();
  }
  function paint(context, colour) {
    const [ink, paper, muted, faint, blue, pink] = ["ink", "paper", "muted", "faint", "blue", "pink"].map(colour);
    Object.assign(context, small);
    net.a.forEach((into, j) => { // the connections: as thick as strong
      [[into, FLOOR - 14, MIDDLE + ROUND, muted], [net.w[j], TOP + 14, MIDDLE - ROUND, blue]].forEach(([weights, from, to, role]) => weights.forEach((value, k) => {
        Object.assign(context, { strokeStyle: role, globalAlpha: 0.45, lineWidth: clamp(4 * Math.abs(value), 0.3, 7) });
        context.beginPath();
        context.moveTo(END[k], from);
        context.lineTo(dial(j), to);
        context.stroke();
      }));
    });
    context.globalAlpha = 1;
    [["output", TOP], ["input", FLOOR]].forEach(([name, y]) => outputs.forEach(k => {
      Object.assign(context, { fillStyle: paper, strokeStyle: ink, lineWidth: 1.5 });
      context.beginPath();
      context.arc(END[k], y, 14, 0, 7);
      context.fill();
      context.stroke();
      context.fillStyle = ink;
      context.fillText(k + 1, END[k], y + 5);
      if (!k) { context.textAlign = "right"; context.fillText(`${name}s`, END[0] - 22, y + 5); context.textAlign = "center"; }
    }));
    net.b.forEach((back, j) => {
      Object.assign(context, { fillStyle: paper, strokeStyle: faint, lineWidth: 1 });
      context.beginPath();
      context.arc(dial(j), MIDDLE, ROUND, 0, 7);
      context.fill();
      context.stroke();
      Object.assign(context, { strokeStyle: pink, fillStyle: pink, lineWidth: 3, globalAlpha: how.kind === "lie" ? 1 : 0.4 });
      const [hx, hy] = tip(j, back);
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(dial(j), MIDDLE);
      context.lineTo(hx, hy);
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      context.arc(hx, hy, 8, 0, 7);
      context.fill();
      if (j === how.unit && picture.focused()) {
        Object.assign(context, { strokeStyle: ink, lineWidth: 2 });
        context.beginPath();
        context.arc(hx, hy, 12, 0, 7);
        context.stroke();
      }
      Object.assign(context, { strokeStyle: blue, fillStyle: blue, lineWidth: 4, globalAlpha: 1 });
      arrow(context, j, net.w[j], 11);
    });
  }
  // Three accounts: what b . w is, and what the incoming weights alone say that it is.
  const X = 6, COLUMN = 112, LOW = 138, TALL = 98;
  function drawAccounts(context, colour) {
    const [ink, muted, faint, blue] = ["ink", "muted", "faint", "blue"].map(colour), all = past.flat(2), most = Math.max(0.5, ...all), least = Math.min(-0.25, ...all);
    const y = value => LOW - TALL * (value - least) / (most - least), across = (j, k) => X + COLUMN * j + (COLUMN - 14) * k / (KEPT - 1);
    Object.assign(context, small, { fillStyle: ink, textAlign: "left" });
    context.fillText("b·w; dashed: as the incoming weights tell it", X, 14);
    net.b.forEach((_, j) => {
      Object.assign(context, { strokeStyle: faint, lineWidth: 1, fillStyle: muted });
      context.beginPath();
      context.moveTo(across(j, 0), y(0));
      context.lineTo(across(j, KEPT - 1), y(0));
      context.stroke();
      context.fillText(`unit ${j + 1}: ${told(dot(net.b[j], net.w[j]))}`, across(j, 0), LOW + 22);
      [[0, blue, 5, []], [1, ink, 2, [4, 4]]].forEach(([which, role, lineWidth, dashes]) => {
        Object.assign(context, { strokeStyle: role, lineWidth });
        context.setLineDash(dashes);
        context.beginPath();
        past.forEach((row, k) => context.lineTo(across(j, k), y(row[j][which])));
        context.stroke();
        context.setLineDash([]);
      });
    });
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const angle = j => Math.round(Math.acos(clamp(agree(j), -1, 1)) * 180 / Math.PI), share = () => loss(net, targets) / (length ** 2 / 2);
  const left = () => `${told(100 * Math.min(9.99, share()), share() < 0.1 ? 1 : 0)} % of the error is left`;
  function sentence() {
    const angles = net.b.map((_, j) => angle(j)), apart = `${angles.slice(0, -1).join("°, ")}° and ${angles.at(-1)}°`;
    if (!steps) return "Each unit's outgoing arrow (blue) points anywhere. Press Play: the network learns to turn its input.";
    const head = `After ${steps} steps ${left()}. `;
    if (how.kind === "nothing") return `${head}The units are told nothing and keep what they hear; only the outputs' own synapses learn.`;
    if (how.kind !== "lie") return `${head}Told ${how.kind === "truth" ? "the truth" : "noise, the truth on average"}, no unit heeds its feedback arrow (${apart} apart), and the account does not hold.`;
    if (turned) {
      const j = turned.j, stay = how.decay === 0 && share() < 0.02 ? " Nothing is left to learn, so it stays: weights that decay, or another world, would move it." : "";
      return `${head}${steps - turned.since} steps ago you turned the feedback of unit ${j + 1}: its outgoing arrow is ${angle(j)}° from it.${stay}`;
    }
    return `${head}Outgoing and feedback arrows are ${apart} apart: the weights ${Math.max(...angles) < 60 ? "turn until the lie is nearly true" : "are on their way"}.`;
  }
  function show() {
    [picture, chart].forEach(canvas => canvas.redraw());
    picture.say(`${PICTURE} Unit ${how.unit + 1} is chosen; its outgoing arrow is ${angle(how.unit)} degrees from its feedback arrow`);
    chart.say(`Feedback times outgoing arrow, and the account: ${net.b.map((back, j) => `unit ${j + 1} ${told(dot(back, net.w[j]))} and ${told(net.account[j])}`).join(", ")}`);
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  const PICTURE = "Three units with their feedback arrows, which left and right arrow keys turn; up and down choose a unit.";
  stage.lead("Press Play, then drag a dashed feedback arrow: the outgoing arrow follows.");
  const board = stage.part("picture"), panel = stage.part("panel"), one = stage.part("panel"), two = stage.part("panel"), verdict = stage.verdict();
  yield;
  let held = 0;
  const near = ({ x: at, y: high }, within) => net.b.map((back, j) => [Math.hypot(...plus(tip(j, back), -1, [at, high])), j]).filter(([far]) => far < within).sort((p, q) => p[0] - q[0])[0];
  const pull = ({ x: at, y: high }) => aim(held, [(at - dial(held)) / ONE, (MIDDLE - high) / ONE]);
  const picture = board.canvas(PICTURE, [WIDE, HIGH], paint, {
    keys: { ArrowLeft: () => rotate(Math.PI / 12), ArrowRight: () => rotate(-Math.PI / 12), ArrowUp: () => choose(1), ArrowDown: () => choose(-1) },
    pointer: { grabs: at => Boolean(near(at, 24)), handle: at => Boolean(near(at, 24)), down: at => { held = near(at, 24)[1]; pull(at); }, move: pull },
  });
  board.text("key").append(...[["pink", " feedback b  "], ["blue", " outgoing w"]].flatMap(
    ([role, words]) => [make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), words]));
  yield;
  panel.choice("The units are told", [["truth", "truth"], ["lie", "lie"], ["noise", "noise"], ["nothing", "nothing"]], kind => {
    how.kind = kind;
    [past, turned, net] = [[], null, opened(net)];
    note();
    show();
  }, "lie");
  const clock = panel.clock({ step, shown: () => show(), speeds: [4, 15, 60, 240], speed: 2 });
  yield;
  clock.row.button("Another world", another, { label: "Another world to learn" });
  clock.row.button("Anew", () => begin());
  const chart = panel.canvas("The accounts of three units", [346, 166], drawAccounts);
  yield;
  one.slider("weights decay by", { min: 0, max: 0.1, step: 0.01, value: how.decay, say: decay => told(decay) }, decay => { how.decay = decay; show(); });
  two.slider("weights start at", { min: 0.05, max: 1.5, step: 0.05, value: how.start, say: start => told(start) }, start => { how.start = start; clock.pause(); begin(); });
  yield;
  begin();
  return {
    aim, another, step: () => { step(); show(); },
    now: () => ({ ...how, ...net, steps, share: share(), angles: net.b.map((_, j) => angle(j)) }),
    episode: ({ a, w, b, kind, decay, turn, noise }) => noise.map(((state, targets) => each => {
      state = learned(state, { kind, decay, targets, noise: each });
      return { a: state.a, w: state.w, account: state.account, loss: loss(state, targets) };
    })(opened({ a, w, b }), wanted(turn))),
  };
});
