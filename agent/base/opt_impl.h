/* What the files of the option engine share; nobody else includes this. */
#ifndef SUNABA_BASE_OPT_IMPL_H
#define SUNABA_BASE_OPT_IMPL_H

#include "agent/base/opt.h"

struct opt_value {
	enum opt_rank rank;
	char *text;  /* owned; NULL: the row's default */
	char **list; /* list rows: NULL-terminated, owned */
	size_t nlist;
	double num;   /* number-like rows and flags (0, 1) */
	char *source; /* owned; NULL: "default" */
};

struct opts {
	const struct opt_row *rows;
	size_t n;
	char **args; /* positionals, borrowed texts; the array is ours */
	int nargs;
	bool dashed; /* "--" stood before the first positional */
	char **notices;
	size_t nnotices;
	struct opt_value values[];
};

/* Text to flag; false when it is none of the known words. */
bool opt_parse_flag(const char *text, bool *out);

#endif
