/* The rung without namespaces: see bare.h.
 *
 * What mounts show elsewhere is a list of Landlock rules here: the system, the paths of the
 * policy and /proc can be read, the workspace and the private folders written, nothing else
 * opened. Rules can only add, so nothing inside the workspace can be taken back: a repository's
 * hooks are not guarded on this rung, and the process list is visible.
 *
 * A lock on each jail's folder says that its owner lives: the kernel drops it however that ends.
 *
 * Sources: landlock(7), flock(2). Pinned by tests/jail/test_rungs.py. */
#include "sandbox/bare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/confine.h"
#include "sandbox/policy.h"
#include "sandbox/root.h"
#include "sandbox/tree.h"
#include "sandbox/usage.h"

#define ENTER_TRIES 5
#define MASK_DEPTH  3	   /* folders in folders that masks lie in */
#define FOLDERS	    "jail" /* below the state folder: one folder for each jail */

#define FS_REFER     (1ULL << 13) /* ABI 2 */
#define FS_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define SCOPE_ALL    3ULL	  /* ABI 6: abstract sockets, signals */
#define FS_ABI_1     ((1ULL << 13) - 1)

#define LOOK                                                         \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	 LANDLOCK_ACCESS_FS_READ_DIR)
#define CHANGE                                                           \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |  \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO |    \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
#define DEVICE                                                                        \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | \
	 FS_IOCTL_DEV)
#define OF_FILE                                                       \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* One for each process that guards a tree: the names below `folders`. */
static struct {
	int folders;	     /* descriptor, locked while names are made or swept */
	int own;	     /* descriptor, locked as long as this process lives */
	bool spare;	     /* in /tmp */
	char name[32];	     /* of the jail's folder */
	char path[PATH_MAX]; /* canonical */
	char home[PATH_MAX + 8], tmp[PATH_MAX + 8], scripts[PATH_MAX + 8];
	char home_pair[PATH_MAX + 16], tmp_pair[PATH_MAX + 16];
} own = {.folders = -1, .own = -1};

/* The folders of a path, made where they are missing. */
static void
make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(path, 0700);
}

/* Jobs have no capability, so the folders above must let this very user through: they may be
 * another's, as HOME is under sudo. */
static bool
lets_through(const char *path)
{
	char part[PATH_MAX];
	struct stat st;

	for (const char *p = path; p; p = strchr(p + 1, '/')) {
		size_t n = (size_t)(p - path) + (p == path);

		memcpy(part, path, n);
		part[n] = 0;
		if (stat(part, &st) || !(st.st_mode & (st.st_uid == geteuid() ? 0100 : 01)))
			return false;
	}
	return true;
}

/* `path` becomes canonical in own.path. */
static bool
open_folders_at(char *path, struct sbx_fail *f)
{
	struct stat st;

	make_folders(path);
	own.folders = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (own.folders >= 0 && fstat(own.folders, &st) == 0 && st.st_uid == geteuid() &&
	    !(st.st_mode & 022) && realpath(path, own.path) && lets_through(own.path))
		return true;
	sbx_fail_set(f, "private folders", own.folders < 0 ? errno : EACCES, path);
	sbx_shut(&own.folders);
	return false;
}

static bool
open_folders(const char *state, struct sbx_fail *f)
{
	char path[PATH_MAX];

	if (state &&
	    snprintf(path, sizeof(path), "%s/" FOLDERS, state) < (int)sizeof(path) &&
	    open_folders_at(path, f))
		return true;
	snprintf(path, sizeof(path), "/tmp/sunaba-%u", geteuid());
	if (!open_folders_at(path, f))
		return false;
	own.spare = true;
	f->step[0] = 0;
	return true;
}

/* What jails left whose guard was killed. */
static void
sweep(void)
{
	DIR *d = fdopendir(openat(own.folders, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	while (d && (e = readdir(d))) {
		SBX_CLOSE int fd = -1;

		if (e->d_name[0] == '.')
			continue;
		fd = openat(own.folders, e->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			litter_remove(own.folders, e->d_name);
	}
	if (d)
		closedir(d);
}

static bool
make_own(struct sbx_fail *f)
{
	size_t len = strlen(own.path);

	/* Nobody may take the new folder for a dead jail's before it is locked. */
	if (flock(own.folders, LOCK_EX))
		return sbx_fail_set(f, "private folders", errno, own.path);
	sweep();
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(own.name, sizeof(own.name), "%d-%u", (int)getpid(), i);
		if (mkdirat(own.folders, own.name, 0700) == 0 || errno == ENOENT)
			break;
	}
	own.own =
	    openat(own.folders, own.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (own.own < 0 || flock(own.own, LOCK_EX | LOCK_NB))
		sbx_fail_set(f, "private folders", errno, own.path);
	flock(own.folders, LOCK_UN);
	if (f->step[0])
		return false;
	if (len + strlen(own.name) + 2 > sizeof(own.path))
		return sbx_fail_set(f, "private folders", ENAMETOOLONG, own.path);
	own.path[len] = '/';
	memcpy(own.path + len + 1, own.name, strlen(own.name) + 1);
	return true;
}

static void
place(char *out, size_t n, const char *name)
{
	mkdirat(own.own, name, 0700);
	snprintf(out, n, "%s/%s", own.path, name);
}

/* Between any two steps another one that ends may remove the folder in /tmp. */
static bool
enter_folders(const char *state, struct sbx_fail *f)
{
	for (int i = 0; i < ENTER_TRIES; i++) {
		f->step[0] = 0;
		if (open_folders(state, f) && make_own(f))
			return true;
		sbx_shut(&own.own);
		sbx_shut(&own.folders);
	}
	return false;
}

bool
bare_enter(struct setup *s, struct sbx_fail *f)
{
	if (!enter_folders(s->state, f))
		return false;
	place(own.scripts, sizeof(own.scripts), "run");
	s->scripts = own.scripts;
	s->others = usage_of_user();
	/* Interpreters that are killed leave their temporary files: not in /tmp. */
	place(own.tmp, sizeof(own.tmp), "tmp");
	snprintf(own.tmp_pair, sizeof(own.tmp_pair), "TMPDIR=%s", own.tmp);
	env_set(s->env, own.tmp_pair);
	if (s->rung == SBX_RUNG_NONE) {
		s->limits.memory = UINT64_MAX;
		s->limits.processes = UINT32_MAX / 2;
		return true;
	}
	place(own.home, sizeof(own.home), "home");
	snprintf(own.home_pair, sizeof(own.home_pair), "HOME=%s", own.home);
	s->home = own.home;
	s->tmp = own.tmp;
	env_set(s->env, own.home_pair);
	return true;
}

void
bare_leave(void)
{
	tree_kill();
	if (own.own < 0)
		return;
	litter_remove(own.folders, own.name);
	/* The last one takes the folder of them all out of /tmp. */
	*strrchr(own.path, '/') = 0;
	if (own.spare)
		rmdir(own.path);
	sbx_shut(&own.own);
	sbx_shut(&own.folders);
}

static bool
add_rule(int rules, int fd, uint64_t rights, const char *path, struct sbx_fail *f)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights,
						  .parent_fd = fd};
	struct stat st;

	if (fstat(fd, &st))
		return sbx_fail_set(f, "landlock", errno, path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILE;
	/* An empty rule is refused. */
	if (rule.allowed_access &&
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return sbx_fail_set(f, "landlock", errno, path);
	return true;
}

static bool
allow(int rules, const char *path, uint64_t rights, struct sbx_fail *f)
{
	SBX_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return sbx_fail_set(f, "landlock", errno, path);
	return add_rule(rules, fd, rights, path, f);
}

/* What may be absent; a link put into the path since it was checked is refused. */
static bool
allow_some(int rules, const char *const *paths, uint64_t rights, struct sbx_fail *f)
{
	for (; *paths; paths++) {
		SBX_CLOSE int fd = setup_open(*paths);

		if (fd < 0 && errno != ENOENT)
			return sbx_fail_set(f, "landlock", errno, *paths);
		if (fd >= 0 && !add_rule(rules, fd, rights, *paths, f))
			return false;
	}
	return true;
}

/* 0: nothing below `path` is masked; 1: something is; 2: itself. Paths without their first "/". */
static int
masked(const char *path, const char *const *masks)
{
	int most = 0;

	for (const char *const *m = masks; *m; m++) {
		if (policy_below(path + 1, *m))
			return 2;
		if (policy_below(*m, path + 1))
			most = 1;
	}
	return most;
}

/* Real root could read what only mounts hide elsewhere: each entry gets a rule but the masked.
 * One level of folders at a time, which is as deep as the masks lie. */
static bool
allow_unmasked(int rules, const char *folder, const char *const *masks, uint64_t rights,
	       unsigned depth, struct sbx_fail *f)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	bool ok = d && add_rule(rules, dirfd(d), LANDLOCK_ACCESS_FS_READ_DIR, folder, f);

	while (ok && (e = readdir(d))) {
		char path[512];
		SBX_CLOSE int fd = -1;
		int state;

		if (e->d_name[0] == '.' || snprintf(path, sizeof(path), "%s/%s", folder,
						    e->d_name) >= (int)sizeof(path))
			continue;
		state = masked(path, masks);
		if (state == 2)
			continue;
		if (state == 1 && depth) {
			ok = allow_unmasked(rules, path, masks, rights, depth - 1, f);
			continue;
		}
		fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		ok = fd < 0 || add_rule(rules, fd, rights, path, f);
	}
	if (d)
		closedir(d);
	return ok || f->step[0] || sbx_fail_set(f, "landlock", errno, folder);
}

static bool
allow_system(int rules, uint64_t rights, struct sbx_fail *f)
{
	for (const char *const *p = policy_system; *p; p++) {
		bool etc = geteuid() == 0 && strcmp(*p, "/etc") == 0;

		if (access(*p, F_OK) == 0 &&
		    !(etc ? allow_unmasked(rules, *p, policy_masked, rights, MASK_DEPTH, f)
			  : allow(rules, *p, rights, f)))
			return false;
	}
	return true;
}

/* Toolchains in HOME, but for the keys that lie among them. */
static bool
allow_tools(int rules, const struct setup *s, uint64_t rights, struct sbx_fail *f)
{
	const char *hidden[SETUP_TOOLS_MAX + 1] = {NULL};
	const char *one[2] = {NULL, NULL};

	for (size_t i = 0; s->tool_hide[i]; i++)
		hidden[i] = s->tool_hide[i] + 1;
	for (size_t i = 0; s->tool_at[i] && s->tool_real[i]; i++) {
		int state = masked(s->tool_at[i], hidden);

		one[0] = s->tool_real[i];
		if (state == 0 && !allow_some(rules, one, rights, f))
			return false;
		/* Shown elsewhere under another name, which the list of keys does not know. */
		if (state == 1 && strcmp(s->tool_at[i], one[0]) == 0 &&
		    !allow_unmasked(rules, one[0], hidden, rights, MASK_DEPTH, f))
			return false;
	}
	return true;
}

static bool
allow_all(int rules, const struct setup *s, uint64_t handled, struct sbx_fail *f)
{
	static const char *const nodes[] = {"/dev/null",    "/dev/zero",   "/dev/full",
					    "/dev/urandom", "/dev/random", NULL};
	static const char *const facts[] = {"/proc", "/sys/devices/system/cpu",
					    "/sys/fs/cgroup", NULL};
	uint64_t look = LOOK & handled, change = (LOOK | CHANGE) & handled;
	const char *const mine[] = {s->home, s->tmp, NULL};
	const char *const shown[] = {s->scripts, NULL};
	const char *const work[] = {s->workspace, NULL};

	return allow_system(rules, look, f) &&
	       allow_some(rules, nodes, DEVICE & handled, f) &&
	       allow_some(rules, facts, look, f) && allow_some(rules, shown, look, f) &&
	       allow_some(rules, mine, change, f) && allow_some(rules, s->read, look, f) &&
	       allow_tools(rules, s, look, f) && allow_some(rules, s->write, change, f) &&
	       allow_some(rules, work, s->workspace_readonly ? look : change, f);
}

bool
bare_confine(const struct setup *s, struct sbx_fail *f)
{
	struct {
		uint64_t fs, net, scoped;
	} r = {.fs = FS_ABI_1};
	int abi = landlock_abi();
	size_t size = abi >= 6 ? sizeof(r) : sizeof(r.fs);
	SBX_CLOSE int rules = -1;

	if (abi < 1)
		return sbx_fail_set(f, "landlock", ENOSYS, NULL);
	r.fs |= abi >= 2 ? FS_REFER : 0;
	r.fs |= abi >= 3 ? FS_TRUNCATE : 0;
	r.fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
	r.scoped = abi >= 6 ? SCOPE_ALL : 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules < 0)
		return sbx_fail_set(f, "landlock", errno, NULL);
	if (!allow_all(rules, s, r.fs, f))
		return false;
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		return sbx_fail_set(f, "landlock", errno, NULL);
	return bare_filter(abi, s->net, f);
}

void
bare_arguments(const struct setup *s, const char **argv)
{
	size_t from = strlen(SBX_SCRIPT_DIR), to = s->scripts ? strlen(s->scripts) : 0;

	for (; to && *argv; argv++) {
		const char *hit = strstr(*argv, SBX_SCRIPT_DIR "/");
		size_t before = hit ? (size_t)(hit - *argv) : 0;
		char *text;

		if (!hit)
			continue;
		text = sbx_grow(NULL, strlen(*argv) + to + 1);
		memcpy(text, *argv, before);
		memcpy(text + before, s->scripts, to);
		memcpy(text + before + to, hit + from, strlen(hit + from) + 1);
		*argv = text;
	}
}
