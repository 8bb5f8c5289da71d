/* Between changes.c and changes_list.c. */
#ifndef SUNABA_TOOLS_CHANGES_INT_H
#define SUNABA_TOOLS_CHANGES_INT_H

#include "tools/changes.h"

/* Looks into the first pictures of the list; `root` is the workspace. */
void change_list_look(struct change_list *l, int root);

#endif
