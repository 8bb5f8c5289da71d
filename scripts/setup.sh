#!/bin/sh
# Installs what is missing: setup.sh build|test|fuzz
#
# Looks for headers and programs, not for packages, so that it does nothing (and takes a few
# milliseconds) where all is there, whatever put it there. What is missing is installed with
# apt-get: directly for root, else through sudo. At most one question: on a terminal it is
# apt-get's own, or sudo's when it wants a password; without one there is none.
set -u

missing=
names=
wished=

has_program() {
	for p in "$@"; do
		command -v "$p" >/dev/null 2>&1 && return 0
	done
	return 1
}

has_header() {
	for dir in /usr/include /usr/local/include /usr/include/*-linux-*; do
		[ -e "$dir/$1" ] && return 0
	done
	return 1
}

has_library() {
	for dir in /usr/lib /usr/local/lib /usr/lib/*-linux-* /usr/lib64; do
		[ -e "$dir/$1" ] && return 0
	done
	return 1
}

# need PACKAGE NAME-FOR-PEOPLE header FILE | library SONAME | program NAME... | file PATH
need() {
	package=$1
	name=$2
	kind=$3
	shift 3
	case $kind in
	header) has_header "$1" && return ;;
	library) has_library "$1" && return ;;
	program) has_program "$@" && return ;;
	file) [ -e "$1" ] && return ;;
	esac
	missing="$missing $package"
	names="$names
  $name"
}

# wish PACKAGE HEADER...: does without, but is installed along with what is needed.
wish() {
	package=$1
	shift
	for path in "$@"; do
		[ -e "$path" ] && return
	done
	wished="$wished $package"
}

on_debian_12() {
	[ -r /etc/os-release ] && grep -q '^VERSION_ID="12"' /etc/os-release &&
		grep -q '^ID=debian' /etc/os-release
}

list_build() {
	need gcc "a C compiler (gcc)" program gcc cc
	need libc6-dev "the C library's headers" header stdio.h
	need make "GNU make" program make
	need libcurl4-openssl-dev "libcurl, headers and library" header curl/curl.h
	need libcjson-dev "cJSON" header cjson/cJSON.h
	need libseccomp-dev "libseccomp" header seccomp.h
	need libcmark-dev "cmark" header cmark.h
	need libunistring-dev "libunistring" header unistr.h
	need libyaml-dev "libyaml" header yaml.h
	need libreadline-dev "GNU readline" header readline/readline.h
	need bash "bash" program bash
	need python3 "Python 3" program python3
	# A quicker start of the sandbox; the same places as in musl.sh.
	wish musl-dev /usr/include/*-linux-musl/stdlib.h /usr/*-linux-musl/include/stdlib.h \
		/usr/lib/musl/include/stdlib.h /usr/local/musl/include/stdlib.h
	need ca-certificates "certificates of the public authorities" \
		file /etc/ssl/certs/ca-certificates.crt
}

list_test() {
	list_build
	need libcmocka-dev "cmocka" header cmocka.h
	need tmux "tmux" program tmux
	need strace "strace" program strace
	need nodejs "Node.js" program node nodejs
	need git "git" program git
	need procps "ps" program ps
	need util-linux "script, setsid, unshare" program setsid
	need shellcheck "shellcheck" program shellcheck
	need mandoc "mandoc or man" program mandoc man
	# Pictures are drawn where these are; nothing is built with them.
	need libchafa0 "chafa" library libchafa.so.0
	need libpng16-16 "libpng" library libpng16.so.16
	need libturbojpeg0 "TurboJPEG" library libturbojpeg.so.0
	# The format is that of clang-format 14; other versions differ and lint passes over them.
	if on_debian_12; then
		need clang-format "clang-format 14" program clang-format clang-format-14
	fi
}

list_fuzz() {
	need clang "clang" program clang
	if has_program clang; then
		runtime=$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a")
		version=$(clang -dumpversion)
		case $runtime in
		/*) ;;
		*) need "libclang-rt-${version%%.*}-dev" "clang's run-time libraries" file "" ;;
		esac
	fi
}

by_hand() {
	echo "sunaba: $1" >&2
	echo "  install these and try again:$names" >&2
	[ -z "${2-}" ] || echo "  $2" >&2
	exit 1
}

# Package lists that are absent or older than a day do not know today's versions.
lists_are_stale() {
	[ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 2>/dev/null |
		head -n 1)" ]
}

run_as_root() {
	if [ -n "$sudo" ]; then
		$sudo env DEBIAN_FRONTEND=noninteractive "$@"
	else
		DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

install_missing() {
	sudo=
	yes=-y
	command="apt-get install$missing"
	has_program apt-get || by_hand "something is missing, and there is no apt-get here"
	[ -t 0 ] && yes=
	if [ "$(id -u)" != 0 ]; then
		has_program sudo || by_hand "something is missing, and there is no sudo here" \
			"as root: $command"
		if sudo -n true 2>/dev/null; then
			sudo="sudo -n"
		elif [ -t 0 ]; then
			sudo=sudo
			yes=-y # the password is the answer
		else
			by_hand "something is missing, and sudo would ask for a password" \
				"as root: $command"
		fi
	fi
	echo "sunaba needs:$names" >&2
	echo "  $command" >&2
	if lists_are_stale; then
		run_as_root apt-get -q update >&2 ||
			echo "sunaba: the package lists could not be refreshed; going on" >&2
	fi
	for package in $wished; do
		apt-cache show "$package" >/dev/null 2>&1 && missing="$missing $package"
	done
	# shellcheck disable=SC2086 # both are lists of words
	run_as_root apt-get -q $yes -o DPkg::Lock::Timeout=120 install --no-install-recommends \
		$missing >&2
}

case ${1-} in
build | test | fuzz) list="list_$1" ;;
*)
	echo "usage: setup.sh build|test|fuzz" >&2
	exit 2
	;;
esac

$list
[ -n "$missing" ] || exit 0
install_missing || by_hand "the installation did not succeed"
missing=
names=
$list
[ -z "$missing" ] || by_hand "something is still missing"
