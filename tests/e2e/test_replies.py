#!/usr/bin/env python3
"""Replies that are whole as a stream and still not what the model meant: cut by the output
limit, a block without its end, calls that share an id."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402


def cut_by_limit(code):
    """A call whose arguments the server's output limit ended."""
    def reply(exchange):
        exchange.begin()
        exchange.call_head(0, "execute")
        exchange.call_part(0, '{"language":"shell","code":"' + code)
        exchange.delta({}, "length")
        exchange.chunk(b"data: [DONE]\n\n")
        exchange.raw(b"0\r\n\r\n")
    return reply


def one_id(*codes):
    def reply(exchange):
        exchange.begin()
        for number, code in enumerate(codes):
            exchange.delta({"tool_calls": [{
                "index": number, "id": "same",
                "function": {"name": "execute",
                             "arguments": '{"language":"shell","code":"%s"}' % code}}]})
        exchange.end(calls=True)
    return reply


@test
def output_limit_in_a_call():
    """a call that the output limit cut is not run; the model is told and goes on"""
    with Home() as home, Server(cut_by_limit("touch ran; echo "), srv.text("shorter")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        equal(done.out, "shorter\n", "answer")
        equal(home.there("work/ran"), False, "half a call was run")
        sent = s.chats()[-1].messages()
        equal(sent[-2]["tool_calls"][0]["function"]["arguments"], "{}", "the cut arguments")
        contains(sent[-1]["content"], "output limit", "the model's news")
        contains(done.err, "output limit", "the user's news")


@test
def output_limit_in_words():
    """words that the output limit cut are an answer; nothing is said of a call"""
    def reply(exchange):
        exchange.begin()
        exchange.text("half a sent")
        exchange.delta({}, "length")
        exchange.chunk(b"data: [DONE]\n\n")
        exchange.raw(b"0\r\n\r\n")
    with Home() as home, Server(reply) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        contains(done.err, "output limit", "the user's news")
        absent(done.err, "call", "the user's news")


@test
def every_limit_cut_ends():
    """a model that is cut each time does not go on for ever"""
    with Home() as home, Server(forever=cut_by_limit("echo ")) as s:
        exits(task(home, s, "go", "-y"), 3)
        equal(len(s.chats()), 5, "requests")


@test
def block_without_its_end():
    """without tools: a block whose end is missing is not run; the model is told and goes on"""
    with Home() as home, Server(srv.text("Let me look:\n```sh\ntouch ran\n"),
                                srv.text("```sh\necho closed > ran2\n```\n"), srv.text("end"),
                                capabilities=("completion",)) as s:
        done = sunaba(home, "-m", "ollama:test", "-y", "go", env=s.env)
        exits(done, 0)
        equal(home.there("work/ran"), False, "an open block was run")
        equal(home.read("work/ran2"), "closed\n", "the mended block")
        contains(s.chats()[1].words("user"), "not closed", "the model's news")


@test
def calls_that_share_an_id():
    """two calls under one id: each gets its own result"""
    with Home() as home, Server(one_id("echo first", "echo second"), srv.text("end")) as s:
        exits(task(home, s, "go", "-y"), 0)
        results = [m for m in s.chats()[1].messages("tool")]
        equal(len({m["tool_call_id"] for m in results}), 2, "ids")
        contains(results[0]["content"], "first", "result 1")
        contains(results[1]["content"], "second", "result 2")


@test
def hidden_characters_in_code():
    """code that hides characters does not run unasked, and what it hides is named"""
    with Home() as home, Server(srv.run("echo a\u202eb\u200b > x # \u0430bc.example\nplain  code"),
                                srv.text("end")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 5)
        contains(done.err, "not what it looks like (1 bidirectional, 1 invisible, 1 mixed script)")
        equal(home.there("work/x"), False)


if __name__ == "__main__":
    tap.main()
