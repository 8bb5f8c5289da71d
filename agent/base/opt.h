/* Options: one row of a table drives argv, environment, config file, help, manual, completion.
 *
 * The engine knows no option by name. A caller gives it the rows (agent/options.c has ours) and
 * feeds it from several sources; each value remembers where it came from, and a source of higher
 * rank wins whatever the order of the calls. Within one source the last value wins; lists
 * collect. A list of a higher source replaces the lower one as a whole.
 *
 * The idea of the table is tmux's. Errors: ERR_USAGE for argv and session commands, ERR_CONFIG
 * for variables and files; after an error the option keeps its former value. */
#ifndef SUNABA_BASE_OPT_H
#define SUNABA_BASE_OPT_H

#include "agent/base/err.h"

#define OPT_TEXT_MAX (64 * KIB) /* bytes of one value */
#define OPT_LIST_MAX 256	/* items of one list */

enum opt_type {
	OPT_FLAG, /* true, false; `--no-NAME` is its opposite */
	OPT_STRING,
	OPT_PATH,     /* a leading ~ becomes HOME */
	OPT_INT,      /* whole number within [min, max] */
	OPT_NUMBER,   /* within [min, max] */
	OPT_DURATION, /* "90", "90s", "2m", "1h30m", "250ms"; kept in milliseconds */
	OPT_SIZE,     /* "4G", "512M", "1024"; powers of 1024; kept in bytes */
	OPT_CHOICE,   /* one word of `choices` */
	OPT_LIST,     /* strings; one text may hold several, separated by commas */
	OPT_NAMES,    /* the same, of variables */
	OPT_PATHS,    /* paths; in a variable separated by colons */
};

/* What a project's file may do to the option. */
enum opt_scope {
	OPT_ANYWHERE, /* set it */
	OPT_TIGHTEN,  /* only lower it (0 counts as unlimited) */
	OPT_USER,     /* nothing: the user's own sources alone */
};

struct opt_row {
	const char *name; /* "model": the long option without dashes; NULL: not in argv */
	char letter;	  /* 'm', or 0 */
	bool secret;	  /* its value is never printed */
	enum opt_type type;
	enum opt_scope scope;
	unsigned commands;   /* set of the caller's bits: where argv may hold it */
	const char *arg;     /* "PROVIDER:MODEL" for help; NULL for flags */
	const char *env;     /* "SUNABA_MODEL", or NULL */
	const char *key;     /* "model", "limits.memory" (nested mappings), or NULL */
	const char *def;     /* default as text; NULL: unset */
	const char *choices; /* "ask|auto|never" */
	double min, max;     /* in the kept unit; both 0: no bounds */
	/* A flag that is short for a value of another row: `-y` for `--approve auto`. */
	int stands_for; /* index of that row plus 1, or 0 */
	const char *on,
	    *off;	   /* texts given to that row by the flag and its `--no-` form; for
			       * other types `off` is the text `--no-NAME` sets, or NULL, and
			       * `on` that of a `--NAME` without `=VALUE`, or NULL: it needs one */
	const char *group; /* heading in help and manual */
	const char *help;  /* one line */
};

/* Higher wins. */
enum opt_rank {
	OPT_FROM_DEFAULT,
	OPT_FROM_CONFIG,
	OPT_FROM_PROJECT,
	OPT_FROM_ENV,
	OPT_FROM_PROFILE,
	OPT_FROM_ARGV,
	OPT_FROM_SESSION,
};

struct opts;

/* `rows` is borrowed and must outlive the result. */
struct opts *opt_new(const struct opt_row *rows, size_t n);
void opts_free(struct opts *o); /* NULL is fine */
const struct opt_row *opt_rows(const struct opts *o, size_t *n);

/* Reads argc arguments (program and command name are not among them). `bit` says which command
 * they belong to, `command` its name for messages (NULL: none). `rest`: options end at the
 * first positional. "--" ends them always; a lone "-" is a positional. The texts are borrowed. */
enum err_kind opt_argv(struct opts *o, unsigned bit, const char *command, bool rest,
		       int argc, char **argv, struct err *e);
/* Positionals in order; NULL-terminated, borrowed. */
char **opts_args(const struct opts *o, int *n);
/* Takes the first positional away; nothing when there is none. */
void opts_shift(struct opts *o);
/* True when "--" stood before the first positional. */
bool opts_args_dashed(const struct opts *o);

/* Reads the variables of all rows; one that is empty counts as unset. */
enum err_kind opts_env(struct opts *o, struct err *e);

/* Sets one option from a text; `source` is copied ("config.yaml:3"). Flags take true, false,
 * yes, no, on, off, 1, 0. A list row takes further items when the rank is the one it has; ""
 * makes an empty list. The message says what is wrong with the text: the caller puts the source
 * before it. A value that loses by its rank is checked all the same. */
enum err_kind opt_assign(struct opts *o, int id, enum opt_rank rank, const char *text,
			 const char *source, struct err *e);
/* For session commands: highest rank, a list is replaced; the message names the source. */
enum err_kind
opt_set(struct opts *o, int id, const char *text, const char *source, struct err *e);
/* The row with this config key or long name, or -1. */
int opt_find_key(const struct opts *o, const char *key);
int opt_find_name(const struct opts *o, const char *name);

/* Getters. The type must fit the row (assert). Strings are borrowed until the next change. */
const char *opt_str(const struct opts *o, int id); /* string, path, choice; NULL: unset */
int64_t opt_int(const struct opts *o, int id);	   /* int, duration (ms), size (bytes) */
double opt_num(const struct opts *o, int id);	   /* number; NAN: unset */
bool opt_flag(const struct opts *o, int id);
/* NULL-terminated, never NULL itself. */
const char *const *opt_list(const struct opts *o, int id, size_t *n);
/* Whether any source but the default gave it. */
bool opt_is_set(const struct opts *o, int id);
enum opt_rank opt_rank(const struct opts *o, int id);
/* "--model", "SUNABA_MODEL", "config.yaml:3", "default". */
const char *opt_source(const struct opts *o, int id);
/* The value as text as `sunaba config` shows it ("***" for a secret); the caller frees. */
char *opt_text(const struct opts *o, int id);

/* Remarks that are no errors ("project file may not set 'allow_write'"), in order. */
const char *const *opts_notices(const struct opts *o, size_t *n);
void opt_notice(struct opts *o, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- pure helpers ---- */

/* The candidate nearest to `word` by edit distance, or NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *candidates, size_t n);
/* Text of a number-like row to its kept unit. */
enum err_kind
opt_parse_number(const struct opt_row *row, const char *text, double *out, struct err *e);

#endif
