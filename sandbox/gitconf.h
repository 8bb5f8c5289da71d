/* git's configuration files, as far as it matters who may write them: a pure reader.
 *
 * Code that can write a repository's config makes git run commands on the host. Fuzzed by
 * tests/fuzz/fuzz_gitconf.c. */
#ifndef SUNABA_SANDBOX_GITCONF_H
#define SUNABA_SANDBOX_GITCONF_H

#include "sandbox/util.h"

#define GITCONF_MAX SBX_GIT_CONFIG_MAX /* bytes of a file that is looked at */

/* One assignment; section and name in lower case. */
struct gitconf {
	char section[64], sub[512], name[64], value[1024]; /* "" when there is none */
	bool bare;					   /* no "=": true */
	bool cut; /* something was longer than its field */
	size_t
	    from; /* where the statement begins in the text, and where the next one may */
	size_t to;
};
typedef void gitconf_see(const struct gitconf *c, void *arg);

/* Calls `see` for each assignment. False when git would refuse the text too. */
bool gitconf_read(const char *text, size_t n, gitconf_see *see, void *arg);
/* git, or a program that it starts, would run the value, or read further settings by it. */
bool gitconf_runs(const struct gitconf *c);
typedef bool gitconf_judge(const struct gitconf *c, void *arg);
/* Appends the text without what gitconf_runs(), or `bad`, unless NULL, says is harmful too;
 * nothing of a text that cannot be read. The number of assignments left out, at least 1 for
 * such a text. */
size_t
gitconf_clean(const char *text, size_t n, gitconf_judge *bad, void *arg, struct queue *out);

#endif
