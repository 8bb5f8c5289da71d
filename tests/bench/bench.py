#!/usr/bin/env python3
"""Measures what the design promises, each figure beside a baseline in the same run.

Runs of the program and of its baseline are interleaved, so that a busy machine hurts both; the
table shows medians, tenth percentiles and the ratio of the medians. Goals are printed beside;
nothing fails here. On a busy machine `chrt -r 5 python3 tests/bench/bench.py` (as root) keeps
others out of the way. Words on the command line choose among the groups; -n sets the runs."""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
import run  # noqa: E402
from run import SUNABA, Home  # noqa: E402

PROMPT = ">"  # nothing before it holds one
MB = 1024 * 1024


class Tools:
    """The small C programs that serve and launch, built into a folder of their own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sunaba-bench-")
        for name in ("server", "launch"):
            subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2",
                            "-o", self.path(name), os.path.join(HERE, name + ".c"),
                            "-lpthread", "-lutil"], check=True)
        self.home = Home()

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.home.__exit__()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)


class Served:
    """A server at work; `lines` are what it printed: (nanoseconds, bytes) of each request."""

    def __init__(self, tools, first, last, steps=1, pace_us=0):
        self.process = subprocess.Popen([tools.path("server"), first, last, str(steps),
                                         str(pace_us)], stdout=subprocess.PIPE, text=True)
        run._ours.add(self.process.pid)
        self.port = int(self.process.stdout.readline())
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()
        self.env = tools_env(tools, self.port)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(tuple(int(x) for x in line.split()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        run._ours.discard(self.process.pid)


def tools_env(tools, port):
    env = tools.home.env(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", OPENAI_API_KEY="k")
    del env["SUNABA_PROBE"]  # its cost is part of the figures
    return env


# ---- what the server says ---------------------------------------------------------------------

def event(delta, finish=None):
    return "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "model": "b",
                                  "choices": [{"index": 0, "delta": delta,
                                               "finish_reason": finish}]}) + "\n\n"


def says(*pieces):
    return "".join(event({"content": p}) for p in pieces) + event({}, "stop") + \
        'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9}}\n\n' \
        "data: [DONE]\n\n"


def calls(code):
    args = json.dumps({"language": "shell", "code": code})
    call = {"index": 0, "id": "call_1", "type": "function",
            "function": {"name": "execute", "arguments": args}}
    return event({"role": "assistant", "content": "I will look. "}) + \
        event({"tool_calls": [call]}) + event({}, "tool_calls") + "data: [DONE]\n\n"


def long_answer(size):
    """Markdown of about `size` bytes: headings, prose, lists, code."""
    out, number = [], 0
    while sum(map(len, out)) < size:
        number += 1
        out.append(f"## Heading {number}\n\nA paragraph with **bold** words, `code` and enough "
                   f"text to be wrapped once or twice on a terminal of eighty columns.\n\n"
                   f"- first point of {number}\n- second point\n- third point\n\n"
                   f"```python\nfor i in range({number}):\n    print(i, 'line of code')\n```\n\n"
                   f"More prose follows the code, 日本語の文も少し入っています。\n\n")
    return "".join(out)


# ---- measuring --------------------------------------------------------------------------------

def launch(tools, words, env=None, stdin=subprocess.DEVNULL, cwd=None):
    """One run: {wall, cpu (ms), memory (MB), code, bytes}."""
    done = subprocess.run([tools.path("launch"), *words], env=env or tools.home.env(),
                          stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          cwd=cwd or tools.home.work, check=False, text=True)
    return figures(done.stdout.splitlines()[-1])


def figures(line):
    wall, user, system, memory, code, *rest = (int(x) for x in line.split())
    return {"wall": wall / 1000, "cpu": (user + system) / 1000, "memory": memory / 1024,
            "code": code, "bytes": rest[0] if rest else None}


def interleaved(number, *makers):
    """Calls the makers in turn, `number` rounds after one to warm up; lists of results."""
    got = [[] for _ in makers]
    for turn in range(number + 1):
        for slot, make in zip(got, makers):
            result = make()
            if turn:
                slot.append(result)
    return got


def tree(pid):
    found, front = [pid], [pid]
    while front:
        parent = front.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as f:
                    kids = [int(x) for x in f.read().split()]
                found += kids
                front += kids
        except OSError:
            continue
    return found


def pss(pid):
    """Proportional memory of a tree now, in MB."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1))
        except (OSError, AttributeError):
            continue
    return total / 1024


def rss(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            return int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M).group(1)) / 1024
    except (OSError, AttributeError):
        return 0.0


def cpu_ticks(pid):
    """CPU time of a tree so far, in ms."""
    total = 0
    for one in tree(pid):
        try:
            with open(f"/proc/{one}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0]) / 1e6
        except OSError:
            continue
    return total


def sampled(words, env, cwd, watch):
    """Runs a program and calls watch(pid) again and again while it runs; exit code."""
    process = subprocess.Popen(words, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        watch(process.pid)
        time.sleep(0.001)
    return process.returncode


def spread(values):
    values = sorted(values)
    return statistics.median(values), values[len(values) // 10]


def row(what, mine, base=None, unit="ms", goal="", base_name=""):
    """A line of the table; mine and base are lists or single figures."""
    mine = mine if isinstance(mine, list) else [mine]
    middle, low = spread(mine)
    text = f"{what:44} {middle:9.2f} {low:9.2f} {unit:5}"
    if base:
        base = base if isinstance(base, list) else [base]
        other, other_low = spread(base)
        ratio = f"{middle / other:6.2f}x" if other else ""
        text += f" {other:9.2f} {other_low:9.2f} {ratio:>8} {base_name:22}"
    else:
        text += " " * 52
    print(f"{text} {goal}", flush=True)


def good(runs, code=0):
    """Complains about runs that did not end as they should: their figures mean nothing."""
    bad = [r["code"] for r in runs if r["code"] != code]
    if bad:
        print(f"    !! {len(bad)} of {len(runs)} runs ended with {sorted(set(bad))}")
    return runs


def column(runs, name):
    return [r[name] for r in runs]


# ---- the groups -------------------------------------------------------------------------------

def bench_start(tools, number):
    """--version and sandbox beside /bin/true."""
    mine, jail, base = interleaved(
        number, lambda: launch(tools, [SUNABA, "--version"]),
        lambda: launch(tools, [SUNABA, "sandbox", "--", "/bin/true"]),
        lambda: launch(tools, ["/bin/true"]))
    good(mine + jail)
    row("--version, wall", column(mine, "wall"), column(base, "wall"), base_name="/bin/true",
        goal="goal +1.5 ms")
    row("--version, CPU", column(mine, "cpu"), column(base, "cpu"), base_name="/bin/true")
    row("--version, memory", column(mine, "memory"), column(base, "memory"), "MB", "goal 4",
        "/bin/true")
    row("sandbox -- true, wall", column(jail, "wall"), column(base, "wall"),
        base_name="/bin/true")


def bench_size(tools, _):
    """Both programs without symbols."""
    size = 0
    for path in (SUNABA, run.AGENT):
        shutil.copy(path, tools.path("stripped"))
        subprocess.run(["strip", tools.path("stripped")], check=True)
        size += os.path.getsize(tools.path("stripped"))
    row("both programs, stripped", size / MB, unit="MB", goal="goal 2")


def bench_prompt(tools, number):
    """A session until its prompt, beside bash until its own; idle at the prompt."""
    folder = tools.home.write("bash/rc", "PS1='> '\n")
    script = tools.home.script({"say": "nothing"})

    def ready(words):
        process = subprocess.Popen([tools.path("launch"), "-t", PROMPT, *words],
                                   env=tools_env(tools, 1), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, cwd=tools.home.work, text=True)
        head = process.stdout.readline().split()
        if len(head) < 3:
            raise SystemExit(f"no prompt: {words}")
        end = process.communicate("\n", timeout=20)[0]
        return {"ready": int(head[1]) / 1000, **figures(end.splitlines()[-1])}

    mine, base = interleaved(max(3, number // 3), lambda: ready([SUNABA, "-m", script]),
                             lambda: ready(["bash", "--rcfile", folder, "-i"]))
    good(mine)
    row("prompt ready", column(mine, "ready"), column(base, "ready"), goal="goal 30",
        base_name="bash -i")
    row("a session that is left at once, CPU", column(mine, "cpu"), column(base, "cpu"),
        base_name="bash -i")
    process = subprocess.Popen([tools.path("launch"), "-t", PROMPT, SUNABA, "-m", script],
                               env=tools_env(tools, 1), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, cwd=tools.home.work, text=True)
    pid = int(process.stdout.readline().split()[2])
    time.sleep(1)  # what is set up behind the prompt is not idling
    before = cpu_ticks(pid)
    time.sleep(5)
    row("idle at the prompt for 5 s, CPU of the tree", cpu_ticks(pid) - before, goal="goal 0")
    row("idle at the prompt, memory of the agent", rss(pid), unit="MB", goal="goal 20 (RSS)")
    row("idle at the prompt, memory of the tree", pss(pid), unit="MB", goal="(PSS)")
    process.communicate("\n", timeout=20)


def bench_oneshot(tools, number):
    """A task with a step and an answer, beside curl making the same two requests."""
    first = tools.write("first", calls("echo hi"))
    last = tools.write("last", says("It says ", "hi.\n"))
    words = [SUNABA, "-m", "openai:bench", "-y", "say hi in the shell"]
    with Served(tools, first, last) as s:
        launch(tools, words, s.env)
        size = s.lines[0][1] - len(words[-1]) if s.lines else 0
        curl = ["curl", "-sN", "-o", "/dev/null", "-H", "Content-Type: application/json"]
        url = f"http://127.0.0.1:{s.port}/v1/chat/completions"
        curl = curl + ["-d", "@" + first + ".body", url, "--next"] + curl[1:] + \
            ["-d", "@" + last + ".body", url]
        mine, base = interleaved(number, lambda: launch(tools, words, s.env),
                                 lambda: launch(tools, curl, s.env))
        good(mine)
        row("one-shot task with a step, wall", column(mine, "wall"), column(base, "wall"),
            goal="goal 40", base_name="curl, same 2 requests")
        row("one-shot task with a step, CPU", column(mine, "cpu"), column(base, "cpu"),
            goal="goal 25", base_name="curl")
        row("its largest process", column(mine, "memory"), column(base, "memory"), "MB",
            base_name="curl")
        row("first request before the user's words", size / 1024, unit="KB", goal="goal 6")
    slow = tools.write("slow", calls("echo hi; sleep 0.3"))
    peaks = []
    with Served(tools, slow, last) as s:
        for _ in range(5):
            seen = [0.0]
            sampled(words, s.env, tools.home.work,
                    lambda pid: seen.append(max(seen.pop(), pss(pid))))
            peaks.append(seen[0])
    row("one-shot task with a step, memory of the tree", peaks, unit="MB", goal="goal 15 (PSS)")


def bench_step(tools, number):
    """Further steps: many in one run and none, beside bash started for each."""
    count = 50
    turns = [{"run": {"language": "shell", "code": f"echo n{i}"}} for i in range(count)]
    many = tools.home.write("many.json", json.dumps(turns + [{"say": "end"}]))
    one = tools.home.write("one.json", json.dumps(turns[:1] + [{"say": "end"}]))
    none = tools.home.write("none.json", json.dumps([{"say": "end"}]))
    options = ["-y", *run.trusted(), "--max-steps", "0", "go"]
    full, single, empty, base = interleaved(
        max(3, number // 4),
        lambda: launch(tools, [SUNABA, "-m", "script:" + many, *options]),
        lambda: launch(tools, [SUNABA, "-m", "script:" + one, *options]),
        lambda: launch(tools, [SUNABA, "-m", "script:" + none, *options]),
        lambda: launch(tools, ["bash", "-c", ":"]))
    good(full + single + empty)
    further = [(f["wall"] - o["wall"]) / (count - 1) for f, o in zip(full, single)]
    row("a further step in the shell, round trip", further, column(base, "wall"),
        goal="goal 1", base_name="bash -c :")
    row("the first step of a run", [o["wall"] - e["wall"] for o, e in zip(single, empty)],
        column(base, "wall"), base_name="bash -c :")
    row("a run without steps (script model)", column(empty, "wall"), column(base, "wall"),
        base_name="bash -c :")


def bench_stream(tools, number):
    """200 KB of answer to a terminal, as fast as it comes and paced, beside `cat`."""
    text = long_answer(200 * 1024)
    source = tools.write("answer.md", text)
    last = tools.write("long", says(*[text[i:i + 24] for i in range(0, len(text), 24)]))
    size = len(text.encode())
    for pace, name in ((0, "at once"), (100, "paced")):
        with Served(tools, last, last, 1, pace) as s:
            words = ["-t", "-", SUNABA, "-m", "openai:bench", "write much"]
            peaks = []
            mine, base = interleaved(
                max(3, number // 10), lambda: launch(tools, words, s.env, subprocess.PIPE),
                lambda: launch(tools, ["-t", "-", "cat", source], None, subprocess.PIPE))
            good(mine)
            sampled(["sh", "-c", f"exec {SUNABA} -m openai:bench write"], s.env,
                    tools.home.work, lambda pid: peaks.append(rss(pid)))
            row(f"200 KB answer {name}, CPU", column(mine, "cpu"), column(base, "cpu"),
                goal="goal 500", base_name="cat")
            row(f"200 KB answer {name}, wall", column(mine, "wall"), column(base, "wall"),
                base_name="cat")
            row(f"200 KB answer {name}, bytes per byte",
                [r["bytes"] / size for r in mine], [r["bytes"] / size for r in base], "",
                "goal 1.5", "cat")
            row(f"200 KB answer {name}, memory", column(mine, "memory"), column(base, "memory"),
                "MB", "goal 25", "cat")
            row(f"200 KB answer {name} to a pipe, memory", max(peaks or [0]), unit="MB")


def bench_turns(tools, _):
    """A thousand turns in one run: growth, and the cost of the first and last hundred."""
    count = 1000
    with Served(tools, tools.write("turn", calls("echo $((i += 1))")),
                tools.write("last", says("end\n")), count) as s:
        memory = {}

        def watch(pid):
            for at in (100, count):
                if len(s.lines) >= at:
                    memory.setdefault(at, rss(pid))

        code = sampled([SUNABA, "-m", "openai:bench", "-y", *run.trusted(), "--max-steps", "0",
                        "--context", "10000000", "go"], s.env, tools.home.work, watch)
        lines = list(s.lines)
    if code != 0 or len(lines) < count:
        print(f"    !! 1,000 turns: ended with {code} after {len(lines)} requests")
    if len(lines) < 220:
        return
    gaps = [(b[0] - a[0]) / 1e6 for a, b in zip(lines, lines[1:])]
    row("a turn, last hundred of 1,000 beside the first", gaps[-100:], gaps[:100],
        base_name="first hundred")
    row("bytes of its request", [b / 1024 for _, b in lines[-100:]],
        [b / 1024 for _, b in lines[:100]], "KB", base_name="first hundred")
    sent = (lines[-1][1] - lines[100][1]) / MB
    grown = memory.get(count, 0) - memory.get(100, 0)
    row("memory grown from turn 100 to 1,000", grown, sent, "MB",
        base_name="growth of the request")


def main():
    groups = {name[6:]: make for name, make in globals().items() if name.startswith("bench_")}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=30, help="rounds of the short measurements")
    parser.add_argument("only", nargs="*", help=" ".join(groups))
    args = parser.parse_args()
    tools = Tools()
    print(f"{'':44} {'median':>9} {'p10':>9} {'':5} {'base':>9} {'p10':>9} {'ratio':>8}")
    try:
        for name, make in groups.items():
            if not args.only or name in args.only:
                make(tools, args.n)
    finally:
        tools.close()


if __name__ == "__main__":
    main()
