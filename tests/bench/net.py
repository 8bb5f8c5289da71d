#!/usr/bin/env python3
"""What the way through the proxy costs: connecting and one byte there and back, beside the direct
way. Usage: net.py [ROUNDS]; SUNABA names the program."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SUNABA = os.path.abspath(os.environ.get("SUNABA", "build/sunaba"))


def main():
    rounds = sys.argv[1] if len(sys.argv) > 1 else "3000"
    with tempfile.TemporaryDirectory() as work:
        dial = os.path.join(work, "dial")
        subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-o",
                        dial, os.path.join(HERE, "dial.c")], check=True)
        with subprocess.Popen([dial, "-s"], stdout=subprocess.PIPE, text=True) as server:
            port = server.stdout.readline().strip()

            def run(*words):
                out = subprocess.run(words, cwd=work, check=True, text=True,
                                     stdout=subprocess.PIPE).stdout
                return [float(x) for x in out.split()]
            print(f"{'connect + echo, us':44} {'p10':>8} {'median':>8}")
            for what, words in (
                    ("direct, outside", [dial, port, rounds]),
                    ("direct, --allow-net=host",
                     [SUNABA, "sandbox", "--allow-net=host", "--", dial, port, rounds]),
                    ("CONNECT through the proxy",
                     [SUNABA, "sandbox", f"--allow-net=127.0.0.1:{port}", "--", dial, "3128",
                      rounds, f"127.0.0.1:{port}"])):
                p10, median = run(*words)
                print(f"{what:44} {p10:8.1f} {median:8.1f}")
            server.kill()


main()
