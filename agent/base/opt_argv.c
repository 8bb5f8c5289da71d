/* The command line. See opt.h.
 *
 * Long options as `--name VALUE` or `--name=VALUE`, flags with a `--no-name`, short ones bundled
 * (`-qy`, `-mNAME`). No abbreviations: a script that works today must not break when an option
 * is added. An unknown option is two lines: what, and the nearest with the way to the help.
 * Pinned by tests/unit/test_opt.c and tests/e2e/test_options.py. */
#include <ctype.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/base/opt_impl.h"

struct opt_reader {
	struct opts *o;
	unsigned bit;
	const char *command;
	int argc, at;
	char **argv;
	struct err *e;
};

/* "see 'sunaba help render'", for the end of a hint. */
static const char *
opt_see(const struct opt_reader *r, char *out, size_t n)
{
	if (r->command)
		snprintf(out, n, "see 'sunaba help %.40s'", r->command);
	else
		snprintf(out, n, "see 'sunaba --help'");
	return out;
}

static enum err_kind
opt_unknown(const struct opt_reader *r, const char *name, size_t len)
{
	AUTO_FREE char *word = mem_strndup(name, len);
	AUTO_FREE const char **names = mem_array(NULL, r->o->n + 1, sizeof(char *));
	const char *near;
	size_t n = 0;
	char see[80];

	opt_see(r, see, sizeof(see));
	for (size_t i = 0; i < r->o->n; i++)
		if (r->o->rows[i].name && (r->o->rows[i].commands & r->bit))
			names[n++] = r->o->rows[i].name;
	near = opt_nearest(word, names, n);
	err_set(r->e, ERR_USAGE, "unknown option '--%.200s'", word);
	if (near)
		err_hint(r->e, "did you mean '--%s'? %s", near, see);
	else
		err_hint(r->e, "%s", see);
	return ERR_USAGE;
}

static enum err_kind
opt_misplaced(const struct opt_reader *r, const struct opt_row *row)
{
	char see[80];

	if (r->command)
		err_set(r->e, ERR_USAGE, "option '--%s' does not go with '%s'", row->name,
			r->command);
	else
		err_set(r->e, ERR_USAGE, "option '--%s' needs a command before it",
			row->name);
	err_hint(r->e, "%s", opt_see(r, see, sizeof(see)));
	return ERR_USAGE;
}

/* A value in the next argument: one that looks like an option was more likely forgotten. */
static enum err_kind
opt_next_value(struct opt_reader *r, const struct opt_row *row, const char **value)
{
	const char *next = r->at < r->argc ? r->argv[r->at] : NULL;

	if (next && (next[0] != '-' || !next[1] || isdigit((unsigned char)next[1]) ||
		     next[1] == '.')) {
		*value = next;
		r->at++;
		return ERR_NONE;
	}
	err_set(r->e, ERR_USAGE, "option '--%s' needs a value", row->name);
	if (next && strcmp(next, "--") != 0)
		err_hint(r->e, "write '--%s=%.100s' if '%.100s' is meant to be the value",
			 row->name, next, next);
	else
		err_hint(r->e, "write '--%s %s'", row->name, row->arg);
	return ERR_USAGE;
}

static enum err_kind
opt_give(struct opt_reader *r, int id, const char *value)
{
	AUTO_FREE char *source = mem_printf("--%s", r->o->rows[id].name);
	enum err_kind kind = opt_assign(r->o, id, OPT_FROM_ARGV, value, source, r->e);
	char see[80];

	if (kind) {
		err_context(r->e, "%s", source);
		err_hint(r->e, "%s", opt_see(r, see, sizeof(see)));
	}
	return kind;
}

/* The row of a long name, or -1; *negative says that it was the `--no-` form. */
static int
opt_long_row(const struct opts *o, const char *name, size_t len, bool *negative)
{
	*negative = false;
	for (size_t i = 0; i < o->n; i++) {
		const struct opt_row *row = &o->rows[i];
		bool can_no = row->type == OPT_FLAG || row->off;

		if (!row->name)
			continue;
		if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return (int)i;
		if (can_no && len > 3 && memcmp(name, "no-", 3) == 0 &&
		    strlen(row->name) == len - 3 &&
		    memcmp(row->name, name + 3, len - 3) == 0) {
			*negative = true;
			return (int)i;
		}
	}
	return -1;
}

static enum err_kind
opt_long(struct opt_reader *r, const char *name)
{
	const char *value = strchr(name, '=');
	size_t len = value ? (size_t)(value++ - name) : strlen(name);
	const struct opt_row *row;
	bool negative;
	int id = opt_long_row(r->o, name, len, &negative);
	enum err_kind kind;

	if (id < 0)
		return opt_unknown(r, name, len);
	row = &r->o->rows[id];
	if (!(row->commands & r->bit))
		return opt_misplaced(r, row);
	if (negative || row->type == OPT_FLAG) {
		if (value) {
			err_set(r->e, ERR_USAGE, "option '--%.200s' takes no value", name);
			err_hint(r->e, "write '--%s%s'", negative ? "no-" : "", row->name);
			return ERR_USAGE;
		}
		if (row->type == OPT_FLAG)
			return opt_give(r, id, negative ? "false" : "true");
		return opt_give(r, id, row->off);
	}
	if (!value && row->on)
		return opt_give(r, id, row->on);
	if (!value) {
		kind = opt_next_value(r, row, &value);
		if (kind)
			return kind;
	}
	return opt_give(r, id, value);
}

static enum err_kind
opt_short(struct opt_reader *r, const char *letters)
{
	enum err_kind kind = ERR_NONE;
	const char *value;
	char see[80];

	for (; *letters && !kind; letters++) {
		const struct opt_row *row = NULL;
		size_t i;

		for (i = 0; i < r->o->n && !row; i++)
			if (r->o->rows[i].letter == *letters)
				row = &r->o->rows[i];
		if (!row) {
			err_set(r->e, ERR_USAGE, "unknown option '-%.4s'", letters);
			err_hint(r->e, "%s", opt_see(r, see, sizeof(see)));
			return ERR_USAGE;
		}
		if (!(row->commands & r->bit))
			return opt_misplaced(r, row);
		if (row->type == OPT_FLAG) {
			kind = opt_give(r, (int)i - 1, "true");
			continue;
		}
		value = letters + 1;
		if (!*value)
			kind = opt_next_value(r, row, &value);
		return kind ? kind : opt_give(r, (int)i - 1, value);
	}
	return kind;
}

enum err_kind
opt_argv(struct opts *o, unsigned bit, const char *command, bool rest, int argc,
	 char **argv, struct err *e)
{
	struct opt_reader r = {
	    .o = o, .bit = bit, .command = command, .argc = argc, .argv = argv, .e = e};
	bool ended = false;
	enum err_kind kind = ERR_NONE;

	o->args = mem_array(o->args, (size_t)argc + 1, sizeof(char *));
	o->nargs = 0;
	o->args[0] = NULL;
	while (r.at < argc && !kind) {
		char *arg = argv[r.at++];

		if (ended || arg[0] != '-' || arg[1] == '\0') {
			o->args[o->nargs++] = arg;
			o->args[o->nargs] = NULL;
			ended = ended || rest;
		} else if (strcmp(arg, "--") == 0) {
			ended = true;
			o->dashed = o->nargs == 0;
		} else if (arg[1] == '-') {
			kind = opt_long(&r, arg + 2);
		} else {
			kind = opt_short(&r, arg + 1);
		}
	}
	return kind;
}

char **
opts_args(const struct opts *o, int *n)
{
	if (n)
		*n = o->nargs;
	return o->args;
}

void
opts_shift(struct opts *o)
{
	for (int i = 0; i < o->nargs; i++)
		o->args[i] = o->args[i + 1];
	o->nargs -= o->nargs > 0;
}

bool
opts_args_dashed(const struct opts *o)
{
	return o->dashed;
}
