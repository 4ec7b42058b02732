// An episode read twice: from a diary, line by line, and from the one sheet on which all of its lines are pressed.
"use strict";
Live.model("fast-evaluation", function* ({ numbers, stage }) {
  const { zeros, dot, random, told, thousands, clamp, make, mosaic, printed, piecewise, all } = Live;
  const { side: SIDE, eta, gain, inhibition, schedule } = numbers, N = SIDE * SIDE, PATTERNS = 5, ASKS = schedule.steps_test;
  const per = schedule.steps_on + schedule.steps_off, STEPS = PATTERNS * per + ASKS, LAST = STEPS - 1;
  const drawn = of => Float64Array.from(zeros(N), (_, i) => of(i % SIDE, Math.floor(i / SIDE)) ? 1 : -1), odd = (x, size) => Math.floor(x / size) % 2;
  const inks = {
    shapes: { // hardly alike: at random dots two of them would agree
      "the pillars": x => odd(x, 5),
      "the beams": (_, y) => odd(y, 5),
      "the checks": (x, y) => odd(x, 2) ^ odd(y, 2),
      "the quarters": (x, y) => odd(x, 10) ^ odd(y, 10),
      "the disc": (x, y) => (x - 9.5) ** 2 + (y - 9.5) ** 2 < 63.7,
    },
    letters: Object.fromEntries(Object.entries(numbers.letters).map(([name, bits]) => [`the ${name}`, (x, y) => bits[y * SIDE + x] === "1"])),
  };
  const sets = { shapes: {}, letters: {} };
  for (const [set, patterns] of Object.entries(inks)) for (const [name, of] of Object.entries(patterns)) { sets[set][name] = drawn(of); yield; }

  // -------------------------------------------------------------------------------------------------------------- the network
  // Every pattern is shown, and a blank follows; then the cue. What is shown, and which units it holds, step by step.
  function schedulePlan(patterns, asked, erased) {
    const plan = [], add = (steps, given, held, k) => { while (steps--) plan.push({ given, held, k }); };
    patterns.forEach((pattern, k) => { add(schedule.steps_on, pattern, () => true, k); add(schedule.steps_off, zeros(N), () => false, null); });
    add(ASKS, patterns[asked].map((bit, j) => erased[j] ? 0 : bit), j => !erased[j], null);
    return plan;
  }
  // A line of the diary for each step s: what was there, y(s-1), and what came next, y(s).
  const silence = zeros(N), key = (states, s) => s ? states[s - 1] : silence;
  const left = (s, t) => (1 - eta) ** (t - 1 - s); // the share of what s wrote that t finds
  const compare = (states, t) => states.slice(0, t).map((_, s) => s ? dot(states[t - 1], states[s - 1]) / N : 0);
  // What a step hears from the diary: each line calls up what came next in it, as loudly as the present resembles what was there.
  function fromDiary(states, t, torn = new Set()) {
    const sum = zeros(N);
    compare(states, t).forEach((alike, s) => {
      const pull = torn.has(s) ? 0 : gain * eta * alike * left(s, t), next = states[s];
      for (let j = 0; j < N; j++) sum[j] += pull * next[j];
    });
    return sum;
  }
  const row = (sheet, before, next, at) => { for (let j = 0; j < N; j++, at++) sheet[at] = (1 - eta) * sheet[at] + before * next[j]; };
  // The sheet: H_ij = sum over lines of eta y_i(s-1) y_j(s), faded; built line by line, and read by a product.
  function* press(states, t, torn = new Set()) {
    const sheet = zeros(N * N);
    yield Live.rest;
    for (let s = 1; s < t; s++) {
      const [was, next] = [states[s - 1], states[s]], weight = torn.has(s) ? 0 : eta;
      for (let i = 0; i < N; i++) {
        row(sheet, weight * was[i], next, i * N);
        if (i % 50 === 49) yield;
      }
    }
    return sheet;
  }
  const fromSheet = (sheet, y) => Live.addProduct(zeros(N), y, sheet).map(sum => gain / N * sum);
  function answer(present, heard, { given, held }) {
    return given.map((x, j) => held(j) ? x : Math.tanh(x - inhibition * present[j] + heard[j]));
  }
  function* run(plan, torn) {
    const states = [];
    for (const [t, step] of plan.entries()) {
      states.push(answer(key(states, t), fromDiary(states, t, torn), step));
      yield;
    }
    return states;
  }

  // ----------------------------------------------------------------------------------------------------------- what is asked
  const chance = random(numbers.seed), thresholds = Array.from({ length: N }, () => chance());
  const erasedOf = share => thresholds.map(threshold => threshold < share);
  const how = { set: "shapes", asked: 1, share: 0.5, t: LAST, torn: new Set(), line: 0, sheet: false };
  let plan, states, sheet, some, heard, at = how, version = 0, lived = -1; // at: how it was asked for what is seen
  const patterns = () => Object.values(sets[at.set]), names = () => Object.keys(sets[at.set]);

  // Live the episode again, if it is another one, and look at a step of it: from the diary or, if that is asked for, the sheet.
  function* steps() {
    const asked = { ...how, torn: new Set(how.torn) }, now = version, seen = { at: asked, plan, states, sheet: null, now };
    if (lived !== now) {
      seen.plan = schedulePlan(Object.values(sets[asked.set]), asked.asked, erasedOf(asked.share));
      seen.states = yield* run(seen.plan, asked.torn);
    }
    if (asked.sheet) {
      seen.sheet = yield* press(seen.states, asked.t, asked.torn);
      seen.some = yield* thinned(seen.sheet);
      yield Live.rest;
      picture_of_sheet(seen.some, palette(role => stage.colour(role)));
      yield Live.rest;
    }
    seen.heard = fromDiary(seen.states, asked.t, asked.torn);
    yield;
    for (const y of [silence, ...seen.states]) { // each is drawn once
      picture_of(y, palette(role => stage.colour(role)));
      yield;
    }
    return seen;
  }
  const take = seen => { ({ at, plan, states, sheet, some, heard, now: lived } = seen); show(); };
  const look = piecewise(steps, take), live = () => { version++; look(); };
  const tear = lines => {
    const all = lines.every(s => how.torn.has(s));
    lines.forEach(s => { if (all) how.torn.delete(s); else how.torn.add(s); });
    live();
  };
  const kind = t => t >= PATTERNS * per ? "the cue" : t % per < schedule.steps_on ? "a picture" : "blank";
  const shownAt = k => [...Array(STEPS).keys()].filter(s => s % per && Math.floor(s / per) === k && s < PATTERNS * per); // lines in which pattern k was there

  // ------------------------------------------------------------------------------------------------------------ what is seen
  // The lines stand side by side, on a phone in two rows: each a column of what was there, a bar, and what came next.
  const LINES = STEPS - 1, EACH = 720 / LINES, THUMB = EACH * 5 / 6, phone = matchMedia("(max-width: 639px)");
  let per_row, ONE, ZERO, BELOW, HIGH;
  function arrange() {
    [per_row, ONE] = phone.matches ? [Math.ceil(LINES / 2), 24] : [LINES, 52];
    ZERO = THUMB + 15 + ONE;
    BELOW = ZERO + (phone.matches ? 12 : 20);
    HIGH = BELOW + THUMB + (phone.matches ? 18 : 27);
    return [per_row * EACH, HIGH * Math.ceil(LINES / per_row)];
  }
  const corner = s => [s % per_row * EACH + 2, Math.floor(s / per_row) * HIGH];
  const shade = (seen, y) => y >= 0 ? [seen.blue, y] : [seen.faint, -0.25 * y];
  const palette = colour => ({ blue: colour("blue"), faint: colour("faint"), red: colour("red"), purple: colour("purple"), ink: colour("ink"), muted: colour("muted") });
  const picture_of = (y, seen) => printed(y, seen.blue + seen.faint, [SIDE, SIDE], i => shade(seen, y[i]));
  function tile(context, seen, y, [left, top, wide, high], opacity = 1) {
    Object.assign(context, { imageSmoothingEnabled: false, globalAlpha: opacity });
    context.drawImage(picture_of(y, seen), left, top, wide, high);
    Object.assign(context, { globalAlpha: 1, strokeStyle: seen.faint, lineWidth: 1 });
    context.strokeRect(left, top, wide, high);
  }
  const writing = across => `${Math.round(13 * clamp(per_row * EACH / across, 1, 2))}px`; // 13 pixels of the page, where there is room
  function drawDiary(context, colour) {
    const seen = palette(colour), alike = compare(states, at.t), font = writing(context.canvas.width / (window.devicePixelRatio || 1));
    if (at.sheet) { drawSheet(context, seen); return; }
    Object.assign(context, { textAlign: "center", font: `${font} system-ui, sans-serif` });
    const loud = alike.map((value, s) => clamp(0.12 + Math.abs(value) * left(s, at.t), 0, 1));
    for (let s = 0; s < LINES; s++) {
      const [x, y] = corner(s), written = s < at.t, gone = at.torn.has(s), weight = written ? alike[s] * left(s, at.t) : 0;
      if (written) {
        tile(context, seen, key(states, s), [x, y + 4, THUMB, THUMB], gone ? 0.25 : 1);
        tile(context, seen, states[s], [x, y + BELOW, THUMB, THUMB], gone ? 0.1 : loud[s]);
        [[alike[s], 0.35, THUMB], [weight, 1, THUMB * 0.5]].forEach(([value, opacity, width]) => {
          Object.assign(context, { globalAlpha: gone ? 0.15 : opacity, fillStyle: seen.blue });
          context.fillRect(x + (THUMB - width) / 2, y + ZERO - Math.max(0, value) * ONE, width, value > 0 ? value * ONE : Math.min(-value * ONE, BELOW - ZERO - 2));
        });
        context.globalAlpha = 1;
      }
      if (gone) {
        Object.assign(context, { strokeStyle: seen.red, lineWidth: 2.5 });
        context.beginPath();
        context.moveTo(x + THUMB / 2, y + 4);
        context.lineTo(x + THUMB / 2, y + BELOW + THUMB);
        context.stroke();
      }
      if (s === how.line && diary.focused()) {
        Object.assign(context, { strokeStyle: seen.ink, lineWidth: 3 });
        context.strokeRect(x - 1, y + 3, THUMB + 2, BELOW + THUMB);
      }
      context.fillStyle = seen.muted;
      if (s % 5 === 4 || !s) context.fillText(s + 1, x + THUMB / 2, y + HIGH - 3);
    }
    Object.assign(context, { strokeStyle: seen.ink, lineWidth: 1 });
    context.beginPath();
    for (let first = 0; first < LINES; first += per_row) {
      context.moveTo(0, corner(first)[1] + ZERO);
      context.lineTo(per_row * EACH, corner(first)[1] + ZERO);
    }
    context.stroke();
  }
  // Every fourth unit of the sheet, and its picture.
  const QUARTER = N / 4;
  function* thinned(sheet) {
    const some = zeros(QUARTER ** 2);
    let most = 1e-9;
    for (let i = 0, k = 0; i < QUARTER; i++) {
      for (let j = 0; j < QUARTER; j++, k++) most = Math.max(most, Math.abs(some[k] = sheet[4 * (i * N + j)]));
      if (i % 10 === 9) yield;
    }
    return some.map(value => value / most);
  }
  const picture_of_sheet = (some, seen) => printed(some, seen.blue + seen.purple, [QUARTER, QUARTER], k => some[k] > 0 ? [seen.blue, some[k]] : [seen.purple, -some[k]]);
  function drawSheet(context, seen) {
    const size = HIGH * Math.ceil(LINES / per_row) - 4;
    context.imageSmoothingEnabled = false;
    context.drawImage(picture_of_sheet(some, seen), 2, 2, size, size);
    Object.assign(context, { strokeStyle: seen.faint, lineWidth: 1 });
    context.strokeRect(2, 2, size, size);
  }
  const drawPresent = (context, colour) => tile(context, palette(colour), key(states, at.t), [1, 1, 118, 118]);
  function drawAnswer(context, colour) { // red: an erased dot that has the wrong sign
    const seen = palette(colour), y = states[at.t], wanted = patterns()[at.asked], asking = at.t >= PATTERNS * per;
    tile(context, seen, y, [1, 1, 118, 118]);
    if (asking) mosaic(context, [SIDE, SIDE], i => [seen.red, wrong(i, y, wanted) ? 0.9 : 0], [1, 1, 118, 118]);
  }
  const wrong = (i, y, wanted) => thresholds[i] < at.share && y[i] * wanted[i] <= 0;

  // ------------------------------------------------------------------------------------------------------------ what it says
  const range = lines => lines.length < 2 ? `line ${lines[0] + 1}` : `lines ${lines[0] + 1} to ${lines[lines.length - 1] + 1}`;
  function sentence() {
    const { t, torn } = at, { k } = plan[t], alike = compare(states, t), asking = t >= PATTERNS * per, name = names()[at.asked];
    const numbersOf = `${t} lines of ${2 * N} numbers instead of a sheet of ${thousands(N * N)}`;
    if (k !== null) return `In step ${t + 1} what is shown holds every unit: nothing is read, and a line is written.`;
    if (at.sheet) {
      const apart = fromSheet(sheet, key(states, t)).reduce((most, x, j) => Math.max(most, Math.abs(x - heard[j])), 0);
      return `The sheet has ${N} by ${N} numbers (every fourth is shown), and no line can be told in it. Multiplied by the present, it answers the same: its ${N} sums are those of the diary, to ${Math.floor(-Math.log10(apart || 1e-16))} decimals.`;
    }
    const pull = names().map((_, k) => states.slice(0, t).reduce((sum, _, s) => sum + (plan[s].k === k && !torn.has(s) ? gain * eta * alike[s] * left(s, t) : 0), 0));
    const best = pull.indexOf(Math.max(...pull)), lines = shownAt(best).filter(s => s < t && !torn.has(s)), strongest = lines.reduce((a, b) => alike[b] > alike[a] ? b : a, lines[0]);
    const why = lines.length ? `The present resembles ${range(lines)} most (${told(alike[strongest])}), and what came next there: ${names()[best]}` : "No line resembles the present";
    if (!asking) return `A blank step: nothing is shown, and the last state rings on. ${why}.`;
    const count = thresholds.reduce((sum, _, i) => sum + wrong(i, states[t], patterns()[at.asked]), 0), of = thresholds.filter(x => x < at.share).length;
    const end = `Of ${of} erased dots ${count} ${count === 1 ? "is" : "are"} wrong`, lost = shownAt(at.asked).filter(s => torn.has(s)).length;
    if (t < LAST && count) return `${why}. ${end} so far: each answer asks the next question.`;
    if (!count) return `${why}. ${end}: that is the answer, from ${numbersOf}.`;
    const had = shownAt(at.asked).length;
    if (lost && lost < had) return `${had - lost} of the ${had} lines of ${name} ${had - lost > 1 ? "are" : "is"} left, and answer${had - lost > 1 ? "" : "s"} more weakly. ${end}.`;
    if (lost) return `You tore out ${lost} ${lost > 1 ? "lines" : "line"} of ${name}: what is gone from the diary is gone from the sheet. The present still resembles those moments (${told(Math.max(...shownAt(at.asked).map(s => alike[s])))}), but nothing says any more what came next. ${end}.`;
    const rival = Math.max(...pull.filter((_, other) => other !== at.asked));
    if (at.set === "letters") return `${end}: letters resemble each other, so the present resembles all lines. Those of ${name} call with ${told(pull[at.asked])}, those of the next letter with ${told(rival)}.`;
    return `${end}: with ${Math.round(100 * at.share)} % erased the present resembles the lines of ${name} too little: they call with ${told(pull[at.asked])}, the next with ${told(rival)}.`;
  }
  function show() {
    [present, reply, diary].forEach(canvas => canvas.redraw());
    const alike = compare(states, at.t), top = alike.map((value, s) => [value, s]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    diary.say(`${DIARY} Most alike: ${top.map(([value, s]) => `line ${s + 1}, ${told(value)}`).join("; ")}`);
    words.textContent = at.sheet ? "All lines, one over the other:" : "What was there, how much the present resembles it, and what came next:";
    mend.disabled = !how.torn.size;
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  yield;
  const DIARY = "The diary. Arrow keys choose a line, Enter tears it out or puts it back.";
  stage.lead("Press “Tear out its lines”, and see what it cannot answer any more.");
  yield;
  const picture = stage.part("picture wide"), left1 = stage.part("panel"), right = stage.part("panel"), verdict = stage.verdict();
  const pair = picture.part("pair"), [first, second] = [pair.part("tile"), pair.part("tile")];
  first.text("state", "The present");
  const present = first.canvas("The present: the state that asks", [120, 120], drawPresent);
  second.text("state", "hears").append(" ", make("span", { textContent: "■", className: "red", aria: { hidden: "true" } }), " wrong");
  const reply = second.canvas("The answer: the next state", [120, 120], drawAnswer);
  const words = picture.text("state"), choose = by => () => { how.line = clamp(how.line + by, 0, LINES - 1); stage.say(`line ${how.line + 1}${how.torn.has(how.line) ? ", torn out" : ""}`); diary.redraw(); };
  const diary = picture.canvas(DIARY, arrange(), drawDiary, {
    keys: { ArrowLeft: choose(-1), ArrowRight: choose(1), Enter: () => tear([how.line]) },
    pointer: { tap: ({ x, y }) => {
      if (how.sheet) return;
      how.line = clamp(Math.floor(y / HIGH) * per_row + clamp(Math.floor(x / EACH), 0, per_row - 1), 0, LINES - 1);
      tear([how.line]);
    } },
  });
  phone.addEventListener("change", () => { diary.resize(arrange()); diary.redraw(); });
  yield;
  left1.slider("step", { min: 2, max: STEPS, step: 1, value: how.t + 1, say: k => `${k}: ${kind(k - 1)}` }, k => { how.t = k - 1; look(); });
  left1.slider("erased of the cue", { min: 0, max: 0.95, step: 0.05, value: how.share, say: share => `${Math.round(100 * share)} %` }, share => { how.share = share; live(); });
  yield;
  right.choice("Ask", names().map((_, k) => [k, String(k + 1)]), k => { how.asked = +k; live(); }, how.asked);
  right.choice("Shown", [["shapes", "shapes"], ["letters", "letters"]], value => { how.set = value; live(); });
  yield;
  const acts = left1.part("line");
  acts.button("Tear out its lines", () => tear(shownAt(how.asked)));
  const mend = acts.button("Mend", () => { how.torn.clear(); live(); });
  right.toggle("the sheet instead of the diary", on => { how.sheet = on; look(); });
  yield;
  yield* Live.fonts(writing(diary.element.clientWidth));
  yield Live.rest;
  take(yield* steps());
  return { sets, plan: schedulePlan, run: (...given) => all(run(...given)), press: (...given) => all(press(...given)), compare, fromDiary, fromSheet, key, erased: erasedOf, now: () => ({ how, sheet }) };
});
