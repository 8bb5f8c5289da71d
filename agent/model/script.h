/* Dialogue files: the model's side of a conversation, written down.
 *
 * YAML (JSON is a part of it): a list of turns, or a mapping with the list under `turns`. Each
 * turn is a mapping of
 *   say: TEXT                       the answer's text; {{output}} in it stands for the last
 *                                   step's output
 *   think: TEXT                     thinking before it
 *   run: {language, code} or list   calls of the tool `execute`
 *   call: {name, args} or list      calls of any tool; args is a mapping, or a string sent as is
 *   expect: TEXT or list            must occur in the messages since the last turn
 *   chunk: N                        bytes per delta; default: whole lines
 *   delay_ms: N                     between deltas
 *   fence: true                     code goes as a fenced block in the text, not as a call
 *   cut: true                       ends as a broken stream behind the text
 *   error: TEXT                     the server's error, behind the text
 *   usage: {input, output}          tokens
 * A turn of plain text is the same as one with only `say`. */
#ifndef SUNABA_MODEL_SCRIPT_H
#define SUNABA_MODEL_SCRIPT_H

#include "agent/base/err.h"
#include "agent/model/provider.h"

#define SCRIPT_FILE_MAX (16 * MIB) /* bytes of a dialogue file */

struct script_call {
	char *name, *args;     /* args: JSON text */
	char *language, *code; /* when it came from `run`, else NULL */
};

struct script_turn {
	char *say, *think, *error; /* or NULL */
	char **expect;
	size_t nexpect;
	struct script_call *calls;
	size_t ncalls;
	int64_t chunk, delay_ms;
	bool fence, cut;
	struct usage usage;
	size_t line; /* where it begins, from 1 */
};

struct script {
	char *title, *user; /* of a task in a tour, else NULL */
	char *setup;	    /* shell code to run before it, or NULL */
	struct script_turn *turns;
	size_t nturns;
};

/* ERR_CONFIG: "'name' line L, column C: what". */
enum err_kind
script_parse(const char *name, const char *p, size_t n, struct script *out, struct err *e);
/* A tour: {tasks: [{title, user, setup, turns}]}. */
enum err_kind script_parse_tour(const char *name, const char *p, size_t n,
				struct script **tasks, size_t *ntasks, struct err *e);
void script_release(struct script *s);

/* Plays one turn; as model_chat. */
enum err_kind script_play(const struct model *m, const struct script_turn *t, bool typing,
			  const struct model_request *req, const struct model_sink *sink,
			  struct model_reply *out, struct err *e);

#endif
