/* The option engine and sunaba's own rows: argv, environment, ranks, bounds, messages. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "agent/commands.h"
#include "agent/options.h"

#define ARGV(...) (char *[]){__VA_ARGS__, NULL}, (int)ARRAY_LEN(((char *[]){__VA_ARGS__}))

static struct err err;

static enum err_kind
argv_of(struct opts *o, const char *command, char **argv, int argc)
{
	err_clear(&err);
	return opts_argv(o, command, argc, argv, &err);
}

static void
clear_env(void)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (option_table[i].env)
			unsetenv(option_table[i].env);
}

static void
expect_error(char **argv, int argc, const char *msg, const char *hint)
{
	struct opts *o = opts_new();

	assert_int_equal(argv_of(o, NULL, argv, argc), ERR_USAGE);
	assert_string_equal(err.msg, msg);
	if (hint)
		assert_string_equal(err.hint, hint);
	opts_free(o);
}

/* A value that may be missing never is the next argument. */
static void
test_value_behind_equals(void **state)
{
	struct opts *o = opts_new();
	const char *const *list;
	size_t n;

	(void)state;
	assert_int_equal(argv_of(o, NULL, ARGV("--allow-net", "a.com")), ERR_NONE);
	list = opt_list(o, OPT_ALLOW_NET, &n);
	assert_int_equal(n, 1);
	assert_string_equal(list[0], "ask");
	assert_string_equal(opts_args(o, NULL)[0], "a.com");
	opts_free(o);
	o = opts_new();
	assert_int_equal(argv_of(o, "sandbox", ARGV("--allow-net=a.com,b.com:81", "true")),
			 ERR_NONE);
	list = opt_list(o, OPT_ALLOW_NET, &n);
	assert_int_equal(n, 2);
	assert_string_equal(list[1], "b.com:81");
	assert_int_equal(argv_of(o, NULL, ARGV("--no-allow-net")), ERR_NONE);
	opts_free(o);
}

static void
test_defaults(void **state)
{
	struct opts *o = opts_new();
	size_t n;

	(void)state;
	assert_null(opt_str(o, OPT_MODEL));
	assert_string_equal(opt_str(o, OPT_APPROVE), "ask");
	assert_int_equal(opt_int(o, OPT_STEP_TIMEOUT), 120000);
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 50);
	assert_true(isnan(opt_num(o, OPT_TEMPERATURE)));
	assert_false(opt_flag(o, OPT_JSON));
	assert_false(opt_is_set(o, OPT_APPROVE));
	assert_string_equal(opt_source(o, OPT_APPROVE), "default");
	assert_null(opt_list(o, OPT_ALLOW_READ, &n)[0]);
	assert_int_equal(n, 0);
	opts_free(o);
	opts_free(NULL);
}

static void
test_argv_forms(void **state)
{
	struct opts *o = opts_new();
	int n;

	(void)state;
	assert_int_equal(argv_of(o, NULL,
				 ARGV("-qym", "ollama:llama3:8b", "do", "--max-steps=7",
				      "it", "--max-time", "1m30s", "--temperature", "0.5",
				      "-", "--", "--json", "-x")),
			 ERR_NONE);
	assert_string_equal(opt_str(o, OPT_MODEL), "ollama:llama3:8b");
	assert_true(opt_flag(o, OPT_QUIET));
	assert_true(opt_flag(o, OPT_AUTO_RUN));
	assert_string_equal(opt_str(o, OPT_APPROVE), "auto");
	assert_string_equal(opt_source(o, OPT_APPROVE), "--auto-run");
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 7);
	assert_int_equal(opt_int(o, OPT_MAX_TIME), 90000);
	assert_true(fabs(opt_num(o, OPT_TEMPERATURE) - 0.5) < 1e-12);
	assert_false(opt_flag(o, OPT_JSON));
	assert_int_equal((opts_args(o, &n), n), 5);
	assert_string_equal(opts_args(o, &n)[0], "do");
	assert_string_equal(opts_args(o, &n)[2], "-");
	assert_string_equal(opts_args(o, &n)[4], "-x");
	assert_null(opts_args(o, &n)[5]);
	assert_false(opts_args_dashed(o));
	opts_free(o);
}

static void
test_argv_negative_and_last_wins(void **state)
{
	struct opts *o = opts_new();

	(void)state;
	assert_int_equal(
	    argv_of(o, NULL,
		    ARGV("--json", "--no-json", "-y", "--no-auto-run", "--color", "always",
			 "--no-color", "-mfoo", "-C/tmp")),
	    ERR_NONE);
	assert_false(opt_flag(o, OPT_JSON));
	assert_true(opt_is_set(o, OPT_JSON));
	assert_string_equal(opt_str(o, OPT_APPROVE), "ask");
	assert_string_equal(opt_str(o, OPT_COLOR), "never");
	assert_string_equal(opt_str(o, OPT_MODEL), "foo");
	assert_string_equal(opt_str(o, OPT_CD), "/tmp");
	opts_free(o);
}

static void
test_argv_rest(void **state)
{
	struct opts *o = opts_new();
	int n;

	(void)state;
	assert_int_equal(
	    argv_of(o, "sandbox",
		    ARGV("--allow-read", "/a,b:c", "ls", "-l", "--bogus", "--")),
	    ERR_NONE);
	assert_int_equal((opts_args(o, &n), n), 4);
	assert_string_equal(opts_args(o, &n)[3], "--");
	assert_string_equal(opt_list(o, OPT_ALLOW_READ, NULL)[0], "/a,b:c");
	assert_int_equal(argv_of(o, "sandbox", ARGV("--", "ls")), ERR_NONE);
	assert_true(opts_args_dashed(o));
	assert_int_equal(argv_of(o, NULL, (char *[]){NULL}, 0), ERR_NONE);
	assert_int_equal((opts_args(o, &n), n), 0);
	opts_free(o);
}

static void
test_argv_errors(void **state)
{
	(void)state;
	expect_error(ARGV("--modle", "x"), "unknown option '--modle'",
		     "did you mean '--model'? see 'sunaba --help'");
	expect_error(ARGV("--mod"), "unknown option '--mod'",
		     "did you mean '--model'? see 'sunaba --help'");
	expect_error(ARGV("--xyzzy=1"), "unknown option '--xyzzy'", "see 'sunaba --help'");
	expect_error(ARGV("-qZ"), "unknown option '-Z'", "see 'sunaba --help'");
	expect_error(ARGV("--model"), "option '--model' needs a value",
		     "write '--model PROVIDER:MODEL'");
	expect_error(ARGV("--model", "--json"), "option '--model' needs a value",
		     "write '--model=--json' if '--json' is meant to be the value");
	expect_error(ARGV("--json=1"), "option '--json=1' takes no value",
		     "write '--json'");
	expect_error(ARGV("--no-model"), "unknown option '--no-model'", NULL);
	expect_error(ARGV("--stream", "3"), "option '--stream' needs a command before it",
		     NULL);
	expect_error(ARGV("--approve", "yes"),
		     "--approve: 'yes' is not one of ask|auto|never", NULL);
	expect_error(ARGV("--max-steps", "many"),
		     "--max-steps: 'many' is not a whole number", NULL);
	expect_error(ARGV("--max-steps", "-1"),
		     "--max-steps: '-1' is not within 0 and 1000000", NULL);
	expect_error(ARGV("--width", "10001"), "--width: '10001' is not within 0 and 10000",
		     NULL);
}

static void
test_misplaced(void **state)
{
	struct opts *o = opts_new();

	(void)state;
	assert_int_equal(argv_of(o, "render", ARGV("--model", "x")), ERR_USAGE);
	assert_string_equal(err.msg, "option '--model' does not go with 'render'");
	assert_string_equal(err.hint, "see 'sunaba help render'");
	opts_free(o);
}

static void
test_environment(void **state)
{
	struct opts *o = opts_new();
	size_t n;

	(void)state;
	setenv("SUNABA_MODEL", "from-env", 1);
	setenv("SUNABA_MAX_STEPS", "9", 1);
	setenv("SUNABA_JSON", "yes", 1);
	setenv("SUNABA_PLAIN", "", 1);
	setenv("SUNABA_ALLOW_READ", "/a:/b,c", 1);
	setenv("SUNABA_ENV_PASS", "A,B", 1);
	assert_int_equal(argv_of(o, NULL, ARGV("--max-steps", "3")), ERR_NONE);
	assert_int_equal(opts_env(o, &err), ERR_NONE);
	assert_string_equal(opt_str(o, OPT_MODEL), "from-env");
	assert_string_equal(opt_source(o, OPT_MODEL), "SUNABA_MODEL");
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 3);
	assert_string_equal(opt_source(o, OPT_MAX_STEPS), "--max-steps");
	assert_true(opt_flag(o, OPT_JSON));
	assert_false(opt_is_set(o, OPT_PLAIN));
	assert_string_equal(opt_list(o, OPT_ALLOW_READ, &n)[1], "/b,c");
	assert_int_equal(n, 2);
	assert_string_equal(opt_list(o, OPT_ENV_PASS, &n)[1], "B");
	opts_free(o);

	o = opts_new();
	setenv("SUNABA_MAX_STEPS", "lots", 1);
	assert_int_equal(opts_env(o, &err), ERR_CONFIG);
	assert_string_equal(err.msg, "SUNABA_MAX_STEPS: 'lots' is not a whole number");
	assert_string_equal(err.hint, "correct or unset the variable SUNABA_MAX_STEPS");
	opts_free(o);
	clear_env();
}

static void
test_ranks(void **state)
{
	struct opts *o = opts_new();
	size_t n;

	(void)state;
	assert_int_equal(opt_assign(o, OPT_ALLOW_READ, OPT_FROM_ENV, "/e", "E", NULL), 0);
	assert_int_equal(opt_assign(o, OPT_ALLOW_READ, OPT_FROM_ARGV, "/f", "F", NULL), 0);
	assert_int_equal(opt_assign(o, OPT_ALLOW_READ, OPT_FROM_ARGV, "/g", "F", NULL), 0);
	assert_int_equal(opt_assign(o, OPT_ALLOW_READ, OPT_FROM_CONFIG, "/c", "C", NULL),
			 0);
	assert_string_equal(opt_list(o, OPT_ALLOW_READ, &n)[0], "/f");
	assert_int_equal(n, 2);
	assert_string_equal(opt_source(o, OPT_ALLOW_READ), "F");
	assert_int_equal(opt_set(o, OPT_ALLOW_READ, "/s", "/net", NULL), ERR_NONE);
	assert_string_equal(opt_list(o, OPT_ALLOW_READ, &n)[0], "/s");
	assert_int_equal(n, 1);
	/* A value that loses is checked all the same, and changes nothing. */
	assert_int_equal(opt_assign(o, OPT_MAX_STEPS, OPT_FROM_ARGV, "5", "A", NULL), 0);
	assert_int_equal(opt_assign(o, OPT_MAX_STEPS, OPT_FROM_ENV, "x", "E", NULL),
			 ERR_CONFIG);
	assert_int_equal(opt_set(o, OPT_MAX_STEPS, "x", "/limits", NULL), ERR_USAGE);
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 5);
	opts_free(o);
}

static void
test_project_only_tightens(void **state)
{
	struct opts *o = opts_new();
	size_t n;

	(void)state;
	opt_assign(o, OPT_MAX_STEPS, OPT_FROM_CONFIG, "10", "c:1", NULL);
	opt_assign(o, OPT_MAX_STEPS, OPT_FROM_PROJECT, "11", "p:1", NULL);
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 10);
	opt_assign(o, OPT_MAX_STEPS, OPT_FROM_PROJECT, "0", "p:1", NULL);
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 10);
	assert_string_equal(opts_notices(o, &n)[0],
			    "p:1: 'max_steps' may only be lowered by a project's file; "
			    "passed over");
	assert_int_equal(n, 2);
	opt_assign(o, OPT_MAX_STEPS, OPT_FROM_PROJECT, "4", "p:1", NULL);
	assert_int_equal(opt_int(o, OPT_MAX_STEPS), 4);
	opt_assign(o, OPT_MAX_TIME, OPT_FROM_PROJECT, "1m", "p:1", NULL);
	assert_int_equal(opt_int(o, OPT_MAX_TIME), 60000);
	opts_free(o);
}

struct number_case {
	enum opt_type type;
	const char *text;
	double want; /* NAN: refused */
};

static void
test_numbers(void **state)
{
	static const struct number_case cases[] = {
	    {OPT_INT, "0", 0},
	    {OPT_INT, "42", 42},
	    {OPT_INT, "9007199254740992", 9007199254740992.0},
	    {OPT_INT, "9007199254740994", NAN},
	    {OPT_INT, "1.5", NAN},
	    {OPT_INT, "", NAN},
	    {OPT_INT, " 1", NAN},
	    {OPT_INT, "1 ", NAN},
	    {OPT_INT, "0x10", NAN},
	    {OPT_INT, "1e3", NAN},
	    {OPT_INT, "999999999999999999999999999999999999999999999", NAN},
	    {OPT_NUMBER, "1.25", 1.25},
	    {OPT_NUMBER, "nan", NAN},
	    {OPT_NUMBER, "inf", NAN},
	    {OPT_NUMBER, ".5", NAN},
	    {OPT_NUMBER, "5.", NAN},
	    {OPT_NUMBER, "1.2.3", NAN},
	    {OPT_DURATION, "90", 90000},
	    {OPT_DURATION, "90s", 90000},
	    {OPT_DURATION, "2m", 120000},
	    {OPT_DURATION, "1h30m", 5400000},
	    {OPT_DURATION, "250ms", 250},
	    {OPT_DURATION, "1d", 86400000},
	    {OPT_DURATION, "1.5h", 5400000},
	    {OPT_DURATION, "1h30", NAN},
	    {OPT_DURATION, "m", NAN},
	    {OPT_DURATION, "-1s", NAN},
	    {OPT_DURATION, "1y", NAN},
	    {OPT_DURATION, "", NAN},
	    {OPT_SIZE, "1024", 1024},
	    {OPT_SIZE, "4G", 4294967296.0},
	    {OPT_SIZE, "4g", 4294967296.0},
	    {OPT_SIZE, "4GiB", 4294967296.0},
	    {OPT_SIZE, "4GB", 4294967296.0},
	    {OPT_SIZE, "1.5K", 1536},
	    {OPT_SIZE, "10B", 10},
	    {OPT_SIZE, "10X", NAN},
	    {OPT_SIZE, "G", NAN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct opt_row row = {.type = cases[i].type};
		double got = -1;
		enum err_kind kind = opt_parse_number(&row, cases[i].text, &got, NULL);

		if (isnan(cases[i].want) ? kind == ERR_NONE
					 : kind || fabs(got - cases[i].want) > 0)
			fail_msg("'%s' gave %g (%s)", cases[i].text, got, err_word(kind));
	}
}

static void
test_nearest(void **state)
{
	static const char *const words[] = {"model", "max-steps", "max-time", "json", NULL};
	char big[4096];

	(void)state;
	memset(big, 'm', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_string_equal(opt_nearest("moedl", words, 5), "model");
	assert_string_equal(opt_nearest("max-step", words, 5), "max-steps");
	assert_string_equal(opt_nearest("maxtime", words, 5), "max-time");
	assert_null(opt_nearest("profile", words, 5));
	assert_null(opt_nearest("", words, 5));
	assert_null(opt_nearest(big, words, 5));
}

static void
test_list_bound(void **state)
{
	struct opts *o = opts_new();
	char text[2 * (OPT_LIST_MAX + 1)];
	size_t n;

	(void)state;
	for (size_t i = 0; i < OPT_LIST_MAX + 1; i++)
		memcpy(text + 2 * i, "a,", 2);
	text[2 * OPT_LIST_MAX - 1] = '\0';
	assert_int_equal(opt_assign(o, OPT_ENV_PASS, OPT_FROM_ARGV, text, "x", &err), 0);
	opt_list(o, OPT_ENV_PASS, &n);
	assert_int_equal(n, OPT_LIST_MAX);
	assert_int_equal(opt_assign(o, OPT_ENV_PASS, OPT_FROM_ARGV, "b", "x", &err),
			 ERR_USAGE);
	text[2 * OPT_LIST_MAX - 1] = ',';
	text[2 * OPT_LIST_MAX + 1] = '\0';
	assert_int_equal(opt_set(o, OPT_ENV_PASS, text, "x", &err), ERR_USAGE);
	opt_list(o, OPT_ENV_PASS, &n);
	assert_int_equal(n, OPT_LIST_MAX);
	opts_free(o);
}

static void
test_secret(void **state)
{
	struct opts *o = opts_new();
	char *text;

	(void)state;
	opt_set(o, OPT_API_KEY, "sk-hush", "x", NULL);
	text = opt_text(o, OPT_API_KEY);
	assert_string_equal(text, "***");
	free(text);
	opts_free(o);
}

/* What the other parts rely on, for every row. */
static void
test_rows_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct opt_row *row = &option_table[i];
		double v;

		if (!row->help || !row->group)
			fail_msg("row %zu has no help or group", i);
		if (row->name && !row->commands)
			fail_msg("--%s goes with no command", row->name);
		if (row->name && row->type != OPT_FLAG && !row->arg)
			fail_msg("--%s has no argument name", row->name);
		if (row->def && row->type >= OPT_INT && row->type <= OPT_SIZE &&
		    opt_parse_number(row, row->def, &v, &err))
			fail_msg("default of --%s: %s", row->name, err.msg);
		if (row->env && strncmp(row->env, "SUNABA_", 7) != 0)
			fail_msg("variable of --%s", row->name);
		for (size_t k = 0; k < i; k++) {
			const struct opt_row *b = &option_table[k];

			if ((row->name && b->name && !strcmp(row->name, b->name)) ||
			    (row->letter && row->letter == b->letter) ||
			    (row->key && b->key && !strcmp(row->key, b->key)) ||
			    (row->env && b->env && !strcmp(row->env, b->env)))
				fail_msg("rows %zu and %zu clash", k, i);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_value_behind_equals),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_argv_forms),
	    cmocka_unit_test(test_argv_negative_and_last_wins),
	    cmocka_unit_test(test_argv_rest),
	    cmocka_unit_test(test_argv_errors),
	    cmocka_unit_test(test_misplaced),
	    cmocka_unit_test(test_environment),
	    cmocka_unit_test(test_ranks),
	    cmocka_unit_test(test_project_only_tightens),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_list_bound),
	    cmocka_unit_test(test_secret),
	    cmocka_unit_test(test_rows_consistent),
	};

	clear_env();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
