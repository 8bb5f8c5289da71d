"""The program in a real terminal: a tmux server of its own on a private socket, ended by it."""
import os
import re
import shutil
import subprocess

import run
import tap

PROMPT = r"^(?:sunaba)? ?[>❯›»] ?$"
ANY_PROMPT = r".*[>#$] ?$"  # of ours in other modes, of shells


def again_at_prompt(t):
    """Waits until the last line with anything on it is a prompt."""
    try:
        tap.until(lambda: re.match(PROMPT, t.last()), what="the prompt")
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
        return subprocess.run(["tmux", "-L", "s", *args], env=self.env, check=check,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.decode("utf-8", "replace")

    def keys(self, *keys):
        """Named keys ("Enter", "C-c")."""
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def line(self, text):
        """A line at a prompt. It waits for one, since Enter that comes before it submits nothing,
        and for the echo, so that the prompt that is waited for next is another one."""
        tap.until(lambda: re.match(ANY_PROMPT, self.last()), what=f"a prompt for {text!r}")
        before = self.last()
        self.type(text)
        tap.until(lambda: self.last() != before, what=f"{text!r} at the prompt")
        self.keys("Enter")

    def answer(self, text):
        """A line for whatever reads there: a step, a line that is half typed."""
        self.type(text)
        self.keys("Enter")

    def last(self):
        """The last line of the screen with anything on it."""
        return (self.screen().rstrip().splitlines() or [""])[-1]

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
        """Presses a key until the condition holds: the question ignores keys that come too
        early, and then stands there as it was. Where it does not, the key was taken, and what
        it does may take its time: another one would be one too many."""
        for _ in range(40):
            before = self.last()
            self.keys(key)
            if tap.soon(lambda: condition() or self.last() != before, 0.5) and \
                    tap.soon(condition, 10):
                return
        raise AssertionError(f"{what}; the screen:\n{self.screen().rstrip()}")

    def exit_code(self, seconds=10.0):
        tap.until(lambda: self.home.there("code"), seconds * run.SLOWER, "the program's end")
        return int(self.home.read("code"))

    def restored(self):
        """The terminal is as it was: modes, main screen, cursor shown, no pasting mode."""
        tap.equal(self.home.read("stty-after"), self.home.read("stty-before"), "stty -a")
        state = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        tap.equal(state, ["0", "1"], "alternate screen, cursor")
