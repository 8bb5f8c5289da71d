"""The program in a real terminal: a tmux server of its own on a private socket, ended by it."""
import os
import re
import shutil
import subprocess

import run
import tap

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"


def again_at_prompt(t):
    """Waits until the last line with anything on it is a prompt."""
    def there():
        lines = [line for line in t.screen().splitlines() if line.strip()]
        return lines and re.match(PROMPT, lines[-1])
    try:
        tap.until(there, 10 * run.SLOWER, "the prompt")
    except AssertionError as late:
        raise AssertionError(f"{late}; the screen:\n{t.screen().rstrip()}") from None


class Tmux:
    """One pane that runs a shell line around the program: `with Tmux(home, words, env) as t`.

    Before and after the program `stty -a` is written to home's stty-before and stty-after, and
    its exit code to `code`."""

    def __init__(self, home, words, env=None, rows=24, columns=80, program=None):
        if not shutil.which("tmux"):
            tap.skip("tmux is not installed")
        self.home = home
        self.env = home.env(TMUX_TMPDIR=home.path("runtime"), SHELL="/bin/sh", **(env or {}))
        line = " ".join("'" + w.replace("'", "'\\''") + "'" for w in [program or run.SUNABA, *words])
        script = home.write("pane.sh", f"""
trap : INT
cd {home.work}
stty -a > {home.path('stty-before')}
{line}
echo $? > {home.path('code.part')}
stty -a > {home.path('stty-after')}
mv {home.path('code.part')} {home.path('code')}
exec cat
""")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "exec sh " + script)
        self.tmux("set-option", "-g", "history-limit", "200000")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server", check=False)
        run.all_gone(5)

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-L", "sunaba-test", *args], env=self.env, check=check,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.decode("utf-8", "replace")

    def keys(self, *keys):
        """Named keys ("Enter", "C-c")."""
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def line(self, text):
        self.type(text)
        self.keys("Enter")

    def screen(self, styled=False, history=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if styled else []),
                         *(["-S", "-"] if history else []))

    def wait_for(self, pattern, seconds=10.0, history=True):
        """Waits until a pattern stands on the screen (or above it); returns the screen."""
        want = re.compile(pattern, re.M)
        seen = {}

        def there():
            seen["now"] = self.screen(history=history)
            return want.search(seen["now"])
        try:
            tap.until(there, seconds * run.SLOWER, pattern)
        except AssertionError as late:
            raise AssertionError(f"{late}; the screen:\n{seen['now'].rstrip()}") from None
        return seen["now"]

    def press_until(self, key, condition, what):
        """Presses a key again and again, some time apart, until the condition holds: the
        question ignores keys that come too early."""
        for _ in range(40):
            self.keys(key)
            try:
                return tap.until(condition, 0.3, what)
            except AssertionError:
                continue
        raise AssertionError(f"{what}; the screen:\n{self.screen().rstrip()}")

    def exit_code(self, seconds=10.0):
        tap.until(lambda: self.home.there("code"), seconds * run.SLOWER, "the program's end")
        return int(self.home.read("code"))

    def restored(self):
        """The terminal is as it was: modes, main screen, cursor shown, no pasting mode."""
        tap.equal(self.home.read("stty-after"), self.home.read("stty-before"), "stty -a")
        state = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        tap.equal(state, ["0", "1"], "alternate screen, cursor")
