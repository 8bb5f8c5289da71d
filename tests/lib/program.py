"""Where the two programs are: the one that is started, and the agent, which it executes."""
import os
import shutil

PLACES = ("libexec/sunaba/sunaba", "../libexec/sunaba/sunaba")  # as in front/main.c


def agent_of(front):
    folder = os.path.dirname(os.path.realpath(front))
    found = [os.path.normpath(os.path.join(folder, place)) for place in PLACES]
    return next((path for path in found if os.path.exists(path)), found[-1])


def copy(front, folder):
    """Both, for everybody; returns the path of the one to start."""
    there = os.path.join(folder, "sunaba")
    inner = os.path.join(folder, PLACES[0])
    os.makedirs(os.path.dirname(inner))
    for source, target in ((front, there), (agent_of(front), inner)):
        shutil.copy(source, target)
        os.chmod(target, 0o755)
    return there
