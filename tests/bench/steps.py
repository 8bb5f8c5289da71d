#!/usr/bin/env python3
"""Steps beside a bare interpreter, a pipe into one, and jupyter's kernel, all in one run.

Every row's contestants take turns, so that a busy machine hurts all alike; the table shows median
and tenth percentile. Goals are those of the design and are checked on the medians; where a
machine is so busy that only the tenth percentile holds, that is said and counts as reached. Exit 1
when a goal is missed. `chrt -r 5 python3 tests/bench/steps.py` (as root) keeps others out of the
way; -n sets the rounds."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
import run  # noqa: E402
from run import SUNABA, Home  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
PATH = "/usr/local/bin:/usr/bin:/bin"  # that of code in the sandbox: the same interpreters
HI = "print('hi')"
BARE = "spawn python3\t-I\t-c\t" + HI
TRIVIAL = {"shell": ":", "python": "1;", "javascript": "0;", "ruby": "nil", "perl": "1;",
           "r": "invisible(0)", "sql": "-- nothing", "html": ""}

failed = []


class Server:
    """A program that measures: a command in, numbers out."""

    def __init__(self, words, cwd):
        self.process = subprocess.Popen(words, cwd=cwd, text=True, env=dict(
                                            os.environ, PATH=PATH,
                                            PYDEVD_DISABLE_FILE_VALIDATION="1"),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        run._ours.add(self.process.pid)

    def ask(self, command):
        """The numbers of one measurement; None when the program ended."""
        try:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        numbers = [int(n) for n in self.process.stdout.readline().split()]
        return numbers or None

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


class Figures(list):
    @property
    def median(self):
        return statistics.median(self)

    @property
    def p10(self):
        return sorted(self)[len(self) // 10]


def turns(rounds, **makers):
    """Calls the makers in turn, `rounds` times after one to warm up: {name: milliseconds}."""
    found = {name: Figures() for name in makers}
    for number in range(rounds + 1):
        for name, make in makers.items():
            took = make()
            if number:
                found[name].append(took)
    return found


def show(what, figures, unit="ms"):
    print(f"  {what:52} {figures.median:9.3f} {figures.p10:9.3f} {unit}", flush=True)


def goal(what, median, p10, most, unit="ms"):
    word = "ok  " if median <= most else "ok* " if p10 <= most else "MISS"
    if word == "MISS":
        failed.append(what)
    print(f"  {word} {what}: {median:.3f} {unit}, goal at most {most:.3f} {unit}"
          + (f" (p10 {p10:.3f}: the machine is busy)" if word == "ok* " else ""), flush=True)


class Bench:
    def __init__(self, home, rounds):
        self.home, self.rounds = home, rounds
        self.ours = Server([os.path.abspath(os.path.join(BUILD, "bench/steps")), home.work],
                           home.work)
        self.jupyter = Server(["python3", os.path.join(HERE, "jupyter.py")], home.root)
        self.has_jupyter = self.jupyter.ask("step") is not None

    def close(self):
        self.ours.close()
        self.jupyter.close()

    def ms(self, command, number=0):
        """A maker for turns()."""
        def make():
            got = self.ours.ask(command)
            if got is None:
                raise SystemExit(f"no answer to {command!r}")
            return got[number] / 1000
        return make

    def agent(self, name, steps):
        """A maker: the program plays so many steps, from start to end."""
        script = self.home.write(name + ".json", json.dumps([{"run": s} for s in steps]
                                                            + [{"say": "end"}]))
        words = [SUNABA, "-m", "script:" + script, "-y", *run.trusted(), "--max-steps", "0", "go"]
        env = self.home.env(PATH=PATH)
        def make():
            start = time.monotonic()
            subprocess.run(words, env=env, cwd=self.home.work, check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            return (time.monotonic() - start) * 1000
        return make

    def first(self):
        print("the first print('hi') of a session")
        rounds = max(5, self.rounds // 2)
        one = [{"language": "python", "code": HI}]
        got = turns(rounds, bare=self.ms(BARE), first=self.ms("first python " + HI),
                    whole=self.ms("first python " + HI, 1), one=self.agent("one", one),
                    none=self.agent("none", []))
        agent = Figures(a - b for a, b in zip(got["one"], got["none"]))
        show("python3 -I -c, started bare", got["bare"])
        show("from the request to the result", got["first"])
        show("the same with the sandbox's start", got["whole"])
        show("in the program: a task with it beside one without", agent)
        if self.has_jupyter:
            show("jupyter's kernel", turns(max(3, rounds // 5), k=self.kernel("first"))["k"])
        for name, mine in (("first step", got["first"]), ("first step, in the program", agent)):
            goal(name + ", beyond the bare one", mine.median - got["bare"].median,
                 mine.p10 - got["bare"].p10, 25)

    def kernel(self, command):
        return lambda: self.jupyter.ask(command)[0] / 1000

    def further(self):
        print("a further step, from the request to the result")
        makers = {f"step in {name}": self.ms(f"step {name} {code}")
                  for name, code in TRIVIAL.items() if shutil.which(PROGRAMS[name], path=PATH)}
        makers["a pipe into python"] = self.ms("pipe python 1")
        makers["a pipe into bash"] = self.ms("pipe bash :")
        makers["python3 -I -c, started bare"] = self.ms(BARE)
        makers["bash -c :"] = self.ms("spawn bash\t-c\t:")
        if self.has_jupyter:
            makers["jupyter's kernel"] = self.kernel("step")
        got = turns(self.rounds * 2, **makers)
        for name, figures in got.items():
            show(name, figures)
        for name in ("python", "shell"):
            mine = got["step in " + name]
            goal("a further step in " + name, mine.median, mine.p10, 1)
        if shutil.which("cc", path=PATH):
            show("step in c, with cc", turns(3, c=self.ms("step c ;"))["c"])

    def further_in_program(self):
        print("a further step in the program: request, transcript, step, result")
        count, rounds = 100, max(3, self.rounds // 5)
        makers = {}
        for name in ("python", "shell"):
            steps = [{"language": name, "code": f"{TRIVIAL[name]} # {i}"} for i in range(count + 1)]
            makers[name] = self.agent(name, steps)
            makers[name + " one"] = self.agent(name + "-one", steps[:1])
        got = turns(rounds, **makers)
        for name in ("python", "shell"):
            each = Figures((a - b) / count for a, b in zip(got[name], got[name + " one"]))
            show("step in " + name, each)
            goal(f"a further step in {name}, in the program", each.median, each.p10, 1)

    def output(self):
        print("much output: a step beside the same code in a bare shell over a pipe")
        rounds = max(5, self.rounds // 3)
        seq = "seq 1 200000"
        got = turns(rounds, mine=self.ms("step shell " + seq), cat=self.ms(f"pipe bash {seq} | cat"),
                    spawned=self.ms(f"spawn sh\t-c\t{seq} | cat"))
        show(seq + ", as a step", got["mine"])
        show(seq + " | cat, in a shell that runs", got["cat"])
        show(seq + " | cat, with sh started for it", got["spawned"])
        goal(seq + " beside | cat", got["mine"].median / got["cat"].median,
             got["mine"].p10 / got["cat"].p10, 1.2, "x")
        big = {"200,000 lines": seq, "a line of 3 MB": "head -c 3000000 /dev/zero | tr '\\0' x",
               "yes, 20 MB of it": "yes 2>/dev/null | head -c 20000000"}
        for name, code in big.items():
            got = turns(rounds, mine=self.ms("step shell " + code), bare=self.ms("pipe bash " + code))
            show(name, got["mine"])
            extra = Figures(a - b for a, b in zip(got["mine"], got["bare"]))
            goal(name + ", beyond the pipe", extra.median, extra.p10, 50)
        late = turns(5, late=self.ms("timed 100 yes"))["late"]
        goal("yes without an end, from the limit to the result", late.median, late.p10, 50)
        peak = max(self.ours.ask("step shell " + code)[1] / 1024 for code in big.values())
        goal("most memory of the agent with any of them", peak, peak, 10, "MB")
        self.output_in_program(seq, rounds)

    def output_in_program(self, code, rounds):
        """The same, shown on the way, kept for the model, written to the transcript."""
        got = turns(rounds, much=self.agent("much", [{"language": "shell", "code": code}]),
                    little=self.agent("little", [{"language": "shell", "code": ":"}]),
                    bare=self.ms("pipe bash " + code))
        mine = Figures(a - b for a, b in zip(got["much"], got["little"]))
        show(code + ", as a step in the program", mine)
        extra = Figures(a - b for a, b in zip(mine, got["bare"]))
        goal("200,000 lines in the program, beyond the pipe", extra.median, extra.p10, 50)

    def memory(self):
        print("memory of one interpreter more: our processes, its driver beyond a bare interpreter")
        bare = {name: self.ours.ask(f"pipe {program} {TRIVIAL[name]}")[1]
                for name, program in (("python", "python"), ("shell", "bash"))}
        for name, code in TRIVIAL.items():
            if name == "html" or not shutil.which(PROGRAMS[name], path=PATH):
                continue
            ours, program = self.ours.ask(f"memory {name} {code}")
            if ours < 0:
                print("  left out: the sandbox shows its memory to root alone")
                break
            extra = ours + max(0, program - bare[name]) if name in bare else ours
            what = "memory beside a bare " + name if name in bare else "memory for " + name
            goal(what, extra / 1024, extra / 1024, 1, "MB")
        if self.has_jupyter:
            kernel = Figures([(self.jupyter.ask("step")[1] - bare["python"]) / 1024])
            show("jupyter's kernel beyond a bare python", kernel, "MB")


PROGRAMS = {"shell": "bash", "python": "python3", "javascript": "node", "ruby": "ruby",
            "perl": "perl", "r": "R", "sql": "python3", "html": "bash"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=50, help="rounds")
    parser.add_argument("only", nargs="*", help="first further program output memory")
    args = parser.parse_args()
    with Home() as home:
        bench = Bench(home, args.n)
        print(f"  {'':52} {'median':>9} {'p10':>9}")
        if not bench.has_jupyter:
            print("  jupyter's kernel is left out: it needs python3-ipykernel and "
                  "python3-jupyter-client")
        parts = {"first": bench.first, "further": bench.further,
                 "program": bench.further_in_program, "output": bench.output,
                 "memory": bench.memory}
        for name, part in parts.items():
            if not args.only or name in args.only:
                part()
        bench.close()
    print("all goals reached" if not failed else "missed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
