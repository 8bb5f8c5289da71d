#!/usr/bin/env python3
"""What ends a task that would go on, and what a script gets when nothing came of it."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import SLOWER, Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import contains, equal, test  # noqa: E402


def within(done, seconds):
    if done.seconds > seconds * SLOWER:
        raise AssertionError(f"took {done.seconds:.1f} s, not {seconds}")


@test
def time_ends_a_step():
    """--max-time ends a step that is running: code 6, also one that ignores Ctrl-C"""
    for code in ("sleep 60", "trap '' INT; sleep 60; sleep 60"):
        with Home() as home:
            script = home.script({"run": {"language": "shell", "code": code}}, {"say": "done"})
            done = sunaba(home, "-m", script, "-y", "--max-time", "300ms", "go")
            exits(done, 6)
            contains(done.err, "time for a task (0.3 s)", "the reason")
            within(done, 8)


@test
def time_ends_a_stream():
    """--max-time ends an answer that goes on, and a server that says nothing: code 6"""
    with Home() as home:
        script = home.script({"say": "word " * 2000, "chunk": 5, "delay_ms": 20})
        done = sunaba(home, "-m", script, "--max-time", "300ms", "go")
        exits(done, 6)
        contains(done.out, "word", "what came before")
        within(done, 5)
    with Home() as home, Server(forever=srv.stall()) as s:
        done = task(home, s, "hello", "--max-time", "300ms")
        exits(done, 6)
        within(done, 5)


@test
def never_is_said_a_few_times_only():
    """--approve never: a model that calls all the same is not asked for ever"""
    with Home() as home, Server(forever=srv.run("echo one")) as s:
        exits(task(home, s, "hello", "--approve", "never"), 3)
        if len(s.chats()) > 6:
            raise AssertionError(f"{len(s.chats())} requests")


@test
def an_empty_stream_is_asked_for_three_times():
    """an empty 200 is asked for three times, not three times three"""
    with Home() as home, Server(forever=srv.cut(fin=True)) as s:
        exits(task(home, s, "hello"), 3)
        equal(len(s.chats()), 3, "requests")


@test
def too_many_calls_are_the_models_fault():
    """a reply past a bound: code 3, asked for once"""
    def reply(exchange):
        exchange.begin()
        exchange.text("words first")
        for i in range(70):
            exchange.call(i, "execute", {"language": "shell", "code": "true"})
        exchange.end(calls=True)
    with Home() as home, Server(forever=reply) as s:
        done = task(home, s, "hello", "-y")
        exits(done, 3)
        equal(len(s.chats()), 1, "requests")


@test
def no_words_are_no_answer():
    """a reply without a word: code 3 and a reason; behind steps a warning"""
    for turn in ({"say": ""}, {"think": "hm"}, {"say": " \n\n"}):
        with Home() as home:
            done = sunaba(home, "-m", home.script(turn), "go")
            exits(done, 3)
            contains(done.err, "reply is empty")
    with Home() as home:
        script = home.script({"run": {"language": "shell", "code": "true"}}, {"say": ""})
        done = sunaba(home, "-m", script, "-y", "go")
        exits(done, 0)
        contains(done.err, "without an answer")


@test
def quiet_is_quiet():
    """-q: the last reply and nothing else, also from a model without tools"""
    for fence in (False, True):
        with Home() as home:
            script = home.script({"say": "First.", "fence": fence,
                                  "run": {"language": "shell", "code": "echo hi; exit 3"}},
                                 {"say": "Last.\n\n```\nexample\n```\n"})
            done = sunaba(home, "-m", script, "-y", "-q", "go")
            exits(done, 0)
            equal(done.out, "Last.\n\n```\nexample\n```\n")
            equal(done.err, "")


@test
def output_file_is_tried_first():
    """-o FILE that cannot be written: code 2 before the model is asked"""
    with Home() as home:
        script = home.script({"say": "hello"})
        for path in (home.path("nowhere", "x"), home.path()):
            done = sunaba(home, "-m", script, "-o", path, "go")
            exits(done, 2)
            contains(done.err, "--output")
            equal(done.out, "")


@test
def output_file_keeps_its_mode():
    """-o FILE: a private file stays private, and the reply ends in one newline"""
    with Home() as home:
        out = home.write("out.txt", "old", 0o600)
        for say in ("hello", "hello\n"):
            exits(sunaba(home, "-m", home.script({"say": say}), "-o", out, "go"), 0)
            equal(home.read("out.txt"), "hello\n")
        equal(stat.S_IMODE(os.stat(out).st_mode), 0o600)


@test
def missing_files_are_configuration():
    """a dialogue or config file that is not there: code 2"""
    with Home() as home:
        exits(sunaba(home, "-m", "script:" + home.path("none.yaml"), "go"), 2)
        exits(sunaba(home, "-m", "demo", "go", env={"SUNABA_CONFIG": home.path("none")}), 2)


tap.main()
