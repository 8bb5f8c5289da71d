#!/usr/bin/env python3
"""scripts/setup.sh in a made-up system: programs are found in one folder, apt-get is a script
that writes down how it was called. Nothing is installed."""
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402

ROOT = os.environ.get("ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SETUP = os.path.join(ROOT, "scripts/setup.sh")
TOOLS = ("sh", "grep", "find", "head", "env", "cat", "true", "chmod")
WANTED = ("gcc", "make", "bash", "python3", "tmux", "strace", "node", "git", "ps", "setsid",
          "shellcheck", "mandoc", "clang-format")
FAKE_APT = """#!/bin/sh
echo "$DEBIAN_FRONTEND|$*" >> "$LOG"
[ -z "$ANSWER_NO" ] || exit 1
case "$*" in *install*) : > "$BIN/tmux"; chmod 755 "$BIN/tmux" ;; esac
"""


class World:
    """A PATH of one folder, in which `without` is missing."""

    def __init__(self, without=(), uid=0, apt=True, sudo=None):
        self.root = tempfile.mkdtemp(prefix="sunaba-setup-")
        self.log = os.path.join(self.root, "log")
        self.bin = os.path.join(self.root, "bin")
        os.mkdir(self.bin)
        for name in TOOLS:
            os.symlink(shutil.which(name), os.path.join(self.bin, name))
        for name in WANTED:
            if name not in without:
                self.program(name, "#!/bin/sh\n")
        self.program("id", f"#!/bin/sh\necho {uid}\n")
        if apt:
            self.program("apt-get", FAKE_APT)
        if sudo:
            self.program("sudo", sudo)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def program(self, name, text):
        path = os.path.join(self.bin, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def run(self, terminal=False, **env):
        env = {"PATH": self.bin, "LOG": self.log, "BIN": self.bin, **env}
        ours = theirs = None
        if terminal:
            ours, theirs = pty.openpty()
        try:
            done = subprocess.run(["/bin/sh", SETUP, "test"], env=env, check=False, timeout=30,
                                  stdin=theirs if terminal else subprocess.DEVNULL,
                                  capture_output=True)
        finally:
            for fd in (ours, theirs):
                if fd is not None:
                    os.close(fd)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def calls(self):
        """What apt-get was asked for, package lists aside."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as file:
            return [line.strip() for line in file if " update" not in line]


def headers_are_there():
    with World() as world:
        code, text = world.run()
        if code != 0 or world.calls():
            tap.skip(f"not all headers are installed: {text.strip()}")


@test
def nothing_missing():
    """nothing is missing: no output, no call, and soon"""
    headers_are_there()
    with World() as world:
        best = 1.0
        for _ in range(5):
            start = time.monotonic()
            equal(world.run(), (0, ""))
            best = min(best, time.monotonic() - start)
        equal(world.calls(), [])
        if best > 0.5:  # a tenth of it on a quiet machine
            raise AssertionError(f"{best * 1000:.0f} ms")


@test
def installs_what_is_missing():
    """without a terminal: apt-get with -y, the package alone, no question"""
    headers_are_there()
    with World(without=("tmux",)) as world:
        code, text = world.run()
        equal(code, 0, text)
        contains(text, "tmux")
        calls = world.calls()
        equal(len(calls), 1)
        contains(calls[0], "noninteractive|")
        contains(calls[0], " -y ")
        contains(calls[0], "install --no-install-recommends tmux")
        equal(world.run(), (0, ""))
        equal(len(world.calls()), 1)


@test
def asks_once_on_a_terminal():
    """on a terminal the question is apt-get's own; a no ends it"""
    headers_are_there()
    with World(without=("tmux",)) as world:
        code, text = world.run(terminal=True, ANSWER_NO="1")
        equal(code, 1, text)
        contains(text, "did not succeed")
        equal(len(world.calls()), 1)
        absent(world.calls()[0], " -y")


@test
def no_apt_get():
    """without apt-get: the list of what to install, exit 1"""
    headers_are_there()
    with World(without=("tmux", "strace"), apt=False) as world:
        code, text = world.run()
        equal(code, 1)
        contains(text, "there is no apt-get here")
        contains(text, "\n  tmux\n  strace")


@test
def no_rights():
    """a plain user without sudo, or with one that wants a password: the command for root"""
    headers_are_there()
    for sudo in (None, "#!/bin/sh\nexit 1\n"):
        with World(without=("tmux",), uid=1000, sudo=sudo) as world:
            code, text = world.run()
            equal(code, 1)
            contains(text, "as root: apt-get install tmux")
            equal(world.calls(), [])


@test
def through_sudo():
    """a plain user with sudo: through it, noninteractive all the same"""
    headers_are_there()
    sudo = '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n'
    with World(without=("tmux",), uid=1000, sudo=sudo) as world:
        code, text = world.run()
        equal(code, 0, text)
        contains(world.calls()[0], "noninteractive|")


tap.main()
