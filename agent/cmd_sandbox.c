/* `sunaba sandbox -- CMD ARG...`: any command under the sandbox that code steps get.
 * The parsing here is small on purpose: the table of options will take its place.
 * Pinned by tests/jail/test_sandbox.py. */
#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/sandbox.h"

#define PATHS_MAX   32
#define EXIT_USAGE  2
#define EXIT_NO_BOX 4

struct wish {
	struct sbx_policy policy;
	const char *read[PATHS_MAX + 1], *write[PATHS_MAX + 1];
};

static int
usage(const char *what, const char *word)
{
	fprintf(stderr, "sunaba: %s '%s'\n", what, word);
	fprintf(stderr,
		"usage: sunaba sandbox [-C DIR] [--allow-read PATH] [--allow-write PATH] "
		"[--read-only] -- CMD ARG...\n");
	return EXIT_USAGE;
}

static int
add_path(const char **list, const char *path)
{
	size_t i = 0;

	while (list[i])
		i++;
	if (i == PATHS_MAX)
		return usage("too many paths", path);
	list[i] = path;
	return 0;
}

/* The index of the command in argv, or minus the exit code. */
static int
parse(int argc, char **argv, struct wish *w)
{
	int i = 1, bad = 0;

	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *o = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(o, "--") == 0) {
			i++;
			break;
		}
		if (strcmp(o, "--read-only") == 0) {
			w->policy.workspace_readonly = true;
			continue;
		}
		if (strcmp(o, "-C") && strcmp(o, "--cd") && strcmp(o, "--allow-read") &&
		    strcmp(o, "--allow-write"))
			return -usage("unknown option", o);
		if (!value)
			return -usage("a value is missing for", o);
		if (strcmp(o, "--allow-read") == 0)
			bad = add_path(w->read, value);
		else if (strcmp(o, "--allow-write") == 0)
			bad = add_path(w->write, value);
		else
			w->policy.workspace = value;
		if (bad)
			return -bad;
		i++;
	}
	return i < argc ? i : -usage("a command is missing after", argv[0]);
}

int
cmd_sandbox(int argc, char **argv)
{
	struct wish w = {.read = {NULL}};
	char msg[1400], hint[512];
	struct sbx_fail f;
	int first, code;

	sbx_policy_default(&w.policy);
	w.policy.read = w.read;
	w.policy.write = w.write;
	first = parse(argc, argv, &w);
	if (first < 0)
		return -first;
	code = sbx_run(&w.policy, argv + first, &f);
	if (code >= 0)
		return code;
	sbx_fail_text(&f, msg, sizeof(msg), hint, sizeof(hint));
	fprintf(stderr, "sunaba: %s\n", msg);
	if (hint[0])
		fprintf(stderr, "%s\n", hint);
	return EXIT_NO_BOX;
}
