/* What a path of the host is to code in the sandbox: sbx_policy_view() and sbx_policy_explain() of
 * sandbox.h.
 *
 * Text and lstat(2) alone: what the policy says, beside what is there. Toolchains, secrets and
 * sockets that the set-up finds by itself have notices of their own.
 * Pinned by tests/unit/test_policy.c. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sandbox/policy.h"

/* Without "//", "." and "..", links unread: the path may not be there. */
static bool
normalise(const char *path, char out[PATH_MAX])
{
	size_t at = 0;

	if (path[0] != '/')
		return false;
	while (*path) {
		size_t skip = strspn(path, "/"), n = strcspn(path + skip, "/");
		const char *name = path + skip;

		path = name + n;
		if (n == 0 || (n == 1 && name[0] == '.'))
			continue;
		if (n == 2 && name[0] == '.' && name[1] == '.') {
			while (at > 0 && out[--at] != '/')
				;
			continue;
		}
		if (at + 1 + n >= PATH_MAX)
			return false;
		out[at++] = '/';
		memcpy(out + at, name, n);
		at += n;
	}
	out[at] = 0;
	return at > 0;
}

static bool
listed(const char *const *list, const char *path)
{
	char real[PATH_MAX];

	for (; list && *list; list++)
		if (policy_below(path, *list) ||
		    (realpath(*list, real) && policy_below(path, real)))
			return true;
	return false;
}

enum sbx_view
sbx_policy_view(const struct sbx_policy *p, const char *path)
{
	const char *const own[] = {p->workspace, NULL};
	char real[PATH_MAX];
	struct stat st;

	if (!normalise(path, real) || policy_below(real, "/proc") ||
	    policy_below(real, "/dev") || policy_below(real, "/sys"))
		return SBX_VIEW_UNKNOWN;
	if (listed(p->write, real) || (listed(own, real) && !p->workspace_readonly))
		return SBX_VIEW_WRITABLE;
	if (listed(own, real) || listed(p->read, real) || policy_is_system(real))
		return SBX_VIEW_READ_ONLY;
	return lstat(real, &st) ? SBX_VIEW_ABSENT : SBX_VIEW_HIDDEN;
}

/* The user himself could write it, or make it. */
static bool
may_write(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (access(path, W_OK) == 0)
		return true;
	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1,
		 path);
	return errno == ENOENT && access(parent, W_OK) == 0;
}

bool
sbx_policy_explain(const struct sbx_policy *p, const char *path, int sys,
		   struct sbx_notice *out)
{
	enum sbx_view view = sbx_policy_view(p, path);
	bool rights = sys == EACCES || sys == EPERM;

	*out = (struct sbx_notice){.kind = SBX_NOTE_FILE, .sys = EROFS};
	snprintf(out->what, sizeof(out->what), "%s", path);
	switch (view) {
	case SBX_VIEW_HIDDEN:
		/* Without mounts it is there for code too, which has no right to it. */
		out->sys = ENOENT;
		return sys == ENOENT || (rights && access(path, R_OK) == 0);
	case SBX_VIEW_WRITABLE:
		/* Only what is guarded is read-only where the rest may be written. */
		out->kind = SBX_NOTE_PROTECTED;
		return sys == EROFS;
	case SBX_VIEW_READ_ONLY:
		return sys == EROFS || (rights && may_write(path));
	case SBX_VIEW_ABSENT:
		return rights && may_write(path);
	case SBX_VIEW_UNKNOWN:
	default:
		return false;
	}
}
