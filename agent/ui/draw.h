/* Pictures on the screen: from a file to what the terminal draws. */
#ifndef SUNABA_UI_DRAW_H
#define SUNABA_UI_DRAW_H

#include "agent/ui/term.h"
#include "tools/picture.h"

/* Decodes the picture `fd` in a cell and draws it in at most `rows` rows of the screen, never
 * larger than it is. `name` is for messages. The loop turns meanwhile. On CANVAS_NONE nothing is
 * done. Errors: those of picture_decode() and picture_bounds(); ERR_CONFIG with the package in
 * the hint when chafa is not installed. */
enum err_kind draw_picture(struct term *t, struct loop *l, int fd, const char *name,
			   const struct picture_head *h, int rows, struct err *e);
/* chafa is there. */
bool draw_can(void);

/* Pixels as the bytes that draw them in columns x rows; ERR_CONFIG, ERR_LIMIT. */
enum err_kind draw_bytes(const struct pixels *p, const struct canvas *c, int columns,
			 int rows, struct buf *out, struct err *e);

#endif
