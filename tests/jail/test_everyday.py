#!/usr/bin/env python3
"""What must go on working inside the sandbox: everyday programs, as every identity."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main, need  # noqa: E402

GIT = "git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main"


def python(box, code, want):
    box.write(os.path.join(box.work, "prog.py"), code)
    tap.equal(box.ok("python3 prog.py").strip(), want)


@jail_test
def python_basics(box):
    """python: arithmetic, files, subprocess"""
    python(box, "import subprocess; print(6*7, subprocess.check_output(['echo', 'x']))",
           "42 b'x\\n'")


@jail_test
def pool(box):
    """multiprocessing Pool"""
    python(box, "import multiprocessing as m\nif __name__ == '__main__':\n"
                " with m.Pool(3) as p: print(sum(p.map(abs, range(100))))", "4950")


@jail_test
def manager(box):
    """multiprocessing Manager"""
    python(box, "import multiprocessing as m\nif __name__ == '__main__':\n"
                " with m.Manager() as g:\n  d = g.dict(); d['a'] = 1; print(dict(d))", "{'a': 1}")


@jail_test
def shared_memory(box):
    """multiprocessing shared_memory"""
    python(box, "from multiprocessing import shared_memory as s\n"
                "x = s.SharedMemory(create=True, size=100); x.buf[0] = 7\n"
                "y = s.SharedMemory(x.name); print(y.buf[0]); y.close(); x.close(); x.unlink()",
           "7")


@jail_test
def threads(box):
    """threads and subprocesses together"""
    python(box, "import concurrent.futures as c, subprocess as s\n"
                "with c.ThreadPoolExecutor(8) as p:\n"
                " print(sum(p.map(lambda i: int(s.check_output(['echo', str(i)])), range(20))))",
           "190")


@jail_test
def asyncio_subprocess(box):
    """asyncio subprocess"""
    python(box, "import asyncio\nasync def f():\n"
                " p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n"
                " print((await p.communicate())[0])\nasyncio.run(f())", "b'hi\\n'")


@jail_test
def http(box):
    """a server on localhost and a client"""
    # a bare system has no /etc/hosts to find "localhost" in
    python(box, "import http.server as h, threading as t, urllib.request as u, os\n"
                "name = 'localhost' if os.path.exists('/etc/hosts') else '127.0.0.1'\n"
                "class Q(h.SimpleHTTPRequestHandler):\n def log_message(self, *a): pass\n"
                "s = h.ThreadingHTTPServer(('127.0.0.1', 0), Q)\n"
                "t.Thread(target=s.serve_forever, daemon=True).start()\n"
                "open('page', 'w').write('hello')\n"
                "print(u.urlopen(f'http://{name}:{s.server_port}/page').read())", "b'hello'")


@jail_test
def unix_sockets(box):
    """unix sockets by path and by abstract name"""
    python(box, "import socket as s\nfor name in ('/tmp/sock', '\\0abstract', 'sock'):\n"
                " a = s.socket(s.AF_UNIX); a.bind(name); a.listen(); b = s.socket(s.AF_UNIX)\n"
                " b.connect(name); c, _ = a.accept(); b.send(b'x'); print(c.recv(1))\n"
                "import os; os.unlink('sock')", "b'x'\nb'x'\nb'x'")


@jail_test
def sqlite(box):
    """sqlite with a write-ahead log"""
    python(box, "import sqlite3, os\nd = sqlite3.connect('db')\n"
                "d.execute('pragma journal_mode=wal'); d.execute('create table t(a)')\n"
                "d.execute('insert into t values (5)'); d.commit()\n"
                "print(d.execute('select a from t').fetchone()); d.close(); os.unlink('db')",
           "(5,)")


@jail_test
def pty_spawn(box):
    """a pseudo terminal of its own"""
    python(box, "import pty, os\npid, fd = pty.fork()\nif pid == 0:\n os.execlp('tty', 'tty')\n"
                "print(os.read(fd, 100)); os.waitpid(pid, 0)", "b'/dev/pts/0\\r\\n'")


@jail_test
def mktemp(box):
    """mktemp, links, locks, caches in HOME"""
    box.ok("f=$(mktemp) && d=$(mktemp -d) && ln $f $d/hard && ln -s $f $d/soft && "
           "mkdir -p ~/.cache/x && echo 1 > ~/.cache/x/y")
    need("flock")
    box.ok("flock /tmp/lock true")


@jail_test
def shell(box):
    """shell: pipes, here documents, /dev/stdin, process substitution, scripts"""
    out = box.ok("cat <<X | tr a-z A-Z; diff <(echo 1) <(echo 1); echo y | cat /dev/stdin\nabc\nX")
    tap.equal(out, "ABC\ny\n")
    out = box.ok("printf '#!/bin/sh\\necho script\\n' > s.sh; chmod +x s.sh; ./s.sh; rm s.sh")
    tap.equal(out, "script\n")
    tap.equal(box.ok("(echo to-stderr > /dev/stderr) 2>&1 | cat; : > /dev/null"), "to-stderr\n")


@jail_test
def identity(box):
    """id, ps, hostname, nproc, df, free"""
    out = box.ok("id -un; ps -e -o pid= | wc -l; nproc")
    tap.equal(out.split()[0], box.name)
    tap.equal(box.ok("hostname").strip(), "sandbox")


@jail_test
def git(box):
    """git init, commit, status, log, branch"""
    need("git")
    out = box.ok(f"{GIT} init -q r && cd r && echo a > f && git add f && {GIT} commit -qm one "
                 "&& echo b >> f && git status --short && git log --oneline | wc -l && "
                 "git checkout -q -b topic && git stash -q 2>/dev/null; cd .. && rm -rf r")
    tap.equal(out.split(), ["M", "f", "1"])


@jail_test
def compiler(box):
    """gcc, and make with several jobs"""
    need("gcc", "make")
    box.write(os.path.join(box.work, "hi.c"), '#include <stdio.h>\nint main(void){puts("hi");}\n')
    box.write(os.path.join(box.work, "Makefile"),
              "all: a b c\n\t@./a\na b c: hi.c\n\t@gcc -o $@ $<\n")
    tap.equal(box.ok("make -s -j2 && rm a b c").strip(), "hi")


@jail_test
def sanitizer(box):
    """a program with the address sanitizer"""
    need("gcc")
    box.write(os.path.join(box.work, "hi.c"), '#include <stdio.h>\nint main(void){puts("hi");}\n')
    tap.equal(box.ok("gcc -fsanitize=address -o asan hi.c && ./asan && rm asan").strip(), "hi")


@jail_test
def lock_segments(box):
    """small SysV segments, which PostgreSQL locks its folder with"""
    python(box, "import ctypes as c\nl = c.CDLL(None)\n"
                "l.shmget.argtypes = [c.c_int, c.c_size_t, c.c_int]\n"
                "l.shmat.restype = c.c_void_p\n"
                "for size in (1, 56, 4096):\n i = l.shmget(0, size, 0o1600)\n"
                " p = l.shmat(i, None, 0)\n c.memset(p, 7, size)\nprint(c.string_at(p, 1))",
           "b'\\x07'")


@jail_test
def node(box):
    """node: child_process, WebAssembly, workers"""
    need("node")
    code = ("const c=require('child_process');console.log(String(c.execSync('echo kid')).trim());"
            "new WebAssembly.Memory({initial:10});const {Worker}=require('worker_threads');"
            "new Worker('require(\"worker_threads\").parentPort.postMessage(5)',{eval:true})"
            ".on('message',m=>console.log(m))")
    tap.equal(box.ok(["node", "-e", code]).split(), ["kid", "5"])


@jail_test
def perl(box):
    """perl, awk, sed, find, tar, gzip"""
    need("perl")
    out = box.ok("perl -e 'print 6*7, qq(\\n)'; echo a b | awk '{print $2}'; mkdir -p t/u; "
                 "echo z > t/u/f; tar czf t.tgz t && rm -r t && tar xzf t.tgz && cat t/u/f && "
                 "find t -type f | wc -l; rm -r t t.tgz")
    tap.equal(out.split(), ["42", "b", "z", "1"])


@jail_test
def big_output(box):
    """20 MB of output, and a reader that goes away"""
    tap.equal(len(box.ok("head -c 20971520 /dev/zero | tr '\\0' a")), 20971520)
    tap.equal(box.ok("yes | head -3"), "y\ny\ny\n")


@jail_test
def timers(box):
    """timeout, nohup, nice, time zones, Japanese file names"""
    out = box.ok("timeout 5 echo in-time; nohup echo hup 2>/dev/null; nice echo nice; "
                 "echo 砂場 > 砂場.txt; cat 砂*; rm 砂*; TZ=Asia/Tokyo date +%z")
    tap.equal(out.split(), ["in-time", "hup", "nice", "砂場", "+0900"])


@jail_test
def venv(box):
    """a virtual environment"""
    need("python3")
    code, out = box.run("python3 -m venv --without-pip v && v/bin/python -c 'import sys; "
                        "print(sys.prefix)' && rm -r v")
    tap.equal((code, out.strip()), (0, os.path.join(box.work, "v")))


main()
