#!/usr/bin/env python3
"""The network of a session: off, /net, the question at the first contact, what the model reads."""
import http.server
import json
import os
import shutil
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
from run import Home  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import Tmux  # noqa: E402

if not shutil.which("curl"):
    print("1..1\nok 1 - the network of a session # SKIP curl is not installed")
    sys.exit(0)

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"
CURL = "curl -sS -m 20"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"the page\n")

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


PORT = serve()
ENTRY = f"web.test=127.0.0.1:{PORT}"


def task(home, *options, code):
    """A one-shot task with one shell step; the run, and the step's result as the model gets it."""
    model = home.script({"run": {"language": "shell", "code": code}}, {"say": "done"})
    done = run.sunaba(home, "-m", model, "-y", *options, "go")
    result = ""
    for path in home.sessions():
        with open(home.path(path), encoding="utf-8") as lines:
            result += "".join(m.get("text", "") for m in map(json.loads, lines)
                              if m["type"] == "tool")
    return done, result


def session(home, *words, **env):
    model = home.script({"say": "hello"})
    t = Tmux(home, ["-m", model, *words], env=env, columns=110)
    try:
        t.wait_for(PROMPT)
    except BaseException:
        t.__exit__()
        raise
    return t


@test
def listed_host_in_a_task():
    """a listed host is reached by name, another is refused with a line for user and model"""
    with Home() as home:
        done, result = task(home, f"--allow-net={ENTRY}",
                            code=f"{CURL} http://web.test/; {CURL} http://evil.test/x; true")
        equal(done.code, 0, done.err)
        contains(result, "the page")
        contains(result, "sandbox: host evil.test not allowed - /net allow evil.test")
        contains(done.err, "evil.test is not allowed")


@test
def off_in_a_task():
    """without the option nothing is reached, and the model is told so"""
    with Home() as home:
        done, result = task(home, code=f"{CURL} http://127.0.0.1:{PORT}/; {CURL} http://web.test/")
        equal(done.code, 0, done.err)
        contains(result, "[exit")
        absent(result, "the page")


@test
def nobody_to_ask():
    """--allow-net without a terminal refuses each host with its line"""
    with Home() as home:
        done, result = task(home, "--allow-net", code=f"{CURL} http://some.test/")
        equal(done.code, 0, done.err)
        contains(result, "sandbox: host some.test not allowed - /net allow some.test")


@test
def whole_network_only_by_the_flag():
    """the whole network: by the flag alone, never from a variable, a config or a project file"""
    with Home() as home:
        done = run.sunaba(home, "-m", "demo", "x", env={"SUNABA_ALLOW_NET": "host"})
        equal(done.code, 2, done.err)
        contains(done.err, "--allow-net=host")
        home.write("config/sunaba/config.yaml", "allow_net: [host]\n")
        done = run.sunaba(home, "-m", "demo", "x")
        equal(done.code, 2, done.err)
        home.write("config/sunaba/config.yaml", "")
        home.write("work/.sunaba.yaml", "allow_net: [host]\n")
        done, result = task(home, code=f"{CURL} http://127.0.0.1:{PORT}/")
        absent(result, "the page")
        done, result = task(home, "--allow-net=host", code=f"{CURL} http://127.0.0.1:{PORT}/")
        contains(result, "the page")
        contains(done.err, "--allow-net=host")


@test
def open_network_is_shown():
    """the whole network: banner, warning and each prompt say so; /net cannot hide it"""
    with Home() as home:
        t = Tmux(home, ["-m", home.script({"say": "hello"}), "--allow-net=host"], columns=110)
        with t:
            t.wait_for(r"^net=host> ?$")
            contains(t.screen(), "NETWORK OPEN")
            contains(t.screen(), "services of this machine included")
            t.line("/net off")
            t.wait_for("start again without it")
            t.line(f"!{CURL} --noproxy '*' http://127.0.0.1:{PORT}/")
            t.wait_for("the page")


@test
def slash_net():
    """/net shows, /net allow opens at once, /net off closes, a bad entry is refused"""
    with Home() as home, session(home) as t:
        t.line("/net")
        t.wait_for("network: off")
        t.line(f"/net allow {ENTRY}")
        t.wait_for("code may reach web.test")
        t.line(f"!{CURL} --noproxy '*' http://web.test/")
        t.wait_for("the page")
        t.line("/net")
        t.wait_for(r"network: these hosts\n\s+web.test")
        t.line("/net allow 'no host'")
        t.wait_for("no host")
        t.line("/net off")
        t.wait_for("network: off, connections are closed")
        t.line(f"!{CURL} --noproxy '*' http://web.test/ || echo closed-$((40+2))")
        t.wait_for("closed-42")
        t.line(f"/net allow {ENTRY}")
        t.wait_for(r"(?s)(code may reach web.test.*){2}")
        t.line("/restart")
        t.wait_for("starts afresh")
        t.line(f"!{CURL} http://web.test/ && echo again-$((40+2))")
        t.wait_for("again-42")


def ask_for(t, url, key):
    t.line(f"!{CURL} --noproxy '' {url} -o out; cat out; echo; echo end-$((40+2))")
    t.wait_for("wants to reach")
    t.press_until(key, lambda: "end-42" in t.screen(), "the step's end")
    return t.screen(history=True)


@test
def first_contact():
    """--allow-net asks at the first contact; no refuses, yes lets the address check decide"""
    for key, allowed in (("n", False), ("Enter", False), ("o", True), ("a", True)):
        with Home() as home, session(home, "--allow-net") as t:
            contains(t.screen(), "net: asks")
            seen = ask_for(t, f"http://localhost:{PORT}/", key)
            contains(seen, f"wants to reach localhost, port {PORT}")
            if allowed:
                contains(seen.replace("\n", ""), "it leads to")
            else:
                contains(seen.replace("\n", ""), f"/net allow localhost:{PORT}")


@test
def holds_for_the_step():
    """once and no hold for the step and not for the next one"""
    url = f"http://localhost:{PORT}/"
    for key in ("n", "o"):
        with Home() as home, session(home, "--allow-net") as t:
            t.line(f"!for i in 1 2 3; do {CURL} --noproxy '' {url} -o out; done; echo end-$((40+2))")
            t.wait_for("wants to reach")
            t.press_until(key, lambda: "end-42" in t.screen(), "the step's end")
            equal(t.screen(history=True).count("wants to reach"), 1, key)
            t.line(f"!{CURL} --noproxy '' {url} -o out; echo end-$((41+2))")
            tap.until(lambda: t.screen(history=True).count("wants to reach") == 2,
                      10 * run.SLOWER, "the question again")
            t.press_until("n", lambda: "end-43" in t.screen(), "the step's end")


@test
def own_service():
    """/net allow localhost:PORT leads to this machine's service, in the shell that runs"""
    ask = f"python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:{PORT}/\").status)'"
    with Home() as home, session(home) as t:
        t.line(f"!{ask} 2>&1 | tail -n 1; echo end-$((40+1))")
        t.wait_for("end-41")
        contains(t.screen(), "refused")
        t.line(f"/net allow localhost:{PORT}")
        t.wait_for(f"code may reach localhost:{PORT}")
        t.line(f"!{ask}; echo end-$((40+2))")
        t.wait_for("end-42")
        contains(t.screen(), "200")
        t.line("/net off")
        t.wait_for("network: off")
        t.line(f"!{ask} 2>&1 | tail -n 1; echo end-$((40+3))")
        t.wait_for("end-43")
        contains(t.screen().split("network: off")[-1], "refused")


@test
def japanese():
    """the question is Japanese where the user is"""
    with Home() as home, session(home, "--allow-net", LANG="ja_JP.UTF-8", LC_ALL="ja_JP.UTF-8") as t:
        t.line(f"!{CURL} --noproxy '' http://localhost:{PORT}/ -o out; echo end-$((40+2))")
        t.wait_for("接続しようとしています")
        t.wait_for("このステップだけ許可")
        t.press_until("n", lambda: "end-42" in t.screen(), "the step's end")


@test
def never_is_remembered():
    """never: the host is not asked about again"""
    with Home() as home, session(home, "--allow-net") as t:
        ask_for(t, f"http://localhost:{PORT}/", "v")
        t.keys("C-l")
        t.line(f"!{CURL} --noproxy '' http://localhost:{PORT}/; echo; echo over-$((40+2))")
        t.wait_for("over-42")
        equal(t.screen(history=True).count("wants to reach"), 1)


@test
def interrupt_is_no():
    """Ctrl-C at the question refuses the host and stops the step"""
    with Home() as home, session(home, "--allow-net") as t:
        t.line(f"!{CURL} --noproxy '' http://localhost:{PORT}/; sleep 100")
        t.wait_for("wants to reach")
        t.keys("C-c")
        tap.until(lambda: [x for x in t.screen().splitlines() if x.strip()][-1].strip() == ">",
                  10 * run.SLOWER, "the prompt")
        absent(t.screen(history=True), "the page")


tap.main()
