#!/usr/bin/env python3
"""Habits of notebooks in Python's steps: tables, figures, pictures and display(), with stand-ins
for the packages, and with the real ones where they are installed."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import pictures  # noqa: E402
import run  # noqa: E402
import server as srv  # noqa: E402
import tap  # noqa: E402
from run import Home, exits  # noqa: E402
from server import Server  # noqa: E402
from tap import absent, contains, equal, test  # noqa: E402

# As much of pandas as a table is made from, in the shape of the real one.
PANDAS = '''
OPTIONS = {"display.max_rows": 60, "display.min_rows": 10, "display.max_columns": 0,
           "display.precision": 6, "display.max_colwidth": 50}

def get_option(name):
    return OPTIONS[name]

def set_option(name, value):
    OPTIONS[name] = value

class Index(list):
    name = None

class _Rows:
    def __init__(self, frame):
        self.frame = frame

    def __getitem__(self, key):
        f = self.frame
        if isinstance(key, list):
            return DataFrame({}, Index(f.index[i] for i in key), list(f.columns),
                             [[column[i] for i in key] for column in f.data])
        return Series(f.data[key[1]])

class Series(list):
    name = None
    index = None

    def to_frame(self, name=None):
        return DataFrame({name: list(self)})

class DataFrame:
    def __init__(self, columns, index=None, names=None, data=None):
        self.columns = list(columns) if names is None else names
        self.data = [list(v) for v in columns.values()] if data is None else data
        count = len(self.data[0]) if self.data else 0
        self.index = Index(range(count)) if index is None else index

    def __len__(self):
        return len(self.index)

    @property
    def iloc(self):
        return _Rows(self)

    def _repr_html_(self):
        return "<table>"

    def __repr__(self):
        return "the plain frame"
'''
FIGURE = '''
PICTURE = %r

class Figure:
    def __init__(self):
        self.axes = []

    def savefig(self, target, **options):
        if hasattr(target, "write"):
            target.write(PICTURE)
        else:
            with open(target, "wb") as f:
                f.write(PICTURE)
''' % pictures.png(40, 20)
PYPLOT = '''
from .figure import Figure
_open = {}

def figure(number=None):
    number = number or max(_open, default=0) + 1
    return _open.setdefault(number, Figure())

def plot(*args):
    gcf().axes.append("axes")

def gcf():
    return _open[max(_open)] if _open else figure()

def get_fignums():
    return sorted(_open)

def savefig(name):
    gcf().savefig(name)

def show():
    pass

def close(which):
    _open.clear()
'''


def steps(*codes, prepare=None, fakes=True):
    """(results of the steps, files of the workspace as bytes, the finished program)."""
    with Home() as home, Server(*[srv.run(c, "python") for c in codes], srv.text("End.")) as s:
        if fakes:
            home.write("work/pandas/__init__.py", PANDAS)
            home.write("work/matplotlib/__init__.py", "rcParams = {}\n")
            home.write("work/matplotlib/figure.py", FIGURE)
            home.write("work/matplotlib/pyplot.py", PYPLOT)
        if prepare:
            prepare(home)
        done = run.sunaba(home, "-m", "openai:test", "-y", *run.trusted(), "go",
                          env={**s.env, "PYTHONDONTWRITEBYTECODE": "1"})
        exits(done, 0)
        files = {}
        for name in os.listdir(home.work):
            if os.path.isfile(os.path.join(home.work, name)):
                with open(os.path.join(home.work, name), "rb") as f:
                    files[name] = f.read()
        return [m["content"] for m in s.chats()[-1].messages("tool")], files, done


def body(result):
    """What the step printed: between the marks of data, behind the facts and the lines about files."""
    lines = re.sub(r"^\[data \w+: .*\]\n|\n\[/data \w+\]$", "", result).splitlines()[1:]
    while lines and lines[0].startswith(("files: ", "picture: ")):
        lines.pop(0)
    return "\n".join(lines)


@test
def tables():
    """a frame as last value or in display() is a Markdown table whose bars stand below each other"""
    got, _, done = steps(
        "import pandas as pd\n"
        "df = pd.DataFrame({'項目': ['りんご', 'a|b', 'c\\\\|d'], 'n': [1, 20, 300],\n"
        "                   'x': [0.5, float('nan'), 12.25]})\n"
        "df",
        "display(df); print(_ is df)",
        "s = pd.Series([1.0, 2.0]); s.name = '値'; s",
        "pd.DataFrame({'t': ['one\\ntwo\\x1b[31m', 'x' * 80, None]})")
    equal(body(got[0]),
          "|     | 項目   |   n |     x |\n"
          "| --- | ------ | --: | ----: |\n"
          "| 0   | りんご |   1 |  0.50 |\n"
          "| 1   | a\\|b   |  20 |   NaN |\n"
          "| 2   | c\\\\\\|d | 300 | 12.25 |", "the table")
    equal(body(got[1]), body(got[0]) + "\nTrue", "display() and _")
    equal(body(got[2]), "|     |  値 |\n| --- | --: |\n| 0   | 1.0 |\n| 1   | 2.0 |", "a series")
    contains(got[3], "| one\\ntwo\\x1b[31m  ", "no new line in a cell")
    contains(got[3], "x" * 49 + "… |", "a long cell")
    absent(done.err, "\x1b", "no escapes")


@test
def table_bounds():
    """many rows and columns: ends and a gap, as pandas' options say"""
    got, _, _ = steps(
        "import pandas as pd\npd.DataFrame({'n': range(1000)})",
        "pd.set_option('display.max_rows', 4); pd.DataFrame({'n': range(5)})",
        "pd.set_option('display.max_rows', None); pd.DataFrame({'n': range(1500)})",
        "pd.DataFrame({f'c{i}': [i] for i in range(50)})",
        "pd.DataFrame({'a': []})",
        "pd.DataFrame({'a': [1e20, 1e-12], 'b': [1e6 + 0.125, 1.0], 'c': [True, False]})")
    lines = body(got[0]).splitlines()
    equal(len(lines), 2 + 5 + 1 + 5 + 2, "rows")
    equal(lines[-1], "[1000 rows x 1 columns]", "how many there are")
    contains(lines[7], "…", "the gap")
    contains(got[1], "| 1   |   1 |\n| …   |   … |\n| 3   |   3 |", "min_rows above max_rows")
    contains(got[2], "[1500 rows x 1 columns]", "never without a bound")
    equal(body(got[3]).splitlines()[0].count("|"), 1 + 1 + 10 + 1 + 10, "columns")
    contains(got[3], "[1 rows x 50 columns]", "how many there are")
    contains(got[4], "[0 rows x 1 columns]", "empty")
    contains(got[5], "1.000000e+20 | 1000000.125 | True ", "numbers")
    contains(got[5], "1.000000e-12 |       1.000 | False", "small numbers")


@test
def figures():
    """figures open at a step's end are saved, reported and closed; saved ones are not saved again"""
    got, files, done = steps(
        "import matplotlib.pyplot as plt\nplt.plot([1]); plt.show()",
        "plt.plot([1]); plt.savefig('mine.png')",
        "plt.figure(); plt.get_fignums()",  # nothing drawn in it
        "plt.plot([1]); 1 / 0",
        "import matplotlib.figure\nf = matplotlib.figure.Figure(); display(f)",
        "f")
    contains(got[0], "[figure saved as plot-1.png]", "told")
    contains(got[0], "picture: plot-1.png 40x20", "reported")
    contains(got[1], "files: +mine.png", "the step's own")
    absent(got[1], "plot-", "saved twice")
    absent(got[2], "plot-", "an empty one")
    contains(got[3], "exit 1", "the step failed")
    contains(got[3], "[figure saved as plot-2.png]", "its figure is there")
    contains(got[4], "+plot-3.png", "display() of a figure")
    contains(got[5], "+plot-4.png", "a last value")
    equal(sorted(n for n in files if n.endswith(".png")),
          ["mine.png", "plot-1.png", "plot-2.png", "plot-3.png", "plot-4.png"], "files")
    equal(files["plot-1.png"], pictures.png(40, 20), "its bytes")
    contains(done.err, "picture: plot-1.png 40x20", "to the user")


@test
def other_matplotlibs():
    """a module of that name that is another thing, or not whole, works as it would elsewhere"""
    def prepare(home):
        home.write("work/matplotlib/__init__.py", "")
        home.write("work/matplotlib/figure.py", "word = 'mine'\n")
    got, _, _ = steps("import matplotlib.figure as f; f.word", prepare=prepare, fakes=False)
    equal(body(got[0]), "'mine'", "imported")
    got, _, _ = steps("import matplotlib.figure", "1", fakes=False,
                      prepare=lambda home: home.write("work/matplotlib/__init__.py", ""))
    contains(got[0], "ModuleNotFoundError: No module named 'matplotlib.figure'", "not there")
    equal(body(got[1]), "1", "goes on")


@test
def figures_that_cannot_be_saved():
    """a folder that cannot be written: the step fails with the reason, the interpreter goes on"""
    got, files, _ = steps(
        "import os\nimport matplotlib.pyplot as plt\nos.mkdir('d'); os.chdir('d'); os.rmdir('../d')\n"
        "plt.plot([1])", "print('goes on')")
    contains(got[0], "exit 1", "failed")
    contains(got[0], "No such file or directory: 'plot-1.png'", "why")
    contains(got[1], "goes on", "the next step")
    equal([n for n in files if n.endswith(".png")], [], "nothing is left")


@test
def other_values():
    """objects that say how they are shown; what fails, or is only a class, is shown plainly"""
    png = pictures.png(8, 8)
    got, files, _ = steps(
        f"class P:\n  def _repr_png_(self): return {png!r}\nP()",
        f"class B:\n  def _repr_png_(self): import base64; return base64.b64encode({png!r}).decode()\nB()",
        "class M:\n  def _repr_markdown_(self): return '**強い**'\n  def _repr_html_(self): return 'x'\nM()",
        "class H:\n  def _repr_html_(self): return '<b>高</b>'\nH()",
        "class R:\n  def _repr_html_(self): return 'x'\n  def __repr__(self): return 'its repr'\nR()",
        "class E:\n  def _repr_png_(self): raise ValueError('no')\n  def __repr__(self): return 'plain'\nE()",
        "class N:\n  def _repr_png_(self): return None\n  def __repr__(self): return 'nothing'\nN()",
        "display(1, 'two', None, P)",
        "class G:\n  def __getattr__(self, name): return lambda *a: b'x'\n"
        "  def __repr__(self): return 'answers all'\nG()",
        "display(P(), extra=1)")
    contains(got[0], "[saved as picture-1.png]", "PNG")
    contains(got[0], "picture: picture-1.png 8x8", "reported")
    equal(files["picture-2.png"], png, "base64")
    equal(body(got[2]), "**強い**", "Markdown first")
    contains(got[3], "[saved as display-1.html]", "HTML that has no other text")
    equal(files["display-1.html"].decode(), "<b>高</b>", "its bytes")
    equal(body(got[4]), "its repr", "a repr() of its own")
    contains(got[5], "plain", "repr()")
    contains(got[5], "[shown plainly: ValueError: no]", "why")
    equal(body(got[6]), "nothing", "None")
    equal(body(got[7]), "1\n'two'\nNone\n<class '__main__.P'>", "plain values and a class")
    equal(body(got[8]), "answers all", "one that has every attribute")
    contains(got[9], "[saved as picture-3.png]", "display()")


@test
def semicolons():
    """a semicolon behind the last expression keeps its value to itself"""
    got, _, _ = steps("print('a'); 5;", "5 ; # no", "'日本';\r\n", "(\n5\n);", "';'", "5 # ;",
                      "print('b');", "6", fakes=False)
    equal([body(g) for g in got], ["a", "", "", "", "';'", "5", "b", "6"], "shown")


@test
def plain_python():
    """what steps printed before is printed still, and nothing of ours is in their way"""
    got, _, _ = steps(
        "1 + 1", "'text'", "None", "_", "[1, 2]",
        "display = 5\ndisplay",
        "del display\ncallable(display)",
        "[n for n in dir() if not n.startswith('__')]",
        "import sys; sys.displayhook = lambda v: print('mine', v)\n7",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(6*7)'], capture_output=True).stdout",
        fakes=False)
    equal([body(g) for g in got[:5]], ["2", "'text'", "", "'text'", "[1, 2]"], "values")
    equal(body(got[5]), "5", "a name of the step's")
    equal(body(got[6]), "True", "ours is back")
    equal(body(got[7]), "[]", "names")
    equal(body(got[8]), "mine 7", "the step's own hook")
    contains(got[9], "mine b'42\\n'", "another python")


def real(module):
    """Skips unless the steps' python has the module."""
    got, _, _ = steps(f"import {module}", fakes=False)
    if "ModuleNotFoundError" in got[0]:
        tap.skip(f"python3-{module} is not installed")


@test
def real_pandas():
    """the real pandas: index names, dates, groups"""
    real("pandas")
    got, _, _ = steps(
        "import pandas as pd\n"
        "df = pd.DataFrame({'品': ['a', 'b', 'a'], 'x': [1.5, 2.25, 3.0], 'n': [1, 2, 3],\n"
        "                   'd': pd.date_range('2024-01-01', periods=3)})\ndf",
        "df.groupby('品').sum(numeric_only=True)",
        "df['x']",
        "df.groupby(['品', 'n']).x.agg(['min', 'max'])",
        "pd.DataFrame({'n': range(1000)})",
        "df.index", fakes=False)
    contains(got[0], "| a   | 1.50 |   1 | 2024-01-01 00:00:00 |", "a row")
    contains(got[1], "| a   | 4.50 |", "a group")
    contains(got[1], "| 品  |", "the index's name")
    contains(got[2], "|    x |", "a series' name")
    contains(got[3], "| a / 1 |", "an index of two")
    contains(got[4], "[1000 rows x 1 columns]", "bounds")
    contains(got[5], "RangeIndex(", "what is no table")


@test
def real_matplotlib():
    """the real matplotlib: a figure, and one the step saved itself"""
    real("matplotlib")
    got, files, _ = steps(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4]); plt.title('plain'); plt.show()",
        "fig, ax = plt.subplots(); ax.bar(['a', 'b'], [1, 2]); fig.savefig('bar.png')",
        "fig, ax = plt.subplots(); ax.plot([1]); fig", fakes=False)
    contains(got[0], "picture: plot-1.png 640x480", "reported")
    absent(got[1], "plot-", "saved once")
    contains(got[2], "+plot-2.png", "a last value")
    equal(sorted(files), ["bar.png", "plot-1.png", "plot-2.png"], "files")


@test
def nothing_at_the_start():
    """the notebook's part is not compiled, and no module loaded, before a value wants it"""
    names = ("import gc, sys\n[m for m in ('json', 'unicodedata', 'binascii', "
             "'traceback') if m in sys.modules] + "
             "[1 for o in gc.get_objects() if getattr(o, '__name__', '') == 'save_figures' "
             "and o.__code__.co_argcount == 0]")
    got, _, _ = steps(names, "class M:\n  def _repr_markdown_(self): return 'x'\nM()", names,
                      fakes=False)
    equal(body(got[0]), "[]", "at the start")
    equal(body(got[2]), "[1]", "then")


if __name__ == "__main__":
    tap.main()
