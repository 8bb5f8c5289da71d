#!/usr/bin/env python3
"""The program that is started and the agent that it executes: which does what, that nobody can
tell them apart by their words, and what happens when they are apart."""
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import program  # noqa: E402
import run  # noqa: E402
import tap  # noqa: E402
from run import Home  # noqa: E402
from tap import contains, equal, skip, test  # noqa: E402

PT_INTERP, PT_GNU_RELRO = 3, 0x6474E552


def call(home, path, *words, env=None, **more):
    done = subprocess.run([path, *words], env=home.env(**(env or {})), cwd=home.work, timeout=30,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def both(home, *words, **more):
    """What both say, which must be one thing."""
    front = call(home, run.SUNABA, *words, **more)
    equal(front, call(home, run.AGENT, *words, **more), f"{words}: front and agent")
    return front


def segments(path):
    """Of a 64-bit ELF file: {type: (address, size in memory)}."""
    with open(path, "rb") as file:
        data = file.read()
    at, = struct.unpack_from("<Q", data, 32)
    size, number = struct.unpack_from("<HH", data, 54)
    found = {}
    for i in range(number):
        row = struct.unpack_from("<IIQQQQQQ", data, at + i * size)
        found[row[0]] = (row[3], row[6])
    return found


@test
def same_words():
    """what a command ends with and what is wrong with options: one text, whoever says it"""
    with Home() as home:
        home.write("work/text", "no program\n", mode=0o644)
        home.write("work/broken", "#!/nosuch/interpreter\n", mode=0o755)
        home.write("work/empty", "\x7fELF", mode=0o755)
        os.symlink("loop", home.path("work", "loop"))
        for words, code in ((("--", "sh", "-c", "echo out; echo err >&2; exit 7"), 7),
                            (("--", "nosuch"), 127), (("--", "./text"), 126),
                            (("--", "./broken"), 127), (("--", "./empty"), 127),
                            (("--", "./loop"), 126), (("--", "./" + 300 * "x"), 126),
                            (("--", "./text/x"), 126), (("--", "."), 126),
                            (("--", "sh", "-c", "kill -9 $$"), 137),
                            ((), 2), (("--nosuch",), 2), (("--limit-memory", "x", "true"), 2),
                            (("-C", "/nosuch", "true"), 2), (("-C", "text", "true"), 2),
                            (("--allow-read", "/nosuch", "true"), 2), (("--help",), 0),
                            (("--allow-net=no host", "true"), 2), (("--rung", "x", "true"), 2)):
            equal(both(home, "sandbox", *words)[0], code, f"{words}")


@test
def same_settings():
    """variables and config files count, and their mistakes are told, whoever reads them"""
    with Home() as home:
        for env, code in (({"SUNABA_LIMIT_FILES": "77"}, 0), ({"SUNABA_LIMIT_FILES": "x"}, 2),
                          ({"SUNABA_CONFIG": "/nosuch"}, 2), ({"SUNABA_PROFILE": "nosuch"}, 2),
                          ({"SUNABA_ALLOW_NET": "host"}, 2), ({"HOME": ""}, 0)):
            found = both(home, "sandbox", "--", "sh", "-c", "ulimit -n", env=env)
            equal(found[0], code, f"{env}: {found}")
            if "SUNABA_LIMIT_FILES" in env and code == 0:
                equal(found[1], "77\n")
        home.write("config/sunaba/config.yaml", "limits:\n  files: 78\n")
        equal(both(home, "sandbox", "--", "sh", "-c", "ulimit -n"), (0, "78\n", ""))
        home.write("config/sunaba/config.yaml", "limit: 78\n")
        equal(both(home, "sandbox", "--", "true")[0], 2)


@test
def same_version():
    """--version, also on a full device and a closed stream"""
    with Home() as home:
        for words in (("--version",), ("version",), ("--version", "x"), ("sandbox", "--version")):
            both(home, *words)
        for redirect in (">/dev/full", ">&-", "2>&-", "<&-"):
            said = [subprocess.run(["sh", "-c", f'"$0" --version {redirect}', path], check=False,
                                   capture_output=True, env=home.env())
                    for path in (run.SUNABA, run.AGENT)]
            equal(*[(s.returncode, s.stdout, s.stderr) for s in said], redirect)


@test
def seen_from_outside():
    """the agent keeps the arguments as typed, the number of its process and the name `sunaba`"""
    with Home() as home:
        link = home.path("tmp", "called")
        os.symlink(run.SUNABA, link)
        process = subprocess.Popen(["called", "render", "-"], executable=link, env=home.env(),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        proc = f"/proc/{process.pid}/"
        tap.until(lambda: os.path.realpath(proc + "exe") == os.path.realpath(run.AGENT))
        with open(proc + "comm", encoding="utf-8") as file:
            equal(file.read(), "sunaba\n")
        with open(proc + "cmdline", "rb") as file:
            equal(file.read(), b"called\0render\0-\0")
        equal(process.communicate(b"*text*\n")[0].strip()[-4:] != b"", True)


@test
def apart():
    """without the agent: the sandbox still works, all else is an error with a remedy"""
    with Home() as home:
        alone = program.copy(run.SUNABA, home.path("tmp"))
        os.unlink(program.agent_of(alone))
        # Neither the search path nor the folder of the moment is looked at.
        for place in ("work/sunaba", "work/libexec/sunaba/sunaba", "bin/sunaba"):
            home.write(place, "#!/bin/sh\necho WRONG\n", mode=0o755)
        env = {"PATH": home.path("bin") + ":/usr/bin:/bin"}
        equal(call(home, alone, "sandbox", "--", "echo", "well", env=env)[:2], (0, "well\n"))
        equal(call(home, alone, "--version", env=env)[0], 0)
        for words in (("help",), (), ("sandbox", "--nosuch"), ("sandbox", "--help")):
            code, out, err = call(home, alone, *words, env=env)
            equal((code, out), (1, ""), f"{words}: {err}")
            contains(err, "sunaba: cannot start the agent")
            contains(err, "No such file or directory\n  install sunaba again")


@test
def installed():
    """as installed, through links and from any folder: the agent is found"""
    with Home() as home:
        there = program.copy(run.SUNABA, home.path("tmp"))
        os.mkdir(home.path("tmp", "bin"))
        os.rename(there, home.path("tmp", "bin", "sunaba"))
        os.symlink("../tmp/bin/sunaba", home.path("home", "link"))
        for path in (home.path("tmp", "bin", "sunaba"), home.path("home", "link")):
            code, out, err = call(home, path, "help", "exit")
            equal((code, err), (0, ""), out)
        model = home.script({"run": {"language": "shell", "code": "echo a-$((1+1))"}},
                            {"say": "end"})
        code, out, err = call(home, home.path("tmp", "bin", "sunaba"), "-m", model, "-y", "go")
        equal(code, 0, err)
        contains(err, "a-2")


@test
def hardened():
    """the front's tables of pointers are read-only once it runs; it is loaded anywhere"""
    if run.ASAN or struct.calcsize("P") != 8:
        skip("another program under the sanitizers; sizes are those of 64 bits")
    with Home() as home:
        with open(run.SUNABA, "rb") as file:
            equal(file.read(20)[16], 3, "position-independent")
        address, size = segments(run.SUNABA)[PT_GNU_RELRO]
        process = subprocess.Popen([run.SUNABA, "sandbox", "--", "sh", "-c", "echo up; cat"],
                                   env=home.env(), cwd=home.work, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        process.stdout.readline()
        with open(f"/proc/{process.pid}/maps", encoding="utf-8") as file:
            rows = [line.split() for line in file]
        process.communicate()
        base = next(int(row[0].split("-")[0], 16) for row in rows if row[-1].endswith("/sunaba"))
        for row in rows:
            start, end = (int(word, 16) for word in row[0].split("-"))
            if start < base + address + size - 4096 and end > base + address and "w" in row[1]:
                raise AssertionError(f"{row} is writable; {address:x} {size:x} from {base:x}")


if __name__ == "__main__":
    tap.main()
