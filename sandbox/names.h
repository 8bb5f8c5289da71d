/* What a file's name says: a secret, a thing that programs outside run by themselves, a folder
 * not worth a look. Pure. */
#ifndef SUNABA_SANDBOX_NAMES_H
#define SUNABA_SANDBOX_NAMES_H

#include "sandbox/util.h"

/* Editors, shells and this program act on it as soon as they see it. */
bool name_runs(const char *name);
/* The folders of packages, in which nobody works. */
bool name_skipped(const char *name);

enum name_secret {
	SECRET_NO,
	SECRET_YES,
	SECRET_KEY,   /* when it holds a private key */
	SECRET_TOKEN, /* when it holds a token of npm's */
};
enum name_secret name_secret(const char *name);
/* For SECRET_KEY and SECRET_TOKEN: the file's text holds what its name makes one expect. */
bool name_secret_text(enum name_secret kind, const char *text, size_t n);

#endif
