/* Rows: what is to be shown, before it becomes bytes.
 *
 * Everything on the screen is built as rows of spans (text, style, link target) and leaves
 * through term.c, which alone emits escape sequences and makes each span's text safe. Nobody
 * else writes to the terminal, and no text can carry a sequence of its own. */
#ifndef SUNABA_UI_ROW_H
#define SUNABA_UI_ROW_H

#include "agent/base/buf.h"

enum style_attr {
	ATTR_BOLD = 1 << 0,
	ATTR_DIM = 1 << 1,
	ATTR_ITALIC = 1 << 2,
	ATTR_UNDERLINE = 1 << 3,
	ATTR_STRIKE = 1 << 4,
	ATTR_REVERSE = 1 << 5,
};

/* Colour: 0 is the terminal's own, 1 to 16 the ANSI palette (SGR 30-37, 90-97). */
struct style {
	uint16_t attrs;
	uint8_t fg;
	uint8_t bg;
};

/* Named styles; style.c has one row each, with a picture of what it styles. */
enum style_name {
	STYLE_PLAIN,
	STYLE_H1,
	STYLE_H2,
	STYLE_H3,
	STYLE_CODE,   /* inline code */
	STYLE_FENCE,  /* the line above a code block */
	STYLE_QUOTE,  /* the bar of a quote */
	STYLE_MARKER, /* bullets, numbers */
	STYLE_LINK,
	STYLE_URL,
	STYLE_RULE, /* thematic break, table lines */
	STYLE_TABLE_HEAD,
	STYLE_HTML,
	STYLE_DIM,    /* notes of the program */
	STYLE_NOTICE, /* something the user should see */
	STYLE_WARN,
	STYLE_ERROR,
	STYLE_OUTPUT,  /* a step's output */
	STYLE_ASK,     /* frame of the confirmation */
	STYLE_ESCAPED, /* ⟨U+202E RLO⟩ */
	STYLE_PROMPT,
	STYLE_ADD,
	STYLE_DEL,
	STYLE_COUNT
};
struct style style_of(enum style_name name);
struct style style_with(struct style s, uint16_t attrs); /* attrs added */

struct span {
	size_t off, len; /* in the row's text */
	struct style style;
	size_t link, link_len; /* in the row's text; 0 length: none */
	int col; /* 1-based column where it must stand, whatever widths the terminal gives to
		    the text before it; 0: behind that text */
};

struct row {
	struct buf text; /* texts of all spans, one after the other, links behind them */
	struct span *spans;
	size_t n, cap;
	bool nowrap_marker; /* a code line that may be longer than the screen */
};
#define ROW_MAX (1 * MIB) /* bytes of one row */

void row_init(struct row *r);
void row_release(struct row *r);
void row_reset(struct row *r);
void row_add(struct row *r, struct style s, const char *p, size_t n);
void row_adds(struct row *r, enum style_name s, const char *text);
void row_addf(struct row *r, enum style_name s, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As row_add, at a fixed column: a border of a table. */
void row_add_at(struct row *r, enum style_name s, const char *text, int col);
void row_copy(struct row *to, const struct row *from); /* `to` is initialised */
void row_add_link(struct row *r, struct style s, const char *p, size_t n, const char *url,
		  size_t nurl);

#endif
