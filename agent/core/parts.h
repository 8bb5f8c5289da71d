/* The parts of a conversation as the gate sees them: which label counts for each, and what takes
 * one out. Pure. The session and the reader of transcripts share it, so that a session that is
 * gone on with stands where it stood. */
#ifndef SUNABA_CORE_PARTS_H
#define SUNABA_CORE_PARTS_H

#include "agent/model/msg.h"

#define TYPED_MAX    (256 * KIB) /* bytes of what was typed besides messages; the oldest go */
#define REFUSALS_MAX 256	 /* actions remembered as refused; the oldest goes */

/* The actions that the user refused at the gate, by the hash of their bytes. Zeroed, it is empty. */
struct refusals {
	char (*at)[65];
	size_t n;
};

/* A refusal: of what the part at `msg` asks for, by the reply at `reply`; 0: there is none. */
struct refusal {
	size_t msg, reply;
	bool hard; /* it was refused because it is not trusted */
};

/* The labels that count of the first n parts, and behind them the lowest; the caller frees. */
enum msg_label *parts_labels(const struct msg_list *l, size_t n);
/* The part was said by a tool, or came as data. */
bool parts_is_tool_text(const struct msg *m);
/* Takes it out and leaves a note; what was written in its sight stays untrusted. */
void parts_refuse(struct msg_list *l, const struct refusal *r);
/* The user trusts the part with this number. False when there is none. */
bool parts_endorse(struct msg_list *l, unsigned part);
/* The user typed this, and it is no message: code, a command, a reason. It vouches as one would. */
void parts_typed(struct buf *typed, const char *text, size_t n);
/* The part was untrusted when it was written: it stays so where nothing before it says why any
 * more. *why, 0 at first, remembers where to look, for a long list that is read in order. */
void parts_keep_stain(struct msg_list *l, size_t msg, size_t *why);

void refusals_add(struct refusals *r, const char *sha256);
bool refusals_have(const struct refusals *r, const char *sha256);
void refusals_release(struct refusals *r);

#endif
