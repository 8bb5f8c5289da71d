/* The reader of transcripts: any bytes give a conversation that every wire takes, in which model and
 * tools are never the user, and any cut of the bytes gives the same one. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "agent/core/history.h"
#include "agent/model/flatten.h"

static void
read_in(struct history *h, const uint8_t *data, size_t size, size_t piece)
{
	history_init(h);
	h->files_root = "/s";
	for (size_t at = 0; at < size; at += piece)
		history_feed(h, (const char *)data + at,
			     piece < size - at ? piece : size - at);
	history_end(h);
	assert(h->whole + h->torn == size);
}

static void
check_labels(const struct history *h)
{
	unsigned part = 0;

	assert(h->msgs.n > 0 && h->msgs.at[0].role == MSG_SYSTEM);
	for (size_t i = 1; i < h->msgs.n; i++) {
		const struct msg *m = &h->msgs.at[i];

		assert(m->role != MSG_SYSTEM);
		assert(m->role == MSG_USER || m->label != LABEL_USER);
		assert(!m->aside || m->role == MSG_USER);
		assert(!m->aside || m->label != LABEL_USER);
		assert(m->part == 0 || m->part > part);
		part = m->part ? m->part : part;
	}
	for (size_t i = 0; i < h->outputs.n; i++)
		assert(!h->outputs.at[i].path ||
		       strncmp(h->outputs.at[i].path, "/s/", 3) == 0);
}

static void
check_wire(const struct history *h)
{
	static const struct tool_def tool = {.name = "execute", .schema = "{}"};
	struct model_request req = {.messages = &h->msgs, .tools = &tool, .ntools = 1};
	struct msg_list flat;
	size_t due = 0;

	flatten(&req, &flat);
	for (size_t i = 0; i < flat.n; i++) {
		assert((flat.at[i].role == MSG_TOOL) == (due > 0));
		due = flat.at[i].role == MSG_TOOL ? due - 1 : flat.at[i].ncalls;
	}
	assert(due == 0);
	msg_list_release(&flat);
}

static void
close_gaps(struct history *h)
{
	struct msg_list gaps = {0};

	history_gaps(h, &gaps);
	for (size_t i = 0; i < gaps.n; i++)
		msg_move(&h->msgs, &gaps.at[i]);
	msg_list_release(&gaps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history whole, pieces, brief;

	read_in(&whole, data, size, size ? size : 1);
	read_in(&pieces, data, size, 1 + size % 13);
	assert(whole.msgs.n == pieces.msgs.n && whole.whole == pieces.whole);
	assert(whole.nproblems == pieces.nproblems && whole.lines == pieces.lines);
	close_gaps(&whole);
	check_labels(&whole);
	check_wire(&whole);
	history_init(&brief);
	brief.brief = true;
	history_feed(&brief, (const char *)data, size);
	history_end(&brief);
	history_release(&whole);
	history_release(&pieces);
	history_release(&brief);
	return 0;
}
