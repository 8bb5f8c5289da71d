#!/usr/bin/env python3
"""Sessions that can be gone on with: resume, whatever ended them; list, show, fork, export, rm."""
import hashlib
import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, Running, error_lines, exits, sunaba, task, trusted  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402
from tmux import PROMPT, Tmux, again_at_prompt  # noqa: E402



def resume(home, server, *words, **more):
    more["env"] = {**server.env, **more.get("env", {})}
    return sunaba(home, "resume", "-m", "openai:test", *words, **more)


def transcript(home, number=0):
    return [f for f in home.sessions() if f.endswith(".jsonl")][number]


def events(home, number=0):
    return [json.loads(line) for line in home.read(transcript(home, number)).split("\n") if line]


def listed(home):
    done = sunaba(home, "sessions", "--json")
    exits(done, 0)
    return [json.loads(line) for line in done.out.split("\n") if line]


def valid(request):
    """Every call has one result right behind it, no result is alone, roles take turns."""
    due = []
    before = None
    for number, m in enumerate(request.json["messages"]):
        if m["role"] == "tool":
            equal(m["tool_call_id"], due.pop(0) if due else None, "whose result")
            before = "tool"
            continue
        equal(due, [], "calls without a result")
        if m["role"] == "system":
            equal(number, 0, "place of the system message")
        if m["role"] == before:
            raise AssertionError(f"two of {before} in a row")
        due = [c["id"] for c in m.get("tool_calls") or []]
        before = m["role"]
    equal(due, [], "calls without a result")


def held(home, words="first task", code="x=41; echo value $x > file; echo x is $x"):
    """A session of one step."""
    with Server(srv.run(code, before="I look."), srv.text("It is 41.")) as s:
        exits(task(home, s, words, "-y", *trusted()), 0)
    return listed(home)[0]["id"]


# ---- going on -----------------------------------------------------------------------------

@test
def goes_on():
    """resume --last TASK: the conversation is there, interpreters are fresh, the model knows"""
    with Home() as home:
        held(home, "最初の仕事")
        with Server(srv.run("echo x=[$x]; cat file"), srv.text("x is gone.")) as s:
            done = resume(home, s, "--last", "-y", *trusted(), "what is x?")
            exits(done, 0)
            first, second = s.chats()
        equal(done.out, "x is gone.\n")
        contains(done.err, "goes on")
        contains(done.err, "shell")
        valid(first)
        valid(second)
        users = [m["content"] for m in first.messages("user")]
        equal(users[0], "最初の仕事")
        equal(users[1].endswith("what is x?"), True, "the task")
        for fact in ("resumed", "variables", "imports", "/tmp", "HOME", "shell", "files of the work"):
            contains(users[1], fact)
        contains(first.words("tool"), "x is 41")
        contains(second.messages("tool")[1]["content"], "x=[]\nvalue 41")
        equal(len([f for f in home.sessions() if f.endswith(".jsonl")]), 1, "files")
        kinds = [e["type"] for e in events(home)]
        equal((kinds.count("session"), kinds.count("resume")), (1, 1))
        equal([e["step"] for e in events(home) if e["type"] == "step"], [1, 2])


@test
def goes_on_again_and_again():
    """resumed three times, by id, by its beginning, piped; parts are numbered on"""
    with Home() as home:
        name = held(home)
        for words, more in (([name, "two"], {}), ([name[:6], "three"], {}),
                            (["--last"], {"data": "four\n".encode()})):
            with Server(srv.text("Yes.")) as s:
                exits(resume(home, s, *words, **more), 0)
                valid(s.chats()[0])
        said = [m["content"].split("\n")[-1] for m in s.chats()[0].messages("user")]
        equal(said, ["first task", "two", "three", "four"])
        parts = [e["part"] for e in events(home) if "part" in e and "text" in e]
        equal(parts, list(range(1, len(parts) + 1)))


@test
def of_this_folder():
    """without an id: the newest of this folder; none is an error with a remedy"""
    with Home() as home:
        held(home, "here")
        other = home.path("other")
        os.mkdir(other)
        with Server(srv.text("Hi.")) as s:
            exits(task(home, s, "there", cwd=other), 0)
        with Server(srv.text("Again.")) as s:
            exits(resume(home, s, data=b"go"), 0)
            contains(s.chats()[0].words("user"), "here")
            done = resume(home, s, data=b"go", cwd=home.path("home"))
        exits(done, 2)
        contains(error_lines(done)[1], "--last")


@test
def what_cannot_be_resumed():
    """no session, an unknown id, an id of several: exit 2 and what to do"""
    with Home() as home:
        with Server() as s:
            exits(resume(home, s, "--last", "go"), 2)
            held(home)
            done = resume(home, s, "nothere", "go")
            exits(done, 2)
            contains(error_lines(done)[0], "'nothere'")
            contains(error_lines(done)[1], "sunaba sessions")
            text = home.read(transcript(home))
            for other in ("aaaa1111", "aaaa2222"):
                home.write(f"state/sunaba/sessions/2020/01/20200101T000000-{other}.jsonl", text)
            done = resume(home, s, "aaaa", "go")
        exits(done, 2)
        contains(error_lines(done)[1], "aaaa1111")
        contains(error_lines(done)[1], "aaaa2222")


@test
def its_own_folder():
    """the session's workspace is used from anywhere; when it is gone: exit 2, -C helps"""
    with Home() as home:
        name = held(home)
        with Server(srv.run("pwd; cat file"), srv.text("End."), srv.run("pwd"),
                    srv.text("End.")) as s:
            exits(resume(home, s, name, "-y", *trusted(), "go", cwd=home.path("home")), 0)
            contains(s.chats()[1].words("tool"), home.work)
            os.rename(home.work, home.path("moved"))
            done = resume(home, s, name, "go", cwd=home.path("home"))
            exits(done, 2)
            contains(error_lines(done)[0], home.work)
            contains(error_lines(done)[1], "-C")
            done = resume(home, s, name, "-C", home.path("moved"), "-y", *trusted(), "go",
                          cwd=home.path("home"))
            exits(done, 0)
            contains(s.chats()[2].words("user"), f"The workspace was {home.work} before")


@test
def the_model():
    """the session's own model without -m; another one is fine, also one without tools"""
    with Home() as home:
        name = held(home)
        with Server(srv.text("Same."), srv.text("Fenced.")) as s:
            exits(sunaba(home, "resume", name, "go", env=s.env), 0)
            equal(s.chats()[0].json["model"], "test")
        script = home.script({"fence": True, "run": {"language": "shell", "code": "echo fenced-$((40+2))"}},
                             {"say": "End."})
        done = sunaba(home, "resume", name, "-m", script, "-y", *trusted(), "go")
        exits(done, 0)
        contains(home.read(transcript(home)), "fenced-42")


@test
def does_not_leave_the_machine():
    """held with a model on this machine, it is sent to no other unless that is said"""
    with Home() as home:
        name = held(home)
        contains(home.read(transcript(home)), '"local":true')
        script = home.script({"say": "Sent."})
        path = transcript(home)
        home.write(path, home.read(path).replace('"model":"openai:test"', f'"model":"{script}"'))
        done = sunaba(home, "resume", name, "go")
        exits(done, 2)
        contains(error_lines(done)[0], "on this machine")
        exits(sunaba(home, "resume", name, "-m", script, "go"), 0)


@test
def only_one_at_a_time():
    """a second process on a session is refused with the first's pid; rm too; a fork is not"""
    with Home() as home:
        name = held(home)
        with Server(srv.stall()) as s:
            first = Running(home, "resume", name, "-m", "openai:test", "go", env=s.env)
            s.wait_requests(1)
            done = resume(home, s, name, "go")
            exits(done, 2)
            contains(error_lines(done)[0], f"process {first.pid}")
            contains(error_lines(done)[1], "fork")
            done = sunaba(home, "sessions", "rm", name)
            exits(done, 2)
            contains(done.err, str(first.pid))
            exits(sunaba(home, "sessions", "fork", name), 0)
            exits(sunaba(home, "sessions", "show", name), 0)
            first.signal(signal.SIGKILL)
            first.wait()
        with Server(srv.text("Now.")) as s:
            exits(resume(home, s, name, "go"), 0)
            valid(s.chats()[0])


# ---- after a kill -------------------------------------------------------------------------

@test
def killed_in_a_step():
    """kill -9 while a step runs: its outcome is unknown, it is not run again, nor is the next"""
    with Home() as home:
        codes = ["echo run >> runs; touch started; sleep 1000", "echo second >> runs"]
        with Server(srv.run(codes)) as s:
            first = run.start(home, s, "go", "-y", *trusted())
            tap.until(lambda: home.there("work/started"), 10 * run.SLOWER, "the step")
            first.signal(signal.SIGKILL)
            first.wait()
        equal(listed(home)[0]["steps"], 1, "steps that began")
        with Server(srv.text("I see.")) as s:
            done = resume(home, s, "--last", "-y", "and now?")
            exits(done, 0)
            contains(done.err, ", 1 step. Gone: the interpreters (shell)")
            request = s.chats()[0]
        valid(request)
        one, two = [m["content"] for m in request.messages("tool")]
        contains(one, "Outcome unknown")
        contains(two, "Not run")
        equal(home.read("work/runs"), "run\n")
        answers = [e for e in events(home) if e["type"] == "tool"]
        equal([(a["label"], a["source"]) for a in answers], [("local", None)] * 2)


@test
def cut_anywhere():
    """a transcript cut at any byte: a notice, a valid request, nothing is run again"""
    with Home() as home:
        with Server(srv.run(["echo a >> runs", "echo b >> runs"], before="見る。"),
                    srv.run("echo c >> runs"), srv.text("終わり。")) as s:
            exits(task(home, s, "仕事", "-y", *trusted()), 0)
        name = transcript(home)
        whole = home.read(name).encode()
        runs = home.read("work/runs")
        first = whole.index(b"\n") + 1
        cuts = sorted({first + (len(whole) - first) * i // 23 for i in range(24)})
        for cut in cuts:
            with open(home.path(name), "wb") as f:
                f.write(whole[:cut])
            with Server(srv.text("Good.")) as s:
                done = resume(home, s, "--last", "-y", "on")
                exits(done, 0)
                valid(s.chats()[0])
            torn = whole[cut - 1:cut] != b"\n" and whole[cut:cut + 1] != b"\n"
            equal("cut off" in done.err, torn, f"the notice at {cut}")
            for line in home.read(name).split("\n")[:-1]:
                json.loads(line)
            equal(home.read("work/runs"), runs, "run again")


@test
def a_damaged_line():
    """a line in the middle that is no event is named by its number, the rest goes on"""
    with Home() as home:
        held(home)
        name = transcript(home)
        lines = home.read(name).split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith('{"type":"tool"'))
        lines[at] = lines[at][:40] + "\x00\x01" + lines[at][45:-3]
        lines.insert(3, '{"type":"of-the-future","time":"x","x":1}')
        home.write(name, "\n".join(lines))
        with Server(srv.text("Fine.")) as s:
            done = resume(home, s, "--last", "go")
            exits(done, 0)
            valid(s.chats()[0])
        contains(done.err, f"line {at + 2}")
        contains(home.read(name), "of-the-future")


@test
def a_file_of_others():
    """a session file that others can write to is not gone on with"""
    with Home() as home:
        name = held(home)
        os.chmod(home.path(transcript(home)), 0o666)
        with Server() as s:
            done = resume(home, s, name, "go")
        exits(done, 1)
        contains(error_lines(done)[0], "others can write")
        contains(error_lines(done)[1], "chmod")


# ---- labels -------------------------------------------------------------------------------

@test
def labels_stay():
    """every message has role, label, source, hash and part; resume neither raises nor loses one"""
    with Home() as home:
        with Server(srv.run("echo hi"), srv.text("Seen."), srv.text("Again.")) as s:
            exits(task(home, s, "look at this", "-y", *trusted()), 0)
            exits(resume(home, s, "--last", "go"), 0)
        got = [(e["type"], e["label"], e.get("source")) for e in events(home) if "part" in e]
        step = "step 1, shell: echo hi"
        equal(got, [("system", "user", None), ("user", "user", None), ("assistant", "local", None),
                    ("tool", "local", step), ("assistant", "local", None),
                    ("system", "user", None), ("user", "local", "sunaba"), ("user", "user", None),
                    ("assistant", "local", None)])
    with Home() as home:
        with Server(srv.text("Seen."), srv.text("Again.")) as s:
            exits(task(home, s, "look at this", "-y", *trusted(), data=b"piped data\n"), 0)
            exits(resume(home, s, "--last", "go"), 0)
        got = [(e["type"], e["label"], e.get("own"), e.get("source")) for e in events(home)
               if "part" in e]
        equal(got, [("system", "user", None, None), ("user", "untrusted", None, "standard input"),
                    ("user", "user", None, None), ("assistant", "untrusted", None, None),
                    ("system", "user", None, None), ("user", "untrusted", "local", "sunaba"),
                    ("user", "user", None, None), ("assistant", "untrusted", None, None)])
        for e in (e for e in events(home) if "part" in e):
            equal((e["role"], len(e["sha256"]), "source" in e), (e["type"], 64, True))
            equal(hashlib.sha256(e["text"].encode()).hexdigest(), e["sha256"], "the hash")
        # A changed text, and a label that nobody gave.
        name = transcript(home)
        home.write(name, home.read(name).replace("look at this", "look at that")
                   .replace('"label":"untrusted","source":"standard input"', '"label":"user","source":"x"'))
        shown = sunaba(home, "sessions", "show", listed(home)[0]["id"])
        exits(shown, 0)
        contains(shown.out, "3 · user · untrusted")
        contains(shown.out, "4 · assistant · untrusted")
        contains(shown.err, "hash")


# ---- a session at the prompt --------------------------------------------------------------

def at_prompt(home, server, *words):
    t = Tmux(home, [*words, "-m", "openai:test"], env=server.env, columns=120, rows=40)
    try:
        t.wait_for(PROMPT)
    except BaseException:
        t.__exit__()
        raise
    return t


def says(t, line, word):
    t.line(line)
    try:
        tap.until(lambda: word in t.screen(history=True).rsplit(f"> {line}", 1)[-1],
                  10 * run.SLOWER, repr(word))
    except AssertionError as late:
        raise AssertionError(f"{late}; the screen:\n{t.screen().rstrip()}") from None
    again_at_prompt(t)


@test
def at_the_prompt():
    """resume in a terminal shows the last exchange, rendered, and /undo reaches into it"""
    with Home() as home:
        with Server(srv.text("One."), srv.text("It is **very** bold.")) as s:
            exits(task(home, s, "first"), 0)
            exits(resume(home, s, "--last", "the second task"), 0)
        with Server(srv.text("Third.")) as s, at_prompt(home, s, "resume") as t:
            shown = t.screen(history=True)
            contains(shown, "> the second task")
            contains(shown, "It is very bold.")
            contains(shown, "goes on")
            says(t, "/undo", "forgotten")
            says(t, "another", "Third.")
            t.line("/quit")
            equal(t.exit_code(), 0)
        users = [m["content"] for m in s.chats()[0].messages("user")]
        equal(users[0], "first")
        equal(len(users), 2)
        absent(users[1], "second task")
        contains(users[1], "resumed")


@test
def told_until_it_was_heard():
    """a resume in which nothing was said loses no fact: the next one tells the model"""
    with Home() as home:
        held(home)
        with Server(srv.text("Good.")) as s:
            for _ in range(2):
                with at_prompt(home, s, "resume") as t:
                    contains(t.screen(history=True), "interpreters (shell)")
                    t.line("/quit")
                    equal(t.exit_code(), 0)
            exits(resume(home, s, "--last", "one"), 0)
            contains(s.chats()[0].words("user"), "interpreters (shell)")
        with Server(srv.text("Good.")) as s:
            exits(resume(home, s, "--last", "two"), 0)
            contains(s.chats()[0].messages("user")[-1]["content"], "nothing (no interpreter")


@test
def export_at_the_prompt():
    """/export FILE writes the session in the form of the name, and over nothing"""
    with Home() as home, Server(srv.text("One.")) as s, at_prompt(home, s) as t:
        says(t, "/export a.md", "nothing was said")
        says(t, "alpha", "One.")
        says(t, "/export a.html", "exported to")
        says(t, "/export a.jsonl", "exported to")
        says(t, "/export a.html", "is there already")
        says(t, "/export a.doc", "does not say")
        contains(home.read("work/a.html"), "One.")
        equal(home.read("work/a.jsonl"), home.read(transcript(home)))


@test
def what_was_taken_back_stays_so():
    """undo, retry, own code and reset are in the file: resume has what the session had"""
    with Home() as home:
        with Server(srv.text("One."), srv.text("Two."), srv.text("Three."), srv.text("Four.")) as s:
            with at_prompt(home, s) as t:
                says(t, "alpha", "One.")
                says(t, "beta", "Two.")
                says(t, "/retry", "Three.")
                says(t, "/undo", "forgotten")
                says(t, "!echo own-$((40+2))", "own-42")
                t.line("/quit")
                equal(t.exit_code(), 0)
            exits(resume(home, s, "--last", "gamma"), 0)
            users = [m["content"] for m in s.chats()[-1].messages("user")]
            equal(users[0], "alpha")
            equal(len(users), 2)
            contains(users[1], "own-42")
            equal(users[1].endswith("gamma"), True, users[1])
            equal([m["content"] for m in s.chats()[-1].messages("assistant")], ["One."])
            shown = sunaba(home, "sessions", "show", listed(home)[0]["id"], "--decisions")
            contains(shown.out, "shell run by user, typed by the user")
        with Server(srv.text("Five."), srv.text("Six.")) as s:
            with at_prompt(home, s, "resume") as t:
                says(t, "/reset", "forgotten")
                says(t, "delta", "Five.")
                t.line("/quit")
                equal(t.exit_code(), 0)
            exits(resume(home, s, "--last", "epsilon"), 0)
            users = [m["content"] for m in s.chats()[-1].messages("user")]
            equal(users[0], "delta")
            equal(len(users), 2)


@test
def shortened_outputs():
    """what was shortened to fit the window is so after resume, with its label"""
    with Home() as home:
        with Server(*[srv.run(f"seq {i} 3000") for i in range(6)], srv.text("End.")) as s:
            done = task(home, s, "go", "-y", *trusted(), "--context", "12000")
            exits(done, 0)
            contains(done.err, "too long for the model")
            last = [m["content"] for m in s.chats()[-1].messages("tool")]
        with Server(srv.text("Good.")) as s:
            exits(resume(home, s, "--last", "--context", "1000000", "go"), 0)
            again = [m["content"] for m in s.chats()[0].messages("tool")]
        again, last = ([re.sub(r"data [0-9a-f]{12}", "data", text) for text in texts]
                       for texts in (again, last))  # the marks are of one run
        equal(again[:-1], last[:-1])
        contains(again[0], "dropped to fit")


@test
def whole_outputs():
    """the tool `output` reaches the outputs of steps before the resume"""
    with Home() as home:
        with Server(srv.run("seq 1 20000"), srv.text("End.")) as s:
            exits(task(home, s, "go", "-y", *trusted()), 0)

        def page(exchange):
            exchange.begin()
            exchange.call(0, "output", {"step": 1, "from": 15000, "lines": 2})
            exchange.end(calls=True)
        with Server(page, srv.text("Good.")) as s:
            exits(resume(home, s, "--last", "-y", *trusted(), "go"), 0)
            contains(s.chats()[1].messages("tool")[1]["content"], "15000\n15001")


# ---- looking ------------------------------------------------------------------------------

@test
def the_list():
    """sessions: the one that was used last comes first; id, steps, folder, first words; --json"""
    with Home() as home:
        none = sunaba(home, "sessions")
        exits(none, 0)
        equal(none.out, "")
        one = held(home, "the\nfirst \u202eone")
        two = held(home, "日本語の仕事")
        equal([r["id"] for r in listed(home)], [two, one])
        with Server(srv.text("Hm.")) as s:
            exits(resume(home, s, one, "go", "-q"), 0)
        rows = listed(home)
        equal([r["id"] for r in rows], [one, two])
        equal((rows[0]["steps"], rows[0]["workspace"], rows[0]["input_tokens"]),
              (1, home.work, 33))
        equal(rows[1]["first"], "日本語の仕事")
        shown = sunaba(home, "sessions")
        exits(shown, 0)
        lines = shown.out.splitlines()
        equal([line.split()[0] for line in lines], [one, two])
        contains(lines[0], "1 step")
        contains(lines[0], "the first")
        absent(shown.out, "\u202e", "bidi")
        contains(lines[1], "日本語の仕事")


@test
def costs():
    """what was spent is kept, and counts against --max-cost after a resume"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", "price_input: 1000\nprice_output: 1000\n")
        with Server(srv.text("One."), srv.text("Two.")) as s:
            exits(task(home, s, "go"), 0)
            row = listed(home)[0]
            equal(round(row["cost_usd"], 6), 0.018)
            contains(sunaba(home, "sessions").out, "$0.0180")
            exits(resume(home, s, "--last", "--max-cost", "0.01", "go"), 6)


@test
def decisions():
    """sessions show ID --decisions: who, when, why, the hash, one line each, escaped"""
    with Home() as home:
        name = held(home, code="echo one\necho more")
        done = sunaba(home, "sessions", "show", name, "--decisions")
        exits(done, 0)
        lines = done.out.splitlines()
        equal(len(lines), 1)
        event = [e for e in events(home) if e["type"] == "decision"][0]
        for part in (event["time"], event["sha256"], "step 1", "shell", "run", "auto-run", "-y"):
            contains(lines[0], part)
        equal((event["by"], bool(event["reason"])), ("auto-run", True))
    with Home() as home:
        code = "echo '\u202e\x1b]0;x\x07'\necho more"
        with Server(srv.run(code), srv.text("I do without.")) as s:
            exits(task(home, s, "go", "-y", "--on-gate=ignore", *trusted()), 0)
        done = sunaba(home, "sessions", "show", listed(home)[0]["id"], "--decisions")
        exits(done, 0)
        equal([line.split()[1] for line in done.out.splitlines()], ["gate", "step", "refused"])
        absent(done.out, "\x1b")
        absent(done.out, "\u202e")


@test
def remove():
    """sessions rm takes the file and its outputs away, and nothing when one of several is wrong"""
    with Home() as home:
        with Server(srv.run("seq 1 20000"), srv.text("End.")) as s:
            exits(task(home, s, "go", "-y", *trusted()), 0)
        one = listed(home)[0]["id"]
        two = held(home)
        exits(sunaba(home, "sessions", "rm", one, "nothere"), 2)
        equal(len(listed(home)), 2)
        exits(sunaba(home, "sessions", "rm", one, two), 0)
        equal(home.sessions(), [])
        exits(sunaba(home, "sessions", "rm"), 2)


@test
def forks():
    """fork ID --at N: a session of its own up to that part; the other stays as it is"""
    with Home() as home:
        name = held(home)
        with Server(srv.text("Second answer.")) as s:
            exits(resume(home, s, name, "second"), 0)
        old = transcript(home)
        before = home.read(old)
        part = [e["part"] for e in events(home) if e.get("text") == "It is 41."][0]
        for words in (["sessions", "fork"], ["fork"]):
            done = sunaba(home, *words, name, "--at", str(part))
            exits(done, 0)
            new = done.out.strip()
            with Server(srv.text("Other.")) as s:
                exits(resume(home, s, new, "third"), 0)
                valid(s.chats()[0])
                users = [m["content"] for m in s.chats()[0].messages("user")]
            equal((users[0], len(users)), ("first task", 2))
            contains(users[1], "copy")
        row = [r for r in listed(home) if r["id"] == new][0]
        equal((row["forked_from"], row["input_tokens"]), (name, 11))
        equal(home.read(old), before, "the other session")
        # Between a call and its result: the call is answered all the same.
        part = [json.loads(line)["part"] for line in before.split("\n")
                if '"type":"assistant"' in line][0]
        done = sunaba(home, "fork", name, "--at", str(part))
        with Server(srv.text("So.")) as s:
            exits(resume(home, s, done.out.strip(), "go"), 0)
            valid(s.chats()[0])
        done = sunaba(home, "fork", name, "--at", "999")
        exits(done, 2)
        contains(done.err, "no part 999")


HOSTILE = ("Look: <script>alert(1)</script> ![p](http://127.0.0.1:9/p.png) "
           "[j](javascript:alert(1)) <img src=x onerror=alert(1)>")


@test
def exports():
    """md, jsonl, openai, html, ipynb: each whole, each with the labels"""
    with Home() as home:
        with Server(srv.run("echo '</pre><script>x</script>'", before=HOSTILE),
                    srv.text("終わり。")) as s:
            exits(task(home, s, "仕事 <b>", "-y", *trusted()), 0)
        name = listed(home)[0]["id"]

        def export(kind):
            done = sunaba(home, "sessions", "export", name, "--format", kind)
            exits(done, 0)
            return done.out
        equal(export("jsonl"), home.read(transcript(home)))
        md = export("md")
        for part in ("## User", "仕事", "local · step 1, shell: echo", "終わり。"):
            contains(md, part)
        openai = json.loads(export("openai"))
        equal([m["role"] for m in openai["messages"]],
              ["system", "user", "assistant", "tool", "assistant"])
        equal(openai["sunaba"]["parts"][3]["label"], "local")
        html = export("html")
        contains(html, "local · step 1, shell: echo")
        contains(html, "終わり。")
        for bad in ("<script", "<img", "javascript:", "onerror=alert(1)>", "<b>"):
            absent(html, bad)
        book = json.loads(export("ipynb"))
        equal((book["nbformat"], [c["cell_type"] for c in book["cells"]]),
              (4, ["markdown", "markdown", "code", "markdown"]))
        contains(book["cells"][2]["source"], "%%bash\necho")
        contains(book["cells"][2]["outputs"][0]["text"], "</pre><script>")
        done = sunaba(home, "sessions", "export", name, "-o", home.path("out.md"))
        exits(done, 0)
        equal(home.read("out.md"), md)
        exits(sunaba(home, "sessions", "export", name, "--format", "pdf"), 2)


@test
def json_events():
    """--json names the same thread when a session goes on"""
    with Home() as home:
        name = held(home)
        with Server(srv.text("Yes.")) as s:
            done = resume(home, s, name, "--json", "go")
        exits(done, 0)
        equal(json.loads(done.out.split("\n")[0]), {"type": "thread.started", "thread_id": name})


@test
def wrong_words():
    """verbs and ids that are wrong: exit 2, one line and a hint"""
    with Home() as home:
        name = held(home)
        for words in (["sessions", "shew"], ["sessions", "show"], ["sessions", "show", "zz"],
                      ["sessions", "show", name, name], ["sessions", "list", "x"],
                      ["sessions", "export"], ["fork"], ["sessions", "show", "../../x"]):
            done = sunaba(home, *words)
            exits(done, 2)
            error_lines(done)


if __name__ == "__main__":
    tap.main()
