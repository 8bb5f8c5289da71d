#!/usr/bin/env python3
"""System calls that code in the jail must not get: rows 95 to 97, 100 to 104, 107 to 110, 113 and
116 of the sandbox's list, its 'also' list, and attacks on the listener that explains refusals."""
import os
import pty
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402

# x(want, number, args...): prints what is not as wanted. code(bytes): runs machine code.
HEAD = """
import ctypes, errno, mmap, os, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def raw(*args):
    ctypes.set_errno(0)
    got = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return errno.errorcode.get(ctypes.get_errno(), 'none') if got == -1 else 'OPEN'
def x(want, *args):
    got = raw(*args)
    if got != want: print('WRONG', args, got)
def code(text):
    m = mmap.mmap(-1, 4096, prot=7)
    m.write(text)
    pid = os.fork()
    if pid == 0:
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()
        os._exit(0)
    return os.waitpid(pid, 0)[1]
"""


def x86_64():
    if os.uname().machine != "x86_64":
        tap.skip("system call numbers of x86-64")


def nothing_open(box, text, **more):
    x86_64()
    got, out = box.python(HEAD + text, **more)
    tap.equal((got, out), (0, ""), text)


def with_terminal(box, text):
    """Runs Python in the jail, whose launcher has a controlling terminal on standard input."""
    master, slave = pty.openpty()
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(master)
        os.login_tty(slave) if hasattr(os, "login_tty") else _login(slave)
        os.dup2(w, 1)
        os.chdir(box.work)
        if os.getuid() != box.uid:
            os.setgroups([])
            os.setgid(box.gid)
            os.setuid(box.uid)
        os.execve(box.program, box.argv(["/usr/bin/python3", "-c", HEAD + text]), box.env())
    os.close(w)
    os.close(slave)
    with open(r, encoding="utf-8") as out:
        said = out.read()
    os.waitpid(pid, 0)
    os.close(master)
    return said


def _login(slave):
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)


@jail_test
def a095_a096_a097_terminal(box):
    """95, 96, 97: TIOCSTI, with high bits too, and /dev/tty of a launcher with a terminal"""
    x86_64()
    said = with_terminal(box, """
for request in (0x5412, 0x5412 | 1 << 32, 0x5412 | 0xffffffff << 32, 0x541c, 0x541c | 1 << 40):
    x('EPERM', 16, 0, request, b'x')
try: os.write(os.open('/dev/tty', os.O_WRONLY), b'FAKE PROMPT'); print('OPEN tty')
except OSError as e: print(errno.errorcode[e.errno])
""")
    tap.contains(("ENXIO\n", "ENOENT\n"), said)


@jail_test
def a100_unshare(box):
    """100: unshare(NEWUSER) and every other namespace"""
    nothing_open(box, """
for bit in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    x('EPERM', 272, bit)
x('EPERM', 272, 0x10000000 | 1 << 35)
""")


@jail_test
def a101_clone(box):
    """101: clone3(NEWUSER|NEWNET) and clone with namespace flags"""
    nothing_open(box, """
x('ENOSYS', 435, b'\\0' * 88, 88)
for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    x('EPERM', 56, bit | 17, 0, 0, 0, 0)
    x('EPERM', 56, bit | 17 | 1 << 40, 0, 0, 0, 0)
""")


@jail_test
def a102_a103_mounts(box):
    """102, 103: mounts, in a nested namespace or not; what is hidden stays hidden"""
    nothing_open(box, """
x('EPERM', 165, b'none', b'/tmp', b'tmpfs', 0, 0)
x('EPERM', 165, 0, b'/', 0, 32, 0)
for path in (b'/proc', b'/etc', b'/proc/sys', b'/'):
    x('EPERM', 166, path, 2)
for nr in (155, 161, 428, 429, 430, 431, 432, 433, 442):
    x('EPERM', nr, b'/', b'/', 0, 0, 0)
""")


@jail_test
def a104_a107_a108_a109(box):
    """104, 107, 108, 109: io_uring, userfaultfd, keys, modify_ldt"""
    nothing_open(box, """
x('ENOSYS', 425, 8, b'\\0' * 120)
for nr in (426, 427): x('ENOSYS', nr, 0, 0, 0, 0)
x('ENOSYS', 323, 0)
x('EPERM', 248, b'user', b'name', b'data', 4, -3)
x('EPERM', 249, b'user', b'name', 0, -3)
for what in range(33): x('EPERM', 250, what, -3, 0, 0)
x('EPERM', 154, 1, b'\\0' * 16, 16)
""")


@jail_test
def a110_foreign_entry(box):
    """110, 56, 63, and x32: calls of another architecture are killed"""
    nothing_open(box, r"""
getpid32 = b'\xb8\x14\x00\x00\x00\xcd\x80\xc3'
socketcall32 = b'\xb8\x66\x00\x00\x00\xcd\x80\xc3'
x32 = b'\xb8\x27\x00\x00\x40\x0f\x05\xc3'
for text in (getpid32, socketcall32, x32):
    status = code(text)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGSYS, signal.SIGSEGV)):
        print('WRONG', text, status)
""")


@jail_test
def a113_setuid_programs(box):
    """113: a set-user-ID program gains nothing"""
    folder = os.path.join(box.base, "suid")
    os.makedirs(folder, exist_ok=True)
    shutil.copy("/usr/bin/id", folder)
    os.chmod(os.path.join(folder, "id"), 0o6755)
    out = box.ok(f"{folder}/id -u; grep NoNewPrivs /proc/self/status",
                 options=["--allow-read", folder])
    tap.equal(out.split(), [str(box.uid), "NoNewPrivs:", "1"])
    out = box.ok("grep -c . /proc/self/mounts; grep -v nosuid /proc/self/mounts; true")
    tap.equal(len(out.split()), 1, out)


@jail_test
def a116_descriptors(box):
    """116: descriptors of the launcher, a folder among them, are closed"""
    opened = [os.open(os.path.join(box.home, "other/file"), os.O_RDONLY),
              os.open(box.home, os.O_RDONLY)]
    high = [os.dup2(fd, 393 + i) for i, fd in enumerate(opened)]
    try:
        _, out = box.run("ls /proc/$$/fd; cat <&393; ls /proc/self/fd/394/..", pass_fds=high)
    finally:
        for fd in opened + high:
            os.close(fd)
    tap.absent(out, "TOPSECRET")
    tap.absent(out.splitlines(), "393")
    tap.absent(out.splitlines(), "394")


@jail_test
def also_kernel(box):
    """also: kallsyms, dmesg, raw sockets, bpf, perf, open_by_handle_at, /proc/sys"""
    nothing_open(box, """
import re
try:
    lines = open('/proc/kallsyms').read(4000).splitlines()
    if any(int(l.split()[0], 16) for l in lines): print('OPEN kallsyms')
except OSError: pass
for what in (2, 3, 4, 10): x('EPERM', 103, what, b'x' * 64, 64)
for path in ('/dev/kmsg', '/proc/kmsg', '/proc/kcore', '/dev/mem'):
    try:
        if os.read(os.open(path, os.O_RDONLY), 10): print('OPEN', path)
    except OSError: pass
x('EPERM', 41, 2, 3, 1)
x('EPERM', 41, 10, 3, 58)
for family, kind, want in ((17, 3, 'EAFNOSUPPORT'), (17, 2, 'EAFNOSUPPORT'), (16, 3, 'OPEN'),
                           (40, 1, 'EAFNOSUPPORT'), (38, 5, 'EAFNOSUPPORT')):
    x(want, 41, family, kind, 0)
for protocol in (1, 9, 12, 15, 16, 31): x('EAFNOSUPPORT', 41, 16, 3, protocol)
for cmd in range(37): x('EPERM', 321, cmd, b'\\0' * 128, 128)
x('EPERM', 298, b'\\0' * 128, 0, -1, -1, 0)
x('EPERM', 303, -100, b'/', b'\\0' * 128, b'\\0' * 8, 0)
x('EPERM', 304, 3, b'\\0' * 128, 0)
for name in ('kernel/core_pattern', 'kernel/hostname', 'vm/overcommit_memory'):
    try: os.open('/proc/sys/' + name, os.O_WRONLY); print('OPEN', name)
    except OSError: pass
""")


@jail_test
def also_pipe_buffers(box):
    """also: the memory that pipes can hold is bounded"""
    got, out = box.python("""
import fcntl, os
total = 0
try:
    for _ in range(1500):
        r, w = os.pipe()
        try: total += fcntl.fcntl(w, 1031, 1 << 20)
        except OSError: total += fcntl.fcntl(w, 1032)
except OSError: pass
print(total >> 20)
""")
    tap.equal(got, 0, out)
    if int(out) > 160:
        raise AssertionError(f"{out.strip()} MiB of pipes")


@jail_test
def nobody_else_listens(box):
    """code cannot listen to its own refused calls and wave them through"""
    nothing_open(box, """
import struct
libc.prctl(38, 1, 0, 0, 0)
ops = struct.pack('HBBI', 6, 0, 0, 0x7fc00000)
text = ctypes.create_string_buffer(ops)
prog = struct.pack('HxxxxxxQ', 1, ctypes.addressof(text))
for flags in (8, 8 | 32, 8 | 1 << 33): x('EBUSY', 317, 1, flags, prog)
""")


@jail_test
def memory_changed_meanwhile(box):
    """an address that changes while it is looked at reaches nothing"""
    nothing_open(box, """
import struct
addr = ctypes.create_string_buffer(struct.pack('!HH4s8x', 0x0200, 9, bytes([127, 0, 0, 1])), 16)
stop = time.monotonic() + 1
def flip():
    while time.monotonic() < stop:
        addr[4] = 93
        addr[4] = 127
threading.Thread(target=flip).start()
seen = set()
while time.monotonic() < stop:
    s = socket.socket()
    seen.add(raw(42, s.fileno(), addr, 16))
    s.close()
if not seen <= {'ECONNREFUSED', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EINVAL', 'EACCES'}: print('WRONG', seen)
""")


FLOOD = """
def flood():
    while True: libc.syscall(165, 0, 0, 0, 0, 0)
"""


OUTER = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
ops = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
prog = struct.pack('HxxxxxxQ', 1, ctypes.addressof(ops))
fd = libc.syscall(317, 1, 8, prog)
if fd < 0: sys.exit(99)
os.set_inheritable(fd, True)
os.execv(sys.argv[1], sys.argv[1:])
"""


@jail_test
def listened_to_already(box):
    """where an outer sandbox listens, calls are refused all the same, without a word"""
    x86_64()
    text = HEAD + """
x('EPERM', 165, 0, 0, 0, 0, 0)
x('EPERM', 101, 0, 0, 0, 0)
x('EPERM', 272, 0x10000000)
x('EPERM', 56, 0x10000011, 0, 0, 0, 0)
x('ENOSYS', 425, 0, 0)
x('EAFNOSUPPORT', 41, 17, 3, 0)
s = socket.socket()
x('ENETUNREACH', 42, s.fileno(), b'\\x02\\0\\0\\x09\\x05\\x05\\x05\\x05' + bytes(8), 16)
print('ok')
"""
    job = subprocess.run(["/usr/bin/python3", "-c", OUTER,
                          *box.argv(["/usr/bin/python3", "-c", text])],
                         cwd=box.work, env=box.env(), capture_output=True, timeout=tap.PATIENCE_S,
                         check=False, **box.as_user())
    if job.returncode == 99:
        tap.skip("no listener can be had here")
    tap.equal((job.returncode, job.stdout, job.stderr), (0, b"ok\n", b""))


@jail_test
def floods(box):
    """refused calls without end: bounded notices, and the launcher ends it at once"""
    x86_64()
    got, out = box.python(HEAD + FLOOD + """
pids = []
for _ in range(4):
    pid = os.fork()
    if pid == 0: flood()
    pids.append(pid)
time.sleep(1)
for name in range(200): libc.syscall(42, socket.socket().fileno(),
                                     b'\\x02\\0\\0\\x09\\x05\\x05\\x05' + bytes([name]) + bytes(8), 16)
print('alive')
""", notices=True)
    tap.equal(got, 0, out)
    lines = [line for line in out.splitlines() if "sandbox:" in line]
    tap.equal(len(lines), 64, out)
    tap.contains(out, "alive")
    job = box.popen(["/usr/bin/python3", "-c", HEAD + FLOOD + "print('up', flush=True); flood()"])
    job.stdout.readline()
    began = time.monotonic()
    job.send_signal(signal.SIGTERM)
    job.wait(tap.PATIENCE_S)
    job.stdout.close()
    if time.monotonic() - began > 20:  # at once, on a machine with other work too
        raise AssertionError(f"{time.monotonic() - began:.1f} s to end")


@jail_test
def killed_callers(box):
    """callers that are killed while pid 1 looks at them harm nobody"""
    nothing_open(box, FLOOD + """
end = time.monotonic() + 1.5
while time.monotonic() < end:
    pid = os.fork()
    if pid == 0:
        for _ in range(3): threading.Thread(target=flood, daemon=True).start()
        flood()
    time.sleep(0.01)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
x('EPERM', 165, 0, 0, 0, 0, 0)
""")


@jail_test
def interrupted_callers(box):
    """signals that arrive during a refused call are delivered, and the call is made again"""
    nothing_open(box, """
count = 0
def tick(*_):
    global count
    count += 1
signal.signal(signal.SIGALRM, tick)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for _ in range(20000): x('EPERM', 165, 0, 0, 0, 0, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
if not count: print('no signal came')
""")


@jail_test
def debug_tools(box):
    """--debug-tools: strace and gdb work inside, and nothing else is open (L23)"""
    need("strace", "gdb")
    out = box.ok("strace -f -e trace=openat sh -c 'true; /bin/true' 2>&1", options=["--debug-tools"])
    tap.contains(out, "exited with 0")
    out = box.ok("gdb -q -batch -ex 'break main' -ex run -ex 'info proc' /bin/true 2>&1 | cat",
                 options=["--debug-tools"])
    tap.contains(out, "process")
    code, out = box.run("strace true", notices=True)
    tap.equal(code, 1, out)
    tap.contains(out, "sandbox: ptrace is refused: debuggers are off - --debug-tools")
    nothing_open(box, """
for pid in (1, os.getppid()):
    if pid == os.getpid(): continue
    x('EPERM', 101, 16, pid, 0, 0)       # PTRACE_ATTACH
    x('EPERM', 101, 0x4206, pid, 0, 0)   # PTRACE_SEIZE
    try: open(f'/proc/{pid}/mem', 'rb').read(1); print('OPEN mem', pid)
    except OSError: pass
buf = ctypes.create_string_buffer(64)
x('EPERM', 165, b'none', b'/tmp', b'tmpfs', 0, 0)
x('EPERM', 272, 0x10000000)
x('EPERM', 321, 0, 0, 0)
x('EPERM', 90, b'/tmp', 0o4755)
x('EAFNOSUPPORT', 41, 17, 3, 0)
""", options=["--debug-tools"])


if __name__ == "__main__":
    main()
