#!/usr/bin/env python3
"""What of a conversation goes to the model: the roles take turns on every wire, whatever the
session holds."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import contains, equal, test  # noqa: E402
from terminal import Terminal  # noqa: E402


PROMPT = re.compile(rb"\x1b\[\?2004h\S*> ?\S* ")


def roles(request):
    return [m["role"] for m in request.messages()]


def say(t, line, at=0):
    """Types a line at the next prompt behind `at`; returns the place behind the prompt."""
    at = t.wait_for(PROMPT, after=at)
    t.send(line + "\r")
    return at


def ollama(home, server, *words, **more):
    return sunaba(home, "-m", "ollama:test", *words, env=server.env, **more)


# ---- roles take turns: strict chat templates refuse two messages of one role in a row ----------

@test
def data_and_task_are_one_message():
    """piped data and the task go out as one message of the user, a blank line between"""
    for ask in (task, ollama):
        with Home() as home, Server(srv.text("ok")) as s:
            exits(ask(home, s, "COUNT", data=b"alpha\nbeta"), 0)
            equal(roles(s.chats()[0]), ["system", "user"], "roles")
            words = s.chats()[0].words("user")
            contains(words, "\nalpha\nbeta\n[/data ", "data")
            contains(words, "]\n\nCOUNT", "task")


@test
def results_and_words_are_one_message():
    """a model without tools: a step's result and the next message take their turns"""
    with Home() as home, Server(srv.text("```shell\necho one\n```\n"), srv.text("Done."),
                                capabilities=["completion"]) as s:
        exits(ollama(home, s, "-y", "look"), 0)
        equal(roles(s.chats()[0]), ["system", "user"], "roles of the first")
        equal(roles(s.chats()[1]), ["system", "user", "assistant", "user"], "of the second")


@test
def message_after_a_failed_one():
    """a task that failed and the next message go out as one"""
    for model in ("openai:test", "ollama:test"):
        with Home() as home, Server(srv.error(400, "no good"), srv.text("It works now.")) as s, \
                Terminal(home, "-m", model, env=s.env) as t:
            at = t.wait_for("no good", after=say(t, "first words"))
            at = t.wait_for("works now", after=say(t, "second words", at))
            equal(roles(s.chats()[1]), ["system", "user"], f"roles for {model}")
            contains(s.chats()[1].words("user"), "first words\n\nsecond words", "the message")
            say(t, "/quit", at)
            equal(t.wait().code, 0, "exit code")


# ---- the facts are those of now ----------------------------------------------------------------

@test
def approve_changes_the_facts():
    """/approve: the system message says at once whether code is run and asked about"""
    with Home() as home, Server(forever=srv.text("Here.")) as s, \
            Terminal(home, "-m", "openai:test", env=s.env) as t:
        at = 0
        for number, mode in enumerate(("ask", "never", "auto")):
            at = t.wait_for(f"steps: {mode}", after=say(t, f"/approve {mode}", at))
            at = t.wait_for("Here.", after=say(t, "hello", at))
            request = s.wait_requests(number + 1)[number]
            facts = request.words("system")
            equal("switched off" in facts, mode == "never", f"{mode}: {facts}")
            equal("may decline" in facts, mode == "ask", f"{mode}: {facts}")
            equal("tools" in request.json, mode != "never", f"{mode}: tools")
        say(t, "/quit", at)
        equal(t.wait().code, 0, "exit code")


# ---- /save --------------------------------------------------------------------------------------

@test
def save_fences_hold():
    """/save: no text in a result or a call can end its fence"""
    with Home() as home, Server(srv.run("printf '~~~~~~\\n# not a head\\n'"),
                                srv.text("Done.")) as s, \
            Terminal(home, "-m", "openai:test", "-y", env=s.env) as t:
        at = t.wait_for("Done.", after=say(t, "go"))
        at = t.wait_for("saved to", after=say(t, "/save out.md", at))
        say(t, "/quit", at)
        equal(t.wait().code, 0, "exit code")
        text = home.read("work/out.md")
        contains(text, "\n~~~~~~~\n[exit 0", "the fence before")
        contains(text, "~~~~~~\n# not a head\n~~~~~~~\n", "the fence behind")


@test
def save_keeps_a_file():
    """/save: a file that is there is not written over, /save! does"""
    with Home() as home, Terminal(home, "-m", home.script({"say": "Here."})) as t:
        home.write("work/mine.md", "mine\n")
        at = t.wait_for("Here.", after=say(t, "hello"))
        at = t.wait_for("/save!", after=say(t, "/save mine.md", at) + len("/save mine.md"))
        equal(home.read("work/mine.md"), "mine\n", "the file")
        at = t.wait_for("saved to", after=say(t, "/save! mine.md", at))
        contains(home.read("work/mine.md"), "hello", "the file")
        say(t, "/quit", at)
        equal(t.wait().code, 0, "exit code")


tap.main()
