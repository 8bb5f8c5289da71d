#!/usr/bin/env python3
"""Bad input: each mistake costs one clear line, at most one more with the remedy, and the exit
code of the table in the design; never a trace, never a hang."""
import os
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, Running, error_lines, exits, start, sunaba, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402


def refused(words, *parts, code=2, env=None, lines=2, home=None, **more):
    """Runs, and wants this exit code and one to two lines that hold the parts."""
    with home or Home() as here:
        done = sunaba(here, *words, env=env, seconds=10, **more)
        exits(done, code)
        text = "\n".join(error_lines(done, lines))
        for part in parts:
            contains(text, part, f"the error of {words}")
        equal(done.out, "", "standard output")
        run.all_gone(2)
        return done


# ---- command line -----------------------------------------------------------------------------

@test
def option_unknown():
    """an unknown option, long and short"""
    refused(["--modle", "x", "task"], "--modle", "--model")
    refused(["-Z", "task"], "Z")


@test
def word_too_many():
    """a word that a command does not take is not passed over"""
    for command in ("models", "doctor", "version"):
        refused([command, "EXTRA"], command, "EXTRA", f"sunaba help {command}")
    for words in (["config", "EXTRA"], ["config", "path", "EXTRA"], ["help", "config", "EXTRA"],
                  ["completion", "bash", "EXTRA"], ["render", "x.md", "EXTRA"]):
        refused(words, words[0] if words[0] != "render" else "EXTRA")


@test
def env_pass_of_a_value():
    """--env-pass takes names: NAME=VALUE, which would be passed over, is refused"""
    refused(["--env-pass", "A=B", "-m", "demo", "x"], "--env-pass", "'A=B'", "the name alone")
    refused(["sandbox", "--env-pass", "PATH,A=B", "--", "true"], "--env-pass", "A=B")
    refused(["--env-pass", "two words", "-m", "demo", "x"], "--env-pass", "two words")
    refused(["-m", "demo", "x"], "SUNABA_ENV_PASS", "A=B", env={"SUNABA_ENV_PASS": "A=B"})
    home = Home()
    home.write("config/sunaba/config.yaml", "env_pass:\n  - A=B\n")
    refused(["-m", "demo", "x"], "config.yaml:", "env_pass", "A=B", home=home)


@test
def option_without_value():
    """an option that lacks its value"""
    refused(["--model"], "--model")


@test
def option_with_a_bad_value():
    """values out of their range or of the wrong kind name option and value"""
    refused(["--max-steps", "many", "task"], "max-steps", "many")
    refused(["--approve", "maybe", "task"], "approve", "maybe")
    refused(["--step-timeout", "-3", "task"], "step-timeout")


@test
def variable_with_a_bad_value():
    """a variable of ours with a bad value names the variable"""
    refused(["-m", "demo", "task"], "SUNABA_APPROVE", env={"SUNABA_APPROVE": "maybe"})


@test
def path_that_is_not_there():
    """a bad path for the sandbox is a usage mistake, and its place is named"""
    refused(["--allow-read", "/no/such", "-m", "demo", "x"], "--allow-read", "/no/such", "No such")
    refused(["--allow-write", "/usr/..", "-m", "demo", "x"], "--allow-write", "/usr/..")
    refused(["sandbox", "--allow-read", "/no/such", "--", "true"], "--allow-read", "/no/such")
    refused(["-m", "demo", "x"], "SUNABA_ALLOW_READ", env={"SUNABA_ALLOW_READ": "/usr:/no/such"})
    for words in (["-m", "demo", "x"], ["sandbox", "--", "true"]):
        home = Home()
        home.write("config/sunaba/config.yaml", "# mine\nallow_write: [/no/such]\n")
        refused(words, "config.yaml:2: allow_write: '/no/such'", home=home)


@test
def too_few_open_files():
    """ulimit -n too low: said at once and with the remedy; one that can be raised is raised"""
    def allow(soft, hard):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for files in (12, 64, 200):
        refused(["-m", "demo", "x"], f"only {files} files", "ulimit -n 1024", code=4,
                preexec=allow(files, files))
    refused(["sandbox", "--", "true"], "only 12 files", "ulimit -n", code=4, preexec=allow(12, 12))
    for words in (["-y", "-m", "SCRIPT", "x"], ["sandbox", "--", "sh", "-c", "echo > trace"]):
        with Home() as home:
            model = home.script({"run": {"language": "shell", "code": "echo > trace"}},
                                {"say": "done"})
            done = sunaba(home, *[model if w == "SCRIPT" else w for w in words],
                          preexec=allow(24, 4096))
            exits(done, 0)
            equal(home.there("work/trace"), True, f"run by {words}: {done}")


@test
def model_unknown_provider():
    """an unknown provider names itself and the nearest"""
    refused(["-m", "olama:llama3", "task"], "olama", "ollama")


@test
def model_none():
    """no model anywhere: exit 2 and how to get one, in at most three lines and the error's"""
    with Home() as home:
        done = sunaba(home, "hello", seconds=15,
                      env={"OLLAMA_HOST": f"127.0.0.1:{srv.closed_port()}"})
        if done.code == 0:
            tap.skip("a model server runs on this machine")
        exits(done, 2)
        error_lines(done, 5)


@test
def password_in_an_address():
    """a password in a server's address is sent to that server and shown to nobody"""
    with Home() as home, Server(srv.error(500, "no"), srv.error(400, "see http://a:hush@b")) as s:
        for words in (["-m", "openai:test", "--api-base", s.url.replace("//", "//me:hush@")],
                      ["-m", "ollama:test"]):
            done = sunaba(home, *words, "task",
                          env={"OLLAMA_HOST": f"http://me:hush@127.0.0.1:{srv.closed_port()}"})
            exits(done, 3)
            tap.absent(done.err, "hush", "standard error")
        contains(s.chats()[0].headers.get("authorization", ""), "Basic", "sent")
        for name in home.sessions():
            tap.absent(home.read(name), "hush", "the session's file")


@test
def model_key_missing():
    """a provider without its key names the variable"""
    refused(["-m", "openai:gpt-x", "task"], "OPENAI_API_KEY", code=3)


@test
def model_unknown_at_the_server():
    """a model the server does not have: the server's words"""
    body = {"error": {"message": "The model 'nope' does not exist", "code": "model_not_found"}}
    with Home() as home, Server(forever=srv.status(404, body)) as s:
        done = sunaba(home, "-m", "openai:nope", "hello", env=s.env)
        exits(done, 3)
        contains(done.err, "does not exist", "the server's words")
        equal(len(s.chats()), 1, "requests")


@test
def model_script_missing():
    """a dialogue file that is not there or is broken names the file"""
    refused(["-m", "script:/nonexistent/x.json", "task"], "/nonexistent/x.json", code=(1, 2))
    with Home() as home:
        path = home.write("bad.yaml", "- say: hello\n  - say: [unclosed\n")
        refused(["-m", f"script:{path}", "task"], "bad.yaml", home=home)


@test
def base_url_is_nonsense():
    """a base URL that is none"""
    refused(["-m", "openai:x", "task"], "nonsense",
            env={"OPENAI_BASE_URL": "nonsense://%%", "OPENAI_API_KEY": "k"}, code=2)


# ---- servers ----------------------------------------------------------------------------------

@test
def server_wrong_key():
    """a wrong key: exit 3, one line and a remedy, the key not shown"""
    with Home() as home, Server(forever=srv.error(401, "bad key")) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        absent(done.err, s.env["OPENAI_API_KEY"], "the key")
        error_lines(done, 2)


@test
def server_wrong_key_says_whose():
    """a wrong key: the place it really came from is named"""
    def refusal(home, s, **env):
        done = sunaba(home, "-m", "openai:x", "--api-base", s.url, "hello", env=env)
        exits(done, 3)
        absent(done.err, "sk-mine", "the key")
        return error_lines(done, 2)[0]
    with Home() as home, Server(forever=srv.error(401, "bad key")) as s:
        contains(refusal(home, s, SUNABA_API_KEY="sk-mine"), "from SUNABA_API_KEY", "the place")
        contains(refusal(home, s, SUNABA_API_KEY="env:MY_KEY", MY_KEY="sk-mine"),
                 "from MY_KEY", "the place")
        home.write("config/sunaba/config.yaml", "# mine\napi_key: sk-mine\n")
        contains(refusal(home, s), "from config.yaml:2", "the place")


@test
def server_key_precedence():
    """SUNABA_API_KEY beats the vendor's variable, which beats the config file"""
    with Home() as home, Server(forever=srv.error(401, "bad key")) as s:
        home.write("config/sunaba/config.yaml", "api_key: sk-file\n")
        for own, want in (("sk-own", "Bearer sk-own"), ("", "Bearer sk-vendor")):
            done = sunaba(home, "-m", "openai:x", "hello",
                          env={"OPENAI_BASE_URL": s.url, "OPENAI_API_KEY": "sk-vendor",
                               "SUNABA_API_KEY": own})
            exits(done, 3)
            equal(s.requests[-1].headers.get("authorization"), want, own)


@test
def server_hangs():
    """a server that never answers: SIGINT ends it with 130 at once"""
    with Home() as home, Server(srv.stall(headers=False)) as s:
        running = start(home, s, "hello")
        s.wait_requests(1)
        running.signal(signal.SIGINT)
        exits(running.wait(2), 130)


@test
def server_accepts_and_closes():
    """a server that accepts and says nothing: exit 3 after a few tries"""
    with Home() as home, Server(forever=srv.garbage(b"")) as s:
        done = task(home, s, "hello")
        exits(done, 3)
        if len(s.chats()) > 5:
            raise AssertionError(f"{len(s.chats())} requests")


@test
def server_dies_for_ever():
    """a server that dies in the middle of every stream: exit 3"""
    with Home() as home, Server(forever=srv.cut("text ")) as s:
        exits(task(home, s, "hello"), 3)


@test
def server_redirects():
    """a redirect is not followed, the key does not travel"""
    with Home() as home, Server() as other, \
            Server(forever=srv.status(302, "", Location=other.url + "/chat/completions")) as s:
        exits(task(home, s, "hello"), 3)
        equal(len(other.requests), 0, "requests at the other server")


# ---- files ------------------------------------------------------------------------------------

@test
def config_mistakes():
    """a mistake in the configuration names file, line and column"""
    for text, where in (("model: demo\napprov: ask\n", ":2:1"),
                        ("model: demo\nmax_steps: many\n", ":2:"),
                        ("model: [unclosed\n", ":"), ("\tmodel: demo\n", ":1:"),
                        ("- a\n- list\n", ":1:1")):
        with Home() as home:
            home.write("config/sunaba/config.yaml", text)
            refused(["-m", "demo", "task"], f"config.yaml{where}", home=home)


@test
def config_is_binary():
    """a configuration of random bytes, and one that is a folder"""
    with Home() as home:
        path = home.write("config/sunaba/config.yaml", "")
        with open(path, "wb") as f:
            f.write(b"\x00\xff\xfe\x01" * 200)
        refused(["-m", "demo", "task"], "config.yaml", home=home)
    with Home() as home:
        os.makedirs(home.path("config/sunaba/config.yaml"))
        done = sunaba(home, "-m", "demo", "task", seconds=10)
        if done.code not in (1, 2):
            raise AssertionError(str(done))


@test
def state_cannot_be_written():
    """a state folder that cannot be made: a clear line, nothing run"""
    with Home() as home, Server(srv.run("echo > trace"), srv.text("end")) as s:
        home.write("blocked", "a file where a folder should be")
        done = task(home, s, "go", "-y", env={"XDG_STATE_HOME": home.path("blocked/state")})
        if done.code not in (1, 2):
            raise AssertionError(str(done))
        error_lines(done, 2)
        equal(home.there("work/trace"), False, "the step ran")


# ---- workspace --------------------------------------------------------------------------------

@test
def workspace_root():
    """the workspace / is refused by the policy"""
    refused(["-C", "/", "-m", "demo", "task"], "/")


@test
def workspace_home():
    """the workspace $HOME, and any folder above it, is refused by the policy"""
    with Home() as home:
        path = home.path("home")
        refused(["-C", path, "-m", "demo", "task"], path, home=home)
    with Home() as home:
        refused(["-C", home.root, "-m", "demo", "task"], home.root, home=home)


@test
def workspace_home_as_folder():
    """started in $HOME without -C: refused as well, with the way out"""
    with Home() as home:
        refused(["-m", "demo", "task"], home.path("home"), "-C", home=home,
                cwd=home.path("home"))


@test
def workspace_missing():
    """a workspace that is not there, or is a file"""
    with Home() as home:
        refused(["-C", home.path("nope"), "-m", "demo", "task"], "nope", home=home)
    with Home() as home:
        path = home.write("file", "x")
        refused(["-C", path, "-m", "demo", "task"], "file", home=home)


@test
def workspace_vanished():
    """the current folder was removed"""
    with Home() as home:
        gone = home.path("gone")
        os.mkdir(gone)
        done = sunaba(home, "-c", f"rmdir {gone}; exec {run.SUNABA} -m demo task", cwd=gone,
                      program="/bin/sh", seconds=10)
        if done.code not in (1, 2, 4):
            raise AssertionError(str(done))
        error_lines(done, 2)


# ---- streams and words ------------------------------------------------------------------------

def closed(fds):
    def close():
        for fd in fds:
            os.close(fd)
    return close


@test
def closed_standard_output():
    """standard output closed: a clear line or a quiet end, no descriptor mixed up"""
    with Home() as home, Server(srv.run("echo ran > trace"), srv.text("the answer\n")) as s:
        done = task(home, s, "go", "-y", preexec=closed([1]))
        if done.code not in (0, 1):
            raise AssertionError(str(done))
        absent(done.err, "the answer", "the answer on standard error")
        for name in home.sessions():
            absent(home.read(name).split("\n")[0], "the answer\n", "a descriptor was reused")


@test
def all_streams_closed():
    """all three standard streams closed: no crash, no stray bytes in files"""
    with Home() as home, Server(srv.text("PLAIN-ANSWER\n")) as s:
        done = Running(home, "-m", "openai:test", "hello", env=s.env, stdin=subprocess.DEVNULL,
                       preexec=closed([0, 1, 2])).wait(20)
        if done.code not in (0, 1):
            raise AssertionError(str(done))
        for name in home.sessions():
            for line in home.read(name).splitlines():
                if not line.startswith("{"):
                    raise AssertionError(f"a stray line in {name}: {line!r}")


@test
def task_not_utf8():
    """a task that is not UTF-8 reaches the model repaired, or is refused clearly"""
    with Home() as home, Server(srv.text("ok")) as s:
        done = task(home, s, b"before \xff\xfe after")
        if done.code == 2:
            error_lines(done, 2)
        else:
            exits(done, 0)
            words = s.chats()[0].words("user")
            contains(words, "before", "the task")
            contains(words, "after", "the task")


@test
def task_of_a_megabyte():
    """a task of 1 MB through standard input reaches the model whole, or is refused clearly"""
    data = b"word " * 200_000 + b"THE-END\n"
    with Home() as home, Server(srv.text("ok")) as s:
        done = sunaba(home, "-m", "openai:test", "--context", "2000000", env=s.env, data=data)
        if done.code == 0:
            contains(s.chats()[0].words("user"), "THE-END", "the end of the task")
        else:
            if done.code not in (2, 3):
                raise AssertionError(str(done))
            error_lines(done, 2)


@test
def task_beyond_the_window():
    """a task larger than the context window: a clear error, the words not dropped silently"""
    data = b"word " * 80_000
    with Home() as home, Server(forever=srv.text("ok")) as s:
        done = sunaba(home, "-m", "openai:test", "--context", "8192", env=s.env, data=data)
        exits(done, 3)
        if s.chats():
            contains(s.chats()[0].words("user"), "word " * 1000, "the task")


@test
def task_empty():
    """an empty task, and one of blanks"""
    with Home() as home, Server(forever=srv.text("ok")) as s:
        for words in ("", "   \n"):
            done = task(home, s, words)
            exits(done, 2)
            error_lines(done, 2)
        equal(len(s.chats()), 0, "requests")


@test
def command_with_rubbish():
    """sub-commands refuse what they do not know"""
    refused(["help", "frobnicate"], "frobnicate")
    refused(["config", "frobnicate"], "config")
    refused(["completion", "tcsh"], "tcsh")
    refused(["models", "--nope"], "--nope")
    refused(["sandbox", "--nope", "--", "true"], "--nope")


@test
def command_not_found():
    """`sandbox` with a program that is not there: 127, and one that cannot be executed: 126"""
    refused(["sandbox", "--", "/nonexistent/program"], "/nonexistent/program", code=127)
    with Home() as home:
        path = home.write("work/data", "no program")
        refused(["sandbox", "--", path], "data", code=126, home=home)


@test
def environment_is_empty():
    """started with no environment at all: a clear line, no crash"""
    with Home() as home:
        done = sunaba(home, "-i", run.SUNABA, "-m", "demo", "task", program="/usr/bin/env",
                      cwd=home.work, seconds=10)
        if done.code is None or done.code < 0 or done.code > 6:
            raise AssertionError(str(done))


if __name__ == "__main__":
    threading.excepthook = lambda args: None
    tap.main()
