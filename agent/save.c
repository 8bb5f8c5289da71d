/* The conversation as Markdown. See save.h. Pinned by tests/e2e/test_conversation.py. */
#include <string.h>
#include <sys/stat.h>

#include "agent/base/fs.h"
#include "agent/export.h"
#include "agent/save.h"

#define SAVE_MAX  (64 * MIB) /* bytes of a saved conversation */
#define FENCE_MIN 4	     /* tildes */

static void
save_fence(struct buf *out, size_t n, const char *behind)
{
	while (n-- > 0)
		buf_addc(out, '~');
	buf_addf(out, "%s\n", behind);
}

/* CommonMark ends a block at a line with at least as many tildes as began it. */
static void
save_block(struct buf *out, const char *language, const char *text)
{
	size_t fence = FENCE_MIN, run = 0, n = strlen(text);

	for (const char *p = text; *p; p++) {
		run = *p == '~' ? run + 1 : 0;
		fence = MAX_OF(fence, run + 1);
	}
	save_fence(out, fence, language);
	buf_addf(out, "%s%s", text, n && text[n - 1] == '\n' ? "" : "\n");
	save_fence(out, fence, "\n");
}

/* Whose words these are, in small print: a line of code, so that a source stays what it is. */
static void
save_label(const struct msg *m, struct buf *out)
{
	AUTO_BUF struct buf label = BUF_INIT(MIB);

	export_label(m, &label);
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] == '`')
			label.data[i] = '\'';
	buf_addf(out, "`%s`\n\n", buf_str(&label));
}

void
save_text(const struct msg_list *l, struct buf *out)
{
	static const char *const heads[] = {[MSG_SYSTEM] = NULL,
					    [MSG_USER] = "## User",
					    [MSG_ASSISTANT] = "## Assistant",
					    [MSG_TOOL] = "### Result"};

	for (size_t i = 0; i < l->n; i++) {
		const struct msg *m = &l->at[i];

		if (!heads[m->role])
			continue;
		buf_addf(out, "%s\n\n", heads[m->role]);
		save_label(m, out);
		if (m->role == MSG_TOOL)
			save_block(out, "", m->text);
		else if (*m->text)
			buf_addf(out, "%s\n\n", m->text);
		for (size_t k = 0; k < m->ncalls; k++)
			save_block(out, "json", m->calls[k].args);
	}
}

enum err_kind
save_markdown(const struct session *s, const char *path, bool over, struct err *e)
{
	AUTO_BUF struct buf text = BUF_INIT(SAVE_MAX);
	struct stat st;

	if (!over && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		err_set(e, ERR_USAGE, "'%s' is there already", path);
		err_hint(e, "/save! FILE writes over it");
		return ERR_USAGE;
	}
	save_text(&s->msgs, &text);
	return fs_write(path, buf_str(&text), text.len, 0600, e);
}
