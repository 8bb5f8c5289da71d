#!/bin/sh
# Prints a header that says by which name each library is opened: sonames.sh NAME...
#
# The name is that of the library which the compiler would link, whose headers we build with.
set -u

for name in "$@"; do
	path=$("${CC:-cc}" -print-file-name="lib$name.so")
	soname=$(LC_ALL=C readelf -d "$path" 2>/dev/null | sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p')
	if [ -z "$soname" ]; then
		echo "sonames.sh: lib$name.so is not found; is its -dev package installed?" >&2
		exit 1
	fi
	echo "#define SONAME_$(echo "$name" | tr '[:lower:]' '[:upper:]') \"$soname\""
done
