"""Keeps one SQLite database in memory and runs the session's steps in it. The protocol is that
of sandbox.h.

SQLite comes with Python, which more machines have than the sqlite3 program. Each statement runs by
itself, outside Python's own transactions: BEGIN and COMMIT are the step's. Rows are shown as a
Markdown table; files are reached with ATTACH. SIGINT is looked at every PULSE instructions."""
import os
import re
import signal
import sqlite3
import sys
import unicodedata

CODE_FD, STATUS_FD = 200, 201
PULSE = 20000  # instructions of SQLite's machine
ALIGNED_ROWS = 1000  # rows that widths are taken from; those behind them follow as they come
CELL_SHOWN = 2000  # characters of a value; longer ones are cut and say so
CELL_ALIGNED = 60  # columns up to which a column is padded
TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|;|.",
                   re.S)
HELP = """.tables             tables and views of all databases
.schema [NAME]      how they were made
.databases          attached databases and their files (ATTACH 'file.db' AS name)
.exit [STATUS]      end; the database in memory is lost"""
TABLES = "SELECT name, type FROM {} WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1"


class Leave(Exception):
    pass


class Interrupted(Exception):
    pass


def folder():
    try:
        return os.getcwdb()[:4096]
    except OSError:
        return b""


def statements(text):
    """Each statement with the line it begins in. Words with a dot in front are one line each."""
    start, at, line = 0, 0, 1
    while at < len(text):
        if not text[start:at].strip() and text[at] == ".":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            yield text[at:end].strip(), 1 + text.count("\n", 0, at)
            start = at = end
            continue
        token = TOKEN.match(text, at).group()
        at += len(token)
        if token == ";" and sqlite3.complete_statement(text[start:at]):
            yield located(text, start, at)
            start = at
    if text[start:].strip():
        yield located(text, start, len(text))


def located(text, start, end):
    skipped = re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*", text[start:end], re.S).end()
    return text[start:end], 1 + text.count("\n", 0, start + skipped)


def width(text):
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
               for c in text)


def shown(value):
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        text = "x'" + value[:CELL_SHOWN // 2].hex() + "'"
        return text if len(value) <= CELL_SHOWN // 2 else f"{text}… ({len(value)} bytes)"
    text = str(value)
    if len(text) > CELL_SHOWN:
        text = f"{text[:CELL_SHOWN]}… ({len(text)} characters)"
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n").replace("\r", "\\r") \
        if re.search(r"[|\n\r]", text) else text


class Table:
    """Rows as they come; the first ones are held until their columns' widths are known."""

    def __init__(self, cursor, out):
        self.names = [shown(column[0]) for column in cursor.description]
        self.out = out
        self.held = []
        self.count = 0
        self.number = [True] * len(self.names)
        self.widths = None

    def add(self, row):
        self.count += 1
        cells = [shown(value) for value in row]
        if self.widths:
            self.put(cells)
            return
        for i, value in enumerate(row):
            self.number[i] &= value is None or isinstance(value, (int, float))
        self.held.append(cells)
        if len(self.held) == ALIGNED_ROWS:
            self.begin()

    def begin(self):
        self.widths = [min(CELL_ALIGNED, max(3, *map(width, column)))
                       for column in zip(self.names, self.names, *self.held)]
        self.put(self.names)
        rule = ["-" * (w - 1) + (":" if right else "-") for w, right in zip(self.widths, self.number)]
        self.out.write("| " + " | ".join(rule) + " |\n")
        for cells in self.held:
            self.put(cells)

    def put(self, cells):
        padded = []
        for text, most, right in zip(cells, self.widths, self.number):
            space = " " * (most - width(text))
            padded.append(space + text if right else text + space)
        self.out.write("| " + " | ".join(padded) + " |\n")

    def end(self):
        if not self.widths:
            self.begin()
        self.out.write(f"({self.count} row{'' if self.count == 1 else 's'})\n")


class Driver:
    def __init__(self):
        self.busy = False
        self.stopped = False
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
        self.db.set_progress_handler(self.pulse, PULSE)
        self.changed = 0

    def interrupt(self, _number, _frame):
        self.stopped = self.busy

    def pulse(self):
        sys.stdout.flush()
        return self.stopped

    def rows(self, sql, parameters=()):
        cursor = self.db.execute(sql, parameters)
        if cursor.description:
            table = Table(cursor, sys.stdout)
            for row in cursor:
                table.add(row)
                if self.stopped:
                    raise Interrupted
            table.end()
        elif cursor.rowcount > 0:
            self.changed += cursor.rowcount

    def schemas(self):
        return ['"' + row[1].replace('"', '""') + '".sqlite_master'
                for row in self.db.execute("PRAGMA database_list")]

    def helper(self, line):
        word, _, argument = line.partition(" ")
        argument = argument.strip().strip(";\"'")
        word = word.rstrip(";")
        if word == ".tables":
            for schema in self.schemas():
                self.rows(TABLES.format(schema))
        elif word == ".schema":
            for schema in self.schemas():
                for row in self.db.execute(f"SELECT sql FROM {schema} WHERE sql IS NOT NULL AND "
                                           "(?1 = '' OR tbl_name = ?1)", (argument,)):
                    print(row[0] + ";")
        elif word == ".databases":
            self.rows("PRAGMA database_list")
        elif word in (".exit", ".quit"):
            raise Leave(int(argument) & 255 if argument.isdigit() else 0)
        elif word == ".help":
            print(HELP)
        else:
            raise sqlite3.ProgrammingError(f"there is no '{word}' here; there are:\n{HELP}")

    def statement(self, sql):
        if sql.startswith("."):
            self.helper(sql)
        else:
            self.rows(sql)

    def explain(self, failure, sql, line, name):
        """Where the statement begins, or the word that SQLite names if it is there once."""
        word = re.match(r'near "(.+)": syntax error', str(failure), re.S)
        if word and sql.count(word[1]) == 1:
            before = sql[:sql.index(word[1])]
            line += before.lstrip().count("\n")
        kind = type(failure).__name__
        text = sql.strip().split("\n", 1)[0][:200]
        print(f"{name}:{line}: {kind}: {failure}\n  in: {text}", file=sys.stderr, flush=True)

    def run(self, text, name):
        self.stopped, self.busy, self.changed = False, True, 0
        status = 0
        for sql, line in statements(text):
            try:
                self.statement(sql)
                sys.stdout.flush()
            except Leave:
                raise
            except Exception as failure:
                status = 130 if self.stopped else 1
                sys.stdout.flush()
                if self.stopped:
                    print("Interrupted", file=sys.stderr, flush=True)
                else:
                    self.explain(failure, sql, line, name)
                break
        if self.changed:
            print(f"({self.changed} row{'' if self.changed == 1 else 's'} changed)")
        self.busy = False
        return status

    def serve(self):
        os.set_inheritable(CODE_FD, False)
        os.set_inheritable(STATUS_FD, False)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=False)
        signal.signal(signal.SIGINT, self.interrupt)
        os.write(STATUS_FD, b"R+\0")
        count = 0
        with open(CODE_FD, "rb", closefd=False) as source:
            while head := source.readline():
                length, number, token = head.split()
                text = source.read(int(length)).decode("utf-8", "replace")
                count = int(number) or count + bool(text)
                status = self.run(text, f"step{count}.sql")
                sys.stdout.flush()
                os.write(STATUS_FD, b"D%s %d\t%s\0" % (token, status, folder()))


try:
    Driver().serve()
except Leave as leave:
    sys.stdout.flush()
    sys.exit(leave.args[0])
