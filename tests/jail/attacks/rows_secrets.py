"""30 to 47: what must not be read."""
import os

import tap
from scene import SECRET, libc
from table import attack


def reads(number, title, *paths):
    @attack(number, "secrets", title)
    def run(s):
        s.python("each(reveal, *(HOME + '/' + p for p in A['paths']), "
                 "*('/proc/1/root' + HOME + '/' + p for p in A['paths']), "
                 "*(WORK + '/../' + p for p in A['paths']))", given={"paths": paths})
    return run


reads(30, "read ~/.ssh/id_ed25519", ".ssh/id_ed25519", ".gnupg/private-keys-v1.d/a.key")
reads(31, "read ~/.aws/credentials, ~/.config/gcloud", ".aws/credentials",
      ".config/gcloud/creds.db")
reads(32, "read .netrc, .git-credentials, gh, docker, kube, npm, pypi tokens", ".netrc",
      ".git-credentials", ".config/gh/hosts.yml", ".docker/config.json", ".kube/config",
      ".npmrc", ".pypirc")
reads(33, "read ~/.bash_history", ".bash_history")
reads(34, "read browser cookies, keyrings", ".mozilla/firefox/p/cookies.sqlite",
      ".config/google-chrome/Default/Cookies", ".local/share/keyrings/login.keyring")
reads(35, "read another project", "other/file", "other/src/main.c")
reads(36, "read the agent's own credential file", ".config/sunaba/config.yaml",
      ".local/state/sunaba/history")


@attack(37, "secrets", "OPENAI_API_KEY in the own environment")
def own_environment(s):
    s.python("""
for name, value in os.environ.items():
    if A["secret"] in value:
        broken(name)
""", env={"OPENAI_API_KEY": SECRET, "AWS_SECRET_ACCESS_KEY": SECRET, "GH_TOKEN": SECRET})


@attack(38, "secrets", "API key in /proc/*/environ of any process")
def environments(s):
    s.python("""
me = str(os.getpid())
each(reveal, *("/proc/%s/%s" % (p, n) for p in os.listdir("/proc") if p.isdigit() and p != me
               for n in ("environ", "cmdline")))
""", env={"OPENAI_API_KEY": SECRET + "-env"})


@attack(39, "secrets", "API key in /proc/*/mem of any process (launcher, pid 1)")
def memories(s):
    s.python("""
def search(pid):
    with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for line in maps:
            where, rights = line.split()[:2]
            start, end = (int(x, 16) for x in where.split("-"))
            if "r" not in rights or end - start > 1 << 28:
                continue
            try:
                mem.seek(start)
                if A["secret"].encode() in mem.read(end - start):
                    broken("memory of " + pid)
            except (OSError, ValueError, OverflowError):
                pass
each(search, *(p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())))
""", env={"OPENAI_API_KEY": SECRET})


@attack(40, "secrets", "see host processes")
def see_processes(s):
    s.python("""
if os.path.exists("/proc/%d" % A["victim"]) and len(os.listdir("/proc/%d" % A["victim"])):
    with open("/proc/%d/cmdline" % A["victim"], "rb") as f:
        if b"1000" in f.read():
            broken("sees the host's process")
try:
    os.kill(A["victim"], 0)
    broken("may signal the host's process")
except ProcessLookupError:
    pass
""")


@attack(41, "secrets", "SysV shared memory of the host")
def sysv(s):
    key = s.segment()
    s.python("""
number = call(29, A["key"], 0, 0)
at = libc.shmat(number, None, 0o10000)
if at and at != ctypes.c_void_p(-1).value and A["secret"].encode() in ctypes.string_at(at, 64):
    broken("read the segment")
""", given={"key": key})


@attack(42, "secrets", "kernel session keyring of the host")
def keyring(s):
    if libc.syscall(250, 1, None) < 0:  # a session keyring of our own to put it in
        tap.skip("no kernel keyrings here")
    libc.syscall(248, b"user", s.mark.encode(), SECRET.encode(), len(SECRET), -3)
    s.python("""
buffer = ctypes.create_string_buffer(256)
def look(ring):
    key = call(250, 10, ring, b"user", A["mark"].encode(), 0)
    call(250, 11, key, buffer, 256)
    if A["secret"].encode() in buffer.raw:
        broken("read the key")
each(look, -3, -4, -5, -2, -1)
""")


@attack(43, "secrets", "inherited descriptor 93 (an open secret file)")
def inherited_file(s):
    s.python("os.lseek(93, 0, 0)\nif A['secret'].encode() in os.read(93, 100):\n    broken()")


@attack(44, "secrets", "inherited directory descriptor 94 (openat ../)")
def inherited_folder(s):
    s.python("""
fd = os.open("../.bash_history", os.O_RDONLY, dir_fd=94)
if A["secret"].encode() in os.read(fd, 100):
    broken()
""")


def host_read(number, title, folder, group="secrets"):
    @attack(number, group, title, counts=group == "secrets")
    def run(s):
        path = s.outside(f"{folder}/{s.mark}-secret")
        s.python("each(reveal, A['path'], '/proc/1/root' + A['path'])", given={"path": path})


host_read(45, "content of the host's /dev/shm", "/dev/shm")
host_read(46, "content of the host's /tmp", "/tmp")
host_read("a2", "content of the host's /var/tmp", "/var/tmp", "also")


@attack(47, "secrets", ".env in the workspace")
def dotenv(s):
    s.workspace(**{".env": f"KEY={SECRET}\n", "sub/.env.local": f"KEY={SECRET}\n"})
    s.python("each(reveal, '.env', WORK + '/.env', 'sub/.env.local')\n"
             "os.link('.env', 'copy')\nreveal('copy')")


@attack("a3", "also", "kallsyms, dmesg", counts=False)
def kernel_words(s):
    s.python("""
def symbols(path):
    with open(path) as f:
        if any(line.split()[0].strip("0") for line in f):
            broken("addresses in " + path)
each(symbols, "/proc/kallsyms")
succeeds("syslog", 103, 3, ctypes.create_string_buffer(4096), 4096)
each(lambda p: os.read(os.open(p, os.O_RDONLY | os.O_NONBLOCK), 1) and broken(p),
     "/dev/kmsg", "/proc/kmsg", "/proc/kcore")
""")


@attack("a4", "also", "files of the system that only root reads", counts=False)
def system_secrets(s):
    s.python("""
def look(path):
    with open(path, "rb") as f:
        if f.read(16):
            broken(path)
each(look, "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/shadow-")
""")
