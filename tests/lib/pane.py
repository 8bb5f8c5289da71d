"""A program on a real terminal: a tmux server of its own, keys in, screen out."""
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import termios
import time

from tap import skip, until

QUIET_S = 0.45  # a question ignores keys for 0.4 s after it was drawn
HAND_S = 0.1  # bytes closer together than 0.03 s are no keys of a hand

# tmux forgets what it has not read yet when the process that it started ends: another one has to
# stay behind the program.
STAY = 'trap : INT QUIT; "$@"; : >"$0/ended"; trap "" INT QUIT; exec cat'


def _waiting(tty):
    """Bytes that were typed and not read."""
    return struct.unpack("i", fcntl.ioctl(tty, termios.FIONREAD, b"\0" * 4))[0]


def _states(pid):
    """What a process and those below it do: R, S, … Those that are gone are left out."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            yield f.read().rpartition(")")[2].split()[0]
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            below = f.read().split()
    except OSError:
        return
    for child in below:
        yield from _states(int(child))


class Tmux:
    """One window on a private socket; `with` ends the server, which was started by us."""

    def __init__(self, command, cols=80, rows=24, env=None, cwd=None):
        if not shutil.which("tmux"):
            skip("tmux is not installed")
        self.dir = tempfile.mkdtemp(prefix="tmux-")
        self.socket = os.path.join(self.dir, "s")
        config = os.path.join(self.dir, "conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write("set -g history-limit 50000\nset -g set-clipboard on\nset -g status off\n"
                    "set -sg escape-time 0\nset -g remain-on-exit on\nset -g mouse off\n"
                    "set -g default-terminal screen-256color\n")
        clean = {k: v for k, v in os.environ.items()
                 if k not in ("TMUX", "NO_COLOR", "LINES", "COLUMNS", "VISUAL", "EDITOR")}
        clean.update({"LC_ALL": "C.UTF-8", "HISTFILE": "", "INPUTRC": "/dev/null"}, **(env or {}))
        self.env = clean
        self.cwd = cwd or self.dir
        words = ["env", "TERM=screen-256color"] + [f"{k}={v}" for k, v in (env or {}).items()]
        self.run("-f", config, "new-session", "-d", "-x", str(cols), "-y", str(rows), "-c",
                 self.cwd, *words, "sh", "-c", STAY, self.dir, *command)
        self.pressed = 0

    def run(self, *args, data=None):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *args], env=self.env, input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=20)
        if done.returncode != 0:
            raise AssertionError(f"tmux {args[0]}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.run("kill-server")
        except AssertionError:
            pass
        shutil.rmtree(self.dir, ignore_errors=True)

    def keys(self, *names):
        """Named keys: Enter, C-c, M-Enter, Up, y."""
        self.run("send-keys", *names)

    def lone(self, *names):
        """Named keys with the pause between them that a hand makes."""
        for name in names:
            self.pause(HAND_S, self.pressed)
            self.keys(name)
            self.pressed = time.monotonic()

    def pause(self, seconds, since=0.0):
        """So long the program was left alone, as it sees it: it has taken what was typed and
        sleeps, at the beginning of the time and at its end. A busy machine may be late."""
        self.asleep()
        begin = max(since, time.monotonic())
        until(lambda: time.monotonic() - begin > seconds, what="pause")
        self.asleep()

    def asleep(self):
        """Waits until no key is in the terminal's queue and no program in the pane wants the
        processor."""
        pid, name = self.show("#{pane_pid} #{pane_tty}").split()
        tty = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            until(lambda: not _waiting(tty) and all(s in "STtZ" for s in _states(int(pid))),
                  what="the program sleeps")
        finally:
            os.close(tty)

    def type(self, text):
        """Literal text, as one write to the terminal, to a program that is ready for it."""
        self.asleep()
        self.run("send-keys", "-l", text)
        self.pressed = time.monotonic()

    def paste(self, data, bracket=True):
        if isinstance(data, str):
            data = data.encode()
        self.run("load-buffer", "-", data=data)
        # -r: newlines stay newlines
        self.run("paste-buffer", *(["-p"] if bracket else []), "-r")
        self.pressed = time.monotonic()

    def screen(self):
        return self.run("capture-pane", "-p")

    def all(self):
        """The scrollback and the screen; -J joins lines that the terminal wrapped."""
        return self.run("capture-pane", "-p", "-J", "-S", "-")

    def show(self, what):
        return self.run("display-message", "-p", what).strip()

    def resize(self, cols, rows):
        self.run("resize-window", "-x", str(cols), "-y", str(rows))

    def wait(self, text, seconds=5.0):
        try:
            until(lambda: text in self.all(), seconds, f"{text!r} on the screen")
        except AssertionError as e:
            raise AssertionError(f"{e}:\n{self.all()[-4000:]}") from None

    def ready(self, text):
        """Waits for a question and through its quiet time, which is a promise about time."""
        self.wait(text)
        self.pause(QUIET_S)

    def ended(self):
        until(lambda: os.path.exists(os.path.join(self.dir, "ended")), 10, "the program's end")
