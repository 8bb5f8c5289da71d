/* The prompt. See line.h.
 *
 * line_read() suspends the terminal writer, lets readline draw, and waits in the loop; signals
 * are looked at here and nowhere in readline. The text handed over is checked for characters
 * that nobody can have seen. Sources: the readline 8.2 manual, chapter 2 (callback interface).
 * Pinned by tests/unit/test_line_text.c, tests/unit/test_line_hist.c, tests/term/test_line.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/lib_readline.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/ui/ask.h"
#include "agent/ui/line_hist.h"
#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"

#define LINE_AHEAD_MAX 4096 /* bytes of type-ahead */

struct line *
line_new(struct term *t, struct loop *l, const struct line_opts *o)
{
	struct line *n = mem_alloc(sizeof(*n));

	n->t = t;
	n->l = l;
	n->history = mem_strdup(o->history);
	n->commands = mem_array(NULL, o->ncommands + 1, sizeof(*n->commands));
	memcpy(n->commands, o->commands, o->ncommands * sizeof(*n->commands));
	n->ncommands = o->ncommands;
	n->danger = o->danger;
	n->below_command = o->below_command;
	n->below = o->below;
	n->fd = isatty(STDIN_FILENO) ? term_key_fd(t) : STDIN_FILENO;
	buf_init(&n->in, 2 * LINE_MAX_BYTES);
	buf_init(&n->notices, LINE_MAX_BYTES);
	return n;
}

void
line_free(struct line *n)
{
	if (!n)
		return;
	if (line_now == n)
		line_now = NULL;
	clear_history();
	buf_release(&n->in);
	buf_release(&n->notices);
	free(n->history);
	free(n->commands);
	free(n);
}

void
line_notice(struct line *n, enum style_name s, const char *text)
{
	if (!line_rl_print(n, s, text))
		term_line(n->t, TERM_SIDE, s, text);
}

/* Of equal entries the newest stays. */
static void
line_remember(struct line *n, const char *text)
{
	HIST_ENTRY *gone;

	if (text[0] == ' ' || text[strspn(text, " \t\n")] == '\0')
		return;
	for (int i = 0; i < history_length; i++) {
		HIST_ENTRY *h = history_get(history_base + i);

		if (!h || strcmp(h->line, text) != 0)
			continue;
		gone = remove_history(i);
		if (gone)
			free_history_entry(gone);
		break;
	}
	add_history(text);
	if (n->history)
		hist_append(n->history, text,
			    NULL); /* a full disk must not stop the talk */
}

/* The prefill and what was typed ahead, as the line's first text. The caller frees it. */
static char *
line_first_text(struct line *n, const char *prefill)
{
	AUTO_BUF struct buf text = BUF_INIT(LINE_MAX_BYTES);
	char ahead[LINE_AHEAD_MAX];
	size_t got = term_take_typeahead(n->t, ahead, sizeof(ahead));

	if (prefill)
		line_text_paste(&text, prefill, strlen(prefill));
	line_text_ahead(&text, ahead, got);
	return buf_take(&text);
}

static enum line_end
line_interrupted(struct line *n)
{
	int64_t now = clock_ms();
	int count = loop_take_interrupts(n->l);
	bool again = n->cancel_ms && now - n->cancel_ms < LINE_QUIT_MS;

	n->cancel_ms = now;
	return loop_terminated(n->l) || count > 1 || again ? LINE_QUIT : LINE_CANCEL;
}

/* Until a line is handed over, the input ends or a signal comes. */
static enum line_end
line_wait(struct line *n)
{
	for (;;) {
		line_rl_take(n);
		if (n->done)
			return n->result ? LINE_TEXT : LINE_EOF;
		if (n->eof)
			return LINE_EOF;
		loop_wait(n->l, -1);
		if (loop_pending(n->l))
			return line_interrupted(n);
		if (loop_take_resize(n->l))
			line_rl_resized(n);
		if (n->ready)
			line_feed_more(n, 0);
	}
}

/* Characters that nobody can have seen go, unless the user wants them. */
static enum line_end
line_check(struct line *n, const struct buf *text, struct buf *out)
{
	static const struct ask_choice english[] = {{'s', "strip (default)"},
						    {'k', "keep"}};
	static const struct ask_choice japanese[] = {{'s', "取り除く(既定)"},
						     {'k', "残す"}};
	bool ja = term_unicode(n->t) && ask_japanese();
	size_t chosen, hidden;
	uint32_t cp;
	char question[128];

	hidden = line_text_hidden(text->data, text->len, &cp);
	if (hidden == 0) {
		buf_add(out, text->data, text->len);
		return LINE_TEXT;
	}
	snprintf(question, sizeof(question),
		 ja ? "%s %zu 個の隠し文字 (U+%04X…)"
		    : "%s %zu hidden characters (U+%04X…)",
		 term_unicode(n->t) ? "⚠" : "!", hidden, (unsigned)cp);
	if (ask_key(n->t, n->l, question, ja ? japanese : english, 2, 0, &chosen, NULL) ==
	    ERR_INTERRUPTED)
		return line_interrupted(n);
	if (chosen == 1)
		buf_add(out, text->data, text->len);
	else
		line_text_strip(out, text->data, text->len);
	return LINE_TEXT;
}

static enum line_end
line_edit(struct line *n, const char *prompt, const char *prefill, struct buf *out)
{
	AUTO_BUF struct buf text = BUF_INIT(LINE_MAX_BYTES);
	AUTO_FREE char *first = NULL;
	size_t before = out->len;
	enum line_end end;

	term_suspend(n->t);
	first = line_first_text(n, prefill);
	n->prefill = first;
	line_rl_begin(n, prompt);
	end = line_wait(n);
	line_rl_end(n);
	term_resume(n->t);
	if (end == LINE_TEXT) {
		line_text_unwrap(&text, n->result, strlen(n->result));
		buf_str(&text);
		end = line_check(n, &text, out);
	}
	if (end == LINE_TEXT)
		line_remember(n, buf_str(out) + before);
	free(n->result);
	n->result = NULL;
	return end;
}

enum line_end
line_read(struct line *n, const char *prompt, const char *prefill, struct buf *out)
{
	line_now = n;
	if (!isatty(STDIN_FILENO) || !term_can_ask(n->t))
		return line_plain_read(n, out);
	if (!n->loaded)
		line_rl_setup(n);
	return line_edit(n, prompt, prefill, out);
}
