// Chapter 1: one loss and its gradient on a painted case, all losses side by side, their cosines.
const CASE = 16;  // pixels a side of what is painted
const PIXELS = CASE * CASE;
const LEVELS = [0.04, 0.35, 0.65, 0.96];  // probabilities that the brush knows
const PAPER = ["cce", "mean_iou", "mean_dice", "focal", "tversky", "cb_dice"];

/// What is painted, shared by the chapters that look at one image. In the address as digits: four pixels' labels, or two
/// pixels' levels, in each.
const painted = (() => {
  const disc = (h, w, rh, rw) => Array.from({ length: PIXELS }, (_, i) => ((Math.floor(i / CASE) - h) / rh) ** 2 + (i % CASE - w) ** 2 / rw ** 2 < 1);
  const read = (text, bits, length) => Array.from({ length }, (_, i) => {
    const each = 4 / bits;
    return parseInt(text[Math.floor(i / each)], 16) >> bits * (i % each) & (1 << bits) - 1;
  });
  const written = (values, bits) => {
    let text = "";
    for (let i = 0; i < values.length; i += 4 / bits) {
      let digit = 0;
      for (let k = 0; k < 4 / bits; ++k) digit |= values[i + k] << bits * k;
      text += digit.toString(16);
    }
    return text;
  };
  const sound = (text, digits) => text && new RegExp(`^[0-9a-f]{${digits}}$`).test(text);
  const found = disc(8.5, 7.5, 4.3, 4.8), core = disc(8.5, 7, 2.6, 3), false_alarm = disc(2.5, 12.5, 1.6, 1.6);
  const truth = sound(kept("truth", ""), PIXELS / 4) ? read(kept("truth"), 1, PIXELS) : disc(7.5, 8.5, 4.2, 5.2).map(Number);
  const levels = sound(kept("found", ""), PIXELS / 2) ? read(kept("found"), 2, PIXELS)
    : Array.from({ length: PIXELS }, (_, i) => core[i] ? 3 : found[i] ? 2 : false_alarm[i] ? 2 : 0);
  return {
    truth, levels,
    /// Background's logit is 0: the lesion's then is log p / (1 - p), a little more or less, so that no two pixels are alike:
    /// losses that sort pixels have no derivative where two change places.
    logits: () => Float64Array.from({ length: 2 * PIXELS }, (_, i) => i % 2 ? Math.log(LEVELS[levels[i >> 1]] / (1 - LEVELS[levels[i >> 1]])) + 0.2 * ((i >> 1) * 0.618034 % 1 - 0.5) : 0),
    probability: (i) => 1 / (1 + Math.exp(-painted.logits()[2 * i + 1])),
    labels: () => Float64Array.from(truth),
    /// The share of labelled pixels around each.
    blurred: () => Float64Array.from({ length: PIXELS }, (_, i) => {
      let sum = 0, count = 0;
      for (let h = -1; h <= 1; ++h) for (let w = -1; w <= 1; ++w) {
        const row = Math.floor(i / CASE) + h, column = i % CASE + w;
        if (row < 0 || column < 0 || row >= CASE || column >= CASE) continue;
        sum += truth[row * CASE + column];
        ++count;
      }
      return sum / count;
    }),
    keep: () => { keep("truth", written(truth, 1)); keep("found", written(levels, 2)); },
  };
})();
const lesionOf = (both) => Float64Array.from({ length: both.length / 2 }, (_, i) => both[2 * i + 1]);

/// Two painters, of the truth and of what was found, and their brush.
const casePainters = (box, brushes, { changed, look }) => {
  let brush = "lesion";
  const buttons = ["lesion", "unsure", "background"].map((name) => {
    const button = make(brushes, "button", { "aria-pressed": name === brush }, name);
    button.onclick = () => { brush = name; for (const b of buttons) b.setAttribute("aria-pressed", b === button); };
    return button;
  });
  const paintTruth = (i) => { painted.truth[i] = brush === "background" ? 0 : 1; };
  const paintFound = (i, first) => {
    const wanted = { lesion: 3, unsure: 2, background: 0 }[brush];
    painted.levels[i] = first && painted.levels[i] === wanted && brush === "unsure" ? 1 : wanted;
  };
  const both = [["what is there", "y", () => painted.truth, paintTruth], ["what the network thinks", "p", () => painted.levels.map((l) => LEVELS[l]), paintFound]].map(([label, symbol, values, paint]) => {
    const made = painter(box, label, CASE, {
      draw: (canvas, marked) => drawMap(canvas, CASE, values(), { grey: true, marked }),
      paint: (i, first) => { paint(i, first); made.redraw(); painted.keep(); changed(); },
      look,
    });
    made.canvas.dataset.symbol = symbol;
    return made;
  });
  return { redraw: () => both.forEach((p) => p.redraw()) };
};

chapters.loss = {
  begin(engine, box) {
    const losses = engine.table("loss", "help"), pick = $(".pick", box), soft = $(".soft", box);
    options(pick, losses, kept("loss", "mean_dice"));
    soft.checked = kept("soft", "0") === "1";
    const labels = () => soft.checked ? painted.blurred() : painted.labels();
    const of = (name, gradient = new Float64Array(2 * PIXELS)) => {
      const value = new Float64Array(1);
      engine.call("loss", name, CASE, CASE, painted.logits(), labels(), Number(soft.checked), value, gradient);
      return { value: value[0], gradient: lesionOf(gradient) };
    };
    const gradientMap = mapIn($(".check", box), "backward()");
    const numericMap = mapIn($(".check", box), "by differences");
    const gapMap = mapIn($(".check", box), "where they differ");
    gradientMap.canvas.dataset.symbol = numericMap.canvas.dataset.symbol = "gradient";

    let current = null;
    const look = (i) => {
      const words = $(".pixel", box);
      if (i < 0 || !current) { words.textContent = "Point at a pixel for its part."; return; }
      const p = painted.probability(i), y = labels()[i], g = current.gradient[i];
      words.textContent = `row ${Math.floor(i / CASE)}, column ${i % CASE}: p ${shown(p, 2)}, y ${shown(y, 2)}, ∂L/∂z ${shown(g, 3)}: a step down ${g < 0 ? "raises" : g > 0 ? "lowers" : "leaves"} its logit`;
    };
    const check = later(() => {
      const analytic = new Float64Array(2 * PIXELS), numeric = new Float64Array(2 * PIXELS), summary = new Float64Array(3), words = $(".check-words", box);
      let failure = "";
      try {
        engine.call("gradcheck", pick.value, CASE, CASE, painted.logits(), labels(), Number(soft.checked), analytic, numeric, summary);
      } catch (problem) { failure = problem.message; }
      const [a, n] = [lesionOf(analytic), lesionOf(numeric)];
      const gap = Float64Array.from(a, (v, i) => v - n[i]);
      const allowed = Math.max(...Array.from(a, (v, i) => Number.isNaN(gap[i]) ? 0 : Math.abs(gap[i]) / (1e-8 + 1e-6 * Math.max(Math.abs(v), Math.abs(n[i])))));
      drawMap(gradientMap.canvas, CASE, a);
      drawMap(numericMap.canvas, CASE, n, { limit: Math.max(...a.map(Math.abs)) });
      drawMap(gapMap.canvas, CASE, gap, { limit: Math.max(...a.map(Math.abs)) });
      const worst = Math.max(0, ...Array.from(gap, (v) => Number.isNaN(v) ? 0 : Math.abs(v)));
      words.className = "said check-words" + (failure ? " wrong" : "");
      words.textContent = failure ? `The engine says: ${failure}`
        : `The test suite's own comparison, on what you painted: ${summary[0]} derivatives by backward() and by central differences in 64-bit numbers${summary[1] ? `, ${summary[1]} left out at a kink (pink)` : ""}. `
          + `Largest difference ${shown(worst, 3)} at a largest derivative of ${shown(Math.max(...a.map(Math.abs)), 3)}: ${shown(100 * allowed, 2)} % of what the suite allows.`;
    }, 250);
    const cosines = later(() => {
      // Those that ask for each pixel have no gradient for soft labels: the engine says so, and they are left out.
      const names = (soft.checked ? PAPER : PAPER.concat("lovasz_softmax", "boundary")), K = names.length, table = new Float64Array(K * K), words = $(".cosine-words", box);
      try { engine.call("cosines", names.join(","), CASE, CASE, painted.logits(), labels(), Number(soft.checked), table); } catch (problem) { words.textContent = `The engine says: ${problem.message}`; return; }
      fill($(".cosines", box), ["cosine", ...names], names.map((name, i) => [name, ...names.map((_, j) => shown(table[i * K + j], 2))]));
      $(".cosines", box).querySelectorAll("tbody td").forEach((cell, k) => {
        cell.style.setProperty("--share", Math.round(Math.abs(table[k]) * 45) + "%");
        cell.classList.add(table[k] < 0 ? "below" : "above");
      });
      const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b, j) => ({ a, b, cosine: table[i * K + i + 1 + j] })));
      const least = pairs.reduce((x, y) => y.cosine < x.cosine ? y : x), below = pairs.filter((p) => p.cosine < 0).length;
      words.textContent = `Of ${pairs.length} pairs ${below || "none"} pull${below === 1 ? "s" : ""} against each other at the logits; least together are ${least.a} and ${least.b}, cosine ${shown(least.cosine, 2)}. `
        + (below ? "Where labels are probabilities, a pixel can be too sure for one loss and not sure enough for another."
          : soft.checked ? "Blurred labels let them; paint outlines sharper or less sure, and watch it fall below 0." : "With a class at every pixel all of them want its probability up, so no two can be opposed there, whatever you paint.");
    }, 200);
    const show = () => {
      const name = pick.value;
      $(".help", box).textContent = losses.find((l) => l.name === name).what;
      try {
        current = of(name);
        $(".value b", box).textContent = shown(current.value, 5);
      } catch (problem) {
        current = null;
        $(".value b", box).textContent = `none. The engine says: ${problem.message}`;
      }
      const counts = new Float64Array(6);
      engine.call("counts", CASE, CASE, painted.logits(), labels(), Number(soft.checked), counts);
      fill($(".counts", box), ["class", { text: "TP", symbol: "TP" }, { text: "FP", symbol: "FP" }, { text: "FN", symbol: "FN" }],
        ["background", "lesion"].map((label, c) => [label, ...["TP", "FP", "FN"].map((symbol, k) => ({ text: shown(counts[2 * k + c], 5), symbol }))]));
      const cards = $(".all", box);
      cards.textContent = "";
      const told = [];
      for (const { name: other, what } of losses) {
        const card = make(cards, "button", { class: "card loss", title: what, "aria-pressed": other === name });
        make(card, "span", { class: "name" }, other);
        try {
          const { value, gradient } = of(other);
          make(card, "b", {}, shown(value, 3));
          drawMap(make(card, "canvas", { "aria-hidden": "true" }), CASE, gradient);
          told.push({ other, value, share: gradient.filter((g) => Math.abs(g) > 0.1 * Math.max(...gradient.map(Math.abs))).length / PIXELS });
        } catch (problem) { make(card, "span", { class: "refused" }, "only with a class at every pixel"); }
        card.onclick = () => { pick.value = other; changed(); };
      }
      const narrow = told.reduce((a, b) => b.share < a.share ? b : a), wide = told.reduce((a, b) => b.share > a.share ? b : a);
      $(".all-words", box).textContent = `The same painting under every loss of the table, each map on its own scale. ${narrow.other} looks at the fewest pixels: ${shown(100 * narrow.share, 2)} % pull with more than a tenth of the strongest; of ${wide.other} ${shown(100 * wide.share, 2)} % do.`;
      look(-1);
      check();
      cosines();
    };
    const chosen = () => {
      const name = pick.value, formula = $(".formula", box);
      formula.textContent = "";
      for (const id of ["math-" + name, ...(["mean_iou", "mean_dice", "tversky", "cb_dice"].includes(name) ? ["math-counts"] : [])]) {
        const template = document.getElementById(id);
        if (template) formula.append(template.content.cloneNode(true));
      }
      prepareMath(formula);
      $(".doc", box).textContent = sources["loss:" + name].doc;
      showSource($(".code", box), "loss:" + name, { TP: /n\.tp\b|\bboth\b/, FP: /n\.fp\b/, FN: /n\.fn\b/, smooth: /smooth\.(nr|dr)/, alpha: /\balpha\b/, beta: /\bbeta\b/, focus: /\bgamma\b/, w: /\bbalance\b/ });
    };
    const changed = () => { keep("loss", pick.value); chosen(); show(); };
    const painters = casePainters($(".painters", box), $(".brush", box), { changed: () => show(), look });
    pick.onchange = changed;
    soft.onchange = () => { keep("soft", Number(soft.checked)); show(); };
    this.show = () => { painters.redraw(); show(); };
    chosen();
  },
};
