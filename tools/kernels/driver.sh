# Keeps one bash alive and feeds it the session's steps. The protocol is that of sandbox.h.
#
# The steps are evaluated in the shell itself, outside any function and loop, so that `declare`,
# `break`, `return` and `local` mean what they mean at the top of a script. What repeats is
# therefore not a loop but mapfile's callback, called once for each NUL of /dev/zero. Our
# descriptors are closed while a step runs: bash keeps its copies close-on-exec.
# Options that would make these lines fail or show are put aside between steps; a step's functions,
# aliases and readonly variables (LC_ALL, IFS) must not reach them.

_sunaba_read() {
	_sunaba_n='' _sunaba_code=''
	builtin local IFS=''
	if builtin local LC_ALL=C; then
		builtin read -r -u 200 _sunaba_n || builtin exit 1
		_sunaba_token=${_sunaba_n##* } _sunaba_n=${_sunaba_n%% *}
		((_sunaba_n == 0)) || builtin read -r -N "$_sunaba_n" -u 200 _sunaba_code || builtin exit 1
	else # characters are no bytes
		builtin read -r -u 200 _sunaba_n || builtin exit 1
		_sunaba_token=${_sunaba_n##* } _sunaba_n=${_sunaba_n%% *}
		_sunaba_code=$(/usr/bin/head -c "$_sunaba_n" <&200 && builtin printf x) || builtin exit 1
		_sunaba_code=${_sunaba_code%x}
	fi
	if [[ $_sunaba_opts == *v* ]]; then # the line is shown from here on
		_sunaba_code="builtin set $_sunaba_opts"$'\n'$_sunaba_code
	elif [[ $_sunaba_opts ]]; then
		_sunaba_code="builtin set $_sunaba_opts; $_sunaba_code"
	fi
	_sunaba_busy=1
}

_sunaba_done() {
	_sunaba_status=$? _sunaba_opts=$- _sunaba_own=''
	\builtin eval _sunaba_own=1
	if [[ ! ${_sunaba_own-} ]]; then # `builtin` is a function now; POSIX puts `unset` before those
		POSIXLY_CORRECT=1
		\unset -f builtin unset
		\unset POSIXLY_CORRECT
	fi
	builtin set +exuvak
	_sunaba_busy=''
	_sunaba_opts=${_sunaba_opts//[!exuvak]/}
	[[ ! $_sunaba_opts ]] || _sunaba_opts=-$_sunaba_opts
	if [[ ${_sunaba_tty-} ]]; then
		_sunaba_tty=''
		command exec 0</dev/tty
	fi
	if [[ ${_sunaba_stop-} ]]; then
		_sunaba_stop='' _sunaba_status=130
		builtin trap - DEBUG
		builtin shopt -u extdebug
	fi
	_sunaba_cwd=${PWD-}
	if [[ ! ${PWD-} -ef . ]]; then # a step may write anything into PWD, or its folder is gone
		_sunaba_cwd=$(/usr/bin/readlink /proc/self/cwd)
		[[ $_sunaba_cwd != *' (deleted)' ]] || _sunaba_cwd=''
	fi
	builtin local LC_ALL=C
	builtin printf 'D%s %d\t%s\0' "$_sunaba_token" "$_sunaba_status" "${_sunaba_cwd:0:4096}" >&201 ||
		builtin exit 1
}

# SIGINT: what still stands in the step is skipped command by command. The DEBUG trap's status 1
# skips a command, 2 leaves a function or sourced file too. `break` leaves the loops, and then
# nothing behind it in the trap is run; a `for` must not be skipped, or it forgets the break.
_sunaba_interrupt() {
	[[ ${_sunaba_busy-} ]] || return 0
	_sunaba_stop=1
	# After a trap `read` goes on with its descriptor: now there is the end of file.
	if [[ -t 0 ]]; then
		_sunaba_tty=1
		command exec 0</dev/null
	fi
	builtin shopt -s extdebug
	builtin trap '{ case ${FUNCNAME-}:$BASH_COMMAND in _sunaba_*|*:*_sunaba_done) ;; *:for\ *|*:select\ *) builtin break 999;; *) ! builtin break 999; _sunaba_skip;; esac; } 2>/dev/null' DEBUG
}
_sunaba_skip() { return 2; }

_sunaba_opts='' _sunaba_busy='' _sunaba_stop='' _sunaba_tty='' _sunaba_code=''
readonly -f _sunaba_read _sunaba_done _sunaba_interrupt _sunaba_skip
trap _sunaba_interrupt INT
# The shell keeps its copies of closed descriptors from 10 upwards. Ten of no worth lie there
# first, so that a step's `exec 10>file` does no harm.
for _sunaba_ in {210..219}; do eval "exec $_sunaba_</dev/null"; done
set --
# Evaluated by the command line that reads this file, so that a step's lines count from 1. The
# callback is one line, because `set -v` would show those that follow. It is called so many times
# and no more: behind `set -n` nothing is run, and nothing else would end the shell. What cannot be
# redirected (`set -r`) is not run either.
_sunaba_step='{ \_sunaba_read; } >/dev/null 2>&1 || \builtin exit 1; \builtin eval "$_sunaba_code" 200<&- 201>&- 202<&-; { \_sunaba_done; } >/dev/null 2>&1 || \builtin exit 1 #'
_sunaba_loop='mapfile -d "" -c 1 -n 20000 -u 202 -C "$_sunaba_step" _sunaba_ 202</dev/zero 210<&- 211<&- 212<&- 213<&- 214<&- 215<&- 216<&- 217<&- 218<&- 219<&-'
readonly _sunaba_step _sunaba_loop
printf 'R+\0' >&201
