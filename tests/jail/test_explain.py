#!/usr/bin/env python3
"""`sunaba sandbox`, without and with --explain: each refusal is one line of facts on standard error,
and what works says nothing."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402


def explained(box, command, options=("--explain",)):
    """The lines about refusals."""
    job = box.popen(command, options=options, stderr=subprocess.PIPE)
    _, err = job.communicate(timeout=tap.PATIENCE_S)
    err = err.decode("utf-8", "replace")
    return [line[line.index("sunaba: sandbox: ") + 17:] for line in err.splitlines()
            if "sunaba: sandbox: " in line]


FILES = (
    ("touch /usr/x", "/usr/x is read-only here (open for writing)"),
    ("cd /usr; echo x > new", "/usr/new is read-only here (open for writing)"),
    ("echo x >> /etc/passwd", "/etc/passwd is read-only here (open for writing)"),
    ("rm -f /etc/passwd", "/etc/passwd is read-only here (remove)"),
    ("mkdir /usr/x", "/usr/x is read-only here (make a folder)"),
    ("rmdir /usr/share", "/usr/share is read-only here (remove)"),
    ("touch a; mv a /usr/a; rm a", "/usr/a is read-only here (rename to this)"),
    ("mv /usr/bin/env ./env", "/usr/bin/env is read-only here (rename)"),
    ("ln -s a /usr/x", "/usr/x is read-only here (link)"),
    ("touch a; ln a /usr/x; rm a", "/usr/x is read-only here (link)"),
    ("mkfifo /usr/x", "/usr/x is read-only here (make)"),
    ("chmod 777 /etc/passwd", "/etc/passwd is read-only here (change the mode)"),
    ("chown 0 /etc/passwd", "/etc/passwd is read-only here (change the owner)"),
    ("truncate -s 0 /etc/passwd", "/etc/passwd is read-only here (open for writing)"),
    ("echo x > /proc/sys/kernel/hostname", "/proc/sys/kernel/hostname is read-only here"),
    ("ln -s /usr/x out; echo x > out; rm -f out", "/out is read-only here (open for writing)"),
    ("echo x > /new", "/new is read-only here (open for writing)"),
)


@jail_test
def files(box):
    """every refused file action prints its path and what was tried"""
    for command, want in FILES:
        lines = explained(box, command)
        tap.contains("\n".join(lines), want, command)
        path = want.split(" is ")[0]
        tap.equal([line for line in lines if path not in line], [], command)


@jail_test
def guarded_files(box):
    """without --explain too: what is put in the place of a guarded file, with the word to allow it"""
    need("git")
    shutil.rmtree(box.work)
    os.mkdir(box.work)
    box.own(box.work)
    subprocess.run(["bash", "-ec", "git init -q; mkdir .vscode; echo {} > .vscode/tasks.json; "
                    "echo A=1 > .env"], cwd=box.work, env=box.env(), check=True, **box.as_user())
    rows = ((".git/config", "git config user.name x", "programs outside run what it says"),
            (".git/config", "git remote add o https://x.test/", "programs outside run what it says"),
            (".vscode/tasks.json", "touch a; mv -f a .vscode/tasks.json",
             "programs outside run what it says"),
            (".vscode", "mv .vscode b", "programs outside run what it says"),
            (".env", "touch a; mv -f a .env", "secrets are not shown to code"))
    for path, command, why in rows:
        for options in ((), ("--explain",)):
            text = "\n".join(line for line in explained(box, command, options) if path in line)
            tap.contains(text, why, command)
            tap.contains(text, "(rename", command)
        option = "read" if path == ".env" else "write"
        tap.contains(text, f"--allow-{option} {path}", command)
    tap.equal(explained(box, "touch a; mv a b; mv b c; git commit -q --allow-empty -m x; true",
                        ("-q",)), [])
    shutil.rmtree(box.work)
    os.mkdir(box.work)
    box.own(box.work)


SAID = (
    ("echo x > .git/hooks/pre-commit", ".git/hooks/pre-commit"),
    ("cd .git && echo x > hooks/post-merge", ".git/hooks/post-merge"),
    ("bash -c 'echo x >> .git/config' 2> /dev/null", ".git/config"),
    ("python3 -c \"open('.git/config', 'w')\"", ".git/config"),
    ("perl -e 'open(F, \">\", \".git/hooks/p\") or die \"no: $!: .git/hooks/p\"'", ".git/hooks/p"),
    ("touch a; cp a .git/hooks/a", ".git/hooks/a"),
    ("touch a; cp a .git/config", ".git/config"),
    ("touch a; mv a .git/hooks/b", ".git/hooks/b"),
    ("touch a; ln a .git/hooks/c", ".git/hooks/c"),
    ("ln .git/config d", ".git/config"),
    ("ln -s a .git/hooks/e", ".git/hooks/e"),
    ("rm .git/config", ".git/config"),
    ("rm -f .git/hooks/sample", ".git/hooks/sample"),
    ("rm -rf .vscode/tasks.json", ".vscode/tasks.json"),
    ("rmdir .vscode", ".vscode"),
    ("chmod 777 .git/config", ".git/config"),
    ("echo x | tee -a .vscode/tasks.json", ".vscode/tasks.json"),
    ("truncate -s 0 .vscode/tasks.json", ".vscode/tasks.json"),
    ("mkdir /usr/x", "/usr/x"),
    ("echo x > /etc/x", "/etc/x"),
    ("touch /usr/x", "/usr/x"),
    ("echo x > /new", "/new"),
)


@jail_test
def said_by_programs(box):
    """without --explain: what a program says it could not change, looked up; one line each"""
    need("git")
    shutil.rmtree(box.work)
    os.mkdir(box.work)
    box.own(box.work)
    subprocess.run(["bash", "-ec", "git init -q; mkdir .vscode; echo {} > .vscode/tasks.json; "
                    "echo > .git/hooks/sample"], cwd=box.work, env=box.env(), check=True,
                   **box.as_user())
    for command, path in SAID:
        lines = explained(box, command, ["-q"])
        tap.equal(len(lines), 1, f"{command}: {lines}")
        want = ("is read-only here" if path[0] == "/" else
                "is read-only: programs outside run what it says")
        tap.contains(lines[0], f"{path} {want}", command)
        tap.contains(lines[0], "--allow-write", command)
    for command in ("echo 'x: /usr/x: Read-only file system'",  # nobody listens to that
                    "echo 'x: /tmp/x: Read-only file system' >&2",
                    "echo \"x: cannot remove 'work': Device or resource busy\" >&2",
                    "cat nothing; cat /no/such; true", "cat nothing 2> /dev/null"):
        tap.equal(explained(box, command, ["-q"]), [], command)
    shutil.rmtree(box.work)
    os.mkdir(box.work)
    box.own(box.work)


@jail_test
def said_in_pieces(box):
    """lines of several threads and writes, of any length, with and without their end"""
    code = """import os, sys
def say(*parts):
    for part in parts: os.write(2, part)
say(b'a', b': ', b'/usr/pie', b'ces', b': Read-only file', b' system', b'\\n')
say(b'y' * 5000, b" '/usr/long': Read-only file system\\n")
os.writev(2, [b'x: ', b'/usr/vector', b': Read-only file system', b'\\n'])
for i in range(9):
    if os.fork() == 0:
        say(b'b: ', b'/usr/child', b': Read-only file system\\n')
        os._exit(0)
    os.wait()
say(b'x: /usr/two: Read-only file system\\nno: /usr/one\\ny: /usr/three: Read-only file system\\n')
say(b'x: /usr/unended: Read-only file system')
"""
    lines = explained(box, ["/usr/bin/python3", "-c", code], ["-q"])
    tap.equal([line.split(" is ")[0] for line in lines],
              ["/usr/pieces", "/usr/long", "/usr/vector", "/usr/child", "/usr/two",
               "/usr/three"], lines)


@jail_test
def hidden_when_it_fails(box):
    """a command that fails at what is hidden is told so, one that succeeds is not"""
    box.write(os.path.join(box.home, ".aws/credentials"), "TOPSECRET")
    lines = explained(box, "cat ~/.aws/credentials", ["-q"])
    tap.equal(lines, [f"{box.home}/.aws/credentials is hidden: code sees the workspace and the "
                      f"system - --allow-read {box.home}/.aws/credentials"])
    tap.equal(explained(box, "cat ~/.aws/credentials; true", ["-q"]), [])


@jail_test
def read_only_workspace(box):
    """a workspace that is read-only is said to be so"""
    lines = explained(box, "echo x > file", ["--explain", "--read-only"])
    tap.equal(lines, [f"{box.work}/file is read-only here (open for writing) - "
                      "--allow-write FOLDER"])


@jail_test
def calls_and_addresses(box):
    """calls, addresses and io_uring"""
    code = """import ctypes, socket
libc = ctypes.CDLL(None)
for nr in (165, 272, 101, 321, 248, 425): libc.syscall(nr, 1 << 28, 0, 0, 0, 0, 0)
for to in (('93.184.216.34', 443), ('127.0.0.1', 1)): socket.socket().connect_ex(to)
socket.socket(10, 2).sendto(b'x', ('2001:db8::1', 7))
"""
    if os.uname().machine != "x86_64":
        tap.skip("system call numbers of x86-64")
    text = "\n".join(explained(box, ["/usr/bin/python3", "-c", code]))
    for part in ("mount is refused", "unshare is refused", "ptrace is refused", "bpf is refused",
                 "add_key is refused", "io_uring_setup is refused",
                 "connect 93.184.216.34:443 is refused: the network is off",
                 "connect [2001:db8::1]:7 is refused"):
        tap.contains(text, part)
    tap.absent(text, "127.0.0.1")
    tap.absent("\n".join(explained(box, ["/usr/bin/python3", "-c", code], [])), "io_uring")


@jail_test
def set_id_bits(box):
    """a set-user-ID bit is refused with the path it was for"""
    lines = explained(box, "touch f; chmod u+s f; rm f", [])
    tap.equal(lines, ["fchmodat is refused: no file gets set-user-ID or set-group-ID bits "
                      f"({box.work}/f)"])


@jail_test
def sendmsg(box):
    """an address that sendmsg names is explained too"""
    code = """import socket
s = socket.socket(2, 2)
try: s.sendmsg([b'x'], [], 0, ('192.0.2.7', 99))
except OSError as e: print(e.errno)
a, b = socket.socketpair()
a.sendmsg([b'fine']); print(b.recv(9))
"""
    tap.equal(explained(box, ["/usr/bin/python3", "-c", code])[0].split(" is ")[0],
              "connect 192.0.2.7:99")


@jail_test
def file_size(box):
    """the limit of a file's size is named"""
    lines = explained(box, "head -c 3000000 /dev/zero > big; exit $?", ["--limit-file-size", "1M"])
    box.ok("rm -f big")
    tap.contains("\n".join(lines), "the limit of file size was hit (1 MiB)")


@jail_test
def processes(box):
    """the limit of processes is named, to a user at least: root's watchdog kills"""
    code = """import os, time
for _ in range(60):
    try:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    except OSError: break
time.sleep(0.5)
os._exit(0)
"""
    job = box.popen(["/usr/bin/python3", "-c", code], options=["--limit-processes", "40"])
    out = job.communicate(timeout=tap.PATIENCE_S)[0].decode()
    tap.contains(out, "limit of processes")


@jail_test
def what_works_is_silent(box):
    """commands that are not refused anything print nothing, under --explain either"""
    need("git", "gcc", "make")
    lines = explained(box, """set -e
git init -q repo && cd repo && echo x > f && git add f
git -c user.name=a -c user.email=a@b commit -qm m && git status > /dev/null
printf 'int main(void){return 0;}' > a.c && gcc -o a a.c && ./a
printf 'all:\\n\\ttrue\\n' > Makefile && make -s -j2
cd .. && rm -rf repo
mkdir -p ~/.cache/x && echo x > /tmp/y && rm /tmp/y && echo x > /dev/null && mktemp > /dev/null
cat /etc/passwd > /dev/null; ls / > /dev/null; exec 3<>/dev/null
mkdir -p /usr/bin
""")
    tap.equal(lines, [])


@jail_test
def slow_ways(box):
    """paths that cannot be read, end at a page's end or are endless harm nobody"""
    if os.uname().machine != "x86_64":
        tap.skip("system call numbers of x86-64")
    code = """import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
m = mmap.mmap(-1, 8192)
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
libc.mprotect(ctypes.c_void_p(at + 4096), 4096, 0)
m[4096 - 7:4096] = b'/usr/x\\0'
for address in (0, 1, at + 4096, (1 << 64) - 1, 1 << 63):
    libc.syscall(83, ctypes.c_ulong(address), 0)
libc.syscall(83, ctypes.c_ulong(at + 4096 - 7), 0)
m[4096 - 7:4096] = b'/usr/xx'
libc.syscall(83, ctypes.c_ulong(at + 4096 - 7), 0)
for name in (b'a/' * 3000, b'/usr/' + b'b' * 5000, b'/' * 4095, b''):
    libc.syscall(83, name, 0)
"""
    lines = explained(box, ["/usr/bin/python3", "-c", code])
    tap.equal([line.split(" is ")[0] for line in lines], ["/usr/x"], lines)


if __name__ == "__main__":
    main()
