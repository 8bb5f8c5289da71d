/* What a layer changes: its entries compared with the workspace below. */
#ifndef SUNABA_TOOLS_STAGE_LIST_H
#define SUNABA_TOOLS_STAGE_LIST_H

#include "tools/stage_fs.h"

#define STAGE_CHANGES_MAX ((size_t)200000) /* changes in one list */

enum stage_kind {
	STAGE_ADD,    /* a file or link that is not there */
	STAGE_MODIFY, /* other bytes, or another target of a link */
	STAGE_DELETE, /* a file, or a folder with all that is in it */
	STAGE_MKDIR,
	STAGE_TYPE, /* a file in a folder's place, a link in a file's, … */
	STAGE_MODE, /* permissions alone */
	STAGE_ODD,  /* a device, FIFO or socket, or what cannot be read: never applied */
};

enum {
	STAGE_F_AUTORUN = 1, /* programs outside run it by themselves */
	STAGE_F_LINK_OUT = 2,
	STAGE_F_SETID = 4,    /* the bits are dropped */
	STAGE_F_EXEC = 8,     /* can be executed, and could not before */
	STAGE_F_GITCONF = 16, /* a new repository's settings, of which none runs anything */
};

struct stage_change {
	enum stage_kind kind;
	unsigned flags;
	char *path;	  /* relative to the workspace; any bytes */
	struct stat from; /* below; st_mode 0: absent */
	struct stat to; /* in the layer; st_mode 0: absent (else of the whiteout, if any) */
	unsigned
	    inside; /* entries that go with a deleted folder, STAGE_INSIDE_MAX at most */
	int sys;    /* STAGE_ODD: why it cannot be read, or 0 */
};
#define STAGE_INSIDE_MAX 10000

struct stage_list {
	struct stage_change *at; /* folders before what is in them, else by name */
	size_t n, cap;
	bool cut; /* there is more than STAGE_CHANGES_MAX, or too deep */
};

/* Walks `upper`, comparing with `lower`; both are descriptors of folders. What is equal is no
 * change. `git`: they are a git directory, whatever its name. */
void stage_list_make(int upper, int lower, bool git, struct stage_list *out);
void stage_list_release(struct stage_list *l);
/* Nothing in it can ever be applied: there is nothing to wait for. */
bool stage_list_idle(const struct stage_list *l);
/* The path of a deleted file with the bytes of this new one: it was renamed. NULL: there is none,
 * or not among the first STAGE_RENAMES_MAX that were deleted. */
const char *stage_list_was(const struct stage_list *l, int upper, int lower,
			   const struct stage_change *c);
#define STAGE_RENAMES_MAX   100
#define STAGE_RENAMED_BYTES (4 * MIB) /* larger files are not compared */
/* The change at this path, or NULL. */
const struct stage_change *stage_list_find(const struct stage_list *l, const char *path);
/* "A", "M", "D", "+", "T", "P", "!" and in words. */
char stage_kind_letter(enum stage_kind k);

#endif
