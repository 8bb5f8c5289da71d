/* A layer's judgements, list, apply, snapshots: on folders made by hand as overlayfs would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "agent/base/buf.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "tools/stage_apply.h"
#include "tools/stage_path.h"
#include "tools/stage_snap.h"

static void
test_autorun(void **state)
{
	(void)state;
	assert_true(stage_autorun(".git/hooks/pre-commit"));
	assert_true(stage_autorun("a/b/.git/config"));
	assert_true(stage_autorun(".git/modules/x/hooks/post-checkout"));
	assert_true(stage_autorun(".git/worktrees/x/config.worktree"));
	assert_true(stage_autorun(".GIT/config"));
	assert_true(stage_autorun(".vscode/tasks.json"));
	assert_true(stage_autorun("deep/down/.envrc"));
	assert_true(stage_autorun(".idea"));
	assert_false(stage_autorun(".git/hooks/pre-commit.sample"));
	assert_false(stage_autorun(".git/index"));
	assert_false(stage_autorun(".git/objects/ab/cdef"));
	assert_false(stage_autorun("hooks/pre-commit"));
	assert_false(stage_autorun("Makefile"));
	assert_false(stage_autorun("src/config"));
	assert_false(stage_autorun(""));
}

static void
test_bare_git(void **state)
{
	(void)state;
	assert_string_equal(stage_bare_git("a/config"), "config");
	assert_string_equal(stage_bare_git("a/hooks/x"), "hooks/x");
	assert_string_equal(stage_bare_git("hooks/x"), "hooks/x");
	assert_null(stage_bare_git("a/hooks/x/y"));
	assert_null(stage_bare_git("a/myhooks/x"));
	assert_null(stage_bare_git("hooks"));
	assert_null(stage_bare_git("a/hooks/x.sample"));
}

static void
test_link_out(void **state)
{
	(void)state;
	assert_true(stage_link_out("out", "/etc/passwd"));
	assert_true(stage_link_out("out", "../other"));
	assert_true(stage_link_out("a/out", "../../other"));
	assert_true(stage_link_out("out", "a/../../b"));
	assert_false(stage_link_out("out", "a/b"));
	assert_false(stage_link_out("a/out", "../b"));
	assert_false(stage_link_out("a/out", "./..//b"));
}

static void
test_below(void **state)
{
	(void)state;
	assert_true(stage_below("a/b", "a"));
	assert_true(stage_below("a/b", "a/"));
	assert_true(stage_below("a", "a"));
	assert_true(stage_below("a", "."));
	assert_true(stage_below("a", ""));
	assert_false(stage_below("ab", "a"));
	assert_false(stage_below("a", "a/b"));
}

/* ---- two folders ---- */

struct world {
	char top[64];
	int upper, lower, keep;
};

static int
setup(void **state)
{
	struct world *w = mem_alloc(sizeof(*w));
	int top;

	snprintf(w->top, sizeof(w->top), "/var/tmp/sunaba-stage-XXXXXX");
	assert_non_null(mkdtemp(w->top));
	top = open(w->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top, "upper", 0755);
	mkdirat(top, "lower", 0755);
	mkdirat(top, "keep", 0755);
	w->upper = openat(top, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->lower = openat(top, "lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->keep = openat(top, "keep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(top);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	int at = open("/var/tmp", O_PATH | O_DIRECTORY);

	stage_remove(at, strrchr(w->top, '/') + 1);
	close(at);
	close(w->upper);
	close(w->lower);
	close(w->keep);
	free(w);
	return 0;
}

static void
put(int at, const char *path, const char *text)
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
sym(const char *target, int at, const char *path)
{
	assert_int_equal(symlinkat(target, at, path), 0);
}

static void
mode(int at, const char *path, mode_t bits)
{
	assert_int_equal(fchmodat(at, path, bits, 0), 0);
}

static const char *
get(int at, const char *path)
{
	static char text[256];
	int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	return n < 0 ? NULL : text;
}

static void
whiteout(int at, const char *path)
{
	if (mknodat(at, path, S_IFCHR, makedev(0, 0)))
		skip();
}

static void
opaque(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0)) {
		close(fd);
		skip();
	}
	close(fd);
}

/* "A new,M old" */
static char *
list_text(const struct stage_list *l)
{
	struct buf b = BUF_INIT(64 * KIB);

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%c %s", i ? "," : "", stage_kind_letter(l->at[i].kind),
			 l->at[i].path);
	return buf_take(&b);
}

static void
list_is(struct world *w, const char *want)
{
	struct stage_list l;
	AUTO_FREE char *got = NULL;

	stage_list_make(w->upper, w->lower, false, &l);
	got = list_text(&l);
	assert_string_equal(got, want);
	stage_list_release(&l);
}

static void
test_list(void **state)
{
	struct world *w = *state;

	put(w->lower, "same", "x");
	put(w->lower, "other", "x");
	put(w->lower, "size", "x");
	put(w->lower, "mode", "x");
	put(w->lower, "gone", "x");
	mkdirat(w->lower, "dir", 0755);
	put(w->lower, "dir/in", "x");
	sym("a", w->lower, "link");
	sym("a", w->lower, "samelink");

	list_is(w, "");
	put(w->upper, "same", "x");
	put(w->upper, "other", "y");
	put(w->upper, "size", "xy");
	put(w->upper, "mode", "x");
	mode(w->upper, "mode", 0755);
	put(w->upper, "new", "");
	sym("b", w->upper, "link");
	sym("a", w->upper, "samelink");
	whiteout(w->upper, "gone");
	whiteout(w->upper, "never");
	put(w->upper, "dir", "a file now");
	mkdirat(w->upper, "sub", 0755);
	put(w->upper, "sub/x", "");
	mkfifoat(w->upper, "fifo", 0644);
	list_is(w, "T dir,! fifo,D gone,M link,P mode,A new,M other,M size,+ sub,A sub/x");
}

static void
test_renamed(void **state)
{
	struct world *w = *state;
	struct stage_list l;

	put(w->lower, "old", "the same");
	put(w->lower, "other", "not it!!");
	whiteout(w->upper, "old");
	whiteout(w->upper, "other");
	put(w->upper, "new", "the same");
	put(w->upper, "fresh", "anything");
	put(w->upper, "empty", "");
	stage_list_make(w->upper, w->lower, false, &l);
	assert_string_equal(
	    stage_list_was(&l, w->upper, w->lower, stage_list_find(&l, "new")), "old");
	assert_null(stage_list_was(&l, w->upper, w->lower, stage_list_find(&l, "fresh")));
	assert_null(stage_list_was(&l, w->upper, w->lower, stage_list_find(&l, "empty")));
	stage_list_release(&l);
}

static void
test_opaque(void **state)
{
	struct world *w = *state;

	mkdirat(w->lower, "d", 0755);
	put(w->lower, "d/kept", "x");
	put(w->lower, "d/gone", "x");
	mkdirat(w->lower, "d/deep", 0755);
	put(w->lower, "d/deep/a", "x");
	mkdirat(w->upper, "d", 0755);
	put(w->upper, "d/kept", "x");
	opaque(w->upper, "d");
	list_is(w, "D d/deep,D d/gone");
	/* Below it no folder has a mark of its own. */
	mkdirat(w->upper, "d/deep", 0755);
	put(w->upper, "d/deep/new", "x");
	list_is(w, "A d/deep/new,D d/deep/a,D d/gone");
}

static void
test_flags(void **state)
{
	struct world *w = *state;
	struct stage_list l;

	mkdirat(w->upper, ".vscode", 0755);
	put(w->upper, ".vscode/tasks.json", "x");
	sym("/etc", w->upper, "out");
	put(w->upper, "prog", "x");
	mode(w->upper, "prog", 04755);
	put(w->upper, ".git", "gitdir: evil");
	mkdirat(w->upper, "bare", 0755);
	put(w->upper, "bare/HEAD", "ref: refs/heads/main");
	put(w->upper, "bare/config", "[core]\nbare = true");
	put(w->upper, "bare/config.worktree", "x");
	mkdirat(w->upper, "loud", 0755);
	put(w->upper, "loud/HEAD", "ref: refs/heads/main");
	put(w->upper, "loud/config", "[core]\npager = evil");
	mkdirat(w->upper, "plain", 0755);
	put(w->upper, "plain/config", "x");
	stage_list_make(w->upper, w->lower, false, &l);
	assert_int_equal(stage_list_find(&l, ".git")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "bare/config")->flags, STAGE_F_GITCONF);
	assert_int_equal(stage_list_find(&l, "bare/config.worktree")->flags, 0);
	assert_int_equal(stage_list_find(&l, "loud/config")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "plain/config")->flags, 0);
	assert_int_equal(stage_list_find(&l, ".vscode")->flags, 0);
	assert_int_equal(stage_list_find(&l, ".vscode/tasks.json")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "out")->flags, STAGE_F_LINK_OUT);
	assert_int_equal(stage_list_find(&l, "prog")->flags, STAGE_F_SETID | STAGE_F_EXEC);
	stage_list_release(&l);
}

/* The folder is a git directory by itself. */
static void
test_git_directory(void **state)
{
	struct world *w = *state;
	struct stage_list l;

	mkdirat(w->upper, "hooks", 0755);
	put(w->upper, "hooks/x", "x");
	put(w->upper, "config", "[core]\npager = evil");
	put(w->upper, "index", "x");
	mkdirat(w->upper, "worktrees", 0755);
	put(w->upper, "worktrees/gitdir", "x");
	stage_list_make(w->upper, w->lower, true, &l);
	assert_int_equal(stage_list_find(&l, "hooks/x")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "config")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "worktrees/gitdir")->flags, STAGE_F_AUTORUN);
	assert_int_equal(stage_list_find(&l, "index")->flags, 0);
	stage_list_release(&l);
}

/* ---- applying ---- */

static void
outcome(const struct stage_change *c, enum stage_outcome o, const char *why, void *arg)
{
	(void)why;
	buf_addf(arg, "%s%s=%c", ((struct buf *)arg)->len ? "," : "", c->path, "ARHD"[o]);
}

static char *
apply(struct world *w, struct stage_base *base, const char *const *paths)
{
	struct buf b = BUF_INIT(64 * KIB);
	struct stage_job j = {.upper = w->upper,
			      .lower = w->lower,
			      .base = base,
			      .temp = ".tmp",
			      .paths = paths,
			      .report = outcome,
			      .arg = &b};
	struct stage_list l;

	stage_list_make(w->upper, w->lower, false, &l);
	stage_base_look(base, &l);
	stage_apply(&j, &l);
	stage_list_release(&l);
	return buf_take(&b);
}

#define APPLY_IS(w, base, paths, want)             \
	do {                                       \
		char *got = apply(w, base, paths); \
		assert_string_equal(got, want);    \
		free(got);                         \
	} while (0)

/* So that stamps differ: the kernel's clock has ticks. */
static void
next_tick(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_REALTIME, &a);
	do
		clock_gettime(CLOCK_REALTIME_COARSE, &b);
	while (b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec <= a.tv_nsec));
}

static void
test_apply(void **state)
{
	struct world *w = *state;
	struct stage_base *base;
	struct stat st;

	put(w->lower, "m", "old");
	mkdirat(w->lower, "d", 0755);
	put(w->lower, "d/x", "x");
	put(w->lower, "t", "file");
	next_tick();
	base = stage_base_new();
	put(w->upper, "m", "new text");
	whiteout(w->upper, "d");
	mkdirat(w->upper, "t", 0755);
	put(w->upper, "t/in", "in");
	mkdirat(w->upper, "ro", 0755);
	put(w->upper, "ro/f", "f");
	mode(w->upper, "ro", 0555);
	put(w->upper, "suid", "s");
	mode(w->upper, "suid", 06755);
	mkfifoat(w->upper, "p", 0644);
	put(w->upper, ".envrc", "evil");
	APPLY_IS(w, base, NULL, ".envrc=H,d=A,m=A,p=D,ro=A,ro/f=A,suid=A,t=A,t/in=A");
	assert_string_equal(get(w->lower, "m"), "new text");
	assert_string_equal(get(w->lower, "t/in"), "in");
	assert_int_equal(faccessat(w->lower, "d", F_OK, 0), -1);
	assert_int_equal(fstatat(w->lower, "ro", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	assert_int_equal(fstatat(w->lower, "suid", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	list_is(w, "A .envrc,! p");
	APPLY_IS(w, base, ((const char *const[]){".envrc", NULL}), ".envrc=A");
	stage_base_free(base);
}

/* Picked paths bring their new folders; "src" does not name what runs by itself in it. */
static void
test_pick(void **state)
{
	struct world *w = *state;
	struct stage_base *base = stage_base_new();

	mkdirat(w->upper, "src", 0755);
	mkdirat(w->upper, "src/a", 0755);
	put(w->upper, "src/a/one", "1");
	put(w->upper, "src/a/two", "2");
	put(w->upper, "src/.envrc", "e");
	APPLY_IS(w, base, ((const char *const[]){"src/a/two", NULL}),
		 "src=A,src/a=A,src/a/two=A");
	APPLY_IS(w, base, ((const char *const[]){"src", NULL}), "src/.envrc=H,src/a/one=A");
	stage_base_free(base);
}

/* 137: what was touched below since the change was first seen, or before it was, stays. */
static void
test_137_changed_below(void **state)
{
	struct world *w = *state;
	struct stage_base *base;

	put(w->lower, "a", "old");
	put(w->lower, "b", "old");
	put(w->lower, "gone", "old");
	mkdirat(w->lower, "d", 0755);
	put(w->lower, "d/x", "old");
	next_tick();
	base = stage_base_new();
	next_tick();
	put(w->lower, "b", "user"); /* before the layer was looked at */
	put(w->upper, "a", "code");
	put(w->upper, "b", "code");
	put(w->upper, "new", "code");
	put(w->upper, "gone", "code");
	whiteout(w->upper, "d");
	{
		struct stage_list l;

		stage_list_make(w->upper, w->lower, false, &l);
		stage_base_look(base, &l); /* the difference is shown */
		stage_list_release(&l);
	}
	next_tick();
	put(w->lower, "a", "user");
	put(w->lower, "new", "user");
	put(w->lower, "d/x", "user");
	unlinkat(w->lower, "gone", 0);
	APPLY_IS(w, base, NULL, "a=R,b=R,d=R,gone=R,new=R");
	assert_string_equal(get(w->lower, "a"), "user");
	assert_string_equal(get(w->lower, "b"), "user");
	assert_string_equal(get(w->lower, "new"), "user");
	assert_string_equal(get(w->lower, "d/x"), "user");
	assert_null(get(w->lower, "gone"));
	stage_base_free(base);
}

/* The records survive the run that made them. */
static void
test_base_file(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *path = mem_printf("%s/base", w->top);
	struct stage_base *base, *again = stage_base_new();
	struct stage_list l;

	put(w->lower, "a", "old");
	next_tick();
	base = stage_base_new();
	put(w->upper, "a", "code");
	stage_list_make(w->upper, w->lower, false, &l);
	stage_base_look(base, &l);
	assert_int_equal(stage_base_save(base, path, NULL), ERR_NONE);
	assert_int_equal(stage_base_load(again, path, NULL), ERR_NONE);
	assert_null(stage_base_check(again, w->lower, &l.at[0]));
	next_tick();
	put(w->lower, "a", "user");
	assert_non_null(stage_base_check(again, w->lower, &l.at[0]));
	stage_list_release(&l);
	stage_base_free(base);
	stage_base_free(again);
}

/* 136: links of the sandbox's are never followed, in the layer or in the workspace. */
static void
test_136_links(void **state)
{
	struct world *w = *state;
	struct stage_base *base = stage_base_new();

	mkdirat(w->keep, "victim", 0755);
	put(w->keep, "victim/x", "mine");
	sym("../keep/victim", w->upper, "out");
	APPLY_IS(w, base, NULL, "out=A");
	/* The link is there; now the layer has a folder in its place, with a file in it. */
	unlinkat(w->upper, "out", 0);
	mkdirat(w->upper, "out", 0755);
	put(w->upper, "out/x", "evil");
	APPLY_IS(w, base, ((const char *const[]){"out/x", NULL}), "out=A,out/x=A");
	assert_string_equal(get(w->keep, "victim/x"), "mine");
	assert_string_equal(get(w->lower, "out/x"), "evil");
	/* The workspace's folder becomes a link after the list was made. */
	put(w->upper, "out/y", "evil");
	stage_remove(w->lower, "out");
	sym("../keep/victim", w->lower, "out");
	{
		struct stage_list l;
		struct stage_put p = {.temp = ".tmp", .mode = 0644};
		int fd = openat(w->upper, "out/y", O_RDONLY);

		assert_false(stage_put_file(w->lower, "out/y", fd, &p));
		assert_true(errno == ELOOP || errno == ENOTDIR);
		close(fd);
		stage_list_make(w->upper, w->lower, false, &l);
		stage_list_release(&l);
	}
	assert_null(get(w->keep, "victim/y"));
	stage_base_free(base);
}

static void
test_paths_stay_below(void **state)
{
	struct world *w = *state;

	put(w->keep, "x", "x");
	assert_int_equal(stage_open(w->lower, "../keep/x", O_RDONLY), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(stage_open(w->lower, "/etc/passwd", O_RDONLY), -1);
	assert_false(stage_remove(w->lower, "../keep/x"));
	assert_false(stage_remove(w->lower, ".."));
	assert_string_equal(get(w->keep, "x"), "x");
}

/* ---- the way back ---- */

static void
test_snapshot(void **state)
{
	struct world *w = *state;
	unsigned number = 0;
	struct snap *one, *two, *three;
	struct stat st;

	put(w->upper, "a", "1");
	mkdirat(w->upper, "d", 0755);
	put(w->upper, "d/b", "2");
	one = snap_take(w->upper, w->keep, NULL, &number);
	two = snap_take(w->upper, w->keep, one, &number);
	assert_int_equal(fstatat(w->keep, "pack", &st, 0), 0);
	assert_int_equal(st.st_size, 2); /* shared */
	assert_true(snap_equal(one, two));
	next_tick();
	put(w->upper, "a", "changed");
	three = snap_take(w->upper, w->keep, two, &number);
	assert_int_equal(fstatat(w->keep, "pack", &st, 0), 0);
	assert_int_equal(st.st_size, 2 + strlen("changed"));
	assert_int_equal(number, 0);
	assert_false(snap_equal(two, three));
	snap_free(one);
	snap_free(two);
	snap_free(three);
}

int
main(void)
{
#define WITH_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_autorun),
	    cmocka_unit_test(test_bare_git),
	    cmocka_unit_test(test_link_out),
	    cmocka_unit_test(test_below),
	    WITH_WORLD(test_list),
	    WITH_WORLD(test_renamed),
	    WITH_WORLD(test_opaque),
	    WITH_WORLD(test_flags),
	    WITH_WORLD(test_git_directory),
	    WITH_WORLD(test_apply),
	    WITH_WORLD(test_pick),
	    WITH_WORLD(test_137_changed_below),
	    WITH_WORLD(test_base_file),
	    WITH_WORLD(test_136_links),
	    WITH_WORLD(test_paths_stay_below),
	    WITH_WORLD(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
