/* Byte queue, failure record, memory: see util.h. Pinned by tests/unit/test_frame.c. */
#include "sandbox/util.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* A queue that grew beyond this gives its block back when it runs empty. */
#define QUEUE_KEEP   (64 * SBX_KIB)
#define QUEUE_LEAST  480  /* bytes: through fewer sizes on the way, which each map a page */
#define FILES_RAISED 1024 /* open files, where fewer than needed were allowed */

void
sbx_shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool
sbx_fail_set(struct sbx_fail *f, const char *step, int sys, const char *path)
{
	snprintf(f->step, sizeof(f->step), "%s", step);
	snprintf(f->path, sizeof(f->path), "%s", path ? path : "");
	f->sys = sys;
	return false;
}

bool
sbx_files_allowed(unsigned least, struct sbx_fail *f)
{
	struct rlimit r;
	char now[24];

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= least)
		return true;
	snprintf(now, sizeof(now), "%llu", (unsigned long long)r.rlim_max);
	if (r.rlim_max < least)
		return sbx_fail_set(f, "files allowed", 0, now);
	r.rlim_cur = r.rlim_max < FILES_RAISED ? r.rlim_max : FILES_RAISED;
	return setrlimit(RLIMIT_NOFILE, &r) == 0 ||
	       sbx_fail_set(f, "files allowed", 0, now);
}

void *
sbx_grow(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		abort();
	return q;
}

void *
sbx_zero(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

size_t
queue_len(const struct queue *q)
{
	return q->to - q->from;
}

const unsigned char *
queue_head(const struct queue *q)
{
	return q->p ? q->p + q->from : NULL;
}

unsigned char *
queue_room(struct queue *q, size_t n)
{
	size_t len = queue_len(q);

	if (q->from && q->cap - q->to < n) {
		memmove(q->p, q->p + q->from, len);
		q->from = 0;
		q->to = len;
	}
	if (q->cap - q->to < n) {
		size_t cap = q->cap * 2 > q->to + n ? q->cap * 2 : q->to + n;

		if (cap < QUEUE_LEAST)
			cap = QUEUE_LEAST;
		q->p = sbx_grow(q->p, cap);
		q->cap = cap;
	}
	return q->p + q->to;
}

void
queue_added(struct queue *q, size_t n)
{
	q->to += n;
}

void
queue_add(struct queue *q, const void *data, size_t n)
{
	if (!n)
		return;
	memcpy(queue_room(q, n), data, n);
	q->to += n;
}

void
queue_drop(struct queue *q, size_t n)
{
	q->from += n;
	if (q->from < q->to)
		return;
	q->from = q->to = 0;
	if (q->cap > QUEUE_KEEP)
		queue_free(q);
}

void
queue_free(struct queue *q)
{
	free(q->p);
	memset(q, 0, sizeof(*q));
}
