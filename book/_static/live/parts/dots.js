// The plastic network of three numbers, and the grid of dots that it sees: what two models share.
Live.dots ??= (() => {
  "use strict";
  const { dot, zeros, clamp, all, soon: next } = Live;

  // -------------------------------------------------------------------------------------------------------------- the network
  // What each earlier step s adds to the drive of step t, as a multiple of y(s). The trace itself is never built:
  //   (a / N) sum_i H_ij(t) y_i(t-1) = sum_{s<t} (a / N) eta (1 - eta)^(t-1-s) (y(t-1) . y(s-1)) y_j(s),   y(-1) = 0.
  const pulls = (states, t, { gain, eta }) => states.slice(0, t).map((y, s) =>
    s && (gain / y.length) * eta * (1 - eta) ** (t - 1 - s) * dot(states[t - 1], states[s - 1]));

  // The next state: y(t) = tanh(-c y(t-1) + what the trace sends + x(t)); a clamped unit equals its input.
  function step(states, x, clamped, numbers) {
    if (clamped.every(Boolean)) return x;
    const t = states.length, drive = t ? states[t - 1].map((y_j, j) => x[j] - numbers.inhibition * y_j) : x.slice();
    pulls(states, t, numbers).forEach((pull, s) => { if (pull) for (let j = 0; j < drive.length; j++) drive[j] += pull * states[s][j]; });
    return drive.map((d, j) => clamped[j] ? x[j] : Math.tanh(d));
  }

  // Every pattern once, a blank after each; source says which pattern a step was clamped to. One step at a time.
  function* life(patterns, numbers, { steps_on, steps_off }) {
    const states = [], source = [], blank = zeros(patterns[0].length), every = blank.map(() => 1);
    const plan = patterns.flatMap((pattern, k) => [...Array(steps_on).fill([pattern, every, k]), ...Array(steps_off).fill([blank, blank, null])]);
    for (const [x, clamped, k] of plan) {
      states.push(step(states, x, clamped, numbers));
      source.push(k);
      yield;
    }
    return { states, source };
  }
  // Then the cue: what is left of the pattern that is asked for.
  function* ask({ states, source }, pattern, erased, numbers, { steps_test }) {
    const lived = [...states], cue = pattern.map((p, j) => erased[j] ? 0 : p), given = erased.map(e => 1 - e);
    for (let k = 0; k < steps_test; k++) {
      lived.push(step(lived, cue, given, numbers));
      yield;
    }
    return { states: lived, source: [...source, ...Array(steps_test).fill(null)] };
  }
  function* episode(patterns, asked, erased, numbers, schedule) {
    return yield* ask(yield* life(patterns, numbers, schedule), patterns[asked], erased, numbers, schedule);
  }

  // What is said of an episode: wrong dots, how hard each pattern's memory pulls at the last step, and how large the answer is.
  function told(patterns, asked, erased, numbers, { states, source }) {
    const end = states.length - 1, answer = states[end], pull = patterns.map(() => 0);
    pulls(states, end, numbers).forEach((value, s) => { if (source[s] !== null) pull[source[s]] += value; });
    const free = [...erased.keys()].filter(j => erased[j]);
    const count = free.length;
    const others = patterns.filter((_, k) => k !== asked).map(p => dot(p, patterns[asked]) / p.length);
    return {
      answer, pull, count,
      wrong: free.filter(j => Math.sign(answer[j]) !== patterns[asked][j]).length,
      overlap: others.reduce((a, b) => a + b, 0) / (others.length || 1),
      size: free.reduce((sum, j) => sum + Math.abs(answer[j]), 0) / (count || 1),
    };
  }

  // ------------------------------------------------------------------------------------------------------------- the patterns
  const fromHex = (hex, n) => Float64Array.from({ length: n }, (_, j) => parseInt(hex[j >> 2], 16) >> (3 - j % 4) & 1 ? 1 : -1);
  function shuffled(n, chance) {
    const order = Array.from({ length: n }, (_, j) => j);
    for (let j = n - 1; j > 0; j--) {
      const k = Math.floor(chance() * (j + 1)), last = order[j];
      order[j] = order[k];
      order[k] = last;
    }
    return order;
  }
  const noise = (n, chance) => { const pattern = new Float64Array(n).fill(-1); shuffled(n, chance).slice(0, n / 2).forEach(j => { pattern[j] = 1; }); return pattern; };

  // Call something once before the next picture, however often it is asked for; now() does not wait.
  function soon(act) {
    let waiting = null;
    const now = () => { cancelAnimationFrame(waiting); waiting = null; act(); };
    return { ask: () => { waiting ??= requestAnimationFrame(now); }, now };
  }

  // Rub out, or bring back, dots at random until so many are rubbed out.
  function rubTo(erased, count, chance) {
    let now = erased.reduce((a, b) => a + b, 0);
    for (const j of shuffled(erased.length, chance)) {
      if (now === count) break;
      if (erased[j] === (now < count ? 0 : 1)) { now += erased[j] ? -1 : 1; erased[j] = 1 - erased[j]; }
    }
  }

  // Colours of 24 bits as pixels have them, and what is between two of them.
  const rgb = hex => parseInt(hex.slice(1), 16), part = (from, to, share, bits) => Math.round((from >> bits & 255) + share * ((to >> bits & 255) - (from >> bits & 255)));
  const between = (from, to, share) => part(from, to, share, 16) << 16 | part(from, to, share, 8) << 8 | part(from, to, share, 0);
  const pixel = colour => (255 << 24 | (colour & 255) << 16 | colour & 0xff00 | colour >> 16) >>> 0;

  // A small picture of a pattern, in the colours of the theme.
  function thumbnail(stage, side, pattern) {
    const picture = Live.make("canvas", { className: "thumbnail", width: side, height: side, aria: { hidden: "true" } });
    const paint = () => {
      const context = picture.getContext("2d"), image = context.createImageData(side, side), seen = new Uint32Array(image.data.buffer), ink = pixel(rgb(stage.colour("ink")));
      pattern().forEach((value, j) => { if (value > 0) seen[j] = ink; });
      context.putImageData(image, 0, 0);
    };
    return { picture, draw: stage.themed(() => next(paint)) };
  }

  // ---------------------------------------------------------------------------------------------------------------- the grid
  // A grid that a mouse, a finger or keys go over: dab(dots, begins) gets the dots that the pen covers. look(j) says how a dot
  // looks: { given, y, wrong, shown }, y its state; what is not given stands on grey, in the network's colour.
  const SIZE = 352, CELL = 11;
  function grid(stage, side, { label, radius, dab, look, hint, lift }) {
    const cell = SIZE / side, pen = { row: side / 2, column: side / 2 };
    let from = null;
    const under = ({ row, column }) => {
      const dots = [], r = radius();
      for (let y = Math.max(0, row - r); y <= Math.min(side - 1, row + r); y++) {
        for (let x = Math.max(0, column - r); x <= Math.min(side - 1, column + r); x++) dots.push(y * side + x);
      }
      return dots;
    };
    function stroke({ x, y }) { // from where the pointer was to where it is
      const to = { row: clamp(Math.floor(y / cell), 0, side - 1), column: clamp(Math.floor(x / cell), 0, side - 1) }, begins = !from;
      from ??= to;
      const steps = Math.max(1, Math.abs(to.row - from.row), Math.abs(to.column - from.column)), dots = new Set();
      const on = (key, k) => Math.round(from[key] + k / steps * (to[key] - from[key]));
      for (let k = 0; k <= steps; k++) under({ row: on("row", k), column: on("column", k) }).forEach(j => dots.add(j));
      from = to;
      Object.assign(pen, to);
      dab([...dots], begins);
    }
    const move = (rows, columns) => () => {
      Object.assign(pen, { row: clamp(pen.row + rows, 0, side - 1), column: clamp(pen.column + columns, 0, side - 1) });
      canvas.redraw();
      stage.say(`row ${pen.row + 1}, column ${pen.column + 1}`);
    };
    const end = () => { from = null; lift(); };
    const canvas = stage.canvas(label, [SIZE, SIZE], draw, {
      keys: { ArrowUp: move(-1, 0), ArrowDown: move(1, 0), ArrowLeft: move(0, -1), ArrowRight: move(0, 1), " ": () => { dab(under(pen), true); lift(); } },
      pointer: { down: stroke, move: stroke, up: end },
      className: "dots",
    });
    // A picture of CELL by CELL pixels for each dot, its ground and a smaller mark; rows of dots are drawn that look otherwise than before.
    const wide = side * CELL, sheet = Live.make("canvas", { width: wide, height: wide }).getContext("2d"), image = sheet.createImageData(wide, wide);
    const seen = new Uint32Array(image.data.buffer), [grounds, marks, edges] = [0, 0, 0].map(() => new Int32Array(side * side).fill(-1));
    function drawRow(row) {
      const line = new Uint32Array(wide), first = row * side, top = row * CELL;
      const fill = (of, edge) => { for (let k = 0; k < side; k++) if (!edge || edges[first + k] === edge) line.fill(pixel(of[first + k]), k * CELL + edge, (k + 1) * CELL - edge); };
      const lines = edge => { for (let y = top + edge; y < top + CELL - edge; y++) seen.set(line, y * wide); };
      [[grounds, 0], [marks, 1], [marks, 4]].forEach(([of, edge]) => { fill(of, edge); lines(edge); });
    }
    function drawDots(colours) {
      const [ink, paper, faint, blue, red] = colours.map(rgb), rubbed = between(paper, faint, 0.28);
      for (let row = 0, j = 0; row < side; row++) {
        let changed = false;
        for (let k = 0; k < side; k++, j++) {
          const { given, y, wrong } = look(j), ground = !given ? rubbed : y <= 0 ? paper : y === 1 ? ink : between(paper, ink, y);
          const edge = given || !wrong && y <= 0 ? 0 : y > 0 ? 1 : 4, mark = !edge ? ground : wrong ? between(rubbed, red, 0.35 + 0.65 * Math.abs(y)) : between(rubbed, blue, 0.3 + 0.7 * y);
          if (ground === grounds[j] && mark === marks[j] && edge === edges[j]) continue;
          [grounds[j], marks[j], edges[j], changed] = [ground, mark, edge, true];
        }
        if (!changed) continue;
        drawRow(row);
        sheet.putImageData(image, 0, 0, 0, row * CELL, wide, CELL);
      }
    }
    function draw(context, colour) {
      const colours = ["ink", "paper", "faint", "blue", "red"].map(colour), [ink, paper, faint, , red] = colours;
      drawDots(colours);
      context.imageSmoothingEnabled = context.canvas.width < wide;
      context.drawImage(sheet.canvas, 0, 0, SIZE, SIZE);
      Object.assign(context, { strokeStyle: faint, lineWidth: 2 });
      context.strokeRect(1, 1, SIZE - 2, SIZE - 2);
      const words = hint();
      if (words) {
        Object.assign(context, { font: "600 19px system-ui, sans-serif", textAlign: "center", lineWidth: 6, strokeStyle: paper, fillStyle: ink, lineJoin: "round" });
        context.strokeText(words, SIZE / 2, SIZE - 16);
        context.fillText(words, SIZE / 2, SIZE - 16);
      }
      if (!canvas.focused()) return;
      const r = radius();
      Object.assign(context, { strokeStyle: red, lineWidth: 2.5 });
      context.strokeRect((pen.column - r) * cell, (pen.row - r) * cell, (2 * r + 1) * cell, (2 * r + 1) * cell);
    }
    return canvas;
  }

  // What the colours of the grid say.
  const key = part => part.text("key").append(...[["muted", " rubbed out  "], ["blue", " from the network  "], ["red", " wrong"]].flatMap(
    ([role, words]) => [Live.make("span", { textContent: "■", className: role, aria: { hidden: "true" } }), words]));

  return { life, ask, episode, told, fromHex, noise, rubTo, soon, thumbnail, grid, key };
})();
