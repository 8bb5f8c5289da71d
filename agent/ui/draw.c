/* Pictures on the screen. Contract in draw.h.
 *
 * chafa turns pixels into the bytes of the terminal's protocol; it sees no file, only the pixels
 * that came out of the decoder's cell. Which sequences it uses is asked of its own table of
 * terminals, for one of each kind, not for the one at hand: that was found out already.
 *
 * Pinned by tests/e2e/test_pictures.py. */
#include <string.h>

#include "agent/base/lib_chafa.h"
#include "agent/base/mem.h"
#include "agent/ui/draw.h"

#define DRAW_WIDTH_MAX	1600u /* pixels; so many fit into CANVAS_BYTES_MAX in any protocol */
#define DRAW_HEIGHT_MAX 900u

/* By enum canvas_kind: chafa's mode, and a terminal that has it. */
static const struct draw_row {
	int pixel_mode;
	const char *environment[3];
} draw_rows[] = {
    [CANVAS_SYMBOLS] = {CHAFA_SYMBOLS, {"TERM=xterm-256color", "COLORTERM=truecolor"}},
    [CANVAS_SIXEL] = {CHAFA_SIXELS, {"TERM=foot"}},
    [CANVAS_KITTY] = {CHAFA_KITTY, {"TERM=xterm-kitty"}},
    [CANVAS_ITERM2] = {CHAFA_ITERM2, {"TERM=xterm-256color", "TERM_PROGRAM=iTerm.app"}},
};
static const int draw_modes[] = {[CANVAS_MONO] = CHAFA_FGBG,
				 [CANVAS_16] = CHAFA_INDEXED_16,
				 [CANVAS_256] = CHAFA_INDEXED_240,
				 [CANVAS_TRUE] = CHAFA_TRUECOLOR};

bool
draw_can(void)
{
	return lib_chafa_open() != NULL;
}

static struct chafa_config *
draw_config(const struct lib_chafa *lib, const struct canvas *c, int columns, int rows)
{
	struct chafa_config *config = lib->chafa_canvas_config_new();
	struct chafa_symbols *symbols = lib->chafa_symbol_map_new();
	bool pixels = c->kind != CANVAS_SYMBOLS;

	lib->chafa_symbol_map_add_by_tags(
	    symbols, CHAFA_TAG_SPACE | (c->ascii ? CHAFA_TAG_ASCII : CHAFA_TAG_BLOCK));
	lib->chafa_canvas_config_set_symbol_map(config, symbols);
	lib->chafa_canvas_config_set_pixel_mode(config, draw_rows[c->kind].pixel_mode);
	lib->chafa_canvas_config_set_canvas_mode(config, pixels ? CHAFA_TRUECOLOR
								: draw_modes[c->colors]);
	lib->chafa_canvas_config_set_geometry(config, columns, rows);
	lib->chafa_canvas_config_set_cell_geometry(config, (int)c->cell_width,
						   (int)c->cell_height);
	lib->chafa_canvas_config_set_optimizations(config, CHAFA_REUSE_ATTRIBUTES);
	lib->chafa_symbol_map_unref(symbols);
	return config;
}

/* Four bytes a pixel, with nothing to the right and below up to whole cells: chafa would stretch
 * the picture to them. What is too large for them is cut. */
static unsigned char *
draw_pad(const struct pixels *p, unsigned width, unsigned height)
{
	unsigned char *out = mem_alloc((size_t)width * height * 4);

	for (unsigned y = 0; y < MIN_OF(p->height, height); y++) {
		const unsigned char *from = p->rgb + (size_t)y * p->width * 3;
		unsigned char *to = out + (size_t)y * width * 4;

		for (unsigned x = 0; x < MIN_OF(p->width, width); x++, from += 3, to += 4) {
			memcpy(to, from, 3);
			to[3] = 255;
		}
	}
	return out;
}

static struct chafa_text *
draw_print(const struct lib_chafa *lib, const struct pixels *p,
	   const struct chafa_config *config, enum canvas_kind kind, unsigned width,
	   unsigned height)
{
	AUTO_FREE unsigned char *rgba = draw_pad(p, width, height);
	struct chafa_canvas *canvas = lib->chafa_canvas_new(config);
	struct chafa_term_info *info = lib->chafa_term_db_detect(
	    lib->chafa_term_db_get_default(), (char **)draw_rows[kind].environment);
	struct chafa_text *text;

	lib->chafa_canvas_draw_all_pixels(canvas, CHAFA_RGBA8_UNASSOCIATED, rgba,
					  (int)width, (int)height, (int)width * 4);
	text = lib->chafa_canvas_print(canvas, info);
	lib->chafa_term_info_unref(info);
	lib->chafa_canvas_unref(canvas);
	return text;
}

enum err_kind
draw_bytes(const struct pixels *p, const struct canvas *c, int columns, int rows,
	   struct buf *out, struct err *e)
{
	const struct lib_chafa *lib = lib_chafa_open();
	struct chafa_config *config;
	struct chafa_text *text;
	bool fits;

	if (!lib) {
		err_set(e, ERR_CONFIG, "pictures are drawn by %s, which is not installed",
			LIB_CHAFA_SONAME);
		err_hint(e, "apt install %s", LIB_CHAFA_PACKAGE);
		return ERR_CONFIG;
	}
	lib->chafa_set_n_threads(1); /* its threads would get our signals */
	config = draw_config(lib, c, columns, rows);
	text = draw_print(lib, p, config, c->kind, (unsigned)columns * c->cell_width,
			  (unsigned)rows * c->cell_height);
	lib->chafa_canvas_config_unref(config);
	fits = buf_add(out, text->str, text->len);
	lib->g_string_free(text, 1);
	return fits ? ERR_NONE : err_set(e, ERR_LIMIT, "the picture is too large to draw");
}

/* Cells that so many pixels lie in. */
static int
draw_cells(unsigned pixels, unsigned cell)
{
	return (int)((pixels + cell - 1) / cell);
}

/* The pixels to decode, before they are turned. */
static void
draw_fit(const struct picture_head *h, const struct canvas *c, int columns, int rows,
	 struct pixels *out)
{
	unsigned width = MIN_OF((unsigned)columns * c->cell_width, DRAW_WIDTH_MAX);
	unsigned height = MIN_OF((unsigned)rows * c->cell_height, DRAW_HEIGHT_MAX);

	if (h->turn >= 5)
		picture_fit(h, height, width, out);
	else
		picture_fit(h, width, height, out);
}

enum err_kind
draw_picture(struct term *t, struct loop *l, int fd, const char *name,
	     const struct picture_head *h, int rows, struct err *e)
{
	const struct canvas *c = term_canvas(t);
	AUTO_BUF struct buf bytes = BUF_INIT(CANVAS_BYTES_MAX);
	int columns = MAX_OF(term_width(t) - 1, 1);
	struct pixels p = {0};
	enum err_kind kind = picture_bounds(h, e);

	rows = MAX_OF(rows, 1); /* chafa ends the program over a canvas without any */
	if (kind)
		return err_context(e, "'%s'", name);
	if (c->kind == CANVAS_NONE)
		return ERR_NONE;
	if (!draw_can())
		return draw_bytes(&p, c, 0, 0, &bytes, e);
	term_flush(t, NULL); /* what stands above comes before the wait */
	draw_fit(h, c, columns, rows, &p);
	kind = picture_decode(fd, name, h, l, &p, e);
	if (kind)
		return kind;
	pixels_turn(&p, h->turn);
	kind = draw_bytes(&p, c, MIN_OF(draw_cells(p.width, c->cell_width), columns),
			  MIN_OF(draw_cells(p.height, c->cell_height), rows), &bytes, e);
	pixels_release(&p);
	while (bytes.len && bytes.data[bytes.len - 1] == '\n')
		bytes.len--;
	if (!kind && !term_picture(t, bytes.data, bytes.len))
		kind =
		    err_set(e, ERR_INTERNAL, "'%s' cannot be drawn on this terminal", name);
	return kind;
}
