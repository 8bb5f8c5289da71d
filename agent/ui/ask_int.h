/* What the dialogs share; for ask*.c only. */
#ifndef SUNABA_UI_ASK_INT_H
#define SUNABA_UI_ASK_INT_H

#include "agent/ui/ask_keys.h"
#include "agent/ui/ask_view.h"

#define ASK_MENU_ROWS	5 /* of the screen, kept free for the keys and a hint; half at most */
#define ASK_CHOICES_MAX 12

struct ask_look ask_look_now(const struct term *t);
struct ask_menu {
	const char *lead, *lead_short; /* before the keys; the latter in a small window */
	const struct ask_choice *choices;
	size_t n;
	const char *hint; /* NULL: none */
};
/* Shows it in the live tail or, where there is none, as rows. Keys are never left out: in a small
 * window their meanings go first, then the hint. */
void ask_menu_draw(struct term *t, const struct ask_look *look, const struct ask_menu *m);
/* Rows of the screen for the view, beside the menu. */
size_t ask_page_rows(const struct term *t);
/* After ASK_RESIZE: whether the question must be shown again, since the window is narrower than it
 * was laid out for, or a shell has written over it. */
bool ask_must_show(struct term *t);
/* The file suffix that makes an editor colour the language; "" for an unknown one. */
const char *ask_suffix(const char *language);

#endif
