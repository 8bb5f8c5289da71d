# Compiles and runs the session's steps of C. The protocol is that of sandbox.h.
#
# A step is a whole program: what it leaves is files. One without main() is wrapped in it, its
# #include lines in front. Sources lie in a folder of their own, where the compiler is started, so
# that its messages name step1.c and show the line; headers of the working folder are found.

main_like='(^|[^[:alnum:]_])main[[:space:]]*\('
include_like='^[[:space:]]*#[[:space:]]*(include|pragma)'
common='#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>'
# A program's output comes line by line, so that what kills it loses none.
unbuffer='#include <stdio.h>
static __attribute__((constructor)) void f(void) { setvbuf(stdout, NULL, _IOLBF, 0); }'
flags=(-O1 -g -Wall -fdiagnostics-color=never)
folder='' count=0

wrap() {
	local line n=0 head='' body=''
	while IFS= read -r line || [[ $line ]]; do
		n=$((n + 1))
		if [[ $line =~ $include_like ]]; then
			head+="#line $n \"step$count.c\""$'\n'"$line"$'\n'
			line=
		fi
		body+=$line$'\n'
	done <<<"$1"
	printf '%s\n%sint main(void)\n{\n#line 1 "step%d.c"\n%s;\nreturn 0;\n}\n' \
		"$common" "$head" "$count" "$body"
}

build() {
	local source=step$count.c here=$PWD
	printf '%s\n' "$1" >"$folder/$source" || return
	if ! [[ $1 =~ $main_like ]]; then
		wrap "$1" >"$folder/wrap.c" || return
		source=wrap.c
	fi
	(
		cd "$folder" || exit
		[[ -e start.o ]] || cc -c -xc -o start.o - <<<"$unbuffer" || exit
		cc "${flags[@]}" -I"$here" -o program "$source" start.o -lm -pthread 2>&1
	) >&2 200<&- 201>&-
}

run() {
	local status
	count=$((step ? step : count + 1))
	[[ $folder ]] || folder=$(mktemp -d "${TMPDIR:-/tmp}/c.XXXXXX") || return
	build "$1" || return
	# Bash says that a program was killed, in words that name a line of this file; main() may
	# return 137 too.
	{ "$folder/program" 2>&203 200<&- 201>&- 203>&-; } 203>&2 2>"$folder/killed"
	status=$?
	rm -f "$folder/program"
	if [[ -s $folder/killed ]]; then
		printf 'step%d.c: killed by SIG%s\n' "$count" "$(kill -l "$status")" >&2
	fi
	return "$status"
}

trap : INT
printf 'R+\0' >&201
while IFS=" " read -r -u 200 n step token; do
	code=
	((n == 0)) || LC_ALL=C IFS='' read -r -N "$n" -u 200 code || exit 0
	status=0
	[[ -z $code ]] || run "$code" || status=$?
	printf 'D%s %d\t%s\0' "$token" "$status" "${PWD:0:4096}" >&201
done
