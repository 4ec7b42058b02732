// How long should the mark last that a pair of spikes leaves, if the reward comes later? It is laid over the delays.
"use strict";
Live.model("three-factor-rules", function* ({ numbers, stage }) {
  const { zeros, clamp, random, calm, soon, told, make } = Live, { dt, longest, together, crowd, sure, begin } = numbers;

  // ------------------------------------------------------------------------------------------------------------ the equations
  const lags = zeros(Math.round(longest / dt)).map((_, i) => (i + 0.5) * dt), logs = lags.map(u => Math.log(u)); // u: seconds since the pair of spikes
  // p(u), a gamma density of this mean and spread: nearly one fixed delay if the spread is small, exponential if it is the mean.
  function delays(mean, spread) {
    const shape = (mean / spread) ** 2, scale = spread ** 2 / mean, p = zeros(lags.length);
    let top = -Infinity, area = 0;
    for (let i = 0; i < p.length; i++) top = Math.max(top, p[i] = (shape - 1) * logs[i] - lags[i] / scale);
    for (let i = 0; i < p.length; i++) area += (p[i] = Math.exp(p[i] - top)) * dt;
    for (let i = 0; i < p.length; i++) p[i] /= area;
    return p;
  }
  const pairs = hertz => together * hertz ** 2; // chance pairs a second of two cells that know nothing of each other
  // Of a trace k(u) = exp(-u / tau): what a reward finds in the right synapse, how much the trace of any other varies, and d'.
  function detect(tau, p, rate) {
    const fades = Math.exp(-dt / tau);
    let k = Math.exp(-dt / 2 / tau), found = 0, squares = 0;
    for (let i = 0; i < p.length; i++, k *= fades) { found += k * p[i]; squares += k * k; }
    const signal = found * dt, noise = Math.sqrt(rate * squares * dt);
    return { signal, noise, d: signal / noise };
  }
  const needed = d => (sure / d) ** 2; // rewards, until the right synapse is ahead by so many standard deviations
  const best = (mean, spread) => 2 * mean - spread ** 2 / mean; // of this family; each d' above is a sum, which needs no formula

  // ----------------------------------------------------------------------------------------------------- rewards, one by one
  // The trace of a synapse when a reward comes: pairs by chance, each faded by its age.
  function byChance(tau, rate, chance) {
    const wait = () => -Math.log(1 - chance()) / rate;
    let sum = 0;
    for (let u = wait(); u < 8 * tau; u += wait()) sum += Math.exp(-u / tau);
    return sum;
  }
  function delay(p, chance) {
    const share = chance() / dt;
    let sum = 0, k = 0;
    while (k < p.length - 1 && (sum += p[k]) < share) k++;
    return lags[k];
  }
  // Each synapse gains its trace, the right one (the first) also what is left of its pair; less what is due to all by chance.
  function reward(gained, { tau, rate, p }, chance) {
    const due = rate * tau;
    gained.forEach((_, i) => { gained[i] += byChance(tau, rate, chance) - due; });
    gained[0] += Math.exp(-delay(p, chance) / tau);
  }

  // --------------------------------------------------------------------------------------------------------- what is asked
  const chance = random(), how = { ...begin }, rows = [3, 5, 8].map(random), tried = { low: Infinity, high: 0 };
  const early = rows.map(next => { let sum = 0; return Array.from({ length: 60 }, () => sum -= Math.log(1 - next())); }); // of rate 1
  let p, peak, now, gained, course, due = 0;
  const at = tau => detect(tau, p, pairs(how.hertz)), top = () => best(how.mean, how.spread), moved = () => tried.high > 0;
  const SPAN = [-2, 3.5], snap = x => clamp(Math.round(16 * x) / 16, ...SPAN); // tau = 2 ** x
  function set(name, value) {
    if (name === "tau") how.tau = 2 ** snap(Math.log2(value));
    else if (name === "hertz") how.hertz = value;
    else how[name] = clamp(Math.round(10 * value) / 10, name === "mean" ? 0.5 : 0.1, 4);
    how.spread = Math.min(how.spread, how.mean);
    if (name === "tau") Object.assign(tried, { low: Math.min(tried.low, how.tau), high: Math.max(tried.high, how.tau) });
    look();
  }
  function look() {
    p = delays(how.mean, how.spread);
    peak = p.reduce((a, b) => Math.max(a, b));
    now = at(how.tau);
    gained = Array(crowd + 1).fill(0);
    course = [gained.slice()];
    due = 0;
    soon(show);
  }
  function give() { // twenty, one after the other
    const idle = !due, these = course;
    due += 20;
    const next = () => {
      if (course !== these) return; // something was moved meanwhile
      reward(gained, { tau: how.tau, rate: pairs(how.hertz), p }, chance);
      course.push(gained.slice());
      due--;
      if (due) setTimeout(next, calm() ? 0 : 70);
      race.redraw();
      tell();
    };
    if (idle) next();
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 360, HIGH = 232, LEFT = 14, SECOND = 28, BASE = 164, ONE = 136, LAST = 12, x = u => LEFT + u * SECOND, y = share => BASE - share * ONE;
  const seen = [...lags.keys()].filter(k => lags[k] < LAST && k % 3 === 0);
  function path(context, points) {
    context.beginPath();
    points.forEach(point => context.lineTo(...point));
  }
  function handle(context, fill, colour, [a, b], r = 9) {
    Object.assign(context, { fillStyle: fill, strokeStyle: colour("paper"), lineWidth: 2 });
    context.beginPath();
    context.arc(a, b, r, 0, 7);
    context.fill();
    context.stroke();
  }
  function mark(context, colour, [across, high], low) {
    Object.assign(context, { strokeStyle: colour("ink"), lineWidth: 2 });
    context.setLineDash([4, 3]);
    path(context, [[across, high], [across, low]]);
    context.stroke();
    context.setLineDash([]);
  }
  const handles = () => ({ tau: [x(how.tau), y(Math.exp(-1))], mean: [x(how.mean), y(0.8)], spread: [x(how.mean + how.spread), y(0.1)] });
  function draw(context, colour) {
    const { tau } = how, [blue, green, red, ink, muted] = ["blue", "green", "red", "ink", "muted"].map(colour);
    const at = handles(), area = of => path(context, [[x(0), BASE], ...seen.map(k => [x(lags[k]), y(of(k))]), [x(LAST), BASE]]);
    Object.assign(context, { font: "13px system-ui, sans-serif", lineWidth: 2, lineJoin: "round", fillStyle: green });
    [[0.22, k => 0.8 * p[k] / peak], [0.75, k => 0.8 * p[k] / peak * Math.exp(-lags[k] / tau)]].forEach(([alpha, of]) => {
      context.globalAlpha = alpha;
      area(of);
      context.fill();
    });
    context.globalAlpha = 1;
    Object.assign(context, { strokeStyle: blue, lineWidth: 3 });
    path(context, seen.map(k => [x(lags[k]), y(Math.exp(-lags[k] / tau))]));
    context.stroke();
    Object.assign(context, { strokeStyle: muted, lineWidth: 1, fillStyle: muted, textAlign: "center" });
    path(context, [[x(0), y(1.1)], [x(0), BASE], [x(LAST), BASE]]);
    context.stroke();
    for (let s = 0; s <= LAST; s += 2) context.fillText(s ? s : "0 s", x(s), BASE + 15);
    early.forEach((times, row) => times.forEach(time => { // pairs by chance, as strong as they are still remembered
      const u = time / pairs(how.hertz);
      if (u > LAST) return;
      Object.assign(context, { fillStyle: red, globalAlpha: 0.16 + 0.84 * Math.exp(-u / tau) });
      context.fillRect(x(u) - 1.5, BASE + 20 + 10 * row, 3, 9);
    }));
    Object.assign(context, { globalAlpha: 1, fillStyle: ink, textAlign: "left" });
    context.fillText("pairs of other synapses, by chance", x(0), HIGH - 3);
    context.fillText("the mark of a pair of spikes", x(0) + 6, y(1) - 6);
    context.textAlign = how.mean > 3 ? "center" : "left";
    context.fillText("the reward comes", at.mean[0] + (how.mean > 3 ? 0 : 14), at.mean[1] - (how.mean > 3 ? 14 : 4));
    context.textAlign = "center";
    if (moved()) { // only then: readers look for it themselves
      mark(context, colour, [x(top()), y(0.5)], BASE);
      context.fillText("best", x(top()), y(0.53));
    }
    context.fillText("τ", at.tau[0] + 17, at.tau[1] - 6);
    handle(context, blue, colour, at.tau, 11);
    handle(context, green, colour, at.mean);
    handle(context, green, colour, at.spread, 7);
  }
  // Rewards needed, for every time constant between those that the reader has tried.
  const FLOOR = 154, STEEP = 42, across = tau => 16 + (Math.log2(tau) - SPAN[0]) / (SPAN[1] - SPAN[0]) * 312;
  function drawValley(context, colour) {
    const least = needed(at(top()).d), up = n => FLOOR - n / least * STEEP, here = [across(how.tau), Math.max(12, up(needed(now.d)))], right = here[0] > 250;
    Object.assign(context, { font: "13px system-ui, sans-serif", textAlign: "center", fillStyle: colour("muted"), strokeStyle: colour("muted"), lineWidth: 1 });
    [0.25, 0.5, 1, 2, 4, 8].forEach(tau => context.fillText(tau === 8 ? "8 s" : tau, across(tau), FLOOR + 16));
    path(context, [[2, FLOOR], [338, FLOOR]]);
    context.stroke();
    const steps = [];
    for (let k = Math.log2(tried.low); k <= Math.log2(tried.high); k += 1 / 8) steps.push([across(2 ** k), up(needed(at(2 ** k).d))]);
    Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 2, fillStyle: colour("ink"), textAlign: right ? "right" : "left" });
    path(context, steps.filter(([, high]) => high > 2));
    context.stroke();
    if (moved()) mark(context, colour, [across(top()), up(least)], FLOOR);
    context.fillText(rewards(needed(now.d)), here[0] + (right ? -13 : 13), here[1] + (here[1] < 20 ? 4 : -12));
    handle(context, colour("blue"), colour, here);
  }
  function drawRace(context, colour) {
    const wide = Math.max(20, course.length - 1), most = course.reduce((a, all) => all.reduce((b, g) => Math.max(b, Math.abs(g)), a), 1);
    const line = i => path(context, course.map((all, given) => [4 + given / wide * 330, 64 - all[i] / most * 58]));
    Object.assign(context, { font: "13px system-ui, sans-serif", strokeStyle: colour("muted"), lineWidth: 1, globalAlpha: 0.5 });
    path(context, [[4, 64], [334, 64]]);
    context.stroke();
    for (let i = crowd; i; i--) { line(i); context.stroke(); }
    Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 3, globalAlpha: 1, fillStyle: colour("blue") });
    line(0);
    context.stroke();
    context.fillStyle = colour("ink");
    context.fillText(course.length > 1 ? "weight gained" : "weights: all are equal as yet", 10, course.length > 1 ? 12 : 54);
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  const seconds = value => `${told(value, 1)} s`, rewards = n => n > 9999 ? "over 10,000 rewards" : n < 1.5 ? "1 reward" : `${Math.round(n)} rewards`;
  function sentence() {
    const { tau, mean, spread } = how, least = needed(at(top()).d), here = `At τ = ${told(tau, tau < 1 ? 2 : 1)} s the reward credits the right synapse after about ${rewards(needed(now.d))}`;
    if (!moved()) return `${here}. Should its mark last longer, or not so long? Move τ, and find the fewest.`;
    if (Math.abs(Math.log2(tau / top())) < 0.05) return `${here}; no τ needs fewer. ` +
      (top() > 1.9 * mean ? "It is twice the delay: noise grows only as the root of τ."
        : `Delays vary, so it is less than twice their mean: 2 × ${told(mean, 1)} − ${told(spread, 1)}² / ${told(mean, 1)} = ${seconds(top())}.`);
    return `${here}; the best τ would need ${Math.max(1, Math.round(least))}. ` +
      (tau < top() ? `Too short: when the reward comes, ${told(100 * now.signal, 0)} % of the mark is left.`
        : `Too long: ${told(pairs(how.hertz) * tau, 1)} marks of chance are left in each synapse.`);
  }
  function tell() {
    const given = course.length - 1, behind = gained.filter((g, i) => i && g < gained[0]).length;
    outcome.textContent = given ? `${given} rewards: blue is ahead of ${behind} of ${crowd}.` : RACE;
    if (given && !due) stage.say(outcome.textContent);
  }
  function show() {
    [picture, valley, race].forEach(canvas => canvas.redraw());
    Object.entries(sliders).forEach(([name, slider]) => slider.set(name === "tau" ? Math.log2(how.tau) : how[name]));
    [signal, noise].forEach((element, k) => { element.textContent = `${["signal", "noise"][k]} ${told([now.signal, now.noise][k])}`; });
    result.textContent = ` = D ${told(now.d)}`;
    picture.say(`The mark of a pair of spikes over the delays of the reward: ${ratio.textContent.replaceAll("■ ", "")}, ${rewards(needed(now.d))} needed`);
    valley.say(moved() ? `${rewards(needed(now.d))} needed at τ = ${seconds(how.tau)}, ${rewards(needed(at(top()).d))} at the best, ${seconds(top())}` : "Rewards needed, for each τ that you tried");
    tell();
    verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  const RACE = "Does the right synapse (blue) win?";
  stage.lead("Drag the blue dot: which mark needs the fewest rewards?");
  const board = stage.part("picture"), panel = stage.part("panel"), below = stage.part("panel"), beside = stage.part("panel"), verdict = stage.verdict();
  let held = null;
  const near = point => Object.entries(handles()).map(([name, [a, b]]) => [Math.hypot(point.x - a, point.y - b), name]).sort((a, b) => a[0] - b[0])[0];
  const picture = board.canvas("The mark of a pair of spikes over the delays of the reward", [WIDE, HIGH], draw, { pointer: {
    grabs: point => near(point)[0] < 30,
    down: point => { held = near(point)[1]; },
    move: point => { const u = Math.max(0.05, (point.x - LEFT) / SECOND); set(held, held === "spread" ? u - how.mean : u); },
  } });
  yield;
  const ratio = board.text("state"), part = () => make("span"), square = className => make("span", { textContent: "■ ", className, aria: { hidden: "true" } });
  const [signal, noise, result] = [part(), part(), part()];
  ratio.append(square("green"), signal, " ÷ ", square("red"), noise, result);
  yield;
  const sliders = {
    tau: panel.slider("the mark lasts for, τ", { min: SPAN[0], max: SPAN[1], step: 1 / 16, value: Math.log2(how.tau), say: k => `${told(2 ** k, k < 0 ? 2 : 1)} s` }, k => set("tau", 2 ** k)),
    mean: panel.slider("the reward comes after", { min: 0.5, max: 4, step: 0.1, value: how.mean, say: seconds }, value => set("mean", value)),
    spread: panel.slider("give or take", { min: 0.1, max: 4, step: 0.1, value: how.spread, say: seconds }, value => set("spread", value)),
    hertz: panel.slider("each cell spikes", { min: 2, max: 10, step: 0.5, value: how.hertz, say: f => `${f} times a second` }, value => set("hertz", value)),
  };
  yield;
  below.text("state", "Find the lowest place: rewards needed.");
  const valley = below.canvas("Rewards needed", [340, 174], drawValley);
  yield;
  const outcome = beside.text("state"), race = beside.canvas("What each synapse has gained, reward by reward", [340, 124], drawRace);
  beside.button("Give 20 rewards", give, { main: true });
  yield;
  for (let k = 0; k < 3; k++) { // a rehearsal, so that the first is as fast as others
    detect(how.tau, delays(how.mean, how.spread), 1);
    yield;
  }
  look();
  return { delays, pairs, detect, needed, best, reward, random, now: () => ({ ...how, ...now, moved: moved(), given: course.length - 1, due, gained }) };
});
