#!/bin/sh
# Prints the folders of musl's headers and of its static library, for the compiler $1: two words,
# or none where musl is not installed (Debian: musl-dev; others lay it out otherwise).
set -u

arch=$($1 -dumpmachine 2>/dev/null)
arch=${arch%%-*}
try() {
	[ -e "$1/stdlib.h" ] && [ -e "$2/rcrt1.o" ] && [ -e "$2/libc.a" ] || return 1
	echo "$1 $2"
	exit 0
}

try "/usr/include/$arch-linux-musl" "/usr/lib/$arch-linux-musl"
try "/usr/$arch-linux-musl/include" "/usr/$arch-linux-musl/lib"
try /usr/lib/musl/include /usr/lib/musl/lib
try /usr/local/musl/include /usr/local/musl/lib
exit 0
