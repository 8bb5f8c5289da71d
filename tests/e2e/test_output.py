#!/usr/bin/env python3
"""What a step leaves behind, told to model and user: the rest of a long output, page by page, the
files it changed, what its output is when it is no text."""
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from terminal import Terminal, only_allowed, without_escapes  # noqa: E402

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + bytes(range(256)) * 16


def results(request):
    return [m["content"] for m in request.messages("tool")]


def page(**args):
    """A call of the tool `output`."""
    def reply(exchange):
        exchange.begin()
        exchange.call(0, "output", args)
        exchange.end(calls=True)
    return reply


def play(*replies, options=(), prepare=None, model="openai:test"):
    """Runs the replies and an answer; the last request and the finished program."""
    with Home() as home, Server(*replies, srv.text("The end.")) as s:
        if prepare:
            prepare(home)
        done = run.sunaba(home, "-m", model, "-y", *run.trusted(), *options, "go", env=s.env)
        exits(done, 0)
        return s.chats()[-1], done


def pages_of(model):
    asked, done = play(srv.run("seq 1 200000"), page(step=1, **{"from": 100000}, lines=3),
                       page(step=1, **{"from": -2}), page(step=7), page(step="1", lines=1),
                       page(), model=model)
    got = results(asked)
    contains(got[0], 'call output {"step": 1,', "how to go on")
    contains(got[1], "lines 100000 to 100002 of 200000", "facts")
    contains(got[1], "]\n100000\n100001\n100002\n", "lines")
    contains(got[2], "]\n199999\n200000\n", "the end")
    contains(got[3], "no output of a step 7", "unknown step")
    contains(got[4], "lines 1 to 1 of", "a number as a string")
    contains(got[5], "'step' must be given", "no step")
    contains(done.err, "the model reads the output of step 1 from line 100000", "the user is told")
    return asked


@test
def pages_openai():
    """`output` reads on in a long output, without a question (OpenAI's wire)"""
    asked = pages_of("openai:test")
    equal([t["function"]["name"] for t in asked.json["tools"]], ["execute", "output"], "tools")


@test
def pages_ollama():
    """the same on Ollama's wire"""
    asked = pages_of("ollama:test")
    equal([t["function"]["name"] for t in asked.json["tools"]], ["execute", "output"], "tools")
    equal([m["tool_name"] for m in asked.json["messages"] if m["role"] == "tool"][:2],
          ["execute", "output"], "names of the results")


@test
def without_tools():
    """a model without tools is not told of one"""
    with Home() as home, Server(srv.text("```shell\nseq 1 200000\n```\n"), srv.text("The end."),
                                capabilities=("completion",)) as s:
        exits(run.sunaba(home, "-m", "ollama:test", "-y", "go", env=s.env), 0)
        said = json.dumps(s.chats()[-1].json)
    contains(said, "left out", "the cut")
    absent(said, "call output", "a tool that it has not")


@test
def bytes_left_out():
    """of bytes that are no text no more are left out than came"""
    asked, _ = play(srv.run("echo begin; head -c 600000 /dev/zero | tr '\\0' '\\377'"))
    total, left = map(int, re.search(r"(\d+) bytes of output, (\d+) left out",
                                     results(asked)[0]).groups())
    equal(total, 600006, "bytes")
    if not 580000 < left < total:
        raise AssertionError(f"{left} of {total} left out")


@test
def paging_in_circles():
    """the same page again and again ends the task"""
    with Home() as home, Server(srv.run("seq 1 9"), forever=page(step=1)) as s:
        done = task(home, s, "go", "-y", *run.trusted())
    equal(done.code != 0, True, "ended")
    contains(done.err, "times with the same output", "why")


@test
def files_of_steps():
    """created, changed and deleted files go to user and model; pictures are named"""
    def prepare(home):
        for name in ("old.txt", "gone", "same"):
            home.write(f"work/{name}", "x")
        with open(home.path("work/.plot"), "wb") as f:
            f.write(PNG)
    asked, done = play(srv.run("echo more >> old.txt; rm gone; cp .plot plot.png; touch '表.csv'\n"
                               "mkdir d; touch d/a $'d/b\\n\\e[31m'"),
                       srv.run("cat same"), prepare=prepare)
    first, second = results(asked)
    want = "files: +d/a +d/b\\u{a}\\u{1b}[31m -gone ~old.txt +plot.png +表.csv"
    contains(first, want, "to the model")
    contains(first, "picture: plot.png 640x480", "the picture")
    absent(second, "files:", "nothing was changed")
    contains(done.err, want, "to the user")
    contains(done.err, "picture: plot.png 640x480", "the picture, to the user")


@test
def files_staged():
    """with --staged the files of the layer are told the same way"""
    asked, _ = play(srv.run("echo 1 > new; echo 2 >> old; rm gone"), options=["--staged=discard"],
                    prepare=lambda home: [home.write(f"work/{n}", "x") for n in ("old", "gone")])
    contains(results(asked)[0], "files: -gone +new ~old", "to the model")


@test
def files_too_many():
    """a workspace too large to be walked: a note, once"""
    def prepare(home):
        for n in range(20100):
            open(home.path(f"work/f{n}"), "w", encoding="ascii").close()
    asked, _ = play(*[srv.run(f"touch a{n}") for n in range(5)], prepare=prepare)
    got = "".join(results(asked))
    equal(len(re.findall("the workspace (holds too many files|is too slow) to tell", got)), 1,
          "notes")
    absent(got, "files: ", "a list")


@test
def binary_output():
    """binary output is described, to the model and to the user"""
    def prepare(home):
        with open(home.path("work/plot.png"), "wb") as f:
            f.write(PNG)
    asked, done = play(srv.run("cat plot.png"), srv.run("head -c 5000 /dev/urandom; echo; echo behind; echo 後"),
                       srv.run("echo words"), page(step=1), prepare=prepare)
    png, data, words, again = results(asked)
    what = f"[binary output: {len(PNG) / 1000:.1f} KB, PNG image 640x480]"
    contains(png, what, "the picture")
    equal(len(png) < 300, True, "nothing else")
    contains(data, "[binary output: 5.0 KB, data]\nbehind\n後\n", "noise")
    contains(words, "]\nwords\n", "text")
    contains(again, "is no text", "its pages")
    contains(done.err, what, "to the user")
    contains(done.err, "[binary output: 5.0 KB, data]", "noise, to the user")
    equal("\ufffd" in done.err, False, "garbage on the screen")


@test
def binary_behind_text():
    """lines of text before binary output are shown, whether it came at once or later"""
    def prepare(home):
        with open(home.path("work/plot.png"), "wb") as f:
            f.write(PNG)
    asked, done = play(srv.run("printf '\\e[31m見出し\\e[0m\\n'; cat plot.png"),
                       srv.run("echo 見出し2; sleep 0.05; cat plot.png; echo; echo 終わり"),
                       prepare=prepare)
    at_once, later = results(asked)
    what = f"[binary output: {len(PNG) / 1000:.1f} KB, PNG image 640x480]\n"
    contains(at_once, "]\n見出し\n" + what, "at once")
    contains(later, "]\n見出し2\n[binary output", "later")
    contains(later, "]\n終わり\n", "text behind it")
    for word in ("見出し", "見出し2", "終わり"):
        equal(len(re.findall(f"^│ {word}$", done.err, re.M)), 1, f"{word} on the screen")
    equal(done.err.count("│ [binary output: "), 2, "what it is, on the screen")
    equal("\ufffd" in done.err, False, "garbage on the screen")


@test
def colours_and_progress():
    """the user sees colours and a line that is not ended; the model gets neither"""
    code = "printf '\\e[31m赤い\\e[0m \\e[31;41mhidden\\e[0m\\n'; printf '10%%\\r'; " \
        "printf '\\e[8m50%%'; until [ -e go ]; do :; done; printf '\\r%d%%\\n' $((50+50))"
    with Home() as home, Server(srv.run(code), srv.text("The end.")) as s, \
            Terminal(home, "-m", "openai:test", "-y", "go", env=s.env) as t:
        t.wait_for("running… · 50%")
        absent(without_escapes(t.data), "100%", "too early")
        home.write("work/go", "")
        exits(t.wait(), 0)
        got = results(s.chats()[-1])[0]
    contains(got, "\n赤い hidden\n100%\n", "to the model")
    data = t.data.decode()
    if not re.search("\x1b\\[(?:0;)?31m赤い\x1b\\[m", data):
        raise AssertionError(f"no red: {data!r}")
    if not re.search("\x1b\\[m hidden\r", data):
        raise AssertionError(f"hidden: {data!r}")
    contains(without_escapes(t.data), "│ 100%\n", "the end of the line")
    only_allowed(t.data)


if __name__ == "__main__":
    tap.main()
