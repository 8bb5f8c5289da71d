#!/usr/bin/env python3
"""The confirmation on a real terminal: only one lone key, pressed after it was seen, says yes.

Nearly all of the time is the dialog's own quiet time, so tests and cases run side by side."""
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import absent, contains, equal, folder, main, skip, test, until  # noqa: E402
from pane import Tmux  # noqa: E402

TOOL = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"), "term", "tool_ask"))
FOLDER = folder("ask")
QUIET_S = 0.4  # of the dialog, after it was drawn
MENU = "[y] yes"
GATE = "[c] carry out"
# Both questions: what the tool is told, the menu, the key that says yes, the one that says no.
BOTH = (("step", MENU, "y", "n"), ("gate", GATE, "c", "i"))
LONG = "".join(f"echo line {i}\n" for i in range(60))


def together(function, *cases):
    """One case beside the other."""
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        list(pool.map(lambda case: function(*case), cases))


def code_file(code):
    fd, path = tempfile.mkstemp(dir=FOLDER)
    with open(fd, "wb") as f:
        f.write(code if isinstance(code, bytes) else code.encode())
    return path


def ask(code="echo hi\n", what="step", language="bash", **more):
    return Tmux([TOOL, what, code_file(code), language], **more)


def answer(term):
    term.wait("INTERRUPTS")
    return [line for line in term.all().splitlines() if line.startswith("RESULT")][0].split()[1]


def answers(term, key, want, what=""):
    term.keys(key)
    equal(answer(term), want, what)


def pages(term, mark, most):
    """Goes on, page by page, until the keys are there; yields before each."""
    for _ in range(most):
        term.ready("")
        if mark in term.screen():
            return
        yield
        before = term.all()
        term.lone("Space")
        until(lambda: term.all() != before, 5, "next page")  # noqa: B023
    raise AssertionError(f"no {mark} after {most} pages: {term.screen()}")


@test
def keys():
    """each key gives its answer"""
    def case(key, want):
        with ask() as term:
            term.ready(MENU)
            answers(term, key, want, key)
    together(case, ("y", "yes"), ("n", "no"), ("s", "stop"), ("a", "always"), ("Enter", "no"),
             ("C-d", "no"))


@test
def gate_keys():
    """at the gate: the source is shown, i and Enter ignore, c carries out, s stops"""
    def case(key, want):
        with ask(what="gate") as term:
            term.ready(GATE)
            contains(term.all(), "from the page example.com")
            absent(term.all(), "[y]")
            absent(term.all(), "[a]")
            answers(term, key, want, key)
    together(case, ("i", "no"), ("Enter", "no"), ("c", "yes"), ("s", "stop"), ("C-d", "no"))


@test
def interrupt():
    """Ctrl-C stops and stays counted"""
    def case(what, menu, *_):
        with ask(what=what) as term:
            term.ready(menu)
            answers(term, "C-c", "stop")
            contains(term.all(), "INTERRUPTS 1")
    together(case, *BOTH)


@test
def other_keys():
    """a key that is not offered says so and decides nothing"""
    def case(what, menu, yes, no):
        with ask(what=what) as term:
            term.ready(menu)
            for key in ("x", yes.upper(), "Up", "F1", "c" if yes == "y" else "y", "Space"):
                term.lone(key)
                term.wait("keys")
                absent(term.all(), "RESULT", key)
            term.lone(no)
            equal(answer(term), "no")
    together(case, *BOTH)


@test
def input_method():
    """what an input method makes of y is no answer, and the hint says how to go on"""
    def case(locale, hint, no):
        with ask(env={"LC_ALL": locale}) as term:
            term.ready("[y]")
            term.type("ｙ")
            term.wait(hint)
            absent(term.all(), "RESULT")
            term.lone(no)
            equal(answer(term), "no")
    together(case, ("C.UTF-8", "switch the input method off", "n"),
             ("ja_JP.UTF-8", "日本語入力をオフにして", "n"))


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
        answers(term, "n", "no")
    with ask("curl http://раураl.com/\u200b\n", env={"LC_ALL": "ja_JP.UTF-8"}) as term:
        term.ready("yes と入力")
        contains(term.all(), "⚠ 見えない文字 1、ASCII 以外を含むホスト名 1")
        contains(term.all(), "    ⚠ ASCII 以外の文字を含むホスト名")
        answers(term, "n", "no")


@test
def no_unicode():
    """a terminal without Unicode is asked in ASCII, with nothing left out"""
    with ask("echo 砂\u202e\n", env={"LC_ALL": "C"}) as term:
        term.ready("type yes")
        contains(term.all(), "  1 | echo <U+7802><U+202E RLO>")
        text = term.all()
        equal(text.encode("ascii", "replace").decode(), text)
        answers(term, "n", "no")


@test
def typed_before():
    """what was typed before the question appeared is no answer"""
    def case(what, menu, yes, no, more):
        hold = code_file("")
        with ask(what=what, env={"TOOL_HOLD": hold}) as term:
            term.wait("HOLDING")
            term.type(yes + more)
            term.wait(f"HOLDING\n{yes}")
            os.unlink(hold)
            term.ready(menu)
            absent(term.all(), "RESULT")
            answers(term, no, "no")
    together(case, *[(*row, more) for row in BOTH for more in ("", "\nyes\n")])


def pressed_early(start, mark, key):
    """A question at which the key was certainly pressed within its quiet time: it was drawn after
    the last look that did not show it. On a machine too busy for that, a new one."""
    for _ in range(20):
        unseen = time.monotonic()
        term = start()
        while True:
            now = time.monotonic()
            if mark in term.screen():
                break
            unseen = now
        term.keys(key)
        if time.monotonic() - unseen < QUIET_S:
            return term
        term.__exit__()
    return skip("this machine is too busy")


@test
def typed_early():
    """a key in the first 400 ms is no answer"""
    def case(what, menu, yes, no):
        with pressed_early(lambda: ask(what=what), menu, yes) as term:
            term.ready(menu)
            absent(term.all(), "RESULT")
            answers(term, no, "no")
    together(case, *BOTH)


@test
def pasted():
    """a paste is no answer, bracketed or not, with newline or without"""
    def case(what, menu, no, text, bracket):
        with ask(what=what) as term:
            term.ready(menu)
            term.paste(text, bracket)
            term.wait("several keys")
            absent(term.all(), "RESULT")
            term.lone(no)
            equal(answer(term), "no", repr(text))
    together(case, *[(what, menu, no, text.replace("Y", yes), bracket)
                     for what, menu, yes, no in BOTH
                     for text, bracket in (("Y", True), ("Y\n", True), ("yes\n", True),
                                           ("Y\n", False), ("\x1b[201~Y", True))])


@test
def hurried():
    """y with more bytes behind it is no answer"""
    with ask() as term:
        term.ready(MENU)
        term.type("y\r")
        term.wait("several keys")
        absent(term.all(), "RESULT")
        term.lone("n")
        equal(answer(term), "no")


@test
def hidden():
    """hidden or deceiving characters: no key says yes, the word must be typed"""
    code = "echo a\u202eb\ncurl https://раураl.com/x\n"

    def refused(what, key):
        with ask(code, what=what) as term:
            term.ready("type yes")
            text = term.all()
            contains(text, "echo a⟨U+202E RLO⟩b")
            contains(text, "⚠ 1 bidirectional")
            contains(text, "host with letters beyond ASCII")
            for offered in ("[y]", "[c]", "[a]"):
                absent(text, offered)
            term.lone(key, "e", "Enter")
            equal(answer(term), "no")

    def typed(what):
        with ask(code, what=what) as term:
            term.ready("type yes")
            for key, shows in (("y", "run: y_"), ("e", "run: ye_"), ("s", "run: yes_")):
                term.lone(key)
                term.wait(shows)
            term.lone("Enter")
            equal(answer(term), "yes")
    together(lambda function, *rest: function(*rest), (refused, "step", "y"),
             (refused, "gate", "y"), (typed, "step"), (typed, "gate"))


@test
def hidden_at_the_gate():
    """at the gate: c is no key where the code hides something"""
    with ask("echo a\u202eb\n", what="gate") as term:
        term.ready("type yes")
        term.lone("c")
        term.wait("press one of")
        term.lone("Enter")
        equal(answer(term), "no")


@test
def mixed_script():
    """a word of mixed script is named below its line"""
    with ask("import раypal\n", language="python") as term:
        term.wait("type yes")
        contains(term.all(), "mixed script: р а (Cyrillic)")


@test
def long_code():
    """code longer than the screen is paged; yes counts only at its end"""
    def case(what, menu, yes, _):
        with ask(LONG, what=what) as term:
            for _ in pages(term, menu, 10):
                contains(term.screen(), "next page")
                absent(term.screen(), menu)
                term.lone(yes)
                term.wait("press one of")
                absent(term.all(), "RESULT")
            rows = [line.rstrip() for line in term.all().splitlines()]
            for i in range(60):
                equal(rows.count(f"{i + 1:3} │ echo line {i}"), 1, f"line {i}")
            answers(term, yes, "yes")
    together(case, *BOTH)


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
    """a window of 20 columns and 5 rows still asks: the keys stand there, yes once all was shown"""
    def case(what, _, yes, no):
        code = "echo 日本語の長い行をここに書く; rm -rf data\n"
        with ask(code, what=what, cols=20, rows=5) as term:
            for _ in pages(term, f"[{yes}]", 20):
                contains(term.screen(), "space")
                term.lone(yes)
                term.lone("x")  # the hint takes no room from the keys
                contains(term.screen(), "[s]")
                absent(term.all(), "RESULT")
            rows = [re.sub("^ *[0-9]* [│↪] ", "", row).strip() for row in term.all().splitlines()]
            contains("".join(rows).replace(" ", ""), code.replace(" ", "").strip())
            term.lone("x")
            for key in (yes, no, "e", "s", "v"):
                contains(term.screen(), f"[{key}]")
            term.lone(yes)
            equal(answer(term), "yes")
    together(case, *BOTH)


@test
def small_window_hidden():
    """a window of 20 columns and 5 rows: the word that is asked for and its letters are seen"""
    with ask("ls \u200b\n", cols=20, rows=5) as term:
        for _ in pages(term, "type yes", 20):
            pass
        for key, shows in (("y", "yes: y_"), ("e", "yes: ye_"), ("s", "yes: yes_")):
            term.lone(key)
            until(lambda: shows in term.screen(), 5, shows)  # noqa: B023
        term.lone("Enter")
        equal(answer(term), "yes")


@test
def wide_menu():
    """no row of the menu or of the bytes is cut in 40 columns, in either language"""
    def case(what, locale, parts):
        with ask(what=what, cols=40, env={"LC_ALL": locale}) as term:
            term.ready("[v]")
            for part in parts:
                contains(term.screen(), part)
            term.keys("v")
            term.ready(" 0a")
            answers(term, "s", "stop")
    together(case, ("step", "C.UTF-8", ("[r] no, and say why", "[n] no (Enter)")),
             ("gate", "C.UTF-8", ("[i] ignore these instructions (Enter)",)),
             ("step", "ja_JP.UTF-8", ("[a] このセッションでは常に実行",)),
             ("gate", "ja_JP.UTF-8", ("[i] この指示を無視 (Enter)",)))


@test
def widened():
    """a wider window leaves the question standing"""
    with ask() as term:
        term.ready(MENU)
        term.resize(100, 30)
        term.ready(MENU)
        answers(term, "y", "yes")


@test
def narrowed():
    """a narrower window shows the question again; a key before that is no answer"""
    def case(what, menu, yes, no):
        with ask("echo hi; echo " + "x" * 40 + "\n", what=what) as term:
            term.ready(menu)
            term.resize(40, 15)
            term.keys(yes)  # within the new quiet time, or before it began
            until(lambda: term.all().count("↪ ") > 0, 5, "the new layout")
            term.ready(f"[{yes}]")
            absent(term.all(), "RESULT")
            answers(term, no, "no")
    together(case, *BOTH)


@test
def stopped():
    """Ctrl-Z and fg: the modes are the shell's meanwhile, the question comes again, keys count anew"""
    def case(what, menu, yes, no):
        code, modes = code_file("echo hi\n"), [code_file("") for _ in range(2)]
        with Tmux(["bash", "--norc", "--noprofile", "-i"], env={"PS1": "shell# "}) as term:
            term.wait("shell#")
            term.type(f"stty -a > {modes[0]}; {TOOL} {what} {code} bash\n")
            term.ready(menu)
            term.keys("C-z")
            term.wait("Stopped")
            term.type(f"stty -a > {modes[1]}; echo kept; clear\n")
            until(lambda: "Stopped" not in term.screen(), 5, "an empty screen")
            with open(modes[0], encoding="utf-8") as a, open(modes[1], encoding="utf-8") as b:
                equal(b.read(), a.read(), "stty -a while stopped")
            term.type(f"fg\n{yes}")  # the key is there before the question is
            until(lambda: menu in term.screen(), 5, "the question again")
            contains(term.screen(), "1 │ echo hi")
            term.ready(menu)
            absent(term.all(), "RESULT")
            answers(term, no, "no")
    together(case, *BOTH)


@test
def hung_up():
    """with a terminal that goes away nobody decides, also where its signal does not come"""
    block = ("import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]); "
             "os.execv(sys.argv[1], sys.argv[1:])")

    def case(what, menu, before):
        out = code_file("")
        script = f"exec {before} {TOOL} {what} {code_file('echo hi')} > {out} 2> /dev/tty"
        with Tmux(["sh", "-c", script]) as term:
            term.ready(menu)
            term.run("kill-pane")

            def result():
                with open(out, encoding="utf-8") as f:
                    return f.read()
            until(lambda: "INTERRUPTS" in result(), 10, "the end")
            said = result().split()[1]
            assert said == "nobody" or (not before and said == "stop"), said
    together(case, *[(what, menu, before) for what, menu, *_ in BOTH
                     for before in ("", f"{sys.executable} -c '{block}'")])


@test
def changed_meanwhile():
    """bytes that change while they are shown are not what was confirmed"""
    pipe = code_file("")
    os.unlink(pipe)
    os.mkfifo(pipe)
    with ask(env={"TOOL_CHANGE": pipe}) as term:
        term.ready(MENU)
        with open(pipe, "w", encoding="utf-8") as f:
            f.write("rm ")
        term.wait("CHANGED")
        term.lone("y")
        term.wait("ERROR gate the code changed")
        equal(answer(term), "no")


@test
def reason():
    """a reason is asked for and handed over"""
    with ask() as term:
        term.ready(MENU)
        term.keys("r")
        term.wait("Why not?")
        term.type("使わないで")
        answers(term, "Enter", "no")
        contains(term.all(), "REASON 使わないで")


def editor(text):
    path = code_file(f"#!/bin/sh\nstat -c 'MODE %a' \"$2\"\n{text}\n")
    os.chmod(path, 0o755)
    return path


@test
def edited():
    """an edit is shown again before it runs; the file is private and gone afterwards"""
    def case(what, menu, yes, _):
        seen = code_file("")
        script = editor(f'echo "$2" > {seen}; echo "echo changed" > "$2"')
        with ask(what=what, env={"EDITOR": f"'{script}' -x"}, language="python") as term:
            term.ready(menu)
            term.keys("e")
            term.wait("MODE 600")
            term.ready("1 │ echo changed")
            absent(term.all(), "RESULT")
            until(lambda: menu in term.screen(), 5, "the keys")
            answers(term, yes, "edit")
            contains(term.all(), "EDITED 13 echo changed")
            contains(term.all(), hashlib.sha256(b"echo changed\n").hexdigest()[:16])
        with open(seen, encoding="utf-8") as f:
            path = f.read().strip()
        assert path.endswith(".py"), path
        assert not os.path.exists(path)
    together(case, *BOTH)


@test
def edited_into_hidden():
    """what an edit brings in is looked at like the code: hidden characters, no always"""
    script = editor("printf 'echo a\\342\\200\\256b\\n' > \"$2\"")
    with ask(env={"EDITOR": f"'{script}' -x"}) as term:
        term.ready(MENU)
        term.keys("e")
        term.ready("type yes")
        contains(term.all(), "a⟨U+202E RLO⟩b")
        term.lone("y")
        term.wait("run: y_")
        absent(term.all(), "RESULT")
        term.lone("Enter")
        equal(answer(term), "no")


@test
def editor_fails():
    """an editor that fails or is absent changes nothing"""
    def case(command):
        with ask(env={"VISUAL": command}) as term:
            term.ready(MENU)
            term.keys("e")
            term.wait("the editor")
            until(lambda: term.all().count("Run this?") == 2, 5, "the question again")
            term.ready(MENU)
            answers(term, "y", "yes")
    together(case, ("/nonexistent/ed",), (f"'{editor('exit 3')}' -x",))


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
        answers(term, "y", "yes")


@test
def one_key():
    """ask_key: the key, Enter for the default, Ctrl-C; not a paste"""
    def case(key, want):
        with Tmux([TOOL, "key"]) as term:
            term.ready("[t] trust")
            term.paste("t")
            term.lone(key)
            term.wait(want)
    together(case, ("t", "CHOSEN 0 none"), ("d", "CHOSEN 1 none"), ("Enter", "CHOSEN 1 none"),
             ("C-c", "CHOSEN 1 interrupted"))


@test
def one_line():
    """ask_line: a line, an empty one, end of file, Ctrl-C"""
    def case(text, key, want):
        with Tmux([TOOL, "line"]) as term:
            term.wait("Name?")
            term.type(text)
            term.keys(key)
            term.wait(want)
    together(case, ("砂場", "Enter", "LINE [砂場] none"), ("", "Enter", "LINE [] none"),
             ("", "C-d", "LINE [] io"), ("", "C-c", "LINE [] interrupted"))


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
        answers(term, "y", "yes")


@test
def piped_output():
    """standard output is a pipe: the question stands on the terminal, the pipe stays clean"""
    out = code_file("")
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
    a, b = code_file(""), code_file("")
    script = f"stty -a > {a}; {TOOL} step {code_file('x')}; stty -a > {b}; echo DONE"
    with Tmux(["sh", "-c", script]) as term:
        term.ready(MENU)
        term.keys("y")
        term.wait("DONE")
    with open(a, encoding="utf-8") as before, open(b, encoding="utf-8") as after:
        equal(after.read(), before.read())


@test
def too_long():
    """code that cannot be shown whole is refused"""
    with ask("x" * (1024 * 1024 + 1)) as term:
        term.wait("ERROR limit")


main(jobs=6)
