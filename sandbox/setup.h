/* What travels down to the jail: the policy in FRAME_SETUP, a job in FRAME_START.
 *
 * Encoding happens in the agent, where the environment and the user's paths are known; decoding
 * in the jail, which borrows every text from the payload it was given. */
#ifndef SUNABA_SANDBOX_SETUP_H
#define SUNABA_SANDBOX_SETUP_H

#include "sandbox/wire.h"

#define SETUP_MAX	(1024u * 1024) /* bytes of an encoded policy */
#define SETUP_PATHS_MAX 64	       /* further paths, read and write together */
#define SETUP_TOOLS_MAX 64	       /* folders and files of toolchains, each kind */
#define SETUP_LOCAL_MAX 16	       /* NET_LOCAL_MAX of net/proxy.h */
#define SETUP_ENV_MAX	256	       /* variables of a job */
#define SETUP_ARGS_MAX	4096

struct cgroup;

/* The policy as the jail sees it; all texts are borrowed, all paths canonical. */
struct setup {
	const char *workspace;
	bool workspace_readonly;
	const char *home;
	const char *read[SETUP_PATHS_MAX + 1];
	const char *write[SETUP_PATHS_MAX + 1];
	const char
	    *fresh[SETUP_PATHS_MAX + 1]; /* absent, but may be made in the workspace */
	/* Read-only: tool_at[i] shows tool_real[i]; of these, tool_hide is shown empty. */
	const char *tool_at[SETUP_TOOLS_MAX + 1], *tool_real[SETUP_TOOLS_MAX + 1];
	const char *tool_hide[SETUP_TOOLS_MAX + 1];
	const char *env[SETUP_ENV_MAX + 1];
	struct sbx_limits limits;
	enum sbx_net net;
	uint16_t local[SETUP_LOCAL_MAX]; /* ports of 127.0.0.1 that lead to the host's */
	size_t nlocal;
	const char *stage; /* NULL: none */
	bool explain, debug;
	struct protect *protect; /* the jail's, made before the tree is built; or NULL */
	enum sbx_rung rung;	 /* wanted; then, in the jail, the one that stands */
	const char *state;	 /* folder on the host for a jail's private ones, or NULL */
	/* Where there are no mounts: the private places on the host. NULL: the usual paths. */
	const char *tmp, *scripts;
	struct cgroup *group; /* NULL: none */
	/* confine_offer_jobs(): pid 1's own oom_score_adj, as it was and open; 0: not to be had. */
	struct {
		int fd;
		char own[8];
	} offer;
	bool exec_confined;  /* confine_exec() was called for all that comes now */
	bool single;	     /* one command, in pid 1's own tree */
	struct early *early; /* the command's process, which waits for the tree; or NULL */
	uint32_t others; /* processes of this user outside, which RLIMIT_NPROC counts too */
	uint32_t spare; /* processes made ahead of a job: SPARE_PROCESSES, or 0 for never */
};
/* Namespaces are the jail's own, so each job can have one of its own. */
static inline bool
setup_has_pidns(const struct setup *s)
{
	return s->rung == SBX_RUNG_FULL;
}

/* Checks the policy, opens the workspace and appends the encoded policy to *q. The workspace
 * comes as an O_PATH descriptor, which the caller owns: whatever is put at its path afterwards
 * is not what the jail mounts. -1 with *f filled. */
int setup_encode(const struct sbx_policy *p, struct queue *q, struct sbx_fail *f);
/* What the user's `path` is: canonical in `real`, not "/", and not led out of the workspace by a
 * link in it. *fresh, unless NULL: it may be absent in the workspace. */
bool setup_path(const char *path, const char *workspace, bool *fresh, char real[4096],
		struct sbx_fail *f);
/* Opens a canonical path as O_PATH; ELOOP when a link was put into it meanwhile. */
int setup_open(const char *path);
bool setup_decode(const unsigned char *p, size_t n, struct setup *s);

/* A job as the jail sees it; the arrays are heap, the texts borrowed. */
struct start {
	const char **argv;
	const char *env[SETUP_ENV_MAX + 1];
	const char *cwd; /* NULL: the workspace */
	const char *script_name;
	const void *script;
	size_t script_len;
	bool driver;
	enum sbx_terminal terminal;
};
/* Limits alone, as FRAME_LIMITS carries them; zero ones are left as they are. */
void limits_encode(const struct sbx_limits *l, struct queue *q);
bool limits_decode(const unsigned char *p, size_t n, struct sbx_limits *l);
void start_encode(const struct sbx_job_spec *spec, struct queue *q);
bool
start_decode(const unsigned char *p, size_t n, const struct setup *base, struct start *s);
void start_release(struct start *s);

/* Appends the allowed variables of this process's environment to *q, tag 'E'. */
struct tools;
void env_encode(const struct sbx_policy *p, const struct tools *t, const char *workspace,
		const char *home, struct queue *q);
/* Adds "NAME=value" to a NULL-terminated list of at most SETUP_ENV_MAX, in place of an earlier
 * value of the name. */
void env_set(const char **list, const char *pair);

#endif
