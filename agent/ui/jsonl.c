/* The sink of `--json`. See jsonl.h. Pinned by tests/e2e/test_json.py. */
#include <string.h>

#include "agent/base/json.h"
#include "agent/base/mem.h"
#include "agent/core/gate.h"
#include "agent/ui/jsonl.h"

#define JSONL_LINE_MAX	 (32 * MIB) /* bytes of one event */
#define JSONL_REPLY_MAX	 (8 * MIB)
#define JSONL_OUTPUT_MAX (1 * MIB)

struct jsonl {
	struct term *term;
	struct buf line, reply;
	struct json_writer w;
	unsigned items; /* ids given out */
	unsigned step_item;
	struct usage usage;
};

struct jsonl *
jsonl_new(struct term *t)
{
	struct jsonl *j = mem_alloc(sizeof(*j));

	j->term = t;
	buf_init(&j->line, JSONL_LINE_MAX);
	buf_init(&j->reply, JSONL_REPLY_MAX);
	return j;
}

void
jsonl_free(struct jsonl *j)
{
	if (!j)
		return;
	buf_release(&j->line);
	buf_release(&j->reply);
	free(j);
}

static struct json_writer *
jsonl_open(struct jsonl *j, const char *type)
{
	buf_reset(&j->line);
	j->w = JSON_WRITER(&j->line);
	json_open(&j->w, '{');
	json_kv_str(&j->w, "type", type);
	return &j->w;
}

static void
jsonl_close(struct jsonl *j)
{
	json_close(&j->w, '}');
	buf_addc(&j->line, '\n');
	term_source(j->term, j->line.data, j->line.len);
	term_flush(j->term, NULL);
}

/* {"type":…,"item":{"id":…,"type":… */
static struct json_writer *
jsonl_open_item(struct jsonl *j, const char *event, unsigned id, const char *type)
{
	struct json_writer *w = jsonl_open(j, event);
	char name[24];

	snprintf(name, sizeof(name), "item_%u", id);
	json_key(w, "item");
	json_open(w, '{');
	json_kv_str(w, "id", name);
	json_kv_str(w, "type", type);
	return w;
}

static void
jsonl_close_item(struct jsonl *j)
{
	json_close(&j->w, '}');
	jsonl_close(j);
}

void
jsonl_begin(struct jsonl *j, const char *thread_id)
{
	json_kv_str(jsonl_open(j, "thread.started"), "thread_id", thread_id);
	jsonl_close(j);
	jsonl_open(j, "turn.started");
	jsonl_close(j);
}

static void
jsonl_count(struct json_writer *w, const char *key, int64_t n)
{
	json_kv_int(w, key, n < 0 ? 0 : n);
}

void
jsonl_end(struct jsonl *j, enum err_kind kind, const struct err *e)
{
	struct json_writer *w = jsonl_open(j, kind ? "turn.failed" : "turn.completed");

	json_key(w, kind ? "error" : "usage");
	json_open(w, '{');
	if (kind) {
		json_kv_str(w, "message", e->msg);
		json_kv_str(w, "kind", err_word(kind));
	} else {
		jsonl_count(w, "input_tokens", j->usage.input);
		jsonl_count(w, "cached_input_tokens", j->usage.cached);
		jsonl_count(w, "output_tokens", j->usage.output);
		jsonl_count(w, "reasoning_output_tokens", j->usage.reasoning);
	}
	json_close(w, '}');
	jsonl_close(j);
}

static void
jsonl_reply_begin(void *arg)
{
	struct jsonl *j = arg;

	buf_reset(&j->reply);
}

static void
jsonl_text(void *arg, const char *p, size_t n)
{
	struct jsonl *j = arg;

	buf_add(&j->reply, p, n);
}

static void
jsonl_reply_end(void *arg, bool final, bool aborted)
{
	struct jsonl *j = arg;
	struct json_writer *w;

	(void) final;
	if (j->reply.len == 0)
		return;
	w = jsonl_open_item(j, "item.completed", j->items++, "agent_message");
	json_key(w, "text");
	json_put_strn(w, j->reply.data, j->reply.len);
	if (aborted)
		json_kv_bool(w, "aborted", true);
	jsonl_close_item(j);
}

static struct json_writer *
jsonl_command(struct jsonl *j, const char *event, const struct step *s, const char *output)
{
	struct json_writer *w =
	    jsonl_open_item(j, event, j->step_item, "command_execution");

	json_key(w, "command");
	json_put_strn(w, s->code, s->len);
	json_kv_str(w, "language", s->kernel->name);
	json_key(w, "aggregated_output");
	json_put_strn(w, output, MIN_OF(strlen(output), JSONL_OUTPUT_MAX));
	return w;
}

static void
jsonl_step_begin(void *arg, const struct step *s, bool asked)
{
	struct jsonl *j = arg;
	struct json_writer *w;

	(void)asked;
	j->step_item = j->items++;
	w = jsonl_command(j, "item.started", s, "");
	json_key(w, "exit_code");
	json_put_null(w);
	json_kv_str(w, "status", "in_progress");
	jsonl_close_item(j);
}

static void
jsonl_files(struct json_writer *w, const struct change_list *l)
{
	AUTO_BUF struct buf b = BUF_INIT(64 * KIB);

	if (!l)
		return;
	change_list_text(l, CHANGES_MAX, &b);
	json_kv_str(w, "files", buf_str(&b));
}

static void
jsonl_step_end(void *arg, const struct step *s, const struct step_result *r)
{
	struct jsonl *j = arg;
	struct json_writer *w =
	    jsonl_command(j, "item.completed", s, r->output ? r->output : "");
	bool fine = r->end == STEP_DONE && r->status == 0;

	json_kv_int(w, "exit_code", r->status);
	json_kv_str(w, "status", fine ? "completed" : "failed");
	json_key(w, "sunaba");
	json_open(w, '{');
	json_kv_int(w, "wall_ms", r->wall_ms);
	json_kv_int(w, "cpu_ms", r->cpu_ms);
	json_kv_str(w, "label", msg_label_word(s->label));
	json_kv_int(w, "truncated_bytes", (int64_t)r->omitted_bytes);
	jsonl_files(w, r->changes);
	json_close(w, '}');
	jsonl_close_item(j);
}

/* Each line of a part as a string of its own. */
static void
jsonl_lines(struct json_writer *w, const char *p)
{
	json_key(w, "lines");
	json_open(w, '[');
	while (p && *p) {
		size_t n = strcspn(p, "\n");

		json_put_strn(w, p, n);
		p += n + (p[n] == '\n');
	}
	json_close(w, ']');
}

static void
jsonl_gate(void *arg, const struct step *s)
{
	struct jsonl *j = arg;
	struct json_writer *w = jsonl_open(j, "gate");

	json_kv_str(w, "rule", gate_rule_word(s->gate->rule));
	json_kv_int(w, "part", s->gate->part);
	json_kv_str(w, "source", s->gate->source);
	if (s->gate->token)
		json_kv_str(w, "token", s->gate->token);
	jsonl_lines(w, s->gate->lines);
	json_key(w, "action");
	json_open(w, '{');
	json_kv_str(w, "language", s->kernel->name);
	json_key(w, "code");
	json_put_strn(w, s->code, s->len);
	json_kv_str(w, "sha256", s->sha256);
	json_close(w, '}');
	jsonl_close(j);
}

static void
jsonl_notice(void *arg, enum notice_level level, const char *text)
{
	struct jsonl *j = arg;

	term_linef(j->term, TERM_SIDE, level == NOTICE_INFO ? STYLE_NOTICE : STYLE_WARN,
		   "sunaba: %s", text);
}

static void
jsonl_add(int64_t *sum, int64_t n)
{
	if (n > 0)
		*sum += n;
}

static void
jsonl_usage(void *arg, const struct usage *u, double cost)
{
	struct jsonl *j = arg;

	(void)cost;
	jsonl_add(&j->usage.input, u->input);
	jsonl_add(&j->usage.cached, u->cached);
	jsonl_add(&j->usage.output, u->output);
	jsonl_add(&j->usage.reasoning, u->reasoning);
}

struct sink
jsonl_sink(struct jsonl *j)
{
	return (struct sink){.arg = j,
			     .reply_begin = jsonl_reply_begin,
			     .text = jsonl_text,
			     .reply_end = jsonl_reply_end,
			     .step_begin = jsonl_step_begin,
			     .step_end = jsonl_step_end,
			     .gate = jsonl_gate,
			     .notice = jsonl_notice,
			     .usage = jsonl_usage};
}
