"""Keeps one Python alive and runs the session's steps in it. The protocol is that of sandbox.h.

A step runs in a module __main__ that holds nothing of ours, so that names persist, and pickle
and multiprocessing find them. The value of a last expression goes through sys.displayhook.
Only built-in modules are imported at the start; what a traceback needs comes when it is due, and
so does NOTEBOOK, the text of notebook.py. start.py runs this one."""
import _ast
import _signal
import builtins
import os
import sys
from posix import _exit, close, dup, dup2, fstat, getcwdb, getpid, read, write

# Ours: a step may put anything in the places of the real ones.
__builtins__ = dict(builtins.__dict__)
PLAIN_HOOK = sys.__displayhook__
CODE_FD, STATUS_FD = 200, 201
AST_ONLY, TOP_LEVEL_AWAIT, COROUTINE = 0x400, 0x2000, 0x80
# Modules through which a step's code may want to see its own source lines.
SOURCE_READERS = ("traceback", "inspect", "logging", "warnings", "linecache", "pdb")
# What a class has that can be shown better than by repr().
RICH = ("_repr_html_", "_repr_markdown_", "_repr_png_", "_repr_jpeg_", "_repr_svg_", "savefig",
        "to_frame")


def muted(data, node):
    """The last expression ends with a semicolon: as in notebooks, its value is not shown."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    rest = lines[node.end_lineno - 1:][:1]
    return bool(rest) and rest[0][node.end_col_offset:].lstrip()[:1] == b";"


class Finder:
    """First in sys.meta_path until matplotlib is imported; finds nothing itself."""
    def __init__(self, notebook):
        self.notebook = notebook

    def find_spec(self, name, path=None, target=None):
        if name != "matplotlib.figure":
            return None
        sys.meta_path[:] = [other for other in sys.meta_path if other is not self]
        import importlib.util
        spec = importlib.util.find_spec(name)
        load = getattr(spec and spec.loader, "exec_module", None)

        def exec_module(module):
            load(module)
            self.notebook("watch")(module)
        if load:
            spec.loader.exec_module = exec_module
        return spec


class Driver:
    def __init__(self):
        self.busy = False
        self.forgotten = False
        self.count = 0
        self.sources = {}
        self.loop = None
        self.main = type(sys)("__main__")
        self.main.__builtins__ = builtins
        self.pid = getpid()
        self.spare = {}
        self.rich = None

    def prepare(self):
        os.set_inheritable(CODE_FD, False)
        os.set_inheritable(STATUS_FD, False)
        os.register_at_fork(after_in_child=self.forget)
        os.environ.setdefault("MPLBACKEND", "Agg")
        for fd, stream in ((1, sys.stdout), (2, sys.stderr)):
            self.spare[fd] = dup(fd)
            stream.reconfigure(encoding="utf-8", errors="backslashreplace",
                               line_buffering=True)
        sys.modules["__main__"] = self.main
        sys.path[0] = ""
        sys.argv = [""]
        sys.displayhook = self.display_value
        builtins.display = self.display
        sys.meta_path.insert(0, Finder(self.notebook))
        _signal.signal(_signal.SIGINT, self.interrupt)

    def forget(self):
        """In a fork, once: its own forks have other things there."""
        if self.forgotten:
            return
        self.forgotten = True
        for fd in (CODE_FD, STATUS_FD, *self.spare.values()):
            try:
                close(fd)
            except OSError:
                pass  # the step had closed it

    def interrupt(self, _number, _frame):
        if self.busy:
            raise KeyboardInterrupt

    def read(self):
        """The next step's number, token and bytes, or None at the end."""
        head = b""
        while head[-1:] != b"\n":
            byte = read(CODE_FD, 1)
            if not byte:
                return None
            head += byte
        length, number, token = head.split()
        left, parts = int(length), []
        while left:
            part = read(CODE_FD, left)
            if not part:
                return None
            parts.append(part)
            left -= len(part)
        return int(number), token, b"".join(parts)

    def show_sources(self):
        import linecache
        for name, text in self.sources.items():
            lines = [line + "\n" for line in text.splitlines()]
            linecache.cache[name] = (len(text), None, lines, name)
        self.sources.clear()

    def notebook(self, name):
        """A function of notebook.py."""
        if self.rich is None:
            names = {}
            exec(compile(NOTEBOOK, __file__, "exec"), names)
            self.rich = names
        return self.rich[name]

    def shown(self, value):
        """True: it was shown in a better way than by repr()."""
        kind = type(value)
        return any(hasattr(kind, name) for name in RICH) and self.notebook("show")(value)

    def display(self, *values, **_options):
        """Shows each value as the last one of a step is shown."""
        for value in values:
            if not self.shown(value):
                print(repr(value))

    def display_value(self, value):
        if value is not None and self.shown(value):
            builtins._ = value
        else:
            PLAIN_HOOK(value)

    def save_figures(self):
        """What matplotlib has open at the end; True unless that failed."""
        try:
            if "matplotlib.pyplot" not in sys.modules or getpid() != self.pid:
                return True
        except Exception:
            return True  # the step's own sys.modules
        try:
            self.busy = True
            self.notebook("save_figures")()
            return True
        except BaseException as failure:
            self.busy = False
            self.report(failure)
            return False
        finally:
            self.busy = False

    def evaluate(self, code):
        value = eval(code, self.main.__dict__)
        if not code.co_flags & COROUTINE:
            return
        if self.loop is None:
            import asyncio
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(value)
        try:
            self.loop.run_until_complete(task)
        except BaseException:
            task.cancel()
            raise

    def execute(self, number, data):
        if not data:
            return
        text = data.decode("utf-8", "replace")
        self.count = number or self.count + 1
        name = f"<python step {self.count}>"
        self.sources[name] = text
        if "linecache" in sys.modules or any(word in text for word in SOURCE_READERS):
            self.show_sources()
        flags = TOP_LEVEL_AWAIT
        tree = compile(data, name, "exec", flags | AST_ONLY, True)
        last = []
        if tree.body and isinstance(tree.body[-1], _ast.Expr) and not muted(data, tree.body[-1]):
            last.append(tree.body.pop())
        if tree.body:
            self.evaluate(compile(tree, name, "exec", flags, True))
        if last:
            self.evaluate(compile(_ast.Interactive(last), name, "single", flags, True))

    def run(self, number, data):
        try:
            self.busy = True
            self.execute(number, data)
            return 0
        except SystemExit as leave:
            self.busy = False
            return self.leave(leave.code)
        except KeyboardInterrupt as stop:
            self.busy = False
            self.report(stop)
            return 130
        except BaseException as failure:
            self.busy = False
            self.report(failure)
            return 1
        finally:
            self.busy = False

    def leave(self, code):
        if sys.stdin is None or sys.stdin.closed:  # exit() closes it
            sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
        if code is None:
            return 0
        if isinstance(code, int):
            return code & 255
        print(code, file=sys.stderr)
        return 1

    def report(self, failure):
        self.flush()
        try:
            self.show_trace(failure)
        except BaseException:
            write(2, f"{type(failure).__name__} (its traceback cannot be shown)\n".encode())

    def show_trace(self, failure):
        """The traceback without our own frames, which come first and, for SIGINT, last."""
        import traceback
        self.show_sources()
        trace = failure.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        entry = trace
        while entry and entry.tb_next:
            if entry.tb_next.tb_frame.f_code is Driver.interrupt.__code__:
                entry.tb_next = None
            entry = entry.tb_next
        traceback.print_exception(type(failure), failure, trace,
                                  file=getattr(sys, "stderr", None) or sys.__stderr__)

    def flush(self):
        for name in ("stdout", "stderr", "__stdout__", "__stderr__"):
            try:
                getattr(sys, name).flush()
            except BaseException:
                pass  # the step's own replacement, closed or broken

    def mend(self):
        """What a step closed is open again for the next one."""
        for fd, names in ((1, ("stdout", "__stdout__")), (2, ("stderr", "__stderr__"))):
            try:
                fstat(fd)
            except OSError:
                dup2(self.spare[fd], fd)
            for name in names:
                try:
                    closed = getattr(sys, name).closed
                except BaseException:
                    continue  # a replacement that is no file
                if closed is True:
                    setattr(sys, name, open(fd, "w", 1, encoding="utf-8", closefd=False,
                                            errors="backslashreplace"))

    def say(self, token, status):
        try:
            cwd = getcwdb()[:4096]
        except OSError:
            cwd = b""
        write(STATUS_FD, b"D%s %d\t%s\0" % (token, status, cwd))

    def serve(self):
        self.prepare()
        write(STATUS_FD, b"R+\0")
        while True:
            step = self.read()
            if step is None:
                return
            number, token, data = step
            try:
                status = self.run(number, data)
                if not self.save_figures():
                    status = status or 1
            except KeyboardInterrupt:  # a second one, inside the first one's report
                status = 130
            self.flush()
            if getpid() != self.pid:
                _exit(status)  # a fork that ran on to the step's end
            self.mend()
            self.say(token, status)


try:
    Driver().serve()
except OSError:
    write(2, b"the step closed what the interpreter is driven by\n")
    _exit(1)
