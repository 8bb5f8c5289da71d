#!/usr/bin/env python3
"""Bad weather on the program's own streams: rows W7 to W11, W16, W19 to W22, W25 of the weather
table. What reaches a terminal is recorded raw and held against a strict list of escapes."""
import os
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
import terminal  # noqa: E402
from run import Home, Running, error_lines, exits, start, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from terminal import Terminal  # noqa: E402

# What hostile text may try on a terminal: clipboard, title, links to commands, alternate screen,
# reset, conceal, reports, C1 controls (as UTF-8), entities that decode to controls, hidden text.
HOSTILE = [
    "\x1b]52;c;cHduZWQ=\x07", "\x1b]52;c;cHduZWQ=\x1b\\", "\x1b]0;pwned\x07", "\x1b]2;pwned\x07",
    "\x1b]8;;file:///etc/passwd\x1b\\link\x1b]8;;\x1b\\", "\x1b[?1049h", "\x1bc", "\x1b[8mhid\x1b[0m",
    "\x1b[6n", "\x1b[c", "\x1b[2J\x1b[H", "\x1bP+q544e\x1b\\", "\x1b_G;\x1b\\", "\x1b[5m", "\x9b31m",
    "\x9d0;pwned\x9c", "&#27;[31m", "&#x1b;]52;c;cHduZWQ=&#7;", "a\rb", "a\bb", "\x07", "\x0e", "\x7f",
    "\u202eevil\u202c", "\u2066x\u2069", "tag\U000e0041\U000e0042", "\x1b[31", "\x1b]52;c;unfinished",
    "[x](javascript:alert(1))", "[x](http://e.com/\x1b]0;t\x07)", "`\x1b]0;code\x07`",
    "| a |\n|---|\n| \x1b]0;cell\x07 |", "```sh\n\x1b]52;c;Zm8=\x07\n```", "# \x1b]0;head\x07",
]


# ---- W7, W8: standard input -------------------------------------------------------------------

@test
def w7_task_and_piped_input():
    """W7: a task and piped standard input both reach the model"""
    with Home() as home, Server(srv.text("ok")) as s:
        exits(task(home, s, "COUNT-THE-LINES", data=b"alpha\nbeta\nPIPED-DATA\n"), 0)
        words = s.chats()[0].words("user")
        contains(words, "COUNT-THE-LINES", "the task")
        contains(words, "alpha\nbeta\nPIPED-DATA", "the data")


@test
def w7_piped_input_is_the_task():
    """W7: without a task, piped standard input is the task"""
    with Home() as home, Server(srv.text("ok")) as s:
        exits(sunaba(home, "-m", "openai:test", env=s.env, data="砂場とは何?\n".encode()), 0)
        contains(s.chats()[0].words("user"), "砂場とは何?", "the task")


@test
def w7_invalid_utf8_input():
    """W7: piped bytes that are no text reach the model made safe"""
    with Home() as home, Server(srv.text("ok")) as s:
        exits(task(home, s, "look", data=b"before\xff\xfe\x00\x1b[31mafter"), 0)
        words = s.chats()[0].words("user")
        contains(words, "before", "text")
        contains(words, "after", "text behind a NUL")


@test
def w8_input_never_closes():
    """W8: a pipe that never closes: after a short grace the task goes on, and says so"""
    reader, writer = os.pipe()
    try:
        with Home() as home, Server(srv.text("went on")) as s:
            done = task(home, s, "hello", stdin=reader, seconds=15)
            exits(done, 0)
            contains(done.out, "went on", "answer")
            if not re.search(r"standard input|stdin", done.err):
                raise AssertionError(f"it does not say so: {done}")
    finally:
        os.close(reader)
        os.close(writer)


@test
def w8_no_task_and_no_input():
    """W8: without a task the wait for one is announced, and SIGINT ends it with 130"""
    reader, writer = os.pipe()
    try:
        with Home() as home, Server() as s:
            running = Running(home, "-m", "openai:test", env=s.env, stdin=reader)
            running.wait_for("standard input", 2, 8)
            running.signal(signal.SIGINT)
            exits(running.wait(3), 130)
            run.all_gone(2)
    finally:
        os.close(reader)
        os.close(writer)


# ---- W9, W10: standard output -----------------------------------------------------------------

@test
def w9_full_disk():
    """W9: standard output /dev/full: exit 1, and says so"""
    with Home() as home, Server(srv.text("an answer\n" * 10)) as s, \
            open("/dev/full", "wb") as full:
        done = task(home, s, "hello", stdout=full)
        exits(done, 1)
        contains(done.err, "standard output", "what failed")


OUTPUTS = (["--version"], ["--help"], ["version"], ["help"], ["help", "config"], ["doctor"],
           ["config"], ["config", "path"], ["completion", "bash"], ["render", "x.md"],
           ["doctor", "--json"], ["-m", "demo", "--json", "hello"], ["render", "--help"])


def refuses_output(home, what, **more):
    for words in (["-m", home.script({"say": "an answer"}), "hello"], *OUTPUTS):
        done = sunaba(home, *words, **more)
        exits(done, 1)
        equal(len(error_lines(done, 1)), 1, f"lines of error: {words}, {what}")
        contains(done.err, "standard output", f"{words}, {what}")


@test
def w9_full_disk_everywhere():
    """W9: what every command says when standard output is full"""
    with Home() as home, open("/dev/full", "wb") as full:
        home.write("work/x.md", "# x\n")
        refuses_output(home, "full", stdout=full)


@test
def w9_closed_output():
    """W9: standard output that is closed: exit 1, one line, for every command"""
    with Home() as home:
        home.write("work/x.md", "# x\n")
        refuses_output(home, "closed", stdout=None, preexec=lambda: os.close(1))


@test
def closed_input_and_error():
    """closed standard input is an empty one, a closed standard error only silent"""
    with Home() as home:
        model = home.script({"say": "an answer"})
        done = sunaba(home, "-m", model, "hello",
                      preexec=lambda: (os.close(0), os.close(2)))
        exits(done, 0)
        contains(done.out, "an answer", "standard output")


@test
def w10_reader_goes_away():
    """W10: `| head -c1`: quiet, and the task goes on to its end"""
    gate = threading.Event()
    reader, writer = os.pipe()
    reply = srv.run("echo finished > trace", before="First words.\n", gate=gate)
    with Home() as home, Server(reply, srv.text("More.\n" * 100)) as s:
        running = start(home, s, "go", "-y", stdout=writer)
        os.close(writer)
        equal(len(os.read(reader, 1)), 1, "first byte")
        os.close(reader)
        gate.set()
        exits(running.wait(30), 0)
        equal(home.read("work/trace"), "finished\n", "the step")
        for word in ("pipe", "EPIPE", "SIGPIPE"):
            absent(running.err, word, "noise")


# ---- W11: nobody to ask -----------------------------------------------------------------------

@test
def w11_nobody_can_confirm():
    """W11: a step, no terminal, no -y: nothing is run, exit 5, and how to allow it"""
    with Home() as home, Server(srv.run("echo > trace"), srv.text("end")) as s:
        done = task(home, s, "go")
        exits(done, 5)
        equal(home.there("work/trace"), False, "the step ran")
        equal(len(s.chats()), 1, "requests")
        contains(done.err, "-y", "the remedy")


@test
def w11_yes_on_standard_input_is_no_yes():
    """W11: bytes on standard input never count as a confirmation"""
    with Home() as home, Server(srv.run("echo > trace"), srv.text("end")) as s:
        exits(task(home, s, "go", data=b"y\ny\nyes\n"), 5)
        equal(home.there("work/trace"), False, "the step ran")


@test
def w11_answers_need_no_confirmation():
    """W11: a plain answer needs nobody"""
    with Home() as home, Server(srv.text("# Title\n\n**bold** answer\n")) as s:
        done = task(home, s, "hello")
        exits(done, 0)
        equal(done.out, "# Title\n\n**bold** answer\n", "the Markdown source, byte for byte")


@test
def w11_a_terminal_is_asked():
    """W11: with a terminal the question is asked there: y runs the step, Enter does not"""
    for key, ran in (("y", True), ("\r", False)):
        with Home() as home, Server(srv.run("echo > trace"), forever=srv.text("Done.")) as s, \
                Terminal(home, "-m", "openai:test", "go", env=s.env) as t:
            t.wait_for("[y]")
            for _ in range(40):  # keys that come too early do not count
                t.send(key)
                if tap.soon(lambda: len(s.chats()) > 1 or t.process.poll() is not None, 0.5):
                    break
            t.wait(20)
            equal(home.there("work/trace"), ran, f"the step ran after {key!r}")
            terminal.only_allowed(t.data)


# ---- W16: escapes -----------------------------------------------------------------------------

def on_a_terminal(*replies, args=("-y",), env=None, seconds=30, lexer=terminal.STRICT):
    with Home() as home, Server(*replies) as s, \
            Terminal(home, "-m", "openai:test", *args, "--", "go",
                     env={**s.env, **(env or {})}) as t:
        t.wait(seconds)
        exits(t, 0)
        if lexer:
            terminal.only_allowed(t.data, lexer)
        return t


@test
def w16_model_text_to_a_terminal():
    """W16: no escape of the model's text reaches the terminal, each payload alone"""
    text = "\n\n".join(f"begin {i} {p} end" for i, p in enumerate(HOSTILE)) + "\n\nLAST\n"
    t = on_a_terminal(srv.text(text))
    contains(t.text, "LAST", "the text behind")
    absent(t.data, b"pwned\x07", "a title")


@test
def w16_model_text_in_small_pieces():
    """W16: the same split into single characters"""
    text = "\n\n".join(HOSTILE)
    on_a_terminal(srv.text(*text))


@test
def w16_tool_output_to_a_terminal():
    """W16: no escape of a step's output reaches the terminal"""
    with Home() as home:
        blob = "".join(f"{p}\n" for p in HOSTILE).encode() + b"\x9b31m\x9d0;t\x9c\xff\xfe\n"
        with open(home.path("work", "blob"), "wb") as f:
            f.write(blob)
        code = "cat blob; cat blob >&2; printf '\\033]52;c;'; sleep 0; printf 'eA==\\007\\n'"
        with Server(srv.run(code), srv.text("LAST")) as s, \
                Terminal(home, "-m", "openai:test", "-y", "go", env=s.env) as t:
            exits(t.wait(30), 0)
            terminal.only_allowed(t.data)
            contains(t.text, "LAST", "the answer")


@test
def w16_code_and_errors_to_a_terminal():
    """W16: escapes in code, language, tool names, file names and server errors are made safe"""
    code = "true '\x1b]0;code\x07' # \u202e \x1b[8m\nls"  # hides something: asked about under -y too
    with Home() as home, Server(srv.run(code, "shell")) as s, \
            Terminal(home, "-m", "openai:test", "-y", "--", "go", env=s.env) as t:
        t.wait_for("type yes")
        t.send("\x03")
        exits(t.wait(30), 130)
        terminal.only_allowed(t.data)
    on_a_terminal(srv.run("echo a > $'x\\e]0;name\\a'; ls", "shell"), srv.text("end"))
    on_a_terminal(srv.run("true", "sh\x1b]0;lang\x07"), srv.text("end"))
    with Home() as home, Server(forever=srv.error(400, "bad \x1b]0;error\x07 thing")) as s, \
            Terminal(home, "-m", "openai:test", "go", env=s.env) as t:
        exits(t.wait(30), 3)
        terminal.only_allowed(t.data)


@test
def w16_pipes_too():
    """W16: to a pipe control characters of model and tool are made visible as well"""
    with Home() as home, Server(srv.run("printf '\\033]0;t\\007\\033[31mx\\n'"),
                                srv.text("text \x1b]52;c;eA==\x07 more")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        absent(done.out, "\x1b", "escape on standard output")
        absent(done.err, "\x1b", "escape on standard error")
        contains(done.out, "more", "the text behind")


# ---- W19, W20: manners ------------------------------------------------------------------------

RICH = "# Title\n\n**bold** `code` [link](https://example.com)\n\n```python\nprint(1)\n```\n"


@test
def w19_no_color():
    """W19: NO_COLOR: attributes may stay, colours go"""
    t = on_a_terminal(srv.run("echo hi"), srv.text(RICH), env={"NO_COLOR": "1"})
    equal(terminal.COLOUR.findall(t.data), [], "colours")
    contains(t.text, "print(1)", "the code")


@test
def w19_colours_without_it():
    """W19: without NO_COLOR a terminal gets styles (so that the row above bites)"""
    t = on_a_terminal(srv.text(RICH))
    contains(t.data, b"\x1b[", "styles")
    absent(t.text, "**", "asterisks")


@test
def w19_dumb_terminal():
    """W19: TERM=dumb: no escape at all"""
    t = on_a_terminal(srv.run("echo hi"), srv.text(RICH), env={"TERM": "dumb"})
    absent(t.data, b"\x1b", "escape")
    contains(t.text, "print(1)", "the code")


@test
def w19_pipe():
    """W19: to a pipe: no escape on either stream, though TERM promises much"""
    with Home() as home, Server(srv.run("echo hi"), srv.text(RICH)) as s:
        done = task(home, s, "go", "-y", env={"CLICOLOR": "1", "COLORTERM": "truecolor"})
        exits(done, 0)
        absent(done.out + done.err, "\x1b", "escape")
        equal(done.out, RICH, "the answer as the model wrote it")


@test
def w20_as_it_arrives():
    """W20: text reaches a pipe as it arrives, line by line"""
    gates = {1: threading.Event(), 2: threading.Event()}
    with Home() as home, Server(srv.text("one\n", "two\n", "three\n", gates=gates)) as s:
        running = start(home, s, "hello")
        running.wait_for("one\n", seconds=5)
        absent(running.out, "two", "what was not sent yet")
        gates[1].set()
        running.wait_for("two\n", seconds=5)
        gates[2].set()
        exits(running.wait(10), 0)
        equal(running.out, "one\ntwo\nthree\n", "all of it")


@test
def w20_terminal_too():
    """W20: and to a terminal, paragraph by paragraph"""
    gate = threading.Event()
    with Home() as home, Server(srv.text("para one\n\n", "para two\n\n", gates={1: gate})) as s, \
            Terminal(home, "-m", "openai:test", "hello", env=s.env) as t:
        t.wait_for("para one", 5)
        gate.set()
        exits(t.wait(10), 0)
        equal(t.text.count("para one"), 1, "committed once")


# ---- W21, W22: usage --------------------------------------------------------------------------

@test
def w21_nothing_to_do():
    """W21: no arguments and no terminal: one line, exit 2"""
    with Home() as home:
        done = sunaba(home, seconds=5)
        exits(done, 2)
        error_lines(done, 1)
        equal(done.out, "", "standard output")


@test
def w22_unknown_option():
    """W22: an unknown option: two lines and the nearest option, exit 2"""
    with Home() as home:
        done = sunaba(home, "--auto-rnu", "hello", seconds=5)
        exits(done, 2)
        lines = error_lines(done, 2)
        contains(lines[0], "--auto-rnu", "what was typed")
        contains("\n".join(lines), "--auto-run", "the nearest")


# ---- W25: nothing left ------------------------------------------------------------------------

def unix_sockets():
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as f:
        return {line.split()[-1] for line in f if len(line.split()) > 7}


@test
def w25_only_the_session_file():
    """W25: after a run with steps nothing is left but the session file, mode 0600"""
    with Home() as home, Server(srv.run("cd; echo x > $HOME/dot; echo y > /tmp/file;"
                                        " mkfifo /tmp/pipe; sleep 300 &"),
                                srv.text("end")) as s:
        before, sockets = home.files(), unix_sockets()
        exits(task(home, s, "go", "-y"), 0)
        run.all_gone(2)
        new = sorted(home.files() - before)
        sessions = [name for name in new if re.match(
            r"state/sunaba/sessions/\d{4}/\d\d/[^/]+\.jsonl$", name)]
        equal(len(sessions), 1, f"session files among {new}")
        equal([name for name in new if name not in sessions], [], "what else is left")
        equal(os.stat(home.path(sessions[0])).st_mode & 0o777, 0o600, "mode of the session")
        left = [name for name in unix_sockets() - sockets if home.root in name or
                "sunaba" in name]
        equal(left, [], "sockets")


@test
def w25_long_output():
    """W25: long output leaves the file that holds it, beside its session, and nothing else"""
    with Home() as home, Server(srv.run("seq 1 100000"), srv.text("end")) as s:
        exits(task(home, s, "go", "-y"), 0)
        name = [n for n in home.sessions() if n.endswith(".jsonl")]
        equal(len(name), 1, "session files")
        stem = name[0].removesuffix(".jsonl")
        equal([n for n in home.files() if not n.startswith(stem)], [], "what else is left")
        for other in home.files():
            equal(os.stat(home.path(other)).st_mode & 0o077, 0, f"mode of {other}")


@test
def w25_version_leaves_nothing():
    """W25: --version, --help and errors of usage leave no file at all"""
    with Home() as home:
        for words in (["--version"], ["--help"], ["--nope"], ["help"], ["completion", "bash"]):
            sunaba(home, *words, seconds=10)
        equal(sorted(home.files()), [], "files")
        run.all_gone(2)


@test
def w25_many_at_once():
    """W25: eight runs at the same time do not disturb each other and leave nothing"""
    with Home() as home, Server(forever=srv.text("end")) as s:
        all_runs = [start(home, s, f"go {i}", stdin=subprocess.DEVNULL) for i in range(8)]
        for running in all_runs:
            exits(running.wait(30), 0)
            contains(running.out, "end", "answer")
        run.all_gone(2)
        equal(len(home.sessions()), 8, "session files")


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
