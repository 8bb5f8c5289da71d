#!/usr/bin/env python3
"""Staged mode in runs and sessions: /diff, /apply, /discard, /undo, and what comes at the end."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
import wild  # noqa: E402
from run import Home  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import Tmux  # noqa: E402

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"


def layers(home):
    place = home.path("state", "sunaba", "staged")
    return os.listdir(place) if os.path.isdir(place) else []


def steps(home, *codes, language="shell"):
    """A model that has one piece of code run per message."""
    turns = []
    for code in codes:
        turns += [{"run": {"language": language, "code": code}}, {"say": "Done.\n"}]
    return home.script(*turns)


def task(home, code, *args, **more):
    return run.sunaba(home, "-m", steps(home, code), "-y", *args, "do it", **more)


class Session:
    """A staged session at its prompt; every line waits for the next prompt."""

    def __init__(self, home, *codes, language="shell", words=()):
        self.home = home
        self.t = Tmux(home, ["-m", steps(home, *codes, language=language), "-y", "--staged",
                             *words], rows=50)
        self.prompts = 0

    def __enter__(self):
        self.t.__enter__()
        self.t.wait_for(PROMPT)
        return self

    def __exit__(self, *rest):
        self.t.__exit__(*rest)

    def line(self, text, until):
        """Types a line; waits for a text and the prompt behind it; what was printed since."""
        before = self.t.screen(history=True).rstrip().count("\n")
        self.t.line(text)

        def there():
            rest = self.t.screen(history=True).rstrip().splitlines()[before:]
            if rest and re.match(PROMPT, rest[-1]) and re.search(until, "\n".join(rest[1:])):
                return "\n".join(rest[1:-1]) or " "
            return None
        try:
            return tap.until(there, 10 * run.SLOWER, f"{until!r} after {text!r}")
        except AssertionError as late:
            raise AssertionError(f"{late}; screen:\n{self.t.screen(history=True)}") from None


@test
def one_shot():
    """a task's changes are applied, discarded or kept as --staged says; nothing else is left"""
    with Home() as home:
        home.write("work/a", "old\n")
        done = task(home, "echo new > a; echo x > b", "--staged=apply")
        run.exits(done, 0)
        equal((home.read("work/a"), home.read("work/b"), layers(home)), ("new\n", "x\n", []))
        done = task(home, "echo newer > a; rm b", "--staged=discard")
        run.exits(done, 0)
        contains(done.err, "2 changes discarded")
        equal((home.read("work/a"), home.read("work/b"), layers(home)), ("new\n", "x\n", []))
        done = task(home, "echo newer > a; rm b", "--staged")
        run.exits(done, 0)
        equal((home.read("work/a"), home.there("work/b")), ("new\n", True))
        contains(done.err, "2 changes in")
        found = re.search("'sunaba (staged apply [0-9a-f]{8})'", done.err)
        kept = home.path("state/sunaba/staged", found.group(1).split()[-1])
        equal(sorted(os.listdir(kept)), ["base", "turns", "upper", "workspace"],
              "none of the kernel's own folders, which their owner may not enter")
        done = run.sunaba(home, *found.group(1).split())
        run.exits(done, 0)
        equal((home.read("work/a"), home.there("work/b"), layers(home)), ("newer\n", False, []))


@test
def names_with_blanks():
    """a name with blanks is written as in a shell; a wrong one is said to be wrong"""
    with Home() as home:
        with Session(home, "echo x > '新 しい.txt'; echo y > \"it's\"; echo z > c") as s:
            s.line("go", "staged: 3 changes wait")
            contains(s.line("/diff '新 しい.txt'", "しい"), "+x")
            s.line('/discard "it\'s"', "it's is as it was")
            s.line("/apply c\\ ", "nothing is changed there")
            s.line("/apply nope", "nothing is changed there")
            s.line("/apply 新\\ しい.txt", "1 change applied")
        equal((home.read("work/新 しい.txt"), home.there("work/c")), ("x\n", False))


@test
def named_in_the_transcript():
    """the transcript names the layer"""
    with Home() as home:
        run.exits(task(home, "echo x > b", "--staged=keep"), 0)
        events = [json.loads(line) for path in home.sessions()
                  for line in home.read(path).splitlines()]
        named = [e for e in events if e["type"] == "staged"]
        equal(len(named), 1, events)
        contains(json.dumps(named[0]), layers(home)[0])


@test
def failed_run_is_not_applied():
    """--staged=apply after a run that failed keeps what waits"""
    with Home() as home:
        model = home.script({"run": {"language": "shell", "code": "echo x > b"}})
        done = run.sunaba(home, "-m", model, "-y", "--staged=apply", "do it")
        equal(done.code == 0, False)
        equal((home.there("work/b"), len(layers(home))), (False, 1))


@test
def diff_apply():
    """/diff shows the changes in colour, /apply PATH and /apply write them, the jail goes on"""
    with Home() as home:
        home.write("work/a", "one\ntwo\nthree\n")
        with Session(home, "sed -i 's/two/二/' a; echo new > n; mkdir d; echo x > d/f",
                     "cat a; echo four >> a") as s:
            out = s.line("change it", "staged: ")
            contains(out, "staged: 4 changes wait (a, d, d/f, n)")
            equal(home.read("work/a"), "one\ntwo\nthree\n")
            out = s.line("/diff", "d/f")
            for part in ("M a", "-two", "+二", "A n", "+ d/", "@@ -1,3 +1,3 @@"):
                contains(out, part)
            styled = s.t.screen(styled=True)
            if not re.search("\x1b\\[[0-9;]*32m[^\n]*二", styled):
                raise AssertionError(f"added lines have no colour of their own: {styled!r}")
            out = s.line("/diff n", "new")
            absent(out, "二")
            out = s.line("/apply d/f", "2 changes applied")
            equal((home.read("work/d/f"), home.there("work/n")), ("x\n", False))
            s.line("/apply", "2 changes applied")
            equal((home.read("work/a"), home.read("work/n")), ("one\n二\nthree\n", "new\n"))
            s.line("/diff", "nothing is changed")
            s.line("more", "staged: 1 change waits")
            equal(home.read("work/a"), "one\n二\nthree\n")
            s.line("/apply all", "1 change applied")
            equal(home.read("work/a"), "one\n二\nthree\nfour\n")
            s.t.line("/quit")
            equal(s.t.exit_code(), 0)
            equal(layers(home), [])


@test
def undo():
    """/undo takes back the last turn's changes, and again the one before; interpreters go on"""
    with Home() as home:
        home.write("work/a", "0\n")
        home.write("work/gone", "here\n")
        home.write("work/tree/deep/f", "deep\n")
        codes = ["f = open('a', 'a'); f.write('1\\n'); f.flush(); open('n', 'w').write('n\\n')",
                 "import os, shutil; os.unlink('gone'); shutil.rmtree('tree'); os.mkdir('tree');"
                 "open('a', 'a').write('2\\n'); open('n', 'w').write('nn\\n')",
                 "print('still', open('a').read().split(), open('n').read().strip(),"
                 "open('gone').read().strip(), open('tree/deep/f').read().strip())",
                 "print('then', open('a').read().split(), os.path.exists('n'))"]
        with Session(home, *codes, language="python") as s:
            s.line("one", "staged: 2 changes")
            s.line("two", "staged: ")
            out = s.line("/undo", "forgotten")
            for name in ("a", "gone", "n", "tree"):
                contains(out, f"{name} is as it was")
            # The turn's message is gone from the conversation, its code from the script is not.
            out = s.line("three", "still")
            contains(out, "still ['0', '1'] n here deep")
            s.line("/undo", "changed no file")
            s.line("/undo", "a is as it was")
            out = s.line("four", "then")
            contains(out, "then ['0'] False")
            s.line("/staged", "0 changes")
            equal((home.read("work/a"), home.read("work/gone")), ("0\n", "here\n"))
            s.t.line("/quit")
            equal((s.t.exit_code(), layers(home)), (0, []))


DIGEST = r"""
import hashlib, os, stat
def digest():
    h = hashlib.sha1()
    for folder, folders, files in os.walk('.'):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            what = (os.readlink(path) if stat.S_ISLNK(mode) else
                    open(path).read() if stat.S_ISREG(mode) else '')
            h.update(repr((path, mode if not stat.S_ISLNK(mode) else 0, what)).encode())
    return h.hexdigest()[:12]
"""
RANDOM = DIGEST + wild.CODE + r"""
def change(seed):
    wild(random.Random(seed), 40, seed, True)
    print('digest', digest())
"""


@test
def undo_of_anything():
    """whatever turns did: each /undo leads to exactly what was there before the turn"""
    seeds = range(40, 47)
    with Home() as home:
        for path in ("a", "b", "p/a", "p/b", "p/q/a", "p/q/r", "q/a", "q/p/b", "r/q/c"):
            home.write("work/" + path, path)
        home.write("work/digest.py", RANDOM)
        with Session(home, *[f"exec(open('digest.py').read()); change({n})" for n in seeds],
                     language="python") as s:
            look = "!python3 -c \"exec(open('digest.py').read()); print('digest', digest())\""
            seen = [re.findall("digest ([0-9a-f]{12})", s.line(look, "digest [0-9a-f]{12}"))[-1]]
            s.line("/undo", "changed no file")
            for n in seeds:
                out = s.line(f"turn {n}", "digest [0-9a-f]{12}")
                seen.append(re.findall("digest ([0-9a-f]{12})", out)[-1])
            equal(len(set(seen)), len(seen), "turns that change nothing")
            for want in reversed(seen[:-1]):
                out = s.line("/undo", "forgotten")
                absent(out, " stays: ")
                out = s.line(look, "digest [0-9a-f]{12}")
                equal(re.findall("digest ([0-9a-f]{12})", out)[-1], want)
                s.line("/undo", "changed no file")
            s.line("/staged", "0 changes")


@test
def apply_of_anything():
    """whatever turns did: after each /apply the workspace is what code sees; no refusal"""
    seeds = range(100, 108)
    with Home() as home:
        for path in ("a", "b", "p/a", "p/b", "p/q/a", "p/q/r", "q/a", "q/p/b", "r/q/c"):
            home.write("work/" + path, path)
        home.write("work/digest.py", RANDOM)
        names = {}
        exec(DIGEST, names)
        with Session(home, *[f"exec(open('digest.py').read()); change({n})" for n in seeds],
                     language="python") as s:
            for n in seeds:
                out = s.line(f"turn {n}", "digest [0-9a-f]{12}")
                absent(s.line("/apply", "applied"), "refused")
                here = os.getcwd()
                os.chdir(home.work)
                try:
                    equal(names["digest"](), re.findall("digest ([0-9a-f]{12})", out)[-1])
                finally:
                    os.chdir(here)
            s.line("/diff", "nothing is changed")


@test
def undo_own_code():
    """/undo after the user's own code takes its files back and leaves the conversation"""
    with Home() as home:
        with Session(home, "echo 1 > one") as s:
            s.line("hello", "staged: 1 change")
            s.line("!echo 2 > two", "staged: 2 changes")
            out = s.line("/undo", "two is as it was")
            absent(out, "forgotten")
            out = s.line("/undo", "forgotten")
            contains(out, "one is as it was")
            s.line("/undo", "nothing to undo")


@test
def discard():
    """/discard PATH and /discard take changes back in the jail too"""
    with Home() as home:
        home.write("work/a", "old\n")
        home.write("work/d/x", "x\n")
        with Session(home, "echo new > a; echo b > b; rm -r d", "cat a; ls") as s:
            s.line("do", "staged: 3 changes")
            s.line("/discard d a", "d is as it was")
            s.line("/staged", "1 change in")
            s.line("/discard", "b is as it was")
            out = s.line("look", "Done")
            contains(out, "old")
            s.line("/diff", "nothing is changed")
            s.t.line("/quit")
            equal((s.t.exit_code(), layers(home)), (0, []))


@test
def linked_worktree():
    """in a linked worktree the commit waits too: /undo, /discard and /apply take it along"""
    if not shutil.which("git"):
        tap.skip("git is not installed")
    git = "git -c user.name=n -c user.email=e@x"
    with Home() as home:
        def host(command):
            done = subprocess.run(["bash", "-ec", command], cwd=home.path("work"), check=True,
                                  env=home.env(), capture_output=True)
            return done.stdout.decode().split()
        host(f"git init -q ../repo; cd ../repo; echo a > a; git add a; {git} commit -qm one; "
             "rmdir ../work; git worktree add -q ../work")
        commit = f"echo x >> a; {git} commit -qam "
        with Session(home, commit + "two", commit + "three", commit + "four") as s:
            s.line("go", "staged: .* wait")
            s.line("go", "staged: .* wait")
            s.line("/undo files", "is as it was")
            contains(s.line("!git log --format=%s | tr '\\n' +", "one"), "two+one+")
            s.line("/discard", "is as it was")
            contains(s.line("!git log --format=%s | tr '\\n' +", "one"), "one+")
            equal(host("git log --format=%s"), ["one"])
            s.line("go", "staged: .* wait")
            s.line("/apply", "applied to the workspace")
            contains(s.line("!git log --format=%s | tr '\\n' +", "one"), "four+one+")
            equal(host("git log --format=%s; git status --short"), ["four", "one"])


@test
def conflict():
    """a file that the user changed after /diff is refused, with the reason; the rest is applied"""
    with Home() as home:
        home.write("work/a", "old\n")
        home.write("work/b", "old\n")
        with Session(home, "echo code > a; echo code > b") as s:
            s.line("do", "staged: 2 changes")
            s.line("/diff", "code")
            home.write("work/a", "mine\n")
            out = s.line("/apply", "refused")
            contains(out, "a: refused: it was changed in the workspace meanwhile")
            equal((home.read("work/a"), home.read("work/b")), ("mine\n", "code\n"))


@test
def applied_and_deleted():
    """what was applied a moment ago can be deleted by the next turn, and that be applied"""
    with Home() as home:
        with Session(home, "mkdir -p d/e; echo x > d/e/x", "echo y > d/e/x; echo z > d/z",
                     "rm -r d") as s:
            for want in ("staged: 3 changes", "staged: 2 changes", "staged: 1 change"):
                s.line("go", want)
                absent(s.line("/apply", "applied"), "refused")
            equal(home.there("work/d"), False)


@test
def race():
    """136: folders that code turns into links and back meanwhile lead apply and undo nowhere"""
    with Home() as home:
        home.write("victim/x", "TOPSECRET\n")
        flip = ("mkdir d; echo mine > d/x; echo 0 > n; (while :; do mv d e; ln -s "
                f"{home.path('victim')} d; echo evil > n; rm d; mv e d; done) >/dev/null 2>&1 &")
        with Session(home, flip) as s:
            s.line("go", "staged: ")
            for _ in range(12):
                s.line("/apply d", "appl|refused|changed")
                if home.there("work/d/x") and not os.path.islink(home.path("work/d")):
                    equal(home.read("work/d/x"), "mine\n")
            s.line("/undo", "forgotten|as it was|stays")
            equal(home.read("victim/x"), "TOPSECRET\n")
            equal(os.listdir(home.path("victim")), ["x"])


@test
def retry_and_undo():
    """a message sent again is one message: /undo does not forget an older one"""
    with Home() as home:
        with Session(home, "echo 1 > one", "echo 2 > two", "echo 3 > three") as s:
            s.line("first", "staged: 1 change")
            s.line("second", "staged: 2 changes")
            s.line("/retry", "staged: 3 changes")
            contains(s.line("/undo", "three is as it was"), "forgotten")
            absent(s.line("/undo", "two is as it was"), "forgotten")
            contains(s.line("/undo", "one is as it was"), "forgotten")


@test
def asked_at_the_end():
    """leaving with changes asks: f shows them, a applies; Enter keeps"""
    with Home() as home:
        with Session(home, "echo x > b") as s:
            s.line("do", "staged: 1 change")
            s.t.line("/quit")
            s.t.wait_for("What is to become of these changes")
            s.t.press_until("f", lambda: "+x" in s.t.screen(), "the difference")
            s.t.press_until("a", lambda: home.there("work/b"), "the apply")
            equal((s.t.exit_code(), layers(home)), (0, []))
        with Session(home, "echo y > c") as s:
            s.line("do", "staged: 1 change")
            s.t.line("/quit")
            s.t.wait_for("What is to become of these changes")
            s.t.press_until("Enter", lambda: "sunaba staged apply" in s.t.screen(), "the end")
            equal(s.t.exit_code(), 0)
            equal((home.there("work/c"), len(layers(home))), (False, 1))


@test
def switched():
    """/staged on and off in a session: another jail, nothing is lost but the interpreters"""
    with Home() as home:
        home.write("work/a", "0\n")
        with Tmux(home, ["-m", steps(home, "echo 1 >> a", "echo 2 >> a; cat a", "echo 3 >> a"),
                         "-y"], rows=50) as t:
            s = Session.__new__(Session)
            s.home, s.t = home, t
            t.wait_for(PROMPT)
            s.line("one", "Done")
            equal(home.read("work/a"), "0\n1\n")
            s.line("/staged on", "changes wait until /apply")
            s.line("/staged on", "on already")
            contains(s.line("two", "staged: 1 change"), "2")
            equal(home.read("work/a"), "0\n1\n")
            s.line("/staged off", "/apply or /discard them first")
            s.line("/apply", "1 change applied")
            s.line("/staged off", "to the workspace itself")
            equal((home.read("work/a"), layers(home)), ("0\n1\n2\n", []))
            s.line("three", "Done")
            equal(home.read("work/a"), "0\n1\n2\n3\n")
            t.line("/quit")
            equal(t.exit_code(), 0)


@test
def cannot_be_switched():
    """/staged on where no layer can be had: the reason, and the session goes on as it was"""
    if os.getuid() != 0:
        tap.skip("only root can mount")
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        tap.skip("mounts cannot be made private here")
    with Home() as home:
        os.mkdir(home.path("work/m"))
        mount = home.write("mount.sh", f"""
mount --make-rprivate / && mount -t tmpfs none {home.path('work/m')} && exec "$@"
""")
        model = steps(home, "x=1", "echo still $x")
        program, run.SUNABA = run.SUNABA, "/usr/bin/unshare"
        try:
            t = Tmux(home, ["-m", "sh", mount, program, "-m", model, "-y"], rows=50)
        finally:
            run.SUNABA = program
        with t:
            s = Session.__new__(Session)
            s.home, s.t = home, t
            t.wait_for(PROMPT)
            s.line("one", "Done")
            s.line("/staged on", "copy-on-write layer")
            contains(s.line("two", "Done"), "still 1")
            equal(layers(home), [])


@test
def off():
    """without --staged: the commands say so, /undo does as before"""
    with Home() as home:
        model = steps(home, "echo x > b")
        with Tmux(home, ["-m", model, "-y"]) as t:
            t.wait_for(PROMPT)
            t.line("/diff")
            t.wait_for("/staged on")
            t.line("/undo")
            t.wait_for("there is nothing to undo")


tap.main()
