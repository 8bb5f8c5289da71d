#!/usr/bin/env python3
"""Runs a command on a machine that refuses things: `cage.py KIND[,KIND...] COMMAND [ARG...]`.

A system-call filter answers as container engines' default ones and old kernels do:
  docker      namespaces, mounts, keys and io_uring: EPERM; clone3: ENOSYS
  mounts      the new mount calls alone: EPERM. bubblewrap uses the old ones and works
  nolandlock  landlock_*: ENOSYS
  noscope     kill(pid, 0) succeeds always, by which this program finds out that Landlock scopes
              (Linux 6.12) do not hold
  nouserns    clone and unshare of a user namespace: ENOSPC, as with user.max_user_namespaces=0
"""
import ctypes
import errno
import os
import struct
import sys

CALLS = {"x86_64": {
    "clone": 56, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "mount_setattr": 442, "keyctl": 250, "add_key": 248, "request_key": 249,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "clone3": 435,
    "kill": 62, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "landlock_create_ruleset": 444,
    "landlock_add_rule": 445, "landlock_restrict_self": 446}}
NAMESPACES = 0x7E020000
NEWUSER = 0x10000000
SIGNAL_0 = "argument 1 is 0"
MOUNTS = ("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr")

LOAD, JUMP_EQ, JUMP_SET, ANSWER = 0x20, 0x15, 0x45, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def rows(kind):
    """(call, errno, mask of argument 0, or None, or SIGNAL_0)"""
    if kind == "docker":
        for name in ("setns", "mount", "umount2", "pivot_root", *MOUNTS, "keyctl", "add_key",
                     "request_key", "io_uring_setup", "io_uring_enter", "io_uring_register",
                     "bpf", "perf_event_open", "userfaultfd"):
            yield name, errno.EPERM, None
        yield "clone", errno.EPERM, NAMESPACES
        yield "unshare", errno.EPERM, NAMESPACES
        yield "clone3", errno.ENOSYS, None
    elif kind == "mounts":
        for name in MOUNTS:
            yield name, errno.EPERM, None
    elif kind == "nolandlock":
        for name in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
            yield name, errno.ENOSYS, None
    elif kind == "noscope":
        yield "kill", 0, SIGNAL_0
    elif kind == "nouserns":
        yield "clone", errno.ENOSPC, NEWUSER
        yield "unshare", errno.ENOSPC, NEWUSER
        yield "clone3", errno.ENOSYS, None
    else:
        sys.exit(f"cage.py: no such kind: {kind}")


def program(kinds):
    numbers = CALLS[os.uname().machine]
    ops = [(LOAD, 0, 0, 0)]
    for kind in kinds:
        for name, error, mask in rows(kind):
            ops.append((JUMP_EQ, 0, 1 if mask is None else 4, numbers[name]))
            if mask is not None:
                ops += ([(LOAD, 0, 0, 24), (JUMP_EQ, 0, 1, 0)] if mask == SIGNAL_0 else
                        [(LOAD, 0, 0, 16), (JUMP_SET, 0, 1, mask)])
            ops.append((ANSWER, 0, 0, ERRNO | error))
            if mask is not None:
                ops.append((LOAD, 0, 0, 0))
    ops.append((ANSWER, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *op) for op in ops), len(ops)


def shut(kinds):
    code, count = program(kinds)
    libc = ctypes.CDLL(None, use_errno=True)
    text = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("=H6xQ", count, ctypes.addressof(text))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, head, 0, 0):
        sys.exit(f"cage.py: {os.strerror(ctypes.get_errno())}")


def fits():
    return os.uname().machine in CALLS


if __name__ == "__main__":
    shut(sys.argv[1].split(","))
    os.execvp(sys.argv[2], sys.argv[2:])
