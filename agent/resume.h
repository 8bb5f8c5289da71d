/* Going on with a session: `sunaba resume [ID | --last] [TASK]`. */
#ifndef SUNABA_RESUME_H
#define SUNABA_RESUME_H

#include "agent/app.h"

/* Finds the session that the words of the command line name, takes it for this process and makes
 * its folder and model those of this run where no option says otherwise. What is left of the words
 * is the task. ERR_USAGE: no such session, its folder is gone, or another process has it. */
enum err_kind resume_open(struct app *a, struct err *e);
/* The model that was found for the session, which may be NULL. ERR_USAGE: the conversation was held
 * with one on this machine and would leave it, though nobody said so now. */
enum err_kind resume_check_model(const struct app *a, const struct model *m, struct err *e);
/* Once the session is made and the jail stands: the conversation is there again. Nothing when no
 * session is resumed. */
enum err_kind resume_go_on(struct app *a, struct err *e);
/* Shows the user the last exchange. */
void resume_show(struct app *a);
void resume_close(struct app *a);

#endif
