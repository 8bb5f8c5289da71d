#!/usr/bin/env python3
"""Thousands of steps of all languages in one session on a terminal, with everything that goes
wrong: errors, exits, crashes, interpreters killed from within and from outside, time-outs,
daemons, floods, late output, Ctrl-C at random moments.

	SOAK_STEPS=2000 SOAK_SEED=7 tests/soak/soak.py     (`make soak`)

The model is a server of ours that plans as it goes: a seed gives the same steps again, but not the
same moments. Each request must hold each result of the calls before it once and in their order;
every CHECK_STEPS steps the session is looked at (world.py), at the end its transcript is read."""
import json
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib"), HERE]
import plan  # noqa: E402
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home  # noqa: E402
from server import Server  # noqa: E402
from terminal import Terminal, without_escapes  # noqa: E402
from world import World, children  # noqa: E402

CHECK_STEPS = 100
STUCK_S = 120.0  # nothing at all may take longer than this
STEP_TIME = "/limits time 60s"
SHORT_TIME = "/limits time 1s"
PROMPT = re.compile(rb"\x1b\[\?2004h(?:\x1b\[[0-9;]*m)*> ?(?:\x1b\[[0-9;]*m)* ?$")
TURNS = {"steps": 60, "interrupt": 12, "outside": 8, "idle": 6, "timeout": 3, "words": 4,
         "command": 7}
COMMANDS = ("/jobs", "/restart", "/restart {}", "/limits", "/env", "!echo $$ {}", "/kill 1",
            "/help", "/reset")
AGAIN = "of earlier steps are lost"
LOST = "interpreter is gone with its"


class Soak:
    def __init__(self, home, steps, seed, lines, say):
        self.home, self.steps, self.lines, self.say = home, steps, lines, say
        self.dice, self.moments = random.Random(seed), random.Random(seed + 1)
        self.languages = plan.installed()
        self.lock = threading.Condition()
        self.replies = []  # of the turn: lists of steps, or a reply of server.py
        self.ends = None  # how the turn's steps may end, when not by themselves
        self.pending = []  # calls sent whose results have not come back
        self.done, self.number, self.requests, self.failure = 0, 0, 0, None
        self.sent, self.pressed = time.monotonic(), 0
        self.history = []  # the last steps, for a failure
        self.count = {}  # of each language: what its variable must hold
        self.shaken = set()  # languages whose interpreter may have been lost
        self.certain = set()  # those whose last result said so
        self.dying, self.late, self.kinds = set(), {}, {}

    # ---- the model ----

    def reply(self, exchange):
        """One reply, from the server's thread: looks at the results, then makes the next calls."""
        with self.lock:
            try:
                self.take_results(exchange.request.messages())
            except AssertionError as problem:
                self.failure = self.failure or problem
            exchange.server.requests.clear()
            turn = self.replies.pop(0) if self.replies and not self.failure else None
            if isinstance(turn, list):
                for step in turn:  # Exchange.call() gives the same numbers
                    step.id = f"call_{exchange.server._calls + 1 + turn.index(step)}"
                self.pending = turn
            self.sent = time.monotonic()
            self.requests += not callable(turn)
            self.lock.notify_all()
        if callable(turn):
            turn(exchange)  # may take until the end of all
        elif turn is None:
            srv.text("Done.")(exchange)
        else:
            self.send_calls(exchange, turn)

    def send_calls(self, exchange, steps):
        exchange.begin()
        exchange.text("Next.\n\n")
        for index, step in enumerate(steps):
            exchange.call(index, "execute", {"language": step.language, "code": step.code}, 4096)
        exchange.end(calls=True)

    def take_results(self, messages):
        """The results of the last calls: each once, in order; none of an answer cut short."""
        pending, self.pending = self.pending, []
        want = {step.id: step for step in pending}
        made = [c["id"] for m in messages for c in m.get("tool_calls") or [] if c["id"] in want]
        got = [m for m in messages if m.get("tool_call_id") in want]
        tap.equal([m["tool_call_id"] for m in got], made, "the results of the last calls")
        if not self.ends and made != list(want):
            raise AssertionError(f"calls {list(want)} became {made}")
        for message in got:
            step = want[message["tool_call_id"]]
            # without the marks of this run that say it is data
            step.result = re.sub(r"^\[data \w+: .*\]\n|\n\[/data \w+\]$", "", message["content"])
            self.check_result(step)
        self.done += len(pending)

    # ---- results ----

    def check_result(self, step):
        self.history = self.history[-200:] + [step]
        if step.result.startswith("Not run:") and self.ends:
            return
        dead = r"|\w+ killed by signal 9|not run" if step.language in self.shaken else ""
        problem = step.check(self.ends, dead)
        if not problem:
            problem = self.check_count(step)
        for late in re.findall(r"^B(\d+)\.", step.result, re.M):
            self.late[late] = self.late.get(late, 0) + 1
            if self.late[late] > 1:
                problem = f"late output of step {late} came twice"
        if problem:
            raise AssertionError(f"step {step.number}: {problem}")

    def check_count(self, step):
        """The language's variable goes on counting, or the model was told that it was lost."""
        row, had = plan.LANGUAGES[step.language], self.count.get(step.language)
        fresh, gone = AGAIN in step.result, LOST in step.result
        if re.match(r"\[not run|\[interrupted by the user · \d+\.\d+ s\]$", step.result):
            return None  # perhaps stopped while its interpreter started
        hit = re.search(rf"T{step.number} C(\d+)\.", step.result)
        if fresh and step.language not in self.shaken:
            return "it got a fresh interpreter, and nothing had happened to the old one"
        if step.language in self.certain and not fresh:
            return "it was not told that its interpreter is a fresh one"
        if hit and row.stateful and had is not None and \
                int(hit.group(1)) != (1 if fresh else had + 1):
            return f"its variable is {hit.group(1)}, it was {had}; told of a loss: {fresh}"
        self.shaken.discard(step.language)
        self.certain.discard(step.language)
        self.count[step.language] = int(hit.group(1)) if hit else \
            (0 if fresh else had) if step.kind == "syntax" else None
        if gone:
            self.shaken.add(step.language)
            self.certain.add(step.language)
        return None

    # ---- the terminal ----

    def guard(self):
        if self.failure:
            raise self.failure
        if self.t.process.poll() is not None:
            raise AssertionError(f"the program ended with {self.t.process.returncode}")
        if time.monotonic() - self.sent > STUCK_S:
            raise AssertionError(f"stuck for {STUCK_S} s")

    def forget_screen(self):
        with self.t._changed:
            self.t.data = b""

    def at_prompt(self):
        self.guard()
        return PROMPT.search(self.t.data)

    def line(self, text, wait=True):
        self.forget_screen()
        self.sent = time.monotonic()
        self.t.send(text + "\r")
        if wait:
            self.wait_prompt(text)

    def wait_prompt(self, what):
        tap.until(self.at_prompt, 10 * STUCK_S, f"the prompt after {what!r}")

    def synchronize(self):
        """After Ctrl-C, which may have come to the prompt and cleared what was typed there."""
        for number in range(20):
            word = f"/nothing{self.number}x{number}"
            self.forget_screen()
            self.t.send("\r" + word + "\r")
            if tap.soon(lambda: self.t.data.count(word[1:].encode()) > 1 and self.at_prompt(), 3.0):
                return
            self.guard()
        raise AssertionError("the prompt takes no line")

    def pause(self, most):
        """A random moment."""
        with self.lock:
            self.lock.wait_for(lambda: False, self.moments.uniform(0, most))

    def wait_sent(self, number):
        """Until so many requests have come."""
        with self.lock:
            good = self.lock.wait_for(lambda: self.requests >= number or self.failure,
                                      STUCK_S)
        if not good:
            raise AssertionError("no request came")
        self.guard()

    # ---- turns ----

    def make(self, kinds, languages=None):
        language, kind = plan.choose(self.dice, languages or self.languages, kinds)
        return self.make_one(language, kind)

    def make_one(self, language, kind):
        self.number += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        return plan.make(self.number, language, kind, self.dice, self.lines)

    def begin(self, replies, ends=None):
        """Types the turn's words; the replies are lists of steps."""
        with self.lock:
            self.replies, self.ends = replies, ends
            before = self.requests
        self.line(f"turn {self.number}", wait=False)
        return before

    def finish(self, what):
        self.wait_prompt(what)
        with self.lock:
            self.replies, late = [], self.pending
        return late

    def turn_steps(self):
        replies = []
        for _ in range(self.dice.randrange(1, 6)):
            steps = [self.make(plan.WEIGHTS) for _ in range(self.dice.choice((1, 1, 1, 2, 3)))]
            replies.append(steps)
            late = [s for s in steps if s.kind == "late"]
            if late and self.dice.random() < 0.7:
                replies.append([self.make_one(late[-1].language, "after")])
        self.begin(replies)
        self.finish("steps")

    def turn_timeout(self):
        """Steps that never end, stopped by the limit."""
        self.line(SHORT_TIME)
        steps = [[self.make({"wait": 1, "spin": 1, "stubborn": 1})]
                 for _ in range(self.dice.randrange(1, 3))]
        self.begin(steps, ends="stopped: time limit|exit |interrupted")
        self.finish("time-outs")
        self.shaken.update(s[0].language for s in steps)
        self.line(STEP_TIME)
        self.flush_results()

    def flush_results(self):
        """A turn without steps, so that the results of the last are seen under its own rules."""
        if self.pending:
            self.line("and?")

    def press(self):
        """Ctrl-C. One may come to the prompt, and two there within a second would leave."""
        tap.until(lambda: time.monotonic() - self.pressed > 2.5, what="the pause")
        self.t.send(b"\x03")
        self.pressed = time.monotonic()

    def turn_interrupt(self):
        """Ctrl-C, once or twice, at a random moment from the call's first byte on."""
        step = self.make({"wait": 2, "spin": 2, "stubborn": 1})
        others = [self.make({"ok": 1}) for _ in range(self.dice.randrange(0, 2))]
        waits, twice = self.dice.random() < 0.7, self.dice.random() < 0.4
        before = self.begin([others + [step], [self.make({"ok": 1})]],
                            ends=r"interrupted|exit |\w+ killed|\w+ ended|not run")
        if waits:
            self.wait_sent(before + 1)
        self.shaken.update(s.language for s in (step, *others))
        self.pause(0.5)
        self.press()
        if twice and waits:  # two of them at the prompt would leave
            self.pause(0.1)
            self.t.send(b"\x03")
            self.pressed = time.monotonic()
        self.finish("Ctrl-C")
        self.synchronize()
        self.flush_results()

    def turn_words(self):
        """Ctrl-C while the model speaks, or before it does."""
        silent = self.dice.random() < 0.3
        words = srv.stall(headers=False) if silent else srv.stall("A few words\n\n", "and more")
        self.begin([words])
        if not silent:
            tap.until(lambda: (self.guard(), b"A few" in self.t.data)[1], STUCK_S, "words")
        self.pause(0.1)
        self.press()
        self.finish("Ctrl-C in words")
        self.synchronize()

    def victims(self):
        return self.world.others()

    def kill_one(self):
        """Kills a random process of the interpreters from outside; False when there is none."""
        found = self.victims()
        if not found:
            return False
        pid = self.moments.choice(found)
        parent = (run.state_of(pid) or (0, 0))[1]
        self.dying.add(pid)
        if parent in children(self.world.ours()[-1]) and children(parent)[:1] == [pid]:
            self.dying.add(parent)  # ends with its interpreter; others there are orphans
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass
        return True

    def settle(self):
        """Until what was killed is gone, and the session knows."""
        def alive(pid):
            return (run.state_of(pid) or "Z")[0] not in "ZX"
        try:
            tap.until(lambda: not any(map(alive, self.dying)), 10 * run.SLOWER, "their end")
        except AssertionError:
            raise AssertionError("killed, and still there: " + ", ".join(
                f"{p} {run.command(p)} {run.state_of(p)} {children(p)}"
                for p in self.dying if alive(p))) from None
        self.dying.clear()
        self.line("/jobs")

    def turn_outside(self):
        """A step that never ends, and its processes killed from outside until it does."""
        step = self.make({"wait": 2, "spin": 1})
        before = self.begin([[step]], ends=r"exit |\w+ killed|\w+ ended|not run")
        self.wait_sent(before + 1)
        self.shaken.update(self.languages)
        self.pause(0.5)
        while self.requests == before + 1:
            self.guard()
            self.kill_one()
            with self.lock:
                self.lock.wait_for(lambda: self.requests > before + 1, 0.1)
        self.finish("kills from outside")
        self.flush_results()
        self.settle()

    def turn_idle(self):
        """Interpreters killed while they do nothing: the next step of each says so."""
        self.shaken.update(self.languages)
        for _ in range(self.dice.randrange(1, 4)):
            self.kill_one()
        self.settle()

    def turn_command(self):
        word = self.dice.choice(COMMANDS)
        word = word.format(self.dice.choice(self.languages))
        if word.startswith(("/restart", "/kill", "/reset")):
            self.shaken.update(self.languages)
        if word.startswith("/reset"):
            self.flush_results()
        if word.startswith("!"):  # its result goes to the model with the next words
            self.count["shell"] = None
            self.certain.discard("shell")
        self.line(word)

    # ---- all of it ----

    def check_world(self):
        self.flush_results()
        self.shaken.update(self.languages)
        self.line("/restart")
        for name in os.listdir(self.home.work):
            if re.match(r"page-\d+\.html$", name):
                os.unlink(os.path.join(self.home.work, name))
        talk = sum(os.path.getsize(self.home.path(f)) for f in self.home.sessions()
                   if f.endswith(".jsonl"))
        return self.world.check(talk, run.ASAN)

    def warm_up(self):
        """Each language once, so that what is made once has been made."""
        for language in self.languages:
            self.begin([[self.make_one(language, "ok")]])
            self.finish("warming up")
        self.flush_results()

    def play(self):
        self.wait_prompt("the start")
        self.world = World(self.home, self.t.pid)
        self.line(STEP_TIME)
        self.warm_up()
        start, mark = time.monotonic(), 0
        self.check_world()
        while self.done < self.steps:
            kind = self.dice.choices(list(TURNS), list(TURNS.values()))[0]
            self.history.append(f"--- {kind}")
            getattr(self, "turn_" + kind)()
            self.flush_results()
            self.guard()
            if self.done >= mark + CHECK_STEPS or self.done >= self.steps:
                mark = self.done
                about = self.check_world()
                self.say(f"{self.done} of {self.steps} steps, {time.monotonic() - start:.0f} s: "
                         f"{about}")
        self.leave()

    def leave(self):
        self.forget_screen()
        self.sent = time.monotonic()
        self.t.send("/quit\r")
        self.t.wait(STUCK_S)
        text = without_escapes(self.t.data)
        tap.equal(self.t.code, 0, f"exit code; {text}")
        if re.search(r"Sanitizer|runtime error", text):
            raise AssertionError(text)
        tap.equal(self.t.after, self.t.before, "terminal modes")
        run.all_gone(5)
        self.check_transcript()
        tap.equal([f for f in self.world.litter() if f != "home/.bash_history"], [], "files")

    def check_transcript(self):
        """Whole lines, each call answered once and in order, every step's spill file there."""
        files = [f for f in self.home.sessions() if f.endswith(".jsonl")]
        tap.equal(len(files), 1, "transcripts")
        open_calls, calls, spills, steps = [], 0, set(), []
        for text in self.home.read(files[0]).splitlines():
            event = json.loads(text)
            if event["type"] == "assistant":
                tap.equal(open_calls, [], "calls without a result")
                open_calls = [c["id"] for c in event.get("calls", [])]
                calls += len(open_calls)
            elif event["type"] == "tool":
                tap.equal(event["call_id"], open_calls.pop(0) if open_calls else None, "order")
            elif event["type"] == "step":
                steps.append(event["step"])
                if event.get("spill"):
                    spills.add(os.path.basename(event["spill"]))
        tap.equal(open_calls, [], "calls without a result")
        tap.equal(steps, list(range(1, len(steps) + 1)), "numbers of steps")
        kept = {os.path.basename(f) for f in self.home.files() if ".files/" in f}
        tap.equal(kept - spills, set(), "files of outputs that no step names")
        self.say(f"transcript: {calls} calls, {len(steps)} steps, each with its result; "
                 f"{len(kept)} long outputs kept")

    def complain(self, problem):
        """The problem, with what led to it."""
        last = [s for s in self.history if isinstance(s, str)
                or s in self.history[-8:] or s.language == getattr(self.history[-1], "language", 0)]
        tail = "\n".join(s if isinstance(s, str) else f"  {s.number} {s.language} {s.kind}: "
                         f"{s.code[:200]!r}\n    {s.result[:300]!r}" for s in last[-24:])
        open_ = [(s.number, s.language, s.kind, s.code) for s in self.pending]
        return AssertionError(f"{problem}\nafter {self.done} steps; the last:\n{tail}\n"
                              f"open: {open_}\nscreen: {without_escapes(self.t.data)[-800:]}\n"
                              f"processes: {[run.command(p) for p in self.victims()]}")


def soak(steps, seed, lines=plan.LINES, say=print):
    """Plays so many steps and fails at the first thing that is wrong."""
    with Home() as home, Server() as s:
        it = Soak(home, steps, seed, lines, say)
        s.forever = it.reply
        words = ["-m", "openai:test", "-y", *run.trusted(), "--max-steps", "0",
                 "--context", "200000"]
        with Terminal(home, *words, env=s.env) as it.t:
            try:
                it.play()
            except AssertionError as problem:
                raise it.complain(problem) from None
    say(f"{it.done} steps in {len(it.languages)} languages; kinds: " + ", ".join(
        f"{name} {n}" for name, n in sorted(it.kinds.items(), key=lambda x: -x[1])))


def main():
    steps = int(os.environ.get("SOAK_STEPS") or 2000)
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1, 100000))
    print(f"SOAK_STEPS={steps} SOAK_SEED={seed}", flush=True)
    soak(steps, seed, lines=10 * plan.LINES, say=lambda text: print("  " + text, flush=True))
    print("nothing is left", flush=True)


if __name__ == "__main__":
    main()
