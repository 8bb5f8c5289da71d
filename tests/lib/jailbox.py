"""Runs commands under `sunaba sandbox` as every identity that this machine lets tests take."""
import functools
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import program
import tap
from left import wipe  # noqa: F401

os.environ.setdefault("SUNABA", os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                             "../../build/sunaba"))
USER = "sunaba-test"
TIMEOUT_S = 180  # as long as a busy machine may take

# The launcher keeps to what its caller ignores: behind nohup or `&` its tests would see that.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


class Box:
    """An identity with a HOME full of secrets and a workspace below it."""

    notices = False  # whether run() gives the lines about what was refused, unless told

    def __init__(self, name, uid, gid):
        self.name, self.uid, self.gid = name, uid, gid
        self.cage = None  # kinds of cage.py, or None
        self.base = tempfile.mkdtemp(prefix="sunaba-jail-")
        os.chmod(self.base, 0o755)
        self.program = program.copy(os.environ["SUNABA"], self.base)
        cage = shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cage.py"),
                           self.base)
        os.chmod(cage, 0o755)
        self.home = os.path.join(self.base, "home")
        self.work = os.path.join(self.home, "work")
        for folder in (".ssh", ".aws", "other", "work", ".local/bin"):
            os.makedirs(os.path.join(self.home, folder))
        for path in (".ssh/id_ed25519", ".aws/credentials", ".bashrc", "other/file", ".netrc"):
            self.write(os.path.join(self.home, path), "TOPSECRET\n")
        self.own(self.home)

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def own(self, top):
        for folder, _, files in os.walk(top):
            os.chown(folder, self.uid, self.gid)
            for name in files:
                os.chown(os.path.join(folder, name), self.uid, self.gid)

    def env(self, extra=None):
        kept = {key: os.environ[key] for key in ("PATH", "LC_ALL", "LANG", "ASAN_OPTIONS")
                if key in os.environ}
        return {**kept, "HOME": self.home, "USER": self.name, "OPENAI_API_KEY": "sk-TOPSECRET",
                **(extra or {})}

    def as_user(self):
        if os.getuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def argv(self, command, options=()):
        if isinstance(command, str):
            command = ["bash", "-c", command]
        return [*self.caged(), self.program, "sandbox", *options, "--", *command]

    def caged(self):
        """What goes before a command so that the machine refuses what `cage` says."""
        if not self.cage:
            return []
        return ["/usr/bin/env", "python3", os.path.join(self.base, "cage.py"), self.cage]

    def popen(self, command, options=(), env=None, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.STDOUT)
        return subprocess.Popen(self.argv(command, options), cwd=more.pop("cwd", self.work),
                                env=self.env(env), **self.as_user(), **more)

    def run(self, command, options=(), text=None, notices=None, **more):
        """Exit code and merged output; with the lines about what was refused, if wanted."""
        if text is not None:
            more["stdin"] = subprocess.PIPE
        job = self.popen(command, options, **more)
        try:
            out, _ = job.communicate(text.encode() if text is not None else None, TIMEOUT_S)
        except subprocess.TimeoutExpired:
            job.kill()
            raise
        out = out.decode("utf-8", "replace")
        wanted = self.notices if notices is None else notices
        if not wanted and job.returncode != 4:
            out = re.sub(r"sunaba: sandbox: [^\n]*\n", "", out)
        return job.returncode, out

    def python(self, code, **more):
        return self.run(["/usr/bin/python3", "-c", code], **more)

    def ok(self, command, **more):
        code, out = self.run(command, **more)
        tap.equal(code, 0, f"{command}: {out}")
        return out


def mounts(box):
    """What is mounted below the box's folders, for this process; others mount, too."""
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        return [line for line in table if box.base in line]


def _known(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _identities():
    me = pwd.getpwuid(os.getuid())
    yield me.pw_name, me.pw_uid, me.pw_gid
    if os.getuid() != 0:
        return
    other = _known(USER)
    if not other:  # two tests that begin together may both try
        made = subprocess.run(["useradd", "-M", USER], check=False, capture_output=True)
        other = tap.soon(lambda: _known(USER), 0 if made.returncode == 0 else 5)
    if other:
        yield other.pw_name, other.pw_uid, other.pw_gid


def refused(box, rung="full"):
    """Why this rung cannot be had here, or None. Exit 4 is the program's own word for it."""
    code, out = box.run("true", options=["--rung", rung])
    return out.strip().splitlines()[0] if code == 4 else None


BOXES = [Box(*who) for who in _identities()]
REFUSED = {box.name: refused(box) for box in BOXES}


# Forks up to so many times, which it prints; then keeps what it has a moment, to be seen.
FORK_BOMB = """
import os, time
n = 0
for i in range({0}):
    try:
        if os.fork() == 0:
            time.sleep(30); os._exit(0)
        n += 1
    except OSError:
        break
print(n, flush=True)
time.sleep(5 if n == {0} else 1)
os._exit(0)
"""


def jail_test(function):
    """Makes one test of each identity out of function(box)."""
    for box in BOXES:
        @functools.wraps(function)
        def run(box=box):
            if REFUSED[box.name]:
                tap.skip(REFUSED[box.name])
            function(box)
        run.__doc__ = f"{(function.__doc__ or function.__name__).strip()} ({box.name})"
        run.__name__ = f"{function.__name__}_{box.name}"
        tap.test(run)
    return function


def need_mounts():
    """A chroot's root is no mount point, and unshare cannot make its mounts private."""
    need("unshare")
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        tap.skip("mounts cannot be made private here")


def need(*programs):
    for program in programs:
        if not shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"):
            tap.skip(f"{program} is not installed")


def main():
    """Runs the tests in a child, so that the folders go whatever happens to it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        tap.main()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    for box in BOXES:
        shutil.rmtree(box.base, ignore_errors=True)
    os._exit(os.waitstatus_to_exitcode(status) & 255)
