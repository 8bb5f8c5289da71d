#!/usr/bin/env python3
"""What staged mode costs: the same commands writing directly and into a layer, interleaved."""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SUNABA = os.path.abspath(os.environ.get("SUNABA", "build/sunaba"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))


def run(work, home, *argv):
    begin = time.perf_counter()
    done = subprocess.run([SUNABA, *argv], cwd=work, env=dict(os.environ, HOME=home),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    took = (time.perf_counter() - begin) * 1000
    if done.returncode:
        sys.exit(f"{argv}: {done.stdout.decode()}")
    return took, done.stdout.decode()


def timed(code):
    """Wraps code so that it tells its own time in ms: start and end of the jail do not count."""
    return ["python3", "-c", "import time, subprocess, os\nt = time.perf_counter()\n" + code +
            "\nprint('took', (time.perf_counter() - t) * 1000)"]


def inside(work, home, mode, code):
    _, out = run(work, home, "sandbox", *mode, "--", *timed(code))
    return float(out.split("took ")[1].split()[0])


def show(name, direct, staged):
    d, s = statistics.median(direct), statistics.median(staged)
    print(f"{name}: direct {d:.1f} ms, staged {s:.1f} ms ({s / d:.2f})")


TWICE = ("subprocess.run(['git', 'status', '--short'], check=True)\n"
         "t = time.perf_counter()\n"
         "subprocess.run(['git', 'status', '--short'], check=True)")


def compare(name, work, home, code, clean=None):
    direct, staged = [], []
    for _ in range(ROUNDS):
        direct.append(inside(work, home, [], code))
        if clean:
            clean()
        staged.append(inside(work, home, ["--staged=discard"], code))
    show(name, direct, staged)


def main():
    top = tempfile.mkdtemp(prefix="sunaba-bench-")
    work, home = os.path.join(top, "work"), os.path.join(top, "home")
    os.makedirs(work)
    os.makedirs(home)
    try:
        for i in range(10000):
            folder = os.path.join(work, f"d{i // 100}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"f{i}"), "w", encoding="ascii") as out:
                out.write(f"{i}\n")
        git = ["git", "-c", "user.name=n", "-c", "user.email=e@x"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
            subprocess.run([*git, *words], cwd=work, check=True)
        compare("git status, 10,000 files", work, home,
                "subprocess.run(['git', 'status', '--short'], check=True)")
        compare("the same again in the same sandbox", work, home, TWICE)
        new = os.path.join(work, "new")
        compare("2,000 new files", work, home,
                "os.mkdir('new')\nfor i in range(2000): open(f'new/{i}', 'w').write('x' * 1000)",
                clean=lambda: shutil.rmtree(new, ignore_errors=True))
        with open(os.path.join(work, "big"), "wb") as out:
            out.write(b"x" * (64 << 20))
        compare("append to a file of 64 MiB", work, home, "open('big', 'ab').write(b'x')")
        launch = [[], []]
        for _ in range(ROUNDS * 3):
            for k, mode in enumerate(([], ["--staged=discard"])):
                launch[k].append(run(work, home, "sandbox", *mode, "--", "true")[0])
        show("launch of true", *launch)
        took = []
        for i in range(ROUNDS):
            run(work, home, "sandbox", "--staged=keep", "--", "python3", "-c",
                f"import os\nos.makedirs('a{i}')\n"
                f"for i in range(1000): open(f'a{i}/{{i}}', 'w').write('x' * 10000)")
            took.append(run(work, home, "staged", "apply")[0])
        print(f"apply of 1,000 files of 10 kB: {statistics.median(took):.1f} ms")
    finally:
        shutil.rmtree(top)


main()
