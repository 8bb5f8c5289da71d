/* git's configuration files: sandbox/gitconf.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sandbox/gitconf.h"

static char seen[4096];

static void
note(const struct gitconf *c, void *arg)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s|%s|%s=%s%s\n", c->section, c->sub, c->name,
		 c->value, c->bare ? "!" : "");
}

static bool
reads(const char *text)
{
	seen[0] = 0;
	return gitconf_read(text, strlen(text), note, NULL);
}

static void
test_syntax(void **state)
{
	(void)state;
	assert_true(
	    reads("; c\n[Core]\n\tFileMode = true ; x\n\tbare\n[remote \"o\\\"r\"]\r\n"
		  "url = \" a b \"c\\\n d # e\n[old.Style] x=1\n"));
	assert_string_equal(seen, "core||filemode=true\ncore||bare=!\n"
				  "remote|o\"r|url= a b c d\nold|style|x=1\n");
	assert_true(reads("\xEF\xBB\xBF[a]b=c"));
	assert_string_equal(seen, "a||b=c\n");
	assert_true(reads(""));
	assert_true(reads("[a] b = 'c' # d\n"));
	assert_string_equal(seen, "a||b='c'\n");
	assert_false(reads("b = c\n"));
	assert_false(reads("[a\nb = c\n"));
	assert_false(reads("[a]\n1b = c\n"));
	assert_false(reads("[a]\nb = \"c\n"));
	assert_false(reads("[a]\nb c\n"));
	assert_false(reads("[a \"b\n\"]\n"));
}

static bool
runs(const char *text)
{
	struct queue q = {0};
	bool yes = gitconf_clean(text, strlen(text), NULL, NULL, &q) > 0;

	queue_free(&q);
	return yes;
}

static void
test_what_runs(void **state)
{
	static const char *const harmful[] = {"[core] fsmonitor = ./x",
					      "[core]\nhooksPath = h",
					      "[CORE]\nSSHCOMMAND = x",
					      "[alias] st = status",
					      "[include] path = x",
					      "[includeIf \"a\"] path = x",
					      "[filter \"l\"] clean = x",
					      "[filter \"l\"] process = x",
					      "[diff] external = x",
					      "[diff \"a\"] textconv = x",
					      "[diff \"a\"] command = x",
					      "[merge \"a\"] driver = x",
					      "[credential] helper = x",
					      "[credential \"u\"] helper = x",
					      "[gpg] program = x",
					      "[gpg \"ssh\"] defaultKeyCommand = x",
					      "[core] editor = x",
					      "[core] pager = x",
					      "[pager] log = x",
					      "[sequence] editor = x",
					      "[core] askPass = x",
					      "[remote \"o\"] uploadpack = x",
					      "[remote \"o\"] vcs = x",
					      "[remote \"o\"] url = ext::sh -c x",
					      "[url \"ext::sh\"] insteadOf = a",
					      "[protocol \"ext\"] allow = always",
					      "[submodule \"s\"] update = !x",
					      "[mergetool \"m\"] cmd = x",
					      "[difftool \"m\"] path = x",
					      "[init] templateDir = x",
					      "[hook \"x\"] command = y",
					      "[uploadpack] packObjectsHook = x",
					      "[trailer \"t\"] command = x",
					      "[tar \"t\"] command = x",
					      "[core] gitProxy = x",
					      "[sendemail] smtpServer = /x",
					      "[core.alias] x = !y",
					      "[broken",
					      "[interactive] diffFilter = x",
					      "[gc] recentObjectsHook = x"};
	static const char *const harmless[] = {
	    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n",
	    "[user] name = x\n\temail = y",
	    "[remote \"o\"] url = https://h/x\n fetch = +a:b",
	    "[branch \"m\"] merge = refs/heads/m",
	    "[pull] rebase = true",
	    "[core] fsmonitor = false",
	    "[pager] log = false",
	    "[core] worktree = ../../x",
	    "[clean] requireForce = false",
	    "[extensions] worktreeConfig = true",
	    "[diff] algorithm = histogram",
	    "[merge] conflictStyle = diff3"};

	(void)state;
	for (size_t i = 0; i < SBX_LEN(harmful); i++)
		if (!runs(harmful[i]))
			fail_msg("%s", harmful[i]);
	for (size_t i = 0; i < SBX_LEN(harmless); i++)
		if (runs(harmless[i]))
			fail_msg("%s", harmless[i]);
}

static void
test_clean(void **state)
{
	const char *text = "[core]\n\tbare = false\n\tfsmonitor = a \\\n b\n[alias] x = y\n"
			   "[user] name = n\n";
	struct queue q = {0};

	(void)state;
	assert_int_equal(gitconf_clean(text, strlen(text), NULL, NULL, &q), 2);
	queue_add(&q, "", 1);
	assert_true(reads((const char *)queue_head(&q)));
	assert_string_equal(seen, "core||bare=false\nuser||name=n\n");
	queue_free(&q);
	assert_int_equal(gitconf_clean("[x", 2, NULL, NULL, &q), 1);
	assert_int_equal(queue_len(&q), 0);
}

/* A value one longer than its field cannot be judged. */
static void
test_long(void **state)
{
	char text[2048] = "[a]\nb = ";
	size_t n = strlen(text);

	(void)state;
	memset(text + n, 'x', 1023);
	assert_false(runs(text));
	text[n + 1023] = 'x';
	assert_true(runs(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_syntax),
	    cmocka_unit_test(test_what_runs),
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
