#!/usr/bin/env python3
"""Staged mode: what code writes waits in a layer; applying it trusts nothing of it."""
import os
import random
import shutil
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
import wild  # noqa: E402
from jailbox import BOXES, TIMEOUT_S, jail_test, main, need, need_mounts, wipe  # noqa: E402


class Work:
    """A fresh workspace of a box, and the program's other commands in it."""

    def __init__(self, box):
        self.box = box
        self.path = os.path.join(box.home, "staged")
        self.state = os.path.join(box.home, ".local/state")

    def __enter__(self):
        wipe(self.path)
        wipe(self.state)
        self.folder("")
        return self

    def __exit__(self, *_):
        wipe(self.path)
        wipe(self.state)

    def own(self, path):
        os.chown(path, self.box.uid, self.box.gid, follow_symlinks=False)

    def at(self, name):
        return os.path.join(self.path, name)

    def folder(self, name):
        path = self.path
        for part in ["", *filter(None, name.split("/"))]:
            path = os.path.join(path, part)
            os.makedirs(path, exist_ok=True)
            self.own(path)

    def put(self, name, text, mode=0o644):
        if os.path.dirname(name):
            self.folder(os.path.dirname(name))
        self.box.write(self.at(name), text)
        os.chmod(self.at(name), mode)
        self.own(self.at(name))

    def get(self, name):
        with open(self.at(name), encoding="utf-8") as text:
            return text.read()

    def there(self, name):
        return os.path.lexists(self.at(name))

    def run(self, command, mode="keep", env=None):
        return self.box.run(command, options=[f"--staged={mode}"], cwd=self.path, env=env)

    def ok(self, command, mode="keep"):
        code, out = self.run(command, mode)
        tap.equal(code, 0, out)
        return out

    def staged(self, *words):
        done = subprocess.run([self.box.program, "staged", *words], cwd=self.path,
                              env=self.box.env(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT_S, check=False, **self.box.as_user())
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def layers(self):
        place = os.path.join(self.state, "sunaba/staged")
        return sorted(os.listdir(place)) if os.path.isdir(place) else []

    def tree(self):
        """What is in the workspace: name to kind, permissions, content."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            for name in folders + files:
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                if stat.S_ISLNK(mode):
                    what = os.readlink(path)
                elif stat.S_ISREG(mode):
                    with open(path, "rb") as data:
                        what = data.read()
                else:
                    what = None
                found[os.path.relpath(path, self.path)] = (stat.S_IFMT(mode), mode & 0o7777
                                                           if not stat.S_ISLNK(mode) else 0, what)
        return found


@jail_test
def waits(box):
    """what is written waits: the workspace stays, the layer is named, apply carries it over"""
    with Work(box) as w:
        w.put("a", "one\n")
        w.put("b", "two\n")
        before = w.tree()
        out = w.ok("echo more >> a; rm b; mkdir -p n/d; echo f > n/d/f; cat a n/d/f")
        tap.contains(out, "one\nmore\nf\n")
        tap.contains(out, "not applied")
        tap.equal(w.tree(), before)
        tap.equal(len(w.layers()), 1)
        tap.contains(out, f"sunaba staged apply {w.layers()[0]}")
        code, out = w.staged("diff")
        tap.equal(code, 0)
        tap.contains(out, "+more")
        tap.contains(out, "-two")
        code, out = w.staged("apply", w.layers()[0])
        tap.equal(code, 0, out)
        tap.equal((w.get("a"), w.get("n/d/f"), w.there("b")), ("one\nmore\n", "f\n", False))
        tap.equal(w.layers(), [])


@jail_test
def ends(box):
    """--staged=apply applies, discard leaves nothing, no change leaves nothing"""
    with Work(box) as w:
        w.ok("echo x > x", "apply")
        tap.equal(w.get("x"), "x\n")
        out = w.ok("echo y > y", "discard")
        tap.contains(out, "discarded")
        tap.equal(w.there("y"), False)
        w.ok("cat x", "keep")
        tap.equal(w.layers(), [])
        code, out = w.run("echo z > z; exit 3", "apply")
        tap.equal(code, 3, out)
        tap.contains(out, "not applied")
        tap.equal(w.there("z"), False)
        tap.equal(w.staged("discard")[0], 0)
        tap.equal(w.layers(), [])


# What a layer must be able to say; run in the jail and, for comparison, on a copy.
CHANGES = r"""
set -e
echo more >> file; echo new > new; : > empty; rm gone; chmod 755 script; chmod 600 secretive
mkdir -p deep/er/still; echo d > deep/er/still/f; mv moved elsewhere
rm -r folder; mkdir -p folder/deep; echo again > folder/new; echo again > folder/deep/new
rm -r tofile; echo a file > tofile
rm todir; mkdir todir; echo in > todir/in
ln -sf new link; ln -s nowhere dangling; rm oldlink; echo file > oldlink
rm -r alltree; mkdir ro; echo x > ro/x; chmod 555 ro
printf 'a\0b' > binary; printf '日本語\n' > '名前 と空白'
echo odd > $'new\nline'; echo -- > -dash; truncate -s 3M sparse
cp script copy; rm script; mv copy script
"""


def prepare(w):
    for name in ("file", "gone", "moved", "todir", "secretive", "folder/old", "folder/deep/old",
                 "tofile/x", "alltree/a/b/c", "alltree/d", "untouched", "un/touched"):
        w.put(name, name + "\n")
    w.put("script", "#!/bin/sh\n", 0o644)
    for name in ("link", "oldlink"):
        os.symlink("file", w.at(name))
        w.own(w.at(name))


@jail_test
def same_tree(box):
    """after apply the workspace is what the same commands make of it directly"""
    with Work(box) as w:
        prepare(w)
        code, out = box.run(CHANGES, cwd=w.path)
        tap.equal(code, 0, out)
        want = w.tree()
    with Work(box) as w:
        prepare(w)
        before = w.tree()
        w.ok(CHANGES)
        tap.equal(w.tree(), before)
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.equal(w.tree(), want)
        tap.equal(w.layers(), [])
        os.chmod(w.at("ro"), 0o755)


# Folders that are in the workspace cannot be renamed in a layer (EXDEV, programs copy them).
RANDOM = wild.CODE + "wild(random.Random(int(sys.argv[1])), 60, '', False)"


@jail_test
def same_tree_at_random(box):
    """rounds of changes at random, each applied, make the tree that they make directly"""
    rounds, results = range(7, 12), []
    for staged in (False, True):
        with Work(box) as w:
            for path in ("a", "b", "p/a", "p/b", "p/q/a", "p/q/r", "q/a", "q/p/b", "r/q/c"):
                w.put(path, path)
            for seed in rounds:
                command = ["python3", "-c", RANDOM, str(seed)]
                options = ["--staged=apply"] if staged else []
                code, out = box.run(command, options=options, cwd=w.path)
                tap.equal(code, 0, out)
            results.append(w.tree())
            tap.equal(w.layers(), [])
    tap.equal(results[1], results[0])


@jail_test
def attack_24(box):
    """24: a new .vscode, .envrc or git hook is in the layer only, and must be named to be applied"""
    with Work(box) as w:
        w.ok("mkdir -p .vscode .idea .git/hooks; echo x > .vscode/tasks.json; echo x > .envrc;"
             "echo x > .idea/workspace.xml; echo x > .git/hooks/pre-commit; echo x > plain")
        tap.equal(w.tree(), {})
        code, out = w.staged("diff")
        tap.contains(out, "runs by itself")
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.contains(out, "held back")
        for name in (".vscode/tasks.json", ".envrc", ".idea/workspace.xml",
                     ".git/hooks/pre-commit"):
            tap.equal(w.there(name), False, name)
        tap.equal(w.get("plain"), "x\n")
        tap.equal(w.staged("apply", ".vscode")[0], 0)
        tap.equal((w.there(".vscode/tasks.json"), w.there(".envrc")), (True, False))
        tap.equal(w.staged("discard")[0], 0)


@jail_test
def attack_25(box):
    """25: rm -rf of the whole workspace is harmless until it is applied"""
    with Work(box) as w:
        prepare(w)
        before = w.tree()
        w.ok("rm -rf ./* ./.[!.]* ; ls -A | wc -l", "discard")
        tap.equal(w.tree(), before)
        w.run("rm -rf .", "discard")
        tap.equal(w.tree(), before)


@jail_test
def attack_136(box):
    """136: links made by code lead an apply nowhere"""
    with Work(box) as w:
        bashrc = os.path.join(box.home, ".bashrc")
        w.ok(f"ln -s {bashrc} out; ln -s {box.home} home")
        tap.equal(w.staged("apply")[0], 0)
        tap.equal(os.readlink(w.at("out")), bashrc)
        w.ok("echo evil > out || true; rm -f out home; mkdir home; echo evil > home/.bashrc;"
             "echo evil > out")
        code, out = w.staged("apply")
        with open(bashrc, encoding="utf-8") as text:
            tap.equal(text.read(), "TOPSECRET\n", out)
        tap.equal((w.get("out"), w.get("home/.bashrc")), ("evil\n", "evil\n"))
        # A folder on the way becomes a link on the host after the run.
        w.folder("dir")
        w.ok("echo evil > dir/.bashrc")
        os.rmdir(w.at("dir"))
        os.symlink(box.home, w.at("dir"))
        code, out = w.staged("apply")
        tap.equal(code, 1, out)
        tap.contains(out, "dir/.bashrc: refused")
        with open(bashrc, encoding="utf-8") as text:
            tap.equal(text.read(), "TOPSECRET\n", out)


@jail_test
def attack_137(box):
    """137: what was changed in the workspace meanwhile is not overwritten; the rest is applied"""
    with Work(box) as w:
        for name in ("a", "b", "c", "d/x"):
            w.put(name, "old\n")
        w.ok("for f in a b c; do echo code > $f; done; rm -r d; echo code > new")
        tap.equal(w.staged("diff")[0], 0)
        w.put("a", "user\n")
        os.unlink(w.at("b"))
        w.put("d/x", "user\n")
        w.put("new", "user\n")
        code, out = w.staged("apply")
        tap.equal(code, 1, out)
        for name in ("a", "b", "d", "new"):
            tap.contains(out, f"{name}: refused: ")
        tap.equal((w.get("a"), w.there("b"), w.get("c"), w.get("d/x"), w.get("new")),
                  ("user\n", False, "code\n", "user\n", "user\n"))
        tap.equal(len(w.layers()), 1)
        tap.equal(w.staged("discard")[0], 0)


@jail_test
def attack_138(box):
    """138: set-id bits fall away; devices, FIFOs and sockets are dropped with a notice"""
    with Work(box) as w:
        w.ok("mkfifo fifo; python3 -c \"import socket; socket.socket(1).bind('sock')\"; echo x > x")
        layer = os.path.join(w.state, "sunaba/staged", w.layers()[0], "upper")
        os.chmod(os.path.join(layer, "x"), 0o6755)  # code itself is refused this
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.contains(out, "fifo: dropped")
        tap.contains(out, "sock: dropped")
        tap.contains(out, "x: applied: without its set-id bits")
        tap.equal(os.lstat(w.at("x")).st_mode & 0o7777, 0o755)
        tap.equal((w.there("fifo"), w.there("sock")), (False, False))
        tap.equal(w.layers(), [])
        tap.equal(box.run("mknod dev c 0 0", options=["--staged=discard"], cwd=w.path)[0], 1)


@jail_test
def attack_147(box):
    """147: kill -9 in an apply leaves whole files, and the apply can be done again"""
    with Work(box) as w:
        count, size = 400, 20000
        w.ok(f"python3 -c \"for i in range({count}): open(f'f{{i}}', 'w').write('n' * {size})\"",
             "apply")
        w.ok(f"python3 -c \"for i in range({count}): open(f'f{{i}}', 'w').write('m' * {size})\"")
        chance = random.Random(147)
        for _ in range(6):
            job = subprocess.Popen([box.program, "staged", "apply"], cwd=w.path, env=box.env(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **box.as_user())
            end = time.monotonic() + chance.random() * 0.04
            while time.monotonic() < end and job.poll() is None:
                pass
            job.kill()
            job.wait()
            for i in range(count):
                text = w.get(f"f{i}")
                tap.equal((len(text), len(set(text))), (size, 1), f"f{i}")
        if w.layers():
            tap.equal(w.staged("apply")[0], 0)
        tap.equal({w.get(f"f{i}")[0] for i in range(count)}, {"m"})
        tap.equal([n for n in os.listdir(w.path) if not n.startswith("f")], [])
        tap.equal(w.layers(), [])


@jail_test
def killed_run(box):
    """kill -9 of a run: its layer can be taken up; one that holds nothing goes with the next run"""
    with Work(box) as w:
        w.put("a", "old\n")
        w.put("b", "old\n")
        job = box.popen("echo new > a; echo new > b; echo ready; exec sleep 100",
                        options=["--staged"], cwd=w.path)
        tap.equal(job.stdout.readline(), b"ready\n")
        w.put("b", "user\n")
        tap.contains(w.staged()[1], "a run uses it")
        tap.equal(w.staged("apply", w.layers()[0])[0], 2)
        job.kill()
        job.communicate()
        tap.equal(w.get("a"), "old\n")
        tap.equal(w.staged("apply")[0], 1)
        tap.equal((w.get("a"), w.get("b")), ("new\n", "user\n"))
        tap.equal(w.staged("discard")[0], 0)
        job = box.popen("echo ready; exec sleep 100", options=["--staged"], cwd=w.path)
        tap.equal(job.stdout.readline(), b"ready\n")
        job.kill()
        job.communicate()
        tap.equal(len(w.layers()), 1)
        w.ok("true")
        tap.equal(w.layers(), [])
        # Killed while it removed its layer.
        job = box.popen("echo ready; exec sleep 100", options=["--staged"], cwd=w.path)
        tap.equal(job.stdout.readline(), b"ready\n")
        job.kill()
        job.communicate()
        os.rmdir(os.path.join(w.state, "sunaba/staged", w.layers()[0], "upper"))
        w.ok("true")
        tap.equal(w.layers(), [])


@jail_test
def no_place(box):
    """no place for a layer, or no overlay: exit 4 with the reason, and nothing runs"""
    with Work(box) as w:
        env = {"XDG_STATE_HOME": "/proc/none", "XDG_RUNTIME_DIR": "/proc/none"}
        shm = f"/dev/shm/sunaba-staged-{box.uid}"
        shutil.rmtree(shm, ignore_errors=True)
        box.write(shm, "")
        try:
            code, out = w.run("echo RAN > ran; echo RAN", env=env)
        finally:
            os.unlink(shm)
        tap.equal(code, 4, out)
        tap.contains(out, "no place for its layer")
        tap.absent(out, "RAN")
        tap.equal(w.there("ran"), False)
        try:
            code, out = w.run("echo x > x", env=env)
            tap.equal(code, 0, out)
            tap.contains(out, "in memory")
            tap.equal(w.there("x"), False)
        finally:
            shutil.rmtree(shm, ignore_errors=True)


@tap.test
def mounts_below():
    """a workspace with another file system in it: exit 4 with the reason, and nothing runs"""
    box = BOXES[0]
    need_mounts()
    with Work(box) as w:
        w.folder("m")
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none m && exec "$@"', "sh",
             *box.argv("echo RAN", ["--staged=keep"])], cwd=w.path, env=box.env(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S, check=False)
        out = done.stdout.decode()
        if "permission denied" in out.lower() or "not permitted" in out.lower():
            tap.skip("only root can mount")
        tap.equal(done.returncode, 4, out)
        tap.contains(out, "copy-on-write layer")
        tap.contains(out, "without mounts below it")
        tap.absent(out, "RAN")
        tap.equal(w.layers(), [])


@jail_test
def hooks_in_a_layer(box):
    """a hook of an existing repository can be written in a layer, and waits to be named"""
    if not shutil.which("git"):
        tap.skip("git is not installed")
    with Work(box) as w:
        box.ok("git init -q", cwd=w.path)
        w.ok("echo evil > .git/hooks/pre-commit; git config core.fsmonitor evil; echo x > x")
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.contains(out, ".git/hooks/pre-commit: held back")
        tap.contains(out, ".git/config: held back")
        tap.equal((w.there(".git/hooks/pre-commit"), w.get("x")), (False, "x\n"))
        tap.absent(w.get(".git/config"), "evil")
        tap.equal(w.staged("discard")[0], 0)


def linked(w, box, kind):
    """Makes the workspace a linked worktree or a submodule; its git directory's path."""
    git = "git -c user.name=n -c user.email=e@x -c init.defaultBranch=main"
    repo = os.path.join(box.home, "repository")
    shutil.rmtree(repo, ignore_errors=True)
    os.rmdir(w.path)
    link = (f"git worktree add -q -b topic {w.path}" if kind == "worktree" else
            f"git init -q {box.home}/inner; (cd {box.home}/inner; {git} commit -q --allow-empty "
            f"-m one); {git} -c protocol.file.allow=always submodule --quiet add {box.home}/inner m; "
            f"rm -rf {box.home}/inner; {git} commit -qm two; ln -s {repo}/m {w.path}")
    done = subprocess.run(["bash", "-ec", f"{git} init -q {repo}; cd {repo}; echo a > a; "
                           f"git add a; {git} commit -qm one; {link}"], env=box.env(),
                          stdin=subprocess.DEVNULL, check=False, capture_output=True,
                          **box.as_user())
    tap.equal(done.returncode, 0, done.stderr.decode())
    if kind == "submodule":
        os.unlink(w.path)
        w.path = os.path.join(repo, "m")
    return repo, git


@jail_test
def linked_worktree(box):
    """a commit in a linked worktree or submodule waits with the rest: apply brings it, discard not"""
    need("git")
    for kind in ("worktree", "submodule"):
        with Work(box) as w:
            first = w.path
            repo, git = linked(w, box, kind)
            where = os.path.join(repo, ".git" if kind == "worktree" else ".git/modules/m")

            def log():
                return subprocess.run(["git", "log", "--format=%s"], cwd=w.path, env=box.env(),
                                      capture_output=True, check=True,
                                      **box.as_user()).stdout.decode().split()

            def tree():
                done = subprocess.run(f"find {where} -type f -printf '%P %s %T@\n' | sort",
                                      shell=True, capture_output=True, check=True)
                return done.stdout
            commit = f"echo b > b; git add b; {git} commit -qm new; git log --format=%s"
            before = tree()
            out = w.ok(commit, "discard")
            tap.contains(out, "new\none")
            tap.equal((tree(), w.layers(), w.there("b")), (before, [], False), kind)
            w.ok(commit, "keep")
            tap.equal((tree(), log()), (before, ["one"]), kind)
            code, out = w.staged("diff")
            tap.contains(out, f"{where}/")
            code, out = w.staged("apply")
            tap.equal(code, 0, out)
            tap.equal((log(), w.get("b"), w.layers()), (["new", "one"], "b\n", []), kind)
            done = subprocess.run(["git", "status", "--short"], cwd=w.path, env=box.env(),
                                  capture_output=True, check=True, **box.as_user())
            tap.equal(done.stdout + done.stderr, b"", kind)
            # the commit alone, of a file that was applied before
            w.ok("echo c > c", "apply")
            w.ok(f"git add c; {git} commit -qm third", "apply")
            tap.equal(log()[0], "third")
            # what git runs there must be named
            w.ok(f"echo x > {where}/hooks/pre-commit; git config core.fsmonitor evil; "
                 f"echo d > d; git add d; {git} commit -qm fourth")
            code, out = w.staged("apply")
            tap.contains(out, f"{where}/hooks/pre-commit: held back")
            tap.contains(out, f"{where}/config: held back")
            tap.equal((log()[0], os.path.exists(f"{where}/hooks/pre-commit")), ("fourth", False))
            tap.equal(w.staged("discard")[0], 0)
            # the user commits meanwhile: the branch is not overwritten
            w.ok(f"{git} commit -q --allow-empty -m code")
            subprocess.run(["bash", "-c", f"{git} commit -q --allow-empty -m user"], cwd=w.path,
                           env=box.env(), check=True, **box.as_user())
            code, out = w.staged("apply")
            tap.equal((code, log()[0]), (1, "user"), out)
            tap.equal(w.staged("discard")[0], 0)
            shutil.rmtree(repo)
            w.path = first


@jail_test
def new_repository(box):
    """a repository made in a layer is one after the apply; settings that run something are held"""
    need("git")
    git = "git -c user.name=n -c user.email=e@x -c init.defaultBranch=main"
    with Work(box) as w:
        w.ok(f"{git} init -q; git config user.name keep; git remote add o https://x.test/y; "
             f"echo a > a; git add a; {git} commit -qm one; {git} clone -q . copy; "
             f"{git} clone -q --bare . bare.git")
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.absent(out, "held")
        tap.equal(box.ok("git config user.name; git log --format=%s; git status --short; git fsck; "
                         "git -C copy log --format=%s; git -C bare.git log --format=%s",
                         cwd=w.path).split(), ["keep", "one", "??", "bare.git/", "??", "copy/",
                                               "one", "one"])
        tap.equal(w.layers(), [])
    for setting in ("core.fsmonitor ./evil", "alias.st '!evil'", "core.worktree /tmp",
                    "core.worktree ../../..", "include.path ../x", "diff.x.textconv evil",
                    "core.sshCommand evil"):
        with Work(box) as w:
            w.ok(f"git init -q .; git init -q n; git -C n config {setting}; git init -q --bare b; "
                 f"git -C b config {setting}; mkdir -p .vscode/.git; cp .git/config .vscode/.git")
            code, out = w.staged("apply")
            for name in ("n/.git/config", "b/config", ".vscode/.git/config"):
                tap.contains(out, f"{name}: held back", setting)
                tap.equal(w.there(name), False, setting)
            tap.equal(w.there(".git/config"), True, setting)
            tap.equal(w.staged("apply", "n/.git/config")[0], 0)
            tap.equal(w.there("n/.git/config"), True, setting)
    # one that is there is the user's, as outside of staged mode
    with Work(box) as w:
        box.ok("git init -q", cwd=w.path)
        w.ok("git config user.name x; printf '[core]\n\tpager = evil\n' > .git/config.worktree")
        out = w.staged("apply")[1]
        tap.contains(out, ".git/config: held back")
        tap.contains(out, ".git/config.worktree: held back")


@jail_test
def secrets_stay_hidden(box):
    """a secret of the workspace is hidden in a layer as well"""
    with Work(box) as w:
        w.put(".env", "TOKEN=TOPSECRET\n")
        tap.absent(w.ok("cat .env; echo x > x"), "TOPSECRET")
        tap.absent(w.staged("diff")[1], "TOPSECRET")
        tap.equal(w.staged("apply")[0], 0)
        tap.equal(w.get(".env"), "TOKEN=TOPSECRET\n")


@jail_test
def hostile_layer(box):
    """deep folders, many links, unreadable files: listed within bounds, discarded whole"""
    with Work(box) as w:
        code, out = w.run(["python3", "-c", """
import os
top = os.getcwd()
for i in range(600):
    os.mkdir('d'); os.chdir('d')
os.chdir(top)
for i in range(50):
    os.symlink('loop', f'loop{i}')
open('closed', 'w').close(); os.chmod('closed', 0)
os.mkdir('shut'); open('shut/x', 'w').close(); os.chmod('shut', 0)
open('esc\\x1b]0;title\\x07', 'w').close()
"""])
        tap.equal(code, 0, out)
        code, out = w.staged("diff")
        tap.equal(code, 0, out)
        tap.absent(out, "\x1b")
        tap.contains(out, "more than can be listed")
        tap.equal(w.staged("discard")[0], 0)
        tap.equal(w.layers(), [])


@jail_test
def read_only(box):
    """with --read-only nothing can be written, staged or not"""
    with Work(box) as w:
        code, out = box.run("echo x > x", options=["--staged=keep", "--read-only"], cwd=w.path)
        tap.equal(code, 1, out)
        tap.contains(out, "Read-only")
        tap.equal(w.layers(), [])


@jail_test
def git_commit(box):
    """a commit made in a layer is a commit after the apply"""
    if not shutil.which("git"):
        tap.skip("git is not installed")
    with Work(box) as w:
        git = "git -c user.name=n -c user.email=e@x -c init.defaultBranch=main"
        box.ok(f"{git} init -q; echo a > a; git add a; {git} commit -qm one", cwd=w.path)
        w.ok(f"echo b > b; git add b; {git} commit -qm two; git status --short")
        tap.equal(box.ok("git log --oneline | wc -l", cwd=w.path).strip(), "1")
        code, out = w.staged("apply")
        tap.equal(code, 0, out)
        tap.equal(box.ok("git log --oneline | wc -l", cwd=w.path).strip(), "2")
        tap.equal(box.ok("git status --short; git fsck --full 2>&1", cwd=w.path), "")


main()
