/* Editing keys of our own: Enter, newline, up and down in an entry of several lines.
 *
 * They are bound before the user's inputrc is read, so that inputrc has the last word.
 * readline's own previous-screen-line counts screen widths and jumps in text that holds
 * newlines. Pinned by tests/term/test_line.py. */
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/lib_readline.h"
#include "agent/ui/line_int.h"
#include "agent/ui/line_text.h"

static int
keys_newline(int count UNUSED, int key UNUSED)
{
	return rl_insert_text("\n");
}

/* A paste, its rest, or the middle of a burst: no hand pressed this. */
static bool
keys_not_by_hand(struct line *n)
{
	int64_t since = clock_ms() - n->paste_end_ms;

	if (n->in.len > 0 || line_feed_more(n, 0))
		return true;
	if (n->paste_end_ms == 0 || since > LINE_AFTER_MS)
		return false;
	return since <= LINE_SETTLE_MS || n->burst;
}

static int
keys_accept(int count, int key)
{
	if (keys_not_by_hand(line_now) || line_text_open(rl_line_buffer, (size_t)rl_end))
		return keys_newline(count, key);
	return rl_newline(1, '\n');
}

static int
keys_vertical(bool up)
{
	size_t to;

	if (line_text_move(rl_line_buffer, (size_t)rl_end, (size_t)rl_point, up, &to)) {
		rl_point = (int)to;
		return 0;
	}
	return up ? rl_get_previous_history(1, 0) : rl_get_next_history(1, 0);
}

static int
keys_up(int count UNUSED, int key UNUSED)
{
	return keys_vertical(true);
}

static int
keys_down(int count UNUSED, int key UNUSED)
{
	return keys_vertical(false);
}

static const struct {
	const char *keys;
	rl_command_func_t *fn;
	bool commands; /* in vi's command mode too */
} keys_table[] = {
    {"\r", keys_accept, true},	     {"\n", keys_newline, true},
    {"\033\r", keys_newline, false}, {"\033\n", keys_newline, false},
    {"\033[A", keys_up, true},	     {"\033OA", keys_up, true},
    {"\033[B", keys_down, true},     {"\033OB", keys_down, true},
    {"\020", keys_up, false},	     {"\016", keys_down, false},
};

void
line_keys_bind(void)
{
	for (size_t i = 0; i < ARRAY_LEN(keys_table); i++) {
		rl_command_func_t *fn = keys_table[i].fn;

		rl_bind_keyseq_in_map(keys_table[i].keys, fn, emacs_standard_keymap);
		rl_bind_keyseq_in_map(keys_table[i].keys, fn, vi_insertion_keymap);
		if (keys_table[i].commands)
			rl_bind_keyseq_in_map(keys_table[i].keys, fn, vi_movement_keymap);
	}
}
