/* The small questions: one key, one line. See ask.h.
 *
 * A line is read in the terminal's own line mode, where the kernel edits and echoes; every wait
 * goes through the loop, so that the jail is served meanwhile.
 * Pinned by tests/term/test_ask.py. */
#include <errno.h>
#include <string.h>
#include <termios.h>

#include "agent/base/utf8.h"
#include "agent/ui/ask_int.h"

struct ask_look
ask_look_now(const struct term *t)
{
	return (struct ask_look){.width = term_width(t),
				 .unicode = term_unicode(t),
				 .japanese = term_unicode(t) && ask_japanese()};
}

/* The keys alone, for a window too small for their meanings. */
static void
menu_short(struct ask_view *view, const struct ask_look *look, const struct ask_menu *m)
{
	struct ask_choice bare[ASK_CHOICES_MAX];
	size_t n = MIN_OF(m->n, ASK_CHOICES_MAX);

	for (size_t i = 0; i < n; i++)
		bare[i] = (struct ask_choice){m->choices[i].key, ""};
	ask_view_release(view);
	ask_view_menu(view, look, m->lead_short, bare, n);
}

static size_t
menu_rows(const struct term *t)
{
	return (size_t)MAX_OF(MIN_OF(ASK_MENU_ROWS, term_height(t) / 2), 2);
}

size_t
ask_page_rows(const struct term *t)
{
	return (size_t)MAX_OF(term_height(t) - (int)menu_rows(t), 1);
}

void
ask_menu_draw(struct term *t, const struct ask_look *look, const struct ask_menu *m)
{
	struct ask_view view = {0};
	size_t n;

	ask_view_menu(&view, look, m->lead, m->choices, m->n);
	if (view.n > menu_rows(t))
		menu_short(&view, look, m);
	if (m->hint)
		ask_view_hint(&view, look, m->hint);
	n = MIN_OF(view.n, menu_rows(t));
	if (term_esc(t))
		term_tail(t, view.rows, n);
	for (size_t i = 0; i < n && !term_esc(t); i++)
		term_row(t, TERM_ASK, &view.rows[i]);
	ask_view_release(&view);
}

bool
ask_must_show(struct term *t)
{
	int width = term_width(t), height = term_height(t);

	term_resized(t);
	if (width != term_width(t) || height != term_height(t))
		return term_width(t) < width;
	term_lost(t);
	return true;
}

const char *
ask_suffix(const char *language)
{
	static const char *const table[][2] = {
	    {"python", ".py"},	   {"bash", ".sh"}, {"shell", ".sh"}, {"sh", ".sh"},
	    {"javascript", ".js"}, {"node", ".js"}, {"ruby", ".rb"},  {"perl", ".pl"},
	    {"r", ".R"},	   {"c", ".c"},	    {"sql", ".sql"},  {"html", ".html"},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i][0], language) == 0)
			return table[i][1];
	return "";
}

/* The question's lines, escaped. */
static void
show_question(struct term *t, const struct ask_look *look, const char *question)
{
	while (*question) {
		size_t n = strcspn(question, "\n");
		struct row r;

		row_init(&r);
		escape_row(&r, STYLE_ASK, question, n, look->unicode ? 0 : ESCAPE_ASCII);
		term_row(t, TERM_ASK, &r);
		row_release(&r);
		question += n + (question[n] == '\n');
	}
}

static enum err_kind
nobody(struct err *e)
{
	return err_set(e, ERR_GATE, "a question cannot be asked without a terminal");
}

static size_t
choice_of(const struct ask_choice *choices, size_t n, const struct ask_keys *k)
{
	size_t i;

	for (i = 0; i < n && choices[i].key != k->bytes[0]; i++)
		;
	return i;
}

/* What an event means for a question of one key; n: nothing. */
static size_t
key_choice(const struct ask_choice *choices, size_t n, size_t fallback, enum ask_event ev,
	   const struct ask_keys *k)
{
	if (ev == ASK_INTERRUPT || ev == ASK_EOF || ev == ASK_GONE)
		return fallback;
	if (ev != ASK_KEY)
		return n;
	return k->bytes[0] == '\n' || k->bytes[0] == '\r' ? fallback
							  : choice_of(choices, n, k);
}

enum err_kind
ask_key(struct term *t, struct loop *l, const char *question,
	const struct ask_choice *choices, size_t n, size_t fallback, size_t *chosen,
	struct err *e)
{
	const struct ask_menu menu = {"", "", choices, n, NULL};
	struct ask_look look = ask_look_now(t);
	enum ask_event ev = ASK_RESIZE;
	bool show = true;
	struct ask_keys k;

	*chosen = fallback;
	if (!ask_keys_open(&k, t, l))
		return nobody(e);
	do {
		look = ask_look_now(t);
		if (show)
			show_question(t, &look, question);
		ask_menu_draw(t, &look, &menu);
		if (ev == ASK_RESIZE)
			ask_keys_quiet(&k);
		ev = ask_keys_next(&k);
		show = ev == ASK_RESIZE && ask_must_show(t);
		*chosen = key_choice(choices, n, fallback, ev, &k);
	} while (*chosen == n);
	ask_keys_close(&k);
	term_tail(t, NULL, 0);
	term_linef(t, TERM_ASK, STYLE_PLAIN, "%s %s", look.unicode ? "└" : "+",
		   choices[*chosen].label);
	term_flush(t, NULL);
	return ev == ASK_INTERRUPT ? err_set(e, ERR_INTERRUPTED, "interrupted") : ERR_NONE;
}

static void
line_ready(int fd UNUSED, short revents UNUSED, void *arg)
{
	*(bool *)arg = true;
}

/* In line mode read() gives whole lines; 1: one is there, 0: end of file, -1: interrupted. */
static int
read_line(struct loop *l, int fd, struct buf *raw)
{
	bool ready = false;
	char chunk[1024];
	ssize_t n;

	loop_watch(l, fd, POLLIN, line_ready, &ready);
	while (raw->len == 0 || raw->data[raw->len - 1] != '\n') {
		loop_wait(l, -1);
		if (loop_pending(l))
			break;
		if (!ready)
			continue;
		ready = false;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0 && !buf_add(raw, chunk, (size_t)n))
			break;
	}
	loop_unwatch(l, fd);
	if (loop_pending(l))
		return -1;
	return raw->len > 0 ? 1 : 0;
}

enum err_kind
ask_line(struct term *t, struct loop *l, const char *question, struct buf *out,
	 struct err *e)
{
	AUTO_BUF struct buf raw = BUF_INIT(ASK_LINE_MAX);
	struct ask_look look = ask_look_now(t);
	int fd = term_key_fd(t), got;

	if (!term_can_ask(t))
		return nobody(e);
	term_typeahead(t, l, false);
	tcflush(fd, TCIFLUSH); /* before the question is seen: what follows answers it */
	show_question(t, &look, question);
	term_flush(t, NULL);
	term_suspend(t);
	got = read_line(l, fd, &raw);
	tcflush(fd, TCIFLUSH);
	term_resume(t);
	if (got < 0)
		return err_set(e, ERR_INTERRUPTED, "interrupted");
	if (got == 0)
		return err_set(e, ERR_IO, "end of file instead of an answer");
	utf8_repair(out, raw.data, strcspn(buf_str(&raw), "\r\n"));
	return ERR_NONE;
}
