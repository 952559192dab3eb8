// Draws the page from the JSON in #data: a list of sections, each a table, charts, facts or panels.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  // Okabe and Ito's colours, which colour-blind readers can tell apart.
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", dark ? "#f0e442" : "#999900", "#888888"];

  const add = (parent, tag, text, name) => {
    const node = parent.appendChild(document.createElement(tag));
    if (text !== undefined) node.textContent = text;
    if (name) node.className = name;
    return node;
  };

  const picture = (grid, cell) => {
    const figure = add(grid, "figure");
    const image = add(figure, "img");
    image.src = cell.image;
    image.alt = cell.caption;
    add(figure, "figcaption", cell.caption);
  };

  // Blue for 1, orange for -1, and the page's own shade for 0.
  const shade = (value) => {
    const middle = dark ? [33, 38, 45] : [246, 248, 250];
    const end = value < 0 ? [213, 94, 0] : [0, 114, 178];
    const share = Math.min(1, Math.abs(value));
    return `rgb(${middle.map((m, k) => Math.round(m + share * (end[k] - m))).join()})`;
  };

  const heatMap = (holder, chart) => {
    const grid = add(holder, "div", undefined, "heat");
    const names = add(grid, "div", undefined, "heat-names");
    for (const series of chart.series) add(names, "div", series.name).title = series.name;
    const steps = chart.series[0].x;
    const canvas = add(grid, "canvas");
    canvas.width = steps.length;
    canvas.height = chart.series.length;
    canvas.style.height = `${20 * chart.series.length}px`;
    const pen = canvas.getContext("2d");
    chart.series.forEach((series, row) => series.y.forEach((value, column) => {
      if (value === null) return;
      pen.fillStyle = shade(value);
      pen.fillRect(column, row, 1, 1);
    }));
    canvas.onmousemove = (event) => {
      const column = Math.floor(event.offsetX / canvas.clientWidth * steps.length);
      const series = chart.series[Math.floor(event.offsetY / canvas.clientHeight * chart.series.length)];
      if (series && column in steps) {
        canvas.title = `${series.name}: ${series.y[column]} at ${chart.x} ${Math.round(steps[column])}`;
      }
    };
    add(grid, "div");
    const axis = add(grid, "div", undefined, "heat-axis");
    for (const text of [Math.round(steps[0]), chart.x, Math.round(steps[steps.length - 1])]) add(axis, "span", text);
    add(grid, "div");
    const legend = add(grid, "div", undefined, "heat-axis");
    add(legend, "span", `-1 ${chart.heat[0]}`);
    add(legend, "span", undefined, "heat-scale").style.background =
      `linear-gradient(to right, ${shade(-1)}, ${shade(0)}, ${shade(1)})`;
    add(legend, "span", `1 ${chart.heat[1]}`);
  };

  const draw = {
    facts(box, section) {
      const list = add(box, "dl", undefined, "facts");
      for (const [name, value] of section.facts) {
        add(list, "dt", name);
        add(list, "dd", value);
      }
    },
    table(box, section) {
      const table = add(add(box, "div", undefined, "scroll"), "table");
      const head = add(add(table, "thead"), "tr");
      for (const column of section.columns) add(head, "th", column);
      const body = add(table, "tbody");
      section.rows.forEach((cells, i) => {
        const row = add(body, "tr");
        cells.forEach((cell, j) => {
          const best = section.best && section.best[j] === i;
          add(row, "td", cell, best ? "best" : cell.length > 60 ? "names" : "");
        });
      });
    },
    charts(box, section) {
      const grid = add(box, "div", undefined, "charts");
      for (const chart of section.charts) {
        const holder = add(grid, "div");
        add(holder, "div", chart.title, "chart-title");
        if (chart.heat) {
          heatMap(holder, chart);
          continue;
        }
        const canvas = add(add(holder, "div", undefined, "chart"), "canvas");
        const axis = (title) => ({
          title: { display: true, text: title, color: dark ? "#9aa5b1" : "#57606a" },
          ticks: { color: dark ? "#9aa5b1" : "#57606a" },
          grid: { color: dark ? "#30363d" : "#e5e9ed" },
        });
        new Chart(canvas, {
          type: "line",
          data: {
            datasets: chart.series.map((series, k) => ({
              label: series.name,
              data: series.x.map((x, i) => ({ x, y: series.y[i] })),
              borderColor: colours[k % colours.length],
              backgroundColor: colours[k % colours.length],
              borderDash: k >= colours.length ? [6, 3] : [],
              borderWidth: 1.5,
              pointRadius: series.x.length > 60 ? 0 : 2,
            })),
          },
          options: {
            animation: false,
            responsive: true,
            maintainAspectRatio: false,
            interaction: { mode: "nearest", axis: "x", intersect: false },
            plugins: { legend: { labels: { boxWidth: 12, color: dark ? "#e6edf3" : "#1b1f24" } } },
            scales: {
              x: Object.assign({ type: "linear" }, axis(chart.x)),
              y: Object.assign({ type: chart.log ? "logarithmic" : "linear" }, axis(chart.y)),
            },
          },
        });
      }
    },
    sheet(box, section) {
      const grid = add(box, "div", undefined, "sheet");
      for (const cell of section.cells) picture(grid, cell);
    },
    panels(box, section) {
      const grid = add(add(box, "div", undefined, "scroll"), "div", undefined, "panels");
      grid.style.gridTemplateColumns = `repeat(${section.columns.length}, minmax(72px, 1fr))`;
      for (const column of section.columns) add(grid, "div", column, "head");
      for (const row of section.rows) {
        for (const cell of row) {
          picture(grid, cell);
        }
      }
    },
  };

  add(page, "h1", data.title);
  for (const line of data.lines) add(page, "p", line, "note");
  for (const section of data.sections) {
    const box = add(page, "section");
    add(box, "h2", section.title);
    if (section.note) add(box, "p", section.note, "note");
    draw[section.kind](box, section);
  }
  document.documentElement.dataset.drawn = "yes";  // for tests
})();
