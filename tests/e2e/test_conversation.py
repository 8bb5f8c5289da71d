#!/usr/bin/env python3
"""What of a conversation goes to the model: the roles take turns on every wire, whatever the
session holds."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import contains, equal, test  # noqa: E402
from terminal import Terminal  # noqa: E402


def roles(request):
    return [m["role"] for m in request.messages()]


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
            contains(s.chats()[0].words("user"), "alpha\nbeta\n\nCOUNT", "data and task")


@test
def results_and_words_are_one_message():
    """a model without tools: a step's result and the next message take their turns"""
    with Home() as home, Server(srv.text("```shell\necho one\n```\n"), srv.text("Done."),
                                capabilities=["completion"]) as s:
        exits(ollama(home, s, "-y", "look", data=b"alpha"), 0)
        equal(roles(s.chats()[0]), ["system", "user"], "roles of the first")
        equal(roles(s.chats()[1]), ["system", "user", "assistant", "user"], "of the second")


@test
def message_after_a_failed_one():
    """a task that failed and the next message go out as one"""
    for model in ("openai:test", "ollama:test"):
        with Home() as home, Server(srv.error(400, "no good"), srv.text("It works now.")) as s, \
                Terminal(home, "-m", model, env=s.env) as t:
            t.wait_for("/help")
            t.send("first words\r")
            t.wait_for("no good")
            t.send("second words\r")
            t.wait_for("works now")
            equal(roles(s.chats()[1]), ["system", "user"], f"roles for {model}")
            contains(s.chats()[1].words("user"), "first words\n\nsecond words", "the message")
            t.send("/quit\r")
            equal(t.wait().code, 0, "exit code")


tap.main()
