/* musl's <termios.h>, with a tcgetattr() that fills the whole: musl's leaves what the kernel does
 * not know as it was, and modes are compared. */
#ifndef SUNABA_COMPAT_TERMIOS_H
#define SUNABA_COMPAT_TERMIOS_H

#include_next <termios.h>

#include <string.h>

static inline int
compat_tcgetattr(int fd, struct termios *t)
{
	memset(t, 0, sizeof(*t));
	return tcgetattr(fd, t);
}
#define tcgetattr compat_tcgetattr

#endif
