"""Steps through the whole program with a scripted model: sessions, and tables of cells.

The model's side is a dialogue file; what each step gave is read from the transcript, which holds
the result as the model got it and the same in parts. A cell is a row of the steps table in one
language: a few steps and what must come of them. All cells of a language are played in one
session, the first one that is looked at plays it; each is a test of its own. A language that is
not installed is skipped.
"""
import json
import os
import re
import shutil

import run
import tap
from run import Home, sunaba

SYSTEM_FOLDERS = "/usr/local/bin:/usr/bin:/bin"  # those that the jail shows
PROGRAMS = {"shell": "bash", "python": "python3", "javascript": "node", "ruby": "ruby",
            "perl": "perl", "r": "R", "c": "cc", "sql": "python3", "html": "bash"}
TRACES = r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed"


class Step:
    """What came of one call: the text for the model, and the transcript's parts of it."""

    def __init__(self, text, event):
        self.text, self.event = text, event or {}

    def __getattr__(self, name):
        return self.event.get(name)

    def __repr__(self):
        return self.text[:1500]


def need(language):
    if not shutil.which(PROGRAMS[language], path=SYSTEM_FOLDERS):
        tap.skip(f"{PROGRAMS[language]} is not installed")


def installed():
    return [name for name, program in PROGRAMS.items()
            if shutil.which(program, path=SYSTEM_FOLDERS)]


def transcript(home):
    """The events of the only session."""
    name = [f for f in home.sessions() if f.endswith(".jsonl")][0]
    return [json.loads(line) for line in home.read(name).splitlines()]


def results(events):
    """The Steps of a session in their order; what was not run has no event of its own."""
    found, pending = [], None
    for event in events:
        if event["type"] == "step":
            pending = event
        elif event["type"] == "tool":
            found.append(Step(event["text"], pending))
            pending = None
    return found


def turn(code, language="shell"):
    """A reply that calls for one step."""
    return {"run": {"language": language, "code": code}}


def play(home, *turns, options=(), seconds=60.0, code=0, **more):
    """Plays the turns and an answer to the program's end; (steps, finished program)."""
    script = home.script(*turns, "The end.")
    done = sunaba(home, "-m", script, "-y", *run.trusted(), "--max-steps", "0", *options, "go",
                  seconds=seconds * run.SLOWER, **more)
    tap.equal(done.code, code, str(done))
    if re.search(TRACES, done.err):
        raise AssertionError(str(done))
    run.all_gone(2)
    return results(transcript(home)), done


# ---- tables -------------------------------------------------------------------------------------

class Ends:
    """In the place of a status: the interpreter itself ends, with this exit status or signal."""

    def __init__(self, status=None, signal=None):
        self.status = status if signal is None else 128 + signal

    def check(self, step):
        tap.equal((step.end, step.status), ("exited", self.status), "the interpreter's end")
        tap.contains(step.text, "state lost", "the facts")
        if "interpreter is gone with its" not in step.text:
            raise AssertionError("the model is not told what is lost")


class Re:
    """Found in the text for the model, in which lines begin at ^; STEP is the step's number."""

    def __init__(self, pattern, never=None):
        self.pattern, self.never = pattern, never

    def check(self, step):
        pattern = self.pattern.replace("STEP", str(step.event.get("step")))
        if not re.search(pattern, step.text, re.M):
            raise AssertionError(f"wanted {pattern!r}")
        if self.never:
            tap.absent(step.text, self.never, "what must not show")


def fresh(step):
    """The step got a fresh interpreter, and the model was told."""
    if not re.search(r"^\[exit 0 .*fresh interpreter(?s:.*)^a fresh \w+ interpreter: the .* of "
                     r"earlier steps are lost$", step.text, re.M):
        raise AssertionError("no word of a fresh interpreter")


def check(step, want, status):
    if status is None:
        pass
    elif isinstance(status, int):
        tap.equal((step.end, step.status), ("done", status), "status")
    else:
        status.check(step)
    if isinstance(want, str):
        tap.equal(step.output, want, "output")
    elif isinstance(want, Re):
        want.check(step)
    elif want is not None:
        want(step)


class Cell:
    def __init__(self, row, what, steps):
        self.row, self.what = row, what
        # each: code, what must come of it (text, Re, function of the Step), status or Ends
        self.steps = [(s + (0,))[:3] if len(s) == 2 else s for s in steps]


class Table:
    """Cells by language. `options` are those of the program."""

    def __init__(self, options=(), seconds=120.0):
        self.cells, self.played = {}, {}
        self.options, self.seconds = options, seconds

    def add(self, row, what, **languages):
        """One cell per language: a list of steps."""
        for language, steps in languages.items():
            self.cells.setdefault(language, []).append(Cell(row, what, steps))

    def got(self, language):
        """The steps of each cell of the language, or what went wrong."""
        if language not in self.played:
            codes = [code for cell in self.cells[language] for code, _, _ in cell.steps]
            try:
                with Home() as home:
                    got, _ = play(home, *[turn(code, language) for code in codes],
                                  options=self.options, seconds=self.seconds)
                    for step in got:
                        step.event["spilled"] = step.spill and os.path.getsize(step.spill)
                tap.equal(len(got), len(codes), "results")
                self.played[language] = got
            except Exception as why:  # every cell of the session fails with it
                self.played[language] = why
        if isinstance(self.played[language], Exception):
            raise self.played[language]
        at, found = 0, []
        for cell in self.cells[language]:
            found.append(self.played[language][at:at + len(cell.steps)])
            at += len(cell.steps)
        return found

    def judge(self, language, number):
        need(language)
        for step, (code, want, status) in zip(self.got(language)[number],
                                              self.cells[language][number].steps):
            try:
                check(step, want, status)
            except AssertionError as why:
                raise AssertionError(f"{code[:400]!r}\n{why}\nthe result: {step!r}"[:1200]) from None

    def declare(self):
        """Makes each cell a test."""
        for language, cells in self.cells.items():
            for number, cell in enumerate(cells):
                def one(language=language, number=number):
                    self.judge(language, number)
                one.__name__ = f"{cell.row}_{language}_{number}"
                one.__doc__ = f"{cell.row} {language}: {cell.what}"
                tap.test(one)
