#!/usr/bin/env python3
"""Sessions on machines that refuse things, without a sandbox, and with limits that change: what
stands is said to user and model, and nothing is left however it ends."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import cage  # noqa: E402
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, start, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import Tmux  # noqa: E402

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"
ROOT = os.getuid() == 0


def shut(*kinds):
    """What a run's `preexec` does so that the machine refuses these kinds."""
    if not cage.fits():
        tap.skip("cage.py knows the calls of x86-64")
    return lambda: cage.shut(kinds)


def jails(home):
    """Private folders of the reduced rung that are there."""
    found = []
    for top in (home.path("state/sunaba/jail"), f"/tmp/sunaba-{os.getuid()}"):
        if os.path.isdir(top):
            found += os.listdir(top)
    return found


@test
def reduced_session():
    """149 a session like in a container: said in one line, told to the model, steps run, no litter"""
    with Home() as home, Server(srv.run("echo $HOME; echo x > $TMPDIR/f && echo x > ~/f && pwd; "
                                        "touch /tmp/x || echo shut"), srv.text("end")) as s:
        done = task(home, s, "go", "-y", preexec=shut("docker"))
        exits(done, 0)
        contains(done.err, "sandbox: reduced (no namespaces)")
        contains(done.err, "cannot make a user namespace: Operation not permitted")
        contains(str(s.chats()[0].body), "reduced one")
        result = s.chats()[1].words("tool")
        contains(result, "/home\n")
        contains(result, home.work)
        contains(result, "shut")
        run.all_gone(2)
        equal(jails(home), [])


@test
def no_rights():
    """on every rung what a session runs has no capability, gains none by exec, and goes first"""
    code = "grep -E '^(Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign))' /proc/self/status; " \
           "echo goes $(cat /proc/self/oom_score_adj)"
    rights = {r"Cap(Inh|Prm|Eff|Amb):\s+0{16}": 4, r"NoNewPrivs:\s+1": 1, r"Seccomp:\s+2": 1,
              r"Sig(Blk|Ign):\s+0{16}": 2, "goes 1000": 1}
    for kinds in ((), ("mounts",), ("nouserns",), ("docker",)):
        wanted = {**rights, r"CapBnd:\s+0{16}": 1} if ROOT or not kinds else rights
        with Home() as home, Server(srv.run(code), srv.text("end")) as s:
            exits(task(home, s, "go", "-y", preexec=shut(*kinds) if kinds else None), 0)
            result = s.chats()[1].words("tool")
            for pattern, count in wanted.items():
                equal(len(re.findall(pattern, result)), count, f"{kinds}, {pattern}: {result}")


@test
def reduced_allow_and_net():
    """/allow shows a place outside of the workspace in the reduced sandbox, /net says it has none"""
    if not cage.fits():
        tap.skip("cage.py knows the calls of x86-64")
    with Home() as home:
        home.write("outside", "shown\n")
        caged = [sys.executable, cage.__file__, "docker", run.SUNABA]
        program = home.write("caged", "#!/bin/sh\nexec " + " ".join(caged) + ' "$@"\n')
        os.chmod(program, 0o755)
        with Tmux(home, ["-m", home.script({"say": "x"})], columns=150, program=program) as t:
            t.wait_for(PROMPT)
            t.line(f"/allow read {home.path('outside')}")
            t.wait_for("is shown to code .read-only")
            t.line(f"!cat {home.path('outside')}")
            t.wait_for("│ shown")
            t.line("/net allow a.test")
            t.wait_for("the reduced sandbox has no list of hosts", seconds=3)


@test
def donor_session():
    """149 a session in bubblewrap's namespaces: said, told, steps run"""
    if ROOT or not os.access("/usr/bin/bwrap", os.X_OK):
        tap.skip("not for root, and not without bubblewrap")
    with Home() as home, Server(srv.run("ls -A ~; kill -0 %d || echo hidden" % os.getpid()),
                                srv.text("end")) as s:
        done = task(home, s, "go", "-y", preexec=shut("mounts"))
        exits(done, 0)
        contains(done.err, "full (via bwrap)")
        contains(s.chats()[1].words("tool"), "hidden")
        run.all_gone(2)


@test
def refused_session():
    """149 neither namespaces nor Landlock: exit 4, both named, nothing runs"""
    with Home() as home, Server(srv.run("touch ran"), srv.text("end")) as s:
        done = task(home, s, "go", "-y", preexec=shut("docker", "nolandlock"))
        exits(done, 4)
        contains(done.err, "user namespace")
        contains(done.err, "Landlock")
        equal(home.there("work/ran"), False)


@test
def doctor_tells():
    """doctor: the rung, why not a better one and what to do, also as JSON"""
    with Home() as home:
        done = sunaba(home, "doctor", preexec=shut("docker"))
        contains(done.out, "reduced (no namespaces)")
        contains(done.out, "cannot make a user namespace")
        contains(done.out, "seccomp=unconfined")
        done = sunaba(home, "doctor", "--json", preexec=shut("docker"))
        contains(done.out, '"what":"sandbox","state":"ok","detail":"reduced')
        contains(done.out, '"what":"remedy"')
        done = sunaba(home, "doctor", preexec=shut("docker", "nolandlock"))
        exits(done, 4)
        contains(done.out, "5.13")


@test
def killed_agent():
    """147 kill -9 of the agent in a step ends everything, on every rung; no folder stays"""
    for kinds in ((), ("docker",), ("mounts",)):
        mark = f"8647{len(kinds)}{os.getpid()}"
        with Home() as home, Server(srv.run(f"setsid sleep {mark} & touch up; sleep {mark}")) as s:
            r = start(home, s, "go", "-y", preexec=shut(*kinds) if kinds else None)
            tap.until(lambda h=home: h.there("work/up"), 20, "the step runs")
            r.signal(signal.SIGKILL)
            r.wait(10)
            run.all_gone(3)
            tap.until(lambda h=home: not jails(h), 3, f"{kinds}: {jails(home)}")


@test
def killed_in_set_up():
    """147 kill -9 of the agent at any moment of its start leaves no process and no folder"""
    for kinds in ((), ("docker",)):
        for turn in range(12):
            with Home() as home, Server(srv.text("end")) as s:
                r = start(home, s, "go", "-y", preexec=shut(*kinds) if kinds else None)
                tap.until(lambda t=turn, r=r: len(run.descendants(r.pid)) >= t % 3 or
                          r.process.poll() is not None, 5, "it starts")
                r.signal(signal.SIGKILL)
                r.wait(10)
                run.all_gone(3)
                tap.until(lambda h=home: not jails(h), 3, f"{kinds}: {jails(home)}")


@test
def timeout_of_a_fork_loop():
    """151 on the reduced rung a step that forks in a loop ends at its time; all of it"""
    # Each fork takes a byte out of a pipe: as root nothing else bounds it.
    code = ("import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\nr, w = os.pipe()\n"
            "os.write(w, bytes(400))\nos.set_blocking(r, False)\nwhile True:\n"
            "    try:\n        os.read(r, 1)\n        if os.fork(): os.setsid()\n"
            "    except OSError: time.sleep(0.001)\n")
    with Home() as home, Server(srv.run(code, "python"), srv.text("end")) as s:
        done = task(home, s, "go", "-y", "--step-timeout", "1", "--limit-processes", "30", seconds=30,
                    preexec=shut("docker"))
        exits(done, 0)
        result = s.chats()[1].words("tool")
        equal("time limit" in result or "processes" in result, True, result)
        run.all_gone(10)


@test
def left_behind():
    """151 on the reduced rung what forks and exits in a loop ends with its job and the session"""
    # For 15 s at most, whatever happens.
    code = ("import os, signal, sys, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
            "end = time.monotonic() + 15\nfor i in range(4):\n    if os.fork() == 0:\n"
            "        os.setsid()\n        while time.monotonic() < end:\n            try:\n"
            "                if os.fork(): os._exit(0)\n            except OSError: pass\n"
            "        os._exit(0)\n")
    wait = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)\n"
    for kinds in (("docker",), ("docker", "noscope")):
        for end in ("", "os._exit(3)\n", wait):
            with Home() as home, Server(srv.run(code + end, "python"), srv.text("end")) as s:
                done = task(home, s, "go", "-y", "--step-timeout", "1", seconds=30,
                            preexec=shut(*kinds))
                exits(done, 0)
                run.all_gone(5)


@test
def no_sandbox():
    """130, 131 --no-sandbox: the command line alone, not for root by itself, red, told to the model;
    its temporary files go with it"""
    with Home() as home, Server(srv.run("echo $HOME; mktemp"), srv.text("end")) as s:
        home.write("config/sunaba/config.yaml", "no_sandbox: true\n")
        done = task(home, s, "go", "-y", env={"SUNABA_NO_SANDBOX": "1"})
        exits(done, 2)
        os.unlink(home.path("config/sunaba/config.yaml"))
        if ROOT:
            done = task(home, s, "go", "-y", "--no-sandbox")
            exits(done, 2)
            contains(done.err, "root")
        done = task(home, s, "go", "-y", "--no-sandbox", "--yes-really", "--color", "always")
        exits(done, 0)
        contains(done.err, "NO SANDBOX")
        contains(done.err, "\x1b[1;31m")
        contains(s.chats()[1].words("tool"), home.path("home") + "\n")
        contains(s.chats()[1].words("tool"), home.path("state/sunaba/jail"))
        contains(str(s.chats()[0].body), "There is no sandbox")
        run.all_gone(2)
        equal(jails(home), [])


@test
def no_sandbox_prompt():
    """--no-sandbox stands in every prompt"""
    with Home() as home:
        words = ["-m", home.script({"say": "x"}), "--no-sandbox", "--yes-really"]
        with Tmux(home, words, columns=120) as t:
            t.wait_for("NO SANDBOX >")
            t.line("!touch ran")
            tap.until(lambda: home.there("work/ran"), 10, "it runs")
            t.wait_for("NO SANDBOX > *$")
            t.line("/net allow a.test")
            t.wait_for("no sandbox: code has the whole network", seconds=3)
            t.line("/allow read /etc")
            t.wait_for("no sandbox: code reads and writes what you can")


@test
def limits_change():
    """/limits shows all, changes one for the jail that runs, and refuses what is no limit"""
    with Home() as home:
        with Tmux(home, ["-m", home.script({"say": "x"})], columns=120) as t:
            t.wait_for(PROMPT)
            t.line("/limits")
            t.wait_for("processes +256")
            t.line("!touch up; sleep 0.1")
            tap.until(lambda: home.there("work/up"), 10, "a shell runs")
            t.wait_for(PROMPT)
            t.line("/limits mem 60M")
            t.wait_for("memory of the whole sandbox: 60 MiB")
            t.wait_for(PROMPT)
            t.line("/limits tmp 5M")
            t.wait_for("5 MiB from now on")
            t.wait_for(PROMPT)
            t.line("!head -c 9M /dev/zero > /tmp/x; stat -c size-%s /tmp/x")
            t.wait_for("size-5")
            t.wait_for(PROMPT)
            t.line("!python3 -c 'x = bytearray(200 << 20); import time; time.sleep(9)'; echo $?")
            t.wait_for(r"(│|exit) 137")
            t.wait_for(PROMPT)
            t.line("/limits memory lots")
            t.wait_for("not a size")
            t.wait_for(PROMPT)
            t.line("/limits nothing 3")
            t.wait_for("no limit 'nothing'")


if __name__ == "__main__":
    tap.main()
