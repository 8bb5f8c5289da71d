#!/usr/bin/env python3
"""Pictures in the terminal: /show, those of steps, each protocol, what terminals answer, and files
that were made to hurt whoever draws them."""
import os
import re
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import pictures  # noqa: E402
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from terminal import Terminal, only_allowed  # noqa: E402
from tmux import Tmux  # noqa: E402

PROMPT = r"^> ?$"
READY = re.compile(rb"\x1b\[1;32m>\x1b\[m ")
KITTY = re.compile(rb"\x1b_Ga=T,f=32,s=(\d+),v=(\d+),c=(\d+),r=(\d+),m=1\x1b\\")
SIXEL = re.compile(rb"\x1bP[0-9;]*q[^\x1b]+\x1b\\")
ITERM = re.compile(rb"\x1b\]1337;File=inline=1;[a-zA-Z0-9=;]*:[A-Za-z0-9+/=]+\x07")
ANY = re.compile(KITTY.pattern + b"|" + SIXEL.pattern + b"|" + ITERM.pattern)
RED_BLUE = re.compile(rb"48;2;2[45]\d;\d;\d+m.*48;2;\d;\d;2[45]\dm")
ASKED = re.compile(rb"\x1b\[c")
COPY = "cp .p.png plot.png"


def drawn(env, *options, reply=None, data=None, code=COPY, **size):
    """What a task writes to a terminal whose step makes a picture."""
    with Home() as home, Server(srv.run(code), srv.text("The end.")) as s:
        pictures.put(home.work, ".p.png", data or pictures.png())
        with Terminal(home, "-m", "openai:test", "-y", *run.trusted(), *options, "go",
                      env={**s.env, **env}, **size) as t:
            if reply:
                asked = t.wait_for(ASKED)
                equal(t.data.count(b"\x1b[c"), 1, "asked once")
                contains(t.data[:asked], b"\x1b_Gi=31,", "kitty's question")
                t.send(reply)
            t.wait()
        equal(t.code, 0, "exit code")
        equal(t.after, t.before, "modes of the terminal")
        return t.data


@test
def protocols_by_name():
    """kitty, iTerm2 and sixel where the environment names the terminal"""
    pictures.need()
    size = KITTY.search(drawn({"TERM": "xterm-kitty"}))
    equal(size and size.groups(), (b"64", b"32", b"8", b"2"), "pixels and cells")
    equal(bool(ITERM.search(drawn({"TERM_PROGRAM": "iTerm.app"}))), True, "iTerm2")
    equal(bool(SIXEL.search(drawn({"TERM": "foot"}))), True, "sixel")


@test
def small_terminals():
    """a terminal of one row or two columns gets a picture of a cell, not the program's end"""
    pictures.need()
    for term in ("xterm-kitty", "foot"):
        for rows, columns in ((1, 80), (1, 1), (24, 2)):
            drawn({"TERM": term}, rows=rows, columns=columns)


@test
def protocols_by_answer():
    """the terminal is asked once, and what it answers is drawn"""
    pictures.need()
    ask = {"SUNABA_PROBE": None, "COLORTERM": "truecolor"}
    data = drawn(ask, reply=b"\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;4c")
    size = KITTY.search(data)
    equal(size and size.groups(), (b"70", b"40", b"7", b"2"), "kitty; cells of 10x20 pixels")
    data = drawn(ask, reply=b"\x1b[?64;1;4;22c")
    equal((bool(SIXEL.search(data)), bool(KITTY.search(data))), (True, False), "sixel")
    data = drawn(ask, reply=b"\x1b_Gi=31;ENOENT\x1b\\\x1b[?62;22c")
    equal((bool(ANY.search(data)), bool(RED_BLUE.search(data))), (False, True), "symbols")


@test
def no_answer():
    """a terminal that does not answer costs 100 ms, once, and what is typed meanwhile is kept"""
    pictures.need()
    with Home() as home, Server(srv.run(COPY), srv.text("Done."), srv.text("Next.")) as s:
        pictures.put(home.work, ".p.png", pictures.png())
        with Terminal(home, "-m", "openai:test", "-y", *run.trusted(),
                      env={**s.env, "SUNABA_PROBE": None}) as t:
            t.wait_for(READY)
            t.send("go\r")
            asked = t.wait_for(ASKED)
            t.send("typed mean")
            t.wait_for("typed mean", after=t.wait_for("Done.", after=asked))
            t.send("while\r")
            t.wait_for(READY, after=t.wait_for("Next.", after=asked))
            equal(t.data.count(b"\x1b[c"), 1, "asked once")
            equal(s.chats()[-1].words("user"), "go\ntyped meanwhile", "what was typed")
            equal(bool(ANY.search(t.data)), False, "symbols")
            t.send("/quit\r")
            t.wait()


@test
def late_answer():
    """an answer that comes when nobody waits any more does not end up in the prompt"""
    pictures.need()
    with Home() as home, Server(srv.text("Next.")) as s:
        pictures.put(home.work, "p.png", pictures.png())
        with Terminal(home, "-m", "openai:test", env={**s.env, "SUNABA_PROBE": None}) as t:
            t.wait_for(READY)
            t.send("/show p.png\r")
            t.wait_for(READY, after=t.wait_for(ASKED))
            t.send(b"a\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22cb")
            t.wait_for("ab", after=t.wait_for(ASKED))
            t.send("\r")
            t.wait_for(READY, after=t.wait_for("Next."))
            equal(s.chats()[-1].words("user"), "ab", "what was typed")
            t.send("/quit\r")
            t.wait()


@test
def symbols_in_colours():
    """symbols: as many colours as the terminal has, none with NO_COLOR, ASCII without Unicode"""
    pictures.need()
    full = drawn({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    equal(bool(RED_BLUE.search(full)), True, "true colour")
    only_allowed(full)
    equal(bool(re.search(rb"48;5;196m", drawn({}))), True, "256 colours")
    equal(bool(re.search(rb"\x1b\[(?:[0-9;]*;)?101m", drawn({"TERM": "xterm"}))), True, "16")
    for env, options in (({"NO_COLOR": "1"}, ()), ({}, ("--plain",)), ({"TERM": "dumb"}, ()),
                         ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, ())):
        row = b"\0" + b"\xff\xff\xff" * 64
        data = drawn(env, *options, data=pictures.png(data=zlib.compress(row * 32)))
        equal(bool(ANY.search(data)), False, f"no pixels with {env} {options}")
        equal(bool(re.search(rb"[34]8;[25]|\x1b\[[0-9;]*4[0-7]m", data)), False, "no colour")
        block = "█".encode() if options == () and env.get("TERM") != "dumb" else b"[!-~]"
        equal(bool(re.search(rb"(?:" + block + rb"){8}\r*\n", data)), True, f"blocks with {env} {options}")
    absent(drawn({"LC_ALL": "C", "LANG": "C"}), "█".encode(), "no Unicode")


@test
def tmux_symbols():
    """in tmux: coloured blocks, named with its size, the prompt below it"""
    pictures.need()
    with Home() as home, Server(srv.text("Hello.")) as s, \
            Tmux(home, ["-m", "openai:test"], env={**s.env, "COLORTERM": "truecolor"}) as t:
        pictures.put(home.work, "赤 と青.png", pictures.png(160, 80))
        t.wait_for(PROMPT)
        t.type("/show 赤")
        t.keys("Tab")
        t.wait_for(r"/show 赤\\ と青\.png")
        t.keys("Enter")
        t.wait_for(r"赤 と青\.png · PNG image 160x80, .*bytes[ \n]*\n> ?$")
        rows = [line for line in t.screen(styled=True).splitlines() if "48;2;" in line]
        equal(len(rows), 5, "rows")
        for row in rows:
            equal(bool(re.search(r"48;2;255;0;0m.*48;2;0;0;255m", row)), True, f"colours {row!r}")
        t.line("/quit")
        equal(t.exit_code(), 0, "exit code")
        t.restored()


def shows(*names, env=None, prepare=None, words=()):
    """What /show says of each, in one session."""
    with Home() as home:
        if prepare:
            prepare(home)
        with Terminal(home, *words, "-m", home.script({"say": "Hi."}),
                      env={"TERM": "xterm-kitty", **(env or {})}, columns=200) as t:
            end, said = t.wait_for(READY), []
            for name in names:
                t.send(f"/show {name}\r")
                start = t.wait_for(re.compile(rb"/show [^\r]*\r?\n"), after=end)
                end = t.wait_for(READY, after=start)
                said.append(t.data[start:end])
            t.send("/quit\r")
            t.wait()
        equal(t.code, 0, "exit code")
        return said


@test
def hostile_pictures():
    """cut, lying, bombs, junk behind, wrong names: said or drawn, never a word of theirs sent on"""
    pictures.need()
    rows = pictures.hostile()

    def prepare(home):
        for name, (data, _) in rows.items():
            pictures.put(home.work, name, data)
    start = time.monotonic()
    for (name, (_, want)), said in zip(rows.items(), shows(*rows, prepare=prepare)):
        absent(said, b"\x1b]0;", name)
        if want is None:
            equal(bool(KITTY.search(said)), True, f"{name} is drawn: {said!r}")
        else:
            contains(said.decode("utf-8", "replace"), want, name)
            equal(bool(KITTY.search(said)), False, f"{name} is not drawn")
    equal(time.monotonic() - start < 20 * run.SLOWER, True, "in bounded time")


@test
def other_files():
    """links out, FIFOs, devices, folders, text, data, empty, absent: each is told plainly"""
    def prepare(home):
        pictures.put(home.work, "good.png", pictures.png())
        os.symlink("/etc/shadow", home.path("work/shadow.png"))
        os.symlink("/etc/passwd", home.path("work/words.txt"))
        os.symlink("/dev/zero", home.path("work/zero.png"))
        os.symlink("good.png", home.path("work/inside.png"))
        os.mkfifo(home.path("work/pipe.png"))
        os.mkdir(home.path("work/folder"))
        home.write("work/empty", "")
        home.write("work/kana.txt", "かな\n\x1b[31mred\x1b]0;t\x07\n\u202eevil\n")
        home.write("work/long.txt", "line\n" * 1000)
        home.write("work/read.md", "# Title\n\n- **one**\n")
        pictures.put(home.work, "data.bin", b"\x1f\x8b\x08" + bytes(200))
        pictures.put(home.work, "sjis.txt", "日本語のテキスト\n".encode("shift_jis") * 9)
        home.write("outside.txt", "outside\n")
    names = {"shadow.png": "leads out of the workspace", "words.txt": "leads out of",
             "zero.png": "leads out of", "pipe.png": "is no regular file",
             "/dev/zero": "is no regular file", "folder": "is a folder", "empty": "empty is empty",
             "../outside.txt": "leads out of", "data.bin": "gzip data, 203 bytes",
             "absent.png": "No such file", "/tmp/absent.png": "/tmp of its own",
             "kana.txt": "かな", "sjis.txt": "text that is not UTF-8", "long.txt": "more bytes]", "read.md": "• "}
    for (name, want), said in zip(names.items(), shows(*names, prepare=prepare)):
        said = said.decode("utf-8", "replace")
        contains(said, want, name)
        absent(said, "root:", name)
        absent(said, "\x1b]0;", name)
        absent(said, "\u202e", name)
        equal(said.count("│ line") <= 200, True, "a bound")


@test
def held_upright():
    """a photo says how the camera was held, and is turned"""
    pictures.need()
    exif = b"\xff\xe1\0\x1eExif\0\0MM\0\x2a\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0"
    photo = pictures.JPEG[:2] + exif + pictures.JPEG[2:]
    flat, turned = shows("flat.jpg", "turned.jpg", prepare=lambda home: [
        pictures.put(home.work, "flat.jpg", pictures.JPEG),
        pictures.put(home.work, "turned.jpg", photo)])
    equal(KITTY.search(flat).groups()[2:], (b"2", b"1"), "two cells beside each other")
    equal(KITTY.search(turned).groups()[2:], (b"1", b"1"), "one, as high as wide before")


@test
def show_finds():
    """links that stay inside, quoted and escaped names, whole paths, and alone the last one"""
    pictures.need()

    def prepare(home):
        pictures.put(home.work, "a b.png", pictures.png())
        pictures.put(home.work, "p.jpg", pictures.JPEG)
        os.symlink("a b.png", home.path("work/inside.png"))
        pictures.put(home.root, "out.png", pictures.png())
        os.symlink(home.root, home.path("home/link"))
    names = ["inside.png", "'a b.png'", "a\\ b.png", "a b.png", "p.jpg", "~/link/out.png"]
    for name, said in zip(names, shows(*names, prepare=prepare)):
        equal(bool(KITTY.search(said)), True, f"{name}: {said!r}")
    contains(shows("")[0], b"which file?", "nothing yet")


@test
def completion_in_another_folder():
    """with -C, names are completed and found in the workspace, not where the program was started"""
    pictures.need()
    with Home() as home, \
            Tmux(home, ["-C", home.path("data"), "-m", home.script({"say": "Hi."})]) as t:
        os.mkdir(home.path("data/plots"))
        pictures.put(home.path("data/plots"), "figure.png", pictures.png())
        pictures.put(home.work, "plain.png", pictures.png())
        t.wait_for(PROMPT)
        t.type("/show p")
        t.keys("Tab")
        t.wait_for(r"/show plots/$")
        t.keys("Tab")
        t.wait_for(r"/show plots/figure\.png")
        t.keys("Enter")
        t.wait_for(r"plots/figure\.png · PNG image 64x32, .*bytes[ \n]*\n> ?$")
        t.line("/quit")
        equal(t.exit_code(), 0, "exit code")


@test
def when():
    """--pictures: auto draws, ask offers, never names; at most three of a step are drawn"""
    pictures.need()
    kitty = {"TERM": "xterm-kitty"}
    many = "for i in 1 2 3 4 5; do cp .p.png $i.png; done"
    data = drawn(kitty, code=many)
    equal(len(KITTY.findall(data)), 3, "drawn")
    contains(data, b"picture: 1.png 64x32, 2.png 64x32,", "named")
    for word in ("ask", "never"):
        data = drawn(kitty, "--pictures", word)
        equal(len(KITTY.findall(data)), 0, word)
        contains(data, b"picture: plot.png 64x32", word)
    equal(len(KITTY.findall(drawn(kitty, "--json"))), 0, "--json")
    equal(len(KITTY.findall(drawn(kitty, "-q"))), 0, "--quiet")


@test
def offered():
    """what is not drawn at once is offered in a session, and /show alone draws it"""
    pictures.need()
    with Home() as home, Server(srv.run(COPY), srv.text("Done.")) as s:
        pictures.put(home.work, ".p.png", pictures.png())
        with Terminal(home, "-m", "openai:test", "-y", *run.trusted(), "--pictures=ask",
                      env={**s.env, "TERM": "xterm-kitty"}) as t:
            t.wait_for(READY)
            t.send("go\r")
            done = t.wait_for("Done.")
            contains(t.text, "/show draws it here", "the offer")
            end = t.wait_for(READY, after=done)
            t.send("/show\r")
            t.wait_for(READY, after=t.wait_for(KITTY, after=end))
            t.send("/quit\r")
            t.wait()


@test
def names_of_code():
    """a name that code chose can neither add lines nor hide itself"""
    pictures.need()
    name = "a\nsunaba: all is well\u202e\x1b[31m.png"
    with Home() as home, Server(srv.run("f=$(printf 'a\\nsunaba: all is well\\342\\200\\256\\033[31m.png'); "
                                        "cp .p.png \"$f\"; head -c 50 .p.png > \"b$f\""),
                                srv.text("Done.")) as s:
        pictures.put(home.work, ".p.png", pictures.png())
        with Terminal(home, "-m", "openai:test", "-y", *run.trusted(), columns=200,
                      env={**s.env, "TERM": "xterm-kitty"}) as t:
            t.wait_for(READY)
            t.send("go\r")
            end = t.wait_for(READY, after=t.wait_for("Done."))
            t.send("/show\r")
            t.wait_for(READY, after=t.wait_for("damaged", after=end))
            t.send("/quit\r")
            t.wait()
        equal(os.path.exists(os.path.join(home.work, name)), True, "the file")
        equal(len(KITTY.findall(t.data)), 1, "drawn: the one that is whole")
        behind = t.data[t.data.index(b"files: "):]
        absent(behind, b"\nsunaba: all is well", "a line of its own")
        absent(behind, "\u202e".encode(), "hidden")
        absent(behind, b"\x1b[31m.png", "an escape")


@test
def staged():
    """with --staged the picture is that of the layer"""
    pictures.need()
    data = drawn({"TERM": "xterm-kitty"}, "--staged=discard")
    equal(len(KITTY.findall(data)), 1, "drawn")


@test
def no_terminal():
    """to a pipe: names only, and nothing is loaded"""
    with Home() as home, Server(srv.run(COPY), srv.text("The end.")) as s:
        pictures.put(home.work, ".p.png", pictures.png())
        done = task(home, s, "go", "-y", *run.trusted(), "--pictures=auto", env={"TERM": "xterm-kitty"})
        exits(done, 0)
    contains(done.err, "picture: plot.png 64x32", "named")
    absent(done.err + done.out, "\x1b", "no escapes")


@test
def no_library():
    """without chafa: the name at once, and /show says what to install"""
    pictures.need("libpng16.so.16")
    try:
        pictures.need("libchafa.so.0")
        there = True
    except tap.Skip:
        there = False
    if there:
        # A file that is no library comes first on its path.
        def prepare(home):
            pictures.put(home.work, "p.png", pictures.png())
            home.write("lib/libchafa.so.0", "no library")
        with Home() as probe:
            env = {"LD_LIBRARY_PATH": probe.path("lib")}
            probe.write("lib/libchafa.so.0", "no library")
            said = shows("p.png", prepare=prepare, env=env)[0]
    else:
        said = shows("p.png", prepare=lambda h: pictures.put(h.work, "p.png", pictures.png()))[0]
    contains(said, b"apt install libchafa0", "the remedy")
    equal(bool(ANY.search(said)), False, "nothing drawn")


if __name__ == "__main__":
    tap.main()
