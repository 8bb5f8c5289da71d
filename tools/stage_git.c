/* Judging a repository's settings: see stage_git.h.
 *
 * `git init` makes a config, and an apply that held every one back would never bring a new
 * repository. The judge is the jail's own, sandbox/gitconf.c: in direct mode the same text stays
 * where it is. Code may change the file while it is looked at, so what is judged is a copy.
 * Pinned by tests/jail/test_staged.py. */
#include "tools/stage_git.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/mem.h"
#include "sandbox/sandbox.h"
#include "tools/stage_path.h"

bool
stage_git_harmless(int root, const char *path, const struct stat *as, int copy)
{
	AUTO_CLOSE int fd = stage_open(root, path, O_RDONLY);
	AUTO_FREE char *text = mem_alloc(SBX_GIT_CONFIG_MAX);
	char worktree[1024];
	size_t n = 0;
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !stage_unchanged(as, &st))
		return false;
	while (n < SBX_GIT_CONFIG_MAX &&
	       (got = read(fd, text + n, SBX_GIT_CONFIG_MAX - n)) > 0)
		n += (size_t)got;
	if (!sbx_git_config_harmless(text, n, worktree) ||
	    (worktree[0] && stage_link_out(path, worktree)))
		return false;
	return copy < 0 || (fs_write_all(copy, text, n, NULL) == ERR_NONE &&
			    lseek(copy, 0, SEEK_SET) == 0);
}
