/* Pictures before anybody draws them: heads, bounds, scaling, and the decoder's cell. */
#include "tests/unit/cm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/base/mem.h"
#include "tools/picture.h"

/* 2x1 pixels: red, and white seen through a transparent one. */
static const unsigned char small_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
    0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01,
    0x08, 0x06, 0x00, 0x00, 0x00, 0xf4, 0x22, 0x7f, 0x8a, 0x00, 0x00, 0x00,
    0x0f, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0x00,
    0x44, 0x0c, 0x0c, 0x00, 0x0c, 0xfc, 0x01, 0xff, 0x5c, 0xfd, 0x14, 0x95,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static const char *
told(const void *p, size_t n, struct picture_head *h)
{
	const char *why;

	if (picture_head(p, n, h, &why))
		return "fine";
	assert_int_equal(h->kind, PICTURE_NONE);
	assert_int_equal(h->width, 0);
	return why ? why : "none";
}

static const char *
png_with(unsigned at, unsigned char value)
{
	unsigned char p[33];
	struct picture_head h;

	memcpy(p, small_png, sizeof(p));
	p[at] = value;
	return told(p, sizeof(p), &h);
}

static void
png_heads(void **state)
{
	struct picture_head h;

	(void)state;
	assert_string_equal(told(small_png, sizeof(small_png), &h), "fine");
	assert_int_equal(h.kind, PICTURE_PNG);
	assert_int_equal(h.width, 2);
	assert_int_equal(h.height, 1);
	for (size_t n = 8; n < 33; n++)
		assert_string_equal(told(small_png, n, &h), "it is cut off");
	for (size_t n = 0; n < 8; n++)
		assert_string_equal(told(small_png, n, &h), "none");
	assert_string_equal(png_with(19, 0), "it has no pixels");
	assert_string_equal(png_with(23, 0), "it has no pixels");
	assert_string_equal(png_with(11, 14), "its header is damaged");
	assert_string_equal(png_with(12, 'i'), "its header is damaged");
	assert_string_equal(png_with(24, 1), "its header is damaged"); /* depth */
	assert_string_equal(png_with(24, 33), "its header is damaged");
	assert_string_equal(png_with(24, 16), "fine");
	assert_string_equal(png_with(25, 1), "its header is damaged"); /* colour */
	assert_string_equal(png_with(25, 7), "its header is damaged");
	assert_string_equal(png_with(26, 1), "its header is damaged"); /* compression */
	assert_string_equal(png_with(27, 1), "its header is damaged"); /* filter */
	assert_string_equal(png_with(28, 1), "fine");		       /* interlaced */
	assert_string_equal(png_with(28, 2), "its header is damaged");
}

#define JFIF "\xff\xd8\xff\xe0\0\4ab"
#define SOF  "\xff\xc0\0\x11\x08\0\x10\0\x20\3abcdefghi"

static const char *
jpeg(const char *p, size_t n)
{
	struct picture_head h;
	const char *what = told(p, n, &h);

	if (strcmp(what, "fine") == 0) {
		assert_int_equal(h.kind, PICTURE_JPEG);
		assert_int_equal(h.width, 32);
		assert_int_equal(h.height, 16);
	}
	return what;
}
#define JPEG(text) jpeg(text, sizeof(text) - 1)

static void
jpeg_heads(void **state)
{
	(void)state;
	assert_string_equal(JPEG(JFIF SOF), "fine");
	assert_string_equal(JPEG("\xff\xd8" SOF), "fine");
	assert_string_equal(JPEG(JFIF "\xff\xff\xff" SOF), "fine");   /* fill */
	assert_string_equal(JPEG(JFIF "\xff\xd0\xff\1" SOF), "fine"); /* bare markers */
	assert_string_equal(JPEG(JFIF "\xff\xc2\0\x11\x08\0\x10\0\x20\3abcdefghi"), "fine");
	assert_string_equal(JPEG(JFIF "\xff\xc0\0\x0b\x08\0\x10\0\x20\1abc"),
			    "fine"); /* grey */
	assert_string_equal(JPEG(JFIF "\xff\xc0\0\x14\x08\0\x10\0\x20\4abcdefghijkl"),
			    "its colours are those of print (CMYK)");
	assert_string_equal(JPEG(JFIF "\xff\xc0\0\x11\x0c\0\x10\0\x20\3abc"),
			    "its header is damaged"); /* 12 bits */
	assert_string_equal(JPEG(JFIF "\xff\xc0\0\x10\x08\0\x10\0\x20\3abc"),
			    "its header is damaged"); /* its length */
	assert_string_equal(JPEG(JFIF "\xff\xc0\0\x11\x08\0\0\0\x20\3abc"),
			    "it has no pixels");
	assert_string_equal(JPEG(JFIF "\xff\xc3\0\x11\x08\0\x10\0\x20\3abc"),
			    "its header is damaged or of a rare kind"); /* lossless */
	assert_string_equal(
	    JPEG(JFIF "\xff\xda\0\4ab"),
	    "its header is damaged or of a rare kind"); /* no frame before */
	assert_string_equal(JPEG("\xff\xd8\xff\xe0\0\1"),
			    "its header is damaged or of a rare kind"); /* length below 2 */
	assert_string_equal(JPEG(JFIF "abcd"), "its header is damaged");
	assert_string_equal(JPEG("\xff\xd8\xff\xe0\xff\xff"), "it is cut off");
	for (size_t n = 3; n < sizeof(JFIF) - 1 + 10; n++)
		assert_string_equal(jpeg(JFIF SOF, n), "it is cut off");
}

static void
bounds(void **state)
{
	static const struct {
		unsigned width, height;
		enum err_kind kind;
	} rows[] = {
	    {1, 1, ERR_NONE},
	    {8192, 8192, ERR_NONE},
	    {8192, 8193, ERR_LIMIT},
	    {PICTURE_SIDE_MAX, 1, ERR_NONE},
	    {1, PICTURE_SIDE_MAX, ERR_NONE},
	    {PICTURE_SIDE_MAX + 1, 1, ERR_LIMIT},
	    {1, PICTURE_SIDE_MAX + 1, ERR_LIMIT},
	    {UINT32_MAX, UINT32_MAX, ERR_LIMIT},
	};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct picture_head h = {PICTURE_PNG, rows[i].width, rows[i].height, 0};

		assert_int_equal(picture_bounds(&h, &e), rows[i].kind);
	}
	assert_string_equal(e.msg, "it says that it is 4294967295x4294967295 pixels large");
}

static void
fits(unsigned width, unsigned height, unsigned box_width, unsigned box_height,
     unsigned want_width, unsigned want_height)
{
	struct picture_head h = {PICTURE_PNG, width, height, 0};
	struct pixels p = {0};

	picture_fit(&h, box_width, box_height, &p);
	assert_int_equal(p.width, want_width);
	assert_int_equal(p.height, want_height);
}

static void
fitting(void **state)
{
	(void)state;
	fits(640, 480, 1000, 1000, 640, 480); /* never larger */
	fits(640, 480, 320, 1000, 320, 240);
	fits(640, 480, 1000, 240, 320, 240);
	fits(32767, 1, 100, 100, 100, 1);
	fits(1, 32767, 100, 100, 1, 100);
	fits(1, 1, 0, 0, 1, 1);
	fits(30000, 2000, UINT32_MAX, UINT32_MAX, 2048, 137);
	fits(3, 2, 2, 2, 2, 1);
}

static void
scaling(void **state)
{
	unsigned char row[4 * 3] = {0, 0, 0, 100, 10, 1, 200, 200, 200, 255, 255, 255},
			      out[2 * 3] = {0};
	struct picture_scale s;

	(void)state;
	picture_scale_init(&s, 4, 3, 2, 2);
	assert_false(picture_scale_row(&s, row, out)); /* rows 0 and 1 make the first */
	assert_true(picture_scale_row(&s, row, out));
	assert_memory_equal(out, ((unsigned char[]){50, 5, 1, 228, 228, 228}), 6);
	memset(row, 7, sizeof(row));
	assert_true(picture_scale_row(&s, row, out));
	assert_memory_equal(out, ((unsigned char[]){7, 7, 7, 7, 7, 7}), 6);
	picture_scale_release(&s);
}

/* Every size to every smaller one: as many rows as wanted, and a plain picture stays plain. */
static void
scaling_sizes(void **state)
{
	unsigned char row[24 * 3], out[24 * 3];
	struct picture_scale s;

	(void)state;
	memset(row, 99, sizeof(row));
	for (unsigned from = 1; from <= 24; from++) {
		for (unsigned to = 1; to <= from; to++) {
			unsigned rows = 0;

			picture_scale_init(&s, from, from, to, to);
			for (unsigned y = 0; y < from; y++) {
				if (!picture_scale_row(&s, row, out))
					continue;
				rows++;
				for (unsigned i = 0; i < to * 3; i++)
					assert_int_equal(out[i], 99);
			}
			assert_int_equal(rows, to);
			picture_scale_release(&s);
		}
	}
}

#define EXIF_LITTLE                        \
	"\xff\xd8\xff\xe1\0\x2a"           \
	"Exif\0\0II\x2a\0\x08\0\0\0\x02\0" \
	"\x0f\x01\x02\0\1\0\0\0\0\0\0\0\x12\x01\x03\0\1\0\0\0\x06\0\0\0"
#define EXIF_BIG                           \
	"\xff\xd8\xff\xe1\0\x1e"           \
	"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01" \
	"\x01\x12\0\x03\0\0\0\1\0\x08\0\0"

static unsigned
turn_of(const char *p, size_t n)
{
	struct picture_head h;

	assert_string_equal(told(p, n, &h), "fine");
	return h.turn;
}

/* How a camera was held; what is odd there is passed over. */
static void
orientation(void **state)
{
	char p[] = EXIF_LITTLE SOF;

	(void)state;
	assert_int_equal(turn_of(p, sizeof(p) - 1), 6);
	assert_int_equal(turn_of(EXIF_BIG SOF, sizeof(EXIF_BIG SOF) - 1), 8);
	p[42] = 9; /* no orientation */
	assert_int_equal(turn_of(p, sizeof(p) - 1), 0);
	for (size_t at = 12; at < 46;
	     at++) { /* any byte wrong: never an error, nor beyond 8 */
		memcpy(p, EXIF_LITTLE, sizeof(EXIF_LITTLE) - 1);
		p[at] = (char)0xff;
		assert_true(turn_of(p, sizeof(p) - 1) <= 8);
	}
}

/* The corners of a picture of 3x2 after each turn, from the upper left one on, row by row. */
static void
turning(void **state)
{
	static const char *const want[] = {"abcdef", "abcdef", "cbafed", "fedcba",
					   "defabc", "adbecf", "daebfc", "fcebda",
					   "cfbead", "abcdef"};

	(void)state;
	for (unsigned turn = 0; turn < ARRAY_LEN(want); turn++) {
		struct pixels p = {.width = 3, .height = 2, .rgb = mem_alloc(18)};
		bool swap = turn >= 5 && turn <= 8;

		for (unsigned i = 0; i < 18; i++)
			p.rgb[i] = (unsigned char)("abcdef"[i / 3]);
		pixels_turn(&p, turn);
		assert_int_equal(p.width, swap ? 2 : 3);
		assert_int_equal(p.height, swap ? 3 : 2);
		for (unsigned i = 0; i < 18; i++)
			assert_int_equal(p.rgb[i], want[turn][i / 3]);
		pixels_release(&p);
	}
}

static int
file_of(const void *p, size_t n)
{
	int fd = memfd_create("picture", MFD_CLOEXEC);

	assert_int_equal(write(fd, p, n), n);
	return fd;
}

static bool
library_is_absent(enum picture_kind kind)
{
	void *lib = dlopen(picture_lib_of(kind)->soname, RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return true;
	dlclose(lib);
	return false;
}

static enum err_kind
decode(const void *p, size_t n, unsigned width, unsigned height, struct pixels *out,
       struct err *e)
{
	AUTO_CLOSE int fd = file_of(p, n);
	struct picture_head h = {PICTURE_PNG, width, height, 0};
	struct loop *l = NULL;
	enum err_kind kind;

	assert_int_equal(loop_new(&l, e), ERR_NONE);
	kind = picture_decode(fd, "x.png", &h, l, out, e);
	loop_free(l);
	return kind;
}

static void
decoding(void **state)
{
	struct pixels p = {.width = 2, .height = 1};
	struct err e = {0};

	(void)state;
	if (library_is_absent(PICTURE_PNG))
		skip();
	assert_int_equal(decode(small_png, sizeof(small_png), 2, 1, &p, &e), ERR_NONE);
	assert_memory_equal(p.rgb, ((unsigned char[]){255, 0, 0, 255, 255, 255}), 6);
	pixels_release(&p);
	p = (struct pixels){.width = 1, .height = 1};
	assert_int_equal(decode(small_png, sizeof(small_png), 2, 1, &p, &e), ERR_NONE);
	pixels_release(&p);
}

/* The head was read from another file, or the file was changed since. */
static void
decoding_lies(void **state)
{
	struct pixels p = {.width = 2, .height = 1};
	struct err e = {0};

	(void)state;
	if (library_is_absent(PICTURE_PNG))
		skip();
	assert_int_equal(decode(small_png, sizeof(small_png), 3, 1, &p, &e), ERR_PARSE);
	assert_string_equal(e.msg, "'x.png': it is damaged");
	assert_null(p.rgb);
	for (size_t n = 0; n < 60; n += 13) {
		assert_int_equal(decode(small_png, n, 2, 1, &p, &e), ERR_PARSE);
		assert_null(p.rgb);
	}
	/* sides that no head can have had: the cell does not begin */
	p = (struct pixels){.width = 3, .height = 1};
	assert_int_equal(decode(small_png, sizeof(small_png), 2, 1, &p, &e), ERR_INTERNAL);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(png_heads),   cmocka_unit_test(jpeg_heads),
	    cmocka_unit_test(bounds),	   cmocka_unit_test(fitting),
	    cmocka_unit_test(scaling),	   cmocka_unit_test(scaling_sizes),
	    cmocka_unit_test(orientation), cmocka_unit_test(turning),
	    cmocka_unit_test(decoding),	   cmocka_unit_test(decoding_lies),
	};

	picture_cell_if_asked(argc, argv);
	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
