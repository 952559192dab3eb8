// The last part: the engine unpacked, then the chapter that the address names.
const unpacked = () => {
  const packed = Uint8Array.from(atob(document.getElementById("engine-packed").textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
};
const begin = async () => livingModule({ wasmBinary: await unpacked() });
begin().then((module) => {
  const engine = globalThis.engine = connect(module);  // for the console too: engine.call("loss", ...)
  const list = make(document.getElementById("chapters"), "ol");
  for (const section of document.querySelectorAll(".chapter")) {
    const link = make(make(list, "li"), "a", { href: "#chapter=" + section.id, "data-chapter": section.id }, $("h2", section).dataset.short);
    link.onclick = (event) => { event.preventDefault(); open(section.id, engine); };
  }
  const redraw = () => { chapters[opened].show?.(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("resize", later(redraw));
  open(kept("chapter", ""), engine);
  document.documentElement.dataset.state = "ready";
}).catch((problem) => {
  document.documentElement.dataset.state = "failed";
  make(document.getElementById("content"), "p", { class: "read-first" }, `The engine could not be started: ${problem.message}. A browser of 2023 or later is needed.`);
});
