#!/usr/bin/env python3
"""/allow in a session: the interpreter that runs already sees it, and nothing else opens."""
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from run import Home  # noqa: E402
from tap import equal, test  # noqa: E402
from tmux import Tmux  # noqa: E402

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"


class Session:
    """A session without a model: lines of the user run code."""

    def __init__(self, home, words=()):
        self.home = home
        self.tmux = Tmux(home, ["-m", home.script({"say": "x"}), *words], columns=160)
        self.count = 0
        self.tmux.wait_for(PROMPT)
        self.tmux.line("!MARK=same; touch marked")
        tap.until(lambda: home.there("work/marked"), 10, "the first command")
        self.tmux.wait_for(PROMPT)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.tmux.__exit__(*what)

    def shell(self, command):
        """What a command prints in the session's own shell, and the shell's own variable."""
        self.count += 1
        name = f"out{self.count}"
        self.tmux.line(f"!( {command} ) > {name} 2>&1; echo ${{MARK-none}} >> {name}; mv {name} {name}.done")
        tap.until(lambda: self.home.there(f"work/{name}.done"), 10, command)
        self.tmux.wait_for(PROMPT)
        *out, mark = self.home.read(f"work/{name}.done").splitlines()
        return "\n".join(out), mark

    def allow(self, words, want):
        self.tmux.line(f"/allow {words}")
        return self.tmux.wait_for(want)


def make(home, *names):
    for name in names:
        os.makedirs(home.path(os.path.dirname(name)), exist_ok=True)
        home.write(name, "TOPSECRET\n")


@test
def reading_and_writing():
    """/allow read and write: in HOME and elsewhere, in the interpreter that runs; only that"""
    with Home() as home:
        make(home, "home/data/file", "elsewhere/deep/file", "elsewhere/other", "third/file")
        with Session(home) as s:
            data, deep = home.path("home/data"), home.path("elsewhere/deep")
            out, same = s.shell(f"cat {data}/file {deep}/file")
            tap.absent(out, "TOPSECRET")
            equal(same, "same")
            s.allow(f"read {data}", f"data is shown to code .read-only")
            equal(s.shell(f"cat {data}/file"), ("TOPSECRET", same))
            tap.contains(s.shell(f"echo x > {data}/new")[0], "Read-only")
            s.allow(f"write {data}", "data is shown to code .writable")
            equal(s.shell(f"echo mine > {data}/new"), ("", same))
            equal(home.read("home/data/new"), "mine\n")
            s.allow(f"write {deep}", "deep is shown to code .writable.$")
            equal(s.shell(f"echo mine > {deep}/new; cat {deep}/file"), ("TOPSECRET", same))
            equal(home.read("elsewhere/deep/new"), "mine\n")
            tap.absent(s.shell(f"cat {home.path('elsewhere/other')}")[0], "TOPSECRET")
            s.allow(f"read {home.path('third/file')}", "third/file is shown")
            out, again = s.shell(f"cat {home.path('third/file')}; ls {home.path('third')}")
            equal((out, again), ("TOPSECRET\nfile", same))
            s.tmux.line("/restart")
            s.tmux.wait_for("starts afresh")
            out, fresh = s.shell(f"echo more >> {deep}/new; cat {deep}/new {data}/new")
            equal((out, fresh), ("mine\nmore\nmine", "none"))
            s.allow("", "write .*deep")


@test
def repositories():
    """git in what /allow write opens is guarded as in the workspace, at once"""
    if not shutil.which("git"):
        tap.skip("git is not installed")
    with Home() as home:
        for place in ("home/repo", "elsewhere/repo"):
            subprocess.run(["git", "init", "-q", home.path(place)], check=True)
        with Session(home) as s:
            for place in ("home/repo", "elsewhere/repo"):
                repo = home.path(place)
                s.allow(f"write {repo}", f"{place} is shown to code")
                tap.contains(s.shell(f"echo x > {repo}/.git/config")[0], "Read-only")
                equal(s.shell(f"touch {repo}/file; mkdir {repo}/.vscode")[0], "")
                tap.until(lambda r=repo: ".vscode.sunaba-quarantine" in os.listdir(r), 5, place)
                os.rename(f"{repo}/.vscode.sunaba-quarantine", f"{repo}/.vscode")
                s.allow(f"write {repo}/.vscode", f"{place}/.vscode is shown to code")
                equal(s.shell(f"touch {repo}/.vscode/x; ls {repo}/.vscode"), ("x", "same"))


@test
def inside_the_workspace():
    """/allow read .env takes its cover off; /allow write .vscode lets it be made, and be"""
    with Home() as home:
        make(home, "work/.env", "work/sub/.env", "work/.idea/x")
        with Session(home) as s:
            same = "same"
            equal(s.shell("cat .env sub/.env"), ("", same))
            tap.contains(s.shell("echo x > .env")[0], "Read-only")
            s.allow("read .env", "env is shown to code .read-only")
            equal(s.shell("cat .env sub/.env"), ("TOPSECRET", same))
            tap.contains(s.shell("echo x > .env")[0], "Read-only")
            s.shell("mkdir .vscode; echo '{}' > .vscode/tasks.json")
            tap.until(lambda: home.there("work/.vscode.sunaba-quarantine"), 5, "put aside")
            s.allow("write .vscode", "vscode is shown to code .writable")
            equal(s.shell("cat .vscode/tasks.json; touch .vscode/more"), ("{}", same))
            equal(s.shell("ls .vscode")[0], "more\ntasks.json")
            tap.contains(s.shell("echo x > .idea/x")[0], "Read-only")
            s.allow("write .idea", "idea is shown to code .writable")
            equal(s.shell("echo y > .idea/x; cat .idea/x"), ("y", same))


def masked(home, session, connect):
    """Listens as the user until a socket is masked; see stays()."""
    def attempt():
        number = next(tries)
        end = time.monotonic() + 0.02 * number
        tap.until(lambda: time.monotonic() > end, what="a while")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(home.path(f"work/db{number}"))
            server.listen()
            return "refused" in session.shell(f"{connect}db{number}")[0]
    tries = iter(range(1000))
    tap.until(attempt, what="the host's socket is masked")


@test
def between_steps():
    """what the host makes between steps: a socket is masked, a guarded file guarded again"""
    with Home() as home:
        make(home, "work/.env", "work/.vscode/x")
        connect = ("python3 -c 'import socket, sys; socket.socket(1).connect(sys.argv[1]); "
                   "print(1)' ")
        with Session(home) as s:
            home.write("work/new", "NEWSECRET\n")
            os.rename(home.path("work/new"), home.path("work/.env"))
            shutil.rmtree(home.path("work/.vscode"))
            equal(s.shell("cat .env; mkdir .vscode; touch .vscode/y"), ("", "same"))
            masked(home, s, connect)
            equal(home.there("work/.vscode"), False)
            own = ("python3 -c 'import socket, time; a = socket.socket(1); a.bind(\"own\"); "
                   "a.listen(); open(\"up\", \"w\"); time.sleep(600)'")
            s.shell(f"{own} > /dev/null 2>&1 & until test -e up; do sleep 0.01; done; echo")
            s.shell("touch a")
            s.shell("touch b")
            equal(s.shell(connect + "own"), ("1", "same"))


def stays(home, session, make_one):
    """Makes things as the user, in one folder after the other, until one stays there; each time the
    session's processes are given longer to come to rest."""
    tries = iter(range(1000))

    def attempt():
        number = next(tries)
        end = time.monotonic() + 0.02 * number
        tap.until(lambda: time.monotonic() > end, 20, "a while")
        folder = f"work/{make_one.__name__}{number}"
        os.mkdir(home.path(folder))
        name = make_one(home, folder)
        session.shell("true")
        return name if home.there(name) else None
    return tap.until(attempt, 20, "what the user made stays")


def make_file(home, folder):
    home.write(f"{folder}/.envrc", "mine\n")
    return f"{folder}/.envrc"


def make_hook(home, folder):
    subprocess.run(["bash", "-ec", "git init -q; echo x > .git/hooks/pre-commit; "
                    "chmod +x .git/hooks/pre-commit; git config alias.st '!mine'"],
                   cwd=home.path(folder), check=True, env=home.env())
    return f"{folder}/.git/hooks/pre-commit"


@test
def made_by_the_user():
    """auto-run files that the user makes while no code runs stay, and are read-only for code"""
    with Home() as home, Session(home) as s:
        file = stays(home, s, make_file).removeprefix("work/")
        tap.contains(s.shell(f"echo x > {file}")[0], "Read-only")
        refused = s.shell(f"rm {file}")[0]  # which of the two comes first is the kernel's choice
        equal("busy" in refused or "Read-only" in refused, True, refused)
        # what code makes in the same folder is put aside all the same
        there = os.path.dirname(file)
        s.shell(f"mkdir {there}/.vscode")
        equal(sorted(os.listdir(home.path("work", there))), [".envrc", ".vscode.sunaba-quarantine"])
        if shutil.which("git"):
            hook = stays(home, s, make_hook).removeprefix("work/")
            tap.contains(s.shell(f"echo x >> {hook}")[0], "Read-only")
            config = home.read(f"work/{hook}".replace("hooks/pre-commit", "config"))
            tap.contains(config, "!mine")
        s.tmux.line("/quit")
        s.tmux.exit_code()
        equal(home.read(f"work/{file}"), "mine\n")


@test
def made_while_code_runs():
    """while code runs in the background nobody knows whose a new file is: it is put aside"""
    with Home() as home, Session(home) as s:
        s.shell("(while :; do :; done) > /dev/null 2>&1 &")
        for i in range(3):
            home.write(f"work/.envrc{i}", "mine\n")
            os.rename(home.path(f"work/.envrc{i}"), home.path("work/.envrc"))
            s.shell("true")
            tap.until(lambda: not home.there("work/.envrc"), 5, "put aside")
        tap.contains(s.tmux.screen(history=True).replace("\n", " "), "if it is yours, rename it back")
    # asleep when the step ends, it is no user
    with Home() as home, Session(home) as s:
        s.shell("(until test -e go; do sleep 0.2; done; touch .mcp.json made; exec sleep 60) "
                "> /dev/null 2>&1 &")
        home.write("work/go", "")
        tap.until(lambda: home.there("work/made"), 5, "the background")
        s.shell("true")
        tap.until(lambda: not home.there("work/.mcp.json"), 5, "put aside")


@test
def refusals():
    """what the options refuse, /allow refuses: links out of the workspace, "/", what is absent"""
    with Home() as home:
        make(home, "home/.ssh/id_rsa")
        os.symlink(home.path("home/.ssh"), home.path("work/out"))
        with Session(home) as s:
            s.allow("read out", "cannot show 'out'|cannot show '.*work/out'")
            s.allow("write out/id_rsa", "cannot show .*id_rsa")
            s.allow("read /", "cannot show '/'")
            s.allow("read /no/such", "cannot show '/no/such': No such file")
            s.allow(f"read {home.path('home')}", "Device or resource busy\n +start again with --allow-read")
            s.allow("both /tmp", "/allow read PATH or /allow write PATH")
            tap.absent(s.shell("cat out/id_rsa")[0], "TOPSECRET")


tap.main()
