/* How a layer's changes look: see staged.h.
 *
 * Paths and texts come from hostile code and leave through the terminal's writer alone. Files
 * that are no text are told by their sizes, large ones too.
 * Pinned by tests/e2e/test_staged.py. */
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/staged.h"
#include "tools/diff.h"
#include "tools/stage_path.h"

#define SHOW_LIST_MAX 200  /* changes in a list */
#define SHOW_TAB      8	   /* columns */
#define SHOW_LINE_MAX 4096 /* bytes of one line of a difference */

static const char *const kind_words[] = {
    [STAGE_ADD] = "new",	   [STAGE_MODIFY] = "changed",
    [STAGE_DELETE] = "deleted",	   [STAGE_MKDIR] = "new folder",
    [STAGE_TYPE] = "another kind", [STAGE_MODE] = "permissions",
    [STAGE_ODD] = "never applied"};

static enum style_name
kind_style(enum stage_kind k)
{
	switch (k) {
	case STAGE_ADD:
	case STAGE_MKDIR:
		return STYLE_ADD;
	case STAGE_DELETE:
		return STYLE_DEL;
	case STAGE_ODD:
		return STYLE_WARN;
	case STAGE_MODIFY:
	case STAGE_TYPE:
	case STAGE_MODE:
	default:
		return STYLE_NOTICE;
	}
}

char *
staged_count(size_t n, const char *what)
{
	return mem_printf("%zu %s%s", n, what, n == 1 ? "" : "s");
}

static const char *
type_word(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a folder";
	case S_IFLNK:
		return "a link";
	case S_IFREG:
		return "a file";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "unreadable";
	}
}

/* What deserves a look. */
static void
add_remarks(struct row *r, const struct stage_change *c)
{
	if (c->flags & STAGE_F_AUTORUN)
		row_adds(r, STYLE_WARN, "  runs by itself outside: /apply must name it");
	if (c->flags & STAGE_F_LINK_OUT)
		row_adds(r, STYLE_WARN, "  leads out of the workspace");
	if (c->flags & STAGE_F_SETID)
		row_adds(r, STYLE_WARN, "  its set-id bits are dropped");
	if (c->flags & STAGE_F_EXEC)
		row_adds(r, STYLE_WARN, "  can be executed");
	if (c->kind == STAGE_MODE)
		row_addf(r, STYLE_WARN, "  permissions %04o -> %04o",
			 c->from.st_mode & 07777, c->to.st_mode & 07777);
	if (c->kind == STAGE_TYPE)
		row_addf(r, STYLE_WARN, "  %s becomes %s", type_word(c->from.st_mode),
			 type_word(c->to.st_mode));
	if (c->kind == STAGE_ODD && c->sys)
		row_addf(r, STYLE_WARN, "  %s", strerror(c->sys));
	else if (c->kind == STAGE_ODD)
		row_addf(r, STYLE_WARN, "  %s is never applied", type_word(c->to.st_mode));
	if (c->inside)
		row_addf(r, STYLE_WARN, "  with all in it: %u%s", c->inside,
			 c->inside == STAGE_INSIDE_MAX ? " and more" : "");
}

static void
show_change(struct term *t, enum term_to to, const struct stage *s,
	    const struct stage_list *l, const struct stage_change *c)
{
	const char *was = stage_was(s, l, c);
	bool dir = S_ISDIR(c->to.st_mode) || (!c->to.st_mode && S_ISDIR(c->from.st_mode));
	struct row r;

	row_init(&r);
	row_addf(&r, kind_style(c->kind), "  %c ", stage_kind_letter(c->kind));
	row_addf(&r, STYLE_PLAIN, "%s%s", c->path, dir ? "/" : "");
	row_addf(&r, STYLE_DIM, "  %s", kind_words[c->kind]);
	if (was)
		row_addf(&r, STYLE_NOTICE, "  was %s", was);
	add_remarks(&r, c);
	term_row(t, to, &r);
	row_release(&r);
}

static void
show_cut(struct term *t, enum term_to to, const struct stage_list *l)
{
	if (l->cut)
		term_line(t, to, STYLE_WARN,
			  "  there is more than can be listed, or it lies too deep");
}

void
staged_show_list(struct term *t, enum term_to to, const struct stage *s,
		 const struct stage_list *l)
{
	for (size_t i = 0; i < l->n && i < SHOW_LIST_MAX; i++)
		show_change(t, to, s, l, &l->at[i]);
	if (l->n > SHOW_LIST_MAX)
		term_linef(t, to, STYLE_PLAIN, "  … and %zu more", l->n - SHOW_LIST_MAX);
	show_cut(t, to, l);
}

/* ---- differences ---- */

struct show {
	struct term *t;
	enum term_to to;
	size_t left; /* lines; SIZE_MAX: no bound */
	size_t cut;  /* lines that were left out of the file */
};

/* Tabs would stand elsewhere behind the sign. */
static void
expand_tabs(struct buf *out, const char *p, size_t n)
{
	size_t col = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\t') {
			buf_addc(out, p[i]);
			col += ((unsigned char)p[i] & 0xC0) != 0x80;
			continue;
		}
		do
			buf_addc(out, ' ');
		while (++col % SHOW_TAB);
	}
}

static void
show_line(enum diff_kind kind, const char *p, size_t n, void *arg)
{
	static const char sign[] = {
	    [DIFF_HUNK] = 0, [DIFF_SAME] = ' ', [DIFF_DEL] = '-', [DIFF_ADD] = '+'};
	static const enum style_name look[] = {[DIFF_HUNK] = STYLE_MARKER,
					       [DIFF_SAME] = STYLE_PLAIN,
					       [DIFF_DEL] = STYLE_DEL,
					       [DIFF_ADD] = STYLE_ADD};
	AUTO_BUF struct buf line = BUF_INIT(SHOW_TAB * SHOW_LINE_MAX + 64);
	struct show *s = arg;
	struct row r;

	if (s->left == 0) {
		s->cut++;
		return;
	}
	s->left -= s->left != SIZE_MAX;
	if (kind == DIFF_NOEOL) {
		term_line(s->t, s->to, STYLE_PLAIN, "\\ no newline at the end");
		return;
	}
	if (sign[kind])
		buf_addc(&line, sign[kind]);
	expand_tabs(&line, p, MIN_OF(n, (size_t)SHOW_LINE_MAX));
	row_init(&r);
	row_add(&r, style_of(look[kind]), line.data, line.len);
	if (n > SHOW_LINE_MAX)
		row_addf(&r, STYLE_DIM, " … %zu bytes more", n - SHOW_LINE_MAX);
	term_row(s->t, s->to, &r);
	row_release(&r);
}

/* A file's bytes; false when it is too large to be shown, or unreadable. */
static bool
read_side(int fd, struct buf *out)
{
	char step[16 * KIB];
	ssize_t n;

	while ((n = read(fd, step, sizeof(step))) > 0)
		if (!buf_add(out, step, (size_t)n))
			return false;
	return n == 0;
}

static void
show_sizes(const struct show *s, const struct stage_change *c, const char *why)
{
	if (c->from.st_mode && c->to.st_mode)
		term_linef(s->t, s->to, STYLE_DIM, "%s: %lld bytes, were %lld", why,
			   (long long)c->to.st_size, (long long)c->from.st_size);
	else
		term_linef(s->t, s->to, STYLE_DIM, "%s: %lld bytes", why,
			   (long long)(c->to.st_mode ? c->to : c->from).st_size);
}

static void
show_texts(struct show *s, const struct stage *stage, const struct stage_change *c)
{
	AUTO_BUF struct buf a = BUF_INIT(DIFF_BYTES_MAX), b = BUF_INIT(DIFF_BYTES_MAX);
	AUTO_CLOSE int old = -1, new = -1;
	bool ok = true;

	if (S_ISREG(c->from.st_mode)) {
		old = stage_open_old(stage, c->path);
		ok = old >= 0 && read_side(old, &a);
	}
	if (ok && S_ISREG(c->to.st_mode)) {
		new = stage_open_new(stage, c->path);
		ok = new >= 0 && read_side(new, &b);
	}
	if (a.full || b.full)
		show_sizes(s, c, "too large to be shown");
	else if (!ok)
		show_sizes(s, c, "cannot be read");
	else if (diff_is_binary(a.data, a.len) || diff_is_binary(b.data, b.len))
		show_sizes(s, c, "binary");
	else
		diff_text(a.data, a.len, b.data, b.len, show_line, s);
}

static void
show_one(struct show *s, const struct stage *stage, const struct stage_list *l,
	 const struct stage_change *c)
{
	char target[STAGE_LINK_MAX];

	s->cut = 0;
	show_change(s->t, s->to, stage, l, c);
	if (S_ISLNK(c->to.st_mode) && stage_read_link(stage, c->path, target))
		term_linef(s->t, s->to, STYLE_ADD, "-> %s", target);
	else if (c->kind != STAGE_ODD && c->kind != STAGE_MODE &&
		 (S_ISREG(c->to.st_mode) || S_ISREG(c->from.st_mode)))
		show_texts(s, stage, c);
	if (s->cut)
		term_linef(s->t, s->to, STYLE_DIM, "… %zu lines more: /diff %s", s->cut,
			   c->path);
}

static bool
is_wanted(const char *const *paths, const char *path)
{
	for (const char *const *p = paths; p && *p; p++)
		if (stage_below(path, *p))
			return true;
	return !paths;
}

void
staged_show_diff(struct term *t, enum term_to to, const struct stage *stage,
		 const struct stage_list *l, const char *const *paths, size_t lines)
{
	struct show s = {.t = t, .to = to, .left = lines ? lines : SIZE_MAX};
	size_t shown = 0, rest = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (!is_wanted(paths, l->at[i].path))
			continue;
		if (s.left == 0 && shown) {
			rest++;
			continue;
		}
		show_one(&s, stage, l, &l->at[i]);
		shown++;
	}
	if (rest)
		term_linef(t, to, STYLE_DIM, "… %zu more changes: /diff PATH", rest);
	if (!shown)
		term_line(t, to, STYLE_NOTICE,
			  paths ? "nothing is changed there" : "nothing is changed");
	show_cut(t, to, l);
}

/* ---- applying ---- */

struct applying {
	struct term *t;
	enum term_to to;
	size_t done, refused, held, dropped;
};

static void
applied(const struct stage_change *c, enum stage_outcome o, const char *why, void *arg)
{
	struct applying *x = arg;

	x->done += o == STAGE_APPLIED;
	x->refused += o == STAGE_REFUSED;
	x->held += o == STAGE_HELD;
	x->dropped += o == STAGE_DROPPED;
	if (o == STAGE_APPLIED && !why)
		return;
	term_linef(x->t, x->to, o == STAGE_REFUSED ? STYLE_ERROR : STYLE_WARN,
		   "  %s: %s: %s", c->path,
		   o == STAGE_APPLIED	? "applied"
		   : o == STAGE_REFUSED ? "refused"
		   : o == STAGE_HELD	? "held back"
					: "dropped",
		   why);
}

bool
staged_apply(struct term *t, enum term_to to, struct stage *s, const struct stage_list *l,
	     const char *const *paths)
{
	struct applying x = {.t = t, .to = to};
	AUTO_FREE char *done = NULL;

	stage_apply_list(s, l, paths, applied, &x);
	done = staged_count(x.done, "change");
	if (x.done || !(x.refused || x.held || x.dropped))
		term_linef(t, to, STYLE_NOTICE, "%s applied to the workspace",
			   x.done  ? done
			   : paths ? "nothing is changed there: nothing was"
				   : "nothing was");
	if (x.refused)
		term_linef(t, to, STYLE_WARN, "%zu refused: the layer keeps them%s%s",
			   x.refused, ", in ", stage_folder(s));
	if (x.held)
		term_linef(t, to, STYLE_WARN, "%zu held back: name them to apply them",
			   x.held);
	return x.refused == 0;
}

/* One word as a shell reads it, so that names with blanks can be written: '…', "…" and \. */
static char *
staged_word(char **at)
{
	char *word = *at, *to = word, *p = word, quote = 0;

	for (; *p && (quote || *p != ' '); p++) {
		if (quote ? *p == quote : (*p == '\'' || *p == '"'))
			quote = quote ? 0 : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*to++ = *++p;
		else
			*to++ = *p;
	}
	*at = p + (*p != 0);
	*to = 0;
	return strncmp(word, "./", 2) == 0 ? word + 2 : word;
}

const char **
staged_paths(const char *arg, char **text)
{
	const char **list = NULL;
	size_t n = 0;

	*text = mem_strdup(arg);
	if (strcmp(arg, "all") == 0 || !*arg)
		return NULL;
	for (char *p = *text + strspn(*text, " "); *p; p += strspn(p, " ")) {
		list = mem_array(list, n + 2, sizeof(*list));
		list[n++] = staged_word(&p);
		list[n] = NULL;
	}
	return list;
}
