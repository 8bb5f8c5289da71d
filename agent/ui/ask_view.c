/* The rows of a confirmation. See ask_view.h.
 *
 * Pieces of the escaped view are laid into rows of the screen's width: a line's first row bears
 * its number, the others an arrow. A bracket is not torn apart where it fits a row. Warnings
 * about a line stand below it. Nothing is cut off: the rows hold every byte, and a test turns
 * them back. Pinned by tests/unit/test_ask_view.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/ui/ask_view.h"
#include "agent/ui/width.h"

#define VIEW_NOTE_MAX	((size_t)1024) /* bytes of the warnings below a line */
#define VIEW_TEXT_MIN	8	       /* columns of text, however narrow the screen */
#define VIEW_AHEAD	16	       /* bytes behind a row that decide where it ends */
#define VIEW_WORDS_MAX	(4 * KIB)      /* bytes of a reason or a note that are shown */
#define VIEW_HASH_SHOWN 8	       /* hexadecimal digits */
#define HEX_PER_ROW	16

/* What stands before a line and before the rows that go on with it, the latter so that no long
 * line can pass for a new one; with Unicode and without. */
struct gutter {
	const char *first[2], *more[2];
	bool lines; /* a newline begins a new one */
};
static const struct gutter gutter_head = {.first = {"+ ", "┌ "}, .more = {"|   ", "│   "}},
			   gutter_words = {.first = {"| ", "│ "}, .more = {"|   ", "│   "}},
			   gutter_quote = {.first = {"| : ", "│ ┃ "},
					   .more = {"| > ", "│ ↪ "},
					   .lines = true},
			   gutter_menu = {.first = {"+ ", "└ "}, .more = {"  ", "  "}},
			   gutter_hint = {.first = {"! ", "⚠ "}, .more = {"  ", "  "}};

struct maker {
	struct ask_view *v;
	const struct ask_look *look;
	enum style_name style;
	unsigned mode;
	const struct gutter *gutter; /* NULL: numbers */
	int digits;
	size_t line;	/* number of the line being laid out */
	size_t skip;	/* lines that a folded run stands for, beyond one */
	bool open;	/* a row of this line is there */
	int used, room; /* columns of the row's text */
	struct buf notes;
};

static struct row *
view_row(struct ask_view *v)
{
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 32;
		v->rows = mem_array(v->rows, v->cap, sizeof(*v->rows));
	}
	row_init(&v->rows[v->n]);
	return &v->rows[v->n++];
}

static struct row *
maker_row(struct maker *m, bool first)
{
	struct row *r = view_row(m->v);
	bool uni = m->look->unicode;

	if (m->gutter)
		row_adds(r, STYLE_ASK,
			 first ? m->gutter->first[uni] : m->gutter->more[uni]);
	else if (first)
		row_addf(r, STYLE_ASK, "%*zu %s ", m->digits, m->line, uni ? "│" : "|");
	else
		row_addf(r, STYLE_ASK, "%*s %s ", m->digits, "", uni ? "↪" : ">");
	m->room =
	    MAX_OF(m->look->width - 1 - width_of(r->text.data, r->text.len), VIEW_TEXT_MIN);
	m->used = 0;
	m->open = true;
	return r;
}

/* Prose may break only between words. */
static size_t
maker_word(const struct maker *m, const char *p, size_t n, size_t fit)
{
	AUTO_FREE char *breaks = NULL;
	size_t k = fit, seen = MIN_OF(n, fit + VIEW_AHEAD);

	if (fit == n)
		return fit;
	while (seen < n && ((unsigned char)p[seen] & 0xC0) == 0x80)
		seen++;
	breaks = mem_alloc(seen);
	width_breaks(p, seen, breaks);
	while (k > 0 && !breaks[k])
		k--;
	return k > 0 || m->used > 0 ? k : fit;
}

/* A space at the end of a row would not be seen: it goes to the next one, as indentation. More
 * always follows, since the spaces that end a line are brackets. */
static size_t
maker_space(const struct maker *m, const char *p, size_t n, size_t fit, int used)
{
	size_t k = fit;

	if (fit == n && m->used + used < m->room)
		return fit;
	while (k > 0 && p[k - 1] == ' ')
		k--;
	return k > 0 || m->used > 0 ? k : fit;
}

/* Bytes that go into the row; 0: it is full. */
static size_t
maker_fit(const struct maker *m, const char *p, size_t n)
{
	int used;
	size_t fit = width_fit(p, n, m->room - m->used, &used);

	if (fit == 0 && m->used == 0) /* a cluster wider than the whole row */
		return width_cluster(p, n, &used);
	return m->gutter ? maker_word(m, p, n, fit) : maker_space(m, p, n, fit, used);
}

static void
maker_put(struct maker *m, struct style s, const char *p, size_t n, bool whole)
{
	struct row *r = m->open ? &m->v->rows[m->v->n - 1] : maker_row(m, true);
	int columns = whole ? width_of(p, n) : 0;

	if (whole && columns > m->room - m->used && columns <= m->room && m->used > 0 &&
	    r->text.data[r->text.len - 1] != ' ')
		r = maker_row(m, false);
	while (n > 0) {
		size_t fit = maker_fit(m, p, n);

		row_add(r, s, p, fit);
		m->used += width_of(p, fit);
		p += fit;
		n -= fit;
		if (n > 0)
			r = maker_row(m, false);
	}
}

static void maker_words(struct ask_view *v, const struct ask_look *look, enum style_name s,
			const struct gutter *g, const char *p, size_t n);

/* The warnings below a line, under its text. */
static void
maker_notes(struct maker *m)
{
	char first[32], more[32];
	struct gutter g = {.first = {first, first}, .more = {more, more}};

	snprintf(first, sizeof(first), "%*s %s ", m->digits, "",
		 m->look->unicode ? "⚠" : "!");
	snprintf(more, sizeof(more), "%*s   ", m->digits, "");
	maker_words(m->v, m->look, STYLE_WARN, &g, m->notes.data, m->notes.len);
	buf_reset(&m->notes);
}

static void
maker_end_line(struct maker *m)
{
	if (!m->open)
		maker_row(m, true);
	m->open = false;
	m->line += 1 + m->skip;
	m->skip = 0;
	if (m->notes.len > 0)
		maker_notes(m);
}

/* How many lines a folded run hides behind its one row. */
static size_t
maker_folded(const char *p, size_t n)
{
	size_t lines = 0;

	if (!memmem(p, n, "LF", 2))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (p[i] >= '0' && p[i] <= '9')
			lines = lines * 10 + (size_t)(p[i] - '0');
	return lines > 0 ? lines - 1 : 0;
}

static void
maker_piece(enum escape_kind kind, const char *p, size_t n, void *arg)
{
	struct maker *m = arg;

	switch (kind) {
	case ESCAPE_NEWLINE:
		maker_end_line(m);
		return;
	case ESCAPE_NOTE:
		if (m->notes.len > 0)
			buf_adds(&m->notes, "; ");
		buf_add(&m->notes, p, n);
		return;
	case ESCAPE_MARK:
		m->skip += maker_folded(p, n);
		break;
	case ESCAPE_TEXT:
	case ESCAPE_SUSPECT:
	case ESCAPE_BLANK:
		break;
	}
	maker_put(m, style_of(escape_style(kind, m->style)), p, n, kind == ESCAPE_MARK);
}

static void
maker_run(struct maker *m, const char *p, size_t n, struct escape_findings *f)
{
	buf_init(&m->notes, VIEW_NOTE_MAX);
	escape_walk(p, n,
		    m->mode | (m->look->unicode ? 0 : ESCAPE_ASCII) |
			(m->look->japanese ? ESCAPE_JAPANESE : 0),
		    maker_piece, m, f);
	if (m->open || m->notes.len > 0)
		maker_end_line(m);
	buf_release(&m->notes);
}

static void
maker_words(struct ask_view *v, const struct ask_look *look, enum style_name s,
	    const struct gutter *g, const char *p, size_t n)
{
	struct maker m = {.v = v,
			  .look = look,
			  .style = s,
			  .gutter = g,
			  .mode = g->lines ? 0 : ESCAPE_ONE_LINE};

	maker_run(&m, p, n, NULL);
}

/* Words of the program or of somebody else, behind a bar. */
static void
view_words(struct ask_view *v, const struct ask_look *look, enum style_name s,
	   const struct gutter *g, const char *p, size_t n)
{
	maker_words(v, look, s, g, p, MIN_OF(n, VIEW_WORDS_MAX));
	if (n > VIEW_WORDS_MAX)
		row_addf(view_row(v), STYLE_WARN, "%s+%zu B",
			 gutter_words.first[look->unicode], n - VIEW_WORDS_MAX);
}

/* What would run, in a line: "shell · 1 line · 23 B · sha256 cfd5d7af · step 2". */
static void
view_facts(struct buf *text, const struct ask_view *v, const struct ask_look *look,
	   const struct ask_step *q)
{
	bool ja = look->japanese;
	const char *dot = look->unicode ? "·" : "-";
	char hex[SHA256_HEX_SIZE];

	sha256_hex(v->sha256, hex);
	buf_addf(text, "%.64s %s %zu %s %s %zu B %s sha256 %.*s", q->language, dot,
		 v->found.lines,
		 ask_word(v->found.lines == 1 ? ASK_W_LINE : ASK_W_LINES, ja), dot, q->len,
		 dot, VIEW_HASH_SHOWN, hex);
	if (q->number > 0)
		buf_addf(text, " %s %s %d", dot, ask_word(ASK_W_STEP, ja), q->number);
	if (q->len == 0 || v->found.no_final_newline)
		buf_addf(text, " %s %s", dot,
			 ask_word(q->len ? ASK_W_NO_NEWLINE : ASK_W_EMPTY, ja));
}

/* The question, why it is asked, and what would run. */
static void
view_head(struct ask_view *v, const struct ask_look *look, const struct ask_step *q)
{
	const char *title =
	    ask_word(q->gate ? ASK_W_GATE_TITLE : ASK_W_TITLE, look->japanese);
	AUTO_BUF struct buf text = BUF_INIT(8192);

	buf_addf(&text, q->gate ? "%s" : "%s ", title);
	if (!q->gate)
		view_facts(&text, v, look, q);
	view_words(v, look, STYLE_ASK, &gutter_head, text.data, text.len);
	if (q->reason && *q->reason)
		view_words(v, look, STYLE_DIM, &gutter_quote, q->reason, strlen(q->reason));
	for (size_t i = 0; i < q->nnotes; i++)
		view_words(v, look,
			   q->notes[i].danger ? STYLE_ERROR
			   : q->notes[i].warn ? STYLE_WARN
					      : STYLE_PLAIN,
			   q->notes[i].quoted ? &gutter_quote : &gutter_words,
			   q->notes[i].text, q->notes[i].len);
	if (!q->gate)
		return;
	buf_reset(&text);
	buf_addf(&text, "%s: ", ask_word(ASK_W_WOULD_RUN, look->japanese));
	view_facts(&text, v, look, q);
	view_words(v, look, STYLE_ASK, &gutter_words, text.data, text.len);
}

static void
view_warnings(struct ask_view *v, const struct ask_look *look)
{
	AUTO_BUF struct buf text = BUF_INIT(1024);

	escape_summary_in(&text, &v->found, look->japanese);
	if (text.len > 0) {
		AUTO_FREE char *said = buf_take(&text);

		buf_addf(&text, "%s %s", look->unicode ? "⚠" : "!", said);
		view_words(v, look, STYLE_WARN, &gutter_words, text.data, text.len);
	}
}

void
ask_view_build(struct ask_view *v, const struct ask_look *look, const struct ask_step *q)
{
	struct maker m = {.v = v, .look = look, .style = STYLE_PLAIN, .line = 1};
	char number[24];

	memset(v, 0, sizeof(*v));
	sha256(q->code, q->len, v->sha256);
	escape_walk(q->code, q->len, 0, NULL, NULL, &v->found);
	view_head(v, look, q);
	view_warnings(v, look);
	m.digits = MAX_OF(snprintf(number, sizeof(number), "%zu", v->found.lines), 3);
	maker_run(&m, q->code, q->len, NULL);
}

void
ask_view_hex(struct ask_view *v, const struct ask_look *look, const char *p, size_t n)
{
	size_t per = look->width >= 80	 ? HEX_PER_ROW
		     : look->width >= 28 ? HEX_PER_ROW / 4
					 : HEX_PER_ROW / 8;

	memset(v, 0, sizeof(*v));
	for (size_t at = 0; at < n; at += per) {
		struct row *r = view_row(v);
		char ascii[HEX_PER_ROW + 1] = "";

		row_addf(r, STYLE_ASK, "%06zx ", at);
		for (size_t k = 0; k < per; k++) {
			unsigned char c = at + k < n ? (unsigned char)p[at + k] : ' ';

			if (at + k < n)
				row_addf(r, STYLE_PLAIN, " %02x", c);
			else
				row_adds(r, STYLE_PLAIN, "   ");
			ascii[k] = c >= 0x20 && c < 0x7F ? (char)c : '.';
		}
		row_addf(r, STYLE_DIM, "  %s", ascii);
	}
}

void
ask_view_menu(struct ask_view *v, const struct ask_look *look, const char *lead,
	      const struct ask_choice *choices, size_t n)
{
	struct row *r;
	int used;

	if (*lead)
		maker_words(v, look, STYLE_ASK, &gutter_menu, lead, strlen(lead));
	else
		row_adds(view_row(v), STYLE_ASK, gutter_menu.first[look->unicode]);
	r = &v->rows[v->n - 1];
	used = width_of(r->text.data, r->text.len) + (*lead ? 2 : 0);
	row_adds(r, STYLE_PLAIN, *lead ? "  " : "");
	for (size_t i = 0; i < n; i++) {
		const char *label = choices[i].label;
		int columns = 3 + (*label ? 1 + width_of(label, strlen(label)) : 0);

		if (used + columns > look->width - 1 && used > 2) {
			r = view_row(v);
			row_adds(r, STYLE_ASK, gutter_menu.more[look->unicode]);
			used = 2;
		}
		row_addf(r, STYLE_ASK, "[%c]", choices[i].key);
		row_addf(r, STYLE_PLAIN, *label ? " %s  " : "%s", label);
		used += columns + (*label ? 2 : 0);
	}
}

void
ask_view_hint(struct ask_view *v, const struct ask_look *look, const char *hint)
{
	maker_words(v, look, STYLE_WARN, &gutter_hint, hint, strlen(hint));
}

void
ask_view_release(struct ask_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		row_release(&v->rows[i]);
	free(v->rows);
	memset(v, 0, sizeof(*v));
}
