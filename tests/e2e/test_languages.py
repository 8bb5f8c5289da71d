#!/usr/bin/env python3
"""Every language of the table against the rows of the steps table that apply to it, through the
whole program: one session each, a step per row. A language that is not installed is skipped.

Rows that are the same for all languages (S5 at the terminal, S12, S14's files, S16) are tested
elsewhere; SIGINT inside each interpreter is tests/unit/test_kernels.c's."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, task  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402

SYSTEM_FOLDERS = "/usr/local/bin:/usr/bin:/bin"  # those that the jail shows
WORDS_LIMIT = 64 * 1024  # bytes of a result that the model is shown

# Each step: row, code, what the result must match, and what must not be in it.
LANGUAGES = {
    "ruby": ("ruby", [
        ("S8", "x = 40\ndef f(a)\n  raise 'too much' if a > 3\n  a\nend", r"^\[exit 0", None),
        ("S1", "puts <<~X\n  a `b`\n\n  'c' \"d\"\nX\nputs 'one\n\ntwo'",
         "a `b`\n\n'c' \"d\"\none\n\ntwo\n", None),
        ("S8", "f(2) + x", r"\n42\n", None),
        ("errors", "y = 1\n\nf(5)", r"step1\.rb:3:in .*f': too much \(RuntimeError\)\n\tfrom "
         r"step4\.rb:3:in", "driver"),
        ("S2", "1 +", r"^\[exit 1(?s:.*)step5\.rb:1:", "driver"),
        ("S2", "exit 3", r"^\[exit 3", None),
        ("S3", "p gets; STDIN.read", "nil\n\"\"\n", None),
        ("S4", "print \"D0\\t/\\0R\\0\"; puts; puts 'here'", "here\n", None),
        ("S9", "puts '日本語😀', \"\\xff\"; '日本'", "日本語😀\n\ufffd\n\"日本\"\n", None),
        ("S7", "200000.times { |i| puts i }", "199999\n", None),
        ("S8", "Dir.chdir('/usr'); x", r"cwd /usr(?s:.*)\n40\n", None),
        ("S6", "Process.detach(spawn('setsid sleep 300')); 1", "\n1\n", None),
        ("S2", "exit!(4)", "ended with exit 4(?s:.*)lost", None),
        ("S2", "defined?(x).inspect", "fresh(?s:.*)\"nil\"\n", None),
    ]),
    "perl": ("perl", [
        ("S8", "use strict; my $x = 40; sub f { my $a = shift;\ndie 'too much' if $a > 3;\n$a }",
         r"^\[exit 0", None),
        ("S1", "print <<X;\na `b`\n\n$x\nX\nprint 'one\n\ntwo'", "a `b`\n\n40\none\n\ntwo", None),
        ("S8", "print f(2) + $x, qq(\\n)", r"\n42\n", None),
        ("errors", "my $y = 1;\n\nf(5)", r"^\[exit 1(?s:.*)too much at step1\.pl line 2", "driver"),
        ("errors", "use Carp;\nconfess 'deep'", r"deep at step5\.pl line 2", "sunaba"),
        ("S2", "my %h = (", r"^\[exit 1(?s:.*)syntax error at step6\.pl", "sunaba"),
        ("S2", "last;", r"^\[exit 1(?s:.*)outside a loop block at step7\.pl line 1", None),
        ("S2", "return 1", r"^\[exit 0", None),
        ("S3", "print defined(<STDIN>) ? 'bytes' : 'end'", "end", None),
        ("S4", "print qq(D0\\t/\\0R\\0\\nhere\\n)", "here\n", None),
        ("S9", "print qq(日本語😀 \\xff\\n)", "日本語😀 \ufffd\n", None),
        ("S7", "print qq($_\\n) for 1 .. 200000", "200000\n", None),
        ("S8", "chdir '/usr'; print $x", r"cwd /usr(?s:.*)\n40", None),
        ("S6", "system('setsid sleep 300 &'); print 1", "\n1", None),
        ("S2", "exit 4", "ended with exit 4(?s:.*)lost", None),
        ("S2", "print defined $main::x ? 1 : 'none'", "fresh(?s:.*)none", None),
    ]),
    "r": ("R", [
        ("S8", "x <- 40\nf <- function(a) {\n  if (a > 3) stop('too much')\n  a\n}", r"^\[exit 0", None),
        ("S1", "cat('one\n\ntwo\n')\n'r and R'", "one\n\ntwo\n\\[1\\] \"r and R\"\n", None),
        ("S8", "f(2) + x; x", r"\n\[1\] 42\n\[1\] 40\n", None),
        ("errors", "y <- 1\n\nf(5)", r"Error in f\(5\): too much\n  at step1\.R:3: .*\n  at "
         r"step4\.R:3", "driver"),
        ("S2", "x = (", r"^\[exit 1(?s:.*)Error: step5\.R:2:0: ", "parse("),
        ("S3", "readLines('stdin'); readline()", r"character\(0\)", None),
        ("S4", "cat('D0\\t/\\nR\\nhere\\n')", "here\n", None),
        ("S9", "cat('日本語😀\\n'); '日本'", "日本語😀\n\\[1\\] \"日本\"\n", None),
        ("S7", "cat(1:200000, sep = '\\n')", "200000", None),
        ("S8", "setwd('/usr'); x", r"cwd /usr(?s:.*)\n\[1\] 40\n", None),
        ("errors", "warning('watch'); as.integer('a')", "Warning: watch",
         "eval("),
        ("S6", "system('setsid sleep 300 &'); 1", "1\n", None),
        ("S2", "quit(status = 4)", "ended with exit 4(?s:.*)lost", None),
        ("S2", "exists('x')", "fresh(?s:.*)FALSE\n", None),
    ]),
    "c": ("cc", [
        ("S1", "#include <stdio.h>\nint main(void)\n{\n\tputs(\"a `b`\");\n\n\treturn 3;\n}\n",
         "^\\[exit 3(?s:.*)a `b`\n", None),
        ("S1", "#include <time.h>\nint sq(int a) { return a * a; }\nprintf(\"%d\\n\", sq(3));"
         if shutil.which("gcc") else "#include <time.h>\nputs(\"9\");", "\n9\n", None),
        ("errors", "int x = 5;\n\nprintf(\"%d\\n\", y);", r"^\[exit 1(?s:.*)step3\.c:3:16: error", None),
        ("S2", "puts(\"unclosed);", r"^\[exit 1(?s:.*)step4\.c:1:6: ", None),
        ("S2", "exit(7);", r"^\[exit 7", None),
        ("S2", "puts(\"before\"); *(volatile int *)0 = 1;", "before\nstep6.c: killed by SIGSEGV\n",
         "line "),
        ("S3", "printf(\"%d\\n\", getchar());", "\n-1\n", None),
        ("S4", "printf(\"D0\\t/%cR%c\\nhere\\n\", 0, 0);", "here\n", None),
        ("S9", "puts(\"日本語😀 \\xff\");", "日本語😀 \ufffd\n", None),
        ("S7", "for (int i = 0; i < 200000; i++) printf(\"%d\\n\", i);", "199999\n", None),
        ("S8", "FILE *f = fopen(\"kept\", \"w\");\nfputs(\"40\", f);\nfclose(f);", r"^\[exit 0", None),
        ("S8", "system(\"cat kept\");", "40", None),
        ("S6", "if (fork() == 0) { setsid(); sleep(300); }\nputs(\"1\");", "\n1\n", None),
    ]),
    "sql": ("python3", [
        ("S8", "CREATE TABLE t(a, b);\nINSERT INTO t VALUES (40, 'x;\n\ny'), (2, '日本'), (NULL, 'c|d');",
         r"\(3 rows changed\)", None),
        ("S1", "SELECT * FROM t -- all; of it\n", r"\n\|    a \| b +\|\n\| ---: \| -+ \|\n"
         r"\|   40 \| x;\\n\\ny \|\n\|    2 \| 日本    \|\n\| NULL \| c\\\|d    \|\n\(3 rows\)\n", None),
        ("S8", "SELECT sum(a) AS s FROM t", r"\|  42 \|", None),
        ("errors", "SELECT 1;\n\nSELEC 2;", r"^\[exit 1(?s:.*)step4\.sql:3: .*near \"SELEC\": syntax error",
         "Traceback"),
        ("S2", "SELECT 'unclosed", r"^\[exit 1(?s:.*)unrecognized token", "Traceback"),
        ("S4", "SELECT 'D0'||char(9)||'/'||char(0)||'R'", r"^\[exit 0", None),
        ("S9", "SELECT '日本語😀', x'ff'", "日本語😀(?s:.*)x'ff'", None),
        ("S7", "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200000) "
         "SELECT x FROM c", r"200000 \|\n\(200000 rows\)", None),
        ("S8", "ATTACH 'kept.db' AS f; CREATE TABLE f.u(z); BEGIN; INSERT INTO u VALUES (1); COMMIT",
         r"\(1 row changed\)", None),
        (".tables", ".tables", r"\| t +\| table \|(?s:.*)\| u +\| table \|", None),
        (".schema", ".schema t", r"CREATE TABLE t\(a, b\);", None),
        ("S2", ".exit 4", "ended with exit 4(?s:.*)lost", None),
        ("S2", "SELECT * FROM t", "fresh(?s:.*)no such table: t", None),
    ]),
    "html": ("bash", [
        ("html", "<h1>日本`b` $x</h1>\n\n<script>alert(1)</script>", r"page-1\.html \(not run\)", None),
        ("html", "<p>second", r"page-2\.html", None),
    ]),
}


def _check(language, number, step, got):
    row, code, want, never = step
    where = f"{language} step {number} ({row}): {code!r}"
    if not re.search(want, got, re.M):
        raise AssertionError(f"{where}\nwanted {want!r}\ngot {got[:1500]!r}")
    if never:
        absent(got, never, where)
    if len(got) > WORDS_LIMIT:
        raise AssertionError(f"{where}: {len(got)} bytes to the model")


def _all_steps(language):
    program, steps = LANGUAGES[language]
    if not shutil.which(program, path=SYSTEM_FOLDERS):
        tap.skip(f"{program} is not installed")
    replies = [srv.run(code, language) for _, code, _, _ in steps] + [srv.text("The end.")]
    with Home() as home, Server(*replies) as s:
        exits(task(home, s, "go", "-y", *run.trusted(), seconds=120.0 * run.SLOWER), 0)
        run.all_gone(2)
        got = [m["content"] for m in s.chats()[-1].messages("tool")]
        equal(len(got), len(steps), "results")
        for number, (step, result) in enumerate(zip(steps, got), 1):
            _check(language, number, step, result)
        if language == "html":
            with open(home.path("work/page-1.html"), encoding="utf-8") as page:
                equal(page.read(), steps[0][1], "the page")


def _declare(language):
    def run_it():
        _all_steps(language)
    run_it.__name__ = f"rows_{language}"
    run_it.__doc__ = f"{language}: every row of the steps table that applies, in one session"
    test(run_it)


for each in LANGUAGES:
    _declare(each)


@test
def told_to_the_model():
    """The system message names what is installed and what differs in C, SQL and HTML"""
    with Home() as home, Server(srv.text("The end.")) as s:
        exits(task(home, s, "go"), 0)
        told = s.chats()[0].messages("system")[0]["content"]
        contains(told, "sql, html", "languages")
        contains(told, "html: saved as a file", "notes")


if __name__ == "__main__":
    run.need_program()
    tap.main()
