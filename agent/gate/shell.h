/* A shell script as the simple commands it would run. Pure.
 *
 * For rules such as "allow git status": the words of every command are found with bash's own
 * quoting, wherever it stands: in lists, pipes, groups, loops, substitutions, behind `sudo`, `env`
 * or `sh -c`. What cannot be known before it runs (a name out of a variable, an alias made on
 * the spot, `eval` of something built) makes the answer `unsure`, never a guess.
 * Grammar after bash(1), "SHELL GRAMMAR" and "QUOTING". */
#ifndef SUNABA_GATE_SHELL_H
#define SUNABA_GATE_SHELL_H

#include "agent/base/util.h"

#define SHELL_COMMANDS_MAX 512	      /* in one script; more: unsure */
#define SHELL_WORDS_MAX	   1024	      /* of one command; more: unsure */
#define SHELL_DEPTH_MAX	   16	      /* of substitutions in each other; more: unsure */
#define SHELL_SCRIPT_MAX   (64 * KIB) /* bytes; longer: unsure */

struct shell_word {
	char *text; /* without its quotes */
	bool
	    unknown; /* part of it is made when it runs: text is what stands in the script */
};

struct shell_command {
	struct shell_word *words; /* n >= 1; the first is what is run */
	size_t n;
};

struct shell_list {
	struct shell_command *at;
	size_t n;
	bool unsure; /* something else may be run as well */
	bool writes; /* a redirection writes a file, other than /dev/null */
};

/* Never fails; release with shell_list_release(). */
void shell_split(const char *p, size_t n, struct shell_list *out);
void shell_list_release(struct shell_list *l);
/* The command's first words are these, given with one blank between; none of them unknown. */
bool shell_begins(const struct shell_command *c, const char *prefix);
/* The same, wherever the program lies: "/bin/rm -r" runs "rm". For rules that close. */
bool shell_runs(const struct shell_command *c, const char *prefix);

#endif
