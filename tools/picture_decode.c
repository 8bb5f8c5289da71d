/* The agent's side of decoding: starts the cell, takes exactly the pixels it asked for, and puts
 * the cell's end into words. Contract in picture.h.
 *
 * Pinned by tests/unit/test_picture.c and tests/e2e/test_pictures.py. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/base/clock.h"
#include "agent/base/mem.h"
#include "sandbox/sandbox.h"
#include "tools/picture.h"

#define NUMBER_MAX 12 /* characters of a side */

void
pixels_release(struct pixels *p)
{
	free(TAKE(p->rgb));
}

/* Pixels on their way. */
struct decoding {
	unsigned char *at;
	size_t left;
	int fd; /* -1: over */
};

static void
decoding_come(int fd, short revents UNUSED, void *arg)
{
	struct decoding *d = arg;
	unsigned char more;
	ssize_t n;

	do {
		n = d->left ? read(fd, d->at, d->left) : read(fd, &more, 1);
		if (n > 0 && d->left == 0)
			n = 0; /* more than was asked for: the last row is there, that will do */
		if (n > 0) {
			d->at += n;
			d->left -= (size_t)n;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n == 0 || errno != EAGAIN)
		d->fd = -1;
}

/* Turns the loop until the cell's pipe ends. */
static enum err_kind
decoding_wait(struct decoding *d, struct loop *l, struct err *e)
{
	int64_t end = clock_ms() + PICTURE_MS, left;
	int fd = d->fd;
	enum err_kind kind = ERR_NONE;

	loop_watch(l, fd, POLLIN, decoding_come, d);
	while (d->fd >= 0 && !kind) {
		left = end - clock_ms();
		if (left <= 0)
			kind = err_set(e, ERR_LIMIT, "decoding it takes too long");
		else if (loop_pending(l))
			kind = err_set(e, ERR_INTERRUPTED, "interrupted");
		else
			loop_wait(l, (int)left);
	}
	loop_unwatch(l, fd);
	return kind;
}

static enum err_kind
decoding_end(int status, const struct picture_head *h, struct err *e)
{
	const struct picture_lib *lib = picture_lib_of(h->kind);

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return err_set(e, ERR_LIMIT, "decoding it takes too long");
	if (WIFSIGNALED(status))
		return err_set(e, ERR_PARSE, "the decoder was stopped (SIG%s)",
			       sigabbrev_np(WTERMSIG(status)) ?: "?");
	switch (WEXITSTATUS(status)) {
	case PICTURE_DONE:
		return err_set(e, ERR_PARSE, "the decoder sent too little");
	case PICTURE_NO_LIBRARY:
		err_set(e, ERR_CONFIG, "%s is not installed", lib->soname);
		err_hint(e, "apt install %s", lib->package);
		return ERR_CONFIG;
	case PICTURE_NO_LOCK:
		err_set(e, ERR_SANDBOX, "the decoder cannot be locked in");
		err_hint(e, "this kernel has no system call filter (seccomp)");
		return ERR_SANDBOX;
	case PICTURE_NO_MEMORY:
		return err_set(e, ERR_LIMIT, "decoding it takes too much memory");
	case PICTURE_OTHER:
	case PICTURE_DAMAGED:
		return err_set(e, ERR_PARSE, "it is damaged");
	default:
		return err_set(e, ERR_INTERNAL, "the decoder could not be started");
	}
}

static enum err_kind
decoding_start(int in, const struct picture_head *h, const struct pixels *want, int *out,
	       pid_t *pid, struct err *e)
{
	const unsigned numbers[] = {(unsigned)h->kind, h->width, h->height, want->width,
				    want->height};
	char text[ARRAY_LEN(numbers)][NUMBER_MAX];
	const char *argv[ARRAY_LEN(numbers) + 2] = {PICTURE_CELL_NAME};
	struct sbx_fail f = {0};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		snprintf(text[i], sizeof(text[i]), "%u", numbers[i]);
		argv[i + 1] = text[i];
	}
	if (sbx_cell_start(argv, in, out, pid, &f))
		return ERR_NONE;
	errno = f.sys;
	return err_sys(e, ERR_INTERNAL, "the decoder could not be started");
}

enum err_kind
picture_decode(int fd, const char *name, const struct picture_head *h, struct loop *l,
	       struct pixels *out, struct err *e)
{
	size_t size = (size_t)out->width * out->height * 3;
	struct decoding d = {.left = size, .fd = -1};
	int status = 0, pipe = -1;
	enum err_kind kind;
	pid_t pid;

	out->rgb = NULL;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return err_sys(e, ERR_IO, "cannot read '%s'", name);
	kind = decoding_start(fd, h, out, &pipe, &pid, e);
	if (kind)
		return err_context(e, "'%s'", name);
	fcntl(pipe, F_SETFL, O_NONBLOCK);
	out->rgb = d.at = mem_alloc(size);
	d.fd = pipe;
	kind = decoding_wait(&d, l, e);
	if (kind || d.left == 0)
		kill(pid, SIGKILL); /* nothing more is wanted from it */
	close(pipe);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!kind && d.left > 0)
		kind = decoding_end(status, h, e);
	if (!kind)
		return ERR_NONE;
	pixels_release(out);
	return err_context(e, "'%s'", name);
}
