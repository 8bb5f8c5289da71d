/* readline's side of the prompt: set-up, keys in, screen out.
 *
 * The callback interface is fed from our own buffer, so that pastes are taken out first and
 * waiting is the loop's. readline handles no signal and does not touch the environment. What is
 * printed while the prompt is shown goes above it: the input is cleared, the text written, the
 * input drawn anew. After a resize nothing is known about where the rows went, so the cursor
 * leaves the old copy behind and draws below: readline's own rl_resize_terminal() eats rows in
 * terminals that reflow. Pinned by tests/term/test_line.py. */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/lib_readline.h"
#include "agent/base/mem.h"
#include "agent/ui/line_hist.h"
#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"

struct line *line_now;

/* One byte for readline. Mostly it is there; where readline wants more (the rest of a
 * character), the loop waits, and a signal ends the wait. */
static int
rl_byte(FILE *f UNUSED)
{
	struct line *n = line_now;
	int c;

	while (n->in.len == 0) {
		if (n->eof || loop_pending(n->l))
			return EOF;
		loop_wait(n->l, -1);
		if (n->ready)
			line_feed_more(n, 0);
	}
	c = (unsigned char)n->in.data[0];
	if (c == 0xC2 && n->in.len == 1)
		line_feed_more(n, LINE_SETTLE_MS);
	if (line_text_c1(n->in.data, n->in.len)) {
		buf_consume(&n->in, 1); /* readline would pass it on to the terminal */
		c = n->in.data[0] = '?';
	}
	buf_consume(&n->in, 1);
	return c;
}

static int
rl_byte_waits(void)
{
	return line_now->in.len > 0 || line_feed_more(line_now, 0);
}

static void
rl_handed_over(char *text)
{
	line_now->result = text;
	line_now->done = true;
	rl_callback_handler_remove();
}

static int
rl_insert_prefill(void)
{
	if (line_now->prefill && *line_now->prefill) {
		rl_insert_text(line_now->prefill);
		rl_redisplay();
	}
	return 0;
}

static void
rl_add_entry(const char *text, void *arg UNUSED)
{
	add_history(text);
}

static void
rl_streams(const struct line *n)
{
	static FILE *in, *tty;

	if (!in)
		in = n->fd == STDIN_FILENO ? stdin : fdopen(dup(n->fd), "r");
	rl_instream = in;
	rl_outstream = stdout;
	if (term_out_tty(n->t))
		return;
	rl_outstream = stderr;
	if (term_err_tty(n->t))
		return;
	if (!tty)
		tty = fopen("/dev/tty", "we");
	rl_outstream = tty ? tty : stderr;
}

/* readline takes its locale from these at each prompt, whatever the program has set. */
static const char *
rl_env_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return v;
	}
	return NULL;
}

/* Calls `start` with the program's own locale in the environment, where that is UTF-8 and the
 * user's another: under LC_ALL=C readline would take Japanese for keys with Meta. */
static void
rl_in_our_locale(void (*start)(const char *), const char *arg)
{
	const char *ours = setlocale(LC_CTYPE, NULL), *theirs = rl_env_locale();
	AUTO_FREE char *was = mem_strdup(getenv("LC_ALL"));

	if (!theirs || strcmp(theirs, ours) == 0 ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
		start(arg);
		return;
	}
	setenv("LC_ALL", ours, 1);
	start(arg);
	if (was)
		setenv("LC_ALL", was, 1);
	else
		unsetenv("LC_ALL");
}

static void
rl_start(const char *unused UNUSED)
{
	rl_initialize();
}

static void
rl_install(const char *prompt)
{
	rl_callback_handler_install(prompt, rl_handed_over);
}

void
line_rl_setup(struct line *n)
{
	rl_readline_name = "sunaba"; /* "$if sunaba" in inputrc */
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_persistent_signal_handlers = 0;
	rl_getc_function = rl_byte;
	rl_input_available_hook = rl_byte_waits;
	rl_pre_input_hook = rl_insert_prefill;
	if (!term_esc(n->t))
		rl_terminal_name = "dumb";
	rl_streams(n);
	line_keys_bind();
	complete_setup();
	rl_in_our_locale(rl_start, NULL);
	using_history();
	stifle_history(HIST_ENTRIES_MAX);
	if (n->history)
		hist_load(n->history, rl_add_entry, NULL, NULL);
	n->loaded = true;
}

/* The lines above the last are printed; the last is the prompt, in its style. */
static void
prompt_bytes(struct line *n, const char *prompt, struct buf *out)
{
	const char *last = strrchr(prompt, '\n');
	struct row r;

	row_init(&r);
	if (last) {
		AUTO_FREE char *above = mem_strndup(prompt, (size_t)(last - prompt));

		term_line(n->t, TERM_ASK, STYLE_PLAIN, above);
		term_flush(n->t, NULL);
		prompt = last + 1;
	}
	row_adds(&r, n->danger ? STYLE_ERROR : STYLE_PROMPT, prompt);
	term_prompt(n->t, out, &r);
	row_release(&r);
}

static void
rl_die(void)
{
	rl_deprep_terminal();
	term_restore();
}

void
line_rl_begin(struct line *n, const char *prompt)
{
	AUTO_BUF struct buf shown = BUF_INIT(4096);

	prompt_bytes(n, prompt, &shown);
	mem_set_die_hook(rl_die);
	rl_streams(n);
	rl_reset_screen_size();
	n->done = false;
	n->result = NULL;
	n->reading = true;
	rl_in_our_locale(rl_install, buf_str(&shown));
	n->prefill = NULL; /* the hook has used it */
	line_feed_watch(n, true);
}

void
line_rl_end(struct line *n)
{
	line_feed_watch(n, false);
	if (!n->done) {
		rl_point = rl_end;
		rl_redisplay();
		rl_crlf();
		rl_callback_sigcleanup(); /* half a key sequence */
		rl_free_line_state();
		rl_callback_handler_remove();
	}
	n->reading = false;
	mem_set_die_hook(term_restore);
}

static void
rl_paste(const struct buf *text)
{
	if (text->len == 0)
		return;
	rl_begin_undo_group();
	rl_insert_text(text->data);
	rl_end_undo_group();
	rl_redisplay();
}

/* Texts that came while readline was inside a key, one behind the other with their styles. */
static void
rl_show_notices(struct line *n)
{
	AUTO_BUF struct buf waiting = n->notices;

	buf_init(&n->notices, waiting.max);
	for (size_t at = 0; at < waiting.len;) {
		const char *text = waiting.data + at + 1;

		line_rl_print(n, (enum style_name)waiting.data[at], text);
		at += strlen(text) + 2;
	}
}

void
line_rl_take(struct line *n)
{
	while (!n->done && n->in.len > 0) {
		AUTO_BUF struct buf text = BUF_INIT(LINE_MAX_BYTES);

		if (line_feed_paste(n, &text)) {
			buf_str(&text);
			rl_paste(&text);
			continue;
		}
		n->inside++;
		rl_callback_read_char();
		n->inside--;
	}
	if (!n->done)
		rl_show_notices(n);
}

void
line_rl_resized(struct line *n)
{
	term_resized(n->t);
	rl_deprep_terminal(); /* after SIGCONT the modes may be the shell's */
	rl_prep_terminal(1);
	term_below(n->t);
	rl_reset_screen_size();
	rl_on_new_line();
	rl_forced_update_display();
}

bool
line_rl_print(struct line *n, enum style_name s, const char *text)
{
	if (!n->reading || n->done)
		return false;
	if (n->inside > 0) {
		buf_addc(&n->notices, (char)s);
		buf_add(&n->notices, text, strlen(text) + 1);
		return true;
	}
	rl_clear_visible_line();
	fflush(rl_outstream);
	term_line(n->t, TERM_ASK, s, text);
	term_flush(n->t, NULL);
	rl_on_new_line();
	rl_redisplay();
	return true;
}
