/* Refusals in words. See explain.h.
 *
 * Pinned by tests/unit/test_explain.c. */
#include <errno.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/explain.h"

/* On one line, and UTF-8. */
static void
explain_clean(struct buf *whole, struct buf *out)
{
	for (size_t i = 0; i < whole->len; i++)
		if ((unsigned char)whole->data[i] < ' ' || whole->data[i] == 0x7f)
			whole->data[i] = '?';
	utf8_repair(out, whole->data, whole->len);
}

char *
explain_line(const struct sbx_notice *n)
{
	char msg[1536], hint[3072];
	AUTO_BUF struct buf whole = BUF_INIT(16 * KIB);
	struct buf clean = BUF_INIT(32 * KIB);

	sbx_notice_text(n, msg, sizeof(msg), hint, sizeof(hint));
	buf_addf(&whole, "sandbox: %s%s%s", msg, hint[0] ? " - " : "", hint);
	explain_clean(&whole, &clean);
	return buf_take(&clean);
}

void
explain_named(const struct sbx_notice *n, struct buf *out)
{
	AUTO_BUF struct buf whole = BUF_INIT(2 * KIB);

	buf_addf(&whole, "%s%s%s", n->what, n->detail[0] ? " " : "", n->detail);
	explain_clean(&whole, out);
	buf_addc(out, '\n');
}

/* Absolute, as the step saw it. */
static bool
resolve(const char *path, const char *cwd, char *out, size_t size)
{
	const char *home = getenv("HOME");
	int n;

	if (path[0] == '/')
		n = snprintf(out, size, "%s", path);
	else if (path[0] == '~' && path[1] == '/' && home)
		n = snprintf(out, size, "%s%s", home, path + 1);
	else if (cwd)
		n = snprintf(out, size, "%s/%s", cwd, path);
	else
		return false;
	return n > 0 && (size_t)n < size;
}

void
explain_limit(const char *what, const struct sbx_limits *l, explain_fn *fn, void *arg)
{
	struct sbx_notice n = {.kind = SBX_NOTE_LIMIT};
	uint64_t bytes = 0, count = 0;

	if (strcmp(what, "memory") == 0)
		bytes = l->memory;
	else if (strcmp(what, "file size") == 0)
		bytes = l->file_size;
	else
		count = strcmp(what, "processes") == 0 ? l->processes : l->files;
	snprintf(n.what, sizeof(n.what), "%s", what);
	if (bytes >= 1024 * MIB)
		snprintf(n.detail, sizeof(n.detail), "%.1f GiB",
			 (double)bytes / (1024.0 * (double)MIB));
	else if (bytes)
		snprintf(n.detail, sizeof(n.detail), "%.4g MiB",
			 (double)bytes / (double)MIB);
	else
		snprintf(n.detail, sizeof(n.detail), "%llu", (unsigned long long)count);
	fn(&n, arg);
}

static void
explain_limits(const char *text, size_t n, const struct sbx_limits *l, explain_fn *fn,
	       void *arg)
{
	bool size = false, files = false;

	for (size_t at = 0; at < n;) {
		const char *newline = memchr(text + at, '\n', n - at);
		size_t len = newline ? (size_t)(newline - text) - at : n - at;
		int sys = sbx_error_in(text + at, len);

		size |= sys == EFBIG;
		files |= sys == EMFILE;
		at += len + 1;
	}
	if (size)
		explain_limit("file size", l, fn, arg);
	if (files)
		explain_limit("open files", l, fn, arg);
}

void
explain_errors(const char *text, size_t n, const struct explain_step *s, explain_fn *fn,
	       void *arg)
{
	char path[1024], whole[1024];
	struct sbx_notice notice;
	size_t at = 0;
	int sys = 0, found = 0;

	while (found < EXPLAIN_PATHS_MAX && sbx_error_next(text, n, &at, path, &sys)) {
		/* Under --explain the jail tells of these itself. */
		if (sys == EFBIG || sys == EMFILE || (sys == EROFS && s->policy->explain) ||
		    (!s->failed && sys != EROFS) ||
		    !resolve(path, s->cwd, whole, sizeof(whole)))
			continue;
		if (sbx_policy_explain(s->policy, whole, sys, &notice)) {
			fn(&notice, arg);
			found++;
		}
	}
	if (s->failed)
		explain_limits(text, n, &s->policy->limits, fn, arg);
}
