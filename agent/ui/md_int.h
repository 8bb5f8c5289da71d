/* What the files of the Markdown renderer share; for md*.c, inline*.c, table*.c, autolink.c.
 *
 * Stages: bytes -> complete lines (md.c) -> prepared lines (md_prep.c) -> regions that are final
 * (md_stream.c) -> cmark tree -> blocks (md_block.c) -> texts of styled runs (inline.c) -> rows
 * (md_text.c). A row is a function of its region, the definitions before it and md_flow. */
#ifndef SUNABA_UI_MD_INT_H
#define SUNABA_UI_MD_INT_H

#include "agent/base/lib_cmark.h"
#include "agent/base/utf8.h"
#include "agent/ui/gate_text.h"
#include "agent/ui/md.h"

#define MD_MESSAGE_MAX	  (8 * MIB)
#define MD_LINE_MAX	  (1 * MIB) /* longer lines are split */
#define MD_PARA_MAX	  (256 * KIB)
#define MD_TAIL_SHOWN_MAX (16 * KIB) /* an unfinished end beyond this is not laid out */
#define MD_PARSE_ALWAYS	  (2 * KIB)  /* below this the tail is parsed at every line */
#define MD_PRELUDE_MAX	  (16 * KIB) /* definitions kept for later blocks */
#define MD_DEPTH_MAX	  64 /* blocks inside blocks; deeper ones are laid out flat */
#define MD_INDENT_MAX	  16 /* levels that are indented */
#define MD_COLS_MIN	  10 /* columns left for text, whatever the depth */
#define MD_TABLE_COLS	  64
#define MD_TABLE_LINE_MAX (16 * KIB)
#define MD_TABLE_ROWS	  50	     /* after so many rows the widths are frozen */
#define MD_TABLE_BYTES	  (64 * KIB) /* or after so many bytes */

/* Characters that only we may use between intake and layout; in the input they become U+FFFD.
 * PUNCT + k stands for the k-th ASCII punctuation character, protected from the parser. */
#define MD_SPACER     0x205fu /* a white space for cmark, nothing on the screen */
#define MD_PUNCT      0xfdd0u
#define MD_MATH_ON    0x1fffeu
#define MD_MATH_OFF   0x1ffffu
#define MD_NOTE_ON    0x2fffeu
#define MD_NOTE_OFF   0x2ffffu
#define MD_SPACER_STR "\xe2\x81\x9f"

/* Text of a paragraph: runs of one style and link; '\n' is a hard break. */
struct md_run {
	size_t end; /* in the text; it starts where the one before ends */
	struct style style;
	size_t url, nurl; /* in urls */
	bool whole;	  /* not to be broken if it fits a line */
};
struct md_text {
	struct buf text, urls;
	struct md_run *runs;
	size_t n, cap;
	bool soft; /* a soft break waits for the next character */
	struct gate_count *count;
};
struct md_line {
	size_t from, to;
	int cols;
};

void md_text_init(struct md_text *t, struct gate_count *count);
void md_text_release(struct md_text *t);
/* Adds decoded and gated text; newlines in it become spaces. */
void md_text_add(struct md_text *t, struct style s, const char *p, size_t n);
void md_text_link(struct md_text *t, struct style s, const char *p, size_t n,
		  const char *url, size_t nurl);
/* One unbreakable piece. */
void md_text_whole(struct md_text *t, struct style s, const char *p, size_t n);
void md_text_break(struct md_text *t);
void md_text_append(struct md_text *t, const struct md_text *from);
/* Lines of at most `cols` columns, an array for the caller to free. */
size_t md_wrap(const struct md_text *t, int cols, struct md_line **lines);
/* Adds a line's runs to a row; `attrs` is added to each style. */
void md_line_put(const struct md_text *t, const struct md_line *l, struct row *r);
int md_text_cols(const struct md_text *t); /* of its widest line, unwrapped */
/* Sentinels to what they stand for in code. */
void md_decode(struct buf *out, const char *p, size_t n);

/* What a block's rows start with: once `first`, then `rest`. */
struct md_level {
	char first[24], rest[24];
	enum style_name style;
	int cols;
	bool used;
};

/* What later blocks need to know about earlier ones. */
enum md_kind { MD_NOTHING, MD_PARA, MD_HEAD, MD_LIST, MD_OTHER };
struct md_flow {
	enum md_kind before; /* the block above */
	bool blank;	     /* the source has a blank line there */
	bool in_list;	     /* the region starts with a later item of a list */
	int number;	     /* of that item */
};

struct md_emit {
	const struct md_opts *o;
	int width; /* columns for prose */
	void (*put)(const struct row *r, void *arg);
	void *arg;
	struct gate_count *count; /* NULL: do not count */
	const char *prelude;
	size_t nprelude;

	const char *src; /* the region's lines */
	size_t nsrc;
	const size_t *lines; /* offsets of its lines, and of its end */
	size_t nlines;
	int skip; /* lines of the prelude before them in the tree's line numbers */

	struct md_level levels[MD_DEPTH_MAX + 1];
	size_t nlevels;
	int indent;   /* columns of all levels */
	size_t depth; /* lists inside lists */
	struct row row;
};

/* md_region.c: lays the region out; flow is updated. md_block.c, md_leaf.c: its parts. */
void md_emit_region(struct md_emit *e, struct md_flow *flow, const char *p, size_t n);
/* One top-level block; number of a list's first item, -1: as in the source. */
void md_emit_top(struct md_emit *e, cmark_node *node, int number);
void md_emit_rule(struct md_emit *e);
enum md_kind md_kind_of(cmark_node *node);
bool md_wants_blank(enum md_kind before, enum md_kind now, bool source);
void md_row_begin(struct md_emit *e);
void md_row_end(struct md_emit *e);
void md_blank(struct md_emit *e);
void md_emit_text(struct md_emit *e, const struct md_text *t);
void md_code_line(struct md_emit *e, const char *p, size_t n);
void md_code_head(struct md_emit *e, const char *info, size_t n);
void md_emit_code(struct md_emit *e, cmark_node *node);
void md_emit_html(struct md_emit *e, cmark_node *node);
/* The source of a node's line, without the marks of the containers around it. */
size_t md_node_line(const struct md_emit *e, cmark_node *node, int line, const char **p);
cmark_node *
md_parse(const char *prelude, size_t nprelude, const char *p, size_t n, int *skip);
int md_node_end(const struct md_emit *e, cmark_node *node); /* its last line */
/* The source line above the node is blank. */
bool md_blank_above(const struct md_emit *e, cmark_node *node);
/* Bytes given to cmark so far: what the tests of complexity count. */
extern size_t md_parsed_bytes;

/* inline.c */
void
md_inlines(struct md_emit *e, struct md_text *t, cmark_node *parent, struct style base);
/* inline_html.c */
struct md_html_state {
	int bold, italic, underline, strike, code;
};
bool md_html_tag(struct md_html_state *h, const char *p, size_t n, bool *brk);
struct style md_html_style(const struct md_html_state *h, struct style s);
void md_html_line(struct md_emit *e, struct md_text *t, struct md_html_state *h,
		  const char *p, size_t n);
/* inline_link.c */
enum md_url { MD_URL_SAFE, MD_URL_LOCAL, MD_URL_BAD };
enum md_url md_url_class(const char *url, size_t n);
/* What must stand behind a link's text: " (url)", a warning, or nothing. */
void md_link_tail(const struct md_emit *e, struct md_text *t, size_t from, const char *url);
/* autolink.c: the next bare link in p[from..n); false: none. */
struct md_auto {
	size_t from, to;
	const char *scheme; /* to be put before it in the target */
};
bool md_autolink(const char *p, size_t n, size_t from, struct md_auto *a);

/* md_table.c, table.c */
struct md_table; /* a table whose widths are frozen */
/* Lays the paragraph or heading out as [text][table][text] if it holds a table. */
bool md_table_node(struct md_emit *e, cmark_node *node);
/* True when the paragraph holds a table with rows enough to settle its widths. */
bool md_table_ready(const char *p, size_t n);
struct md_table *md_table_open(struct md_emit *e, const char *p, size_t n);
void md_table_more(struct md_emit *e, struct md_table *t, const char *p, size_t n);
void md_table_free(struct md_table *t);

/* md_prep.c */
struct md_prep {
	int math; /* inside a block of $$ (1) or \[ (2) */
};
void md_prep_line(struct md_prep *s, struct buf *out, const char *p, size_t n);

/* md_defs.c: length of the definition at p, in whole lines; 0: none. */
size_t md_definition(const char *p, size_t n);
void md_harvest(struct buf *prelude, const char *p, size_t n);
/* The definitions that the text may refer to. */
void md_prelude_for(struct buf *out, const char *prelude, size_t n, const char *text);

/* md_stream.c, md.c */
struct md_fence {
	bool open;
	char mark;
	size_t len, indent;
};
struct md {
	struct md_opts o;
	struct utf8_stream utf8;
	bool cr;		   /* the last character was a CR */
	size_t total;		   /* bytes of the message */
	bool cut;		   /* it was too long */
	struct buf repaired, line; /* the line under way, not prepared */
	struct md_prep prep;

	struct buf tail; /* prepared complete lines that are not final */
	size_t parsed;	 /* tail's length at the last parse */
	struct buf prelude;
	struct md_flow flow;
	struct md_fence fence;
	struct md_table *table;
	struct gate_count count;
	bool dirty; /* since the last refresh */
	bool shown; /* a tail is on the screen */
};
/* How often the character at i stands there in a row. */
size_t md_run_of(const char *p, size_t n, size_t i);
void
md_stream_line(struct md *m, const char *p, size_t n); /* one prepared line with '\n' */
void md_stream_end(struct md *m);
void md_emit_init(struct md *m, struct md_emit *e);
void md_emit_end(struct md_emit *e);
bool md_fence_closes(const struct md_fence *f, const char *p, size_t n);
size_t md_fence_content(const struct md_fence *f, const char *p, size_t n);

#endif
