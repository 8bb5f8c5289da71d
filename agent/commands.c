/* The sub-commands' facts. See commands.h. Pinned by tests/unit/test_opt.c. */
#include <string.h>

#include "agent/commands.h"

#define COMMAND_FACTS(name_, bit_, rest_, hidden_, args_, help_) \
	{#name_, bit_, rest_, hidden_, args_, help_},

const struct command command_table[] = {COMMAND_ROWS(COMMAND_FACTS)};
const size_t command_count = ARRAY_LEN(command_table);

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	return NULL;
}
