/* What a failed step means and what the user can do: one row for each cause that was seen in the
 * wild. Contract in sandbox.h. Sources: user_namespaces(7), the documentation of AppArmor's
 * restriction of user namespaces, of container engines' default filters.
 * Pinned by tests/unit/test_policy.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/util.h"

#define ANY 0

static const struct {
	const char *step;
	int sys; /* ANY: whatever the errno */
	const char *hint;
} remedies[] = {
    {"user namespace", ENOSPC,
     "allow user namespaces: sysctl -w user.max_user_namespaces=15000"},
    {"user namespace", ENOSYS, "this kernel is built without user namespaces"},
    {"user namespace", EINVAL, "this kernel is built without user namespaces"},
    {"user namespace", ANY,
     "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (older Debian), "
     "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container, "
     "start "
     "it with --security-opt seccomp=unconfined or as a privileged one"},
    {"id map", ENOENT, "mount /proc first: mount -t proc proc /proc"},
    {"id map", ANY,
     "AppArmor restricts user namespaces: sysctl -w "
     "kernel.apparmor_restrict_unprivileged_userns=0, or add a profile that allows userns"},
    {"loopback", ANY,
     "AppArmor restricts user namespaces: sysctl -w "
     "kernel.apparmor_restrict_unprivileged_userns=0, or add a profile that allows userns"},
    {"host name", ANY,
     "AppArmor restricts user namespaces: sysctl -w "
     "kernel.apparmor_restrict_unprivileged_userns=0, or add a profile that allows userns"},
    {"mount proc", ANY,
     "this container hides parts of /proc; start it with --security-opt "
     "systempaths=unconfined"},
    {"mount tmpfs", ENOSYS, "Linux 5.12 or newer is needed"},
    {"mount", ENOSYS, "Linux 5.12 or newer is needed"},
    {"mount", ANY, "mounts are restricted here, perhaps by a container's filter"},
    {"private mounts", ANY, "mounts are restricted here, perhaps by a container's filter"},
    {"system call filter", ANY, "this kernel is built without seccomp filters"},
    {"workspace", ANY, "start in a project's folder, or name one with -C"},
    {"policy path", ELOOP, "a link in the workspace leads there; name the place itself"},
    {"policy path", ANY, "name an existing file or folder other than /"},
    {"files allowed", ANY, "allow more: ulimit -n 1024"},
    {"execute the jail", ENOENT, "mount /proc first: mount -t proc proc /proc"},
};

void
sbx_fail_text(const struct sbx_fail *f, char *msg, size_t nmsg, char *hint, size_t nhint)
{
	const char *step = f->step, *path = f->path;
	size_t i = 0;

	if (strcmp(step, "user namespace") == 0)
		step = "cannot make a user namespace";
	if (strcmp(step, "workspace") == 0 && !f->sys)
		snprintf(msg, nmsg, "'%s' cannot be a workspace", path);
	else if (strcmp(step, "files allowed") == 0)
		snprintf(msg, nmsg, "sandbox: only %s files may be open at once: too few",
			 path);
	else
		snprintf(msg, nmsg, "sandbox: %s%s%s%s%s%s", step, path[0] ? " '" : "",
			 path, path[0] ? "'" : "", f->sys ? ": " : "",
			 f->sys ? strerror(f->sys) : "");
	if (nhint)
		hint[0] = 0;
	for (; i < SBX_LEN(remedies); i++)
		if (strcmp(remedies[i].step, f->step) == 0 &&
		    (remedies[i].sys == ANY || remedies[i].sys == f->sys)) {
			snprintf(hint, nhint, "%s", remedies[i].hint);
			return;
		}
}
