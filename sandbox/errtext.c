/* Paths in error texts: sbx_error_next() of sandbox.h.
 *
 * A line that holds the kernel's text for one of these errors, its name ("EACCES") or its number
 * as Python writes it is searched for paths: what stands in quotes, words that begin with "/" or
 * "~/", the word in front of ": <error text>", which is how C programs say it, and the one behind
 * "<error text>: ", as Perl's and Ruby's do. A path that is found is only a reason to look at the
 * facts.
 *
 * Pinned by tests/unit/test_explain.c; fuzzed by tests/fuzz/fuzz_explain.c. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "sandbox/util.h"

#define LINE_MAX_BYTES ((size_t)4096) /* of a line that is looked at */

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
    {EBUSY,
     {"Device or resource busy", "device or resource busy", "EBUSY", "[Errno 16]",
      "デバイスもしくはリソースがビジー状態です"}},
    {EXDEV,
     {"Invalid cross-device link", "invalid cross-device link", "EXDEV", "[Errno 18]",
      "無効なクロスデバイスリンクです"}},
    {EFBIG,
     {"File too large", "file too large", "EFBIG", "[Errno 27]",
      "File size limit exceeded"}},
    {EMFILE,
     {"Too many open files", "too many open files", "EMFILE", "[Errno 24]",
      "オープンしているファイルが多過ぎます"}},
};

/* The error that a line names, and where; NULL for none. *end is behind it. */
static const char *
find_error(const char *line, size_t n, int *sys, const char **end)
{
	for (size_t i = 0; i < SBX_LEN(errors); i++)
		for (size_t k = 0; k < SBX_LEN(errors[i].text); k++) {
			const char *text = errors[i].text[k];
			const char *at = memmem(line, n, text, strlen(text));

			if (at) {
				*sys = errors[i].sys;
				*end = at + strlen(text);
				return at;
			}
		}
	return NULL;
}

int
sbx_error_in(const char *line, size_t n)
{
	const char *end;
	int sys = 0;

	find_error(line, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES, &sys, &end);
	return sys;
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

	for (size_t i = 0; i < SBX_LEN(pairs); i++) {
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

/* The word line[i..i+len) stands before ": <error text>" or behind "<error text>: ". */
static bool
beside(const char *line, size_t i, size_t len, const size_t error[2])
{
	return (line[i + len - 1] == ':' && i > 0 && i + len + 1 == error[0]) ||
	       (i == error[1] + 2 && line[error[1]] == ':' && !strchr("'\"", line[i]));
}

/* The next path in line[*at..n), which names an error from error[0] to error[1]. */
static bool
next_in_line(const char *line, size_t n, const size_t error[2], size_t *at, char path[1024])
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
		if (line[i] == '/' || (line[i] == '~' && len > 1 && line[i + 1] == '/') ||
		    beside(line, i, len, error)) {
			*at = i + len;
			if (take(line + i, len, path))
				return true;
		}
	}
	return false;
}

bool
sbx_error_next(const char *text, size_t n, size_t *at, char path[1024], int *sys)
{
	while (*at < n) {
		size_t start = *at, len, from;
		const char *newline, *error, *end = NULL;

		while (start > 0 && text[start - 1] != '\n')
			start--;
		newline = memchr(text + start, '\n', n - start);
		len = newline ? (size_t)(newline - text) - start : n - start;
		error = find_error(text + start,
				   len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES, sys, &end);
		from = *at - start;
		if (error && len <= LINE_MAX_BYTES &&
		    next_in_line(text + start, len,
				 (size_t[2]){(size_t)(error - text) - start,
					     (size_t)(end - text) - start},
				 &from, path)) {
			*at = start + from;
			return true;
		}
		*at = start + len + 1;
	}
	return false;
}
