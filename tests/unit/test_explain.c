/* Paths in error texts, and what the policy says about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "tools/explain.h"
#include "tests/unit/tmp.h"

static char top[TMP_PATH];

/* All paths in text, each with its errno: "13 /x\n". */
static char *
paths(const char *text)
{
	struct buf b = BUF_INIT(64 * KIB);
	char path[1024];
	size_t at = 0;
	int sys = 0;

	while (sbx_error_next(text, strlen(text), &at, path, &sys))
		buf_addf(&b, "%d %s\n", sys, path);
	return buf_take(&b);
}

static void
finds(const char *text, const char *want)
{
	AUTO_FREE char *got = paths(text);

	assert_string_equal(got, want);
}

static void
test_programs(void **state)
{
	(void)state;
	finds("cat: /opt/x: No such file or directory", "2 /opt/x\n");
	finds("cat: x.txt: No such file or directory", "2 x.txt\n");
	finds("bash: line 1: /usr/x: Read-only file system", "30 /usr/x\n");
	finds("bash: line 1: y: Read-only file system", "30 y\n");
	finds("touch: cannot touch '/usr/a b': Read-only file system", "30 /usr/a b\n");
	finds("rm: cannot remove \u2018/etc/q\u2019: Operation not permitted",
	      "1 /etc/q\n");
	finds("PermissionError: [Errno 13] Permission denied: '/etc/shadow'",
	      "13 /etc/shadow\n");
	finds("OSError: [Errno 30] Read-only file system: 'rel/x' -> '/usr/y'",
	      "30 rel/x\n30 /usr/y\n");
	finds("Error: ENOENT: no such file or directory, open '/home/u/.npmrc'",
	      "2 ENOENT\n2 /home/u/.npmrc\n");
	finds("error: could not open \"/srv/f\": Permission denied (os error 13)",
	      "13 /srv/f\n");
	finds("mkdir: ディレクトリ `/usr/x' を作成できません: "
	      "読み込み専用ファイルシステムです",
	      "30 /usr/x\n30 を作成できません\n");
	finds("rm: cannot remove '.git/config': Device or resource busy",
	      "16 .git/config\n");
	finds("ln: failed to create hard link 'c' => '.git/config': Invalid "
	      "cross-device link",
	      "18 c\n18 .git/config\n");
	finds("cat: ~/a: No such file or directory", "2 ~/a\n");
	finds("cannot write: Read-only file system: hooks/x at a.pl line 3.",
	      "30 write\n30 hooks/x\n");
	finds("Permission denied: x", "13 x\n");
}

static void
test_nothing(void **state)
{
	(void)state;
	finds("", "");
	finds("all is well in /usr/lib\n", "");
	finds("No such file or directory", "");
	finds("Permission denied: ''", "");
	finds("one /a\nPermission denied\n/b\n", "");
	finds("x: 'unclosed: Permission denied", "13 'unclosed\n");
}

static void
test_lines(void **state)
{
	(void)state;
	finds("a: /1: Permission denied\n\n/no\nb: /2: No such file or directory\r\n",
	      "13 /1\n2 /2\n");
}

static unsigned told;
static bool failed = true;
static struct sbx_notice seen[32];

static void
note(const struct sbx_notice *n, void *arg)
{
	(void)arg;
	if (told < ARRAY_LEN(seen))
		seen[told] = *n;
	told++;
}

static void
judge(const char *text)
{
	struct sbx_policy p;
	struct explain_step s = {&p, top, failed};

	sbx_policy_default(&p);
	p.workspace = top;
	told = 0;
	explain_errors(text, strlen(text), &s, note, NULL);
}

static void
test_facts(void **state)
{
	AUTO_FREE char *hidden = mem_printf("%s.hidden", top);
	AUTO_FREE char *line = mem_printf("cat: %s: No such file or directory", hidden);

	(void)state;
	judge(line);
	assert_int_equal(told, 0);
	assert_int_equal(mkdir(hidden, 0700), 0);
	judge(line);
	assert_int_equal(told, 1);
	assert_int_equal(seen[0].sys, ENOENT);
	assert_string_equal(seen[0].what, hidden);
	rmdir(hidden);
	judge("x: /usr/new: Read-only file system");
	assert_int_equal(told, 1);
	assert_int_equal(seen[0].sys, EROFS);
	/* A mistake in the workspace is no matter of the sandbox's. */
	judge("cat: nothing: No such file or directory\nx: y: Permission denied");
	assert_int_equal(told, 0);
	judge("touch: cannot touch 'guarded': Read-only file system");
	assert_int_equal(told, 1);
	assert_int_equal(seen[0].kind, SBX_NOTE_PROTECTED);
	failed = false;
	judge("x: /usr/new: Read-only file system");
	assert_int_equal(told, 1);
	judge(line);
	judge("OSError: [Errno 27] File too large");
	assert_int_equal(told, 0);
	failed = true;
	judge("cat: /proc/1/mem: Permission denied");
	assert_int_equal(told, 0);
	judge("OSError: [Errno 27] File too large");
	assert_int_equal(told, 1);
	assert_string_equal(seen[0].what, "file size");
	judge("a: Too many open files\nb: Too many open files");
	assert_int_equal(told, 1);
	assert_string_equal(seen[0].what, "open files");
	assert_string_equal(seen[0].detail, "4096");
}

static void
test_bound(void **state)
{
	AUTO_BUF struct buf b = BUF_INIT(MIB);

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "x: /usr/new%d: Read-only file system\n", i);
	judge(buf_str(&b));
	assert_int_equal(told, EXPLAIN_PATHS_MAX);
}

static void
test_line(void **state)
{
	struct sbx_notice n = {.kind = SBX_NOTE_FILE,
			       .sys = EROFS,
			       .what = "/a\x1b[31m\nsandbox: \xff",
			       .detail = "\r"};
	AUTO_FREE char *line = explain_line(&n);

	(void)state;
	assert_true(utf8_valid(line, strlen(line)));
	for (char *p = line; *p; p++)
		assert_true((unsigned char)*p >= ' ');
}

static void
view(const struct sbx_policy *p, const char *path, enum sbx_view want)
{
	if (sbx_policy_view(p, path) != want)
		fail_msg("'%s': %d, not %d", path, sbx_policy_view(p, path), want);
}

static void
test_views(void **state)
{
	static const char *const read[] = {"/srv", NULL}, *const write[] = {"/mnt", NULL};
	struct sbx_policy p;
	AUTO_FREE char *in = mem_printf("%s/new/file", top);
	AUTO_FREE char *up = mem_printf("%s/../../../../../../../../etc//passwd", top);

	(void)state;
	sbx_policy_default(&p);
	p.workspace = top;
	p.read = read;
	p.write = write;
	view(&p, in, SBX_VIEW_WRITABLE);
	view(&p, up, SBX_VIEW_READ_ONLY);
	view(&p, "/srv/x", SBX_VIEW_READ_ONLY);
	view(&p, "/mnt/x", SBX_VIEW_WRITABLE);
	view(&p, "/mntx", SBX_VIEW_ABSENT);
	view(&p, "/usr/./new", SBX_VIEW_READ_ONLY);
	view(&p, "/proc/self", SBX_VIEW_UNKNOWN);
	view(&p, "relative", SBX_VIEW_UNKNOWN);
	view(&p, "/", SBX_VIEW_UNKNOWN);
	view(&p, "/..", SBX_VIEW_UNKNOWN);
	view(&p, "", SBX_VIEW_UNKNOWN);
	view(&p, "/var/lib", SBX_VIEW_HIDDEN);
	p.workspace_readonly = true;
	view(&p, in, SBX_VIEW_READ_ONLY);
}

static int
set_up(void **state)
{
	(void)state;
	return tmp_folder(top) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_programs), cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_lines),    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_bound),    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_views),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
