"""What the attacks aim at: a HOME full of secrets, listeners, segments, victims, all on the host.

One Scene is one identity. Each attack gets a fresh workspace below HOME; after each one HOME is
compared with what it was. Everything that is planted outside goes with Scene.close()."""
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

import tap

SECRET = "TOPSECRET-5up3r"
TIMEOUT_S = 90
FD_FILE, FD_FOLDER = 93, 94  # descriptors that the launcher inherits
STATE = ".local/state/sunaba"
LAN, METADATA = "10.77.0.1", "169.254.169.254"
SHM_KEY = 0x5A4D0000 | (os.getpid() & 0xFFFF)

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p

# In HOME; those of the agent itself and of everyone's tools.
FILES = """.ssh/id_ed25519 .ssh/authorized_keys .aws/credentials .config/gcloud/creds.db .bashrc
.netrc .git-credentials .config/gh/hosts.yml .docker/config.json .kube/config .npmrc .pypirc
.bash_history .mozilla/firefox/p/cookies.sqlite .config/google-chrome/Default/Cookies
.local/share/keyrings/login.keyring .gnupg/private-keys-v1.d/a.key other/file other/src/main.c
.config/sunaba/config.yaml .local/state/sunaba/history .local/bin/tool .profile""".split()


def prelude():
    with open(os.path.join(os.path.dirname(__file__), "inside.py"), encoding="utf-8") as text:
        return text.read()


def own_namespaces():
    """As root: a network of our own with a LAN and a metadata address, and own IPC objects, so
    that the machine's stay as they are. True when it was given."""
    if os.getuid() != 0 or libc.unshare(0x40000000 | 0x08000000) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        def ask(call, name, rest):
            fcntl.ioctl(s, call, struct.pack("16s24s", name.encode(), rest))
        ask(0x8914, "lo", struct.pack("h", 0x41))
        for number, address in enumerate((LAN, METADATA), 1):
            where = struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(address))
            ask(0x8916, f"lo:{number}", where)
    return True


class Listener:
    """Counts who gets through to a socket of the host."""

    def __init__(self, sock):
        self.sock, self.hits = sock, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                if self.sock.type == socket.SOCK_DGRAM:
                    self.hits.append(self.sock.recv(4096))
                else:
                    peer, _ = self.sock.accept()
                    self.hits.append(b"")
                    peer.sendall(SECRET.encode())
                    peer.close()
            except OSError:
                return

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread, which holds it open
        except OSError:
            pass
        self.sock.close()

    @property
    def port(self):
        return self.sock.getsockname()[1]


class Scene:
    def __init__(self, box, bare=False, lan=False):
        self.box, self.bare, self.lan = box, bare, lan
        self.options = []  # before every row's own
        self.says_rung = False  # less than the full rung: the first line says so
        self.home, self.uid = box.home, box.uid
        self.mark = f"sunaba-attack-{os.getpid()}-{box.uid}"
        self.output, self.work, self.number = "", None, 0
        self.cleanup, self.listeners = [], {}
        self.probe = os.path.join(box.base, "probe")
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(os.environ["SUNABA"])),
                                 "jail/probe"), self.probe)
        os.chmod(self.probe, 0o755)
        for path in FILES:
            self.put(os.path.join(self.home, path), f"api_key: {SECRET}\n")
        box.own(self.home)
        self.before = self.snapshot()
        self._descriptors()
        self.victim = subprocess.Popen(["sleep", "1000"], env={"MARK": self.mark},
                                       **box.as_user())
        self.cleanup.append(self._end_victim)

    def _descriptors(self):
        for number, path in ((FD_FILE, ".ssh/id_ed25519"), (FD_FOLDER, ".ssh")):
            fd = os.open(os.path.join(self.home, path), os.O_RDONLY)
            os.dup2(fd, number, inheritable=True)
            os.close(fd)

    def _end_victim(self):
        self.victim.kill()
        self.victim.wait()

    def close(self):
        for step in reversed(self.cleanup):
            step()
        for listener in self.listeners.values():
            listener.close()

    def put(self, path, text, mode=0o600):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)

    def outside(self, path, text=SECRET):
        """A file of the identity outside of HOME that goes with the scene."""
        self.put(path, text)
        os.chown(path, self.box.uid, self.box.gid)
        self.cleanup.append(lambda: os.path.lexists(path) and os.unlink(path))
        return path

    # ---- workspaces ---------------------------------------------------------------------

    def repository(self, path):
        for folder in ("hooks", "objects/info", "objects/pack", "refs/heads", "refs/tags"):
            os.makedirs(os.path.join(path, ".git", folder), exist_ok=True)
        self.put(os.path.join(path, ".git/HEAD"), "ref: refs/heads/main\n", 0o644)
        self.put(os.path.join(path, ".git/config"),
                 "[core]\n\trepositoryformatversion = 0\n\tbare = false\n", 0o644)

    def workspace(self, **files):
        """A fresh workspace with a repository in it; more files by name."""
        self.number += 1
        self.work = os.path.join(self.home, f"w{self.number}")
        os.makedirs(self.work)
        self.repository(self.work)
        self.put(os.path.join(self.work, "file"), "mine\n", 0o644)
        for name, text in files.items():
            self.put(os.path.join(self.work, name), text, 0o644)
        self.settle()
        return self.work

    def settle(self):
        self.box.own(self.work)

    def drop_workspace(self):
        if self.work:
            shutil.rmtree(self.work, ignore_errors=True)
        self.work = None

    def in_work(self, path):
        """Text of a file of the workspace as the host sees it, or None."""
        try:
            with open(os.path.join(self.work, path), encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return None

    # ---- HOME as it was -----------------------------------------------------------------

    def snapshot(self):
        found = {}
        for folder, folders, names in os.walk(self.home):
            if folder == self.home:
                folders[:] = [f for f in folders if not re.fullmatch(r"w\d+", f)]
            if folder == os.path.join(self.home, STATE) and "staged" in folders:
                folders.remove("staged")  # layers of the staged mode
            found[folder] = os.lstat(folder).st_mode
            for name in names:
                path = os.path.join(folder, name)
                st = os.lstat(path)
                text = ""
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as f:
                        text = f.read()
                found[path] = (st.st_mode, st.st_uid, st.st_nlink, text)
        return found

    def settle_state(self):
        """Without mounts a guard takes the private folders away, a moment after a kill -9."""
        place = os.path.join(self.home, STATE, "jail")
        try:
            tap.until(lambda: not os.path.isdir(place) or not os.listdir(place), 5, place)
        except AssertionError:
            return  # it is found
        if os.path.isdir(place) and place not in self.before:
            os.rmdir(place)

    def changes(self):
        """What differs in HOME, put back as it was."""
        self.settle_state()
        now = self.snapshot()
        different = [p for p in {*now, *self.before} if now.get(p) != self.before.get(p)]
        for path in sorted(different, reverse=True):
            if path not in self.before:
                (os.rmdir if os.path.isdir(path) and not os.path.islink(path)
                 else os.unlink)(path)
        for path in sorted(different):
            if path in self.before and isinstance(self.before[path], tuple):
                self.put(path, self.before[path][3].decode())
                os.chown(path, self.box.uid, self.box.gid)
        return sorted(os.path.relpath(p, self.home) for p in different)

    # ---- running ------------------------------------------------------------------------

    def argv(self, command, options=()):
        if self.bare:  # a process of the user that holds the key stands in for the launcher
            return ["sh", "-c", '"$@"; exit $?', "sh", *command]
        return self.box.argv(command, [*self.options, *options])

    def popen(self, command, options=(), env=None, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.STDOUT)
        if not self.work:
            self.workspace()
        if self.says_rung:
            more["bufsize"] = 0
        job = subprocess.Popen(self.argv(command, options), cwd=self.work,
                               env={**self.box.env(), **(env or {})}, pass_fds=(FD_FILE, FD_FOLDER),
                               **self.box.as_user(), **more)
        if self.says_rung and more["stdout"] == subprocess.PIPE and \
                more["stderr"] == subprocess.STDOUT:
            line = job.stdout.readline().decode("utf-8", "replace")
            if not line.startswith("sunaba: sandbox: "):
                job.kill()
                job.wait()
                raise AssertionError(f"nothing was tried: {line}")
        return job

    def run(self, command, options=(), **more):
        """Exit code and output; output that says BROKEN is kept as the attack's own word."""
        job = self.popen(command, options, **more)
        try:
            out, _ = job.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            job.kill()
            out, _ = job.communicate()
            out += b"\nBROKEN: hangs\n"
        text = out.decode("utf-8", "replace")
        self.output += text
        if job.returncode in (2, 4) and text.startswith("sunaba: "):
            raise AssertionError(f"nothing was tried: {text}")
        return job.returncode, text

    def script(self, code, **given):
        # Backwards: the command line of the attack must not hold what it looks for.
        given.update(mark=self.mark, secret=SECRET[::-1], victim=self.victim.pid)
        return ["/usr/bin/python3", "-S", "-c",
                f"A = {given!r}\nA['secret'] = A['secret'][::-1]\n{prelude()}\n@attack\ndef _():\n" +
                "".join(f"    {line}\n" for line in code.strip("\n").splitlines())]

    def python(self, code, options=(), given=None, **more):
        text = self.run(self.script(code, **(given or {})), options, **more)[1]
        if "begins" not in text:
            raise AssertionError(f"nothing was tried: {text}")
        return text

    def word(self):
        """What the attack said of itself, or None."""
        bug = re.search(r"ATTACK-BUG.*", self.output, re.S)
        if bug:
            raise AssertionError(bug.group(0))
        said = re.search(r"^BROKEN:? ?(.*)$", self.output, re.M)
        return (said.group(1) or "broken") if said else None

    # ---- the host's sockets -------------------------------------------------------------

    def listen(self, name, address, kind=socket.SOCK_STREAM):
        if name not in self.listeners:
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            sock = socket.socket(family, kind)
            if family == socket.AF_UNIX and not address.startswith("\0"):
                os.makedirs(os.path.dirname(address), exist_ok=True)
                if os.path.exists(address):
                    tap.skip(f"{address} is in use")
                self.cleanup.append(lambda: os.path.exists(address) and os.unlink(address))
            sock.bind(address)
            if family == socket.AF_UNIX and not address.startswith("\0"):
                os.chmod(address, 0o666)
            if kind == socket.SOCK_STREAM:
                sock.listen(64)
            self.listeners[name] = Listener(sock)
        self.listeners[name].hits.clear()
        return self.listeners[name]

    def segment(self):
        """A SysV segment of the host that holds the secret; its key."""
        number = libc.shmget(SHM_KEY, 4096, 0o1666)
        if number < 0:
            tap.skip("no SysV shared memory here")
        at = libc.shmat(number, None, 0)
        ctypes.memmove(at, SECRET.encode(), len(SECRET))
        self.cleanup.append(lambda: libc.shmctl(number, 0, None))
        return SHM_KEY

    def marked(self, word=None):
        """Pids of the host's processes whose command line or environment holds the word."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as text:
                        if (word or self.mark).encode() in text.read():
                            found.append(int(pid))
                except OSError:
                    pass
        return [pid for pid in set(found) if pid not in (self.victim.pid, os.getpid())]

    def survivors(self, word, seconds=3.0):
        """Marked processes that are still there after a while; they are ended."""
        try:
            tap.until(lambda: not self.marked(word), seconds)
            return None
        except AssertionError:
            left = self.marked(word)
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return f"{len(left)} processes live on" if left else None


def need(*programs):
    for program in programs:
        if not shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"):
            tap.skip(f"{program} is not installed")


def note(text):
    print(text, file=sys.stderr, flush=True)
