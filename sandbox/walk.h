/* A bounded look through a tree of folders that hostile code may be changing, and the quick
 * second look: only folders whose status changed are read again.
 *
 * Nothing is followed: every folder is opened below the tree's descriptor without links. */
#ifndef SUNABA_SANDBOX_WALK_H
#define SUNABA_SANDBOX_WALK_H

#include "sandbox/util.h"

#define WALK_FOLDERS_MAX 20000

struct walk_entry {
	const char *path; /* from the top, no slash in front; the top itself is "" */
	const char *name; /* its last part */
	unsigned type;	  /* DT_REG, … never DT_UNKNOWN; DT_DIR for `bare` too */
	bool bare;	  /* not an entry: the folder `path` looks like a git directory */
};
/* For a folder: whether to look into it (of a `bare` one: further). Otherwise ignored. */
typedef bool walk_see(const struct walk_entry *e, void *arg);

struct walk;
/* `top` is borrowed. */
struct walk *walk_new(int top);
void walk_free(struct walk *w);
/* The first call sees everything, outer folders first; a later one what stands in folders that
 * changed since, seen before or not. */
void walk_run(struct walk *w, walk_see *see, void *arg);
/* Folders were left out: more than WALK_FOLDERS_MAX, or too deep. */
bool walk_cut(const struct walk *w);
size_t walk_folders(const struct walk *w);

/* Opens `path` below `at` ("" is `at` itself) through no link; -1 with errno. */
int walk_open(int at, const char *path, int flags);

#endif
