// Chapter 2: the same hard predictions of three images under every convention.
chapters.counting = {
  begin(engine, box) {
    const SIDE = 20, AREA = SIDE * SIDE, ways = engine.table("score", "what");
    const oval = (h, w, rh, rw) => Int32Array.from({ length: AREA }, (_, i) => Number(((Math.floor(i / SIDE) - h) / rh) ** 2 + (i % SIDE - w) ** 2 / rw ** 2 < 1));
    const written = (mask) => Array.from({ length: AREA / 4 }, (_, i) => (mask[4 * i] | mask[4 * i + 1] << 1 | mask[4 * i + 2] << 2 | mask[4 * i + 3] << 3).toString(16)).join("");
    const read = (text, otherwise) => /^[0-9a-f]{100}$/.test(text) ? Int32Array.from({ length: AREA }, (_, i) => parseInt(text[i >> 2], 16) >> (i & 3) & 1) : otherwise;
    const images = [[oval(9.5, 9.5, 7.6, 8.2), oval(9.5, 9.7, 7.3, 8)], [oval(9, 10, 6.4, 5.4), oval(9.3, 10, 6.3, 5.2)], [oval(13, 14, 2.2, 2.6), oval(14, 15.2, 1.9, 2)]]
      .map((pair, k) => pair.map((mask, which) => read(kept(`image${k}${which}`, ""), mask)));
    const shades = ["--back", "--c0", "--c1", "--c2"];
    let kind = 1;
    const names = ["truth", "prediction"], buttons = names.map((name, which) => {
      const button = make($(".brush", box), "button", { "aria-pressed": which === kind }, `paint the ${name}`);
      button.onclick = () => { kind = which; buttons.forEach((b, k) => b.setAttribute("aria-pressed", k === which)); };
      return button;
    });
    const draw = (canvas, k, marked) => {
      canvas.width = canvas.height = SIDE;
      const pen = canvas.getContext("2d"), colours = shades.map(colour);
      for (let i = 0; i < AREA; ++i) {
        pen.fillStyle = i === marked ? colour("--text") : colours[images[k][0][i] + 2 * images[k][1][i]];
        pen.fillRect(i % SIDE, Math.floor(i / SIDE), 1, 1);
      }
    };
    let value = 1;
    const grid = make($(".sets", box), "div", { class: "maps three" });
    const painters = images.map((pair, k) => {
      const made = painter(grid, `image ${k + 1}`, SIDE, {
        draw: (canvas, marked) => draw(canvas, k, marked),
        paint: (i, first) => {
          if (first) value = 1 - pair[kind][i];
          pair[kind][i] = value;
          keep(`image${k}${kind}`, written(pair[kind]));
          made.redraw();
          show();
        },
      });
      return made;
    });
    const key = make($(".sets", box), "p", { class: "note" });
    [["both: TP", 2, "TP"], ["found where nothing is: FP", 1, "FP"], ["not found: FN", 0, "FN"]].forEach(([text, tone, symbol]) => {
      const entry = make(key, "span", { class: "entry", "data-symbol": symbol });
      make(entry, "i", { class: `swatch b${tone}` });
      entry.append(text);
    });
    const batch = $(".batch", box);
    batch.value = kept("batch", "2");
    const show = () => {
      const all = (which) => Int32Array.from(images.flatMap((pair) => Array.from(pair[which])));
      const dice = new Float64Array(ways.length), iou = new Float64Array(ways.length);
      engine.call("scores", images.length, SIDE, all(0), all(1), Number(batch.value), dice, iou);
      fill($(".ways", box), ["counted", { text: "Dice", symbol: "dice" }, { text: "IoU", symbol: "iou" }, "what is averaged"],
        ways.map(({ name, what }, k) => [name, { text: shown(dice[k], 3), best: k === 0 }, shown(iou[k], 3), what]));
      const low = dice.indexOf(Math.min(...dice)), high = dice.indexOf(Math.max(...dice));
      $(".words", box).textContent = `${shown(dice[high], 3)} (${ways[high].name}) or ${shown(dice[low], 3)} (${ways[low].name}): ${shown(dice[high] - dice[low], 2)} of Dice between two ways to count one and the same result. `
        + `Quote the first row, ${shown(dice[0], 3)}: each image counts once, and the background, which is easy, does not.`;
      const counts = images.map(([truth, found]) => {
        const count = (t, f) => truth.reduce((sum, label, i) => sum + Number(label === t && found[i] === f), 0);
        return { tp: count(1, 1), fp: count(0, 1), fn: count(1, 0) };
      });
      const score = ({ tp, fp, fn }) => tp + fp + fn ? 2 * tp / (2 * tp + fp + fn) : 0;
      const sum = counts.reduce((a, b) => ({ tp: a.tp + b.tp, fp: a.fp + b.fp, fn: a.fn + b.fn }));
      const row = (name, c) => [name, { text: c.tp, symbol: "TP" }, { text: c.fp, symbol: "FP" }, { text: c.fn, symbol: "FN" }, { text: shown(score(c), 3), symbol: "dice" }];
      fill($(".hand", box), ["lesion", "TP", "FP", "FN", "Dice"], [...counts.map((c, k) => row(`image ${k + 1}`, c)), row("all pixels", sum)]);
      const with_lesion = counts.filter((c) => c.tp + c.fn > 0), mean = with_lesion.reduce((a, c) => a + score(c), 0) / Math.max(1, with_lesion.length);
      const gap = Math.max(Math.abs(mean - dice[0]), Math.abs(score(sum) - dice[2]));
      $(".hand-words", box).textContent = `Counted here by hand: mean of the images ${shown(mean, 3)}, of all pixels at once ${shown(score(sum), 3)}. The engine's numbers differ from these by ${gap === 0 ? "nothing" : shown(gap, 2)}. `
        + (Math.abs(mean - score(sum)) > 0.01 ? `The small lesion is ${shown(100 * (counts[2].tp + counts[2].fn) / Math.max(1, sum.tp + sum.fn), 2)} % of all lesion pixels, but a third of the images.` : "");
    };
    batch.onchange = () => { keep("batch", batch.value); show(); };
    showSource($(".code", box), ["metrics", "reported"], { TP: /n\.tp\b/, FP: /n\.fp\b/, FN: /n\.fn\b/, dice: /"Dice"/, iou: /"IoU"/ });
    this.show = () => { painters.forEach((p) => p.redraw()); show(); };
  },
};
