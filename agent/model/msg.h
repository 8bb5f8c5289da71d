/* Messages of a conversation, independent of any wire format. */
#ifndef SUNABA_MODEL_MSG_H
#define SUNABA_MODEL_MSG_H

#include "agent/base/buf.h"

enum msg_role { MSG_SYSTEM, MSG_USER, MSG_ASSISTANT, MSG_TOOL };

/* Who said it; the gate decides by this. Best first. */
enum msg_label { LABEL_USER, LABEL_LOCAL, LABEL_UNTRUSTED };

struct msg_call {
	char *id;   /* as the server gave it, or made by us; never NULL */
	char *name; /* tool; never NULL */
	char *args; /* JSON text of the arguments as received, never re-printed */
	bool text;  /* the model wrote it as text, where it may quote another's */
	bool cut;   /* the output limit cut it off: args is "{}", and it cannot be run */
};

struct msg {
	enum msg_role role;
	enum msg_label label;
	enum msg_label counted; /* the one that counted where it stood, when it came */
	char *source;		/* argv, path, tool that it came from; or NULL */
	char *text;		/* UTF-8; "" when there is none, never NULL */
	char *reasoning; /* assistant: thinking that some wires want replayed; or NULL */
	struct msg_call *calls; /* assistant */
	size_t ncalls;
	char
	    *call_id; /* tool: the call it answers; NULL when code came as a fenced block */
	char *name;   /* tool: its name */
	bool aside;   /* user: not typed, what he ran himself before this message */
	size_t
	    head; /* tool: bytes of text, or of `was`, that are the program's own lines */
	char *named; /* what those name that is not the program's: paths, files, hosts, a
		       * line each; or NULL */
	size_t shortened; /* bytes of text dropped to fit the context window, else 0 */
	bool cut_noted;	  /* the transcript says so */
	unsigned part; /* its number in the transcript, from 1, never used again; 0: none */
	bool endorsed; /* the user trusts this part, whatever its label */
	bool refused;  /* the user refused what it asks for: text is a note of that */
	bool stained;  /* written while a part that was refused later could be read */
	char *was;     /* the text before it was shortened or refused; or NULL */
	char *hits;    /* the lines of it that read like instructions; or NULL */
};

struct msg_list {
	struct msg *at;
	size_t n, cap;
};

/* Adds an empty message and returns it, borrowed until the next addition. */
struct msg *msg_add(struct msg_list *l, enum msg_role role, const char *text);
struct msg *msg_addn(struct msg_list *l, enum msg_role role, const char *text, size_t n);
/* Moves a message to the end of the list; what is left of it is empty. */
struct msg *msg_move(struct msg_list *l, struct msg *m);
void msg_set_text(struct msg *m, const char *text);
/* Puts `text` (taken over) in the place of the present one, which is kept in `was`. */
void msg_shorten(struct msg *m, char *text);
/* Adds a call to an assistant message; NULL id makes one ("call_<n>"). */
struct msg_call *
msg_add_call(struct msg *m, const char *id, const char *name, const char *args);
void msg_release(struct msg *m);
void msg_drop_last(struct msg_list *l);
void msg_truncate(struct msg_list *l, size_t n); /* keeps the first n */
void msg_list_release(struct msg_list *l);
/* The label that counted for it when it came: its own, or that of what stood before it. */
enum msg_label msg_counts(const struct msg *m);
const char *msg_role_word(enum msg_role role);
const char *msg_label_word(enum msg_label label);

#endif
