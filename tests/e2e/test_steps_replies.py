#!/usr/bin/env python3
"""Rows of the steps table about replies and sessions, in every language: S5 Ctrl-C, S6 the agent's
own end, S10 blocks, S11 calls written as text, S12 parallel calls, S13 what is not installed, time
limits, S16 circles."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from steps import PROGRAMS, installed, need, play, results, transcript, turn  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402

# A greeting with the three characters that others lose (quotes, a line break, r), and its output.
HELLO = {
    "shell": "cat <<'EOF'\n  \"r\" `x` {\n\nEOF\n", "python": "print('''  \"r\" `x` {\n''')\n",
    "javascript": "console.log(`  \"r\" \\`x\\` {\n`)\n", "ruby": "puts '  \"r\" `x` {\n\n'\n",
    "perl": "print '  \"r\" `x` {\n\n';\n", "r": "cat('  \"r\" `x` {\\n\\n')\n",
    "c": "puts(\"  \\\"r\\\" `x` {\\n\");\n", "sql": "SELECT '  \"r\" `x` {' AS r;\n",
    "html": "<html>\n<r>`x` {</r>\n",
}
SAID = '  "r" `x` {\n'
BUSY = {
    "shell": "echo begun; while :; do :; done; echo after", "python": "print('begun')\nwhile True: pass\nprint('after')",
    "javascript": "console.log('begun'); for (;;);", "ruby": "puts 'begun'; loop {}; puts 'after'",
    "perl": "print qq(begun\\n); 1 while 1; print 'after'", "r": "cat('begun\\n'); repeat {}; cat('after')",
    "c": "puts(\"begun\"); for (;;) sleep(1); puts(\"after\");",
    "sql": "SELECT 'begun'; WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'after', count(*) FROM c",
}
FLOOD = {
    "shell": "yes", "python": "while True: print('y' * 60)", "javascript": "for (;;) console.log('y'.repeat(60))",
    "ruby": "loop { puts 'y' * 60 }", "perl": "print 'y' x 60, qq(\\n) while 1", "r": "repeat cat(strrep('y', 60), '\\n')",
    "c": "for (;;) puts(\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\");",
    "sql": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'yyyyyyyyyyyyyyy' FROM c",
}


def hello(language, number=0):
    """The greeting; another text for each number, for the same step again and again is stopped."""
    return "\n" * number + HELLO[language]


def in_each(languages=tuple(PROGRAMS)):
    """Declares the function as one test for each of the languages."""
    def declare(function):
        for language in languages:
            def one(language=language):
                need(language)
                function(language)
            one.__name__ = f"{function.__name__}_{language}"
            row, _, what = function.__doc__.partition(": ")
            one.__doc__ = f"{row} {language}: {what}"
            test(one)
        return function
    return declare


def said_hello(step, language):
    equal(step.language, language, "the language")
    if language == "html":
        contains(step.text, "page-", "the page")
    else:
        contains(step.text, '"r" `x` {', "the output")


# ---- S10 ------------------------------------------------------------------------------------------

def without_tools(home, *said):
    """Plays replies to a model that takes no tools; (steps, finished program)."""
    with Server(*[srv.text(*words) for words in said], srv.text("The end."),
                capabilities=("completion",)) as s:
        done = sunaba(home, "-m", "ollama:test", "-y", *run.trusted(), "go", env=s.env)
        exits(done, 0)
        events = [e for e in transcript(home) if e["type"] in ("step", "decision")]
        told = s.chats()[-1].words("user")
    return events, told, done


def decided(events):
    return [(e["language"], e["code"]) for e in events if e["type"] == "decision"]


@in_each()
def s10_blocks(language):
    """S10: several blocks of a reply run in order, byte-exact, whatever the fences and the chunks"""
    codes = [hello(language, number) for number in range(4)]
    spaced = "".join("  " + line if line.strip() else line for line in codes[3].splitlines(True))
    reply = (f"First:\n\n```{language}\n{codes[0]}```\n\nThen `this`, no block:\n```\nrm -rf /\n```\n"
             f"~~~~ {language.upper()} x=1\n{codes[1]}~~~~\nand\n````{language}\n{codes[2]}````\n"
             f"  ```{language}\n{spaced}  ```\nProse behind it.\n\n```text\nno step\n```\n")
    for size in (len(reply), 1, 7):
        if size != 7 and language != "shell":
            continue
        with Home() as home:
            events, _, done = without_tools(home, [reply[i:i + size] for i in range(0, len(reply), size)])
            equal(decided(events), [(language, code) for code in codes], f"the steps, in chunks of {size}")
            contains(done.err + done.out, "Prose behind it.", "prose")
            if language != "html":
                equal([e["output"] for e in events if e["type"] == "step"][3], SAID + "\n" if language != "sql" else
                      "| r           |\n| ----------- |\n|   \"r\" `x` { |\n(1 row)\n", "the last one's output")


# ---- S11 ------------------------------------------------------------------------------------------

def written(language, code):
    """The same call in the ways in which weak models write it."""
    pair = json.dumps({"language": language, "code": code})
    raw = '{"language": "%s", "code": "%s"}' % (language, code.replace("\\", "\\\\").replace('"', '\\"'))
    named = json.dumps({"name": "execute", "arguments": {"language": language, "code": code}})
    return [f"functions.execute({pair})", f"I shall look.\n\nfunctions.execute({raw})\n\nThat is it.", pair,
            f"```json\n{pair}\n```", f"<tool_call>\n{named}\n</tool_call>", f"Look:\n{named}"]


@in_each()
def s11_as_text(language):
    """S11: a call written as text runs, and the transcript holds the code as repaired"""
    codes = [hello(language, number) for number in range(6)]
    with Home() as home:
        got, done = play_each(home, [written(language, code)[number] for number, code in enumerate(codes)])
        equal([(s.language, s.code) for s in got], [(language, code) for code in codes], "the steps")
        for step in got:
            said_hello(step, language)
        contains(done.err, "wrote its call as text", "the user is told")


def play_each(home, texts):
    """Replies of text alone, each of which leads to a step; Steps with the code that was run."""
    got, done = play(home, *texts)
    for step, event in zip(got, [e for e in transcript(home) if e["type"] == "decision"]):
        step.event["code"] = event["code"]
    return got, done


@in_each()
def s11_in_the_code(language):
    """S11: code that is a call itself, fenced, or with a trailing `execute`, is what was meant"""
    codes = [hello(language, number) for number in range(5)]
    with Home() as home:
        got, done = play_each(home, [
            {"call": {"name": language, "args": {"code": codes[4]}}},
            turn(codes[0] + "execute", language), turn(json.dumps({"language": language, "code": codes[1]}), "python"),
            turn(f"functions.execute({json.dumps({'code': codes[2], 'language': language})})", language),
            turn(f"```{language}\n{codes[3]}```", language)])
        equal([s.code for s in got], codes[4:] + codes[:4], "the code")
        for step in got:
            said_hello(step, language)
        contains(done.err, "wrapped its code", "the user is told")


@test
def s11_without_tools():
    """S11: the same from a model without tools; a call in prose or in an example stays text"""
    with Home() as home:
        events, _, _ = without_tools(home, ["I look.\n" + written("shell", "echo `r`\n")[0]],
                                     ["```json\n" + json.dumps({"language": "python", "code": "print('r')"}) + "\n```"])
        equal(decided(events), [("shell", "echo `r`\n"), ("python", "print('r')\n")], "the steps")
    for text in ("Call functions.execute({\"language\": \"shell\", \"code\": \"touch ran\"}) for that.",
                 "A pair:\n{\"language\": \"shell\", \"code\": \"touch ran\"}\nis what it takes."):
        with Home() as home:
            done = sunaba(home, "-m", home.script(text), "-y", "go")
            exits(done, 0)
            equal((home.there("work/ran"), done.out), (False, text + "\n"), "an answer")


@test
def s11_is_asked_about():
    """S11: a call written as text is decided on like any other, and never runs with -a never"""
    with Home() as home:
        script = home.script(written("shell", "touch ran")[0], "The end.")
        equal(sunaba(home, "-m", script, "go").code, 5, "nobody can be asked")
        exits(sunaba(home, "-m", script, "--approve", "never", "go"), 0)
        equal(home.there("work/ran"), False, "it ran")


# ---- S12, S13 --------------------------------------------------------------------------------------

@test
def s12_all_languages_in_one_reply():
    """S12: calls of one reply in all languages run in order, each with its own result"""
    there = [name for name in HELLO if name in installed()]
    calls = [{"language": name, "code": HELLO[name]} for name in there]
    with Home() as home:
        got, _ = play(home, {"run": calls}, {"run": [calls[0], {"language": "cobol", "code": "x"}, calls[1]]})
        equal([s.language for s in got[:len(there)]], there, "the order")
        for step, name in zip(got, there):
            said_hello(step, name)
        contains(got[-2].text, "cobol", "the one that cannot be run")
        said_hello(got[-1], there[1])
        events = transcript(home)
        asked = [c["id"] for e in events if e["type"] == "assistant" for c in e.get("calls", [])]
        equal([e["call_id"] for e in events if e["type"] == "tool"], asked, "each result names its call")


@test
def s12_bad_calls_count_once():
    """S12: the bad calls of one reply count once, and each gets its answer"""
    bad = srv.run(["echo 1"] * 7, "fortran")
    with Home() as home, Server(bad, srv.run("echo good"), srv.text("Done.")) as s:
        done = run.task(home, s, "go", "-y", *run.trusted())
        equal(done.code, 0, str(done))
        got = s.chats()[-1].messages("tool")
    equal(len(got), 8, "results")
    for message in got[:7]:
        contains(message["content"], "there is no language 'fortran'", "a result")
    with Home() as home, Server(forever=bad) as s:
        done = run.task(home, s, "go", "-y", *run.trusted())
        equal((done.code, len(s.chats())), (3, 5), str(done))
    contains(done.err, "calls that cannot be run in 5 replies in a row", "why")


@test
def s13_not_installed():
    """S13: a language that is unknown, or known and not installed: the model is told what there is"""
    missing = [name for name in PROGRAMS if name not in installed()]
    for names in (["cobol", "", "日本"], missing[:4], missing[4:]):  # five in a row end the task
        with Home() as home:
            got, _ = play(home, *[turn("x", name) for name in names])
            for name, step in zip(names, got):
                contains(step.text, "Not run: ", "the answer")
                contains(step.text, name if name in missing else f"'{name}'", "the name")
                contains(step.text, "shell, python", "what there is")


# ---- S2, S5, S6, S7, S16 ---------------------------------------------------------------------------

@in_each(tuple(BUSY))
def s7_endless(language):
    """S7: endless output is stopped by the step's time or its own limit, the agent's memory is bounded"""
    with Home() as home:
        script = home.script(turn(FLOOD[language], language), turn(HELLO[language], language), "The end.")
        patience = "6" if language == "c" else "2"  # seconds, for the small step too; a compiler has its own
        running = run.Running(home, "-m", script, "-y", *run.trusted(), "--step-timeout", patience, "go")
        peak = 0
        while running.process.poll() is None:
            try:
                peak = max(peak, running.memory_peak())
                running.process.wait(0.05)
            except (AssertionError, OSError, run.subprocess.TimeoutExpired):
                pass
        exits(running.wait(30), 0)
        run.all_gone(2)
        flood, behind = results(transcript(home))
        # On a quick machine the output's own limit comes first.
        late = flood.end == "timeout"
        contains(flood.text, "[stopped: time limit" if late else "stopped: more than 256 MiB", "the facts")
        contains(flood.text, "left out", "the facts")
        if len(flood.text) > 64 * 1024 or peak > 24 * 1024 * 1024 and not run.ASAN:
            raise AssertionError(f"{len(flood.text)} bytes to the model, {peak / 1e6:.1f} MB of memory")
        said_hello(behind, language)


@in_each(tuple(BUSY))
def s5_interrupted(language):
    """S5: Ctrl-C in a step: the run ends at once with 130, every child dead"""
    with Home() as home:
        script = home.script(turn(BUSY[language], language), "The end.")
        running = run.Running(home, "-m", script, "-y", "go")
        running.wait_for("begun", 2, 20)
        running.signal(signal.SIGINT)
        equal(running.wait(6).code, 130, str(running))
        run.all_gone(1)
        got = results(transcript(home))
        equal(got[0].end, "interrupted", "the step")
        absent(got[0].output, "after", "the rest of the code")


@test
def s6_agent_killed():
    """S6: kill -9 of the agent takes daemons of every language with it"""
    daemon = "setsid sleep 4714"
    codes = {"shell": f"({daemon} &)", "python": f"import os; os.system('{daemon} &')", "perl": f"system('{daemon} &'); 1",
             "javascript": f"require('child_process').spawn('sleep', ['4714'], {{detached: true, stdio: 'ignore'}}); 1",
             "ruby": f"Process.detach(spawn('{daemon}')); 1", "r": f"system('{daemon}', wait = FALSE)",
             "c": "if (fork() == 0) { setsid(); sleep(4714); }"}
    with Home() as home:
        script = home.script(*[turn(code, name) for name, code in codes.items() if name in installed()],
                             turn("echo > ready; trap '' TERM INT; sleep 300"))
        running = run.Running(home, "-m", script, "-y", *run.trusted(), "go")
        tap.until(lambda: home.there("work/ready"), 30 * run.SLOWER, "the last step")
        number = len([p for p in run.descendants(running.pid) if "4714" in run.command(p)])
        if number < 2:
            raise AssertionError(f"{number} daemons")
        running.signal(signal.SIGKILL)
        running.wait(5)
        run.all_gone(2)


@in_each()
def s16_circle(language):
    """S16: the same code with the same output again and again ends the task"""
    with Home() as home:
        done = sunaba(home, "-m", home.script(*[turn(HELLO[language], language)] * 9, "The end."),
                      "-y", *run.trusted(), "go")
        if language == "html":  # a new page each time: its output differs
            equal(done.code, 0, str(done))
            return
        equal(done.code != 0, True, str(done))
        equal(len(results(transcript(home))), 3, "steps")
        contains(done.err, "3 times", "why")


if __name__ == "__main__":
    tap.main()
