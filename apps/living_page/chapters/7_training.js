// Chapter 7: the engine trains, a step a frame.
chapters.training = {
  begin(engine, box) {
    const IMAGES = 32, BATCH = 4, K = 3, LOSSES = "cce,mean_iou,mean_dice", SHOWN = 8;
    const pick = $(".pick", box), auxiliary = $(".auxiliary", box), side = $(".side", box), go = $(".go", box);
    options(pick, engine.table("rule", "help"), kept("train-rule", "variance"));
    options(auxiliary, [{ name: "cb_dice" }, { name: "focal" }, { name: "tversky" }, { name: "none" }], kept("train-auxiliary", "cb_dice"));
    side.value = kept("side", "32");
    let rows = [], scores = [], running = false, problem = "", begun = 0;
    const size = () => Number(side.value), withAuxiliary = () => auxiliary.value !== "none";
    const canvases = Array.from({ length: SHOWN }, (_, k) => make($(".pictures", box), "canvas", { role: "img", "aria-label": `image ${k + 1} with truth and prediction`, class: "picture" }));
    const anew = () => {
      rows = [];
      scores = [];
      problem = "";
      engine.call("train_begin", IMAGES, size(), 8, BATCH, LOSSES, withAuxiliary() ? auxiliary.value : "", pick.value, 20, 0.002, 1);
      look();
      show();
    };
    const step = () => {
      const row = new Float64Array(2 * (K + Number(withAuxiliary())) + 1), start = performance.now();
      try { engine.call("train_step", row); } catch (error) { problem = error.message; stop(); return 0; }
      rows.push(row);
      if (rows.length % (IMAGES / BATCH) === 0) {
        const dice = new Float64Array(1);
        engine.call("train_score", dice);
        scores.push(dice[0]);
      }
      return performance.now() - start;
    };
    const look = () => {
      const S = size(), image = new Float64Array(S * S), truth = new Float64Array(S * S), found = new Float64Array(S * S), tone = colour("--c1");
      canvases.forEach((canvas, k) => {
        engine.call("train_look", k, image, truth, found);
        const scale = 4;
        canvas.width = canvas.height = S * scale;
        const pen = canvas.getContext("2d"), small = document.createElement("canvas");
        drawMap(small, S, image, { grey: true });
        pen.imageSmoothingEnabled = false;
        pen.drawImage(small, 0, 0, canvas.width, canvas.height);
        pen.fillStyle = tone;
        for (let i = 0; i < S * S; ++i) {
          pen.globalAlpha = 0.6 * Math.max(0, 2 * found[i] - 1);
          pen.fillRect(i % S * scale, Math.floor(i / S) * scale, scale, scale);
        }
        pen.globalAlpha = 1;
        pen.fillStyle = "#fff";
        for (let i = 0; i < S * S; ++i) {
          if (!truth[i]) continue;
          const [h, w] = [Math.floor(i / S), i % S], out = (r, c) => r < 0 || c < 0 || r >= S || c >= S || !truth[r * S + c];
          if (out(h - 1, w)) pen.fillRect(w * scale, h * scale, scale, 1);
          if (out(h + 1, w)) pen.fillRect(w * scale, (h + 1) * scale - 1, scale, 1);
          if (out(h, w - 1)) pen.fillRect(w * scale, h * scale, 1, scale);
          if (out(h, w + 1)) pen.fillRect((w + 1) * scale - 1, h * scale, 1, scale);
        }
      });
    };
    const show = () => {
      const names = LOSSES.split(","), extra = Number(withAuxiliary()), words = $(".words", box), n = rows.length;
      const column = (k) => n ? rows.map((row) => row[k]) : [NaN, NaN];
      const lines = names.map((name, k) => ({ name, symbol: "losses", y: column(k) })).concat(extra ? [{ name: auxiliary.value + ", auxiliary", symbol: "aux", y: column(K), dash: true }] : []);
      drawLines($(".losses", box), lines, { label: "losses", bottom: 0, top: n ? Math.max(...rows.flatMap((row) => Array.from(row.slice(0, K + extra)))) : 1 });
      legend($(".legend", box), lines);
      drawLines($(".weights", box), names.map((name, k) => ({ name, symbol: "weight", y: column(K + extra + k) })), { label: "weights", bottom: 0, top: 1, stacked: true });
      drawLines($(".scores", box), [{ name: "Dice", y: scores.length > 1 ? scores : [scores[0] ?? NaN, NaN], colour: 2 }], { label: "lesion Dice per image, of the training images", bottom: 0, top: 1, unit: "lesion Dice, epoch" });
      words.className = "said words" + (problem ? " wrong" : "");
      if (problem) { words.textContent = `The engine says: ${problem}`; return; }
      if (!n) { words.textContent = `${IMAGES} simulated images, half benign, half malignant, in batches of ${BATCH}. Press train.`; return; }
      const last = rows[n - 1], weights = Array.from(last.slice(K + extra, K + extra + K)), most = weights.indexOf(Math.max(...weights)), seconds = begun ? (performance.now() - begun) / 1000 : 0;
      words.textContent = `Step ${n}, epoch ${Math.floor(n / (IMAGES / BATCH))}. ` + (n < 20 ? `The memory fills: ${n} of 20 values, and all weights are 1/${K}. ` : `${names[most]} has most, ${shown(weights[most], 2)}. `)
        + (extra ? `γ is ${shown(last[2 * K + 1], 2)}: ${auxiliary.value} is ${shown(100 * last[2 * K + 1] * last[K] / last[2 * (K + 1)], 2)} % of what is minimised. ` : "")
        + (scores.length ? `Mean lesion Dice per image, of the images it is trained on: ${shown(scores[scores.length - 1], 3)}. ` : "")
        + (running && seconds > 1 ? `${shown((n - from) / (IMAGES / BATCH) / seconds, 2)} epochs a second on this machine.` : "");
      fill($(".row", box), ["loss", { text: "L", symbol: "losses" }, { text: "counts", symbol: "weight" }, "of the objective"], lines.map((line, k) => [line.name, shown(last[k], 4), shown(last[K + extra + k], 3), shown(100 * last[k] * last[K + extra + k] / last[last.length - 1], 2) + " %"]));
    };
    let from = 0, frame = 0;
    const stop = () => { running = false; go.textContent = "train"; cancelAnimationFrame(frame); };
    const run = () => {
      let spent = 0;
      do { spent += step(); } while (running && spent < 25);
      if (rows.length % 4 === 0 || !running) look();
      show();
      if (running && rows.length < 2000) frame = requestAnimationFrame(run); else if (running) stop();
    };
    go.onclick = () => {
      if (running) { stop(); show(); return; }
      running = true;
      begun = performance.now();
      from = rows.length;
      go.textContent = "pause";
      frame = requestAnimationFrame(run);
    };
    $(".one", box).onclick = () => { stop(); step(); look(); show(); };
    const chosen = () => { keep("train-rule", pick.value); keep("train-auxiliary", auxiliary.value); keep("side", side.value); stop(); anew(); };
    $(".anew", box).onclick = pick.onchange = auxiliary.onchange = side.onchange = chosen;
    showSource($(".code", box), ["step", "weigh", "backward"], { losses: /\bvalues\b/, weight: /\bweights?\b|\bfactors\b/, objective: /\btotal\b/ });
    anew();
    this.show = () => { look(); show(); };
    this.hide = stop;
  },
};
