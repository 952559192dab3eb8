"""Every link inside the project's Markdown files leads somewhere: to a file or folder that is there, and where it has an anchor,
to a heading of that name as GitHub makes names of headings.

usage: links.py SOURCES
"""
import os
import re
import subprocess
import sys

root = sys.argv[1]
listed = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], capture_output=True, text=True)
files = [name for name in listed.stdout.split("\n") if name and os.path.exists(os.path.join(root, name))]
if not files:
    print("skipped: not a git checkout, so nobody says which files are the project's")
    sys.exit(77)


def text_of(name):
    """Without code, in which brackets are no links."""
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return re.sub(r"^ *```.*?^ *```", "", file.read(), flags=re.M | re.S)


def anchors(name):
    found, made = {}, set()
    for heading in re.findall(r"^#{1,6} +(.*?) *#*$", text_of(name), flags=re.M):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        made.add(f"{slug}-{count}" if count else slug)
    return made


passed = failed = 0
for name in files:
    prose = re.sub(r"`[^`\n]*`", lambda code: "`" * 2 if "](" in code[0] else code[0], text_of(name))
    for target in re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        if not os.path.exists(os.path.join(root, there)):
            problem = "is not there"
        elif anchor and not there.endswith(".md"):
            problem = "has no headings to link to"
        elif anchor and anchor not in anchors(there):
            problem = f"has no heading '{anchor}'"
        else:
            passed += 1
            continue
        failed += 1
        print(f"failed: {name} links to {target}: {there} {problem}")
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed or not passed else 0)
