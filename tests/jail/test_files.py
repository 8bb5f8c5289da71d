#!/usr/bin/env python3
"""The list's attacks on files and secrets outside of the workspace, by their numbers there."""
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402


SECRET = "# TOPSECRET\n"  # fits a configuration file too


def untouched(box, path):
    with open(os.path.join(box.home, path), encoding="utf-8") as host:
        tap.equal(host.read() in (SECRET, "TOPSECRET\n"), True, path)


def plant(box, *paths):
    for path in paths:
        whole = os.path.join(box.home, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        box.write(whole, SECRET)
    box.own(box.home)


@jail_test
def attack_1_to_6(box):
    """1-6: files of HOME, .bashrc, authorized_keys, PATH, autostart, the agent's own settings"""
    plant(box, ".config/sunaba/config.yaml", ".local/state/sunaba/history",
          ".ssh/authorized_keys")
    box.run("mkdir -p ~/.config/autostart ~/.config/systemd/user ~/.ssh ~/.local/bin "
            "~/.config/sunaba ~/.local/state/sunaba; for f in ~/new ~/.bashrc "
            "~/.ssh/authorized_keys ~/.local/bin/ls ~/.config/autostart/x.desktop "
            "~/.config/systemd/user/x.service ~/.config/sunaba/config.yaml "
            "~/.local/state/sunaba/history; do echo evil >> $f; done")
    for path in (".bashrc", ".ssh/authorized_keys", ".config/sunaba/config.yaml",
                 ".local/state/sunaba/history"):
        untouched(box, path)
    for path in ("new", ".local/bin/ls", ".config/autostart", ".config/systemd"):
        tap.equal(os.path.exists(os.path.join(box.home, path)), False, path)


@jail_test
def attack_12_13(box):
    """12, 13: a link to ~/.bashrc, and one that flips between here and there"""
    box.ok("mkdir d; ln -s ~/.bashrc out; echo evil > out; rm out")
    untouched(box, ".bashrc")
    code, out = box.python(f"""
import os, threading, time
end = time.monotonic() + 0.5
def flip():
    while time.monotonic() < end:
        os.rename('d', 'e'); os.symlink({box.home!r}, 'd'); os.unlink('d'); os.rename('e', 'd')
t = threading.Thread(target=flip); t.start()
while time.monotonic() < end:
    try: open('d/.bashrc', 'w').write('evil')
    except OSError: pass
t.join()
""")
    tap.equal(code, 0, out)
    untouched(box, ".bashrc")
    box.ok("rm -rf d e")


@jail_test
def attack_14_to_17(box):
    """14-17: hard links, /proc/*/root, read-only descriptors opened again, remounts"""
    tap.equal(box.run("ln ~/.bashrc hard")[0], 1)
    tap.equal(box.run("ln /etc/passwd hard")[0], 1)
    for path in (f"/proc/1/root{box.home}/.bashrc", f"/proc/self/root{box.home}/other/file"):
        box.run(f"echo evil > {path}")
    untouched(box, ".bashrc")
    untouched(box, "other/file")
    os.makedirs(os.path.join(box.work, ".vscode"))
    box.write(os.path.join(box.work, ".vscode/tasks.json"), "{}")
    box.own(box.work)
    code, out = box.python("""
import ctypes, os
for path in ('/etc/passwd', '.vscode/tasks.json'):
    fd = os.open(path, os.O_RDONLY)
    try: os.open(f'/proc/self/fd/{fd}', os.O_RDWR); print('OPEN')
    except OSError as e: print('refused')
libc = ctypes.CDLL(None, use_errno=True)
for target in (b'/etc', b'.vscode', b'/usr'):
    print(libc.mount(None, target, None, 32 | 4096, None), libc.umount2(target, 2))
print(libc.unshare(0x10020000))
""")
    tap.equal((code, out.split()), (0, ["refused"] * 2 + ["-1"] * 7), out)
    box.ok("true")
    subprocess.run(["rm", "-r", os.path.join(box.work, ".vscode")], check=True)


@jail_test
def attack_18_to_22(box):
    """18-22: another project, /tmp, /dev/shm, a trusted file there, set-user-ID"""
    box.run("rm -rf ../other; : > ../other/file")
    untouched(box, "other/file")
    trusted = f"/tmp/sunaba-trusted-{os.getpid()}"
    box.write(trusted, "TOPSECRET\n")
    try:
        box.run(f"echo evil > {trusted}; echo x > /dev/shm/sunaba-x; echo x > /tmp/sunaba-x")
        with open(trusted, encoding="utf-8") as host:
            tap.equal(host.read(), "TOPSECRET\n")
        for path in ("/dev/shm/sunaba-x", "/tmp/sunaba-x"):
            tap.equal(os.path.exists(path), False, path)
    finally:
        os.unlink(trusted)
    code, _ = box.run("cp /bin/true t && chmod u+s t")
    tap.equal(code != 0, True)
    tap.equal(os.stat(os.path.join(box.work, "t")).st_mode & 0o6000, 0)
    os.unlink(os.path.join(box.work, "t"))


@jail_test
def attack_26(box):
    """26: block devices cannot be made, and none is there"""
    code, out = box.python("""
import os
for name in ('dev', '/tmp/dev'):
    try: os.mknod(name, 0o60600, os.makedev(254, 0)); print('MADE')
    except OSError: print('refused')
""")
    tap.equal((code, out.split()), (0, ["refused"] * 2), out)
    tap.equal(box.ok("find /dev /tmp -type b"), "")


@jail_test
def attack_30_to_36(box):
    """30-36: keys, tokens, history, cookies, other projects, the agent's own key"""
    paths = [".ssh/id_ed25519", ".aws/credentials", ".config/gcloud/credentials.db", ".netrc",
             ".git-credentials", ".config/gh/hosts.yml", ".docker/config.json", ".kube/config",
             ".npmrc", ".pypirc", ".bash_history", ".mozilla/firefox/x/cookies.sqlite",
             ".local/share/keyrings/login.keyring", "other/file", ".config/sunaba/config.yaml"]
    plant(box, *paths)
    for path in paths:
        code, out = box.run(f"cat ~/{path}")
        tap.equal(code, 1, path)
        tap.absent(out, "TOPSECRET")
    code, out = box.run("grep -r TOPSECRET / --exclude-dir=proc --exclude-dir=usr 2>/dev/null")
    tap.absent(out, "TOPSECRET")


@jail_test
def attack_45_46(box):
    """45, 46: what others keep in /dev/shm and /tmp"""
    names = [f"{top}/sunaba-host-{os.getpid()}" for top in ("/dev/shm", "/tmp", "/var/tmp")]
    for name in names:
        box.write(name, "TOPSECRET")
    try:
        for name in names:
            tap.equal(box.run(f"cat {name}")[0], 1, name)
    finally:
        for name in names:
            os.unlink(name)


def listen(path, uid):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chown(path, uid, -1)
    server.listen()
    return server


@jail_test
def attack_57_58(box):
    """57, 58: sockets of the host's in /tmp and HOME"""
    for path in (f"/tmp/sunaba-sock-{os.getpid()}", os.path.join(box.home, ".agent")):
        with listen(path, box.uid):
            code, out = box.python(f"import socket; socket.socket(1).connect({path!r})")
            tap.equal(code, 1, out)
            tap.contains(out, "No such file")
        os.unlink(path)


@jail_test
def attack_59(box):
    """59: a socket of the host's in the workspace is masked, one of code's own is not"""
    path = os.path.join(box.work, "db.sock")
    with listen(path, box.uid):
        code, out = box.python("import socket; socket.socket(1).connect('db.sock')",
                               notices=True)
        tap.equal(code, 1, out)
        tap.contains(out, "db.sock is masked")
    os.unlink(path)
    code, out = box.python("import socket as s, os\na = s.socket(1); a.bind('mine'); a.listen()\n"
                           "s.socket(1).connect('mine'); os.unlink('mine'); print('ok')")
    tap.equal((code, out), (0, "ok\n"))


@jail_test
def attack_132(box):
    """132: a folder that code chooses never becomes writable"""
    code, out = box.run("cd ~/other 2>/dev/null || cd /usr; touch made; cd /etc && touch made; "
                        "git init -q /opt/made", env={"PWD": "/etc"})
    tap.equal(code != 0, True, out)
    for path in ("/usr/made", "/etc/made", "/opt/made"):
        tap.equal(os.path.exists(path), False, path)


@jail_test
def attack_135(box):
    """135: the workspace is swapped for a link while the sandbox starts"""
    # of its own: the tests of the same folder need it where it is
    work, away = os.path.join(box.home, "swap"), os.path.join(box.home, "away")
    os.makedirs(work)
    box.write(os.path.join(work, "mark"), "mine\n")
    box.own(work)
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            os.rename(work, away)
            os.symlink(os.path.join(box.home, ".ssh"), work)
            os.unlink(work)
            os.rename(away, work)
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(15):
            code, out = box.run("cat mark id_ed25519", options=["-C", work], cwd=box.work)
            tap.absent(out, "TOPSECRET")
            tap.equal(code in (1, 2, 4), True, out)
    finally:
        stop.set()
        thread.join()
    out = box.ok("cat mark", options=["-C", work], cwd=box.work)
    tap.equal(out, "mine\n")


@jail_test
def own_names(box):
    """/etc/hosts and /etc/resolv.conf are the sandbox's own"""
    need("getent")
    if not os.path.exists("/etc/hosts"):
        tap.skip("this system has no /etc/hosts")
    out = box.ok("cat /etc/hosts /etc/resolv.conf 2>/dev/null; getent hosts localhost")
    tap.contains(out, "localhost")
    for name in ("/etc/hosts", "/etc/resolv.conf"):
        if os.path.exists(name):
            with open(name, encoding="utf-8") as host:
                for word in host.read().split():
                    if word.count(".") == 3 and not word.startswith("127."):
                        tap.absent(out, word)


main()
