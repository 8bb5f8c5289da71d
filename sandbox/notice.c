/* What a notice says and what the user can do: one row for each kind. Contract in sandbox.h.
 * Pinned by tests/unit/test_policy.c. */
#include <stdio.h>
#include <string.h>

#include "sandbox/util.h"

/* `what` stands where %s is. */
static const struct {
	const char *says, *remedy;
} rows[SBX_NOTE_LAST + 1] = {
    [SBX_NOTE_HIDDEN] = {"%s is hidden: secrets are not shown to code",
			 "/allow read %s, or --allow-read"},
    [SBX_NOTE_PROTECTED] = {"%s is read-only: programs outside run what it says",
			    "/allow write %s, or --allow-write"},
    [SBX_NOTE_SOCKET] = {"%s is masked: a program outside listens there",
			 "/allow write %s, or --allow-write"},
    [SBX_NOTE_AUTORUN] = {"%s was put aside: programs outside would run it",
			  "/allow write %s, or --allow-write"},
    [SBX_NOTE_CALL] = {"%s is refused", ""},
    [SBX_NOTE_CONNECT] = {"connect %s is refused: the network is off",
			  "/net allow HOST, or --allow-net=HOST"},
    [SBX_NOTE_HOST] = {"host %s is not allowed", "/net allow %s, or --allow-net=%s"},
    [SBX_NOTE_FILE] = {"%s is refused",
		       "/allow read or /allow write, or --allow-read, --allow-write"},
    [SBX_NOTE_LIMIT] = {"the limit of %s was hit", "/limits shows and changes it"},
    [SBX_NOTE_SHOWN] = {"%s is shown to code", ""},
};

/* Puts `what`, which is hostile, where the row, which is not, has %s. */
static void
expand(const char *row, const char *what, char *out, size_t n)
{
	size_t at = 0;

	while (*row && at + 1 < n) {
		size_t m = strlen(what);

		if (row[0] != '%' || row[1] != 's') {
			out[at++] = *row++;
			continue;
		}
		m = m < n - at ? m : n - at - 1;
		memcpy(out + at, what, m);
		at += m;
		row += 2;
	}
	if (n)
		out[at] = 0;
}

void
sbx_notice_text(const struct sbx_notice *n, char *msg, size_t nmsg, char *hint,
		size_t nhint)
{
	size_t len;

	expand(rows[n->kind].says, n->what, msg, nmsg);
	expand(rows[n->kind].remedy, n->what, hint, nhint);
	len = strlen(msg);
	if (n->detail[0])
		snprintf(msg + len, nmsg - len, " (%s)", n->detail);
}
