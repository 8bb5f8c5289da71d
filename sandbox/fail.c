/* What a failed step means and what the user can do: one row for each cause that was seen in the
 * wild. Contract in sandbox.h. Sources: user_namespaces(7), the documentation of AppArmor's
 * restriction of user namespaces, of container engines' default filters.
 * Pinned by tests/unit/test_policy.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "sandbox/confine.h"
#include "sandbox/rung.h"

#define ANY 0

/* A profile like those that Ubuntu ships for browsers, ready to be pasted. */
#define APPARMOR                                                                        \
	"AppArmor restricts user namespaces: printf 'abi <abi/4.0>,\\nprofile sunaba "  \
	"/usr/local/{bin,libexec/sunaba}/sunaba flags=(unconfined) { userns, }\\n' | "  \
	"sudo tee "                                                                     \
	"/etc/apparmor.d/sunaba && sudo apparmor_parser -r /etc/apparmor.d/sunaba; or " \
	"install bubblewrap"

/* Causes of EPERM and EACCES that a machine tells itself. */
static const struct {
	const char *path, *value;
	const char *hint;
} causes[] = {{"/proc/sys/kernel/unprivileged_userns_clone", "0",
	       "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1"},
	      {"/proc/sys/user/max_user_namespaces", "0",
	       "allow user namespaces: sysctl -w user.max_user_namespaces=15000"},
	      {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", APPARMOR}};

static const struct {
	const char *step;
	int sys; /* ANY: whatever the errno */
	const char *hint;
} remedies[] = {
    {"user namespace", ENOSPC,
     "allow user namespaces: sysctl -w user.max_user_namespaces=15000"},
    {"user namespace", ENOSYS, "this kernel is built without user namespaces"},
    {"user namespace", EINVAL, "this kernel is built without user namespaces"},
    {"user namespace", EUSERS,
     "too many namespaces are nested here; start less deep in containers"},
    {"user namespace", ANY,
     "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (older Debian), "
     "or "
     "in a container --security-opt seccomp=unconfined"},
    {"id map", ENOENT, "mount /proc first: mount -t proc proc /proc"},
    {"id map", ANY, APPARMOR},
    {"loopback", ANY, APPARMOR},
    {"host name", ANY, APPARMOR},
    {"mount proc", ANY,
     "this container hides parts of /proc; start it with --security-opt "
     "systempaths=unconfined"},
    {"mount tmpfs", ENOSYS, "Linux 5.12 or newer is needed"},
    {"mount", ENOSYS, "Linux 5.12 or newer is needed"},
    {"mount", ANY, "mounts are restricted here, perhaps by a container's filter"},
    {"private mounts", ANY, "mounts are restricted here, perhaps by a container's filter"},
    {"system call filter", ANY, "this kernel is built without seccomp filters"},
    {"copy-on-write layer", EINVAL,
     "staged mode needs Linux 5.11, a workspace without mounts below it, and layers on a "
     "file system with user attributes; without --staged code writes to the workspace "
     "itself"},
    {"copy-on-write layer", ANY,
     "overlay mounts are refused here; without --staged code writes to the workspace "
     "itself"},
    {"staged folder", ENOTSUP,
     "staged mode needs the full sandbox: leave out --rung and --no-sandbox"},
    {"staged folder", ANY, "set XDG_STATE_HOME to a folder of yours that can be written"},
    {"workspace", ANY, "start in a project's folder, or name one with -C"},
    {"network entry", E2BIG,
     "at most 256 hosts can be listed, 16 ports of localhost among them"},
    {"network entry", EADDRINUSE,
     "the sandbox listens there itself: write NAME=127.0.0.1:PORT and use that name"},
    {"network entry", ANY,
     "write HOST, HOST:PORT, .HOST for a name and all below it, localhost:PORT, "
     "NAME=ADDRESS or NAME=private"},
    {"network listener", EPERM,
     "there is no network namespace of the sandbox's own here: hosts cannot be listed"},
    {"host network", ANY,
     "Linux 6.12 or newer is needed, where Landlock keeps code away from the sockets of "
     "the "
     "desktop; list hosts instead: --allow-net=HOST"},
    {"policy path", ELOOP, "a link in the workspace leads there: name the place itself"},
    {"policy path", EPERM,
     "what sunaba itself believes lies there (settings, sessions, trusted folders): name "
     "a folder beside it"},
    {"policy path", ANY, "name an existing file or folder other than /"},
    {"show", EBUSY,
     "start again with --allow-read or --allow-write: it holds what is in use"},
    {"show", EOPNOTSUPP,
     "this kind of sandbox is fixed at its start: start again with --allow-read or "
     "--allow-write"},
    {"landlock", ENOSYS,
     "Linux 5.13 or newer is needed, with Landlock among the kernel's security modules "
     "(lsm=)"},
    {"landlock", EOPNOTSUPP, "start the kernel with landlock among lsm= modules"},
    {"bubblewrap", ENOENT, "install bubblewrap: apt-get install bubblewrap"},
    {"private folders", ANY,
     "make the state folder ($XDG_STATE_HOME or ~/.local/state) writable"},
    {"files allowed", ANY, "allow more: ulimit -n 1024"},
    {"execute the jail", ENOENT, "mount /proc first: mount -t proc proc /proc"},
};

static bool
file_begins(const char *path, const char *text)
{
	SBX_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char got[16] = "";

	return fd >= 0 && read(fd, got, sizeof(got) - 1) > 0 &&
	       strncmp(got, text, strlen(text)) == 0;
}

/* Under a system-call filter, and not ours: a container's. */
static bool
filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}

/* Why namespaces are refused, as far as the machine says it; else the table's word. */
static const char *
cause(const struct sbx_fail *f)
{
	if (strcmp(f->step, "user namespace") != 0 || (f->sys != EPERM && f->sys != EACCES))
		return NULL;
	for (size_t i = 0; i < SBX_LEN(causes); i++)
		if (file_begins(causes[i].path, causes[i].value))
			return causes[i].hint;
	if (filtered())
		return "a container's filter refuses them: start it with --security-opt "
		       "seccomp=unconfined, or a profile that allows clone and unshare";
	return NULL;
}

void
sbx_fail_text(const struct sbx_fail *f, char *msg, size_t nmsg, char *hint, size_t nhint)
{
	const char *step = f->step, *path = f->path;
	size_t i = 0, len;

	if (strcmp(step, "user namespace") == 0)
		step = "cannot make a user namespace";
	if (strcmp(step, "policy path") == 0)
		step = "cannot show";
	if (strcmp(step, "workspace") == 0 && !f->sys)
		snprintf(msg, nmsg, "'%s' cannot be a workspace", path);
	else if (strcmp(step, "files allowed") == 0)
		snprintf(msg, nmsg, "sandbox: only %s files may be open at once: too few",
			 path);
	else
		snprintf(msg, nmsg, "sandbox: %s%s%s%s%s%s", step, path[0] ? " '" : "",
			 path, path[0] ? "'" : "", f->sys ? ": " : "",
			 f->sys ? strerror(f->sys) : "");
	len = strlen(msg);
	if (rung_refused(f) && landlock_abi() == 0)
		snprintf(msg + len, nmsg - len,
			 "; Landlock, which could do without, is missing");
	if (nhint)
		hint[0] = 0;
	if (cause(f)) {
		snprintf(hint, nhint, "%s", cause(f));
		return;
	}
	for (; i < SBX_LEN(remedies); i++)
		if (strcmp(remedies[i].step, f->step) == 0 &&
		    (remedies[i].sys == ANY || remedies[i].sys == f->sys)) {
			snprintf(hint, nhint, "%s", remedies[i].hint);
			return;
		}
}
