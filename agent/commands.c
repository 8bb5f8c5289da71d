/* The sub-commands' facts. See commands.h. Pinned by tests/unit/test_opt.c. */
#include <errno.h>
#include <string.h>

#include "agent/base/utf8.h"
#include "agent/commands.h"

#define COMMAND_FACTS(name_, bit_, rest_, hidden_, words_, args_, help_) \
	{#name_, bit_, rest_, hidden_, words_, args_, help_},

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

/* Characters that steer a terminal or turn the direction of text. */
static bool
cmd_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x200E || cp == 0x200F ||
	       (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == UINT32_MAX;
}

void
cmd_puts(FILE *out, const char *text)
{
	size_t n = strlen(text);
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_decode(text + i, n - i, &cp);

		if (!cmd_is_control(cp))
			fwrite(text + i, 1, len, out);
		else
			for (size_t k = 0; k < len; k++)
				fprintf(out, "\\x%02X", (unsigned char)text[i + k]);
		i += len;
	}
}

int
cmd_fail(const struct err *e)
{
	fputs("sunaba: ", stderr);
	cmd_puts(stderr, e->msg);
	fputc('\n', stderr);
	if (e->hint[0]) {
		fputs("  ", stderr);
		cmd_puts(stderr, e->hint);
		fputc('\n', stderr);
	}
	return err_exit_code(e->kind);
}

int
cmd_end(void)
{
	struct err e;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno == EPIPE)
		return 0; /* the reader had enough */
	err_sys(&e, ERR_IO, "cannot write to standard output");
	return cmd_fail(&e);
}

int
cmd_version(struct opts *o)
{
	(void)o;
	puts("sunaba " SUNABA_VERSION);
	return cmd_end();
}
