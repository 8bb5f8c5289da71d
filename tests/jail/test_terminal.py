#!/usr/bin/env python3
"""Interactive commands: a terminal of the jail's own, relayed; the user's stays untouched."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402


PLAIN = 'trap : INT QUIT TSTP HUP; echo $$; "$@"; echo "code $?"'
# What is stopped goes on at the next line.
JOB_CONTROL = """echo $$; set -m; "$@"; c=$?
if [ $c = 148 ]; then echo stopped; read go; fg; c=$?; fi; echo "code $c" """


class Screen:
    """The user's terminal, with a sandboxed command in its foreground."""

    def __init__(self, box, command, rows=24, columns=80, options=(), shell=PLAIN, **streams):
        need("setsid")
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.fchown(self.slave, box.uid, -1)
        self.before, self.seen = termios.tcgetattr(self.slave), b""
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, self.slave)
        argv = ["setsid", *(["--ctty"] if streams["stdin"] == self.slave else []), "--wait",
                "sh", "-c", shell, "sh",
                *box.argv(command, options)]
        self.job = subprocess.Popen(argv, cwd=box.work,
                                    env=box.env({"TERM": "xterm-256color"}),
                                    **box.as_user(), **streams)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.job.poll() is None:
            self.job.kill()
        self.job.wait()
        os.close(self.master)
        os.close(self.slave)

    def pump(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            self.seen += os.read(self.master, 65536)

    def until(self, pattern, seconds=20):
        """Waits until it was shown; forgets what came before its end."""
        end = time.monotonic() + seconds
        while True:
            hit = re.search(pattern.encode(), self.seen)
            if hit:
                self.seen = self.seen[hit.end():]
                return hit
            if time.monotonic() > end:
                raise AssertionError(f"{pattern!r} not shown: {self.seen!r}")
            self.pump(0.05)

    def type(self, text):
        os.write(self.master, text.encode())

    def launcher(self):
        """The pid of `sunaba sandbox`, seen from the host."""
        top = int(self.until(r"(\d+)\r\n").group(1))

        def child():
            try:
                with open(f"/proc/{top}/task/{top}/children", encoding="ascii") as f:
                    return f.read().split()
            except OSError:
                return None
        return int(tap.until(child, what="the launcher")[0])

    def mode(self):
        return termios.tcgetattr(self.slave)


SHELL = ["bash", "--norc", "--noprofile", "-i"]
PROMPT = r"[$#] "


@jail_test
def shell(box):
    """an interactive bash: prompt, line editing, exit code"""
    with Screen(box, SHELL) as s:
        s.until(PROMPT)
        s.type("echo sum-$((40+2))\r")
        s.until(r"sum-42\r\n")
        s.type("tty; test -t 0 -a -t 1 -a -t 2 && echo all-three\r")
        s.until(r"/dev/pts/\d+\r\n")
        s.until("all-three\r\n")
        s.type("test -e $(tty) && echo 'it is'-there; echo $TERM\r")
        s.until("it is-there\r\n")
        s.until("xterm-256color\r\n")
        s.type("exit 7\r")
        s.until("code 7")
        tap.equal(s.mode(), s.before)


@jail_test
def job_control(box):
    """Ctrl-C interrupts what runs inside, Ctrl-Z stops it, fg goes on"""
    with Screen(box, SHELL) as s:
        s.until(PROMPT)
        tap.absent(s.seen.decode(), "no job control")
        s.type("sleep 60; echo after-$?\r")
        s.until("60; echo")
        tap.until(lambda: "sleep" in inside(s.job.pid), what="sleep runs")
        s.type("\x03")
        s.until(PROMPT)
        s.type("cat\r")
        s.until("cat\r\n")
        tap.until(lambda: "cat" in inside(s.job.pid), what="cat runs")
        s.type("\x1a")
        s.until("Stopped")
        tap.equal(inside(s.job.pid)["cat"], "T")
        s.type("fg\r")
        tap.until(lambda: inside(s.job.pid)["cat"] != "T", what="cat goes on")
        s.type("again\r")
        s.until("again\r\nagain\r\n")
        s.type("\x04")
        s.until(PROMPT)
        s.type("\x04")
        s.until("code ")


def inside(top):
    """Names and states of all that descends from a process."""
    names, left = {}, [top]
    while left:
        pid = left.pop()
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                name, state = re.search(r"\((.*)\) (\S)", f.read()).groups()
            names[name] = state
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                left += [int(child) for child in f.read().split()]
        except OSError:
            pass
    return names


@jail_test
def size(box):
    """the window's size, and its changes"""
    with Screen(box, SHELL, rows=31, columns=101) as s:
        s.until(PROMPT)
        s.type("stty size\r")
        s.until("31 101\r\n")
        fcntl.ioctl(s.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
        # bash asks for it after each command of its own
        s.type("until stty size > size; [ $COLUMNS = 90 ]; do :; done; echo now-$(cut -d' ' -f2 size)\r")
        s.until("now-90\r\n")
        s.type("exit\r")
        s.until("code 0")


@jail_test
def restored(box):
    """the user's terminal is what it was after SIGTERM and SIGKILL of the launcher"""
    # The reduced rung's guard looks every 50 ms at what the command made of the terminal, and is
    # sure of it when the command waits a little.
    for rung in ("full", "landlock"):
        for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
            command = ["sh", "-c", "stty raw -echo; echo ready; sleep 0.6; echo steady; sleep 60"]
            with Screen(box, command, options=["--rung", rung]) as s:
                pid = s.launcher()
                s.until("ready")
                tap.equal(s.mode() == s.before, False, "it is raw meanwhile")
                s.until("steady")
                os.kill(pid, how)
                s.until(f"code {128 + how}")
                tap.until(lambda: s.mode() == s.before, 5, f"{rung}: restored after {how.name}")


@jail_test
def stopped(box):
    """SIGTSTP gives the terminal back, SIGCONT takes it again"""
    with Screen(box, ["sh", "-c", "echo ready; read x; echo got-$x"], shell=JOB_CONTROL) as s:
        pid = s.launcher()
        s.until("ready")
        os.kill(pid, signal.SIGTSTP)
        s.until("stopped")
        tap.equal(s.mode(), s.before, "given back")
        s.type("\r")
        tap.until(lambda: s.mode() != s.before, 5, "taken again")
        s.type("word\r")
        s.until("got-word")
        s.until("code 0")


@jail_test
def stopped_by_nobody(box):
    """SIGTSTP where no shell could continue the command: it goes on, the terminal is raw"""
    with Screen(box, ["sh", "-c", "echo ready; read x; echo got-$x"]) as s:
        pid = s.launcher()
        s.until("ready")
        os.kill(pid, signal.SIGTSTP)
        s.type("word\r")
        s.until("got-word")
        s.until("code 0")


@jail_test
def every_byte(box):
    """bytes pass as they are; all output comes before the end"""
    with Screen(box, ["sh", "-c", "stty raw; head -c 200000 /dev/zero | tr '\\0' z; "
                      "printf '\\001\\377\\nend'"]) as s:
        s.until(r"\d+\r\n")
        s.until("code 0")
    with Screen(box, ["sh", "-c", "seq 20000; printf last"]) as s:
        s.until(r"20000\r\nlast")
        s.until("code 0")


@jail_test
def not_for_pipes(box):
    """a pipe as output, or as input, gets no terminal"""
    with Screen(box, ["sh", "-c", "test -t 1 || echo pipe; test -c /dev/tty && "
                      "(: > /dev/tty) 2>/dev/null || echo none"], stdout=subprocess.PIPE) as s:
        out = s.job.communicate(timeout=tap.PATIENCE_S)[0].decode()
        tap.contains(out, "pipe\nnone\n")
        tap.equal(s.mode(), s.before)
    with Screen(box, ["sh", "-c", "cat; tty"], stdin=subprocess.DEVNULL) as s:
        s.until("not a tty")


@jail_test
def error_elsewhere(box):
    """standard error in a file stays there"""
    path = os.path.join(box.work, "err")
    with open(path, "wb") as err, Screen(box, ["sh", "-c", "echo e >&2; echo o"],
                                         stderr=err) as s:
        s.until("o\r\n")
        s.until("code 0")
    with open(path, encoding="utf-8") as f:
        tap.equal(f.read(), "e\n")
    os.unlink(path)


main()
