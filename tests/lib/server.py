"""A model server for tests: OpenAI-compatible and Ollama's own API on one loopback port.

A Server is given replies, one for each chat request in order; the last one may be repeated for
ever. A reply is a function of an Exchange: it sends what the case wants and nothing else, so a
cut, a stall or garbage is as easy as an answer. Waiting is done on conditions (wait_requests, gates
given to text()), never by sleeping. Every request is recorded.
"""
import http.server
import json
import socket
import socketserver
import struct
import threading
import time

GRACE_S = 60.0  # no wait of a test is longer


class Request:
    """One request as it came: method, path, headers (lower-case names), body, json, at."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.body, self.at = method, path, body, time.monotonic()
        self.headers = {name.lower(): value for name, value in headers.items()}
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    @property
    def chat(self):
        return self.method == "POST" and not self.path.startswith("/api/show")

    def messages(self, role=None):
        found = (self.json or {}).get("messages", [])
        return [m for m in found if role is None or m.get("role") == role]

    def words(self, role=None):
        """All text of the messages of a role, joined."""
        out = []
        for message in self.messages(role):
            content = message.get("content")
            if isinstance(content, list):
                content = "".join(part.get("text", "") for part in content)
            out.append(content or "")
        return "\n".join(out)


class Exchange:
    """One request being answered, handed to a reply."""

    def __init__(self, server, handler, request):
        self.server, self.handler, self.request = server, handler, request
        self.ollama = request.path.startswith("/api/")

    def raw(self, data):
        self.handler.wfile.write(data)

    def whole(self, code, headers, body):
        """A complete response with a length."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        lines = [f"HTTP/1.1 {code} Test", f"Content-Length: {len(body)}"]
        headers = {"Content-Type": "application/json", **headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def begin(self):
        kind = "application/x-ndjson" if self.ollama else "text/event-stream"
        self.raw(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n".encode())

    def chunk(self, data):
        self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def delta(self, delta, finish=None):
        event = {"id": "c1", "object": "chat.completion.chunk", "model": "test",
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def text(self, text):
        if self.ollama:
            line = {"model": "test", "message": {"role": "assistant", "content": text},
                    "done": False}
            self.chunk(json.dumps(line).encode() + b"\n")
        else:
            self.delta({"content": text})

    def call_head(self, index, name):
        self.delta({"tool_calls": [{"index": index, "id": f"call_{self.server.call_id()}",
                                    "type": "function",
                                    "function": {"name": name, "arguments": ""}}]})

    def call_part(self, index, part):
        self.delta({"tool_calls": [{"index": index, "function": {"arguments": part}}]})

    def call(self, index, name, args, size=7):
        """A tool call; its arguments in pieces of `size` characters."""
        if self.ollama:
            line = {"model": "test", "done": False, "message": {
                "role": "assistant", "content": "",
                "tool_calls": [{"function": {"index": index, "name": name,
                                             "arguments": args}}]}}
            self.chunk(json.dumps(line).encode() + b"\n")
            return
        self.call_head(index, name)
        blob = json.dumps(args, ensure_ascii=False)
        for at in range(0, len(blob), size):
            self.call_part(index, blob[at:at + size])

    def end(self, calls=False, usage=True):
        if self.ollama:
            line = {"model": "test", "message": {"role": "assistant", "content": ""},
                    "done": True, "done_reason": "stop", "prompt_eval_count": 11,
                    "eval_count": 7}
            self.chunk(json.dumps(line).encode() + b"\n")
        else:
            self.delta({}, "tool_calls" if calls else "stop")
            if usage:
                self.chunk(b'data: {"choices":[],"usage":{"prompt_tokens":11,'
                           b'"completion_tokens":7,"total_tokens":18}}\n\n')
            self.chunk(b"data: [DONE]\n\n")
        self.raw(b"0\r\n\r\n")

    def reset(self):
        """Ends the connection with RST."""
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                           struct.pack("ii", 1, 0))
        self.drop()

    def drop(self):
        """Ends the connection with a clean FIN, wherever the response is."""
        self.handler.close_connection = True
        fd = self.handler.connection.detach()
        if fd >= 0:
            socket.close(fd)

    def stall(self):
        """Sends nothing more until the test is over or the client is gone."""
        self.server.stalled.set()
        self.server.over.wait(4 * GRACE_S)
        self.drop()


# ---- replies ------------------------------------------------------------------------------

def text(*pieces, gates=None):
    """An answer; piece i is sent once gates[i] (a threading.Event) is set."""
    def reply(exchange):
        exchange.begin()
        for number, piece in enumerate(pieces):
            gate = (gates or {}).get(number)
            if gate and not gate.wait(GRACE_S):
                raise TimeoutError(f"gate {number} was never opened")
            exchange.text(piece)
        exchange.end()
    return reply


def run(code, language="shell", before="", gate=None):
    """Text, then a call of `execute`; `code` may be a list: several calls."""
    codes = code if isinstance(code, list) else [code]
    def reply(exchange):
        exchange.begin()
        if before:
            exchange.text(before)
        if gate and not gate.wait(GRACE_S):
            raise TimeoutError("the gate was never opened")
        for number, one in enumerate(codes):
            exchange.call(number, "execute", {"language": language, "code": one})
        exchange.end(calls=True)
    return reply


def status(code, body, **headers):
    """An HTTP error; header names are written with underscores."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    def reply(exchange):
        exchange.whole(code, named, body if isinstance(body, (bytes, dict)) else body.encode())
    return reply


def error(code, message, **headers):
    return status(code, {"error": {"message": message, "type": "test", "code": None}}, **headers)


def cut(*pieces, fin=False):
    """Begins an answer and loses the connection, by RST or by a clean FIN."""
    def reply(exchange):
        exchange.begin()
        for piece in pieces:
            exchange.text(piece)
        if fin:
            exchange.raw(b"0\r\n\r\n")
        (exchange.drop if fin else exchange.reset)()
    return reply


def cut_call(code, language="shell", before="", fin=False):
    """Begins a call and loses the connection in the middle of its arguments: what was sent of
    the code is itself runnable, so that running half a call leaves a trace."""
    def reply(exchange):
        exchange.begin()
        if before:
            exchange.text(before)
        exchange.call_head(0, "execute")
        blob = json.dumps({"language": language, "code": code})
        exchange.call_part(0, blob[:-2])
        (exchange.drop if fin else exchange.reset)()
    return reply


def stall(*pieces, headers=True):
    """Sends the pieces, or with headers=False nothing at all, and then falls silent."""
    def reply(exchange):
        if headers:
            exchange.begin()
            for piece in pieces:
                exchange.text(piece)
        exchange.stall()
    return reply


def then(hook, reply):
    """Calls hook(request) before the reply: a look at the world while the program waits."""
    def hooked(exchange):
        exchange.server.guarded(hook, exchange.request)
        reply(exchange)
    return hooked


def garbage(data=b"\x00\xff<html>\r\n\x1b]0;pwned\x07"):
    def reply(exchange):
        exchange.raw(data)
        exchange.drop()
    return reply


# ---- the server ---------------------------------------------------------------------------

class _Http(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # a client that goes away is part of many tests


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        owner = self.server.owner
        owner.answer(Exchange(owner, self, Request(self.command, self.path, self.headers,
                                                   body)))

    do_GET = do_POST = _any

    def log_message(self, *args):
        pass


class Server:
    """`with Server(reply, …) as s`: s.env holds the variables that lead a program to it."""

    def __init__(self, *replies, forever=None, capabilities=("completion", "tools")):
        self.replies, self.forever = list(replies), forever
        self.capabilities = list(capabilities)
        self.requests, self.failures = [], []
        self.over, self.stalled = threading.Event(), threading.Event()
        self.changed = threading.Condition()
        self._calls = 0
        self.http = _Http(("127.0.0.1", 0), _Handler)
        self.http.owner = self
        self.port = self.http.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}/v1"
        self.env = {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "sk-test-0123456789abcdef",
                    "OLLAMA_HOST": self.host}
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        if kind is None and self.failures:
            raise self.failures[0]

    def call_id(self):
        with self.changed:
            self._calls += 1
            return self._calls

    def guarded(self, function, *args):
        """Runs a test's hook; what it raises fails the test when the server is left."""
        try:
            function(*args)
        except Exception as problem:  # handed on to the test's own thread
            self.failures.append(problem)

    def chats(self):
        """The chat requests so far."""
        with self.changed:
            return [r for r in self.requests if r.chat]

    def wait_requests(self, number, seconds=GRACE_S):
        """Waits until so many chat requests have come; returns them."""
        with self.changed:
            good = self.changed.wait_for(
                lambda: sum(r.chat for r in self.requests) >= number, seconds)
        if not good:
            raise AssertionError(f"{len(self.chats())} of {number} requests in {seconds} s")
        return self.chats()

    def answer(self, exchange):
        request = exchange.request
        with self.changed:
            self.requests.append(request)
            reply = None
            if request.chat:
                reply = self.replies.pop(0) if self.replies else self.forever
            self.changed.notify_all()
        if reply:
            reply(exchange)
        elif request.chat:
            exchange.whole(500, {}, {"error": {"message": "the test expected no more requests"}})
        else:
            self.about(exchange, request.path.split("?")[0])

    def about(self, exchange, path):
        """What servers tell of themselves."""
        model = {"name": "test:latest", "model": "test:latest", "size": 1, "details": {}}
        pages = {
            "/v1/models": {"object": "list", "data": [{"id": "test", "object": "model"}]},
            "/api/version": {"version": "0.9.0"},
            "/api/tags": {"models": [model]},
            "/api/ps": {"models": []},
            "/api/show": {"capabilities": self.capabilities, "parameters": "",
                          "model_info": {"llama.context_length": 32768}, "details": {}},
        }
        page = pages.get(path)
        exchange.whole(200 if page else 404, {}, page or {"error": {"message": "not found"}})


def closed_port(host="127.0.0.1"):
    """A port on which nothing listens."""
    with socket.socket() as s:
        s.bind((host, 0))
        return s.getsockname()[1]
