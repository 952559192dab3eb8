// Chapter 6: forward, backward_data and backward_weight of one 3 x 3 convolution, by pointing.
chapters.convolution = {
  begin(engine, box) {
    const S = 9, A = S * S, KERNELS = { "edge": [-1, 0, 1, -2, 0, 2, -1, 0, 1], "mean": Array(9).fill(1 / 9), "sharpen": [0, -1, 0, -1, 5, -1, 0, -1, 0] };
    let seed = Number(kept("draw", "1")), kernel = KERNELS[kept("kernel", "edge")] ? kept("kernel", "edge") : "edge";
    const x = new Float64Array(A), dy = new Float64Array(A), y = new Float64Array(A), dx = new Float64Array(A), dw = new Float64Array(9);
    const w = () => Float64Array.from(KERNELS[kernel]);
    const drawn = () => {
      let state = seed;
      const next = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
      const h = 2 + 5 * next(), v = 2 + 5 * next(), r = 1.5 + 2 * next();
      for (let i = 0; i < A; ++i) {
        x[i] = Math.round(10 * ((Math.hypot(Math.floor(i / S) - h, i % S - v) < r ? 0.8 : 0.1) + 0.2 * next())) / 10;
        dy[i] = next() < 0.1 ? Math.round(20 * next() - 10) / 10 : 0;
      }
    };
    const run = (inX, inW, out = [new Float64Array(A), new Float64Array(A), new Float64Array(9)]) => { engine.call("conv2d", S, 3, inX, inW, dy, ...out); return out; };
    const tensors = { x: { values: x, label: "x, the image", size: S }, w: { get values() { return w(); }, label: "w, the kernel", size: 3 }, y: { values: y, label: "y, the result", size: S },
      dy: { values: dy, label: "∂L/∂y, given: paint it", size: S }, dx: { values: dx, label: "∂L/∂x", size: S }, dw: { values: dw, label: "∂L/∂w", size: 3 } };
    /// The products that an element is the sum of: pairs of a tensor and a place.
    const terms = (name, place) => {
      const list = [], row = Math.floor(place / tensors[name].size), column = place % tensors[name].size;
      const at = (r, c) => r >= 0 && c >= 0 && r < S && c < S ? r * S + c : -1;
      if (name === "y") for (let a = 0; a < 9; ++a) { const p = at(row + Math.floor(a / 3) - 1, column + a % 3 - 1); if (p >= 0) list.push([["w", a], ["x", p]]); }
      if (name === "dx") for (let a = 0; a < 9; ++a) { const p = at(row - Math.floor(a / 3) + 1, column - a % 3 + 1); if (p >= 0) list.push([["w", a], ["dy", p]]); }
      if (name === "dw") for (let i = 0; i < A; ++i) { const p = at(Math.floor(i / S) + row - 1, i % S + column - 1); if (p >= 0 && dy[i]) list.push([["x", p], ["dy", i]]); }
      return list;
    };
    let pointed = null;
    const redraw = () => {
      const lit = pointed ? terms(...pointed).flat().concat([pointed]) : [];
      for (const [name, tensor] of Object.entries(tensors)) {
        const canvas = tensor.canvas, size = tensor.size, scale = 216 / size;
        const small = document.createElement("canvas");
        drawMap(small, size, tensor.values);
        canvas.width = canvas.height = size * scale;
        const pen = canvas.getContext("2d");
        pen.imageSmoothingEnabled = false;
        pen.drawImage(small, 0, 0, canvas.width, canvas.height);
        pen.strokeStyle = colour("--text");
        pen.lineWidth = 3;
        for (const [other, place] of lit) if (other === name) pen.strokeRect(place % size * scale + 2, Math.floor(place / size) * scale + 2, scale - 4, scale - 4);
      }
    };
    const look = (name, place) => {
      pointed = place >= 0 ? [name, place] : null;
      redraw();
      const words = $(".terms", box);
      if (!pointed) { words.textContent = "Point at y, at ∂L/∂x or at ∂L/∂w."; return; }
      const list = terms(name, place), value = tensors[name].values[place];
      if (!list.length) { words.textContent = name === "dw" ? "No gradient comes from y: paint some." : `${tensors[name].label}: ${shown(value, 3)}`; return; }
      const product = ([[a, i], [b, j]]) => tensors[a].values[i] * tensors[b].values[j];
      const counted = list.filter((t) => product(t) !== 0), sum = list.reduce((s, t) => s + product(t), 0);
      words.textContent = (counted.slice(0, 9).map(([[a, i], [b, j]]) => `${shown(tensors[a].values[i], 2)}·${shown(tensors[b].values[j], 2)}`).join(" + ") || "0") + (counted.length > 9 ? " + …" : "")
        + ` = ${shown(sum, 4)}; the engine has ${shown(value, 4)} (${list.length} pairs, ${counted.length} not 0)`;
    };
    for (const [name, tensor] of Object.entries(tensors)) {
      const made = painter($(".tensors", box), tensor.label, tensor.size, {
        draw: () => redraw(),
        paint: (place) => { if (name === "dy") { dy[place] = dy[place] > 0 ? -1 : dy[place] < 0 ? 0 : 1; compute(); } look(name, place); },
        look: (place) => look(name, place),
      });
      tensor.canvas = made.canvas;
      made.canvas.dataset.symbol = name.replace("d", "");
    }
    const check = { dx: mapIn($(".check", box), "∂L/∂x, differences"), dw: mapIn($(".check", box), "∂L/∂w, differences"), gx: mapIn($(".check", box), "where x's differ"), gw: mapIn($(".check", box), "where w's differ") };
    const compute = () => {
      run(x, w(), [y, dx, dw]);
      const loss = (inX, inW) => run(inX, inW)[0].reduce((s, v, i) => s + v * dy[i], 0), h = 1e-4;
      const slope = (values, f) => Float64Array.from(values, (v, i) => {
        const up = Float64Array.from(values), down = Float64Array.from(values);
        up[i] += h;
        down[i] -= h;
        return (f(up) - f(down)) / (2 * h);
      });
      const nx = slope(x, (v) => loss(v, w())), nw = slope(w(), (v) => loss(x, v)), most = Math.max(1e-9, ...dx.map(Math.abs), ...dw.map(Math.abs));
      drawMap(check.dx.canvas, S, nx);
      drawMap(check.dw.canvas, 3, nw);
      drawMap(check.gx.canvas, S, nx.map((v, i) => v - dx[i]), { limit: most });
      drawMap(check.gw.canvas, 3, nw.map((v, i) => v - dw[i]), { limit: most });
      const worst = Math.max(...nx.map((v, i) => Math.abs(v - dx[i])), ...nw.map((v, i) => Math.abs(v - dw[i])));
      $(".words", box).textContent = `L is the sum of ∂L/∂y times y. Every pixel of x and w moved up and down by ${h}, ${A + 9} times two forward passes: the largest difference to the backward passes is ${shown(worst, 2)}, where the largest derivative is ${shown(most, 3)}.`;
      redraw();
    };
    const buttons = Object.keys(KERNELS).map((name) => {
      const button = make($(".filters", box), "button", { "aria-pressed": name === kernel }, name);
      button.onclick = () => { kernel = name; keep("kernel", name); buttons.forEach((b) => b.setAttribute("aria-pressed", b === button)); compute(); };
      return button;
    });
    $(".random", box).onclick = () => { keep("draw", ++seed); drawn(); compute(); look("y", -1); };
    showSource($(".code", box), ["conv_forward", "conv_data", "conv_weight"], { x: /\bdx\b|\bx\b/, w: /\bdweight\b|\bweight\b/, y: /\bdy\b|\by\b/ });
    drawn();
    this.show = () => { compute(); look("y", Math.floor(A / 2)); };
  },
};
