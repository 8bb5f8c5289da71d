/* Shell scripts taken apart: nothing is read past its end, bounds hold, and text behind a
 * newline that no quote is open over is never lost. */
#include <stdlib.h>
#include <string.h>

#include "agent/gate/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char last[] = "\nzz-last-command";
	char *script = malloc(size + sizeof(last));
	struct shell_list l;
	bool found = false;

	memcpy(script, data, size);
	memcpy(script + size, last, sizeof(last));
	shell_split(script, size + sizeof(last) - 1, &l);
	if (l.n > SHELL_COMMANDS_MAX)
		abort();
	for (size_t i = 0; i < l.n; i++) {
		if (l.at[i].n == 0 || l.at[i].n > SHELL_WORDS_MAX)
			abort();
		found |= strcmp(l.at[i].words[0].text, last + 1) == 0;
		shell_begins(&l.at[i], "git status");
	}
	/* a command on a line of its own is found, or the list says that it is not sure */
	if (!found && !l.unsure && !memchr(data, '\\', size) &&
	    !memmem(data, size, "<<", 2))
		abort();
	shell_list_release(&l);
	free(script);
	return 0;
}
