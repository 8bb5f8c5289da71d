/* A reader for git's index: see gitindex.h.
 *
 * Only a text that is an index to its last byte counts as one: then a path that was not met is
 * not tracked. What this reader does not know, a split or sparse index, or one of SHA-256 names,
 * may hold every path.
 * Source: gitformat-index(5). Pinned by tests/unit/test_gitindex.c. */
#include "sandbox/gitindex.h"

#include <limits.h>
#include <string.h>

#define HEAD	   12
#define STATS	   40 /* bytes of an entry before its name: times, numbers, mode, size */
#define MODE_AT	   24
#define SHA256	   32
#define EXTENDED   0x4000u
#define STAGE	   0x3000u
#define PLAIN_FILE 010u /* the kind's bits of a mode */

struct reader {
	const unsigned char *p, *end;
	size_t hash;
	uint32_t version;
	char path[PATH_MAX]; /* of the entry before, then of this one */
	uint32_t mode;
	unsigned flags;
	const unsigned char *name;
};

static uint32_t
number(const unsigned char *p, size_t n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static size_t
left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

/* How much of the last path goes, seven bits a byte, each but the first one more. */
static bool
read_strip(struct reader *r, size_t *strip)
{
	size_t v = 0;

	for (int i = 0; i < 4 && left(r); i++) {
		unsigned char c = *r->p++;

		v = (i ? (v + 1) << 7 : 0) | (c & 0x7f);
		if (!(c & 0x80))
			return *strip = v, true;
	}
	return false;
}

static bool
read_path(struct reader *r, const unsigned char *start)
{
	size_t kept = r->version == 4 ? strlen(r->path) : 0, strip = 0, n;

	if (r->version == 4 && (!read_strip(r, &strip) || strip > kept))
		return false;
	kept -= strip;
	n = strnlen((const char *)r->p, left(r));
	if (n == left(r) || kept + n >= sizeof(r->path))
		return false;
	memcpy(r->path + kept, r->p, n + 1);
	r->p += n + 1;
	/* One to eight zeros, up to a multiple of eight bytes. */
	while (r->version < 4 && (r->p - start) % 8) {
		if (!left(r) || *r->p++)
			return false;
	}
	return r->path[0] != 0;
}

static bool
read_entry(struct reader *r)
{
	const unsigned char *start = r->p;

	if (left(r) < STATS + r->hash + 2)
		return false;
	r->mode = number(start + MODE_AT, 4);
	r->name = start + STATS;
	r->flags = number(start + STATS + r->hash, 2);
	r->p += STATS + r->hash + 2;
	if (r->flags & EXTENDED) {
		if (r->version < 3 || left(r) < 2)
			return false;
		r->p += 2;
	}
	return read_path(r, start);
}

/* To the checksum. True in *strange: entries may be elsewhere. */
static bool
read_extensions(struct reader *r, bool *strange)
{
	while (left(r) > r->hash) {
		size_t n;

		if (left(r) < 8)
			return false;
		*strange = *strange || r->p[0] < 'A' || r->p[0] > 'Z';
		n = number(r->p + 4, 4);
		r->p += 8;
		if (n > left(r))
			return false;
		r->p += n;
	}
	return left(r) == r->hash;
}

/* False when this is no index with names of that many bytes. */
static bool
find(const unsigned char *text, size_t n, size_t hash, const char *path,
     unsigned char name[SHA1_BYTES], enum gitindex *is)
{
	struct reader r = {.p = text + HEAD, .end = text + n, .hash = hash};
	uint32_t count = number(text + 8, 4);
	bool strange = false;

	r.version = number(text + 4, 4);
	*is = GITINDEX_ABSENT;
	for (uint32_t i = 0; i < count; i++) {
		if (!read_entry(&r))
			return false;
		if (strcmp(r.path, path) != 0)
			continue;
		/* Twice is nothing that git writes, but for a merge. */
		if (*is == GITINDEX_ABSENT && hash == SHA1_BYTES &&
		    r.mode >> 12 == PLAIN_FILE && !(r.flags & STAGE)) {
			*is = GITINDEX_FOUND;
			memcpy(name, r.name, SHA1_BYTES);
		} else {
			*is = GITINDEX_UNSURE;
		}
	}
	if (!read_extensions(&r, &strange))
		return false;
	if (strange)
		*is = GITINDEX_UNSURE;
	return true;
}

enum gitindex
gitindex_find(const void *text, size_t n, const char *path, unsigned char name[SHA1_BYTES])
{
	static const size_t hashes[] = {SHA1_BYTES, SHA256};
	const unsigned char *p = text;
	enum gitindex is;

	if (n < HEAD || memcmp(p, "DIRC", 4) != 0 || number(p + 4, 4) < 2 ||
	    number(p + 4, 4) > 4)
		return GITINDEX_UNSURE;
	for (size_t i = 0; i < SBX_LEN(hashes); i++)
		if (find(p, n, hashes[i], path, name, &is))
			return is;
	return GITINDEX_UNSURE;
}
