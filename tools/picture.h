/* Pictures of steps, as pixels.
 *
 * A picture was written by code, so its bytes are hostile. Its head is read here, by a parser of
 * our own, for what it claims to be and how large; beyond a bound nobody decodes it. The decoder
 * is a library (libpng, libturbojpeg) that runs in a cell of the sandbox: a process that has the
 * file and a pipe and can only compute. It returns as many pixels as were asked for. */
#ifndef SUNABA_TOOLS_PICTURE_H
#define SUNABA_TOOLS_PICTURE_H

#include "agent/base/err.h"
#include "agent/base/loop.h"

#define PICTURE_SIDE_MAX   32767u      /* pixels, width or height */
#define PICTURE_PIXELS_MAX (64u << 20) /* of the whole picture */
#define PICTURE_FILE_MAX   (64 * MIB)  /* bytes */
#define PICTURE_HEAD_MAX   (256 * KIB) /* bytes in which a head must stand */
#define PICTURE_DRAWN_MAX  2048u       /* pixels, width or height, after scaling */
#define PICTURE_MS	   10000 /* that decoding may take; 64 megapixels take some 2 s */

enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_JPEG };

struct picture_head {
	enum picture_kind kind;
	unsigned width, height; /* both at least 1 once picture_head() agreed */
	unsigned turn; /* Exif's orientation, 1 to 8, as a camera was held; 0: none */
};

/* Reads the first bytes of a file. False: no PNG or JPEG, or a damaged head; then `why` says what
 * is wrong with one that begins like a picture, or is NULL. Pure. */
bool picture_head(const void *p, size_t n, struct picture_head *h, const char **why);
/* "12000x9000 is more than 64 megapixels" in `e`, ERR_LIMIT; or ERR_NONE. */
enum err_kind picture_bounds(const struct picture_head *h, struct err *e);

struct pixels {
	unsigned width, height;
	unsigned char *rgb; /* 3 bytes a pixel, rows from the top without a gap; on white */
};
void pixels_release(struct pixels *p);
/* Turns and mirrors the picture as Exif's orientation says, so that its top is up; 5 to 8 change
 * width and height. Any other number: nothing. */
void pixels_turn(struct pixels *p, unsigned turn);

/* The most that fits into width x height with the picture's proportions, never larger than it
 * is. Both results are 1 at least. */
void picture_fit(const struct picture_head *h, unsigned width, unsigned height,
		 struct pixels *out);

/* Decodes the regular file `fd` (read from its start; its offset moves) into out->width x
 * out->height pixels, which the caller has set: no larger than the picture, nor than
 * PICTURE_DRAWN_MAX. The loop turns meanwhile. ERR_PARSE: damaged; ERR_LIMIT: too much memory or
 * time; ERR_CONFIG: the library is not there, with the package in the hint; ERR_INTERRUPTED (not
 * taken); ERR_SANDBOX: there can be no cell. `name` is for messages. */
enum err_kind picture_decode(int fd, const char *name, const struct picture_head *h,
			     struct loop *l, struct pixels *out, struct err *e);

/* To be called first in main(): when this process was executed as the decoder it never returns. */
void picture_cell_if_asked(int argc, char **argv);

/* Makes a picture smaller, a row at a time: each target pixel is the mean of the source pixels
 * that fall into it. Target sides must not be larger than the source's. Pure. */
struct picture_scale {
	unsigned from_width, from_height, to_width, to_height;
	unsigned row, done; /* source rows taken; target rows made */
	uint64_t *sum;	    /* 3 a target pixel */
	uint32_t *count;    /* source pixels of each target column */
	unsigned rows;	    /* source rows in `sum` */
};
void picture_scale_init(struct picture_scale *s, unsigned from_width, unsigned from_height,
			unsigned to_width, unsigned to_height);
void picture_scale_release(struct picture_scale *s);
/* Takes one source row. True: `out` was filled with the next target row. */
bool
picture_scale_row(struct picture_scale *s, const unsigned char *rgb, unsigned char *out);

/* How the two sides of the cell speak; for picture_*.c only. */
#define PICTURE_CELL_NAME \
	"sunaba-picture" /* argv[0]; then kind, sides of source and target */
enum picture_end {	 /* the cell's exit code */
		   PICTURE_DONE,
		   PICTURE_NO_LIBRARY = 10,
		   PICTURE_NO_LOCK,
		   PICTURE_DAMAGED,
		   PICTURE_OTHER, /* its size is not what its head said */
		   PICTURE_NO_MEMORY,
};
struct picture_lib {
	const char *soname, *package;
};
const struct picture_lib *picture_lib_of(enum picture_kind kind);

#endif
