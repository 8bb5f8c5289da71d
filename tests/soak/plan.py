"""What the steps of the soak do, language by language, and what must come of each.

A table of short pieces of code. {n} stands for the step's number, {m} for an amount, {d} for a
part of a second. Every piece but a syntax error runs behind its language's head, which counts in
a variable and prints both numbers: a result that is not this step's, or an interpreter that was
lost without a word, shows at once. None reads standard input: at a terminal that waits for the
user, see tests/e2e/test_attach.py."""
import dataclasses
import re
import shutil

LINES = 20000  # of a flood in full length; ten times as many in a long soak


@dataclasses.dataclass
class Language:
    program: str
    head: str
    pieces: dict
    join: str = "\n"
    stateful: bool = True


# Ends that a piece may have: what its result's first line begins with.
ENDS = {
    "ok": "exit 0", "daemon": "exit 0", "late": "exit 0", "after": "exit 0",
    "flood": "exit 0", "line": "exit 0", "noise": "exit 0", "crowd": "exit 0",
    "fail": "exit [1-9]", "syntax": "exit [1-9]", "status": "exit 1(37|39)",
    "leave": r"\w+ ended with exit 3", "kill": r"\w+ killed by signal 9 ",
    "crash": r"\w+ killed by signal 11 ",
}
# Those that do not end by themselves; what ends them is said by the turn that they are in.
ENDLESS = ("wait", "spin", "stubborn")
# How often each kind comes in a turn of steps that end by themselves.
WEIGHTS = {"ok": 40, "fail": 8, "syntax": 6, "leave": 4, "kill": 4, "crash": 2, "status": 2,
           "daemon": 4, "flood": 2, "line": 1, "noise": 1, "late": 6, "crowd": 2}

LANGUAGES = {
    "shell": Language("bash", 'c=$((c+1)); echo "T{n} C$c."', {
        "ok": 'x=$(mktemp); cat >"$x" <<\'E\'\n日本語 {n}\nE\ncat "$x"; rm "$x"',
        "fail": "(exit 7)", "syntax": "if then # {n}", "leave": "exit 3", "kill": "kill -9 $$",
        "crash": "kill -11 $$",
        "daemon": "(setsid sh -c 'sleep 600 & exec sleep 600' &) ; nohup sleep 600 &",
        "flood": "seq 1 {m}", "line": "head -c {m} /dev/zero | tr '\\0' x; echo",
        "noise": "head -c {m} /dev/urandom", "late": "(sleep 0.{d}; echo B{n}.) & l=$!",
        "after": "wait ${{l:-$$}} 2>/dev/null; true",
        "crowd": "p=(); for i in {1..40}; do /bin/true & p+=($!); done; wait ${p[@]}",
        "wait": "sleep 60", "spin": "while :; do :; done",
        "stubborn": "trap '' INT TERM; while :; do :; done"}),
    "python": Language("python3", 'c = globals().get("c", 0) + 1\nprint(f"T{n} C{{c}}.")', {
        "ok": "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(b'x')\n{n} * 2",
        "fail": "raise ValueError({n})", "syntax": "def f(: # {n}", "leave": "import os; os._exit(3)",
        "kill": "import os; os.kill(os.getpid(), 9)", "crash": "import ctypes; ctypes.string_at(0)",
        "daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
                  "        time.sleep(600)\n    os._exit(0)\nos.wait();",
        "flood": "print('\\n'.join(map(str, range({m}))))", "line": "print('x' * {m})",
        "noise": "import os, sys\nsys.stdout.flush(); os.write(1, os.urandom({m})) and None",
        "late": "import threading\nthreading.Timer(0.{d}, print, ['B{n}.']).start()",
        "after": "import threading\nfor t in threading.enumerate():\n"
                 "    if t is not threading.current_thread():\n        t.join()",
        "crowd": "import multiprocessing\nwith multiprocessing.Pool(4) as p:\n"
                 "    print(sum(p.map(abs, range({n}))))",
        "wait": "import time; time.sleep(60)", "spin": "while True: pass",
        "stubborn": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"}),
    "javascript": Language("node", "globalThis.c = (globalThis.c || 0) + 1;"
                           "console.log(`T{n} C${{c}}.`);", {
        "ok": "const a{n} = [{n}]; a{n}.map((x) => x * 2)[0]",
        "fail": "throw new Error('{n}')", "syntax": "var = {n};", "leave": "process.exit(3)",
        "kill": "process.kill(process.pid, 'SIGKILL')",
        "daemon": "require('child_process').spawn('sleep', ['600'], "
                  "{{detached: true, stdio: 'ignore'}}).unref()",
        "flood": "for (let i = 0; i < {m}; i++) console.log(i)",
        "line": "console.log('x'.repeat({m}))",
        "late": "setTimeout(() => console.log('B{n}.'), 1{d}); 0",
        "after": "await new Promise((r) => setTimeout(r, 250)); 0",
        "wait": "await new Promise((r) => setTimeout(r, 60000))", "spin": "while (true) {{}}",
        "stubborn": "process.on('SIGINT', () => {{}}); while (true) {{}}"}),
    "ruby": Language("ruby", '$c = ($c || 0) + 1; puts "T{n} C#{{$c}}."', {
        "ok": "require 'tempfile'; Tempfile.create('x') {{ |f| f.write('x') }}; {n} * 2",
        "fail": "raise '{n}'", "syntax": "def f( # {n}", "leave": "exit!(3)",
        "kill": "Process.kill(9, Process.pid); sleep 5",
        "daemon": "Process.wait(fork {{ Process.setsid; fork {{ sleep 600 }}; exit!(0) }})",
        "flood": "1.upto({m}) {{ |i| puts i }}", "line": "puts 'x' * {m}",
        "late": "Thread.new {{ sleep 0.{d}; puts 'B{n}.' }}; nil",
        "after": "(Thread.list - [Thread.current]).each(&:join)",
        "wait": "sleep 60", "spin": "loop {{}}", "stubborn": "trap('INT', 'IGNORE'); loop {{}}"}),
    "perl": Language("perl", '$c++; print "T{n} C$c.\\n";', {
        "ok": "my %h{n} = (a => {n}); print join(',', %h{n}), \"\\n\";",
        "fail": 'die "{n}\\n"', "syntax": "my $x = ; # {n}",
        "leave": "require POSIX; POSIX::_exit(3);", "kill": "kill 9, $$; sleep 5;",
        "crash": "kill 11, $$; sleep 5;",
        "daemon": "if (!fork) {{ require POSIX; POSIX::setsid(); if (!fork) {{ sleep 600 }} "
                  "POSIX::_exit(0) }} wait;",
        "flood": 'print "$_\\n" for 1 .. {m};', "line": 'print "x" x {m}, "\\n";',
        "late": "if (!fork) {{ select undef, undef, undef, 0.{d}; print \"B{n}.\\n\"; "
                "require POSIX; POSIX::_exit(0) }}",
        "after": "1 while wait != -1;",
        "wait": "sleep 60;", "spin": "1 while 1;", "stubborn": "$SIG{{INT}} = 'IGNORE'; 1 while 1;"}),
    "r": Language("R", 'n <- if (exists("n")) n + 1 else 1; cat("T{n} C", n, ".\\n", sep = "")', {
        "ok": "f <- tempfile(); writeLines('x', f); unlink(f); {n} * 2",
        "fail": "stop('{n}')", "syntax": "f <- function( {{ # {n}", "leave": "quit('no', 3)",
        "kill": "tools::pskill(Sys.getpid(), 9)",
        "daemon": "system('setsid sleep 600 >/dev/null 2>&1 &')",
        "flood": "cat(seq_len({m}), sep = '\\n')", "line": "cat(strrep('x', {m}), '\\n')",
        "wait": "Sys.sleep(60)", "spin": "repeat {{}}"}),
    "c": Language("cc", 'printf("T{n} C0.\\n");', {
        "ok": 'printf("%d\\n", {n} * 2);', "fail": "exit(7);", "syntax": "int x = ; /* {n} */",
        "status": "*(volatile int *)0 = {n};",
        "daemon": "if (!fork()) {{ setsid(); if (!fork()) sleep(600); _exit(0); }}",
        "flood": 'for (int i = 0; i < {m}; i++) printf("%d\\n", i);',
        "wait": "sleep(60);", "spin": "for (;;) ;"}, stateful=False),
    "sql": Language("python3", "CREATE TABLE IF NOT EXISTS c(n); INSERT INTO c VALUES (1);\n"
                    "SELECT 'T{n} C' || count(*) || '.' FROM c;", {
        "ok": "SELECT {n} * 2;", "fail": "SELECT * FROM none{n};", "syntax": "SELEC {n};",
        "flood": "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t LIMIT {m}) "
                 "SELECT i FROM t;",
        "spin": "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) "
                "SELECT count(*) FROM t;"}),
    "html": Language("bash", "<p>T{n} C0.</p>", {"ok": "<b>{n}</b>"}, stateful=False),
}
# Words with braces of their own, which are not ours to fill in.
RAW = {"shell": ("crowd",)}


@dataclasses.dataclass
class Step:
    number: int
    language: str
    kind: str
    code: str
    id: str = ""  # of the call, once it was made
    result: str = None

    @property
    def head(self):
        """Whether it prints its number."""
        return self.kind != "syntax" and self.language != "html"

    def check(self, ends=None, dead=""):
        """What is wrong with its result, or None; `ends`: how it may end, a pattern; `dead`: and
        how, when its interpreter was dying."""
        want = ends or ENDS[self.kind]
        if dead and re.match(rf"\[(?:{dead[1:]})", self.result):
            return None
        if self.language == "c" and self.kind == "fail":
            want = "exit 7"
        if not re.match(rf"\[(?:{want})", self.result):
            return f"it must end with '{want}'"
        if not ends and self.head and f"T{self.number} C" not in self.result:
            return "it does not hold the step's own words"
        for other in re.findall(r"^T(\d+) C", self.result, re.M):
            if int(other) != self.number:
                return f"it holds the words of step {other}"
        return None


def installed():
    return [name for name, row in LANGUAGES.items() if shutil.which(row.program)]


def make(number, language, kind, dice, lines=LINES):
    row = LANGUAGES[language]
    words = {"n": number, "d": f"{dice.randrange(5, 100):02}",
             "m": dice.randrange(lines // 2, lines) * (15 if kind == "line" else 1)}
    piece = row.pieces[kind]
    if kind not in RAW.get(language, ()):
        piece = piece.format(**words) if "{" in piece else piece
    if kind == "syntax":
        return Step(number, language, kind, piece)
    return Step(number, language, kind, row.head.format(**words) + row.join + piece)


def choose(dice, languages, kinds):
    """A language and a kind that it has, kinds being {kind: weight}."""
    while True:
        language = dice.choice(languages)
        kind = dice.choices(list(kinds), list(kinds.values()))[0]
        if kind in LANGUAGES[language].pieces:
            return language, kind
