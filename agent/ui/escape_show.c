/* The escaped view as a row. See escape.h. Pinned by tests/unit/test_escape.c. */
#include "agent/ui/escape.h"

struct row_target {
	struct row *row;
	enum style_name style;
};

static void
escape_into_row(enum escape_kind kind, const char *p, size_t n, void *arg)
{
	struct row_target *t = arg;

	if (kind != ESCAPE_NOTE)
		row_add(t->row, style_of(escape_style(kind, t->style)), p, n);
}

void
escape_row(struct row *r, enum style_name s, const char *p, size_t n, unsigned mode)
{
	struct row_target t = {.row = r, .style = s};

	escape_walk(p, n, mode | ESCAPE_ONE_LINE, escape_into_row, &t, NULL);
}

enum style_name
escape_style(enum escape_kind kind, enum style_name plain)
{
	switch (kind) {
	case ESCAPE_SUSPECT:
	case ESCAPE_NOTE:
		return STYLE_WARN;
	case ESCAPE_BLANK:
		return STYLE_DIM;
	case ESCAPE_MARK:
		return STYLE_ESCAPED;
	case ESCAPE_TEXT:
	case ESCAPE_NEWLINE:
		break;
	}
	return plain;
}
