// Chapter 3: history, symlog, min-max, then any rule, on recorded or one's own curves.
chapters.memory = {
  begin(engine, box) {
    const K = 3, names = recorded.names.slice(0, K), T = recorded.values.length;
    const curves = names.map((_, k) => recorded.values.map((row) => row[k]));
    const rules = engine.table("rule", "help"), pick = $(".pick", box), formula = $(".formula-text", box);
    options(pick, rules, kept("rule", "variance"));
    formula.value = kept("formula", "");
    const least = $(".least", box), most = $(".most", box), step = $(".step", box);
    least.value = kept("least", "20");
    most.value = kept("most", "50");
    step.max = T - 1;
    step.value = kept("step", String(Math.floor(T / 2)));
    let which = 0, changedCurve = false;
    const series = (values) => names.map((name, k) => ({ name, symbol: `loss ${k}`, y: values[k] }));
    const buttons = names.map((name, k) => {
      const button = make($(".which", box), "button", { "aria-pressed": k === 0, "data-symbol": `loss ${k}` }, `draw ${name}`);
      button.onclick = () => { which = k; buttons.forEach((b, j) => b.setAttribute("aria-pressed", j === k)); };
      return button;
    });
    const again = make($(".which", box), "button", {}, "as recorded");
    again.onclick = () => { names.forEach((_, k) => { curves[k] = recorded.values.map((row) => row[k]); }); changedCurve = false; show(); };

    const replay = (rule) => {
      const flat = Float64Array.from({ length: T * K }, (_, i) => curves[i % K][Math.floor(i / K)]), weights = new Float64Array(T * K);
      engine.call("replay", rule, K, T, flat, Math.min(Number(least.value), Number(most.value)), Number(most.value), weights);
      return names.map((_, k) => Float64Array.from({ length: T }, (_, t) => weights[t * K + k]));
    };
    const at = (t) => {
      const from = Math.max(0, t + 1 - Number(most.value));
      return curves.map((curve) => {
        const values = Float64Array.from(curve.slice(from, t + 1)), n = values.length;
        const symlog = new Float64Array(n), z = new Float64Array(n), statistics = new Float64Array(4);
        engine.call("history", n, values, symlog, z, statistics);
        return { loss: values[n - 1], symlog: symlog[n - 1], z, variance: statistics[1], mad: statistics[3] };
      });
    };
    let places = null;
    const all = later(() => {
      const cards = $(".rules", box), dead = [], moved = [];
      cards.textContent = "";
      for (const { name, what } of rules) {
        const card = make(cards, "button", { class: "card loss", title: what, "aria-pressed": !formula.value && name === pick.value });
        make(card, "span", { class: "name" }, name);
        try {
          const weights = replay(name), last = weights.map((w) => w[T - 1]);
          make(card, "b", {}, last.map((w) => shown(w, 2).replace(/^0/, "")).join(" "));
          drawLines(makeSvg(card, "svg", { class: "plot", "data-height": 70 }), series(weights), { label: `weights by ${name}`, bottom: 0, top: 1, stacked: true });
          moved.push({ name, by: Math.max(...weights.flatMap((w) => Array.from(w, (v) => Math.abs(v - 1 / K)))) });
          const first = Array.from({ length: T }, (_, t) => Math.max(...weights.map((w) => w[t]))).findIndex((v) => v > 0.99);
          if (first >= 0) dead.push(`${name} (from step ${first})`);
        } catch (problem) { make(card, "span", { class: "refused" }, problem.message); }
        card.onclick = () => { formula.value = ""; pick.value = name; changed(); };
      }
      const far = moved.reduce((a, b) => b.by > a.by ? b : a);
      $(".all-words", box).textContent = (dead.length ? `One loss gets more than 0.99 of the weight, and the others die, by ${dead.join(", ")}. ` : "No rule lets a loss die here. ") + `Farthest from equal weights goes ${far.name}, by ${shown(far.by, 2)}. Other weights would have changed the losses: this is what each rule makes of the same ones.`;
    }, 300);
    const show = () => {
      const t = Number(step.value), rule = formula.value.trim() || pick.value, words = $(".words", box);
      $(".least-said", box).textContent = `${Math.min(Number(least.value), Number(most.value))} values`;
      $(".most-said", box).textContent = `${most.value} values`;
      $(".step-said", box).textContent = t;
      const from = Math.max(0, t + 1 - Number(most.value));
      places = drawLines($(".curves", box), series(curves), { label: "the losses", bottom: 0, top: Math.max(...curves.flat()) * 1.05, cursor: t, marks: [[from, t]] });
      legend($(".legend", box), series(curves));
      const now = at(t);
      drawLines($(".scaled", box), now.map((n, k) => ({ name: names[k], symbol: `loss ${k}`, y: n.z })), { label: "the histories, symlog and min-max", bottom: 0, top: 1, unit: "value" });
      let weights;
      words.className = "said words";
      try { weights = replay(rule); } catch (problem) {
        words.className = "said words wrong";
        words.textContent = `The engine says: ${problem.message}`;
        return;
      }
      drawLines($(".weights", box), series(weights), { label: "the weights", bottom: 0, top: 1, stacked: true, cursor: t });
      fill($(".at", box), ["loss", { text: "L", symbol: "L" }, { text: "s", symbol: "s" }, { text: "z", symbol: "z" }, { text: "Var", symbol: "var" }, { text: "MAD", symbol: "mad" }, { text: "w", symbol: "weight" }],
        now.map((n, k) => [{ text: names[k], symbol: `loss ${k}` }, shown(n.loss, 3), shown(n.symlog, 3), shown(n.z[n.z.length - 1], 2), { text: shown(n.variance, 3), symbol: "var" }, { text: shown(n.mad, 3), symbol: "mad" }, { text: shown(weights[k][t], 3), symbol: "weight" }]));
      const waits = t + 1 < Math.min(Number(least.value), Number(most.value));
      const raw = now.map((n) => rule === "variance" ? n.variance : rule === "mad" ? 1 / (n.mad + 1e-7) : NaN), sum = raw.reduce((a, b) => a + b);
      const hand = $(".hand", box);
      if (waits && ["variance", "mad", "bayesian"].includes(rule)) hand.textContent = `At step ${t} there are ${t + 1} values: the rule waits for ${Math.min(Number(least.value), Number(most.value))}, and every weight is 1/${K}.`;
      else if (Number.isFinite(sum) && sum > 0) {
        const gap = Math.max(...raw.map((r, k) => Math.abs(r / sum - weights[k][t])));
        hand.textContent = names.map((name, k) => `${name}: ${shown(raw[k], 3)} / ${shown(sum, 3)} = ${shown(raw[k] / sum, 3)}`).join("; ") + `. From the table's numbers, by hand; the engine's weights differ by ${gap === 0 ? "nothing" : shown(gap, 2)}.`;
      } else hand.textContent = `At step ${t} the weights sum to ${shown(weights.reduce((s, w) => s + w[t], 0), 6)}.`;
      const largest = weights.map((w) => w[t]).indexOf(Math.max(...weights.map((w) => w[t])));
      const range = weights.map((w) => [Math.min(...w), Math.max(...w)]);
      words.textContent = `Above: the ${now[0].z.length} values that are remembered at step ${t}, as the rule sees them. ${names[largest]} has most, ${shown(weights[largest][t], 3)}. Over all steps the weights stay between ${shown(Math.min(...range.map((r) => r[0])), 2)} and ${shown(Math.max(...range.map((r) => r[1])), 2)}.` + (changedCurve ? " The losses are yours." : " The losses are those of a training in chapter 7, recorded.");
      all();
    };
    const changed = () => {
      keep("rule", pick.value);
      keep("formula", formula.value);
      const rule = pick.value, place = $(".of-rule", box), template = document.getElementById("rule-" + rule);
      place.textContent = "";
      if (!formula.value && template) place.append(template.content.cloneNode(true));
      prepareMath(place);
      $(".help", box).textContent = formula.value ? "A formula of your own, read by the engine's own parser." : rules.find((r) => r.name === rule).what;
      $(".doc", box).textContent = formula.value ? "" : sources["rule:" + rule].doc;
      const statistics = { variance: ["variance"], mad: ["mad"], bayesian: ["mad", "posterior"] }[rule] ?? [];
      showSource($(".code", box), formula.value ? ["symlog", "minmax"] : ["rule:" + rule, ...statistics, ...(statistics.length ? ["minmax", "symlog"] : [])],
        { var: /\bvariances?\b/, mad: /\bmad\b|median_absolute_deviation/, z: /\bz\b|normalised\b/, s: /\bsymlog\b/, weight: /normalised_to_one/, L: /signals\.history\.of\(k\)/ });
      show();
    };
    pick.onchange = () => { formula.value = ""; changed(); };
    formula.onchange = changed;
    for (const [input, key] of [[least, "least"], [most, "most"], [step, "step"]]) input.oninput = () => { keep(key, input.value); show(); };
    const svg = $(".curves", box);
    let last = null;
    const drawAt = (event) => {
      const t = places.step(event), v = Math.max(0, places.value(event)), begin = last ?? { t, v };
      for (let i = Math.min(begin.t, t); i <= Math.max(begin.t, t); ++i) curves[which][i] = begin.t === t ? v : begin.v + (v - begin.v) * (i - begin.t) / (t - begin.t);
      last = { t, v };
      changedCurve = true;
      show();
    };
    svg.onpointerdown = (event) => { svg.setPointerCapture(event.pointerId); last = null; drawAt(event); };
    svg.onpointermove = (event) => { if (last && event.buttons) drawAt(event); };
    svg.onpointerup = () => { last = null; };
    this.show = changed;
  },
};
