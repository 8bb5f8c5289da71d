"""95 to 99: the terminal; 100 to 116: the kernel's other doors."""
import os
import pty
import select
import subprocess
import termios

import tap
from scene import FD_FILE, FD_FOLDER, TIMEOUT_S
from table import attack


class Terminal:
    """A terminal of the user with the launcher in its foreground."""

    def __init__(self, s, command, **streams):
        self.master, self.slave = pty.openpty()
        os.fchown(self.slave, s.uid, -1)
        self.seen = b""
        self.before = termios.tcgetattr(self.slave)
        if not s.work:
            s.workspace()
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, self.slave)
        setsid = ["setsid", "--ctty", "--wait"] if streams["stdin"] == self.slave else []
        self.job = subprocess.Popen([*setsid, *s.argv(command)], cwd=s.work,
                                    env=s.box.env({"TERM": "xterm"}),
                                    pass_fds=(FD_FILE, FD_FOLDER), **s.box.as_user(), **streams)

    def drain(self):
        """Reads what is shown until the job ends."""
        for _ in range(TIMEOUT_S * 20):
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                self.seen += os.read(self.master, 65536)
            elif self.job.poll() is not None:
                return self.seen.decode("utf-8", "replace")
        self.job.kill()
        return "BROKEN: hangs\n"

    def typed(self):
        """What waits in the terminal's input, as if the user had typed it."""
        mode = termios.tcgetattr(self.slave)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self.slave, termios.TCSANOW, mode)
        ready, _, _ = select.select([self.slave], [], [], 0)
        return os.read(self.slave, 4096) if ready else b""

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def tiocsti(number, title, request):
    @attack(number, "tty", title)
    def run(s):
        terminal = Terminal(s, s.script("""
import fcntl
def type_in(fd):
    for c in b"echo EVIL\\n":
        call(16, fd, A["request"], ctypes.create_string_buffer(bytes([c])))
each(type_in, 0, 1, 2)
each(lambda p: type_in(os.open(p, os.O_RDWR)), "/dev/tty", "/proc/self/fd/0")
each(lambda fd: call(16, fd, A["request"] & ~0xffff | 0x541c, b"\\x02"), 0)
""", request=request))
        s.output += terminal.drain()
        typed = terminal.typed()
        terminal.close()
        return b"EVIL" in typed and "typed into the user's terminal"


tiocsti(95, "TIOCSTI into the controlling terminal", 0x5412)
tiocsti(96, "TIOCSTI with high bits set (64-bit compare)", 0x100005412)


@attack(97, "tty", "/dev/tty while standard output is a pipe (fake prompt, OSC 52)")
def dev_tty(s):
    terminal = Terminal(s, s.script("""
def show(path):
    fd = os.open(path, os.O_WRONLY)
    os.write(fd, b"EVIL")
each(show, "/dev/tty", "/dev/console", "/dev/tty0", "/proc/self/fd/0")
"""), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = terminal.drain()
    s.output += terminal.job.communicate()[0].decode()
    terminal.close()
    return "EVIL" in seen and "written on the user's terminal"


@attack(98, "tty", "write to another terminal of the user")
def other_terminal(s):
    master, slave = pty.openpty()
    os.fchown(slave, s.uid, -1)
    os.set_blocking(master, False)
    s.python("each(lambda p: os.write(os.open(p, os.O_WRONLY), b'EVIL'), A['path'], "
             "*('/dev/pts/%d' % n for n in range(32)))", given={"path": os.ttyname(slave)})
    try:
        return b"EVIL" in os.read(master, 4096) and "written on the other terminal"
    except BlockingIOError:
        return None
    finally:
        os.close(master)
        os.close(slave)


@attack(99, "tty", "leave the terminal raw, without echo")
def raw_terminal(s):
    terminal = Terminal(s, s.script("""
import termios, tty
for fd in range(3):
    try:
        mode = termios.tcgetattr(fd)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
        mode[6][termios.VMIN] = 1
        termios.tcsetattr(fd, termios.TCSANOW, mode)
    except (OSError, termios.error):
        pass
os.kill(os.getpid(), 9)
"""))
    s.output += terminal.drain()
    after = termios.tcgetattr(terminal.slave)
    terminal.close()
    return after != terminal.before and "the terminal stays changed"


def calls(number, title, code, bare=True):
    @attack(number, "kernel", title, bare=bare)
    def run(s):
        s.python(code)
    return run


calls(100, "unshare(NEWUSER), nested", """
for flag in (0x10000000, 0x10020000, 0x10000000 | 0x40000000):
    succeeds("unshare %x" % flag, 272, flag)
each(lambda p: succeeds("setns " + p, 308, os.open("/proc/1/ns/" + p, os.O_RDONLY), 0),
     "user", "mnt", "net")
""")
calls(101, "clone3(NEWUSER|NEWNET)", """
args = (ctypes.c_uint64 * 11)(0x10000000 | 0x40000000, 0, 0, 0, 17)
got = call(435, args, 88)
if got == 0:
    os._exit(0)
broken("clone3")
""")
@attack("a8", "also", "clone(NEWUSER), nested", counts=False)
def clone(s):
    s.python("""
got = call(56, 0x10000011, 0, 0, 0, 0)
if got == 0:
    os._exit(0)
broken("clone")
""")
calls(102, "mount in a nested user namespace", """
each(lambda f: call(272, f), 0x10020000)
succeeds("mount", 165, b"none", WORK.encode(), b"tmpfs", 0, 0)
succeeds("fsopen", 430, b"tmpfs", 0)
succeeds("open_tree", 428, -100, b"/usr", 1)
""")
calls(103, "unmask a hidden path by umount", """
each(lambda f: call(272, f), 0x10020000)
with open("/proc/self/mountinfo") as f:
    points = [line.split()[4] for line in f]
for point in sorted(points, key=len, reverse=True):
    try:
        call(166, point.encode(), 2)
        broken("umount " + point)
    except OSError:
        pass
""", bare=False)
calls(107, "userfaultfd", """
succeeds("userfaultfd", 323, 0)
succeeds("userfaultfd of user mode", 323, 1)
each(lambda p: os.open(p, os.O_RDWR) and broken(p), "/dev/userfaultfd")
""")
calls(108, "add_key", "succeeds('add_key', 248, b'user', b'evil', b'x', 1, -3)")
calls(109, "modify_ldt", """
entry = (ctypes.c_uint32 * 4)(0, 0, 0xfffff, 0x51)
succeeds("modify_ldt", 154, 1, entry, 16)
""")


@attack(113, "kernel", "a setuid-root program gains root")
def setuid_root(s):
    if os.getuid() != 0:
        tap.skip("planting one needs root")
    s.workspace()
    path = os.path.join(s.work, "suid")
    with open(s.probe, "rb") as a, open(path, "wb") as b:
        b.write(a.read())
    os.chmod(path, 0o4755)
    s.run([path, "privilege"])
    s.run(["sh", "-c", "su -c id </dev/null 2>&1; sudo -n true 2>&1 && echo BROKEN: sudo; true"])


@attack(116, "kernel", "inherited extra file descriptors")
def descriptors(s):
    s.python("""
here = os.listdir("/proc/self/fd")
for fd in here:
    try:
        where = os.readlink("/proc/self/fd/" + fd)
    except OSError:
        continue
    if int(fd) > 2:
        broken(fd + " " + where)
""")


@attack("a9", "also", "bpf, perf, x32, open_by_handle_at, kexec, reboot, swapon, modules",
        counts=False, bare=False)
def doors(s):
    s.python("""
attr = (ctypes.c_uint64 * 16)(2, 4 << 32 | 4, 1)
for name, number, args in (
        ("bpf", 321, (0, attr, 128)), ("perf_event_open", 298, (attr, 0, -1, -1, 0)),
        ("x32 getpid", 0x40000000 + 39, ()), ("open_by_handle_at", 304, (-100, attr, 0)),
        ("kexec_load", 246, (0, 0, 0, 0)), ("init_module", 175, (attr, 1, b"")),
        ("swapon", 167, (b"/x", 0)), ("sethostname", 170, (b"evil", 4)),
        ("settimeofday", 164, (attr, 0)), ("keyctl", 250, (0, -3, 0)),
        ("pidfd_getfd", 438, (0, 0, 0)), ("quotactl", 179, (0, 0, 0, 0)),
        ("fanotify_init", 300, (0, 0)), ("acct", 163, (0,)), ("ioperm", 173, (0, 1, 1))):
    pid = os.fork()
    if pid == 0:
        succeeds(name, number, *args)
        os._exit(0)
    os.waitpid(pid, 0)
""")


@attack("a10", "also", "/proc/sys, /proc/sysrq-trigger, /sys", counts=False, bare=False)
def kernel_files(s):
    s.python("""
def change(path):
    with open(path) as f:
        old = f.read()
    with open(path, "w") as f:
        f.write(old)
        f.flush()
    broken("wrote " + path)
each(change, "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname",
     "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward",
     "/proc/sys/kernel/modprobe", "/proc/sys/fs/binfmt_misc/status")
each(lambda p: os.open(p, os.O_WRONLY) and broken("opened " + p), "/proc/sysrq-trigger",
     "/proc/irq/default_smp_affinity", "/sys/kernel/uevent_helper",
     "/sys/power/state", "/sys/fs/cgroup/cgroup.procs")
""")
