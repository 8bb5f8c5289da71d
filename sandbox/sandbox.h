/* The only door to sandbox/; the network's own is net/proxy.h.
 *
 * A session is one jail: a process executed from this program's own image with an empty
 * environment and no inherited descriptor but its socket, in namespaces of its own, pid 1 of
 * its tree. Jobs are forked from it, each in a pid namespace of its own with a reaper, so that
 * killing the reaper kills the job's whole tree whatever it did to hide.
 *
 * Nothing here includes an agent header; errors are struct sbx_fail: which step failed, on what
 * path, with which errno. sbx_fail_text() turns one into a sentence and a remedy.
 *
 * Sources: user_namespaces(7), pid_namespaces(7), mount_namespaces(7), landlock(7), seccomp(2),
 * pivot_root(2). */
#ifndef SUNABA_SANDBOX_H
#define SUNABA_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sbx_fail {
	char step[64];	 /* "user namespace", "mount proc", … */
	int sys;	 /* errno, or 0 */
	char path[1024]; /* or "" */
};
/* "cannot make a user namespace: Operation not permitted", and what the user can do. */
void
sbx_fail_text(const struct sbx_fail *f, char *msg, size_t nmsg, char *hint, size_t nhint);

/* What the jail hid, guarded or refused: a fact about this path, host, call or limit. */
enum sbx_notice_kind {
	SBX_NOTE_HIDDEN = 1, /* a secret in the workspace is shown empty */
	SBX_NOTE_PROTECTED,  /* shown read-only, or pinned, because programs believe it */
	SBX_NOTE_SOCKET,     /* a socket of the host's is masked */
	SBX_NOTE_AUTORUN, /* a new file that programs run by themselves; `detail`: where it is */
	SBX_NOTE_CALL,	  /* a system call was refused */
	SBX_NOTE_CONNECT, /* an address (host:port) was refused: the network is off */
	SBX_NOTE_HOST,	  /* a host's name was refused by the list of allowed ones */
	SBX_NOTE_FILE,	  /* an access to a path was refused; `detail`: to do what */
	SBX_NOTE_LIMIT,	  /* a limit was hit; `what` names it, `detail` its value */
	SBX_NOTE_SHOWN, /* the answer to sbx_session_show(): `what` is the path, `detail` how
			     it is shown; `sys` is set when it could not be */
	SBX_NOTE_TRACKED, /* has a secret's name, but git has the same bytes: it is shown */
	SBX_NOTE_INPUT,	  /* standard input was read, and there is none */
	SBX_NOTE_LAST = SBX_NOTE_INPUT,
};
struct sbx_notice {
	enum sbx_notice_kind kind;
	int sys; /* errno that the code got, or 0 */
	char what[1024];
	char detail[256]; /* or "" */
};
/* "~/.aws is hidden: secrets are not shown to code", and what the user can type to allow it.
 * Texts of the jail are hostile: the caller escapes what it prints. */
void sbx_notice_text(const struct sbx_notice *n, char *msg, size_t nmsg, char *hint,
		     size_t nhint);
/* The remedy alone that a command line has: "--allow-read .env", or "". */
void sbx_notice_option(const struct sbx_notice *n, char *hint, size_t nhint);

/* Worth telling only when the step or command failed: programs ask for names by the way, git for
 * that of the machine, and go on without. */
bool sbx_notice_idle(const struct sbx_notice *n);

struct sbx_limits {
	uint64_t memory;    /* bytes, whole sandbox */
	uint32_t processes; /* whole sandbox */
	uint32_t files;	    /* open descriptors of one process */
	uint64_t file_size; /* bytes */
	uint64_t tmp_size;  /* bytes, all private tmpfs together */
};

/* How much of the jail a machine lets be built; see rung.h. */
enum sbx_rung {
	SBX_RUNG_BEST,	   /* in a policy: the first that stands */
	SBX_RUNG_FULL,	   /* namespaces, mounts, Landlock, filter */
	SBX_RUNG_DONOR,	   /* the same in namespaces that bubblewrap makes */
	SBX_RUNG_LANDLOCK, /* Landlock and filter alone */
	SBX_RUNG_NONE,	   /* --no-sandbox */
};

/* What stands, and why it is no more than that. */
struct sbx_stand {
	enum sbx_rung rung;
	bool userns;
	int landlock_abi;
	char why[1200]; /* "" on the first rung */
	char remedy[600];
};

enum sbx_net {
	SBX_NET_OFF,  /* loopback of the jail's own */
	SBX_NET_LIST, /* hosts of `net_allow` through the agent's proxy */
	SBX_NET_HOST, /* the host's network as it is */
};

struct sbx_policy {
	const char *workspace; /* absolute or relative folder; becomes cwd of jobs */
	bool checked;	       /* `workspace` is what sbx_policy_check() has made of it */
	bool workspace_readonly;
	const char *const
	    *read; /* further paths shown read-only; NULL-terminated or NULL */
	const char *const *write;    /* further paths shown read-write */
	const char *const *env_pass; /* names of variables let through by the user */
	struct sbx_limits limits;
	enum sbx_net net;
	const char *const *net_allow; /* "HOST[:PORT]"; NULL-terminated or NULL: no host */
	const char
	    *stage;   /* absolute folder of upper layers on the host; NULL: steps write the
			      workspace itself */
	bool explain; /* tell each refused access to a file */
	bool debug;   /* code may trace its own processes */
	bool quiet;   /* sbx_run: do not tell what is hidden from the start */
	enum sbx_rung rung; /* this one alone; SBX_RUNG_NONE only by the user's own word */
};
void sbx_policy_default(struct sbx_policy *p); /* workspace ".", default limits */
/* Refuses what may never be a workspace: "/", $HOME and its ancestors, system folders, a folder
 * that holds ~/.ssh, folders of keys, what holds this program's configuration and sessions. Fills `f` (step "workspace") and returns false. `canonical` receives the
 * resolved path. */
bool sbx_policy_check(const struct sbx_policy *p, char canonical[4096], struct sbx_fail *f);

/* What a path of the host is to code. Absolute; it need not be there. */
enum sbx_view {
	SBX_VIEW_UNKNOWN,   /* nothing can be said: /proc, /dev, /sys, not absolute */
	SBX_VIEW_WRITABLE,  /* the workspace, or opened by the user */
	SBX_VIEW_READ_ONLY, /* shown */
	SBX_VIEW_HIDDEN, /* there, but not shown; code may have something else at that place */
	SBX_VIEW_ABSENT, /* not shown, and nothing that this user can see is there */
};
enum sbx_view sbx_policy_view(const struct sbx_policy *p, const char *path);
/* The fact about a path of the host that code failed at with errno `sys`, when the sandbox is why:
 * true, and *out is filled. */
bool sbx_policy_explain(const struct sbx_policy *p, const char *path, int sys,
			struct sbx_notice *out);

/* The next path in text[*at..n) that stands in one line with an error text of the kernel; its
 * errno in *sys. Paths may be relative. Pure; the text is hostile. */
bool sbx_error_next(const char *text, size_t n, size_t *at, char path[1024], int *sys);
/* The errno that a line of text names by the kernel's words; 0: none. */
int sbx_error_in(const char *line, size_t n);

/* A text of git's configuration that no program takes a command or further settings from.
 * `worktree` receives where it says that the user's files are, "" when it does not; whether git
 * may write there is for the caller to judge. */
#define SBX_GIT_CONFIG_MAX (256 * 1024) /* bytes; longer ones are never harmless */
bool sbx_git_config_harmless(const char *text, size_t n, char worktree[1024]);

/* ---- a session, seen from the agent -------------------------------------------------- */

struct sbx_session;

/* To be called first in main(): when this process was executed as the jail it never returns. */
void sbx_jail_main_if_asked(int argc, char **argv);

/* Executes the jail process. Meant to be called before configuration and keys are read. */
bool sbx_session_start(struct sbx_session **out, struct sbx_fail *f);
/* Sends the policy; the answer comes as SBX_READY or SBX_FAILED. Call once. */
bool
sbx_session_setup(struct sbx_session *s, const struct sbx_policy *p, struct sbx_fail *f);
/* The descriptor to poll: readable when sbx_session_read has something; also writable interest
 * while sbx_session_wants_write(). */
int sbx_session_fd(const struct sbx_session *s);
bool sbx_session_wants_write(const struct sbx_session *s);
/* Asks the jail to end by itself: what jobs left is put aside and told, then comes SBX_DEAD. */
bool sbx_session_stop(struct sbx_session *s);
enum sbx_show { SBX_SHOW_READ = 1, SBX_SHOW_WRITE };
/* Shows code that runs already, and all that comes, one path more, under the rules of a policy's
 * `read` and `write`. A relative path is one of the workspace; there a secret's cover or a
 * protection is taken off, and what is absent may be named for writing. `real` receives what it
 * is. The jail's answer comes as SBX_NOTE_SHOWN. */
bool sbx_session_show(struct sbx_session *s, const char *path, enum sbx_show how,
		      char real[4096], struct sbx_fail *f);
/* Kills whatever lives in the jail, waits for it, frees. Never blocks longer than 1 s. */
void sbx_session_free(struct sbx_session *s);
/* What stands, after SBX_READY. */
const struct sbx_stand *sbx_session_stand(const struct sbx_session *s);
/* Who serves the jail's network (see net/proxy.h); borrowed, NULL: nobody. Before the set-up of a
 * policy with SBX_NET_LIST: the listeners come with SBX_READY. Later, when the proxy has none:
 * asks the jail for them; SBX_READY comes once more. Jobs that are started from then on are told
 * of the proxy. */
struct sbx_proxy;
void sbx_session_net(struct sbx_session *s, struct sbx_proxy *proxy);
/* While that proxy serves: 127.0.0.1:port inside comes to it too. What a policy's net_allow names
 * does from the start. */
bool sbx_session_net_local(struct sbx_session *s, uint16_t port);
/* The jail's process on the host, for tests and messages; -1 when it is gone. */
pid_t sbx_session_pid(const struct sbx_session *s);

/* What terminal a job has: one of the jail's own, whose far end comes to the agent. */
enum sbx_terminal {
	SBX_TERMINAL_NONE,  /* standard input is /dev/null, and there is no /dev/tty */
	SBX_TERMINAL_INPUT, /* it is standard input and /dev/tty; output goes to pipes */
	SBX_TERMINAL_ALL,   /* it is the three standard streams */
};

struct sbx_job_spec {
	const char *const *argv; /* argv[0] is looked up in the jail's PATH */
	const char *const *env;	 /* "NAME=value" added to the jail's clean environment */
	const char *cwd;	 /* inside the jail; NULL: the workspace */
	const char *script_name; /* file name for `script` under SBX_SCRIPT_DIR, or NULL */
	const void *script;	 /* bytes of a driver that argv names by that path */
	size_t script_len;
	bool driver; /* speaks the driver protocol on SBX_FD_CODE/SBX_FD_STATUS */
	enum sbx_terminal terminal;
};
#define SBX_SCRIPT_DIR "/run/sunaba" /* read-only for jobs */
/* Descriptors a driver finds open. Code comes as "<decimal length>\n<bytes>"; the driver
 * answers with NUL-terminated records: "R" (ready), then for each code "D<status>\t<cwd>". A
 * record longer than SBX_RECORD_MAX, or any other first byte, kills the job. Standard
 * streams are as enum sbx_terminal says.
 * A driver that says "R+" gets "<decimal length> <step> <token>\n<bytes>", the step 0 when it has no
 * number, and answers "D<token> <status>\t<cwd>": code that writes to the driver's descriptor, which
 * it cannot be kept from, forges nothing unless it searches the driver's memory. */
#define SBX_FD_CODE    200
#define SBX_FD_STATUS  201
#define SBX_RECORD_MAX 8192

/* New limits for the jail that stands: memory and processes of all, and temporary files, at once;
 * the rest, and what the kernel keeps for each process, from the next job on. Zero ones stay. */
bool sbx_session_limits(struct sbx_session *s, const struct sbx_limits *l);

/* Jobs are numbered by the caller, 1 to SBX_JOB_MAX; a number is free again after SBX_EXIT.
 * All of these queue a frame and return at once; false only when the session is dead. */
#define SBX_JOB_MAX 64
bool sbx_job_start(struct sbx_session *s, int job, const struct sbx_job_spec *spec);
bool sbx_job_run(struct sbx_session *s, int job, const void *code, size_t n);
/* What number the next code has for the user; its driver is told. Without: 0. */
bool sbx_job_step(struct sbx_session *s, int job, uint64_t number);
bool sbx_job_signal(struct sbx_session *s, int job, int signo);
bool sbx_job_kill(struct sbx_session *s, int job);
/* From SBX_STARTED on, once: the far end of the job's terminal, the caller's, non-blocking; -1:
 * there is none. What is read there was written by code. */
int sbx_job_take_terminal(struct sbx_session *s, int job);
/* read(2) and write(2) on such an end, which never wait longer than 0.1 s, whatever the jail does
 * to it; EAGAIN: nothing to read, or no room. Not for two threads at once. */
ssize_t sbx_terminal_read(int fd, void *into, size_t n);
ssize_t sbx_terminal_write(int fd, const void *from, size_t n);

enum sbx_event_type {
	SBX_NOTHING, /* no whole event is there; wait */
	SBX_READY,   /* the jail stands */
	SBX_FAILED,  /* set-up failed (job 0) or the job could not be started; see `fail` */
	SBX_STARTED, /* the driver is ready for code */
	SBX_OUTPUT,  /* bytes of standard output (stream 1) or error (2) */
	SBX_DONE,    /* the step ended: status, cwd */
	SBX_EXIT,    /* the job's main process is gone and its tree with it */
	SBX_NOTICE,  /* job 0: of no job; see `notice` */
	SBX_WAITS, /* status 1: a process of the job waits for its terminal; 0: no longer */
	SBX_DEAD,  /* the jail itself is gone, or broke the protocol; nothing follows */
};

struct sbx_event {
	enum sbx_event_type type;
	int job;
	int stream;
	const void *data; /* borrowed until the next call */
	size_t len;
	int status;	 /* SBX_DONE: the driver's; SBX_EXIT: a wait status */
	const char *cwd; /* SBX_DONE, borrowed */
	uint64_t
	    cpu_us; /* SBX_DONE, SBX_EXIT: user and system time of the job's tree so far */
	const char *limit; /* SBX_EXIT: "memory", … when a limit killed it, else NULL */
	struct sbx_fail fail;
	const struct sbx_notice *notice; /* SBX_NOTICE, borrowed until the next call */
};
/* Reads without blocking; call until SBX_NOTHING, which comes after some 100 KiB even while the
 * descriptor is readable still, so that a flood cannot hold the caller. Output is delivered in order, and all of a
 * step's output written before its end comes before its SBX_DONE. */
enum sbx_event_type sbx_session_read(struct sbx_session *s, struct sbx_event *ev);

/* SBX_READY came. */
bool sbx_session_stands(const struct sbx_session *s);
/* Staged mode: the workspace as jobs see it, an O_PATH descriptor, from SBX_READY on; -1 without
 * policy.stage. Borrowed. Code works in that tree at the same time: look nothing up in it but
 * with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS. */
int sbx_session_stage(const struct sbx_session *s);
/* The same for the git directory elsewhere that the workspace belongs to as a linked worktree or
 * submodule; -1 when there is none. Its layer is below "git" in policy.stage. */
int sbx_session_stage_linked(const struct sbx_session *s);
/* The workspace below the layer was changed; before any step that is started later. */
bool sbx_session_stage_changed(struct sbx_session *s);

/* ---- one command, for `sunaba sandbox` and tests ------------------------------------- */

/* Runs argv in a fresh sandbox with this process's standard streams and waits. Returns the
 * command's exit code (128 + signal when it was killed by one, 127 not found, 126 cannot be
 * executed), or -1 with *f filled when the sandbox cannot be set up. SIGINT, SIGTERM and SIGHUP
 * end the whole tree. */
int sbx_run(const struct sbx_policy *p, char *const argv[], struct sbx_fail *f);

/* ---- a cell: a process that only computes on hostile bytes ---------------------------- */

#define SBX_CELL_ARGS 8
/* Executes this program's image afresh as argv (argv[0] is what its main() knows it by) with an
 * empty environment and three descriptors: 0 is `in`, borrowed, 1 the pipe whose other end becomes
 * *out (read it without a bound and the cell decides how much comes), 2 nothing. It dies with
 * this process; the caller kills and reaps *pid. */
bool
sbx_cell_start(const char *const *argv, int in, int *out, pid_t *pid, struct sbx_fail *f);
/* In that process, with all code loaded and before the first hostile byte: bounds its memory
 * (bytes of address space) and CPU time, then leaves it its descriptors and its memory: no file,
 * socket, process or executable memory can be had any more, and trying to kills it. False when
 * the kernel cannot do that: then nothing may be read. */
bool sbx_cell_lock(uint64_t memory, unsigned cpu_s, struct sbx_fail *f);

/* "full", "full (via bwrap)", "reduced (no namespaces)", "OFF": how a rung is shown. */
const char *sbx_rung_text(enum sbx_rung rung);
/* By the name that --rung takes: "full", "donor", "landlock"; SBX_RUNG_BEST: no such name. */
enum sbx_rung sbx_rung_by_name(const char *name);

/* What this machine offers, for doctor: probes by really starting a session on each rung. */
struct sbx_probe {
	struct sbx_stand stand; /* rung SBX_RUNG_BEST: none stands, see `fail` */
	struct sbx_fail fail;
	struct {
		enum sbx_rung rung;
		bool stands;
		struct sbx_fail fail;
	} tried[3]; /* SBX_RUNG_FULL to SBX_RUNG_LANDLOCK */
	int landlock_abi;
};
void sbx_probe(struct sbx_probe *out);

#endif
