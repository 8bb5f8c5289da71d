#!/usr/bin/env python3
"""The quick ones of the list of attacks, and the everyday programs: see attacks/score.py."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "attacks"), os.path.join(HERE, "../lib")]
import score  # noqa: E402
import tap  # noqa: E402
from jailbox import BOXES, REFUSED, main  # noqa: E402
from scene import Scene, own_namespaces  # noqa: E402
from table import ROWS, carry_out  # noqa: E402

# What writing the workspace directly lets through; --staged is the answer to it.
DIRECT = {25}

scenes = {}
lan = []


def scene_of(box):
    if not lan:
        lan.append(own_namespaces())
    if box.name not in scenes:
        scenes[box.name] = Scene(box, lan=lan[0])
    return scenes[box.name]


def bounded():
    """Something but the watch bounds real root's processes."""
    own = subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True)
    return own.returncode == 0 or os.access("/sys/fs/cgroup/pids", os.W_OK)


def add(row, box):
    def run():
        if REFUSED[box.name]:
            tap.skip(REFUSED[box.name])
        if row.number == 80 and box.uid == 0 and not bounded():
            tap.skip("real root, with neither a user namespace nor control groups")
        verdict, detail = carry_out(row, scene_of(box))
        if verdict == "skip" or (verdict == "BROKEN" and row.number in DIRECT):
            tap.skip(detail)
        tap.equal(verdict, "held", detail)
    run.__doc__ = f"{row.number}: {row.title} ({box.name})"
    run.__name__ = f"attack_{row.number}_{box.name}"
    tap.test(run)


for each in sorted(ROWS, key=score.order):
    for one in BOXES:
        if not each.slow:
            add(each, one)


@tap.test
def nothing_is_left():
    """what was planted can be taken away"""
    for scene in scenes.values():
        scene.close()


main()
