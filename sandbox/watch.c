/* Limits that were hit, told as facts: see watch.h. A look costs two statfs(2) and a read.
 * Source: statfs(2). Pinned by tests/jail/test_limits.py. */
#include "sandbox/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "sandbox/cgroup.h"

#define GIB (1024.0 * 1024 * 1024)

void
watch_limit(struct sbx_notice *n, const char *what, uint64_t bytes, const char *detail)
{
	memset(n, 0, sizeof(*n));
	n->kind = SBX_NOTE_LIMIT;
	snprintf(n->what, sizeof(n->what), "%s", what);
	if (bytes >= (uint64_t)GIB)
		snprintf(n->detail, sizeof(n->detail), "%.1f GiB%s", (double)bytes / GIB,
			 detail);
	else if (bytes)
		snprintf(n->detail, sizeof(n->detail), "%.4g MiB%s",
			 (double)bytes / (double)SBX_MIB, detail);
	else
		snprintf(n->detail, sizeof(n->detail), "%s", detail);
}

static uint64_t
free_bytes(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 ? (uint64_t)st.f_bavail * (uint64_t)st.f_bsize : 0;
}

void
watch_begin(struct watch *w, const struct setup *s)
{
	memset(w, 0, sizeof(*w));
	w->free_bytes = free_bytes(s->workspace);
}

static void
look_at_disk(struct watch *w, const struct setup *s, watch_note *note, void *arg)
{
	uint64_t now = free_bytes(s->workspace);
	struct sbx_notice n;

	if (now + w->grown + WATCH_GROWTH > w->free_bytes)
		return;
	w->grown = w->free_bytes - now;
	watch_limit(&n, "workspace growth", w->grown,
		    " less are free on its disk than at the start");
	note(&n, arg);
}

/* Private temporary files are a file system of their own but on the reduced rung. Told again when
 * they were full, then emptied to a good part, and are full once more. */
void
watch_tmp(struct watch *w, const struct setup *s, watch_note *note, void *arg)
{
	struct sbx_notice n;
	struct statfs st;

	if (s->tmp || s->rung == SBX_RUNG_NONE || statfs("/tmp", &st) || !st.f_blocks)
		return;
	if (st.f_bavail && st.f_ffree) {
		w->said_tmp &= st.f_bavail < st.f_blocks / 4;
		return;
	}
	if (w->said_tmp)
		return;
	w->said_tmp = true;
	watch_limit(&n, "temporary files", st.f_bavail ? 0 : s->limits.tmp_size,
		    st.f_bavail ? "too many files" : "");
	note(&n, arg);
}

bool
watch_look(struct watch *w, const struct setup *s, watch_note *note, void *arg)
{
	uint64_t kills = s->group ? cgroup_kills(s->group) : 0;
	bool more = kills > w->kills;

	w->kills = kills;
	if (s->rung == SBX_RUNG_NONE)
		return false;
	look_at_disk(w, s, note, arg);
	watch_tmp(w, s, note, arg);
	return more;
}
