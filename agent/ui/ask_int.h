/* What the dialogs share; for ask*.c only. */
#ifndef SUNABA_UI_ASK_INT_H
#define SUNABA_UI_ASK_INT_H

#include "agent/ui/ask_keys.h"
#include "agent/ui/ask_view.h"

#define ASK_MENU_ROWS	5 /* of the screen, kept free for the keys and a hint */
#define ASK_CHOICES_MAX 12

struct ask_look ask_look_now(const struct term *t);
/* The keys and a hint (NULL: none), in the live tail or, where there is none, as rows. */
void ask_menu_draw(struct term *t, const struct ask_look *look, const char *lead,
		   const struct ask_choice *choices, size_t n, const char *hint);
/* The file suffix that makes an editor colour the language; "" for an unknown one. */
const char *ask_suffix(const char *language);

#endif
