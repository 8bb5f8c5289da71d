"""Runs the program in a world of its own: temporary home, XDG folders, workspace, environment.

The test process makes itself the reaper of its descendants (PR_SET_CHILD_SUBREAPER), so whatever
a run leaves behind becomes a child of the test: `left_behind()` is exact and needs no sampling,
also for processes with a cleaned environment, of another session or in another pid namespace.
"""
import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

import left
import program
import tap
from proc import command, descendants, state_of  # noqa: F401 (tests take them from here)

ROOT = os.environ.get("ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SUNABA = os.path.abspath(os.environ.get("SUNABA") or os.path.join(ROOT, "build/sunaba"))
AGENT = program.agent_of(SUNABA)  # which that executes
ASAN = bool(os.environ.get("SUNABA_ASAN"))
SLOWER = 10.0  # than the stated times: sanitizers, and machines with other work
PR_SET_CHILD_SUBREAPER = 36

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
_ours = set()  # processes that a test started and waits for itself


def left_behind():
    """Processes that a finished run left: ["pid command", …]. Reaps the dead among them."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in _ours:
            stat = state_of(int(name))
            if stat and stat[0] == "Z" and stat[1] == os.getpid():
                try:
                    os.waitpid(int(name), os.WNOHANG)
                except ChildProcessError:
                    pass
    return [f"{pid} {command(pid)}" for pid in descendants() if pid not in _ours]


def all_gone(seconds=2.0):
    """Fails when a process is still there after `seconds`."""
    end = time.monotonic() + seconds * SLOWER
    while True:
        left = left_behind()
        if not left:
            return
        if time.monotonic() > end:
            for line in left:
                try:
                    os.kill(int(line.split()[0]), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            raise AssertionError(f"left behind: {left}")
        time.sleep(0.005)


class Home:
    """A user's folders: home, config, state, cache, runtime, tmp, and a workspace beside it."""

    def __init__(self):
        # no letters that make a word by chance: the detector reads folders' names too
        self.root = os.path.join(tempfile.gettempdir(), "sunaba-test-" + os.urandom(8).hex())
        os.mkdir(self.root, 0o700)
        for name in ("home", "config", "state", "cache", "data", "runtime", "tmp", "work"):
            os.mkdir(os.path.join(self.root, name), 0o700)
        self.work = self.path("work")
        self.running = []  # what a failed test may have left at work

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for running in self.running:
            running.stop()
        for line in left_behind():  # only after a failure: the next test starts clean
            try:
                os.kill(int(line.split()[0]), signal.SIGKILL)
            except ProcessLookupError:
                pass
        left.wipe(self.root)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def there(self, name):
        return os.path.exists(self.path(name))

    def script(self, *turns):
        """A dialogue file for `-m script:FILE`."""
        return "script:" + self.write("dialogue.json", json.dumps(list(turns)))

    def env(self, **more):
        base = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": self.path("home"), "TMPDIR": self.path("tmp"), "USER": "tester",
            "XDG_CONFIG_HOME": self.path("config"), "XDG_STATE_HOME": self.path("state"),
            "SUNABA_TRUST_WORKSPACE": "1",
            "XDG_CACHE_HOME": self.path("cache"), "XDG_DATA_HOME": self.path("data"),
            "XDG_RUNTIME_DIR": self.path("runtime"), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color", "SUNABA_PROBE": "0",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]
        base.update(more)
        return {name: value for name, value in base.items() if value is not None}

    def files(self):
        """Every file below the folders, by relative path."""
        found = set()
        for folder, _, names in os.walk(self.root):
            found |= {os.path.relpath(os.path.join(folder, n), self.root) for n in names}
        return found

    def sessions(self):
        return sorted(f for f in self.files() if f.startswith("state/sunaba/sessions/"))


class Running:
    """The program at work without a terminal: reads its streams, signals it, waits for it."""

    def __init__(self, home, *args, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 cwd=None, program=None, pass_fds=(), preexec=None):
        self.home, self.start = home, time.monotonic()
        self.process = subprocess.Popen(
            [program or SUNABA, *args], env=home.env(**(env or {})), stdin=stdin, stdout=stdout,
            stderr=subprocess.PIPE, cwd=cwd or home.work, start_new_session=True,
            pass_fds=pass_fds, preexec_fn=preexec)
        _ours.add(self.process.pid)
        home.running.append(self)
        self.pid, self.seconds, self.code = self.process.pid, None, None
        self._bytes = {1: b"", 2: b""}
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._pump, args=(number, stream), daemon=True)
                         for number, stream in ((1, self.process.stdout),
                                                (2, self.process.stderr)) if stream]
        for thread in self._threads:
            thread.start()

    def _pump(self, number, stream):
        while True:
            try:
                data = os.read(stream.fileno(), 65536)
            except (OSError, ValueError):
                data = b""
            with self._changed:
                self._bytes[number] += data
                self._changed.notify_all()
            if not data:
                return

    @property
    def out(self):
        return self._bytes[1].decode("utf-8", "replace")

    @property
    def err(self):
        return self._bytes[2].decode("utf-8", "replace")

    @property
    def out_bytes(self):
        return self._bytes[1]

    def wait_for(self, text, stream=1, seconds=10.0):
        want = text.encode() if isinstance(text, str) else text
        with self._changed:
            good = self._changed.wait_for(lambda: want in self._bytes[stream],
                                          max(seconds * SLOWER, tap.PATIENCE_S))
        if not good:
            raise AssertionError(f"{want!r} not within {seconds} s; {self}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=30.0):
        """Waits for the end; a program that hangs is killed and fails the test."""
        try:
            self.code = self.process.wait(max(seconds * SLOWER, tap.PATIENCE_S))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._finish()
            raise AssertionError(f"still running after {seconds} s; {self}") from None
        self.seconds = time.monotonic() - self.start
        self._finish()
        return self

    def _finish(self):
        _ours.discard(self.pid)
        for thread in self._threads:
            thread.join(tap.PATIENCE_S)
        if self.process.stdin:
            self.process.stdin.close()

    def stop(self):
        """For the end of a test: kills the program if it is still there."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._finish()

    def memory_peak(self):
        """The most bytes the agent itself has had in memory so far."""
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")

    def __str__(self):
        return f"exit {self.code}\nstdout: {self.out[-3000:]!r}\nstderr: {self.err[-3000:]!r}"


def sunaba(home, *args, seconds=30.0, data=None, **more):
    """Runs the program to its end and returns the finished Running. `data`: standard input."""
    if data is not None:
        more["stdin"] = subprocess.PIPE
    running = Running(home, *args, **more)
    if data is not None:
        try:
            running.process.stdin.write(data)
            running.process.stdin.close()
        except BrokenPipeError:
            pass
        running.process.stdin = None
    return running.wait(seconds)


def task(home, server, words, *args, **more):
    """One task against a test server, to its end."""
    more["env"] = {**server.env, **more.get("env", {})}
    return sunaba(home, "-m", "openai:test", *args, words, **more)


def start(home, server, words, *args, **more):
    """The same, still running."""
    more["env"] = {**server.env, **more.get("env", {})}
    return Running(home, "-m", "openai:test", *args, words, **more)


def trusted():
    """Options for runs of several steps: no question may come up after the first step's output.
    Empty while the program knows no trust."""
    if "words" not in _trusted:
        text = subprocess.run([SUNABA, "--help"], capture_output=True, check=False).stdout
        _trusted["words"] = ["--trust-workspace"] if b"--trust-workspace" in text else []
    return _trusted["words"]


_trusted = {}


def events(home, kind):
    """The events of a kind in the transcripts of the home."""
    found = []
    for path in (p for p in home.sessions() if p.endswith(".jsonl")):  # outputs lie beside them
        with open(home.path(path), encoding="utf-8") as lines:
            found += [e for e in map(json.loads, lines) if e["type"] == kind]
    return found


def exits(done, code):
    """The run ended with this code and without a trace of a crash."""
    codes = code if isinstance(code, tuple) else (code,)
    if done.code not in codes:
        raise AssertionError(f"exit code {done.code}, want {code}; {done}")
    hit = re.search(r"AddressSanitizer|LeakSanitizer|runtime error:|^\S*: Assertion|core dumped"
                    r"|Segmentation", done.err, re.M)
    if hit:
        raise AssertionError(f"{hit.group()} on standard error; {done}")


def error_lines(done, most=2):
    """The error's lines on standard error: at least one, at most `most`, the first naming us."""
    lines = [line for line in done.err.splitlines() if line.strip()]
    if not 1 <= len(lines) <= most:
        raise AssertionError(f"{len(lines)} lines of error, want 1 to {most}; {done}")
    if not lines[0].startswith("sunaba: "):
        raise AssertionError(f"the first line does not begin with 'sunaba: '; {done}")
    return lines


def need_program():
    if not os.access(SUNABA, os.X_OK):
        print(f"Bail out! no program at {SUNABA}")
        sys.exit(2)


need_program()
