/* The escaped view of agent/gate/escape.h in rows and styles. */
#ifndef SUNABA_UI_ESCAPE_H
#define SUNABA_UI_ESCAPE_H

#include "agent/gate/escape.h"
#include "agent/ui/row.h"

/* Adds the one-line view to a row, brackets and stand-ins in their own style. */
void escape_row(struct row *r, enum style_name s, const char *p, size_t n, unsigned mode);
/* The style that a piece is shown in; `plain` for ESCAPE_TEXT. */
enum style_name escape_style(enum escape_kind kind, enum style_name plain);

#endif
