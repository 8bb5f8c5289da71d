/* Sessions in other forms. */
#ifndef SUNABA_EXPORT_H
#define SUNABA_EXPORT_H

#include "agent/app.h"
#include "agent/core/store.h"

#define EXPORT_MAX (256 * MIB) /* bytes of an exported session */

/* `format`: a word of --format. `path` NULL: standard output, its exact bytes where that is no
 * terminal. ERR_LIMIT past EXPORT_MAX. */
enum err_kind export_write(struct app *a, const struct store_file *f, const char *format,
			   const char *path, struct err *e);

/* The session that goes on, in the form that the file's name ends with. ERR_USAGE: a name that says
 * no form, a file that is there, or nothing was said yet. */
enum err_kind export_session(struct app *a, const char *path, struct err *e);

/* The forms, each from a session that was read as a whole. */
void export_html(const struct history *h, struct buf *out);
void export_ipynb(const struct history *h, struct buf *out);
/* "part 3 · untrusted · execute" */
void export_label(const struct msg *m, struct buf *out);
/* The same as members of an object. */
void export_put_label(const struct msg *m, struct json_writer *w);

#endif
