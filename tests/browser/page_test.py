"""Opens pages in headless Chromium at 1280, 800 and 400 pixels, light and dark, and as printed: no error in the
console, no request to anywhere, every chart drawn, every picture loaded, nothing outside the window, and nothing that
those miss who read by key, by ear or with weak eyes.

usage: page_test.py FOLDER_OF_THE_PROGRAMS     the pages of a small grid, a run and a replay
       page_test.py PAGE.html...
Where the environment's DMF_AXE names a file of axe-core (npm install axe-core: axe.min.js), its rules count too.
Exit 77 (skipped) without chromium or chromedriver.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

from chromium import Chromium, address_of, skip_without

skip_without()
PORT = 9500 + os.getpid() % 400


def make_pages(programs, folder):
    def run(program, *arguments):
        subprocess.run([os.path.join(programs, program), *arguments], check=True, stdout=subprocess.DEVNULL)

    run("phantom", "--out", f"{folder}/data", "--benign", "9", "--malignant", "9", "--size", "32")
    run("experiment", "--data", f"{folder}/data", "--out", f"{folder}/grid", "--configurations",
        "fixed,variance+cb_dice,random+cb_dice", "--repeats", "2", "--image", "32", "--base-width", "4", "--epochs", "3",
        "--batch", "4", "--history-size", "2", "--record-gradients")
    run("experiment", "replay", f"{folder}/grid/fixed/r1/steps.csv", "--weighting", "mad", "--history-size", "2", "--out",
        f"{folder}/w.csv", "--plot", f"{folder}/replay.html")
    return [f"{folder}/grid/report/report.html", f"{folder}/grid/variance+cb_dice/r1/report.html", f"{folder}/replay.html"]


# What a page looks like from inside. Wrong: what a reader without a mouse, or without eyes, would miss.
LOOK = """
const plots = [...document.querySelectorAll('svg.plot')];
const pictures = [...document.images];
const seen = (node) => node.getClientRects().length > 0;
const wrong = [];
const must = (good, what, node) => { if (!good) wrong.push(what + ': ' + node.outerHTML.slice(0, 80)); };
for (const node of document.querySelectorAll('*')) {
  const box = node.getBoundingClientRect();
  if (seen(node) && !node.closest('.scroll, .tip, svg') && box.right > innerWidth + 1) must(false, 'outside the window', node);
}
for (const svg of plots) {
  must(svg.getAttribute('aria-label') && svg.querySelector('desc'), 'a plot without words', svg);
  for (const text of svg.querySelectorAll('text')) {
    const inside = text.getBoundingClientRect(), box = svg.getBoundingClientRect();
    must(!seen(svg) || (inside.left >= box.left - 2 && inside.right <= box.right + 2), 'text outside its plot', text);
  }
}
for (const image of pictures) must(image.alt, 'a picture without words', image);
for (const head of document.querySelectorAll('th')) must(head.scope, 'a head without scope', head);
for (const button of document.querySelectorAll('button')) must(button.textContent.trim() || button.ariaLabel, 'a button without a name', button);
for (const box of document.querySelectorAll('.scroll')) must(box.tabIndex === 0, 'cannot be scrolled by key', box);
const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('two of the id ' + id);
let level = 1;
for (const head of document.querySelectorAll('h1,h2,h3,h4')) {
  must(Number(head.tagName[1]) <= level + 1, 'a heading skips a level', head);
  level = Number(head.tagName[1]);
}
// Text stands out from what is behind it, as WCAG 2.1 counts (4.5 to 1).
const light = (colour) => {
  const parts = colour.match(/[0-9.]+/g).slice(0, 3).map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (colour !== 'rgba(0, 0, 0, 0)' && colour !== 'transparent') return colour;
  }
  return 'rgb(255, 255, 255)';
};
for (const node of document.querySelectorAll('p, td, th, dt, dd, h1, h2, h3, a, button, figcaption, span, text, caption, summary')) {
  if (!seen(node) || !node.textContent.trim()) continue;
  const style = getComputedStyle(node);
  if (Number(style.opacity) < 1) continue;
  const a = light(node.tagName === 'text' ? style.fill : style.color), b = light(behind(node));
  must((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= 4.5, 'too little contrast', node);
}
return {plots: plots.length, empty: plots.filter((p) => !p.querySelector('[data-series] path')).length,
        pictures: pictures.length, loaded: pictures.filter((p) => p.complete && p.naturalWidth > 0).length,
        tables: document.querySelectorAll('table').length, wrong: [...new Set(wrong)].slice(0, 8),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        asked: performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith('data:')),
        text: document.body.innerText.length};
"""

AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'] }).then((found) =>
  done(found.violations.map((v) => v.id + ': ' + v.nodes[0].html.slice(0, 100))));
"""

folder = tempfile.TemporaryDirectory()
pages = sys.argv[1:]
if len(pages) == 1 and os.path.isdir(pages[0]):
    pages = make_pages(pages[0], folder.name)
passed = failed = 0
with Chromium(PORT) as browser:
    def look_at(page, width, media, scheme):
        browser.show_as(width, scheme, media)
        browser.open(address_of(page))
        look = browser.script(LOOK)
        if os.environ.get("DMF_AXE"):
            with open(os.environ["DMF_AXE"], encoding="utf-8") as axe:
                browser.script(axe.read())
            look["wrong"] += browser.script_that_calls_back(AXE)
        errors = browser.errors()
        good = (look["plots"] > 0 and look["empty"] == 0 and look["loaded"] == look["pictures"] and look["wide"] <= 0
                and not look["wrong"] and not look["asked"] and not errors)
        print(f"{'ok  ' if good else 'FAIL'} {os.path.basename(page)} at {width}, {media}, {scheme}: {look} {errors}")
        return good

    def numbers_agree(page):
        """The page of a run says what its files say, and nothing of it is too large."""
        folder = os.path.dirname(os.path.abspath(page))
        with open(f"{folder}/per_image.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with open(f"{folder}/metrics.json", encoding="utf-8") as file:
            headline = json.load(file)["headline"]
        browser.open(address_of(page))
        shown = browser.script("""
            return {rows: [...document.querySelectorAll('.image-table tbody tr')].map((r) => [...r.cells].map((c) => c.textContent)),
                    pictures: document.querySelectorAll('.gallery figure').length,
                    headline: [...document.querySelectorAll('.card b')].map((b) => b.textContent)};""")
        dice = {row["id"]: f"{float(row['dice']):.3f}" for row in rows if float(row["lesion_share"]) > 0}
        said = {row[0]: row[1] for row in shown["rows"]}
        good = (all(said.get(name) == value for name, value in dice.items()) and len(said) == len(rows)
                and len(dice) > 0 and shown["pictures"] == len(rows)
                and shown["headline"][:2] == [f"{headline['value']:.3f}",
                                              f"{headline['missed_lesions']} of {headline['images_with_lesion']}"]
                and os.path.getsize(page) < 300_000 + 11_000 * len(rows))
        print(f"{'ok  ' if good else 'FAIL'} {os.path.basename(page)}: its numbers are those of its files: {shown}")
        return good

    for page in pages:
        if os.path.exists(os.path.join(os.path.dirname(os.path.abspath(page)), "per_image.csv")):
            good = numbers_agree(page)
            passed, failed = passed + good, failed + (not good)
        for width, media, scheme in ((1280, "screen", "light"), (1280, "screen", "dark"), (800, "screen", "light"),
                                     (400, "screen", "light"), (400, "screen", "dark"), (700, "print", "dark")):
            good = look_at(page, width, media, scheme)
            passed, failed = passed + good, failed + (not good)
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
