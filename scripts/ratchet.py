#!/usr/bin/env python3
"""Sizes of functions and files, and who may include whom.

The style's figures: no function over 80 lines, nine in ten under 60, no .c file over 450 lines.
Floors (rule 13): agent/base, sandbox -> agent/model -> tools -> agent/core -> agent/ui ->
agent/*.c -> front; a file includes headers of its own floor and of lower ones. sandbox/ includes nothing
of the agent. Functions are found by our own layout: a name at column 0 after a line with its
type, a body between a "{" and a "}" at column 0.

usage: ratchet.py size|floors|list"""
import glob
import re
import sys

LINES_MAX = 80
LINES_NINE_IN_TEN = 60
FILE_MAX = 450

# Floor of a folder, and the sets of floors it may include.
FLOORS = {"agent/base": 0, "sandbox": 0, "agent/gate": 1, "agent/model": 1, "tools": 2,
          "agent/core": 3, "agent/ui": 4, "agent": 5, "front": 6}
START = re.compile(r"^([a-z_][a-z0-9_]*)\(")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def sources():
    found = []
    for folder in ("agent", "front", "sandbox", "tools"):
        for ext in ("c", "h"):
            found += glob.glob(f"{folder}/**/*.{ext}", recursive=True)
    return sorted(found)


def functions(path):
    """(name, first line, lines from the name to the closing brace) of each function."""
    name = start = None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            hit = START.match(line)
            if hit:
                name, start = hit.group(1), number
            elif name and line.startswith("}"):
                yield name, start, number - start + 1
                name = None
            elif name and line.rstrip().endswith(";") and not line.startswith("\t"):
                name = None


def check_size():
    bad, sizes = [], []
    for path in sources():
        if not path.endswith(".c"):
            continue
        for name, start, lines in functions(path):
            sizes.append(lines)
            if lines > LINES_MAX:
                bad.append(f"{path}:{start}: {name} has {lines} lines, at most {LINES_MAX}")
        with open(path, encoding="utf-8") as file:
            lines = sum(1 for _ in file)
        if lines > FILE_MAX:
            bad.append(f"{path}: {lines} lines, at most {FILE_MAX}")
    sizes.sort()
    if sizes and sizes[len(sizes) * 9 // 10] > LINES_NINE_IN_TEN:
        bad.append(f"one function in ten is longer than {LINES_NINE_IN_TEN} lines")
    return bad


def floor_of(path):
    folder = path.rsplit("/", 1)[0] if "/" in path else ""
    while folder:
        if folder in FLOORS:
            return folder, FLOORS[folder]
        folder = folder.rsplit("/", 1)[0] if "/" in folder else ""
    return None, None


def check_floors():
    bad = []
    for path in sources():
        home, floor = floor_of(path)
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                hit = INCLUDE.match(line)
                if not hit:
                    continue
                there, other = floor_of(hit.group(1))
                if there is None or there == home:
                    continue
                if home == "sandbox" or other > floor or other == floor:
                    bad.append(f"{path}:{number}: {home or '?'} may not include {there}")
    return bad


def show_list():
    rows = [(lines, path, name) for path in sources() if path.endswith(".c")
            for name, _, lines in functions(path)]
    rows.sort(reverse=True)
    for lines, path, name in rows[:20]:
        print(f"{lines:4} {path} {name}")
    if rows:
        middle = sorted(row[0] for row in rows)
        print(f"{len(rows)} functions, median {middle[len(middle) // 2]}, "
              f"nine in ten at most {middle[len(middle) * 9 // 10]}")


def main():
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "list":
        show_list()
        return 0
    if what not in ("size", "floors"):
        print("usage: ratchet.py size|floors|list", file=sys.stderr)
        return 2
    bad = check_size() if what == "size" else check_floors()
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
