"""A small test harness that prints TAP: @test functions, skip(), deadlines instead of sleeps."""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PATIENCE_S = 60.0  # no wait gives up sooner: what a busy machine is late with is not wrong

os.umask(0o022)  # whatever the caller's: tests make files for other users too
_tests = []
_folders = []


class Skip(Exception):
    """What a test raises when something it needs is absent."""


def test(function):
    _tests.append(function)
    return function


def folder(name):
    """A folder that lasts as long as the tests of the file."""
    _folders.append(tempfile.mkdtemp(prefix=name + "-"))
    return _folders[-1]


def skip(why):
    raise Skip(why)


def soon(condition, seconds):
    """Polls so long; the condition's value in the end. For who tries something else then."""
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() > end
        value = condition()
        if value or late:
            return value
        time.sleep(0.005)


def until(condition, seconds=PATIENCE_S, what="condition"):
    """Polls until condition() is true and returns its value; fails at the deadline."""
    seconds = max(seconds, PATIENCE_S)
    value = soon(condition, seconds)
    if not value:
        raise AssertionError(f"not within {seconds} s: {what}")
    return value


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}\n  got:  {got!r}\n  want: {want!r}")


def contains(text, part, what=""):
    if part not in text:
        raise AssertionError(f"{what}: {part!r} is not in {text!r}")


def absent(text, part, what=""):
    if part in text:
        raise AssertionError(f"{what}: {part!r} is in {text!r}")


def _run(function):
    """What came of a test: "ok", a skip's reason, or a trace."""
    try:
        function()
        return "ok", ""
    except Skip as why:
        return "skip", str(why)
    except Exception:
        return "not ok", traceback.format_exc()


def _run_apart(function):
    """The same in a process of its own, which may take what it left behind for its own."""
    done = subprocess.run([sys.executable, sys.argv[0], "=" + function.__name__],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    hit = re.search(r"^(ok|not ok) 1 - .*?(?:# SKIP (.*))?$", text, re.M)
    if hit and hit.group(2) is not None:
        return "skip", hit.group(2)
    return ("ok", "") if hit and hit.group(1) == "ok" else ("not ok", text)


def main(jobs=1, apart=False):
    """`jobs` tests at a time: for those that mostly wait and share nothing; `apart`: each in a
    process of its own."""
    # whoever starts tests in the background ignores these, and programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    only = sys.argv[1:]
    chosen = [t for t in _tests if not only or any(word in t.__name__ or word == "=" + t.__name__
                                                   for word in only)]
    run = _run_apart if apart and len(chosen) > 1 else _run
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    results = pool.map(run, chosen) if jobs > 1 else map(run, chosen)
    for number, (function, (result, why)) in enumerate(zip(chosen, results), 1):
        name = (function.__doc__ or function.__name__).strip().splitlines()[0]
        failed += result == "not ok"
        if result == "skip":
            name, result, why = f"{name} # SKIP {why}", "ok", ""
        print(f"{result} {number} - {name}", flush=True)
        for line in why.splitlines():
            print(f"# {line}", flush=True)
    sys.stdout.flush()
    for path in _folders:
        shutil.rmtree(path, ignore_errors=True)
    os._exit(1 if failed else 0)  # threads of servers must not hold the process
