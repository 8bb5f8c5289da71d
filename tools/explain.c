/* Refusals in words. See explain.h.
 *
 * A line that holds the kernel's text for one of four errors, its name ("EACCES") or its number
 * as Python writes it is searched for paths: what stands in quotes, words that begin with "/" or
 * "~/", and the word in front of ": <error text>", which is how C programs say it.
 *
 * Pinned by tests/unit/test_explain.c; fuzzed by tests/fuzz/fuzz_explain.c. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/explain.h"

#define LINE_MAX_BYTES 4096 /* of a line that is looked at */

static const struct {
	int sys;
	const char *text[5];
} errors[] = {
    {EACCES,
     {"Permission denied", "permission denied", "EACCES", "[Errno 13]",
      "許可がありません"}},
    {EPERM,
     {"Operation not permitted", "operation not permitted", "EPERM", "[Errno 1]",
      "許可されていない操作です"}},
    {ENOENT,
     {"No such file or directory", "no such file or directory", "ENOENT", "[Errno 2]",
      "そのようなファイルやディレクトリはありません"}},
    {EROFS,
     {"Read-only file system", "read-only file system", "EROFS", "[Errno 30]",
      "読み込み専用ファイルシステムです"}},
    {EFBIG,
     {"File too large", "file too large", "EFBIG", "[Errno 27]",
      "File size limit exceeded"}},
    {EMFILE,
     {"Too many open files", "too many open files", "EMFILE", "[Errno 24]",
      "オープンしているファイルが多過ぎます"}},
};

char *
explain_line(const struct sbx_notice *n)
{
	char msg[1536], hint[3072];
	AUTO_BUF struct buf whole = BUF_INIT(16 * KIB), clean = BUF_INIT(32 * KIB);

	sbx_notice_text(n, msg, sizeof(msg), hint, sizeof(hint));
	buf_addf(&whole, "sandbox: %s%s%s", msg, hint[0] ? " - " : "", hint);
	for (size_t i = 0; i < whole.len; i++)
		if ((unsigned char)whole.data[i] < ' ' || whole.data[i] == 0x7f)
			whole.data[i] = '?';
	utf8_repair(&clean, whole.data, whole.len);
	return buf_take(&clean);
}

/* The error that a line names, and where; NULL for none. */
static const char *
find_error(const char *line, size_t n, int *sys)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (size_t k = 0; k < ARRAY_LEN(errors[i].text); k++) {
			const char *text = errors[i].text[k];
			const char *at = memmem(line, n, text, strlen(text));

			if (at)
				return *sys = errors[i].sys, at;
		}
	return NULL;
}

static bool
take(const char *p, size_t n, char path[1024])
{
	while (n > 0 && strchr(":,.;)", p[n - 1]) && n > 1)
		n--;
	if (n == 0 || n >= 1024 || memchr(p, 0, n))
		return false;
	memcpy(path, p, n);
	path[n] = 0;
	return true;
}

/* What stands between a quote and its end, from p; its length, 0 for none. */
static size_t
quoted(const char *p, size_t n, size_t *skip)
{
	static const char *const pairs[][2] = {{"'", "'"},
					       {"\"", "\""},
					       {"`", "'"},
					       {"\u2018", "\u2019"},
					       {"\u300c", "\u300d"}};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		size_t open = strlen(pairs[i][0]);
		const char *end;

		if (n <= open || memcmp(p, pairs[i][0], open) != 0)
			continue;
		end = memmem(p + open, n - open, pairs[i][1], strlen(pairs[i][1]));
		if (!end || end == p + open)
			continue;
		*skip = open;
		return (size_t)(end - p) - open;
	}
	return 0;
}

/* The next path in line[*at..n), which names an error at `error`. */
static bool
next_in_line(const char *line, size_t n, size_t error, size_t *at, char path[1024])
{
	while (*at < n) {
		size_t skip = 0, i = *at, len = quoted(line + i, n - i, &skip);
		bool first = i == 0 || isspace((unsigned char)line[i - 1]);

		if (len > 0) {
			*at = i + 2 * skip + len;
			if (take(line + i + skip, len, path))
				return true;
			continue;
		}
		len = 0;
		while (i + len < n && !isspace((unsigned char)line[i + len]))
			len++;
		*at = i + 1;
		if (!first || len == 0)
			continue;
		/* "cat: name: No such file": a colon, a blank, the error. */
		if (line[i] == '/' || (line[i] == '~' && len > 1 && line[i + 1] == '/') ||
		    (line[i + len - 1] == ':' && i > 0 && i + len + 1 == error)) {
			*at = i + len;
			if (take(line + i, len, path))
				return true;
		}
	}
	return false;
}

bool
explain_next(const char *text, size_t n, size_t *at, char path[1024], int *sys)
{
	while (*at < n) {
		size_t start = *at, len, from;
		const char *newline, *error;

		while (start > 0 && text[start - 1] != '\n')
			start--;
		newline = memchr(text + start, '\n', n - start);
		len = newline ? (size_t)(newline - text) - start : n - start;
		error = find_error(text + start, MIN_OF(len, (size_t)LINE_MAX_BYTES), sys);
		from = *at - start;
		if (error && len <= LINE_MAX_BYTES &&
		    next_in_line(text + start, len, (size_t)(error - text) - start, &from,
				 path)) {
			*at = start + from;
			return true;
		}
		*at = start + len + 1;
	}
	return false;
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

/* The fact about a path, when the sandbox is why it failed. */
static bool
judge(const char *path, int sys, const struct sbx_policy *p, struct sbx_notice *out)
{
	enum sbx_view view = sbx_policy_view(p, path);

	*out = (struct sbx_notice){.kind = SBX_NOTE_FILE};
	snprintf(out->what, sizeof(out->what), "%s", path);
	if (sys == ENOENT && view == SBX_VIEW_HIDDEN) {
		out->sys = ENOENT;
		return true;
	}
	/* Only what is guarded is read-only where the rest may be written. */
	if (view == SBX_VIEW_WRITABLE && sys == EROFS)
		out->kind = SBX_NOTE_PROTECTED;
	/* The user himself could have: it is the sandbox that does not let code. */
	else if (view != SBX_VIEW_READ_ONLY ||
		 (sys != EROFS &&
		  !((sys == EACCES || sys == EPERM) && access(path, W_OK) == 0)))
		return false;
	out->sys = EROFS;
	return true;
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
		int sys = 0;

		find_error(text + at, MIN_OF(len, (size_t)LINE_MAX_BYTES), &sys);
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

	while (found < EXPLAIN_PATHS_MAX && explain_next(text, n, &at, path, &sys)) {
		/* Under --explain the jail tells of these itself. */
		if (sys == EFBIG || sys == EMFILE || (sys == EROFS && s->policy->explain) ||
		    (!s->failed && sys != EROFS) ||
		    !resolve(path, s->cwd, whole, sizeof(whole)))
			continue;
		if (judge(whole, sys, s->policy, &notice)) {
			fn(&notice, arg);
			found++;
		}
	}
	if (s->failed)
		explain_limits(text, n, &s->policy->limits, fn, arg);
}
