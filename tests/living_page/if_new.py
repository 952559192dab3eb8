"""Runs a test of the living page where that is built, and of the commit that is checked out; else exit 77 (skipped).

usage: if_new.py LIVING.html COMMAND...
"""
import os
import re
import subprocess
import sys

page, *command = sys.argv[1:]
if not os.path.exists(page):
    print("skipped: the living page is not built (./dev page, which needs emscripten)")
    sys.exit(77)
here = subprocess.run(["git", "-C", os.path.dirname(__file__), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
with open(page, encoding="utf-8") as file:
    built_from = re.search(r"Built from commit (\w+)", file.read())
if here.returncode == 0 and (built_from is None or built_from[1] != here.stdout.strip()):
    print(f"skipped: the living page is of another commit, {built_from and built_from[1]}: ./dev page builds it anew")
    sys.exit(77)
sys.exit(subprocess.run(command).returncode)
