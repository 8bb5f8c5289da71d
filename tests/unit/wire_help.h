/* Feeding bytes to a dialect and writing down what came of it, for tests of the wires. */
#ifndef SUNABA_TESTS_WIRE_HELP_H
#define SUNABA_TESTS_WIRE_HELP_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/model/ollama.h"
#include "agent/model/openai.h"

#define HELP_MAX (64 * MIB)

/* What the sink was told must be what the reply holds. */
struct heard {
	struct buf text, reasoning;
};

static void
heard_text(void *arg, const char *p, size_t n)
{
	buf_add(&((struct heard *)arg)->text, p, n);
}

static void
heard_reasoning(void *arg, const char *p, size_t n)
{
	buf_add(&((struct heard *)arg)->reasoning, p, n);
}

static void
help_summary(enum err_kind k, const struct err *e, const struct model_reply *r,
	     struct buf *out)
{
	buf_reset(out);
	buf_addf(out, "%s text='%s'", err_word(k), r->text);
	if (r->reasoning)
		buf_addf(out, " think='%s'", r->reasoning);
	for (size_t i = 0; i < r->ncalls; i++)
		buf_addf(out, " %s=%s(%s)", r->calls[i].id, r->calls[i].name,
			 r->calls[i].args);
	if (r->call_cut)
		buf_adds(out, " cut");
	if (r->finish != FINISH_STOP)
		buf_addf(out, " finish=%d", (int)r->finish);
	if (r->usage.input >= 0)
		buf_addf(out, " in=%d", (int)r->usage.input);
	if (r->usage.output >= 0)
		buf_addf(out, " out=%d", (int)r->usage.output);
	if (r->usage.cached >= 0)
		buf_addf(out, " cached=%d", (int)r->usage.cached);
	if (k != ERR_NONE)
		buf_addf(out, " error='%s'", e->msg);
}

/* Feeds p[0..n) in two parts, or byte by byte (cut == SIZE_MAX). */
static enum err_kind
help_feed(struct wire *w, const char *p, size_t n, size_t cut, struct err *e)
{
	enum err_kind k = ERR_NONE;

	if (cut == SIZE_MAX) {
		for (size_t i = 0; i < n && k == ERR_NONE; i++)
			k = wire_feed(w, p + i, 1, e);
		return k;
	}
	k = wire_feed(w, p, cut, e);
	return k == ERR_NONE ? wire_feed(w, p + cut, n - cut, e) : k;
}

static void
help_run(bool ollama, const char *type, const char *p, size_t n, size_t cut,
	 struct buf *out)
{
	struct heard heard = {BUF_INIT(HELP_MAX), BUF_INIT(HELP_MAX)};
	struct model_sink sink = {
	    .arg = &heard, .text = heard_text, .reasoning = heard_reasoning};
	struct server_error said = {0};
	struct reply reply;
	struct openai_stream os = {.reply = &reply, .said = &said};
	struct ollama_stream ls = {.reply = &reply, .said = &said};
	struct model_reply r;
	struct wire w;
	struct err e = {0};
	enum err_kind k;

	reply_init(&reply, NULL, &sink);
	wire_init(&w, type, ollama ? &ollama_dialect : &openai_dialect,
		  ollama ? (void *)&ls : (void *)&os);
	k = help_feed(&w, p, n, cut, &e);
	if (k == ERR_NONE)
		k = wire_end(&w, &e);
	reply_end(&reply);
	reply_take(&reply, k == ERR_NONE, &r);
	help_summary(k, &e, &r, out);
	if (!strstr(buf_str(&heard.text), "</think>"))
		assert_string_equal(buf_str(&heard.text), r.text);
	model_reply_release(&r);
	wire_release(&w);
	buf_release(&heard.text);
	buf_release(&heard.reasoning);
}

/* Every split point (or some thousand of them) gives what the whole gives. */
static void
help_splits(bool ollama, const char *type, const char *p, size_t n, struct buf *whole)
{
	struct buf part = BUF_INIT(HELP_MAX);
	size_t step = n > 3000 ? n / 97 : 1;

	help_run(ollama, type, p, n, 0, whole);
	for (size_t cut = 1; cut < n; cut += step) {
		help_run(ollama, type, p, n, cut, &part);
		assert_string_equal(buf_str(&part), buf_str(whole));
	}
	help_run(ollama, type, p, n, SIZE_MAX, &part);
	assert_string_equal(buf_str(&part), buf_str(whole));
	buf_release(&part);
}

static void
help_check(bool ollama, const char *type, const char *in, const char *want)
{
	struct buf got = BUF_INIT(HELP_MAX);

	help_splits(ollama, type, in, strlen(in), &got);
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
}

/* The folder of recorded streams; skips the test when there is none. */
static const char *
help_streams(void)
{
	static char path[4096];
	const char *shared = getenv("SUNABA_SHARED"), *root = getenv("ROOT");

	if (shared)
		snprintf(path, sizeof(path), "%s/data/streams", shared);
	else
		snprintf(path, sizeof(path), "%s/../shared/data/streams",
			 root ? root : ".");
	if (access(path, R_OK) != 0) {
		print_message("# SKIP no recorded streams at %s\n", path);
		skip();
	}
	return path;
}

/* A recording (one JSON object a line) as a stream of this kind. */
static bool
help_recording(const char *name, bool sse, const char *eol, struct buf *out)
{
	AUTO_BUF struct buf file = BUF_INIT(HELP_MAX);
	AUTO_FREE char *path = mem_printf("%s/%s.chunks.txt", help_streams(), name);
	const char *p;

	buf_reset(out);
	if (fs_read(path, &file, NULL) != ERR_NONE)
		return false;
	for (p = buf_str(&file); *p;) {
		size_t n = strcspn(p, "\n");

		if (n && sse)
			buf_adds(out, "data: ");
		buf_add(out, p, n);
		if (n)
			buf_adds(out, eol);
		if (n && sse)
			buf_adds(out, eol);
		p += n + (p[n] == '\n');
	}
	if (sse)
		buf_addf(out, "data: [DONE]%s%s", eol, eol);
	return true;
}

#endif
