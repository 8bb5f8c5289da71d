/* Names, and the walk through folders: sandbox/names.h, sandbox/walk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/names.h"
#include "sandbox/walk.h"
#include "tests/unit/tmp.h"

static void
test_names(void **state)
{
	static const char *const secret[] = {".env",
					     ".env.local",
					     "id_rsa",
					     "id_ed25519",
					     "service-account-1.json",
					     ".netrc",
					     ".pypirc",
					     ".git-credentials"};
	static const char *const open[] = {
	    ".env.example",  ".env.prod.sample", "env",	   "id_rsa.pub",
	    ".env.template", "x.json",		 ".envrc", "my.env"};

	(void)state;
	for (size_t i = 0; i < SBX_LEN(secret); i++)
		assert_int_equal(name_secret(secret[i]), SECRET_YES);
	for (size_t i = 0; i < SBX_LEN(open); i++)
		assert_int_equal(name_secret(open[i]), SECRET_NO);
	assert_int_equal(name_secret("a.pem"), SECRET_KEY);
	assert_int_equal(name_secret(".npmrc"), SECRET_TOKEN);
	assert_true(name_secret_text(SECRET_KEY, "-----BEGIN EC PRIVATE KEY", 25));
	assert_false(name_secret_text(SECRET_KEY, "-----BEGIN CERTIFICATE", 22));
	assert_true(name_secret_text(SECRET_TOKEN, "//h/:_authToken=x", 17));
	assert_true(name_runs(".vscode") && name_runs(".Envrc") && !name_runs("vscode"));
}

static char top[TMP_PATH];

static const char *
below(const char *name)
{
	static char path[2][512];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", top, name);
	return path[turn];
}

static void
make(const char *name)
{
	assert_int_equal(mkdir(below(name), 0755), 0);
}

static void
touch(const char *name)
{
	int fd = open(below(name), O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	close(fd);
}

static char seen[8192];

static bool
see(const struct walk_entry *e, void *arg)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof(seen) - n, "%s%s ", e->bare ? "bare:" : "", e->path);
	return !e->bare;
}

static bool
saw(const char *path)
{
	char word[128];

	snprintf(word, sizeof(word), "%s ", path);
	return strstr(seen, word);
}

static void
test_first_and_again(void **state)
{
	struct walk *w;
	int fd;

	(void)state;
	make("a"), make("a/b"), make("node_modules"), make("node_modules/x"),
	    touch("a/b/f");
	touch("node_modules/x/hidden");
	make("g"), make("g/objects"), make("g/refs"), make("g/refs/heads"), touch("g/HEAD");
	assert_int_equal(symlink("/", below("out")), 0);
	fd = open(top, O_PATH | O_DIRECTORY);
	w = walk_new(fd);
	walk_run(w, see, NULL);
	assert_true(saw("a/b/f") && saw("out") && saw("bare:g") && saw("node_modules/x"));
	assert_false(saw("node_modules/x/hidden") || saw("out/usr") || saw("g/refs/heads"));
	assert_false(walk_cut(w));
	/* Within the clock's step it looks again, afterwards no more, until something changes. */
	for (int i = 0; i < 100; i++) {
		seen[0] = 0;
		walk_run(w, see, NULL);
		if (!seen[0])
			break;
		usleep(1000);
	}
	assert_string_equal(seen, "");
	touch("a/b/g");
	walk_run(w, see, NULL);
	assert_true(saw("a/b/g") && !saw("out"));
	/* Another folder of the same name. */
	assert_int_equal(rename(below("a"), below("c")), 0);
	make("a"), make("a/b"), touch("a/b/new");
	seen[0] = 0;
	walk_run(w, see, NULL);
	assert_true(saw("a/b/new") && saw("c/b/g"));
	walk_free(w);
	close(fd);
}

/* Whoever makes a folder look like a git directory hides git's own folders alone, and those only
 * while it does. */
static void
test_false_repository(void **state)
{
	struct walk *w;
	int fd;

	(void)state;
	make("f"), make("f/objects"), make("f/objects/o"), make("f/refs"), make("f/src");
	touch("f/HEAD"), touch("f/src/x");
	fd = open(top, O_PATH | O_DIRECTORY);
	w = walk_new(fd);
	seen[0] = 0;
	walk_run(w, see, NULL);
	assert_true(saw("bare:f") && saw("f/src/x") && !saw("f/objects/o"));
	assert_int_equal(unlink(below("f/HEAD")), 0);
	walk_run(w, see, NULL);
	assert_true(saw("f/objects/o"));
	walk_free(w);
	close(fd);
}

static void
test_open(void **state)
{
	int at = open(top, O_PATH | O_DIRECTORY), fd;

	(void)state;
	assert_int_equal(walk_open(at, "../etc", O_PATH), -1);
	assert_int_equal(walk_open(at, "/etc", O_PATH), -1);
	assert_int_equal(walk_open(at, "out/etc", O_PATH), -1);
	fd = walk_open(at, "", O_PATH);
	assert_true(fd >= 0);
	close(fd);
	close(at);
}

static int
setup(void **state)
{
	(void)state;
	return tmp_folder(top) ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[] = "rm", flag[] = "-rf", *argv[] = {command, flag, top, NULL};
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execvp(command, argv);
		_exit(1);
	}
	return pid > 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_first_and_again),
	    cmocka_unit_test(test_false_repository),
	    cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
