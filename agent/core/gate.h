/* The gate: instructions that came from a tool need the user's own key.
 *
 * Every part of a conversation has a label, given by the program and never by what the part
 * says. While a part that is not trusted can be read by the model, each action with consequences
 * waits for the user (the hard gate). Where all of it was made inside a trusted workspace with
 * the network off, an action waits only when the output reads like instructions, or when the
 * action holds something (a host, an account, a command line) that the output brought up and the
 * user did not (the soft gate).
 *
 * There is one door: approve_step() asks gate_check() for every action of every tool. What a
 * detector finds chooses what is shown and can close the gate; it never opens it. */
#ifndef SUNABA_CORE_GATE_H
#define SUNABA_CORE_GATE_H

#include "agent/core/parts.h"
#include "agent/core/session.h"

enum gate_rule {
	GATE_OPEN,
	GATE_UNTRUSTED, /* hard: a part that is not trusted is in the conversation */
	GATE_TEXT, /* soft: output since the user's last words reads like instructions */
	GATE_LINK, /* soft: the action repeats something that only a tool's output said */
	GATE_REFUSED, /* the user refused these very bytes before */
	GATE_HIDDEN,  /* the code is not what it looks like, and nobody can be asked */
};

/* Why an action waits. Strings are the gate's own; gate_release() frees them. */
struct gate {
	enum gate_rule rule;
	size_t msg;    /* index of the part in the conversation */
	unsigned part; /* its number, as /sources shows it */
	char *source;  /* where it came from */
	char *
	    lines; /* of the part, that which asks for the action; any bytes, a newline each */
	char *token; /* GATE_LINK: what the action and the part have in common; or NULL */
};

/* What is about to be done, whoever does it. */
struct gate_action {
	const char *text; /* the exact bytes: code, a path, an address */
	size_t len;
	const char *sha256;   /* of those bytes, hexadecimal */
	const char *language; /* "shell"; NULL: none, or any */
};

/* Whether the action must wait; fills *g. False, and GATE_OPEN, when it need not. */
bool gate_check(const struct session *s, const struct gate_action *a, struct gate *g);
/* For an action that stands in a reply as text, where gate_check() let it pass: whether it stands so
 * in what a tool said too, so that the model may only quote it. GATE_LINK. */
bool gate_check_quote(const struct session *s, const struct gate_action *a, struct gate *g);
void gate_release(struct gate *g);
/* The action holds characters that a reader cannot see, or that deceive him: *g says which, as
 * GATE_HIDDEN. No tool need be behind it. */
bool gate_hidden(const struct gate_action *a, struct gate *g);
/* "untrusted", "text", "link", "refused", "hidden": for records. */
const char *gate_rule_word(enum gate_rule r);

/* The label that output made now deserves by where and how it is made. */
enum msg_label gate_label(const struct session *s);
/* The label that counts for the part at `msg`: its own, or that of what stood before it. */
enum msg_label gate_effective(const struct session *s, size_t msg);
/* The lowest label of the conversation: what the model says next has it. */
enum msg_label gate_lowest(const struct session *s);

/* What the gate keeps so as not to read all anew for each action. */
struct gate_memory *gate_memory_new(void);
void gate_memory_free(struct gate_memory *m); /* NULL is fine */

/* A part came: looks for instructions in it and tells the user at once. */
void gate_hear(struct session *s, size_t msg);
/* The parts of a session that is gone on with: looks for instructions, and tells nobody anew. */
void gate_hear_all(struct session *s);
/* The user refused what the part asks for: takes it out of the conversation and leaves a note.
 * `reply` is the index of the reply that wanted to act on it; its words go too. Remembers the
 * action, which is never run again without a question. ERR_IO: the transcript cannot say so. */
enum err_kind gate_refuse(struct session *s, const struct gate *g,
			  const struct gate_action *a, size_t reply, struct err *e);
/* The user trusts the part with this number, for this session. *found: there is one. ERR_IO. */
enum err_kind gate_endorse(struct session *s, unsigned part, bool *found, struct err *e);
/* The policy was widened while the session goes on: what comes now can be of anywhere. */
void gate_widened(struct session *s);

#endif
