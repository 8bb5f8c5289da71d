/* The user's rules for steps. See rules.h. Pinned by tests/unit/test_shell.c. */
#include <string.h>
#include <strings.h>

#include "agent/core/rules.h"
#include "agent/gate/shell.h"

#define RULES_LANGUAGE_MAX 32 /* bytes of a language's name */

/* "shell: git status": the language and the words behind it, "" when there are none. */
static bool
rules_parse(const char *rule, char language[RULES_LANGUAGE_MAX], const char **words)
{
	size_t n = strcspn(rule, ": \t");

	if (n == 0 || n >= RULES_LANGUAGE_MAX)
		return false;
	memcpy(language, rule, n);
	language[n] = '\0';
	rule += n + strspn(rule + n, " \t");
	if (*rule && *rule != ':')
		return false;
	rule += *rule == ':';
	*words = rule + strspn(rule, " \t");
	return true;
}

static bool
rules_is_shell(const struct kernel *k)
{
	return strcmp(k->name, "shell") == 0;
}

static enum err_kind
rules_check_list(const char *key, const char *const *list, struct err *e)
{
	for (; list && *list; list++) {
		char language[RULES_LANGUAGE_MAX];
		const struct kernel *k = NULL;
		const char *words = "";
		bool fine = rules_parse(*list, language, &words);

		if (fine && strcmp(language, "*") != 0)
			k = kernel_find(language);
		if (fine && (k || strcmp(language, "*") == 0) &&
		    (!*words || (k && rules_is_shell(k))))
			continue;
		err_set(e, ERR_CONFIG, "%s: '%s' is no rule", key, *list);
		err_hint(e, *words
				? "only rules for the shell have words: 'shell: git status'"
				: "a rule is a language, '*', or 'shell: git status'");
		return ERR_CONFIG;
	}
	return ERR_NONE;
}

enum err_kind
rules_check(const struct rules *r, struct err *e)
{
	enum err_kind kind = rules_check_list("deny", r->deny, e);

	if (!kind)
		kind = rules_check_list("ask", r->ask, e);
	return kind ? kind : rules_check_list("allow", r->allow, e);
}

/* The rule is for this language. */
static bool
rules_speaks(const char *rule, const struct kernel *k, const char **words)
{
	char language[RULES_LANGUAGE_MAX];

	return rules_parse(rule, language, words) &&
	       (strcmp(language, "*") == 0 || kernel_find(language) == k);
}

/* The rule that one of the commands, or the language, falls under; NULL: none. *words: a rule
 * for words was among them. */
static const char *
rules_any(const char *const *list, const struct kernel *k, const struct shell_list *l,
	  bool *has_words)
{
	for (; list && *list; list++) {
		const char *words;

		if (!rules_speaks(*list, k, &words))
			continue;
		if (!*words)
			return *list;
		*has_words = true;
		for (size_t i = 0; i < l->n; i++)
			if (shell_runs(&l->at[i], words))
				return *list;
	}
	return NULL;
}

static bool
rules_covers(const char *const *list, const struct kernel *k, const struct shell_command *c)
{
	for (; list && *list; list++) {
		const char *words;

		if (rules_speaks(*list, k, &words) && *words && shell_begins(c, words))
			return true;
	}
	return false;
}

/* All commands are allowed by words, or the language as a whole is. Words for a command do not
 * name the files that the shell itself would write for it. */
static bool
rules_allow(const char *const *list, const struct kernel *k, const struct shell_list *l,
	    const char **rule)
{
	*rule = NULL;
	for (const char *const *p = list; p && *p; p++) {
		const char *words;

		if (rules_speaks(*p, k, &words) && !*words) {
			*rule = *p;
			return true;
		}
	}
	if (l->unsure || l->writes || l->n == 0)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!rules_covers(list, k, &l->at[i]))
			return false;
	return true;
}

struct rule_match
rules_judge(const struct rules *r, const struct kernel *k, const char *code, size_t n)
{
	struct rule_match m = {.verdict = RULE_NONE};
	struct shell_list l = {0};
	bool words = false;

	if (!(r->deny && *r->deny) && !(r->ask && *r->ask) && !(r->allow && *r->allow))
		return m;
	if (rules_is_shell(k))
		shell_split(code, n, &l);
	if ((m.rule = rules_any(r->deny, k, &l, &words)) != NULL)
		m.verdict = RULE_DENY;
	else if ((m.rule = rules_any(r->ask, k, &l, &words)) != NULL)
		m.verdict = RULE_ASK;
	else if (l.unsure && words)
		m.verdict = RULE_ASK;
	else if (rules_allow(r->allow, k, &l, &m.rule))
		m.verdict = RULE_ALLOW;
	shell_list_release(&l);
	return m;
}
