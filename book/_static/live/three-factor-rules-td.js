// A cue, later a reward: where in a trial is the error of the prediction, and does it travel from reward to cue, or jump?
"use strict";
Live.model("three-factor-rules-td", function* ({ numbers, stage }) {
  const { zeros, dot, clamp, told, mosaic } = Live, { steps: STEPS, cue: CUE, reward: REWARD, gamma, rate, trials: MOST } = numbers, n = REWARD - CUE;

  // ------------------------------------------------------------------------------------------------------------ the equations
  // What tells the time: a unit for each step from the cue until the reward.
  const features = Array.from({ length: STEPS }, (_, t) => zeros(n).map((_, k) => t === CUE + k ? 1 : 0));
  // One trial: the error of each step, and what it does at once to all predictions V = x . w by their traces e.
  function trial(w, lambda, reward) {
    const e = zeros(n), delta = zeros(STEPS);
    let before = zeros(n);
    features.forEach((x, t) => {
      for (let k = 0; k < n; k++) e[k] = gamma * lambda * e[k] + before[k];
      delta[t] = (t === REWARD ? reward : 0) + gamma * dot(w, x) - dot(w, before);
      for (let k = 0; k < n; k++) w[k] += rate * delta[t] * e[k];
      before = x;
    });
    return delta;
  }
  const live = (rewards, lambda, w = zeros(n)) => rewards.map(reward => trial(w, lambda, reward));
  const peak = delta => delta.reduce((best, x, t) => x > delta[best] ? t : best, 0);
  const between = errors => errors.reduce((most, delta) => delta.slice(CUE + 1, REWARD).reduce((a, b) => Math.max(a, b), most), 0);

  // ---------------------------------------------------------------------------------------------------------- what is asked
  let rewards = [], errors = [], w = zeros(n), lambda = 0, chosen = 0; // of each trial: how large the reward was
  function next(reward) {
    if (rewards.length === MOST) return;
    rewards.push(reward);
    errors.push(trial(w, lambda, reward));
    chosen = rewards.length - 1;
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const WIDE = 350, HIGH = 324, LEFT = 40, EACH = 12, ZERO = 78, ONE = 58, TOP = 154, DOWN = 150, x = t => LEFT + t * EACH;
  function draw(context, colour) {
    const [ink, muted, blue, red, green, faint] = ["ink", "muted", "blue", "red", "green", "faint"].map(colour), delta = errors[chosen];
    const none = [faint, 0], right = x(STEPS);
    Object.assign(context, { font: "13px system-ui, sans-serif", textAlign: "center", fillStyle: ink });
    [[CUE, "cue", true], [REWARD, rewards[chosen] === 0 ? "no reward" : "reward", rewards[chosen] !== 0]].forEach(([t, words, on]) => {
      Object.assign(context, { fillStyle: green, globalAlpha: on ? 0.28 : 0.08 });
      context.fillRect(x(t), 18, EACH, TOP + DOWN - 18);
      Object.assign(context, { fillStyle: ink, globalAlpha: 1 });
      context.fillText(words, x(t) + EACH / 2, 13);
    });
    Object.assign(context, { fillStyle: muted });
    context.fillText("error in this trial", x((CUE + REWARD + 1) / 2), 32);
    if (delta) delta.forEach((error, t) => {
      context.fillStyle = error < 0 ? red : blue;
      context.fillRect(x(t) + 1.5, ZERO - Math.max(0, error) * ONE, EACH - 3, Math.abs(error) * ONE);
    });
    if (errors.length) mosaic(context, [STEPS, MOST], k => {
      const error = errors[Math.floor(k / STEPS)]?.[k % STEPS];
      return error === undefined ? none : [error < 0 ? red : blue, Math.sqrt(Math.min(1, Math.abs(error)))];
    }, [x(0), TOP, STEPS * EACH, DOWN]);
    Object.assign(context, { strokeStyle: muted, lineWidth: 1, fillStyle: muted });
    context.strokeRect(x(0), TOP, STEPS * EACH, DOWN);
    context.beginPath();
    context.moveTo(x(0), ZERO);
    context.lineTo(right, ZERO);
    context.stroke();
    [0, 5, 10, 15, 20].forEach(t => context.fillText(t, x(t) + EACH / 2, HIGH - 4));
    context.fillText("step", x(STEPS - 1), HIGH - 4);
    context.textAlign = "right";
    [["+1", ZERO - ONE + 4], ["0", ZERO + 4], ["−1", ZERO + ONE + 4], ["first", TOP + 12], ["trial", TOP + 27], ["last", TOP + DOWN - 3]].forEach(([words, y]) => context.fillText(words, LEFT - 6, y));
    if (!delta) return;
    const y = TOP + (chosen + 0.5) / MOST * DOWN;
    context.fillStyle = ink;
    context.beginPath();
    [[right + 1, y], [right + 9, y - 6], [right + 9, y + 6]].forEach(point => context.lineTo(...point));
    context.fill();
  }

  // ------------------------------------------------------------------------------------------------------------ what it says
  function sentence() {
    if (!rewards.length) return `Nothing is predicted yet. In each trial a cue comes in step ${CUE}, and a reward in step ${REWARD}. Press Play.`;
    const delta = errors[chosen], at = peak(delta), most = between(errors.slice(0, chosen + 1)), here = `Trial ${chosen + 1} at λ = ${told(lambda)}`;
    if (rewards[chosen] === 0) {
      const missed = -delta[REWARD];
      return missed < 0.05 ? `${here}: no reward, and none was expected there, so that nothing is missed. Play more trials first.`
        : `${here}: no reward. In step ${REWARD}, where ${told(missed)} was still expected, the error falls to ${told(delta[REWARD])}: a pause.`;
    }
    const where = at === REWARD ? `with the reward, in step ${REWARD}` : at === CUE ? `with the cue, in step ${CUE}` : `between cue and reward, in step ${at}`;
    const way = chosen < 3 ? "" : at === REWARD ? ` Between cue and reward it was at most ${told(most)} so far.` : most > 0.3 ? ` On its way it reaches ${told(most)}: it travels, step by step.`
      : most > 0.1 ? ` On its way it reaches no more than ${told(most)}: it travels, and is hard to see.` : ` No step between ever had more than ${told(most)}: it jumps.`;
    return `${here}: the error is largest ${where} (${told(delta[at])}).${way}`;
  }
  function show(speak = true) {
    canvas.redraw();
    const full = rewards.length === MOST;
    omit.disabled = full;
    if (full) clock.pause();
    canvas.say(`${CANVAS}${errors.length ? ` Trial ${chosen + 1} of ${errors.length}: largest error ${told(errors[chosen][peak(errors[chosen])])} in step ${peak(errors[chosen])}` : ""}`);
    if (speak) verdict(sentence());
  }

  // ------------------------------------------------------------------------------------------------------------ the controls
  yield;
  const CANVAS = "Above, the error in each step of a trial; below, a row for each trial. Arrow keys choose a trial.";
  stage.lead("Press Play, and follow the blue bar: does it travel, or jump?");
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const choose = to => { if (!errors.length) return; chosen = clamp(to, 0, errors.length - 1); show(); };
  const pick = ({ y }) => choose(Math.floor((y - TOP) / DOWN * MOST));
  const canvas = picture.canvas(CANVAS, [WIDE, HIGH], draw, {
    keys: { ArrowUp: () => choose(chosen - 1), ArrowDown: () => choose(chosen + 1), Home: () => choose(0), End: () => choose(MOST) },
    pointer: { grabs: ({ y }) => y > TOP && y < TOP + DOWN, down: point => { clock.pause(); pick(point); }, move: pick },
  });
  yield;
  const clock = panel.clock({ step: () => next(1), shown: show, speeds: [4, 20, 60], speed: 1, what: "one trial", say: s => `${s} trials a second` });
  yield;
  panel.text("state", "Then drag λ: all trials are replayed.");
  panel.slider("how far back a surprise teaches, λ", { min: 0, max: 1, step: 0.05, value: lambda, say: value => told(value) }, value => {
    lambda = value;
    w = zeros(n);
    errors = live(rewards, lambda, w);
    show();
  });
  yield;
  panel.text("state", "Last, when the peak has come to the cue: what will the error do if the reward fails to come? Guess, then press.");
  const line = panel.part("line"), omit = line.button("Leave the reward out once", () => { clock.pause(); next(0); show(); });
  line.button("Start again", () => {
    clock.pause();
    [rewards, errors, w, chosen] = [[], [], zeros(n), 0];
    show();
  });
  yield;
  show();
  return { live, peak, between, features, now: () => ({ lambda, rewards, chosen, errors: errors.map(delta => [...delta]), playing: clock.playing }) };
});
