/* Asks one question on the terminal and prints what came of it; for tests/term/test_ask.py.
 *
 * tool_ask step|gate FILE [LANGUAGE] | key | line. TOOL_HOLD names a file: as long as it is
 * there, nothing is asked. TOOL_CHANGE names a pipe: what comes out of it is written over the
 * code while the question stands. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/ui/ask.h"

static const char *const answers[] = {"yes", "no", "edit", "always", "stop", "nobody"};

static void
print_step(const struct ask_result *r)
{
	char hex[SHA256_HEX_SIZE];

	sha256_hex(r->sha256, hex);
	printf("RESULT %s %.16s\n", answers[r->answer], hex);
	if (r->reason)
		printf("REASON %s\n", r->reason);
	if (r->edited)
		printf("EDITED %zu %s\n", r->edited_len, r->edited);
}

static void
change_code(int fd, short revents, void *arg)
{
	struct buf *code = arg;

	if (revents & POLLIN && read(fd, code->data, MIN_OF(code->len, 16)) > 0)
		printf("CHANGED\n");
}

static enum err_kind
step(struct term *t, struct loop *l, int argc, char **argv, struct err *e)
{
	static const struct ask_note note = {
	    .text = "from the page example.com", .len = 25, .warn = true};
	AUTO_BUF struct buf code = BUF_INIT(2 * MIB);
	const char *pipe = getenv("TOOL_CHANGE");
	struct ask_result r = {0};
	struct ask_step q = {.language = argc > 3 ? argv[3] : "bash",
			     .reason = "to see what is there",
			     .number = 3,
			     .gate = strcmp(argv[1], "gate") == 0};
	enum err_kind kind;

	if (fs_read(argv[2], &code, e) != ERR_NONE)
		return e->kind;
	q.code = buf_str(&code);
	q.len = code.len;
	q.notes = &note;
	q.nnotes = q.gate;
	if (pipe)
		loop_watch(l, open(pipe, O_RDWR | O_CLOEXEC), POLLIN, change_code, &code);
	kind = ask_step(t, l, &q, &r, e);
	term_suspend(t);
	print_step(&r);
	ask_result_release(&r);
	return kind;
}

static enum err_kind
small(struct term *t, struct loop *l, const char *what, struct err *e)
{
	static const struct ask_choice choices[] = {{'t', "trust"}, {'d', "do not trust"}};
	AUTO_BUF struct buf line = BUF_INIT(ASK_LINE_MAX);
	size_t chosen = 9;
	enum err_kind kind;

	if (strcmp(what, "key") == 0) {
		kind = ask_key(t, l, "Trust what is here?", choices, 2, 1, &chosen, e);
		printf("CHOSEN %zu %s\n", chosen, err_word(kind));
	} else {
		kind = ask_line(t, l, "Name?", &line, e);
		printf("LINE [%s] %s\n", buf_str(&line), err_word(kind));
	}
	return kind;
}

int
main(int argc, char **argv)
{
	struct term_opts o = {0};
	struct loop *l;
	struct term *t;
	struct err e = {0};
	enum err_kind kind;

	if (argc < 2 || loop_new(&l, &e) != ERR_NONE)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	t = term_new(&o);
	if (getenv("TOOL_HOLD")) {
		term_line(t, TERM_SIDE, STYLE_PLAIN, "HOLDING");
		term_flush(t, NULL);
		while (access(getenv("TOOL_HOLD"), F_OK) == 0)
			loop_wait(l, 5);
	}
	kind = argc > 2 ? step(t, l, argc, argv, &e) : small(t, l, argv[1], &e);
	if (kind != ERR_NONE)
		printf("ERROR %s %s\n", err_word(kind), e.msg);
	printf("INTERRUPTS %d\n", loop_take_interrupts(l));
	term_free(t);
	loop_free(l);
	return 0;
}
