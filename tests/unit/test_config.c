/* Config files: what is read, and the place and remedy of every complaint. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/options.h"
#include "tests/unit/tmp.h"

static char folder[TMP_PATH];
static struct err err;

static char *
file_with(const char *name, const char *text, size_t n)
{
	char *path = mem_printf("%s/%s", folder, name);

	assert_int_equal(fs_write(path, text, n, 0600, NULL), ERR_NONE);
	return path;
}

/* Reads `text` as a config file into *out. */
static enum err_kind
read_text(const char *text, bool project, struct opts **out)
{
	AUTO_FREE char *path = file_with("config.yaml", text, strlen(text));

	*out = opts_new();
	err_clear(&err);
	return opts_config(*out, path, project, &err);
}

/* `where` is what follows the folder: "config.yaml:LINE:COLUMN: message". */
static void
expect_bad(const char *text, const char *where, const char *hint)
{
	struct opts *o;
	AUTO_FREE char *want = mem_printf("%s/%s", folder, where);

	assert_int_equal(read_text(text, false, &o), ERR_CONFIG);
	assert_string_equal(err.msg, want);
	if (hint)
		assert_string_equal(err.hint, hint);
	opts_free(o);
}

static void
test_reads(void **state)
{
	struct opts *o;
	size_t n;

	(void)state;
	assert_int_equal(read_text("# mine\n"
				   "model: ollama:llama3:8b\n"
				   "auto_run: yes\n"
				   "step_timeout: 2m\n"
				   "temperature: 0.25\n"
				   "limits:\n"
				   "  memory: 4G\n"
				   "  processes: 64\n"
				   "allow_read: [/a, '/b c']\n"
				   "env_pass:\n"
				   "  - LANG\n"
				   "  - TZ\n"
				   "instructions: |\n"
				   "  \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\n"
				   "  please\n"
				   "system:\n"
				   "api_base: null\n",
				   false, &o),
			 ERR_NONE);
	assert_string_equal(opt_str(o, OPT_MODEL), "ollama:llama3:8b");
	assert_string_equal(opt_source(o, OPT_MODEL), "config.yaml:2");
	assert_string_equal(opt_str(o, OPT_APPROVE), "auto");
	assert_int_equal(opt_int(o, OPT_STEP_TIMEOUT), 120000);
	assert_int_equal(opt_int(o, OPT_LIMIT_MEMORY), 4294967296);
	assert_int_equal(opt_int(o, OPT_LIMIT_PROCESSES), 64);
	assert_string_equal(opt_list(o, OPT_ALLOW_READ, &n)[1], "/b c");
	assert_int_equal(n, 2);
	assert_string_equal(opt_list(o, OPT_ENV_PASS, &n)[1], "TZ");
	assert_string_equal(opt_str(o, OPT_INSTRUCTIONS),
			    "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\nplease\n");
	assert_false(opt_is_set(o, OPT_SYSTEM));
	assert_false(opt_is_set(o, OPT_API_BASE));
	opts_free(o);
}

static void
test_empty_files(void **state)
{
	static const char *const texts[] = {
	    "", "\n", "# only a remark\n", "---\n", "~\n", "limits:\n", "allow_read: []\n"};
	struct opts *o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (read_text(texts[i], false, &o))
			fail_msg("%zu: %s", i, err.msg);
		opts_free(o);
	}
}

static void
test_complaints(void **state)
{
	(void)state;
	expect_bad("model: x\nmodle: y\n", "config.yaml:2:1: unknown key 'modle'",
		   "did you mean 'model'? see 'sunaba help config'");
	expect_bad("limits:\n  memroy: 1G\n",
		   "config.yaml:2:3: unknown key 'limits.memroy'",
		   "did you mean 'limits.memory'? see 'sunaba help config'");
	expect_bad("limit:\n  memory: 1G\n", "config.yaml:1:1: unknown key 'limit'",
		   "did you mean 'limits'? see 'sunaba help config'");
	expect_bad("zzzzzzzz: 1\n", "config.yaml:1:1: unknown key 'zzzzzzzz'",
		   "see 'sunaba help config'");
	expect_bad("json: true\nmax_steps: many\n",
		   "config.yaml:2:12: max_steps: 'many' is not a whole number",
		   "see 'sunaba help config'");
	expect_bad("max_steps: [1, 2]\n",
		   "config.yaml:1:12: 'max_steps' takes one value, not a list",
		   "see 'sunaba help config'");
	expect_bad("model: {a: b}\n",
		   "config.yaml:1:8: 'model' takes one value, not a mapping", NULL);
	expect_bad("allow_read: {a: b}\n",
		   "config.yaml:1:13: 'allow_read' takes a list, not a mapping", NULL);
	expect_bad("allow_read: [[a]]\n",
		   "config.yaml:1:14: an item of a list must be a plain text", NULL);
	expect_bad("limits: 4G\n",
		   "config.yaml:1:9: 'limits' takes keys of its own, indented below it",
		   NULL);
	expect_bad("model: a\njson: no\nmodel: b\n",
		   "config.yaml:3:1: 'model' is given twice, first on line 1", NULL);
	expect_bad("model: &x a\n", "config.yaml:1:8: anchors and aliases are not accepted",
		   "write the value out, or quote it if it begins with & or *");
	expect_bad("model: *x\n", "config.yaml:1:8: anchors and aliases are not accepted",
		   NULL);
	expect_bad("- a\n- b\n", "config.yaml:1:1: 'key: value' lines are expected", NULL);
	expect_bad("hello\n", "config.yaml:1:1: 'key: value' lines are expected", NULL);
	expect_bad("model: a\n---\nmodel: b\n",
		   "config.yaml:2:1: a second document in one file", NULL);
	expect_bad("[a]: b\n", "config.yaml:1:1: a key must be a plain word", NULL);
	expect_bad("model: \"a\\0b\"\n", "config.yaml:1:8: a text with a NUL in it", NULL);
	expect_bad("approve: sometimes\n",
		   "config.yaml:1:10: approve: 'sometimes' is not one of ask|auto|never",
		   NULL);
}

/* The words are libyaml's and differ by version; the place and the remedy are ours. */
static void
test_malformed(void **state)
{
	struct opts *o;

	(void)state;
	assert_int_equal(read_text("model: a\n\tjson: b\n", false, &o), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "config.yaml:2:1: "));
	assert_string_equal(err.hint,
			    "indent with spaces, and quote values that begin with a "
			    "special character");
	opts_free(o);
	assert_int_equal(read_text("allow_read: [a\n", false, &o), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "config.yaml:"));
	assert_string_equal(err.hint, "'key: value' lines are expected");
	opts_free(o);
}

static void
test_not_utf8(void **state)
{
	struct opts *o;

	(void)state;
	assert_int_equal(read_text("model: \xff\xfe\n", false, &o), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "config.yaml: byte "));
	opts_free(o);
}

static void
test_bounds(void **state)
{
	AUTO_FREE char *big = mem_alloc(MIB + 2);
	AUTO_FREE char *path = NULL;
	struct opts *o = opts_new();

	(void)state;
	memset(big, '#', MIB + 1);
	path = file_with("big.yaml", big, MIB);
	assert_int_equal(opts_config(o, path, false, &err), ERR_NONE);
	free(path);
	path = file_with("big.yaml", big, MIB + 1);
	assert_int_equal(opts_config(o, path, false, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "larger than 1048576 bytes"));
	memset(big, '[', MIB);
	memcpy(big, "model: ", 7);
	free(path);
	path = file_with("deep.yaml", big, MIB);
	assert_int_equal(opts_config(o, path, true, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "nested deeper than 32"));
	opts_free(o);
}

static void
test_missing(void **state)
{
	AUTO_FREE char *path = mem_printf("%s/none.yaml", folder);
	struct opts *o = opts_new();

	(void)state;
	assert_int_equal(opts_config(o, path, false, &err), ERR_CONFIG);
	assert_int_equal(opts_config(o, folder, false, &err), ERR_CONFIG);
	opts_free(o);
}

static void
test_project(void **state)
{
	struct opts *o;
	size_t n;

	(void)state;
	assert_int_equal(read_text("approve: auto\nmax_steps: 5\nallow_write: [/, {a: b}]\n"
				   "limits: {memory: 1G}\nstep_timeout: 1h\n",
				   true, &o),
			 ERR_NONE);
	assert_string_equal(opt_str(o, OPT_APPROVE), "ask");
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 5);
	assert_int_equal(opt_int(o, OPT_LIMIT_MEMORY), 1073741824);
	assert_int_equal(opt_int(o, OPT_STEP_TIMEOUT), 120000);
	opt_list(o, OPT_ALLOW_WRITE, &n);
	assert_int_equal(n, 0);
	assert_string_equal(
	    opts_notices(o, &n)[0],
	    "config.yaml:1: a project's file may not set 'approve'; passed over");
	assert_int_equal(n, 3);
	opts_free(o);
}

static void
test_load_and_profile(void **state)
{
	AUTO_FREE char *dir = mem_printf("%s/xdg/sunaba/profiles", folder);
	AUTO_FREE char *xdg = mem_printf("%s/xdg", folder);
	AUTO_FREE char *config = mem_printf("%s/xdg/sunaba/config.yaml", folder);
	AUTO_FREE char *work = mem_printf("%s/work.yaml", dir);
	struct opts *o = opts_new();

	(void)state;
	setenv("XDG_CONFIG_HOME", xdg, 1);
	assert_int_equal(opts_load(o, &err), ERR_NONE); /* nothing there */
	opts_free(o);
	assert_int_equal(fs_mkdirs(dir, 0700, &err), ERR_NONE);
	fs_write(config, "model: c\nmax_steps: 3\nwidth: 7\nprofile: work\n", 44, 0600,
		 NULL);
	fs_write(work, "model: p\nwidth: 8\n", 18, 0600, NULL);
	setenv("SUNABA_MODEL", "e", 1);
	setenv("SUNABA_MAX_STEPS", "4", 1);
	o = opts_new();
	assert_int_equal(opts_load(o, &err), ERR_NONE);
	assert_string_equal(opt_str(o, OPT_MODEL), "p"); /* profile over environment */
	assert_string_equal(opt_source(o, OPT_MODEL), "profiles/work.yaml:1");
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 4); /* environment over config */
	assert_int_equal(opt_int(o, OPT_WIDTH), 8);
	assert_int_equal(opts_profile(o, "none", &err), ERR_CONFIG);
	assert_string_equal(err.msg, "there is no profile 'none'");
	assert_int_equal(opts_profile(o, "../config", &err), ERR_USAGE);
	opts_free(o);

	o = opts_new();
	setenv("SUNABA_CONFIG", "/nonexistent/c.yaml", 1);
	assert_int_equal(opts_load(o, &err), ERR_CONFIG);
	opts_free(o);
	unsetenv("SUNABA_CONFIG");
	unsetenv("SUNABA_MODEL");
	unsetenv("SUNABA_MAX_STEPS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads),
	    cmocka_unit_test(test_empty_files),
	    cmocka_unit_test(test_complaints),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_not_utf8),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_missing),
	    cmocka_unit_test(test_project),
	    cmocka_unit_test(test_load_and_profile),
	};
	AUTO_FREE char *clean = NULL;
	int rc;

	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].env)
			unsetenv(option_table[i].env);
	if (!tmp_folder(folder))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	for (const char *const *f =
		 (const char *const[]){"config.yaml", "big.yaml", "deep.yaml",
				       "xdg/sunaba/profiles/work.yaml",
				       "xdg/sunaba/config.yaml", "xdg/sunaba/profiles",
				       "xdg/sunaba", "xdg", "", NULL};
	     *f; f++) {
		free(clean);
		clean = mem_printf("%s/%s", folder, *f);
		remove(clean);
	}
	return rc;
}
