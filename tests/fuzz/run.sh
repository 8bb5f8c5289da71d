#!/bin/sh
# Fuzzes every tests/fuzz/fuzz_*.c for FUZZ_SECONDS, two at a time: run.sh [NAME...]
#
# Built with clang's libFuzzer, address and undefined-behaviour sanitizers into build-fuzz/.
# Seeds are read from tests/fuzz/corpus/NAME/; what is found stays in build-fuzz/corpus/NAME/,
# an input that crashes in build-fuzz/NAME.crash-*. One line a target, exit 1 on a crash.
set -u
cd "$(dirname "$0")/../.." || exit 1

SECONDS_EACH=${FUZZ_SECONDS:-60}
MEMORY_MB=2048
INPUT_MAX=65536
SANITIZE="address,undefined"
OUT=build-fuzz
LIBS="-lcjson -lcmark -lreadline -lunistring -lyaml -lm -lpthread -ldl"

# build_one NAME
build_one() {
	# shellcheck disable=SC2086 # a list of words
	clang -std=gnu17 -D_GNU_SOURCE -I. -I$OUT -O1 -g -fsanitize=fuzzer,$SANITIZE \
		-fno-sanitize-recover=undefined -o "$OUT/$1" "tests/fuzz/$1.c" $OUT/libsunaba.a \
		$LIBS 2>"$OUT/$1.log"
}

# run_one NAME: prints its line.
run_one() {
	name=$1
	log=$OUT/$name.log
	if ! build_one "$name"; then
		echo "FAIL $name: does not build"
		tail -n 20 "$log"
		return 1
	fi
	mkdir -p "$OUT/corpus/$name"
	set -- "$OUT/corpus/$name"
	[ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
	if "$OUT/$name" -max_total_time="$SECONDS_EACH" -rss_limit_mb=$MEMORY_MB \
		-max_len=$INPUT_MAX -timeout=10 -print_final_stats=0 \
		-artifact_prefix="$OUT/$name." "$@" >"$log" 2>&1; then
		echo "ok   $name: $(sed -n 's/^Done \([0-9]* runs in [0-9]* second\).*/\1s/p' "$log")"
		return 0
	fi
	echo "FAIL $name: see $log"
	grep -E 'ERROR|SUMMARY|runtime error|Test unit written' "$log" | head -n 10
	return 1
}

if [ "${1-}" = --one ]; then
	run_one "$2"
	exit
fi

command -v clang >/dev/null 2>&1 || sh scripts/setup.sh fuzz || exit 1
make --no-print-directory -j2 B=$OUT CC=clang CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	HARDEN=-fPIE EXTRA_CFLAGS="-fsanitize=fuzzer-no-link,$SANITIZE \
	-fno-sanitize-recover=undefined" $OUT/libsunaba.a >$OUT.log 2>&1 || {
	tail -n 20 $OUT.log
	exit 1
}
mv $OUT.log $OUT/build.log

if [ $# -eq 0 ]; then
	for file in tests/fuzz/fuzz_*.c; do
		set -- "$@" "$(basename "$file" .c)"
	done
fi
printf '%s\n' "$@" | xargs -P 2 -I{} sh tests/fuzz/run.sh --one {} && exit 0
exit 1
