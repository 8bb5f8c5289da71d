/* The transcript: one JSON line an event, appended and handed to the kernel before the event's
 * effect is shown or sent on, so that a kill at any byte loses at most the event in flight.
 *
 * File: $XDG_STATE_HOME/sunaba/sessions/YYYY/MM/<time>-<id>.jsonl, mode 0600, one writer
 * (flock), made with the first event. A session that never said anything leaves no file. */
#ifndef SUNABA_CORE_TRANSCRIPT_H
#define SUNABA_CORE_TRANSCRIPT_H

#include "agent/base/err.h"
#include "agent/base/json.h"
#include "agent/core/events.h"

struct transcript;

/* `dir` is the sessions folder; NULL keeps nothing (tests). Nothing is made yet. */
struct transcript *transcript_new(const char *dir);
void transcript_free(struct transcript *t);
const char *transcript_id(const struct transcript *t);
const char *transcript_path(const struct transcript *t); /* NULL before the first event */
/* Makes the folder for this session's other files, beside the transcript, 0700. Its canonical
 * path, borrowed; NULL when it cannot be made. Taken away again at the end if it is empty. */
const char *transcript_files_dir(struct transcript *t);

/* Begins an event of this type: {"type":…,"time":… and leaves the object open. */
struct json_writer *transcript_begin(struct transcript *t, const char *type);
/* Closes and writes it. ERR_IO names the file; then the run must not go on. */
enum err_kind transcript_end(struct transcript *t, struct err *e);

/* The events that have a shape of their own. */
enum err_kind transcript_session(struct transcript *t, const char *workspace,
				 const char *model, struct err *e);
enum err_kind transcript_msg(struct transcript *t, const struct msg *m,
			     const struct usage *u, struct err *e);
enum err_kind transcript_decision(struct transcript *t, const struct step *s,
				  const struct decision *d, const char *by, struct err *e);
enum err_kind transcript_step(struct transcript *t, const struct step *s,
			      const struct step_result *r, struct err *e);
enum err_kind
transcript_note(struct transcript *t, const char *type, const char *text, struct err *e);

#endif
