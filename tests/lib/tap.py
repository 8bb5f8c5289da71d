"""A small test harness that prints TAP: @test functions, skip(), deadlines instead of sleeps."""
import concurrent.futures
import os
import signal
import sys
import time
import traceback

PATIENCE_S = 60.0  # no wait gives up sooner: what a busy machine is late with is not wrong

_tests = []


class Skip(Exception):
    """What a test raises when something it needs is absent."""


def test(function):
    _tests.append(function)
    return function


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


def main(jobs=1):
    """`jobs` tests at a time: for those that mostly wait and share nothing."""
    # whoever starts tests in the background ignores these, and programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    only = sys.argv[1:]
    chosen = [t for t in _tests if not only or any(word in t.__name__ for word in only)]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    results = pool.map(_run, chosen) if jobs > 1 else map(_run, chosen)
    for number, (function, (result, why)) in enumerate(zip(chosen, results), 1):
        name = (function.__doc__ or function.__name__).strip().splitlines()[0]
        failed += result == "not ok"
        if result == "skip":
            name, result, why = f"{name} # SKIP {why}", "ok", ""
        print(f"{result} {number} - {name}", flush=True)
        for line in why.splitlines():
            print(f"# {line}", flush=True)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # threads of servers must not hold the process
