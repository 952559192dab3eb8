// Chapter 4: gamma over the steps, and the auxiliary loss's share of the objective on the recorded losses.
chapters.auxiliary = {
  begin(engine, box) {
    const T = recorded.values.length, K = recorded.names.length - 1, auxiliary = recorded.names[K];
    const sliders = { gamma0: "5", lambda: "0.05", every: "4" };
    for (const [key, otherwise] of Object.entries(sliders)) {
      const slider = $("." + key, box);
      slider.value = kept(key, otherwise);
      slider.oninput = () => { keep(key, slider.value); this.show(); };
    }
    showSource($(".code", box), ["schedule", "objective"], { gamma0: /\bgamma0\b/, lambda: /\blambda\b/, t: /\btime\(step\)|\btime\b/, gamma: /\bgamma\b/, losses: /\bvalues\b/, weight: /\bfactors\b/ });
    this.show = () => {
      const [gamma0, lambda, every] = Object.keys(sliders).map((key) => {
        const slider = $("." + key, box);
        slider.parentElement.querySelector("output").textContent = slider.value;
        return Number(slider.value);
      });
      const gamma = new Float64Array(T);
      engine.call("gamma", gamma0, lambda, every, T, gamma);
      const faded = Float64Array.from(gamma, (g, t) => g * recorded.values[t][K]);
      const base = recorded.values.map((row) => row.slice(0, K).reduce((a, b) => a + b) / K);
      const share = Array.from(faded, (a, t) => a / (a + base[t]));
      drawLines($(".gamma", box), [{ name: "γ", symbol: "gamma", y: gamma, colour: 3 }], { label: "gamma", bottom: 0 });
      const parts = [{ name: `the ${K} losses, equally weighed`, symbol: "losses", y: base }, { name: `γ · ${auxiliary}`, symbol: "aux", y: faded, colour: 3 }];
      drawLines($(".parts", box), parts, { label: "the objective", bottom: 0, stacked: true });
      legend($(".legend", box), parts);
      const even = share.findIndex((s) => s < 0.5), tenth = share.findIndex((s) => s < 0.1), t = Math.floor((T - 1) / 2);
      $(".words", box).textContent = `${auxiliary} begins with ${shown(100 * share[0], 2)} % of what is minimised. `
        + (even > 0 ? `At step ${even} it is less than half` : even === 0 ? "It is less than half from the first step on" : `It stays more than half for all ${T} steps`)
        + (tenth > 0 ? `, at step ${tenth} less than a tenth.` : `, and ends with ${shown(100 * share[T - 1], 2)} %.`);
      const hand = gamma0 * Math.exp(-lambda * Math.floor(t / every));
      $(".hand", box).textContent = `Step ${t}: t = ⌊${t} / ${every}⌋ = ${Math.floor(t / every)}, so γ = ${gamma0} · e^(−${lambda} · ${Math.floor(t / every)}) = ${shown(hand, 5)}; the engine has ${shown(gamma[t], 5)}, a difference of ${hand === gamma[t] ? "nothing" : shown(Math.abs(hand - gamma[t]), 2)}. Losses: recorded from a training in chapter 7.`;
    };
  },
};
