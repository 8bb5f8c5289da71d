/* `sunaba config`: each value and where it comes from; the path; a check of one file.
 * Pinned by tests/e2e/test_options.py. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/options.h"

static int
config_usage(void)
{
	struct err e;

	err_set(&e, ERR_USAGE, "'config' takes nothing, 'path' or 'check FILE'");
	err_hint(&e, "see 'sunaba help config'");
	return cmd_fail(&e);
}

static int
config_path(struct opts *o)
{
	AUTO_FREE char *path = NULL;
	struct err e;

	if (opts_env(o, &e)) /* SUNABA_CONFIG may name it */
		return cmd_fail(&e);
	path = opts_config_path(o);
	if (!path) {
		err_set(&e, ERR_CONFIG, "there is no home folder");
		err_hint(&e, "set HOME or XDG_CONFIG_HOME");
		return cmd_fail(&e);
	}
	cmd_puts(stdout, path);
	putchar('\n');
	return cmd_end();
}

static int
config_check(const char *path)
{
	struct opts *fresh = opts_new();
	struct err e;
	enum err_kind kind = opts_config(fresh, path, false, &e);

	opts_free(fresh);
	if (kind)
		return cmd_fail(&e) == 2 ? 2 : 1;
	cmd_puts(stdout, path);
	puts(": fine");
	return cmd_end();
}

static void
config_row(const struct opts *o, int id, bool json)
{
	AUTO_FREE char *text = opt_text(o, id);
	AUTO_BUF struct buf line = BUF_INIT(MIB);
	struct json_writer w = JSON_WRITER(&line);

	if (!json) {
		printf("%-22s ", option_table[id].key);
		cmd_puts(stdout, text[0] ? text : "-");
		fputs("  (", stdout);
		cmd_puts(stdout, opt_source(o, id));
		fputs(")\n", stdout);
		return;
	}
	json_open(&w, '{');
	json_kv_str(&w, "key", option_table[id].key);
	json_kv_str(&w, "value", text);
	json_kv_str(&w, "source", opt_source(o, id));
	json_close(&w, '}');
	puts(buf_str(&line));
}

int
cmd_config(struct opts *o)
{
	int n;
	char **args = opts_args(o, &n);
	struct err e;

	if (n == 1 && strcmp(args[0], "path") == 0)
		return config_path(o);
	if (n == 2 && strcmp(args[0], "check") == 0)
		return config_check(args[1]);
	if (n > 0)
		return config_usage();
	if (opts_load(o, &e))
		return cmd_fail(&e);
	for (int id = 0; id < OPT_COUNT; id++)
		if (option_table[id].key)
			config_row(o, id, opt_flag(o, OPT_JSON));
	return cmd_end();
}
