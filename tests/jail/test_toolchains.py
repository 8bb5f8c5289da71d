#!/usr/bin/env python3
"""Toolchains below HOME: those that PATH names are shown read-only, without their credentials."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import Box, jail_test, main, need  # noqa: E402

Box.notices = True

TOOLS = (".cargo/bin/cargo", ".rustup/toolchains/x/bin/rustc", ".pyenv/shims/python9",
         ".nvm/versions/node/v1/bin/node1", ".local/bin/tool", ".local/lib/python9/mod.py",
         ".local/share/uv/tools/x", "go/bin/gofer", "miniconda3/bin/conda1")
ENTRIES = (".cargo/bin", ".pyenv/shims", ".nvm/versions/node/v1/bin", ".local/bin", "go/bin",
           "miniconda3/bin", "tools/bin")
SECRETS = (".cargo/credentials.toml", ".nvm/versions/node/v1/etc/npmrc", "miniconda3/.condarc",
           ".local/share/uv/credentials/credentials.toml", ".local/share/keyrings/login.keyring",
           "tools/bin/unknown", ".config/x", "go/.netrc")


def make(box):
    for name in (*TOOLS, *SECRETS):
        path = os.path.join(box.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        box.write(path, "#!/bin/sh\necho ran\n" if name in TOOLS else "TOPSECRET\n")
        os.chmod(path, 0o755)
    box.own(box.home)


def path_of(box, *entries):
    return ":".join([*(os.path.join(box.home, e) for e in entries), "/usr/bin", "/bin"])


@jail_test
def shown(box):
    """what PATH names runs, cannot be changed, and brings no credentials with it"""
    make(box)
    env = {"PATH": path_of(box, *ENTRIES)}
    out = box.ok("cargo; python9; node1; tool; gofer; conda1", env=env)
    tap.equal(out, "ran\n" * 6)
    for name in TOOLS:
        box.ok(f"test -e ~/{name}", env=env)
        tap.equal(box.run(f"echo x > ~/{name}", env=env)[0], 1, name)
        tap.equal(box.run(f"echo x > ~/{name}2", env=env)[0], 1, name)
    for name in SECRETS:
        tap.absent(box.run(f"cat ~/{name} ~/{name}/*", env=env)[1], "TOPSECRET", name)
    # HOME besides them stays private and writable
    box.ok("mkdir -p ~/.cargo/registry ~/.cache && echo x > ~/.cargo/registry/y", env=env)
    tap.equal(os.path.exists(os.path.join(box.home, ".cargo/registry")), False)


@jail_test
def not_named(box):
    """what PATH does not name is not there"""
    make(box)
    code, out = box.run("ls -A ~", env={"PATH": path_of(box)})
    tap.equal((code, out.split()), (0, ["work"]))


@jail_test
def virtual_environment(box):
    """a virtual environment outside of the workspace, and the interpreter that it borrows"""
    need("python3")
    make(box)
    for name in ("envs/mine/bin/tool9", "envs/none/bin/tool9", ".pyenv/versions/9/bin/p"):
        path = os.path.join(box.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        box.write(path, "#!/bin/sh\necho ran\n")
        os.chmod(path, 0o755)
    cfg = f"home = {box.home}/.pyenv/versions/9/bin\nversion = 9\n"
    box.write(os.path.join(box.home, "envs/mine/pyvenv.cfg"), cfg)
    box.own(box.home)
    env = {"PATH": path_of(box, "envs/none/bin", "envs/mine/bin")}
    tap.equal(box.ok("tool9; ~/.pyenv/versions/9/bin/p", env=env), "ran\nran\n")
    tap.equal(box.run("ls ~/envs/none", env=env)[0] != 0, True)
    # one in the workspace names what it likes: a toolchain is shown, nothing else
    os.makedirs(os.path.join(box.work, ".venv"))
    for home, want in ((f"{box.home}/.pyenv/versions/9/bin", 0), (f"{box.home}/.ssh", 1),
                       (f"{box.home}/.pyenv/../.ssh", 1), (box.home, 1)):
        box.write(os.path.join(box.work, ".venv/pyvenv.cfg"), f"home = {home}\n")
        place = home if want == 0 else f"{box.home}/.ssh/id_ed25519"
        code, _ = box.run(f"test -e {place}")
        tap.equal(code, want, home)
    shutil.rmtree(os.path.join(box.work, ".venv"))


@jail_test
def links(box):
    """a toolchain that is a link to elsewhere is shown where PATH says it is"""
    make(box)
    away = os.path.join(box.base, "nvm")
    shutil.move(os.path.join(box.home, ".nvm"), away)
    os.symlink(away, os.path.join(box.home, ".nvm"))
    env = {"PATH": path_of(box, ".nvm/versions/node/v1/bin")}
    tap.equal(box.ok("node1", env=env), "ran\n")
    tap.absent(box.run("cat ~/.nvm/versions/node/v1/etc/npmrc", env=env)[1], "TOPSECRET")
    os.unlink(os.path.join(box.home, ".nvm"))
    shutil.rmtree(away)


main()
