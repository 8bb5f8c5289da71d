/* Folders and files of a test, below $TMPDIR: tests/run.py looks there for what was left. */
#ifndef SUNABA_TESTS_TMP_H
#define SUNABA_TESTS_TMP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TMP_PATH 128 /* bytes */

static inline void
tmp_template(char path[TMP_PATH])
{
	const char *dir = getenv("TMPDIR");

	snprintf(path, TMP_PATH, "%s/test-XXXXXX", dir && *dir ? dir : "/tmp");
}

/* Makes an empty folder and gives its path. */
static inline bool
tmp_folder(char path[TMP_PATH])
{
	tmp_template(path);
	return mkdtemp(path) != NULL;
}

/* The same for a file; its descriptor, or -1. */
static inline int __attribute__((unused)) tmp_file(char path[TMP_PATH])
{
	tmp_template(path);
	return mkstemp(path);
}

#endif
