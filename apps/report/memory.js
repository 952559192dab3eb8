// One cursor over the drawings of the memory: the window that the rule remembers, its numbers, and
// what another rule would have given.
for (const figure of document.querySelectorAll(".memory")) {
  const data = dataOf(figure);
  const slider = figure.querySelector("input"), choice = figure.querySelector("select"), words = figure.querySelector(".memory-words");
  const groups = [...figure.querySelectorAll(".wide-only, .narrow-only")].map((box) => [...box.querySelectorAll("svg")].map((svg) => {
    const [left, top, right, bottom] = boxOf(svg);
    const x = (step) => left + (step - data.from) / (data.to - data.from || 1) * (right - left);
    return { svg, left, top, bottom, right, x, shade: svgNode(svg, "path", { class: "window" }), cursor: svgNode(svg, "path", { class: "cursor" }), other: svgNode(svg, "path", { class: "other" }) };
  }));
  const put = (i) => {
    slider.value = i;
    words.textContent = data.words[i];
    for (const group of groups) {
      group.forEach((each, k) => {
        const at = each.x(data.steps[i]);
        each.cursor.setAttribute("d", `M${at} ${each.top}V${each.bottom}`);
        if (k === 0) each.shade.setAttribute("d", `M${each.x(data.first[i])} ${each.top}H${at}V${each.bottom}H${each.x(data.first[i])}Z`);
      });
    }
  };
  const compare = () => {
    const rule = data.rules[choice.value];
    for (const group of groups) {
      const each = group[1];
      let path = "";
      for (let k = 0; rule && k + 1 < rule[0].length; ++k) {
        rule.forEach((weights, i) => {
          const share = weights.slice(0, k + 1).reduce((a, b) => a + b, 0);
          path += `${i ? "L" : "M"}${each.x(data.steps[i]).toFixed(1)} ${(each.bottom - share * (each.bottom - each.top)).toFixed(1)}`;
        });
      }
      each.other.setAttribute("d", path);
    }
  };
  for (const group of groups) {
    for (const each of group) {
      each.svg.onpointermove = (event) => {
        const place = event.offsetX / each.svg.clientWidth * each.svg.viewBox.baseVal.width;
        put(nearest(data.steps, data.from + (place - each.left) / (each.right - each.left) * (data.to - data.from)));
      };
    }
  }
  slider.oninput = () => put(Number(slider.value));
  if (choice) choice.onchange = compare;
  figure.querySelector(".memory-controls").hidden = false;
  put(data.steps.length - 1);
}
