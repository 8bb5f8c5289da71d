"""What a session of the program holds: processes, descriptors, mounts, files, groups, memory.

A look is taken while the session is at its prompt and no interpreter runs. All looks of a session
must be alike but for memory, whose growth has a bound."""
import glob
import os
import re
import time

import run

SETTLE_S = 10.0
AGENT_GROWTH_KB = 4096  # beyond what the conversation takes
JAIL_GROWTH_KB = 256


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def anonymous(pid):
    """KB of memory that are the process's own."""
    hit = re.search(r"^RssAnon:\s+(\d+)", read(f"/proc/{pid}/status"), re.M)
    return int(hit.group(1)) if hit else 0


def descriptors(pid):
    """What they are, without the numbers that differ from one to the next; None: not shown."""
    found = []
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found.append(re.sub(r"\[\d+\]", "", os.readlink(f"/proc/{pid}/fd/{name}")))
            except FileNotFoundError:
                continue
    except OSError:
        return None
    return sorted(found)


def mounts(pid):
    return sorted(" ".join(line.split()[3:5]) for line in
                  read(f"/proc/{pid}/mountinfo").splitlines())


def children(pid):
    return [int(p) for p in read(f"/proc/{pid}/task/{pid}/children").split()]


def groups(pid):
    """Control groups that the session's processes made, by their maker's number."""
    own = set(map(str, [pid, *run.descendants(pid)]))
    return sorted(p for p in glob.glob("/sys/fs/cgroup/**/sunaba-*", recursive=True)
                  if p.rpartition("-")[2] in own)


class World:
    """The session of agent `pid`, in a home of its own."""

    def __init__(self, home, pid):
        self.home, self.pid = home, pid
        self.first = None
        self.memory = []  # (bytes of the conversation, agent KB, jail KB)

    def ours(self):
        """The agent, the jail's process, and pid 1 of the jail: what always lives."""
        found = [self.pid]
        while len(found) < 3 and len(children(found[-1])) >= 1:
            found.append(children(found[-1])[0])
        return found

    def others(self):
        """Processes of interpreters, and what watches over each."""
        return [p for p in run.descendants(self.pid) if p not in self.ours()]

    def litter(self):
        """Files in places that are nobody's to fill: the workspace's pages are the steps' own."""
        return sorted(f for f in self.home.files()
                      if not f.startswith("state/") and not re.match(r"work/page-\d+\.html$", f))

    def look(self):
        ours = self.ours()
        return {"processes": [run.command(p) for p in run.descendants(self.pid)],
                "descriptors": [descriptors(p) for p in ours],
                "mounts": [mounts(p) for p in ours],
                "files": self.litter(), "groups": groups(self.pid)}

    def check(self, talk, sanitized):
        """Waits until the session holds what it held the first time; returns a line about it."""
        end = time.monotonic() + SETTLE_S * run.SLOWER
        while self.others() and time.monotonic() < end:
            time.sleep(0.01)
        now = self.look()
        if self.first is None:
            self.first = now
        for what, had in self.first.items():
            if now[what] != had:
                raise AssertionError(f"{what} are not as they were:\n  at first {had}\n"
                                     f"  now      {now[what]}")
        self.memory.append((talk, anonymous(self.pid), anonymous(self.ours()[-1])))
        if not sanitized:
            self.check_memory()
        count = "+".join("?" if d is None else str(len(d)) for d in now["descriptors"])
        return (f"processes {len(now['processes']) + 1}, descriptors {count}, mounts "
                f"{'+'.join(str(len(m)) for m in now['mounts'])}, agent "
                f"{self.memory[-1][1] / 1024:.1f} MB, pid 1 {self.memory[-1][2] / 1024:.2f} MB, "
                f"conversation {talk / 1e6:.1f} MB")

    def check_memory(self):
        """The agent keeps the conversation, nothing else; the jail keeps nothing."""
        (talk0, agent0, jail0), (talk, agent, jail) = self.memory[0], self.memory[-1]
        grown = agent - agent0 - (talk - talk0) * 1.5 / 1024
        if grown > AGENT_GROWTH_KB:
            raise AssertionError(f"the agent grew by {grown:.0f} KB beyond the conversation: "
                                 f"{self.memory}")
        if jail - jail0 > JAIL_GROWTH_KB:
            raise AssertionError(f"pid 1 of the jail grew by {jail - jail0} KB: {self.memory}")
