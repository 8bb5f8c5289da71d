#!/usr/bin/env python3
"""The rows of the steps table that speak of running code, in every language to which they apply:
S1 byte-exact, S2 ends, S3 input, S6 trees, S7 floods, S8 state, S9 characters, S14 results, S15
carriage returns, and where errors point. One session per language."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import shutil  # noqa: E402

import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, task  # noqa: E402
from server import Server  # noqa: E402
from steps import Ends, Re, Table, fresh, need, play, turn  # noqa: E402
from tap import contains, equal  # noqa: E402

WORDS_LIMIT = 64 * 1024  # bytes of a result that the model is shown
T = Table(["--step-timeout", "60"])

# ---- S8, first, so that all later cells stand between ---------------------------------------------

T.add("S8", "names, functions and imports are kept",
      shell=[("x=kept; f() { echo \"f $1\"; }; declare -A m=([k]=3); shopt -s extglob", ""),
             ("f 2; echo $x ${m[k]}; [[ aab == +(a)b ]] && echo glob", "f 2\nkept 3\nglob\n")],
      python=[("import json as j\nx = 'kept'\nclass C:\n    y = 3\ndef f(a): return a + C.y", ""),
              ("print(j.dumps(x), f(4))", "\"kept\" 7\n")],
      javascript=[("import { sep } from 'path'\nlet x = 'kept'; const y = 3\nclass C { z = 4 }\n"
                   "function f(a) { return a + y + new C().z }", ""),
                  ("const y = 5; let x2 = x; [x2, f(1), sep]", "[ 'kept', 10, '/' ]\n"),
                  ("await new Promise(r => setTimeout(r, 1, y))", "5\n")],
      ruby=[("require 'json'\nx = 'kept'\nclass C; Y = 3; end\ndef f(a) = a + C::Y", None),
            ("puts x.to_json, f(4)", "\"kept\"\n7\n")],
      perl=[("use List::Util 'sum'; my $x = 'kept'; our %h = (k => 3); sub f { sum @_, $h{k} }", ""),
            ("print \"$x \", f(4)", "kept 7")],
      r=[("library(stats4); x <- 'kept'; f <- function(a) a + 3", ""), ("f(4); x", "[1] 7\n[1] \"kept\"\n"),
         ("'stats4' %in% .packages()", "[1] TRUE\n")],
      c=[("FILE *f = fopen(\"kept\", \"w\"); fputs(\"kept\\n\", f);", ""),
         ("char b[9]; puts(fgets(b, 9, fopen(\"kept\", \"r\")));", "kept\n\n")],
      sql=[("CREATE TABLE kept(a, b); INSERT INTO kept VALUES (1, 'x'), (2, 'y')", "(2 rows changed)\n"),
           ("SELECT sum(a) AS s FROM kept", "|   s |\n| --: |\n|   3 |\n(1 row)\n")])

T.add("S8", "the folder is kept",
      shell=[("mkdir d; cd d; d=$PWD", Re(r"^\[exit 0 .* · cwd /.*\bwork/d\]$")),
             ("[ $PWD = $d ] && [ $PWD -ef . ] && cd .. && rmdir d && echo gone", "gone\n")],
      python=[("import os; os.chdir('/usr')", Re(r"cwd /usr\]")), ("os.getcwd()", "'/usr'\n")],
      javascript=[("process.chdir('/usr')", Re(r"cwd /usr\]")), ("process.cwd()", "'/usr'\n")],
      ruby=[("Dir.chdir('/usr')", Re(r"cwd /usr\]")), ("Dir.pwd", "\"/usr\"\n")],
      perl=[("chdir '/usr'", Re(r"cwd /usr\]")), ("use Cwd; print getcwd", "/usr")],
      r=[("setwd('/usr')", Re(r"cwd /usr\]")), ("getwd()", "[1] \"/usr\"\n")])

# ---- S1 -------------------------------------------------------------------------------------------

T.add("S1", "here-documents, quoted newlines, blank lines",
      shell=[("cat <<'EOF'\n  two  spaces\n\n\ttab $x `y` \\\nEOF\ncat <<-E\n\tin $((1+1))\n\tE\n"
              "cat <<< 'here  string'\ncase a in\na) echo 'one\n\ntwo';;\nesac",
              "  two  spaces\n\n\ttab $x `y` \\\nin 2\nhere  string\none\n\ntwo\n")],
      python=[('def f():\n    """doc\n\n    string"""\n\n    return """a\n\n\tb"""\n\nprint(f.__doc__ + f())\n',
               "doc\n\n    stringa\n\n\tb\n")],
      javascript=[("const t = `a ${1 + 1}\n\n\t\\`b\\``\nt.split('\\n').length\n\n\nconsole.log(t)",
                   "a 2\n\n\t`b`\n")],
      ruby=[("puts <<~A, <<-'B'\n  a `b`\n\n  'c' \"d\" #{1 + 1}\nA\n  raw #{x}\n  B\nputs 'one\n\ntwo'",
             "a `b`\n\n'c' \"d\" 2\n  raw #{x}\none\n\ntwo\n")],
      perl=[("print <<A . <<'B';\n${\\ 'a'} `b`\n\nA\nraw $x\nB\nprint 'one\n\ntwo'", "a `b`\n\nraw $x\none\n\ntwo"),
            ("=pod\n\nno code\n\n=cut\n\nprint 'behind'", "behind"), ("print 1;\n__END__\nprint 2", "1")],
      r=[("cat('one\n\ntwo\\n')\n\nr <- \"r and R\\tr\"\ncat(r, 'r\\n'); r\"(a\\b)\"",
          "one\n\ntwo\nr and R\tr r\n[1] \"a\\\\b\"\n")],
      c=[("#include <stdio.h>\n#define TWO(a) a, \\\n\ta\nint main(void)\n{\n\tprintf(\"%s %s\\n\", TWO(\"a\\n\\n`b`\"));"
          "\n\n\treturn 3;\n}\n", "a\n\n`b` a\n\n`b`\n", 3)],
      sql=[("SELECT 'a;\n\nb''c' AS x -- all; of it\n, \"kept\".a /* ; */ FROM kept LIMIT 1;\n\n",
            "| x         |   a |\n| --------- | --: |\n| a;\\n\\nb'c |   1 |\n(1 row)\n")],
      html=[("<html>\n\n<p>`$x` <r>\n</html>", Re(r"^Saved as /.*\bwork/page-1\.html \(not run\)$"))])

T.add("S1", "tabs, carriage returns, a backslash at the end of a line, no newline at the end",
      shell=[("v='a\r\nb\tc'; echo ${#v} a\\\nb\\\n  c", "6 ab c\n"), ("echo end\\\\", "end\\\n")],
      python=[("v = '''a\tb\\\nc'''\r\nif v:\r\n\tprint(len(v))\r\n\r\n# end", "4\n"), ("'end\\\\'", "'end\\\\'\n")],
      javascript=[("let v = 'a\tb\\\nc'\r\nv.length // end", "4\n"), ("'end\\\\'", "'end\\\\'\n")],
      ruby=[("v = \"a\tb\\\nc\"\r\nputs v.length # end", "4\n"), ("'end\\\\'", "\"end\\\\\"\n")],
      perl=[("my $v = 'a\tb\nc';\r\nprint length $v # end", "5"), ("print 'end\\\\'", "end\\")],
      r=[("v <- 'a\tb\nc'\r\nnchar(v) # end", "[1] 5\n"), ("'end\\\\'", "[1] \"end\\\\\"\n")],
      c=[("printf(\"%zu\\n\", sizeof(\"a\tb\\\nc\"));\r\n// end", "5\n"), ("puts(\"end\\\\\");", "end\\\n")],
      sql=[("SELECT length('a\tb\r\nc') AS n\r\n-- end", "|   n |\n| --: |\n|   6 |\n(1 row)\n")])

T.add("S1", "nothing, and nothing but a comment",
      shell=[(" \n\n", ""), ("# c", "")], python=[("\n\n", ""), ("# c", "")], javascript=[("\n", ""), ("// c", "")],
      ruby=[("\n", ""), ("# c", "")], perl=[("\n", ""), ("# c", "")], r=[("\n", ""), ("# c", "")],
      sql=[("\n", ""), ("-- c", "")])

# ---- errors ---------------------------------------------------------------------------------------

T.add("errors", "a message points at the user's own line",
      shell=[("\n\nnosuch", "bash: line 3: nosuch: command not found\n", 127)],
      perl=[("my $y = 1;\n\ndie 'too much'", Re(r"^too much at stepSTEP\.pl line 3\.$", "sunaba"), 1)],
      c=[("int y = 5;\n\nprintf(\"%d\\n\", z);", Re(r"^stepSTEP\.c:3:16: error", "wrap"), 1)],
      sql=[("SELECT 1;\n\nSELEC 2;", Re(r"^stepSTEP\.sql:3: .*near \"SELEC\": syntax error", "Traceback"), 1)],
      python=[("def g(a):\n    b = 1\n    return a / 0\n\ng(1)",
               Re(r"^Traceback.*\n  File \"<python step STEP>\", line 5, in <module>\n    g\(1\)\n"
                  r"  File \"<python step STEP>\", line 3, in g\n    return a / 0", "driver"), 1)],
      javascript=[("function g() {\n  throw new Error('no')\n}\n\ng()",
                   Re(r"^Error: no\n    at g \(stepSTEP\.js:2:9\)\n    at stepSTEP\.js:5:1$", "driver"), 1)],
      ruby=[("def g(a)\n  raise 'too much'\nend\n\ng(1)",
             Re(r"^stepSTEP\.rb:2:in .*g': too much \(RuntimeError\)\n\tfrom stepSTEP\.rb:5:in", "driver"), 1)],
      r=[("g <- function(a) {\n  stop('too much')\n}\n\ng(1)",
          Re(r"^Error in g\(1\): too much\n  at stepSTEP\.R:2: .*\n  at stepSTEP\.R:5", "driver"), 1),
         ("warning('watch'); as.integer('a')", Re("^Warning: watch$", "eval("))])

# ---- S2 -------------------------------------------------------------------------------------------

T.add("S2", "what cannot be parsed fails with its place, and all else is kept",
      shell=[("echo 'unclosed", Re("unexpected EOF"), 2), ("if true", Re("unexpected end of file"), 2),
             ("}", Re("near unexpected token"), 2), ("echo $x", "kept\n")],
      python=[("x = (", Re(r"File \"<python step \d+>\", line 1(?s:.*)SyntaxError", "driver"), 1),
              ("'unclosed", Re("SyntaxError"), 1), ("  x", Re("IndentationError"), 1), ("x", "'kept'\n")],
      javascript=[("1 +", Re(r"^step\d+\.js:1\n1 \+\n +\^\nSyntaxError"), 1), ("`unclosed", Re("SyntaxError"), 1),
                  ("let a = ;", Re(r"^step\d+\.js:1\n"), 1), ("x", "'kept'\n")],
      ruby=[("1 +", Re(r"step\d+\.rb:1:", "driver"), 1), ("'unclosed", Re(r"step\d+\.rb:1:"), 1), ("x", "\"kept\"\n")],
      perl=[("my %h = (", Re(r"syntax error at step\d+\.pl", "sunaba"), 1), ("}", Re("Unmatched right"), 1),
            ("'unclosed", Re("Can't find string terminator"), 1), ("print $x", "kept")],
      r=[("x = (", Re(r"Error: step\d+\.R:2:0: ", "parse("), 1), ("'unclosed", Re("INCOMPLETE_STRING"), 1), ("x", "[1] \"kept\"\n")],
      c=[("puts(\"unclosed);", Re(r"^step\d+\.c:1:6: "), 1), ("int main(void) { return 3 }", Re("error: expected"), 1)],
      sql=[("SELECT 'unclosed", Re(r"^step\d+\.sql:1: .*unrecognized token", "Traceback"), 1), ("SELEC", Re("syntax error"), 1)])

T.add("S2", "leaving what is not there harms nothing",
      shell=[("break 9; continue; return 3; echo $x", Re("^kept$")), ("false", "", 1), ("(exit 7)", "", 7)],
      python=[("import sys; sys.exit(3)", "", 3), ("raise SystemExit('why')", "why\n", 1), ("x", "'kept'\n")],
      ruby=[("exit 3", "", 3), ("abort 'why'", "why\n", 1), ("break", Re("break"), 1), ("x", "\"kept\"\n")],
      perl=[("last", Re("outside a loop block"), 1), ("return 1", ""), ("goto nowhere", Re("label nowhere"), 1),
            ("goto SUNABA", None), ("print $x", "kept")],
      javascript=[("process.exitCode = 4; return 5", Re("Illegal return"), 1), ("throw null", "Uncaught null\n", 1)],
      r=[("invokeRestart('abort')", None, 1), ("break", None, 1), ("x", "[1] \"kept\"\n")],
      c=[("exit(7);", "", 7), ("return 255;", "", 255), ("return 139;", "", 139)])

DEAD = {
    "shell": ("echo alive$x", "alive\n"), "python": ("'x' in globals()", "False\n"),
    "javascript": ("typeof x", "'undefined'\n"), "ruby": ("defined?(x).inspect", "\"nil\"\n"),
    "perl": ("print defined $x ? 1 : 'none'", "none"), "r": ("exists('x')", "[1] FALSE\n"),
    "c": ("puts(\"alive\");", "alive\n"), "sql": (".schema", ""),
}


def dies(row, what, **codes):
    """The code ends the interpreter; the next step is told of a fresh one, which knows nothing."""
    for language, (code, end) in codes.items():
        def again(step, want=DEAD[language][1]):
            fresh(step)
            equal(step.output, want, "output")
        T.add(row, what, **{language: [(code, None, end), (DEAD[language][0], again)]})


dies("S2", "the interpreter leaves",
     shell=("exit 3", Ends(3)), python=("import os; os._exit(1)", Ends(1)), javascript=("process.exit(1)", Ends(1)),
     ruby=("exit!(4)", Ends(4)), perl=("exit 4", Ends(4)), r=("quit(status = 4)", Ends(4)), sql=(".exit 4", Ends(4)))
dies("S2", "the interpreter is killed",
     shell=("kill -9 $$", Ends(signal=9)), python=("import os; os.kill(os.getpid(), 9)", Ends(signal=9)),
     javascript=("process.kill(process.pid, 'SIGKILL'); for (;;);", Ends(signal=9)),
     ruby=("Process.kill(:KILL, $$)", Ends(signal=9)), perl=("kill 9, $$", Ends(signal=9)),
     r=("tools::pskill(Sys.getpid(), 9)", Ends(signal=9)),
     c=("#include <signal.h>\nkill(getppid(), SIGKILL); pause();", Ends(signal=9)))
dies("S2", "the interpreter becomes another program",
     shell=("exec true", Ends(0)), python=("import os; os.execvp('sh', ['sh', '-c', 'exit 5'])", Ends(5)),
     ruby=("exec 'exit 5'", Ends(5)), perl=("exec 'sh', '-c', 'exit 5'", Ends(5)))
dies("S2", "the interpreter crashes",
     shell=("kill -SEGV $$", Ends(signal=11)), python=("import ctypes; ctypes.string_at(0)", Ends(signal=11)),
     javascript=("process.abort()", Ends(signal=6)), ruby=("Process.kill(:SEGV, $$); sleep", Ends(signal=6)),
     perl=("kill 'SEGV', $$; sleep 9", Ends(signal=11)), r=("tools::pskill(Sys.getpid(), 6); Sys.sleep(9)", Ends(signal=6)))
dies("S2", "set -e and a command that fails", shell=("set -e; false; echo on", Ends(1)))
dies("S2", "set -n, behind which nothing is run", shell=("set -n; echo on", Ends(0)))
dies("S2", "the shell is terminated by its own signal", shell=("kill -TERM $$; sleep 9", Ends(signal=15)))
dies("S2", "a thread of it leaves",
     python=("import threading, os, time\nthreading.Thread(target=os._exit, args=(9,)).start()\ntime.sleep(30)", Ends(9)),
     ruby=("Thread.new { exit!(9) }; sleep 30", Ends(9)))

T.add("S2", "a stack that overflows is an error, no end",
      python=[("def f(): f()\nf()", Re("RecursionError"), 1)], javascript=[("(function f() { f() })()", Re("RangeError"), 1)],
      ruby=[("def f = f()\nf", Re("SystemStackError"), 1)], r=[("f <- function() f(); f()", Re("^Error: "), 1)],
      c=[("int f(int n) { return n ? f(n + 1) + 1 : 0; } printf(\"%d\", f(1));" if shutil.which("gcc") else
          "raise(11);", Re(r"^step\d+\.c: killed by SIGSEGV$"), 139)])
T.add("S2", "a program that is killed is named with its signal",
      shell=[("sh -c 'kill -9 $$'", None, 137)],
      c=[("puts(\"before\"); *(volatile int *)0 = 1;", Re(r"^before\nstep\d+\.c: killed by SIGSEGV$", "line "), 139),
         ("abort();", Re("killed by SIGABRT$"), 134)])

# ---- S3 -------------------------------------------------------------------------------------------

T.add("S3", "what reads standard input gets its end, and never our bytes",
      shell=[("cat; read x; echo $?; read -rN 5 < /dev/stdin; echo $?; (sudo -S true; ssh -V) </dev/stdin "
              ">/dev/null 2>&1; mapfile m; echo ${#m[@]} after", "1\n1\n0 after\n")],
      python=[("import sys\ntry:\n    input()\nexcept EOFError:\n    print('end')\nprint(repr(sys.stdin.read()))", "end\n''\n")],
      javascript=[("require('fs').readFileSync(0, 'utf8')", "''\n"),
                  ("await new Promise(r => process.stdin.on('end', () => r('end')).resume())", "'end'\n")],
      ruby=[("p gets, STDIN.read, $stdin.getc", "nil\n\"\"\nnil\n[nil, \"\", nil]\n")],
      perl=[("my @a = <STDIN>; my $l = readline; print scalar @a, defined $l ? 'bytes' : 'end', getc() // 'none'", "0endnone")],
      r=[("readLines('stdin'); readline('? ')", "character(0)\n? \n[1] \"\"\n")],
      c=[("char b[8]; int n = scanf(\"%7s\", b); printf(\"%d %d %d\\n\", n, getchar(), feof(stdin) != 0);", "-1 -1 1\n")])

# ---- S6: the end of the session proves it ----------------------------------------------------------

LONG = "sleep 4713"
T.add("S6", "children, sessions and daemons: the step ends at once, and they with the session",
      shell=[(f"{LONG} & (setsid {LONG} &) ; nohup {LONG} >/dev/null 2>&1 & disown -a; echo on", "on\n")],
      python=[("import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
               "        open('daemon', 'w').close()\n        os.execvp('sleep', ['sleep', '4713'])\n    os._exit(0)\n"
               "_ = os.wait()\nwhile not os.path.exists('daemon'): pass\n"
               "p = subprocess.Popen(['sleep', '4713'], start_new_session=True)\nprint('on')", "on\n")],
      javascript=[("require('child_process').spawn('sleep', ['4713'], { detached: true, stdio: 'ignore' }).unref(); 'on'", "'on'\n")],
      ruby=[("fork { Process.daemon; exec 'sleep 4713' }; Process.detach(spawn('setsid sleep 4713')); puts 'on'", "on\n")],
      perl=[("use POSIX 'setsid'; if (!fork) { setsid; exec 'sleep 4713' if !fork; exit } wait; system 'sleep 4713 &'; print 'on'", "on")],
      r=[("system('setsid sleep 4713', wait = FALSE); cat('on\\n')", "on\n")],
      c=[("if (fork() == 0) { setsid(); if (fork() == 0) sleep(4713); _exit(0); }\nputs(\"on\");", "on\n")])

# ---- S7 -------------------------------------------------------------------------------------------

LINES = sum(len(str(n)) + 1 for n in range(1, 200001))


def flood(step):
    """200,000 lines: the first and the last, how much is left out, where all of it is."""
    if len(step.text) > WORDS_LIMIT:
        raise AssertionError(f"{len(step.text)} bytes to the model")
    equal(step.total_bytes, LINES, "bytes in all")
    equal(step.spilled, LINES, "bytes in the file that holds the whole")
    contains(step.text, f"\n1\n2\n3\n", "the first lines")
    contains(step.text, "\n199999\n200000\n", "the last lines")
    contains(step.text, f"{LINES} bytes of output, {step.omitted_bytes} left out, call output {{\"step\": ", "the facts")


def long_line(step):
    if len(step.text) > WORDS_LIMIT or step.total_bytes < 3000000:
        raise AssertionError(f"{len(step.text)} bytes to the model, {step.total_bytes} in all")
    contains(step.text, "yyyy", "a part of it")


T.add("S7", "200,000 lines",
      shell=[("seq 1 200000", flood)], python=[("for i in range(1, 200001): print(i)", flood)],
      javascript=[("for (let i = 1; i <= 200000; i++) console.log(i)", flood)], ruby=[("1.upto(200000) { |i| puts i }", flood)],
      perl=[("print \"$_\\n\" for 1 .. 200000", flood)], r=[("writeLines(as.character(1:200000))", flood)],
      c=[("for (int i = 1; i <= 200000; i++) printf(\"%d\\n\", i);", flood)],
      sql=[("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200000) SELECT x FROM c",
            Re(r"bytes of output, \d+ left out(?s:.*)200000 \|\n\(200000 rows\)"))])
T.add("S7", "one line of 3 MB",
      shell=[("head -c 3000000 /dev/zero | tr '\\0' y", long_line)], python=[("'y' * 3000000", long_line)],
      javascript=[("process.stdout.write('y'.repeat(3e6))", long_line)], ruby=[("print 'y' * 3000000", long_line)],
      perl=[("print 'y' x 3000000", long_line)], r=[("cat(strrep('y', 3e6))", long_line)],
      c=[("for (int i = 0; i < 3000000; i++) putchar('y');", long_line)])

# ---- S9 -------------------------------------------------------------------------------------------

WORDS = "日本語 😀 café"
T.add("S9", "Japanese, emoji and bytes that are no UTF-8, in code and output",
      shell=[("変='日本語 😀'; echo \"$変\" 2>/dev/null; echo '日本語 😀 café' $'\\xff' '\ud800'",
              Re(r"^日本語 😀 café \ufffd \ufffd$"), None)],
      python=[("名 = '日本語 😀 café'\nprint(名, '\\ud800'); 名 + '\ud800'", "日本語 😀 café \\ud800\n'日本語 😀 café\ufffd'\n"),
              ("import sys; _ = sys.stdout.buffer.write(b'\\xff\\n')", "\ufffd\n")],
      javascript=[("const 名 = '日本語 😀 café'; console.log(名, Buffer.from([255]).toString('latin1')); 名", "日本語 😀 café ÿ\n'日本語 😀 café'\n"),
                  ("process.stdout.write(Buffer.from([0x61, 255, 10])); '\ud800'", "a\ufffd\n'\ufffd'\n")],
      ruby=[("名 = '日本語 😀 café'\nputs 名, \"\\xff\"; 名", "日本語 😀 café\n\ufffd\n\"日本語 😀 café\"\n"), ("'\ud800'.length", "1\n")],
      perl=[("print qq(日本語 😀 café \\xff\\n)", "日本語 😀 café \ufffd\n"), ("use utf8; my $名 = 1; print $名", "1")],
      r=[("名 <- '日本語 😀 café'; cat(名, '\\n'); '日本'", "日本語 😀 café \n[1] \"日本\"\n"), ("nchar('\ud800')", "[1] 1\n")],
      c=[("puts(\"日本語 😀 café \\xff\");", "日本語 😀 café \ufffd\n")],
      sql=[("SELECT '日本語 😀' AS 名, x'ff' AS b, CAST(x'ff41' AS TEXT) AS c", Re(r"日本語 😀(?s:.*)x'ff'(?s:.*)\\xffA"))])
T.add("S9", "names of files", shell=[("echo 1 > '表 名😀.txt'; cat '表 名😀.txt'; touch $'b\\xff'; rm $'b\\xff'",
                                      Re(r"^files: \+'表 名😀\.txt'$(?s:.*)^1$"))],
      python=[("open('表😀', 'w').close(); import os; '表😀' in os.listdir('.')", "True\n")],
      javascript=[("require('fs').writeFileSync('表😀', ''); require('fs').existsSync('表😀')", "true\n")],
      ruby=[("File.write('表😀', ''); Dir.children('.').include?('表😀')", "true\n")],
      perl=[("open my $f, '>', '表😀'; print -e '表😀'", "1")],
      r=[("file.create('表😀'); '表😀' %in% list.files('.')", "[1] TRUE\n[1] TRUE\n")],
      c=[("fclose(fopen(\"表😀\", \"w\")); printf(\"%d\\n\", access(\"表😀\", F_OK));", "0\n")],
      html=[("<h1>日本`b` $x</h1>", Re(r"page-2\.html"))])

# ---- S14, S15 --------------------------------------------------------------------------------------

FACTS = Re(r"^\[exit 5 · \d+\.\d\d s · cpu \d+\.\d\d s\]\n(?s:.*)^files: \+made$")
PASS = Re(r"^\[exit 0 · \d+\.\d\d s · cpu \d+\.\d\d s.*\]\n(?s:.*)^files: \+made$")
T.add("S14", "status, wall and processor time, files",
      shell=[("cd ~- 2>/dev/null; : > made; for ((i = 0; i < 60000; i++)); do :; done; (exit 5)", FACTS, 5),
             ("echo >> made", Re("^files: ~made$")), ("rm made", Re("^files: -made$"))],
      python=[("open('made', 'w').close()\nfor i in range(2000000): pass\nimport sys; sys.exit(5)", FACTS, 5)],
      javascript=[("require('fs').writeFileSync('made', ''); const t0 = process.cpuUsage().user; while (process.cpuUsage().user < t0 + 50000);", PASS)],
      ruby=[("File.write('made', ''); 2000000.times {}; exit 5", FACTS, 5)],
      perl=[("open my $f, '>', 'made'; $_ = 0; $_++ while $_ < 2000000; print 1", PASS)],
      r=[("invisible(file.create('made')); for (i in 1:3000000) i; stop('x')", Re(r"^\[exit 1 .* cpu (?s:.*)^files: \+made$"), 1)],
      c=[("fclose(fopen(\"made\", \"w\")); return 5;", FACTS, 5)],
      sql=[("ATTACH 'made' AS m; CREATE TABLE m.t(a); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
            "WHERE x < 300000) SELECT max(x) FROM c", PASS)],
      html=[("<p>3", Re(r"^\[exit 0 · \d+\.\d\d s\]\n(?s:.*)^files: \+page-3\.html$"))])

RAW, FOLDED = "10%\\r20%\\r100%\\nab\\bc\\n", "100%\nac\nred\n"
T.add("S15", "carriage returns and backspaces folded, colours removed",
      shell=[(f"printf %b '{RAW}\\e[31mred\\e[0m\\n'", FOLDED)], python=[(f"print('{RAW}\\x1b[31mred\\x1b[0m')", FOLDED)],
      javascript=[(f"console.log('{RAW}\\x1b[31mred\\x1b[0m')", FOLDED)], ruby=[(f"puts \"{RAW}\\e[31mred\\e[0m\"", FOLDED)],
      perl=[(f"print \"{RAW}\\e[31mred\\e[0m\\n\"", FOLDED)], r=[(f"cat('{RAW}\\033[31mred\\033[0m\\n')", FOLDED)],
      c=[(f"puts(\"{RAW}\\033[31mred\\033[0m\");", FOLDED)],
      sql=[("SELECT char(27) || '[31mred' AS x", Re(r"^\| red +\|$"))])

T.add("S8", "what there is can be asked for", sql=[("CREATE TABLE u(a, b)", ""), (".tables", Re(r"\| u +\| table \|")),
                                                  (".schema u", "CREATE TABLE u(a, b);\n")])
T.declare()


@tap.test
def html_is_saved():
    """S1 html: the page is saved byte for byte, and no page is written over"""
    need("html")
    page = "<h1>日本`b` $x</h1>\r\n\n<script>alert(1)</script>\\"
    with Home() as home:
        home.write("work/page-1.html", "mine")
        got, _ = play(home, turn(page, "html"))
        contains(got[0].text, "page-2.html (not run)", "the path")
        with open(home.path("work/page-2.html"), "rb") as f:
            equal(f.read(), page.encode(), "the page")
        equal(home.read("work/page-1.html"), "mine", "the page that was there")


@tap.test
def told_to_the_model():
    """the system message names what is installed and what differs in C, SQL and HTML"""
    with Home() as home, Server(srv.text("The end.")) as s:
        exits(task(home, s, "go"), 0)
        told = s.chats()[0].messages("system")[0]["content"]
        contains(told, "sql, html", "languages")
        contains(told, "html: saved as a file", "notes")


if __name__ == "__main__":
    tap.main()
