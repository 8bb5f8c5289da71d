#!/usr/bin/env python3
"""The network of the sandbox: off, hosts of a list through the proxy, and attacks on both.

Numbers are those of the list of attacks. Servers are this test's own, on loopback."""
import base64
import hashlib
import http.server
import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402

BIG = 100 * 1024 * 1024
CURL = "curl -sS -m 150"


# ---- servers ----

class Site(http.server.BaseHTTPRequestHandler):
    """Pages, a package index (PEP 503), an npm registry, something large, an echo of sockets."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def send(self, body, kind="text/html", status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = self.path
        if path == "/big":
            self.big()
        elif path == "/redirect":
            self.send(b"", status=302, Location="http://evil.test/")
        elif path == "/socket":
            self.web_socket()
        elif path == "/simple/tinywheel/":
            self.send(b'<a href="/files/tinywheel-1.0-py3-none-any.whl">tinywheel</a>')
        elif path.endswith(".whl"):
            self.send(wheel(), "application/octet-stream")
        elif path == "/tinynode":
            self.send(json.dumps(manifest(self.headers["Host"])).encode(), "application/json")
        elif path.endswith(".tgz"):
            self.send(node_package(), "application/octet-stream")
        elif path.startswith("/page"):
            self.send(b"the page of " + self.headers["Host"].encode() + b"\n")
        else:
            self.send(b"not here\n", status=404)

    do_HEAD = do_GET

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        digest = hashlib.sha256(self.rfile.read(size)).hexdigest()
        self.send(digest.encode())

    def big(self):
        self.send_response(200)
        self.send_header("Content-Length", str(BIG))
        self.end_headers()
        block = bytes(1024 * 1024)
        for _ in range(BIG // len(block)):
            self.wfile.write(block)

    def web_socket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept",
                         base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        head = self.rfile.read(2)
        mask = self.rfile.read(4)
        text = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(head[1] & 127)))
        self.wfile.write(bytes([0x81, len(text)]) + text)
        self.close_connection = True

    def log_message(self, *_):
        pass


def wheel():
    """tinywheel 1.0: one module."""
    out = io.BytesIO()
    files = {"tinywheel.py": "answer = 42\n",
             "tinywheel-1.0.dist-info/METADATA":
                 "Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.0\n",
             "tinywheel-1.0.dist-info/WHEEL":
                 "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                 "Tag: py3-none-any\n"}
    record = "".join(f"{name},,\n" for name in files) + "tinywheel-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(out, "w") as z:
        for name, text in files.items():
            z.writestr(zipfile.ZipInfo(name), text)
        z.writestr(zipfile.ZipInfo("tinywheel-1.0.dist-info/RECORD"), record)
    return out.getvalue()


def node_package():
    out = io.BytesIO()
    files = {"package/package.json": '{"name": "tinynode", "version": "1.0.0"}',
             "package/index.js": "module.exports = 42\n"}
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def manifest(host):
    version = {"name": "tinynode", "version": "1.0.0",
               "dist": {"tarball": f"http://{host}/tinynode/-/tinynode-1.0.0.tgz"}}
    return {"name": "tinynode", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}


class Threaded(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def serve(handler=Site):
    server = Threaded(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def serve_echo():
    """A TCP server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def one(conn):
        with conn:
            while data := conn.recv(65536):
                conn.sendall(data)

    def run():
        while True:
            threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()
    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


PORT = serve()
ECHO = serve_echo()
WEB = f"--allow-net=web.test=127.0.0.1:{PORT}"
MODES = ([], [WEB])  # off, and a list that holds something else than what is attacked

# Runs inside: `out(ERRNO)` of a call, `ask` of the proxy.
INSIDE = r"""
import errno, os, socket, sys
def name(call, *args):
    try:
        call(*args)
        return "done"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))
def tcp(host, port):
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.settimeout(30)
    return name(s.connect, (host, port))
def proxy(head, end=b"\r\n\r\n"):
    s = socket.create_connection(("127.0.0.1", 3128), 30)
    s.sendall(head + end)
    got = b""
    while b"\n" not in got:
        data = s.recv(4096)
        if not data:
            break
        got += data
    return got.split(b"\r\n")[0].decode()
"""


def inside(box, code, options=(), **more):
    got, out = box.python(INSIDE + code, options=options, **more)
    tap.equal(got, 0, out)
    return out


def each_mode(box, code, want):
    for options in MODES:
        lines = [line for line in inside(box, code, options).split("\n") if line and
                 not line.startswith("sunaba: ")]
        for line in lines:
            if line.split()[-1] not in want.split("|"):
                raise AssertionError(f"{options}: {line}; wanted {want}")
        if not lines:
            raise AssertionError("nothing was printed")


# ---- nothing but the list ----

def own_name():
    if not os.path.exists("/etc/hosts"):
        tap.skip("this system has no /etc/hosts: no name for itself")


@jail_test
def a50_host_loopback(box):
    """50: a service on the host's 127.0.0.1 is not there"""
    each_mode(box, f"print('loopback', tcp('127.0.0.1', {PORT}))", "ECONNREFUSED")
    each_mode(box, f"print('v6', tcp('::1', {PORT}))", "ECONNREFUSED")


@jail_test
def a51_a52_a67_no_way_out(box):
    """51, 52, 67: no interface but lo, no route to LAN, metadata or anywhere"""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True,
                               check=False).stdout.split()
    for address in addresses + ["169.254.169.254", "93.184.216.34", "10.0.0.1", "2001:db8::1"]:
        each_mode(box, f"print('{address}', tcp('{address}', 80))",
                  "ENETUNREACH|EADDRNOTAVAIL|EHOSTUNREACH")
    each_mode(box, "print(','.join(n for _, n in socket.if_nameindex()))", "lo")


@jail_test
def a53_a54_without_connect(box):
    """53, 54: UDP out, and TCP that is opened by sending"""
    each_mode(box, """
for port in (53, 123):
    print('udp', name(socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b'x',
                      ('8.8.8.8', port)))
print('tfo', name(socket.socket().sendto, b'x', 0x20000000, ('93.184.216.34', 80)))
print('tfo', name(socket.socket().sendto, b'x', 0x20000000, ('169.254.169.254', 80)))
""", "ENETUNREACH|EPERM|EOPNOTSUPP")


@jail_test
def a57_a58_a60_a62_unix_sockets(box):
    """57, 58, 60, 62: host sockets by path and in the abstract name space are out of reach"""
    with tempfile.TemporaryDirectory(dir="/tmp") as tmp, socket.socket(socket.AF_UNIX) as abstract:
        os.chmod(tmp, 0o755)
        paths = [os.path.join(tmp, "s"), os.path.join(box.home, "agent.sock")]
        listening = []
        for path in paths:
            s = socket.socket(socket.AF_UNIX)
            s.bind(path)
            s.listen()
            os.chmod(path, 0o777)
            listening.append(s)
        label = f"sunaba-test-{os.getpid()}"
        abstract.bind("\0" + label)
        abstract.listen()
        try:
            for path in paths + ["/run/docker.sock", f"/run/user/{box.uid}/bus"]:
                each_mode(box, f"print(name(socket.socket(socket.AF_UNIX).connect, '{path}'))",
                          "ENOENT")
            each_mode(box, f"print(name(socket.socket(socket.AF_UNIX).connect, '\\0{label}'))",
                      "ECONNREFUSED|EPERM")
        finally:
            for s in listening:
                s.close()
            os.unlink(paths[1])


@jail_test
def a64_reached_from_the_host(box):
    """64: what listens inside is not reached from the host"""
    for options in MODES:
        job = box.popen(["/usr/bin/python3", "-uc", """
import socket, sys
s = socket.create_server(("0.0.0.0", 0))
print(s.getsockname()[1])
sys.stdin.read()"""], options, stdin=subprocess.PIPE)
        port = int(job.stdout.readline())
        with socket.socket() as s:
            tap.equal(s.connect_ex(("127.0.0.1", port)) != 0, True)
            tap.equal(s.connect_ex(("127.0.0.1", 3128)) != 0, True, "the proxy's port")
        job.communicate(timeout=tap.PATIENCE_S)


@jail_test
def a66_a68_families(box):
    """66, 68: sockets of other families than unix, internet and route"""
    each_mode(box, """
for family in (4, 9, 12, 17, 21, 29, 30, 31, 38, 40, 44):
    print(family, name(socket.socket, family, socket.SOCK_DGRAM))
print('audit', name(socket.socket, 16, socket.SOCK_RAW, 9))
""", "EAFNOSUPPORT")
    each_mode(box, "print('raw', name(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1))",
              "EPERM")


@jail_test
def localhost_works(box):
    """servers and clients inside meet on localhost, with the list too, past the proxy"""
    own_name()
    for options in MODES:
        out = inside(box, """
import http.server, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'own server')
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), H)
threading.Thread(target=server.serve_forever, daemon=True).start()
for host in ('127.0.0.1', 'localhost'):
    print(urllib.request.urlopen(f'http://{host}:{server.server_port}/').read().decode())
print(socket.gethostbyname(socket.gethostname()))
""", options)
        tap.equal(out.split("\n")[:3], ["own server", "own server", "127.0.0.1"], str(options))


# ---- the list ----

@jail_test
def listed_host(box):
    """a listed host is reached by programs that know proxies and by those that do not"""
    need("curl")
    tap.equal(box.ok(f"{CURL} http://web.test/page", options=[WEB]), "the page of web.test\n")
    tap.equal(box.ok(f"{CURL} -p http://web.test/page", options=[WEB]), "the page of web.test\n")
    tap.equal(box.ok(f"{CURL} --noproxy '*' http://web.test/page", options=[WEB]),
              "the page of web.test\n")
    out = inside(box, """
import urllib.request
print(urllib.request.urlopen('http://web.test/page').read().decode(), end='')
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
print(urllib.request.urlopen('http://web.test/page').read().decode(), end='')
""", [WEB])
    tap.equal(out, "the page of web.test\n" * 2)
    body = "x" * 300000
    out = box.ok(f"head -c 300000 /dev/zero | tr '\\0' x | {CURL} --data-binary @- http://web.test/",
                 options=[WEB])
    tap.equal(out, hashlib.sha256(body.encode()).hexdigest())


@jail_test
def listed_host_node(box):
    """node's fetch, which knows no proxy, and a name that is resolved by c-ares"""
    need("node")
    code = """
fetch('http://web.test/page').then(r => r.text()).then(t => process.stdout.write(t));
const dns = require('dns');
dns.resolve4('web.test', (e, a) => process.stdout.write(String(a) + '\\n'));
"""
    out = box.ok(["node", "-e", code], options=[WEB])
    tap.contains(out, "the page of web.test\n")
    tap.contains(out, "127.64.0.")


@jail_test
def literal_addresses(box):
    """an address is reached when it is listed, port and all, and not otherwise"""
    need("curl")
    options = [f"--allow-net=127.0.0.1:{PORT}"]
    tap.contains(box.ok(f"{CURL} --noproxy '' http://127.0.0.1:{PORT}/page", options=options),
                 "the page")
    out = box.ok(f"{CURL} --noproxy '' http://127.0.0.1:{ECHO}/", options=options)
    tap.contains(out, f"sandbox: host 127.0.0.1:{ECHO} not allowed - --allow-net=127.0.0.1:{ECHO}")


@jail_test
def own_service(box):
    """127.0.0.1:PORT and localhost:PORT of the list are the host's own, for every program"""
    code = ("import http.client\n"
            "for host in ('127.0.0.1', 'localhost'):\n"
            "    c = http.client.HTTPConnection(host, {}, timeout=10)\n"
            "    c.request('GET', '/'); print(host, c.getresponse().status)\n")
    for entry in (f"127.0.0.1:{PORT}", f"localhost:{PORT}"):
        out = inside(box, code.format(PORT), [f"--allow-net={entry}"])
        for host in ("127.0.0.1", "localhost"):
            tap.contains(out, f"{host} ")
        tap.equal([line for line in inside(box, f"print(tcp('127.0.0.1', {ECHO}))",
                                           [f"--allow-net={entry}"]).splitlines()],
                  ["ECONNREFUSED"])
        # through the proxy by either name, and no other port
        out = inside(box, "".join(
            f"print(proxy(b'CONNECT {host}:{port} HTTP/1.1'))\n"
            for host in ("127.0.0.1", "localhost") for port in (PORT, ECHO)),
            [f"--allow-net={entry}"])
        tap.equal([line.split()[1] for line in out.splitlines() if line.startswith("HTTP")],
                  ["200", "403"] * 2)
    # bytes go both ways as they are, and code cannot take the port over
    out = inside(box, f"""
s = socket.create_connection(("127.0.0.1", {ECHO}), 10)
s.sendall(b"x" * 300000)
s.shutdown(socket.SHUT_WR)
got = 0
while data := s.recv(65536):
    got += len(data)
print(got)
print(name(socket.socket().bind, ("127.0.0.1", {ECHO})))
""", [f"--allow-net=localhost:{ECHO}"])
    tap.equal(out.split(), ["300000", "EADDRINUSE"])
    for port in (53, 3128):
        code, out = box.run("true", options=[f"--allow-net=127.0.0.1:{port}"])
        tap.equal(code, 2)
        tap.contains(out, f"NAME=127.0.0.1:PORT")


@jail_test
def refusals_are_told(box):
    """a refused host: 403 with the line, in the status too, an alert for TLS, a line for the user"""
    need("curl")
    out = box.ok(f"{CURL} http://evil.test/; {CURL} https://evil.test:8443/ 2>&1 || true",
                 options=[WEB], notices=True)
    tap.contains(out, "sandbox: host evil.test not allowed - --allow-net=evil.test")
    tap.contains(out, "sunaba: sandbox: host evil.test is not allowed")
    tap.contains(out, "host evil.test:8443 is not allowed")
    tap.equal(out.count("sunaba: sandbox: host evil.test is"), 1, out)
    out = inside(box, """
import urllib.request
try:
    urllib.request.urlopen('https://evil.test/')
except OSError as e:
    print(e)
""", [WEB])
    tap.contains(out, "sandbox: host evil.test not allowed - --allow-net=evil.test")
    out = box.ok(f"{CURL} --noproxy '*' http://other.test/ || true", options=[WEB], notices=True)
    tap.contains(out, "sunaba: sandbox: host other.test is not allowed")


@jail_test
def a144_names(box):
    """144: every way to mean another host than the one that is listed"""
    own_name()
    options = ["--allow-net=allowed.com,localhost," + WEB.partition("=")[2]]
    cases = {
        "CONNECT allowed.com\\0.evil:443": 400, "CONNECT allowed.com.evil:443": 403,
        "CONNECT evil-allowed.com:443": 403, "CONNECT user@allowed.com:443": 400,
        "CONNECT allowed.com@evil.test:443": 400, "CONNECT allowed.com:22": 403,
        "CONNECT 2130706433:80": 400, "CONNECT 0177.0.0.1:80": 400, "CONNECT 0x7f.1:80": 400,
        "CONNECT 127.1:80": 400, "CONNECT 127.0.0.1:80": 403, "CONNECT [::1]:80": 403,
        "CONNECT [::ffff:127.0.0.1]:80": 400, "CONNECT [::ffff:7f00:1]:80": 400,
        "CONNECT 169.254.169.254:80": 403, "CONNECT LOCALHOST.:80": 403,
        "CONNECT localhost:443": 403, "CONNECT allowed.com\\t:443": 400,
        "CONNECT allowed.com%00.evil:443": 400, "CONNECT allowed.com#.evil:443": 400,
        "CONNECT \\xe3\\x82\\xa2.com:443": 400, "GET http://allowed.com@evil.test/": 400,
        "GET http://evil.test/": 403, "GET /page": 400, "GET ftp://allowed.com/": 400,
        "GET file:///etc/passwd": 400,
    }
    heads = "[" + ",".join(f'b"{head} HTTP/1.1"' for head in cases) + "]"
    out = inside(box, f"for head in {heads}: print('=', proxy(head))", options)
    got = [int(line.split()[2]) for line in out.split("\n") if line.startswith("= ")]
    for (head, want), status in zip(cases.items(), got):
        tap.equal(status, want, head)
    tap.equal(len(got), len(cases), out)


@jail_test
def a144_host_header(box):
    """144: a Host header that differs from what is asked for, twice the header, odd lines"""
    out = inside(box, f"""
for extra in (b'Host: evil.test', b'Host: web.test\\r\\nHost: web.test', b'Host : web.test',
              b' folded', b'X: a\\rb'):
    print('=', proxy(b'GET http://web.test/page HTTP/1.1\\r\\n' + extra))
    print('=', proxy(b'CONNECT web.test:80 HTTP/1.1\\r\\n' + extra))
print('=', proxy(b'GET http://web.test/page HTTP/1.1\\r\\nHost: WEB.test'))
""", [WEB])
    got = [int(line.split()[2]) for line in out.split("\n") if line.startswith("= ")]
    tap.equal(got, [400] * 10 + [200], out)


@jail_test
def a144_redirect(box):
    """144: a redirect to a host that is not listed is refused there"""
    need("curl")
    out = box.ok(f"{CURL} -L http://web.test/redirect", options=[WEB])
    tap.contains(out, "sandbox: host evil.test not allowed")
    code, out = box.run(f"{CURL} --noproxy '*' -L http://web.test/redirect", options=[WEB])
    tap.equal(code, 6, out)


@jail_test
def a144_half_open(box):
    """144: a thousand half-open connections: the launcher stays small, others get through"""
    need("curl")
    job = box.popen(["/usr/bin/python3", "-uc", INSIDE + """
import select, subprocess
socks = []
for i in range(1000):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 3128))
    socks.append(s)
print("open")
got = subprocess.run(["curl", "-sS", "-m", "40", "http://web.test/page"], stdout=subprocess.PIPE)
print(got.stdout.decode().strip())
sys.stdin.read()
"""], [WEB], stdin=subprocess.PIPE)
    tap.equal(job.stdout.readline(), b"open\n")
    tap.equal(job.stdout.readline(), b"the page of web.test\n")
    with open(f"/proc/{job.pid}/status", encoding="utf-8") as status:
        peak = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))
    fds = len(os.listdir(f"/proc/{job.pid}/fd"))
    job.communicate(timeout=tap.PATIENCE_S)
    if not os.environ.get("SUNABA_ASAN"):
        tap.equal(peak < 20000, True, f"{peak} KiB")
    tap.equal(fds < 600, True, f"{fds} descriptors")


@jail_test
def a145_empty_list(box):
    """145: with an empty list nothing passes"""
    need("curl")
    for options in (["--allow-net="], ["--allow-net=off"], ["--no-allow-net"]):
        for proxied in ("", "--noproxy '*'"):
            out = box.run(f"{CURL} {proxied} http://web.test/page; true", options=options)[1]
            tap.absent(out, "the page")
    out = inside(box, "print(proxy(b'CONNECT web.test:80 HTTP/1.1'))", ["--allow-net="])
    tap.contains(out, "403")


@jail_test
def a146_names_stay(box):
    """146: no name leaves through the name server, and nothing is looked up for it"""
    job = box.popen(["/usr/bin/python3", "-uc", INSIDE + """
import struct
def query(host, kind, kind_of=socket.SOCK_DGRAM):
    q = struct.pack(">6H", 7, 256, 1, 0, 0, 0)
    q += b"".join(bytes([len(x)]) + x for x in host.encode().split(b".")) + b"\\0"
    q += struct.pack(">2H", kind, 1)
    s = socket.socket(socket.AF_INET, kind_of)
    s.settimeout(30)
    s.connect(("127.0.0.1", 53))
    if kind_of == socket.SOCK_STREAM:
        s.sendall(struct.pack(">H", len(q)) + q)
        return s.recv(512)[2:]
    s.send(q)
    return s.recv(512)
for i in range(300):
    for kind in (1, 28, 16, 65):
        got = query(f"{i:060x}.exfil.test", kind)
        assert got[3] & 15 == 3 and got[6:8] == b"\\0\\0", got
assert query("x.exfil.test", 1, socket.SOCK_STREAM)[3] & 15 == 3
assert query("web.test", 1, socket.SOCK_STREAM)[3] & 15 == 0
assert query("web.test", 28)[6:8] == b"\\0\\0"
print("asked")
sys.stdin.read()
"""], [WEB], stdin=subprocess.PIPE)
    line = b""
    while line != b"asked\n":
        line = job.stdout.readline()
        tap.equal(line == b"asked\n" or line.startswith(b"sunaba: "), True, line)
    with open(f"/proc/{job.pid}/status", encoding="utf-8") as status:
        threads = int(re.search(r"Threads:\s+(\d+)", status.read()).group(1))
    job.communicate(timeout=tap.PATIENCE_S)
    tap.equal(threads, 1, "a thread would be a look-up")


# ---- real programs ----

@jail_test
def pip_install(box):
    """pip install from a package index on the list, and not from elsewhere"""
    code, out = box.run("/usr/bin/python3 -m pip --version")
    if code:
        tap.skip("no pip for /usr/bin/python3")
    entry = f"--allow-net=pypi.test=127.0.0.1:{PORT}"
    pip = ("/usr/bin/python3 -m pip install -q --no-cache-dir --disable-pip-version-check "
           "--retries 0 --target lib --index-url http://pypi.test/simple --trusted-host pypi.test")
    code, out = box.run(f"{pip} tinywheel", options=[WEB], notices=True)
    tap.equal(code, 1, out)
    tap.contains(out, "pypi.test")
    out = box.ok(f"{pip} tinywheel && PYTHONPATH=lib /usr/bin/python3 -c "
                 "'import tinywheel; print(tinywheel.answer)'; rm -r lib", options=[entry])
    tap.contains(out, "42")


@jail_test
def npm_install(box):
    """npm install from a registry on the list"""
    need("npm", "node")
    entry = f"--allow-net=registry.test=127.0.0.1:{PORT}"
    out = box.ok("mkdir n && cd n && echo '{}' > package.json && npm install --no-audit --no-fund "
                 "--registry http://registry.test/ tinynode && "
                 "node -e 'console.log(require(\"tinynode\"))'; rm -r ../n", options=[entry])
    tap.contains(out, "42")


@jail_test
def git_clone(box):
    """git clone over HTTP from a listed host"""
    need("git")
    with tempfile.TemporaryDirectory() as tmp:
        repo = os.path.join(tmp, "r.git")
        line = (f"git init -q --bare {repo} && git -C {repo} -c user.name=t -c user.email=t@t "
                "commit-tree -m first $(git -C {0} mktree </dev/null) > {1}/id && "
                "git -C {0} update-ref HEAD $(cat {1}/id) && git -C {0} update-server-info"
                ).format(repo, tmp)
        subprocess.run(["sh", "-c", line], check=True, env=dict(os.environ, HOME=tmp))

        class Files(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=tmp)

            def log_message(self, *_):
                pass
        port = serve(Files)
        out = box.ok("git clone -q http://git.test/r.git c && git -C c log --format=%s; rm -rf c",
                     options=[f"--allow-net=git.test=127.0.0.1:{port}"])
        tap.contains(out, "first")


@jail_test
def tls_end_to_end(box):
    """TLS goes through untouched: the client checks the server's own certificate and name"""
    need("curl", "openssl")
    import ssl
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=web.test", "-addext", "subjectAltName=DNS:web.test",
                        "-keyout", f"{tmp}/key", "-out", f"{tmp}/cert"],
                       check=True, capture_output=True)
        with open(f"{tmp}/cert", encoding="utf-8") as cert:
            box.write(os.path.join(box.work, "cert"), cert.read())
        os.chmod(os.path.join(box.work, "cert"), 0o644)
        server = Threaded(("127.0.0.1", 0), Site)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{tmp}/cert", f"{tmp}/key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    options = [f"--allow-net=web.test=127.0.0.1:{port},other.test=127.0.0.1:{port}"]
    for proxied in ("", "--noproxy '*'"):
        tap.contains(box.ok(f"{CURL} {proxied} --cacert cert https://web.test/page",
                            options=options), "the page")
        code, out = box.run(f"{CURL} {proxied} --cacert cert https://other.test/page",
                            options=options)
        tap.equal(code, 60, out)
    code, out = box.run(f"{CURL} --noproxy '*' https://evil.test/", options=["--allow-net="])
    tap.equal(code, 6, out)


@jail_test
def web_sockets(box):
    """WebSocket through CONNECT, through the forwarded upgrade, and captured"""
    ways = {
        "connect": "s = socket.create_connection(('127.0.0.1', 3128)); "
                   "s.sendall(b'CONNECT web.test:80 HTTP/1.1\\r\\n\\r\\n'); "
                   "f = s.makefile('rwb'); assert b' 200 ' in f.readline(); f.readline(); "
                   "target = b'/socket'",
        "forward": "s = socket.create_connection(('127.0.0.1', 3128)); f = s.makefile('rwb'); "
                   "target = b'http://web.test/socket'",
        "captured": "s = socket.create_connection(('web.test', 80)); f = s.makefile('rwb'); "
                    "target = b'/socket'",
    }
    for way, opening in ways.items():
        out = inside(box, opening + """
f.write(b'GET ' + target + b' HTTP/1.1\\r\\nHost: web.test\\r\\nUpgrade: websocket\\r\\n'
        b'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n'
        b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n')
f.flush()
assert b' 101 ' in f.readline()
while f.readline() != b'\\r\\n':
    pass
f.write(bytes([0x81, 0x85, 1, 2, 3, 4]) + bytes(b ^ (i % 4 + 1) for i, b in enumerate(b'hello')))
f.flush()
print(f.read(7)[2:].decode())
""", [WEB])
        tap.equal(out, "hello\n", way)


@jail_test
def many_at_once(box):
    """200 connections at once all get their own bytes back, and none is left"""
    out = inside(box, """
import threading
bad = []
def one(i):
    s = socket.create_connection(("127.0.0.1", 3128), 60)
    f = s.makefile("rwb")
    f.write(b"CONNECT echo.test:80 HTTP/1.1\\r\\n\\r\\n")
    f.flush()
    if b" 200 " not in f.readline() or f.readline() != b"\\r\\n":
        bad.append(i)
        return
    gate.wait()
    mine = (b"%06d" % i) * 2000
    f.write(mine)
    f.flush()
    s.shutdown(socket.SHUT_WR)
    if f.read() != mine:
        bad.append(i)
gate = threading.Barrier(200)
threads = [threading.Thread(target=one, args=(i,)) for i in range(200)]
[t.start() for t in threads]
[t.join() for t in threads]
print("bad", bad)
""", [f"--allow-net=echo.test=127.0.0.1:{ECHO}", "--limit-processes=1000"])
    tap.equal(out, "bad []\n")


@jail_test
def nothing_leaks(box):
    """after a thousand connections the launcher holds as many descriptors as before"""
    job = box.popen(["/usr/bin/python3", "-uc", INSIDE + """
def some(n):
    for i in range(n):
        proxy(b"GET http://web.test/page HTTP/1.1")
        proxy(b"CONNECT evil.test:443 HTTP/1.1")
        socket.create_connection(("127.0.0.1", 3128)).close()
    print("made")
    sys.stdin.readline()
some(2)
some(330)
"""], [WEB], stdin=subprocess.PIPE)

    def settled(most):
        line = b""
        while line != b"made\n":
            line = job.stdout.readline()
        count = [0, 0]

        def steady():
            count[:] = len(os.listdir(f"/proc/{job.pid}/fd")), count[0]
            return count[0] == count[1] and count[0] <= most
        tap.until(steady, what=f"no more than {most} descriptors")
        job.stdin.write(b"\n")
        job.stdin.flush()
        return count[0]
    settled(settled(40))
    job.communicate(timeout=tap.PATIENCE_S)


@jail_test
def large_transfer(box):
    """100 MB arrive through the proxy as by the direct way"""
    need("curl")
    line = f"{CURL} -o /dev/null -w '%{{speed_download}} %{{size_download}}'"
    ways = {"direct": (["--allow-net=host"], f"http://127.0.0.1:{PORT}/big"),
            "proxy": ([WEB], "http://web.test/big"), "tunnel": ([WEB], "-p http://web.test/big")}
    rates = dict.fromkeys(ways, 0.0)
    for way, (options, url) in ways.items():
        code, out = box.run(f"{line} {url}", options=options)
        if way == "direct" and code == 4:
            tap.skip("the whole network cannot be given here")
        speed, size = out.split()
        tap.equal(int(size), BIG, way)
        rates[way] = float(speed) / 1e6
    print("# MB/s: " + ", ".join(f"{way} {rate:.0f}" for way, rate in rates.items()))


@jail_test
def whole_network_by_flag_alone(box):
    """the whole network: by the flag on the command line, from no variable"""
    need("curl")
    code, out = box.run("true", env={"SUNABA_ALLOW_NET": "host"})
    tap.equal(code, 2, out)
    code, out = box.run(f"{CURL} http://127.0.0.1:{PORT}/page", options=["--allow-net=host"])
    if code == 4:
        tap.contains(out, "--allow-net=HOST")
        tap.skip("no Landlock scopes here")
    tap.contains(out, "the page")
    with socket.socket(socket.AF_UNIX) as abstract:
        label = f"sunaba-host-{os.getpid()}"
        abstract.bind("\0" + label)
        abstract.listen()
        out = inside(box, f"print(name(socket.socket(socket.AF_UNIX).connect, '\\0{label}'))",
                     ["--allow-net=host"])
        tap.equal(out, "EPERM\n")


@jail_test
def entries_checked(box):
    """an entry that is no host is a usage error with a hint"""
    for entry in ("bad host", "*", "*.com", "http://a.com", "a.com/x", "a:99999", "a=b"):
        code, out = box.run("true", options=[f"--allow-net={entry}"])
        tap.equal(code, 2, f"{entry}: {out}")
        tap.contains(out, "HOST")


main()
