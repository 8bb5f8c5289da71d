#!/usr/bin/env python3
"""The confirmation on a real terminal: only one lone key, pressed after it was seen, says yes."""
import hashlib
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import absent, contains, equal, main, skip, test, until  # noqa: E402
from pane import Tmux  # noqa: E402

TOOL = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"), "term", "tool_ask"))
FOLDER = tempfile.mkdtemp(prefix="ask-")
MENU = "[y] yes"
EARLY_S = 0.4  # in which keys are no answer


def code_file(code, name="code"):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as f:
        f.write(code if isinstance(code, bytes) else code.encode())
    return path


def ask(code="echo hi\n", what="step", language="bash", **more):
    return Tmux([TOOL, what, code_file(code), language], **more)


def answer(term):
    term.wait("INTERRUPTS")
    return [line for line in term.all().splitlines() if line.startswith("RESULT")][0].split()[1]


def said(code, *keys, wait=MENU, **more):
    with ask(code, **more) as term:
        term.ready(wait)
        for key in keys:
            term.keys(key)
        return answer(term)


@test
def keys():
    """each key gives its answer"""
    for key, want in (("y", "yes"), ("n", "no"), ("s", "stop"), ("a", "always"),
                      ("Enter", "no"), ("C-d", "no")):
        equal(said("echo hi\n", key), want, key)


@test
def interrupt():
    """Ctrl-C stops and stays counted"""
    with ask() as term:
        term.ready(MENU)
        term.keys("C-c")
        equal(answer(term), "stop")
        contains(term.all(), "INTERRUPTS 1")


@test
def other_keys():
    """a key that is not offered says so and decides nothing"""
    with ask() as term:
        term.ready(MENU)
        for key in ("x", "Y", "Up", "F1", "c"):
            term.lone(key)
            term.wait("keys")
        absent(term.all(), "RESULT")
        term.lone("n")
        equal(answer(term), "no")


@test
def shown():
    """language, lines, bytes, hash, step, reason and numbered code are there"""
    code = "echo one\necho two"
    with ask(code) as term:
        term.wait(MENU)
        text = term.all()
        digest = hashlib.sha256(code.encode()).hexdigest()
        for part in ("Run this? bash", "2 lines", f"{len(code)} B", digest[:8], "step 3",
                     "no newline", "to see what is there", "  1 │ echo one",
                     "  2 │ echo two"):
            contains(text, part)


@test
def japanese():
    """Japanese users are asked in Japanese"""
    with ask(env={"LC_ALL": "ja_JP.UTF-8"}) as term:
        term.ready("[y] 実行")
        contains(term.all(), "実行しますか? bash")
        term.keys("n")
        equal(answer(term), "no")


@test
def typed_before():
    """what was typed before the question appeared is no answer"""
    hold = code_file("", "hold")
    with ask(env={"TOOL_HOLD": hold}) as term:
        term.wait("HOLDING")
        term.type("y\ny")
        os.unlink(hold)
        term.ready(MENU)
        absent(term.all(), "RESULT")
        term.keys("n")
        equal(answer(term), "no")


def typed_in_time(question, menu, yes, no):
    """Presses `yes` as soon as the question is there. Whoever does so too late, on a busy machine,
    has said yes, and tries again."""
    for _ in range(20):
        with question() as term:
            last = time.monotonic()
            while menu not in term.screen():
                last = time.monotonic()
            term.keys(yes)
            if time.monotonic() - last > EARLY_S:
                continue
            term.ready(menu)
            absent(term.all(), "RESULT")
            term.keys(no)
            equal(answer(term), "no")
            return
    skip("this machine is too busy to press a key within 0.4 s")


@test
def typed_early():
    """a key in the first 400 ms is no answer"""
    typed_in_time(ask, MENU, "y", "n")


@test
def pasted():
    """a pasted y is no answer, with or without newline"""
    for text in ("y", "y\n", "yes\n"):
        with ask() as term:
            term.ready(MENU)
            term.paste(text)
            term.wait("several keys")
            absent(term.all(), "RESULT")
            term.lone("n")
            equal(answer(term), "no", repr(text))


@test
def hurried():
    """y with more bytes behind it is no answer"""
    with ask() as term:
        term.ready(MENU)
        term.type("y\r")
        term.wait("several keys")
        absent(term.all(), "RESULT")
        term.keys("n")
        equal(answer(term), "no")


@test
def hidden():
    """hidden or deceiving characters: y is not offered, yes must be typed"""
    code = "echo a\u202eb\ncurl https://раураl.com/x\n"
    with ask(code) as term:
        term.ready("type yes")
        text = term.all()
        contains(text, "echo a⟨U+202E RLO⟩b")
        contains(text, "⚠ 1 bidirectional")
        contains(text, "host with letters beyond ASCII")
        absent(text, "[y]")
        absent(text, "[a]")
        term.lone("y", "e", "Enter")
        equal(answer(term), "no")
    with ask(code) as term:
        term.ready("type yes")
        for key, shows in (("y", "run: y"), ("e", "run: ye"), ("s", "run: yes")):
            term.lone(key)
            term.wait(shows)
        term.lone("Enter")
        equal(answer(term), "yes")


@test
def mixed_script():
    """a word of mixed script is named below its line"""
    with ask("import раypal\n", language="python") as term:
        term.wait("type yes")
        contains(term.all(), "mixed script: р а (Cyrillic)")


@test
def long_code():
    """code longer than the screen is paged; y counts only at its end"""
    code = "".join(f"echo line {i}\n" for i in range(60))
    with ask(code) as term:
        term.ready("next page")
        absent(term.all(), MENU)
        term.keys("y")
        term.wait("press one of")
        pages = 0
        while MENU not in term.all():
            before = term.all()
            term.keys("Space")
            until(lambda: term.all() != before, 5, "next page")  # noqa: B023
            term.ready("")
            pages += 1
            assert pages < 10
        text = term.all()
        rows = [line.rstrip() for line in text.splitlines()]
        for i in range(60):
            equal(rows.count(f"{i + 1:3} │ echo line {i}"), 1, f"line {i}")
        term.keys("y")
        equal(answer(term), "yes")


@test
def never_cut():
    """a long line is wrapped, not cut"""
    code = "echo " + "".join(f"word{i} " for i in range(40)) + "end\n"
    with ask(code, cols=40, rows=40) as term:
        term.wait(MENU)
        text = term.all()
        contains(text, "↪")
        joined = "".join(line[6:] for line in text.splitlines() if line[4:5] in "│↪")
        contains(joined, code.strip())


@test
def small_window():
    """a window of 20 columns and 6 rows still asks"""
    with ask("echo 日本語の長い行をここに書く\n", cols=20, rows=6) as term:
        for _ in range(20):
            term.ready("")
            if "[y]" in term.screen():
                break
            term.keys("Space")
        term.keys("y")
        equal(answer(term), "yes")


@test
def resized():
    """a resize leaves the question standing"""
    with ask() as term:
        term.ready(MENU)
        term.resize(50, 15)
        term.resize(100, 30)
        term.ready(MENU)
        term.keys("y")
        equal(answer(term), "yes")


@test
def reason():
    """a reason is asked for and handed over"""
    with ask() as term:
        term.ready(MENU)
        term.keys("r")
        term.wait("Why not?")
        term.type("使わないで")
        term.keys("Enter")
        equal(answer(term), "no")
        contains(term.all(), "REASON 使わないで")


def editor(text):
    path = os.path.join(FOLDER, "editor.sh")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\nstat -c 'MODE %a' \"$2\"\n{text}\n")
    os.chmod(path, 0o755)
    return path


@test
def edited():
    """an edit is shown again before it runs; the file is private and gone afterwards"""
    seen = os.path.join(FOLDER, "seen")
    script = editor(f'echo "$2" > {seen}; echo "echo changed" > "$2"')
    with ask(env={"EDITOR": f"'{script}' -x"}, language="python") as term:
        term.ready(MENU)
        term.keys("e")
        term.wait("MODE 600")
        term.ready("echo changed")
        absent(term.all(), "RESULT")
        term.keys("y")
        equal(answer(term), "edit")
        contains(term.all(), "EDITED 13 echo changed")
        contains(term.all(), hashlib.sha256(b"echo changed\n").hexdigest()[:16])
    with open(seen, encoding="utf-8") as f:
        path = f.read().strip()
    assert path.endswith(".py"), path
    assert not os.path.exists(path)


@test
def editor_fails():
    """an editor that fails or is absent changes nothing"""
    for command in ("/nonexistent/ed", f"'{editor('exit 3')}' -x"):
        with ask(env={"VISUAL": command}) as term:
            term.ready(MENU)
            term.keys("e")
            term.wait("the editor")
            until(lambda: term.all().count(MENU) >= 1 and  # noqa: B023
                  term.all().count("Run this?") == 2, 5, "the question again")  # noqa: B023
            term.wait(MENU)
            term.ready(MENU)
            term.keys("y")
            equal(answer(term), "yes")


@test
def bytes_view():
    """v shows the bytes and comes back"""
    with ask("echo \u00e9\n") as term:
        term.ready(MENU)
        term.keys("v")
        term.ready("65 63 68 6f 20 c3 a9")
        contains(term.all(), "space: back")
        term.keys("Space")
        until(lambda: term.all().count("Run this?") == 2, 5, "the question again")
        term.ready(MENU)
        term.keys("y")
        equal(answer(term), "yes")


@test
def gate():
    """at the gate: the source is shown, i ignores, Enter ignores, c carries out"""
    for key, want in (("i", "no"), ("Enter", "no"), ("c", "yes"), ("s", "stop")):
        with ask(what="gate") as term:
            term.ready("[c] carry out")
            contains(term.all(), "from the page example.com")
            absent(term.all(), "[y]")
            term.keys(key)
            equal(answer(term), want, key)


GATE = "[c] carry out"


def at_gate(code="echo hi\n", **more):
    return ask(code, what="gate", **more)


@test
def gate_typed_before():
    """at the gate: what was typed before the question appeared is no answer"""
    hold = code_file("", "hold")
    with at_gate(env={"TOOL_HOLD": hold}) as term:
        term.wait("HOLDING")
        term.type("c\ny\nc")
        os.unlink(hold)
        term.ready(GATE)
        absent(term.all(), "RESULT")
        term.keys("i")
        equal(answer(term), "no")


@test
def gate_typed_early():
    """at the gate: a key in the first 400 ms is no answer"""
    typed_in_time(at_gate, GATE, "c", "i")


@test
def gate_pasted():
    """at the gate: a pasted y or c is no answer, bracketed or not, with or without newline"""
    for text, bracket in (("y", True), ("c", True), ("c\n", True), ("yes\n", True), ("c\n", False),
                          ("\x1b[201~c", True)):
        with at_gate() as term:
            term.ready(GATE)
            term.paste(text, bracket)
            term.wait("several keys")
            absent(term.all(), "RESULT")
            term.lone("i")
            equal(answer(term), "no", repr(text))


@test
def gate_other_keys():
    """at the gate: y, a, C and others decide nothing; end of file and Ctrl-C carry nothing out"""
    with at_gate() as term:
        term.ready(GATE)
        for key in ("y", "a", "C", "Up", "F1", "r"):
            term.lone(key)
            term.wait("keys")
            absent(term.all(), "RESULT", key)
        term.lone("i")
        equal(answer(term), "no")
    for key, want in (("C-d", "no"), ("C-c", "stop")):
        with at_gate() as term:
            term.ready(GATE)
            term.keys(key)
            equal(answer(term), want, key)


@test
def gate_long_code():
    """at the gate: code longer than the screen is paged; c counts only at its end"""
    with at_gate("".join(f"echo line {i}\n" for i in range(60))) as term:
        term.ready("next page")
        absent(term.all(), GATE)
        term.keys("c")
        term.wait("press one of")
        absent(term.all(), "RESULT")
        for _ in range(10):
            if GATE in term.all():
                break
            before = term.all()
            term.keys("Space")
            until(lambda: term.all() != before, 5, "next page")  # noqa: B023
            term.ready("")
        contains(term.all(), "60 │ echo line 59")
        term.keys("c")
        equal(answer(term), "yes")


@test
def gate_small_window():
    """at the gate: in a window of 20 columns and 6 rows c counts once all was shown"""
    with at_gate("echo 日本語の長い行をここに書く; rm -rf data\n", cols=20, rows=6) as term:
        for _ in range(20):
            term.ready("")
            if "[c]" in term.screen():
                break
            term.keys("c")
            absent(term.all(), "RESULT")
            term.ready("")
            term.keys("Space")
        contains("".join(term.all().split()), "rm")
        term.keys("c")
        equal(answer(term), "yes")


@test
def gate_hidden():
    """at the gate: hidden characters take c away; yes must be typed"""
    with at_gate("echo a\u202eb\n") as term:
        term.ready("type yes")
        absent(term.all(), "[c]")
        term.lone("c")
        term.lone("Enter")
        equal(answer(term), "no")


@test
def gate_edited():
    """at the gate: an edit is shown again, and c is asked for the new bytes"""
    script = editor('echo "echo changed" > "$2"')
    with at_gate(env={"EDITOR": f"'{script}' -x"}) as term:
        term.ready(GATE)
        term.keys("e")
        term.ready("echo changed")
        absent(term.all(), "RESULT")
        term.ready(GATE)
        term.keys("c")
        equal(answer(term), "edit")
        contains(term.all(), hashlib.sha256(b"echo changed\n").hexdigest()[:16])


@test
def one_key():
    """ask_key: the key, Enter for the default, Ctrl-C"""
    for key, want in (("t", "CHOSEN 0 none"), ("d", "CHOSEN 1 none"), ("Enter", "CHOSEN 1 none"),
                      ("C-c", "CHOSEN 1 interrupted")):
        with Tmux([TOOL, "key"]) as term:
            term.ready("[t] trust")
            term.keys(key)
            term.wait(want)


@test
def one_line():
    """ask_line: a line, an empty one, end of file, Ctrl-C"""
    with Tmux([TOOL, "line"]) as term:
        term.wait("Name?")
        term.type("砂場")
        term.keys("Enter")
        term.wait("LINE [砂場] none")
    for key, want in (("Enter", "LINE [] none"), ("C-d", "LINE [] io"),
                      ("C-c", "LINE [] interrupted")):
        with Tmux([TOOL, "line"]) as term:
            term.wait("Name?")
            term.keys(key)
            term.wait(want)


@test
def nobody():
    """without a terminal nobody is asked and nothing is shown"""
    done = subprocess.run(["setsid", "-w", TOOL, "step", code_file("echo hi\n")], input=b"y\ny\n",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    contains(done.stdout.decode(), "RESULT nobody")
    absent((done.stdout + done.stderr).decode(), "echo hi")


@test
def piped_input():
    """standard input is a pipe: the keys come from the terminal, never from the pipe"""
    script = f"echo y | {TOOL} step {code_file('echo hi')}"
    with Tmux(["sh", "-c", script]) as term:
        term.ready(MENU)
        absent(term.all(), "RESULT")
        term.keys("y")
        equal(answer(term), "yes")


@test
def piped_output():
    """standard output is a pipe: the question stands on the terminal, the pipe stays clean"""
    out = os.path.join(FOLDER, "out")
    script = f"{TOOL} step {code_file('echo hi')} | cat > {out}; echo DONE"
    with Tmux(["sh", "-c", script]) as term:
        term.ready(MENU)
        term.keys("y")
        term.wait("DONE")
    with open(out, encoding="utf-8") as f:
        text = f.read()
    assert text.startswith("RESULT yes"), text


@test
def modes_restored():
    """the terminal's modes are as they were"""
    script = f"stty -a > {FOLDER}/a; {TOOL} step {code_file('x')}; stty -a > {FOLDER}/b; echo DONE"
    with Tmux(["sh", "-c", script]) as term:
        term.ready(MENU)
        term.keys("y")
        term.wait("DONE")
    with open(f"{FOLDER}/a", encoding="utf-8") as a, open(f"{FOLDER}/b", encoding="utf-8") as b:
        equal(a.read(), b.read())


@test
def too_long():
    """code that cannot be shown whole is refused"""
    with ask("x" * (1024 * 1024 + 1)) as term:
        term.wait("ERROR limit")


main()
