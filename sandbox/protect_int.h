/* Internal to protect*.c: grounds, guards and repositories. See protect.h. */
#ifndef SUNABA_SANDBOX_PROTECT_INT_H
#define SUNABA_SANDBOX_PROTECT_INT_H

#include <limits.h>

#include "sandbox/protect.h"
#include "sandbox/walk.h"

#define GROUNDS_MAX (SETUP_PATHS_MAX + 1)
#define GUARDS_MAX  4096 /* of one ground */
#define REPOS_MAX   1024 /* of one ground */
#define WATCH_MAX   16	 /* of one ground */
#define SHOWN_MAX   64	 /* paths allowed in a session */
#define ASKED_MAX   32	 /* sockets of jobs that a ground remembers */
#define TELL_MAX    32	 /* notices of one look; the rest is counted */

enum guard_kind {
	GUARD_OPEN,   /* the user took it away */
	GUARD_LINK,   /* no mount: a link, whose target in the tree is guarded */
	GUARD_PIN,    /* cannot be renamed or removed */
	GUARD_RO,     /* … nor written */
	GUARD_HIDE,   /* shown empty */
	GUARD_CLOSED, /* cannot be read: empty, git would record it so */
	GUARD_SOCKET, /* shown as /dev/null */
};
struct guard {
	char *path; /* from the ground's top */
	char *link; /* GUARD_LINK: where it leads; else NULL */
	enum guard_kind kind;
};

/* A tree that may be written. */
struct ground {
	char *abs; /* its path */
	int top;   /* its descriptor in the jail's tree */
	bool secrets;
	bool staged; /* what is written there waits: nothing of it runs outside yet */
	struct walk *walk;
	struct guard *guard;
	size_t n, room;
	size_t old; /* guards before the look under way */
	struct {
		char *path; /* from the top */
		bool guarded;
	} repo[REPOS_MAX]; /* git directories */
	size_t nrepo;
	/* Named by a repository's settings, and absent: hooks, or further settings. */
	struct {
		char *path;
		bool hooks;
	} watch[WATCH_MAX];
	size_t nwatch;
	uint64_t asked[ASKED_MAX]; /* inodes of sockets that were tried once, a ring */
	size_t nasked;
	bool full, told_cut; /* guards or repositories did not fit; the user knows */
	bool again;	     /* the next look is to see everything */
};

struct protect {
	const struct setup *setup;
	int root; /* the jail's root */
	struct ground *ground[GROUNDS_MAX];
	size_t n;
	bool dry;	  /* nothing is mounted */
	bool swept;	  /* the look under way is a sweep: what is new is put aside */
	bool users;	  /* … is at what the user made while nothing ran */
	bool peek, found; /* … is a sweep that puts nothing aside; it would have */
	/* usage_stamp() when the last sweep was done, and at the last look at it; 0: not at rest. */
	uint64_t rest, stamp;
	char *shown[SHOWN_MAX];
	size_t nshown, places;
	char *linked[GROUNDS_MAX]; /* git directories elsewhere, placed by us */
	size_t nlinked;
	int layers;	    /* staged mode: for one of these; -1: taken, or none */
	const char *staged; /* the one, or NULL; borrowed */
	protect_tell *tell;
	void *arg;
	unsigned told; /* notices of this look */
	size_t looked; /* bytes of git's indexes and of files compared with them, so far */
};

/* protect.c */
void tell(struct protect *p, const struct ground *g, enum sbx_notice_kind kind, int sys,
	  const char *path, const char *detail);
/* Once: not everything could be looked at. */
void tell_cut(struct protect *p, struct ground *g);
/* The user said that this may be written. */
bool user_allows(const struct protect *p, const struct ground *g, const char *path);
struct ground *ground_new(struct protect *p, const char *abs, bool secrets, int top);
/* Looks through a new ground and puts its guards up. */
bool ground_begin(struct protect *p, struct ground *g, struct sbx_fail *f);
walk_see protect_see; /* arg: struct look */
struct look {
	struct protect *p;
	struct ground *g;
};

/* protect_secret.c: a name that secrets have. */
enum name_secret;
void secret_found(struct look *l, const struct walk_entry *e, enum name_secret kind);

/* protect_guard.c */
struct guard *guard_find(struct ground *g, const char *path);
/* It stands there since the start, as it was: what replaced a link is new. */
bool guarded(struct ground *g, const char *path);
/* GUARD_RO; of a link, what it leads to in the tree. */
void guard_ro(struct ground *g, const char *path);
/* Remembers; a stricter kind replaces a weaker one. The mount comes with guards_apply(). */
void guard_add(struct ground *g, const char *path, enum guard_kind kind);
/* The path and each folder above it. */
void guard_pins(struct ground *g, const char *path);
bool guard_stands(const struct ground *g, const struct guard *u);
bool guard_apply(struct protect *p, struct ground *g, struct guard *u, struct sbx_fail *f);
/* Up again when the host took it down; false when there is nothing left to guard, so that what
 * comes there is new. */
bool guard_again(struct protect *p, struct ground *g, struct guard *u);
void guard_release(struct guard *u);
/* protect_show.c: takes its mount off, here and in all jobs. */
bool guard_down(struct ground *g, struct guard *u, struct sbx_fail *f);
/* Where a link leads; false when it is none. */
bool read_link(const struct ground *g, const char *path, char to[PATH_MAX]);

/* protect_git.c */
/* A git directory was found; at the start it is guarded, in a sweep it is watched. */
void git_found(struct protect *p, struct ground *g, const char *path);
/* Parts that came since to the git directories that are guarded. */
void git_look(struct protect *p, struct ground *g);
/* A `.git` file. */
void git_file(struct protect *p, struct ground *g, const char *path);
struct stat;
bool there(const struct ground *g, const char *path, struct stat *st);
/* "dir/name" of the ground; false when it is too long. */
bool ground_part(char out[PATH_MAX], const char *dir, const char *name);
#define NEST_MAX 6 /* folders in "modules": submodules of submodules, names with slashes */
/* Calls fn for the git directory at `dir`, those of its submodules and of its worktrees. */
typedef void git_part_fn(struct protect *p, struct ground *g, const char *dir);
void git_visit(struct protect *p, struct ground *g, const char *dir, git_part_fn *fn);
/* protect_gitsweep.c: looks at what may be written in the ground's git directories and would be run outside. */
void git_sweep(struct protect *p, struct ground *g);
/* Where `value`, found in the folder `dir` of the ground, leads: into `out`, from the top; false
 * when that is outside. Links are not looked at. */
bool ground_join(const struct ground *g, const char *dir, const char *value, char *out,
		 size_t max);
/* At most n - 1 bytes and a NUL; -1 with errno: not a plain file. */
ssize_t ground_read(const struct ground *g, const char *path, char *buf, size_t n);

/* protect_link.c: the git directory elsewhere of the linked worktree or submodule whose `.git`
 * file is `path` and says `to`. */
void git_link(struct protect *p, struct ground *g, const char *path, const char *to);

/* protect_sweep.c */
void put_aside(struct protect *p, struct ground *g, const char *path);
/* … and a file with this text takes its place. */
void put_clean(struct protect *p, struct ground *g, const char *path, const void *text,
	       size_t n);
bool is_put_aside(const char *name);

/* protect_socket.c: a socket that came up since the start: masked when the host listens there. */
void socket_found(struct protect *p, struct ground *g, const char *path);

#endif
