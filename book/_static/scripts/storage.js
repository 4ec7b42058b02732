// Where storage is denied (cookies blocked, the sandboxed frame of a course), one that lasts as long as the page stands in its place: search, theme and formulas ask for it.
for (const name of ["localStorage", "sessionStorage"]) {
  try {
    window[name].getItem("");
  } catch {
    const kept = new Map();
    Object.defineProperty(window, name, { configurable: true, value: {
      getItem: key => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: key => { kept.delete(String(key)); },
      clear: () => kept.clear(),
      key: k => [...kept.keys()][k] ?? null,
      get length() { return kept.size; },
    } });
  }
}
