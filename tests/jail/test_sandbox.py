#!/usr/bin/env python3
"""What the sandbox must hold back: files, secrets, network, processes, system calls, limits."""
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import FORK_BOMB, jail_test, main, mounts, need  # noqa: E402


def processes_with(word):
    """Host processes whose command line holds the word."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as text:
                if word.encode() in text.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


@jail_test
def exit_codes(box):
    """exit codes: the command's, 128 + signal, 126, 127, 2, 4"""
    tap.equal(box.run("exit 7")[0], 7)
    tap.equal(box.run("kill -TERM $$")[0], 128 + signal.SIGTERM)
    tap.equal(box.run(["/no/such/program"])[0], 127)
    tap.equal(box.run(["no-such-program"])[0], 127)
    tap.equal(box.run(["/etc/passwd"])[0], 126)
    code, out = box.run("true", options=["--no-such-option"])
    tap.equal((code, len(out.splitlines())), (2, 2), out)
    code, out = box.run("true", cwd=box.home)
    tap.equal(code, 2, out)
    tap.contains(out, box.home)


@jail_test
def streams(box):
    """standard input, output and error pass through"""
    tap.equal(box.run(["cat"], text="日本語\n"), (0, "日本語\n"))
    job = box.popen("echo out; echo err >&2", stderr=subprocess.PIPE)
    tap.equal(job.communicate(timeout=tap.PATIENCE_S), (b"out\n", b"err\n"))
    out = box.ok("head -c 20000000 /dev/zero | tr '\\0' x")
    tap.equal(len(out), 20000000)


@jail_test
def writes_stay_inside(box):
    """writing outside the workspace is refused, inside it reaches the host"""
    for path in ("/usr/x", "/etc/x", "/x", "/bin/x", "/usr/bin/env", "/proc/sys/kernel/hostname",
                 "/run/sunaba/x", "/dev/x", "/sys/x"):
        code, out = box.run(f"echo x > {path}")
        tap.equal(code, 1, f"{path}: {out}")
    box.ok("echo mine > file && mkdir -p a/b && mv file a/b && ln a/b/file link")
    with open(os.path.join(box.work, "a/b/file"), encoding="utf-8") as text:
        tap.equal(text.read(), "mine\n")
    box.ok("rm -r a link")
    code, out = box.run("echo x > file", options=["--read-only"])
    tap.equal(code, 1, out)
    tap.contains(out, "Read-only")


@jail_test
def home_is_private(box):
    """HOME is empty but for the workspace; what is written there is gone afterwards"""
    tap.equal(box.ok("ls -A ~").split(), ["work"])
    for path in (".ssh/id_ed25519", ".aws/credentials", ".bashrc", "other/file", ".netrc"):
        tap.equal(box.run(f"cat ~/{path}")[0], 1, path)
        tap.equal(box.run(f"cat ../{path}")[0], 1, path)
        tap.equal(box.run(f"cat /proc/1/root{box.home}/{path}")[0], 1, path)
    box.ok("mkdir -p ~/.cache ~/.local/bin && echo x > ~/.bashrc && echo x > ~/.local/bin/ls")
    with open(os.path.join(box.home, ".bashrc"), encoding="utf-8") as text:
        tap.equal(text.read(), "TOPSECRET\n")
    tap.equal(os.listdir(os.path.join(box.home, ".local/bin")), [])


@jail_test
def links_lead_nowhere(box):
    """a link out of the workspace leads into the private tree, a hard link cannot be made"""
    box.ok("ln -sf ~/.bashrc out && echo evil > out && rm out")
    with open(os.path.join(box.home, ".bashrc"), encoding="utf-8") as text:
        tap.equal(text.read(), "TOPSECRET\n")
    tap.equal(box.run("ln /etc/passwd hard")[0], 1)
    os.symlink(box.work, os.path.join(box.home, "alias"))
    out = box.ok("pwd -P; echo via > seen", cwd=box.base,
                 options=["-C", os.path.join(box.home, "alias")])
    tap.equal(out.strip(), box.work)
    os.unlink(os.path.join(box.work, "seen"))
    os.unlink(os.path.join(box.home, "alias"))


@jail_test
def private_places(box):
    """/tmp, /var/tmp, /dev/shm are private and go with the sandbox"""
    secret = f"/tmp/sunaba-host-{os.getpid()}"
    box.write(secret, "TOPSECRET")
    try:
        tap.equal(box.run(f"cat {secret}")[0], 1)
        for place in ("/tmp", "/var/tmp", "/dev/shm"):
            box.ok(f"echo x > {place}/sunaba-litter")
            tap.equal(os.path.exists(f"{place}/sunaba-litter"), False, place)
    finally:
        os.unlink(secret)


@jail_test
def extra_paths(box):
    """--allow-read shows, --allow-write opens, and nothing else of HOME appears"""
    other = os.path.join(box.home, "other")
    out = box.ok(f"cat {other}/file; ls -A ~", options=["--allow-read", other])
    tap.equal(out.split(), ["TOPSECRET", "other", "work"])
    tap.equal(box.run(f"echo x > {other}/new", options=["--allow-read", other])[0], 1)
    box.ok(f"echo x > {other}/new && rm {other}/new", options=["--allow-write", other])
    code, out = box.run("true", options=["--allow-read", "/no/such/path"])
    tap.equal(code, 2, out)
    tap.contains(out, "'/no/such/path': No such file or directory\n  name an existing")


@jail_test
def variables_are_named_alone(box):
    """--env-pass takes names; a value given with one is an error, not silence"""
    out = box.ok("echo $SHOWN-$KEPT", options=["--env-pass", "SHOWN"],
                 env={"SHOWN": "yes", "KEPT": "no"})
    tap.equal(out, "yes-\n")
    code, out = box.run("true", options=["--env-pass", "SHOWN=yes"])
    tap.equal(code, 2, out)
    tap.contains(out, "'SHOWN=yes' is not the name of a variable")


@jail_test
def quiet_about_what_is_hidden(box):
    """-q leaves out what is hidden from the start, and nothing else"""
    box.write(os.path.join(box.work, ".env"), "TOPSECRET\n")
    box.own(box.work)
    try:
        tap.contains(box.run("true", notices=True)[1], ".env is hidden")
        code, out = box.run("cat .env; mkdir .idea; touch .idea/x", options=["-q"], notices=True)
        tap.equal((code, "hidden" in out, ".idea was put aside" in out), (0, False, True), out)
    finally:
        box.ok("rm -rf .idea.sunaba-quarantine")
        os.unlink(os.path.join(box.work, ".env"))


@jail_test
def planted_links(box):
    """a link in the workspace is not taken for what the user names, by whatever name he comes"""
    os.symlink(os.path.join(box.home, ".ssh"), os.path.join(box.work, "out"))
    os.symlink(box.work, os.path.join(box.home, "alias"))
    os.makedirs(os.path.join(box.work, "sub"))
    try:
        for path in ("out", "./out", "sub/../out", os.path.join(box.work, "out"),
                     os.path.join(box.home, "alias/out"), "../alias/out/../.ssh"):
            for option in ("--allow-read", "--allow-write"):
                code, out = box.run("true", options=[option, path])
                tap.equal(code, 2, f"{option} {path}: {out}")
        out = box.ok("cat ../other/file", options=["--allow-read", "../alias/../other"])
        tap.equal(out, "TOPSECRET\n")
    finally:
        os.rmdir(os.path.join(box.work, "sub"))
        os.unlink(os.path.join(box.work, "out"))
        os.unlink(os.path.join(box.home, "alias"))


@jail_test
def environment(box):
    """no secret in the environment, nor in any process's"""
    out = box.ok("env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; "
                 "cat /proc/*/cmdline | tr '\\0' ' '; true")
    tap.absent(out, "TOPSECRET")
    tap.contains(out, "TERM=dumb")
    tap.contains(out, f"HOME={box.home}")
    code, out = box.python("""
import os, re
for pid in filter(str.isdigit, os.listdir('/proc')):
    if int(pid) == os.getpid(): continue
    try:
        maps = open(f'/proc/{pid}/maps').read(); mem = open(f'/proc/{pid}/mem', 'rb')
    except OSError as e:
        print('refused', pid); continue
    print('OPEN', pid)
""")
    tap.equal(code, 0, out)
    tap.contains(out, "refused 1")
    tap.absent(out, "OPEN 1\n")


@jail_test
def network_is_off(box):
    """host loopback, addresses and names are out of reach; localhost inside works"""
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    with server:
        code, out = box.python(f"""
import socket
for target in (('127.0.0.1', {port}), ('169.254.169.254', 80), ('10.0.0.1', 80)):
    try: socket.create_connection(target, 3); print('OPEN', target)
    except OSError as e: print('shut', e.errno)
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try: u.sendto(b'x', ('8.8.8.8', 53)); print('OPEN udp')
except OSError as e: print('shut', e.errno)
print([n for _, n in socket.if_nameindex()])
""")
    tap.equal(code, 0, out)
    tap.absent(out, "OPEN")
    tap.contains(out, "['lo'")


@jail_test
def socket_families(box):
    """families other than unix, inet and netlink route do not exist; abstract host names neither"""
    code, out = box.python("""
import socket, errno
for family in (3, 16, 17, 29, 31, 38, 40, 44):
    try: socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM, 15 if family == 16 else 0); print('OPEN', family)
    except OSError as e: print(e.errno == errno.EAFNOSUPPORT)
socket.socket(16, socket.SOCK_RAW, 0)
try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('OPEN raw')
except OSError: pass
""")
    tap.equal(code, 0, out)
    tap.equal(set(out.split()), {"True"}, out)
    name = f"\0sunaba-abstract-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as host:
        host.bind(name)
        host.listen(1)
        code, out = box.python(f"import socket; socket.socket(1).connect({name!r})")
    tap.equal(code, 1, out)
    tap.contains(out, "refused")


@jail_test
def processes_hidden(box):
    """no host process is visible or can be signalled"""
    pids = [int(p) for p in box.ok("ls /proc").split() if p.isdigit()]
    tap.equal(max(pids) < 20, True, pids)
    code, out = box.run(f"kill -0 {os.getpid()}")
    tap.equal(code, 1, out)
    box.run("kill -9 -1; kill -STOP 1")
    tap.equal(box.run("echo ok")[1], "ok\n")


def raw_calls():
    """x86-64 numbers only: the test is skipped elsewhere."""
    if os.uname().machine != "x86_64":
        tap.skip("system call numbers of x86-64")


CALLS = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, want, *args):
    ctypes.set_errno(0)
    got = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    e = ctypes.get_errno()
    if got != -1 or errno.errorcode.get(e) != want:
        print('WRONG', name, got, errno.errorcode.get(e), 'not', want)
"""


@jail_test
def system_calls(box):
    """mounts, namespaces, keys, tracing, io_uring and their kind are refused"""
    raw_calls()
    code, out = box.python(CALLS + """
for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    call('clone', 'EPERM', 56, flag | 17, 0, 0, 0, 0)
    call('unshare', 'EPERM', 272, flag)
call('mount', 'EPERM', 165, b'none', b'/tmp', b'tmpfs', 0, 0)
call('umount', 'EPERM', 166, b'/proc', 2)
call('pivot_root', 'EPERM', 155, b'.', b'.')
call('chroot', 'EPERM', 161, b'.')
call('setns', 'EPERM', 308, 3, 0)
call('open_tree', 'EPERM', 428, -100, b'/', 1)
call('fsopen', 'EPERM', 430, b'tmpfs', 0)
call('mount_setattr', 'EPERM', 442, -100, b'/', 0, 0, 0)
call('ptrace', 'EPERM', 101, 16, 1, 0, 0)
call('process_vm_readv', 'EPERM', 310, 1, 0, 0, 0, 0, 0)
call('pidfd_getfd', 'EPERM', 438, 3, 0, 0)
call('bpf', 'EPERM', 321, 0, 0, 0)
call('perf_event_open', 'EPERM', 298, 0, 0, 0, 0, 0)
call('add_key', 'EPERM', 248, b'user', b'a', b'b', 1, -3)
call('keyctl', 'EPERM', 250, 0, -3, 0)
call('open_by_handle_at', 'EPERM', 304, 3, 0, 0)
call('modify_ldt', 'EPERM', 154, 0, 0, 0)
call('iopl', 'EPERM', 172, 3)
call('syslog', 'EPERM', 103, 3, 0, 0)
call('reboot', 'EPERM', 169, 0, 0, 0, 0)
call('swapon', 'EPERM', 167, b'/x', 0)
call('clock_settime', 'EPERM', 227, 0, 0)
call('clone3', 'ENOSYS', 435, 0, 0)
call('io_uring_setup', 'ENOSYS', 425, 8, 0)
call('memfd_create', 'ENOSYS', 319, b'x', 0)
call('memfd_secret', 'ENOSYS', 447, 0)
call('userfaultfd', 'ENOSYS', 323, 0)
call('shmget', 'ENOSYS', 29, 0, 4097, 0o1600)
call('shmget of 4 GiB', 'ENOSYS', 29, 0, (1 << 32) + 56, 0o1600)
call('openat2', 'ENOSYS', 437, -100, b'x', 0, 0)
call('fchmodat2', 'ENOSYS', 452, -100, b'x', 0, 0)
call('personality', 'EPERM', 135, 0x40000)
call('unknown', 'ENOSYS', 999)
for request in (0x5412, 0x541c, 0x5412 | 1 << 32, 0x541c | 0xffff << 40):
    call('ioctl', 'EPERM', 16, 0, request, b'x')
""")
    tap.equal((code, out), (0, ""))


@jail_test
def mode_bits(box):
    """set-uid and set-gid bits cannot be made, ordinary modes can"""
    raw_calls()
    code, out = box.python(CALLS + """
open('f', 'w').close(); fd = os.open('f', os.O_RDONLY)
for bit in (0o4000, 0o2000, 0o6000):
    call('chmod', 'EPERM', 90, b'f', 0o755 | bit)
    call('fchmod', 'EPERM', 91, fd, 0o755 | bit)
    call('fchmodat', 'EPERM', 268, -100, b'f', 0o755 | bit)
    call('open', 'EPERM', 2, b'g', 0o101, 0o755 | bit)
    call('openat', 'EPERM', 257, -100, b'g', 0o101, 0o755 | bit)
    call('tmpfile', 'EPERM', 257, -100, b'.', 0o20200002, 0o755 | bit)
    call('creat', 'EPERM', 85, b'g', 0o755 | bit)
    call('mknod', 'EPERM', 133, b'g', 0o100755 | bit, 0)
    call('mknodat', 'EPERM', 259, -100, b'g', 0o100755 | bit, 0)
    # Without O_CREAT the third argument means nothing.
    assert libc.syscall(2, b'f', 0, 0o755 | bit) >= 0
os.chmod('f', 0o1777); os.unlink('f')
try: os.mknod('dev', 0o60600, os.makedev(254, 0)); print('WRONG device')
except OSError: pass
""")
    tap.equal((code, out), (0, ""))


@jail_test
def foreign_architectures(box):
    """int 0x80 and x32 numbers kill the process"""
    raw_calls()
    need("gcc")
    box.write(os.path.join(box.work, "a.c"), """
#include <unistd.h>
#include <sys/syscall.h>
int main(int n, char **v) { (void)v; long r;
 if (n > 1) return syscall(0x40000000 + 39) > 0;
 __asm__ volatile("int $0x80" : "=a"(r) : "0"(20L)); return r > 0; }
""")
    box.ok("gcc -o a a.c")
    tap.equal(box.run("./a")[0], 128 + signal.SIGSYS)
    tap.equal(box.run("./a x32")[0], 128 + signal.SIGSYS)
    box.ok("rm a a.c")


@jail_test
def privileges(box):
    """no capability, no new privilege; set-uid programs gain nothing"""
    out = box.ok("cat /proc/self/status")
    for line in out.splitlines():
        if line.startswith("Cap"):
            tap.equal(int(line.split()[1], 16), 0, line)
    tap.contains(out, "NoNewPrivs:\t1")
    if box.uid != 0 and os.path.exists("/usr/bin/su"):
        tap.equal(box.run("su -c id root < /dev/null")[0] != 0, True)
    for path in ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/proc/kcore", "/proc/kmsg"):
        if os.path.exists(path):
            for options in ((), ("--allow-read", "/etc")):
                code, out = box.run(f"cat {path} | head -c 100 | wc -c", options=options)
                tap.equal(out.strip().splitlines()[-1], "0", f"{path} {options}")
    # Opened and closed: a test that fails must do no harm.
    code, out = box.run("for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern; do "
                        "true 2> /dev/null >> $f && echo OPEN; done; cat /proc/kallsyms | wc -c")
    tap.absent(out, "OPEN")
    tap.equal(out.strip().splitlines()[-1], "0", out)


@jail_test
def device_nodes(box):
    """the host's device nodes can be written to, not changed, also where they cover /proc"""
    before = [os.stat(f"/dev/{name}") for name in ("null", "zero", "full", "random", "urandom")]
    for path in ("/dev/null", "/dev/zero", "/dev/urandom", "/proc/kcore", "/proc/kallsyms"):
        if os.path.exists(path):
            # The mode that it has: a failing test must do no harm.
            for command in (f"chmod 0666 {path}", f"touch {path}", f"chown $(id -u) {path}"):
                code, out = box.run(command)
                tap.equal(code, 1, f"{command}: {out}")
    after = [os.stat(f"/dev/{name}") for name in ("null", "zero", "full", "random", "urandom")]
    for old, new in zip(before, after):
        tap.equal((new.st_mode, new.st_uid), (old.st_mode, old.st_uid))
    box.ok("echo x > /dev/null; echo x >> /dev/zero; head -c 1 /dev/urandom > /dev/null")


@jail_test
def terminal_modes(box):
    """a command cannot leave the terminal raw or the user's descriptors non-blocking"""
    master, slave = os.openpty()
    try:
        before = termios.tcgetattr(slave)
        streams = {"stdin": slave, "stdout": slave, "stderr": slave}
        job = box.popen(["python3", "-c", "import fcntl, os, termios, tty; tty.setraw(0); "
                         "fcntl.fcntl(0, fcntl.F_SETFL, os.O_RDWR | os.O_NONBLOCK); "
                         "os.kill(os.getpid(), 9)"], **streams)
        tap.equal(job.wait(tap.PATIENCE_S), 128 + signal.SIGKILL)
        tap.equal(termios.tcgetattr(slave), before)
        tap.equal(fcntl.fcntl(slave, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
    finally:
        os.close(master)
        os.close(slave)


@jail_test
def descriptors(box):
    """inherited descriptors are closed"""
    fd = os.open(os.path.join(box.home, ".netrc"), os.O_RDONLY)
    folder = os.open(box.home, os.O_RDONLY)
    high = os.dup2(fd, 93)
    try:
        _, out = box.run("ls /proc/self/fd; cat <&93", pass_fds=(fd, folder, high))
    finally:
        for each in (fd, folder, high):
            os.close(each)
    tap.absent(out, "TOPSECRET")
    tap.equal(out.split()[:4], ["0", "1", "2", "3"], out)


@jail_test
def fork_bomb(box):
    """80 a fork bomb is bounded and named: refused; killed for root where there is no pids cgroup"""
    code, out = box.python(FORK_BOMB.format(600), notices=True)
    tap.contains(out, "limit of processes")
    if code == 128 + signal.SIGKILL:
        tap.equal(box.uid, 0, "a user's processes are bounded by the kernel")
    else:
        tap.equal((code, int(out.split()[0]) < 300), (0, True), out)


@jail_test
def memory(box):
    """memory beyond the limit ends the sandbox, in one process or spread over several"""
    room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if room < 6 << 30:
        tap.skip("less than 6 GB of memory")
    code, out = box.python("""
import os, time
for i in range(9):
    if os.fork() == 0:
        held = []
        while len(held) < 60: held.append(bytearray(os.urandom(4096) * 2048))
        time.sleep(50)
time.sleep(50)
""")
    tap.equal(code, 128 + signal.SIGKILL, out)
    tap.contains(out, "limit of memory")


@jail_test
def blinded_watch(box):
    """code that takes pid 1's descriptors away is ended"""
    code, out = box.python("""
import resource, time
resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))
time.sleep(20)
""")
    tap.equal(code in (1, 128 + signal.SIGKILL), True, out)


@jail_test
def disk_limits(box):
    """sparse giants, inodes and core files are bounded"""
    code, out = box.python("""
import os, errno
f = open('big', 'w')
try: os.truncate('big', 1 << 42); print('OPEN')
except OSError as e: print(e.errno == errno.EFBIG)
os.unlink('big')
try:
    for i in range(150000): open(f'/tmp/{i}', 'w').close()
    print('OPEN')
except OSError as e: print(e.errno == errno.ENOSPC)
fds = []
try:
    for i in range(15000): fds.append(os.open('/dev/null', 0))
    print('OPEN')
except OSError as e: print(e.errno == errno.EMFILE)
""", env={})
    said = [line for line in out.splitlines() if not line.startswith("sunaba: ")]
    tap.equal((code, said), (0, ["True"] * 3), out)
    box.run("kill -SEGV $$")
    tap.equal([n for n in os.listdir(box.work) if n.startswith("core")], [])


@jail_test
def daemons_die(box):
    """a double-forked daemon does not outlive the command"""
    mark = f"86401{box.uid}{os.getpid()}"
    box.ok(f"(setsid nohup sleep {mark} >/dev/null 2>&1 &) ; sleep 0.01")
    tap.until(lambda: not processes_with(mark), 5, "no daemon left")


def started(box, mark):
    job = box.popen(f"trap '' TERM INT HUP; setsid sleep {mark} & echo up; sleep {mark}")
    tap.equal(job.stdout.readline(), b"up\n")
    tap.until(lambda: processes_with(mark), 5, "sleepers run")
    return job


@jail_test
def launcher_killed(box):
    """kill -9, TERM, INT and HUP of the launcher end the whole tree"""
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        mark = f"86402{box.uid}{int(number)}{os.getpid()}"
        job = started(box, mark)
        job.send_signal(number)
        job.wait(tap.PATIENCE_S)
        job.stdout.close()
        tap.until(lambda m=mark: not processes_with(m), 5, f"tree gone after {number!r}")
        if number != signal.SIGKILL:
            tap.equal(job.returncode, 128 + number)


@jail_test
def ignored_signals(box):
    """what the caller ignores (nohup, a shell's background job) does not end the command"""
    ignored = (signal.SIGHUP, signal.SIGINT)
    job = box.popen("echo up; read line; echo $line", stdin=subprocess.PIPE,
                    preexec_fn=lambda: [signal.signal(n, signal.SIG_IGN) for n in ignored])
    tap.equal(job.stdout.readline(), b"up\n")
    for number in ignored:
        job.send_signal(number)
    out, _ = job.communicate(b"survived\n", tap.PATIENCE_S)
    tap.equal((job.returncode, out), (0, b"survived\n"))


@jail_test
def output_closes(box):
    """a background child does not keep the streams open"""
    code, out = box.run("sleep 300 & echo done")
    tap.equal((code, out), (0, "done\n"))


@jail_test
def terminal(box):
    """no controlling terminal, TIOCSTI refused on an inherited one"""
    leader, follower = os.openpty()
    if os.getuid() == 0:
        os.fchown(follower, box.uid, box.gid)
    job = box.popen(["/usr/bin/python3", "-c", """
import fcntl, os
for request in (0x5412, 0x5412 | 1 << 32):
    try: fcntl.ioctl(0, request & 0xffffffff, b'x'); print('TYPED')
    except OSError as e: print('refused', e.errno)
try: os.open('/dev/tty', os.O_RDWR); print('TTY')
except OSError as e: print('none')
print(os.isatty(0), os.ttyname(0) if os.path.exists('/dev/pts/0') else '')
"""], stdin=follower)
    out = job.communicate(timeout=tap.PATIENCE_S)[0].decode()
    os.close(leader)
    os.close(follower)
    tap.absent(out, "TYPED")
    tap.absent(out, "TTY")
    tap.contains(out, "refused 1")


@jail_test
def no_litter(box):
    """nothing is left in workspace or mount table"""
    before = mounts(box)
    box.ok("true")
    job = started(box, f"86403{box.uid}{os.getpid()}")
    job.kill()
    job.wait(tap.PATIENCE_S)
    job.stdout.close()
    tap.equal(os.listdir(box.work), [])
    tap.equal(mounts(box), before)


@jail_test
def workspaces(box):
    """the system, HOME and a folder with keys are no workspaces"""
    keys = os.path.join(box.home, "other")
    os.mkdir(os.path.join(keys, ".ssh"))
    try:
        for path in ("/", "/usr", "/etc", "/bin", "/usr/bin", "/proc", box.home, box.base, keys):
            code, out = box.run("true", options=["-C", path])
            tap.equal(code, 2, f"{path}: {out}")
            tap.contains(out, path if path != "/bin" else "/usr/bin")
    finally:
        os.rmdir(os.path.join(keys, ".ssh"))


@jail_test
def parallel(box):
    """ten at once"""
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(box.run("exit 3")[0]))
               for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    tap.equal(codes, [3] * 10)


main()
