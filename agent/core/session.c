/* A session. See session.h. Going on with one is session_resume.c. Pinned by tests/unit/test_session.c and the end-to-end tests. */
#include <stdarg.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/aside.h"
#include "agent/core/gate.h"
#include "agent/core/session.h"
#include "agent/model/vendor.h"

const char *const on_gate_words[ON_GATES] = {
    [ON_GATE_STOP] = "stop", [ON_GATE_IGNORE] = "ignore", [ON_GATE_ALLOW] = "allow"};

#define SESSION_SYSTEM_MAX (1 * MIB)

const char *const approve_words[APPROVE_MODES] = {
    [APPROVE_ASK] = "ask", [APPROVE_AUTO] = "auto", [APPROVE_NEVER] = "never"};

static void
session_on_second(int64_t elapsed_ms, int64_t limit_ms, void *arg)
{
	struct session *s = arg;

	if (s->sink.step_second)
		s->sink.step_second(s->sink.arg, elapsed_ms, limit_ms);
}

static void
session_on_terminal(enum step_terminal what, void *arg)
{
	struct session *s = arg;

	if (s->sink.step_terminal)
		s->sink.step_terminal(s->sink.arg, what);
}

static void
session_on_refusal(const char *line, void *arg)
{
	session_notice(arg, NOTICE_WARN, "%s", line);
}

struct session *
session_new(const struct session_conf *c, struct loop *loop, struct sbx_session *sandbox,
	    struct transcript *transcript, struct model *model, const struct sink *sink)
{
	struct session *s = mem_alloc(sizeof(*s));
	struct executor_opts x = {.loop = loop,
				  .sandbox = sandbox,
				  .limits = c->execute,
				  .spill_dir = c->spill_dir,
				  .on_second = session_on_second,
				  .on_terminal = session_on_terminal,
				  .on_notice = session_on_refusal,
				  .arg = s};

	s->conf = *c;
	x.policy = &s->conf.policy;
	s->loop = loop;
	s->model = model;
	s->sink = *sink;
	s->transcript = transcript;
	s->executor = executor_new(&x);
	buf_init(&s->aside, ASIDE_MAX);
	s->aside_label = LABEL_LOCAL;
	buf_init(&s->typed, TYPED_MAX);
	s->memory = gate_memory_new();
	s->widened = c->reads_outside || c->network != NULL;
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;
	executor_free(s->executor);
	transcript_free(s->transcript);
	msg_list_release(&s->msgs);
	model_free(s->model);
	buf_release(&s->aside);
	free(s->news);
	outputs_release(&s->outputs);
	refusals_release(&s->refused);
	buf_release(&s->typed);
	gate_memory_free(s->memory);
	free(s->lifted);
	free(s);
}

void
session_notice(struct session *s, enum notice_level level, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	if (s->begun)
		transcript_note(s->transcript, "notice", text, NULL);
	if (s->sink.notice)
		s->sink.notice(s->sink.arg, level, text);
}

/* The system message for the model as it is now. */
static void
session_system(struct session *s, struct buf *out)
{
	AUTO_FREE char *os = prompt_os();
	const char *locale = getenv("LC_ALL");
	struct prompt_facts f = {
	    .system = s->conf.system,
	    .instructions = s->conf.instructions,
	    .workspace = s->conf.workspace,
	    .workspace_readonly = s->conf.policy.workspace_readonly,
	    .trusted = s->conf.trusted,
	    .os = os,
	    .write = s->conf.write,
	    .staged = s->conf.staged,
	    .step_timeout_ms = s->conf.execute.wall_ms,
	    .terminal = s->conf.terminal,
	    .memory = s->conf.limits.memory,
	    .stand = s->conf.stand,
	    .network = s->conf.network,
	    .spotlight = &s->conf.spotlight,
	    .tools = s->model && s->model->tools != MODEL_TOOLS_NO,
	    .run = s->conf.approve != APPROVE_NEVER,
	    .asks = s->conf.approve == APPROVE_ASK,
	};

	if (!locale || !*locale)
		locale = getenv("LC_MESSAGES");
	if (!locale || !*locale)
		locale = getenv("LANG");
	f.locale = locale;
	prompt_system(&f, out);
}

enum err_kind
session_record(struct session *s, struct msg *m, const struct usage *u, struct err *e)
{
	size_t i = (size_t)(m - s->msgs.at);
	enum err_kind kind;

	m->part = transcript_next_part(s->transcript);
	m->counted = gate_effective(s, i);
	kind = transcript_msg(s->transcript, m, u, e);
	if (!kind)
		gate_hear(s, i);
	return kind;
}

static char *
session_model_spec(const struct session *s)
{
	if (!s->model)
		return NULL;
	return mem_printf(
	    "%s:%s", s->model->vendor ? s->model->vendor->name : s->model->provider->name,
	    s->model->name);
}

/* The events with which the program takes the session up. */
enum err_kind
session_write_begin(struct session *s, bool resumed, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(SESSION_SYSTEM_MAX);
	AUTO_FREE char *spec = session_model_spec(s);
	struct transcript_run run = {
	    .resumed = resumed,
	    .workspace = s->conf.workspace,
	    .model = spec,
	    .local = s->model && s->model->local,
	    .widened = s->widened,
	    .sandbox = s->conf.stand ? sbx_rung_text(s->conf.stand->rung) : NULL};
	enum err_kind kind = transcript_run(s->transcript, &run, e);

	if (kind)
		return kind;
	session_system(s, &text);
	s->begun = true;
	if (s->msgs.n == 0)
		msg_add(&s->msgs, MSG_SYSTEM, "");
	msg_set_text(&s->msgs.at[0], buf_str(&text));
	return session_record(s, &s->msgs.at[0], NULL, e);
}

enum err_kind
session_begin(struct session *s, struct err *e)
{
	return s->begun ? ERR_NONE : session_write_begin(s, false, e);
}

/* What the system message says may be no longer true. */
static void
session_renew_system(struct session *s)
{
	AUTO_BUF struct buf text = BUF_INIT(SESSION_SYSTEM_MAX);

	if (s->msgs.n == 0)
		return;
	session_system(s, &text);
	if (strcmp(s->msgs.at[0].text, buf_str(&text)) == 0)
		return;
	msg_set_text(&s->msgs.at[0], buf_str(&text));
	session_record(s, &s->msgs.at[0], NULL, NULL);
}

void
session_set_network(struct session *s, const char *network)
{
	s->conf.network = network;
	if (network)
		gate_widened(s);
	session_renew_system(s);
	if (s->begun)
		transcript_note(s->transcript, "network", network ? network : "off", NULL);
}

void
session_set_trusted(struct session *s, bool trusted)
{
	s->conf.trusted = trusted;
	session_renew_system(s);
	if (s->begun)
		transcript_note(s->transcript, "trust_folder", trusted ? "yes" : "no",
				NULL);
}

void
session_move(struct session *s, struct sbx_session *sandbox, bool staged)
{
	executor_move(s->executor, sandbox);
	s->conf.stand = sbx_session_stand(sandbox);
	s->conf.staged = staged;
	session_renew_system(s);
	if (s->begun)
		transcript_note(s->transcript, "restart", "", NULL);
}

void
session_set_approve(struct session *s, enum approve_mode mode)
{
	s->conf.approve = mode;
	memset(s->always, 0, sizeof(s->always));
	s->nlifted = 0;
	session_renew_system(s);
	if (s->begun)
		transcript_note(s->transcript, "approve", approve_words[mode], NULL);
}

void
session_set_model(struct session *s, struct model *model)
{
	AUTO_FREE char *spec = NULL;

	model_free(s->model);
	s->model = model;
	if (s->msgs.n == 0)
		return;
	session_renew_system(s);
	spec = session_model_spec(s);
	transcript_model(s->transcript, spec, model && model->local, NULL);
}

void
session_reset(struct session *s)
{
	msg_truncate(&s->msgs, MIN_OF(s->msgs.n, (size_t)1));
	buf_reset(&s->aside);
	s->aside_label = LABEL_LOCAL;
	free(TAKE(s->news));
	executor_restart(s->executor, NULL);
	if (s->begun)
		transcript_note(s->transcript, "reset", "", NULL);
}

/* Index of the last message that the user typed; 0 when there is none. */
static size_t
session_last_user_index(const struct session *s)
{
	size_t i = s->msgs.n;

	while (i > 0 && !(s->msgs.at[i - 1].role == MSG_USER &&
			  s->msgs.at[i - 1].label == LABEL_USER))
		i--;
	return i > 0 ? i - 1 : 0;
}

bool
session_undo(struct session *s)
{
	size_t i = session_last_user_index(s);
	unsigned part;

	if (i == 0)
		return false;
	part = s->msgs.at[i].part;
	if (s->msgs.at[i - 1].aside) {
		i--;
		part = s->msgs.at[i].part ? s->msgs.at[i].part : part;
	}
	transcript_undo(s->transcript, part, NULL);
	s->aside_label = MAX_OF(s->aside_label, aside_take_back(&s->aside, &s->msgs, i));
	return true;
}

const char *
session_last_user(const struct session *s)
{
	size_t i = session_last_user_index(s);

	return i ? s->msgs.at[i].text : NULL;
}

const char *
session_last_reply(const struct session *s)
{
	for (size_t i = s->msgs.n; i > 0; i--)
		if (s->msgs.at[i - 1].role == MSG_ASSISTANT && s->msgs.at[i - 1].text[0])
			return s->msgs.at[i - 1].text;
	return NULL;
}

static void
session_add_tokens(int64_t *sum, int64_t n)
{
	if (n > 0)
		*sum += n;
}

void
session_price(const struct session *s, struct usage *u)
{
	const struct session_conf *c = &s->conf;

	u->priced = c->price_input >= 0 && c->price_output >= 0;
	if (u->priced)
		u->cost = ((double)MAX_OF(u->input, 0) * c->price_input +
			   (double)MAX_OF(u->output, 0) * c->price_output) /
			  1e6;
}

void
session_account(struct session *s, const struct usage *u)
{
	session_add_tokens(&s->total.input, u->input);
	session_add_tokens(&s->total.output, u->output);
	session_add_tokens(&s->total.cached, u->cached);
	session_add_tokens(&s->total.reasoning, u->reasoning);
	s->cost = u->priced ? MAX_OF(s->cost, 0) + u->cost : -1;
	if (s->sink.usage)
		s->sink.usage(s->sink.arg, u, s->cost);
}
