#!/usr/bin/env python3
"""The prompt on a real terminal: editing, pastes, history, completion, signals, resizing."""
import os
import stat
import subprocess
import sys

ROOT = os.environ.get("ROOT", os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from pane import Tmux  # noqa: E402
from tap import absent, contains, equal, folder, main, test, until  # noqa: E402

TOOL = os.path.abspath(os.path.join(ROOT, os.environ.get("BUILD", "build"), "term", "tool_line"))
FOLDER = folder("line")


def path(name, data=None):
    full = os.path.join(FOLDER, name)
    if data is not None:
        with open(full, "wb") as f:
            f.write(data)
    return full


def prompt(*args, **more):
    term = Tmux([TOOL, *args], **more)
    try:
        term.wait("head\n>")
    except AssertionError:
        term.__exit__()  # nobody else will end the server
        raise
    return term


def got(term, text, count=1):
    until(lambda: term.all().count(f"GOT [{text}]") >= count, 10, f"GOT [{text}] in {term.all()!r}")


def joined(term):
    """The screen without what wrapping wide characters adds."""
    return term.all().replace("\n", "").replace(" ", "")


@test
def enter():
    """a line, its Enter, and Ctrl-D at the end"""
    with prompt() as term:
        term.type("hello 砂場")
        term.keys("Enter")
        got(term, "hello 砂場")
        term.keys("C-d")
        term.wait("END eof")


@test
def new_lines():
    """Alt-Enter and Ctrl-J begin a new line"""
    with prompt() as term:
        term.type("one")
        term.keys("M-Enter")
        term.type("two")
        term.keys("C-j")
        term.type("three")
        term.keys("Enter")
        got(term, "one|two|three")


@test
def quotes():
    """a block in three quotes ends at three quotes"""
    with prompt() as term:
        for line in ('"""', "first", "", "  last", '"""'):
            term.type(line)
            term.lone("Enter")
        got(term, "first||  last")


@test
def up_and_down():
    """Up and Down move by logical line, then through the history"""
    with prompt() as term:
        term.type("old")
        term.keys("Enter")
        got(term, "old")
        term.type("あいう")
        term.keys("C-j")
        term.type("kakiku")
        term.lone("Up")
        term.type("X")
        term.lone("Down", "End")
        term.type("Y")
        term.lone("Enter")
        got(term, "あいうX|kakikuY")
        term.lone("Up", "Up", "Up")
        until(lambda: term.show("#{cursor_x}") == "5", 5, "two entries back")
        term.lone("Enter")
        got(term, "old", 2)


@test
def wide_editing():
    """Japanese at 40 columns: wrap, erase, insert"""
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    with prompt(cols=40, rows=14) as term:
        term.type(text + "薄")
        term.lone("BSpace", "BSpace", "BSpace")
        term.type("つく")
        term.lone("Left", "Left")
        term.type("X")
        term.keys("Enter")
        got(term, text[:-2] + "Xつく")
        contains(joined(term), ">" + text[:-2] + "Xつく")


@test
def pasted():
    """a paste with newlines is inserted and not submitted"""
    with prompt() as term:
        term.paste("first\nsecond\n")
        term.wait("second")
        absent(term.all(), "GOT")
        term.type("third")
        term.lone("Enter")
        got(term, "first|second|third")


@test
def paste_end_inside():
    """a paste that holds ESC[201~ and Enter does not end early and does not run"""
    with prompt() as term:
        term.paste(b"safe\x1b[201~evil\rmore\nlast\n")
        term.wait("last")
        absent(term.all(), "GOT")
        term.lone("C-c")
        term.wait("END cancel")
    with prompt() as term:
        term.paste(b"safe\x1b[201~evil\r")
        term.wait("evil")
        absent(term.all(), "GOT")
        term.lone("Enter")
        term.ready("hidden characters")
        contains(term.all(), "⚠ 1 hidden characters (U+001B")
        term.keys("s")
        got(term, "safe[201~evil|")


@test
def paste_unbracketed():
    """a burst with newlines inside is one entry"""
    with prompt() as term:
        term.paste("a\nb\nc", bracket=False)
        term.wait("c")
        term.lone("Enter")
        got(term, "a|b|c")


@test
def paste_large():
    """2,000 pasted lines arrive whole"""
    text = "".join(f"line {i} 日本語の行\n" for i in range(2000))
    with prompt() as term:
        term.paste(text)
        term.wait("line 1999")
        absent(term.all(), "GOT")
        term.lone("Enter")
        term.wait(f"GOT {len(text.encode())} bytes ending in", 20)


@test
def hidden():
    """hidden characters are counted; stripped or kept"""
    bad = "ls \U000e0072\U000e006d\u200b❤️ x"
    for key, want in (("s", "ls ❤️ x"), ("Enter", "ls ❤️ x"), ("k", bad)):
        file = path("hidden-history", b"")
        with prompt(file) as term:
            term.paste(bad)
            term.wait("x")
            term.lone("Enter")
            term.ready("hidden characters")
            contains(term.all(), "3 hidden characters (U+E0072…)")
            term.keys(key)
            term.wait("GOT")
            until(lambda: os.path.getsize(file) > 0, 5, "history")  # noqa: B023
            with open(file, encoding="utf-8") as f:
                equal(f.read(), want + "\n", key)


@test
def history():
    """entries of several lines survive the session; doubles and secrets do not"""
    file = path("history")
    with prompt(file) as term:
        for text in ("same", " secret", "other", "same"):
            term.type(text)
            term.lone("Enter")
            got(term, text)
        term.type("a\\n")
        term.lone("C-j")
        term.type("b")
        term.lone("Enter")
        got(term, "a\\n|b")
        term.keys("C-d")
        term.wait("END eof")
    equal(stat.S_IMODE(os.stat(file).st_mode), 0o600)
    with open(file, encoding="utf-8") as f:
        absent(f.read(), "secret")
    with prompt(file) as term:
        term.lone("Up")
        term.wait("a\\n")
        term.lone("Enter")
        got(term, "a\\n|b")
        term.lone("Up", "Up", "Up")
        term.lone("Enter")
        got(term, "same")
        term.lone("Up", "Up", "Up", "Up", "Enter")
        got(term, "other")


@test
def history_corrupt():
    """a history of random bytes is survived and appended to"""
    file = path("corrupt", os.urandom(5000) + b"\0\n\xff\xfe\nfine\n\\x\nhalf")
    with prompt(file) as term:
        term.lone("Up")
        term.wait("half")
        term.lone("Up", "Enter")
        got(term, "fine")
    with open(file, "rb") as f:
        assert f.read().endswith(b"\nhalf\nfine\n")


@test
def no_history_folder():
    """a history that cannot be written does not stop the talk"""
    with prompt("/nonexistent/history") as term:
        term.type("x")
        term.lone("Enter")
        got(term, "x")


@test
def cancel_and_quit():
    """Ctrl-C takes the line away; a second one within a second leaves"""
    with prompt() as term:
        term.type("something")
        term.lone("C-c")
        term.wait("END cancel")
        term.type("next")
        term.lone("Enter")
        got(term, "next")
        # the second within a second of the first
        until(lambda: term.keys("C-c") or "END quit" in term.all(), 5, "quit")
        term.ended()


@test
def cancel_long():
    """Ctrl-C in the middle of a long entry leaves what was typed readable"""
    with prompt(cols=40, rows=14) as term:
        term.type("word " * 30)
        term.lone("Home")
        term.lone("C-c")
        term.wait("END cancel")
        screen = term.all()
        assert screen.replace("\n", "").count("word") == 30, screen


@test
def terminated():
    """SIGTERM ends the prompt and restores the modes"""
    script = (f"echo $$ > {FOLDER}/shell; stty -a > {FOLDER}/a; {TOOL}; stty -a > {FOLDER}/b; "
              "echo DONE")
    with Tmux(["sh", "-c", script]) as term:
        term.wait("head\n>")
        with open(f"{FOLDER}/shell", encoding="ascii") as f:
            shell = f.read().strip()
        tool = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], stdout=subprocess.PIPE,
                              check=True).stdout.decode().split()
        os.kill(int(tool[0]), 15)
        term.wait("DONE")
        contains(term.all(), "END quit")
    with open(f"{FOLDER}/a", encoding="utf-8") as a, open(f"{FOLDER}/b", encoding="utf-8") as b:
        equal(a.read(), b.read())


@test
def stopped():
    """Ctrl-Z and fg: the entry is still there, the shell's modes are its own"""
    with Tmux(["bash", "--norc", "--noprofile"], env={"PS1": "$ "}) as term:
        term.wait("$")
        term.type(TOOL)
        term.lone("Enter")
        term.wait("head\n>")
        term.type("abc 日本")
        term.lone("C-z")
        term.wait("Stopped")
        term.type("echo a shell")
        term.lone("Enter")
        term.wait("\na shell")
        term.type("fg")
        term.lone("Enter")
        term.wait("> abc 日本")
        term.type("def")
        term.lone("Enter")
        got(term, "abc 日本def")
        term.lone("C-d")
        term.wait("END eof")
        term.type("stty -a | grep -c ' icanon '")
        term.lone("Enter")
        term.wait("\n1")


@test
def stopped_in_a_plain_shell():
    """Ctrl-Z under a shell that sets no modes itself: it has a terminal it can be used in"""
    with Tmux(["dash"], env={"PS1": "$ "}) as term:
        term.wait("$")
        term.type(TOOL)
        term.lone("Enter")
        term.wait("head\n>")
        term.type("abc 日本")
        term.lone("C-z")
        term.wait("Stopped")
        term.type("stty -a | grep -c ' icanon '")
        term.lone("Enter")
        term.wait("\n1")
        term.type("fg")
        term.lone("Enter")
        term.wait("> abc 日本")
        term.type("def")
        term.lone("Enter")
        got(term, "abc 日本def")


@test
def type_ahead():
    """what was typed while the program worked stands at the prompt, unsubmitted"""
    hold = path("hold", b"")
    with Tmux([TOOL], env={"TOOL_HOLD": hold}) as term:
        term.wait("HOLDING")
        term.type("lsx")
        term.keys("BSpace", "Up", "Enter")
        term.run("display-message", "-p", "sent")  # the keys are before it in the queue
        os.unlink(hold)
        term.wait("> ls")
        absent(term.all(), "GOT")
        term.lone("Enter")
        got(term, "ls")


@test
def prefill():
    """a prefill can be edited"""
    with prompt(env={"TOOL_PREFILL": "edit me"}) as term:
        term.wait("> edit me")
        term.type("!")
        term.lone("Enter")
        got(term, "edit me!")
        term.lone("Enter")
        got(term, "")


@test
def complete_commands():
    """commands complete at the start of an entry only"""
    with prompt() as term:
        term.type("/he")
        term.lone("Tab")
        term.wait("> /help ")
        term.lone("Enter")
        got(term, "/help ")
        term.type("/mo")
        term.lone("Tab", "Tab")
        term.wait("talk to another model")
        contains(term.all(), "/model NAME  talk to another model")
        contains(term.all(), "/model2      モデル")
        term.lone("C-u")
        term.type("see /he")
        term.lone("Tab", "Enter")
        got(term, "see /he")


@test
def complete_paths():
    """paths complete behind @ and as arguments; odd names are escaped or left out"""
    folder = os.path.join(FOLDER, "files")
    os.makedirs(os.path.join(folder, "some folder"))
    for name in ("alpha.txt", "some folder/inner", "bad\x1b]0;x\x07", "bad\u202e", "日本語.md",
                 "日本人.md"):
        with open(os.path.join(folder, name), "w", encoding="utf-8"):
            pass
    with prompt(cwd=folder) as term:
        term.type("look at @al")
        term.lone("Tab", "Enter")
        got(term, "look at @alpha.txt ")
        term.type("/load so")
        term.lone("Tab")
        term.type("in")
        term.lone("Tab", "Enter")
        got(term, "/load some\\ folder/inner ")
        term.type("@日")
        term.lone("Tab", "Tab")
        term.wait("@日本語.md")
        contains(term.all(), "@日本人.md")
        term.lone("C-u")
        term.type("@b")
        term.lone("Tab", "Enter")
        got(term, "@b")
        equal(term.show("#{pane_title}") == "x", False)


@test
def notices():
    """a notice appears above the prompt, whatever is typed"""
    fifo = path("fifo")
    os.mkfifo(fifo)
    with prompt(cols=40, env={"TOOL_NOTICE": fifo}) as term:
        text = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほ"
        term.type(text)
        term.wait("へほ")
        for i in range(3):
            with open(fifo, "w", encoding="utf-8") as f:
                f.write(f"notice {i}\n")
            term.wait(f"notice {i}")
        term.type("X")
        term.wait("へほX")
        screen = term.all()
        equal(joined(term).count(text), 1, screen)
        contains(screen, "head\nnotice 0\nnotice 1\nnotice 2\n> あ")
        term.lone("Enter")
        got(term, text + "X")


@test
def resized():
    """a resize at the prompt loses no line above it"""
    with prompt(cols=60, rows=20) as term:
        for i in range(5):
            term.type(f"entry {i} " + "x" * 60)
            term.lone("Enter")
            got(term, f"entry {i} " + "x" * 60)
        term.type("typed 日本語 " + "y" * 50)
        for cols in (40, 100, 30, 80):
            term.resize(cols, 20)
            until(lambda: term.show("#{pane_width}") == str(cols), 5, "size")  # noqa: B023
        term.type("END")
        term.wait("END")
        for i in range(5):
            contains(term.all().replace("\n", ""), f"GOT [entry {i} ")
        term.lone("Enter")
        until(lambda: "GOT [typed 日本語 " + "y" * 50 + "END]" in term.all().replace("\n", ""),
              5, term.all())


@test
def vi_mode():
    """inputrc's vi mode: Escape moves, Enter submits"""
    rc = path("inputrc", b"$if sunaba\nset editing-mode vi\n$endif\n")
    with prompt(env={"INPUTRC": rc}) as term:
        term.type("abc")
        term.lone("Escape")
        until(lambda: True)
        term.lone("0", "x", "Enter")
        got(term, "bc")


@test
def plain_input():
    """standard input is no terminal: lines, blocks, a last line without newline"""
    done = subprocess.run(["setsid", "-w", TOOL], stdout=subprocess.PIPE, check=True,
                          input=b'one\r\n"""\ntwo\n\nthree\n"""\n\xff\nlast')
    equal(done.stdout.decode(), "GOT [one]\nGOT [two||three]\nGOT [\ufffd]\nGOT [last]\nEND eof\n")


@test
def escape_free():
    """TERM=dumb: no escape sequence reaches the terminal"""
    log = path("dumb.log")
    script = f"TERM=dumb NO_COLOR=1 script -qfc '{TOOL}' {log} >/dev/null"
    with Tmux(["sh", "-c", script]) as term:
        until(lambda: os.path.exists(log) and b"> " in open(log, "rb").read(), 10, "prompt")
        term.type("abc")
        term.lone("BSpace", "Enter")
        until(lambda: b"GOT [ab]" in open(log, "rb").read(), 5, "entry")
    with open(log, "rb") as f:
        assert b"\x1b" not in f.read()


main()
