/* chafa: pictures as what a terminal draws; opened when first used, see lib.h. It need not be
 * there.
 *
 * Declared here and not by its own header, which drags GLib's along: so that no package is needed
 * to build, and a program built anywhere draws wherever the library is. What stands here has
 * been so since 1.10 (2022) and is what its soname stands for.
 *
 * Source: chafa 1.12.4, chafa-canvas-config.h, chafa-canvas.h, chafa-symbol-map.h,
 * chafa-term-db.h. */
#ifndef SUNABA_BASE_LIB_CHAFA_H
#define SUNABA_BASE_LIB_CHAFA_H

#include <stddef.h>

#include "agent/base/lib.h"

#define LIB_CHAFA_SONAME  "libchafa.so.0"
#define LIB_CHAFA_PACKAGE "libchafa0"

struct chafa_config;
struct chafa_canvas;
struct chafa_symbols;
struct chafa_term_db;
struct chafa_term_info;
struct chafa_text { /* GString */
	char *str;
	size_t len, allocated;
};
enum chafa_mode {
	CHAFA_TRUECOLOR,
	CHAFA_INDEXED_240 = 2,
	CHAFA_INDEXED_16,
	CHAFA_FGBG = 5
};
enum chafa_pixel_mode { CHAFA_SYMBOLS, CHAFA_SIXELS, CHAFA_KITTY, CHAFA_ITERM2 };
enum { CHAFA_RGBA8_UNASSOCIATED = 4, CHAFA_REUSE_ATTRIBUTES = 1 };
enum { CHAFA_TAG_SPACE = 1, CHAFA_TAG_BLOCK = 1 << 3, CHAFA_TAG_ASCII = 1 << 14 };

struct chafa_config *chafa_canvas_config_new(void);
void chafa_canvas_config_unref(struct chafa_config *);
void chafa_canvas_config_set_geometry(struct chafa_config *, int columns, int rows);
void chafa_canvas_config_set_cell_geometry(struct chafa_config *, int width, int height);
void chafa_canvas_config_set_canvas_mode(struct chafa_config *, int chafa_mode);
void chafa_canvas_config_set_pixel_mode(struct chafa_config *, int chafa_pixel_mode);
void
chafa_canvas_config_set_symbol_map(struct chafa_config *, const struct chafa_symbols *);
void chafa_canvas_config_set_optimizations(struct chafa_config *, int flags);
struct chafa_canvas *chafa_canvas_new(const struct chafa_config *);
void chafa_canvas_unref(struct chafa_canvas *);
void
chafa_canvas_draw_all_pixels(struct chafa_canvas *, int type, const unsigned char *pixels,
			     int width, int height, int row_bytes);
struct chafa_text *chafa_canvas_print(struct chafa_canvas *, struct chafa_term_info *);
void chafa_set_n_threads(int n);
struct chafa_symbols *chafa_symbol_map_new(void);
void chafa_symbol_map_unref(struct chafa_symbols *);
void chafa_symbol_map_add_by_tags(struct chafa_symbols *, int tags);
struct chafa_term_db *chafa_term_db_get_default(void);
struct chafa_term_info *chafa_term_db_detect(struct chafa_term_db *, char **environment);
void chafa_term_info_unref(struct chafa_term_info *);
char *g_string_free(struct chafa_text *, int free_segment); /* of GLib, which comes along */

/* clang-format off */
#define LIB_CHAFA(X) \
	X(chafa_canvas_config_new) \
	X(chafa_canvas_config_unref) \
	X(chafa_canvas_config_set_geometry) \
	X(chafa_canvas_config_set_cell_geometry) \
	X(chafa_canvas_config_set_canvas_mode) \
	X(chafa_canvas_config_set_pixel_mode) \
	X(chafa_canvas_config_set_symbol_map) \
	X(chafa_canvas_config_set_optimizations) \
	X(chafa_canvas_new) \
	X(chafa_canvas_unref) \
	X(chafa_canvas_draw_all_pixels) \
	X(chafa_canvas_print) \
	X(chafa_set_n_threads) \
	X(chafa_symbol_map_new) \
	X(chafa_symbol_map_unref) \
	X(chafa_symbol_map_add_by_tags) \
	X(chafa_term_db_get_default) \
	X(chafa_term_db_detect) \
	X(chafa_term_info_unref) \
	X(g_string_free)
/* clang-format on */

LIB_DECLARE_OPTIONAL(chafa, LIB_CHAFA)

#endif
