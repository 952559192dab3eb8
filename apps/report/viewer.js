// The list of test images, their points and their pictures follow each other.
(() => {
  const viewer = document.querySelector(".viewer");
  const rows = new Map([...document.querySelectorAll(".image-table tr[data-row]")].map((row) => [row.dataset.row, row]));
  const dots = new Map([...document.querySelectorAll(".images .dot[data-row]")].map((dot) => [dot.dataset.row, dot]));
  const pictures = new Map([...document.querySelectorAll(".gallery figure")].map((figure) => [figure.dataset.row, figure]));
  let held = null, shown = null, layers = "difference truth found";

  const show = (id) => {
    if (!rows.has(id)) return;
    for (const map of [rows, dots, pictures]) {
      if (map.has(shown)) map.get(shown).classList.remove("shown");
      if (map.has(id)) map.get(id).classList.add("shown");
    }
    shown = id;
    if (!viewer || !pictures.has(id)) return;
    const picture = pictures.get(id).firstElementChild.cloneNode(true);
    if (picture.tagName === "svg") picture.setAttribute("class", `scan ${layers}`);
    viewer.querySelector(".viewer-picture").replaceChildren(picture);
    const heads = [...rows.get(id).closest("table").tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    viewer.querySelector(".viewer-words").textContent =
      [...rows.get(id).cells].map((cell, k) => k === 0 ? cell.textContent : `${heads[k]} ${cell.textContent}`).join(" · ");
  };
  const hold = (id) => {
    held = id;
    show(id);
    history.replaceState(null, "", "#" + encodeURIComponent(id));
    const box = rows.get(id).closest(".scroll"), row = rows.get(id);
    if (row.offsetTop < box.scrollTop + 30 || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop - 60;
  };
  for (const map of [rows, dots, pictures]) {
    for (const [id, node] of map) {
      node.onpointerenter = () => show(id);
      node.onpointerleave = () => { if (held !== null) show(held); };
      node.onclick = () => hold(id);
    }
  }
  if (viewer && pictures.size && pictures.values().next().value.firstElementChild.tagName === "svg") {
    for (const button of viewer.querySelectorAll("button")) {
      button.onclick = () => {
        for (const other of viewer.querySelectorAll("button")) other.setAttribute("aria-pressed", other === button);
        layers = button.dataset.show;
        if (shown !== null) show(shown);
      };
    }
  } else if (viewer) {
    viewer.querySelector(".viewer-buttons").remove();
  }
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, .plot-of")) return;
    const keys = { i: 0, t: 1, p: 2, d: 3, s: 4 };
    if (event.key in keys && viewer) {
      const button = viewer.querySelectorAll("button")[keys[event.key]];
      if (button) button.click();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const order = [...document.querySelectorAll(".image-table tr[data-row]")].map((row) => row.dataset.row);
      const at = order.indexOf(shown) + (event.key === "ArrowRight" ? 1 : -1);
      if (at >= 0 && at < order.length) hold(order[at]);
      event.preventDefault();
    }
  });
  if (viewer && pictures.size) viewer.hidden = false;
  const asked = decodeURIComponent(location.hash.slice(1));
  if (rows.has(asked)) hold(asked); else if (rows.size) show(rows.keys().next().value);
})();
