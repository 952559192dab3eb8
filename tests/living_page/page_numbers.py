"""Opens every chapter of the living page in headless Chromium, wide and narrow, light and dark: no error in the console, no
request, nothing outside the window, words in every caption that is computed; and compares its numbers with the native
engine's.

usage: page_numbers.py LIVING.html NATIVE_NUMBERS
Exit 77 (skipped) without chromium or chromedriver.
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "browser"))
from chromium import Chromium, address_of, skip_without

skip_without()
PORT = 9900 + os.getpid() % 90
page, native = sys.argv[1:]
passed = failed = 0


def expect(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"failed: {what}")


LOOK = """
const name = arguments[0], section = document.getElementById(name);
const seen = (node) => node.getClientRects().length > 0;
return {state: document.documentElement.dataset.state, open: seen(section),
  silent: [...section.querySelectorAll('.said')].filter((node) => seen(node) && node.textContent.trim().length < 20).map((node) => node.className),
  wrong: [...section.querySelectorAll('.said.wrong')].filter(seen).map((node) => node.textContent),
  blank: [...section.querySelectorAll('svg.plot')].filter((svg) => !svg.querySelector('[data-series] path')).length,
  outside: [...section.querySelectorAll('*')].filter((node) => seen(node) && !node.closest('.scroll, svg, pre, math') && node.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((node) => node.outerHTML.slice(0, 90)),
  asked: performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith('data:'))};
"""
NUMBERS = """
const list = (numbers) => Array.from(numbers);
const logits = painted.logits(), labels = painted.labels(), losses = {}, steps = [];
for (const {name} of engine.table('loss', 'help')) {
  const value = new Float64Array(1), gradient = new Float64Array(logits.length);
  engine.call('loss', name, CASE, CASE, logits, labels, 0, value, gradient);
  losses[name] = list(value).concat(list(gradient));
}
engine.call('train_begin', 32, 32, 8, 4, 'cce,mean_iou,mean_dice', 'cb_dice', 'variance', 20, 0.002, 1);
for (let step = 0; step < 4; ++step) { const row = new Float64Array(9); engine.call('train_step', row); steps.push(list(row)); }
return {size: CASE, logits: list(logits), labels: list(labels), losses, steps, shown: document.querySelector('#loss .value b').textContent};
"""


def close(a, b, relative):
    return len(a) == len(b) and len(a) > 0 and max(abs(x - y) for x, y in zip(a, b)) <= relative * max(map(abs, b))


expect(os.path.getsize(page) < 2_000_000, f"{page} has {os.path.getsize(page)} bytes, expected below 2 MB")
with Chromium(PORT) as browser:
    script = browser.script

    def start(address):
        browser.open("about:blank")
        browser.open(address_of(page) + address)
        for _ in range(600):
            if script("return document.documentElement.dataset.state") != "starting":
                break
            time.sleep(0.1)

    start("")
    chapters = script("return [...document.querySelectorAll('.chapter')].map((section) => section.id)")
    expect(len(chapters) == 8, f"{len(chapters)} chapters, expected 8")
    for width, scheme in ((1280, "light"), (390, "dark")):
        browser.show_as(width, scheme)
        for chapter in chapters:
            start(f"#chapter={chapter}")
            for _ in range(60):
                look = script(LOOK, chapter)
                if not look["silent"]:
                    break
                time.sleep(0.25)
            errors = browser.errors()
            allowed = chapter == "break"  # whose answers are the engine's complaints
            expect(look["state"] == "ready" and look["open"] and not look["silent"] and (allowed or not look["wrong"]) and not look["blank"]
                   and not look["outside"] and not look["asked"] and not errors, f"{chapter} at {width}, {scheme}: {look} {errors}")
    start("#chapter=memory&rule=dwa&least=7")
    expect(script("return [document.querySelector('#memory .pick').value, document.querySelector('#memory .least').value]") == ["dwa", "7"],
           "the address does not say what is chosen")
    start("#chapter=loss")
    before, after, painted_as = script("""
        const canvas = document.querySelectorAll('#loss .painters canvas')[1], shown = () => document.querySelector('#loss .value b').textContent, before = shown();
        for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', ' ']) canvas.dispatchEvent(new KeyboardEvent('keydown', {key}));
        document.querySelectorAll('#loss .brush button')[2].click();
        canvas.dispatchEvent(new KeyboardEvent('keydown', {key: ' '}));
        return [before, shown(), new URLSearchParams(location.hash.slice(1)).get('found')];""")
    expect(before != after and painted_as and len(painted_as) == 128, f"painting by key: {before}, {after}, {painted_as}")
    start("#chapter=training")
    script("document.querySelector('#training .go').click()")
    for _ in range(120):
        words = script("return document.querySelector('#training .words').textContent")
        if "Dice per image" in words:
            break
        time.sleep(0.25)
    expect("Dice per image" in words, f"nothing trains: {words}")
    script("document.querySelector('#training .anew').click()")

    start("#chapter=loss")
    told = script(NUMBERS)
    numbers = [told["size"], told["size"], *told["logits"], *told["labels"]]
    answer = subprocess.run([native], input=" ".join(map(repr, numbers)), capture_output=True, text=True, check=True).stdout
    lines = {line.split()[0]: list(map(float, line.split()[1:])) for line in answer.splitlines()}
    for name, ours in told["losses"].items():
        theirs = lines.get(name, [])
        expect(close(ours, theirs, 1e-12), f"{name}: the page's value or gradient is not the native engine's")
    expect(len(told["losses"]) > 6 and abs(float(told["shown"]) - lines["mean_dice"][0]) < 1e-4, f"the page shows {told['shown']}, expected {lines['mean_dice'][0]}")
    for step, row in enumerate(told["steps"]):  # in 32-bit numbers, summed in another order
        expect(close(row, lines[f"step{step}"], 1e-3), f"training step {step}: {row}, expected {lines[f'step{step}']}")
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
