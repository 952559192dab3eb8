// Chapter 5: the hard loss is a staircase along every logit, the soft one a slope.
chapters.argmax = {
  begin(engine, box) {
    let chosen = Math.min(PIXELS - 1, Math.max(0, Math.floor(Number(kept("pixel", "89")) || 0)));
    const slider = $(".logit", box);
    const soft = (logits, gradient = new Float64Array(2 * PIXELS)) => {
      const value = new Float64Array(1);
      engine.call("loss", "mean_dice", CASE, CASE, logits, painted.labels(), 0, value, gradient);
      return value[0];
    };
    const hard = (logits) => {
      const value = new Float64Array(1);
      engine.call("argmax_loss", CASE, CASE, logits, painted.labels(), value);
      return value[0];
    };
    const moved = (pixel, by) => {
      const logits = painted.logits();
      logits[2 * pixel + 1] = by;
      return logits;
    };
    const pixels = painter($(".choose", box), "choose a pixel", CASE, {
      draw: (canvas) => drawMap(canvas, CASE, painted.levels.map((l) => LEVELS[l]), { grey: true, marked: chosen }),
      paint: (i) => { chosen = i; keep("pixel", i); slider.value = painted.logits()[2 * i + 1]; this.show(); },
    });
    const truth = mapIn($(".gaps", box), "what is there");
    const [softMap, hardMap] = ["gradient of the soft loss", "of the hard one, by differences"].map((label) => mapIn($(".check", box), label));
    softMap.canvas.dataset.symbol = "soft";
    hardMap.canvas.dataset.symbol = "hard";
    showSource($(".code", box), ["argmax", "loss:mean_dice"], { hard: /logits\[2 \* i \+ 1\] > logits\[2 \* i\]|add_count/, soft: /n\.(tp|fp|fn)/ });
    slider.value = painted.logits()[2 * chosen + 1];
    slider.oninput = () => this.show();
    this.show = () => {
      pixels.redraw();
      drawMap(truth.canvas, CASE, painted.truth, { grey: true, marked: chosen });
      const grid = Array.from({ length: 121 }, (_, k) => -6 + k / 10), at = Number(slider.value);
      const curves = [{ name: "soft", symbol: "soft", y: grid.map((z) => soft(moved(chosen, z))) }, { name: "hard", symbol: "hard", y: grid.map((z) => hard(moved(chosen, z))), colour: 1 }];
      const low = Math.min(...curves.flatMap((c) => c.y)), high = Math.max(...curves.flatMap((c) => c.y));
      const spare = Math.max(1e-6, (high - low) * 0.15);
      drawLines($(".curve", box), curves, { label: "both losses over the logit from -6 to 6", bottom: low - spare, top: high + spare, cursor: Math.round((at + 6) * 10), unit: "logit −6 to 6, place" });
      legend($(".legend", box), curves);
      const gradient = new Float64Array(2 * PIXELS), here = moved(chosen, at);
      soft(here, gradient);
      const h = 1e-3, slopes = Float64Array.from({ length: PIXELS }, (_, i) => {
        const up = here.slice(), down = here.slice();
        up[2 * i + 1] += h;
        down[2 * i + 1] -= h;
        return (hard(up) - hard(down)) / (2 * h);
      });
      drawMap(softMap.canvas, CASE, lesionOf(gradient));
      drawMap(hardMap.canvas, CASE, slopes, { limit: Math.max(...lesionOf(gradient).map(Math.abs)) });
      const alive = lesionOf(gradient).filter((g) => g !== 0).length, steep = slopes.filter((g) => g !== 0).length;
      $(".logit-said", box).textContent = `${shown(at, 2)}, so p ${shown(1 / (1 + Math.exp(-at)), 2)}`;
      const slope = lesionOf(gradient)[chosen], wanted = slope === 0 ? "no change" : (slope < 0) === Boolean(painted.truth[chosen]) ? "the right direction" : "the other direction, since all pixels share one ratio";
      $(".words", box).textContent = `Of ${PIXELS} derivatives of the soft loss ${alive} are not 0, of the hard one ${steep}${steep ? ": a logit stands on the jump" : ""}. At the chosen pixel, where there is ${painted.truth[chosen] ? "a lesion" : "none"}, the soft slope is ${shown(slope, 2)}: ${wanted}. Paint other cases in chapter 1: they are the same here.`;
    };
  },
};
