/* The agent's side, upwards: frames from the jail become events. Contract in sandbox.h.
 *
 * Every byte is hostile: a frame of a job that does not run, or a payload that is not what its
 * type promises, ends the session. Pinned by tests/unit/test_session.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/job.h"
#include "sandbox/net/proxy.h"
#include "sandbox/rung.h"
#include "sandbox/session.h"

#define UP_STEP	  (64 * SBX_KIB)  /* bytes read from the socket at once */
#define UP_ROUND  (128 * SBX_KIB) /* bytes after which SBX_NOTHING is answered once */
#define ERRNO_MAX 4095

/* Three texts, each with its NUL. */
static bool
take_texts(const struct frame *fr, const char *part[3])
{
	const char *p = (const char *)fr->payload, *end = p + fr->len;

	for (size_t i = 0; i < 3; i++) {
		const char *nul = p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;

		if (!nul)
			return false;
		part[i] = p;
		p = nul + 1;
	}
	return true;
}

static int
take_errno(const char *text)
{
	long sys = strtol(text, NULL, 10);

	return sys >= 0 && sys <= ERRNO_MAX ? (int)sys : 0;
}

/* "step\0errno\0path\0" */
static bool
take_fail(const struct frame *fr, struct sbx_fail *f)
{
	const char *part[3];

	if (!take_texts(fr, part))
		return false;
	return sbx_fail_set(f, part[0], take_errno(part[1]), part[2]), true;
}

/* "errno\0what\0detail\0" */
static bool
take_notice(struct sbx_session *s, const struct frame *fr, struct sbx_event *ev)
{
	struct sbx_notice *n = &s->notice;
	const char *part[3];

	if (fr->detail < 1 || fr->detail > SBX_NOTE_LAST || fr->job > SBX_JOB_MAX ||
	    (fr->job > 0 && !s->live[fr->job]) || !take_texts(fr, part))
		return false;
	n->kind = (enum sbx_notice_kind)fr->detail;
	n->sys = take_errno(part[0]);
	snprintf(n->what, sizeof(n->what), "%s", part[1]);
	snprintf(n->detail, sizeof(n->detail), "%s", part[2]);
	ev->type = SBX_NOTICE;
	ev->job = fr->job;
	ev->notice = n;
	return true;
}

/* Once: what is made when a job has started is not made a second time. */
static bool
take_started(struct sbx_session *s, const struct frame *fr)
{
	if (s->started[fr->job])
		return false;
	s->started[fr->job] = true;
	session_take_rights(s);
	return true;
}

/* u64 cpu, then "<status>\t<cwd>\0" */
static bool
take_done(struct sbx_session *s, const struct frame *fr, struct sbx_event *ev)
{
	const char *text = (const char *)fr->payload + 8;
	char *tab;

	if (!s->started[fr->job] || !s->runs[fr->job] || fr->len < 8 + 3 ||
	    memchr(text, 0, fr->len - 8) != text + fr->len - 9)
		return false;
	s->runs[fr->job]--;
	ev->cpu_us = wire_load64(fr->payload);
	ev->status = (int)strtol(text, &tab, 10);
	ev->cwd = tab + 1;
	return *tab == '\t';
}

static bool
take_exit(struct sbx_session *s, const struct frame *fr, struct sbx_event *ev)
{
	uint64_t both;

	if (fr->len != 16)
		return false;
	both = wire_load64(fr->payload);
	ev->status = (int)(uint32_t)both;
	ev->cpu_us = wire_load64(fr->payload + 8);
	if (both >> 32 & KILLED_MEMORY)
		ev->limit = "memory";
	else if (both >> 32 & KILLED_PROCESSES)
		ev->limit = "processes";
	else if (both >> 32 & KILLED_PROTOCOL)
		ev->limit = "driver protocol";
	s->live[fr->job] = false;
	sbx_shut(&s->terminal[fr->job]);
	return true;
}

static bool
take_job(struct sbx_session *s, const struct frame *fr, struct sbx_event *ev)
{
	if (!s->stands || fr->job < 1 || fr->job > SBX_JOB_MAX || !s->live[fr->job])
		return false;
	ev->job = fr->job;
	ev->data = fr->payload;
	ev->len = fr->len;
	switch (fr->type) {
	case FRAME_STARTED:
		ev->type = SBX_STARTED;
		return take_started(s, fr);
	case FRAME_OUT:
		ev->type = SBX_OUTPUT;
		ev->stream = fr->detail;
		return fr->detail == 1 || fr->detail == 2;
	case FRAME_DONE:
		ev->type = SBX_DONE;
		return take_done(s, fr, ev);
	case FRAME_EXIT:
		ev->type = SBX_EXIT;
		return take_exit(s, fr, ev);
	case FRAME_FAIL:
		ev->type = SBX_FAILED;
		return take_fail(fr, &ev->fail);
	case FRAME_WAITS:
		ev->type = SBX_WAITS;
		ev->status = fr->detail;
		return fr->len == 0 && fr->detail <= 1;
	case FRAME_SETUP:
	case FRAME_START:
	case FRAME_RUN:
	case FRAME_SIGNAL:
	case FRAME_KILL:
	case FRAME_STOP:
	case FRAME_SHOW:
	case FRAME_LIMITS:
	case FRAME_LAYER:
	case FRAME_NET:
	case FRAME_STEP:
	case FRAME_READY:
	case FRAME_NOTICE:
	default:
		return false;
	}
}

static bool
take_frame(struct sbx_session *s, const struct frame *fr, struct sbx_event *ev)
{
	if (fr->type == FRAME_NOTICE)
		return take_notice(s, fr, ev);
	if (fr->job != 0)
		return take_job(s, fr, ev);
	if (s->stands && !(fr->type == FRAME_READY && s->net_asked))
		return false;
	ev->data = fr->payload;
	ev->len = fr->len;
	if (fr->type == FRAME_FAIL) {
		ev->type = SBX_FAILED;
		return take_fail(fr, &ev->fail);
	}
	ev->type = SBX_READY;
	s->stands = true;
	s->net_asked -= s->net_asked > 0;
	session_take_rights(s);
	/* It comes once more, empty, when the network was opened. */
	return fr->type == FRAME_READY &&
	       (fr->len == 0 || rung_read((const char *)fr->payload, fr->len, &s->stand));
}

static enum sbx_event_type
die(struct sbx_session *s, struct sbx_event *ev)
{
	s->dead = true;
	memset(ev, 0, sizeof(*ev));
	ev->type = SBX_DEAD;
	return SBX_DEAD;
}

int
sbx_job_take_terminal(struct sbx_session *s, int job)
{
	int fd = -1;

	if (job >= 1 && job <= SBX_JOB_MAX) {
		fd = s->terminal[job];
		s->terminal[job] = -1;
	}
	return fd;
}

enum sbx_event_type
sbx_session_read(struct sbx_session *s, struct sbx_event *ev)
{
	struct frame fr;

	memset(ev, 0, sizeof(*ev));
	if (s->dead)
		return die(s, ev);
	session_flush(s);
	queue_drop(&s->up, s->spent);
	s->spent = 0;
	for (;;) {
		enum frame_got got =
		    frame_read(queue_head(&s->up), queue_len(&s->up), true, &fr, &s->spent);
		ssize_t n;

		if (got == FRAME_BAD || (got == FRAME_WHOLE && !take_frame(s, &fr, ev)))
			return die(s, ev);
		if (got == FRAME_WHOLE)
			return ev->type;
		/* More is left for the next round: the caller has a clock and a user to look at. */
		if (s->received >= UP_ROUND) {
			s->received = 0;
			return SBX_NOTHING;
		}
		n = recv(s->fd, queue_room(&s->up, UP_STEP), UP_STEP, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			s->received = 0;
			return SBX_NOTHING;
		}
		if (n <= 0)
			return die(s, ev);
		s->received += (size_t)n;
		queue_added(&s->up, (size_t)n);
	}
}
