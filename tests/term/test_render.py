#!/usr/bin/env python3
"""`sunaba render` on real terminals: tmux panes, a raw pty, a pipe."""
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import fcntl
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from tap import absent, equal, main, skip, test, until  # noqa: E402

SUNABA = os.path.abspath(os.environ.get("SUNABA", "build/sunaba"))
ENV = {"PATH": os.environ["PATH"], "HOME": "/proc/none", "LANG": "C.UTF-8", "TERM": "xterm"}

ANSWER = """# 砂場の使いかた

砂場は**「安全」**にコードを実行する端末エージェントです。**注意：**この操作は`rm -rf /`と同じ意味を持つので、\
必ず確認してください。長い段落は端末の幅で折り返され、句読点が行頭に来ることはありません。
二行目は空白なしでつながります。English words are wrapped at spaces, as they should be.

## 手順

1. まず`make run`を実行します。
2. 次に設定を確認します。
   - 入れ子の項目 *one*
   - 入れ子の項目 two with a long line that has to be wrapped somewhere in the middle of it
3. 最後に結果を見ます。

| 項目 | 値 | 説明 |
|:-----|---:|:----:|
| 速度 | 12 | とても速いので気にしなくてよい |
| ｶﾞｷﾞ | 3,456 | half-width |

```python
def main():
\treturn "日本語のコメント"  # a line that is rather long and goes on beyond eighty columns, surely
```

> 引用文です。**強調**と[リンク](https://example.com/path)を含みます。とても長いので折り返されるはずです。

### まとめ

- [x] 完了
- [ ] 未完了 https://example.com/pathです。

以上です。
"""


def offline(text, width):
    out = subprocess.run([SUNABA, "render", "--width", str(width), "--color", "always"], env=ENV,
                         input=text.encode(), capture_output=True, check=True).stdout.decode()
    return re.sub(r"\x1b\[[0-9;]*m", "", out)


def lines_of(text):
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


def in_tmux(text, cols, rows, step):
    """What a pane with all its history holds after the stream, and the cursor's column."""
    if not shutil.which("tmux"):
        skip("tmux is not installed")
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "answer.md")
        with open(name, "w") as f:
            f.write(text)
        conf = os.path.join(folder, "conf")
        with open(conf, "w") as f:
            f.write("set -g history-limit 200000\nset -g status off\n")
        tmux = ["tmux", "-u", "-S", os.path.join(folder, "sock"), "-f", conf]
        run = lambda *a: subprocess.run(tmux + list(a), env=ENV, capture_output=True,  # noqa: E731
                                        check=True).stdout.decode()
        run("new-session", "-d", "-x", str(cols), "-y", str(rows),
            f"'{SUNABA}' render --stream {step} '{name}'; printf 'the-%s' end; exec cat")
        try:  # a dead pane may be shown before all of its output was read
            until(lambda: "the-end" in run("capture-pane", "-p"), 30, "end of render")
            screen = run("capture-pane", "-p", "-J", "-S", "-")
            title = run("display", "-p", "#{alternate_on} #{cursor_x}").strip()
        finally:
            run("kill-server")
    return screen, title


def check_tmux(cols, rows, step):
    screen, state = in_tmux(ANSWER, cols, rows, step)
    got = lines_of(screen)
    equal(got.pop(), "the-end", "the cursor stands at the start of the row below")
    equal(got, lines_of(offline(ANSWER, cols)), f"{cols}x{rows}")
    for heading in ("砂場の使いかた", "## 手順", "### まとめ"):
        equal(sum(line == heading for line in got), 1, f"count of {heading}")
    equal(state.split()[0], "0", "alternate screen")


@test
def tmux_80x24():
    """tmux 80x24: the stream's screen and history equal the whole"""
    check_tmux(80, 24, 4)


@test
def tmux_40x14():
    """tmux 40x14: the stream's screen and history equal the whole"""
    check_tmux(40, 14, 7)


@test
def tmux_24x10():
    """tmux 24x10: the stream's screen and history equal the whole"""
    check_tmux(24, 10, 3)


@test
def borders_stay_in_line():
    """tmux: borders of a table stand in one column whatever width its emoji get"""
    table = "| a | b |\n|---|---|\n| 👨\u200d👩\u200d👧\u200d👦 ❤️ | ①→ |\n| 漢字漢字 | x |\n| 🏳️\u200d🌈 1️⃣ 👋🏽 | y |\n"
    screen, _ = in_tmux(table, 60, 10, 5)
    columns = set()
    for line in lines_of(screen):
        if "│" in line:
            columns.add(line.index("│"))  # tmux pads after a wide cell only where it counts two
    if not columns:
        raise AssertionError(screen)
    raw, _ = stream_on_pty(table, 100)
    rows = [r for r in raw.decode().split("\r\n") if "│" in r and ("👨" in r or "🏳" in r)]
    for row in rows:
        if not re.search(r"\x1b\[\d+G[^│]*│", row):
            raise AssertionError(repr(row))


def on_pty(args, text, cols=80, rows=24, env=None):
    """Raw bytes that the program writes to a terminal, and its exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(SUNABA, [SUNABA, "render"] + args, dict(ENV, **(env or {})))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    out = b""
    while select.select([fd], [], [], 20)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    return out, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def stream_on_pty(text, step=4, env=None, extra=()):
    with tempfile.NamedTemporaryFile("wb", suffix=".md") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
        f.flush()
        return on_pty(["--stream", str(step), *extra, f.name], text, env=env)


ALLOWED = re.compile(
    rb"\x1b\[(?:[0-9;]*m|\?2026[hl]|\?25[hl]|\?7[hl]|[0-9]*A|[0-9]*G|J|K)"
    rb"|\x1b\]8;(?:id=[0-9a-f]+;[\x21-\x7e]+|;)\x1b\\|\r\n|\r|\n")

PAYLOADS = [
    b"\x1b]52;c;ZXZpbA==\x07", b"\x1b]0;evil title\x07", b"\x1b]8;;file:///etc/passwd\x1b\\x",
    b"\x1b[8mhidden\x1b[0m", b"\x1b[?1049h", b"\x1bc", b"\x1b[6n", b"\x1b[c", b"\x1b[>c",
    b"\x1b[21t", b"\x1bP$qm\x1b\\", b"\x1b_Gi=1;\x1b\\", b"\x1b^pm\x1b\\", b"\x1bXsos\x1b\\",
    b"\x9b31m", b"\xc2\x9b31m", b"\xc2\x9d0;t\xc2\x9c", b"\xc2\x90q\xc2\x9c", b"\x08\x08\x08",
    b"\rfake", b"\x07", b"\x0e\x0f", b"\x7f\x7f", b"&#x1b;[31m", b"&#27;]0;t&#7;", b"&#x9b;31m",
    b"&#155;0c", b"\x1b[5i", b"\x1b[?2004h", b"\x1b[4h", b"\x1b(0", b"\x1b#8",
    "\u202egnp.exe".encode(), "\u2028x\u2029".encode(), "a\u200bb\ufeff".encode(),
    "\U000e0041\U000e0042".encode(),
]
PLACES = [b"%s", b"# %s", b"- %s", b"> %s", b"`%s`", b"```\n%s\n```", b"```%s\nx\n```",
          b"[%s](https://a.b)", b"[a](https://a.b/%s)", b"[a](<https://a.b/%s>)", b"![%s](u)",
          b"|a|\n|-|\n|%s|", b"**%s**", b"    %s", b"<div>\n%s\n</div>", b"<b %s>",
          b"[x]: /u\n[^1]: %s", b"$%s$", b"https://a.b/%s", b"<https://a.b/%s>"]


def strict(raw, what):
    rest = ALLOWED.sub(b"", raw)
    text = rest.decode("utf-8")  # raises on bytes that are no UTF-8
    bad = [c for c in text if ord(c) < 0x20 or 0x7f <= ord(c) <= 0x9f or c in "\u202e\u2028\u2029"
           or 0xe0000 <= ord(c) <= 0xe0fff]
    equal(bad, [], what)


@test
def no_escape_gets_through():
    """no escape sequence of the text reaches the terminal, in any place"""
    for links in ({}, {"VTE_VERSION": "7000"}):
        for place in PLACES:
            text = b"\n\n".join(place.replace(b"%s", p) + b"\n" for p in PAYLOADS)
            raw, code = stream_on_pty(text, 64, links)
            equal(code, 0, "exit code")
            strict(raw, place)


@test
def bytes_of_a_stream():
    """a 6.5 KB answer costs a bounded number of bytes and headings come once"""
    text = ANSWER * 4
    raw, _ = stream_on_pty(text, 20)
    whole = offline(text, 80).encode()
    if len(raw) > 12 * len(whole):
        raise AssertionError(f"{len(raw)} bytes for {len(whole)}")
    strict(raw, "stream")


@test
def dumb_and_plain():
    """TERM=dumb and --plain write no escape sequence, line by line"""
    for env, extra in (({"TERM": "dumb"}, ()), ({}, ("--plain",))):
        raw, _ = stream_on_pty(ANSWER, 8, env, extra)
        absent(raw, b"\x1b", "escape")
        if b"**" not in raw:
            raise AssertionError("bold is not shown as it was written")


@test
def no_color():
    """NO_COLOR takes colours, not attributes"""
    raw, _ = stream_on_pty(ANSWER, 8, {"NO_COLOR": "1"})
    codes = {c for m in re.findall(rb"\x1b\[([0-9;]*)m", raw) for c in m.split(b";")}
    equal({c for c in codes if c and int(c) >= 30}, set(), "colours")
    if b"1" not in codes:
        raise AssertionError("no bold")


def piped(args, data, **kw):
    return subprocess.run([SUNABA, "render", *args], input=data, env=ENV, capture_output=True, **kw)


@test
def pipe_has_no_escape():
    """a pipe gets rows without escape sequences"""
    out = piped([], ANSWER.encode() + b"\n".join(PAYLOADS)).stdout
    absent(out, b"\x1b", "escape")


@test
def reader_gone():
    """a reader that goes away is no error"""
    run = subprocess.run(f"'{SUNABA}' render | true; echo ${{PIPESTATUS[0]}}", shell=True,
                         executable="/bin/bash", env=ENV, input=ANSWER.encode() * 500,
                         capture_output=True)
    equal((run.stdout, run.stderr), (b"0\n", b""))


@test
def disk_full():
    """a full disk is an error with exit code 1"""
    if not os.path.exists("/dev/full"):
        skip("/dev/full is absent")
    with open("/dev/full", "wb") as full:
        run = subprocess.run([SUNABA, "render"], input=ANSWER.encode(), env=ENV, stdout=full,
                             stderr=subprocess.PIPE)
    equal(run.returncode, 1)
    if b"standard output" not in run.stderr:
        raise AssertionError(run.stderr)


@test
def widths():
    """no row is wider than asked for"""
    for width in (20, 24, 33, 40, 80, 120):
        out = piped(["--width", str(width)], ANSWER.encode()).stdout.decode()
        import unicodedata
        for line in out.split("\n"):
            if line.startswith("  ") and "return" in line:
                continue
            cols = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
            if cols > width:
                raise AssertionError(f"{cols} columns at {width}: {line}")


if __name__ == "__main__":
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    main()
