# What every attack has at hand inside the sandbox. A holds what the host told it.
import ctypes
import errno
import os
import signal
import socket
import struct
import sys
import time
import traceback

HOME, WORK = os.environ.get("HOME", "/"), os.getcwd()
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]


def broken(why=""):
    print("BROKEN:", why, flush=True)


def attack(function):
    """What the system refuses is as it should be; any other failure is the attack's own."""
    print("begins", flush=True)
    try:
        function()
    except (OSError, MemoryError) as refused:
        print("refused:", refused, flush=True)
    except Exception:
        print("ATTACK-BUG", traceback.format_exc(), flush=True)


def each(function, *values):
    """Goes on after a refusal."""
    for value in values:
        try:
            function(value)
        except OSError as refused:
            print("refused:", value, refused, flush=True)


def write(path, text="EVIL\n", mode="a"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode) as f:
        f.write(text)


def reveal(path):
    """Broken when the secret can be read there."""
    with open(path, "rb") as f:
        if A["secret"].encode() in f.read(1 << 20):
            broken("read " + path)


def call(number, *args):
    """A raw system call; raises OSError."""
    ctypes.set_errno(0)
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    got = libc.syscall(ctypes.c_long(number), *values)
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got


def succeeds(what, number, *args):
    """Broken when the call is let through."""
    try:
        got = call(number, *args)
    except OSError as refused:
        print("refused:", what, refused, flush=True)
        return None
    broken(what)
    return got
