#!/usr/bin/env python3
"""Every line of sandbox/*.policy: what it lets through and what it refuses, called in the jail by
number, in the plain policy, under --debug-tools and under --explain."""
import ctypes
import errno
import glob
import json
import os
import platform
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import jail_test, main  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
ALL = (1 << 64) - 1
NOT_CALLED = {"sync",   # would write the whole machine's files out
              "futex"}  # answers ENOSYS itself to what it does not know; the interpreter uses it

# Runs in the jail: each call in a child, for it may end, wait or take the child's memory away.
PROBE = r"""
import ctypes, json, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
def one(nr, args):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        libc.syscall.restype = ctypes.c_long
        words = [ctypes.c_ulong(a) for a in args]
        ctypes.set_errno(0)
        got = libc.syscall(ctypes.c_long(nr), *words)
        os.write(w, (str(ctypes.get_errno() if got == -1 else 0) + '\n').encode())
        os._exit(0)
    os.close(w)
    _, status = os.waitpid(pid, 0)
    os.set_blocking(r, False)
    try:
        text = os.read(r, 64).decode()
    except BlockingIOError:
        text = ''
    os.close(r)
    if text:
        return int(text.split()[0])
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
print(json.dumps([one(nr, args) for nr, args in json.load(sys.stdin)]))
"""


def words():
    """(line, words) of all policies."""
    for path in sorted(glob.glob(os.path.join(ROOT, "sandbox/*.policy"))):
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                found = line.split("#")[0].split()
                if found:
                    yield f"{os.path.basename(path)}:{number}", found


def is_condition(word):
    return len(word) > 2 and word[0] == "a" and word[1] in "012345" and word[2] in "=&"


def condition(word):
    """(argument, mask, low, high)"""
    number = lambda text: int(text, 8 if text.startswith("0") and text[:2] != "0x"
                              and len(text) > 1 else 0)
    arg, rest, mask = int(word[1]), word[2:], 0xffffffff
    if rest[0] == "&":
        mask, _, value = rest[1:].partition("=")
        mask = number(mask)
        low = high = number(value) if value else mask
        return arg, mask, low, high
    if rest.startswith("=="):
        mask, rest = ALL, rest[1:]
    low, _, high = rest[1:].partition("-")
    return arg, mask, number(low), number(high or low)


class Policy:
    """The text, read anew: rows of (line, kind, error, name, conditions)."""

    def __init__(self):
        self.rows = []
        for line, found in words():
            kind, found = found[0], found[1:]
            error = found.pop(0) if kind not in ("allow", "only") else "allow"
            while found:
                name = found.pop(0)
                conditions = []
                while found and is_condition(found[0]):
                    conditions.append(condition(found.pop(0)))
                self.rows.append((line, kind, error, name, conditions))

    def expected(self, name, args, debug):
        """'allow' or the name of an error; the strictest row counts."""
        named, refused = False, None
        for _, kind, error, row, conditions in self.rows:
            if row != name:
                continue
            fits = all(low <= args[a] & mask <= high for a, mask, low, high in conditions)
            if kind == "errno":
                return error
            if kind in ("allow", "only"):
                named |= fits
                continue
            if error == "allow":
                continue
            if not conditions:
                named = True
            if fits and not (kind == "debug" and debug):
                refused = refused or error
        return refused or ("allow" if named else "ENOSYS")


def number_of(name):
    try:
        seccomp = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        tap.skip("libseccomp.so.2 is not installed")
    return seccomp.seccomp_syscall_resolve_name(name.encode())


def probes(policy, debug):
    """(line, name, args): each row at its bounds and beside them, harmless where let through."""
    for line, kind, _, name, conditions in policy.rows:
        tries = [[ALL] * 6] if not conditions else []
        # Nothing that is let through may do anything: all bits set, or none.
        if not conditions and policy.expected(name, [ALL] * 6, debug) != "allow":
            tries.append([0] * 6)
        for base in ([0] * 6, [1 << 32] * 6) if conditions else ():
            for pick in (lambda c: c[2], lambda c: c[3], lambda c: c[3] + 1,
                         lambda c: max(c[2] - 1, 0)):
                args = list(base)
                for c in conditions:
                    args[c[0]] |= pick(c)
                tries.append(args)
        for args in tries:
            yield line, name, args
        del kind


def check(box, options):
    if platform.machine() != "x86_64":
        tap.skip("numbers beyond libseccomp's table are not known here")
    policy, debug = Policy(), "--debug-tools" in options
    asked = [(line, name, number_of(name), args) for line, name, args in probes(policy, debug)
             if name not in NOT_CALLED]
    asked = [a for a in asked if a[2] >= 0]
    code, out = box.run(["/usr/bin/python3", "-c", PROBE], options=options,
                        text=json.dumps([(nr, args) for _, _, nr, args in asked]))
    tap.equal(code, 0, out)
    found = [line for line in out.splitlines() if line.startswith("[")]
    tap.equal(len(found), 1, out[:2000])
    wrong, seen = [], {"allow": 0, "refused": 0}
    for (line, name, nr, args), got in zip(asked, json.loads(found[0]), strict=True):
        want = policy.expected(name, args, debug)
        seen["allow" if want == "allow" else "refused"] += 1
        if want != "allow":
            fine = got == getattr(errno, want)
        else:
            fine = got not in (errno.ENOSYS, -31) and not (got == errno.EPERM and nr in STRICT)
            fine |= got == errno.ENOSYS and nr > KNOWN  # a call that this kernel lacks
        if not fine:
            wrong.append(f"{line}: {name}{tuple(hex(a) for a in args)}: "
                         f"{errno.errorcode.get(got, got)}, not {want}")
    tap.equal(wrong, [], f"{len(asked)} calls")
    if min(seen.values()) < 100:
        raise AssertionError(f"too few calls: {seen}")


KNOWN = 438   # calls above this one are newer than the oldest kernel that is supported
STRICT = {101, 310, 311, 438, 440}  # refused with EPERM unless debuggers are let in


@jail_test
def every_line(box):
    """every line of the policy: let through and refused as it says"""
    check(box, [])


@jail_test
def every_line_debug(box):
    """every line of the policy under --debug-tools"""
    check(box, ["--debug-tools"])


@jail_test
def every_line_explained(box):
    """every line of the policy under --explain: nothing more, nothing less is refused"""
    check(box, ["--explain"])


if __name__ == "__main__":
    main()
