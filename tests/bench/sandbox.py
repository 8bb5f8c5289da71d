#!/usr/bin/env python3
"""The sandbox beside others: launch latency, jobs of a session, cost of a call, end of a tree.

All launchers run in turn in one loop, so that a busy machine hurts all alike; p10 is the figure
to compare. What is not installed is left out and said. Exit 1 when a goal is missed. On a busy
machine `chrt -f 5 python3 tests/bench/sandbox.py` (as root) keeps others out of the way."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
SUNABA = os.path.abspath(os.environ.get("SUNABA", "build/sunaba"))

failed = []


def tool(name):
    return os.path.abspath(os.path.join(BUILD, "bench", name))


def goal(what, value, most, unit):
    good = value <= most
    if not good:
        failed.append(what)
    print(f"  {'ok  ' if good else 'MISS'} {what}: {value:.2f} {unit}, goal at most "
          f"{most:.2f} {unit}")


def bwrap_plain(work):
    """As its users write it: the system read-only, own /tmp, one folder writable."""
    return ["bwrap", "--ro-bind", "/usr", "/usr", *links(), "--ro-bind", "/etc", "/etc",
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--bind", work, work,
            "--chdir", work, "--unshare-all", "--die-with-parent"]


def links():
    """/bin, /lib and so on, as this system has them."""
    words = []
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = "/" + name
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    return words


def bwrap_hard(work, rules):
    """As strong as it gets: private HOME and shared memory, covered /proc, no nested user
    namespace, no terminal, clean environment, and a system-call filter (from descriptor 9)."""
    home = os.path.expanduser("~")
    words = ["bwrap", "--ro-bind", "/usr", "/usr", *links(), "--ro-bind", "/etc", "/etc",
             "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
             "--tmpfs", "/run", "--tmpfs", home, "--bind", work, work, "--chdir", work,
             "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent",
             "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv",
             "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", home]
    for name in ("keys", "timer_list", "kallsyms", "key-users", "kmsg"):
        words += ["--ro-bind", "/dev/null", "/proc/" + name]
    for name in ("sys", "irq", "bus", "fs"):
        words += ["--ro-bind", "/proc/" + name, "/proc/" + name]
    return ["sh", "-c", 'exec "$@" 9<"$0"', rules, *words, "--seccomp", "9"]


def plain_rules(path):
    """A filter of one instruction: allow. What a real one costs comes on top."""
    with open(path, "wb") as out:
        out.write(bytes.fromhex("06000000" + "0000ff7f"))
    return path


def launchers(work, true):
    rules = plain_rules(os.path.join(work, "rules"))
    table = [("raw spawn", [true]), ("sunaba sandbox", [SUNABA, "sandbox", "--", true]),
             ("unshare", ["unshare", "-Urmpinuf", true]),
             ("bwrap", [*bwrap_plain(work), true]),
             ("bwrap, hardened", [*bwrap_hard(work, rules), true]),
             ("firejail", ["firejail", "--quiet", "--noprofile", "--net=none",
                           "--seccomp", "--caps.drop=all", "--nonewprivs", true])]
    for name, argv in table:
        if not shutil.which(argv[0]) or (name == "bwrap, hardened" and not shutil.which("bwrap")):
            print(f"  {name}: not installed, left out")
        else:
            yield name, argv


def launch_latency(work, true, rounds):
    print("launch of a static program that does nothing, ms")
    table = list(launchers(work, true))
    words = [tool("race"), str(rounds)]
    for _, argv in table:
        words += ["::", *argv]
    done = subprocess.run(words, cwd=work, stdout=subprocess.PIPE, check=True).stdout.decode()
    found = {}
    for (name, _), line in zip(table, done.splitlines()):
        p10, median, worst = map(int, line.split())
        if worst:
            print(f"  {name}: fails here (exit {worst}), left out")
        else:
            found[name] = (p10 / 1000, median / 1000)
    ours = found.get("sunaba sandbox")
    if not ours:
        failed.append("launch")
        return
    for name, (p10, median) in found.items():
        print(f"  {name:16} p10 {p10:6.2f}  median {median:6.2f}  "
              f"sunaba takes {ours[0] / p10:5.2f} of it")
    if "bwrap" in found:
        goal("sunaba beside bwrap, p10", ours[0] / found["bwrap"][0], 0.8, "x")


def sessions(work, true, rounds):
    print("a session and its jobs, ms")
    done = subprocess.run([tool("session"), str(rounds), work, true, SUNABA], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    found = {}
    for line in done.splitlines():
        name, *numbers = line.split()
        found[name] = [int(n) / 1000 for n in numbers]
        if name != "memory":
            print(f"  {name:16} p10 {found[name][0]:6.2f}  median {found[name][1]:6.2f}")
    goal("a job, p10", found["job"][0], 1.3 * found["bare"][0] + 0.5, "ms")
    goal("start of a session, p10", found["start"][0], 6, "ms")
    goal("end of 100 processes, median", found["kill"][1], 50, "ms")
    goal("memory of pid 1", found["memory"][0] * 1000 / 1024, 2, "MB")


def steady(work):
    print("one call, ns: getppid, ioctl, open and close")
    shutil.copy(tool("calls"), os.path.join(work, "calls"))
    program = os.path.join(work, "calls")
    rows = {"bare": [], "sandbox": []}
    for _ in range(5):
        for name, argv in (("bare", [program]), ("sandbox", [SUNABA, "sandbox", "--", program])):
            done = subprocess.run(argv, cwd=work, stdout=subprocess.PIPE, check=True)
            rows[name].append([int(n) for n in done.stdout.split()])
    best = {name: [min(column) for column in zip(*found)] for name, found in rows.items()}
    for name, numbers in best.items():
        print(f"  {name:16} " + "  ".join(f"{n:6}" for n in numbers))
    print("  " + " " * 16 + "  ".join(f" +{s - b:5}" for s, b in
                                      zip(best["sandbox"], best["bare"])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=100, help="rounds")
    args = parser.parse_args()
    home = os.path.join(tempfile.mkdtemp(prefix="sunaba-bench-"), "work")
    os.mkdir(home)
    try:
        true = shutil.copy(tool("nothing"), os.path.join(home, "nothing"))
        launch_latency(home, true, args.n)
        sessions(home, true, args.n)
        steady(home)
    finally:
        shutil.rmtree(os.path.dirname(home), ignore_errors=True)
    print("all goals reached" if not failed else "missed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
