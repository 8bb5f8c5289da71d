/* Reads entries at the prompt and prints each; for tests/term/test_line.py.
 *
 * tool_line [HISTORY]. TOOL_PREFILL stands in the first line; TOOL_HOLD names a file: as long as
 * it is there, the program "works" and keys are type-ahead; TOOL_NOTICE names a FIFO: a line
 * written to it comes as a notice. Entries are printed with newlines as "|". */
#include <fcntl.h>
#include <string.h>

#include "agent/ui/line.h"

static struct line *line;

static void
notice(int fd, short revents UNUSED, void *arg UNUSED)
{
	char text[512];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	line_notice(line, STYLE_NOTICE, text);
}

static void
print_entry(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\n')
			text->data[i] = '|';
	if (text->len > 2000)
		printf("GOT %zu bytes ending in %s\n", text->len,
		       buf_str(text) + text->len - 20);
	else
		printf("GOT [%s]\n", buf_str(text));
	fflush(stdout);
}

static void
hold(struct term *t, struct loop *l)
{
	const char *path = getenv("TOOL_HOLD");

	if (!path)
		return;
	term_typeahead(t, l, true);
	term_line(t, TERM_SIDE, STYLE_PLAIN, "HOLDING");
	term_flush(t, NULL);
	while (access(path, F_OK) == 0)
		loop_wait(l, 5);
}

static void
talk(struct term *t)
{
	static const char *const ends[] = {"text", "eof", "cancel", "quit"};
	AUTO_BUF struct buf text = BUF_INIT(2 * LINE_MAX_BYTES);
	const char *prefill = getenv("TOOL_PREFILL");
	enum line_end end;

	do {
		buf_reset(&text);
		end = line_read(line, "head\n> ", prefill, &text);
		prefill = NULL;
		term_flush(t, NULL);
		if (end == LINE_TEXT)
			print_entry(&text);
		else
			printf("END %s\n", ends[end]);
		fflush(stdout);
	} while (end == LINE_TEXT || end == LINE_CANCEL);
}

int
main(int argc, char **argv)
{
	static const struct line_command commands[] = {
	    {"help", NULL, "what can be typed"},
	    {"model", "NAME", "talk to another model"},
	    {"model2", NULL, "モデル"},
	    {"load", "FILE", "read a file"},
	};
	struct line_opts o = {.history = argc > 1 ? argv[1] : NULL,
			      .commands = commands,
			      .ncommands = ARRAY_LEN(commands)};
	struct term_opts to = {0};
	const char *fifo = getenv("TOOL_NOTICE");
	struct loop *l;
	struct term *t;

	if (loop_new(&l, NULL) != ERR_NONE)
		return 2;
	t = term_new(&to);
	line = line_new(t, l, &o);
	if (fifo)
		loop_watch(l, open(fifo, O_RDWR | O_CLOEXEC), POLLIN, notice, NULL);
	hold(t, l);
	talk(t);
	line_free(line);
	term_free(t);
	loop_free(l);
	return 0;
}
