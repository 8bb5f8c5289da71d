#!/usr/bin/env python3
"""Ways around the gate that were tried: each must stay closed."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import PROMPT, Tmux, again_at_prompt  # noqa: E402

GATE = r"\[c\]"
STRANGER = {"SUNABA_TRUST_WORKSPACE": None}


def shell(code):
    return {"run": {"language": "shell", "code": code}}


def events(home, kind):
    found = []
    for path in home.sessions():
        if path.endswith(".jsonl"):
            with open(home.path(path), encoding="utf-8") as lines:
                found += [e for e in map(json.loads, lines) if e["type"] == kind]
    return found


@test
def network_of_the_start_closed_later():
    """--allow-net, then /net off: what came in while it was on is not forgotten"""
    with Home() as home:
        model = home.script(shell("echo two"), shell("touch second"), {"say": "turn over"})
        with Tmux(home, ["-m", model, "-y", "--allow-net=some.test"], rows=40) as t:
            again_at_prompt(t)
            t.line("/net off")
            t.wait_for("network: off")
            again_at_prompt(t)
            t.line("go")
            t.wait_for(GATE + "|turn over")
        equal(home.there("work/second"), False, "the step that followed")
        equal([e["label"] for e in events(home, "step")], ["untrusted"])


@test
def the_tour_trusts_nothing():
    """-m demo, then /model: the folder is not trusted because the tour ran in it"""
    with Home() as home:
        home.write("work/letter.txt", "touch second\n")
        model = home.script(shell("cat letter.txt"), shell("touch second"), {"say": "turn over"})
        with Tmux(home, ["-m", "demo", "-y"], rows=40, env=STRANGER) as t:
            t.wait_for("to send the task")
            t.keys("C-u")
            t.line("!cat letter.txt")
            t.wait_for("^│? ?touch second|touch second")
            t.keys("C-u")
            t.line("/model " + model)
            t.wait_for("now talking to")
            again_at_prompt(t)
            t.line("go")
            t.wait_for(GATE + "|turn over")
        equal(home.there("work/second"), False, "the step that followed")
        equal({e["label"] for e in events(home, "step")}, {"untrusted"})


@test
def settings_inside_the_workspace():
    """a folder that would hold sunaba's own settings once code had made it cannot be a workspace"""
    with Home() as home:
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            model = home.script(shell("mkdir -p .own/sunaba; echo 'trust_workspace: true' > "
                                      ".own/sunaba/config.yaml"), {"say": "made"})
            done = sunaba(home, "-m", model, "-y", "go",
                          env={variable: home.path("work/.own/deep/down"), **STRANGER})
            exits(done, 2)
            contains(done.err, "cannot be a workspace")
            equal(home.there("work/.own/sunaba"), False)


@test
def settings_opened_for_writing():
    """--allow-write and /allow write never reach what sunaba believes: settings, sessions, trust"""
    with Home() as home:
        os.makedirs(home.path("config/sunaba"))
        os.makedirs(home.path("config/editor"))
        os.makedirs(home.path("state/sunaba"), exist_ok=True)
        model = home.script({"say": "done"})
        for name in ("", "state", "state/sunaba", "config", "config/sunaba"):
            done = sunaba(home, "-m", model, "--allow-write", home.path(name), "go")
            exits(done, 2)
            contains(done.err, "believes", name)
        exits(sunaba(home, "-m", model, "--allow-write", home.path("config/editor"), "go"), 0)
        with Tmux(home, ["-m", model], rows=30, columns=160) as t:
            again_at_prompt(t)
            t.line("/allow write " + home.path("state"))
            t.wait_for("believes")


@test
def names_that_are_no_text():
    """a folder whose name is not UTF-8 is not trusted under the name of another one"""
    with Home() as home:
        for name in (b"d\xff", "d\ufffd".encode()):
            os.mkdir(os.path.join(home.work.encode(), name))
        done = sunaba(home, "trust", cwd=os.path.join(home.work.encode(), b"d\xff"), env=STRANGER)
        exits(done, 2)
        contains(done.err, "not valid UTF-8")
        equal(home.there("state/sunaba/trust.json"), False)


tap.main()
