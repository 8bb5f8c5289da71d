#!/usr/bin/env python3
"""A short soak of steps in all languages (tests/soak); `make soak` plays thousands."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../lib"), os.path.join(HERE, "../soak")]
import run  # noqa: E402
import soak  # noqa: E402
import tap  # noqa: E402
from tap import test  # noqa: E402

STEPS, SEED = (30 if run.ASAN else 60), 5


@test
def short_soak():
    """steps that fail, end, crash, flood, are killed and interrupted: nothing is lost or left"""
    soak.soak(STEPS, SEED, lines=4000, say=lambda text: print("# " + text, flush=True))


if __name__ == "__main__":
    tap.main()
