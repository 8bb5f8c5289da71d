/* The history file: one entry a line, newlines and backslashes escaped; mode 0600.
 *
 * Several sessions may share it: entries are appended under a lock, and a file grown too long
 * is rewritten beside itself and renamed. Lines that cannot be entries are skipped. */
#ifndef SUNABA_UI_LINE_HIST_H
#define SUNABA_UI_LINE_HIST_H

#include "agent/base/buf.h"
#include "agent/base/err.h"

#define HIST_ENTRIES_MAX 1000	    /* kept */
#define HIST_ENTRY_MAX	 (64 * KIB) /* bytes; longer entries are not stored */

typedef void hist_fn(const char *text, void *arg);

/* Calls fn for each entry, oldest first, each text once (its newest place counts). No file is
 * no error. */
enum err_kind hist_load(const char *path, hist_fn *fn, void *arg, struct err *e);
/* Appends; an entry that begins with a space, is empty or too long is not stored. */
enum err_kind hist_append(const char *path, const char *text, struct err *e);

/* The entry as a line of the file, and back; hist_decode() is false for what is none. */
void hist_encode(struct buf *out, const char *text);
bool hist_decode(struct buf *out, const char *p, size_t n);

#endif
