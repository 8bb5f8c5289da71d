/* The ladder's rules: what leads down, what is told; bubblewrap's arguments. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "sandbox/donor.h"
#include "sandbox/rung.h"

static struct sbx_fail
failed(const char *step, int sys)
{
	struct sbx_fail f = {.step = ""};

	sbx_fail_set(&f, step, sys, NULL);
	return f;
}

static void
leads(const char *step, int sys, bool down)
{
	struct sbx_fail f = failed(step, sys);

	assert_int_equal(rung_below(SBX_RUNG_FULL, SBX_RUNG_BEST, &f),
			 down ? SBX_RUNG_DONOR : SBX_RUNG_BEST);
	assert_int_equal(rung_below(SBX_RUNG_FULL, SBX_RUNG_FULL, &f), SBX_RUNG_BEST);
}

static void
test_what_leads_down(void **state)
{
	(void)state;
	leads("user namespace", EPERM, true);
	leads("user namespace", EACCES, true);
	leads("user namespace", ENOSPC, true);
	leads("user namespace", ENOSYS, true);
	leads("id map", EPERM, true);
	leads("loopback", EPERM, true);
	leads("mount", EPERM, true);
	leads("mount tmpfs", ENOSYS, true);
	/* What code, or a full disk, could bring about. */
	leads("workspace", ENOENT, false);
	leads("workspace", EPERM, false);
	leads("policy path", ELOOP, false);
	leads("mount", ENOENT, false);
	leads("mount", EACCES, false);
	leads("mount", ELOOP, false);
	leads("mount tmpfs", ENOSPC, false);
	leads("landlock", EPERM, false);
	leads("system call filter", EINVAL, false);
	leads("limit", EPERM, false);
}

static void
test_lower_rungs(void **state)
{
	struct sbx_fail f = failed("bubblewrap", ENOENT);

	(void)state;
	assert_int_equal(rung_below(SBX_RUNG_DONOR, SBX_RUNG_BEST, &f), SBX_RUNG_LANDLOCK);
	assert_int_equal(rung_below(SBX_RUNG_DONOR, SBX_RUNG_DONOR, &f), SBX_RUNG_BEST);
	assert_int_equal(rung_below(SBX_RUNG_LANDLOCK, SBX_RUNG_BEST, &f), SBX_RUNG_BEST);
	/* The command may have begun. */
	f = failed("landlock", EPERM);
	assert_int_equal(rung_below(SBX_RUNG_DONOR, SBX_RUNG_BEST, &f), SBX_RUNG_BEST);
	f = failed("user namespace", EPERM);
	for (int r = SBX_RUNG_FULL; r <= SBX_RUNG_NONE; r++)
		assert_true(rung_below((enum sbx_rung)r, SBX_RUNG_BEST, &f) !=
			    SBX_RUNG_NONE);
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(sbx_rung_by_name("full"), SBX_RUNG_FULL);
	assert_int_equal(sbx_rung_by_name("donor"), SBX_RUNG_DONOR);
	assert_int_equal(sbx_rung_by_name("landlock"), SBX_RUNG_LANDLOCK);
	assert_int_equal(sbx_rung_by_name("fullest"), SBX_RUNG_BEST);
	assert_int_equal(sbx_rung_by_name(""), SBX_RUNG_BEST);
}

static void
test_facts(void **state)
{
	struct sbx_fail why = failed("user namespace", EPERM);
	struct sbx_stand s;
	char text[2048];
	size_t n = rung_facts(text, sizeof(text), SBX_RUNG_LANDLOCK, false, &why);

	(void)state;
	assert_true(n > 0);
	assert_true(rung_read(text, n, &s));
	assert_int_equal(s.rung, SBX_RUNG_LANDLOCK);
	assert_false(s.userns);
	assert_non_null(strstr(s.why, "cannot make a user namespace"));
	assert_non_null(strstr(s.remedy, "sysctl"));
	n = rung_facts(text, sizeof(text), SBX_RUNG_FULL, true, NULL);
	assert_true(rung_read(text, n, &s));
	assert_string_equal(s.why, "");
	assert_true(s.userns);
	/* The jail is hostile. */
	assert_false(rung_read("", 0, &s));
	assert_false(rung_read("rung=", 5, &s));
	assert_false(rung_read("rung=better\n", 12, &s));
	assert_false(rung_read("\n\n\n", 3, &s));
	assert_int_equal(rung_facts(text, 10, SBX_RUNG_FULL, true, NULL), 0);
}

/* The index of `text` behind `from`, or -1. */
static int
find(char **args, int from, const char *text)
{
	for (int i = from; args[i]; i++)
		if (strcmp(args[i], text) == 0)
			return i;
	return -1;
}

static void
test_donor_arguments(void **state)
{
	struct setup s = {.workspace = "/home/u/work",
			  .home = "/home/u",
			  .read = {"/home/u/shown", NULL},
			  .write = {"/data", NULL},
			  .limits = {.tmp_size = 400}};
	char **args;
	int home, work, shown;

	(void)state;
	args = donor_arguments(&s);
	assert_true(find(args, 0, "--unshare-net") > 0);
	assert_true(find(args, 0, "--die-with-parent") > 0);
	home = find(args, 0, "/home/u");
	work = find(args, 0, "/home/u/work");
	shown = find(args, 0, "/home/u/shown");
	assert_true(home > 0 && work > home && shown > home);
	assert_string_equal(args[home - 1], "--tmpfs");
	assert_string_equal(args[work - 1], "--bind");
	assert_string_equal(args[shown - 1], "--ro-bind");
	assert_string_equal(args[find(args, 0, "/data") - 1], "--bind");
	for (int i = 0; args[i]; i++)
		free(args[i]);
	free(args);
	s.workspace_readonly = true;
	s.net = SBX_NET_HOST;
	args = donor_arguments(&s);
	assert_int_equal(find(args, 0, "--unshare-net"), -1);
	assert_string_equal(args[find(args, 0, "/home/u/work") - 1], "--ro-bind");
	for (int i = 0; args[i]; i++)
		free(args[i]);
	free(args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_leads_down), cmocka_unit_test(test_lower_rungs),
	    cmocka_unit_test(test_names), cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_donor_arguments)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
