// Your own drawings, shown once each to the network of three numbers; and what other numbers would do.
// needs dots
"use strict";
Live.model("differentiable-plasticity", function* ({ numbers, stage }) {
  const { random, inPieces, piecewise, all: whole, told: number } = Live, { trained, weak, tried, schedule, side, letters } = numbers, N = side * side, MOST = 5;
  const { life, ask, episode, told, fromHex, noise, rubTo, soon, thumbnail, grid, key } = Live.dots;
  const settings = tried.eta.flatMap(eta => tried.gain.flatMap(gain => tried.inhibition.map(inhibition => ({ eta, gain, inhibition }))));

  // ------------------------------------------------------------------------------------------------------------- the network
  const chance = random(1), erased = new Float64Array(N), three = { ...trained };
  let patterns = [], asked = 0, mode = "rub", version = 0, all, seen = null, moment = null, found = null, searching = null;
  const kept = {};
  function* lived(name, numbers) { // what was shown stays as it is, as long as it is the same: only the cue is new
    const now = version;
    if (kept[name]?.version !== now) kept[name] = { version: now, ...(yield* life(patterns, numbers, schedule)) };
    return kept[name];
  }
  function* asking() {
    if (!patterns.length) return { all: { states: [new Float64Array(N)], source: [null] }, seen: { pull: [], count: 0 } };
    const given = erased.slice(), used = { ...three }, states = yield* ask(yield* lived("own", used), patterns[asked], given, used, schedule);
    yield;
    const was = told(patterns, asked, given, used, states), other = Object.keys(weak).some(key => used[key] !== weak[key]);
    yield;
    if (was.wrong && other) { // what one weak gain would make of it
      was.plain = told(patterns, asked, given, weak, yield* ask(yield* lived("weak", weak), patterns[asked], given, weak, schedule)).wrong;
    }
    return { all: states, seen: was };
  }
  const work = piecewise(asking, was => { ({ all, seen } = was); show(); });
  function answer() {
    if (searching) { searching(); stage.quiet(false); }
    [moment, found, searching] = [null, null, null];
    work();
  }
  // Another picture is shown or asked for: what was seen before says nothing of it.
  function askAnew() { seen = null; answer(); work.afresh(); }
  function showAll() { version++; small.forEach(one => one.draw()); askAnew(); }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  yield;
  stage.lead("Press “One weak gain”, and look at the wrong dots.");
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict(), low = stage.part("panel numbers wide");
  const later = soon(() => answer());
  const cue = () => patterns.length * (schedule.steps_on + schedule.steps_off), at = () => moment ?? all.states.length - 1;
  const paper = grid(picture, side, {
    label: `The picture, ${side} by ${side} dots. Arrow keys move the pen, the space bar draws or rubs out.`,
    radius: () => mode === "draw" ? 1 : 2,
    dab(dots) {
      if (!patterns.length) newDrawing();
      if (mode === "draw") { dots.forEach(j => { patterns[asked][j] = 1; }); paper.redraw(); return; }
      dots.forEach(j => { erased[j] = 1; });
      later.ask();
    },
    lift() { if (mode === "draw") showAll(); else later.now(); },
    look(j) {
      if (!patterns.length) return { given: true, y: -1 };
      if (mode === "draw" || !seen) return { given: true, y: patterns[asked][j] };
      const y = all.states[at()][j], given = at() < cue() ? all.source[at()] !== null : !erased[j];
      return { given, y, wrong: at() >= cue() && !given && Math.sign(y) !== patterns[asked][j] };
    },
    hint: () => !patterns.length || mode === "draw" && !patterns[asked].includes(1) ? "draw here" : "",
  });
  yield;
  key(picture);
  const steps = picture.slider("step", { min: 0, max: 1, step: 1, value: 0, say: name }, t => { moment = t; show(); });
  function name(t) {
    if (!patterns.length) return "nothing was shown";
    const per = schedule.steps_on + schedule.steps_off, k = Math.floor(t / per);
    return t >= cue() ? `cue, ${t - cue() + 1} of ${schedule.steps_test}` : t % per < schedule.steps_on ? `picture ${k + 1}, ${t % per + 1} of ${schedule.steps_on}` : "pause";
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  const line = panel.part("line");
  const main = line.button("", () => { if (mode === "draw") rub(); else newDrawing(); }, { main: true });
  const written = text => [...text].map(letter => fromHex(letters[letter], N));
  yield;
  line.button("Y E S", () => begin(written("YES"), 0));
  line.button("A to E", () => begin(written("ABCDE"), 2));
  line.button("5 random", () => begin([0, 1, 2, 3, 4].map(() => noise(N, chance)), 1));
  line.button("Forget all", () => begin([], 0));
  yield;
  const shown = panel.part("shown"), small = [0, 1, 2, 3, 4].map(k => thumbnail(stage, side, () => patterns[k] ?? []));
  yield;
  panel.text("heading", "How hard each memory pulls");
  const bars = panel.bars("How hard each memory pulls", [1, 2, 3, 4, 5].map(String));
  yield;
  const share = panel.slider("rubbed out", { min: 0, max: 95, step: 1, value: 50, say: x => `${Math.round(x)} %` }, x => {
    leave();
    rubTo(erased, Math.round(x / 100 * N), chance);
    answer();
  });
  const three_of = (name, words, max) => low.slider(words, { min: 0, max, value: trained[name], say: x => String(+x.toPrecision(3)) }, x => { three[name] = x; leave(); version++; answer(); });
  yield;
  const sliders = { eta: three_of("eta", "η, rate of writing", 0.06), gain: three_of("gain", "a, gain on memories", 200), inhibition: three_of("inhibition", "c, self-inhibition", 2) };
  yield;
  const presets = low.part("line");
  const set = given => { Object.assign(three, given); Object.entries(sliders).forEach(([name, slider]) => slider.set(three[name])); };
  const use = given => { set(given); leave(); showAll(); };
  presets.button("As trained", () => use(trained));
  presets.button("One weak gain", () => use(weak));
  presets.button("Plasticity off", () => use({ eta: 0 }));
  const search = presets.button(`Try ${settings.length} settings`, () => { leave(); answer(); best(); });

  function begin(given, which) {
    [patterns, asked, mode] = [given, which, "rub"];
    if (!erased.includes(1)) rubTo(erased, N / 2, chance);
    list();
    showAll();
  }
  function newDrawing() {
    patterns.push(new Float64Array(N).fill(-1));
    [asked, mode] = [patterns.length - 1, "draw"];
    erased.fill(0);
    paper.grab();
    list();
    showAll();
  }
  // From drawing to asking; what stayed empty is not kept.
  function leave() {
    if (mode !== "draw") return;
    mode = "rub";
    if (!patterns[asked].includes(1)) patterns.splice(asked, 1);
    asked = Math.max(0, Math.min(asked, patterns.length - 1));
    list();
    showAll();
  }
  function rub() { leave(); rubTo(erased, N / 2, chance); showAll(); }
  function list() {
    const focused = shown.element.contains(document.activeElement);
    shown.element.replaceChildren();
    if (!patterns.length) return;
    shown.choice("Shown once each; asked for", patterns.map((_, k) => [k, `picture ${k + 1}`, small[k].picture]), k => { leave(); asked = k; list(); askAnew(); }, asked);
    if (focused) shown.element.querySelector("input:checked").focus({ preventScroll: true });
  }
  // Try all settings, a piece at a time: the page stays awake.
  function best() {
    const given = erased.slice();
    stage.quiet(true);
    searching = inPieces(function* () {
      let least = null, tried = 0;
      for (const setting of settings) {
        const { wrong } = told(patterns, asked, given, setting, yield* episode(patterns, asked, given, setting, schedule));
        tried++;
        if (!least || wrong < least.wrong) least = { wrong, ...setting };
        if (!wrong) break;
        if (tried % 10 === 0) verdict(`Tried ${tried} of ${settings.length} settings; the best so far has ${least.wrong} wrong.`);
        yield;
      }
      const { wrong, ...best } = least;
      set(best);
      version++;
      return { ...(yield* asking()), found: { wrong, tried } };
    }(), was => {
      ({ all, seen, found } = was);
      searching = null;
      stage.quiet(false);
      show();
    });
  }
  function show() {
    if (!seen) return;
    const empty = !patterns.length, last = all.states.length - 1;
    main.textContent = mode === "draw" ? "Now rub half of it out" : "Draw another";
    main.disabled = mode === "draw" ? !patterns[asked].includes(1) : patterns.length >= MOST;
    search.disabled = empty || mode === "draw" || !seen.count;
    steps.element.max = last;
    steps.set(at());
    share.set(100 * seen.count / N);
    [share, steps].forEach(({ element }) => { element.disabled = empty || mode === "draw"; });
    const most = Math.max(...seen.pull.map(Math.abs)) || 1; // the longest bar is full: a whisper has an order, too
    bars.set(seen.pull.map((value, k) => ({ value: value / most, text: number(value, Math.abs(value) < 0.1 ? 3 : 2), role: k === asked ? "blue" : value > seen.pull[asked] ? "red" : "muted", strong: k === asked })));
    paper.redraw();
    verdict(sentence());
  }
  const faint = size => String(+size.toPrecision(1));
  // What came out, and why, from this episode's own numbers.
  function sentence() {
    if (!patterns.length) return "Nothing is stored. Draw something: the network sees it once.";
    if (mode === "draw") return `It is picture ${asked + 1} of ${patterns.length}, shown once. Draw up to ${MOST}, and ask for any of them.`;
    const { pull, count, wrong, overlap, size, plain } = seen, own = pull[asked], rest = pull.reduce((a, b) => a + b, 0) - own, last = patterns.length - 1;
    if (!count) return "Nothing is rubbed out yet: rub over the picture, or use the slider.";
    if (at() < cue()) return "An earlier step: what is shown is being written. At its end stands the answer.";
    if (found) return found.wrong ? `No setting brings it back: the best of ${found.tried} still leaves ${found.wrong} of ${count} dots wrong. ` +
      `The pictures overlap by ${number(overlap)}; a number that multiplies all memories alike cannot tell them apart.`
      : `These numbers bring back all ${count} dots, at the ${found.tried}th try${size < 0.2 ? `; the answer is a whisper, ${faint(size)} of full size` : ""}.`;
    const loud = size < 0.2 ? `in a whisper, ${faint(size)} of full size` : `at ${number(size)} of full size`;
    if (!three.eta) return `Plasticity is off: nothing was written, and no memory pulls. ` +
      (!three.inhibition ? "The rubbed out dots are silent." : !last ? `One picture needs no memory, for it still rings: ${wrong} of ${count} dots are wrong. Show it another one.` : `What is left is the echo of the last picture: ${wrong} of ${count} dots are wrong.`);
    if (!wrong) return `All ${count} dots are back, ${loud}. Its memory pulls with ${number(own)}` + (last ? `, the other${last > 1 ? "s together" : ""} with ${number(rest)}.` : ".");
    const why = overlap > 0.1 ? `The pictures overlap by ${number(overlap)}, random ones by about 0, so the cue wakes them all: its own memory pulls with ${number(own)}, the others with ${number(rest)}.`
      : `Its own memory pulls with ${number(own)}, the last one, which still rings, with ${number(pull[last])}.`;
    return `${wrong} of ${count} dots are wrong. ${why}` + (plain === undefined ? "" : ` With one weak gain ${plain} would be wrong.`);
  }
  yield;
  rubTo(erased, N / 2, chance);
  yield;
  patterns = written("YES");
  yield;
  list();
  yield* Live.fonts("600 19px");
  ({ all, seen } = yield* asking());
  for (const one of small) { one.draw(); yield; }
  show();
  return {
    episode: (...given) => whole(episode(...given, schedule)), told, fromHex,
    now: () => ({ mode, asked, patterns: patterns.map(p => [...p]), erased: [...erased], seen, three: { ...three }, found, moment: at() }),
  };
});
