// What the live models share: numbers, chance that can be repeated, work in pieces, pictures of few pixels. Live is the one global;
// stage.js adds what a model stands on.
window.Live ??= (() => {
  "use strict";

  // ---------------------------------------------------------------------------------------------------------------- numbers
  const zeros = n => new Float64Array(n);
  const dot = (a, b) => { let sum = 0; for (let i = 0; i < a.length; i++) sum += a[i] * b[i]; return sum; };
  const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

  // Add x @ w to total; w is [x.length, total.length], row by row.
  function addProduct(total, x, w) {
    const n = total.length;
    for (let i = 0, at = 0; i < x.length; i++, at += n) {
      if (x[i] !== 0) for (let j = 0; j < n; j++) total[j] += x[i] * w[at + j];
    }
    return total;
  }

  // Integers of 8 or 6 bits times a scale, as hebbnotes.figures.live.packed writes them.
  const DIGIT = new Uint8Array(128); // 0 to 63, by the code of a letter
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((letter, k) => { DIGIT[letter.charCodeAt(0)] = k; });
  function digits(letters) {
    const found = new Uint8Array(letters.length);
    for (let k = 0; k < found.length; k++) found[k] = DIGIT[letters.charCodeAt(k)];
    return found;
  }
  function bytes(base64) {
    const whole = atob(base64), found = new Uint8Array(whole.length);
    for (let k = 0; k < found.length; k++) found[k] = whole.charCodeAt(k);
    return found;
  }
  function unpack({ base64, letters, scale }) {
    const whole = letters ? digits(letters) : new Int8Array(bytes(base64).buffer);
    const values = zeros(whole.length), none = letters ? 32 : 0;
    for (let k = 0; k < values.length; k++) values[k] = scale * (whole[k] - none);
    return values;
  }

  // A source of numbers in [0, 1) that a seed repeats: Marsaglia's xorshift of 32 bits (2003).
  function random(seed = Date.now()) {
    let state = Math.imul(seed + 1, 0x9E3779B1) || 1;
    return () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 4294967296;
    };
  }

  // What tests wait for is held until it is done; hold() returns what lets go.
  let working = 0; // how many are held
  function hold() {
    let held = 1;
    working++;
    return () => { working -= held; held = 0; };
  }
  // Run a generator in pieces of 4 ms, so that the page goes on meanwhile; where it yields rest, a piece ends. done(found) gets what it
  // returns. Returns what stops it.
  const rest = Symbol("rest");
  function inPieces(job, done = () => {}) {
    const letGo = hold();
    let going = true;
    const end = () => { letGo(); going = false; };
    const run = () => {
      const begun = performance.now();
      try {
        while (going && performance.now() - begun < 4) {
          const { done: ended, value } = job.next();
          if (ended) { end(); done(value); }
          if (value === rest) break;
        }
      } catch (error) { end(); throw error; }
      if (going) setTimeout(run);
    };
    setTimeout(run);
    return end;
  }
  // The same for what may be asked for again meanwhile: each call runs steps(), a generator, and hands what it returns to done; calls
  // while it runs make it run once more afterwards. afresh() instead drops what runs.
  function piecewise(steps, done) {
    let running = false, again = false, stop = () => {};
    const call = () => {
      again = running;
      if (running) return;
      running = true;
      stop = inPieces(steps(), found => {
        running = false;
        done(found);
        if (again && !running) call();
      });
    };
    return Object.assign(call, { afresh: () => { stop(); running = false; call(); } });
  }
  // All of a generator at once: what it returns.
  const all = job => { let next = job.next(); while (!next.done) next = job.next(); return next.value; };
  // What tests wait for: all that is done in pieces is done.
  const settled = () => new Promise(done => { const look = () => { if (working) setTimeout(look); else done(true); }; look(); });

  // A number for readers: a true minus sign, and no minus before what is 0.
  const told = (value, digits = 2) => (+value.toFixed(digits) || 0).toFixed(digits).replace("-", "−");
  // A whole number with a comma before each three digits; toLocaleString would load all languages first, which a phone feels.
  const thousands = n => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");

  // ------------------------------------------------------------------------------------------------------------------ parts
  const make = (tag, given = {}, ...inside) => {
    const { aria = {}, ...own } = given, element = Object.assign(document.createElement(tag), own);
    Object.entries(aria).forEach(([name, value]) => element.setAttribute(name === "role" ? name : `aria-${name}`, value));
    element.append(...inside);
    return element;
  };
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = new Set(), colours = new Map(); // what is drawn anew when the theme changes; the colours of its roles
  new MutationObserver(() => { colours.clear(); shown.forEach(redraw => redraw()); })
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  // What shows or draws does so in tasks of its own, with others of the page between them; once, however often it is asked for.
  const due = new Set();
  let waiting = null;
  function soon(act) {
    due.add(act);
    if (waiting) return;
    waiting = hold();
    setTimeout(next);
  }
  function next() {
    const begun = performance.now();
    try {
      for (const act of due) {
        due.delete(act);
        act();
        if (performance.now() - begun > 3) break;
      }
    } finally {
      waiting();
      waiting = null;
      if (due.size) soon(due.values().next().value);
    }
  }

  // Fill a canvas of few pixels; of(k) is the colour of pixel k, [#rrggbb, opacity].
  const parsed = new Map();
  function fill(canvas, [columns, rows], of) {
    Object.assign(canvas, { width: columns, height: rows });
    const inside = canvas.getContext("2d"), image = inside.createImageData(columns, rows), { data } = image;
    let last = "", rgb = 0;
    for (let k = 0; k < columns * rows; k++) {
      const [hex, opacity] = of(k);
      if (hex !== last) {
        if (!parsed.has(hex)) parsed.set(hex, parseInt(hex.slice(1), 16));
        [last, rgb] = [hex, parsed.get(hex)];
      }
      data[4 * k] = rgb >> 16;
      data[4 * k + 1] = rgb >> 8 & 255;
      data[4 * k + 2] = rgb & 255;
      data[4 * k + 3] = 255 * opacity;
    }
    inside.putImageData(image, 0, 0);
    return canvas;
  }
  // Draw such a picture in a box. Its pixels are squares, if not smooth.
  const small = make("canvas");
  function mosaic(context, size, of, box, smooth = false) {
    fill(small, size, of);
    context.imageSmoothingEnabled = smooth;
    context.drawImage(small, ...box);
  }
  // The picture of an array that does not change, which is kept with it for each name, as of colours.
  const kept = new WeakMap();
  function printed(values, name, size, of) {
    if (!kept.has(values)) kept.set(values, new Map());
    const all = kept.get(values);
    if (!all.has(name)) all.set(name, fill(make("canvas"), size, of));
    return all.get(name);
  }

  return { zeros, dot, clamp, addProduct, unpack, bytes, digits, hold, rest, inPieces, piecewise, all, settled, random, told, thousands, make, calm, shown, colours, soon, mosaic, printed };
})();
