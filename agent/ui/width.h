/* How many columns text takes, and where it may be broken.
 *
 * Grapheme clusters and line breaks are libunistring's (UAX #29, UAX #14); widths are our own
 * function over clusters, because no table is right for every terminal. */
#ifndef SUNABA_UI_WIDTH_H
#define SUNABA_UI_WIDTH_H

#include "agent/base/util.h"

struct width_conf {
	int ambiguous; /* columns of East Asian ambiguous characters: 1 or 2 */
	int vs16;      /* columns of a narrow base with VS16: 1 or 2 */
	bool clusters; /* ZWJ and modifier sequences are drawn as one emoji */
};
extern struct width_conf width_conf; /* set once by the terminal's probe or the config */

/* True when terminals differ about the columns of this text: emoji, ambiguous characters. */
bool width_uncertain(const char *p, size_t n);
int width_of(const char *p, size_t n); /* columns; text is valid UTF-8 without controls */
/* Bytes of the first grapheme cluster, its columns in *cols; n > 0. */
size_t width_cluster(const char *p, size_t n, int *cols);
/* Bytes that fit into `cols` columns, on a cluster border. */
size_t width_fit(const char *p, size_t n, int cols, int *used);
/* Marks in breaks[n] where a line may (1) or must (2) break before byte i. */
void width_breaks(const char *p, size_t n, char *breaks);

#endif
