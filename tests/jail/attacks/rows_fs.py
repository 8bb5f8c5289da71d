"""1 to 26: what must not be written."""
import os
import stat

from scene import need
from table import attack


def home_write(number, title, *paths):
    """Rows that differ in nothing but the path."""
    @attack(number, "fs", title)
    def run(s):
        s.python("each(write, *(HOME + '/' + p for p in A['paths']))", given={"paths": paths})
    return run


home_write(1, "create a file in HOME", "evil")
home_write(2, "append to ~/.bashrc", ".bashrc", ".profile")
home_write(3, "append to ~/.ssh/authorized_keys", ".ssh/authorized_keys")
home_write(4, "drop ~/.local/bin/ls (PATH hijack)", ".local/bin/ls")
home_write(5, "autostart: desktop entry, systemd user unit", ".config/autostart/e.desktop",
           ".config/systemd/user/e.service")
home_write(6, "modify the agent's own config and history", ".config/sunaba/config.yaml",
           ".local/state/sunaba/history", ".local/state/sunaba/sessions/e.jsonl")


@attack(7, "fs", "write .git/hooks/pre-commit in the workspace")
def hooks(s):
    s.workspace()
    s.python("each(write, WORK + '/.git/hooks/pre-commit', WORK + '/.git/hooks/post-checkout')")
    return os.listdir(os.path.join(s.work, ".git/hooks")) and "hook planted"


@attack(8, "fs", "set core.fsmonitor, hooksPath in .git/config")
def git_config(s):
    s.workspace()
    s.python("""
os.system("git config core.fsmonitor ./evil 2>/dev/null; git config core.hooksPath . 2>/dev/null")
def swap(path):
    write(path + ".new", "[core] fsmonitor=evil")
    os.rename(path + ".new", path)
each(swap, WORK + "/.git/config", WORK + "/.git/config.worktree")
each(write, WORK + "/.git/config", WORK + "/.git/config.worktree")
""")
    text = (s.in_work(".git/config") or "") + (s.in_work(".git/config.worktree") or "")
    return ("evil" in text.lower() or "hooksPath" in text) and "config changed"


@attack(9, "fs", "rename .git away and plant a new one")
def git_swap(s):
    s.workspace()
    before = os.stat(os.path.join(s.work, ".git")).st_ino
    s.python("""
os.rename(".git", ".git.old")
write(".git/hooks/pre-commit")
""")
    at = os.path.join(s.work, ".git")
    return (not os.path.exists(at) or os.stat(at).st_ino != before) and ".git was replaced"


def nested(number, title, path):
    @attack(number, "fs", title)
    def run(s):
        s.workspace()
        s.repository(os.path.join(s.work, path))
        s.settle()
        s.python("""
top = A["path"]
each(write, top + "/.git/hooks/pre-commit", top + "/.git/config")
def swap(old):
    os.rename(old, "moved")
    write(top + "/.git/hooks/pre-commit")
each(swap, top + "/.git", top, top.split("/")[0])
""", given={"path": path})
        if os.path.exists(os.path.join(s.work, path, ".git/hooks/pre-commit")):
            return "hook planted"
        return "EVIL" in (s.in_work(path + "/.git/config") or "") and "config changed"


nested(10, "hook in a nested repository at depth 5", "a/b/c/d/e")
nested(11, "hook in a nested repository at depth 1", "sub")


@attack(12, "fs", "symlink in the workspace to ~/.bashrc, write through it")
def symlink(s):
    s.workspace()
    os.symlink(os.path.join(s.home, ".profile"), os.path.join(s.work, "planted"))
    s.python("os.symlink(HOME + '/.bashrc', 'link')\neach(write, WORK + '/link', "
             "WORK + '/planted')")


@attack(13, "fs", "symlink flip race towards HOME", slow=True)
def race(s):
    s.workspace()
    s.python("""
import threading
os.mkdir("real")
end = time.monotonic() + A["seconds"]
def flip():
    n = 0
    while time.monotonic() < end:
        for target in ("real", HOME):
            n += 1
            os.symlink(target, "l%d" % n)
            os.rename("l%d" % n, "flip")
threading.Thread(target=flip).start()
while time.monotonic() < end:
    for name in (".bashrc", ".ssh/authorized_keys"):
        try:
            with open("flip/" + name, "a") as f:
                f.write("EVIL")
        except OSError:
            pass
""", given={"seconds": 2.0})


@attack(14, "fs", "hard link ~/.bashrc into the workspace, write")
def hard_link(s):
    s.python("os.link(HOME + '/.bashrc', 'hard')\nwrite(WORK + '/hard')")


@attack(15, "fs", "write via /proc/1/root and /proc/self/root")
def proc_root(s):
    s.python("each(write, *('/proc/%s/%s%s/.bashrc' % (p, r, HOME if r == 'root' else '/..') "
             "for p in ('1', 'self', os.getppid(), 'thread-self') for r in ('root', 'cwd')))")


@attack(16, "fs", "reopen a read-only descriptor writable via /proc/self/fd")
def reopen(s):
    s.workspace()
    code = """
def again(fd):
    with open("/proc/self/fd/%d" % fd, "a") as f:
        f.write("EVIL")
each(again, 0)
def opened(path):
    again(os.open(path, os.O_RDONLY))
each(opened, HOME + "/other/file")
"""
    with open(os.path.join(s.home, ".profile"), "rb") as stdin:
        s.python(code, ["--allow-read", os.path.join(s.home, "other")], stdin=stdin)


@attack(17, "fs", "remount a read-only bind read-write, also in a nested user namespace")
def remount(s):
    s.python("""
def tries():
    each(lambda p: succeeds("remount " + p, 165, 0, p.encode(), 0, 0x1020, 0),
         "/usr", "/etc", "/", "/dev/null")
    attr = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    each(lambda p: succeeds("mount_setattr " + p, 442, -100, p.encode(), 0, attr, 32), "/usr")
tries()
each(lambda flags: call(272, flags), 0x10020000)
tries()
""")


@attack(18, "fs", "delete, truncate a file of another project")
def other_project(s):
    s.python("""
each(os.unlink, HOME + "/other/src/main.c", WORK + "/../other/src/main.c")
each(lambda p: os.truncate(p, 0), HOME + "/other/file", WORK + "/../other/file")
""")


def host_file(number, title, folder, code):
    @attack(number, "fs", title)
    def run(s):
        trusted = s.outside(f"{folder}/{s.mark}-trusted")
        litter = f"{folder}/{s.mark}-litter"
        s.python(code, given={"trusted": trusted, "litter": litter})
        with open(trusted, encoding="utf-8") as f:
            changed = f.read() != "TOPSECRET-5up3r"
        if os.path.lexists(litter):
            os.unlink(litter)
            return "file made on the host"
        return changed and "file changed on the host"


host_file(19, "write into the host's /tmp", "/tmp", "write(A['litter'])")
host_file(20, "replace a host file in /tmp that another program trusts", "/tmp",
          "each(os.unlink, A['trusted'])\nwrite(A['trusted'], 'EVIL', 'w')")
host_file(21, "write into the host's /dev/shm", "/dev/shm",
          "each(write, A['litter'], A['trusted'])")


@attack(22, "fs", "chmod u+s on a workspace binary")
def set_uid(s):
    s.workspace()
    s.python("""
AT = -100
each(lambda m: os.chmod("file", m), 0o4755, 0o2755, 0o6755)
fd = os.open("file", os.O_RDONLY)
each(lambda m: os.fchmod(fd, m), 0o4755, 0o2755)
each(lambda m: call(452, AT, b"file", m, 0), 0o4755)
each(lambda m: os.close(os.open("new%o" % m, os.O_CREAT | os.O_WRONLY, m)), 0o4755, 0o2755)
each(lambda m: os.mknod("node%o" % m, m | 0o100000), 0o4755)
how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o4755, 0)
each(lambda n: call(437, AT, n, how, 24), b"how")
tmp = os.open(".", 0o20200000 | os.O_RDWR, 0o4755)
os.link("/proc/self/fd/%d" % tmp, "tmp", follow_symlinks=True)
""")
    for name in os.listdir(s.work):
        mode = os.lstat(os.path.join(s.work, name)).st_mode
        if stat.S_ISREG(mode) and mode & 0o6000:
            return f"{name} has mode {mode:o}"
    return None


@attack(23, "fs", ".vscode/tasks.json, .idea, .envrc that are there")
def editors_present(s):
    s.workspace(**{".vscode/tasks.json": "{}", ".envrc": "x\n", ".idea/w.xml": "<x/>",
                   ".mcp.json": "{}"})
    s.python("each(write, *(WORK + '/' + p for p in ('.vscode/tasks.json', '.envrc', "
             "'.idea/w.xml', '.mcp.json', '.vscode/launch.json')))")
    for name in (".vscode/tasks.json", ".envrc", ".idea/w.xml", ".mcp.json",
                 ".vscode/launch.json"):
        if "EVIL" in (s.in_work(name) or ""):
            return f"{name} was written"
    return None


@attack(24, "fs", "new .vscode, .idea, .envrc where there are none")
def editors_new(s):
    s.workspace()
    names = (".vscode/tasks.json", ".idea/workspace.xml", ".envrc")
    s.python("each(write, *(WORK + '/' + p for p in A['names']))", given={"names": names})
    left = [n for n in names if s.in_work(n)]
    return left and " ".join(left)


@attack(25, "fs", "rm -rf the whole workspace")
def remove_all(s):
    s.workspace(**{"src/a.c": "int a;\n", "src/b.c": "int b;\n"})
    s.run(["sh", "-c", "rm -rf ./* ./.[!.]* 2>/dev/null; true"])
    return not (s.in_work("src/a.c") and s.in_work("file")) and "files are gone"


@attack(26, "fs", "block device node, raw disk")
def disk(s):
    s.workspace()
    disks = [f"/dev/{n}" for n in os.listdir("/sys/block")]
    nodes = [tuple(map(int, open(f"/sys/block/{n}/dev", encoding="ascii").read().split(":")))
             for n in os.listdir("/sys/block")]
    s.python("""
def look(path):
    with open(path, "rb", buffering=0) as f:
        f.read(512)
        broken("read " + path)
each(look, *A["disks"])
def node(n):
    os.mknod("/tmp/disk%d" % n[1], 0o60600, os.makedev(*n))
    look("/tmp/disk%d" % n[1])
each(node, *A["nodes"])
def here(n):
    os.mknod("disk%d" % n[1], 0o60666, os.makedev(*n))
each(here, *A["nodes"])
""", given={"disks": disks, "nodes": nodes})
    for name in os.listdir(s.work):
        if stat.S_ISBLK(os.lstat(os.path.join(s.work, name)).st_mode):
            return f"{name} is a block device"
    return None


@attack("a1", "also", "crontab", counts=False)
def crontab(s):
    need("python3")
    s.python("""
def drop(path):
    write(path)
    broken(path)
each(drop, "/var/spool/cron/crontabs/root", "/etc/cron.d/evil", "/etc/crontab")
""")
