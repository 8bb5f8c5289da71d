/* Slices of JSON text. See rawjson.h.
 *
 * The text is valid, so that skipping a value needs only strings and brackets.
 * Pinned by tests/unit/test_ollama.c. */
#include <string.h>

#include "agent/model/rawjson.h"

static const char *
raw_space(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n,:", *p) && *p)
		p++;
	return p;
}

/* Behind the string that begins at p. */
static const char *
raw_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

/* Behind the value that begins at p. */
static const char *
raw_value(const char *p, const char *end)
{
	int depth = 0;

	if (p < end && !strchr("\"{[", *p)) {
		while (p < end && !strchr(",:]} \t\r\n", *p))
			p++;
		return p;
	}
	do {
		if (p < end && *p == '"') {
			p = raw_string(p, end);
			continue;
		}
		if (p < end && (*p == '{' || *p == '['))
			depth++;
		else if (p < end && (*p == '}' || *p == ']'))
			depth--;
		p++;
	} while (depth > 0 && p < end);
	return MIN_OF(p, end);
}

static struct slice
raw_from(const char *p, const char *end)
{
	const char *stop = raw_value(p, end);

	return (struct slice){stop > p ? p : NULL, (size_t)(stop - p)};
}

static const char *
raw_inside(struct slice s, char bracket)
{
	const char *p = s.p ? raw_space(s.p, s.p + s.n) : NULL;

	return p && p < s.p + s.n && *p == bracket ? raw_space(p + 1, s.p + s.n) : NULL;
}

struct slice
raw_member(struct slice s, const char *key)
{
	const char *end = s.p ? s.p + s.n : NULL, *p = raw_inside(s, '{');
	size_t n = strlen(key);

	while (p && p < end && *p == '"') {
		const char *stop = raw_string(p, end), *value = raw_space(stop, end);

		if ((size_t)(stop - p) == n + 2 && memcmp(p + 1, key, n) == 0)
			return raw_from(value, end);
		p = raw_space(raw_value(value, end), end);
	}
	return (struct slice){0};
}

struct slice
raw_item(struct slice s, size_t i)
{
	const char *end = s.p ? s.p + s.n : NULL, *p = raw_inside(s, '[');

	while (p && p < end && *p != ']') {
		if (i-- == 0)
			return raw_from(p, end);
		p = raw_space(raw_value(p, end), end);
	}
	return (struct slice){0};
}
