/* Files on the screen. See show.h.
 *
 * A name is the user's, but what stands behind it was made by code: in the workspace nothing is
 * followed that leads out of it, nothing but a regular file is opened, and all that is read is
 * bounded. Pictures are decoded in a cell (tools/picture.h), text passes the writer's gate.
 * Pinned by tests/e2e/test_pictures.py. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/show.h"
#include "agent/ui/answer.h"
#include "agent/ui/draw.h"
#include "agent/ui/live.h"
#include "tools/magic.h"
#include "tools/shown.h"

#define SHOW_TEXT_MAX	(64 * KIB)  /* bytes of a text that are shown */
#define SHOW_LINES_MAX	200	    /* of a text */
#define NAME_SHOWN_MAX	500	    /* bytes of a name */
#define SHOW_AT_ONCE	3	    /* pictures of one step that are drawn by themselves */
#define SHOW_PIXELS_MAX (16u << 20) /* of a picture that is drawn by itself */
#define SHOW_ROWS_KEPT	4	    /* rows of the screen that a picture leaves free */
#define OPEN_FLAGS	(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* ---- opening ---- */

/* The part of an absolute path below the workspace, or NULL. */
static const char *
show_below(const struct app *a, const char *path)
{
	size_t n = strlen(a->workspace);

	if (strncmp(path, a->workspace, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

/* A name in the workspace, as code sees it. Code changes the tree meanwhile: the kernel looks the
 * name up in one go. */
static int
show_open_below(const struct app *a, const char *name)
{
	int stage = sbx_session_stage(a->sandbox);
	struct open_how how = {.flags = OPEN_FLAGS,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
					  (stage >= 0 ? RESOLVE_NO_SYMLINKS : 0)};
	AUTO_CLOSE int root = -1;

	if (stage < 0)
		root = open(a->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return (int)syscall(SYS_openat2, stage >= 0 ? stage : root, *name ? name : ".",
			    &how, sizeof(how));
}

/* Where the user says so, with a whole path. */
static int
show_open_anywhere(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -1;
	if (!S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode)) { /* opening one may do something */
		errno = ENXIO;
		return -1;
	}
	return open(path, OPEN_FLAGS);
}

static enum err_kind
show_no_open(int sys, bool below, const char *name, struct err *e)
{
	errno = sys;
	err_sys(e, ERR_IO, "cannot open '%s'", name);
	if (sys == EXDEV) {
		err_set(e, ERR_IO, "'%s' leads out of the workspace", name);
		err_hint(e, "/show takes the whole path of the file that is meant");
	} else if (sys == ELOOP) {
		err_set(e, ERR_IO, "'%s' is a link", name);
		err_hint(e, "name the file that it leads to");
	} else if (sys == ENXIO) {
		err_set(e, ERR_IO, "'%s' is no regular file", name);
	} else if (sys == ENOENT && !below && strncmp(name, "/tmp/", 5) == 0) {
		err_hint(e, "code has a /tmp of its own; what it leaves in the workspace "
			    "can be shown");
	}
	return ERR_IO;
}

/* `name` is the path for messages. */
static enum err_kind
show_open(const struct app *a, const char *path, const char *name, int *fd, struct stat *st,
	  struct err *e)
{
	const char *below = *path == '/' ? show_below(a, path) : path;

	*fd = below ? show_open_below(a, below) : show_open_anywhere(path);
	if (*fd < 0)
		return show_no_open(errno, below, name, e);
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return ERR_NONE;
	err_set(e, ERR_IO, "'%s' is %s", name,
		S_ISDIR(st->st_mode) ? "a folder" : "no regular file");
	close(TAKE_FD(*fd));
	return ERR_IO;
}

/* The name on one line, with nothing in it that hides or turns text around: code chose it. */
static char *
show_name(const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(4 * KIB);

	shown_add(&b, path, strlen(path), NAME_SHOWN_MAX);
	return buf_take(&b);
}

/* ---- showing ---- */

static void
show_caption(struct app *a, const char *name, const char *what, off_t size)
{
	AUTO_FREE char *bytes = magic_size((size_t)size);

	term_linef(a->term, TERM_SIDE, STYLE_DIM, "%s · %s, %s", name, what, bytes);
}

static bool
name_ends(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcasecmp(name + n - k, end) == 0;
}

static void
show_text(struct app *a, const char *name, const char *p, size_t n, off_t size)
{
	struct md *md;
	size_t shown;

	show_caption(a, name,
		     utf8_valid(p, n - utf8_tail(p, n)) ? "text" : "text that is not UTF-8",
		     size);
	if (name_ends(name, ".md") && term_esc(a->term) && (off_t)n == size) {
		md = answer_new(a->term, false);
		md_feed(md, p, n);
		md_finish(md);
		md_free(md);
		return;
	}
	shown = live_text(a->term, p, n, SHOW_LINES_MAX);
	if ((off_t)shown < size)
		term_linef(a->term, TERM_SIDE, STYLE_DIM, "[%lld more bytes]",
			   (long long)size - (long long)shown);
}

static enum err_kind
show_picture(struct app *a, const char *name, int fd, const struct picture_head *h,
	     off_t size, struct err *e)
{
	AUTO_FREE char *what = mem_printf(
	    "%s image %ux%u", h->kind == PICTURE_PNG ? "PNG" : "JPEG", h->width, h->height);

	show_caption(a, name, what, size);
	return draw_picture(a->term, a->loop, fd, name, h,
			    MAX_OF(term_height(a->term) - SHOW_ROWS_KEPT, 4), e);
}

static enum err_kind
show_file(struct app *a, const char *name, int fd, off_t size, struct err *e)
{
	AUTO_FREE char *head = mem_alloc(PICTURE_HEAD_MAX), *words = NULL;
	struct picture_head h;
	struct magic m = {0};
	const char *why;
	ssize_t n = pread(fd, head, PICTURE_HEAD_MAX, 0);

	if (n < 0)
		return err_sys(e, ERR_IO, "cannot read '%s'", name);
	if (n == 0) {
		term_linef(a->term, TERM_SIDE, STYLE_DIM, "%s is empty", name);
		return ERR_NONE;
	}
	if (picture_head(head, (size_t)n, &h, &why))
		return show_picture(a, name, fd, &h, size, e);
	if (why)
		return err_set(e, ERR_PARSE, "'%s' cannot be drawn: %s", name, why);
	if (!magic_known(head, (size_t)n, &m) && !magic_binary(head, (size_t)n, &m)) {
		show_text(a, name, head, MIN_OF((size_t)n, SHOW_TEXT_MAX), size);
		return ERR_NONE;
	}
	words = magic_words(&m);
	show_caption(a, name, words, size);
	term_line(a->term, TERM_SIDE, STYLE_DIM,
		  "PNG and JPEG pictures are drawn, and text is shown");
	return ERR_NONE;
}

/* ---- /show ---- */

/* The path as it was typed: quoted, or with the backslashes of completion. */
static char *
show_unquote(const char *arg)
{
	size_t n = strlen(arg);
	AUTO_FREE char *bare = mem_strdup(arg);
	char *to = bare;

	if (n >= 2 && (*arg == '"' || *arg == '\'') && arg[n - 1] == *arg)
		return mem_strndup(arg + 1, n - 2);
	for (const char *p = arg; *p; p++) {
		if (*p == '\\' && p[1] && strchr(" \t\\\"'", p[1]))
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return fs_expand(bare);
}

enum slash_end
slash_show(struct app *a, const char *arg)
{
	AUTO_FREE char *path = *arg ? show_unquote(arg) : mem_strdup(a->picture);
	AUTO_FREE char *name = path ? show_name(path) : NULL;
	AUTO_CLOSE int fd = -1;
	struct stat st = {0};
	struct err e = {0};
	enum err_kind kind;

	if (!path) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "which file? /show FILE; alone it shows a step's last picture");
		return SLASH_DONE;
	}
	kind = show_open(a, path, name, &fd, &st, &e);
	if (!kind)
		kind = show_file(a, name, fd, st.st_size, &e);
	if (kind == ERR_INTERRUPTED)
		loop_take_interrupts(a->loop);
	else if (kind)
		term_error(a->term, &e);
	return SLASH_DONE;
}

/* ---- after a step ---- */

enum show_when { SHOW_AUTO, SHOW_ASK, SHOW_NEVER };

static enum show_when
show_when(const struct app *a)
{
	const char *word = opt_str(a->opts, OPT_PICTURES);

	if (!term_out_tty(a->term) || strcmp(word, "never") == 0)
		return SHOW_NEVER;
	return strcmp(word, "auto") == 0 && draw_can() ? SHOW_AUTO : SHOW_ASK;
}

/* Small enough to be drawn without having been asked for. */
static bool
show_is_small(const char *head, ssize_t n, struct picture_head *h)
{
	const char *why;

	return n > 0 && picture_head(head, (size_t)n, h, &why) &&
	       (uint64_t)h->width * h->height <= SHOW_PIXELS_MAX;
}

/* True: it was drawn, or the user was told why it cannot be. */
static bool
show_at_once(struct app *a, const char *path)
{
	AUTO_FREE char *head = mem_alloc(PICTURE_HEAD_MAX), *name = show_name(path);
	AUTO_CLOSE int fd = -1;
	struct picture_head h;
	struct stat st = {0};
	struct err e = {0};
	enum err_kind kind;

	if (show_open(a, path, name, &fd, &st, &e) ||
	    !show_is_small(head, pread(fd, head, PICTURE_HEAD_MAX, 0), &h))
		return false;
	kind =
	    draw_picture(a->term, a->loop, fd, name, &h, term_height(a->term) * 2 / 3, &e);
	if (kind == ERR_CONFIG) /* /show says what to install */
		return false;
	if (kind && kind != ERR_INTERRUPTED)
		term_linef(a->term, TERM_SIDE, STYLE_DIM, "[%s]", e.msg);
	return true;
}

void
show_changes(const struct change_list *l, void *arg)
{
	struct app *a = arg;
	enum show_when when;
	size_t drawn = 0, left = 0;

	if (!l)
		return;
	live_files(a->term, l);
	when = change_list_has_picture(l) ? show_when(a) : SHOW_NEVER;
	for (size_t i = 0; i < l->n; i++) {
		if (!l->at[i].picture.what)
			continue;
		free(a->picture);
		a->picture = mem_strdup(l->at[i].path);
		if (when == SHOW_AUTO && drawn < SHOW_AT_ONCE &&
		    show_at_once(a, l->at[i].path))
			drawn++;
		else
			left++;
	}
	if (left && when != SHOW_NEVER && a->session->conf.interactive)
		term_line(a->term, TERM_SIDE, STYLE_DIM,
			  left + drawn > 1 ? "/show FILE draws a picture"
					   : "/show draws it here");
}
