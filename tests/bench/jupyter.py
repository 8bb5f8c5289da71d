"""Jupyter's own kernel, for the benchmark of steps: `first` starts one and runs a line, `step` runs
a line more; each answers with microseconds and the kernel's own KiB. Needs Debian's python3-ipykernel
and python3-jupyter-client; without them it ends at once."""
import re
import sys
import time

try:
    import ipykernel  # noqa: F401
    from jupyter_client.manager import KernelManager
except ImportError as why:
    sys.exit(str(why))


def run(client):
    client.execute_interactive("print('hi')", timeout=60, output_hook=lambda message: None)


def begin():
    manager = KernelManager(kernel_cmd=[sys.executable, "-m", "ipykernel_launcher", "-f",
                                        "{connection_file}"])
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    run(client)
    return manager, client


def own(manager):
    pid = getattr(manager, "kernel", None) or manager.provisioner.process
    with open(f"/proc/{pid.pid}/smaps_rollup", encoding="ascii") as f:
        return sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", f.read(), re.M))


def end(manager, client):
    client.stop_channels()
    manager.shutdown_kernel(now=True)


kept = begin()
for line in sys.stdin:
    start = time.monotonic_ns()
    if line.startswith("first"):
        one = begin()
        took = time.monotonic_ns() - start
        end(*one)
    else:
        run(kept[1])
        took = time.monotonic_ns() - start
    print(took // 1000, own(kept[0]), flush=True)
end(*kept)
