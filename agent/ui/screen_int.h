/* What the files of the screen share; for screen*.c only. */
#ifndef SUNABA_UI_SCREEN_INT_H
#define SUNABA_UI_SCREEN_INT_H

#include "agent/ui/live.h"
#include "agent/ui/md.h"
#include "agent/ui/screen.h"
#include "tools/terminal.h"

/* The user in front of a step's terminal: screen_attach.c. */
struct screen_attach {
	struct executor *executor; /* NULL: steps have no terminal */
	bool always;		   /* each step is attached to when it begins */
	bool open;		   /* the step under way has a terminal */
	bool waits;		   /* and waits for what is typed */
	bool on;		   /* attached */
	bool said;		   /* that it waits, since it was attached last */
	char typed[16];		   /* a command that is being typed meanwhile, or "" */
	bool secret;		   /* what was typed last was not echoed */
	int64_t stop_ms;	   /* the last Ctrl-C for the program */
	int timer_fd;		   /* looks for a new size; -1: not attached */
	struct terminal_text text; /* what of it is no full screen */
};

struct screen {
	struct screen_opts o;
	struct md *md;	   /* while a reply is laid out */
	struct live *live; /* while a step runs */
	unsigned step;	   /* its number */
	struct screen_attach at;
	struct line *line; /* the prompt, or NULL */
	struct buf held;   /* final_only: the reply so far */
	bool answered;	   /* an answer was written before this reply */
	bool line_open;	   /* source mode: the last byte was no newline */
	int64_t frame_ms;  /* of the last drawing */
	int tick_fd;	   /* timerfd, once a second while busy; -1: not busy */
	int frame_fd;	   /* timerfd, once when a drawing waits for its time */
	bool frame_armed;  /* it will fire */
	int64_t busy_ms;   /* since when the present activity goes on */
	const char *busy;  /* "thinking", or NULL */
	char detail[96];   /* behind it */
};

/* Draws now, or as soon as the last drawing is a frame ago. */
void screen_draw_soon(struct screen *s);
/* "thinking… 3 s · writing code, 1.2 KiB" below the tail. */
void screen_status(struct screen *s);
void screen_activity(struct screen *s, const char *what);
/* A timer that the loop watches, or -1; and its end. */
int screen_timer(struct screen *s, loop_fn *fn);
void screen_timer_end(struct screen *s, int *fd);
void screen_arm(int fd, int64_t first_ms, int64_t every_ms);

/* screen_step.c: slots of the sink. */
void screen_gap(struct screen *s);
void screen_step_begin(void *arg, const struct step *step, bool asked);
void screen_step_output(void *arg, int stream, const char *p, size_t n);
void screen_step_second(void *arg, int64_t elapsed_ms, int64_t limit_ms);
void screen_step_terminal(void *arg, enum step_terminal what);
void screen_step_end(void *arg, const struct step *step, const struct step_result *r);

/* screen_attach.c: the same, as far as the terminal is concerned. */
void attach_terminal(struct screen *s, enum step_terminal what);
/* True: it was shown, there is nothing left to do. */
bool attach_output(struct screen *s, int stream, const char *p, size_t n);
/* The step's terminal becomes as large as the user's, whoever saw that this has changed. */
void attach_resized(struct screen *s);

#endif
