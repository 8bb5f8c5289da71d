/* sunaba's options: the ids of the rows in options.c, and where their values come from. */
#ifndef SUNABA_OPTIONS_H
#define SUNABA_OPTIONS_H

#include "agent/base/opt.h"

enum opt_id {
	/* model */
	OPT_MODEL,
	OPT_API_BASE,
	OPT_API_KEY, /* config and environment only */
	OPT_SYSTEM,
	OPT_INSTRUCTIONS, /* config */
	OPT_TEMPERATURE,
	OPT_CONTEXT,
	OPT_PROFILE,
	/* running code */
	OPT_AUTO_RUN, /* stands for --approve auto; opt_flag() is true when approve is "auto" */
	OPT_APPROVE, /* "ask", "auto", "never" */
	OPT_MAX_STEPS,
	OPT_MAX_TIME,	 /* ms */
	OPT_MAX_COST,	 /* US dollars */
	OPT_PRICE_INPUT, /* US dollars a million tokens; config */
	OPT_PRICE_OUTPUT,
	OPT_STEP_TIMEOUT, /* ms */
	OPT_ATTACH,	  /* the user's terminal is each step's from its start */
	/* the gate */
	OPT_TRUST_WORKSPACE,
	OPT_ALLOW_RULES, /* config, like the next two */
	OPT_ASK_RULES,
	OPT_DENY_RULES,
	OPT_ON_GATE,   /* "stop", "ignore", "allow" */
	OPT_SPOTLIGHT, /* a word of spotlight_words */
	/* sandbox */
	OPT_CD,
	OPT_READ_ONLY,
	OPT_STAGED, /* "off", or what comes at the end: "apply", "discard", "ask", "keep" */
	OPT_ALLOW_READ,
	OPT_ALLOW_WRITE,
	OPT_ALLOW_NET,
	OPT_ENV_PASS,
	OPT_DEBUG_TOOLS,
	OPT_EXPLAIN,
	OPT_LIMIT_MEMORY, /* bytes; 0: the sandbox's own default */
	OPT_LIMIT_PROCESSES,
	OPT_LIMIT_FILES,
	OPT_LIMIT_FILE_SIZE, /* bytes */
	OPT_LIMIT_TMP_SIZE,  /* bytes */
	OPT_RUNG,	     /* the command line alone, like the next two */
	OPT_NO_SANDBOX,
	OPT_YES_REALLY,
	/* output */
	OPT_JSON,
	OPT_PLAIN,
	OPT_RAW,
	OPT_RENDER,
	OPT_OUTPUT,
	OPT_COLOR, /* "auto", "always", "never" */
	OPT_WIDTH, /* columns; 0: the terminal's */
	OPT_AMBIGUOUS_WIDTH,
	OPT_PICTURES, /* auto, ask, never */
	OPT_STREAM,   /* render: bytes at a time; 0: all at once */
	OPT_QUIET,
	OPT_VERBOSE,
	/* sessions */
	OPT_LAST,
	OPT_DECISIONS,
	OPT_AT,	    /* part number; 0: all */
	OPT_FORMAT, /* "md", "jsonl", … */
	/* general */
	OPT_CONFIG_FILE, /* SUNABA_CONFIG */
	OPT_MAN,	 /* help --man FILE */
	OPT_HELP,
	OPT_VERSION,
	OPT_COUNT
};

extern const struct opt_row option_table[OPT_COUNT];

struct opts *opts_new(void);

/* `command` as in the commands table; NULL: sunaba itself. argv without program and command. */
enum err_kind
opts_argv(struct opts *o, const char *command, int argc, char **argv, struct err *e);
/* A YAML file. `project`: rows of scope OPT_USER are passed over with a notice, as are values
 * that would widen. ERR_CONFIG "FILE:LINE:COLUMN: …", also when it cannot be read. */
enum err_kind opts_config(struct opts *o, const char *path, bool project, struct err *e);
/* $XDG_CONFIG_HOME/sunaba/profiles/NAME.yaml. ERR_USAGE for a name that is no file name. */
enum err_kind opts_profile(struct opts *o, const char *name, struct err *e);
/* Environment, the user's config file (it may be missing unless SUNABA_CONFIG names it), and
 * the profile: all that follows opts_argv() at start-up. */
enum err_kind opts_load(struct opts *o, struct err *e);
/* The user's config file; NULL when there is no home. The caller frees. */
char *opts_config_path(const struct opts *o);

/* Text of `sunaba --help` or `sunaba COMMAND --help` (command may be NULL), 80 columns. */
void help_print(const char *command, FILE *out);

#endif
