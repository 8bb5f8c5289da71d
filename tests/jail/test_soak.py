#!/usr/bin/env python3
"""Many sessions at once, and launchers killed at random moments: nothing is left on the host.

	test_soak.py            a short one
	SOAK=50x20 test_soak.py 50 sessions of 20 jobs (`make soak-sandbox`)"""
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, mounts  # noqa: E402

SESSIONS, JOBS = (int(n) for n in os.environ.get("SOAK", "6x6").split("x"))
KILLS = SESSIONS * 4


def ipc():
    """System V objects that have no key: programs of the host, other tests too, give theirs one."""
    return [[line.split()[1] for line in open(f"/proc/sysvipc/{n}", encoding="ascii")
             if line.split()[0] == "0"] for n in ("shm", "sem", "msg")]


def litter():
    """What sandboxes might leave in places of the host; of /tmp other tests make use."""
    return {p for top in ("/var/tmp", "/dev/shm", "/run") for p in os.listdir(top)
            if re.search("sunaba|sandbox", p) and "attack" not in p}


def processes(folder):
    """Those that run in a folder, are named like a jail, or have it on their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as text:
                line = text.read()
            if folder.encode() in line or \
                    os.readlink(f"/proc/{pid}/cwd").startswith(folder):
                found.append((int(pid), line))
        except OSError:
            pass
    return found


class Before:
    """The host as it was; after() says what is different once all has settled."""

    def __init__(self, box, folder):
        self.folder, self.mounts, self.ipc = folder, mounts(box), ipc()
        self.places, self.base = litter(), sorted(os.listdir(box.base))
        self.home = sorted(os.listdir(box.home))

    def after(self, box):
        tap.until(lambda: not processes(self.folder), 10, "no process is left")
        tap.equal(mounts(box), self.mounts)
        tap.equal(ipc(), self.ipc)
        tap.equal(litter() - self.places, set())
        tap.equal(sorted(os.listdir(box.base)), self.base)
        tap.equal(sorted(os.listdir(box.home)), self.home)


@jail_test
def sessions(box):
    """sessions in parallel, each with many jobs: no process, descriptor, mount or file"""
    program = os.path.join(os.path.dirname(os.environ["SUNABA"]), "bench/soak")
    if not os.path.exists(program):
        tap.skip("soak is not built")
    copy = shutil.copy(program, os.path.join(box.base, "soak"))
    os.chmod(copy, 0o755)
    before = Before(box, box.work)
    done = subprocess.run([copy, str(SESSIONS), str(JOBS), box.work], cwd=box.base,
                          env=box.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=1000, check=False, **box.as_user())
    tap.equal(done.returncode, 0, done.stdout.decode())
    before.after(box)
    for name in os.listdir(box.work):
        os.unlink(os.path.join(box.work, name))


@jail_test
def killed_launchers(box):
    """`sandbox` killed at random moments of its start and life"""
    dice = random.Random(11)
    before = Before(box, box.work)
    for number in range(KILLS):
        job = box.popen("(trap '' TERM; exec setsid sleep 300) & sleep 300")
        try:
            job.wait(dice.uniform(0, 0.02 if number % 2 else 0.1))
        except subprocess.TimeoutExpired:
            pass
        job.kill()
        job.communicate(timeout=tap.PATIENCE_S)
    before.after(box)
    tap.equal(os.listdir(box.work), [])


@jail_test
def killed_agents(box):
    """a session with a step under way, killed at random moments: agent, jail and steps go"""
    dice = random.Random(13)
    state = tempfile.mkdtemp(prefix="state-", dir=box.base)
    os.chown(state, box.uid, box.gid)
    script = os.path.join(box.base, "script.yaml")
    box.write(script, "- say: go\n  run:\n    language: shell\n    code: sleep 300\n")
    before = Before(box, box.work)
    for number in range(max(6, KILLS // 4)):
        job = subprocess.Popen([box.program, "-m", "script:" + script, "-y", "go"], cwd=box.work,
                               env=box.env({"XDG_STATE_HOME": state}), **box.as_user(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        try:
            job.wait(dice.uniform(0, 0.03 if number % 2 else 0.25))
        except subprocess.TimeoutExpired:
            pass
        job.send_signal(signal.SIGKILL)
        job.wait()
    before.after(box)


main()
