"""80 to 90: what must not be used up. Those of memory run with a limit of 1 GiB, so that the
result does not depend on the machine's size."""
import os

import tap
from table import attack

MEMORY = ("--limit-memory", "1G")


@attack(80, "resource", "fork bomb (bounded at 900)", bare=False)
def fork_bomb(s):
    s.python("""
r, w = os.pipe()
count = 0
try:
    for _ in range(900):
        if os.fork() == 0:
            os.close(w)
            os.read(r, 1)
            os._exit(0)
        count += 1
except OSError as stop:
    print("stopped after", count, stop, flush=True)
if count > 300:
    broken("%d processes" % count)
""")


def memory(number, title, code):
    @attack(number, "resource", title, slow=True, bare=False)
    def run(s):
        _, text = s.run(s.script(code), MEMORY)
        if "all 3 GB" in text:
            return "3 GB were used under a limit of 1 GB"
        return None
    return run


memory(81, "memory: one process touches 3 GB", """
held = []
for _ in range(48):
    held.append(bytearray(os.urandom(1)) * (64 << 20))
print("all 3 GB", flush=True)
time.sleep(1)
""")
memory(82, "memory: 6 processes of 700 MB", """
r, w = os.pipe()
for _ in range(6):
    if os.fork() == 0:
        held = b"x" * (700 << 20)
        os.write(w, b"x")
        time.sleep(20)
got = 0
while got < 6:
    got += len(os.read(r, 6))
print("all 3 GB", flush=True)
""")
memory(83, "memory: memfd, 3 GB in pieces of 512 MB", """
for n in range(6):
    fd = os.memfd_create("m%d" % n)
    for _ in range(8):
        os.write(fd, b"x" * (64 << 20))
print("all 3 GB", flush=True)
""")
memory(84, "memory: 3 GB of SysV segments", """
for n in range(6):
    number = call(29, 0, 512 << 20, 0o1600)
    at = libc.shmat(number, None, 0)
    if at == ctypes.c_void_p(-1).value:
        raise OSError(12, "shmat")
    ctypes.memset(at, 1, 512 << 20)
    libc.shmdt(ctypes.c_void_p(at))
print("all 3 GB", flush=True)
""")


def disk(number, title, path, slow=True):
    @attack(number, "resource", title, slow=slow, bare=False)
    def run(s):
        _, text = s.run(s.script("""
piece = b"x" * (16 << 20)
with open(A["path"] + "/fill", "wb", 0) as f:
    for _ in range(96):
        if f.write(piece) < len(piece):
            raise OSError(28, "full")
print("all of it", flush=True)
""", path=path))
        return "all of it" in text and "1.5 GB were written"


disk(85, "disk: 1.5 GB into /tmp", "/tmp")
disk(86, "disk: 1.5 GB into /dev/shm", "/dev/shm")


@attack(87, "resource", "disk: 4 TB sparse file in the workspace", bare=False)
def sparse(s):
    s.workspace()
    s.python("""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("big", "wb") as f:
    each(lambda n: f.truncate(n), 4 << 40, 64 << 30)
    each(lambda n: os.pwrite(f.fileno(), b"x", n), 4 << 40, 64 << 30)
""")
    path = os.path.join(s.work, "big")
    size = os.path.exists(path) and os.stat(path).st_size
    return size > 8 << 30 and f"a file of {size} bytes"


@attack(88, "resource", "15000 open files in one process")
def open_files(s):
    s.python("""
import resource
held = []
try:
    for _ in range(15000):
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as stop:
    print("stopped at", len(held), stop)
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    held += [os.open("/dev/null", os.O_RDONLY) for _ in range(15000)]
except (OSError, ValueError):
    pass
if len(held) >= 15000:
    broken("%d files" % len(held))
""")


@attack(89, "resource", "150k inodes in /tmp", slow=True, bare=False)
def inodes(s):
    s.python("""
os.chdir("/tmp")
for n in range(150000):
    os.mknod("n%d" % n)
broken("150000 files")
""")


@attack(90, "resource", "core dump into the workspace")
def core(s):
    s.workspace()
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as f:
        if f.read(1) in "/|":
            tap.skip("cores of this machine go elsewhere")
    s.python("""
import resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
except (OSError, ValueError):
    pass
os.abort()
""")
    return any(n.startswith("core") for n in os.listdir(s.work)) and "a core was written"


@attack("a7", "also", "memory of pipes: 1000 of 1 MB", counts=False, bare=False)
def pipes(s):
    s.python("""
import fcntl
total = 0
for _ in range(1000):
    r, w = os.pipe()
    size = fcntl.fcntl(w, 1031, 1 << 20)
    os.set_blocking(w, False)
    total += os.write(w, b"x" * size)
if total >= 1000 << 20:
    broken("%d MB in pipes" % (total >> 20))
""", MEMORY)
