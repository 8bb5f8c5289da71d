#!/usr/bin/env python3
"""What starting costs: which libraries are loaded and which calls are made before anything is
asked for. libcurl and its thirty dependencies must be opened on first use only."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, Running, exits  # noqa: E402
from server import Server  # noqa: E402
from tap import contains, equal, skip, test  # noqa: E402

# Libraries that only libcurl, search or highlighting bring in.
HEAVY = re.compile(r"lib(?:curl|ssl|crypto|nghttp2|ssh2?|gssapi|krb5|ldap|brotli|zstd|rtmp|psl|idn2"
                   r"|sqlite3|t3highlight|gnutls|nettle)[-.0-9a-z_]*\.so")
LIBRARIES_MOST = 4  # libc, and what it may be split into
CALLS_MOST = 250     # system calls of --version


def strace(home, *words, options=(), env=None):
    """The program under strace -f; returns (finished run, log)."""
    tool = shutil.which("strace")
    if not tool:
        skip("strace is not installed")
    if run.ASAN:
        skip("the sanitizers load libraries of their own")
    log = home.path("tmp", "strace")
    done = Running(home, "-f", *options, "-o", log, run.SUNABA, *words, env=env,
                   program=tool).wait(60)
    if "Operation not permitted" in done.err and "ptrace" in done.err:
        skip("strace may not trace here")
    return done, home.read("tmp/strace")


def opened(log):
    """Shared objects that were opened, per process: {pid: [path]}."""
    found = {}
    for line in log.splitlines():
        hit = re.match(r'(\d+) +open(?:at)?\([^"]*"([^"]*\.so[^"]*)"[^=]*= \d', line)
        if hit:
            found.setdefault(int(hit.group(1)), []).append(hit.group(2))
    return found


def light(*words):
    with Home() as home:
        done, log = strace(home, *words, options=("-e", "trace=openat,open"))
        exits(done, 0)
        loaded = [path for paths in opened(log).values() for path in paths]
        equal([path for path in loaded if HEAVY.search(path)], [], "heavy libraries")
        if len(set(loaded)) > LIBRARIES_MOST:
            raise AssertionError(f"{len(set(loaded))} libraries: {sorted(set(loaded))}")


@test
def version_is_light():
    """--version loads nothing of libcurl's"""
    light("--version")


@test
def help_is_light():
    """--help loads nothing of libcurl's"""
    light("--help")


@test
def sandbox_is_light():
    """`sandbox -- true` loads nothing of libcurl's, in no process"""
    light("sandbox", "--", "true")


@test
def jail_is_light():
    """in a run with a step only the agent itself loads libcurl, the jail does not"""
    with Home() as home, Server(srv.run("true"), srv.text("end")) as s:
        done, log = strace(home, "-m", "openai:test", "-y", "go",
                           options=("-e", "trace=openat,open,execve,execveat,clone,clone3"), env=s.env)
        exits(done, 0)
        images = re.findall(r'^(\d+) +execve(?:at)?\([^[]*\["sunaba-jail"\]', log, re.M)
        if not images:
            skip("the log does not show the jail's own image")
        for pid in set(images):
            loaded = opened(log).get(int(pid), [])
            equal([p for p in loaded if HEAVY.search(p)], [], f"in the jail's process {pid}")


@test
def loader_statistics():
    """LD_DEBUG=statistics of --version: few relocations, as many libraries as expected"""
    if run.ASAN:
        skip("the sanitizers load libraries of their own")
    with Home() as home:
        done = subprocess.run([run.AGENT, "--version"], env=home.env(LD_DEBUG="files"),
                              capture_output=True, check=False)
        text = done.stderr.decode("utf-8", "replace")
        inits = re.findall(r"calling init: (\S+)", text)
        if not inits:
            skip("the loader has no LD_DEBUG")
        equal([path for path in inits if HEAVY.search(path)], [], "heavy libraries")


@test
def version_makes_few_calls():
    """--version reads no configuration, starts no process, makes few system calls"""
    with Home() as home:
        done, log = strace(home, "--version")
        exits(done, 0)
        calls = [line for line in log.splitlines() if "(" in line]
        if len(calls) > CALLS_MOST:
            raise AssertionError(f"{len(calls)} system calls")
        equal([c for c in calls if re.search(r"\b(?:clone3?|v?fork|socket)\(", c)], [], "calls")
        equal([c for c in calls if "config.yaml" in c], [], "the configuration was read")


@test
def keys_are_not_read_by_the_jail():
    """the jail's image is executed with an environment that holds no key"""
    secret = "sk-secret-0123456789"
    with Home() as home, Server(srv.text("end")) as s:
        env = {**s.env, "OPENAI_API_KEY": secret}
        done, log = strace(home, "-m", "openai:test", "go",
                           options=("-v", "-s", "4096", "-e", "trace=execve,execveat"), env=env)
        exits(done, 0)
        lines = [line for line in log.splitlines() if re.search(r"execve(?:at)?\(", line)]
        contains(lines[0], secret, "the environment of what was started")
        later = [line for line in lines[1:] if f'"{run.AGENT}"' not in line]
        equal(len(later) < len(lines) - 1, True, "the agent was executed")
        equal([line[:200] for line in later if secret in line], [], "later images")


if __name__ == "__main__":
    tap.main()
