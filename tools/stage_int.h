/* Inside of a layer, shared by stage.c and stage_trees.c. */
#ifndef SUNABA_TOOLS_STAGE_INT_H
#define SUNABA_TOOLS_STAGE_INT_H

#include "tools/stage.h"

#define TURNS_MAX 64 /* that can be taken back */
#define STAGE_LINKED \
	"git" /* folder of the second tree; the jail makes it (sandbox/stage.c) */

struct turn {
	struct snap *snap; /* at its beginning; NULL: nothing was there */
	bool message;
};

struct stage {
	char id[STAGE_ID_MAX];
	char *folder, *workspace, *temp;
	int dir, upper, lower, turns; /* descriptors */
	int view;		      /* borrowed, or -1 */
	struct stage_base *base;
	struct turn turn[TURNS_MAX];
	size_t nturns;
	unsigned number; /* of files in "turns" */
	bool drop;
	bool is_linked;
	struct stage *linked;
};

/* The tree over the git directory that the workspace is a linked worktree of, once the jail has
 * made one, or NULL. Of `s`, which is not such a tree itself. */
struct stage *stage_linked(struct stage *s);

#endif
