"""What a test file leaves behind: files, mounts, processes, names in places that all share.

Each file is run with a TMPDIR of its own, by a process that reaps the orphans of what it starts
(PR_SET_CHILD_SUBREAPER), so what is found there is this file's and nobody else's. /tmp itself,
/dev/shm, control groups and IPC objects have other users: what is new there is told at the end,
by name, and fails nothing."""
import fcntl
import functools
import glob
import os
import re
import shutil
import signal
import subprocess
import time

import proc

PATIENCE_S = 20.0  # for processes that clean up after one that was killed
KILL_S = 10.0  # for those that are killed themselves
SHARED = ("/tmp", "/var/tmp", "/dev/shm")
GROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids")
NAMES = re.compile(r"sunaba|Rtmp|test-|tmux-|c\.\w{6}$|tmp\w{8}$|tmp\.\w|pymp-|psm_|sem\.")
PR_SET_CHILD_SUBREAPER = 36


def adopt(orphans=True):
    """Makes this process the one that orphans below it become children of; or no longer."""
    import ctypes  # here: nobody else pays for it
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(orphans), 0, 0, 0)


def adopting(function):
    """The same while a function runs."""
    @functools.wraps(function)
    def run(*args):
        adopt()
        try:
            return function(*args)
        finally:
            adopt(False)
    return run


def alone():
    """No process below this one lives, who adopts: one look is exact, however they fork. Reaps."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def processes():
    """Descendants that do not end by themselves, as text; they are killed."""
    end = time.monotonic() + PATIENCE_S
    found = {}
    while not alone():
        late = time.monotonic() - end
        if late > KILL_S:
            found.setdefault(0, "that cannot be killed")
            break
        # Again and again: some fork meanwhile, and what is left here is told of the next file.
        for pid in proc.descendants() if late > 0 else ():
            found.setdefault(pid, proc.command(pid))
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:  # gone, or another user's
                pass
        time.sleep(0.01)
    return [f"process {pid}: {words}" for pid, words in found.items()]


def wipe(path):
    """Removes a tree, folders without rights in it too."""
    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, path], check=False, stderr=subprocess.DEVNULL)


def _mounts(folder):
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
            points = [line.split()[4] for line in table]
    except OSError:  # a chroot without /proc
        return []
    return [point for point in points if (point + "/").startswith(folder + "/")]


def make_folder():
    """A TMPDIR, as open as /tmp: some tests take other identities. By its real name, as the table of
    mounts has it: files() must not go into what is mounted there."""
    top = os.path.realpath(os.environ.get("TMPDIR") or "/tmp")
    folder = os.path.join(top, "t-" + os.urandom(4).hex())
    os.mkdir(folder)
    os.chmod(folder, 0o1777)
    return folder


def files(folder):
    """What lies in the folder, which goes; not below mounts, which show what is not ours."""
    points = _mounts(folder)
    if points:
        return [f"mount {point}" for point in points]
    left = [f"in TMPDIR: {name}" for name in sorted(os.listdir(folder))]
    wipe(folder)
    return left


def _unlocked(group):
    """No session's any more: those hold a lock on theirs."""
    try:
        fd = os.open(group, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def _ipc():
    for kind in ("shm", "sem", "msg"):
        try:
            with open(f"/proc/sysvipc/{kind}", encoding="ascii") as table:
                yield from (f"SysV {kind} {line.split()[1]}" for line in list(table)[1:])
        except OSError:
            pass


def shared():
    """Names in the places that all share which may come from a test, or a step of one."""
    found = set(_ipc())
    for place in filter(lambda place: os.access(place, os.R_OK), SHARED):
        found |= {entry.path for entry in os.scandir(place) if NAMES.match(entry.name)}
    for place in GROUPS:
        found |= {path for path in glob.glob(f"{place}/sunaba-*")
                  if re.fullmatch(r"sunaba-\d+", os.path.basename(path)) and _unlocked(path)}
    return found
