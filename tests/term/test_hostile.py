#!/usr/bin/env python3
"""Hostile text at the prompt and in the confirmation: nothing but known sequences goes out."""
import os
import pty
import re
import select
import struct
import sys
import termios
import fcntl
import time

ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import contains, folder, main, test, until  # noqa: E402

TOOLS = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"), "term"))
FOLDER = folder("hostile")

PAYLOADS = [
    "\x1b]52;c;ZXZpbA==\x07", "\x1b]0;title\x07", "\x1b]8;;https://evil/\x1b\\x", "\x1b[8mhidden",
    "\x1b[?1049h", "\x1bc", "\x1b[6n", "\x1b[c", "\x1bP+q544e\x1b\\", "\x1b_G;x\x1b\\", "\x1b^x\x1b\\",
    "\x9b31m", "\x9d0;t\x9c", "\x90q\x9c", "\x07\x08\x0c\x0e\x0f", "\x7f", "\u2028\u2029", "\u202eabc\u202c",
    "\u2066x\u2069", "\u200b\u200d\ufeff", "\U000e0041\U000e007f", "\u0085", "a\rb", "\x1b[201~", "\x1b[200~",
    "\x1b[>4;2m", "\x1b[2J\x1b[H", "\x1b[5m", "\x1bZ", "\x05", "\x1b[21t", "\x1b#8",
]
# What readline and the terminal writer send: movement, erasing, styles, modes that are undone.
ALLOWED = re.compile(
    rb"\x1b\[(?:\d*(?:;\d+)*m|\d*[ABCDGJKP@]|\d*;?\d*H|\?(?:25|7|2026|2004|1|1034)[hl])"
    rb"|\x1b[=>]|\x1b\[\?1[hl]|[\t\n\r\x07\x08]")


class Pty:
    def __init__(self, words, env=None):
        self.out = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # before it looks: a change that comes while it starts would be lost
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 100, 0, 0))
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                               "INPUTRC": "/dev/null"}, **(env or {}))
            os.execv(words[0], words)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def send(self, data):
        os.write(self.fd, data if isinstance(data, bytes) else data.encode())

    def pump(self):
        while select.select([self.fd], [], [], 0.01)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.out += data

    def wait(self, part):
        part = part.encode()
        until(lambda: (self.pump(), part in self.out)[1], 10, f"{part!r} in {self.out[-600:]!r}")

    def quiet(self, seconds):
        end = time.monotonic() + seconds
        until(lambda: (self.pump(), time.monotonic() > end)[1], seconds + 5)


def clean(out):
    """Takes the allowed sequences away; what is left must be text without controls."""
    left = ALLOWED.sub(b"", out)
    text = left.decode("utf-8")
    bad = [hex(ord(c)) for c in text
           if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0]
    if bad:
        at = min(left.find(b"\x1b") % (len(left) + 1), len(left))
        raise AssertionError(f"{bad[:8]} near {left[max(at - 40, 0):at + 60]!r}")


def tool(name):
    return os.path.join(TOOLS, name)


@test
def confirmation():
    """code, one payload a line: shown escaped, none sent"""
    code = os.path.join(FOLDER, "code")
    with open(code, "w", encoding="utf-8") as f:
        f.write("\n".join(f"echo {p}" for p in PAYLOADS))
    with Pty([tool("tool_ask"), "step", code, "ba\x1b]0;x\x07sh"]) as term:
        term.wait("type yes")
        term.quiet(0.5)
        clean(term.out)
        for name in ("U+001B ESC", "U+009B CSI", "U+202E RLO", "U+E0041 TAG A", "U+0085 NEL"):
            contains(term.out.decode(), f"⟨{name}⟩")
        term.send("n")
        term.wait("RESULT no")


@test
def pastes():
    """each payload pasted, bracketed and not: none sent"""
    for bracket in (True, False):
        with Pty([tool("tool_line")]) as term:
            term.wait(">")
            for payload in PAYLOADS:
                data = payload.encode()
                term.send(b"\x1b[200~" + data + b"\x1b[201~" if bracket else
                          data.replace(b"\x1b", b"\x16\x1b").replace(b"\r", b"").replace(b"\x7f", b"")
                          .replace(b"\x0f", b"").replace(b"\x0c", b""))
                term.quiet(0.05)
                clean(term.out)
            term.send("\x03")
            term.wait("END cancel")


@test
def history():
    """payloads in the history file: none sent when recalled"""
    file = os.path.join(FOLDER, "history")
    with open(file, "w", encoding="utf-8", newline="") as f:
        f.write("\n".join(f"echo {p} end" for p in PAYLOADS) + "\n")
    with Pty([tool("tool_line"), file]) as term:
        term.wait(">")
        for _ in PAYLOADS:
            term.send("\x1b[A")
            term.quiet(0.03)
        clean(term.out)


@test
def notices():
    """payloads in notices, names and type-ahead: none sent"""
    fifo = os.path.join(FOLDER, "fifo")
    os.mkfifo(fifo)
    folder = os.path.join(FOLDER, "names")
    os.mkdir(folder)
    for payload in PAYLOADS:
        with open(os.path.join(folder, "f" + payload.replace("/", "")), "w", encoding="utf-8"):
            pass
    with Pty([tool("tool_line")], env={"TOOL_NOTICE": fifo}) as term:
        term.wait(">")
        for payload in PAYLOADS:
            with open(fifo, "w", encoding="utf-8") as f:
                f.write(f"notice {payload}\n")
            term.quiet(0.03)
        term.send(f"@{folder}/f\t\t")
        term.quiet(0.3)
        clean(term.out)


main()
