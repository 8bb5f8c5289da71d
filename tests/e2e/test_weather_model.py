#!/usr/bin/env python3
"""Bad weather between the program and its model: rows W1 to W6, W24 of the weather table.

Times are upper limits that the table states; they are polled or measured, never slept."""
import os
import re
import shutil
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, Running, exits, start, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, skip, test  # noqa: E402
from terminal import Terminal  # noqa: E402

KEY = "sk-test-0123456789abcdef"


def within(done, seconds):
    if done.seconds > seconds * run.SLOWER:
        raise AssertionError(f"took {done.seconds:.2f} s, at most {seconds} s; {done}")


def own_address():
    """An address of this machine that is not loopback, found without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            address = s.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") or address == "192.0.2.1" else address


# ---- W1: nobody answers -----------------------------------------------------------------------

@test
def w1_local_server_not_running():
    """W1: a local server that is not running is told at once, with the command that starts it"""
    with Home() as home:
        port = srv.closed_port()
        done = sunaba(home, "-m", "ollama:llama3", "hello",
                      env={"OLLAMA_HOST": f"127.0.0.1:{port}"})
        exits(done, 3)
        within(done, 2.0)
        contains(done.err, "ollama serve", "the command that starts it")
        contains(done.err, str(port), "the address")
        equal(done.out, "", "standard output")


@test
def w1_local_openai_server_not_running():
    """W1: an OpenAI-compatible local server that is not running: exit 3 at once, address named"""
    with Home() as home:
        port = srv.closed_port()
        done = sunaba(home, "-m", "openai:test", "hello",
                      env={"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
                           "OPENAI_API_KEY": KEY})
        exits(done, 3)
        within(done, 2.0)
        contains(done.err, f"127.0.0.1:{port}", "the address")


@test
def w1_refused_elsewhere():
    """W1: a refused connection is tried again, each try announced, exit 3 within 10 s"""
    address = own_address()
    if not address:
        skip("this machine has no address but loopback")
    with Home() as home:
        port = srv.closed_port(address)
        done = sunaba(home, "-m", "openai:test", "hello",
                      env={"OPENAI_BASE_URL": f"http://{address}:{port}/v1",
                           "OPENAI_API_KEY": KEY})
        exits(done, 3)
        within(done, 10.0)
        contains(done.err, str(port), "the address")
        if not re.search(r"again|retry", done.err):
            raise AssertionError(f"no try announced: {done}")


# ---- W2: no entry -----------------------------------------------------------------------------

@test
def w2_unauthorized():
    """W2: 401 costs one request and under 0.5 s, and names the variable and the server"""
    best = None
    for _ in range(3):  # the limit is for a quiet machine: the best of three
        with Home() as home, Server(forever=srv.error(401, "Incorrect API key")) as s:
            done = task(home, s, "hello")
            exits(done, 3)
            equal(len(s.chats()), 1, "requests")
            contains(done.err, "OPENAI_API_KEY", "the variable")
            contains(done.err, s.host, "the server")
            contains(done.err, "Incorrect API key", "the server's words")
            absent(done.err, KEY, "the key itself")
            absent(done.err, "[object", "an object as text")
            best = min(best or done.seconds, done.seconds)
    if best > 0.5 * run.SLOWER:
        raise AssertionError(f"took {best:.2f} s")


# ---- W3: the server is ill --------------------------------------------------------------------

@test
def w3_server_error_for_ever():
    """W3: 500 for ever: at most 3 requests, exit 3, the server's own words"""
    with Home() as home, Server(forever=srv.error(500, "the flux capacitor melted")) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        if not 1 <= len(s.chats()) <= 3:
            raise AssertionError(f"{len(s.chats())} requests")
        contains(done.err, "the flux capacitor melted", "the server's words")
        contains(done.err, "500", "the status")
        within(done, 10.0)


@test
def w3_server_error_once():
    """W3: one 500 is got over"""
    with Home() as home, Server(srv.error(500, "hiccup"), srv.text("fine now")) as s:
        done = task(home, s, "hello")
        exits(done, 0)
        equal(done.out.strip(), "fine now", "answer")


@test
def w3_html_error_page():
    """W3: a 502 with an HTML page shows its status and no markup storm"""
    page = srv.status(502, "<html><head><title>Bad gateway</title></head>" + "<p>x</p>\n" * 500,
                      Content_Type="text/html")
    with Home() as home, Server(forever=page) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        contains(done.err, "502", "the status")
        if len(done.err) > 4000:
            raise AssertionError(f"{len(done.err)} bytes of error")


@test
def w3_ollama_missing_model():
    """W3: Ollama without the model: exit 3, and how to pull it"""
    missing = srv.status(404, {"error": "model 'nope' not found"})
    with Home() as home, Server(forever=missing) as s:
        done = sunaba(home, "-m", "ollama:nope", "hello", env=s.env)
        exits(done, 3)
        contains(done.err, "ollama pull nope", "the remedy")


# ---- W4: not so fast --------------------------------------------------------------------------

@test
def w4_retry_after():
    """W4: 429 with Retry-After: 1 waits that long, says so, and goes on"""
    with Home() as home, Server(srv.error(429, "slow down", Retry_After=1),
                                srv.text("here you are")) as s:
        done = task(home, s, "hello")
        exits(done, 0)
        equal(done.out.strip(), "here you are", "answer")
        first, second = s.chats()
        wait = second.at - first.at
        if not 1.0 <= wait <= 4.0 * run.SLOWER:
            raise AssertionError(f"waited {wait:.2f} s")
        if not re.search(r"\b[12] s\b", done.err):
            raise AssertionError(f"no countdown: {done}")


@test
def w4_quota_is_not_retried():
    """W4: 429 insufficient_quota costs one request"""
    body = {"error": {"message": "You exceeded your current quota",
                      "type": "insufficient_quota", "code": "insufficient_quota"}}
    with Home() as home, Server(forever=srv.status(429, body)) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        equal(len(s.chats()), 1, "requests")
        contains(done.err, "exceeded your current quota", "the server's words")


@test
def w4_interrupt_ends_the_wait():
    """W4: SIGINT ends a wait that the server asked for"""
    with Home() as home, Server(forever=srv.error(429, "slow down", Retry_After=30)) as s:
        running = start(home, s, "hello")
        s.wait_requests(1)
        running.wait_for("30 s", 2) if "30 s" in running.err else None
        tap.until(lambda: running.err, 10, "a word about the wait")
        running.signal(signal.SIGINT)
        exits(running.wait(2), 130)


# ---- W5: the line breaks ----------------------------------------------------------------------

def _cut_once(fin):
    whole = "The first half, and the second half."
    with Home() as home, Server(srv.cut("The first ", "half, ", fin=fin),
                                srv.text(whole)) as s:
        done = task(home, s, "hello")
        exits(done, 0)
        equal(len(s.chats()), 2, "requests")
        equal(done.out.strip(), whole, "the answer, exactly once")


@test
def w5_reset_in_text():
    """W5: a stream reset in the middle of text: the answer stands there once"""
    _cut_once(fin=False)


@test
def w5_clean_end_in_text():
    """W5: a stream that ends without its terminator: the answer stands there once"""
    _cut_once(fin=True)


def _cut_call(fin):
    code = "echo run >> trace"
    with Home() as home, Server(srv.cut_call(code, before="Let me see. ", fin=fin),
                                srv.run(code, before="Let me see. "),
                                srv.text("All done.")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        equal(home.read("work/trace"), "run\n", "the step ran exactly once")
        equal(len(s.chats()), 3, "requests")
        equal(done.out.count("Let me see."), 1, "the text is not repeated")
        contains(done.out, "All done.", "answer")


@test
def w5_reset_in_call():
    """W5: a stream reset inside a call: no half call is run, the step runs once"""
    _cut_call(fin=False)


@test
def w5_clean_end_in_call():
    """W5: a stream that ends inside a call: no half call is run, the step runs once"""
    _cut_call(fin=True)


@test
def w5_cut_after_a_step():
    """W5: a cut in the answer after a step does not run the step again"""
    with Home() as home, Server(srv.run("echo run >> trace"), srv.cut("Half an ans"),
                                srv.text("Half an answer is whole.")) as s:
        done = task(home, s, "go", "-y")
        exits(done, 0)
        equal(home.read("work/trace"), "run\n", "the step ran exactly once")
        equal(done.out.count("Half an ans"), 1, "text repeated")
        contains(done.out, "Half an answer is whole.", "answer")


@test
def w5_cut_for_ever():
    """W5: a stream cut every time ends with exit 3 after a few tries"""
    with Home() as home, Server(forever=srv.cut("The same ", "half")) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        if len(s.chats()) > 5:
            raise AssertionError(f"{len(s.chats())} requests")
        within(done, 30)


@test
def w5_empty_response():
    """W5: a 200 with an empty stream is a failure of the server, not an empty answer"""
    with Home() as home, Server(forever=srv.cut(fin=True)) as s:
        exits(task(home, s, "hello"), 3)


@test
def w5_garbage():
    """W5: a server that talks nonsense: exit 3, its bytes made safe"""
    with Home() as home, Server(forever=srv.garbage()) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        absent(done.err, "\x1b", "escape on standard error")


@test
def w5_error_in_the_stream():
    """W5: an error object inside a 200 stream: exit 3, the server's words"""
    def reply(exchange):
        exchange.begin()
        exchange.chunk(b'data: {"error":{"message":"GPU fell over","code":500}}\n\n')
        exchange.raw(b"0\r\n\r\n")
    with Home() as home, Server(forever=reply) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        contains(done.err, "GPU fell over", "the server's words")


# ---- W6: the user has had enough --------------------------------------------------------------

def _interrupted(reply, number, code, ready=None, words=("-y",)):
    with Home() as home, Server(reply) as s:
        running = start(home, s, "go", *words)
        if ready:
            tap.until(lambda: ready(home, running), 20 * run.SLOWER, "the moment to interrupt")
        else:
            s.wait_requests(1)
            if not s.stalled.wait(20):
                raise AssertionError("the server never came to its silence")
        running.signal(number)
        exits(running.wait(3), code)
        run.all_gone(2)
        return running


@test
def w6_interrupt_before_headers():
    """W6: SIGINT while the server is silent: 130, no process left"""
    _interrupted(srv.stall(headers=False), signal.SIGINT, 130)


@test
def w6_interrupt_in_text():
    """W6: SIGINT in the middle of text: 130, no process left, the text so far kept"""
    with Home() as home, Server(srv.stall("so far ")) as s:
        running = start(home, s, "go")
        running.wait_for("so far")
        running.signal(signal.SIGINT)
        exits(running.wait(3), 130)
        run.all_gone(2)
        contains(running.out, "so far", "text")


@test
def w6_interrupt_in_step():
    """W6: SIGINT during a step: 130, the step's children dead"""
    _interrupted(srv.run("sleep 300 & echo here > begun; sleep 300"), signal.SIGINT, 130,
                 lambda home, _: home.there("work/begun"))


@test
def w6_interrupt_in_python_step():
    """W6: SIGINT during a python step that ignores it: 130, nothing left"""
    code = ("import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "open('begun', 'w').close()\ntime.sleep(300)")
    _interrupted(srv.run(code, "python"), signal.SIGINT, 130,
                 lambda home, _: home.there("work/begun"))


@test
def w6_control_c_in_step():
    """W6: Ctrl-C typed at a terminal during a step of a one-shot task: 130, nothing left"""
    with Home() as home, Server(srv.run("echo > begun; sleep 300"), srv.text("end")) as s, \
            Terminal(home, "-m", "openai:test", "-y", "go", env=s.env) as t:
        tap.until(lambda: home.there("work/begun"), 20 * run.SLOWER, "the step")
        t.send("\x03")
        exits(t.wait(5), 130)
        absent(t.text, "gone", "a broken sandbox")
        run.all_gone(2)


@test
def w6_interrupt_as_a_step_starts():
    """W6: SIGINT while the interpreter is being started is no failure to start it"""
    with Home() as home, Server(srv.run("sleep 300", "python"), srv.text("end")) as s:
        running = start(home, s, "go", "-y")
        running.wait_for("step 1", stream=2)
        running.signal(signal.SIGINT)
        running.wait(5)
        exits(running, 130)
        absent(running.err, "could not be started", "standard error")
        run.all_gone(2)


@test
def w6_terminate_in_step():
    """W6: SIGTERM during a step: 143, the step's children dead"""
    _interrupted(srv.run("(trap '' TERM; echo > begun; sleep 300)"), signal.SIGTERM, 143,
                 lambda home, _: home.there("work/begun"))


@test
def w6_hangup_while_waiting():
    """W6: SIGTERM while the server is silent: 143"""
    _interrupted(srv.stall(headers=False), signal.SIGTERM, 143)


@test
def w6_killed_in_step():
    """W6: kill -9 of the agent during a step leaves no process"""
    with Home() as home, Server(srv.run("setsid sleep 300 & echo > begun; sleep 300")) as s:
        running = start(home, s, "go", "-y")
        tap.until(lambda: home.there("work/begun"), 20 * run.SLOWER, "the step")
        running.signal(signal.SIGKILL)
        running.wait(3)
        run.all_gone(2)


# ---- W24: nobody else is asked ----------------------------------------------------------------

@test
def w24_only_the_model_is_reached():
    """W24: no connection but to the model's host, no name looked up"""
    if not shutil.which("strace"):
        skip("strace is not installed")
    if run.ASAN:
        skip("the leak checker does not work under strace")
    with Home() as home, Server(srv.run("echo hello"), srv.text("done")) as s:
        log = home.path("tmp", "net")
        done = Running(home, "-f", "-o", log, "-e", "trace=connect,sendto,sendmsg", run.SUNABA,
                       "-m", "openai:test", "-y", "go", env=s.env,
                       program=shutil.which("strace")).wait(60)
        text = home.read("tmp/net")
        if "Operation not permitted" in done.err:
            skip("strace may not trace here")
        exits(done, 0)
        inet = [line for line in text.splitlines() if "sin_port" in line or "sin6_port" in line]
        others = [line for line in inet if f"sin_port=htons({s.port})" not in line]
        equal(others, [], "connections to others")
        if not inet and "connect(" in text and os.getuid() != 0:
            skip("the agent's memory is closed to strace unless it is root's")
        if not inet:
            raise AssertionError("the log does not even show the model's connection")


# ---- the other wire ---------------------------------------------------------------------------

@test
def ollama_wire():
    """a step and an answer over Ollama's own API"""
    with Home() as home, Server(srv.run("echo from-ollama > trace"), srv.text("done ", "so")) as s:
        done = sunaba(home, "-m", "ollama:test", "-y", "go", env=s.env)
        exits(done, 0)
        equal(home.read("work/trace"), "from-ollama\n", "the step")
        equal(done.out.strip().splitlines()[-1], "done so", "answer")


@test
def first_request_is_small():
    """the first request is at most 6 KB before the user's words"""
    words = "QQQQ the user's words QQQQ"
    with Home() as home, Server(srv.text("ok")) as s:
        exits(task(home, s, words), 0)
        size = len(s.chats()[0].body) - len(words)
        if size > 6 * 1024:
            raise AssertionError(f"{size} bytes")


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
