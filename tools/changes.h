/* Which files of the workspace a step created, changed or deleted: two walks, compared.
 *
 * A walk notes name, type, size, inode and time of change of every file that is no folder. It is
 * bounded in entries and in time; when it cannot finish, nothing is said about files, and after
 * that happened CHANGES_TRIES times in a row (once, when there are too many entries) walks are
 * over for good. Links are not followed, no other file system is entered, and `.git`,
 * `node_modules`, `.venv` and `__pycache__` are passed over: code may change the tree meanwhile. */
#ifndef SUNABA_TOOLS_CHANGES_H
#define SUNABA_TOOLS_CHANGES_H

#include "agent/base/buf.h"
#include "tools/magic.h"

#define CHANGES_ENTRIES_MAX 20000
#define CHANGES_CPU_US	    20000 /* of one walk */
#define CHANGES_WALK_MS	    1000 /* of one walk: slow disks; a busy machine's pauses pass */
#define CHANGES_DEPTH_MAX   64	 /* folders within folders */
#define CHANGES_TRIES	    3
#define CHANGES_MAX	    40 /* files that are named */
#define CHANGES_SHOWN	    8  /* to the user */
#define CHANGES_PICTURES    8  /* files that are looked into */

struct change {
	char sign;	      /* '+' created, '~' changed, '-' deleted */
	char *path;	      /* relative to the workspace, as the kernel has it */
	struct magic picture; /* what NULL: none */
};

struct change_list {
	struct change at[CHANGES_MAX]; /* by path */
	size_t n;
	size_t total; /* named or not */
};

struct changes;
struct changes *changes_new(void);
void changes_free(struct changes *c);
/* Before the step. `fd` is the workspace (O_PATH is enough), borrowed for the call. */
void changes_before(struct changes *c, int fd);
/* After it: NULL when nothing was changed or nothing is known. The caller's. */
struct change_list *changes_after(struct changes *c, int fd);
/* Why changes are no longer told of, once; NULL otherwise. Static storage. */
const char *changes_note(struct changes *c);

void change_list_free(struct change_list *l);
/* "+a.png ~b.txt -c", the first `most` of them; names with blanks are quoted, hidden and control
 * characters written out. */
void change_list_text(const struct change_list *l, size_t most, struct buf *out);
/* One of them is a picture. */
bool change_list_has_picture(const struct change_list *l);
/* "plot.png 640x480, b.gif 8x8"; nothing when there is none. */
void change_list_pictures(const struct change_list *l, struct buf *out);

#endif
