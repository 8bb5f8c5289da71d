#!/usr/bin/env python3
"""Runs every test and prints one closing line: N passed, N failed, N skipped.

Unit tests are cmocka programs, the others python files in tests/e2e, tests/jail and tests/term;
each prints TAP (Test Anything Protocol 13). A program that dies, prints no plan, prints fewer
results than planned, or leaves files, mounts or processes behind counts as a failure (see
tests/lib/left.py)."""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import left  # noqa: E402

TEST_TIMEOUT_S = 1200  # on a machine that has much else to do
RESULT = re.compile(r"^(ok|not ok)\b(?:\s+\d+)?\s*-?\s*(.*?)(?:\s*#\s*(skip|SKIP)\b.*)?$")


def parse(text):
    """TAP text to (passed, failed names, skipped, planned)."""
    passed, failed, skipped, planned = 0, [], 0, None
    for line in text.splitlines():
        plan = re.match(r"^1\.\.(\d+)", line)
        if plan:
            planned = (planned or 0) + int(plan.group(1))
        hit = RESULT.match(line)
        if not hit:
            continue
        if hit.group(3):
            skipped += 1
        elif hit.group(1) == "ok":
            passed += 1
        else:
            failed.append(hit.group(2))
    return passed, failed, skipped, planned


def run_one(path, asan):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", LC_ALL="C.UTF-8")
    env.setdefault("SUNABA", "build/sunaba")
    env["SUNABA"] = os.path.abspath(env["SUNABA"])
    env["ROOT"] = ROOT
    env["TMPDIR"] = left.make_folder()
    if asan:
        env["SUNABA_ASAN"] = "1"
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:exitcode=99")
    command = [sys.executable, path] if path.endswith(".py") else [os.path.abspath(path)]
    start = time.monotonic()
    # A file, not a pipe: what a test leaves behind would hold that open.
    with tempfile.TemporaryFile() as out:
        try:
            code = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, timeout=TEST_TIMEOUT_S,
                                  check=False).returncode
        except subprocess.TimeoutExpired:
            code = "timeout"
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    behind = left.processes() + left.files(env["TMPDIR"])
    passed, failed, skipped, planned = parse(text)
    if code not in (0, 1) and not failed:
        failed.append(f"{path}: ended with {code}")
    elif code != 0 and not failed:
        failed.append(f"{path}: exit {code} without a failed test")
    if planned is None:
        failed.append(f"{path}: no plan")
    elif passed + len(failed) + skipped < planned:
        failed.append(f"{path}: only {passed + len(failed) + skipped} of {planned} ran")
    failed += [f"{path}: left behind: {what}" for what in behind]
    return path, passed, failed, skipped, text, time.monotonic() - start


def find(asan, only):
    build = os.environ.get("BUILD", "build")
    found = sorted(p for p in glob.glob(f"{build}/unit/test_*") if os.access(p, os.X_OK)
                   and not p.endswith(".d"))
    for folder in ("jail", "e2e", "term"):
        found += sorted(glob.glob(f"tests/{folder}/test_*.py"))
    if only:
        found = [p for p in found if any(word in p for word in only)]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lint", action="store_true", help="run scripts/lint.sh as a test too")
    parser.add_argument("--asan", action="store_true", help="the build has sanitizers")
    parser.add_argument("-v", action="store_true", help="show the output of every test")
    parser.add_argument("-j", type=int, default=2, help="files at a time; 2 when not given")
    parser.add_argument("only", nargs="*", help="run the tests whose path holds one of these")
    args = parser.parse_args()
    os.chdir(ROOT)
    os.umask(0o022)  # what tests count on
    passed = failed = skipped = 0
    if args.lint and not args.only:
        lint = subprocess.run(["sh", "scripts/lint.sh"], stdin=subprocess.DEVNULL, check=False)
        passed, failed = (passed + 1, failed) if lint.returncode == 0 else (passed, failed + 1)
    before = left.shared()
    with concurrent.futures.ProcessPoolExecutor(args.j, initializer=left.adopt) as pool:
        jobs = [pool.submit(run_one, path, args.asan) for path in find(args.asan, args.only)]
        for job in concurrent.futures.as_completed(jobs):
            path, good, bad, skip, text, took = job.result()
            passed, failed, skipped = passed + good, failed + len(bad), skipped + skip
            word = "FAIL" if bad else "ok"
            print(f"{word:4} {path}: {good} passed, {len(bad)} failed, {skip} skipped"
                  f" ({took:.1f} s)", flush=True)
            for line in text.splitlines():
                if args.v or bad or re.search(r"#\s*skip", line, re.I):
                    print("     " + line)
            for name in bad:
                print(f"     FAILED: {name}")
    new = sorted(left.shared() - before)
    if new:
        print(f"note: new in shared places, by this run or somebody else: {' '.join(new)}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
