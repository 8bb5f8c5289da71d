/* The detector of instruction-like text. See scan.h. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/gate/scan.h"

struct scan {
	struct scan_report report;
};

struct scan *
scan_new(void)
{
	return mem_alloc(sizeof(struct scan));
}

void
scan_free(struct scan *s)
{
	free(s);
}

void
scan_feed(struct scan *s, const char *p, size_t n)
{
	(void)p;
	s->report.bytes += n;
}

const struct scan_report *
scan_end(struct scan *s)
{
	return &s->report;
}

struct scan *
scan_text(const char *p, size_t n, const struct scan_report **report)
{
	struct scan *s = scan_new();

	scan_feed(s, p, n);
	*report = scan_end(s);
	return s;
}

const char *
scan_group_name(enum scan_group g)
{
	static const char *const names[SCAN_GROUPS] = {
	    [SCAN_OVERRIDE] = "override", [SCAN_ADDRESS] = "address",
	    [SCAN_ROLE] = "role",	  [SCAN_SECRECY] = "secrecy",
	    [SCAN_DEMAND] = "demand",	  [SCAN_EXFIL] = "exfiltration",
	    [SCAN_FAKE] = "fake",	  [SCAN_REPLY] = "reply",
	    [SCAN_LEAK] = "leak",	  [SCAN_HIDDEN] = "hidden",
	};

	return names[g];
}

void
scan_hit_lines(const struct scan_hit *h, const char *p, size_t n, size_t *from, size_t *to)
{
	size_t a = MIN_OF((size_t)h->start, n), b = MIN_OF(MAX_OF((size_t)h->end, a), n);
	const char *lf = a > 0 ? memrchr(p, '\n', a) : NULL;
	/* A hit that ends with its LF ends on that line. */
	size_t last = b > a && p[b - 1] == '\n' ? b - 1 : b;

	*from = lf ? (size_t)(lf - p) + 1 : 0;
	lf = last < n ? memchr(p + last, '\n', n - last) : NULL;
	*to = lf ? (size_t)(lf - p) : n;
}
