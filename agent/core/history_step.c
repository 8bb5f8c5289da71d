/* Decisions and steps of a transcript: what is known of a step whose result is not in the
 * conversation, and the outputs that the model may still page through. See history.h.
 * Pinned by tests/unit/test_history.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "agent/core/history_int.h"
#include "tools/kernels/kernels.h"

#define STEP_TEXT_MAX (256 * KIB) /* bytes of a result for the model */

void
history_fate_clear(struct history *h)
{
	h->fate = FATE_NONE;
	free(TAKE(h->fate_call));
	free(TAKE(h->fate_text));
}

static void
fate_set(struct history *h, enum history_fate fate, const cJSON *event)
{
	history_fate_clear(h);
	h->fate = fate;
	h->fate_call = mem_strdup(json_str(event, "call_id"));
}

/* The number of a step that was not heard of as ended; 0: it cannot be. */
static unsigned
step_number(struct history *h, const cJSON *event)
{
	int64_t n;

	if (json_int(event, "step", &n) && n > 0 && n <= INT32_MAX)
		return (unsigned)n;
	history_problem(h, "a step without its number: left out");
	return 0;
}

/* Bit of a language by row of the table; 0: there is no such language. */
static unsigned
language_bit(const struct kernel *k)
{
	for (size_t i = 0; k && i < HISTORY_LANGUAGES && kernel_at(i); i++)
		if (kernel_at(i) == k)
			return 1u << i;
	return 0;
}

void
history_decision(struct history *h, const cJSON *event)
{
	const char *word = json_str(event, "decision");
	const char *language = json_str(event, "language");
	bool run = word && strcmp(word, "run") == 0;
	unsigned n = step_number(h, event);

	if (!n)
		return;
	if (run)
		h->step = MAX_OF(h->step, n);
	h->steps += run;
	if (run)
		h->begun = language_bit(language ? kernel_find(language) : NULL);
	history_typed(h, event);
	if (!json_bool(event, "typed", false))
		fate_set(h, run ? FATE_STARTED : FATE_DECLINED, event);
}

static enum step_end
end_of(const cJSON *event)
{
	static const char *const words[] = {[STEP_DONE] = "done",
					    [STEP_EXITED] = "exited",
					    [STEP_TIMEOUT] = "timeout",
					    [STEP_INTERRUPTED] = "interrupted"};
	const char *word = json_str(event, "end");

	for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], word) == 0)
			return (enum step_end)i;
	return STEP_NOT_RUN;
}

/* A file that the program kept itself: nothing else is read for the model. */
static char *
spill_of(const struct history *h, const cJSON *event)
{
	const char *path = json_str(event, "spill");
	size_t n = h->files_root ? strlen(h->files_root) : 0;

	if (!path || !n || strncmp(path, h->files_root, n) != 0 || path[n] != '/' ||
	    strstr(path, "/../") || !strstr(path + n, ".files/"))
		return NULL;
	return mem_strdup(path);
}

static char *
note_of(const cJSON *event)
{
	const char *note = json_str(event, "note"), *files = json_str(event, "files");

	if (!files)
		return mem_strdup(note);
	return mem_printf("%s%sfiles: %s", note ? note : "", note ? "\n" : "", files);
}

static int64_t
count_of(const cJSON *event, const char *key, int64_t max)
{
	int64_t n = 0;

	return json_int(event, key, &n) && n > 0 ? MIN_OF(n, max) : 0;
}

static struct step_result
result_of(const struct history *h, const cJSON *event)
{
	const char *output = json_str(event, "output");

	return (struct step_result){
	    .end = end_of(event),
	    .status = (int)count_of(event, "status", INT32_MAX),
	    .signal = (int)count_of(event, "signal", 64),
	    .state_lost = json_bool(event, "state_lost", false),
	    .wall_ms = count_of(event, "wall_ms", INT64_MAX),
	    .cpu_ms = count_of(event, "cpu_ms", INT64_MAX),
	    .total_bytes = (size_t)count_of(event, "total_bytes", INT64_MAX),
	    .omitted_bytes = (size_t)count_of(event, "omitted_bytes", INT64_MAX),
	    .output = mem_strdup(output ? output : ""),
	    .spill_path = spill_of(h, event),
	    .cwd = mem_strdup(json_str(event, "cwd")),
	    .note = note_of(event),
	    .notices = mem_strdup(json_str(event, "sandbox")),
	    .binary = mem_strdup(json_str(event, "binary"))};
}

/* Which interpreters hold something that the end of the program takes away. */
static void
note_language(struct history *h, const struct kernel *k, const struct step_result *r)
{
	h->begun = 0;
	if (r->end == STEP_NOT_RUN)
		return;
	if (r->state_lost)
		h->ran &= ~language_bit(k);
	else
		h->ran |= language_bit(k);
}

void
history_step(struct history *h, const cJSON *event)
{
	AUTO_BUF struct buf text = BUF_INIT(STEP_TEXT_MAX);
	const char *language = json_str(event, "language");
	const struct kernel *k = language ? kernel_find(language) : NULL;
	unsigned n = step_number(h, event);
	struct step_result r;

	if (!n)
		return;
	if (h->outputs.n && n <= h->outputs.at[h->outputs.n - 1].step) {
		history_problem(h, "step %u was there already: left out", n);
		return;
	}
	h->step = MAX_OF(h->step, n);
	r = result_of(h, event);
	outputs_add(&h->outputs, n, &r);
	outputs_set_mark(&h->outputs, n, history_label(event, "label"));
	note_language(h, k, &r);
	if (!json_bool(event, "typed", false)) {
		fate_set(h, FATE_DONE, event);
		r.step = n;
		step_result_text(&r, k, &text);
		h->fate_text = buf_take(&text);
		h->fate_label = MAX_OF(history_label(event, "label"), LABEL_LOCAL);
	}
	step_result_release(&r);
}

const char *
history_fate_text(const struct history *h, const char *call_id)
{
	static const char *const texts[] = {
	    [FATE_NONE] = "Not run: the program was ended before this could begin.",
	    [FATE_STARTED] =
		"Outcome unknown: the program was ended while this step ran. It may have "
		"had effects, in part or whole; it is not run again by itself. Look at "
		"what is there before you repeat it.",
	    [FATE_DECLINED] = "Not run: this step was not approved."};
	bool ours = h->fate != FATE_NONE &&
		    (call_id ? h->fate_call != NULL && strcmp(h->fate_call, call_id) == 0
			     : h->fate_call == NULL);

	if (!ours)
		return texts[FATE_NONE];
	return h->fate == FATE_DONE ? h->fate_text : texts[h->fate];
}
