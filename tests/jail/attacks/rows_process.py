"""70 to 79, 120, 121: who must not be touched, and what must not be left."""
import os
import random
import signal
import subprocess
import time

from scene import TIMEOUT_S, libc, note
from table import attack

DAEMON = """
import subprocess
sys.stdout.flush()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (1, 2, 15):
            signal.signal(number, signal.SIG_IGN)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.execvp("sleep", [A["mark"] + "-daemon", "999"])
    os._exit(0)
os.wait()
print("ready", flush=True)
"""
HOLD = "time.sleep(999)"


@attack(70, "process", "double-fork daemon survives the normal end")
def daemon(s):
    s.python(DAEMON)
    return s.survivors(s.mark + "-daemon")


def ready(job):
    lines = [job.stdout.readline() for _ in range(2)]
    if lines[1] != b"ready\n":
        raise AssertionError(f"nothing was tried: {lines}")


def ended_by(number, title, how, code):
    @attack(number, "process", title)
    def run(s):
        job = s.popen(s.script(code), stdout=subprocess.PIPE)
        ready(job)
        job.send_signal(how)
        left = s.survivors(s.mark)
        if job.poll() is None:
            job.kill()
        job.communicate()
        return left
    return run


ended_by(71, "daemon survives SIGKILL of the launcher", signal.SIGKILL, DAEMON + HOLD)
ended_by(72, "daemon survives SIGTERM of the launcher", signal.SIGTERM, DAEMON + HOLD)
ended_by(73, "command that ignores SIGTERM, SIGINT, SIGHUP outlives SIGKILL", signal.SIGKILL, """
for number in (1, 2, 3, 15):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(999)
""")


@attack(74, "process", "kill a host process")
def kill_host(s):
    return victim_after(s, "each(lambda n: os.kill(A['victim'], n), 15, 9)\n"
                           "each(lambda p: call(434, p, 0), A['victim'])")


@attack(75, "process", "kill -1: every process of the user", bare=False)
def kill_all(s):
    return victim_after(s, "if os.fork() == 0:\n    os.kill(-1, 9)")


def victim_after(s, code):
    s.python(code)
    if s.victim.poll() is None:
        return None
    s.victim = subprocess.Popen(["sleep", "1000"], env={"MARK": s.mark}, **s.box.as_user())
    return "the host's process is gone"


@attack(76, "process", "ptrace attach to a host process")
def ptrace(s):
    s.python("""
for request in (16, 0x4206):
    succeeds("ptrace", 101, request, A["victim"], 0, 0)
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
succeeds("process_vm_readv", 310, A["victim"], vector, 1, vector, 1, 0)
""")


@attack(77, "process", "prlimit of another process")
def prlimit(s):
    s.python("""
value = (ctypes.c_uint64 * 2)(10, 10)
succeeds("prlimit", 302, A["victim"], 7, value, 0)
succeeds("sched_setaffinity", 203, A["victim"], 8, (ctypes.c_uint64 * 1)(1))
succeeds("setpriority", 141, 0, A["victim"], 10)
""")


@attack(78, "process", "SIGSTOP the parent (hang the agent)")
def stop_parent(s):
    job = s.popen(s.script("""
each(lambda n: os.kill(os.getppid(), n), signal.SIGSTOP, signal.SIGTSTP)
each(lambda n: os.kill(1, n), signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM)
"""))
    try:
        job.communicate(timeout=30)
        return None
    except subprocess.TimeoutExpired:
        job.kill()
        job.communicate()
        return "the launcher hangs"


@attack(79, "process", "background child keeps standard output open after the end")
def hold_output(s):
    job = s.popen(["sh", "-c", "sleep 60 & sleep 60 >/dev/null 2>&1 & echo x"])
    start = time.monotonic()
    try:
        job.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        job.kill()
    return time.monotonic() - start > 25 and "its reader waits"


@attack(120, "litter", "SIGKILL of the launcher leaves files in the workspace")
def ghosts(s):
    dice = random.Random(7)
    for _ in range(12):
        s.workspace()
        before, mounts = tree(s.work), mount_points()
        job = s.popen(["sleep", "30"])
        try:
            job.wait(dice.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            pass
        job.kill()
        job.wait()
        job.stdout.close()
        after = tree(s.work)
        if after != before:
            return f"left behind: {sorted(set(after) ^ set(before))[:4]}"
        if mount_points() - mounts:
            return f"mounts left: {mount_points() - mounts}"
        s.drop_workspace()
    return None


def tree(top):
    return sorted((os.path.join(f, n), os.lstat(os.path.join(f, n)).st_mode)
                  for f, folders, names in os.walk(top) for n in folders + names)


def mount_points():
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return {line.split()[4] for line in f}


@attack(121, "litter", "SysV IPC object left on the host")
def ipc(s):
    def objects():
        return {name: open(f"/proc/sysvipc/{name}", encoding="ascii").read().count("\n")
                for name in ("shm", "sem", "msg")}
    before = objects()
    s.python("""
each(lambda n: call(*n), (29, 0x5ABB, 100, 0o1666), (64, 0x5ABB, 2, 0o1666), (68, 0x5ABB, 0o1666))
""")
    after = objects()
    if before == after:
        return None
    for command in ((29, 31), (64, 66), (68, 71)):  # get, control
        number = libc.syscall(command[0], 0x5ABB, 0, 0)
        if number >= 0:
            libc.syscall(command[1], number, 0, 0)
    return f"{before} became {after}"


@attack("a6", "also", "every end of the launcher leaves no process", slow=True, counts=False)
def ends(s):
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL):
        job = s.popen(s.script(DAEMON + HOLD))
        ready(job)
        job.send_signal(how)
        try:
            job.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            note(f"{how} does not end it")
            job.kill()
            return f"{how.name} does not end it"
        left = s.survivors(s.mark)
        if left:
            return f"{how.name}: {left}"
    return None
