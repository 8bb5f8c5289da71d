/* Files on the screen: `/show FILE`, and the pictures that a step made. */
#ifndef SUNABA_SHOW_H
#define SUNABA_SHOW_H

#include "agent/slash.h"

enum slash_end slash_show(struct app *a, const char *arg);
/* After a step: names the files it changed, and draws the pictures among them or offers that, as
 * `--pictures` says. NULL: nothing changed. `arg` is the struct app. */
void show_changes(const struct change_list *l, void *arg);

#endif
