/* Standard input as the task, or as data for it. */
#ifndef SUNABA_STDIN_H
#define SUNABA_STDIN_H

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/loop.h"
#include "agent/ui/term.h"

#define STDIN_MAX (512 * KIB) /* bytes that can go to a model as they are */

/* Reads standard input when it is no terminal. `have_task`: it is only data, so a pipe that
 * stays silent is given up after a short grace, with a notice; else it is the task and is
 * waited for. ERR_LIMIT past STDIN_MAX, ERR_INTERRUPTED, ERR_TERMINATED. */
enum err_kind
stdin_read(struct loop *l, struct term *t, bool have_task, struct buf *out, struct err *e);

#endif
