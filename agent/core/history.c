/* The reader of transcripts. See history.h.
 *
 * One pass, one line at a time: each event changes the state as it changed the session's when it
 * was written. Messages are in history_msg.c, steps in history_step.c.
 * Pinned by tests/unit/test_history.c (a transcript cut at every byte), tests/fuzz/fuzz_transcript.c
 * and tests/e2e/test_sessions.py. */
#include <stdarg.h>
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/context.h"
#include "agent/core/history_int.h"
#include "tools/kernels/kernels.h"

void
history_init(struct history *h)
{
	*h = (struct history){0};
	buf_init(&h->aside, ASIDE_MAX);
	buf_init(&h->held, HISTORY_LINE_MAX);
	buf_init(&h->typed, TYPED_MAX);
	h->aside_label = LABEL_LOCAL;
	msg_add(&h->msgs, MSG_SYSTEM, "");
}

void
history_release(struct history *h)
{
	free(h->id);
	free(h->workspace);
	free(h->model);
	free(h->sandbox);
	free(h->version);
	free(h->forked_from);
	free(h->began);
	free(h->last);
	free(h->first);
	history_fate_clear(h);
	msg_list_release(&h->msgs);
	outputs_release(&h->outputs);
	buf_release(&h->aside);
	buf_release(&h->typed);
	refusals_release(&h->refused);
	buf_release(&h->held);
}

void
history_problem(struct history *h, const char *fmt, ...)
{
	va_list ap;

	if (h->nproblems < HISTORY_PROBLEMS_MAX) {
		struct history_problem *p = &h->problem[h->nproblems];

		p->line = h->lines;
		va_start(ap, fmt);
		vsnprintf(p->text, sizeof(p->text), fmt, ap);
		va_end(ap);
	}
	h->nproblems++;
}

/* Keeps the value of a member that is there. */
static void
history_take(char **to, const cJSON *event, const char *key)
{
	const char *text = json_str(event, key);

	if (!text)
		return;
	free(*to);
	*to = mem_strdup(text);
}

/* A run of the program began: the first, or one that went on. */
static void
history_run(struct history *h, const cJSON *event)
{
	history_take(&h->workspace, event, "workspace");
	history_take(&h->model, event, "model");
	history_take(&h->sandbox, event, "sandbox");
	history_take(&h->version, event, "version");
	json_int(event, "pid", &h->pid);
	h->widened |= json_bool(event, "widened", false);
	h->local = json_bool(event, "local", false);
	h->gone |= h->ran | h->begun;
	h->ran = h->begun = 0;
}

static void
history_session(struct history *h, const cJSON *event)
{
	const cJSON *fork = json_object(event, "fork");

	h->widened |= json_bool(event, "widened", false);
	if (h->id)
		return; /* of the session that this one is a copy of */
	history_take(&h->id, event, "id");
	history_take(&h->forked_from, fork, "id");
	history_run(h, event);
}

static void
history_resume(struct history *h, const cJSON *event)
{
	history_run(h, event);
	h->resumed++;
}

/* What the copied lines cost was paid by the session that they were copied from. */
static void
history_forked(struct history *h, const cJSON *event)
{
	(void)event;
	h->total = (struct usage){0};
	h->cost = 0;
	h->unpriced = false;
	h->pid = 0;
	h->resumed = 0;
	h->copied = true;
}

static void
history_reset(struct history *h, const cJSON *event)
{
	(void)event;
	msg_truncate(&h->msgs, 1);
	buf_reset(&h->aside);
	h->aside_label = LABEL_LOCAL;
	history_fate_clear(h);
	h->ran = h->begun = h->gone = 0;
}

/* From the message with this number on; without one: from the user's last. */
static size_t
history_undo_index(const struct history *h, int64_t part)
{
	size_t i = h->msgs.n;

	if (part > 0) {
		for (i = 1; i < h->msgs.n && h->msgs.at[i].part < part;)
			i++;
		return i > 2 && i < h->msgs.n && h->msgs.at[i - 1].aside &&
			       !h->msgs.at[i - 1].part
			   ? i - 1
			   : i;
	}
	while (i > 1 && (h->msgs.at[i - 1].role != MSG_USER || h->msgs.at[i - 1].source))
		i--;
	if (i > 2 && h->msgs.at[i - 2].aside)
		i--;
	return i > 1 ? i - 1 : h->msgs.n;
}

static void
history_undo(struct history *h, const cJSON *event)
{
	int64_t part = 0;
	size_t i;

	json_int(event, "part", &part);
	i = history_undo_index(h, part);
	if (i >= 1 && i < h->msgs.n)
		h->aside_label =
		    MAX_OF(h->aside_label, aside_take_back(&h->aside, &h->msgs, i));
	history_fate_clear(h);
}

static void
history_aside(struct history *h, const cJSON *event)
{
	const char *text = json_str(event, "text");

	if (!text)
		return;
	aside_add(&h->aside, text, MIN_OF(strlen(text), ASIDE_STEP_MAX));
	h->aside_label =
	    MAX_OF(MAX_OF(h->aside_label, LABEL_LOCAL), history_label(event, "label"));
}

size_t
history_part(const struct history *h, int64_t part)
{
	for (size_t i = h->msgs.n; part > 0 && i > 1; i--)
		if (h->msgs.at[i - 1].part == part)
			return i - 1;
	return 0;
}

static void
history_shortened(struct history *h, const cJSON *event)
{
	const cJSON *list = json_array(event, "parts"), *item;

	cJSON_ArrayForEach(item, list)
	{
		size_t i = cJSON_IsNumber(item) && item->valuedouble > 0 &&
				   item->valuedouble <= h->part
			       ? history_part(h, (int64_t)item->valuedouble)
			       : 0;
		struct msg *m = &h->msgs.at[i];

		if (!i || m->shortened)
			continue;
		context_shorten_msg(m);
		m->cut_noted = true;
	}
}

/* The policy was widened in the run. */
static void
history_network(struct history *h, const cJSON *event)
{
	const char *text = json_str(event, "text");

	h->widened |= !text || strcmp(text, "off") != 0;
}

static void
history_allow(struct history *h, const cJSON *event)
{
	(void)event;
	h->widened = true;
}

/* Ends an interpreter, or all. */
static void
history_restart(struct history *h, const cJSON *event)
{
	const char *name = json_str(event, "text");
	const struct kernel *k = name ? kernel_find(name) : NULL;

	if (name && *name && !k)
		return;
	for (size_t i = 0; i < HISTORY_LANGUAGES && kernel_at(i); i++)
		if (!k || kernel_at(i) == k)
			h->ran &= ~(1u << i);
}

/* The task ended in order: what was declined needs no word more. */
static void
history_over(struct history *h, const cJSON *event)
{
	(void)event;
	if (h->fate == FATE_DECLINED)
		history_fate_clear(h);
}

static void
history_staged(struct history *h, const cJSON *event)
{
	(void)event;
	h->staged = true;
}

static void
history_model(struct history *h, const cJSON *event)
{
	history_take(&h->model, event, "text");
	h->local = json_bool(event, "local", false);
}

static void
history_system(struct history *h, const cJSON *event)
{
	history_message(h, MSG_SYSTEM, event);
}

static void
history_user(struct history *h, const cJSON *event)
{
	history_message(h, MSG_USER, event);
}

static void
history_assistant(struct history *h, const cJSON *event)
{
	history_message(h, MSG_ASSISTANT, event);
}

static void
history_tool(struct history *h, const cJSON *event)
{
	history_message(h, MSG_TOOL, event);
}

/* Types with no effect on the conversation have no function. */
static const struct history_row {
	const char *type;
	void (*apply)(struct history *h, const cJSON *event);
} history_rows[] = {
    {"assistant", history_assistant},
    {"tool", history_tool},
    {"user", history_user},
    {"system", history_system},
    {"decision", history_decision},
    {"step", history_step},
    {"session", history_session},
    {"resume", history_resume},
    {"forked", history_forked},
    {"undo", history_undo},
    {"reset", history_reset},
    {"aside", history_aside},
    {"shortened", history_shortened},
    {"restart", history_restart},
    {"staged", history_staged},
    {"model", history_model},
    {"notice", NULL},
    {"error", history_over},
    {"interrupted", history_over},
    {"approve", NULL},
    {"network", history_network},
    {"allow", history_allow},
    {"refused", history_refused},
    {"trust", history_trust},
    {"gate", NULL},
    {"trust_folder", NULL},
    {"end", NULL},
};

static void
history_apply(struct history *h, const char *type, const cJSON *event)
{
	for (size_t i = 0; i < ARRAY_LEN(history_rows); i++) {
		if (strcmp(history_rows[i].type, type) != 0)
			continue;
		if (history_rows[i].apply)
			history_rows[i].apply(h, event);
		return;
	}
	h->unknown++;
}

/* For a summary: most lines need no more than a look at their beginning, which the program always
 * writes in the same way. */
static bool
history_pass_over(struct history *h, const char *p, size_t n)
{
	static const char *const read[] = {"session", "resume", "user", "assistant",
					   "forked"};
	static const char head[] = "{\"type\":\"", ran[] = "\"decision\":\"run\"";
	const char *type = p + sizeof(head) - 1;
	size_t len;

	if (!h->brief || n < sizeof(head) + 32 || memcmp(p, head, sizeof(head) - 1) != 0)
		return false;
	len =
	    (size_t)((const char *)memchr(p + sizeof(head) - 1, '"', n - sizeof(head) + 1) -
		     type);
	for (size_t i = 0; i < ARRAY_LEN(read); i++)
		if (len == strlen(read[i]) && memcmp(type, read[i], len) == 0)
			return i == 2 && h->first;
	h->steps += len == 8 && memcmp(type, "decision", 8) == 0 &&
		    memmem(p, n, ran, sizeof(ran) - 1);
	return true;
}

/* One line without its newline; false: it is no event. */
static bool
history_line(struct history *h, const char *p, size_t n)
{
	cJSON *event = NULL;
	const char *type;
	bool good;

	h->lines++;
	if (history_pass_over(h, p, n))
		return true;
	if (json_parse(p, n, JSON_REPAIR, &event, NULL))
		return false;
	type = json_str(event, "type");
	good = type != NULL;
	if (good) {
		if (!h->began)
			history_take(&h->began, event, "time");
		history_take(&h->last, event, "time");
		if (h->on_event)
			h->on_event(h->arg, type, event);
		history_apply(h, type, event);
	}
	cJSON_Delete(event);
	return good;
}

/* The bytes from `held` and p make a line with its newline. */
static void
history_whole(struct history *h, const char *p, size_t n, size_t all)
{
	if (h->held.full) {
		h->lines++;
		history_problem(h, "longer than %zu MiB: left out", HISTORY_LINE_MAX / MIB);
	} else if (!history_line(h, p, n)) {
		history_problem(h, "it is no event: left out");
	}
	h->whole += all;
}

void
history_feed(struct history *h, const char *p, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t take = nl ? (size_t)(nl - p) : n;
		bool alone = h->held.len == 0 && !h->held.full;

		if (nl && alone) {
			history_whole(h, p, take, take + 1);
		} else {
			buf_add(&h->held, p, take);
			h->torn += take;
		}
		if (nl && !alone) {
			history_whole(h, buf_str(&h->held), h->held.len, h->torn + 1);
			buf_reset(&h->held);
			h->torn = 0;
		}
		p += take + (nl != NULL);
		n -= take + (nl != NULL);
	}
}

void
history_end(struct history *h)
{
	if (h->torn == 0 || h->held.full)
		return;
	if (!history_line(h, buf_str(&h->held), h->held.len)) {
		h->lines--;
		return;
	}
	h->whole += h->torn;
	h->torn = 0;
}
