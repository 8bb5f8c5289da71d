/* The user's rules for steps: allow, ask and deny, by language and, for the shell, by the first
 * words of a command.
 *
 *	python			every step in Python
 *	shell: git status	a shell script all of whose commands begin so
 *	*			every step
 *
 * deny goes before ask, ask before allow. One command is enough to deny or to ask; to allow, each
 * must match, and a script that writes a file by a redirection, or cannot be taken apart with
 * certainty, is never allowed by words; the latter is asked about where any rule for words could
 * have applied. Rules decide only what would be a plain confirmation: none opens the gate. */
#ifndef SUNABA_CORE_RULES_H
#define SUNABA_CORE_RULES_H

#include "agent/base/err.h"
#include "tools/kernels/kernels.h"

enum rule_verdict { RULE_NONE, RULE_ALLOW, RULE_ASK, RULE_DENY };

/* Texts, NULL-terminated lists, borrowed. */
struct rules {
	const char *const *allow, *const *ask, *const *deny;
};

struct rule_match {
	enum rule_verdict verdict;
	const char *rule; /* its text, borrowed from the rules; NULL: no one rule decided */
};

/* ERR_CONFIG names the rule and what is wrong with it. */
enum err_kind rules_check(const struct rules *r, struct err *e);
struct rule_match
rules_judge(const struct rules *r, const struct kernel *k, const char *code, size_t n);

#endif
