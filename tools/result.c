/* The result of a step as the model reads it. Contract in execute.h.
 *
 * One line of facts in brackets, then the note, then the output as it is. The status stands
 * first and in words a model knows; what is as expected (same folder, all shown) is not said.
 *
 * Pinned by tests/unit/test_execute.c. */
#include <string.h>

#include "agent/base/mem.h"
#include "tools/execute.h"

void
step_result_release(struct step_result *r)
{
	free(TAKE(r->output));
	free(TAKE(r->spill_path));
	free(TAKE(r->cwd));
	free(TAKE(r->note));
	free(TAKE(r->notices));
	free(TAKE(r->named));
	free(TAKE(r->binary));
	change_list_free(TAKE(r->changes));
}

/* A path from the jail may hold anything; the line of facts must stay one line. */
static void
result_add_path(struct buf *out, const char *path)
{
	for (const char *p = path; *p; p++)
		buf_addc(out, (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
}

static void
result_add_end(const struct step_result *r, const struct kernel *k, struct buf *out)
{
	const char *name = k ? k->name : "interpreter";

	switch (r->end) {
	case STEP_DONE:
		buf_addf(out, "exit %d", r->status);
		break;
	case STEP_EXITED:
		if (r->signal)
			buf_addf(out, "%s killed by signal %d (SIG%s)", name, r->signal,
				 sigabbrev_np(r->signal) ?: "?");
		else
			buf_addf(out, "%s ended with exit %d", name, r->status);
		break;
	case STEP_TIMEOUT:
		buf_adds(out, "stopped: time limit");
		break;
	case STEP_INTERRUPTED:
		buf_adds(out, "interrupted by the user");
		break;
	case STEP_NOT_RUN:
		buf_adds(out, "not run");
		break;
	}
}

static void
result_add_facts(const struct step_result *r, struct buf *out)
{
	if (r->end == STEP_NOT_RUN)
		return;
	buf_addf(out, " · %.2f s", (double)r->wall_ms / 1000);
	if (r->cpu_ms >= 10)
		buf_addf(out, " · cpu %.2f s", (double)r->cpu_ms / 1000);
	if (r->cwd) {
		buf_adds(out, *r->cwd ? " · cwd " : " · cwd was removed");
		result_add_path(out, r->cwd);
	}
	if (r->omitted_bytes > 0 || r->spill_path)
		buf_addf(out, " · %zu bytes of output, %zu left out", r->total_bytes,
			 r->omitted_bytes);
	if (r->step && r->omitted_bytes > 0 && !r->binary)
		buf_addf(out,
			 ", call output {\"step\": %u, \"from\": N, \"lines\": N} to read "
			 "lines of it",
			 r->step);
	if (r->spill_path) {
		buf_adds(out, ", all of it in ");
		result_add_path(out, r->spill_path);
	}
	if (r->fresh)
		buf_adds(out, " · fresh interpreter");
	if (r->state_lost)
		buf_adds(out, " · state lost");
}

static void
result_add_files(const struct step_result *r, struct buf *out)
{
	AUTO_BUF struct buf pictures = BUF_INIT(16 * KIB);

	if (!r->changes)
		return;
	buf_adds(out, "\nfiles: ");
	change_list_text(r->changes, CHANGES_MAX, out);
	change_list_pictures(r->changes, &pictures);
	if (pictures.len)
		buf_addf(out, "\npicture: %s", buf_str(&pictures));
}

size_t
step_result_text(const struct step_result *r, const struct kernel *k, struct buf *out)
{
	size_t from = out->len, head;

	buf_addc(out, '[');
	result_add_end(r, k, out);
	result_add_facts(r, out);
	buf_addc(out, ']');
	if (r->note)
		buf_addf(out, "\n%s", r->note);
	if (r->notices)
		buf_addf(out, "\n%s", r->notices);
	result_add_files(r, out);
	head = out->len - from;
	if (r->output && *r->output && buf_addc(out, '\n')) {
		head++;
		buf_adds(out, r->output);
	}
	return head;
}

void
step_result_named(const struct step_result *r, struct buf *out)
{
	if (r->cwd && *r->cwd) {
		result_add_path(out, r->cwd);
		buf_addc(out, '\n');
	}
	if (r->named)
		buf_addf(out, "%s\n", r->named);
	if (r->changes) {
		change_list_text(r->changes, CHANGES_MAX, out);
		buf_addc(out, '\n');
	}
}
