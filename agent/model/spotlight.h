/* Text of tools on the wire: marked so that a model can tell it from its user's words. Pure.
 *
 * The marks carry a number drawn for this run, so that text cannot close them; what looks like a
 * role, a chat template's token or one of our marks is broken up inside. Spotlighting after
 * Hines et al. 2024 (arXiv:2403.14720): delimiting, datamarking, encoding. It lowers the odds
 * that a model is fooled and decides nothing: that is the gate's work. */
#ifndef SUNABA_MODEL_SPOTLIGHT_H
#define SUNABA_MODEL_SPOTLIGHT_H

#include "agent/base/buf.h"

enum spotlight_mode {
	SPOTLIGHT_DELIMIT,  /* marks around the text */
	SPOTLIGHT_DATAMARK, /* and a sign in the place of each blank */
	SPOTLIGHT_BASE64,   /* and the text encoded */
	SPOTLIGHT_MODES
};
extern const char *const spotlight_words[SPOTLIGHT_MODES];

struct spotlight {
	enum spotlight_mode mode;
	char mark[13]; /* hexadecimal, random; "": nothing is marked */
};

/* Draws the mark of this run. */
void spotlight_init(struct spotlight *s, enum spotlight_mode mode);
/* Adds the text as it goes out. `what` names it: "output of a tool". */
void spotlight_wrap(const struct spotlight *s, const char *what, const char *text,
		    struct buf *out);
/* Adds the sentence that tells the model what the marks mean. */
void spotlight_explain(const struct spotlight *s, struct buf *out);

#endif
