/* `sunaba trust [DIR | list | remove [DIR]]`: see trust.h. Pinned by tests/e2e/test_gate.py. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/options.h"
#include "agent/trust.h"

static void
trust_print(const char *dir, enum trust_answer a, void *arg)
{
	(void)arg;
	fputs(a == TRUST_YES ? "trusted      " : "not trusted  ", stdout);
	cmd_puts(stdout, dir);
	putchar('\n');
}

static int
trust_change(const char *word, enum trust_answer answer)
{
	char dir[4096];
	struct err e = {0};

	/* A folder that is gone can still be taken back, by the path it had. */
	if (!realpath(word, dir)) {
		if (answer != TRUST_UNASKED || *word != '/' ||
		    strlen(word) >= sizeof(dir)) {
			err_sys(&e, ERR_USAGE, "'%s'", word);
			return cmd_fail(&e);
		}
		memcpy(dir, word, strlen(word) + 1);
	}
	if (trust_set(dir, answer, &e))
		return cmd_fail(&e);
	fputs(answer == TRUST_YES ? "trusted: " : "no longer trusted: ", stdout);
	cmd_puts(stdout, dir);
	putchar('\n');
	return cmd_end();
}

int
cmd_trust(struct opts *o)
{
	int n;
	char **words = opts_args(o, &n);
	bool remove = n > 0 && strcmp(words[0], "remove") == 0;
	struct err e = {0};

	if (n > (remove ? 2 : 1)) {
		err_set(&e, ERR_USAGE, "trust takes one folder");
		err_hint(&e, "sunaba trust [DIR | list | remove [DIR]]");
		return cmd_fail(&e);
	}
	if (n == 1 && strcmp(words[0], "list") == 0) {
		if (trust_each(trust_print, NULL, &e))
			return cmd_fail(&e);
		return cmd_end();
	}
	if (remove)
		return trust_change(n == 2 ? words[1] : ".", TRUST_UNASKED);
	return trust_change(n == 1 ? words[0] : ".", TRUST_YES);
}
