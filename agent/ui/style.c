/* The named styles: one row each, with a picture of what it styles.
 *
 * Only the 16 colours of the terminal's own palette are used, so that the user's theme, dark or
 * light, decides how they look. Each style that carries meaning has an attribute or a printed
 * mark besides its colour and stays readable under NO_COLOR.
 * Pinned by tests/unit/test_row.c. */
#include <assert.h>

#include "agent/ui/row.h"

/* Numbers of struct style: 1 + the ANSI colour. */
enum { RED = 2, GREEN = 3, YELLOW = 4, BLUE = 5, CYAN = 7 };

static const struct style styles[STYLE_COUNT] = {
    /* The quick brown fox */
    [STYLE_PLAIN] = {0, 0, 0},
    /* Title                        (of "# Title") */
    [STYLE_H1] = {ATTR_BOLD | ATTR_UNDERLINE, 0, 0},
    /* ## Section */
    [STYLE_H2] = {ATTR_BOLD, 0, 0},
    /* ### Subsection, and deeper */
    [STYLE_H3] = {ATTR_BOLD | ATTR_ITALIC, 0, 0},
    /* call <malloc> first          (of "call `malloc` first"), lines of a code block */
    [STYLE_CODE] = {0, CYAN, 0},
    /* ─ python ── */
    [STYLE_FENCE] = {ATTR_DIM, 0, 0},
    /* <│> quoted words */
    [STYLE_QUOTE] = {ATTR_DIM, 0, 0},
    /* <•> an item, <12.> an item, <☑> a task */
    [STYLE_MARKER] = {0, YELLOW, 0},
    /* see <the manual> */
    [STYLE_LINK] = {ATTR_UNDERLINE, 0, 0},
    /* see the manual <(https://example.com/)> */
    [STYLE_URL] = {ATTR_DIM, 0, 0},
    /* ──────────   ───┼─── */
    [STYLE_RULE] = {ATTR_DIM, 0, 0},
    /* <項目> │ <値> */
    [STYLE_TABLE_HEAD] = {ATTR_BOLD, 0, 0},
    /* some <<div>> in text */
    [STYLE_HTML] = {ATTR_DIM, 0, 0},
    /* 4 rows above, sources, times */
    [STYLE_DIM] = {ATTR_DIM, 0, 0},
    /* ⚠ 3 invisible characters removed */
    [STYLE_NOTICE] = {0, YELLOW, 0},
    /* sunaba: sandbox is off */
    [STYLE_WARN] = {ATTR_BOLD, YELLOW, 0},
    /* sunaba: cannot open 'x' */
    [STYLE_ERROR] = {ATTR_BOLD, RED, 0},
    /* total 4 */
    [STYLE_OUTPUT] = {0, 0, 0},
    /* ┌ Run this? bash, 3 lines */
    [STYLE_ASK] = {ATTR_BOLD, BLUE, 0},
    /* rm <⟨U+202E RLO⟩>txt */
    [STYLE_ESCAPED] = {ATTR_REVERSE, RED, 0},
    /* <›> the user's words */
    [STYLE_PROMPT] = {ATTR_BOLD, GREEN, 0},
    /* +a line that came */
    [STYLE_ADD] = {0, GREEN, 0},
    /* -a line that went */
    [STYLE_DEL] = {0, RED, 0},
};

struct style
style_of(enum style_name name)
{
	assert(name < STYLE_COUNT);
	return styles[name];
}

struct style
style_with(struct style s, uint16_t attrs)
{
	s.attrs = (uint16_t)(s.attrs | attrs);
	return s;
}
