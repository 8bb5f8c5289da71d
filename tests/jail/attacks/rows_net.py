"""50 to 68: who must not be reached."""
import os
import socket
import subprocess

import tap
from scene import LAN, METADATA
from table import attack


def tcp(number, title, address, code, port=0, lan=False):
    """The code is given host and port; broken when the host's listener was reached."""
    @attack(number, "net", title)
    def run(s):
        if lan and not s.lan:
            tap.skip("a network of its own needs root")
        there = s.listen(number, (address, port))
        s.python(code, given={"host": address, "port": there.port, "probe": s.probe})
        return there.hits and "the host's listener was reached"
    return run


CONNECT = """
def to(host):
    s = socket.create_connection((host, A["port"]), 2)
    s.sendall(b"x")
each(to, A["host"])
"""
tcp(50, "TCP to a service on 127.0.0.1", "127.0.0.1",
    CONNECT + "each(to, 'localhost', '::ffff:127.0.0.1', '0.0.0.0')")
tcp(51, "TCP to the host's LAN address", LAN, CONNECT, lan=True)
tcp(52, "cloud metadata 169.254.169.254", METADATA, CONNECT, lan=True)


@attack(53, "net", "UDP out (the shape of DNS exfiltration)")
def udp(s):
    there = s.listen(53, ("127.0.0.1", 0), socket.SOCK_DGRAM)
    far = s.listen("53lan", (LAN, 0), socket.SOCK_DGRAM) if s.lan else there
    s.python("""
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
each(lambda to: u.sendto(b"secret.example.org", to), *map(tuple, A["to"]), ("192.0.2.1", 53))
""", given={"to": [("127.0.0.1", there.port), (LAN, far.port)]})
    return (there.hits or far.hits) and "a datagram arrived"


tcp(54, "TCP with MSG_FASTOPEN (no connect call)", "127.0.0.1", """
s = socket.socket()
s.sendto(b"x", 0x20000000, (A["host"], A["port"]))
s.recv(1)
""")


# The probe stands in HOME's parent, which the sandbox does not show: it is copied.
def probed(number, group, title, *words, listen=None):
    @attack(number, group, title)
    def run(s):
        s.workspace()
        there, args = None, list(words)
        if listen == "tcp":
            there = s.listen(number, ("127.0.0.1", 0))
            args.append(str(there.port))
        elif listen == "unix":
            path = f"/tmp/{s.mark}.{number}"
            there = s.listen(number, path)
            args.append(path)
        s.run([probe_in(s), *args])
        return there and there.hits and "the host's listener was reached"
    return run


def probe_in(s):
    """A copy of the probe in the workspace."""
    path = os.path.join(s.work, "probe")
    with open(s.probe, "rb") as a, open(path, "wb") as b:
        b.write(a.read())
    os.chmod(path, 0o755)
    s.settle()
    return path


probed(55, "net", "connect through io_uring", "uring-connect", listen="tcp")
probed(56, "net", "connect through int 0x80 socketcall", "i386-connect", listen="tcp")
probed(63, "net", "unix socket through int 0x80 socketcall", "i386-unix", listen="unix")
probed(104, "kernel", "io_uring_setup", "uring")
probed(110, "kernel", "i386 entry: int 0x80", "i386")


def unix(number, title, where):
    @attack(number, "net", title)
    def run(s):
        s.workspace()
        there = s.listen(number, where(s))
        s.python("""
c = socket.socket(socket.AF_UNIX)
c.connect(A["path"])
c.send(b"x")
""", given={"path": where(s)})
        s.listeners.pop(number).close()
        if not where(s).startswith("\0") and os.path.exists(where(s)):
            os.unlink(where(s))
        return there.hits and "the host's socket was reached"
    return run


def runtime(*names):
    """In a folder that only root may fill, when it is not there."""
    def where(s):
        path = os.path.join(*names).format(uid=s.uid)
        top = os.path.dirname(path)
        if not os.path.isdir(top):
            if os.getuid() != 0:
                tap.skip(f"{top} can be made by root only")
            os.makedirs(top)
            s.cleanup.append(lambda: os.rmdir(top))
        if not os.access(top, os.W_OK):
            tap.skip(f"{top} is not ours")
        return path
    return where


unix(57, "host unix socket by path in /tmp", lambda s: f"/tmp/{s.mark}.sock")
unix(58, "host unix socket by path in HOME (ssh-agent, gpg-agent)",
     lambda s: os.path.join(s.home, ".gnupg/S.gpg-agent"))
unix(59, "host unix socket inside the workspace (a database of the developer)",
     lambda s: os.path.join(s.work, "db.sock"))
unix(60, "abstract unix socket of the host", lambda s: "\0" + s.mark)
unix(61, "D-Bus session bus /run/user/UID/bus", runtime("/run/user/{uid}", "bus"))
unix(62, "a socket like docker.sock in /run", runtime("/run/sunaba-attack", "docker.sock"))


@attack(64, "net", "listen on 0.0.0.0 and be reached from the host")
def listen(s):
    job = s.popen(s.script("""
t = socket.socket()
t.bind(("0.0.0.0", 0))
t.listen()
print(t.getsockname()[1], flush=True)
sys.stdin.read()
"""), stdin=subprocess.PIPE)
    try:
        job.stdout.readline()
        line = job.stdout.readline()
        if line.startswith(b"refused: "):
            return None
        with socket.create_connection(("127.0.0.1", int(line)), 2):
            return "the host reached a server inside"
    except OSError:
        return None
    finally:
        job.communicate(b"")


@attack(66, "net", "AF_VSOCK (VM host, WSL)")
def vsock(s):
    s.python("socket.socket(40, socket.SOCK_STREAM)\nbroken('AF_VSOCK opened')")


@attack(67, "net", "host interfaces are visible")
def interfaces(s):
    if not s.lan and len(os.listdir("/sys/class/net")) < 2:
        tap.skip("the host has none but lo")
    s.python("""
names = [name for _, name in socket.if_nameindex() if name != "lo"]
names and broken(" ".join(names))
def own(address):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind((address, 0))
    broken("has the host's address " + address)
each(own, A["lan"])
""", given={"lan": LAN})


@attack(68, "net", "exotic families (AF_ALG, CAN, BT, TIPC, ...)")
def families(s):
    s.python("""
def tries(family):
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind).close()
            broken("family %d type %d" % (family, kind))
        except OSError:
            pass
for family in [*range(3, 10), *range(11, 16), *range(17, 64)]:
    tries(family)
def netlink(protocol):
    socket.socket(16, 3, protocol).close()
    broken("netlink %d" % protocol)
each(netlink, *range(1, 23))
""")


@attack("a5", "also", "raw sockets", counts=False)
def raw(s):
    s.python("""
def tries(k):
    socket.socket(*k)
    broken("socket%r" % (k,))
each(tries, (2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 768))
""")
