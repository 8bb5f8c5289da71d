#!/bin/sh
# What is checked without running the program: one line each, "ok", "skip" or "FAIL" and why.
# Exit 1 when one failed. SUNABA names the built program, whose manual is checked.
# shellcheck disable=SC2317 # functions are called through check
set -u
cd "$(dirname "$0")/.." || exit 1

SUNABA=${SUNABA:-build/sunaba}
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Files under version control; in a copy without its history, those that belong there.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files >"$work/files"
else
	find . -type f ! -path './build*/*' ! -path '*/__pycache__/*' | sed 's|^\./||' \
		>"$work/files"
fi
grep -E '^(agent|front|sandbox|tools)/.*\.[ch]$' "$work/files" >"$work/sources"
grep -E '\.[ch]$' "$work/files" >"$work/c"

# check NAME COMMAND...: the command's output is the complaint.
check() {
	name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok   $name"
	else
		echo "FAIL $name"
		sed 's/^/     /' "$work/out" | head -n 40
		failed=1
	fi
}

skip() {
	echo "skip $1: $2"
}

# nothing COMMAND...: succeeds when the command prints nothing.
nothing() {
	"$@" >"$work/found" 2>&1
	[ -s "$work/found" ] || return 0
	cat "$work/found"
	return 1
}

# grep_sources PATTERN: in our C, outside of comments that fill whole lines.
grep_sources() {
	xargs -r grep -nE "$1" <"$work/sources" | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)'
}

banned() {
	nothing grep_sources '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strtok|gets|atoi|atol|atof|system|popen|mktemp|tmpnam|tempnam|alloca)[[:space:]]*\('
}

notes() {
	nothing grep_sources '\b(TO''DO|FIX''ME|XX''X)\b'
}

# Places of the machine that something was written on. The runtime folders of a sandbox, and
# example users in tests, are none.
machine_paths() {
	grep -vE '^(LICENSE|scripts/lint\.sh)$|^tests/' "$work/files" | tr '\n' '\0' |
		xargs -0 -r grep -nIE '(^|[^A-Za-z0-9_.])(/w[o]rk/|/r[o]ot/|/home/[a-z]+/)' \
			>"$work/found" 2>&1
	[ ! -s "$work/found" ] || { cat "$work/found" && return 1; }
}

tests_are_run() {
	grep -E '^tests/.*/test_[^/]*$' "$work/files" |
		grep -vE '^tests/(unit/test_[a-z0-9_]+\.c|(e2e|jail|term|peers)/test_[a-z0-9_]+\.py)$' \
			>"$work/found"
	[ ! -s "$work/found" ] || { echo "not found by tests/run.py:" && cat "$work/found" && return 1; }
}

# Elsewhere tests/run.py cannot see what a test leaves behind.
test_folders() {
	grep -E '^tests/.*\.[ch]$' "$work/files" | xargs -r grep -nE '"/tmp/[^"]*XXXXXX' >"$work/found"
	[ ! -s "$work/found" ] || { echo "not below TMPDIR:" && cat "$work/found" && return 1; }
}

changes() {
	[ -f CHANGES.md ] || { echo "CHANGES.md is missing" && return 1; }
	version=$(sed -n 's/^VERSION := *//p' Makefile)
	grep -q "^## $version\b" CHANGES.md || { echo "CHANGES.md has no section '## $version'" && return 1; }
}

format() {
	xargs -r clang-format --dry-run <"$work/c" 2>&1 | grep -o '^[^ ]*:[0-9]*:[0-9]*:' |
		cut -d: -f1 | sort | uniq -c >"$work/found"
	[ ! -s "$work/found" ] || { echo "make format is needed:" && cat "$work/found" && return 1; }
}

python_compiles() {
	grep -E '\.py$' "$work/files" | tr '\n' '\0' |
		PYTHONDONTWRITEBYTECODE=1 xargs -0 -r python3 -c '
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)'
}

shell_scripts() {
	{
		grep -E '\.sh$' "$work/files" | grep -v '^tools/kernels/'
		[ ! -f .ci/run ] || echo .ci/run
	} | xargs -r shellcheck
}

manual() {
	for page in docs/*.in; do
		out=$work/$(basename "$page" .in) # mandoc reads the section from the name
		"$SUNABA" help --man "$page" >"$out" || return 1
		if command -v mandoc >/dev/null 2>&1; then
			nothing mandoc -Tlint -W warning "$out" || return 1
		else
			nothing sh -c "LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z \
				'$out' >/dev/null" || return 1
		fi
	done
}

check "floors: includes of the own and lower ones" python3 scripts/ratchet.py floors
check "sizes: functions and files" python3 scripts/ratchet.py size
check "banned functions" banned
check "notes left behind" notes
check "paths of a machine" machine_paths
check "every test is run" tests_are_run
check "folders of tests" test_folders
check "CHANGES.md" changes
check "python" python_compiles
case $(clang-format --version 2>/dev/null) in
*"version 14."*) check "format" format ;;
"") skip "format" "clang-format is not installed" ;;
*) skip "format" "clang-format is not version 14" ;;
esac
if command -v shellcheck >/dev/null 2>&1; then
	check "shell scripts" shell_scripts
else
	skip "shell scripts" "shellcheck is not installed"
fi
if [ ! -x "$SUNABA" ]; then
	skip "manual" "$SUNABA is not built"
elif command -v mandoc >/dev/null 2>&1 || command -v man >/dev/null 2>&1; then
	check "manual" manual
else
	skip "manual" "neither mandoc nor man is installed"
fi
exit $failed
