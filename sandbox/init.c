/* Pid 1 of the jail: one poll loop over the socket and all jobs' pipes.
 *
 * Memory is bounded: while UP_HIGH bytes wait for the agent no pipe is read, so a job that
 * writes faster than the agent reads blocks in its own write. The end of the socket ends this
 * process, and with it, by the kernel's hand, everything in the jail.
 *
 * Sources: pid_namespaces(7). Pinned by tests/unit/test_session.c and tests/jail. */
#include "sandbox/init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/cgroup.h"
#include "sandbox/frame.h"
#include "sandbox/init_int.h"
#include "sandbox/net/inside.h"
#include "sandbox/protect.h"
#include "sandbox/rights.h"
#include "sandbox/root.h"
#include "sandbox/stage.h"
#include "sandbox/usage.h"

#define UP_HIGH	      (128 * SBX_KIB) /* bytes waiting for the agent that stop reading */
#define DOWN_STEP     (64 * SBX_KIB)
#define CODE_MAX      ((size_t)FRAME_DOWN_MAX + 64) /* bytes waiting for one driver */
#define STOP_PATIENCE 500 /* ms in which the agent must read the last words */
#define NAMED_POLLS   7	  /* descriptors of one job that are polled */

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
init_tell(const struct sbx_notice *n, void *arg)
{
	struct init *in = arg;

	up_notice(&in->up, 0, n);
}

static void
end_job(struct init *in, int id)
{
	job_free(in->job[id]);
	in->job[id] = NULL;
}

static void
run_code(struct init *in, struct job *j, const struct frame *fr)
{
	if (!j->driver || queue_len(&j->to_driver) + fr->len > CODE_MAX) {
		job_kill(j, KILLED_PROTOCOL);
		return;
	}
	/* An editor on the host may have put a new file where a guard stood. */
	init_begin_step(in);
	notify_step(&j->calls);
	waits_none(&j->waits);
	job_code(j, fr->payload, fr->len);
	job_feed(j);
}

static void
flush(struct init *in)
{
	while (queue_len(&in->up)) {
		ssize_t n = send(in->sock, queue_head(&in->up), queue_len(&in->up),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			_exit(0);
		queue_drop(&in->up, (size_t)n);
	}
}

/* Nobody is left who could write behind the last sweep's back. */
static void __attribute__((noreturn)) stop(struct init *in)
{
	protect_look(in->setup->protect);
	/* Elsewhere it would be all of the user's processes. */
	if (getpid() == 1) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
			;
	}
	protect_sweep(in->setup->protect);
	while (queue_len(&in->up)) {
		struct pollfd p = {.fd = in->sock, .events = POLLOUT};

		flush(in);
		if (queue_len(&in->up) && poll(&p, 1, STOP_PATIENCE) <= 0)
			break;
	}
	_exit(0);
}

/* The answer comes whether it worked or not: what counts is what came beside it. Where the jail
 * has no network of its own, listeners would be the host's, for everybody on it. */
static void
open_network(struct init *in, const struct frame *fr)
{
	struct sbx_fail f;

	if (fr->len == 2) {
		if (in->setup->net == SBX_NET_LIST)
			inside_local(in->rights,
				     (uint16_t)(fr->payload[0] | fr->payload[1] << 8), &f);
	} else if (in->setup->rung <= SBX_RUNG_DONOR) {
		if (in->setup->net == SBX_NET_OFF)
			in->setup->net = SBX_NET_LIST;
		inside_begin(in->setup, in->rights, &f);
	}
	up_frame(&in->up, FRAME_READY, 0, 0, NULL, 0);
}

static void
take_limits(struct init *in, const struct frame *fr)
{
	struct sbx_limits *l = &in->setup->limits;
	struct sbx_fail f;

	if (!limits_decode(fr->payload, fr->len, l))
		_exit(1);
	if (in->setup->group)
		cgroup_limit(in->setup->group, l, CGROUP_SESSION_SLACK);
	/* Where it cannot be changed the old size stays, which code will tell. */
	if (in->setup->rung == SBX_RUNG_FULL)
		root_resize(l->tmp_size, &f);
	in->watch.said_tmp = false;
}

/* What concerns no job of its own; false: something else. */
static bool
obey_whole(struct init *in, const struct frame *fr)
{
	/* What was made ahead is as all was before. Of the network and of a layer a job has nothing of
	 * its own. */
	if (fr->type == FRAME_LIMITS || fr->type == FRAME_SHOW)
		init_drop_ahead(in);
	if (fr->type == FRAME_LIMITS)
		take_limits(in, fr);
	else if (fr->type == FRAME_SHOW)
		init_show(in, fr);
	else if (fr->type == FRAME_NET)
		open_network(in, fr);
	else if (fr->type == FRAME_LAYER)
		stage_refresh(in->setup);
	else
		return false;
	return true;
}

static void
obey(struct init *in, const struct frame *fr)
{
	struct job *j;

	if (obey_whole(in, fr))
		return;
	if (fr->type == FRAME_STOP)
		stop(in);
	if (fr->type == FRAME_SETUP || fr->job < 1 || fr->job > SBX_JOB_MAX)
		_exit(0);
	j = in->job[fr->job];
	if (fr->type == FRAME_START && !j)
		init_start(in, fr);
	else if (fr->type == FRAME_START)
		_exit(1);
	else if (j && fr->type == FRAME_RUN)
		run_code(in, j, fr);
	else if (j && fr->type == FRAME_STEP && fr->len == sizeof(j->step))
		j->step = wire_load64(fr->payload);
	else if (j && fr->type == FRAME_SIGNAL)
		job_signal(j, fr->detail);
	else if (j && fr->type == FRAME_KILL)
		job_kill(j, 0);
}

static void
read_socket(struct init *in)
{
	unsigned char *p = queue_room(&in->down, DOWN_STEP);
	ssize_t n = recv(in->sock, p, DOWN_STEP, MSG_DONTWAIT);
	struct frame fr;
	size_t used;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		_exit(0);
	if (n > 0)
		queue_added(&in->down, (size_t)n);
	for (;;) {
		enum frame_got got = frame_read(queue_head(&in->down), queue_len(&in->down),
						false, &fr, &used);

		if (got == FRAME_BAD)
			_exit(1);
		if (got == FRAME_MORE)
			return;
		obey(in, &fr);
		queue_drop(&in->down, used);
	}
}

static bool
room(const struct init *in)
{
	return queue_len(&in->up) < UP_HIGH;
}

/* Whatever moves, one frame at a time; pipes are non-blocking. Records are read before the end
 * is looked at, so that the last step counts. */
static bool
pump_once(struct init *in, struct job *j)
{
	bool moved = job_pump_output(j, 0, &in->up);

	moved |= job_pump_output(j, 1, &in->up);
	moved |= job_pump_state(j, &in->up);
	moved |= job_pump_report(j, &in->up);
	return moved;
}

static void
pump(struct init *in, struct job *j, bool ended)
{
	bool moved = true;

	while (room(in) && moved) {
		enum job_owes before;

		moved = pump_once(in, j);
		if ((ended || j->over) && !moved && j->pidfd >= 0 &&
		    j->owes == OWES_NOTHING)
			init_collect(in, j);
		/* What the step left is told before its end. */
		if (j->owes != OWES_NOTHING && !j->drain[0] && !j->drain[1]) {
			protect_sweep(in->setup->protect);
			watch_tmp(&in->watch, in->setup, init_tell, in);
		}
		if (j->owes == OWES_DONE)
			init_claim(in, j);
		before = j->owes;
		if (job_settle(j, &in->up)) {
			end_job(in, j->id);
			return;
		}
		moved |= j->owes != before || j->owes == OWES_EXIT;
	}
}

static size_t
poll_job(const struct init *in, const struct job *j, struct pollfd *p)
{
	size_t n = 0;
	bool open = room(in);

	for (int i = 0; i < 2; i++)
		if (open && j->out[i] >= 0)
			p[n++] = (struct pollfd){.fd = j->out[i], .events = POLLIN};
	if (open && j->state >= 0)
		p[n++] = (struct pollfd){.fd = j->state, .events = POLLIN};
	if (queue_len(&j->to_driver))
		p[n++] = (struct pollfd){.fd = j->code, .events = POLLOUT};
	if (open && j->report >= 0)
		p[n++] = (struct pollfd){.fd = j->report, .events = POLLIN};
	if (open && j->pidfd >= 0)
		p[n++] = (struct pollfd){.fd = j->pidfd, .events = POLLIN};
	/* Whether there is room or not: somebody waits for the answer. Notices are few. */
	if (notify_fd(&j->calls) >= 0)
		p[n++] = (struct pollfd){.fd = notify_fd(&j->calls), .events = POLLIN};
	return n;
}

/* How many of the ready descriptors that was: nothing else needs to be looked at then. */
static int
serve_calls(struct init *in, const struct pollfd *p, const size_t *from)
{
	int served = 0;

	for (int i = 1; i <= SBX_JOB_MAX; i++) {
		struct job *j = in->job[i];

		if (!j || from[i] == from[i + 1] || !p[from[i + 1] - 1].revents ||
		    p[from[i + 1] - 1].fd != notify_fd(&j->calls))
			continue;
		job_serve_calls(j, in->setup, &in->up);
		served++;
	}
	return served;
}

static bool
has_ended(const struct job *j, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].fd == j->pidfd && p[i].revents)
			return true;
	return false;
}

/* Begins behind the job that filled the room: one that floods must not silence the others. */
static void
pump_all(struct init *in, const struct pollfd *p, const size_t *from)
{
	int first = in->first;

	for (int k = 0; k < SBX_JOB_MAX; k++) {
		int i = (first + k) % SBX_JOB_MAX + 1;
		bool open = room(in);

		if (!in->job[i])
			continue;
		job_feed(in->job[i]);
		pump(in, in->job[i],
		     has_ended(in->job[i], p + from[i], from[i + 1] - from[i]));
		if (open && !room(in))
			in->first = i;
	}
}

static bool
busy(const struct init *in)
{
	for (int i = 1; i <= SBX_JOB_MAX; i++)
		if (in->job[i] && job_busy(in->job[i]))
			return true;
	return false;
}

static int
patience(const struct init *in)
{
	int wait = in->rests ? -1 : in->rest_ms;

	if (busy(in))
		return in->patience_ms;
	for (int i = 1; i <= SBX_JOB_MAX; i++) {
		/* A thread or a timer may be at work in what looks idle. */
		if (in->job[i] && in->job[i]->pidfd >= 0)
			wait = in->rest_ms;
	}
	return wait;
}

static void
turn(struct init *in)
{
	struct pollfd p[2 + NAMED_POLLS * SBX_JOB_MAX + LEAVING_MAX];
	size_t from[SBX_JOB_MAX + 2] = {0, 1}, n = 1;
	bool idle = in->wants_ahead && !busy(in) && !queue_len(&in->up);
	int wait = patience(in), ready;

	p[0] = (struct pollfd){.fd = in->sock, .events = POLLIN};
	if (queue_len(&in->up))
		p[0].events |= POLLOUT;
	for (int i = 1; i <= SBX_JOB_MAX; i++) {
		from[i] = n;
		if (in->job[i])
			n += poll_job(in, in->job[i], p + n);
		from[i + 1] = n;
	}
	for (size_t i = 0; i < in->nleaving; i++)
		p[n++] = (struct pollfd){.fd = in->leaving[i].pidfd, .events = POLLIN};
	if (in->ahead)
		p[n++] = (struct pollfd){.fd = in->ahead->pidfd, .events = POLLIN};
	/* What is to be looked at in that time is looked at all the same: calls may come without end. */
	ready = poll(p, n, idle ? 0 : wait);
	if (ready < 0 && errno != EINTR)
		_exit(1);
	if (ready <= 0 || serve_calls(in, p, from) < ready)
		pump_all(in, p, from);
	/* It died: the next start makes another one. */
	if (in->ahead && p[n - 1].revents)
		init_end_ahead(in);
	if (in->nleaving)
		init_reap(in, false);
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_socket(in);
	if (wait > 0 && now_ms() - in->watched_ms >= (uint64_t)wait) {
		init_watch(in);
		if (!busy(in))
			init_settle(in);
		in->watched_ms = now_ms();
	}
	if (wait > 0 && now_ms() - in->waits_ms >= WAITS_LOOK_MS) {
		init_waits(in);
		in->waits_ms = now_ms();
	}
	flush(in);
	if (!ready && in->wants_ahead)
		init_make_ahead(in);
}

void
init_serve(int sock, int rights, struct setup *s, const char *facts, struct queue *told)
{
	static struct init in;

	signal(SIGPIPE, SIG_IGN);
	in.sock = sock;
	in.rights = rights;
	in.setup = s;
	in.patience_ms = usage_patience(0, s->limits.processes);
	in.rest_ms = REST_LOOK_MS;
	in.rests = true;
	in.wants_ahead = s->spare > 0;
	in.asks = true;
	watch_begin(&in.watch, s);
	queue_add(&in.up, queue_head(told), queue_len(told));
	queue_free(told);
	protect_listen(s->protect, init_tell, &in);
	up_frame(&in.up, FRAME_READY, 0, 0, facts, strlen(facts));
	flush(&in);
	for (;;)
		turn(&in);
}
