"""L1 to L28: what must go on working, and what was added to them. A row is a shell command and
what it must print; HELD here means that it works."""
import os
import re
import subprocess

import tap
from scene import need
from table import attack

# A bare system may have no name for itself.
LOCALHOST = "localhost" if os.path.exists("/etc/hosts") else "127.0.0.1"

GIT = "git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main"
PYTHON = "/usr/bin/python3 - <<'END'\n{}\nEND"


def works(number, title, command, want, programs=(), options=(), counts=True, slow=False):
    @attack(number, "everyday", title, counts=counts, slow=slow)
    def run(s):
        need(*programs)
        s.workspace()
        code, text = s.run(["bash", "-c", command], options)
        if code != 0 or not re.search(want, text, re.S):
            return f"exit {code}: {text[-300:]!r}"
        return None
    return run


def python(number, title, code, want, **more):
    return works(number, title, PYTHON.format(code), want, **more)


@attack("L1", "everyday", "write into the workspace")
def writes(s):
    s.workspace()
    s.run(["sh", "-c", "mkdir -p d && echo text > d/f && mv d/f g && echo more >> g"])
    return s.in_work("g") != "text\nmore\n" and s.output


@attack("L2", "everyday", "exit code")
def exit_code(s):
    codes = [s.run(["sh", "-c", c])[0] for c in ("exit 7", "kill -TERM $$", "true")]
    return codes != [7, 143, 0] and str(codes)


@attack("L3", "everyday", "standard input")
def standard_input(s):
    job = s.popen(["cat"], stdin=subprocess.PIPE)
    out, _ = job.communicate("日本語\n".encode() * 1000, 30)
    return out != "日本語\n".encode() * 1000 and repr(out[:100])


python("L4", "python", "import json, urllib.request, ssl; print(6*7, json.dumps({'a': 1}))",
       "42 ")
python("L5", "multiprocessing Pool", "import multiprocessing as m\nwith m.Pool(3) as p:\n"
       " print(sum(p.map(abs, range(100))))", "4950")
python("L6", "multiprocessing Manager", "import multiprocessing as m\nwith m.Manager() as g:\n"
       " d = g.dict(); d['a'] = 1; print(dict(d))", "'a': 1")
python("L7", "multiprocessing shared_memory", "from multiprocessing import shared_memory as s\n"
       "x = s.SharedMemory(create=True, size=100); x.buf[0] = 7\n"
       "y = s.SharedMemory(x.name); print('got', y.buf[0]); y.close(); x.close(); x.unlink()",
       "got 7")
python("L8", "threads and subprocesses", "import concurrent.futures as c, subprocess as s\n"
       "with c.ThreadPoolExecutor(8) as p:\n"
       " print(sum(p.map(lambda i: int(s.check_output(['echo', str(i)])), range(20))))", "190")
python("L9", "asyncio subprocess", "import asyncio\nasync def f():\n"
       " p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n"
       " print((await p.communicate())[0])\nasyncio.run(f())", "hi")
python("L10", "a server on localhost", "import http.server as h, threading as t\n"
       "import urllib.request as u\n"
       "class Q(h.SimpleHTTPRequestHandler):\n def log_message(self, *a): pass\n"
       "s = h.ThreadingHTTPServer(('127.0.0.1', 0), Q)\n"
       "t.Thread(target=s.serve_forever, daemon=True).start()\n"
       f"print(u.urlopen(f'http://{LOCALHOST}:{{s.server_port}}/file').read())", "mine")
python("L11", "unix sockets", "import socket as s, os\n"
       "for name in (f'/tmp/sock{os.getpid()}', '\\0abstract', 'sock'):\n"
       " a = s.socket(s.AF_UNIX); a.bind(name); a.listen(); b = s.socket(s.AF_UNIX)\n"
       " b.connect(name); c, _ = a.accept(); b.send(b'x'); print(c.recv(1))\n"
       " name[0] == '/' and os.unlink(name)", "(b'x'\\s*){3}")
python("L12", "sqlite with a write-ahead log", "import sqlite3\nd = sqlite3.connect('db')\n"
       "d.execute('pragma journal_mode=wal'); d.execute('create table t(a)')\n"
       "d.execute('insert into t values (5)'); d.commit()\n"
       "print(d.execute('select a from t').fetchall())", r"\(5,\)")
works("L13", "mktemp", "f=$(mktemp) && d=$(mktemp -d) && echo x > $f && cp $f $d && ls $d",
      "tmp")
works("L14", "git status", f"{GIT} status && echo done", "done", ["git"])
works("L15", "git commit", f"{GIT} add file && {GIT} commit -qm one && {GIT} log --oneline",
      "one", ["git"])
works("L16", "git init", f"mkdir n && cd n && {GIT} init -q && echo a > a && {GIT} add a && "
      f"{GIT} commit -qm two && {GIT} log --oneline", "two", ["git"])
works("L17", "gcc", "echo 'int main(void) { return 5; }' > a.c && gcc -o a a.c && ./a; "
      "echo code $?", "code 5", ["gcc"])
works("L18", "node", "node -e 'console.log(6*7)'", "42", ["node"])
works("L19", "node child_process", "node -e \"console.log(String(require('child_process')"
      ".execSync('echo kid')))\"", "kid", ["node"])
python("L20", "pty.spawn", "import pty, os\n"
       "print(pty.spawn(['sh', '-c', 'test -t 0 && echo terminal']))", "terminal")
works("L21", "ps", "ps aux | head -5 && ps -ef | wc -l", "PID", ["ps"])
works("L22", "id, whoami", "id && whoami", "uid=")


@attack("L23", "everyday", "strace (opt-in)")
def strace(s):
    need("strace")
    shown = subprocess.run([s.box.program, "sandbox", "--help"], stdout=subprocess.PIPE,
                           check=False).stdout.decode()
    opt_in = re.search(r"--(debug-tools|(allow-)?(debug|ptrace))\b", shown)
    code, text = s.run(["strace", "-f", "-e", "trace=execve", "true"],
                       [opt_in.group(0)] if opt_in else [])
    return (code != 0 or "execve" not in text) and \
        f"{opt_in and opt_in.group(0)}: exit {code}: {text[-200:]!r}"


works("L24", "links and flock", "ln file hard && ln -s file soft && flock file cat soft hard && "
      "rm hard soft", "mine")
works("L25", "caches in HOME", "mkdir -p ~/.cache/x ~/.config/y && echo kept > ~/.cache/x/f && "
      "cat ~/.cache/x/f && cd && pwd", "kept")


@attack("L26", "everyday", "20 MB of output")
def output(s):
    job = s.popen(["sh", "-c", "head -c 20971520 /dev/zero | tr '\\0' a"])
    size = len(job.communicate(timeout=60)[0])
    return size != 20971520 and f"{size} bytes"


works("L27", "scripts", "printf '#!/bin/sh\\necho script $1\\n' > s && chmod +x s && ./s one && "
      "printf '#!/usr/bin/env python3\\nprint(7)\\n' > p && chmod 755 p && ./p", "script one\n7")
works("L28", "make -j2", "printf 'all: a b\\na b:\\n\\techo $@ > $@\\n' > Makefile && "
      "make -j2 && cat a b", "a\nb", ["make"])

# ---- beyond the list --------------------------------------------------------------------------

works("L29", "an ASan binary", "printf '#include <stdlib.h>\\nint main(void) { char *p = malloc(9)"
      "; p[8] = 1; free(p); return 5; }' > a.c && gcc -fsanitize=address -o a a.c && ./a; "
      "echo code $?", "code 5", ["gcc"], counts=False)
works("L30", "WebAssembly in node", "node -e \"const b = new Uint8Array([0,97,115,109,1,0,0,0,1,"
      "5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,6,1,4,0,65,42,11]);"
      "new WebAssembly.Memory({initial: 100, maximum: 60000});"
      "WebAssembly.instantiate(b).then(m => console.log(m.instance.exports.f()))\"", "42",
      ["node"], counts=False)


def initdb_path():
    for top in ("/usr/lib/postgresql", "/usr/local/pgsql"):
        for folder, _, names in os.walk(top):
            if "initdb" in names:
                return os.path.join(folder, "initdb")
    return "/usr/local/bin/initdb" if os.path.exists("/usr/local/bin/initdb") else None


@attack("L31", "everyday", "Postgres: initdb, start, a query", counts=False, slow=True)
def postgres(s):
    initdb = initdb_path()
    if not initdb:
        tap.skip("postgresql is not installed")
    if s.uid == 0:
        tap.skip("postgres refuses to run as root")
    s.workspace()
    folder = os.path.dirname(initdb)
    _, text = s.run(["bash", "-c", f"export PATH={folder}:$PATH && initdb -D db -A trust >/dev/null "
                     "&& pg_ctl -D db -o '-k /tmp' -w start >/dev/null && "
                     "psql -h /tmp -At -c 'select 6*7' postgres; pg_ctl -D db -m fast stop"])
    return "42" not in text.split() and text[-300:]


@attack("L32", "everyday", "git commit in a linked worktree", counts=False)
def linked_worktree(s):
    need("git")
    s.workspace()
    main = s.work
    if subprocess.run(f"cd {main} && {GIT} add file && {GIT} commit -qm one && "
                      f"{GIT} worktree add -q {main}x -b side", shell=True, check=False,
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                      env=dict(s.box.env()), **s.box.as_user()).returncode != 0:
        return "the worktree was not made"
    try:
        s.work = main + "x"
        _, text = s.run(["bash", "-c", f"echo x > g && {GIT} add g && {GIT} commit -qm three && "
                         f"{GIT} log --oneline"])
        return "three" not in text and text[-300:]
    finally:
        s.drop_workspace()
        s.work = main


works("L33", "go build", "printf 'package main\\nfunc main() { println(6*7) }\\n' > m.go && "
      "go build -o m m.go && ./m", "42", ["go"], counts=False, slow=True)


@attack("L34", "everyday", "cargo build", counts=False, slow=True)
def cargo(s):
    need("cargo")
    s.workspace(**{"Cargo.toml": "[package]\nname = \"a\"\nversion = \"0.1.0\"\n",
                   "src/main.rs": "fn main() { println!(\"{}\", 6 * 7); }\n"})
    _, text = s.run(["bash", "-c", "cargo -q build --offline && target/debug/a"])
    return "42" not in text and text[-300:]
