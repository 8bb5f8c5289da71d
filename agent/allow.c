/* `/allow`: see allow.h. Pinned by tests/e2e/test_allow.py. */
#include <string.h>

#include "agent/allow.h"
#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "agent/core/gate.h"
#include "tools/allow.h"

#define ALLOWED_MAX (64 * KIB) /* bytes of what was allowed in a session */

static void
allow_list(struct app *a)
{
	static const struct {
		int id; /* enum opt_id */
		const char *word;
	} rows[] = {{OPT_ALLOW_READ, "read"}, {OPT_ALLOW_WRITE, "write"}};

	term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %-6s %s (the workspace)",
		   opt_flag(a->opts, OPT_READ_ONLY) ? "read" : "write", a->workspace);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n;
		const char *const *list = opt_list(a->opts, rows[i].id, &n);

		for (size_t k = 0; k < n; k++)
			term_linef(a->term, TERM_SIDE, STYLE_NOTICE, "  %-6s %s",
				   rows[i].word, list[k]);
	}
	if (a->allowed.len > 0)
		term_line(a->term, TERM_SIDE, STYLE_NOTICE, buf_str(&a->allowed));
	term_line(a->term, TERM_SIDE, STYLE_NOTICE,
		  "/allow read PATH and /allow write PATH show code more, until the "
		  "session ends");
}

enum slash_end
slash_allow(struct app *a, const char *arg)
{
	bool write = strncmp(arg, "write ", 6) == 0, read = strncmp(arg, "read ", 5) == 0;
	AUTO_FREE char *path = NULL, *said = NULL;
	struct err e = {0};

	if (!*arg) {
		allow_list(a);
		return SLASH_DONE;
	}
	if (!write && !read) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "/allow read PATH or /allow write PATH");
		return SLASH_DONE;
	}
	if (sbx_session_stand(a->sandbox)->rung == SBX_RUNG_NONE) {
		term_line(a->term, TERM_SIDE, STYLE_NOTICE,
			  "there is no sandbox: code reads and writes what you can");
		return SLASH_DONE;
	}
	arg += write ? 6 : 5;
	path = fs_expand(arg + strspn(arg, " \t"));
	if (executor_allow(a->session->executor, path, write, &said, &e)) {
		term_error(a->term, &e);
		return SLASH_DONE;
	}
	term_line(a->term, TERM_SIDE, STYLE_NOTICE, said);
	gate_widened(a->session);
	if (a->allowed.max == 0)
		buf_init(&a->allowed, ALLOWED_MAX);
	buf_addf(&a->allowed, "%s  %-6s %s", a->allowed.len ? "\n" : "",
		 write ? "write" : "read", path);
	/* The model learns it with the next message. */
	buf_addf(&a->session->aside, "The sandbox was widened by me: %s.\n", said);
	if (a->session->begun)
		transcript_note(a->session->transcript, "allow", said, NULL);
	return SLASH_DONE;
}
