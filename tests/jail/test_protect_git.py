#!/usr/bin/env python3
"""git in the workspace: what it runs on the host stays the user's, and commits go on working."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import Box, jail_test, main, need  # noqa: E402

Box.notices = True

ASIDE = ".sunaba-quarantine"
GIT = "git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main"
HOOK = "printf '#!/bin/sh\\n' > {0} && chmod +x {0}"


def host(box, command, cwd=None):
    """A shell line outside of the sandbox, as the box's user."""
    done = subprocess.run(["bash", "-ec", command], cwd=cwd or box.work, env=box.env(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=tap.PATIENCE_S, check=False, **box.as_user())
    tap.equal(done.returncode, 0, f"{command}: {done.stdout.decode()}")
    return done.stdout.decode()


def fresh(function):
    """The test in a workspace of its own below a folder of its own, which goes with it."""
    def run(box):
        need("git")
        old, top = box.work, os.path.join(box.home, function.__name__)
        box.work = os.path.join(top, "work")
        os.makedirs(box.work)
        box.own(top)
        try:
            function(box)
        finally:
            shutil.rmtree(top)
            box.work = old
    run.__doc__, run.__name__ = function.__doc__, function.__name__
    return jail_test(run)


def repository(box, path="."):
    host(box, f"{GIT} init -q {path} && cd {path} && echo a > a && git add a && "
              f"{GIT} commit -qm one")


def rename(path, to="gone"):
    """rename(2) alone: mv would copy, and empty what it cannot remove."""
    return f"python3 -c 'import os; os.rename(\"{path}\", \"{to}\")'"


def refused(box, *commands):
    for command in commands:
        tap.equal(box.run(command)[0] != 0, True, command)


def no_trace(box, path):
    """Nothing that git would run was left in a repository."""
    config = host(box, f"git -C {path} config --local --list || true")
    for word in ("fsmonitor", "hookspath", "sshcommand", "alias", "include", "textconv"):
        tap.absent(config.lower(), word)
    hooks = os.path.join(box.work, path, ".git/hooks")
    for name in os.listdir(hooks) if os.path.isdir(hooks) else ():
        tap.equal(name.endswith(".sample") or ASIDE in name, True, name)


@fresh
def attack_7_to_9(box):
    """7, 8, 9: hooks and config are read-only, .git stays where it is"""
    repository(box)
    refused(box, HOOK.format(".git/hooks/pre-commit"), "rm -r .git/hooks", "mv .git/hooks h",
            "git config core.fsmonitor ./evil", "echo '[core]' >> .git/config",
            "rm .git/config", "mv .git/config c", "ln .git/config c", "mv .git .git2",
            "mkdir .git2; mv -T .git2 .git")
    no_trace(box, ".")
    tap.equal(host(box, f"{GIT} log --format=%s").split(), ["one"])
    refused(box, "rm -rf .git")
    tap.equal(sorted(os.listdir(os.path.join(box.work, ".git"))), ["config", "hooks"])


@fresh
def attack_10_11(box):
    """10, 11: the same in repositories below, at depth 5 and 1, and their folders stay"""
    repository(box, "a/b/c/d/e")
    repository(box, "sub")
    for path in ("a/b/c/d/e", "sub"):
        refused(box, HOOK.format(f"{path}/.git/hooks/x"), rename(path), rename("a", "sub/a"),
                rename(f"{path}/.git"),
                f"git -C {path} config core.hooksPath /tmp")
        no_trace(box, path)
    box.ok(f"cd a/b/c/d/e && echo b >> a && {GIT} commit -qam two")
    tap.equal(host(box, "git -C a/b/c/d/e log --format=%s").split(), ["two", "one"])


@fresh
def l14_l15(box):
    """L14, L15: status, add, commit, branch, stash, merge, rebase, gc, tag, reset work"""
    repository(box)
    box.ok(f"git status --short; echo b > b; git add b; {GIT} commit -qm two; git branch t; "
           f"git checkout -q t; echo c > c; git add c; {GIT} commit -qm three; "
           f"git checkout -q main; echo d > d; git add d; {GIT} commit -qm four; "
           f"{GIT} merge -q -m five t; echo e >> a; {GIT} stash -q; {GIT} stash pop -q; "
           f"{GIT} commit -qam six; git tag v1; git gc -q; git reset -q --hard HEAD~1; "
           f"{GIT} rebase -q t; git mv b bb; {GIT} commit -qm seven; git fsck")
    log = host(box, "git log --format=%s; git status --short")
    tap.contains(log, "seven")


@fresh
def l16(box):
    """L16: git init, clone, worktrees and settings of one's own repositories work"""
    repository(box)
    out = box.ok(f"{GIT} init -q new && cd new && git config user.name x && git remote add o /x "
                 f"&& echo a > a && git add a && {GIT} commit -qm one && cd .. && "
                 f"git clone -q new other && git -C other config pull.rebase true && "
                 f"git clone -q --bare new bare.git && git -C new worktree add -q ../wt && "
                 f"cd wt && echo b > b && git add b && {GIT} commit -qm two")
    tap.absent(out, "put aside")
    tap.equal(host(box, "git -C new config user.name; git -C wt log --format=%s | head -1; "
                        "git -C bare.git log --format=%s").split(), ["x", "two", "one"])


@fresh
def new_repositories(box):
    """hooks and commands in the config of a repository that code makes are put aside"""
    for path in ("new", "deep/er/new"):
        _, out = box.run(
            f"{GIT} init -q {path}; cd {path}; git config user.name keep; git config "
            f"core.fsmonitor ./evil; git config alias.st '!evil'; git config include.path ../x; "
            f"git config diff.x.textconv evil; {HOOK.format('.git/hooks/post-checkout')}; "
            f"ln -s /tmp/evil .git/hooks/pre-push; printf '[core]\\n\\tsshCommand=evil\\n' > "
            ".git/config.worktree; echo x > .git/hooks/README")
        for name in ("config", "config.worktree", "hooks/post-checkout", "hooks/pre-push"):
            tap.contains(out, f"{path}/.git/{name} was put aside")
        tap.equal(host(box, f"git -C {path} config user.name").strip(), "keep")
        tap.equal(os.path.exists(os.path.join(box.work, path, ".git/config" + ASIDE)), True)
        tap.equal(os.path.exists(os.path.join(box.work, path, ".git/hooks/README")), True)
        host(box, f"rm {path}/.git/hooks/README")
        no_trace(box, path)
    # the same in one that was bare, or whose hooks are a link
    _, out = box.run(f"git init -q --bare b; git -C b config core.fsmonitor e; git init -q n; "
                     "rm -r n/.git/hooks; mkdir h; ln -s ../../h n/.git/hooks")
    tap.contains(out, "b/config was put aside")
    tap.contains(out, "n/.git/hooks was put aside")


@fresh
def absent_parts(box):
    """hooks, config.worktree, commondir and modules that were not there at the start"""
    repository(box)
    host(box, "rm -r .git/hooks; git config extensions.worktreeConfig true; mkdir evil; "
              "cp -r .git/. evil; rm evil/HEAD")
    _, out = box.run(f"mkdir .git/hooks; {HOOK.format('.git/hooks/pre-commit')}; "
                     "printf '[core]\\n\\tfsmonitor=./e\\n' > .git/config.worktree; "
                     "printf '[core]\\n\\tfsmonitor=./e\\n' > evil/config; "
                     "echo ../evil > .git/commondir; mkdir -p .git/modules/m/n; "
                     "git init -q --bare .git/modules/m/n; "
                     "git -C .git/modules/m/n config core.pager evil")
    for name in ("hooks/pre-commit", "config.worktree", "commondir", "modules/m/n/config"):
        tap.contains(out, f".git/{name} was put aside")
    no_trace(box, ".")
    tap.equal(host(box, "git rev-parse --git-common-dir").strip(), ".git")


@fresh
def ways_out(box):
    """links that git writes through, and work trees outside, in old and new repositories"""
    repository(box)
    _, out = box.run(f"ln -sf ~/.bashrc .git/COMMIT_EDITMSG; rm -r .git/logs; mkdir .git/logs; "
                     f"ln -s ../../../../.bashrc .git/logs/HEAD; {GIT} init -q new; cd new; "
                     f"git config core.worktree {box.home}; {GIT} init -q ../near; cd ../near; "
                     "ln -s HEAD .git/fine; git config core.worktree ../tree")
    for name in (".git/COMMIT_EDITMSG", ".git/logs/HEAD", "new/.git/config"):
        tap.contains(out, f"{name} was put aside")
    tap.absent(out, "near")
    tap.absent(host(box, "git -C new config --local --list"), "worktree")


@fresh
def old_links(box):
    """hooks that are a link at the start stay; what replaces the link is put aside"""
    repository(box)
    host(box, "mv .git/hooks tools; ln -s ../tools .git/hooks")
    out = box.ok("git status --short")
    tap.absent(out, "put aside")
    tap.equal(os.path.islink(os.path.join(box.work, ".git/hooks")), True)
    refused(box, HOOK.format(".git/hooks/pre-commit"), HOOK.format("tools/pre-commit"))
    _, out = box.run(f"rm .git/hooks; mkdir .git/hooks; {HOOK.format('.git/hooks/pre-commit')}")
    tap.contains(out, ".git/hooks/pre-commit was put aside")
    no_trace(box, ".")


@fresh
def read_only(box):
    """--read-only holds for git directories and what is pinned too"""
    repository(box, "a/b")
    for command in ("touch a/b/.git/x", "touch a/x", "touch a/b/x", "echo x > a/b/.git/HEAD"):
        tap.equal(box.run(command, options=["--read-only"])[0], 1, command)


@fresh
def far_ways(box):
    """commondir through a forged worktree, .git as a link, hooks where the config expects them"""
    repository(box)
    host(box, "git config core.hooksPath .githooks; git config include.path ../.gitshared")
    _, out = box.run(f"mkdir .githooks; {HOOK.format('.githooks/pre-commit')}; "
                     "printf '[core]\n\tfsmonitor=./e\n' > .gitshared; "
                     "for d in one two; do mkdir $d; cp -r .git/objects .git/refs $d; "
                     "printf '[core]\n\tfsmonitor=./e\n' > $d/config; done; "
                     "mkdir -p one/worktrees/x w v; cp .git/HEAD one/worktrees/x; "
                     "echo ../.. > one/worktrees/x/commondir; "
                     "echo gitdir: ../one/worktrees/x > w/.git; "
                     "cp .git/HEAD two; ln -s ../two v/.git")
    for name in (".githooks/pre-commit", ".gitshared", "one/config", "two/config"):
        tap.contains(out, f"{name} was put aside")
    tap.equal(os.path.exists(os.path.join(box.work, ".githooks/pre-commit")), False)


@fresh
def settings_in_the_tree(box):
    """what the config names in the tree, hooks and further settings, is read-only too"""
    repository(box)
    host(box, "mkdir .githooks; git config core.hooksPath .githooks; echo > .gitshared; "
              "git config include.path ../.gitshared")
    refused(box, HOOK.format(".githooks/pre-commit"), "echo x >> .gitshared",
            "mv .githooks x", "rm .gitshared")
    box.ok(HOOK.format(".githooks/pre-commit"), options=["--allow-write", ".githooks"])


@fresh
def linked_worktree(box):
    """a commit in a linked worktree whose repository is elsewhere; its hooks are guarded"""
    main_repo = os.path.join(os.path.dirname(box.work), "repo")
    host(box, f"{GIT} init -q {main_repo} && cd {main_repo} && echo a > a && git add a && "
              f"{GIT} commit -qm one && git worktree add -q {box.work}/wt -b topic")
    top = box.work
    box.work = os.path.join(top, "wt")
    box.ok(f"git status --short; echo b > b; git add b; {GIT} commit -qm two")
    tap.equal(host(box, "git log --format=%s").split(), ["two", "one"])
    refused(box, HOOK.format(f"{main_repo}/.git/hooks/x"), "rm .git", "echo gitdir: x > .git",
            "mv .git g", "git config core.fsmonitor evil",
            f"cat {main_repo}/a", f"echo x > {main_repo}/.git/worktrees/wt/commondir")
    no_trace(box, main_repo)
    box.run(f"touch {main_repo}/new")
    tap.equal(os.path.exists(f"{main_repo}/new"), False)
    host(box, f"rm -r {main_repo}/.git/hooks")
    _, out = box.run(f"mkdir {main_repo}/.git/hooks; {HOOK.format(main_repo + '/.git/hooks/x')}")
    tap.contains(out, "hooks/x was put aside")
    # also from a folder above it
    box.work = top
    box.ok(f"cd wt && echo c > c && git add c && {GIT} commit -qm three")


@fresh
def submodule(box):
    """a submodule as the workspace: its git directory in the outer repository, no more of that"""
    outer = os.path.join(os.path.dirname(box.work), "outer")
    repository(box, "inner")
    host(box, f"{GIT} init -q {outer}; cd {outer}; {GIT} -c protocol.file.allow=always submodule "
              f"--quiet add {box.work}/inner m/n; {GIT} commit -qm one")
    box.work = os.path.join(outer, "m/n")
    box.ok(f"echo b > b; git add b; {GIT} commit -qm two")
    tap.equal(host(box, "git log --format=%s").split(), ["two", "one"])
    refused(box, "git config core.fsmonitor evil", f"cat {outer}/.git/config",
            HOOK.format(f"{outer}/.git/modules/m/n/hooks/x"))
    # and with the outer one as the workspace
    box.work = outer
    box.ok(f"cd m/n && echo c > c && git add c && {GIT} commit -qm three && cd ../.. && "
           f"git add m/n && {GIT} commit -qm four")
    refused(box, "git -C m/n config core.fsmonitor evil", "mv .git/modules/m gone",
            HOOK.format(".git/modules/m/n/hooks/x"), "rm m/n/.git", "mv m gone")


@fresh
def tracked_secret(box):
    """a .env that git tracks is never recorded as empty: shown when git has its bytes, else closed"""
    repository(box)
    host(box, "echo A=1 > .env; mkdir sub; echo B=1 > sub/.env; git add .; "
              f"{GIT} commit -qm env; echo B=TOPSECRET > sub/.env; echo C=TOPSECRET > .env.local")
    out = box.ok("cat .env .env.local; git status --short; git diff --stat .env")
    tap.contains(out, "A=1")
    tap.contains(out, ".env is not hidden: git tracks it")
    tap.contains(out, "sub/.env is hidden")
    tap.contains(out, ".env.local is hidden")
    tap.absent(out, "TOPSECRET")
    refused(box, "cat sub/.env", "echo x > sub/.env", "rm sub/.env", "chmod 644 sub/.env")
    # a commit of everything must not be one that empties it
    for add in ("commit -qam two", "commit -qm two -- a .env", "stash -q"):
        box.run(f"echo more >> a; {GIT} {add}")
        tap.equal(host(box, "git show HEAD:.env HEAD:sub/.env; cat sub/.env"),
                  "A=1\nB=1\nB=TOPSECRET\n", add)
    tap.equal(host(box, "git log --format=%s").split()[0], "two")
    # named, it can be recorded as it is
    box.ok(f"cat sub/.env; {GIT} commit -qam three", options=["--allow-read", "sub/.env"])
    tap.equal(host(box, "git show HEAD:sub/.env"), "B=TOPSECRET\n")
    tap.contains(box.ok("cat sub/.env"), "TOPSECRET")


@fresh
def tracked_in_other_ways(box):
    """secrets in a linked worktree, a split index, index formats 2 to 4, other names of objects"""
    repository(box)
    host(box, f"echo A=1 > .env; git add .env; {GIT} commit -qm env; git worktree add -q wt; "
              "echo A=TOPSECRET > wt/.env")
    tap.contains(box.ok("cat .env"), "A=1")
    tap.equal(box.run("cat wt/.env")[0], 1)
    for version in (2, 3, 4):
        host(box, f"git update-index --index-version {version}; git status --short")
        tap.contains(box.ok("cat .env"), "A=1")
    host(box, "git update-index --split-index")
    tap.equal(box.run("cat .env")[0], 1)
    host(box, "git update-index --no-split-index; cp .git/index i; head -c 90 i > .git/index")
    tap.equal(box.run("cat .env")[0], 1)
    host(box, "cp i .git/index; rm -rf s; git init -q --object-format=sha256 s; cd s; "
              f"echo A=TOPSECRET > .env; echo B=TOPSECRET > .env.x; git add .env; {GIT} commit -qm e")
    tap.equal(box.run("cat s/.env")[0], 1)
    tap.absent(box.ok("cat s/.env.x"), "TOPSECRET")
    # a forged index opens nothing: the hash of what is not known cannot be named
    host(box, "rm -rf s wt; git worktree prune; echo D=TOPSECRET > .env.new")
    box.ok("git update-index --add --cacheinfo 100644,$(git rev-parse :a),.env.new")
    tap.absent(box.run("cat .env.new")[1], "TOPSECRET")


@fresh
def attack_133(box):
    """133: a .git file that leads to ~/.ssh, or to a repository that does not name it back"""
    ssh, victim = os.path.join(box.home, ".ssh"), os.path.join(box.home, "other/repo")
    host(box, f"{GIT} init -q {victim}; cd {victim}; {GIT} commit -q --allow-empty -m one; "
              f"git worktree add -q {box.work}/../real")
    box.write(os.path.join(box.home, ".ssh/HEAD"), "x")
    os.makedirs(os.path.join(ssh, "objects"), exist_ok=True)
    os.makedirs(os.path.join(ssh, "refs"), exist_ok=True)
    for target in (ssh, f"{victim}/.git", f"{victim}/.git/worktrees/real", box.home,
                   "../../.ssh", "/etc/ssh"):
        for name in (".git", "sub/.git"):
            path = os.path.join(box.work, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            box.write(path, f"gitdir: {target}\n")
            code, out = box.run(f"cat ~/.ssh/id_ed25519 {victim}/.git/HEAD; "
                                f"touch {victim}/.git/evil ~/.ssh/evil")
            tap.absent(out, "TOPSECRET")
            tap.absent(out, "ref:")
            os.unlink(path)
    tap.equal(os.path.exists(os.path.join(ssh, "evil")), False)
    tap.equal(os.path.exists(os.path.join(victim, ".git/evil")), False)
    for name in ("HEAD", "objects", "refs"):
        subprocess.run(["rm", "-r", os.path.join(ssh, name)], check=True)
    # a forged admin folder in the workspace cannot lead out of it either
    host(box, f"mkdir -p worktrees/x; echo gitdir: worktrees/x > .git; echo {box.home} > "
              f"worktrees/x/commondir; echo {box.work}/.git > worktrees/x/gitdir; "
              "echo 'ref: refs/heads/x' > worktrees/x/HEAD")
    tap.absent(box.run("cat ~/.bashrc ~/other/file")[1], "TOPSECRET")


@fresh
def attack_134(box):
    """134: the host side never runs git, so no setting of a repository is carried out"""
    fake, mark = os.path.join(os.path.dirname(box.work), "bin"), os.path.join(box.home, "ran")
    os.makedirs(fake)
    for name in ("git", "sh", "evil"):
        box.write(os.path.join(fake, name), f"#!/bin/bash\ntouch {mark}\n")
        os.chmod(os.path.join(fake, name), 0o755)
    repository(box, "nested")
    host(box, "git -C nested config core.fsmonitor evil")
    box.ok("cd nested && git status --short && git diff",
           env={"PATH": f"{fake}:/usr/local/bin:/usr/bin:/bin"})
    tap.equal(os.path.exists(mark), False)


main()
