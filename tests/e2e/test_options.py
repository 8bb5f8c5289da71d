#!/usr/bin/env python3
"""Options end to end: argv, variables, config file, profile, help, manual, completions."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
from run import SUNABA, Home, exits, sunaba  # noqa: E402
from tap import absent, contains, equal, skip, test  # noqa: E402

COMMANDS = ("sandbox", "models", "doctor", "config", "render", "completion", "help", "version")


def settings(home, *args, env=None):
    """`sunaba config --json` as {key: (value, source)}."""
    done = sunaba(home, "config", "--json", *args, env=env)
    exits(done, 0)
    rows = [json.loads(line) for line in done.out.splitlines()]
    return {row["key"]: (row["value"], row["source"]) for row in rows}


def refused(home, args, *lines, env=None):
    """Exit 2, nothing on standard output, exactly these lines on standard error."""
    done = sunaba(home, *args, env=env)
    exits(done, 2)
    equal(done.out, "", "standard output")
    equal(done.err.splitlines(), list(lines), f"standard error of {args}")


@test
def unknown_option():
    """an unknown option is two lines with the nearest one (W22)"""
    with Home() as home:
        refused(home, ["--modle", "x"], "sunaba: unknown option '--modle'",
                "  did you mean '--model'? see 'sunaba --help'")
        refused(home, ["--xyzzy"], "sunaba: unknown option '--xyzzy'", "  see 'sunaba --help'")
        refused(home, ["render", "--widht", "3"], "sunaba: unknown option '--widht'",
                "  did you mean '--width'? see 'sunaba help render'")
        refused(home, ["-qZ"], "sunaba: unknown option '-Z'", "  see 'sunaba --help'")


@test
def hostile_option():
    """control characters in an argument do not reach the terminal"""
    with Home() as home:
        done = sunaba(home, "--mod\x1b]0;title\x07\u202eel")
        exits(done, 2)
        absent(done.err, "\x1b", "standard error")
        absent(done.err, "\u202e", "standard error")


@test
def bad_config():
    """errors in the config file name file, line and column, and the remedy"""
    with Home() as home:
        path = home.path("config/sunaba/config.yaml")
        for text, line, remedy in (
                ("model: demo\nmax_step: 3\n", "2:1: unknown key 'max_step'",
                 "  did you mean 'max_steps'? see 'sunaba help config'"),
                ("max_steps: lots\n", "1:12: max_steps: 'lots' is not a whole number",
                 "  see 'sunaba help config'"),
                ("model: [a]\n", "1:8: 'model' takes one value, not a list",
                 "  see 'sunaba help config'"),
                ("model: *a\n", "1:8: anchors and aliases are not accepted",
                 "  write the value out, or quote it if it begins with & or *")):
            home.write("config/sunaba/config.yaml", text)
            refused(home, ["config"], f"sunaba: {path}:{line}", remedy)
            refused(home, ["-m", "demo", "hello"], f"sunaba: {path}:{line}", remedy)
            refused(home, ["config", "check", path], f"sunaba: {path}:{line}", remedy)


@test
def bad_config_does_not_hide_help():
    """help, version and completion read no config"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", "][")
        for args in (["--help"], ["--version"], ["help"], ["help", "config"], ["version"],
                     ["completion", "bash"], ["config", "path"], ["config", "--help"]):
            exits(sunaba(home, *args), 0)


@test
def precedence():
    """flag before profile before environment before config before default, with sources"""
    with Home() as home:
        home.write("config/sunaba/config.yaml",
                   "model: from-config\nmax_steps: 7\ncontext: 100\napi_base: http://c\n"
                   "limits: {memory: 1G}\nallow_read: [/a, /b]\n")
        home.write("config/sunaba/profiles/work.yaml", "context: 300\napi_base: http://p\n")
        env = {"SUNABA_MODEL": "from-env", "SUNABA_CONTEXT": "200"}
        got = settings(home, env=env)
        equal(got["model"], ("from-env", "SUNABA_MODEL"))
        equal(got["max_steps"], ("7", "config.yaml:2"))
        equal(got["context"], ("200", "SUNABA_CONTEXT"))
        equal(got["limits.memory"], ("1G", "config.yaml:5"))
        equal(got["allow_read"], ("/a, /b", "config.yaml:6"))
        equal(got["approve"], ("ask", "default"))
        got = settings(home, "--profile", "work", "--api-base", "http://f", env=env)
        equal(got["context"], ("300", "profiles/work.yaml:1"))
        equal(got["api_base"], ("http://f", "--api-base"))
        equal(got["profile"], ("work", "--profile"))


@test
def auto_run_everywhere():
    """-y, SUNABA_AUTO_RUN and auto_run are the same as approve: auto"""
    with Home() as home:
        equal(settings(home, "-y")["approve"], ("auto", "--auto-run"))
        equal(settings(home, "-y", "--no-auto-run")["approve"], ("ask", "--auto-run"))
        equal(settings(home, env={"SUNABA_AUTO_RUN": "1"})["approve"],
              ("auto", "SUNABA_AUTO_RUN"))
        home.write("config/sunaba/config.yaml", "auto_run: true\n")
        equal(settings(home)["approve"], ("auto", "config.yaml:1"))
        equal(settings(home, "--approve", "never")["approve"], ("never", "--approve"))


@test
def secrets_are_not_shown():
    """a key in the config is shown as ***"""
    with Home() as home:
        home.write("config/sunaba/config.yaml", "api_key: sk-very-secret\n")
        done = sunaba(home, "config")
        exits(done, 0)
        absent(done.out + done.err, "very-secret")
        contains(done.out, "***")


@test
def bad_variable_and_profile():
    """a bad variable and a missing profile say what to do"""
    with Home() as home:
        refused(home, ["config"], "sunaba: SUNABA_MAX_STEPS: '-' is not a whole number",
                "  correct or unset the variable SUNABA_MAX_STEPS",
                env={"SUNABA_MAX_STEPS": "-"})
        refused(home, ["config", "--profile", "none"], "sunaba: there is no profile 'none'",
                f"  write it to {home.path('config/sunaba/profiles/none.yaml')}")
        done = sunaba(home, "config", "--profile", "../config")
        exits(done, 2)


@test
def config_path():
    """config path: the file, by XDG folder or variable"""
    with Home() as home:
        done = sunaba(home, "config", "path")
        equal(done.out, home.path("config/sunaba/config.yaml") + "\n")
        done = sunaba(home, "config", "path", env={"SUNABA_CONFIG": "/x/y.yaml"})
        equal(done.out, "/x/y.yaml\n")


@test
def config_missing():
    """no config is fine; one that was named must be there"""
    with Home() as home:
        exits(sunaba(home, "config"), 0)
        done = sunaba(home, "config", env={"SUNABA_CONFIG": "/nonexistent/y.yaml"})
        if done.code not in (1, 2):
            raise AssertionError(f"exit {done.code}")
        contains(done.err, "/nonexistent/y.yaml")


@test
def help_width():
    """every help fits 80 columns and has no escape sequences"""
    with Home() as home:
        for args in (["--help"], ["help"], ["help", "environment"], ["help", "exit"],
                     *(["help", name] for name in COMMANDS),
                     *([name, "--help"] for name in COMMANDS)):
            done = sunaba(home, *args)
            exits(done, 0)
            equal(done.err, "", f"standard error of {args}")
            absent(done.out, "\x1b")
            for line in done.out.splitlines():
                if len(line) > 80 or line != line.rstrip():
                    raise AssertionError(f"{args}: {line!r}")


@test
def help_is_complete():
    """--help names every command; `help exit` every code"""
    with Home() as home:
        text = sunaba(home, "--help").out
        for name in COMMANDS:
            if not re.search(rf"^  {name}\b", text, re.M):
                raise AssertionError(name)
        for code in ("0", "1", "2", "3", "4", "5", "6", "7", "130", "143"):
            if not re.search(rf"^  {code} ", sunaba(home, "help", "exit").out, re.M):
                raise AssertionError(code)
        refused(home, ["help", "rendr"], "sunaba: no help on 'rendr'",
                "  did you mean 'render'? see 'sunaba --help'")


@test
def manual():
    """the manual holds every option of --help, the page of the config file every key"""
    with Home() as home:
        page = sunaba(home, "help", "--man", os.path.join(run.ROOT, "docs/sunaba.1.in"))
        exits(page, 0)
        absent(page.out, "@OPTIONS@")
        plain = page.out.replace("\\-", "-")
        for name in re.findall(r"--[a-z][a-z-]+", sunaba(home, "--help").out):
            contains(plain, name, "the manual")
        page = sunaba(home, "help", "--man", os.path.join(run.ROOT, "docs/sunaba.yaml.5.in"))
        for key in settings(home):
            contains(page.out, f"\\fB{key}\\fR", "sunaba.yaml(5)")
        example = page.out.split(".nf\n")[1].split(".fi\n")[0]
        path = home.write("example.yaml", example.replace("\\-", "-").replace("\\(ti", "~"))
        exits(sunaba(home, "config", "check", path), 0)


@test
def version():
    """--version, -V and version print one line"""
    with Home() as home:
        for args in (["--version"], ["-V"], ["version"]):
            done = sunaba(home, *args)
            exits(done, 0)
            if not re.fullmatch(r"sunaba \d+\.\d+\.\d+\n", done.out):
                raise AssertionError(done.out)


@test
def full_disk():
    """what cannot be written is an error, not a success (W9)"""
    with Home() as home, open("/dev/full", "wb") as full:
        for args in (["help"], ["version"], ["completion", "bash"], ["config"], ["--version"],
                     ["--help"]):
            done = sunaba(home, *args, stdout=full)
            exits(done, 1)
            contains(done.err, "cannot write to standard output", str(args))


def completion(shell):
    if not shutil.which(shell):
        skip(f"{shell} is not installed")
    with Home() as home:
        done = sunaba(home, "completion", shell)
        exits(done, 0)
        checked = subprocess.run([shell, "-n"], input=done.out.encode(), check=False,
                                 capture_output=True)
        equal((checked.returncode, checked.stderr), (0, b""), f"{shell} -n")
        return done.out


def bash_offers(script, *words):
    """What bash would offer for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    done = subprocess.run(
        ["bash", "-c", f"{script}\nCOMP_WORDS=(sunaba {quoted}); COMP_CWORD={len(words)}\n"
         "_sunaba; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, check=True)
    return done.stdout.decode().split()


@test
def completion_bash():
    """bash: syntax, commands, options of the command, words of a choice"""
    script = completion("bash")
    equal(bash_offers(script, "ren"), ["render"])
    equal(bash_offers(script, "--auto"), ["--auto-run"])
    equal(bash_offers(script, "render", "--str"), ["--stream"])
    equal(bash_offers(script, "--str"), [])
    equal(bash_offers(script, "--approve", ""), ["ask", "auto", "never"])
    equal(bash_offers(script, "completion", "z"), ["zsh"])
    equal(bash_offers(script, "help", "do"), ["doctor"])


@test
def completion_zsh():
    """zsh: syntax"""
    completion("zsh")


@test
def completion_fish():
    """fish: syntax, and what it offers"""
    script = completion("fish")
    done = subprocess.run(["fish", "--no-config", "-c", script +
                           "\ncomplete -C'sunaba --appro'\ncomplete -C'sunaba ren'"],
                          capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        contains(done.stdout.decode(), "--approve")
        contains(done.stdout.decode(), "render")


@test
def completion_unknown():
    """an unknown shell names the known ones"""
    with Home() as home:
        refused(home, ["completion", "tcsh"], "sunaba: no completion for 'tcsh'",
                "  write 'sunaba completion bash', 'zsh' or 'fish'")


if not os.access(SUNABA, os.X_OK):
    print(f"Bail out! {SUNABA} is not there")
    sys.exit(2)
tap.main()
