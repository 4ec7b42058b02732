// Draw something: it is shown once, among four other pictures. Rub it out: it comes back, from connections alone.
// needs dots
"use strict";
Live.model("introduction", function* ({ numbers, stage }) {
  const { random, piecewise, all: whole, told: number } = Live, { trained, schedule, side, letters, face } = numbers, N = side * side, MINE = 2, STEP = 140;
  const { life, ask, episode, told, fromHex, noise, rubTo, soon, thumbnail, grid, key } = Live.dots;

  // ------------------------------------------------------------------------------------------------------------- the network
  const chance = random(1), four = { random: [], letters: [] };
  for (const letter of ["A", "B", "C", "D"]) {
    four.random.push(noise(N, chance));
    yield;
    four.letters.push(fromHex(letters[letter], N));
    yield;
  }
  const drawing = fromHex(face, N), erased = new Float64Array(N), when = new Float64Array(N).fill(-Infinity);
  let others = "random", frozen = false, mode = "rub", its = "This face", version = 0, lived, all, seen, rubbed = false;
  const patterns = () => [...four[others].slice(0, MINE), drawing, ...four[others].slice(MINE)];
  const three = () => frozen ? { ...trained, eta: 0 } : trained;
  function* steps() { // what was shown stays as it is, if it was not changed: only the cue is new
    const now = version, given = erased.slice();
    if (lived?.version !== now) lived = { version: now, ...(yield* life(patterns(), three(), schedule)) };
    const states = yield* ask(lived, drawing, given, three(), schedule);
    yield;
    return [states, told(patterns(), MINE, given, three(), states)];
  }
  const answer = piecewise(steps, found => { [all, seen] = found; show(); });
  const showAll = () => { version++; thumbnails.forEach(one => one.draw()); answer.afresh(); };

  // ------------------------------------------------------------------------------------------------------------ what is seen
  yield;
  stage.lead("Rub over the face, with the mouse or a finger.");
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), first = () => all.states.length - schedule.steps_test;
  const paper = grid(picture, side, {
    label: `The picture, ${side} by ${side} dots. Arrow keys move the pen, the space bar draws or rubs out.`,
    radius: () => mode === "draw" ? 1 : 2,
    dab(dots) {
      if (mode === "draw") { dots.forEach(j => { drawing[j] = 1; }); paper.redraw(); return; }
      dots.forEach(j => { if (!erased[j]) { erased[j] = 1; when[j] = performance.now(); } });
      later.ask();
    },
    lift() { if (mode === "draw") showAll(); else later.now(); },
    look(j) {
      if (mode === "draw" || !erased[j]) return { given: true, y: drawing[j] };
      const passed = Math.floor((performance.now() - when[j]) / STEP), last = passed >= schedule.steps_test; // steps of the cue
      const y = passed < 1 ? 0 : all.states[first() + Math.min(passed, schedule.steps_test) - 1][j];
      return { y, wrong: last && Math.sign(y) !== drawing[j] };
    },
    hint: () => mode === "draw" ? (drawing.includes(1) ? "" : "draw here") : erased.includes(1) ? "" : "rub here",
  });
  yield;
  key(picture);
  const verdict = picture.verdict();
  const later = soon(() => { answer(); comeBack(); });
  let moving = false;
  function comeBack() { // a dot that was rubbed out goes through the steps of the cue
    if (Live.calm()) when.fill(-Infinity);
    if (moving) return;
    moving = true;
    const frame = () => {
      paper.redraw();
      moving = when.some(then => performance.now() - then < (schedule.steps_test + 1) * STEP);
      if (moving) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  const line = panel.part("line");
  const main = line.button("", () => (mode === "rub" ? draw() : rub()), { main: true });
  const back = line.button("Undo", () => rub());
  yield;
  const share = panel.slider("rubbed out", { min: 0, max: 95, step: 1, value: 0, say: x => `${Math.round(x)} %` }, x => {
    mode = "rub";
    rubTo(erased, Math.round(x / 100 * N), chance);
    when.fill(-Infinity);
    answer();
  });
  const thumbnails = [0, 1, 2, 3, 4].map(k => thumbnail(stage, side, () => patterns()[k]));
  const heading = panel.text("heading");
  yield;
  const bars = panel.bars("How hard each memory pulls", thumbnails.map(({ picture: small }, k) => ({ text: k === MINE ? "your picture" : `picture ${k + 1}`, picture: small })), { most: 2 });
  yield;
  panel.toggle("frozen connections", on => { frozen = on; mode = "rub"; showAll(); });
  panel.choice("Others", [["random", "random"], ["letters", "letters"]], name => { others = name; showAll(); });

  function draw() { [mode, its] = ["draw", "Your picture"]; drawing.fill(-1); erased.fill(0); showAll(); paper.grab(); paper.element.focus({ preventScroll: true }); }
  function rub() { mode = "rub"; erased.fill(0); answer(); }
  function show() {
    main.textContent = mode === "rub" ? "Draw something else" : "Now rub it out";
    main.disabled = mode === "draw" && !drawing.includes(1);
    back.disabled = mode === "draw" || !erased.includes(1);
    share.set(100 * seen.count / N);
    share.element.disabled = mode === "draw";
    rubbed ||= seen.count > 0;
    heading.textContent = rubbed ? "How hard each memory pulls" : "It saw these five, once each";
    bars.element.classList.toggle("quiet", !rubbed); // until there is something to pull for
    bars.set(seen.pull.map((value, k) => ({ value, role: k === MINE ? "blue" : value > seen.pull[MINE] ? "red" : "muted", strong: k === MINE })));
    paper.redraw();
    verdict(sentence());
  }
  function sentence() {
    const { pull, count, wrong, overlap } = seen, own = pull[MINE], rest = pull.filter((_, k) => k !== MINE), gone = `${Math.round(100 * count / N)} % rubbed out`;
    if (mode === "draw") return drawing.includes(1) ? "The network has seen it once, as the third of five pictures. Now rub it out."
      : "Draw anything: the network will see it once, among four other pictures.";
    if (!count) return `${its} was shown once, as the third of five pictures. Rub over it, and watch.`;
    if (count === N) return "Nothing is left to ask by, and what rings is the last picture.";
    if (frozen) return `Frozen: nothing was written, so no memory pulls. What fills the gap is the last picture, which still rings: ${wrong} of ${count} dots are wrong.`;
    if (!wrong) return drawing.every((value, j) => value < 0 || erased[j])
      ? `All ink is rubbed out, and it is back: paper is a part of the picture, too. Its memory pulls with ${number(own)}.`
      : `${gone}, and all ${count} dots are back. Its memory pulls with ${number(own)}, no other with more than ${number(Math.max(...rest))}.`;
    if (overlap > 0.1) return `${wrong} of ${count} dots are wrong: it is too much like the letters. They overlap by ${number(overlap)}, random pictures by about 0, ` +
      `so what is left of it wakes them all. They pull with ${number(rest.reduce((a, b) => a + b))} together, its own memory with ${number(own)}.`;
    return `${gone}, and ${wrong} of ${count} dots are wrong: too little is left to ask by. Its memory pulls with ${number(own)}, ` +
      `that of the last picture, which still rings in the dots that you freed, with ${number(pull[4])}.`;
  }
  yield* Live.fonts("600 19px");
  yield Live.rest;
  [all, seen] = yield* steps();
  thumbnails.forEach(one => one.draw());
  show();
  return {
    episode: (...given) => whole(episode(...given, schedule)), told, fromHex,
    now: () => ({ mode, drawing: [...drawing], erased: [...erased], seen, patterns: patterns() }),
  };
});
