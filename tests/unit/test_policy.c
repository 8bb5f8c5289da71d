/* What may be a workspace, what the defaults are, what a failure says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/policy.h"
#include "tests/unit/tmp.h"

static char top[TMP_PATH];

static bool
fits(const char *path)
{
	struct sbx_policy p;
	struct sbx_fail f;
	char real[4096];

	sbx_policy_default(&p);
	p.workspace = path;
	return sbx_policy_check(&p, real, &f);
}

static const char *
below(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void
symlink_to(const char *to, const char *from)
{
	char target[256];

	snprintf(target, sizeof(target), "%s", below(to));
	assert_int_equal(symlink(target, below(from)), 0);
}

/* In a HOME: keys, and what this program itself reads. */
static void
test_trusted_folders(void)
{
	static const char *const made[] = {"home/.ssh",
					   "home/.ssh/keys",
					   "home/.config",
					   "home/.config/sunaba",
					   "home/.config/editor",
					   "home/elsewhere",
					   "home/elsewhere/sunaba"};
	static const bool fit[] = {false, false, false, false, true, true, true};

	for (size_t i = 0; i < SBX_LEN(made); i++)
		mkdir(below(made[i]), 0755);
	for (size_t i = 0; i < SBX_LEN(made); i++)
		assert_int_equal(fits(below(made[i])), fit[i]);
	setenv("XDG_STATE_HOME", below("home/elsewhere"), 1);
	assert_false(fits(below("home/elsewhere")));
	assert_false(fits(below("home/elsewhere/sunaba")));
	unsetenv("XDG_STATE_HOME");
	/* not there yet: a step could make it, and the next run would believe it */
	setenv("XDG_CONFIG_HOME", below("home/elsewhere/a/b"), 1);
	assert_false(fits(below("home/elsewhere")));
	assert_true(fits(below("home/elsewhere/sunaba")));
	assert_true(policy_is_own(below("home/elsewhere/a")));
	assert_true(policy_is_own(below("home/elsewhere/a/b/sunaba/profiles")));
	assert_false(policy_is_own(below("home/elsewhere/a/b/editor")));
	unsetenv("XDG_CONFIG_HOME");
	assert_true(policy_is_own(below("home/.config")));
	/* settings that are a link into a folder of their own */
	rmdir(below("home/.config/sunaba"));
	symlink_to("home/elsewhere/sunaba", "home/.config/sunaba");
	assert_false(fits(below("home/elsewhere")));
	unlink(below("home/.config/sunaba"));
	for (size_t i = SBX_LEN(made); i-- > 0;)
		rmdir(below(made[i]));
}

static void
test_workspaces(void **state)
{
	static const char *const never[] = {
	    "/",	"/usr", "/usr/bin", "/etc", "/proc",	       "/dev",
	    "/dev/shm", "/bin", "/home",    "/var", "/no/such/folder", "/etc/passwd"};

	const struct passwd *account;

	(void)state;
	for (size_t i = 0; i < SBX_LEN(never); i++)
		assert_false(fits(never[i]));
	setenv("HOME", below("home"), 1);
	mkdir(below("home"), 0755);
	mkdir(below("home/work"), 0755);
	assert_false(fits(top));
	assert_false(fits(below("home")));
	assert_true(fits(below("home/work")));
	assert_int_equal(symlink("home", below("link")), 0);
	assert_false(fits(below("link")));
	unlink(below("link"));
	test_trusted_folders();
	account = getpwuid(getuid());
	assert_non_null(account);
	assert_false(fits(account->pw_dir)); /* whatever HOME says */
	unsetenv("HOME");
	assert_false(fits(account->pw_dir));
	assert_true(fits(below("home")));
	mkdir(below("home/.ssh"), 0755);
	assert_false(fits(below("home")));
	rmdir(below("home/.ssh"));
	rmdir(below("home/work"));
	rmdir(below("home"));
}

static void
test_home(void **state)
{
	(void)state;
	unsetenv("HOME");
	assert_string_equal(policy_home(), "/home/sandbox");
	setenv("HOME", "/", 1);
	assert_string_equal(policy_home(), "/home/sandbox");
	setenv("HOME", "/usr/x", 1);
	assert_string_equal(policy_home(), "/home/sandbox");
	setenv("HOME", "/home/../etc", 1);
	assert_string_equal(policy_home(), "/home/sandbox");
	setenv("HOME", "/home/a", 1);
	assert_string_equal(policy_home(), "/home/a");
}

static void
test_below(void **state)
{
	(void)state;
	assert_true(policy_below("/a/b", "/a"));
	assert_true(policy_below("/a", "/a"));
	assert_false(policy_below("/ab", "/a"));
	assert_false(policy_below("/", "/a"));
	assert_true(policy_is_system("/usr/bin"));
	assert_false(policy_is_system("/usrx"));
}

static void
says(const char *step, int sys, const char *msg_part, const char *hint_part)
{
	struct sbx_fail f;
	char msg[256], hint[512];

	sbx_fail_set(&f, step, sys, "");
	sbx_fail_text(&f, msg, sizeof(msg), hint, sizeof(hint));
	assert_non_null(strstr(msg, msg_part));
	assert_non_null(strstr(hint, hint_part));
}

static void
test_texts(void **state)
{
	(void)state;
	says("user namespace", EPERM,
	     "cannot make a user namespace: Operation not permitted",
	     "unprivileged_userns_clone");
	says("user namespace", ENOSPC, "No space", "user.max_user_namespaces");
	says("user namespace", ENOSYS, "not implemented", "built without");
	says("id map", EACCES, "id map", "profile sunaba");
	says("loopback", EPERM, "loopback", "profile sunaba");
	says("mount proc", EPERM, "mount proc", "systempaths=unconfined");
	says("bubblewrap", ENOENT, "bubblewrap", "apt-get install bubblewrap");
	says("landlock", ENOSYS, "landlock", "5.13");
	says("workspace", 0, "cannot be a workspace", "-C");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_workspaces),
	    cmocka_unit_test(test_home),
	    cmocka_unit_test(test_below),
	    cmocka_unit_test(test_texts),
	};
	int failed;

	if (!tmp_folder(top))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(top);
	return failed;
}
