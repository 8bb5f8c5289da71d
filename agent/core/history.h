/* What a transcript says: from its lines to the conversation as it stands at their end. Pure: bytes
 * in, values out; the same for a file that was cut at any byte.
 *
 * Nothing in a file raises a label: a message keeps the one it was written with only where the
 * program gives it to that role and the text still has the hash that stands beside it, all else is
 * untrusted; and what counted as untrusted when it was written does so when the part that made it so
 * is not there any more. A line that cannot be read is named by its number and passed over, and so is one
 * that comes twice or a result whose call is missing. Types of events that are not known are
 * counted and handed on. Calls that a kill left without a result are answered by
 * history_gaps() with what is known of them; no step is ever run again. */
#ifndef SUNABA_CORE_HISTORY_H
#define SUNABA_CORE_HISTORY_H

#include "agent/base/json.h"
#include "agent/core/aside.h"
#include "agent/core/parts.h"
#include "agent/model/provider.h"
#include "tools/output.h"

#define HISTORY_LINE_MAX     (64 * MIB) /* bytes of one event */
#define HISTORY_PROBLEMS_MAX 16		/* that are named; the rest is counted */
#define HISTORY_LANGUAGES    16		/* rows of the languages table */

struct history_problem {
	size_t line; /* from 1 */
	char text[96];
};

/* What is known of the step decided on last, until its result is in the conversation. */
enum history_fate {
	FATE_NONE,
	FATE_STARTED,  /* decided to run; it may have run in part or whole */
	FATE_DECLINED, /* decided not to */
	FATE_DONE,     /* it ended, and its result is known */
};

struct history {
	/* From the session event and those of later runs. NULL: not there. */
	char *id, *workspace, *model, *sandbox, *version;
	char *forked_from;  /* id of the session that it began as a copy of */
	char *began, *last; /* time of the first and the last event */
	char *first;	    /* what the user said first; also when it was taken back */
	int64_t pid;	    /* of the last run */
	unsigned resumed;   /* times */
	bool local;	    /* the model was on this machine */
	/* What the model was not told yet: with the user's next message it is. */
	unsigned gone; /* languages whose interpreters ended with a former run */
	bool staged;   /* changes of files were waiting */
	bool copied;   /* the session began as a copy */

	struct msg_list msgs; /* the first is the system message, "" when none was read */
	struct buf aside;
	enum msg_label aside_label; /* the lowest of what is in it */
	bool widened;		    /* code was shown more than workspace and system */
	struct buf typed;	    /* what the user typed besides messages */
	struct refusals refused;    /* actions that the user refused at the gate */
	struct outputs outputs;
	unsigned part;	/* the highest number given */
	unsigned step;	/* the number of the last step */
	unsigned steps; /* that began */
	unsigned
	    ran; /* languages, bits by row of their table, whose interpreter has state */
	unsigned begun; /* the same, of a step that was not heard of as ended */
	struct usage total;
	double cost;   /* USD of what was priced */
	bool unpriced; /* something was not */

	enum history_fate fate;
	char *fate_call;	   /* its call; NULL: a fenced block */
	char *fate_text;	   /* FATE_DONE: the result for the model */
	enum msg_label fate_label; /* and what it deserves */

	struct history_problem problem[HISTORY_PROBLEMS_MAX];
	size_t nproblems; /* in all */
	size_t lines, unknown;
	bool unhashed; /* messages without a hash were met */
	size_t why;    /* index of a message that made later ones untrusted */
	size_t whole;  /* bytes up to the end of the last whole line */
	size_t torn;   /* bytes behind it, after history_end() */

	/* Set before the first byte, or zero. */
	bool brief; /* for a list: no conversation, only who, where, when, how much */
	const char *files_root; /* canonical; kept outputs elsewhere are not believed */
	/* Called for each event that was read, before it has its effect. */
	void (*on_event)(void *arg, const char *type, const cJSON *event);
	void *arg;

	struct buf held; /* a line not yet whole */
};

void history_init(struct history *h);
void history_release(struct history *h);
/* Any cut of the bytes gives the same. */
void history_feed(struct history *h, const char *p, size_t n);
/* No more bytes. A last line that is an event but for its newline counts as whole. */
void history_end(struct history *h);
/* Adds to `out` a result for each call of the last reply that has none, and for the step that
 * was under way. The messages are untrusted and belong to the list. */
void history_gaps(const struct history *h, struct msg_list *out);
/* Index of the message with this part number; 0: there is none. */
size_t history_part(const struct history *h, int64_t part);

#endif
