/* The frame codec: see frame.h for the format. It allocates nothing and never reads past n.
 * Pinned by tests/unit/test_frame.c and tests/fuzz/fuzz_frame.c. */
#include "sandbox/frame.h"

static uint32_t
load32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool
type_fits(unsigned type, bool up)
{
	if (up)
		return type >= FRAME_READY && type <= FRAME_WAITS;
	return type >= FRAME_SETUP && type <= FRAME_STEP;
}

enum frame_got
frame_read(const unsigned char *p, size_t n, bool up, struct frame *f, size_t *used)
{
	uint32_t len;

	if (n < FRAME_HEAD)
		return FRAME_MORE;
	len = load32(p);
	if (!type_fits(p[4], up) || len > (up ? FRAME_UP_MAX : FRAME_DOWN_MAX))
		return FRAME_BAD;
	if (n - FRAME_HEAD < len)
		return FRAME_MORE;
	f->type = (enum frame_type)p[4];
	f->detail = p[5];
	f->job = (uint16_t)(p[6] | p[7] << 8);
	f->len = len;
	f->payload = p + FRAME_HEAD;
	*used = FRAME_HEAD + (size_t)len;
	return FRAME_WHOLE;
}

void
frame_head(unsigned char head[FRAME_HEAD], enum frame_type type, uint8_t detail,
	   uint16_t job, uint32_t len)
{
	head[0] = (unsigned char)len;
	head[1] = (unsigned char)(len >> 8);
	head[2] = (unsigned char)(len >> 16);
	head[3] = (unsigned char)(len >> 24);
	head[4] = (unsigned char)type;
	head[5] = detail;
	head[6] = (unsigned char)job;
	head[7] = (unsigned char)(job >> 8);
}
