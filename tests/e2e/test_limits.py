#!/usr/bin/env python3
"""Limits, at them and beyond: governors of a task, sizes of what a server sends, limits that the
shell has put on the program itself. A limit that was hit is named, with its own exit code."""
import json
import os
import resource
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, error_lines, exits, start, task  # noqa: E402
from server import Server  # noqa: E402
from tap import contains, equal, test  # noqa: E402

ANSWER_MAX = 16 << 20  # bytes of one answer


def timed_out(reply, seconds=4.0):
    """A run with --max-time 1 ends with 6 in good time, and nothing is left of it."""
    with Home() as home, Server(reply, srv.text("end")) as s:
        done = task(home, s, "go", "-y", "--max-time", "1", seconds=20)
        exits(done, 6)
        contains(done.err, "--max-time", "the option that sets it")
        if done.seconds > seconds * run.SLOWER:
            raise AssertionError(f"took {done.seconds:.1f} s")
        run.all_gone(2)


@test
def memory_is_told_once():
    """the limit of memory that a step hit is named once"""
    with Home() as home, Server(srv.run("x = 'a' * 400000000", "python"), srv.text("end")) as s:
        done = task(home, s, "go", "-y", "--limit-memory", "200M")
        exits(done, 0)
        result = s.chats()[-1].messages("tool")[0]["content"]
    equal((result + done.err).count("limit of memory was hit (200 MiB)"), 2, "words")
    equal((result + done.err).count("limit of memory"), 2, "words")


@test
def max_time_between_steps():
    """--max-time ends a task between its steps: exit 6, the option named"""
    timed_out(srv.run("sleep 1.1"))


@test
def max_time_in_a_step():
    """--max-time ends a task in the middle of a long step"""
    timed_out(srv.run("sleep 60"))


@test
def max_time_while_the_server_is_silent():
    """--max-time ends a task that waits for a silent server"""
    timed_out(srv.stall("so far "))


@test
def max_steps():
    """--max-steps: exactly so many steps run, then exit 6"""
    with Home() as home, Server(forever=srv.run("echo >> trace; date +%N")) as s:
        done = task(home, s, "go", "-y", "--max-steps", "3", *run.trusted())
        exits(done, 6)
        contains(done.err, "--max-steps", "the option that sets it")
        equal(home.read("work/trace"), "\n" * 3, "steps run")


@test
def answer_behind_the_last_step():
    """--max-steps: a model that answers behind the last step allowed has done its task"""
    with Home() as home, Server(srv.run("echo x"), srv.text("that was x")) as s:
        done = task(home, s, "go", "-y", "--max-steps", "1", *run.trusted())
        exits(done, 0)
        contains(done.out, "that was x", "the answer")


@test
def step_timeout():
    """--step-timeout ends a step that ignores SIGINT; the task goes on and the model is told"""
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    with Home() as home, Server(srv.run(code, "python"), srv.text("end")) as s:
        done = task(home, s, "go", "-y", "--step-timeout", "1", seconds=20)
        exits(done, 0)
        contains(s.chats()[1].words("tool"), "time limit", "the result")


@test
def temporary_files_in_their_step():
    """full temporary files are named in the result of the step that met them, each time"""
    fill = srv.run("head -c 3000000 /dev/zero > /tmp/x")
    with Home() as home, Server(fill, srv.run("rm /tmp/x; sleep .2"), fill, srv.text("end")) as s:
        done = task(home, s, "go", "-y", "--limit-tmp-size", "1M")
        exits(done, 0)
        named = ["limit of temporary files was hit" in chat.words("tool").rpartition("[exit")[2]
                 for chat in s.chats()[1:]]
        equal(named, [True, False, True])


def endless(piece):
    """A reply that sends the piece again and again until nobody listens."""
    def reply(exchange):
        exchange.begin()
        try:
            while not exchange.server.over.is_set():
                exchange.text(piece)
        except OSError:
            pass
    return reply


@test
def answer_without_end():
    """an answer without an end is stopped at a limit, is not asked for again, not said twice"""
    with Home() as home, Server(forever=endless("all work and no play " * 500 + "\n")) as s:
        done = task(home, s, "go", seconds=60)
        exits(done, 3)
        equal(len(s.chats()), 1, "requests")
        if len(done.out_bytes) > ANSWER_MAX + 65536:
            raise AssertionError(f"{len(done.out_bytes)} bytes of answer")


@test
def line_of_the_stream_without_end():
    """an event without an end is the server's failure: exit 3, memory bounded"""
    def reply(exchange):
        exchange.begin()
        try:
            exchange.chunk(b"data: ")
            while not exchange.server.over.is_set():
                exchange.chunk(b"x" * 65536)
        except OSError:
            pass
    with Home() as home, Server(forever=reply) as s:
        done = task(home, s, "go", seconds=60)
        exits(done, 3)
        error_lines(done, 4)


@test
def code_too_long():
    """code beyond its limit is not run; the model is told, the run does not break"""
    with Home() as home, Server(srv.run(": " + "a" * 1_000_000 + "\necho > trace"),
                                srv.text("I will split it.\n")) as s:
        done = task(home, s, "go", "-y", "--context", "2000000", seconds=60)
        exits(done, 0)
        equal(home.there("work/trace"), False, "the step ran")
        contains(s.chats()[1].words("tool"), "Not run", "the result")


@test
def code_beyond_the_window():
    """code that is refused and larger than the window: it is sent on shortened, the task goes on"""
    def broken(exchange):
        exchange.begin()
        exchange.call_head(0, "execute")
        exchange.call_part(0, '{"language": "shell", "code": ["' + "b" * 1_000_000)
        exchange.end(calls=True)
    for reply in (srv.run(": " + "a" * 1_000_000 + "\necho > trace"), broken):
        with Home() as home, Server(reply, srv.run("echo > small"), srv.text("Done.")) as s:
            done = task(home, s, "go", "-y", "--context", "32768", seconds=60)
            exits(done, 0)
            equal(home.there("work/trace"), False, "the large step ran")
            equal(home.there("work/small"), True, "the small step ran")
            contains(s.chats()[1].words("tool"), "Not run", "the result")
            args = s.chats()[1].messages("assistant")[0]["tool_calls"][0]["function"]["arguments"]
            contains(args, "bytes dropped", "the call as it is sent on")
            json.loads(args)
            if len(s.chats()[1].body) > 20000:
                raise AssertionError(f"{len(s.chats()[1].body)} bytes of a request")


@test
def file_size_limit():
    """under `ulimit -f` a session file that cannot grow is an error of one line, not a signal"""
    with Home() as home, Server(srv.run("echo hello; seq 1 3000"), srv.text("x" * 9000)) as s:
        done = start(home, s, "go", "-y", preexec=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (3000, 3000))).wait(15)
        exits(done, 1)
        contains(done.err, "session file", "what failed")
        run.all_gone(2)


@test
def few_descriptors():
    """under `ulimit -n 12`: it works or a clear error says why not; nothing is left"""
    with Home() as home, Server(srv.run("echo hello"), srv.text("end")) as s:
        done = start(home, s, "go", "-y", preexec=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (12, 12))).wait(15)
        exits(done, (0, 1, 4))
        if done.code:
            error_lines(done, 2)
        run.all_gone(2)


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
