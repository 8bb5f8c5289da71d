/* Texts made from the tables: width of the help, sections of the manual, completions. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/help.h"
#include "agent/options.h"
#include "tests/unit/tmp.h"

static struct err err;

/* What help_print writes, the caller's. */
static char *
help_of(const char *command)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	help_print(command, out);
	fclose(out);
	return text;
}

static void
check_width(const char *name, const char *text)
{
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t n = strcspn(p, "\n");

		if (n > HELP_COLUMNS)
			fail_msg("help of %s: %zu columns: %.*s", name, n, (int)n, p);
		if (n > 0 && p[n - 1] == ' ')
			fail_msg("help of %s: blank at the end: %.*s", name, (int)n, p);
	}
}

static void
test_help_width(void **state)
{
	AUTO_FREE char *text = help_of(NULL);

	(void)state;
	check_width("sunaba", text);
	for (size_t i = 0; i < command_count; i++) {
		free(text);
		text = help_of(command_table[i].name);
		check_width(command_table[i].name, text);
		assert_non_null(strstr(text, command_table[i].help));
	}
}

static void
test_help_names_every_option(void **state)
{
	AUTO_FREE char *text = help_of(NULL);

	(void)state;
	for (size_t i = 0; i < OPT_COUNT; i++) {
		AUTO_FREE char *name = mem_printf("--%s", option_table[i].name);

		if (option_table[i].name && (option_table[i].commands & CMD_MAIN))
			assert_non_null(strstr(text, name));
	}
	for (size_t i = 0; i < command_count; i++)
		assert_non_null(strstr(text, command_table[i].name));
}

static void
test_exit_codes_are_those_of_errors(void **state)
{
	(void)state;
	for (int kind = 0; kind < ERR_KINDS; kind++) {
		AUTO_FREE char *code = mem_printf("%d", err_exit_code((enum err_kind)kind));
		bool found = false;

		for (size_t i = 0; i < exit_count; i++)
			found = found || strcmp(exit_table[i].code, code) == 0;
		if (!found)
			fail_msg("exit code %s of '%s' is not documented", code,
				 err_word((enum err_kind)kind));
	}
}

static char *
man_of(const char *template)
{
	struct buf out = BUF_INIT(MIB);

	err_clear(&err);
	if (help_man(template, strlen(template), &out, &err))
		fail_msg("%s", err.msg);
	return buf_take(&out);
}

static void
test_man_sections(void **state)
{
	AUTO_FREE char *text =
	    man_of(".SH A @VERSION@ b @VERSION@\n@OPTIONS@\n@COMMANDS@\n@ENVIRONMENT@\n"
		   "@CONFIG@\n@EXIT@\nend");

	(void)state;
	assert_non_null(strstr(text, ".SH A " SUNABA_VERSION " b " SUNABA_VERSION "\n"));
	assert_non_null(strstr(text, "\\fB\\-m\\fR, \\fB\\-\\-model\\fR "
				     "\\fIPROVIDER:MODEL\\fR\n"));
	assert_non_null(strstr(text, "\\fBlimits.memory\\fR (size)\n"));
	assert_non_null(strstr(text, "\\fBSUNABA_MODEL\\fR\n"));
	assert_non_null(strstr(text, "\\fB130\\fR\n"));
	assert_null(strchr(text, '@'));
	assert_string_equal(text + strlen(text) - 5, "\nend\n");
}

static void
test_man_unknown_section(void **state)
{
	struct buf out = BUF_INIT(MIB);

	(void)state;
	assert_int_equal(help_man("@WHAT@\n", 7, &out, &err), ERR_PARSE);
	assert_string_equal(err.msg, "unknown section '@WHAT@'");
	buf_release(&out);
}

/* Exit code of a shell command. */
static int
run_shell(const char *command)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Writes a shell's completion script to a file and runs `check`, which finds its path in $SCRIPT. */
static void
check_shell(const char *shell, const char *check)
{
	char path[TMP_PATH];
	AUTO_FREE char *probe = mem_printf("command -v %s >/dev/null", shell);
	struct opts *o = opts_new();
	int saved = dup(STDOUT_FILENO), fd = tmp_file(path), rc;

	assert_true(fd >= 0 && saved >= 0);
	assert_int_equal(
	    opts_argv(o, "completion", 1, (char *[]){(char *)(uintptr_t)shell, NULL}, &err),
	    ERR_NONE);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	rc = cmd_completion(o);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	opts_free(o);
	assert_int_equal(rc, 0);
	setenv("SCRIPT", path, 1);
	rc = run_shell(probe) == 0 ? run_shell(check) : -1;
	unlink(path);
	if (rc < 0)
		skip();
	assert_int_equal(rc, 0);
}

static void
test_bash(void **state)
{
	(void)state;
	check_shell(
	    "bash",
	    "bash -n \"$SCRIPT\" && bash -c '. \"$SCRIPT\"; COMP_WORDS=(sunaba --appr); "
	    "COMP_CWORD=1; _sunaba; [ \"${COMPREPLY[*]}\" = --approve ]'");
}

static void
test_zsh(void **state)
{
	(void)state;
	check_shell("zsh", "zsh -n \"$SCRIPT\" && test -s \"$SCRIPT\"");
}

static void
test_fish(void **state)
{
	(void)state;
	check_shell("fish", "fish -n \"$SCRIPT\" && test -s \"$SCRIPT\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_help_width),
	    cmocka_unit_test(test_help_names_every_option),
	    cmocka_unit_test(test_exit_codes_are_those_of_errors),
	    cmocka_unit_test(test_man_sections),
	    cmocka_unit_test(test_man_unknown_section),
	    cmocka_unit_test(test_bash),
	    cmocka_unit_test(test_zsh),
	    cmocka_unit_test(test_fish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
