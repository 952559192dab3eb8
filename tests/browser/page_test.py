"""Opens pages in headless Chromium, at 1280 and at 400 pixels: no error in the console, every chart drawn, every
picture loaded, nothing wider than the window.

usage: page_test.py FOLDER_OF_THE_PROGRAMS     the pages of a small grid, a run and a replay
       page_test.py PAGE.html...
Exit 77 (skipped) without chromium or chromedriver.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

missing = [package for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver"))
           if not shutil.which(program)]
if missing:
    print(f"skipped: not installed: {', '.join(missing)}")
    sys.exit(77)

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



def call(method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))["value"]


# What a page looks like from inside: charts and how many of them have more than one colour.
LOOK = """
const charts = [...document.querySelectorAll('canvas')];
const read = new Map(charts.map((c) => [c, c.getContext('2d').getImageData(0, 0, c.width, c.height).data]));
const drawn = charts.filter((c) => {
  const pixels = read.get(c);
  const seen = new Set();
  for (let i = 0; i < pixels.length; i += 4) seen.add(pixels.slice(i, i + 4).join());
  return seen.size > 2;
});
// Of every heat map each colour: more blue than red where the losses agree, less where they conflict.
const maps = JSON.parse(document.getElementById('data').textContent).sections
  .flatMap((section) => section.charts || []).filter((chart) => chart.heat);
const canvases = [...document.querySelectorAll('.heat canvas')];
const right = maps.filter((map, m) => {
  const pixels = read.get(canvases[m]), width = canvases[m].width;
  return map.series.every((series, row) => series.y.every((value, column) => {
    const at = 4 * (row * width + column);
    return Math.abs(value) < 0.1 || (pixels[at + 2] > pixels[at]) === (value > 0);
  }));
});
const pictures = [...document.images];
return {maps: maps.length, canvases: canvases.length, rightMaps: right.length,
        drawn: document.documentElement.dataset.drawn, charts: charts.length, drawnCharts: drawn.length,
        pictures: pictures.length, loaded: pictures.filter((p) => p.complete && p.naturalWidth > 0).length,
        tables: document.querySelectorAll('table').length,
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth};
"""

folder = tempfile.TemporaryDirectory()
pages = sys.argv[1:]
if len(pages) == 1 and os.path.isdir(pages[0]):
    pages = make_pages(pages[0], folder.name)
driver = subprocess.Popen(["chromedriver", f"--port={PORT}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
passed = failed = 0
session = None
try:
    for _ in range(100):
        try:
            call("GET", "/status")
            break
        except OSError:
            time.sleep(0.1)
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--hide-scrollbars",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    session = call("POST", "/session", {"capabilities": {"alwaysMatch": {
        "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
    for page in pages:
        for width in (1280, 400):
            # The window's own width has a lower limit; the device's has none.
            call("POST", f"/session/{session}/goog/cdp/execute", {
                "cmd": "Emulation.setDeviceMetricsOverride",
                "params": {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}})
            call("POST", f"/session/{session}/url", {"url": "file://" + os.path.abspath(page)})
            look = call("POST", f"/session/{session}/execute/sync", {"script": LOOK, "args": []})
            errors = [entry["message"] for entry in call("POST", f"/session/{session}/se/log", {"type": "browser"})]
            good = (look["drawn"] == "yes" and look["charts"] > 0 and look["drawnCharts"] == look["charts"]
                    and look["maps"] == look["canvases"] == look["rightMaps"] == (1 if "/r1/" in page else look["maps"])
                    and look["loaded"] == look["pictures"] and look["wide"] <= 0 and not errors)
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok  ' if good else 'FAIL'} {os.path.basename(page)} at {width}: {look} {errors}")
finally:
    if session:
        call("DELETE", f"/session/{session}")
    driver.terminate()
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
