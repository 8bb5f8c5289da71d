/* `sunaba render [FILE] [--stream N] [--width N] [--plain] [--color WHEN]`: shows Markdown as an
 * answer would look.
 *
 * With --stream the text is fed N bytes at a time and the live tail is redrawn after each: the
 * same path as a model's answer, which is how the tests compare a stream with the whole. Pinned by tests/term/test_render.py. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/ui/md.h"
#include "agent/ui/term.h"

struct render_args {
	const char *file; /* NULL: standard input */
	size_t stream;	  /* bytes at a time; 0: all at once */
	struct term_opts term;
};

static bool
number(const char *text, long most, long *out)
{
	char *end;

	errno = 0;
	*out = text ? strtol(text, &end, 10) : 0;
	return text && *text && !*end && !errno && *out > 0 && *out <= most;
}

static enum err_kind
take_number(const char *name, const char *text, long most, long *out, struct err *e)
{
	if (number(text, most, out))
		return ERR_NONE;
	err_set(e, ERR_USAGE, "'%s' wants a number from 1 to %ld", name, most);
	err_hint(e, "see sunaba help render");
	return ERR_USAGE;
}

static enum err_kind
take_color(const char *text, enum term_when *out, struct err *e)
{
	static const char *const names[] = {
	    [TERM_AUTO] = "auto", [TERM_ALWAYS] = "always", [TERM_NEVER] = "never"};
	size_t i;

	for (i = 0; text && i < ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum term_when)i;
			return ERR_NONE;
		}
	}
	return err_set(e, ERR_USAGE, "'--color' wants always, never or auto");
}

static enum err_kind
take_args(int argc, char **argv, struct render_args *a, struct err *e)
{
	enum err_kind k = ERR_NONE;
	long n = 0;
	int i;

	for (i = 1; i < argc && !k; i++) {
		const char *arg = argv[i];
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(arg, "--plain") == 0) {
			a->term.plain = true;
		} else if (strcmp(arg, "--stream") == 0) {
			k = take_number(arg, value, 1000000, &n, e);
			a->stream = (size_t)n;
			i++;
		} else if (strcmp(arg, "--width") == 0) {
			k = take_number(arg, value, 10000, &n, e);
			a->term.width = (int)n;
			i++;
		} else if (strcmp(arg, "--color") == 0) {
			k = take_color(value, &a->term.color, e);
			i++;
		} else if (arg[0] == '-' && arg[1]) {
			k = err_set(e, ERR_USAGE, "unknown option '%s'", arg);
		} else if (strcmp(arg, "-") != 0) {
			a->file = arg;
		}
	}
	return k;
}

static void
on_commit(const struct row *r, void *arg)
{
	term_row(arg, TERM_ANSWER, r);
}

static void
on_tail(const struct row *rows, size_t n, void *arg)
{
	term_tail(arg, rows, n);
}

static bool
speaks_japanese(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		v = getenv(names[i]);
		if (v && *v)
			return strncmp(v, "ja", 2) == 0;
	}
	return false;
}

static struct md *
renderer(struct term *t, const struct render_args *a)
{
	struct md_opts o = {
	    .width = term_width(t),
	    .unicode = term_unicode(t),
	    .attrs = term_esc(t) || term_color(t),
	    .color = term_color(t),
	    .links = term_links(t),
	    .japanese = speaks_japanese(),
	    .commit = on_commit,
	    .tail = a->stream && term_esc(t) ? on_tail : NULL,
	    .arg = t,
	};

	return md_new(&o);
}

static enum err_kind
show(struct term *t, const struct render_args *a, int fd, struct err *e)
{
	struct md *m = renderer(t, a);
	char in[64 * KIB];
	enum err_kind k = ERR_NONE;
	ssize_t n = 0, at, step;

	while (!k && (n = read(fd, in, sizeof(in))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			k = err_sys(e, ERR_IO, "cannot read '%s'", a->file ? a->file : "-");
		for (at = 0; at < n && !k; at += step) {
			step = a->stream ? MIN_OF((ssize_t)a->stream, n - at) : n - at;
			md_feed(m, in + at, (size_t)step);
			if (a->stream)
				md_refresh(m);
			k = term_flush(t, e);
		}
	}
	md_finish(m);
	md_free(m);
	return k ? k : term_flush(t, e);
}

int
cmd_render(int argc, char **argv)
{
	struct render_args a = {0};
	struct err e = {0};
	enum err_kind k = take_args(argc, argv, &a, &e);
	struct term *t = term_new(&a.term);
	AUTO_CLOSE int fd = -1;

	if (!k && a.file) {
		fd = open(a.file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			k = err_sys(&e, ERR_IO, "cannot open '%s'", a.file);
	}
	if (a.stream)
		term_set_pace(t, 0);
	if (!k)
		k = show(t, &a, a.file ? fd : STDIN_FILENO, &e);
	if (k)
		term_error(t, &e);
	term_free(t);
	return k ? err_exit_code(k) : 0;
}
