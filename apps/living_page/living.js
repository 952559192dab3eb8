// What all chapters share: the address, symbols that light up, painting, maps, lines, and sources.
const sources = JSON.parse(document.getElementById("sources").textContent);
const recorded = JSON.parse(document.getElementById("recorded").textContent);
const $ = (selector, from = document) => from.querySelector(selector);
const make = (parent, tag, attributes = {}, text) => {
  const node = parent.appendChild(document.createElement(tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
const makeSvg = (parent, tag, attributes = {}, text) => {
  const node = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

// Numbers as people read them: so many digits that count, a true minus sign.
const shown = (x, digits = 4) => {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x), whole = Math.floor(Math.log10(size));
  const text = size < 1e-3 || size >= 1e5 ? x.toExponential(Math.min(2, digits - 1)) : x.toFixed(Math.max(0, digits - 1 - whole));
  return text.replaceAll("-", "−");
};

// The address: chapter, then what the reader changed. Chapters read and write their own keys.
const address = new URLSearchParams(location.hash.slice(1));
const keep = (key, value) => {
  address.set(key, value);
  history.replaceState(null, "", "#" + address);
};
const kept = (key, otherwise) => address.get(key) ?? otherwise;

// A symbol lights up wherever it stands; a click holds it.
let held = null;
const light = (symbol) => {
  for (const node of document.querySelectorAll(".lit")) node.classList.remove("lit");
  const wanted = symbol ?? held;
  if (wanted) for (const node of document.querySelectorAll(`[data-symbol="${wanted}"]`)) node.classList.add("lit");
};
const symbolAt = (event) => event.target.closest?.("[data-symbol]")?.dataset.symbol ?? null;
document.addEventListener("pointerover", (event) => light(symbolAt(event)));
document.addEventListener("focusin", (event) => light(symbolAt(event)));
const hold = (event) => {
  const symbol = symbolAt(event);
  if (symbol) held = held === symbol ? null : symbol;
  light();
};
document.addEventListener("click", hold);
document.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && event.target.matches?.("math [data-symbol]")) { event.preventDefault(); hold(event); } });
const prepareMath = (box) => {
  for (const node of box.querySelectorAll("math [data-symbol]")) {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", node.dataset.symbol);
  }
};

// Lines of a file as they are, with their numbers; `symbols` maps a symbol to how it is written there.
const showSource = (box, names, symbols = {}) => {
  box.textContent = "";
  for (const name of [].concat(names)) {
    const cut = sources[name];
    make(box, "div", { class: "source-name" }, `${cut.file}, line ${cut.line}`);
    const pre = make(box, "pre", { class: "source scroll", tabindex: "0", role: "region", "aria-label": `source of ${cut.file}` });
    cut.text.split("\n").forEach((text, k) => {
      const line = make(pre, "span", { class: text.trim().startsWith("//") ? "line comment" : "line" });
      make(line, "span", { class: "number", "aria-hidden": "true" }, String(cut.line + k));
      let rest = text;
      while (rest) {
        let first = null;
        for (const [symbol, pattern] of Object.entries(symbols)) {
          const found = pattern.exec(rest);
          if (found && found[0] && (!first || found.index < first.found.index)) first = { symbol, found };
        }
        line.append(first ? rest.slice(0, first.found.index) : rest);
        if (!first) break;
        make(line, "span", { class: "symbol", "data-symbol": first.symbol }, first.found[0]);
        rest = rest.slice(first.found.index + first.found[0].length);
      }
    });
  }
};

// A square map: blue above 0, orange below, by the share of `limit`; or grey levels of [0, 1].
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const drawMap = (canvas, size, values, { limit, grey = false, marked = -1 } = {}) => {
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  const most = limit ?? Math.max(...Array.from(values, (v) => Number.isFinite(v) ? Math.abs(v) : 0));
  const [plus, minus] = [colour("--c0"), colour("--c1")];
  for (let i = 0; i < size * size; ++i) {
    const v = values[i];
    if (grey) {
      pen.globalAlpha = 1;
      const level = Math.round(255 * Math.min(1, Math.max(0, v)));
      pen.fillStyle = `rgb(${level},${level},${level})`;
    } else if (Number.isNaN(v)) {
      pen.globalAlpha = 1;
      pen.fillStyle = colour("--c3");
    } else {
      pen.globalAlpha = most > 0 ? Math.min(1, Math.abs(v) / most) ** 0.6 : 0;
      pen.fillStyle = v > 0 ? plus : minus;
    }
    pen.fillRect(i % size, Math.floor(i / size), 1, 1);
  }
  pen.globalAlpha = 1;
  if (marked >= 0) {
    pen.fillStyle = colour("--text");
    pen.globalAlpha = 0.55;
    pen.fillRect(marked % size, Math.floor(marked / size), 1, 1);
  }
};
const mapIn = (parent, label) => {
  const figure = make(parent, "figure", { class: "map" });
  const canvas = make(figure, "canvas", { role: "img", "aria-label": label });
  const caption = make(figure, "figcaption", {}, label);
  return { canvas, caption, figure };
};

// A map that is painted: by pointer, or by arrows and space.
const painter = (parent, label, size, { draw, paint, look }) => {
  const figure = make(parent, "figure", { class: "map paint" });
  const canvas = make(figure, "canvas", { tabindex: "0", role: "application", "aria-label": `${label}: arrows move, space paints` });
  make(figure, "figcaption", {}, label);
  let at = -1, down = false, key = -1;
  const redraw = () => draw(canvas, key);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * size), row = Math.floor((event.clientY - box.top) / box.height * size);
    return column >= 0 && row >= 0 && column < size && row < size ? row * size + column : -1;
  };
  canvas.onpointerdown = (event) => {
    down = true;
    try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    at = place(event);
    if (at >= 0) paint(at, true);
  };
  canvas.onpointermove = (event) => {
    const next = place(event);
    if (next === at) return;
    at = next;
    if (down && at >= 0) paint(at, false);
    if (look) look(at);
  };
  canvas.onpointerup = canvas.onpointercancel = () => { down = false; };
  canvas.onpointerleave = () => { at = -1; if (look) look(-1); };
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -size, ArrowDown: size }[event.key];
    if (step) {
      event.preventDefault();
      key = key < 0 ? Math.floor(size * (size + 1) / 2) : Math.min(size * size - 1, Math.max(0, key + step));
      redraw();
      if (look) look(key);
    } else if (event.key === " " && key >= 0) {
      event.preventDefault();
      paint(key, true);
    }
  };
  canvas.onblur = () => { key = -1; redraw(); };
  return { canvas, redraw };
};

// Lines over steps: series of { name, y }, one colour each; areas where `stacked`.
const drawLines = (svg, series, { label, bottom, top, cursor = -1, stacked = false, unit = "step", marks = [] }) => {
  const W = Math.max(280, svg.clientWidth || 520), H = Number(svg.dataset.height || 170), left = 44, right = W - 8, high = 8, low = H - 22;
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  svg.setAttribute("height", H);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.textContent = "";
  const n = series[0].y.length, all = series.flatMap((s) => Array.from(s.y)).filter(Number.isFinite);
  const sums = stacked ? Array.from(series[0].y, (_, t) => series.reduce((sum, s) => sum + s.y[t], 0)) : all;
  const least = bottom ?? Math.min(0, ...all), most = top ?? Math.max(1e-9, ...sums);
  const x = (t) => left + (right - left) * t / Math.max(1, n - 1), y = (v) => low - (low - high) * (v - least) / (most - least);
  makeSvg(svg, "desc", {}, series.map((s) => `${s.name} from ${shown(s.y[0], 3)} to ${shown(s.y[n - 1], 3)}`).join("; "));
  for (const share of [0, 0.5, 1]) {
    const v = least + share * (most - least);
    makeSvg(svg, "path", { class: "grid", d: `M${left} ${y(v)}H${right}` });
    makeSvg(svg, "text", { x: left - 5, y: y(v) + 4, "text-anchor": "end" }, shown(v, 3));
  }
  for (const [from, to] of marks) makeSvg(svg, "rect", { class: "window", x: x(from), y: high, width: Math.max(0, x(to) - x(from)), height: low - high });
  const below = new Float64Array(n);
  series.forEach((s, k) => {
    const group = makeSvg(svg, "g", { "data-series": k, ...(s.symbol ? { "data-symbol": s.symbol } : {}) });
    const points = Array.from(s.y, (v, t) => [t, stacked ? below[t] + v : v]);
    if (stacked) {
      const known = points.every(([, v]) => Number.isFinite(v));
      const back = points.map(([t]) => `${x(t)} ${y(below[t])}`).reverse();
      makeSvg(group, "path", { class: `area f${(s.colour ?? k) % 6}`, d: known ? "M" + points.map(([t, v]) => `${x(t)} ${y(v)}`).concat(back).join("L") + "Z" : `M${left} ${low}` });
      points.forEach(([t, v]) => { below[t] = v; });
    } else {
      let d = "", open = false;
      for (const [t, v] of points) {
        if (Number.isFinite(v)) d += `${open ? "L" : "M"}${x(t).toFixed(1)} ${y(Math.min(most, Math.max(least, v))).toFixed(1)}`;
        open = Number.isFinite(v);
      }
      makeSvg(group, "path", { class: `s${(s.colour ?? k) % 6}${s.dash ? " dash" : ""}`, d: d || `M${left} ${low}` });
    }
  });
  if (cursor >= 0) makeSvg(svg, "path", { class: "cursor", d: `M${x(cursor)} ${high}V${low}` });
  makeSvg(svg, "text", { x: left, y: H - 6 }, "0");
  makeSvg(svg, "text", { x: right, y: H - 6, "text-anchor": "end" }, `${unit} ${n - 1}`);
  return { step: (event) => Math.round(Math.min(n - 1, Math.max(0, ((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth * W - left) / (right - left) * (n - 1)))),
           value: (event) => least + (low - (event.clientY - svg.getBoundingClientRect().top) / svg.clientHeight * H) / (low - high) * (most - least) };
};
const legend = (box, series) => {
  box.textContent = "";
  series.forEach((s, k) => {
    const entry = make(box, "span", { class: "entry", ...(s.symbol ? { "data-symbol": s.symbol } : {}) });
    make(entry, "i", { class: `swatch b${(s.colour ?? k) % 6}` });
    entry.append(s.name);
  });
};

const options = (select, values, chosen) => {
  select.textContent = "";
  for (const { name, what } of values) make(select, "option", { value: name, title: what ?? "" }, name);
  select.value = values.some((v) => v.name === chosen) ? chosen : values[0].name;
};
const later = (work, delay = 200) => {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(work, delay); };
};
const fill = (table, heads, rows) => {
  table.textContent = "";
  const row = make(make(table, "thead"), "tr");
  for (const head of heads) make(row, "th", { scope: "col", ...(head.symbol ? { "data-symbol": head.symbol } : {}) }, head.text ?? head);
  const body = make(table, "tbody");
  for (const cells of rows) {
    const line = make(body, "tr");
    cells.forEach((cell, k) => make(line, k ? "td" : "th", { ...(k ? {} : { scope: "row" }), ...(cell.symbol ? { "data-symbol": cell.symbol } : {}), ...(cell.best ? { class: "best" } : {}) }, cell.text ?? cell));
  }
};

// Chapters: each has begin(engine), once, when it is first opened, and may have show() and hide().
const chapters = {};
let opened = null;
const open = (name, engine) => {
  if (!chapters[name]) name = Object.keys(chapters)[0];
  for (const section of document.querySelectorAll(".chapter")) section.hidden = section.id !== name;
  for (const link of document.querySelectorAll("#chapters a")) {
    if (link.dataset.chapter === name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (opened && opened !== name) chapters[opened].hide?.();
  opened = name;
  keep("chapter", name);
  const chapter = chapters[name];
  if (!chapter.begun) {
    chapter.begun = true;
    prepareMath(document.getElementById(name));
    chapter.begin(engine, document.getElementById(name));
  }
  chapter.show?.();
};
