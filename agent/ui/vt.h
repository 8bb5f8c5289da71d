/* What a program may say to the user's terminal while the user is attached to it.
 *
 * Bytes go in as they come, in any cut; what comes out is text and the escape sequences of an
 * allow-list: moving, erasing, scrolling, colours, the alternate screen, modes of the screen and
 * of keys that are undone afterwards. Everything else goes: clipboard, title, links, printing,
 * strings of any kind (OSC, DCS, APC, PM, SOS), C1 in both forms, and whatever makes a terminal
 * answer or reprograms its keys. Linear time, fixed memory. */
#ifndef SUNABA_UI_VT_H
#define SUNABA_UI_VT_H

#include "agent/base/buf.h"

#define VT_SEQ_MAX 128 /* bytes of a CSI sequence; a longer one goes */

enum vt_state {
	VT_TEXT,
	VT_ESC,
	VT_ESC_MORE, /* behind ESC and an intermediate byte */
	VT_CSI,
	VT_CSI_BAD, /* a CSI that is not passed on, up to its end */
	VT_STRING,  /* OSC, DCS, APC, PM, SOS */
	VT_STRING_ESC,
};

/* Modes that a program can leave behind. */
enum {
	VT_KEYPAD = 1 << 0,	 /* ESC = */
	VT_CURSOR_KEYS = 1 << 1, /* ?1 */
	VT_REVERSED = 1 << 2,	 /* ?5 */
	VT_NO_WRAP = 1 << 4,	 /* ?7l */
	VT_HIDDEN = 1 << 5,	 /* ?25l */
	VT_FULL = 1 << 6,	 /* ?1049, ?1047, ?47: the alternate screen */
	VT_PASTE = 1 << 7,	 /* ?2004 */
	VT_INSERT = 1 << 8,	 /* 4 */
	VT_SHAPE = 1 << 9,	 /* of the cursor */
};

struct vt {
	bool plain; /* no escape sequences at all: a terminal that understands none */
	enum vt_state state;
	bool osc;	      /* the string is one, which BEL ends too */
	char seq[VT_SEQ_MAX]; /* the sequence under way, from ESC on */
	size_t n;
	char held[4]; /* start of a character whose rest has not come */
	size_t nheld;
	unsigned modes; /* that were set and not reset */
	bool column;	/* text stands on the last line: it is not at its start */
};

void vt_init(struct vt *v, bool plain);
void vt_feed(struct vt *v, const char *p, size_t n, struct buf *out);
/* The sequences that set the modes in force once more. */
void vt_enter(const struct vt *v, struct buf *out);
/* Those that make the screen an ordinary one again, and forget the modes. */
void vt_leave(struct vt *v, struct buf *out);
/* The same for a signal handler or a guard, whatever the modes were. */
extern const char vt_undo[];

#endif
