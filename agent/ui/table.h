/* Laying out a table's cells; for md_table.c and table.c. */
#ifndef SUNABA_UI_TABLE_H
#define SUNABA_UI_TABLE_H

#include "agent/ui/md_int.h"

enum table_align { TABLE_LEFT, TABLE_CENTER, TABLE_RIGHT };

struct table_part {
	const char *p;
	size_t n;
};

struct md_table {
	size_t cols;
	enum table_align align[MD_TABLE_COLS];
	int width[MD_TABLE_COLS];
	bool records; /* too narrow for a grid: one line a cell */
	bool bare;    /* without rows */
	size_t rows;  /* shown so far */
	struct md_text *head;
};

/* Settles the widths by the header and the first n rows. */
void
table_fit(struct md_emit *e, struct md_table *t, const struct md_text *cells, size_t n);
void table_head(struct md_emit *e, struct md_table *t);
void table_row(struct md_emit *e, struct md_table *t, const struct md_text *cells);

#endif
