// The reader's own steps in the dark: they see what an agent sees, nine squares and what the last step gave, and nothing else.
// needs walls
"use strict";
Live.model("maze-dark", function* ({ numbers, stage }) {
  const { random, told } = Live, { walls, steps, finds: others } = numbers, SIDE = walls.length, UNIT = 35, WIDE = SIDE * UNIT;
  const MOVES = { Up: [-1, 0], Left: [0, -1], Right: [0, 1], Down: [1, 0] };
  const { isWall, same, centre, anywhereBut, around: seen } = Live.walls(walls);

  // ---------------------------------------------------------------------------------------------------------------- the walk
  const start = chance => ({ place: centre, goal: anywhereBut(centre, chance), left: steps, taken: [0], path: [centre], got: "nothing yet" });
  function step(walk, move, chance) {
    if (!walk.left) return;
    const there = walk.place.map((x, axis) => x + MOVES[move][axis]), wall = isWall(there);
    walk.left--;
    walk.taken[walk.taken.length - 1]++;
    if (!wall) walk.place = there;
    walk.path.push(walk.place);
    walk.got = wall ? "a wall" : "nothing";
    if (!same(walk.place, walk.goal)) return;
    walk.place = anywhereBut(walk.goal, chance);
    walk.path.push(walk.place);
    walk.taken.push(0);
    walk.got = "the goal! You were put down somewhere else";
  }

  // ------------------------------------------------------------------------------------------------------------ what is seen
  const chance = random();
  let walk = start(chance());
  function draw(context, colour) {
    context.fillStyle = colour("ink");
    context.globalAlpha = walk.left ? 0.85 : 1;
    context.fillRect(0, 0, WIDE, WIDE);
    context.globalAlpha = 1;
    const size = WIDE / 3;
    if (walk.left) {
      seen(walk.place).forEach((wall, k) => {
        context.fillStyle = colour(wall ? "faint" : "paper");
        context.fillRect(k % 3 * size + 1, Math.floor(k / 3) * size + 1, size - 2, size - 2);
      });
      disc(context, colour("blue"), WIDE / 2, WIDE / 2, 26);
      return;
    }
    walls.forEach((row, r) => [...row].forEach((_, c) => { // all of it, with the way that was gone
      context.fillStyle = colour(isWall([r, c]) ? "faint" : "paper");
      context.fillRect(c * UNIT, r * UNIT, UNIT, UNIT);
    }));
    const at = ([row, column]) => [(column + 0.5) * UNIT, (row + 0.5) * UNIT];
    Object.assign(context, { strokeStyle: colour("blue"), lineWidth: 4, lineCap: "round" });
    walk.path.forEach((place, k) => {
      const before = walk.path[k - 1];
      if (!before || Math.abs(before[0] - place[0]) + Math.abs(before[1] - place[1]) > 1) return;
      context.globalAlpha = 0.2 + 0.6 * k / walk.path.length;
      context.beginPath();
      context.moveTo(...at(before));
      context.lineTo(...at(place));
      context.stroke();
    });
    context.globalAlpha = 1;
    disc(context, colour("green"), ...at(walk.goal), 13);
    disc(context, colour("blue"), ...at(walk.place), 10);
  }
  function disc(context, fill, x, y, r) {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, r, 0, 7);
    context.fill();
  }

  // ------------------------------------------------------------------------------------------------------------- the controls
  stage.lead("Walk: press an arrow, or touch the square beside you.");
  yield;
  const picture = stage.part("picture"), panel = stage.part("panel"), verdict = stage.verdict();
  const keys = Object.fromEntries(Object.keys(MOVES).map(move => [`Arrow${move}`, () => go(move)]));
  const canvas = picture.canvas("What you see. Arrow keys move you.", [WIDE, WIDE], draw, {
    keys,
    pointer: { tap: ({ x, y }) => { // a square beside you
      const [across, along] = [x - WIDE / 2, y - WIDE / 2];
      if (Math.max(Math.abs(across), Math.abs(along)) < WIDE / 6) return;
      go(Math.abs(across) > Math.abs(along) ? (across > 0 ? "Right" : "Left") : along > 0 ? "Down" : "Up");
    } },
  });
  yield;
  const cross = panel.part("cross");
  Object.keys(MOVES).forEach(move => cross.button({ Up: "↑", Left: "←", Right: "→", Down: "↓" }[move], () => go(move), { label: move.toLowerCase() }));
  yield;
  const state = panel.text("state");
  panel.button("Again, with another goal", () => { walk = start(chance()); show(); });
  function show() {
    const found = walk.taken.length - 1, ways = ["up", "left", "right", "down"];
    canvas.redraw();
    state.textContent = `${walk.left} steps left; goals found: ${found}. The last step gave: ${walk.got}.`;
    const open = Object.values(MOVES).map(move => !isWall(walk.place.map((x, axis) => x + move[axis])));
    stage.say(walk.left ? `${walk.got}; open: ${ways.filter((_, k) => open[k]).join(", ")}; ${walk.left} steps left` : "");
    verdict(walk.left ? "Somewhere in this maze is a place that pays, and it cannot be seen. Whoever finds it is put down elsewhere: how will you get back?"
      : `You found it ${found === 1 ? "once" : `${found} times`}. In as many steps someone who sweeps the maze, and remembers the way but not the goal, finds it ` +
        `${told(others.sweep, 1)} times; trained plastic agents, ${told(others.plastic, 1)}; who remembers the goal and sees the maze, ${told(others.know, 1)}.`);
  }
  const go = move => { step(walk, move, chance()); show(); };
  show();
  return { start, step, seen, now: () => walk };
});
