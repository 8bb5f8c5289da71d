/* The decoder's process: a cell of the sandbox. See picture.h.
 *
 * It opens the one library that it needs, locks itself in, and only then reads the file, all of
 * it, from descriptor 0. Out go the target's rows, nothing else; how it went is the exit code.
 * Nothing here prints: what a decoder complains about is made of hostile bytes.
 *
 * Both libraries are spoken to through interfaces whose layout their projects keep: libpng's
 * simplified one (png_image, version 1) and TurboJPEG. They are declared here, so that no header
 * is needed to build; the names are sonames, which stand for the layout.
 *
 * Sources: libpng-manual.txt 1.6.39, section XIII (simplified API); turbojpeg.h 2.1.
 * Pinned by tests/unit/test_picture.c and tests/e2e/test_pictures.py. */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "agent/base/mem.h"
#include "sandbox/sandbox.h"
#include "tools/picture.h"

#define CELL_MEMORY \
	(512 * MIB) /* the file, 64 megapixels of 3 bytes, and what the library needs */
#define CELL_CPU_S 10

static const struct picture_lib libs[] = {
    [PICTURE_PNG] = {"libpng16.so.16", "libpng16-16"},
    [PICTURE_JPEG] = {"libturbojpeg.so.0", "libturbojpeg0"},
};

const struct picture_lib *
picture_lib_of(enum picture_kind kind)
{
	return &libs[kind];
}

/* What main() was asked to do, and the file. */
struct cell {
	enum picture_kind kind;
	unsigned width, height; /* that the head told */
	unsigned to_width, to_height;
	void *lib;
	unsigned char *file;
	size_t len;
};

static void __attribute__((noreturn)) cell_end(enum picture_end end)
{
	_exit((int)end);
}

/* mem_*() would print and call hooks. */
static void *
cell_alloc(size_t n)
{
	void *p = malloc(MAX_OF(n, (size_t)1));

	if (!p)
		cell_end(PICTURE_NO_MEMORY);
	return p;
}

static void
cell_write(const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			_exit(1);
		p += k;
		n -= (size_t)k;
	}
}

static void
cell_read(struct cell *c)
{
	size_t cap = MIB;
	ssize_t n;

	c->file = cell_alloc(cap);
	while ((n = read(STDIN_FILENO, c->file + c->len, cap - c->len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			cell_end(PICTURE_DAMAGED);
		c->len += (size_t)n;
		if (c->len < cap)
			continue;
		if (cap >= PICTURE_FILE_MAX)
			cell_end(PICTURE_NO_MEMORY);
		cap *= 2;
		c->file = realloc(c->file, cap);
		if (!c->file)
			cell_end(PICTURE_NO_MEMORY);
	}
}

/* Scales whole rows of the decoder's picture, which may be smaller than the head's. */
static void
cell_put(const struct cell *c, const unsigned char *rgb, unsigned width, unsigned height)
{
	struct picture_scale s;
	unsigned char *row = cell_alloc((size_t)c->to_width * 3);

	picture_scale_init(&s, width, height, c->to_width, c->to_height);
	for (unsigned y = 0; y < height; y++)
		if (picture_scale_row(&s, rgb + (size_t)y * width * 3, row))
			cell_write(row, (size_t)c->to_width * 3);
}

/* ---- PNG ---- */

#define PNG_IMAGE_V1 1
#define PNG_RGB	     2u /* PNG_FORMAT_FLAG_COLOR: 8 bits of red, green, blue */

struct png_image_v1 {
	void *opaque;
	uint32_t version, width, height, format, flags, colormap_entries, warning_or_error;
	char message[64];
};
struct png_color_v1 {
	unsigned char red, green, blue;
};
typedef int png_begin_fn(struct png_image_v1 *, const void *, size_t);
typedef int png_finish_fn(struct png_image_v1 *, const struct png_color_v1 *background,
			  void *buffer, int32_t row_stride, void *colormap);

struct png_calls {
	png_begin_fn *begin;
	png_finish_fn *finish;
};

static bool
png_find(void *lib, struct png_calls *p)
{
	*(void **)&p->begin = dlsym(lib, "png_image_begin_read_from_memory");
	*(void **)&p->finish = dlsym(lib, "png_image_finish_read");
	return p->begin && p->finish;
}

static void
png_decode(const struct cell *c, const struct png_calls *p)
{
	const struct png_color_v1 white = {255, 255, 255};
	struct png_image_v1 image = {.version = PNG_IMAGE_V1};
	unsigned char *rgb;

	if (!p->begin(&image, c->file, c->len))
		cell_end(PICTURE_DAMAGED);
	if (image.width != c->width || image.height != c->height)
		cell_end(PICTURE_OTHER);
	image.format = PNG_RGB;
	rgb = cell_alloc((size_t)c->width * c->height * 3);
	if (!p->finish(&image, &white, rgb, 0, NULL))
		cell_end(PICTURE_DAMAGED);
	cell_put(c, rgb, c->width, c->height);
}

/* ---- JPEG ---- */

#define TJ_RGB	     0
#define TJ_EIGHTHS   8
#define TJ_WARNING   0
#define TJ_ACCURATE  4096
#define TJ_LIMITSCAN 32768 /* a progressive file of a thousand scans is an attack */

typedef void *tj_init_fn(void);
typedef int tj_head_fn(void *, const unsigned char *, unsigned long, int *width,
		       int *height, int *subsampling, int *colorspace);
typedef int tj_decode_fn(void *, const unsigned char *, unsigned long, unsigned char *to,
			 int width, int pitch, int height, int format, int flags);
typedef int tj_code_fn(void *);

struct tj_calls {
	tj_init_fn *init;
	tj_head_fn *head;
	tj_decode_fn *decode;
	tj_code_fn *code;
};

static bool
tj_find(void *lib, struct tj_calls *t)
{
	*(void **)&t->init = dlsym(lib, "tjInitDecompress");
	*(void **)&t->head = dlsym(lib, "tjDecompressHeader3");
	*(void **)&t->decode = dlsym(lib, "tjDecompress2");
	*(void **)&t->code = dlsym(lib, "tjGetErrorCode");
	return t->init && t->head && t->decode && t->code;
}

/* The decoder can leave out detail that would be averaged away: 1/8, 1/4, 1/2 or all. */
static int
tj_eighths(const struct cell *c)
{
	for (int k = 1; k < TJ_EIGHTHS; k *= 2)
		if (c->width * (unsigned)k / TJ_EIGHTHS >= c->to_width &&
		    c->height * (unsigned)k / TJ_EIGHTHS >= c->to_height)
			return k;
	return TJ_EIGHTHS;
}

static void
tj_decode(const struct cell *c, const struct tj_calls *t)
{
	void *tj = t->init();
	int width = 0, height = 0, unused[2], k = tj_eighths(c);
	unsigned char *rgb;

	if (!tj)
		cell_end(PICTURE_NO_MEMORY);
	if (t->head(tj, c->file, c->len, &width, &height, &unused[0], &unused[1]))
		cell_end(PICTURE_DAMAGED);
	if (width != (int)c->width || height != (int)c->height)
		cell_end(PICTURE_OTHER);
	width = (width * k + TJ_EIGHTHS - 1) / TJ_EIGHTHS;
	height = (height * k + TJ_EIGHTHS - 1) / TJ_EIGHTHS;
	rgb = cell_alloc((size_t)width * (size_t)height * 3);
	memset(rgb, 255, (size_t)width * (size_t)height * 3);
	/* What warnings are about (bytes too many, an end that is missing) can be looked at. */
	if (t->decode(tj, c->file, c->len, rgb, width, 0, height, TJ_RGB,
		      TJ_ACCURATE | TJ_LIMITSCAN) &&
	    t->code(tj) != TJ_WARNING)
		cell_end(PICTURE_DAMAGED);
	cell_put(c, rgb, (unsigned)width, (unsigned)height);
}

/* ---- the process ---- */

static unsigned
cell_number(const char *text, unsigned most)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*end || v > most)
		_exit(2);
	return (unsigned)v;
}

static void
cell_arguments(struct cell *c, char **argv)
{
	c->kind = cell_number(argv[1], PICTURE_JPEG);
	c->width = cell_number(argv[2], PICTURE_SIDE_MAX);
	c->height = cell_number(argv[3], PICTURE_SIDE_MAX);
	c->to_width = cell_number(argv[4], PICTURE_DRAWN_MAX);
	c->to_height = cell_number(argv[5], PICTURE_DRAWN_MAX);
	if (c->kind == PICTURE_NONE || !c->to_width || !c->to_height ||
	    c->to_width > c->width || c->to_height > c->height)
		_exit(2);
}

void
picture_cell_if_asked(int argc, char **argv)
{
	struct cell c = {0};
	struct png_calls png = {0};
	struct tj_calls tj = {0};
	struct sbx_fail f;

	if (argc != 6 || strcmp(argv[0], PICTURE_CELL_NAME) != 0)
		return;
	cell_arguments(&c, argv);
	c.lib = dlopen(libs[c.kind].soname, RTLD_NOW | RTLD_LOCAL);
	if (!c.lib ||
	    (c.kind == PICTURE_PNG ? !png_find(c.lib, &png) : !tj_find(c.lib, &tj)))
		cell_end(PICTURE_NO_LIBRARY);
	if (!sbx_cell_lock(CELL_MEMORY, CELL_CPU_S, &f))
		cell_end(PICTURE_NO_LOCK);
	cell_read(&c);
	if (c.kind == PICTURE_PNG)
		png_decode(&c, &png);
	else
		tj_decode(&c, &tj);
	cell_end(PICTURE_DONE);
}
