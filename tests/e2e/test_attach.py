#!/usr/bin/env python3
"""Steps that wait for the terminal: the user is told, attaches, types, detaches; his terminal is
what it was whatever happens. In a script there is end of file, and the model is told."""
import fcntl
import os
import re
import shutil
import signal
import struct
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from terminal import Terminal  # noqa: E402
from tmux import PROMPT, Tmux, again_at_prompt  # noqa: E402

TOLD = r"step \d+ waits for the terminal"
ATTACHED = r"attached to step \d+"
READY = re.compile(rb">(?:\x1b\[m)? ")
SECRET = "correct-horse-battery"

# A question in each language, its answer "got:ANSWER", and what must be installed.
ASK = [
    ("shell", 'read -p "q? " x; echo "got:$x"', "bash"),
    ("python", 'x = input("q? "); print("got:" + x)', "python3"),
    ("javascript", 'const r = require("readline").createInterface({input: process.stdin, output:'
     ' process.stdout}); const x = await new Promise(f => r.question("q? ", f)); r.close();'
     ' console.log("got:" + x)', "node"),
    ("ruby", 'print "q? "; x = gets.chomp; puts "got:#{x}"', "ruby"),
    ("perl", 'print "q? "; my $x = <STDIN>; chomp $x; print "got:$x\\n";', "perl"),
    ("r", 'x <- readline("q? "); cat("got:", x, "\\n", sep="")', "R"),
    ("c", 'char b[64]; printf("q? "); if (fgets(b, 64, stdin)) { printf("got:%s", b); }', "cc"),
]


def at_prompt(home, *words, server=None):
    model = ["-m", "openai:test" if server else home.script({"say": "Hello."})]
    t = Tmux(home, [*model, *words], env=server.env if server else None, columns=120, rows=40)
    try:
        t.wait_for(PROMPT)
    except BaseException:
        t.__exit__()
        raise
    return t


def leave(t):
    again_at_prompt(t)
    t.line("/quit")
    equal(t.exit_code(), 0, "exit code")
    t.restored()


def sees(t, pattern, times=1):
    """Waits until the pattern stands there so many times."""
    try:
        tap.until(lambda: len(re.findall(pattern, t.screen(history=True), re.M)) >= times,
                  10 * run.SLOWER, pattern)
    except AssertionError as late:
        raise AssertionError(f"{late}; the screen:\n{t.screen().rstrip()}") from None


def block(t, language, code):
    t.type(f"```{language}")
    t.keys("C-j")
    t.type(code)
    t.keys("C-j")
    t.answer("```")


@test
def every_language():
    """the user is told within 2 s in each language, attaches, and what he types arrives"""
    with Home() as home, at_prompt(home) as t:
        for n, (language, code, program) in enumerate(
                [row for row in ASK if shutil.which(row[2])], 1):
            block(t, language, code)
            t.wait_for(r"^│ (?:q\?|$)", 20)  # the interpreter has started
            begin = time.monotonic()
            sees(t, f"step {n} waits for the terminal")
            if time.monotonic() - begin > 2.0 * run.SLOWER:
                raise AssertionError(f"{language}: told after {time.monotonic() - begin:.1f} s")
            t.answer("/attach")
            sees(t, f"attached to step {n}")
            t.answer(f"mimi-{n}")
            sees(t, f"^got:mimi-{n}$")
            again_at_prompt(t)
            del program
        leave(t)


@test
def the_drivers_bytes():
    """the interpreter goes on as it was: state is there, nothing of the driver was eaten"""
    with Home() as home, at_prompt(home) as t:
        t.line("!a=5; read x; read y")
        sees(t, TOLD)
        t.keys("C-t")
        sees(t, ATTACHED)
        t.answer("one")
        t.answer("two")
        again_at_prompt(t)
        t.line('!echo "$a $x $y"; cat /dev/null; test -t 0 && echo terminal')
        sees(t, "^│ 5 one two$")
        sees(t, "^│ terminal$")
        leave(t)


@test
def detach_and_again():
    """Ctrl-] takes the terminal back while the step goes on; Ctrl-T gives it again"""
    with Home() as home, at_prompt(home) as t:
        t.line("!read a; read b; echo got:$a-$b")
        sees(t, TOLD)
        t.keys("C-t")
        sees(t, ATTACHED)
        t.answer("uno")
        t.keys("C-]")
        sees(t, "detached; step 1 goes on")
        t.keys("C-t")
        sees(t, ATTACHED, 2)
        t.answer("due")
        sees(t, "got:uno-due")
        leave(t)


@test
def secrets():
    """what is typed without echo is in no transcript, no result and not on the screen"""
    codes = [("shell", "read -rsp 'word? ' w; echo; echo length ${#w}"),
             ("python", "import getpass; print('length', len(getpass.getpass('word? ')))")]
    for language, code in codes:
        with Home() as home, Server(srv.run(code, language), srv.text("Done.")) as s:
            with at_prompt(home, "-y", *run.trusted(), server=s) as t:
                t.line("go")
                sees(t, TOLD)
                t.keys("C-t")
                sees(t, ATTACHED)
                t.answer(SECRET)
                sees(t, "Done.")
                again_at_prompt(t)
                absent(t.screen(history=True), SECRET, "the screen")
                result = s.chats()[-1].messages("tool")[0]["content"]
                contains(result, f"length {len(SECRET)}", "the result")
                absent(str([c.body for c in s.chats()]), SECRET, "requests")
                leave(t)
            for folder, _, names in os.walk(home.root):
                for path in (os.path.join(folder, name) for name in names):
                    if os.path.isfile(path):
                        with open(path, "rb") as f:
                            absent(f.read().decode("utf-8", "replace"), SECRET, path)


@test
def editor_and_pager():
    """vi and less get the whole screen, which is as before when they end"""
    for program in ("vi", "less"):
        if not shutil.which(program):
            tap.skip(f"{program} is not installed")
    with Home() as home, at_prompt(home) as t:
        t.line("!seq 1 300 > numbers; vi numbers")
        sees(t, TOLD)
        t.keys("C-t")
        tap.until(lambda: t.tmux("display-message", "-p", "#{alternate_on}").strip() == "1",
                  10 * run.SLOWER, "the alternate screen")
        t.wait_for(r"^39$|numbers", history=False)
        t.type("ifirst ")
        t.keys("Escape")
        t.answer(":wq")
        again_at_prompt(t)
        equal(home.read("work/numbers").split("\n")[0], "first 1", "what vi wrote")
        contains(t.screen(), "seq 1 300", "the screen")
        t.line("!less numbers")
        sees(t, "step 2 waits")
        t.answer("/attach")
        t.wait_for("^first 1$", history=False)
        t.type("G")
        t.wait_for("^300$", history=False)
        t.keys("C-]")
        sees(t, "detached")
        t.keys("C-t")
        t.wait_for("^300$", history=False)
        t.type("q")
        again_at_prompt(t)
        # the folder of the script itself in front, not as the script spells it
        t.line("!PATH=/run/sunaba/bin/:$PATH less numbers | head -1; cat numbers | wc -l")
        sees(t, "^│ first 1$")
        sees(t, "^│ 300$")
        leave(t)


@test
def always_attached():
    """--attach: a step has the terminal from its start, and its output is the model's too"""
    code = "test -t 1 && echo a-terminal; read -p 'q? ' x; echo got:$x; exit 3"
    with Home() as home, Server(srv.run(code), srv.run("print('hi')", "python"),
                                srv.text("Done.")) as s:
        with at_prompt(home, "-y", "--attach", *run.trusted(), server=s) as t:
            t.line("go")
            sees(t, ATTACHED)
            sees(t, r"^q\?")
            t.answer("bob")
            sees(t, "Done.")
            leave(t)
        first, second = [m["content"] for m in s.chats()[-1].messages("tool")]
        contains(first, "a-terminal\nq? bob\ngot:bob", "the first result")
        contains(first, "ended with exit 3", "the first result")
        contains(second, "\nhi", "the second result")


@test
def the_clock_stands():
    """the step's time does not go on while the user is attached, and does when he is not"""
    with Home() as home, at_prompt(home, "--step-timeout", "4") as t:
        t.line("!read x; sleep 4.5; echo late-$x; (exit 3)")
        sees(t, TOLD)
        t.keys("C-t")
        sees(t, ATTACHED)
        t.answer("a")
        sees(t, "late-a")
        sees(t, r"exit 3 · (?:[4-9]|\d\d)(?:\.\d+)? s")  # and is told whole
        again_at_prompt(t)
        t.line("!read x")
        sees(t, "time is up")
        leave(t)


@test
def interrupts():
    """Ctrl-C while attached is the program's, ends the step and counts as the user's"""
    with Home() as home, Server(srv.run("read x"), srv.text("Never.")) as s:
        with at_prompt(home, "-y", *run.trusted(), server=s) as t:
            t.line("go")
            sees(t, TOLD)
            t.keys("C-t")
            sees(t, ATTACHED)
            t.keys("C-c")
            again_at_prompt(t)
            contains(t.screen(), "interrupted", "the screen")
            t.line("!trap '' INT; read x; echo never")
            sees(t, "step 2 waits")
            t.keys("C-t")
            sees(t, "attached to step 2")
            t.keys("C-c")
            t.keys("C-c")
            again_at_prompt(t)
            leave(t)
        equal(len(s.chats()), 1, "requests")


@test
def killed_interpreter():
    """kill -9 of the interpreter with its terminal raw: the user's is restored"""
    with Home() as home, at_prompt(home) as t:
        t.line("!stty raw -echo; printf '\\033[?1049h\\033[?25l' >/dev/tty; touch ready;"
               " read x; kill -9 $$")
        sees(t, TOLD)
        t.keys("C-t")
        tap.until(lambda: t.tmux("display-message", "-p", "#{alternate_on}").strip() == "1",
                  10 * run.SLOWER, "the alternate screen")
        t.keys("C-j")
        sees(t, "the shell interpreter is gone")
        again_at_prompt(t)
        t.line("!read -p 'q? ' x; echo got:$x")
        sees(t, "step 2 waits")
        t.keys("C-t")
        sees(t, r"^q\? $|^q\?$")
        t.answer("echoed")
        sees(t, r"^q\? echoed$")
        leave(t)


@test
def killed_agent():
    """kill -9 of the program while attached: modes, screen and cursor are restored"""
    with Home() as home, at_prompt(home) as t:
        t.line("!printf '\\033[?1049h\\033[?25l\\033=' >/dev/tty; read x")
        sees(t, TOLD)
        t.keys("C-t")
        tap.until(lambda: t.tmux("display-message", "-p", "#{alternate_on}").strip() == "1",
                  10 * run.SLOWER, "the alternate screen")
        pane = int(t.tmux("display-message", "-p", "#{pane_pid}"))
        for pid in run.descendants(pane):
            if run.command(pid).startswith(run.SUNABA):
                os.kill(pid, signal.SIGKILL)
                break
        equal(t.exit_code(), 137, "exit code")

        def as_before():
            state = t.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
            return state == ["0", "1"]
        tap.until(as_before, 10 * run.SLOWER, "the main screen")


class Raw(Terminal):
    """The program on a pseudo-terminal whose bytes we see."""

    def line(self, text):
        self.send(text + "\r")

    def modes(self):
        return termios.tcgetattr(self.slave)

    def bye(self, after):
        """Leaves at the prompt."""
        self.wait_for(READY, after=after)
        self.send("\x04")
        self.wait()
        equal(self.code, 0, "exit code")


# A parent in the same session, as a shell with job control is: without one the program's group is
# orphaned, and nothing stops it.
SHELL = """import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    print("pid", os.getpid(), flush=True)
    os.execv(sys.argv[1], sys.argv[1:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def raw(home, *words, shell=False, **more):
    words = ["-m", home.script({"say": "Hello."}), *words]
    if shell:
        more["program"] = sys.executable
        words = ["-c", SHELL, run.SUNABA, *words]
    return Raw(home, *words, env={"TERM": "xterm"}, columns=100, **more)


@test
def escapes():
    """clipboard, title, queries, strings and C1 of an attached program never reach the terminal"""
    bad = [r"\033]52;c;cHduZWQ=\007", r"\033]0;pwned\007", r"\033]2;pwned\033\\", r"\033[6n",
           r"\033[c", r"\033[>c", r"\033[=c", r"\033Z", r"\033[?6n", r"\033[5n", r"\033[21t",
           r"\033P+q544e\033\\", r"\033_Gi=1;AAAA\033\\", r"\033^x\033\\", r"\033Xx\033\\",
           r"\302\235" + r"52;c;cHduZWQ=\302\234", r"\233" + "6n", r"\005", r"\033[?1000h",
           r"\033[?1004h", r"\033[>4;2m", r"\033[5i", r"\033]8;;http://x/\033\\", r"\033c",
           r"\033[?2004$p", r"\033[1;1;1;1;1;1*y", r"\033[x"]
    text = "".join(bad)
    with Home() as home, raw(home) as t:
        end = t.wait_for(READY)
        home.write("work/bad.sh", f"printf '{text}' >/dev/tty; printf '{text}'; "
                                  "printf 'good\\033[1mbold\\033[m\\n' >/dev/tty; read x")
        t.line("!. ./bad.sh; . ./bad.sh; echo end-$x")
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for("attached to step", after=end)
        t.send("first\r")
        end = t.wait_for(re.compile(rb"good\x1b\[1mbold\x1b\[m"), after=end)
        t.send("second\r")
        end = t.wait_for("end-second", after=end)
        t.bye(end)
        for rest in (b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX", b"\x1bZ", b"\x1bc", b"\x05",
                     b"\x9b", b"\x9d", b"\xc2\x9d"):
            at = t.data.find(rest)
            if at >= 0:
                raise AssertionError(f"{rest!r} in {t.data[max(0, at - 40):at + 40]!r}")
        hit = re.search(rb"\x1b\[[^@-~]*[cntixy]|\x1b\[\?100[0-9]h|\x1b\[>|\$p", t.data)
        if hit:
            raise AssertionError(f"{hit.group()!r}")
        equal(t.after, t.before, "modes")


@test
def resize():
    """the step's terminal has the user's size, and follows it"""
    with Home() as home, raw(home, rows=30) as t:
        end = t.wait_for(READY)
        t.line("!stty size; read x; until [ \"$(stty size)\" = '33 77' ]; do read -t 0.05 x; done;"
               " echo sized")
        end = t.wait_for("30 100", after=end)
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for("attached to step", after=end)
        fcntl.ioctl(t.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        t.line("")
        t.wait_for("sized", after=end)


@test
def each_resize():
    """no resize is lost, at whatever moment of the program's second it comes"""
    watch = ('last=; while :; do s=$(stty size); [ "$s" = "$last" ] || echo "is $s."; last=$s;'
             " read -t 0.02 x && break; done; echo over")
    with Home() as home, raw(home, rows=30) as t:
        end = t.wait_for(READY)
        t.line("!read x; " + watch)
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for("attached to step", after=end)
        t.line("")
        end = t.wait_for("is 30 100", after=end)
        for rows in range(31, 56):
            fcntl.ioctl(t.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
            end = t.wait_for(f"is {rows} 100", after=end)
        t.line("")
        t.bye(t.wait_for("over", after=end))


@test
def asked_by_the_program():
    """what the program itself runs between steps takes no terminal, nor says that it waits"""
    with Home() as home, raw(home, "--attach") as t:
        end = t.wait_for(READY)
        t.line("/env")
        at = t.wait_for("PATH=", after=end)
        t.wait_for(READY, after=at)
        if b"attached" in t.data[end:]:
            raise AssertionError(f"attached: {t.data[end:]!r}")
        t.line("!read x; echo got:$x")
        at = t.wait_for("attached to step 1", after=at)
        t.line("one")
        t.bye(t.wait_for("got:one", after=at))


@test
def suspended():
    """stopped while attached: the shell gets its modes; afterwards the step has the terminal"""
    with Home() as home, raw(home, shell=True) as t:
        end = t.wait_for(READY)
        pid = int(re.search(rb"pid (\d+)", t.data).group(1))
        t.line("!read x; echo got:$x")
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for("attached to step", after=end)
        os.kill(pid, signal.SIGTSTP)
        tap.until(lambda: run.state_of(pid)[0] == "T", 10, "the stop")
        equal(t.modes(), t.before, "modes while stopped")
        os.kill(pid, signal.SIGCONT)
        tap.until(lambda: t.modes() != t.before, 10, "raw modes")
        t.line("again")
        end = t.wait_for("got:again", after=end)
        t.bye(end)
        equal(t.after, t.before, "modes")


@test
def stopped_by_nobody():
    """Ctrl-Z where no shell could continue the program, as in a tmux pane of its own: it goes on"""
    with Home() as home, raw(home) as t:
        end = t.wait_for(READY)
        os.kill(t.pid, signal.SIGTSTP)
        t.line("!echo still-$((1+1))")
        end = t.wait_for("still-2", after=end)
        t.bye(end)
        equal(t.after, t.before, "modes")


@test
def terminated():
    """SIGTERM while attached: the program ends in order, nothing of it is left"""
    with Home() as home, raw(home) as t:
        end = t.wait_for(READY)
        t.line("!stty raw -echo; printf '\\033[?1049h' >/dev/tty; read x")
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for(re.compile(rb"\x1b\[\?1049h"), after=end)
        os.kill(t.pid, signal.SIGTERM)
        t.wait()
        equal(t.code, 143, "exit code")
        equal(t.after, t.before, "modes")
        t.wait_for(re.compile(rb"\x1b\[\?1049l"), after=end)


@test
def japanese():
    """what is typed is UTF-8 to the step's terminal too: backspace takes a character"""
    with Home() as home, raw(home) as t:
        end = t.wait_for(READY)
        t.line("!read x; echo got:$x.")
        end = t.wait_for("waits for the terminal", after=end)
        t.send("\x14")
        end = t.wait_for("attached to step", after=end)
        t.line("日本語漢\x7f")
        end = t.wait_for("got:日本語.", after=end)
        t.bye(end)
    with Home() as home, at_prompt(home) as t:
        t.line("!echo 日本; read -p '名前: ' x; echo $x さん")
        sees(t, "^│ 名前:")
        sees(t, TOLD)
        t.keys("C-t")
        sees(t, "^名前:")
        t.answer("花子")
        sees(t, "^花子 さん")
        leave(t)


@test
def one_task():
    """a task at a terminal has it too; the pager of a pipeline and git's editor work as anywhere"""
    if not shutil.which("git") or not shutil.which("vi"):
        tap.skip("git or vi is not installed")
    code = ("git init -q r; cd r; git config user.email a@b.c; git config user.name n; echo 1 >f;"
            " git add f; GIT_EDITOR=vi git commit; git log --format=%s")
    with Home() as home, Server(srv.run(code), srv.text("Done.")) as s:
        with Tmux(home, ["-m", "openai:test", "-y", "go"], env=s.env, columns=120, rows=30) as t:
            sees(t, TOLD)
            t.keys("C-t")
            t.wait_for("COMMIT_EDITMSG", history=False)
            t.type("iA message")
            t.keys("Escape")
            t.answer(":wq")
            equal(t.exit_code(), 0, "exit code")
            t.restored()
        result = s.chats()[-1].messages("tool")[0]["content"]
        contains(result, "[full-screen program]", "the result")
        contains(result, "\nA message\n", "the result")
        absent(result, "COMMIT_EDITMSG", "the result")


@test
def in_a_script():
    """without a terminal a step gets end of file at once, and the model is told"""
    codes = [("shell", 'read x; echo "got:[$x]"'), ("shell", "cat; echo after"),
             ("python", "import sys; print(repr(sys.stdin.read()))"), ("python", "input()"),
             ("shell", "python3 -c 'input()'"), ("perl", "print defined(<STDIN>) ? 1 : 0;"),
             ("ruby", "p gets"), ("javascript", "require('fs').readFileSync(0)"),
             ("c", 'printf("%d", getchar());'), ("r", 'x <- readline("q? ")'),
             ("r", 'readLines("stdin", n = 1)'), ("r", 'scan(file("stdin"), quiet = TRUE)')]
    need = {"shell": "bash", "python": "python3", "javascript": "node", "c": "cc", "r": "R"}
    codes = [c for c in codes if shutil.which(need.get(c[0], c[0]))]
    with Home() as home, Server(*[srv.run(code, language) for language, code in codes],
                                srv.text("Done.")) as s:
        exits(task(home, s, "go", "-y", *run.trusted()), 0)
        results = [m["content"] for m in s.chats()[-1].messages("tool")]
    for (language, code), result in zip(codes, results, strict=True):
        contains(result, "the code asked for input and got end of file: no terminal",
                 f"{language}: {code}")


@test
def nothing_asked():
    """who reads nothing, or a pipe, is told nothing"""
    codes = [("shell", "ls; echo hi | cat; printf 'a\\nb\\n' | while read l; do echo $l; done"),
             ("python", "print(1)"), ("perl", "print 1"), ("ruby", "1"), ("javascript", "1"),
             ("r", 'close(file("x", "w")); unlink("x"); 1'), ("c", 'printf("x");'), ("sql", "select 1;")]
    with Home() as home, Server(*[srv.run(code, language) for language, code in codes],
                                srv.text("Done.")) as s:
        exits(task(home, s, "go", "-y", *run.trusted()), 0)
        for result in s.chats()[-1].messages("tool"):
            absent(result["content"], "end of file", "a result")


@test
def no_terminal_to_give():
    """--attach in a script says so and goes on; SUNABA_ATTACH and the config file are known"""
    with Home() as home:
        done = sunaba(home, "-m", home.script({"say": "Hello."}), "--attach", "go")
        exits(done, 0)
        contains(done.err, "--attach: there is no terminal", "standard error")
        done = sunaba(home, "config", env={"SUNABA_ATTACH": "1"})
        exits(done, 0)
        contains(done.out, "SUNABA_ATTACH", "config")


@test
def the_command():
    """/attach on and off say what they do"""
    with Home() as home, at_prompt(home) as t:
        for line, says in (("/attach", "is told of"), ("/attach on", "from their start, Ctrl-]"),
                           ("/attach", "/attach off ends"), ("/attach no", "takes 'on'"),
                           ("/attach off", "when you attach it")):
            t.line(line)
            sees(t, re.escape(says))
            again_at_prompt(t)
        leave(t)


if __name__ == "__main__":
    run.need_program()
    tap.main()
