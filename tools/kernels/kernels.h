/* The languages that steps can be written in: rows of one table.
 *
 * A row says how an interpreter is started and which driver text it runs. The driver (a short
 * file in this folder, embedded at build) keeps the session's state and speaks the protocol of
 * sandbox.h on its own descriptors; standard streams belong to the user's code alone. */
#ifndef SUNABA_TOOLS_KERNELS_H
#define SUNABA_TOOLS_KERNELS_H

#include "agent/base/buf.h"

struct kernel {
	const char *name;	     /* "shell": what the model and the user call it */
	const char *const *aliases;  /* "bash", "sh", …; NULL-terminated */
	const char *program;	     /* looked up in PATH to tell whether it is installed */
	const char *const *argv;     /* as executed inside the jail */
	const char *script_name;     /* the driver's file name in the jail */
	const unsigned char *driver; /* its text */
	const unsigned char *driver_end;
	const char *debian; /* package to install when it is missing */
	const char *about;  /* one line for the user */
	const char *note;   /* what the model must know of it, a sentence; or NULL */
	const char *holds;  /* what is lost with its interpreter; or NULL: nothing */
};

/* By name or alias, case-insensitive; NULL when there is none. */
const struct kernel *kernel_find(const char *language);
/* The i-th row, NULL behind the last. */
const struct kernel *kernel_at(size_t i);
/* Whether its program is in one of the system folders of PATH that the jail shows. */
bool kernel_installed(const struct kernel *k);
/* "shell, python": the names of those that are installed, else `none`. */
void kernels_add_installed(struct buf *out, const char *none);
/* The notes of those that are installed, each a sentence behind a space. */
void kernels_add_notes(struct buf *out);

#endif
