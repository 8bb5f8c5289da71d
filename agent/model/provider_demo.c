/* `-m demo`: the offline tour. See provider_demo.h.
 *
 * Real code in the real sandbox; only the model's words come from prompts/demo/tour.yaml. The
 * state is in the conversation itself: the last message of the user names the task, the answers
 * behind it say which turn is next; so resuming and going back need nothing.
 * Pinned by tests/unit/test_script.c. */
#include <string.h>

#include "agent/base/embed.h"
#include "agent/base/mem.h"
#include "agent/model/provider_demo.h"
#include "agent/model/providers.h"
#include "agent/model/script.h"

EMBED(demo_tour, "prompts/demo/tour.yaml");

/* Parsed once, kept to the end of the program: the titles are handed out. */
static struct script *demo_tasks;
static size_t demo_ntasks;
static bool demo_typing;

static enum err_kind
demo_load(struct err *e)
{
	if (demo_tasks)
		return ERR_NONE;
	return script_parse_tour("prompts/demo/tour.yaml", (const char *)demo_tour,
				 (size_t)(demo_tour_end - demo_tour), &demo_tasks,
				 &demo_ntasks, e);
}

size_t
demo_count(void)
{
	return demo_load(NULL) == ERR_NONE ? demo_ntasks : 0;
}

const char *
demo_title(size_t i)
{
	return i < demo_count() ? demo_tasks[i].title : NULL;
}

const char *
demo_user(size_t i)
{
	return i < demo_count() ? demo_tasks[i].user : NULL;
}

const char *
demo_setup(size_t i)
{
	return i < demo_count() ? demo_tasks[i].setup : NULL;
}

void
demo_set_pace(bool typing)
{
	demo_typing = typing;
}

/* A call of the turns, with these very bytes. */
static bool
demo_has_call(const struct script_turn *turns, size_t n, const char *code, size_t len)
{
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < turns[i].ncalls; c++) {
			const char *own = turns[i].calls[c].code;

			if (own && strlen(own) == len && memcmp(own, code, len) == 0)
				return true;
		}
	return false;
}

bool
demo_wrote(const char *code, size_t n)
{
	for (size_t i = 0; i < demo_count(); i++)
		if (demo_has_call(demo_tasks[i].turns, demo_tasks[i].nturns, code, n))
			return true;
	return false;
}

static bool
demo_same(const char *a, size_t n, const char *b)
{
	size_t m = strlen(b);

	while (m && strchr(" \t\r\n", b[m - 1]))
		m--;
	return n == m && memcmp(a, b, n) == 0;
}

static const struct script *
demo_find(const char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	for (size_t i = 0; i < demo_ntasks; i++) {
		char number[24];

		snprintf(number, sizeof(number), "%zu", i + 1);
		if (demo_same(text, n, number) || demo_same(text, n, demo_tasks[i].user))
			return &demo_tasks[i];
	}
	return NULL;
}

static char *
demo_list(void)
{
	struct buf b = BUF_INIT(64 * KIB);

	buf_adds(&b,
		 "This is the offline tour: no model is connected, and I only know these "
		 "tasks. Type a number:\n\n");
	for (size_t i = 0; i < demo_ntasks; i++)
		buf_addf(&b, "%zu. %s\n", i + 1, demo_tasks[i].title);
	buf_adds(&b, "\nTo connect a model, start a local server (`ollama serve`, "
		     "`llama-server`) or set a key such as `OPENAI_API_KEY`, then run "
		     "`sunaba` again.\n");
	return buf_take(&b);
}

static enum err_kind
demo_open(struct model *m, struct err *e)
{
	m->tools = MODEL_TOOLS_YES;
	return demo_load(e);
}

static enum err_kind
demo_chat(struct model *m, const struct model_request *req, const struct model_sink *sink,
	  struct model_reply *out, struct err *e)
{
	const struct msg_list *l = req->messages;
	const struct script *task = NULL;
	size_t turn = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].role == MSG_USER && !l->at[i].aside) {
			task = demo_find(l->at[i].text);
			turn = 0;
		} else if (l->at[i].role == MSG_ASSISTANT) {
			turn++;
		}
	}
	if (!task || turn >= task->nturns) {
		AUTO_FREE char *text = demo_list();
		struct script_turn say = {.say = text, .usage = USAGE_UNKNOWN};

		return script_play(m, &say, demo_typing, req, sink, out, e);
	}
	return script_play(m, &task->turns[turn], demo_typing, req, sink, out, e);
}

const struct provider provider_demo = {
    .name = "demo",
    .label = "the offline tour",
    .open = demo_open,
    .chat = demo_chat,
};
