/* The folder of sessions: DIR/YYYY/MM/<time>-<id>.jsonl. */
#ifndef SUNABA_CORE_STORE_H
#define SUNABA_CORE_STORE_H

#include "agent/core/history.h"

struct store_file {
	char *path;
	char *name;	 /* "<time>-<id>" */
	const char *id;	 /* in it */
	int64_t changed; /* ns since 1970: when the last event was written */
};
struct store {
	struct store_file *at; /* the one that was written to last comes first */
	size_t n;
};

/* All sessions below `dir`; none when it is not there. ERR_IO: a folder cannot be read; what could
 * be is in *out. ERR_CONFIG: `dir` is NULL. */
enum err_kind store_list(const char *dir, struct store *out, struct err *e);
void store_release(struct store *s);
/* The session whose id, or whole name, begins with `word`. ERR_USAGE: there is none, or several. */
enum err_kind store_find(const struct store *s, const char *word,
			 const struct store_file **out, struct err *e);
/* Reads a session, without lock, into *h (initialised). */
enum err_kind store_read(const struct store_file *f, struct history *h, struct err *e);
/* Removes a session and the outputs that it kept. ERR_USAGE: a process uses it. */
enum err_kind store_remove(const struct store_file *f, struct err *e);
/* A new session that begins as a copy of this one up to part `at` (0: all of it). *id gets its id,
 * the caller's. ERR_USAGE: there is no such part. */
enum err_kind store_fork(const char *dir, const struct store_file *f, unsigned at,
			 char **id, struct err *e);

#endif
