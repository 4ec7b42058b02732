// Eight neurons that the reader raises, before a photograph or in a drum of stripes, by one of three rules, until they are grown.
"use strict";
Live.model("learning-rules", function* ({ numbers, stage }) {
  const { zeros, dot, unpack, piecewise, soon, random, told, clamp, make, calm, mosaic } = Live, { size: SIZE, step: APART, flat: FLAT, batch: BATCH } = numbers;
  const UNITS = 8, N = SIZE * SIZE, TURN = Math.PI / 180;

  // ------------------------------------------------------------------------------------------------------- what they are shown
  // A piece without its mean, and of length one; null if it is flat.
  function ready(piece, flat = 0) {
    const mean = piece.reduce((a, b) => a + b) / N, rest = piece.map(x => x - mean), length = Math.sqrt(dot(rest, rest));
    return Math.max(...rest.map(Math.abs)) > flat ? rest.map(x => x / length) : null;
  }
  // All pieces of a photograph, with the places of their corners.
  function* cut({ grey, rows, columns }) {
    const found = [];
    for (let row = 0; row + SIZE <= rows; row += APART) {
      for (let column = 0; column + SIZE <= columns; column += APART) {
        const piece = ready(zeros(N).map((_, k) => grey[(row + Math.floor(k / SIZE)) * columns + column + k % SIZE]), FLAT);
        if (piece) found.push({ piece, row, column });
      }
      yield;
    }
    return found;
  }
  // A piece of the drum: stripes along an angle, a phase and so many waves across it. Across them lies x sin + y cos.
  function across(angle) {
    const sine = Math.sin(angle * TURN), cosine = Math.cos(angle * TURN), middle = (SIZE - 1) / 2;
    return zeros(N).map((_, k) => ((k % SIZE - middle) * sine + (Math.floor(k / SIZE) - middle) * cosine) / SIZE);
  }
  const stripes = (angle, phase, waves) => ready(across(angle).map(x => Math.cos(2 * Math.PI * (waves * x + phase))));

  // --------------------------------------------------------------------------------------------------------------- the rules
  // All are Δw = η (mean of y x - what is taken off), with u = x · w: the mean over the pieces of a step.
  function learn(rule, w, pieces, rate) {
    const seen = w.map(() => zeros(N)), products = w.map(() => zeros(UNITS)), won = zeros(UNITS);
    for (const x of pieces) {
      const u = w.map(one => dot(one, x)), best = u.indexOf(Math.max(...u));
      const y = rule === "compete" ? u.map((_, j) => (j === best ? 1 : 0)) : u;
      won[best]++;
      y.forEach((out, j) => {
        if (out === 0) return;
        for (let i = 0; i < N; i++) seen[j][i] += out * x[i] / pieces.length;
        for (let k = 0; k < UNITS; k++) products[j][k] += out * y[k] / pieces.length;
      });
    }
    const off = { // by how much of the weights of unit k those of unit j shrink
      oja: (j, k) => (k === j ? products[j][j] : 0),
      sanger: (j, k) => (k <= j ? products[j][k] : 0),
      compete: (j, k) => (k === j ? products[j][j] : 0), // y is 1 or 0, and its own square
    }[rule];
    const before = w.map(one => one.slice());
    w.forEach((one, j) => before.forEach((other, k) => {
      const share = off(j, k);
      if (share) for (let i = 0; i < N; i++) one[i] -= rate * share * other[i];
    }));
    w.forEach((one, j) => { for (let i = 0; i < N; i++) one[i] += rate * seen[j][i]; });
    return won;
  }
  // How many directions there are among the weights: (Σ λ)² / Σ λ², of vectors made equally long.
  function directions(w) {
    const lengths = w.map(one => Math.sqrt(dot(one, one))), all = w.flatMap((a, j) => w.map((b, k) => dot(a, b) / lengths[j] / lengths[k]));
    return UNITS ** 2 / all.reduce((sum, cosine) => sum + cosine ** 2, 0);
  }
  // The angle of the stripes that a field answers to most, in steps of 5 degrees.
  const waves = [];
  function* prepare() {
    while (waves.length < 36) {
      const along = across(5 * waves.length);
      waves.push(numbers.waves.map(many => [Math.cos, Math.sin].map(f => along.map(x => f(2 * Math.PI * many * x)))));
      yield;
    }
  }
  function orientation(field) {
    const power = waves.map(angle => Math.max(...angle.map(([even, odd]) => dot(field, even) ** 2 + dot(field, odd) ** 2)));
    return 5 * power.indexOf(Math.max(...power));
  }
  const apart = (a, b) => Math.abs((a - b + 270) % 180 - 90); // of two orientations, in degrees

  // ------------------------------------------------------------------------------------------------------------- a life of them
  yield;
  const photograph = { grey: unpack(numbers.photograph), rows: numbers.photograph.shape[0], columns: numbers.photograph.shape[1] };
  yield;
  const chance = random();
  let w, won, lived, angles = null, busy = false, rule = "oja", place = "photograph", picture = photograph, pieces = [], seen = [], drum = 90, young = 1, turned = 0;
  const normal = () => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  function born() {
    [w, won, lived, turned, seen] = [Array.from({ length: UNITS }, () => zeros(N).map(() => 0.1 * normal())), zeros(UNITS), 0, 0, []];
  }
  function live() {
    const drawn = () => (place === "drum" ? { piece: stripes(drum, chance(), 1 + 1.5 * chance()) } : pieces[Math.floor(chance() * pieces.length)]);
    if (place !== "drum" && !pieces.length) return;
    seen = Array.from({ length: BATCH }, drawn);
    const wins = learn(rule, w, seen.map(one => one.piece), numbers.rates[rule] * young);
    won = won.map((n, j) => n + wins[j]);
    lived++;
  }

  // ------------------------------------------------------------------------------------------------------------ what is shown
  const FIELD = 80, GAP = 8, WORLD = [320, 212];
  function drawFields(context, colour) {
    if (!angles) return; // nothing is there yet
    const [plus, minus] = ["purple", "green"].map(colour);
    w.forEach((field, j) => {
      const x = j % 4 * (FIELD + GAP), y = Math.floor(j / 4) * (FIELD + 36), angle = angles[j] * TURN, largest = Math.max(...field.map(Math.abs));
      mosaic(context, [SIZE, SIZE], i => [field[i] > 0 ? plus : minus, Math.abs(field[i]) / largest], [x, y, FIELD, FIELD]);
      Object.assign(context, { strokeStyle: colour("ink"), lineWidth: 3, lineCap: "round" });
      context.beginPath(); // the stripes that it answers to
      context.moveTo(x + FIELD / 2 - 12 * Math.cos(angle), y + FIELD + 16 + 12 * Math.sin(angle));
      context.lineTo(x + FIELD / 2 + 12 * Math.cos(angle), y + FIELD + 16 - 12 * Math.sin(angle));
      context.stroke();
    });
  }
  const printed = new WeakMap(); // photographs as canvases
  function print({ grey, rows, columns }) {
    const paper = make("canvas", { width: columns, height: rows }), pen = paper.getContext("2d"), image = pen.createImageData(columns, rows);
    for (let k = 0; k < grey.length; k++) {
      image.data.fill(Math.round(127.5 * (grey[k] + 1)), 4 * k, 4 * k + 3);
      image.data[4 * k + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    return paper;
  }
  function drawWorld(context, colour) {
    const [wide, high] = WORLD, middle = [wide / 2, high / 2], radius = high / 2 - 14;
    if (place !== "drum") {
      const { rows, columns } = picture, scale = Math.min(wide / columns, high / rows);
      if (!printed.has(picture)) printed.set(picture, print(picture));
      context.drawImage(printed.get(picture), 0, 0, columns * scale, rows * scale);
      Object.assign(context, { strokeStyle: colour("purple"), lineWidth: 2 });
      if (!clock.playing) seen.forEach(one => "row" in one && context.strokeRect(one.column * scale, one.row * scale, SIZE * scale, SIZE * scale));
      return;
    }
    context.save();
    context.translate(...middle);
    context.rotate(-drum * TURN);
    context.beginPath();
    context.arc(0, 0, radius, 0, 7);
    Object.assign(context, { strokeStyle: colour("ink"), fillStyle: colour("ink"), lineWidth: 2 });
    context.stroke();
    context.save();
    context.clip();
    for (let y = -radius; y < radius; y += 24) context.fillRect(-radius, y, 2 * radius, 12);
    context.restore();
    [-1, 1].forEach(end => { // the handles
      Object.assign(context, { fillStyle: colour(world.focused() ? "blue" : "paper"), strokeStyle: colour("blue"), lineWidth: 4 });
      context.beginPath();
      context.arc(end * radius, 0, 12, 0, 7);
      context.fill();
      context.stroke();
    });
    context.restore();
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  stage.lead("Choose a rule, and watch eight neurons grow up.");
  const left = stage.part("picture"), right = stage.part("panel"), verdict = stage.verdict(), panel = stage.part("panel wide halves"), choices = panel.part("panel"), times = panel.part("panel");
  const fields = left.canvas("The fields of eight neurons", [4 * FIELD + 3 * GAP, 2 * FIELD + 66], drawFields);
  const turn = angle => {
    const to = (Math.round(angle) % 180 + 180) % 180;
    if (to === drum) return;
    turned += apart(to, drum);
    drum = to;
    world.redraw();
    stage.say(`stripes at ${drum} degrees`);
    grow();
  };
  const turning = by => () => (place === "drum" ? turn(drum + by) : enter("drum"));
  const pull = ({ x, y }) => turn(Math.atan2(WORLD[1] / 2 - y, x - WORLD[0] / 2) / TURN);
  const world = right.canvas("What they see. Left and right arrow turn the drum.", WORLD, drawWorld, {
    keys: { ArrowLeft: turning(10), ArrowRight: turning(-10) },
    pointer: { grabs: () => place === "drum", handle: ({ x, y }) => place === "drum" && Math.abs(Math.hypot(x - WORLD[0] / 2, y - WORLD[1] / 2) - (WORLD[1] / 2 - 14)) < 22, down: pull, move: pull },
  });
  yield;
  choices.choice("Rule", [["oja", "Oja"], ["sanger", "Sanger"], ["compete", "compete"]], to => { rule = to; born(); grow(); });
  const places = choices.choice("They see", [["photograph", "a photo"], ["drum", "a drum"]], to => enter(to));
  const file = choices.add(make("input", { type: "file", accept: "image/*", hidden: true, aria: { label: "Your own photograph" } }));
  const clock = times.clock({ step: live, shown: () => show(), speeds: [5, 60, 300, 600], speed: 2, what: "of their lives" });
  const age = times.slider("age", { min: 0, max: 1, step: 0.05, value: 0, say: a => `${a < 1 ? (a ? "growing up" : "young") : "adult"}: learning rate × ${told(1 - a)}` },
    a => { young = 1 - a; turned = 0; grow(); });
  yield;
  const line = choices.part("line");
  line.button("Newborn again", () => { born(); age.set(0); young = 1; grow(); });
  line.button("Your own photo", () => file.click());
  file.addEventListener("change", () => {
    const [chosen] = file.files;
    if (!chosen) return;
    createImageBitmap(chosen).then(open, () => verdict("That file holds no picture that this browser can read."));
    file.value = ""; // the same file may be chosen again
  });

  // A picture of the reader's own, 160 pixels wide as the temple; it stays in the page.
  function open(bitmap) {
    const columns = photograph.columns, rows = clamp(Math.round(bitmap.height * columns / bitmap.width), 40, 240);
    const pen = make("canvas", { width: columns, height: rows }).getContext("2d");
    pen.fillStyle = "white"; // what is clear
    pen.fillRect(0, 0, columns, rows);
    pen.drawImage(bitmap, 0, 0, columns, rows);
    const { data } = pen.getImageData(0, 0, columns, rows);
    picture = { grey: zeros(rows * columns).map((_, k) => (data[4 * k] + data[4 * k + 1] + data[4 * k + 2]) / 382.5 - 1), rows, columns };
    enter("photograph");
  }
  const load = piecewise(function* () { yield* prepare(); return yield* cut(picture); }, found => { pieces = found; if (lived) grow(); else rush(); });
  function enter(to) {
    place = to;
    turned = 0;
    places.set(to);
    world.redraw();
    if (to === "photograph") load(); else grow();
  }
  // Some of their life at once, for those who want no motion; else it is played.
  const rush = piecewise(function* () { busy = true; for (let k = 0; k < 400; k++) { live(); yield; } }, () => { busy = false; show(); });
  const grow = () => { if (calm()) rush(); else clock.play(); soon(show); };
  let saidAt = 0, later;
  function show() {
    angles = w.map(orientation);
    fields.redraw();
    clearTimeout(later);
    if (clock.playing && performance.now() - saidAt < 250) { // words change four times a second
      later = setTimeout(show, 250);
      return;
    }
    saidAt = performance.now();
    if (!clock.playing) world.redraw();
    verdict(sentence());
    fields.say(`The fields of eight neurons. They answer most to stripes at ${angles.join(", ")} degrees`);
  }
  function sentence() {
    const n = directions(w), many = n < 1.5 ? "one field, up to its sign" : `about ${Math.round(n)} different fields`, like = angles.filter(angle => apart(angle, drum) <= 10).length;
    const idle = rule === "compete" ? won.filter(n => !n).length : 0, noise = idle ? ` ${idle} never won, and ${idle > 1 ? "are" : "is"} as at birth.` : "";
    if (place !== "drum" && !pieces.length) return "That picture is too flat: no piece of it has contrast enough.";
    if (!young) return turned ? `Adult: the learning rate is 0. You turned the drum by ${turned}°, and no weight moved: ${like} of 8 prefer its stripes.`
      : "Adult: the learning rate is 0, and nothing that they see changes them any more.";
    if (place === "drum") return `Stripes at ${drum}°: ${like} of 8 prefer them.${noise} ` + (young < 0.3 ? "They hardly learn any more." : "Turn the drum, and they follow, as long as they are young.");
    return {
      oja: n < 1.5 ? `Eight neurons, ${many}: by Oja's rule each learns the same. Nothing tells them of each other.` : `Eight neurons, ${many}, at birth by chance: by Oja's rule they become one.`,
      sanger: `Eight neurons, ${many}: each learns what those before it leave over. For that, it must know their weights.`,
      compete: `Eight neurons, ${many}: the one that answers most learns, alone. So they share the pieces out.${noise}`,
    }[rule];
  }
  born();
  load();
  return { ready, cut, prepare, stripes, learn, directions, orientation, photograph, turn, enter, live: steps => { while (steps--) live(); show(); },
    now: () => ({ w, rule, place, drum, young, lived, busy, pieces: pieces.length, playing: clock.playing }) };
});
