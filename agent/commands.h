/* The sub-commands: one row each, read by main, help, manual and completion. */
#ifndef SUNABA_COMMANDS_H
#define SUNABA_COMMANDS_H

#include "agent/base/opt.h"

/* Bits for opt_row.commands. CMD_MAIN is sunaba without a command. */
enum command_bit {
	CMD_MAIN = 1 << 0,
	CMD_SANDBOX = 1 << 1,
	CMD_MODELS = 1 << 2,
	CMD_DOCTOR = 1 << 3,
	CMD_CONFIG = 1 << 4,
	CMD_RENDER = 1 << 5,
	CMD_COMPLETION = 1 << 6,
	CMD_HELP = 1 << 7,
	CMD_VERSION = 1 << 8,
	CMD_STAGED = 1 << 9,
	CMD_RESUME = 1 << 10,
	CMD_SESSIONS = 1 << 11,
	CMD_FORK = 1 << 12,
	CMD_TRUST = 1 << 13,
	CMD_ANY = (1 << 14) - 1,
};

/* ROW(name, bit, rest, hidden, words, arguments, help); `rest`: options end at the first
 * argument; `words`: it takes arguments that are no options. */
#define COMMAND_ROWS(ROW)                                                                  \
	ROW(sandbox, CMD_SANDBOX, true, false, true, "[OPTION...] [--] PROGRAM [ARG...]",  \
	    "run a program under the same sandbox")                                        \
	ROW(resume, CMD_RESUME, false, false, true, "[OPTION...] [ID | --last] [TASK]",    \
	    "go on with a session: the newest of this folder, or the named one")           \
	ROW(sessions, CMD_SESSIONS, false, false, true,                                    \
	    "[list | show ID | export ID | fork ID | rm ID...]",                           \
	    "list sessions, show, export, copy or remove them")                            \
	ROW(fork, CMD_FORK, false, false, true, "ID [--at N]",                             \
	    "begin a session as a copy of another: the same as 'sessions fork'")           \
	ROW(staged, CMD_STAGED, false, false, true,                                        \
	    "[list | diff | apply | discard] [ID] [PATH...]",                              \
	    "changes that a run with --staged has kept")                                   \
	ROW(trust, CMD_TRUST, false, false, true, "[DIR | list | remove [DIR]]",           \
	    "trust what is in a folder, for the gate")                                     \
	ROW(models, CMD_MODELS, false, false, false, "[OPTION...]",                        \
	    "list the models that can be used now")                                        \
	ROW(doctor, CMD_DOCTOR, false, false, false, "[OPTION...]",                        \
	    "say what this machine offers and what is missing")                            \
	ROW(config, CMD_CONFIG, false, false, true, "[path | check FILE]",                 \
	    "show each setting and where it comes from")                                   \
	ROW(render, CMD_RENDER, false, false, true, "[OPTION...] [FILE]",                  \
	    "show Markdown as an answer would look")                                       \
	ROW(completion, CMD_COMPLETION, false, false, true, "bash|zsh|fish",               \
	    "print a completion script for a shell")                                       \
	ROW(help, CMD_HELP, false, false, true, "[TOPIC]", "explain a command or a topic") \
	ROW(version, CMD_VERSION, false, false, false, "", "print the version")

struct command {
	const char *name;
	unsigned bit;
	bool rest, hidden, words;
	const char *args;
	const char *help;
};

extern const struct command command_table[];
extern const size_t command_count;
/* By exact name, or NULL. */
const struct command *command_find(const char *name);

/* int cmd_NAME(struct opts *): argv, environment and config are read; returns the exit code.
 * main.c makes its own table of functions: COMMAND_ROWS(COMMAND_FUNCTION). The table here holds
 * none, so that options and help can be tested without linking every command. */
typedef int command_fn(struct opts *o);
#define COMMAND_PROTOTYPE(name, bit, rest, hidden, words, args, help) command_fn cmd_##name;
COMMAND_ROWS(COMMAND_PROTOTYPE)
/* Prints "sunaba: message" and "  hint" to standard error, control characters made visible, and
 * returns the exit code. For commands that draw nothing else. */
int cmd_fail(const struct err *e);
/* Flushes standard output: the exit code, 0, or 1 with a message when not all could be written. */
int cmd_end(void);
/* Writes untrusted text: control characters and ill-formed bytes as \xNN. */
void cmd_puts(FILE *out, const char *text);
#define COMMAND_FUNCTION(name, bit, rest, hidden, words, args, help) cmd_##name,

#endif
