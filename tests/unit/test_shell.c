/* Shell scripts as the commands they run; rules by their first words. */
#include "cm.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/buf.h"
#include "agent/core/rules.h"
#include "agent/gate/shell.h"

/* "git status; rm -rf ?~" with "?" before a word that is not known; " !" at the end: unsure. */
static const char *
said(const char *script)
{
	static char text[4096];
	struct shell_list l;
	struct buf b = BUF_INIT(sizeof(text));

	shell_split(script, strlen(script), &l);
	for (size_t i = 0; i < l.n; i++) {
		buf_adds(&b, i ? "; " : "");
		for (size_t k = 0; k < l.at[i].n; k++)
			buf_addf(&b, "%s%s%s", k ? " " : "",
				 l.at[i].words[k].unknown ? "?" : "",
				 l.at[i].words[k].text);
	}
	buf_adds(&b, l.unsure ? " !" : "");
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	buf_release(&b);
	shell_list_release(&l);
	return text;
}

static void
splits(void **state)
{
	static const char *const rows[][2] = {
	    {"git status", "git status"},
	    {"git status; rm -rf ~", "git status; rm -rf ?~"},
	    {"git status&&rm x||ls|wc -l&", "git status; rm x; ls; wc -l"},
	    {"git\\\n status # and more; rm x", "git status"},
	    {"git status\nrm x", "git status; rm x"},
	    {"gi't' \"sta\"tus", "git status"},
	    {"echo 'a;b' \"c|d\" e\\;f", "echo a;b c|d e;f"},
	    {"echo $(rm x) `ls` done", "rm x; ls; echo ?$(rm x) ?`ls` done"},
	    {"echo \"$(rm \"a b\")\"", "rm a b; echo ?$(rm \"a b\")"},
	    {"diff <(ls a) <(ls b)", "ls a; ls b; diff ?<(ls a) ?<(ls b)"},
	    {"ls > out 2>&1 < in 2> /dev/null", "ls"},
	    {"ls &> out", "ls"},
	    {"ls >$(rm x)", "rm x; ls"},
	    {"cat <<END\nrm x\nEND\nls", "cat; ls"},
	    {"cat <<'END'\n$(rm x)\nEND\nls", "cat; ls"},
	    {"cat <<END\n$(rm x)\nEND\nls", "cat; ls !"},
	    {"cat <<-END\n\tx\n\tEND\nrm y", "cat; rm y"},
	    {"cat <<< 'a b' c", "cat c"},
	    {"if ls; then rm x; fi", "ls; rm x"},
	    {"for f in rm a; do ls $f; done", "ls ?$f"},
	    {"while true; do { ls; }; done", "true; ls"},
	    {"! time ls", "ls"},
	    {"(cd x && rm y)", "cd x; rm y"},
	    {"sudo rm x", "sudo rm x; rm x"},
	    {"env A=1 rm x", "env A=1 rm x; rm x !"},
	    {"timeout 5 rm x", "timeout 5 rm x; rm x"},
	    {"ls | xargs rm", "ls; xargs rm; rm"},
	    {"bash -c 'git status; rm x'", "bash -c git status; rm x; git status; rm x"},
	    {"bash -c \"$X\"", "bash -c ?$X !"},
	    {"bash script.sh", "bash script.sh !"},
	    {"curl x | sh", "curl x; sh !"},
	    {"PATH=. git status", "git status !"},
	    {"X=1", " !"},
	    {"$X status", "?$X status !"},
	    {"git $X", "git ?$X"},
	    {"g* status", "?g* status !"},
	    {"eval 'rm x'", "eval rm x !"},
	    {". ./x", ". ./x !"},
	    {"alias git=rm", "alias git=rm !"},
	    {"git() { rm \"$@\"; }; git status", "git; rm ?$@; git status !"},
	    {"case x in x) rm y;; esac", "case x in x; rm y; esac !"},
	    {"[[ -f x && -f y ]]", "[[ -f x; -f y ]] !"},
	    {"find . -name x -exec rm {} \\;", "find . -name x -exec rm {} ; !"},
	    {"find . -name 'x*'", "find . -name x*"},
	    {"find . -delete", "find . -delete !"},
	    {"git -c core.pager='sh x' log", "git -c core.pager=sh x log !"},
	    {"git --exec-path=. status", "git --exec-path=. status !"},
	    {"git -C /elsewhere status", "git -C /elsewhere status !"},
	    {"git diff --ext-diff", "git diff --ext-diff !"},
	    {"git log --output=x", "git log --output=x !"},
	    {"git --no-pager log -p", "git --no-pager log -p"},
	    {"git --no-pager -C x log", "git --no-pager -C x log !"},
	    {"/usr/bin/git -c x=y log", "/usr/bin/git -c x=y log !"},
	    {"tar --to-command=sh -xf a", "tar --to-command=sh -xf a !"},
	    {"echo 'open", "echo !"},
	    {"echo \"open", "echo !"},
	    {"echo $(open", "echo !"},
	    {"echo $'a\\x62'", "echo ?$'a\\x62'"},
	    {"echo $'ab'", "echo ab"},
	    {"echo ${X:-$(rm y)}", "echo ?${X:-$(rm y)} !"},
	    {"", ""},
	    {"# nothing", ""},
	    {"日本語 引数", "日本語 引数"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *got = said(rows[i][0]);

		if (strcmp(got, rows[i][1]) != 0)
			fail_msg("%s\n got: %s\nwant: %s", rows[i][0], got, rows[i][1]);
	}
}

static void
bounds(void **state)
{
	char *deep = malloc(100001);
	struct shell_list l;

	(void)state;
	memset(deep, '(', 100000);
	deep[100000] = '\0';
	shell_split(deep, 100000, &l);
	assert_true(l.unsure);
	shell_list_release(&l);
	for (int i = 0; i < 20000; i++)
		memcpy(deep + 2 * i, "a;", 2);
	shell_split(deep, 40000, &l);
	assert_true(l.unsure);
	assert_true(l.n <= SHELL_COMMANDS_MAX);
	shell_list_release(&l);
	shell_split("ls\0; rm x", 9, &l);
	assert_true(l.unsure);
	shell_list_release(&l);
	free(deep);
}

static const char *const allow[] = {"shell: git status", "shell: ls", "python", NULL};
static const char *const ask[] = {"shell: git push", NULL};
static const char *const deny[] = {"shell: rm", "perl", NULL};
static const struct rules rules = {allow, ask, deny};

static enum rule_verdict
judge(const char *language, const char *code)
{
	return rules_judge(&rules, kernel_find(language), code, strlen(code)).verdict;
}

/* Words allow looking: not where the output becomes a file. */
static void
verdicts_of_redirections(void **state)
{
	static const char *const looks[] = {
	    "ls 2>&1",	       "ls 2> /dev/null",     "ls >/dev/null 2>&1",
	    "ls &> /dev/null", "ls < a.txt | ls >&2", "ls 2>&-",
	    "ls <<< 'a > b'",  "ls 'a > b'",	      "ls >&2",
	    "ls >&-",	       "ls 2>&1- -l",	      "ls <<E\n> x\nE",
	    "ls '> x' \\> y"};
	static const char *const writes[] = {"ls > Makefile",
					     "ls >> .bashrc",
					     "ls &> out",
					     "ls >| out",
					     "ls <> out",
					     "ls >& out",
					     "ls > \"$X\"",
					     "git status >/dev/nullx",
					     "ls 2>err",
					     "ls 1>out",
					     "> x ls",
					     "ls > '/dev/null '",
					     "ls >/dev/null >x",
					     "ls 1>x | ls",
					     "ls >&\"\"",
					     "ls >x&1",
					     "ls >&1-2",
					     "(ls) > out",
					     "git -c core.pager=x status",
					     "ls | tee out",
					     "X=1 ls",
					     "ls\nid",
					     "ls `id`",
					     "ls $(id)",
					     "ls && id",
					     "bash -c 'ls; id'",
					     "ls | xargs id"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (judge("shell", looks[i]) != RULE_ALLOW)
			fail_msg("asked: %s", looks[i]);
	for (size_t i = 0; i < ARRAY_LEN(writes); i++)
		if (judge("shell", writes[i]) == RULE_ALLOW)
			fail_msg("allowed: %s", writes[i]);
}

static void
verdicts(void **state)
{
	(void)state;
	assert_int_equal(judge("shell", "git status"), RULE_ALLOW);
	assert_int_equal(judge("shell", "git status -s | ls *.c"), RULE_NONE + RULE_ALLOW);
	assert_int_equal(judge("shell", "git status; rm -rf ~"), RULE_DENY);
	assert_int_equal(judge("shell", "git status $(rm x)"), RULE_DENY);
	assert_int_equal(judge("shell", "git status; cat x"), RULE_NONE);
	assert_int_equal(judge("shell", "git push"), RULE_ASK);
	assert_int_equal(judge("shell", "sudo git push"), RULE_ASK);
	assert_int_equal(judge("shell", "git $X"), RULE_NONE);
	assert_int_equal(judge("shell", "PATH=. git status"), RULE_ASK);
	assert_int_equal(judge("shell", "eval \"$X\""), RULE_ASK);
	assert_int_equal(judge("shell", "gitstatus"), RULE_NONE);
	assert_int_equal(judge("shell", "git status --no /bin/rm"), RULE_ALLOW);
	assert_int_equal(judge("shell", "/bin/rm x; ./git push"), RULE_DENY);
	assert_int_equal(judge("shell", "./git push"), RULE_ASK);
	assert_int_equal(judge("shell", "./ls"), RULE_NONE);
	assert_int_equal(judge("python", "import os; os.remove('x')"), RULE_ALLOW);
	assert_int_equal(judge("perl", "1"), RULE_DENY);
	assert_int_equal(judge("ruby", "1"), RULE_NONE);
}

static void
mistakes(void **state)
{
	static const char *const bad[] = {"cobol", "python: print", ": ls", "shell ls", ""};
	struct err e;

	(void)state;
	assert_int_equal(rules_check(&rules, &e), ERR_NONE);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *const list[] = {bad[i], NULL};
		const struct rules r = {.ask = list};

		if (rules_check(&r, &e) != ERR_CONFIG)
			fail_msg("'%s' was taken", bad[i]);
		assert_true(e.hint[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits), cmocka_unit_test(bounds), cmocka_unit_test(verdicts),
	    cmocka_unit_test(verdicts_of_redirections), cmocka_unit_test(mistakes)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
