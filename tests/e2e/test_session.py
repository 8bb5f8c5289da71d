#!/usr/bin/env python3
"""Interactive sessions in a real terminal (tmux): prompt, question, answer, keys, the way out."""
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from terminal import Terminal  # noqa: E402
from tmux import PROMPT, Tmux, again_at_prompt  # noqa: E402

QUESTION = r"\[y\]"


def session(home, server=None, words=(), **more):
    """A session against a test server, at its prompt."""
    t = Tmux(home, ["-m", "openai:test", *words] if server else list(words),
             env=server.env if server else {}, **more)
    try:
        t.wait_for(PROMPT)
    except BaseException:
        t.__exit__()
        raise
    return t


def program(t):
    """The agent's process in the pane: the shell's only child."""
    shell = t.tmux("display-message", "-p", "#{pane_pid}").strip()
    with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as f:
        return int(f.read().split()[0])


@test
def whole_conversation():
    """prompt, task, code shown, y runs it, the answer is rendered, /quit leaves with 0"""
    with Home() as home:
        model = home.script({"say": "Let me look.",
                             "run": {"language": "shell", "code": "echo made-by-step > trace"}},
                            {"say": "It is **very bold** now.\n"})
        with session(home, words=["-m", model]) as t:
            t.line("please do it")
            t.wait_for("echo made-by-step > trace")
            t.wait_for(QUESTION)
            equal(home.there("work/trace"), False, "run before the confirmation")
            t.press_until("y", lambda: home.there("work/trace"), "the step")
            t.wait_for("It is very bold now")
            absent(t.screen(history=True), "**", "asterisks")
            if not re.search("\x1b\\[(?:[0-9;]*;)?1(?:;[0-9;]*)?mvery bold", t.screen(styled=True)):
                raise AssertionError(f"not bold: {t.screen(styled=True)!r}")
            again_at_prompt(t)
            t.line("/quit")
            equal(t.exit_code(), 0, "exit code")
            t.restored()


@test
def refused_step():
    """n does not run the step, the model is told, the session goes on"""
    with Home() as home, Server(srv.run("echo > trace"), srv.text("Then not.")) as s, \
            session(home, s) as t:
        t.line("do it")
        t.wait_for(QUESTION)
        t.press_until("n", lambda: len(s.chats()) == 2 or re.match(
            PROMPT, t.screen().rstrip().splitlines()[-1]), "the refusal")
        again_at_prompt(t)
        equal(home.there("work/trace"), False, "the step ran")


@test
def typed_ahead_is_no_yes():
    """keys typed before the question is drawn never answer it"""
    gate = threading.Event()
    with Home() as home, Server(srv.run("echo > trace", before="One moment.\n\n", gate=gate),
                                forever=srv.text("Then not.")) as s, session(home, s) as t:
        t.line("do it")
        t.wait_for("One moment")
        t.type("y\ny\nyes\n")
        gate.set()
        t.wait_for(QUESTION)
        t.press_until("n", lambda: not re.search(QUESTION, t.screen().rstrip().splitlines()[-1]),
                      "the refusal")
        equal(home.there("work/trace"), False, "the step ran")


@test
def interrupted_stream():
    """Ctrl-C while the answer streams: back at the prompt, the text so far kept for the model"""
    with Home() as home, Server(srv.stall("This is so far\n\n"), srv.text("Second answer.")) as s, \
            session(home, s) as t:
        t.line("first task")
        t.wait_for("This is so far")
        t.keys("C-c")
        again_at_prompt(t)
        t.line("second task")
        t.wait_for("Second answer")
        words = s.chats()[1].words("user")
        contains(words, "first task", "the conversation")
        contains(words, "second task", "the conversation")
        again_at_prompt(t)
        t.keys("C-d")
        equal(t.exit_code(), 0, "exit code")
        t.restored()


@test
def interrupted_before_headers():
    """Ctrl-C while the server is silent: back at the prompt"""
    with Home() as home, Server(srv.stall(headers=False)) as s, session(home, s) as t:
        t.line("task")
        s.wait_requests(1)
        t.keys("C-c")
        again_at_prompt(t)


@test
def interrupted_step():
    """Ctrl-C during a step: back at the prompt, the step's children dead, the session usable"""
    with Home() as home, Server(srv.run("sleep 301 & echo > begun; sleep 302"),
                                forever=srv.text("Next.")) as s, \
            session(home, s, words=["-y"]) as t:
        t.line("task")
        tap.until(lambda: home.there("work/begun"), 20 * run.SLOWER, "the step")
        t.keys("C-c")
        again_at_prompt(t)
        tap.until(lambda: not [p for p in run.descendants() if "sleep 302" in run.command(p)],
                  2 * run.SLOWER, "the step's own process dead")
        t.line("another")
        t.wait_for("Next")


@test
def interrupted_question():
    """Ctrl-C at the question: nothing is run, back at the prompt"""
    with Home() as home, Server(srv.run("echo > trace")) as s, session(home, s) as t:
        t.line("task")
        t.wait_for(QUESTION)
        t.press_until("C-c", lambda: re.match(PROMPT, t.screen().rstrip().splitlines()[-1]),
                      "the prompt")
        equal(home.there("work/trace"), False, "the step ran")


@test
def help_in_the_session():
    """/help lists the commands, an unknown one names the nearest"""
    with Home() as home, Server() as s, session(home, s) as t:
        t.line("/help")
        text = t.wait_for("/quit")
        contains(text, "/undo", "commands")
        t.line("/hlep")
        t.wait_for("did you mean '/help'")
        again_at_prompt(t)
        t.line("/quit")
        equal(t.exit_code(), 0, "exit code")


@test
def control_d():
    """Ctrl-D at an empty prompt leaves with 0 and an untouched terminal"""
    with Home() as home, Server() as s, session(home, s) as t:
        t.keys("C-d")
        equal(t.exit_code(), 0, "exit code")
        t.restored()


@test
def control_c_at_the_prompt():
    """Ctrl-C at the prompt clears the line and stays; the line is not sent"""
    with Home() as home, Server(srv.text("Heard.")) as s, session(home, s) as t:
        t.type("never mind")
        t.wait_for("never mind")
        t.keys("C-c")
        again_at_prompt(t)
        t.line("this one")
        t.wait_for("Heard")
        absent(s.chats()[0].words("user"), "never mind", "what was cleared")


@test
def control_c_twice():
    """Ctrl-C twice at an empty prompt leaves with 130 and an untouched terminal"""
    with Home() as home, Server() as s, session(home, s) as t:
        for _ in range(20):  # until two come within a second, which is a promise about time
            prompts = t.screen().count(">")
            t.keys("C-c")
            tap.until(lambda n=prompts: home.there("code") or t.screen().count(">") > n,
                      what="what the key did")
            if home.there("code"):
                break
        equal(t.exit_code(), 130, "exit code")
        t.restored()


@test
def stopped_and_continued():
    """Ctrl-Z gives the shell its terminal back, fg brings the session back at its prompt"""
    with Home() as home, Server(forever=srv.text("Heard you.")) as s, session(home, s) as t:
        before = home.read("stty-before")
        t.tmux("respawn-pane", "-k", "exec bash --norc --noprofile -i")
        t.line(f"cd {home.work}; PS1='shell# '; clear")
        t.wait_for("^shell#", history=False)
        t.line(f"{run.SUNABA} -m openai:test")
        t.wait_for(PROMPT)
        t.keys("C-z")
        t.wait_for("Stopped")
        t.line(f"stty -a > {home.path('stty-stopped')}; echo kept")
        t.wait_for("^kept$")
        equal(home.read("stty-stopped"), before, "stty -a while stopped")
        t.line("fg")
        again_at_prompt(t)
        t.line("hello")
        t.wait_for("Heard you")
        again_at_prompt(t)


@test
def quit_key():
    """Ctrl-\\ while the model is silent ends the program behind a restored terminal"""
    with Home() as home, Server(srv.stall("Thinking aloud.\n\n")) as s, \
            Terminal(home, "-m", "openai:test", "go", env=s.env) as t:
        t.wait_for("Thinking aloud")
        t.send("\x1c")
        equal(t.wait(5).code, -signal.SIGQUIT, "exit code")
        equal(t.after, t.before, "terminal modes")
        run.all_gone(2)


@test
def typed_code_block():
    """a code block may be typed line by line; it is run when it is closed"""
    with Home() as home, Server() as s, session(home, s) as t:
        t.line("```python")
        for line in ("x = 6", "x * 7", "```"):
            t.answer(line)
        t.wait_for("^\\W*42$")
        equal(len(s.chats()), 0, "requests")


@test
def pasted_lines():
    """a paste of 2,000 lines becomes one message, sent by Enter and not before"""
    with Home() as home, Server(forever=srv.text("Read.")) as s, session(home, s) as t:
        body = "".join(f"line {i}\n" for i in range(2000))
        home.write("paste", body)
        t.tmux("load-buffer", home.path("paste"))
        t.tmux("paste-buffer", "-p")
        t.wait_for("line 1999")
        equal(len(s.chats()), 0, "requests before Enter")
        t.press_until("Enter", s.chats, "the request")  # right behind a paste it is a newline
        t.wait_for("Read")
        equal(s.chats()[0].words("user").strip(), body.strip(), "the message")


@test
def shell_line():
    """a line with ! runs in the session's own jail without a model"""
    with Home() as home, Server() as s, session(home, s) as t:
        home.write("work/here.txt", "x")
        t.line("!ls; echo $((40+2))")
        t.wait_for("here.txt")
        t.wait_for("^\\W*42$")
        equal(len(s.chats()), 0, "requests")


@test
def japanese_line():
    """a Japanese line reaches the model and its answer the screen"""
    with Home() as home, Server(srv.text("**砂場**は安全です。")) as s, session(home, s) as t:
        t.line("砂場とは何ですか?")
        t.wait_for("砂場は安全です。")
        contains(s.chats()[0].words("user"), "砂場とは何ですか?", "the task")


@test
def terminated():
    """SIGTERM at the prompt and during an answer: 143, the terminal restored"""
    for busy in (False, True):
        with Home() as home, Server(srv.stall("so far\n\n")) as s, session(home, s) as t:
            if busy:
                t.line("task")
                t.wait_for("so far")
            os.kill(program(t), signal.SIGTERM)
            equal(t.exit_code(), 143, "exit code")
            t.restored()


@test
def hung_up():
    """the terminal goes away: the program and its jail end by themselves"""
    with Home() as home, Server(srv.run("echo > begun; sleep 300")) as s, \
            session(home, s, words=["-y"]) as t:
        t.line("task")
        tap.until(lambda: home.there("work/begun"), 20 * run.SLOWER, "the step")
        t.tmux("kill-server", check=False)
        run.all_gone(3)


@test
def state_stays_between_tasks():
    """the interpreter keeps its state from one task of a session to the next"""
    with Home() as home, Server(srv.run("x=kept"), srv.text("Task one done."),
                                srv.run("echo $x > trace"), srv.text("Task two done.")) as s, \
            session(home, s, words=["-y", *run.trusted()]) as t:
        t.line("one")
        t.wait_for("Task one done")
        again_at_prompt(t)
        t.line("two")
        t.wait_for("Task two done")
        equal(home.read("work/trace"), "kept\n", "the variable")


@test
def japanese_without_its_locale():
    """a locale that is named but not installed: what is typed arrives, and can be edited"""
    with Home() as home, Server(srv.text("Fine.")) as s, \
            Tmux(home, ["-m", "openai:test"], env={**s.env, "LC_ALL": "ja_JP.UTF-8"}) as t:
        t.wait_for(PROMPT)
        t.type("日本語の質")
        t.wait_for("日本語の質")
        t.keys("BSpace")
        t.answer("問い")
        t.wait_for("Fine")
        equal(s.chats()[0].words("user"), "日本語の問い", "the task")


@test
def japanese_in_other_locales():
    """LC_ALL=C, or one of another encoding: what is typed arrives all the same"""
    for locale in ("C", "POSIX", "ja_JP.EUC-JP"):
        with Home() as home, Server(srv.text("Fine.")) as s, \
                Tmux(home, ["-m", "openai:test"], env={**s.env, "LC_ALL": locale}) as t:
            t.wait_for(PROMPT)  # tmux shows a client in such a locale no Japanese
            t.type("日本語の質")
            t.keys("BSpace")
            t.answer("問い")
            t.wait_for("Fine")
            equal(s.chats()[0].words("user"), "日本語の問い", f"the task with {locale}")


@test
def edit_shows_own_words_only():
    """/edit after a command of the user's own: his words; the model gets the output all the same"""
    with Home() as home, Server(srv.text("First."), srv.text("Second.")) as s, \
            session(home, s) as t:
        t.line("!echo made-aside")
        t.wait_for("^│ made-aside")
        again_at_prompt(t)
        t.line("look at it")
        t.wait_for("First")
        again_at_prompt(t)
        t.line("/edit")
        t.wait_for("^> /edit\n+> look at it$")
        t.answer(" twice")
        t.wait_for("Second")
        said = s.chats()[1].words("user")
        contains(said, "made-aside", "the output")
        contains(said, "look at it twice", "the words")
        equal(said.count("look at it"), 1)


@test
def words_too_many():
    """a command that takes no words refuses them: nothing is lost silently"""
    with Home() as home, Server(srv.text("x")) as s, session(home, s) as t:
        t.line("/tokens now")
        t.wait_for("^.*/tokens takes no words")


@test
def completed_argument():
    """/approve with the blank that completion leaves behind it"""
    with Home() as home, Server(srv.text("x")) as s, session(home, s) as t:
        t.line("/approve auto ")
        t.wait_for("^steps: auto")


@test
def each_heading_once():
    """a long answer: each heading stands exactly once in the scrollback"""
    text = "".join(f"## Heading {i} end\n\nSome words of paragraph {i}, long enough to be"
                   f" wrapped at eighty columns, more or less.\n\n" for i in range(100))
    with Home() as home, Server(srv.text(*[text[i:i + 40] for i in range(0, len(text), 40)],
                                         "LAST\n")) as s, session(home, s) as t:
        t.line("write")
        t.wait_for("^LAST", 20)
        again_at_prompt(t)
        screen = t.screen(history=True)
        wrong = [i for i in range(100) if screen.count(f"Heading {i} end") != 1]
        equal(wrong, [], "headings not there exactly once")


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
