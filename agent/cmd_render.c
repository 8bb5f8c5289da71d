/* `sunaba render [FILE] [--stream N] [--width N] [--plain] [--color WHEN]`: shows Markdown as an
 * answer would look.
 *
 * With --stream the text is fed N bytes at a time and the live tail is redrawn after each: the
 * same path as a model's answer, which is how the tests compare a stream with the whole. Pinned by tests/term/test_render.py. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/app.h"
#include "agent/commands.h"
#include "agent/ui/answer.h"

static enum err_kind
show(struct term *t, const struct opts *o, const char *name, int fd, struct err *e)
{
	ssize_t stream = (ssize_t)opt_int(o, OPT_STREAM);
	struct md *m = answer_new(t, stream > 0);
	char in[64 * KIB];
	enum err_kind k = ERR_NONE;
	ssize_t n = 0, at, step;

	while (!k && (n = read(fd, in, sizeof(in))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			k = err_sys(e, ERR_IO, "cannot read '%s'", name);
		for (at = 0; at < n && !k; at += step) {
			step = stream ? MIN_OF(stream, n - at) : n - at;
			md_feed(m, in + at, (size_t)step);
			if (stream && term_ready(t))
				md_refresh(m);
			k = term_flush(t, e);
		}
	}
	md_finish(m);
	md_free(m);
	return k ? k : term_flush(t, e);
}

int
cmd_render(struct opts *o)
{
	struct app a = {.opts = o};
	struct term_opts t = app_term_opts(o);
	struct err e = {0};
	AUTO_CLOSE int fd = -1;
	enum err_kind k;
	int n;
	char **args = opts_args(o, &n);
	const char *file = n > 0 && strcmp(args[0], "-") != 0 ? args[0] : NULL;

	a.term = term_new(&t);
	if (n > 1)
		err_set(&e, ERR_USAGE, "one file at a time: '%s' is too many", args[1]);
	else if (file && (fd = open(file, O_RDONLY | O_CLOEXEC)) < 0)
		err_sys(&e, ERR_IO, "cannot open '%s'", file);
	if (opt_int(o, OPT_STREAM))
		term_set_pace(a.term, 0);
	k = e.kind ? e.kind
		   : show(a.term, o, file ? file : "-", file ? fd : STDIN_FILENO, &e);
	if (k)
		app_fail(&a, &e);
	app_close(&a);
	return err_exit_code(k);
}
