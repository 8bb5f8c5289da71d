/* `/sources` and `/trust`: where the parts of the conversation came from, and what the user thinks
 * of them; the question about the folder. */
#ifndef SUNABA_SOURCES_H
#define SUNABA_SOURCES_H

#include "agent/slash.h"

enum slash_end slash_sources(struct app *a, const char *arg);
enum slash_end slash_trust(struct app *a, const char *arg);
/* At the first prompt of a folder that nobody was asked about: puts the question. */
void sources_ask_folder(struct app *a);
/* A line typed while that question is open: true when it was the answer to it. The question is
 * over with the first line that is typed, whatever it says. */
bool sources_answer(struct app *a, const char *line);

#endif
