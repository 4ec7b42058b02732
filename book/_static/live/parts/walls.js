// A maze of squares, [row, column] each, of which some are walls: what two models share.
Live.walls ??= walls => {
  "use strict";
  const isWall = ([row, column]) => walls[row][column] === "#", same = ([a, b], [c, d]) => a === c && b === d;
  const free = walls.flatMap((line, row) => [...line].map((_, column) => [row, column])).filter(place => !isWall(place));
  const centre = [(walls.length - 1) / 2, (walls.length - 1) / 2];
  // Any free square but one, by a number of [0, 1).
  function anywhereBut(avoided, chance) {
    const others = free.filter(place => !same(place, avoided));
    return others[Math.floor(chance * others.length)];
  }
  // What is a wall, 1, and what is not, 0, of a square and the eight around it, row by row.
  const around = ([row, column]) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map(k => isWall([row - 1 + Math.floor(k / 3), column - 1 + k % 3]) ? 1 : 0);
  return { isWall, same, free, centre, anywhereBut, around };
};
