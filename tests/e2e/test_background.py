#!/usr/bin/env python3
"""Background work of steps in a session: /jobs, /kill, /restart, /reset, /env, and output that
comes while no step runs."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import steps  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import PROMPT, Tmux, again_at_prompt  # noqa: E402



def alive(mark):
    """Processes of this machine with these words, which no other test uses."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if f.read().replace(b"\0", b" ").strip() == mark.encode():
                    found.append(int(pid))
        except OSError:
            pass
    return found


def at_prompt(home, *words):
    """A session at its prompt, with a model that says hello."""
    t = Tmux(home, ["-m", home.script({"say": "Hello."}), *words], columns=140, rows=50)
    try:
        t.wait_for(PROMPT)
    except BaseException:
        t.__exit__()
        raise
    return t


def says(t, line, *words):
    """Types a line; each of the words appears behind it, and then the prompt."""
    t.line(line)
    for word in words:
        try:
            tap.until(lambda: word in lines_after(t, line), 10 * run.SLOWER, repr(word))
        except AssertionError as late:
            raise AssertionError(f"{late}; the screen:\n{t.screen().rstrip()}") from None
    again_at_prompt(t)


def lines_after(t, word):
    return t.screen(history=True).rsplit(f"> {word}", 1)[-1]


@test
def jobs_and_kill():
    """/jobs lists interpreters and background processes, /kill ends one of them"""
    with Home() as home, at_prompt(home) as t:
        says(t, "/jobs", "no interpreter is running")
        stubborn = "sh -c 'trap \"\" TERM; echo >up; while :; do sleep 1; done'"
        t.line(f"!sleep 4711 & (setsid {stubborn} &)")
        tap.until(lambda: home.there("work/up"), 10 * run.SLOWER, "the background")
        again_at_prompt(t)
        says(t, "/jobs", "/kill N ends one")
        shown = lines_after(t, "/jobs")
        contains(re.sub(r"cpu .*", "", shown), "1 shell · 4 processes ·", "the interpreter")
        number = re.search(r"^ *(\d+)   sleep 4711 · 1 process · cpu \d+\.\d s · [\d.]+ \w+ · for",
                           shown, re.M)
        stubborn = re.search(r"^ *(\d+)   sh -c trap .* · 2 processes", shown, re.M)
        if not number or not stubborn:
            raise AssertionError(f"not in the list: {shown}")
        equal(len(alive("sleep 4711")), 1, "before")
        says(t, f"/kill {number[1]}", "ended: sleep 4711")
        tap.until(lambda: not alive("sleep 4711"), 5 * run.SLOWER, "its end")
        says(t, f"/kill {number[1]}", "it had ended already: sleep 4711")
        says(t, f"/kill {stubborn[1]}", "ended: sh -c trap")
        says(t, "/kill 99", "/kill takes a number")
        says(t, "/kill 1", "ended: shell")
        says(t, "/jobs", "no interpreter is running")
        again_at_prompt(t)


@test
def late_output():
    """what the background says later does not disturb the prompt and comes with the next step"""
    with Home() as home, at_prompt(home) as t:
        t.line("!(until [ -e go ]; do sleep 0.05; done; echo late-$((40+2)); echo >said) & "
               "touch begun")
        tap.until(lambda: home.there("work/begun"), 10 * run.SLOWER, "the step")
        again_at_prompt(t)
        home.write("work/go", "")
        tap.until(lambda: home.there("work/said"), 10 * run.SLOWER, "the background")
        again_at_prompt(t)
        absent(t.screen(history=True), "late-42", "at the prompt")
        says(t, "/jobs", "the last line: late-42")
        says(t, "!echo now", "came from the background since the last step")
        contains(lines_after(t, "!echo now"), "late-42\n", "with the next step")


@test
def late_notice():
    """what is told of the background while the user is at the prompt stands above it"""
    with Home() as home, at_prompt(home, "--limit-memory", "200M") as t:
        t.line("!(until [ -e go ]; do sleep 0.05; done; exec python3 -c 'x = bytearray(300 << 20); "
               "import time; time.sleep(9)') & touch begun")
        tap.until(lambda: home.there("work/begun"), 10 * run.SLOWER, "the step")
        again_at_prompt(t)
        t.type("half")
        t.wait_for("^> half$")
        home.write("work/go", "")
        t.wait_for("^sunaba: .*the limit of memory was hit")
        t.wait_for("^> half$", history=False)


@test
def late_output_to_the_model():
    """the model gets it with its next step"""
    first = "(until [ -e go ]; do sleep 0.05; done; echo late-42; echo >said) & true"
    with Home() as home:
        def release(_):
            home.write("work/go", "")
            tap.until(lambda: home.there("work/said"), 10 * run.SLOWER, "the background")
        with Server(srv.run(first), srv.then(release, srv.run("echo now")),
                    srv.text("The end.")) as s:
            exits(task(home, s, "go", "-y", *run.trusted()), 0)
            second = s.chats()[-1].messages("tool")[1]["content"]
    # whether it came before the step or in its first moment, and so with a note or not
    contains(second, "\nlate-42\nnow\n", "the output")


@test
def late_output_is_named():
    """what came before a step is told apart from the step's own output, once"""
    # said is made at one stroke: touch would change it once more, in the next step
    late = "(until [ -e go ]; do sleep 0.02; done; echo late-42; echo >said) & true"
    # another language's step: when it has ended, the late words are with the agent
    other = ("import os, time\nopen('go', 'w').close()\n"
             "while not os.path.exists('said'): time.sleep(0.01)\n1")
    with Home() as home:
        got, _ = steps.play(home, steps.turn(late), steps.turn(other, "python"),
                            steps.turn("echo own"), steps.turn("echo more"))
    contains(got[2].text, "\nthe first 8 bytes of output came from the background since the last "
             "step\nlate-42\nown\n", "the next step")
    equal(got[3].text.split("]\n", 1)[1], "more\n", "the one behind it")


@test
def restart_and_reset():
    """/restart and /reset say what is lost"""
    with Home() as home, at_prompt(home) as t:
        says(t, "/restart", "all interpreters: nothing was running, nothing is lost")
        says(t, "/restart python", "python: nothing was running")
        says(t, "/restart cobol", "there is no language 'cobol'")
        t.line("!sleep 4712 & a=1")
        tap.until(lambda: alive("sleep 4712"), 10 * run.SLOWER, "the background")
        again_at_prompt(t)
        says(t, "/restart bash", "ended: shell (with 1 background process); variables")
        tap.until(lambda: not alive("sleep 4712"), 5 * run.SLOWER, "its end")
        says(t, '!echo "[$a]"', "[]")
        says(t, "Hello?", "Hello.")
        again_at_prompt(t)
        says(t, "/reset", "the conversation is forgotten: 3 messages")
        contains(t.screen(history=True), "ended: shell; variables", "the interpreter")


@test
def environment():
    """/env shows what code gets, and no secret of ours"""
    with Home() as home, at_prompt(home) as t:
        t.line("!export MADE_HERE=$'a\\e[31mb'")
        again_at_prompt(t)
        says(t, "/env", "MADE_HERE=ab")
        shown = lines_after(t, "/env")
        contains(shown, "PATH=", "PATH")
        contains(shown, "TMPDIR=", "TMPDIR")
        absent(shown, "XDG_STATE_HOME", "ours")


if __name__ == "__main__":
    tap.main()
