/* The transcript: one JSON line an event, appended and handed to the kernel before the event's
 * effect is shown or sent on, so that a kill at any byte loses at most the event in flight.
 *
 * File: $XDG_STATE_HOME/sunaba/sessions/YYYY/MM/<time>-<id>.jsonl, mode 0600, one writer
 * (flock), made with the first event. A session that never said anything leaves no file.
 *
 * Each message has a part number (from 1, rising, never used again), its label and the SHA-256 of
 * its text. What changes the conversation otherwise is an event too ("undo", "reset", "shortened",
 * "aside", "refused", "trust"), so that history.h gets from the lines what was in memory. */
#ifndef SUNABA_CORE_TRANSCRIPT_H
#define SUNABA_CORE_TRANSCRIPT_H

#include "agent/base/err.h"
#include "agent/base/json.h"
#include "agent/base/sha256.h"
#include "agent/core/events.h"
#include "agent/core/parts.h"

#define TRANSCRIPT_ID_MAX 24 /* bytes, with the NUL */

struct transcript;
struct history;

/* `dir` is the sessions folder; NULL keeps nothing (tests). Nothing is made yet. */
struct transcript *transcript_new(const char *dir);
/* Goes on with a session: locks the file, reads it into *h (initialised), and repairs its end;
 * h->torn says how many bytes were cut off. ERR_USAGE: another process has it (with its pid where
 * that is known); ERR_IO: it cannot be read, or others can write to it; ERR_PARSE: it is none. */
enum err_kind transcript_open(const char *path, struct history *h, struct transcript **out,
			      struct err *e);
/* Its parts, for those who only look: reading needs no lock. `path` is for messages. */
enum err_kind transcript_read(int fd, const char *path, struct history *h, struct err *e);
enum err_kind transcript_lock(int fd, const char *path, struct err *e);
/* The file is ours alone. */
enum err_kind transcript_check(int fd, const char *path, struct err *e);
void transcript_free(struct transcript *t);
const char *transcript_id(const struct transcript *t);
const char *transcript_path(const struct transcript *t); /* NULL before the first event */
/* Makes the folder for this session's other files, beside the transcript, 0700. Its canonical
 * path, borrowed; NULL when it cannot be made. Taken away again at the end if it is empty. */
const char *transcript_files_dir(struct transcript *t);

/* The number of the next message. */
unsigned transcript_next_part(struct transcript *t);
/* Begins an event of this type: {"type":…,"time":… and leaves the object open. */
struct json_writer *transcript_begin(struct transcript *t, const char *type);
/* Closes and writes it. ERR_IO names the file; then the run must not go on. */
enum err_kind transcript_end(struct transcript *t, struct err *e);

/* Whole lines as they are, from another session. */
enum err_kind transcript_raw(struct transcript *t, const char *p, size_t n, struct err *e);

/* The events that have a shape of their own. */
struct transcript_run {
	bool resumed;
	const char *workspace, *model;
	bool local;	     /* the model is on this machine */
	const char *sandbox; /* word for the jail that stands, or NULL */
	bool widened;	     /* code was shown more than workspace and system */
	const char *fork_id; /* the session that this one begins as a copy of, or NULL */
	unsigned fork_part;  /* up to this part */
};
/* The program takes the session up: "session" or "resume". */
enum err_kind
transcript_run(struct transcript *t, const struct transcript_run *r, struct err *e);
/* The hash that the event of a part has: of the text as it is written, repaired. */
void transcript_hash(const char *text, char hex[SHA256_HEX_SIZE]);
/* The message has its part number. */
enum err_kind transcript_msg(struct transcript *t, const struct msg *m,
			     const struct usage *u, struct err *e);
/* What the user ran himself waits for his next message. */
enum err_kind transcript_aside(struct transcript *t, const char *text, enum msg_label label,
			       struct err *e);
/* The step waits at the gate: step->gate says why. */
enum err_kind transcript_gate(struct transcript *t, const struct step *s, struct err *e);
/* The user refused what a part asks for; it is out of the conversation. `sha256`: of the action. */
enum err_kind
transcript_refused(struct transcript *t, const struct msg_list *l, const struct refusal *r,
		   const char *sha256, struct err *e);
/* The user trusts a part. */
enum err_kind transcript_trust(struct transcript *t, unsigned part, struct err *e);
enum err_kind transcript_decision(struct transcript *t, const struct step *s,
				  const struct decision *d, const char *by, struct err *e);
/* An action waits at the gate; step->gate is not NULL. */
enum err_kind transcript_gate(struct transcript *t, const struct step *s, struct err *e);
enum err_kind transcript_step(struct transcript *t, const struct step *s,
			      const struct step_result *r, struct err *e);
/* Another model from now on. */
enum err_kind
transcript_model(struct transcript *t, const char *model, bool local, struct err *e);
/* The messages from this part on are taken back. */
enum err_kind transcript_undo(struct transcript *t, unsigned part, struct err *e);
/* Names the messages that were shortened to fit the window since it was last said. */
enum err_kind transcript_shortened(struct transcript *t, struct msg_list *l, struct err *e);
enum err_kind
transcript_note(struct transcript *t, const char *type, const char *text, struct err *e);

#endif
