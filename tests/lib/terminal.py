"""The program on a pseudo-terminal: raw bytes recorded, keys sent, escapes checked strictly.

Named terminal, not pty, so that it does not hide python's own module of that name."""
import fcntl
import os
import re
import struct
import subprocess
import termios
import threading
import time

import run
import tap

# What may reach a terminal (rule 7.1 of the design): SGR, cursor up, erase line and below,
# column, cursor shown or hidden, wrap, synchronised frame, bracketed paste, links.
_ONE = (rb"(?:0?[0-47]|9|2[2-479]|3[0-79]|4[0-79]|9[0-7]|10[0-7]"  # neither blink nor conceal
        rb"|[34]8;5;\d{1,3}|[34]8;2;\d{1,3};\d{1,3};\d{1,3})")
_SGR = rb"\x1b\[(?:" + _ONE + rb"(?:;" + _ONE + rb")*)?m"
_FRAME = rb"\x1b\[[0-9]*A|\x1b\[0?[JK]|\x1b\[[0-9]*G|\x1b\[\?(?:25|7|2026|2004)[hl]"
_LINK = rb"\x1b\]8;(?:id=[0-9A-Za-z]+)?;(?:(?:https?|mailto):[\x21-\x7e]*)?(?:\x1b\\|\x07)"
# A line editor also moves right, left, down, erases to the end of a line, inserts, deletes.
_EDITOR = rb"\x1b\[[0-9]*[BCDKP@]|\x1b\[\?1034h|\x08|\x07"
_PLAIN = rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+"
HIDDEN = re.compile("[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
                    "\U000e0000-\U000e00ff]")
STRICT = re.compile(b"(?:" + b"|".join((_PLAIN, _SGR, _FRAME, _LINK)) + b")*")
SESSION = re.compile(b"(?:" + b"|".join((_PLAIN, _SGR, _FRAME, _LINK, _EDITOR)) + b")*")
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")


def only_allowed(data, lexer=STRICT):
    """Fails at the first byte that no rule allows. C1 controls count too, as UTF-8."""
    end = lexer.match(data).end()
    if end != len(data):
        raise AssertionError(f"not allowed on a terminal: {data[end:end + 40]!r} at {end} in"
                             f" …{data[max(0, end - 60):end]!r}")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as bad:
        raise AssertionError(f"not UTF-8 on a terminal: {bad}") from None
    hit = HIDDEN.search(data.decode("utf-8"))
    if hit:
        raise AssertionError(f"a C1, bidi or tag character U+{ord(hit.group()):04X} in"
                             f" …{hit.string[max(0, hit.start() - 40):hit.start()]!r}")


def without_escapes(data):
    return ESCAPE.sub(b"", data).replace(b"\r", b"").decode("utf-8", "replace")


class Terminal:
    """Runs the program as the leader of a session whose terminal we hold the other end of."""

    def __init__(self, home, *args, env=None, rows=24, columns=80, cwd=None, answer=False,
                 stdin_tty=True, program=None):
        self.home, self.answer = home, answer
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.start = time.monotonic()
        slave = self.slave

        def own_terminal():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [program or run.SUNABA, *args], env=home.env(**(env or {})),
            stdin=slave if stdin_tty else subprocess.DEVNULL, stdout=slave, stderr=slave,
            cwd=cwd or home.work, start_new_session=True, preexec_fn=own_terminal)
        run._ours.add(self.process.pid)
        self.pid, self.code = self.process.pid, None
        self.data, self._changed = b"", threading.Condition()
        self._reader = threading.Thread(target=self._pump, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        run._ours.discard(self.pid)
        for fd in (self.slave, self.master):
            try:
                os.close(fd)
            except OSError:
                pass

    def _pump(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            with self._changed:
                self.data += data
                self._changed.notify_all()
            if not data:
                return
            if self.answer:
                self._answer(data)

    def _answer(self, data):
        """Plays a terminal: position and mode reports."""
        for _ in range(data.count(b"\x1b[6n")):
            os.write(self.master, b"\x1b[1;3R")
        for mode in re.findall(rb"\x1b\[\?(\d+)\$p", data):
            os.write(self.master, b"\x1b[?" + mode + b";0$y")
        if b"\x1b[c" in data:
            os.write(self.master, b"\x1b[?62;c")

    def send(self, text):
        os.write(self.master, text.encode() if isinstance(text, str) else text)

    def wait_for(self, want, seconds=10.0, after=0):
        """Waits until a text or compiled pattern of bytes stands behind `after`; returns its
        end."""
        if isinstance(want, str):
            want = re.compile(re.escape(want.encode()))
        with self._changed:
            good = self._changed.wait_for(lambda: want.search(self.data, after),
                                          max(seconds * run.SLOWER, tap.PATIENCE_S))
            hit = want.search(self.data, after)
        if not good:
            raise AssertionError(f"{want.pattern!r} not within {seconds} s: {self}")
        return hit.end()

    def wait(self, seconds=30.0):
        try:
            self.code = self.process.wait(max(seconds * run.SLOWER, tap.PATIENCE_S))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s: {self}") from None
        run._ours.discard(self.pid)
        self.after = termios.tcgetattr(self.slave)
        os.close(self.slave)  # the reader then sees the end
        self._reader.join(tap.PATIENCE_S)
        return self

    @property
    def text(self):
        return without_escapes(self.data)

    @property
    def err(self):
        return self.text

    def __str__(self):
        return f"exit {self.code}; on the terminal: {self.data[-3000:]!r}"
