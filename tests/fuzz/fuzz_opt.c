/* Options: any arguments and any text for any option are taken or refused with a message, and
 * whatever was taken can be shown. NUL bytes separate the arguments; the first byte is the
 * command, the second an option that the rest is assigned to. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/options.h"

#define ARGS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(enum err_kind kind, const struct err *e)
{
	if (kind != e->kind || (kind != ERR_NONE) != (e->msg[0] != '\0'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = NULL;
	char *argv[ARGS_MAX + 1] = {NULL};
	struct opts *o = opts_new();
	struct err e = {0};
	int argc = 0;

	if (size >= 2) {
		size_t command = data[0] % (command_count + 1);
		int id = data[1] % OPT_COUNT;

		text = mem_alloc(size);
		memcpy(text, data + 2, size - 2);
		for (size_t at = 0; at < size - 2 && argc < ARGS_MAX;
		     at += strlen(text + at) + 1)
			argv[argc++] = text + at;
		check(opts_argv(o, command ? command_table[command - 1].name : NULL, argc,
				argv, &e),
		      &e);
		err_clear(&e);
		check(opt_assign(o, id, OPT_FROM_PROJECT, text, "here", &e), &e);
		err_clear(&e);
		check(opt_set(o, id, text, "there", &e), &e);
	}
	for (int id = 0; id < OPT_COUNT; id++)
		free(opt_text(o, id));
	opts_free(o);
	return 0;
}
