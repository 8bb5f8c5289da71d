#!/usr/bin/env python3
"""`--json`: events in the shape that programs written for `codex exec --json` read."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from run import Home, exits, sunaba  # noqa: E402
from tap import equal, test  # noqa: E402


def events(done):
    return [json.loads(line) for line in done.out.split("\n") if line]


@test
def a_task_with_a_step():
    """thread, turn, message, command, message, end"""
    with Home() as home:
        script = home.script({"say": "First\x85 \u009b look.", "run": {"language": "shell", "code": "echo hi"}},
                             {"say": "Done: hi."})
        done = sunaba(home, "-m", script, "-y", "--json", "go")
        exits(done, 0)
        got = events(done)
        equal([e["type"] for e in got],
              ["thread.started", "turn.started", "item.completed", "item.started",
               "item.completed", "item.completed", "turn.completed"])
        command = got[4]["item"]
        equal(command["type"], "command_execution")
        equal(command["command"], "echo hi")
        equal(command["aggregated_output"], "hi\n")
        equal(command["exit_code"], 0)
        equal(command["status"], "completed")
        equal(command["id"], got[3]["item"]["id"], "the same item")
        equal(got[5]["item"], {"id": "item_2", "type": "agent_message", "text": "Done: hi."})
        equal(sorted(got[6]["usage"]), ["cached_input_tokens", "input_tokens", "output_tokens",
                                        "reasoning_output_tokens"])


@test
def a_failed_turn():
    """turn.failed with the message; the exit code stays"""
    with Home() as home:
        done = sunaba(home, "-m", home.script({"error": "no more today"}), "--json", "go")
        exits(done, 3)
        end = events(done)[-1]
        equal(end["type"], "turn.failed")
        tap.contains(end["error"]["message"], "no more today")


@test
def a_failed_step():
    """a command that fails is a failed item"""
    with Home() as home:
        script = home.script({"run": {"language": "shell", "code": "exit 3"}}, {"say": "It failed."})
        done = sunaba(home, "-m", script, "-y", "--json", "go")
        exits(done, 0)
        item = [e["item"] for e in events(done) if e["type"] == "item.completed"][0]
        equal((item["exit_code"], item["status"]), (3, "failed"))


tap.main()
