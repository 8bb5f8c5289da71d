/* The confirmation. See ask.h.
 *
 * A dialog draws its rows page by page (they stay in the scrollback), keeps its keys in the live
 * tail, and is a small state machine over events of ask_keys.c. "Yes" is not among the keys until
 * the last row was shown; with hidden or deceiving characters in the code it is not a key at
 * all but the word, typed. Editing and the hexadecimal view come back to the dialog, with a new
 * quiet time. The bytes are hashed when drawn and again when confirmed.
 * Pinned by tests/unit/test_ask_view.c and tests/term/test_ask.py. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/ui/ask_int.h"
#include "agent/ui/editor.h"

#define ASK_TYPED_MAX 4	  /* bytes of a word being typed */
#define ASK_LEAD_MAX  256 /* bytes before the keys */

enum ask_next { NEXT_WAIT, NEXT_ANSWER, NEXT_AGAIN };

struct dialog {
	struct ask_keys keys;
	struct term *t;
	struct loop *l;
	struct ask_step q; /* code: what is shown now, edited or not */
	struct ask_look look;
	struct ask_view view;
	size_t shown; /* rows of the view */
	bool suspicious, hex;
	char typed[ASK_TYPED_MAX]; /* towards "yes", NUL behind */
	const char *hint;
	struct buf edited;
	bool was_edited;
	struct ask_result *out;
	struct err *e;
};

/* One row a key: when it is offered, and what it says. */
static const struct {
	char key;
	enum ask_word label, gate_label; /* ASK_W_COUNT: not offered there */
	enum ask_answer answer;
} ask_table[] = {
    {'y', ASK_W_YES, ASK_W_COUNT, ASK_YES},	  {'c', ASK_W_COUNT, ASK_W_CARRY, ASK_YES},
    {'n', ASK_W_NO, ASK_W_COUNT, ASK_NO},	  {'i', ASK_W_COUNT, ASK_W_IGNORE, ASK_NO},
    {'r', ASK_W_REASON, ASK_W_COUNT, ASK_NO},	  {'e', ASK_W_EDIT, ASK_W_EDIT, ASK_EDIT},
    {'a', ASK_W_ALWAYS, ASK_W_COUNT, ASK_ALWAYS}, {'s', ASK_W_STOP, ASK_W_STOP, ASK_STOP},
    {'v', ASK_W_VIEW, ASK_W_VIEW, ASK_NOBODY},
};

static const char *
say(const struct dialog *d, enum ask_word w)
{
	return ask_word(w, d->look.japanese);
}

static bool
at_end(const struct dialog *d)
{
	return d->shown == d->view.n && !d->hex;
}

static bool
offered(const struct dialog *d, size_t i)
{
	enum ask_answer a = ask_table[i].answer;

	if ((d->q.gate ? ask_table[i].gate_label : ask_table[i].label) == ASK_W_COUNT)
		return false;
	if (a == ASK_YES)
		return at_end(d) && !d->suspicious;
	if (a == ASK_ALWAYS)
		return at_end(d) && !d->suspicious && !d->q.no_always && !d->was_edited;
	return a == ASK_NO || a == ASK_STOP || at_end(d);
}

/* What stands before the keys, long and short. */
static void
menu_lead(const struct dialog *d, char lead[ASK_LEAD_MAX], char brief[ASK_LEAD_MAX])
{
	*lead = *brief = '\0';
	if (!at_end(d)) {
		snprintf(lead, ASK_LEAD_MAX, "%zu/%zu %s  %s", d->shown, d->view.n,
			 say(d, ASK_W_ROWS),
			 say(d, d->shown < d->view.n ? ASK_W_NEXT : ASK_W_BACK));
		snprintf(brief, ASK_LEAD_MAX, "%zu/%zu space", d->shown, d->view.n);
	} else if (d->suspicious) {
		snprintf(lead, ASK_LEAD_MAX, "%s: %s_", say(d, ASK_W_TYPE_YES), d->typed);
		snprintf(brief, ASK_LEAD_MAX, "%s: %s_", say(d, ASK_W_TYPE_SHORT),
			 d->typed);
	}
}

static void
draw_menu(struct dialog *d)
{
	struct ask_choice choices[ASK_CHOICES_MAX];
	char lead[ASK_LEAD_MAX], brief[ASK_LEAD_MAX];
	struct ask_menu menu = {lead, brief, choices, 0, d->hint};

	for (size_t i = 0; i < ARRAY_LEN(ask_table); i++)
		if (offered(d, i))
			choices[menu.n++] = (struct ask_choice){
			    ask_table[i].key, say(d, d->q.gate ? ask_table[i].gate_label
							       : ask_table[i].label)};
	menu_lead(d, lead, brief);
	ask_menu_draw(d->t, &d->look, &menu);
}

/* The next page; the rows are committed for good. */
static void
draw_page(struct dialog *d)
{
	size_t page = ask_page_rows(d->t);

	term_tail(d->t, NULL, 0);
	for (; page > 0 && d->shown < d->view.n; page--)
		term_row(d->t, TERM_ASK, &d->view.rows[d->shown++]);
	draw_menu(d);
	ask_keys_quiet(&d->keys);
}

static void
build_view(struct dialog *d)
{
	d->look = ask_look_now(d->t);
	ask_view_release(&d->view);
	if (d->hex)
		ask_view_hex(&d->view, &d->look, d->q.code, d->q.len);
	else
		ask_view_build(&d->view, &d->look, &d->q);
	if (!d->hex) {
		d->suspicious = escape_is_suspicious(&d->view.found);
		memcpy(d->out->sha256, d->view.sha256, SHA256_SIZE);
	}
	d->shown = 0;
	d->typed[0] = '\0';
	d->hint = NULL;
}

static enum ask_next
give(struct dialog *d, enum ask_answer a)
{
	d->out->answer = a;
	return NEXT_ANSWER;
}

static enum ask_next
edit(struct dialog *d)
{
	AUTO_BUF struct buf saved = BUF_INIT(ASK_CODE_MAX);
	struct err why = {0};

	ask_keys_close(&d->keys);
	if (editor_run(d->t, d->q.code, d->q.len, ask_suffix(d->q.language), &saved,
		       &why) != ERR_NONE) {
		term_error(d->t, &why);
	} else if (saved.len == d->q.len &&
		   (saved.len == 0 || memcmp(saved.data, d->q.code, saved.len) == 0)) {
		term_line(d->t, TERM_ASK, STYLE_DIM, say(d, ASK_W_UNCHANGED));
	} else {
		buf_release(&d->edited);
		d->edited = saved;
		saved = BUF_INIT(0);
		d->q.code = buf_str(&d->edited);
		d->q.len = d->edited.len;
		d->was_edited = true;
	}
	if (!ask_keys_open(&d->keys, d->t, d->l))
		return give(d, ASK_NO);
	return NEXT_AGAIN;
}

static enum ask_next
ask_why(struct dialog *d)
{
	AUTO_BUF struct buf line = BUF_INIT(ASK_LINE_MAX);
	enum err_kind kind;

	ask_keys_close(&d->keys);
	term_tail(d->t, NULL, 0);
	kind = ask_line(d->t, d->l, say(d, ASK_W_WHY), &line, NULL);
	if (kind == ERR_NONE && line.len > 0)
		d->out->reason = buf_take(&line);
	return give(d, kind == ERR_INTERRUPTED ? ASK_STOP : ASK_NO);
}

static enum ask_next
choose(struct dialog *d, size_t i)
{
	enum ask_answer a = ask_table[i].answer;

	if (ask_table[i].key == 'r')
		return ask_why(d);
	if (a == ASK_EDIT)
		return edit(d);
	if (a == ASK_NOBODY) {
		d->hex = true;
		return NEXT_AGAIN;
	}
	return give(d, a == ASK_YES && d->was_edited ? ASK_EDIT : a);
}

/* Letters of "yes", and Enter behind the whole word. */
static bool
typed_more(struct dialog *d, char c)
{
	size_t n = strlen(d->typed);

	if (!d->suspicious || !at_end(d))
		return false;
	if (c == 0x7F || c == '\b') {
		d->typed[n > 0 ? n - 1 : 0] = '\0';
		return true;
	}
	if (n >= ASK_TYPED_MAX - 1 || c != "yes"[n])
		return false;
	d->typed[n] = c;
	d->typed[n + 1] = '\0';
	return true;
}

static enum ask_next
on_page(struct dialog *d)
{
	if (d->shown < d->view.n) {
		draw_page(d);
		return NEXT_WAIT;
	}
	d->hex = false; /* the last page of the bytes: back to the dialog */
	return NEXT_AGAIN;
}

static enum ask_next
on_key(struct dialog *d, char c)
{
	bool enter = c == '\n' || c == '\r';

	d->hint = NULL;
	if (!at_end(d) && (enter || c == ' '))
		return on_page(d);
	if (enter && strcmp(d->typed, "yes") == 0)
		return give(d, d->was_edited ? ASK_EDIT : ASK_YES);
	if (enter)
		return give(d, ASK_NO);
	if (!typed_more(d, c)) {
		for (size_t i = 0; i < ARRAY_LEN(ask_table) && d->typed[0] == '\0'; i++)
			if (ask_table[i].key == c && offered(d, i))
				return choose(d, i);
		d->hint = say(d, ASK_W_UNKNOWN);
	}
	draw_menu(d);
	return NEXT_WAIT;
}

/* Not one key: pasted, an arrow, or what an input method makes of a key. */
static enum ask_word
burst_hint(const struct ask_keys *k)
{
	bool foreign = (unsigned char)k->bytes[0] >= 0x80 && utf8_valid(k->bytes, k->n);

	return foreign ? ASK_W_INPUT_METHOD : ASK_W_BURST;
}

static enum ask_next
on_resize(struct dialog *d)
{
	if (ask_must_show(d->t))
		return NEXT_AGAIN;
	d->look = ask_look_now(d->t);
	draw_menu(d);
	ask_keys_quiet(&d->keys);
	return NEXT_WAIT;
}

static enum ask_next
on_event(struct dialog *d, enum ask_event ev)
{
	switch (ev) {
	case ASK_KEY:
		return on_key(d, d->keys.bytes[0]);
	case ASK_EOF:
		return give(d, ASK_NO);
	case ASK_INTERRUPT:
	case ASK_GONE:
		return give(d, ASK_STOP);
	case ASK_RESIZE:
		return on_resize(d);
	case ASK_BURST:
		break;
	}
	d->hint = say(d, burst_hint(&d->keys));
	draw_menu(d);
	return NEXT_WAIT;
}

static void
run_dialog(struct dialog *d)
{
	enum ask_next next;

	do {
		build_view(d);
		draw_page(d);
		do {
			next = on_event(d, ask_keys_next(&d->keys));
		} while (next == NEXT_WAIT);
	} while (next == NEXT_AGAIN);
}

/* What was decided stays on the screen. */
static void
say_answer(struct dialog *d)
{
	static const enum ask_word words[] = {
	    [ASK_YES] = ASK_W_SAID_YES,	  [ASK_NO] = ASK_W_SAID_NO,
	    [ASK_EDIT] = ASK_W_SAID_YES,  [ASK_ALWAYS] = ASK_W_SAID_ALWAYS,
	    [ASK_STOP] = ASK_W_SAID_STOP, [ASK_NOBODY] = ASK_W_SAID_NO,
	};
	enum ask_answer a = d->out->answer;
	struct ask_view said = {0};

	ask_view_menu(&said, &d->look,
		      say(d, d->q.gate && a == ASK_NO ? ASK_W_SAID_IGNORE : words[a]), NULL,
		      0);
	term_tail(d->t, NULL, 0);
	for (size_t i = 0; i < said.n; i++)
		term_row(d->t, TERM_ASK, &said.rows[i]);
	term_flush(d->t, NULL);
	ask_view_release(&said);
}

/* The bytes that were confirmed are the bytes that were drawn. */
static enum err_kind
check_bytes(struct dialog *d)
{
	unsigned char now[SHA256_SIZE];

	sha256(d->q.code, d->q.len, now);
	if (memcmp(now, d->out->sha256, SHA256_SIZE) != 0) {
		d->out->answer = ASK_NO;
		return err_set(d->e, ERR_GATE, "the code changed while it was being shown");
	}
	if (d->out->answer == ASK_EDIT) {
		d->out->edited_len = d->edited.len;
		d->out->edited = buf_take(&d->edited);
	}
	return ERR_NONE;
}

enum err_kind
ask_step(struct term *t, struct loop *l, const struct ask_step *q, struct ask_result *out,
	 struct err *e)
{
	struct dialog d = {.t = t, .l = l, .q = *q, .out = out, .e = e};
	enum err_kind kind;

	*out = (struct ask_result){.answer = ASK_NOBODY};
	if (q->len > ASK_CODE_MAX)
		return err_set(e, ERR_LIMIT,
			       "code of %zu bytes is too long to be confirmed", q->len);
	if (!ask_keys_open(&d.keys, t, l))
		return ERR_NONE;
	run_dialog(&d);
	ask_keys_close(&d.keys);
	say_answer(&d);
	kind = check_bytes(&d);
	ask_view_release(&d.view);
	buf_release(&d.edited);
	return kind;
}

void
ask_result_release(struct ask_result *r)
{
	free(r->reason);
	free(r->edited);
	*r = (struct ask_result){.answer = ASK_NOBODY};
}
