// Ask it another question: three photographs are shown, the reader hides any part of one, and two trained networks answer.
"use strict";
Live.model("natural-images", function* ({ numbers, stage }) {
  const { zeros, dot, addProduct, unpack, piecewise, all, random, told, clamp } = Live, { order, steps_on, steps_off, steps_test } = numbers;
  const [COUNT, N] = numbers.pieces.shape, SIDE = Math.sqrt(N), pixels = [...Array(N).keys()];
  const rows = told => {
    const values = unpack(told), [count, n] = told.shape;
    return [...Array(count).keys()].map(k => values.subarray(k * n, (k + 1) * n));
  };
  yield;
  const KINDS = ["specialist", "generalist"], photographs = rows(numbers.pieces), one = x => { const y = zeros(N + 1).fill(1); y.set(x); return y; }; // the last unit is always 1
  const nets = {};
  for (const kind of KINDS) {
    yield;
    const { alpha, diagonal, bias, seam, low, eta } = numbers[kind], [senders, receivers] = alpha.map?.(rows) ?? [];
    nets[kind] = { eta, alpha, senders, receivers, diagonal: unpack(diagonal), bias: bias && unpack(bias), seam: seam && unpack(seam), low: low?.map(rows) };
  }
  yield;

  // ------------------------------------------------------------------------------------------------------------ the networks
  // pre @ w: of the generalist a diagonal and rank 8; of the specialist a diagonal, what comes from the unit that is always 1,
  // and what links the two rows at the line between the halves.
  function fixed({ diagonal, bias, seam, low }, pre) {
    const drive = zeros(N);
    for (let j = 0; j < N; j++) drive[j] = diagonal[j] * pre[j];
    if (low) low[0].forEach((sender, k) => add(drive, low[1][k], dot(sender, pre)));
    if (bias) add(drive, bias, pre[N]);
    if (seam) {
      const from = N / 2 - SIDE, to = N / 2 + SIDE;
      addProduct(drive.subarray(from, to), pre.subarray(from, to), seam);
    }
    return drive;
  }
  const add = (total, x, times) => { for (let j = 0; j < total.length; j++) total[j] += times * x[j]; };

  // pre @ (alpha * trace), where the trace is the sum of what was written, share * before after^T: each moment of the past is
  // compared with the present, as the plasticities of senders have it, and calls up what came after it, as those of receivers do.
  const called = zeros(N + 1), scratch = zeros(N + 1);
  function* recalled({ alpha, senders, receivers }, pre, trace, drive) {
    const compare = sender => {
      const now = sender ? scratch : pre;
      if (sender) for (let i = 0; i <= N; i++) scratch[i] = pre[i] * sender[i];
      called.fill(0);
      for (const { before, after, share } of trace) add(called, after, share * dot(now, before));
      return called;
    };
    if (!senders) add(drive, compare(), alpha);
    else for (const [k, sender] of senders.entries()) {
      const to = receivers[k];
      compare(sender);
      for (let j = 0; j < N; j++) drive[j] += to[j] * called[j];
      yield;
    }
    return drive;
  }
  function* think(net, { y, trace }) {
    const drive = fixed(net, y);
    yield;
    return one((yield* recalled(net, y, trace, drive)).map(Math.tanh));
  }

  // trace += eta (y(t-1) y(t)^T - trace); the same moment again is written on top of itself.
  function write({ eta }, state, after) {
    const { trace, y: before } = state, last = trace[trace.length - 1];
    trace.forEach(moment => { moment.share *= 1 - eta; });
    if (last && last.before === before && last.after === after) last.share += eta;
    else trace.push({ before, after, share: eta });
    state.y = after;
  }
  // What happens before the question: each photograph is held for some steps, and then nothing is shown.
  const begin = () => ({ y: zeros(N + 1), trace: [] });
  function* see(net, state, held) {
    for (let t = 0; t < steps_on; t++) write(net, state, held);
    for (let t = 0; t < steps_off; t++) {
      write(net, state, yield* think(net, state));
      yield;
    }
  }
  // What can be seen is held; what is hidden is what the network makes of it.
  function* answer(net, memory, asked, hidden) {
    const state = { y: memory.y, trace: memory.trace.map(moment => ({ ...moment })) };
    for (let t = 0; t < steps_test; t++) {
      const y = yield* think(net, state);
      for (let j = 0; j < N; j++) if (!hidden[j]) y[j] = asked[j];
      write(net, state, y);
      yield;
    }
    return state.y.subarray(0, N);
  }
  function error(guess, asked, hidden) {
    let sum = 0, count = 0;
    for (let j = 0; j < N; j++) if (hidden[j]) { sum += (guess[j] - asked[j]) ** 2; count++; }
    return count ? sum / count : 0;
  }

  // ------------------------------------------------------------------------------------------------------------ what is asked
  const middle = (SIDE - 1) / 2, row = j => Math.floor(j / SIDE), column = j => j % SIDE, outside = j => Math.hypot(row(j) - middle, column(j) - middle);
  const WAYS = {
    lower: j => row(j) >= SIDE / 2, left: j => column(j) < SIDE / 2, strip: j => row(j) >= SIDE / 4 && row(j) < 3 * SIDE / 4,
    ends: j => row(j) < SIDE / 4 || row(j) >= 3 * SIDE / 4, disc: j => outside(j) < SIDE / Math.sqrt(2 * Math.PI), own: () => false,
  };
  const chance = random();
  let shown = numbers.first.map(k => photographs[k]), target = numbers.target, way = "lower", hidden, memory = null, answers = {}, errors = {}, stroke = null, mark = [8, 8];
  const hide = name => { way = name; hidden = pixels.map(WAYS[name]); };
  // Of all the plasticity of the specialist, |alpha|, that leads to hidden pixels, the share that comes from hidden pixels.
  const whole = zeros(N);
  function* blind(hidden) {
    const which = pixels.filter(j => hidden[j]);
    let share = 0;
    for (const [k, j] of which.entries()) {
      whole[j] ||= reach(pixels, j);
      share += reach(which, j) / whole[j];
      if (k % 8 === 7) yield;
    }
    return share / (which.length || 1);
  }
  function reach(senders, j) {
    const [[a, b], [to, also]] = [nets.specialist.senders, nets.specialist.receivers], [x, y] = [to[j], also[j]];
    let sum = 0;
    for (const i of senders) sum += Math.abs(a[i] * x + b[i] * y);
    return sum;
  }
  const percent = x => `${Math.round(100 * x)} %`, half = pixels.map(WAYS.lower);
  let trained;
  function* sentence(hidden, way) {
    const { specialist: s, generalist: g, grey, mean } = errors, [a, b, c, d] = [s, g, grey, mean].map(x => told(x, 3));
    if (!hidden.includes(true)) return "Hide something: draw over the photograph.";
    if (way === "lower") return `Half a picture is what both were asked for in training. The specialist errs by ${a} a pixel, the generalist by ${b}, plain grey by ${c}. Now hide something else.`;
    trained ??= percent(yield* blind(half));
    const why = `Of its votes on hidden pixels ${percent(yield* blind(hidden))} come from hidden pixels, which are guesses; in training, ${trained}.`;
    if (s > grey) return `Worse than plain grey: the specialist errs by ${a}, grey by ${c}, the generalist by ${b}. ${why}`;
    if (s > mean && s > g) return `Worse than the mean of the three photographs: the specialist errs by ${a}, the mean by ${d}, the generalist by ${b}. ${why}`;
    if (s > g) return `The specialist errs by ${a}, the generalist by ${b}. ${why}`;
    return `The specialist leads, ${a} against ${b}, though it was never asked so. ${why}`;
  }
  // Both networks see three photographs, if these are new; then both answer, and are judged. What is hidden meanwhile is asked after that.
  function* steps() {
    const asked = shown[target], cover = [...hidden], how = way, found = {}, grey = zeros(N), mean = zeros(N);
    if (!memory) {
      const seen = Object.fromEntries(KINDS.map(kind => [kind, begin()])), held = shown.map(one);
      for (const kind of KINDS) for (const k of order) yield* see(nets[kind], seen[kind], held[k]);
      memory = seen;
    }
    for (const kind of KINDS) found[kind] = yield* answer(nets[kind], memory[kind], asked, cover);
    shown.forEach(one => add(mean, one, 1 / shown.length));
    answers = found;
    errors = Object.fromEntries(Object.entries({ ...found, mean, grey }).map(([name, guess]) => [name, error(guess, asked, cover)]));
    yield;
    canvas.redraw();
    bars.set([["specialist", "blue"], ["generalist", "purple"], ["mean", "muted"], ["grey", "muted"]].map(([name, role], k) => (
      { value: errors[name], role, strong: k < 2, text: told(errors[name], 3) })));
    yield;
    const words = yield* sentence(cover, how);
    yield;
    verdict(words);
  }
  const work = piecewise(steps, () => {}), show = () => { canvas.redraw(); work(); };

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const SIZE = 170, GAP = 20, WIDE = 2 * SIZE + GAP, TALL = 2 * (SIZE + 24), TILES = [[0, 20], [SIZE + GAP, 20], [0, SIZE + 44], [SIZE + GAP, SIZE + 44]];
  const sheet = Live.make("canvas", { width: SIDE, height: SIDE }), paper = sheet.getContext("2d"), image = paper.createImageData(SIDE, SIDE);
  const ink = new Uint32Array(image.data.buffer), opaque = (r, g, b) => (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  function drawPicture(context, values, x, y, size, cover) { // cover: what lies on hidden pixels, #rrggbb
    const over = cover && opaque(...[1, 3, 5].map(k => parseInt(cover.slice(k, k + 2), 16)));
    for (let j = 0; j < N; j++) {
      const grey = Math.round(127.5 * (values[j] + 1));
      ink[j] = cover && hidden[j] ? over : opaque(grey, grey, grey);
    }
    paper.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet, x, y, size, size);
  }
  function drawAll(context, colour) {
    const asked = shown[target], tiles = [["hide a part of it", asked], ["the photograph", asked], ["specialist", answers.specialist], ["generalist", answers.generalist]];
    tiles.forEach(([words, values], k) => {
      const [x, y] = TILES[k], unit = SIZE / SIDE;
      Object.assign(context, { font: "14px system-ui, sans-serif", fillStyle: colour("ink") });
      context.fillText(words, x, y - 6);
      if (values) drawPicture(context, values, x, y, SIZE, k ? "" : colour("blue"));
      if (!k && canvas.focused()) {
        Object.assign(context, { strokeStyle: colour("red"), lineWidth: 3 });
        context.strokeRect(x + mark[1] * unit, y + mark[0] * unit, 8 * unit, 8 * unit);
      }
    });
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  stage.lead("Hide a strip, or whatever you like: draw over the first picture.");
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const at = ({ x, y }) => [(y - TILES[0][1]) / SIZE * SIDE, (x - TILES[0][0]) / SIZE * SIDE]; // row and column, between pixels
  const canvas = picture.canvas("What is asked. Arrow keys move a square, the space bar hides or shows it.", [WIDE, TALL], drawAll, {
    keys: {
      ...Object.fromEntries([["ArrowUp", -4, 0], ["ArrowDown", 4, 0], ["ArrowLeft", 0, -4], ["ArrowRight", 0, 4]].map(([key, down, right]) => [key, () => {
        mark = [clamp(mark[0] + down, 0, SIDE - 8), clamp(mark[1] + right, 0, SIDE - 8)];
        stage.say(`rows ${mark[0] + 1} to ${mark[0] + 8}, columns ${mark[1] + 1} to ${mark[1] + 8}`);
        canvas.redraw();
      }])),
      " ": () => {
        const inside = pixels.filter(j => row(j) >= mark[0] && row(j) < mark[0] + 8 && column(j) >= mark[1] && column(j) < mark[1] + 8);
        rub(inside, !inside.every(j => hidden[j]));
      },
    },
    pointer: {
      grabs: point => at(point).every(x => x >= 0 && x < SIDE),
      down: point => {
        const [r, c] = at(point).map(Math.floor);
        stroke = { last: at(point), hides: !hidden[r * SIDE + c] };
        along(point);
      },
      move: along,
      up: () => { stroke = null; },
    },
  });
  function along(point) {
    const [from, to] = [stroke.last, at(point)], steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])) || 1, hit = new Set();
    for (let k = 0; k <= steps; k++) {
      const [r, c] = from.map((x, axis) => x + (to[axis] - x) * k / steps);
      for (let y = Math.max(0, Math.ceil(r - 3.5)); y <= Math.min(SIDE - 1, r + 2.5); y++) {
        for (let x = Math.max(0, Math.ceil(c - 3.5)); x <= Math.min(SIDE - 1, c + 2.5); x++) if (Math.hypot(y + 0.5 - r, x + 0.5 - c) < 3) hit.add(y * SIDE + x);
      }
    }
    stroke.last = to;
    rub([...hit], stroke.hides);
  }
  function rub(which, hides) {
    which.forEach(j => { hidden[j] = hides; });
    way = "own";
    ways.set(way);
    show();
  }
  yield;
  const bars = panel.bars("Error of a hidden pixel", ["specialist", "generalist", "mean of three", "plain grey"], { most: 0.5 });
  yield;
  const ways = panel.choice("Hide", [["lower", "lower half"], ["left", "left half"], ["strip", "a strip"], ["ends", "all but a strip"], ["disc", "a disc"], ["own", "what I draw"]],
    name => { hide(name); show(); });
  yield;
  const thumbs = [1, 2, 3].map(k => Live.make("canvas", { width: 52, height: 52, aria: { role: "img", label: `photograph ${k}` } }));
  panel.choice("Ask for", thumbs.map((thumb, k) => [k, `photograph ${k + 1}`, thumb]), k => { target = +k; show(); }, target);
  panel.button("Other photographs", () => {
    const left = [...photographs];
    shown = [0, 1, 2].map(() => left.splice(Math.floor(chance() * left.length), 1)[0]);
    memory = null;
    drawThumbs();
    work.afresh();
  });
  const drawThumbs = () => thumbs.forEach((thumb, k) => drawPicture(thumb.getContext("2d"), shown[k], 0, 0, 52));
  yield;
  hide(way);
  drawThumbs();
  yield* Live.fonts("14px");
  yield Live.rest;
  yield* steps();
  return { nets, photographs, one, begin, see: (...given) => all(see(...given)), answer: (...given) => all(answer(...given)), error,
    now: () => ({ shown, target, way, hidden, errors, blind: all(blind(hidden)) }), hide: name => { hide(name); ways.set(name); show(); } };
});
