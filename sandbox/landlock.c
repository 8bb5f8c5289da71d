/* Second layer below the mounts: even a mount left writable by mistake stays unwritten.
 *
 * Only writing is handled; reading is what the mounts show. The newest version the kernel knows
 * is used; numbers are spelled out because the build machine's headers may be older.
 * Sources: landlock(7), Documentation/userspace-api/landlock.rst. Pinned by tests/jail. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/confine.h"
#include "sandbox/protect.h"

#define FS_TRUNCATE    (1ULL << 14) /* ABI 3 */
#define SCOPE_ABSTRACT (1ULL << 0)  /* ABI 6 */
#define SCOPE_SIGNAL   (1ULL << 1)  /* ABI 6 */

#define FS_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define FS_TREE                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |  \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |    \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |    \
	 LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_HANDLED (FS_TREE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

struct rules {
	uint64_t fs, net, scoped;
};

int
landlock_abi(void)
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static bool
allow(int rules, const char *path, uint64_t access, struct sbx_fail *f)
{
	SBX_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.allowed_access = access,
						  .parent_fd = fd};
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return sbx_fail_set(f, "landlock", errno, path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_FILE;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		return sbx_fail_set(f, "landlock", errno, path);
	return true;
}

static bool
allow_all(int rules, const struct setup *s, uint64_t handled, struct sbx_fail *f)
{
	static const char *const places[] = {"/tmp", "/var/tmp", "/dev/shm"};
	uint64_t tree = FS_TREE & handled;

	for (size_t i = 0; i < SBX_LEN(places); i++)
		if (!allow(rules, places[i], tree, f))
			return false;
	for (const char *const *w = s->write; *w; w++)
		if (!allow(rules, *w, tree, f))
			return false;
	for (size_t i = 0; protect_writable(s->protect, i); i++)
		if (!allow(rules, protect_writable(s->protect, i), tree, f))
			return false;
	if (!s->workspace_readonly && !allow(rules, s->workspace, tree, f))
		return false;
	return allow(rules, s->home, tree, f) && allow(rules, PROTECT_SHOWN, tree, f) &&
	       allow(rules, "/dev", FS_FILE & handled, f) &&
	       allow(rules, "/proc", FS_FILE & handled, f);
}

bool
landlock_confine(const struct setup *s, struct sbx_fail *f)
{
	int abi = landlock_abi();
	struct rules r = {.fs = FS_HANDLED};
	/* The structure grew with the versions; older kernels want it short. */
	size_t size = abi >= 6 ? sizeof(r) : sizeof(r.fs);
	SBX_CLOSE int rules = -1;

	if (abi < 2)
		return true;
	if (abi < 3)
		r.fs &= ~FS_TRUNCATE;
	if (abi >= 6)
		r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (rules < 0)
		return sbx_fail_set(f, "landlock", errno, NULL);
	if (!allow_all(rules, s, r.fs, f))
		return false;
	if (syscall(SYS_landlock_restrict_self, rules, 0))
		return sbx_fail_set(f, "landlock", errno, NULL);
	return true;
}
