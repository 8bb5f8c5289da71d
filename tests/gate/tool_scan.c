/* The detector for tests/gate/score.py: reads "LENGTH\n" and that many bytes, over and over;
 * prints for each text its score, then START-END:FIRST-LAST:GROUP:WEIGHT:HOW for each hit. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/base/mem.h"
#include "agent/gate/scan.h"

#define TEXT_MAX (64 * MIB)

static void
print_report(const struct scan_report *r)
{
	printf("%u", r->score);
	for (size_t i = 0; i < r->nhits; i++) {
		const struct scan_hit *h = &r->hits[i];

		printf(" %llu-%llu:%llu-%llu:%s:%u:%u", (unsigned long long)h->start,
		       (unsigned long long)h->end, (unsigned long long)h->first_line,
		       (unsigned long long)h->last_line, scan_group_name(h->group),
		       h->weight, h->how);
	}
	printf("\n");
	fflush(stdout);
}

int
main(void)
{
	unsigned long n;

	while (scanf("%lu", &n) == 1 && getchar() == '\n') {
		const struct scan_report *r;
		AUTO_FREE char *text = NULL;
		struct scan *s;

		if (n > TEXT_MAX)
			return 2;
		text = mem_alloc(n + 1);
		if (fread(text, 1, n, stdin) != n)
			return 2;
		s = scan_text(text, n, &r);
		print_report(r);
		scan_free(s);
	}
	return 0;
}
