/* The one error type of the agent. See err.h. Pinned by tests/unit/test_base.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/err.h"

struct err_row {
	const char *word;
	int exit_code;
};

/* One row a kind: the word for events, the exit code of the program. */
static const struct err_row err_table[ERR_KINDS] = {
    [ERR_NONE] = {"none", 0},
    [ERR_INTERNAL] = {"internal", 1},
    [ERR_IO] = {"io", 1},
    [ERR_USAGE] = {"usage", 2},
    [ERR_CONFIG] = {"config", 2},
    [ERR_PARSE] = {"parse", 1},
    [ERR_LIMIT] = {"limit", 1},
    [ERR_NET] = {"net", 3},
    [ERR_AUTH] = {"auth", 3},
    [ERR_MODEL] = {"model", 3},
    [ERR_CONTEXT] = {"context", 3},
    [ERR_TRUNCATED] = {"truncated", 3},
    [ERR_SANDBOX] = {"sandbox", 4},
    [ERR_GATE] = {"gate", 5},
    [ERR_GOVERNOR] = {"governor", 6},
    [ERR_REPLAY] = {"replay", 7},
    [ERR_INTERRUPTED] = {"interrupted", 130},
    [ERR_TERMINATED] = {"terminated", 143},
};

/* Cuts at `size` without leaving half a UTF-8 sequence at the end. */
static void
err_trim(char *s, size_t size, int wrote)
{
	size_t n;

	if (wrote < 0 || (size_t)wrote < size)
		return;
	n = size - 1;
	while (n > 0 && ((unsigned char)s[n - 1] & 0xC0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)s[n - 1] >= 0xC0)
		n--;
	s[n] = '\0';
}

static void err_vset(struct err *e, enum err_kind kind, int sys, const char *fmt,
		     va_list ap) PRINTF_LIKE(4, 0);

static void
err_vset(struct err *e, enum err_kind kind, int sys, const char *fmt, va_list ap)
{
	struct err made = {.kind = kind, .sys = sys};
	int n = vsnprintf(made.msg, sizeof(made.msg), fmt, ap);

	err_trim(made.msg, sizeof(made.msg), n);
	*e = made; /* only now: an argument may be the old message */
}

enum err_kind
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return kind;
	va_start(ap, fmt);
	err_vset(e, kind, 0, fmt, ap);
	va_end(ap);
	return kind;
}

enum err_kind
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;
	size_t len;
	int n;

	if (!e)
		return kind;
	va_start(ap, fmt);
	err_vset(e, kind, sys, fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	n = snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", strerror(sys));
	err_trim(e->msg + len, sizeof(e->msg) - len, n);
	return kind;
}

enum err_kind
err_context(struct err *e, const char *fmt, ...)
{
	char made[sizeof(e->msg)];
	va_list ap;
	size_t len;
	int n;

	if (!e)
		return ERR_INTERNAL;
	va_start(ap, fmt);
	n = vsnprintf(made, sizeof(made), fmt, ap);
	va_end(ap);
	err_trim(made, sizeof(made), n);
	len = strlen(made);
	n = snprintf(made + len, sizeof(made) - len, ": %s", e->msg);
	err_trim(made + len, sizeof(made) - len, n);
	memcpy(e->msg, made, len + strlen(made + len) + 1);
	return e->kind;
}

void
err_hint(struct err *e, const char *fmt, ...)
{
	char made[sizeof(e->hint)];
	va_list ap;
	int n;

	if (!e)
		return;
	va_start(ap, fmt);
	n = vsnprintf(made, sizeof(made), fmt, ap);
	va_end(ap);
	err_trim(made, sizeof(made), n);
	memcpy(e->hint, made, sizeof(made));
}

void
err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

int
err_exit_code(enum err_kind kind)
{
	return kind < ERR_KINDS ? err_table[kind].exit_code : 1;
}

const char *
err_word(enum err_kind kind)
{
	return kind < ERR_KINDS ? err_table[kind].word : "internal";
}
