"""The table of attacks: each row is a function of one Scene, registered under its number.

A row's function returns how the sandbox was broken, or nothing; what the attack itself reports
from inside ("BROKEN: ...") and any change of HOME count without being named."""
import tap

ROWS = []


class Row:
    def __init__(self, number, group, title, function, slow, counts, bare):
        self.number, self.group, self.title = number, group, title
        self.function, self.slow, self.counts, self.bare = function, slow, counts, bare


def attack(number, group, title, slow=False, counts=True, bare=True):
    """slow: not in `make test`. counts=False: beyond the 101. bare=False: too harmful to be
    tried without a sandbox."""
    def add(function):
        ROWS.append(Row(number, group, title, function, slow, counts, bare))
        return function
    return add


def carry_out(row, scene):
    """("held" | "BROKEN" | "skip" | "error", detail)"""
    scene.output = ""
    try:
        how = row.function(scene) or scene.word()
        if row.group != "everyday":
            changed = scene.changes()
            how = how or (changed and "HOME was changed: " + " ".join(changed))
        return ("BROKEN", how) if how else ("held", "")
    except tap.Skip as why:
        return "skip", str(why)
    except (AssertionError, OSError, ValueError, KeyError, TypeError) as bug:
        return "error", f"{type(bug).__name__}: {bug}"
    finally:
        scene.drop_workspace()
