# Saves the session's HTML pages; nothing of them is run. The protocol is that of sandbox.h.
#
# A page goes to page-N.html in the working folder, where the user can open it; no file that is
# there is overwritten. Where that cannot be written, to the private /tmp.

save() {
	local n=1 folder
	for folder in "$PWD" "${TMPDIR:-/tmp}"; do
		for ((n = 1; n < 10000; n++)); do
			[[ ! -e $folder/page-$n.html ]] || continue
			(set -C && printf '%s' "$1" >"$folder/page-$n.html") 2>/dev/null || break
			printf 'Saved as %s/page-%d.html (not run)\n' "$folder" "$n"
			return 0
		done
	done
	echo 'the page cannot be saved: no folder can be written' >&2
	return 1
}

trap : INT
printf 'R+\0' >&201
while IFS=" " read -r -u 200 n step token; do
	code=
	((n == 0)) || LC_ALL=C IFS='' read -r -N "$n" -u 200 code || exit 0
	status=0
	[[ -z $code ]] || save "$code" 200<&- 201>&- || status=$?
	printf 'D%s %d\t%s\0' "$token" "$status" "${PWD:0:4096}" >&201
done
