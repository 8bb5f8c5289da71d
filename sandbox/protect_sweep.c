/* Quarantine: what programs outside would run gets another name, in its own folder. See
 * protect.h.
 *
 * A rename is at once, needs no room, keeps every byte and mode, and cannot be raced: whatever
 * stands under the name at that moment is moved, a folder as a whole. The path is opened through
 * no link. Source: renameat2(2). Pinned by tests/jail/test_protect.py. */
#include "sandbox/protect_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NUMBERED  9 /* names with a number that are tried; then one that nobody foresees */
#define TRIES	  100
#define NAME_KEPT 200 /* bytes of a name that leave room for QUARANTINE */

bool
is_put_aside(const char *name)
{
	return strstr(name, QUARANTINE) != NULL;
}

/* The folder of `path`, and its last part. */
static int
open_parent(const struct ground *g, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*name = slash ? slash + 1 : path;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0, path);
	return walk_open(g->top, dir, O_PATH | O_DIRECTORY);
}

/* Its new name; false with errno. */
static bool
rename_aside(int dir, const char *name, char to[NAME_MAX + 1])
{
	for (int i = 1; i <= TRIES; i++) {
		char number[32] = "";
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		if (i > NUMBERED)
			snprintf(number, sizeof(number), "-%llx%09ld",
				 (unsigned long long)ts.tv_sec, ts.tv_nsec);
		else if (i > 1)
			snprintf(number, sizeof(number), "-%d", i);
		snprintf(to, NAME_MAX + 1, "%.*s" QUARANTINE "%s", NAME_KEPT, name, number);
		if (renameat2(dir, name, dir, to, RENAME_NOREPLACE) == 0)
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

static bool
aside(struct protect *p, struct ground *g, const char *path)
{
	char to[NAME_MAX + 1], detail[NAME_MAX + 64];
	const char *name;
	SBX_CLOSE int dir = -1;
	int sys = 0;

	if (user_allows(p, g, path) || p->setup->workspace_readonly)
		return false;
	/* A guard that went along with its folder. */
	if (guard_stands(g, &(struct guard){.path = (char *)path}))
		return false;
	if (p->peek) {
		p->found = true;
		return false;
	}
	dir = open_parent(g, path, &name);
	if (dir < 0 || !rename_aside(dir, name, to))
		sys = errno;
	if (sys == ENOENT)
		return false;
	if (sys)
		snprintf(detail, sizeof(detail), "it could not be renamed: %s",
			 strerror(sys));
	else
		snprintf(detail, sizeof(detail),
			 "it is %.150s now, beside where it was: if it is yours, "
			 "rename it back",
			 to);
	tell(p, g, SBX_NOTE_AUTORUN, sys, path, detail);
	return sys == 0;
}

void
put_aside(struct protect *p, struct ground *g, const char *path)
{
	aside(p, g, path);
}

void
put_clean(struct protect *p, struct ground *g, const char *path, const void *text, size_t n)
{
	SBX_CLOSE int dir = -1, fd = -1;
	const char *name;

	if (!aside(p, g, path))
		return;
	dir = open_parent(g, path, &name);
	fd = dir < 0 ? -1
		     : openat(dir, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	/* Without it git takes its defaults: nothing is lost that cannot be renamed back. */
	if (fd >= 0 && write(fd, text, n) != (ssize_t)n)
		unlinkat(dir, name, 0);
}
