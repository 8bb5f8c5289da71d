/* The policy's defaults and its check of the workspace: see sandbox.h.
 *
 * A workspace is writable and may hold anything the model writes, so it must never hold what the
 * user's other programs trust: the whole home, keys, the system. Pinned by
 * tests/unit/test_policy.c. */
#include "sandbox/policy.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define MEMORY_MAX     ((uint64_t)4 * 1024 * SBX_MIB)
#define PROCESSES_MAX  256
#define FILES_MAX      4096
#define FILE_SIZE_MAX  ((uint64_t)1024 * SBX_MIB)
#define TMP_SIZE_MAX   ((uint64_t)1024 * SBX_MIB)
#define HOME_ELSEWHERE "/home/sandbox"

#define OWN_NAME "sunaba" /* this program's folder in each of own_places */

const char *const policy_system[] = {"/usr",	   "/bin",   "/sbin",	"/lib",
				     "/lib32",	   "/lib64", "/libx32", "/opt",
				     "/nix/store", "/etc",   NULL};

const char *const policy_masked[] = {"etc/shadow",
				     "etc/shadow-",
				     "etc/gshadow",
				     "etc/gshadow-",
				     "etc/sudoers",
				     "etc/sudoers.d",
				     "etc/ssh",
				     "etc/ssl/private",
				     "etc/opasswd",
				     "etc/security/opasswd",
				     "etc/krb5.keytab",
				     "etc/wireguard",
				     "etc/NetworkManager",
				     "etc/ppp",
				     "etc/cups",
				     "etc/docker",
				     "etc/kubernetes",
				     "etc/rancher",
				     "etc/letsencrypt",
				     "etc/pki/tls/private",
				     "etc/ipsec.secrets",
				     "etc/ipsec.d/private",
				     "etc/swanctl",
				     "etc/openvpn",
				     "etc/wpa_supplicant",
				     "etc/netplan",
				     "etc/iwd",
				     "etc/apt/auth.conf",
				     "etc/apt/auth.conf.d",
				     "etc/mysql/debian.cnf",
				     "etc/postfix/sasl_passwd",
				     "etc/postfix/sasl_passwd.db",
				     "etc/exim4/passwd.client",
				     "etc/samba",
				     "etc/cryptsetup-keys.d",
				     "etc/keys",
				     "etc/luks",
				     "etc/davfs2/secrets",
				     NULL};

/* Never a workspace, nor anything below. */
static const char *const closed[] = {
    "/etc", "/bin", "/sbin", "/lib",	"/lib32",   "/lib64",	 "/boot",    "/proc",
    "/sys", "/dev", "/run",  "/libx32", "/usr/bin", "/usr/sbin", "/usr/lib", NULL};
/* Never a workspace, but a folder below may be one. */
static const char *const shared[] = {"/",    "/usr",   "/var", "/opt",	     "/home",
				     "/mnt", "/media", "/srv", "/usr/local", NULL};

/* In HOME: never a workspace, nor anything below. */
static const char *const home_closed[] = {".ssh",    ".gnupg",	   ".aws", ".kube",
					  ".docker", ".local/bin", NULL};
/* Where this program's configuration and sessions are: never a workspace, nor what holds them. */
static const struct {
	const char *variable, *other;
} own_places[] = {{"XDG_CONFIG_HOME", ".config"}, {"XDG_STATE_HOME", ".local/state"}};

bool
policy_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == 0 || path[n] == '/');
}

bool
policy_is_system(const char *path)
{
	for (const char *const *s = policy_system; *s; s++)
		if (policy_below(path, *s))
			return true;
	return false;
}

const char *
policy_home(void)
{
	const char *home = getenv("HOME");

	if (!home || home[0] != '/' || !home[1] || strlen(home) >= PATH_MAX ||
	    policy_is_system(home) || strstr(home, "//") || strstr(home, "/.."))
		return HOME_ELSEWHERE;
	return home;
}

bool
policy_state(char path[PATH_MAX])
{
	const char *home = getenv("HOME"), *top = getenv("XDG_STATE_HOME");
	int n;

	if (top && top[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/" OWN_NAME, top);
	else if (home && home[0] == '/')
		n = snprintf(path, PATH_MAX, "%s/.local/state/" OWN_NAME, home);
	else
		return false;
	return n > 0 && n < PATH_MAX;
}

void
sbx_policy_default(struct sbx_policy *p)
{
	struct sysinfo si;

	memset(p, 0, sizeof(*p));
	p->workspace = ".";
	p->limits.memory = MEMORY_MAX;
	if (sysinfo(&si) == 0) {
		uint64_t half = (uint64_t)si.totalram * si.mem_unit / 2;

		if (half < MEMORY_MAX)
			p->limits.memory = half;
	}
	p->limits.processes = PROCESSES_MAX;
	p->limits.files = FILES_MAX;
	p->limits.file_size = FILE_SIZE_MAX;
	p->limits.tmp_size = TMP_SIZE_MAX;
}

static bool
holds_keys(const char *path)
{
	char keys[PATH_MAX + 8];
	struct stat st;

	snprintf(keys, sizeof(keys), "%s/.ssh", path);
	return stat(keys, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The home of the account, which counts whatever HOME says: the next login starts there. Where
 * HOME says nothing, this program's own files are there too, so that it is asked for in full;
 * else only the local file is read, since the name service costs half a millisecond. */
static const char *
account_home(void)
{
	const char *home = getenv("HOME");
	struct passwd *pw = NULL;
	FILE *f;

	if (!home || home[0] != '/') {
		pw = getpwuid(getuid());
	} else if ((f = fopen("/etc/passwd", "re"))) {
		do {
			pw = fgetpwent(f);
		} while (pw && pw->pw_uid != getuid());
		fclose(f);
	}
	return pw && pw->pw_dir[0] == '/' ? pw->pw_dir : "";
}

static bool
above_home(const char *path, const char *home)
{
	char real[PATH_MAX];

	if (!home || !home[0])
		return false;
	return policy_below(home, path) ||
	       (realpath(home, real) && policy_below(real, path));
}

/* What is not there yet would be believed once code had made it. */
static void
policy_settle(char *path, char real[PATH_MAX])
{
	char rest[PATH_MAX] = "";

	while (!realpath(*path ? path : "/", real)) {
		char *slash = strrchr(path, '/'), tail[PATH_MAX];

		if (!slash ||
		    snprintf(tail, sizeof(tail), "%s%s", slash, rest) >= PATH_MAX) {
			real[0] = 0;
			return;
		}
		memcpy(rest, tail, sizeof(rest));
		*slash = 0;
	}
	if (strlen(real) + strlen(rest) < PATH_MAX)
		memcpy(real + strlen(real), rest, strlen(rest) + 1);
}

/* The folder that a variable names, else `other` in `home`, canonical; "" when it is absent. */
static void
user_folder(const char *home, const char *variable, const char *other, char real[PATH_MAX])
{
	const char *top = variable ? getenv(variable) : NULL;
	char path[2 * PATH_MAX];
	size_t n;

	real[0] = 0;
	if (top && top[0] == '/')
		n = (size_t)snprintf(path, sizeof(path), "%s", top);
	else
		n = (size_t)snprintf(path, sizeof(path), "%s/%s", home, other);
	if (n >= sizeof(path) || realpath(path, real))
		return;
	real[0] = 0;
	if (variable)
		policy_settle(path, real);
}

/* The path is, holds or lies in what this program itself believes, of the user with this home;
 * where a link leads there, its end counts too. */
static bool
own_place(const char *path, const char *home)
{
	static const char *const names[] = {"", "/config.yaml"};
	char real[PATH_MAX], own[PATH_MAX + 32], end[PATH_MAX];

	for (size_t i = 0; i < SBX_LEN(own_places) * SBX_LEN(names); i++) {
		size_t place = i / SBX_LEN(names);

		user_folder(home, own_places[place].variable, own_places[place].other,
			    real);
		snprintf(own, sizeof(own), "%s/" OWN_NAME "%s", real,
			 names[i % SBX_LEN(names)]);
		if (real[0] && (policy_below(own, path) || policy_below(path, own)))
			return true;
		if (real[0] && realpath(own, end) &&
		    (policy_below(end, path) || policy_below(path, end)))
			return true;
	}
	return false;
}

bool
policy_is_own(const char *path)
{
	const char *const homes[] = {getenv("HOME"), account_home()};

	for (size_t i = 0; i < SBX_LEN(homes); i++)
		if (homes[i] && homes[i][0] == '/' && own_place(path, homes[i]))
			return true;
	return false;
}

/* Keys, programs that the user starts by name, and what this program itself believes. */
static bool
trusted_by_user(const char *path, const char *home)
{
	char real[PATH_MAX];

	for (const char *const *c = home_closed; *c; c++) {
		user_folder(home, NULL, *c, real);
		if (real[0] && policy_below(path, real))
			return true;
	}
	return own_place(path, home);
}

bool
sbx_policy_check(const struct sbx_policy *p, char canonical[4096], struct sbx_fail *f)
{
	const char *const homes[] = {getenv("HOME"), account_home()};
	char real[PATH_MAX];
	struct stat st;

	memset(f, 0, sizeof(*f));
	if (!realpath(p->workspace, real) || stat(real, &st))
		return sbx_fail_set(f, "workspace", errno, p->workspace);
	if (!S_ISDIR(st.st_mode))
		return sbx_fail_set(f, "workspace", ENOTDIR, real);
	snprintf(canonical, 4096, "%s", real);
	for (const char *const *c = closed; *c; c++)
		if (policy_below(real, *c))
			return sbx_fail_set(f, "workspace", 0, real);
	for (const char *const *s = shared; *s; s++)
		if (strcmp(real, *s) == 0)
			return sbx_fail_set(f, "workspace", 0, real);
	for (size_t i = 0; i < SBX_LEN(homes); i++)
		if (homes[i] && homes[i][0] &&
		    (i == 0 || !homes[0] || strcmp(homes[i], homes[0]) != 0) &&
		    (above_home(real, homes[i]) || trusted_by_user(real, homes[i])))
			return sbx_fail_set(f, "workspace", 0, real);
	if (holds_keys(real))
		return sbx_fail_set(f, "workspace", 0, real);
	return true;
}
