"""Makes the living page, one HTML file: its parts, the engine's module, and the lines of source that it shows, cut from the
sources by what they begin and end with. Fails where a cut is not found, or found twice.

usage: assemble.py --sources ROOT --module living_module.js --out living.html
(beside the module lies living_module.wasm; the page holds it packed)
"""
import argparse
import base64
import csv
import glob
import gzip
import json
import os
import re
import subprocess
import sys

# What chapters show beside losses and rules: name, file, the pattern of the first line, that of the last.
CUTS = [
    ("symlog", "dmf/statistics.cpp", r"^double symlog\(", r"^}"),
    ("minmax", "dmf/statistics.cpp", r"^std::vector<double> minmax\(", r"^}"),
    ("variance", "dmf/statistics.cpp", r"^double variance\(", r"^}"),
    ("mad", "dmf/statistics.cpp", r"^double median_absolute_deviation\(", r"^}"),
    ("posterior", "dmf/posterior.cpp", r"^std::vector<double> Posterior::update\(", r"^}"),
    ("schedule", "dmf/auxiliary_schedule.h", r"^struct AuxiliarySchedule", r"^};"),
    ("metrics", "losses/metrics/metrics.h", r"^inline constexpr ClassMetric kClassMetrics", r"n\.ratio\(n\.tp, n\.tp \+ n\.fp \+ n\.fn\)"),
    ("reported", "apps/evaluation/reported_overlap.cpp", r"^double OverlapReport::mean_of\(", r"^}"),
    ("argmax", "apps/living_page/loss_calls.cpp", r"^int living_argmax_loss\(", r"^}"),
    ("step", "dmf/training_step.h", r"^  void forward\(", r"^  }"),
    ("weigh", "dmf/training_step.h", r"^  StepWeights weigh\(", r"^  }"),
    ("backward", "dmf/training_step.h", r"^  void backward\(", r"^  }"),
    ("objective", "dmf/fused_loss.cpp", r"^Variable<S> objective\(", r"^}"),
    ("conv_forward", "engine/kernels/conv2d/conv2d_ref.cpp", r"^  void forward\(", r"^  }"),
    ("conv_data", "engine/kernels/conv2d/conv2d_ref.cpp", r"^  void backward_data\(", r"^  }"),
    ("conv_weight", "engine/kernels/conv2d/conv2d_ref.cpp", r"^  void backward_weight\(", r"^  }"),
    ("finite", "dmf/fusion.cpp", r"^void Fusion::require_finite\(", r"^}"),
]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def cut(root, path, first, last, after=0):
    """The lines from the one that `first` matches, from line `after` on, to the next that `last` does."""
    lines = read(os.path.join(root, path)).split("\n")
    begins = [k for k, line in enumerate(lines) if k >= after and re.search(first, line)]
    if len(begins) != 1:
        sys.exit(f"{path}: {len(begins)} lines match {first!r}, expected one: the living page shows what follows it")
    end = next((k for k in range(begins[0], len(lines)) if re.search(last, lines[k])), None)
    if end is None:
        sys.exit(f"{path}: no line matches {last!r} after {first!r}")
    return {"file": path, "line": begins[0] + 1, "text": "\n".join(lines[begins[0]:end + 1])}


def comment_above(root, path, line):
    """The /// lines that end above a line, as text."""
    lines = read(os.path.join(root, path)).split("\n")[:line - 1]
    above = []
    while lines and lines[-1].startswith("///"):
        above.insert(0, lines.pop()[4:])
    return "\n".join(above)


def losses(root):
    for path in sorted(glob.glob("losses/*/*.h", root_dir=root)):
        named = re.search(r'^struct (\w+) {(?:(?!^};).)*?kName = "(\w+)"', read(os.path.join(root, path)), re.M | re.S)
        if not named:
            continue
        whole = cut(root, path, rf"^struct {named[1]} {{", r"^};")
        inside = whole["text"].split("\n")
        formula = next((k for k, line in enumerate(inside) if re.match(r"  template <class [ST]>", line)), None)
        begin = formula if formula is not None else 0
        shown = {"file": path, "line": whole["line"] + begin, "text": "\n".join(inside[begin:-1] if formula is not None else inside),
                 "doc": comment_above(root, path, whole["line"])}
        yield "loss:" + named[2], shown


def rules(root):
    for path in sorted(glob.glob("dmf/rules/*/*.cpp", root_dir=root)):
        text = read(os.path.join(root, path))
        for entry in re.finditer(r"^RuleEntry (\w+)_rule\(\)", text, re.M):
            line = text[:entry.start()].count("\n") + 1
            body = re.findall(r"^class \w+ final : public WeightingRule", text, re.M)
            shown = cut(root, path, r"^class \w+ final : public WeightingRule", r"^};") if len(body) == 1 else \
                cut(root, path, rf"^RuleEntry {entry[1]}_rule", r"^}")
            yield "rule:" + entry[1], {**shown, "doc": comment_above(root, path, line)}


def curves(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return {"names": rows[0], "values": [[float(cell) for cell in row] for row in rows[1:]]}


def main():
    arguments = argparse.ArgumentParser()
    for name in ("--sources", "--module", "--out"):
        arguments.add_argument(name, required=True)
    given = arguments.parse_args()
    root, here = given.sources, os.path.dirname(os.path.abspath(__file__))
    chapters = sorted(os.path.splitext(name)[0] for name in os.listdir(os.path.join(here, "chapters")) if name.endswith(".html"))
    chapter = lambda name, kind: read(os.path.join(here, "chapters", f"{name}.{kind}"))
    sources = {name: cut(root, *where) for name, *where in CUTS}
    sources.update(losses(root))
    sources.update(rules(root))
    with open(os.path.splitext(given.module)[0] + ".wasm", "rb") as file:
        engine = file.read()
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    as_data = lambda value: json.dumps(value, separators=(",", ":")).replace("</", "<\\/")
    parts = {
        "STYLE": read(os.path.join(root, "apps/page/page.css")) + read(os.path.join(here, "living.css")),
        "CHAPTERS": "".join(chapter(name, "html") for name in chapters),
        "MODULE": read(given.module),
        "ENGINE": base64.b64encode(gzip.compress(engine, mtime=0)).decode(),
        "SIZE": f"{len(engine) / 1e6:.1f}",
        "COMMIT": commit or "none",
        "SOURCES": as_data(sources),
        "RECORDED": as_data(curves(os.path.join(here, "recorded.csv"))),
        "SCRIPT": "".join([read(os.path.join(here, "engine.js")), read(os.path.join(here, "living.js")),
                           *(chapter(name, "js") for name in chapters), read(os.path.join(here, "start.js"))]),
    }
    page = re.sub("@([A-Z]+)@", lambda place: parts[place[1]], read(os.path.join(here, "page.html")))
    os.makedirs(os.path.dirname(given.out), exist_ok=True)
    with open(given.out + ".new", "w", encoding="utf-8") as file:
        file.write(page)
    os.replace(given.out + ".new", given.out)
    print(f"{given.out}: {len(page.encode()) / 1e6:.2f} MB")


main()
