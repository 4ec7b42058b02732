// A name in one memory: its letters are stored in the same connections, and half of each asks for the rest.
"use strict";
Live.model("associative-memory", function* ({ numbers, stage }) {
  const { zeros, dot, bytes, random, told, thousands, clamp, printed, piecewise, all } = Live, { side: SIDE, steps, beta, most } = numbers, N = SIDE * SIDE;
  const letters = {};
  for (const [name, bits] of Object.entries(numbers.letters)) {
    const eights = bytes(bits);
    letters[name] = zeros(N).map((_, i) => eights[i >> 3] >> 7 - i % 8 & 1 ? 1 : -1);
    yield;
  }
  // Pictures of random dots, and which pixels of a cue are erased, by chance.
  function lot(chance) {
    const pattern = zeros(N);
    for (let j = 0; j < N; j++) pattern[j] = chance() < 0.5 ? 1 : -1;
    return pattern;
  }
  const dots = (chance, count) => Array.from({ length: count }, () => lot(chance));
  const half = chance => Array.from({ length: N }, () => chance() < 0.5);

  // -------------------------------------------------------------------------------------------------------------- the memory
  const add = (sum, factor, values) => { for (let j = 0; j < N; j++) sum[j] += factor * values[j]; };
  const alike = (y, pattern) => dot(y, pattern) / N;

  // w_ij = 1/N sum_mu xi^mu_i u^mu_j, w_jj = 0: of each pattern xi what was written for it, u; and what units would tell themselves.
  // By Hebb's rule u is xi itself. By the delta rule each pass adds what is new, xi less what the network answers to it.
  function* write(patterns, passes) {
    if (!passes) return { patterns, written: patterns, own: zeros(N).fill(patterns.length / N) };
    const memory = { patterns, written: patterns.map(() => zeros(N)), own: zeros(N) }, overlaps = patterns.map(() => []);
    for (let pass = 0; pass < passes; pass++) {
      for (const [mu, pattern] of patterns.entries()) {
        if (!pass) patterns.slice(0, mu + 1).forEach((other, nu) => { overlaps[mu][nu] = overlaps[nu][mu] = alike(pattern, other); });
        const answer = drive(memory, pattern, pass ? overlaps[mu] : overlaps[mu].slice(0, mu));
        for (let j = 0; j < N; j++) {
          const fresh = pattern[j] - answer[j];
          memory.written[mu][j] += fresh;
          memory.own[j] += pattern[j] * fresh / N;
        }
        yield;
      }
    }
    return memory;
  }
  // What units hear in a state y: each pattern pulls as hard as it resembles the state.
  function drive({ patterns, written, own }, y, overlaps = patterns.map(pattern => alike(y, pattern))) {
    const sum = y.map((y_j, j) => -own[j] * y_j);
    overlaps.forEach((overlap, mu) => add(sum, overlap, written[mu]));
    return sum;
  }
  // How hard patterns pull that are kept apart: with a power of their overlap, or with their share in a softmax.
  function pulls(overlaps, power) {
    if (power !== "softmax") return overlaps.map(overlap => overlap ** power);
    const top = Math.max(...overlaps), parts = overlaps.map(overlap => Math.exp(beta * N * (overlap - top))), sum = parts.reduce((a, b) => a + b);
    return parts.map(part => part / sum);
  }
  function heard(memory, y, power) {
    if (power === 1) return drive(memory, y);
    const sum = zeros(N);
    pulls(memory.patterns.map(pattern => alike(y, pattern)), power).forEach((pull, mu) => add(sum, pull, memory.patterns[mu]));
    return sum;
  }
  // All units at once take the sign of what they hear; one that hears nothing stays as it is.
  function* recall(memory, cue, power) {
    let y = cue;
    for (let step = 0; step < steps; step++) {
      const sum = heard(memory, y, power), least = power === 1 ? 1e-12 : 0;
      yield;
      const next = sum.map((drive_j, j) => Math.abs(drive_j) <= least ? y[j] : Math.sign(drive_j));
      if (next.every((y_j, j) => y_j === y[j])) break;
      y = next;
      yield;
    }
    return y;
  }

  // ----------------------------------------------------------------------------------------------------------- what is asked
  const chance = random(numbers.seed), draw = random(numbers.seed + 1), others = []; // as many as were asked for yet
  const POWERS = [1, 2, 3, 9, "softmax"];
  const PULLS = ["its overlap (Hopfield)", "its square", "its cube", "its 9th power", "a softmax: attention"];
  const how = { passes: 0, dots: 0, power: 1 };
  let tiles = [], chosen = 0, memory, stale = true, said = "";
  const name = () => tiles.map(tile => tile.letter).join("");
  const distinct = () => [...new Set(name())], cue = ({ letter, erased }) => letters[letter].map((bit, i) => erased[i] ? 0 : bit);
  function wrong({ letter, answer }) {
    let count = 0;
    for (let i = 0; i < N; i++) if (answer[i] !== letters[letter][i]) count++;
    return count;
  }
  const twin = tile => Object.keys(letters).find(other => letters[other].every((bit, i) => bit === tile.answer[i]));

  function* answering() {
    if (stale) {
      stale = false;
      for (; others.length < how.dots; others.push(lot(draw))) yield;
      memory = yield* write([...distinct().map(letter => letters[letter]), ...others.slice(0, how.dots)], how.passes);
    }
    for (const tile of tiles.filter(one => one.asked)) {
      tile.asked = false;
      yield;
      tile.answer = yield* recall(memory, cue(tile), how.power);
      for (const of of [cueRoles, answerRoles]) { // each is drawn once
        yield;
        picture_of(tile, of, role => stage.colour(role));
      }
    }
    yield Live.rest;
    if (!stale && !tiles.some(tile => tile.asked)) said = sentence(); // else it is asked for again
    yield Live.rest;
  }
  const work = piecewise(answering, () => show());
  const ask = () => { work(); given.redraw(); };
  function change(given = {}) { // what is stored, or how it pulls
    Object.assign(how, given);
    stale = true;
    tiles.forEach(tile => { tile.asked = true; });
    ask();
  }
  function spell(text) {
    const typed = [...text.toUpperCase().normalize("NFD")].filter(one => letters[one]).slice(0, most.letters);
    tiles = typed.map((letter, k) => tiles[k]?.letter === letter ? tiles[k] : { letter, erased: half(chance), asked: true });
    chosen = clamp(chosen, 0, Math.max(0, tiles.length - 1));
  }
  const type = text => { spell(text); change(); };

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 720, HIGH = 116;
  function places() {
    const size = Math.min(HIGH - 4, WIDE / tiles.length - 8);
    return tiles.map((_, k) => [2 + k * (size + 8), (HIGH - size) / 2, size, size]);
  }
  function picture_of(tile, of, colour) {
    const roles = of(tile), seen = Object.fromEntries(["blue", "red", "faint", "paper"].map(role => [role, colour(role)]));
    return printed(tile[of === cueRoles ? "erased" : "answer"], Object.values(seen).join(""), [SIDE, SIDE], i => { const [role, opacity] = roles(i); return [seen[role], opacity]; });
  }
  const drawn = of => (context, colour) => places().forEach(([x, y, size], k) => {
    context.imageSmoothingEnabled = false;
    if (of(tiles[k])) context.drawImage(picture_of(tiles[k], of, colour), x, y, size, size);
    Object.assign(context, { strokeStyle: colour("faint"), lineWidth: 1 });
    if (of === cueRoles && k === chosen && given.focused()) Object.assign(context, { strokeStyle: colour("ink"), lineWidth: 4 });
    context.strokeRect(x, y, size, size);
  });
  const cueRoles = tile => i => tile.erased[i] ? ["faint", 0.45] : letters[tile.letter][i] > 0 ? ["blue", 1] : ["paper", 1];
  const answerRoles = tile => tile.answer && (i => {
    const bit = tile.answer[i], right = bit === letters[tile.letter][i];
    return bit > 0 ? [right ? "blue" : "red", 1] : bit < 0 ? [right ? "paper" : "red", right ? 1 : 0.35] : ["faint", 0.45];
  });

  function rub({ x, y }) {
    const k = places().findIndex(([left, , size]) => x >= left - 4 && x < left + size + 4);
    if (k < 0) return;
    const [left, top, size] = places()[k], column = (x - left) / size * SIDE, row = (y - top) / size * SIDE;
    tiles[k].erased = tiles[k].erased.map((gone, i) => gone || Math.hypot(i % SIDE + 0.5 - column, Math.floor(i / SIDE) + 0.5 - row) < 4.5);
    [chosen, tiles[k].asked] = [k, true];
    ask();
  }
  const each = erased => { tiles.forEach(tile => Object.assign(tile, { erased: erased(), asked: true })); ask(); };
  const ofChosen = erase => () => {
    const tile = tiles[chosen];
    if (!tile) return;
    Object.assign(tile, { erased: erase(tile.erased), asked: true });
    stage.say(`${tile.letter}: ${tile.erased.filter(gone => gone).length} of ${N} pixels erased`);
    ask();
  };
  const next = by => () => { chosen = clamp(chosen + by, 0, tiles.length - 1); stage.say(`letter ${tiles[chosen]?.letter}`); given.redraw(); };
  const bands = erased => { // four rows more, from below
    const last = erased.findLastIndex(gone => !gone), from = Math.floor(last / SIDE) - 3;
    return erased.map((gone, i) => gone || Math.floor(i / SIDE) >= from);
  };

  // ------------------------------------------------------------------------------------------------------------ what it says
  const list = names => names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  const times = x => x > 999 ? "more than a thousand" : told(x, x < 10 ? 1 : 0);
  // In which pixels all others together beat the pull of a letter, and how hard they pull there, at its half or, if none is lost there, on itself.
  function beaten(mine, cues) {
    const { patterns } = memory, letter = patterns[mine];
    for (const [where, state] of Object.entries(cues)) {
      const pull = pulls(patterns.map(pattern => alike(state, pattern)), how.power), against = [zeros(N), zeros(N)], kinds = distinct().length;
      patterns.forEach((pattern, mu) => { if (mu !== mine) add(against[mu < kinds ? 0 : 1], -pull[mu], pattern); });
      const [friends, strangers] = against.map(sums => sums.map((sum, j) => sum * letter[j])), over = friends.map((sum, j) => sum + strangers[j]).filter(sum => sum > pull[mine]);
      if (over.length) return { where, own: pull[mine], mean: over.reduce((a, b) => a + b) / over.length, drowned: dot(strangers, strangers) > dot(friends, friends) };
    }
    return { where: "nowhere" };
  }
  function whyLost(lost) {
    const names = [...new Set(lost.map(tile => tile.letter))], one = lost.reduce((a, b) => wrong(b) > wrong(a) ? b : a), count = wrong(one), other = twin(one);
    const what = `${list(names)} ${names.length > 1 ? "are" : "is"} lost${how.dots ? `, among ${how.dots} pictures of dots` : ""}. ` +
      (other ? `The ${one.letter} comes back as a perfect ${other}` : `In the ${one.letter}, ${count} of ${thousands(N)} pixels ${count > 1 ? "are" : "is"} wrong`);
    if (how.power === 1 && how.passes && drive(memory, letters[one.letter]).every((sum, j) => sum * letters[one.letter][j] > 0)) {
      return `${what}: the whole letter would stay, but of the ${Math.round(100 * one.erased.filter(gone => !gone).length / N)} % of it that are left too little is its own.`;
    }
    if (how.power === 1 && how.passes) return `${what}: what one pattern corrects disturbs another${how.passes < most.passes ? ". Give it more passes" : ""}.`;
    const { where, own, mean, drowned } = beaten(distinct().indexOf(one.letter), { half: cue(one), whole: letters[one.letter] });
    if (where === "nowhere") return `${what}. No pixel is lost at once, but each that errs pulls at the others.`;
    if (drowned && how.power === 1) return `${what}: ${memory.patterns.length} patterns in ${thousands(N)} units are a load of ${told(memory.patterns.length / N)}, and what is left of their pulls adds up until it drowns the letter.`;
    const rest = how.dots ? "all others" : list(distinct().filter(letter => letter !== one.letter)), so = how.power === 1 ? `${told(mean)} against ${told(own)}` : `${told(mean / own, 1)} times as hard`;
    return `${what}: there ${rest} together pull harder than ${where === "half" ? `what is left of the ${one.letter}` : `even a whole ${one.letter}`}, ${so}.`;
  }
  function whyWhole() {
    const kinds = distinct().length, [tile] = tiles, whole = `${kinds > 1 ? "All come" : `The ${tile.letter} comes`} back whole${how.dots ? `, among ${how.dots} pictures of dots` : ""}`;
    if (memory.patterns.length < 2) return `${whole}: nobody pulls against it. Type more letters.`;
    if (how.power === "softmax") return `${whole}: the pattern that resembles the state most takes the whole pull. This is one head of attention; it has no weights, the patterns are kept apart.`;
    const asked = cue(tile), [own, ...rest] = memory.patterns.map(pattern => alike(asked, pattern)), rival = Math.max(...rest);
    if (how.power !== 1) return `${whole}. What is left of the ${tile.letter} resembles it ${times(own / rival)} times as much as the next pattern, which it pulls against ${times((own / rival) ** how.power)} times as hard. The price: no weights, the patterns are kept apart.`;
    if (how.passes) return `${whole}: only what the network could not answer yet was written, so that what letters share is in there once.`;
    return how.dots ? `${whole}: in each pixel about half of them pull one way, half the other, and little is left.` : `${whole}: these letters are not alike enough to pull together. Type more letters.`;
  }
  function sentence() {
    const nothing = tiles.find(tile => tile.erased.every(gone => gone)), lost = tiles.filter(wrong);
    if (!tiles.length) return "Type a name in the letters A to Z: they fall into one memory.";
    if (nothing) return `Nothing is left of the ${nothing.letter} that could ask: a memory is found by a part of what it holds.`;
    return lost.length ? whyLost(lost) : whyWhole();
  }
  function show() {
    if (tiles.some(tile => !tile.answer)) return; // it was typed meanwhile, and is asked for again
    back.redraw();
    given.say(`${GIVEN} ${tiles.map(tile => `${tile.letter} ${Math.round(100 * tile.erased.filter(gone => gone).length / N)} % erased`).join(", ")}`);
    back.say("What comes back: " + tiles.map(tile => `${tile.letter} ${wrong(tile) ? `${wrong(tile)} pixels wrong` : "whole"}`).join(", "));
    verdict(said);
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  const GIVEN = "Half of each letter. Arrow keys choose one, Delete rubs away more of it, Enter gives it whole:";
  yield;
  stage.lead("Type your name, and see which of its letters come back.");
  yield;
  const picture = stage.part("picture wide"), left = stage.part("panel"), right = stage.part("panel"), verdict = stage.verdict();
  picture.text("state", "What you give: rub away more");
  const given = picture.canvas(GIVEN, [WIDE, HIGH], drawn(cueRoles), {
    keys: { ArrowLeft: next(-1), ArrowRight: next(1), Delete: ofChosen(bands), Backspace: ofChosen(bands), Enter: ofChosen(erased => erased.map(() => false)) },
    pointer: { down: rub, move: rub, grabs: ({ y }) => y >= 0 && y <= HIGH },
  });
  picture.text("state", "What the memory gives back").append(...[[" ■", "blue", " right "], [" ■", "red", " wrong"]].flatMap(
    ([mark, role, words]) => [Live.make("span", { textContent: mark, className: role, aria: { hidden: "true" } }), words]));
  const back = picture.canvas("What comes back", [WIDE, HIGH], drawn(answerRoles));
  yield;
  const field = left.field("Your name", { value: numbers.name, most: most.letters }, type);
  const ready = (text, word, count) => cases.button(text, () => { field.value = word; amount.set(count); how.dots = count; tiles = []; type(word); });
  const cases = left.part("line");
  ready("A to H", "ABCDEFGH", 0);
  ready("A and 99 of dots", "A", 99);
  const amount = left.slider("pictures of dots beside them", { min: 0, max: most.dots, step: 1, value: 0 }, value => change({ dots: value }));
  yield;
  const halves = left.part("line");
  halves.button("Other halves", () => each(() => half(chance)));
  halves.button("Whole letters", () => each(() => Array(N).fill(false)));
  yield;
  const rule = right.choice("Write", [["all", "all: Hebb's rule"], ["new", "only what is new: delta rule"]], value => {
    passes.element.parentElement.hidden = value === "all";
    change({ passes: value === "all" ? 0 : +passes.element.value });
  });
  const passes = right.slider("passes", { min: 1, max: most.passes, step: 1, value: numbers.passes }, value => change({ passes: value }));
  passes.element.parentElement.hidden = true;
  right.slider("a pattern pulls with", { min: 0, max: POWERS.length - 1, step: 1, value: 0, say: k => PULLS[k] }, k => {
    [...rule.element.querySelectorAll("input"), passes.element].forEach(input => { input.disabled = k > 0; });
    change({ power: POWERS[k] });
  });
  yield;
  spell(numbers.name);
  yield;
  yield* answering();
  show();
  return { letters, dots, half, random, write: (patterns, rounds) => all(write(patterns, rounds)), heard, recall: (...given) => all(recall(...given)), now: () => ({ tiles, how }) };
});
