/* Interpreters and what runs behind them: `/jobs`, `/kill`, `/restart`, `/reset`, `/env`. */
#ifndef SUNABA_BACKGROUND_H
#define SUNABA_BACKGROUND_H

#include "agent/slash.h"

enum slash_end background_slash_jobs(struct app *a, const char *arg);
enum slash_end background_slash_kill(struct app *a, const char *arg);
enum slash_end background_slash_restart(struct app *a, const char *arg);
enum slash_end background_slash_reset(struct app *a, const char *arg);
enum slash_end background_slash_env(struct app *a, const char *arg);
void background_close(struct app *a);

#endif
