// What a page can do beyond being read: numbers under the pointer, hiding of lines, sorting.
"use strict";
const dataOf = (figure) => JSON.parse(figure.querySelector('script[type="application/json"]').textContent);

// Where the axes of a plot lie in its drawing: left, top, right, bottom.
const boxOf = (svg) => svg.dataset.box.split(" ").map(Number);

// The place in a rising list that is nearest to a value.
const nearest = (list, value) => {
  let low = 0, high = list.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle; else high = middle;
  }
  return Math.abs(list[low] - value) <= Math.abs(list[high] - value) ? low : high;
};

const svgNode = (parent, tag, attributes) => {
  const node = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

const showTip = (figure, text, x, y) => {
  let tip = figure.querySelector(".tip");
  if (!tip) {
    tip = figure.appendChild(document.createElement("div"));
    tip.className = "tip";
  }
  tip.hidden = !text;
  tip.textContent = text;
  tip.style.left = `${Math.max(0, Math.min(x + 12, figure.clientWidth - tip.offsetWidth))}px`;
  tip.style.top = `${y + 12}px`;
};

for (const figure of document.querySelectorAll("figure.plot-of")) {
  const data = dataOf(figure);
  if (data.heat !== undefined) {
    const map = figure.querySelector(".heat-map");
    map.onpointermove = (event) => {
      const column = Math.min(data.x.length - 1, Math.floor(event.offsetX / map.clientWidth * data.x.length));
      const row = data.series[Math.floor(event.offsetY / map.clientHeight * data.series.length)];
      const box = figure.getBoundingClientRect();
      if (row) showTip(figure, `${row.name}: ${row.y[column]} at ${data.heat} ${data.x[column]}`, event.clientX - box.left, event.clientY - box.top);
    };
    map.onpointerleave = () => showTip(figure, "", 0, 0);
    continue;
  }
  const svg = figure.querySelector("svg.plot");
  const hidden = new Set();
  for (const button of figure.querySelectorAll(".legend button")) {
    button.onclick = () => {
      const shown = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", shown);
      svg.querySelector(`g[data-series="${button.dataset.series}"]`).toggleAttribute("hidden", !shown);
      if (shown) hidden.delete(button.dataset.series); else hidden.add(button.dataset.series);
    };
  }
  if (svg.querySelector(".dot")) continue;
  const cursor = svgNode(svg, "path", { class: "cursor" });
  const [left, top, right, bottom] = boxOf(svg);
  svg.onpointermove = (event) => {
    const x = event.offsetX / svg.clientWidth * svg.viewBox.baseVal.width;
    const share = Math.max(0, Math.min(1, (x - left) / (right - left)));
    const value = data.log ? data.from * (data.to / data.from) ** share : data.from + share * (data.to - data.from);
    const lines = [];
    data.series.forEach((series, k) => {
      const xs = series.x || data.series[0].x;
      if (!xs.length || hidden.has(String(k))) return;
      const i = nearest(xs, value);
      if (!lines.length) lines.push(`${data.x} ${xs[i]}`);
      lines.push(`${series.name}  ${series.y[i] === null ? "no number" : series.y[i]}`);
    });
    cursor.setAttribute("d", `M${left + share * (right - left)} ${top}V${bottom}`);
    const box = figure.getBoundingClientRect();
    showTip(figure, lines.join("\n"), event.clientX - box.left, event.clientY - box.top);
  };
  svg.onpointerleave = () => {
    cursor.removeAttribute("d");
    showTip(figure, "", 0, 0);
  };
}

for (const text of document.querySelectorAll(".copy")) {
  const button = document.createElement("button");
  button.textContent = "copy";
  button.onclick = () => {
    getSelection().selectAllChildren(text);
    button.textContent = document.execCommand("copy") ? "copied" : "select it by hand";
  };
  text.after(" ", button);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").onclick = () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => {
      const text = row.cells[column].textContent, number = parseFloat(text);
      return Number.isNaN(number) ? text : number;
    };
    const order = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    const rows = [...table.tBodies[0].rows].sort((a, b) => order(key(a), key(b)) * (down ? -1 : 1));
    table.tBodies[0].append(...rows);
  });
}
