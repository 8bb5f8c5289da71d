#!/usr/bin/env python3
"""Against servers of others: aimock, the real llama-server, recorded streams (`make check-peers`).

The servers' start scripts are found in $SUNABA_SHARED/peers and install into $PEERS_HOME; what is
not there is skipped. Each server is started on a port of its own and ended by its pid."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba  # noqa: E402
from tap import contains, equal, skip, test, until  # noqa: E402
from tmux import Tmux  # noqa: E402

SHARED = os.environ.get("SUNABA_SHARED") or os.path.join(run.ROOT, "../shared")
PEERS = os.path.join(SHARED, "peers")
PEERS_HOME = os.environ.get("PEERS_HOME") or os.path.expanduser("~/.cache/sunaba-peers")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    """A server of others, up while the block runs."""

    def __init__(self, script, *args, needs=None, health="/", **env):
        path = os.path.join(PEERS, script)
        if not os.path.exists(path):
            skip(f"no {script} in {PEERS}")
        if needs and not os.path.exists(os.path.join(PEERS_HOME, needs)):
            skip(f"{needs} is not in PEERS_HOME ({PEERS_HOME})")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            ["bash", path, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            env=dict(os.environ, PORT=str(self.port), PEERS_HOME=PEERS_HOME, **env))
        run._ours.add(self.process.pid)
        self.health = health

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def __enter__(self):
        until(lambda: self.get(self.health)[0] in (200, 404), 60, "the server's start")
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def aimock():
    return Peer("aimock.sh", needs="mocks/node_modules/@copilotkit/aimock")


def llama():
    return Peer("llama-server.sh", "-a", "agent", "--temp", "0", health="/health", CTX="16384",
                needs="llama.cpp-bundle/build/bin/llama-server")


def replay():
    return Peer("replay.sh")


def openai(peer):
    return {"OPENAI_BASE_URL": peer.url + "/v1", "OPENAI_API_KEY": "sk-test"}


@test
def aimock_task():
    """aimock: a task, its step, its answer; the key goes out as a bearer"""
    with Home() as home, aimock() as peer:
        home.write("work/notes.txt", "one two three\n")
        done = sunaba(home, "-y", "count the words in notes.txt", env=openai(peer))
        exits(done, 0)
        contains(done.out, "fallback answer")
        done = sunaba(home, "-y", "run tool", env=openai(peer))
        exits(done, 0)
        contains(done.out, "The tool printed hi.")
        sent = json.loads(peer.get("/__aimock/journal")[1])
        results = [m for entry in sent for m in entry["body"].get("messages", [])
                   if m["role"] == "tool"]
        contains(results[0]["content"], "hi\n", "the step's result")


@test
def aimock_two_calls():
    """aimock: two calls of one reply both run, in order"""
    with Home() as home, aimock() as peer:
        done = sunaba(home, "-y", "--max-steps", "2", "two tools", env=openai(peer))
        exits(done, 6)
        contains(done.err, "step 1 · shell")
        contains(done.err, "step 2 · python")


@test
def aimock_weather():
    """aimock: rate limit with Retry-After, overload, truncation, a context that overflows"""
    with Home() as home, aimock() as peer:
        for words, code, text in (("overloaded", 3, "Overloaded"), ("truncate", 3, "broke"),
                                  ("drop midway", 3, "broke"), ("ctx overflow", 3, "9001")):
            done = sunaba(home, "-y", words, env=openai(peer), seconds=60)
            exits(done, code)
            contains(done.err, text, words)


@test
def llama_tool():
    """llama-server: a real server's tool call runs, its result goes back, the answer is shown"""
    with Home() as home, llama() as peer:
        done = sunaba(home, "-y", "[[tool]] count the words in notes.txt",
                      env={"OPENAI_BASE_URL": peer.url + "/v1"}, seconds=60)
        exits(done, 0)
        contains(done.err, "from-llama-server")
        contains(done.out, "The tool said: done!")


@test
def llama_without_v1():
    """llama-server: an address without /v1 works too"""
    with Home() as home, llama() as peer:
        done = sunaba(home, "hello", env={"OPENAI_BASE_URL": peer.url}, seconds=60)
        exits(done, 0)
        contains(done.out, "scripted GGUF")


@test
def llama_interrupt():
    """llama-server: Ctrl-C in an endless stream ends it, and the server's slot is free again"""
    with Home() as home, llama() as peer:
        running = run.Running(home, "[[long]]", env={"OPENAI_BASE_URL": peer.url + "/v1"})
        running.wait_for("tick", seconds=60)
        running.signal(signal.SIGINT)
        exits(running.wait(2), 130)
        until(lambda: not any(slot["is_processing"]
                              for slot in json.loads(peer.get("/slots")[1])), 5, "a free slot")


@test
def llama_in_a_terminal():
    """llama-server in tmux: the question is answered by a key"""
    with Home() as home, llama() as peer:
        env = {"OPENAI_BASE_URL": peer.url + "/v1"}
        with Tmux(home, ["[[tool]] go"], env) as t:
            t.wait_for("echo from-llama-server", 60)
            t.press_until("y", lambda: "The tool said" in t.screen(history=True), "the answer")
            until(lambda: home.there("code"), 10, "the end")
            equal(home.read("code").strip(), "0")


@test
def recorded_ollama():
    """recorded streams: Ollama's own wire, whole, split and cut"""
    with Home() as home, replay() as peer:
        env = {"OLLAMA_HOST": peer.url}
        done = sunaba(home, "-m", "ollama:ollama/chat-text", "hello", env=env)
        exits(done, 0)
        whole = done.out
        done = sunaba(home, "-m", "ollama:ollama/chat-text;split=1", "hello", env=env)
        exits(done, 0)
        equal(done.out, whole, "one byte at a time")
        done = sunaba(home, "-m", "ollama:ollama/chat-error-mid", "hello", env=env)
        exits(done, 3)


@test
def recorded_openai():
    """recorded streams: compatible servers' dialects, whole and in single bytes"""
    names = ("deepseek/chat_deepseek-text", "groq/groq-reasoning", "mistral/mistral-text",
             "openai-compatible/chat_xai-text")
    with Home() as home, replay() as peer:
        for name in names:
            done = sunaba(home, "-m", f"openai:{name}", "hello", env=openai(peer))
            exits(done, 0)
            if not done.out.strip():
                raise AssertionError(f"{name}: no text; {done}")
            for options in (";split=1", ";eol=crlf", ";comment;bom", ";gzip", ";nodone"):
                again = sunaba(home, "-m", f"openai:{name}{options}", "hello", env=openai(peer))
                exits(again, 0)
                equal(again.out, done.out, name + options)


tap.main()
