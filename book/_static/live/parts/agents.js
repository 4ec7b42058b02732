// Agents in a maze, what they see and do there, and how both are drawn: what two models share.
// It stands on walls.js, which a script that needs this needs first.
Live.agents ??= given => {
  "use strict";
  const { walls, reward, penalty } = given, { zeros, addProduct } = Live, made = Live.walls(walls), { isWall, same, free, centre, anywhereBut, around } = made;
  const SIDE = walls.length, MOVES = [[-1, 0], [1, 0], [0, -1], [0, 1]];

  const newborn = goal => ({ goal, place: centre, action: -1, reward: 0 });
  // Nine squares around it, what it did, what it got.
  function observe({ place, action, reward: got }) {
    const seen = zeros(14);
    seen.set(around(place));
    if (action >= 0) seen[9 + action] = 1;
    seen[13] = got;
    return seen;
  }
  // The drive of all units by what is seen; the last row of inward is the bias.
  const sensed = (inward, seen, width) => addProduct(inward.slice(seen.length * width), seen, inward.subarray(0, seen.length * width));

  // Choose by softmax of what the units y send to four actions, and move; who finds the goal is paid, and put elsewhere.
  function act(life, outward, y, [choice, put]) {
    const logits = addProduct(outward.slice(4 * y.length), y, outward.subarray(0, 4 * y.length)), top = Math.max(...logits);
    const likely = logits.map(value => Math.exp(value - top)), total = likely.reduce((a, b) => a + b);
    let action = 0, sum = likely[0] / total;
    while (action < 3 && choice >= sum) sum += likely[++action] / total;
    const there = life.place.map((x, axis) => x + MOVES[action][axis]), bumped = isWall(there);
    if (!bumped) life.place = there;
    const found = same(life.place, life.goal);
    if (found) life.place = anywhereBut(life.goal, put);
    Object.assign(life, { action, reward: (found ? reward : 0) - (bumped ? penalty : 0) });
    return found;
  }

  const away = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  // The next free square from one, that way; null at the edge.
  function pushed(place, move) {
    do place = place.map((x, axis) => x + move[axis]); while (place.every(x => x > 0 && x < SIDE - 1) && isWall(place));
    return place.every(x => x > 0 && x < SIDE - 1) ? place : null;
  }
  // Any square far from the goal.
  function far({ goal, place: here }, chance) {
    const squares = free.filter(place => away(place, goal) >= 5 && !same(place, here));
    return squares[Math.floor(chance * squares.length)];
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const UNIT = 35, at = ([row, column]) => [(column + 0.5) * UNIT, (row + 0.5) * UNIT];
  const nearest = ({ x, y }) => free.reduce((best, place) => {
    const far = ([row, column]) => Math.hypot(x / UNIT - 0.5 - column, y / UNIT - 0.5 - row);
    return far(place) < far(best) ? place : best;
  });
  function star(context, place, fill, edge, dashed = []) {
    const [x, y] = at(place);
    context.beginPath();
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? 6.5 : 15, turn = k * Math.PI / 5;
      context.lineTo(x + r * Math.sin(turn), y - r * Math.cos(turn));
    }
    context.closePath();
    context.setLineDash(dashed);
    Object.assign(context, { fillStyle: fill || "transparent", strokeStyle: edge, lineWidth: 2.5 });
    context.fill();
    context.stroke();
    context.setLineDash([]);
  }
  // The squares, and the way that was gone.
  function ground(context, colour, path) {
    context.fillStyle = colour("paper");
    context.fillRect(0, 0, SIDE * UNIT, SIDE * UNIT);
    context.globalAlpha = 0.6;
    context.fillStyle = colour("faint");
    walls.forEach((row, r) => [...row].forEach((_, c) => { if (isWall([r, c])) context.fillRect(c * UNIT, r * UNIT, UNIT + 0.5, UNIT + 0.5); }));
    Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 4, lineCap: "round" });
    path.forEach((place, k) => { // older steps fade; no line where it was put elsewhere
      const before = path[k - 1];
      if (!before || away(before, place) > 1) return;
      context.globalAlpha = 0.75 * (k + 1) / path.length;
      context.beginPath();
      context.moveTo(...at(before));
      context.lineTo(...at(place));
      context.stroke();
    });
    context.globalAlpha = 1;
  }
  function disc(context, place, fill) {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(...at(place), 10, 0, 7);
    context.fill();
  }
  function frame(context, place, edge) {
    const [x, y] = at(place);
    Object.assign(context, { strokeStyle: edge, lineWidth: 3 });
    context.strokeRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
  }

  // The maze as a canvas, whose goal is dragged or pushed by keys; the space bar plays and pauses. goal() is where it is, moved(place)
  // is told where it is put.
  function board(stage, label, draw, { goal, moved, clock }) {
    return stage.canvas(label, [SIDE * UNIT, SIDE * UNIT], draw, {
      keys: {
        ...Object.fromEntries(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].map((key, k) => [key, () => {
          const place = pushed(goal(), MOVES[k]);
          if (place) moved(place);
        }])),
        " ": () => (clock().playing ? clock().pause() : clock().play()),
      },
      pointer: {
        grabs: () => false,
        handle: ({ x, y }) => Math.hypot(x - at(goal())[0], y - at(goal())[1]) < UNIT,
        move: point => moved(nearest(point)),
        up: point => moved(nearest(point)),
      },
    });
  }

  return { ...made, SIDE, UNIT, newborn, observe, sensed, act, away, far, at, star, ground, disc, frame, board };
};
