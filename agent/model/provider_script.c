/* `-m script:FILE`: the model's side of the conversation is read from a file. See script.h.
 *
 * Made for tests and demonstrations: no network, the same bytes every time.
 * Pinned by tests/unit/test_script.c. */
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/model/providers.h"
#include "agent/model/script.h"

struct script_priv {
	struct script script;
	size_t next; /* turn */
};

static enum err_kind
script_open(struct model *m, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(SCRIPT_FILE_MAX);
	struct script_priv *p = mem_alloc(sizeof(*p));
	enum err_kind k;

	m->priv = p;
	k = fs_read(m->name, &text, e);
	if (k != ERR_NONE) {
		if (e)
			e->kind = ERR_CONFIG;
		return ERR_CONFIG;
	}
	k = script_parse(m->name, buf_str(&text), text.len, &p->script, e);
	m->tools = MODEL_TOOLS_YES;
	for (size_t i = 0; k == ERR_NONE && i < p->script.nturns; i++)
		if (p->script.turns[i].fence)
			m->tools = MODEL_TOOLS_NO;
	return k;
}

static enum err_kind
script_chat(struct model *m, const struct model_request *req, const struct model_sink *sink,
	    struct model_reply *out, struct err *e)
{
	struct script_priv *p = m->priv;

	if (p->next >= p->script.nturns)
		return err_set(e, ERR_MODEL, "the script has no further turn (%zu played)",
			       p->script.nturns);
	return script_play(m, &p->script.turns[p->next++], false, req, sink, out, e);
}

static void
script_close(struct model *m)
{
	struct script_priv *p = m->priv;

	if (p)
		script_release(&p->script);
	free(p);
	m->priv = NULL;
}

const struct provider provider_script = {
    .name = "script",
    .label = "a dialogue file",
    .open = script_open,
    .chat = script_chat,
    .close = script_close,
};
