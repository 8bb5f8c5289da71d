/* Sessions in other forms. See export.h.
 *
 * Every form carries each part's number, label, source and hash: as words (md, html), as metadata of
 * the cells (ipynb), beside the messages (openai), as the events themselves (jsonl).
 * Pinned by tests/e2e/test_sessions.py. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/commands.h"
#include "agent/core/prompt.h"
#include "agent/export.h"
#include "agent/model/openai.h"
#include "agent/save.h"

void
export_label(const struct msg *m, struct buf *out)
{
	char hex[SHA256_HEX_SIZE];

	if (m->part)
		buf_addf(out, "part %u · ", m->part);
	buf_adds(out, msg_label_word(msg_counts(m)));
	if (m->source)
		buf_adds(out, " · ");
	for (const char *p = m->source; p && *p; p++)
		buf_addc(out, (char)((unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p));
	transcript_hash(m->was ? m->was : m->text, hex);
	buf_addf(out, " · sha256 %s", hex);
}

void
export_put_label(const struct msg *m, struct json_writer *w)
{
	char hex[SHA256_HEX_SIZE];

	json_kv_int(w, "part", m->part);
	json_kv_str(w, "role", msg_role_word(m->role));
	json_kv_str(w, "label", msg_label_word(msg_counts(m)));
	if (m->source)
		json_kv_str(w, "source", m->source);
	transcript_hash(m->was ? m->was : m->text, hex);
	json_kv_str(w, "sha256", hex);
}

static void
export_md(const struct history *h, struct buf *out)
{
	buf_addf(out, "# Session %s\n\n", h->id ? h->id : "");
	buf_addf(out, "Began %s, model %s.\n\n", h->began ? h->began : "?",
		 h->model ? h->model : "none");
	save_text(&h->msgs, out);
}

static void
openai_labels(const struct history *h, struct json_writer *w)
{
	json_key(w, "sunaba");
	json_open(w, '{');
	json_kv_str(w, "session", h->id);
	json_key(w, "parts");
	json_open(w, '[');
	for (size_t i = 0; i < h->msgs.n; i++) {
		json_open(w, '{');
		export_put_label(&h->msgs.at[i], w);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_close(w, '}');
}

/* A request as the wire has it: what tools for training and evaluation read. */
static void
export_openai(const struct history *h, struct buf *out)
{
	struct json_writer w = JSON_WRITER(out);
	struct model_request req = {.messages = &h->msgs};

	req.tools = prompt_tools(&req.ntools);
	json_open(&w, '{');
	openai_labels(h, &w);
	openai_put_rest(&w, &req, openai_put_message, NULL);
	buf_addc(out, '\n');
}

static const struct export_row {
	const char *name;
	void (*write)(const struct history *h, struct buf *out);
} export_rows[] = {{"md", export_md},
		   {"openai", export_openai},
		   {"html", export_html},
		   {"ipynb", export_ipynb}};

/* The events as they were written, without what was torn off. */
static enum err_kind
export_jsonl(const struct store_file *f, struct buf *out, struct err *e)
{
	struct history h;
	enum err_kind kind;

	history_init(&h);
	h.brief = true;
	kind = fs_read(f->path, out, e);
	if (!kind) {
		history_feed(&h, buf_str(out), out->len);
		history_end(&h);
		buf_truncate(out, h.whole);
		if (out->len && out->data[out->len - 1] != '\n')
			buf_addc(out, '\n');
	}
	history_release(&h);
	return kind;
}

static enum err_kind
export_text(const struct store_file *f, const char *format, struct buf *out, struct err *e)
{
	struct msg_list gaps = {0};
	struct history h;
	enum err_kind kind;

	if (strcmp(format, "jsonl") == 0)
		return export_jsonl(f, out, e);
	history_init(&h);
	kind = store_read(f, &h, e);
	history_gaps(&h, &gaps);
	for (size_t i = 0; i < gaps.n; i++)
		msg_move(&h.msgs, &gaps.at[i]);
	msg_list_release(&gaps);
	for (size_t i = 0; i < ARRAY_LEN(export_rows) && !kind; i++)
		if (strcmp(export_rows[i].name, format) == 0)
			export_rows[i].write(&h, out);
	history_release(&h);
	return kind;
}

enum err_kind
export_write(struct app *a, const struct store_file *f, const char *format,
	     const char *path, struct err *e)
{
	AUTO_BUF struct buf out = BUF_INIT(EXPORT_MAX);
	enum err_kind kind = export_text(f, format, &out, e);

	if (!kind && out.full)
		kind = err_set(e, ERR_LIMIT, "session %s is larger than %zu MiB as %s",
			       f->id, EXPORT_MAX / MIB, format);
	if (kind)
		return kind;
	if (path)
		return fs_write(path, buf_str(&out), out.len, 0600, e);
	if (term_out_tty(a->term)) {
		term_source(a->term, buf_str(&out), out.len);
		return ERR_NONE;
	}
	if (fwrite(buf_str(&out), 1, out.len, stdout) == out.len && fflush(stdout) == 0)
		return ERR_NONE;
	return errno == EPIPE ? ERR_NONE
			      : err_sys(e, ERR_IO, "cannot write to standard output");
}

enum err_kind
export_session(struct app *a, const char *path, struct err *e)
{
	static const char *const rows[][2] = {{".md", "md"},
					      {".html", "html"},
					      {".ipynb", "ipynb"},
					      {".jsonl", "jsonl"},
					      {".json", "openai"}};
	const char *file = transcript_path(a->session->transcript),
		   *ext = strrchr(path, '.');
	struct store_file f = {.path = (char *)(uintptr_t)file,
			       .id = transcript_id(a->session->transcript)};
	struct stat st;

	if (!file)
		return err_set(e, ERR_USAGE, "nothing was said yet");
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		err_set(e, ERR_USAGE, "'%s' is there already", path);
		err_hint(e, "take another name");
		return ERR_USAGE;
	}
	for (size_t i = 0; ext && i < ARRAY_LEN(rows); i++)
		if (strcmp(ext, rows[i][0]) == 0)
			return export_write(a, &f, rows[i][1], path, e);
	err_set(e, ERR_USAGE, "the name '%s' does not say which form is wanted", path);
	err_hint(e, "end it in .md, .html, .ipynb, .jsonl or .json");
	return ERR_USAGE;
}
