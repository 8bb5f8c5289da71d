#!/usr/bin/env python3
"""Machines on which a jail is hard to build: a chroot, no /proc, no user namespaces."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from jailbox import BOXES, main, need  # noqa: E402

# A system of bind mounts in a mount namespace of its own, which goes with the script.
CHROOT = """
set -e
mount --make-rprivate /
top=$1; mkdir -p $top/work $top/tmp $top/dev $top/proc
mount -t tmpfs none $top/dev
for d in usr etc; do mkdir -p $top/$d; mount --bind /$d $top/$d; done
for l in bin sbin lib lib64; do [ -e /$l ] && ln -sfn usr/$l $top/$l; done
cp $2 $top/sunaba
eval "$3"
before=$(wc -l < /proc/self/mountinfo)
chroot $root /bin/sh -c 'cd /work && HOME=/root /sunaba sandbox -- /bin/sh -c "$0"' "$4"
echo "mounts: $(( $(wc -l < /proc/self/mountinfo) - before ))"
"""

INSIDE = """
id -u; pwd; touch mine; touch /usr/x 2>&1 | grep -c Read-only; ls /dev | tr '\\n' ' '
echo x > /dev/null; grep CapEff /proc/self/status; kill -0 %d 2>&1 | grep -c 'No such'
""" % os.getpid()


def root_box():
    if os.getuid() != 0:
        tap.skip("only root can enter a chroot")
    need("unshare", "chroot", "mount")
    box = BOXES[0]
    done = subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True)
    if done.returncode != 0:
        tap.skip("mount namespaces are refused here")
    return box


def in_chroot(prepare):
    if os.environ.get("SUNABA_ASAN"):
        tap.skip("the sanitizers need /proc, which is not there")
    box = root_box()
    top = os.path.join(box.base, "root")
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", CHROOT, "bash", top, box.program, prepare, INSIDE],
        env=box.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=tap.PATIENCE_S, check=False)
    out = re.sub(r"sunaba: sandbox: [^\n]*\n", "", done.stdout.decode())  # come when they come
    tap.equal(done.returncode, 0, out)
    lines = out.splitlines()
    tap.equal(lines[:3], ["0", "/work", "1"], out)
    tap.contains(lines[3], "full null ptmx pts random")
    tap.contains(out, "CapEff:\t0000000000000000")
    tap.contains(out, "mounts: 0")
    tap.equal(os.path.exists(os.path.join(top, "work/mine")), True)
    os.unlink(os.path.join(top, "work/mine"))


@tap.test
def bare():
    """a chroot that is no mount point, without /proc and device nodes"""
    in_chroot("root=$top")


@tap.test
def full():
    """a chroot with /proc and /dev"""
    in_chroot("mount -t proc proc $top/proc; mount --rbind /dev $top/dev; root=$top")


@tap.test
def shared():
    """a chroot below shared mounts: nothing shows on the host"""
    in_chroot("mount --make-rshared /; root=$top")


@tap.test
def mount_point():
    """a chroot that is a shared mount point below shared mounts"""
    in_chroot("mkdir -p $top.2; mount --rbind $top $top.2; mount --make-rshared /; root=$top.2")


def without_userns(box, command):
    """In a user namespace that allows none below it: as on a machine that refuses them."""
    need("unshare", "setpriv")
    limit = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\""
    return subprocess.run(
        ["unshare", "-U", "-r", "sh", "-c", limit, "sh", *command], cwd=box.work,
        env=box.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=tap.PATIENCE_S, check=False, **box.as_user())


@tap.test
def refused():
    """no user namespaces and no privilege: exit 4, the reason, the remedy, and nothing runs"""
    box = BOXES[-1]
    drop = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all"]
    if without_userns(box, [*drop, "true"]).returncode != 0:
        tap.skip("user namespaces are refused here already, or setpriv is absent")
    done = without_userns(box, [*drop, *box.argv("echo RAN", ("--rung", "full"))])
    out = done.stdout.decode()
    tap.equal(done.returncode, 4, out)
    tap.contains(out, "cannot make a user namespace: No space left on device")
    tap.contains(out, "user.max_user_namespaces")
    tap.absent(out, "RAN")


main()
