#!/usr/bin/env python3
"""Bad weather in steps: rows W12 to W15, W17, W18, W23 of the weather table. The rows of the steps
table are in test_steps.py, test_steps_hostile.py and test_steps_replies.py."""
import os
import re
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, start, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402

MEMORY_LIMIT = 20 * 1024 * 1024  # bytes of the agent, W12
WORDS_LIMIT = 64 * 1024          # bytes of a result that the model is shown


def results(request):
    """The tool results of a request, in order."""
    return [m["content"] for m in request.messages("tool")]


def steps(*codes, language="shell", seconds=60.0):
    """Runs one step per reply, then an answer; returns the results as the model got them."""
    replies = [srv.run(code, language) for code in codes] + [srv.text("The end.")]
    with Home() as home, Server(*replies) as s:
        done = task(home, s, "go", "-y", *run.trusted(), seconds=seconds)
        exits(done, 0)
        run.all_gone(2)
        got = results(s.chats()[-1])
        equal(len(got), len(codes), "results")
        return got


# ---- W12: a flood -----------------------------------------------------------------------------

@test
def w12_fifty_megabytes():
    """W12: 50 MB of output: agent under 20 MB, first and last part to the model, whole in a file"""
    code = "echo FIRST-LINE; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo LAST-LINE"
    seen = {}

    def look(request):
        seen["memory"] = running.memory_peak()
        seen["result"] = results(request)[0]
        seen["whole"] = [name for name in home.files()
                         if os.path.getsize(home.path(name)) >= 50_000_000]

    with Home() as home, Server(srv.run(code), srv.then(look, srv.text("The end."))) as s:
        running = start(home, s, "go", "-y")
        exits(running.wait(60), 0)
    contains(seen["result"], "FIRST-LINE", "first part")
    contains(seen["result"], "LAST-LINE", "last part")
    if len(seen["result"]) > WORDS_LIMIT:
        raise AssertionError(f"{len(seen['result'])} bytes to the model")
    if not seen["whole"]:
        raise AssertionError(f"no file holds the whole; {seen['result'][:600]!r}")
    if seen["memory"] > MEMORY_LIMIT and not run.ASAN:
        raise AssertionError(f"the agent took {seen['memory'] / 1e6:.1f} MB")
    if len(running.err) + len(running.out) > 1_000_000:
        raise AssertionError(f"{len(running.err) + len(running.out)} bytes echoed to the user")


@test
def w12_the_model_can_page():
    """W12: the file that holds the whole can be read in the next step"""
    def page(exchange):
        result = results(exchange.request)[0]
        paths = re.findall(r"/[^]\s'\"]+", result)
        tests = "\n".join(f"[ -f '{p}' ] && wc -c < '{p}'" for p in paths[-20:])
        srv.run(tests + "\ntrue")(exchange)
    with Home() as home, Server(srv.run("seq 1 200000"), page, srv.text("end")) as s:
        exits(task(home, s, "go", "-y", *run.trusted()), 0)
        result = results(s.chats()[-1])[1]
        size = sum(len(str(n)) + 1 for n in range(1, 200001))
        contains(result, str(size), f"the size of the whole; {results(s.chats()[-1])[0][:300]}")


@test
def w12_one_long_line():
    """W12: one 3 MB line without an end is cut, not kept"""
    got = steps("head -c 3000000 /dev/zero | tr '\\0' y", "echo next")
    if len(got[0]) > WORDS_LIMIT:
        raise AssertionError(f"{len(got[0])} bytes to the model")
    contains(got[1], "next", "the next step")


@test
def w12_endless():
    """W12: `yes` without an end is stopped by the step's time, memory bounded"""
    with Home() as home:
        seen = {}

        def look(request):
            seen["memory"] = running.memory_peak()
            seen["result"] = results(request)[0]

        with Server(srv.run("yes"), srv.then(look, srv.text("The end."))) as s:
            running = start(home, s, "go", "-y", "--step-timeout", "1")
            exits(running.wait(60), 0)
        if seen["memory"] > MEMORY_LIMIT and not run.ASAN:
            raise AssertionError(f"the agent took {seen['memory'] / 1e6:.1f} MB")
        if len(seen["result"]) > WORDS_LIMIT:
            raise AssertionError(f"{len(seen['result'])} bytes to the model")
        if not re.search(r"tim", seen["result"]):
            raise AssertionError(f"the limit is not named: {seen['result'][:300]!r}")


# ---- W13: no text -----------------------------------------------------------------------------

@test
def w13_random_bytes():
    """W13: random bytes in output are kept, made safe, and the request stays valid JSON"""
    got = steps("head -c 4096 /dev/urandom; echo; echo KEPT-LINE",
                "printf 'a\\377\\376\\000b\\033[31mred\\033[0m\\n'")
    contains(got[0], "KEPT-LINE", "text after the noise")
    absent(got[1], "\x1b", "escape to the model")
    contains(got[1], "red", "text between escapes")


# ---- W14: nothing to read ---------------------------------------------------------------------

@test
def w14_standard_input_is_empty():
    """W14: code that reads standard input gets end of file, in shell and python"""
    got = steps("cat; read x; echo status $?; echo after")
    contains(got[0], "status 1", "read at end of file")
    contains(got[0], "after", "the code behind")
    got = steps("try:\n    input()\nexcept EOFError:\n    print('end of ' + 'file')",
                language="python")
    contains(got[0], "end of file", "input()")


# ---- W15: in the background -------------------------------------------------------------------

@test
def w15_background_process():
    """W15: `sleep 300 &` in a step: the step ends at once, the process dies with the session"""
    with Home() as home, Server(srv.run("sleep 300 & echo started"), srv.text("end")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        first, second = s.chats()
        if second.at - first.at > 5 * run.SLOWER:
            raise AssertionError(f"the step took {second.at - first.at:.1f} s")
        contains(results(second)[0], "started", "output")
        run.all_gone(2)


@test
def w15_daemon():
    """W15, S6: a double-forked daemon that left its session dies with it"""
    code = ("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
            "        open('daemon', 'w').close()\n        time.sleep(300)\n    os._exit(0)\n"
            "os.wait()\nwhile not os.path.exists('daemon'): pass\nprint('forked')")
    got = steps(code, language="python")
    contains(got[0], "forked", "output")
    absent(got[0], "driver.py", "traces of our own driver in the output")


# ---- W17: secrets -----------------------------------------------------------------------------

SECRETS = {"OPENAI_API_KEY": "sk-secret-AAAA1111", "AWS_SECRET_ACCESS_KEY": "aws-BBBB2222",
           "GITHUB_TOKEN": "ghp-CCCC3333", "MY_PASSWORD": "pw-DDDD4444",
           "ANTHROPIC_API_KEY": "sk-ant-EEEE5555", "DATABASE_URL": "postgres://FFFF6666"}


@test
def w17_no_secret_is_visible():
    """W17: code sees none of the environment's secrets, not in any process it can see"""
    code = ("env; for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $f; done 2>/dev/null;"
            " set; echo LOOKED")
    with Home() as home, Server(srv.run(code), srv.text("end")) as s:
        exits(task(home, s, "go", "-y", env=SECRETS), 0)
        result = results(s.chats()[1])[0]
        contains(result, "LOOKED", "the step ran")
        for name, value in SECRETS.items():
            absent(result, value, name)
        absent(result, home.path("config"), "the user's own folders")


def holds(pid, needle):
    """Whether a process's environment or writable memory holds the bytes."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as f:
            if needle in f.read():
                return True
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
            maps = [line.split() for line in f]
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
            for row in maps:
                low, high = (int(x, 16) for x in row[0].split("-"))
                if row[1].startswith("rw") and high - low < 256 << 20:
                    mem.seek(low)
                    try:
                        if needle in mem.read(high - low):
                            return True
                    except OSError:
                        continue
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return False
    return False


@test
def w17_no_key_in_the_jail():
    """W17: the provider's key is in no process but the agent (environment and memory searched)"""
    needle = b"sk-secret-AAAA1111"
    with Home() as home, Server(srv.run("echo > begun; sleep 300")) as s:
        running = start(home, s, "go", "-y", env=SECRETS)
        try:
            tap.until(lambda: home.there("work/begun"), 20 * run.SLOWER, "the step")
            jail = [pid for pid in run.descendants(running.pid)]
            if not jail:
                raise AssertionError("no process of the jail was found")
            guilty = [f"{pid} {run.command(pid)}" for pid in jail if holds(pid, needle)]
            equal(guilty, [], "processes that hold the key")
        finally:
            running.stop()
        run.all_gone(2)


# ---- W18: the walls ---------------------------------------------------------------------------

@test
def w18_no_write_outside():
    """W18: a step cannot write outside the workspace"""
    with Home() as home:
        outside = home.write("outside/file", "untouched\n", 0o666)
        os.chmod(os.path.dirname(outside), 0o777)
        bashrc = home.write("home/.bashrc", "# mine\n")
        code = (f"echo changed > {outside}; echo new > {os.path.dirname(outside)}/new;"
                f"echo changed >> {bashrc}; echo inside > inside; echo TRIED")
        with Server(srv.run(code), srv.text("end")) as s:
            exits(task(home, s, "go", "-y"), 0)
            contains(results(s.chats()[1])[0], "TRIED", "the step ran")
        equal(home.read("outside/file"), "untouched\n", "the file outside")
        equal(os.listdir(os.path.dirname(outside)), ["file"], "the folder outside")
        equal(home.read("home/.bashrc"), "# mine\n", "~/.bashrc")
        equal(home.read("work/inside"), "inside\n", "the file inside")


@test
def w18_no_loopback_service():
    """W18: a step cannot reach a service on loopback, nor the model's own server"""
    with socket.socket() as listener, Home() as home:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        listener.setblocking(False)
        port = listener.getsockname()[1]
        with Server() as s:
            code = "\n".join(f"(exec 3<>/dev/tcp/127.0.0.1/{p}) 2>&1 && echo REACHED"
                             for p in (port, s.port)) + "\necho TRIED"
            s.replies = [srv.run(code), srv.text("end")]
            exits(task(home, s, "go", "-y"), 0)
            result = results(s.chats()[1])[0]
        contains(result, "TRIED", "the step ran")
        absent(result, "REACHED", "a loopback service")
        try:
            listener.accept()
            raise AssertionError("the listener was reached")
        except BlockingIOError:
            pass


# ---- W23: every byte --------------------------------------------------------------------------

@test
def w23_short_commands():
    """W23: the output of 1,000 short commands, none lost, in order"""
    number, batch = (100 if run.ASAN else 1000), 50  # calls of one reply
    replies = [srv.run([f"echo n{i}" for i in range(at, at + batch)])
               for at in range(0, number, batch)]
    with Home() as home, Server(*replies, srv.text("end")) as s:
        exits(task(home, s, "go", "-y", *run.trusted(), "--max-steps", "0", "--context",
                   "2000000", seconds=120), 0)
        got = results(s.chats()[-1])
        equal(len(got), number, "results")
        lost = [i for i, text in enumerate(got) if not re.search(rf"^n{i}$", text, re.M)]
        equal(lost, [], "steps that lost their output")


@test
def w23_last_words():
    """W23: output right before the interpreter's own end is not lost"""
    lost = 0
    with Home() as home:
        number = 10 if run.ASAN else 40
        replies = [srv.run(f"echo words{i}; exit {i % 5}") for i in range(number)]
        with Server(*replies, srv.text("end")) as s:
            exits(task(home, s, "go", "-y", *run.trusted(), "--max-steps", "0",
                       seconds=120), 0)
            got = results(s.chats()[-1])
            equal(len(got), number, "results")
            lost = [i for i, text in enumerate(got) if f"words{i}" not in text]
    equal(lost, [], "steps that lost their last words")


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
