#!/usr/bin/env python3
"""Limits of the sandbox: what is refused or ended at them, and that it is named; what real root
needs besides; that nothing of it is left."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import BOXES, jail_test, main, need  # noqa: E402

KILLED = 128 + signal.SIGKILL


def groups(pid):
    """Control groups that the run of this process made."""
    found = []
    for top, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(top, name) for name in names if name == f"sunaba-{pid}"]
    return found


def can_make_groups():
    return os.getuid() == 0 and (os.access("/sys/fs/cgroup/pids", os.W_OK) or
                                 os.access("/sys/fs/cgroup/cgroup.subtree_control", os.W_OK))


@jail_test
def attack_80_processes(box):
    """80 --limit-processes bounds a bomb of 900, and is named"""
    code, out = box.python("""
import os, time
n = 0
for i in range(900):
    try:
        if os.fork() == 0: time.sleep(30); os._exit(0)
        n += 1
    except OSError: break
print(n, flush=True); time.sleep(.3); os._exit(0)
""", options=["--limit-processes", "40"])
    tap.contains(out, "limit of processes")
    if code != KILLED:
        tap.equal(int(out.split()[0]) < 60, True, out)


@jail_test
def attack_81_82_memory(box):
    """81, 82 memory beyond the limit: ended and named, in one process or six"""
    for count in (1, 6):
        code, out = box.python(f"""
import os, time
for i in range({count}):
    if os.fork() == 0:
        held = []
        while True: held.append(bytearray(os.urandom(4096) * 512)); time.sleep(.0005)
time.sleep(50)
""", options=["--limit-memory", "300M"])
        tap.equal(code, KILLED, out)
        tap.contains(out, "memory")


@jail_test
def named_at_once(box):
    """what ends at a limit between two looks of the watch is named, with the option"""
    code, out = box.run("for i in $(seq 40); do sleep 30 & done; wait",
                        options=["--limit-processes", "20"])
    tap.contains(out, "limit of processes", f"exit {code}")
    tap.contains(out, " - --limit-processes N\n")
    _, out = box.run("head -c 3000000 /dev/zero > /tmp/x", options=["--limit-tmp-size", "1M"])
    tap.contains(out, "limit of temporary files was hit (1 MiB) - --limit-tmp-size SIZE")
    tap.equal(box.run("exit 1"), (1, ""))


@jail_test
def memory_below_pid_1(box):
    """a limit of memory that leaves no room for pid 1 itself is named all the same"""
    if box.uid or not can_make_groups():
        tap.skip("needs control groups that can be made")
    for size in ("1", "1M"):
        code, out = box.run(["python3", "-c", "x = bytearray(300 << 20)"],
                            options=["--limit-memory", size])
        tap.equal((code, out), (KILLED, "sunaba: killed: over the sandbox's limit of memory - "
                                        "--limit-memory SIZE\n"))


@jail_test
def attack_81_hidden(box):
    """81 shared memory that no process shows any more counts: ended and named"""
    code = """
import ctypes, mmap, os, sys, time
held = []
for i in range(%d):
    m = mmap.mmap(-1, 32 << 20)
    m.write(b'x' * (32 << 20))
    m.madvise(mmap.MADV_DONTNEED)
    held.append(m)
    time.sleep(.005)
time.sleep(%s)
print('SURVIVED')
"""
    got, out = box.python(code % (30, 5), options=["--limit-memory", "400M"])
    tap.equal(got, KILLED, out)
    tap.contains(out, "memory")
    got, out = box.python("import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n" + code % (30, 5),
                          options=["--limit-memory", "400M"])
    tap.equal(got, KILLED, out)
    # The toucher ended; what it touched is mapped still.
    got, out = box.python("""
import mmap, os, time
held = []
for i in range(30):
    m = mmap.mmap(-1, 32 << 20)
    if os.fork() == 0:
        m.write(b'x' * (32 << 20)); os._exit(0)
    os.wait()
    held.append(m)
time.sleep(5)
""", options=["--limit-memory", "400M"])
    tap.equal(got, KILLED, out)
    got, out = box.python(code % (6, ".2"), options=["--limit-memory", "400M"])
    tap.equal((got, out), (0, "SURVIVED\n"))


@jail_test
def attack_83_84_invisible(box):
    """83, 84 memory outside of processes cannot be had: memfd, System V"""
    code, out = box.python("""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for call in ((319, b'x', 0), (447, 0), (29, 0, 3 << 30, 0o1600)):
    print(libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in call]), ctypes.get_errno())
""")
    tap.equal((code, out), (0, "-1 38\n" * 3))


@jail_test
def attack_85_86_89_temporary(box):
    """85, 86, 89 private temporary files are bounded in bytes and number, and it is named"""
    for place in ("/tmp", "/dev/shm", "$HOME"):
        code, out = box.run(f"head -c 30M /dev/zero > {place}/big; sleep .3",
                            options=["--limit-tmp-size", "20M"])
        tap.contains(out, "No space left", place)
        tap.contains(out, "limit of temporary files")
    code, out = box.python("""
import time
try:
    for i in range(150000): open(f'/tmp/{i}', 'w').close()
    print('OPEN')
except OSError as e: print(e.errno)
time.sleep(.3)
""")
    tap.contains(out, "28\n")
    tap.contains(out, "limit of temporary files")


@jail_test
def attack_87_88_90_files(box):
    """87, 88, 90 file size, open files and core files are bounded; the size is named"""
    code, out = box.run("head -c 3M /dev/zero > big", options=["--limit-file-size", "1M"])
    tap.equal(os.path.getsize(os.path.join(box.work, "big")), 1 << 20)
    os.unlink(os.path.join(box.work, "big"))
    code, out = box.run("exec head -c 3M /dev/zero > big", options=["--limit-file-size", "1M"])
    os.unlink(os.path.join(box.work, "big"))
    tap.equal(code, 128 + signal.SIGXFSZ, out)
    tap.contains(out, "limit of file size")
    code, out = box.python("""
import os
try:
    for i in range(300): os.open('/dev/null', 0)
except OSError as e: print(e.errno, i)
""", options=["--limit-files", "100"])
    tap.equal(out.split()[0], "24", out)
    box.run("kill -SEGV $$")
    tap.equal([n for n in os.listdir(box.work) if "core" in n], [])


@jail_test
def attack_150_root(box):
    """150 as root: nothing in /proc/sys is written, shadow is masked, core_pattern stays"""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as text:
        before = text.read()
    for rung in ("full", "donor", "landlock"):
        # Opened for writing and closed: a test that fails must do no harm.
        code, out = box.python("""
import os
paths = ['/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/dev/mem', '/dev/vda', '/dev/sda',
         '/etc/shadow', '/sys/fs/cgroup/memory/cgroup.procs', '/sys/fs/cgroup/cgroup.procs']
for top, _, files in os.walk('/proc/sys'): paths += [os.path.join(top, name) for name in files]
open_ = []
for path in paths:
    try: os.close(os.open(path, os.O_WRONLY)); open_.append(path)
    except OSError: pass
print('open', len(open_), open_[:3])
for path in ('/etc/shadow', '/etc/gshadow', '/etc/sudoers', '/proc/kcore', '/proc/kmsg'):
    try: print('READ' if open(path, 'rb').read(1) else 'empty', path)
    except OSError: pass
""", options=["--rung", rung])
        if code == 4:
            continue
        tap.contains(out, "open 0 []", rung)
        tap.absent(out, "READ", rung)
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as text:
        tap.equal(text.read(), before)


@jail_test
def attack_150_groups(box):
    """150 control groups bound the run, and go with it; those of a killed one with the next"""
    if not can_make_groups() or box.uid != 0:
        tap.skip("no control group can be made here")
    job = box.popen("echo up; sleep 300")
    tap.equal(job.stdout.readline(), b"up\n")
    made = groups(job.pid)
    tap.equal(len(made) >= 1, True, made)
    job.kill()
    job.wait(tap.PATIENCE_S)
    job.stdout.close()
    box.ok("true")
    tap.until(lambda: not groups(job.pid) or box.run("true")[0], 5, "the next run sweeps")
    job = box.popen("true")
    job.communicate(timeout=tap.PATIENCE_S)
    tap.equal(groups(job.pid), [], "its own")


@jail_test
def attack_151_stuck(box):
    """151 a tree that forks in a loop ends with the launcher's signal"""
    job = box.popen(["/usr/bin/python3", "-c", """
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print('up', flush=True)
while True:
    try: os.fork()
    except OSError: pass
"""], stderr=subprocess.DEVNULL, options=["--limit-processes", "100"])
    tap.equal(job.stdout.readline(), b"up\n")
    job.send_signal(signal.SIGTERM)
    # where nothing but the watch bounds real root, the limit may end it first
    tap.equal(job.wait(tap.PATIENCE_S) in (128 + signal.SIGTERM, 128 + signal.SIGKILL), True)
    job.stdout.close()


for each in BOXES:
    each.notices = True
main()
