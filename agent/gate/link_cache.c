/* The indexes of a conversation's texts. See link.h.
 *
 * An array in the order of the ids. What the query now asked does not need goes when room is needed;
 * where there is still none, a text is read anew each time, as without a cache, and a row without
 * an index says that making one is of no use. Pinned by tests/unit/test_link_cache.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/link_int.h"
#include "agent/gate/scan_int.h"

/* What an index was made of, and how. */
struct cache_row {
	uint64_t id, how;
	const char *text;
	size_t len;
	size_t bytes;		  /* of the index, kept or not */
	unsigned used;		  /* the last query that asked for it */
	struct link_index *index; /* NULL: there was no room */
};

struct link_cache {
	struct cache_row *row;
	size_t n, cap, bytes;
	size_t made; /* indexes so far */
	unsigned query;
	uint64_t places; /* workspace, home, network of the query */
};

struct link_cache *
link_cache_new(void)
{
	return mem_alloc(sizeof(struct link_cache));
}

void
link_cache_free(struct link_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		link_index_free(c->row[i].index);
	free(c->row);
	free(c);
}

static uint64_t
cache_places(const struct link_query *q)
{
	uint64_t h = q->net;

	h = link_hash(h, q->workspace ? q->workspace : "",
		      q->workspace ? strlen(q->workspace) + 1 : 0);
	return link_hash(h, q->home ? q->home : "", q->home ? strlen(q->home) + 1 : 0);
}

void
link_cache_begin(const struct link_query *q)
{
	if (!q->cache)
		return;
	q->cache->query++;
	q->cache->places = cache_places(q);
}

/* The first row whose id is not smaller. */
static size_t
cache_find(const struct link_cache *c, uint64_t id)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->row[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
cache_drop(struct link_cache *c, size_t i)
{
	c->bytes -= c->row[i].index ? c->row[i].bytes : 0;
	link_index_free(c->row[i].index);
	c->n--;
	memmove(c->row + i, c->row + i + 1, (c->n - i) * sizeof(*c->row));
}

/* Makes room by what neither this query nor the one before asked for. */
static bool
cache_room(struct link_cache *c, size_t bytes)
{
	if (bytes > LINK_CACHE_MAX)
		return false;
	for (size_t i = c->n; i > 0 && c->bytes + bytes > LINK_CACHE_MAX; i--)
		if (c->query - c->row[i - 1].used > 1)
			cache_drop(c, i - 1);
	return c->bytes + bytes <= LINK_CACHE_MAX;
}

static struct link_index *
cache_put(struct link_cache *c, struct cache_row *row)
{
	size_t i;

	if (!cache_room(c, row->bytes)) {
		link_index_free(row->index);
		row->index = NULL;
	}
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->row = mem_array(c->row, c->cap, sizeof(*c->row));
	}
	i = cache_find(c, row->id);
	memmove(c->row + i + 1, c->row + i, (c->n - i) * sizeof(*c->row));
	c->row[i] = *row;
	c->n++;
	c->bytes += row->index ? row->bytes : 0;
	return row->index;
}

struct link_index *
link_cache_get(const struct link_query *q, const struct link_text *t, enum link_side side,
	       enum link_join join)
{
	struct link_cache *c = q->cache;
	struct cache_row new, *old;
	size_t i;

	if (!c || !t->id || t->len > LINK_CACHE_MAX / 2)
		return NULL;
	new = (struct cache_row){.id = t->id,
				 .how = c->places * 31 + (uint64_t)side * 8 + join,
				 .text = t->text,
				 .len = t->len,
				 .used = c->query};
	i = cache_find(c, t->id);
	old = i < c->n && c->row[i].id == t->id ? &c->row[i] : NULL;
	if (old && old->how == new.how && old->text == t->text && old->len == t->len) {
		old->used = c->query;
		if (old->index)
			return old->index;
		if (!cache_room(c, old->bytes))
			return NULL;
		i = cache_find(c, t->id); /* others may have gone */
	}
	if (old)
		cache_drop(c, i);
	if (!cache_room(c, t->len))
		return NULL;
	new.index = link_index_new(t, side, join, q);
	new.bytes = new.index ? link_index_bytes(new.index) : LINK_CACHE_MAX + 1;
	c->made++;
	return cache_put(c, &new);
}

size_t
link_cache_made(const struct link_cache *c)
{
	return c->made;
}
