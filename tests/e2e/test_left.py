#!/usr/bin/env python3
"""What tests/lib/left.py sees and takes away of what a test leaves behind."""
import os
import subprocess
import sys
import tempfile

LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib")
sys.path.insert(0, LIB)
import left  # noqa: E402
import tap  # noqa: E402
from tap import equal, test  # noqa: E402

# Each ends by itself, should it not be found.
SLEEPERS = """
import subprocess, sys
sys.path.insert(0, sys.argv[1])
import left
left.adopt()
left.PATIENCE_S = 0.1
subprocess.run(['sh', '-c', '(sleep 30 & exec sleep 31) & :'])
found = left.processes()
print(sorted(' '.join(words.split()[2:]) for words in found), left.alone())
"""


@test
def processes():
    """what is left is named, and gone before the next file"""
    done = subprocess.run([sys.executable, "-c", SLEEPERS, LIB], stdout=subprocess.PIPE,
                          timeout=tap.PATIENCE_S, check=True)
    equal(done.stdout.decode(), "['sleep 30', 'sleep 31'] True\n")


@test
def linked_folder():
    """a TMPDIR that a link leads to is given by its real name, as mounts are"""
    with tempfile.TemporaryDirectory() as base:
        os.mkdir(os.path.join(base, "real"))
        os.symlink("real", os.path.join(base, "link"))
        old = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = os.path.join(base, "link")
        try:
            folder = left.make_folder()
        finally:
            os.environ.pop("TMPDIR")
            if old is not None:
                os.environ["TMPDIR"] = old
        equal(folder, os.path.realpath(folder))
        equal(left.files(folder), [])


tap.main()
