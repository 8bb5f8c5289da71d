/* A session as a notebook. See export.h.
 *
 * Source: the notebook format, nbformat 4.5 (nbformat.readthedocs.io). Words are Markdown cells,
 * steps are code cells with what came of them; languages other than Python get the cell magic that
 * runs them. Pinned by tests/e2e/test_sessions.py. */
#include <string.h>

#include "agent/export.h"

/* Cell magics of IPython; a language without one stands in a cell that shows it. */
static const char *
ipynb_magic(const char *language)
{
	static const char *const rows[][2] = {
	    {"shell", "%%bash\n"}, {"bash", "%%bash\n"},
	    {"sh", "%%sh\n"},	   {"javascript", "%%javascript\n"},
	    {"ruby", "%%ruby\n"},  {"perl", "%%perl\n"},
	    {"html", "%%html\n"},  {"r", "%%R\n"},
	    {"sql", "%%sql\n"}};

	for (size_t i = 0; language && i < ARRAY_LEN(rows); i++)
		if (strcasecmp(rows[i][0], language) == 0)
			return rows[i][1];
	return "";
}

/* Opens a cell and leaves the object open behind its metadata. A stream of output has no metadata of
 * its own: those of the result stand with the cell's. */
static void
ipynb_open(struct json_writer *w, const char *type, const struct msg *m,
	   const struct msg *result, size_t at)
{
	char id[32];

	snprintf(id, sizeof(id), "cell-%zu", at);
	json_open(w, '{');
	json_kv_str(w, "cell_type", type);
	json_kv_str(w, "id", id);
	json_key(w, "metadata");
	json_open(w, '{');
	json_key(w, "sunaba");
	json_open(w, '{');
	export_put_label(m, w);
	if (result) {
		json_key(w, "result");
		json_open(w, '{');
		export_put_label(result, w);
		json_close(w, '}');
	}
	json_close(w, '}');
	json_close(w, '}');
}

static void
ipynb_markdown(struct json_writer *w, const struct msg *m, const char *text, size_t at)
{
	AUTO_BUF struct buf whole = BUF_INIT(EXPORT_MAX);

	buf_addf(&whole, "%s%s", m->role == MSG_USER ? "**User**\n\n" : "", text);
	ipynb_open(w, "markdown", m, NULL, at);
	json_kv_str(w, "source", buf_str(&whole));
	json_close(w, '}');
}

static void
ipynb_output(struct json_writer *w, const struct msg *result)
{
	json_key(w, "outputs");
	json_open(w, '[');
	if (result) {
		json_open(w, '{');
		json_kv_str(w, "output_type", "stream");
		json_kv_str(w, "name", "stdout");
		json_kv_str(w, "text", result->text);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_key(w, "execution_count");
	json_put_null(w);
}

/* The result of a call among the messages right behind the reply. */
static const struct msg *
ipynb_result(const struct history *h, size_t i, const char *id)
{
	for (i++; i < h->msgs.n && h->msgs.at[i].role == MSG_TOOL; i++)
		if (h->msgs.at[i].call_id && strcmp(h->msgs.at[i].call_id, id) == 0)
			return &h->msgs.at[i];
	return NULL;
}

static void
ipynb_call(struct json_writer *w, const struct history *h, size_t i,
	   const struct msg_call *c, size_t at)
{
	AUTO_BUF struct buf source = BUF_INIT(EXPORT_MAX);
	const struct msg *result = ipynb_result(h, i, c->id);
	cJSON *args = NULL;
	const char *code;

	json_parse(c->args, strlen(c->args), JSON_REPAIR, &args, NULL);
	code = json_str(args, "code");
	if (code)
		buf_addf(&source, "%s%s", ipynb_magic(json_str(args, "language")), code);
	else
		buf_addf(&source, "# %s %s", c->name, c->args);
	ipynb_open(w, "code", &h->msgs.at[i], result, at);
	json_kv_str(w, "source", buf_str(&source));
	ipynb_output(w, result);
	json_close(w, '}');
	cJSON_Delete(args);
}

/* What a fenced block printed has no call: it is quoted. */
static void
ipynb_msg(struct json_writer *w, const struct history *h, size_t i, size_t *at)
{
	const struct msg *m = &h->msgs.at[i];

	if (m->role == MSG_TOOL && m->call_id)
		return;
	if (m->role == MSG_TOOL) {
		ipynb_open(w, "raw", m, NULL, (*at)++);
		json_kv_str(w, "source", m->text);
		json_close(w, '}');
		return;
	}
	if (*m->text)
		ipynb_markdown(w, m, m->text, (*at)++);
	for (size_t k = 0; k < m->ncalls; k++)
		ipynb_call(w, h, i, &m->calls[k], (*at)++);
}

void
export_ipynb(const struct history *h, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out);
	size_t at = 0;

	json_open(&w, '{');
	json_kv_int(&w, "nbformat", 4);
	json_kv_int(&w, "nbformat_minor", 5);
	json_key(&w, "metadata");
	json_put_raw(&w,
		     "{\"kernelspec\":{\"name\":\"python3\",\"display_name\":\"Python 3\","
		     "\"language\":\"python\"},\"language_info\":{\"name\":\"python\"}}");
	json_key(&w, "cells");
	json_open(&w, '[');
	for (size_t i = 1; i < h->msgs.n; i++)
		ipynb_msg(&w, h, i, &at);
	json_close(&w, ']');
	json_close(&w, '}');
	buf_addc(out, '\n');
}
