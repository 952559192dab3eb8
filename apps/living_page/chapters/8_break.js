// Chapter 8: what is wrong, and what the engine says of it.
chapters.break = {
  begin(engine, box) {
    const flat = (f) => Float64Array.from({ length: 60 * 3 }, (_, i) => f(Math.floor(i / 3), i % 3));
    const replay = (curves, rule = "variance") => {
      const weights = new Float64Array(180);
      engine.call("replay", rule, 3, 60, curves, 20, 50, weights);
      return [["at the end", ...Array.from(weights.slice(-3), (w) => shown(w, 4))]];
    };
    const loss = (name, logits, labels) => {
      const value = new Float64Array(1), gradient = new Float64Array(2 * PIXELS);
      engine.call("loss", name, CASE, CASE, logits, labels, 0, value, gradient);
      return [name, shown(value[0], 5), shown(Math.max(...gradient.map(Math.abs)), 3)];
    };
    const curve = (t, k) => (1 + k) * Math.exp(-t / (15 + 10 * k)) + 0.05 * Math.sin(t * (k + 1));
    const empty = () => new Float64Array(PIXELS);
    const weightHeads = ["weights", "loss 1", "loss 2", "loss 3"], lossHeads = ["loss", "value", "largest derivative"];
    const cases = {
      "a NaN": { done: "Loss 2 becomes NaN at step 30, as it does when a network diverges.", source: ["finite"], heads: weightHeads, run: () => replay(flat((t, k) => k === 1 && t === 30 ? NaN : curve(t, k))) },
      "a dead loss": { done: "Loss 3 stays at 0.4 for all steps: nothing that the network does changes it.", source: ["rule:variance", "variance"], heads: weightHeads, run: () => replay(flat((t, k) => k === 2 ? 0.4 : curve(t, k))),
        words: (rows) => `Nothing is refused: a history that does not move has variance 0, and its loss the weight ${rows[0][3]}. It could only come back by moving.` },
      "the same, by MAD": { done: "The same three histories, weighed by mad.", source: ["rule:mad", "mad"], heads: weightHeads, run: () => replay(flat((t, k) => k === 2 ? 0.4 : curve(t, k)), "mad"),
        words: (rows) => `By mad the dead loss gets the weight ${rows[0][3]}: steadiness is what this rule rewards, and nothing is steadier than a loss that is dead.` },
      "an empty class": { done: "No pixel carries the label lesion; the network is unsure everywhere.", source: ["loss:mean_dice", "loss:cb_dice"], heads: lossHeads,
        run: () => ["mean_dice", "cb_dice", "tversky", "cce"].map((name) => loss(name, Float64Array.from({ length: 2 * PIXELS }, (_, i) => i % 2 ? -0.5 : 0), empty())),
        words: (rows) => `Each gives a number. cb_dice, which weighs a class by how rare it is, has ${rows[1][1]} with a largest derivative of ${rows[1][2]}: an image without a lesion teaches it nothing.` },
      "huge logits": { done: "Every logit is 10 000 times too large, half of them on the wrong side.", source: ["loss:cce"], heads: lossHeads,
        run: () => ["cce", "mean_dice", "focal"].map((name) => loss(name, Float64Array.from({ length: 2 * PIXELS }, (_, i) => i % 2 ? (i % 4 === 1 ? 1e4 : -1e4) : 0), painted.labels())),
        words: (rows) => `Nothing overflows: losses begin at logits and never take the logarithm of a probability that was rounded to 0. cce is ${rows[0][1]}.` },
      "a label that is none": { done: "One pixel has the label 7, of two classes.", source: ["loss:cce"], heads: lossHeads, run: () => { const labels = painted.labels(); labels[40] = 7; return [loss("cce", painted.logits(), labels)]; } },
      "a loss that is none": { done: "The loss is called dise.", source: ["loss:mean_dice"], heads: lossHeads, run: () => [loss("dise", painted.logits(), painted.labels())] },
      "half a formula": { done: "The rule is the formula softmax(-slope(window(10)).", source: ["rule:variance"], heads: weightHeads, run: () => replay(flat(curve), "softmax(-slope(window(10))") },
    };
    const show = (name) => {
      const { done, source, heads, run, words } = cases[name], says = $(".says", box), table = $(".numbers-of", box);
      keep("broken", name);
      buttons.forEach((b) => b.setAttribute("aria-pressed", b.textContent === name));
      $(".done", box).textContent = done;
      table.textContent = "";
      try {
        const rows = run();
        says.className = "said says";
        says.textContent = words ? words(rows) : "Nothing: it is taken.";
        fill(table, heads, rows);
      } catch (problem) {
        says.className = "said says wrong";
        says.textContent = problem.message;
      }
      showSource($(".code", box), source);
    };
    const buttons = Object.keys(cases).map((name) => {
      const button = make($(".breaks", box), "button", { "aria-pressed": false }, name);
      button.onclick = () => show(name);
      return button;
    });
    this.show = () => show(cases[kept("broken", "")] ? kept("broken") : "a NaN");
  },
};
