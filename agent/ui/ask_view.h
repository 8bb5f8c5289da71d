/* The rows of a confirmation: what is to be run, ready to be shown. Pure. */
#ifndef SUNABA_UI_ASK_VIEW_H
#define SUNABA_UI_ASK_VIEW_H

#include "agent/ui/ask.h"
#include "agent/ui/escape.h"

struct ask_look {
	int width; /* columns */
	bool unicode;
	bool japanese;
};

struct ask_view {
	struct row *rows;
	size_t n, cap;
	struct escape_findings found; /* in the code */
	unsigned char sha256[SHA256_SIZE];
};

/* Header, reason, notes, code with line numbers, warnings. Every byte of the code is in it. */
void
ask_view_build(struct ask_view *v, const struct ask_look *look, const struct ask_step *q);
/* Offset, bytes in hexadecimal, ASCII. */
void ask_view_hex(struct ask_view *v, const struct ask_look *look, const char *p, size_t n);
void ask_view_release(struct ask_view *v);

/* The keys, as many rows as they need; `lead` stands before them. */
void ask_view_menu(struct ask_view *v, const struct ask_look *look, const char *lead,
		   const struct ask_choice *choices, size_t n);

/* What was wrong with the last key. */
void ask_view_hint(struct ask_view *v, const struct ask_look *look, const char *hint);

/* Texts of the dialog in the user's language. */
enum ask_word {
	ASK_W_TITLE,
	ASK_W_GATE_TITLE,
	ASK_W_WOULD_RUN,
	ASK_W_LINE,
	ASK_W_LINES,
	ASK_W_STEP,
	ASK_W_NO_NEWLINE,
	ASK_W_EMPTY,
	ASK_W_YES,
	ASK_W_CARRY,
	ASK_W_NO,
	ASK_W_IGNORE,
	ASK_W_REASON,
	ASK_W_EDIT,
	ASK_W_ALWAYS,
	ASK_W_STOP,
	ASK_W_VIEW,
	ASK_W_NEXT,
	ASK_W_BACK,
	ASK_W_ROWS,
	ASK_W_TYPE_YES,
	ASK_W_TYPE_SHORT,
	ASK_W_WHY,
	ASK_W_BURST,
	ASK_W_INPUT_METHOD,
	ASK_W_UNKNOWN,
	ASK_W_SAID_YES,
	ASK_W_SAID_NO,
	ASK_W_SAID_IGNORE,
	ASK_W_SAID_STOP,
	ASK_W_SAID_ALWAYS,
	ASK_W_UNCHANGED,
	ASK_W_COUNT
};
const char *ask_word(enum ask_word w, bool japanese);

#endif
