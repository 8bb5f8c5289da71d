#!/usr/bin/env python3
"""Rules of the config: allow, ask and deny, by language and by the first words of commands."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from run import Home, exits, sunaba  # noqa: E402
from tap import contains, equal, test  # noqa: E402
from tmux import Tmux  # noqa: E402

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"
RULES = """
allow: ["shell: echo", "shell: ls"]
ask: ["shell: touch"]
deny: ["shell: rm", perl]
"""


def shell(code):
    return {"run": {"language": "shell", "code": code}}


def decisions(home):
    found = []
    for path in home.sessions():
        with open(home.path(path), encoding="utf-8") as lines:
            found += [e for e in map(json.loads, lines) if e["type"] == "decision"]
    return [(d["decision"], d["by"], d.get("rule")) for d in found]


@test
def allowed():
    """what the rules allow runs without -y and without a terminal, and nothing else does"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", RULES)
        model = home.script(shell("echo one | ls"), shell("echo two; cat x"), {"say": "done"})
        exits(sunaba(home, "-m", model, "go"), 5)
        equal(decisions(home), [("run", "rule", None), ("nobody", "nobody", None)])


@test
def denied():
    """what they deny is not run, -y or not; the model is told which rule it was"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", RULES)
        home.write("work/x", "kept")
        model = home.script(shell("echo one; $(which rm) x; rm x"),
                            {"expect": "shell: rm", "say": "then not"})
        done = sunaba(home, "-m", model, "-y", "go")
        exits(done, 0)
        equal(home.there("work/x"), True)
        equal(decisions(home), [("no", "rule", "shell: rm")])


@test
def asked():
    """what they ask about is asked under -y too; always is said to that rule alone"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", RULES)
        model = home.script(shell("touch a"), {"say": "first"}, shell("touch b"),
                            {"say": "second"}, shell("touch c; eval touch d"), {"say": "third"})
        exits(sunaba(home, "-m", model, "-y", "go"), 5)
        with Tmux(home, ["-m", model, "-y"], rows=40) as t:
            t.wait_for(PROMPT)
            t.line("go")
            t.wait_for(r"\[a\]")
            t.press_until("a", lambda: "first" in t.screen(), "the step")
            t.wait_for(PROMPT)
            t.line("go on")
            t.wait_for("second")
            equal((home.there("work/a"), home.there("work/b")), (True, True))
            t.wait_for(PROMPT)
            t.line("/approve auto")
            t.wait_for("steps: auto")
            t.line("and on")
            t.wait_for(r"\[y\]")
            t.press_until("n", lambda: "third" in t.screen(), "no")
            equal(home.there("work/c"), False)


@test
def no_door_through_the_gate():
    """a rule that allows does not open the gate"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", RULES)
        home.write("work/data", "1 2 3\n")
        model = home.script(shell("ls"), shell("echo again"), {"say": "done"})
        exits(sunaba(home, "-m", model, "go", env={"SUNABA_TRUST_WORKSPACE": None}), 5)
        equal([d[1] for d in decisions(home)], ["rule", "nobody"])


@test
def mistakes():
    """a rule that is none: exit 2, named, with what a rule looks like"""
    for rule in ("allow: [cobol]", "deny: ['python: print']", "ask: ['shell ls']"):
        with Home() as home:
            home.write("config/sunaba/config.yaml", rule + "\n")
            done = sunaba(home, "-m", home.script({"say": "x"}), "go")
            exits(done, 2)
            contains(done.err, "is no rule")


tap.main()
