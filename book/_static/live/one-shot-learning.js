// Your own alphabet, shown once: a Hebbian layer is taught by labels, which must be louder than its guesses.
"use strict";
Live.model("one-shot-learning", function* ({ numbers, stage }) {
  const { zeros, unpack, digits, inPieces, piecewise, all, soon, told, clamp, printed } = Live, { alpha, eta } = numbers, LABELS = ["A", "B", "C", "D", "E"];
  const SIDE = 31, N = LABELS.length, w = unpack(numbers.w), F = w.length / N;
  const layers = []; // unpacked when the first drawing is looked at

  // ------------------------------------------------------------------------------------------------------------- the network
  const weighed = (sum, patch, kernels, at) => { for (let k = 0; k < patch.length; k++) sum += patch[k] * kernels[at + k]; return sum; };
  // 3 x 3 pixels of all maps at every second place, weighted and summed: y = tanh(kernels · patch + bias).
  function* convolve(maps, side, { kernels, bias, inputs }) {
    const half = (side - 1) / 2, seen = zeros(bias.length * half * half), patch = zeros(9 * inputs);
    for (let place = 0; place < half * half; place++) {
      const row = 2 * Math.floor(place / half), column = 2 * (place % half);
      for (let i = 0, k = 0; i < inputs; i++) {
        for (let down = 0; down < 3; down++) for (let across = 0; across < 3; across++) patch[k++] = maps[(i * side + row + down) * side + column + across];
      }
      for (let o = 0, at = 0; o < bias.length; o++, at += patch.length) {
        seen[o * half * half + place] = Math.tanh(weighed(bias[o], patch, kernels, at));
      }
      yield;
    }
    return seen;
  }
  // Four such layers turn 31 x 31 shares of ink into 64 features.
  function* look(ink) {
    let maps = ink, side = SIDE;
    while (layers.length < numbers.layers.length) {
      const { kernels, bias } = numbers.layers[layers.length];
      layers.push({ kernels: unpack(kernels), bias: unpack(bias), inputs: kernels.shape[1] });
      yield;
    }
    for (const layer of layers) {
      maps = yield* convolve(maps, side, layer);
      side = (side - 1) / 2;
    }
    return maps;
  }
  const softmax = values => {
    const top = Math.max(...values), powers = values.map(value => Math.exp(value - top)), sum = powers.reduce((a, b) => a + b);
    return powers.map(power => power / sum);
  };
  const most = values => values.indexOf(Math.max(...values));

  // d = x (w + α H) is what drives each label; y = softmax(d + s l); then H += η y (x - y H). No label, no l: what is asked.
  // held tells how much of each drawing is in each column of H.
  const blank = () => ({ hebb: zeros(F * N), held: LABELS.map(() => []), said: [], drives: [] });
  const driven = ({ hebb }, x) => LABELS.map((_, j) => { let d = 0; for (let i = 0; i < F; i++) d += x[i] * (w[i * N + j] + alpha * hebb[i * N + j]); return d; });
  function teach(layer, x, label, strength) {
    const drive = driven(layer, x), y = softmax(drive.map((d, j) => d + (j === label ? strength : 0)));
    for (let i = 0; i < F; i++) for (let j = 0; j < N; j++) layer.hebb[i * N + j] += eta * y[j] * (x[i] - y[j] * layer.hebb[i * N + j]);
    layer.held = layer.held.map((shares, j) => [...shares.map(share => share * (1 - eta * y[j] ** 2)), eta * y[j]]);
    layer.said.push(y);
    layer.drives.push(drive);
    return y;
  }

  // Strokes of the pad as shares of ink: in the middle, the longer side 20 pixels, the pen 1.6 pixels wide with soft edges.
  function inked(strokes) {
    const points = strokes.flat(), [xs, ys] = [0, 1].map(axis => points.map(point => point[axis])), ink = zeros(SIDE * SIDE);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = Math.min(20 / Math.max(right - left, bottom - top, 1e-9), 3 * SIDE / PAD);
    const at = ([x, y]) => [(x - (left + right) / 2) * scale + SIDE / 2, (y - (top + bottom) / 2) * scale + SIDE / 2];
    for (const stroke of strokes) stroke.forEach((point, k) => {
      const [x, y] = at(stroke[Math.max(k - 1, 0)]), [u, v] = at(point), length = (u - x) ** 2 + (v - y) ** 2;
      for (let row = Math.max(0, Math.floor(Math.min(y, v)) - 2); row <= Math.min(SIDE - 1, Math.max(y, v) + 2); row++) {
        for (let column = Math.max(0, Math.floor(Math.min(x, u)) - 2); column <= Math.min(SIDE - 1, Math.max(x, u) + 2); column++) {
          const along = length ? clamp(((column + 0.5 - x) * (u - x) + (row + 0.5 - y) * (v - y)) / length, 0, 1) : 0;
          const far = Math.hypot(column + 0.5 - x - along * (u - x), row + 0.5 - y - along * (v - y));
          ink[row * SIDE + column] = Math.max(ink[row * SIDE + column], clamp(1.3 - far, 0, 1));
        }
      }
    });
    return ink;
  }
  yield;
  // Stored drawings have four shades, and three pixels in a letter.
  const stored = numbers.drawings.map(() => []);
  for (const [j, hands] of numbers.drawings.entries()) for (const letters of hands) {
    const three = digits(letters), ink = zeros(SIDE * SIDE);
    for (let k = 0; k < ink.length; k++) ink[k] = (three[Math.floor(k / 3)] >> 4 - 2 * (k % 3) & 3) / 3;
    stored[j].push(ink);
    yield;
  }

  // ------------------------------------------------------------------------------------------------------------ what is shown
  const PAD = 260, ROW = 56, STRENGTHS = [0, 1, 2, 5, 10, 15, 20, 30, 100, 1000];
  let strength = 1000, own = false, taught, layer, strokes = [], asked = null, answer = null, pen = { at: [PAD / 2, PAD / 2], down: false };
  const hand = LABELS.map(() => 0);

  const picture_of = (ink, colour) => printed(ink, colour, [SIDE, SIDE], k => [colour, ink[k]]);
  function bitmap(context, ink, x, y, size, colour, share = 1) {
    Object.assign(context, { globalAlpha: share, imageSmoothingEnabled: size < PAD / 2 });
    context.drawImage(picture_of(ink, colour), x, y, size, size);
    context.globalAlpha = 1;
  }
  function frame(context, x, y, wide, high, colour, lineWidth = 1) {
    Object.assign(context, { strokeStyle: colour, lineWidth });
    context.strokeRect(x, y, wide, high);
  }
  function drawPad(context, colour) {
    frame(context, 1, 1, PAD - 2, PAD - 2, colour("muted"), 2);
    Object.assign(context, { font: "18px system-ui, sans-serif", textAlign: "center", fillStyle: colour("muted") });
    if (taught.length < N && !strokes.length) context.fillText(`Draw a sign: it will be ${LABELS[taught.length]}`, PAD / 2, PAD / 2);
    if (taught.length === N && !strokes.length && !asked) context.fillText("Draw one of the five again", PAD / 2, PAD / 2);
    if (asked) bitmap(context, asked.ink, 4, 4, PAD - 8, colour("ink"));
    Object.assign(context, { strokeStyle: colour("ink"), lineWidth: 13, lineCap: "round", lineJoin: "round" });
    strokes.forEach(stroke => {
      context.beginPath();
      stroke.forEach(point => context.lineTo(...point));
      context.lineTo(...stroke[0].map((x, k) => (stroke.length > 1 ? stroke[stroke.length - 1][k] : x)));
      context.stroke();
    });
    if (pad.focused()) {
      Object.assign(context, { fillStyle: colour(pen.down ? "blue" : "paper"), strokeStyle: colour("blue"), lineWidth: 3 });
      context.beginPath();
      context.arc(...pen.at, 9, 0, 7);
      context.fill();
      context.stroke();
    }
  }
  // A row for each label: what was shown as it, what its column holds, the column itself, and the answer.
  function drawRows(context, colour) {
    const best = answer ? most(answer.y) : -1, [plus, minus] = [colour("purple"), colour("green")];
    const trace = printed(layer.hebb, plus + minus, [F, N], k => {
      const h = layer.hebb[k % F * N + Math.floor(k / F)] / eta;
      return [h > 0 ? plus : minus, Math.abs(h)];
    });
    context.textBaseline = "middle";
    Object.assign(context, { font: "14px system-ui, sans-serif", fillStyle: colour("muted"), textAlign: "center" });
    context.fillText("said", 43, 8);
    context.fillText("written", 96, 8);
    context.textAlign = "left";
    context.fillText("the trace, and below it the answer", 130, 8);
    LABELS.forEach((label, j) => {
      const y = 18 + j * ROW, ink = colour("ink"), high = ROW - 8;
      Object.assign(context, { font: `${j === best ? "bold " : ""}18px system-ui, sans-serif`, fillStyle: ink });
      context.fillText(label, 0, y + high / 2);
      [20, 73].forEach(x => frame(context, x, y, 46, high, colour("faint")));
      if (taught[j]) bitmap(context, taught[j].ink, 20, y + 1, 46, ink);
      layer.held[j].forEach((share, t) => share > 0.02 * eta && bitmap(context, layer.inks[t], 73, y + 1, 46, colour("purple"), share / eta));
      frame(context, 130, y, 256, 18, colour("faint"));
      context.imageSmoothingEnabled = false;
      context.drawImage(trace, 0, j, F, 1, 130, y, 4 * F, 18);
      if (!answer) return;
      Object.assign(context, { fillStyle: colour("blue"), font: `${j === best ? "bold " : ""}17px system-ui, sans-serif` });
      context.fillRect(130, y + 26, 200 * answer.y[j], 16);
      context.fillStyle = ink;
      context.fillText(told(answer.y[j]), 336, y + 35);
    });
    context.textBaseline = "alphabetic";
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  stage.lead("Ask for E, twice. Then teach it signs of your own.");
  yield;
  const picture = stage.part("picture wide"), desk = picture.part("desk"), verdict = stage.verdict(), panel = stage.part("panel wide halves");
  const step = 8, moved = (x, y) => () => {
    pen.at = [clamp(pen.at[0] + x, 10, PAD - 10), clamp(pen.at[1] + y, 10, PAD - 10)];
    if (pen.down) { strokes[strokes.length - 1].push(pen.at); scribbled(); } else pad.redraw();
  };
  const pad = desk.canvas("Drawing pad. Arrow keys move the pen, the space bar puts it down and lifts it, Enter says the label.", [PAD, PAD], drawPad, {
    keys: {
      ArrowUp: moved(0, -step), ArrowDown: moved(0, step), ArrowLeft: moved(-step, 0), ArrowRight: moved(step, 0), Enter: () => say(),
      " ": () => { pen.down = !pen.down; if (pen.down) begin(pen.at); else pad.redraw(); },
    },
    pointer: { down: ({ x, y }) => begin([x, y]), move: ({ x, y }) => { if (!strokes.length) return begin([x, y]); strokes[strokes.length - 1].push([x, y]); scribbled(); }, up: () => {} },
  });
  const rows = picture.canvas("The trace", [390, 18 + N * ROW], drawRows);
  yield;
  const acts = desk.part("line"), main = acts.button("", () => say(), { main: true });
  const wipe = acts.button("Wipe", () => { clear(); soon(show); }), back = acts.button("Stored letters", () => lend());
  panel.slider("how loudly the label is said", {
    min: 0, max: STRENGTHS.length - 1, step: 1, value: STRENGTHS.length - 1, say: k => (STRENGTHS[k] ? String(STRENGTHS[k]).replace("1000", "1,000") : "silence"),
  }, k => { strength = STRENGTHS[k]; soon(show); });
  yield;
  const asks = panel.part("panel"), legend = asks.text("state"), line = asks.part("line");
  LABELS.forEach((label, j) => line.button(label, () => ask(j), { label: `Ask about ${label}` }));

  function clear() { [strokes, asked, answer, pen.down] = [[], null, null, false]; }
  function begin(point) {
    asked = null;
    strokes.push([point]);
    scribbled();
  }
  // Look at what is on the pad; what was wiped or taught meanwhile is not answered.
  const onPad = () => (strokes.length ? strokes : asked);
  const watch = piecewise(function* () {
    const what = onPad();
    return what && { what, x: yield* look(what === asked ? asked.ink : inked(strokes)) };
  }, seen => { answer = seen && seen.what === onPad() ? { x: seen.x } : null; show(); });
  function scribbled() { pad.redraw(); main.disabled = taught.length < N && !strokes.length; watch(); }
  // Teach what is on the pad; after five, begin a new alphabet.
  function say() {
    if (taught.length === N) { own = true; taught = []; clear(); pad.grab(); return soon(show); }
    if (!strokes.length) return;
    const ink = inked(strokes), place = taught.length, into = taught;
    into.push({ ink, x: null });
    clear();
    inPieces(look(ink), x => { into[place].x = x; if (into === taught) soon(show); });
    soon(show);
  }
  // The stored alphabet, each sign by one hand; others are asked about.
  function lend() {
    own = false;
    const mine = taught = stored.map(([ink]) => ({ ink, x: null }));
    clear();
    soon(show);
    inPieces(function* () { for (const one of mine) one.x = yield* look(one.ink); }(), () => { if (mine === taught) ask(2); });
  }
  function ask(j) {
    if (!taught[j]) return;
    clear();
    hand[j] = 1 + hand[j] % (stored[j].length - 1);
    asked = { ink: own ? taught[j].ink : stored[j][hand[j]], label: j };
    pad.redraw();
    watch();
  }

  // Teach all that was said again, with the voice of now, and ask.
  function show() {
    layer = blank();
    const known = taught.filter(one => one.x);
    known.forEach(({ x }, label) => teach(layer, x, label, strength));
    layer.inks = known.map(({ ink }) => ink);
    if (answer) { answer.drive = driven(layer, answer.x); answer.y = softmax(answer.drive); }
    main.textContent = taught.length < N ? `This is ${LABELS[taught.length]}` : "Teach it your own";
    main.disabled = taught.length < N && !strokes.length;
    back.hidden = !own;
    legend.textContent = own ? "Show again:" : "Ask, drawn by another hand:";
    [pad, rows].forEach(canvas => canvas.redraw());
    rows.say("The trace. " + LABELS.slice(0, known.length).map((label, j) => `Row ${label} holds ${holds(j)}`).join("; "));
    if (known.length === taught.length) verdict(sentence(known));
  }
  const holds = j => layer.held[j].map((share, t) => [share / eta, LABELS[t]]).filter(([share]) => share > 0.1).map(([share, label]) => `${label} ${told(share)}`).join(", ") || "nothing";
  // The first label that lost to a guess, who took its ink, and how hard that row pulled.
  function lost() {
    const t = layer.said.findIndex((y, label) => most(y) !== label);
    return t < 0 ? null : { label: LABELS[t], took: LABELS[most(layer.said[t])], share: Math.max(...layer.said[t]), pull: Math.max(...layer.drives[t]) };
  }
  function sentence(known) {
    const k = taught.length, drowned = lost(), again = known.map(({ x }) => LABELS[most(driven(layer, x))]).join(" ");
    const hears = !drowned ? "" : (strength ? `Said at ${strength}, ${drowned.label} lost to row ${drowned.took}, which pulled with ${told(drowned.pull, 0)}` : `Nothing was said, so the ink of ${drowned.label} went to row ${drowned.took}, the largest guess`) +
      `. Shown again, ${LABELS.slice(0, k).join(" ")} are ${again}: it learned its own guesses. `;
    if (k < N && !answer) return hears || (k ? `${LABELS[k - 1]} is written into row ${LABELS[k - 1]}, in one look. Draw another sign.` : "Its trace is empty. Draw a sign, and say what it is.");
    if (!answer) return hears || "Five signs, each written into its own row in one look. Draw one of them again.";
    const order = [...answer.y.keys()].sort((a, b) => answer.y[b] - answer.y[a]), [first, second] = order, [p, q] = [first, second].map(j => told(answer.drive[j], 0));
    const is = `${LABELS[first]}, ${told(answer.y[first])}`, right = asked && asked.label === first;
    if (k < N) return hears || (k ? `Before you say what it is, it has a guess: ${is}. Say ${LABELS[k]} louder than that.` : "Its trace is empty: all answers are about a fifth. Say what it is.");
    if (hears) return `${hears}It says ${is}.`;
    if (asked && !right) return `It says ${is}. Wrong: this is ${LABELS[asked.label]}, by another hand. Its product with row ${LABELS[first]} is ${p}, with row ${LABELS[asked.label]} only ${told(answer.drive[asked.label], 0)}.`;
    return `It says ${is}: its product with row ${LABELS[first]} is ${p}, with the next, ${LABELS[second]}, ${q}.`;
  }
  yield* Live.fonts("14px", "17px", "18px", "bold 17px", "bold 18px");
  for (const [ink] of stored) for (const role of ["ink", "purple"]) { // each is drawn once
    yield Live.rest;
    picture_of(ink, stage.colour(role));
  }
  yield Live.rest;
  lend();
  yield Live.rest;
  show();
  return { look: ink => all(look(ink)), blank, teach, driven, softmax, inked, stored,
    now: () => ({ taught, layer, answer, strokes, asked, strength }) };
});
