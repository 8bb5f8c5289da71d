/* The detector: any bytes in any chunks give the same hits, inside the text, in order, with the
 * processor's wide code and without, with sentences passed and with all of them read. The first
 * four bytes say how the rest is cut: whole, the lines are read together and in windows across
 * them; in small pieces, one by one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/gate/scan_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct scan_report *r, size_t n)
{
	if (r->bytes != n || r->alarm != (r->nhits > 0) || r->nhits > SCAN_HITS_MAX)
		abort();
	for (size_t i = 0; i < r->nhits; i++) {
		const struct scan_hit *h = &r->hits[i];

		if (h->start > h->end || h->end > n || h->first_line > h->last_line ||
		    h->last_line > r->lines || h->weight < SCAN_THRESHOLD ||
		    !(h->groups & (1u << h->group)))
			abort();
		if (i > 0 && h[-1].start > h->start)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct scan_report *want, *got;
	struct scan *whole, *cut;
	uint32_t seed;
	const char *p;
	size_t n;

	if (size < sizeof(seed))
		return 0;
	memcpy(&seed, data, sizeof(seed));
	p = (const char *)data + sizeof(seed);
	n = size - sizeof(seed);
	whole = scan_text(p, n, &want);
	check(want, n);
	cut = scan_new();
	cut->wide = MIN_OF(cut->wide, (enum scan_width)(seed % 3));
	cut->all = seed % 8 / 2 > 0;
	for (size_t i = 0, step; i < n; i += step) {
		seed = seed * 1664525u + 1013904223u;
		step = 1 + (seed >> 16) % ((seed >> 28) + 1 == 1 ? 4096 : 16);
		step = step < n - i ? step : n - i;
		scan_feed(cut, p + i, step);
	}
	got = scan_end(cut);
	if (got->nhits != want->nhits || got->score != want->score ||
	    got->lines != want->lines || got->dropped != want->dropped ||
	    memcmp(got->hits, want->hits, want->nhits * sizeof(*want->hits)) != 0)
		abort();
	scan_free(cut);
	scan_free(whole);
	return 0;
}
