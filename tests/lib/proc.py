"""Processes, as /proc tells of them."""
import os


def state_of(pid):
    """(state, parent) of a process, or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            rest = f.read().rpartition(")")[2].split()
        return rest[0], int(rest[1])
    except (OSError, IndexError):
        return None


def descendants(root=None):
    """Living processes below `root` (the caller when not given), as pids."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = state_of(int(name))
            if found and found[0] not in "ZX":
                parents[int(name)] = found[1]
    root = root or os.getpid()
    found, front = [], {root}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front}
        found += front
    return sorted(found)


def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return "?"
