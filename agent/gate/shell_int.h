/* What shell.c and shell_word.c share. */
#ifndef SUNABA_GATE_SHELL_INT_H
#define SUNABA_GATE_SHELL_INT_H

#include "agent/gate/shell.h"

/* A here-document whose body follows the line. */
struct shell_body {
	char *word;
	bool quoted, tabs;
};

struct shell_reader {
	struct shell_list *out;
	struct shell_command now; /* being read */
	const char *p;
	size_t n, at;
	unsigned depth;
	struct shell_body bodies[8];
	size_t nbodies;
};

/* Reads a script; its commands are added. */
void shell_read(struct shell_list *out, const char *p, size_t n, unsigned depth);
/* The word at r->at without its quotes, the caller's; NULL when a quote has no end. Scripts in
 * substitutions are read on the way. *unknown (may be NULL) is set, never cleared. */
char *shell_read_word(struct shell_reader *r, bool *unknown);

/* Where a redirection leads nothing is written: another descriptor, or /dev/null. `last` is the
 * operator's last character. */
bool shell_is_nowhere(const char *to, char last, bool unknown);

#endif
