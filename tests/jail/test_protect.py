#!/usr/bin/env python3
"""What stands in the workspace and is guarded there: secrets, auto-run files, sockets."""
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import Box, jail_test, main, mounts, need  # noqa: E402

Box.notices = True

ASIDE = ".sunaba-quarantine"


def fresh(function):
    """The test in a workspace of its own, which goes with it."""
    def run(box):
        old, box.work = box.work, os.path.join(box.home, function.__name__)
        os.makedirs(box.work)
        os.chown(box.work, box.uid, box.gid)
        try:
            function(box)
        finally:
            shutil.rmtree(box.work)
            box.work = old
    run.__doc__, run.__name__ = function.__doc__, function.__name__
    return jail_test(run)


def plant(box, *files):
    for name, text in files:
        path = os.path.join(box.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        box.write(path, text)
    box.own(box.work)


def names(box, folder=""):
    return sorted(os.listdir(os.path.join(box.work, folder)))


SECRETS = (".env", ".env.local", "sub/.env.production", "id_ed25519", "deep/er/id_rsa",
           "service-account-x.json", ".netrc", ".pypirc", ".git-credentials")


@fresh
def attack_47(box):
    """47: secrets in the workspace are shown empty, and it is said so; the rest is not touched"""
    plant(box, *((name, "TOPSECRET\n") for name in SECRETS),
          ("key.pem", "-----BEGIN RSA PRIVATE KEY-----\nTOPSECRET\n"),
          (".npmrc", "//registry.example/:_authToken=TOPSECRET\n"),
          (".env.example", "A=1\n"), ("cert.pem", "-----BEGIN CERTIFICATE-----\n"),
          ("id_rsa.pub", "pub\n"), ("sub/.npmrc", "save-exact=true\n"), ("env", "x\n"))
    os.symlink("sub/.env.production", os.path.join(box.work, ".env.link"))
    code, out = box.run("cat $(find . -type f -o -type l)")
    tap.equal(code, 0, out)
    tap.absent(out, "TOPSECRET")
    for name in (*SECRETS, "key.pem", ".npmrc"):
        tap.contains(out, f"{name} is hidden")
    for part in ("A=1", "CERTIFICATE", "pub\n", "save-exact", "x\n"):
        tap.contains(out, part)
    for command in ("echo x > .env", "rm .env", "mv .env e", "ln .env e"):
        tap.equal(box.run(command)[0], 1, command)
    with open(os.path.join(box.work, ".env"), encoding="utf-8") as host:
        tap.equal(host.read(), "TOPSECRET\n")
    # a folder above it moves with the cover on
    tap.absent(box.run("mv sub other && cat other/.env.production; mv other sub")[1], "TOPSECRET")


@fresh
def revealed(box):
    """--allow-read .env shows it, still read-only; --allow-write lets it be changed"""
    plant(box, (".env", "TOPSECRET\n"), ("sub/.env", "OTHER\n"))
    code, out = box.run("cat .env sub/.env; echo x > .env", options=["--allow-read", ".env"])
    tap.equal(code, 1, out)
    tap.contains(out, "TOPSECRET")
    tap.contains(out, "Read-only")
    tap.absent(out, "OTHER")
    out = box.ok("cat .env; echo x > .env", options=["--allow-write", ".env"])
    tap.contains(out, "TOPSECRET")
    # the workspace itself is no way round
    for option in ("--allow-read", "--allow-write"):
        tap.absent(box.ok("cat sub/.env", options=[option, "."]), "OTHER")


@fresh
def attack_23(box):
    """23: auto-run files that are there are read-only, at every depth, and stay where they are"""
    for name in (".vscode/tasks.json", ".idea/x", ".envrc", ".mcp.json", ".husky/pre-commit",
                 ".sunaba.yaml", "a/b/.vscode/tasks.json"):
        plant(box, (name, "{}\n"))
        top = name.split("/.")[0] + "/." + name.split("/.")[1] if "/." in name else name
        top = top if name.startswith("a/") else name.split("/")[0]
        for command in (f"echo x > {name}", f"mv {top} gone", f"rm -r {top}",
                        f"touch {top}/new" if "/" in name else "false"):
            tap.equal(box.run(command)[0] != 0, True, command)
        with open(os.path.join(box.work, name), encoding="utf-8") as host:
            tap.equal(host.read(), "{}\n")
    box.ok("echo x > .vscode/tasks.json", options=["--allow-write", ".vscode"])


@fresh
def attack_24(box):
    """24: new auto-run files are put aside with a notice, never guarded by files on the host"""
    _, out = box.run("mkdir -p .vscode .idea p/q; echo e > .vscode/tasks.json; echo e > .envrc; "
                     "ln -s /tmp/x p/.mcp.json; mkdir p/q/.husky; echo mine > file")
    for name in (".vscode", ".idea", ".envrc", "p/.mcp.json", "p/q/.husky"):
        tap.contains(out, f"{name} was put aside")
    tap.equal(names(box), sorted([".envrc" + ASIDE, ".idea" + ASIDE, ".vscode" + ASIDE, "file",
                                  "p"]))
    tap.equal(names(box, ".vscode" + ASIDE), ["tasks.json"])
    tap.equal(names(box, "p"), [".mcp.json" + ASIDE, "q"])
    # the names that it would take are taken
    _, out = box.run(f"for i in '' -2 -3 -4 -5 -6 -7 -8 -9; do touch .mcp.json{ASIDE}$i; done; "
                     "echo e > .mcp.json")
    tap.contains(out, ".mcp.json was put aside")
    tap.equal(os.path.exists(os.path.join(box.work, ".mcp.json")), False)
    box.ok("mkdir .zed; touch .envrc.txt")
    out = box.ok("mkdir .vscode; touch .vscode/x", options=["--allow-write", ".vscode"])
    tap.equal((out, names(box, ".vscode")), ("", ["x"]))


@fresh
def attack_24_in_a_false_repository(box):
    """24 a folder that looks like a git directory, or did, hides no auto-run file"""
    box.ok("mkdir -p x/objects x/refs x/src; echo ref: > x/HEAD; touch x/src/.envrc")
    tap.equal(names(box, "x/src"), [".envrc" + ASIDE])
    box.ok("rm x/HEAD; mkdir x/objects/.vscode x/src/.idea")
    tap.equal(names(box, "x/src"), [".envrc" + ASIDE, ".idea" + ASIDE])
    tap.equal(names(box, "x/objects"), [".vscode" + ASIDE])


@fresh
def moved_and_linked(box):
    """a guarded file goes along with its folder; what takes a link's place is new"""
    plant(box, ("sub/.vscode/tasks.json", "{}\n"), ("shared/x", "{}\n"))
    os.symlink("shared", os.path.join(box.work, ".idea"))
    out = box.ok("mv sub other; mkdir sub")
    tap.absent(out, "put aside")
    tap.equal(names(box, "other/.vscode"), ["tasks.json"])
    tap.equal(box.run("echo x > shared/x")[0], 1)
    _, out = box.run("mkdir -p sub/.vscode; rm .idea; mkdir .idea; echo e > .idea/x")
    tap.contains(out, "sub/.vscode was put aside")
    tap.contains(out, ".idea was put aside")
    tap.equal(names(box), [".idea" + ASIDE, "other", "shared", "sub"])


@fresh
def late_writers(box):
    """what a background process or a command that is ended writes is put aside as well"""
    box.run("setsid bash -c 'while :; do echo e > .envrc; done' & sleep 0.1; exit 0")
    tap.equal(os.path.exists(os.path.join(box.work, ".envrc")), False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        job = box.popen("echo e > .mcp.json; echo up; exec sleep 100")
        tap.equal(job.stdout.readline(), b"up\n")
        job.send_signal(number)
        out = job.communicate(timeout=tap.PATIENCE_S)[0].decode()
        tap.equal(job.returncode, 128 + number)
        tap.contains(out, ".mcp.json was put aside")
        tap.equal(os.path.exists(os.path.join(box.work, ".mcp.json")), False)


@fresh
def attack_25(box):
    """25, 120: rm -rf of the workspace leaves what is guarded; kill -9 leaves no ghost"""
    plant(box, (".env", "TOPSECRET\n"), (".vscode/x", "{}\n"), ("file", "x\n"))
    box.run("rm -rf .[a-z]* *")
    tap.equal(names(box), [".env", ".vscode"])
    before = mounts(box)
    for _ in range(3):
        job = box.popen("echo up; exec sleep 100")
        while job.stdout.readline() != b"up\n":
            pass  # notices come when they come
        job.kill()
        job.wait(tap.PATIENCE_S)
        job.stdout.close()
    tap.equal(names(box), [".env", ".vscode"])
    tap.equal(mounts(box), before)


@fresh
def attack_131(box):
    """131: a project's own settings open nothing"""
    plant(box, (".sunaba.yaml", f"sandbox: off\nallow_write: [{box.home}]\nallow_net: ['*']\n"
                                f"no_sandbox: true\nenv_pass: [OPENAI_API_KEY]\n"))
    code, out = box.run("cat ~/.bashrc; echo evil > ~/.bashrc; env")
    tap.absent(out, "TOPSECRET")
    with open(os.path.join(box.home, ".bashrc"), encoding="utf-8") as host:
        tap.equal(host.read(), "TOPSECRET\n")
    tap.equal(box.run("echo x > .sunaba.yaml")[0], 1)
    tap.equal(code, 0)


@fresh
def host_replaces(box):
    """a guarded file that the host replaces is guarded again with the next command"""
    plant(box, (".env", "TOPSECRET\n"))
    box.write(os.path.join(box.work, "new"), "NEWSECRET\n")
    job = box.popen(["bash", "-c", "read x; cat .env"], stdin=subprocess.PIPE)
    tap.contains(job.stdout.readline().decode(), ".env is hidden")
    os.rename(os.path.join(box.work, "new"), os.path.join(box.work, ".env"))
    # a running command may see what the host put there; the next one does not
    job.communicate(b"go\n", timeout=tap.PATIENCE_S)
    tap.absent(box.run("cat .env")[1], "SECRET")


@fresh
def many_folders(box):
    """more folders than are looked through: said so, and the outer ones are guarded"""
    need("git")
    for i in range(210):
        for k in range(100):
            os.makedirs(os.path.join(box.work, f"d{i:03}/e{k:02}"))
    box.write(os.path.join(box.work, "d000/.env"), "TOPSECRET\n")
    os.chown(os.path.join(box.work, "d209"), box.uid, box.gid)
    _, out = box.run("cat d000/.env; echo e > d209/.envrc")
    tap.absent(out, "TOPSECRET")
    tap.contains(out, "folders looked through")
    tap.contains(out, "d209/.envrc was put aside")


main()
