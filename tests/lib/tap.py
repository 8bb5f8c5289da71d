"""A small test harness that prints TAP: @test functions, skip(), deadlines instead of sleeps."""
import os
import signal
import sys
import time
import traceback

PATIENCE_S = 60.0  # no wait gives up sooner: what a busy machine is late with is not wrong

os.umask(0o022)  # whatever the caller's: tests make files for other users too
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


def main():
    # whoever starts tests in the background ignores these, and programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    only = sys.argv[1:]
    chosen = [t for t in _tests if not only or any(word in t.__name__ for word in only)]
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, function in enumerate(chosen, 1):
        name = (function.__doc__ or function.__name__).strip().splitlines()[0]
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            sys.stdout.flush()
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # threads of servers must not hold the process
