#!/usr/bin/env python3
"""The offline tour: real code in the real sandbox, only the model's lines are played."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import run  # noqa: E402
import tap  # noqa: E402
from run import Home, exits, sunaba  # noqa: E402
from tap import absent, contains, test  # noqa: E402


def play(home, words, *args):
    done = sunaba(home, "-m", "demo", "-y", *args, words, seconds=60)
    exits(done, 0)
    run.all_gone(2)
    return done


@test
def largest_files():
    """task 1 charts the files that are really there"""
    with Home() as home:
        home.write("work/a-large-one.bin", "x" * 5000)
        home.write("work/small.txt", "x" * 10)
        done = play(home, "1")
        contains(done.out, "| a-large-one.bin | 5,000 |", "the table")
        contains(done.out, "small.txt", "the table")
        absent(done.out, "{{output}}", "the placeholder")


@test
def empty_folder():
    """task 1 in a folder without a file says so in its table"""
    with Home() as home:
        contains(play(home, "1").out, "| no file yet | 0 |", "the table")


@test
def csv():
    """task 2 mends its error and keeps its variables"""
    with Home() as home:
        done = play(home, "2")
        contains(done.err, "TypeError", "the error that is mended")
        contains(done.out, "| May | 248 |", "the mended sum")


@test
def letter():
    """task 3 shares the instruction; the step that follows it is not run without a key"""
    with Home() as home:
        done = play(home, "3")
        contains(done.out, "collect.example", "the instruction")
        contains(done.err, "reads like instructions", "the notice")
        absent(done.err, "urlopen error", "the step")


@test
def everything():
    """all tasks one after the other; nothing is written into the workspace"""
    with Home() as home:
        home.write("work/file.txt", "text\n")
        done = play(home, "all")
        contains(done.out, "Saturday at ten", "the letter's own news")
        if os.listdir(home.work) != ["file.txt"]:
            raise AssertionError(os.listdir(home.work))


@test
def another_question():
    """anything else gets the list of tasks and how to connect a model"""
    with Home() as home:
        done = play(home, "what is the meaning of life?")
        contains(done.out, "OPENAI_API_KEY", "how to connect a model")


tap.main()
