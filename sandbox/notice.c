/* What a notice says and what the user can do: one row for each kind. Contract in sandbox.h.
 * Pinned by tests/unit/test_policy.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/util.h"

/* `what` stands where %s is. What allows it: in a session, and on the command line. */
static const struct notice_row {
	const char *says, *remedy, *option;
} rows[SBX_NOTE_LAST + 1] = {
    [SBX_NOTE_HIDDEN] = {"%s is hidden: secrets are not shown to code", "/allow read %s",
			 "--allow-read %s"},
    [SBX_NOTE_PROTECTED] = {"%s is read-only: programs outside run what it says",
			    "/allow write %s", "--allow-write %s"},
    [SBX_NOTE_SOCKET] = {"%s is masked: a program outside listens there", "/allow write %s",
			 "--allow-write %s"},
    [SBX_NOTE_AUTORUN] = {"%s was put aside: programs outside would run it",
			  "/allow write %s", "--allow-write %s"},
    [SBX_NOTE_CALL] = {"%s is refused", "", ""},
    [SBX_NOTE_CONNECT] = {"connect %s is refused: the network is off", "/net allow HOST",
			  "--allow-net=HOST"},
    [SBX_NOTE_HOST] = {"host %s is not allowed", "/net allow %s", "--allow-net=%s"},
    [SBX_NOTE_FILE] = {"%s is read-only here", "/allow write FOLDER",
		       "--allow-write FOLDER"},
    [SBX_NOTE_LIMIT] = {"the limit of %s was hit", "/limits shows and changes it", ""},
    [SBX_NOTE_SHOWN] = {"%s is shown to code", "", ""},
    [SBX_NOTE_TRACKED] = {"%s is not hidden: git tracks it, and has its bytes",
			  "git rm --cached %s, and name it in .gitignore", ""},
    [SBX_NOTE_INPUT] = {"the code asked for input and got end of file: no terminal",
			"give it its input in the code, or from a file", ""},
};

/* A path that is there outside, but not shown. */
static const char hidden_says[] = "%s is hidden: code sees the workspace and the system";

/* The options behind the names that limits are told by. */
static const struct {
	const char *what, *option;
} limits[] = {
    {"memory", "--limit-memory SIZE"},
    {"processes", "--limit-processes N"},
    {"open files", "--limit-files N"},
    {"file size", "--limit-file-size SIZE"},
    {"temporary files", "--limit-tmp-size SIZE"},
};

/* Addresses, where there is more to say than that the network is off. */
static const struct {
	const char *detail, *says;
} addresses[] = {
    {NOTE_LOOKUP, "names of hosts are not looked up: the network is off"},
    {NOTE_BY_NAME, "connect %s is refused: allowed hosts are reached by their names"},
};

/* Why calls are refused: one row for each reason. Names between spaces. */
static const struct {
	const char *calls, *why, *remedy;
} reasons[] = {
    {" mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
     "mount_setattr ",
     "the file tree stays as the sandbox shows it", ""},
    {" unshare setns clone ", "there are no namespaces inside the sandbox", ""},
    {" ptrace process_vm_readv process_vm_writev pidfd_getfd process_madvise ",
     "debuggers are off", "--debug-tools when sunaba is started"},
    {" bpf perf_event_open syslog lookup_dcookie fanotify_init fanotify_mark ",
     "it shows what other programs do", ""},
    {" keyctl add_key request_key ", "the kernel's keys are not for code", ""},
    {" io_uring_setup ", "it goes round the sandbox's checks; programs do without", ""},
    {" init_module finit_module delete_module kexec_load kexec_file_load reboot swapon "
     "swapoff settimeofday clock_settime clock_adjtime adjtimex stime quotactl quotactl_fd "
     "acct vhangup sethostname setdomainname iopl ioperm migrate_pages move_pages ",
     "it changes the machine, not only the sandbox", ""},
    {" open_by_handle_at ", "files are reached by their paths alone", ""},
    {" modify_ldt ", "old programs alone need it, and attackers", ""},
    {" chmod fchmod fchmodat mknod mknodat creat open openat ",
     "no file gets set-user-ID or set-group-ID bits", ""},
    {" socket socketpair ", "sockets are unix, inet, inet6 or netlink route ones", ""},
    {" personality ", "addresses stay random", ""},
};

/* The reason's index, or -1. */
static int
reason_of(const char *call)
{
	char name[40];

	snprintf(name, sizeof(name), " %.32s ", call);
	for (size_t i = 0; i < SBX_LEN(reasons); i++)
		if (strstr(reasons[i].calls, name))
			return (int)i;
	return -1;
}

/* Puts `what`, which is hostile, where the row, which is not, has %s. */
static void
expand(const char *row, const char *what, char *out, size_t n)
{
	size_t at = 0;

	while (*row && at + 1 < n) {
		size_t m = strlen(what);

		if (row[0] != '%' || row[1] != 's') {
			out[at++] = *row++;
			continue;
		}
		m = m < n - at ? m : n - at - 1;
		memcpy(out + at, what, m);
		at += m;
		row += 2;
	}
	if (n)
		out[at] = 0;
}

bool
sbx_notice_idle(const struct sbx_notice *n)
{
	return n->kind == SBX_NOTE_CONNECT && strcmp(n->detail, NOTE_LOOKUP) == 0;
}

/* The row's text, or a better one. */
static const char *
says_of(const struct sbx_notice *n)
{
	if (n->kind == SBX_NOTE_FILE && n->sys == ENOENT)
		return hidden_says;
	for (size_t i = 0; n->kind == SBX_NOTE_CONNECT && i < SBX_LEN(addresses); i++)
		if (strcmp(n->detail, addresses[i].detail) == 0)
			return addresses[i].says;
	return rows[n->kind].says;
}

const char *
notice_limit_option(const char *what)
{
	for (size_t i = 0; i < SBX_LEN(limits); i++)
		if (strcmp(limits[i].what, what) == 0)
			return limits[i].option;
	return "";
}

void
sbx_notice_option(const struct sbx_notice *n, char *hint, size_t nhint)
{
	enum sbx_notice_kind kind = says_of(n) == hidden_says ? SBX_NOTE_HIDDEN : n->kind;
	int reason = kind == SBX_NOTE_CALL ? reason_of(n->what) : -1;
	const char *option = rows[kind].option;

	if (kind == SBX_NOTE_LIMIT)
		option = notice_limit_option(n->what);
	else if (reason >= 0)
		option = reasons[reason].remedy;
	expand(option, n->what, hint, nhint);
}

void
sbx_notice_text(const struct sbx_notice *n, char *msg, size_t nmsg, char *hint,
		size_t nhint)
{
	const char *says = says_of(n);
	const struct notice_row *row =
	    &rows[says == hidden_says ? SBX_NOTE_HIDDEN : n->kind];
	int reason = n->kind == SBX_NOTE_CALL ? reason_of(n->what) : -1;
	size_t len;

	expand(says, n->what, msg, nmsg);
	expand(reason < 0 ? row->remedy : reasons[reason].remedy, n->what, hint, nhint);
	len = strlen(hint);
	if (row->option[0] && len + 6 < nhint) {
		memcpy(hint + len, ", or ", 6);
		expand(row->option, n->what, hint + len + 5, nhint - len - 5);
	}
	len = strlen(msg);
	if (reason >= 0) {
		snprintf(msg + len, nmsg - len, ": %s", reasons[reason].why);
		len = strlen(msg);
	}
	if (n->detail[0] && says != addresses[0].says && says != addresses[1].says)
		snprintf(msg + len, nmsg - len, " (%s)", n->detail);
}
