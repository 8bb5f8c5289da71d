"""Keeps one Python alive and runs the session's steps in it. The protocol is that of sandbox.h.

A step runs in a module __main__ that holds nothing of ours, so that names persist, and pickle
and multiprocessing find them. The value of a last expression goes through sys.displayhook.
Only built-in modules are imported at the start; what a traceback needs comes when it is due."""
import _ast
import _signal
import os
import sys

CODE_FD, STATUS_FD = 200, 201
AST_ONLY, TOP_LEVEL_AWAIT, COROUTINE = 0x400, 0x2000, 0x80
# Modules through which a step's code may want to see its own source lines.
SOURCE_READERS = ("traceback", "inspect", "logging", "warnings", "linecache", "pdb")


class Driver:
    def __init__(self):
        self.busy = False
        self.forgotten = False
        self.count = 0
        self.sources = {}
        self.loop = None
        self.main = type(sys)("__main__")
        self.main.__builtins__ = __builtins__
        self.pid = os.getpid()

    def prepare(self):
        os.set_inheritable(CODE_FD, False)
        os.set_inheritable(STATUS_FD, False)
        os.register_at_fork(after_in_child=self.forget)
        os.environ.setdefault("MPLBACKEND", "Agg")
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace",
                               line_buffering=True)
        sys.modules["__main__"] = self.main
        sys.path[0] = ""
        sys.argv = [""]
        _signal.signal(_signal.SIGINT, self.interrupt)

    def forget(self):
        """In a fork, once: its own forks have other things there."""
        if self.forgotten:
            return
        self.forgotten = True
        os.close(CODE_FD)
        os.close(STATUS_FD)

    def interrupt(self, _number, _frame):
        if self.busy:
            raise KeyboardInterrupt

    def read(self):
        """The next step's bytes, or None at the end."""
        head = b""
        while not head.endswith(b"\n"):
            byte = os.read(CODE_FD, 1)
            if not byte:
                return None
            head += byte
        left, parts = int(head), []
        while left:
            part = os.read(CODE_FD, left)
            if not part:
                return None
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def show_sources(self):
        import linecache
        for name, text in self.sources.items():
            lines = [line + "\n" for line in text.splitlines()]
            linecache.cache[name] = (len(text), None, lines, name)
        self.sources.clear()

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

    def execute(self, data):
        if not data:
            return
        text = data.decode("utf-8", "replace")
        self.count += 1
        name = f"<python step {self.count}>"
        self.sources[name] = text
        if "linecache" in sys.modules or any(word in text for word in SOURCE_READERS):
            self.show_sources()
        flags = TOP_LEVEL_AWAIT
        tree = compile(data, name, "exec", flags | AST_ONLY, True)
        last = []
        if tree.body and isinstance(tree.body[-1], _ast.Expr):
            last.append(tree.body.pop())
        if tree.body:
            self.evaluate(compile(tree, name, "exec", flags, True))
        if last:
            self.evaluate(compile(_ast.Interactive(last), name, "single", flags, True))

    def run(self, data):
        try:
            self.busy = True
            self.execute(data)
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
        """The traceback without our own frames, which come first and, for SIGINT, last."""
        import traceback
        self.flush()
        self.show_sources()
        trace = failure.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        entry = trace
        while entry and entry.tb_next:
            if entry.tb_next.tb_frame.f_code is Driver.interrupt.__code__:
                entry.tb_next = None
            entry = entry.tb_next
        try:
            traceback.print_exception(type(failure), failure, trace)
        except BaseException:
            sys.__stderr__.write(f"{type(failure).__name__} (its report failed)\n")

    def flush(self):
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()
            except BaseException:
                pass  # the step's own replacement, closed or broken

    def say(self, status):
        try:
            cwd = os.getcwdb()[:4096]
        except OSError:
            cwd = b""
        os.write(STATUS_FD, b"D%d\t%s\0" % (status, cwd))

    def serve(self):
        self.prepare()
        os.write(STATUS_FD, b"R\0")
        while True:
            data = self.read()
            if data is None:
                return
            try:
                status = self.run(data)
            except KeyboardInterrupt:  # a second one, inside the first one's report
                status = 130
            self.flush()
            if os.getpid() != self.pid:
                os._exit(status)  # a fork that ran on to the step's end
            self.say(status)


Driver().serve()
