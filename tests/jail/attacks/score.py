#!/usr/bin/env python3
"""The scoreboard: every attack of the list and every everyday program, as every identity.

	score.py [--fast] [--staged] [--rung full|bwrap|landlock] [--cage KIND] [--bare] [-v]
	         [NUMBER...]

Prints a table and totals. --rung takes that rung alone, --cage has the machine refuse things (see
lib/cage.py) and takes the rung that then stands. --bare tries the attacks without a sandbox, as
the plain user: each that comes out as "held" there proves nothing. Exit 1 when the goal is
missed."""
import argparse
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../../lib")]
import jailbox  # noqa: E402
import rows_everyday  # noqa: E402, F401
import rows_fs  # noqa: E402, F401
import rows_kernel  # noqa: E402, F401
import rows_limits  # noqa: E402, F401
import rows_net  # noqa: E402, F401
import rows_process  # noqa: E402, F401
import rows_secrets  # noqa: E402, F401
from scene import Scene, own_namespaces  # noqa: E402
from table import ROWS, carry_out  # noqa: E402

GOAL = {"direct": 98, "staged": 100, "full": 98, "bwrap": 98, "landlock": 81}
ATTACKS, PROGRAMS = 101, 28
# Without namespaces there are no sockets but socket pairs, and no /dev/shm, terminals and
# repositories elsewhere, since those would be the host's.
WITHOUT_NAMESPACES = {"L5", "L6", "L7", "L10", "L11", "L20", "L31", "L32"}


# As the option names them; "direct" is the full one, or whatever stands in a cage.
RUNGS = {"full": "full", "bwrap": "donor", "landlock": "landlock"}


def order(row):
    number = str(row.number)
    return (row.group == "everyday", not row.counts, int(number.lstrip("aL")))


def chosen(args):
    rows = sorted(ROWS, key=order)
    if args.only:
        return [r for r in rows if str(r.number) in args.only or r.group in args.only]
    return [r for r in rows if not (args.fast and r.slow) and not (args.bare and not r.bare)]


def has_staged(box):
    shown = subprocess.run([box.program, "sandbox", "--help"], stdout=subprocess.PIPE,
                           check=False).stdout.decode()
    return "--staged" in shown


def options_of(row, mode):
    """What a program wrote is applied, what an attack wrote is not."""
    if mode in RUNGS:
        return ["--rung", RUNGS[mode]]
    if mode != "staged":
        return []
    return ["--staged=apply" if row.group == "everyday" else "--staged=discard"]


def run_box(box, rows, mode, lan, args):
    """{number: (verdict, detail)}"""
    if mode == "staged" and not has_staged(box):
        print(f"# {box.name}: no --staged in this build")
        return {}
    scene, found = Scene(box, mode == "bare", lan=lan), {}
    scene.says_rung = mode in ("bwrap", "landlock") or bool(args.cage)
    try:
        for row in rows:
            start, scene.options = time.monotonic(), options_of(row, mode)
            found[row.number] = carry_out(row, scene)
            if args.verbose:
                print(f"#{row.number} {row.title} ({time.monotonic() - start:.2f} s)\n"
                      f"{scene.output}", flush=True)
    finally:
        scene.close()
    return found


def show(rows, results):
    """One line for each row, a column for each identity and mode."""
    columns = list(results)
    print(f"{'id':>4} {'group':8} " + " ".join(f"{c:>14}" for c in columns) + "  attack")
    for row in rows:
        words = []
        for column in columns:
            verdict, _ = results[column].get(row.number, ("-", ""))
            words.append({"held": "works", "BROKEN": "FAILS"}.get(verdict, verdict)
                         if row.group == "everyday" else verdict)
        print(f"{row.number:>4} {row.group:8} " + " ".join(f"{w:>14}" for w in words) +
              f"  {row.title}")
        for column in columns:
            _, detail = results[column].get(row.number, ("", ""))
            if detail:
                print(f"{'':14} {column}: {detail[:240]}")


def total(rows, found):
    """Held and tried of the attacks and of the programs that count."""
    sums = []
    for everyday in (False, True):
        mine = [r for r in rows if r.counts and (r.group == "everyday") == everyday]
        verdicts = [found.get(r.number, ("skip", ""))[0] for r in mine]
        sums.append((verdicts.count("held"), sum(v != "skip" for v in verdicts), len(mine)))
    return sums


def report(rows, results, args):
    """True when no column misses its goal: as many may be broken as the goal leaves."""
    good = True
    for column, found in results.items():
        (held, tried, listed), (works, run, programs) = total(rows, found)
        mode = column.split("/")[-1]
        lost = {r.number for r in rows if r.group == "everyday" and r.counts
                and found.get(r.number, ("",))[0] not in ("held", "skip")}
        print(f"{column}: {held} of {tried} attacks held"
              f"{f' ({listed - tried} skipped)' if listed > tried else ''}, "
              f"{works} of {run} programs work"
              f"{f' ({programs - run} skipped)' if programs > run else ''}")
        if mode == "direct" and args.cage:
            mode = "landlock"  # the least that may stand there
        if mode in GOAL:
            missed = lost - (WITHOUT_NAMESPACES if mode == "landlock" else set())
            good = good and tried - held <= ATTACKS - GOAL[mode] and not missed
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fast", action="store_true", help="leave the slow ones out")
    parser.add_argument("--staged", action="store_true", help="in staged mode besides")
    parser.add_argument("--rung", choices=RUNGS, help="on that rung alone")
    parser.add_argument("--cage", help="on a machine that refuses things: docker, nouserns, ...")
    parser.add_argument("--bare", action="store_true", help="without a sandbox: the control")
    parser.add_argument("-v", "--verbose", action="store_true", help="what each attack printed")
    parser.add_argument("only", nargs="*", help="numbers or groups")
    args = parser.parse_args()
    lan, rows, results = own_namespaces(), chosen(args), {}
    for box in jailbox.BOXES:
        box.cage = args.cage
        modes = ["bare"] if args.bare else [args.rung] if args.rung else ["direct"]
        modes += ["staged"] if args.staged and modes == ["direct"] else []
        for mode in modes:
            if mode == "bare" and box.uid == 0:
                continue
            why = mode != "bare" and jailbox.refused(box, RUNGS.get(mode, "full"))
            if why and not (args.cage and mode == "direct"):
                print(f"# {box.name}: {why}")
                continue
            found = run_box(box, rows, mode, lan, args)
            if found:
                results[f"{box.name}/{mode}"] = found
    show(rows, results)
    return 0 if report(rows, results, args) else 1


if __name__ == "__main__":
    sys.stdout.flush()
    child = os.fork()  # so that the folders go whatever happens to it
    if child == 0:
        code = 1
        try:
            code = main()
            sys.stdout.flush()
        except Exception:  # os._exit() would swallow it
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    for box in jailbox.BOXES:
        jailbox.shutil.rmtree(box.base, ignore_errors=True)
    os._exit(os.waitstatus_to_exitcode(status) & 255)
