/* What the environment and the descriptors say about the screen.
 *
 * Under TERM_AUTO: NO_COLOR (not empty) > CLICOLOR_FORCE (neither empty nor 0) > a terminal.
 * TERM=dumb and --plain take every escape sequence away. OSC 8 is used only where the terminal
 * is known to draw it: elsewhere a link's target would be invisible.
 * Sources: no-color.org, bixense.com/clicolors. Pinned by tests/unit/test_term.c. */
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "agent/ui/term_int.h"

#define WIDTH_MIN  20
#define WIDTH_MAX  10000
#define WIDTH_STD  80
#define HEIGHT_STD 24

static bool
env_set(const char *name)
{
	const char *v = getenv(name);

	return v && *v;
}

static bool
env_is(const char *name, const char *value)
{
	const char *v = getenv(name);

	return v && strcmp(v, value) == 0;
}

static bool
color_wanted(enum term_when when, bool tty)
{
	if (when != TERM_AUTO)
		return when == TERM_ALWAYS;
	if (env_set("NO_COLOR"))
		return false;
	return tty || (env_set("CLICOLOR_FORCE") && !env_is("CLICOLOR_FORCE", "0"));
}

static bool
is_dumb(void)
{
	return !env_set("TERM") || env_is("TERM", "dumb");
}

static bool
links_known(void)
{
	static const char *const programs[] = {"iTerm.app", "WezTerm", "vscode",
					       "ghostty",   "Hyper",   "rio"};
	static const char *const terms[] = {"xterm-kitty", "alacritty",	    "foot",
					    "foot-extra",  "xterm-ghostty", "wezterm",
					    "contour"};
	size_t i;

	if (env_set("TMUX") || env_set("STY"))
		return false;
	if (env_set("VTE_VERSION") || env_set("KONSOLE_VERSION") || env_set("WT_SESSION") ||
	    env_set("DOMTERM"))
		return true;
	for (i = 0; i < ARRAY_LEN(programs); i++) {
		if (env_is("TERM_PROGRAM", programs[i]))
			return true;
	}
	for (i = 0; i < ARRAY_LEN(terms); i++) {
		if (env_is("TERM", terms[i]))
			return true;
	}
	return false;
}

/* No locale set at all counts as UTF-8: that is how containers and minimal systems are. */
static bool
utf8_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		v = getenv(names[i]);
		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return true;
}

static void
sink_face(struct term_sink *s, const struct term_opts *o)
{
	bool esc = !o->plain && (s->tty ? !is_dumb() : false);

	s->face.color =
	    !o->plain && !(s->tty && is_dumb()) && color_wanted(o->color, s->tty);
	s->face.sgr = esc || s->face.color;
	s->face.links = esc && links_known();
	s->face.move = esc;
}

void
term_probe_env(struct term *t)
{
	sink_face(&t->out, &t->o);
	sink_face(&t->err, &t->o);
	sink_face(&t->ask, &t->o);
	t->live = t->out.tty && !t->o.plain && !t->o.raw && !is_dumb();
	t->unicode = !t->o.plain && !(t->out.tty && is_dumb()) && utf8_locale();
}

static int
env_columns(void)
{
	const char *v = getenv("COLUMNS");
	char *end;
	long n;

	if (!v || !*v)
		return 0;
	n = strtol(v, &end, 10);
	return *end || n < 1 || n > WIDTH_MAX ? 0 : (int)n;
}

void
term_probe_size(struct term *t)
{
	struct winsize ws = {0};
	int width;

	if (!(t->out.tty && ioctl(t->out.fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col) &&
	    !(t->err.tty && ioctl(t->err.fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col))
		ws = (struct winsize){0};
	width = t->o.width ? t->o.width : ws.ws_col;
	if (width <= 0)
		width = env_columns();
	if (width <= 0)
		width = WIDTH_STD;
	t->width = MIN_OF(MAX_OF(width, WIDTH_MIN), WIDTH_MAX);
	t->height = ws.ws_row > 0 ? ws.ws_row : HEIGHT_STD;
}
