# Keeps one bash alive and feeds it the session's steps. The protocol is that of sandbox.h.
#
# The steps are evaluated in the shell itself, outside any function and loop, so that `declare`,
# `break`, `return` and `local` mean what they mean at the top of a script. What repeats is
# therefore not a loop but mapfile's callback, called once for each NUL of /dev/zero. Our
# descriptors are closed while a step runs: bash keeps its copies close-on-exec.
# Options that would make these lines fail or show are put aside between steps.

_sunaba_read() {
	local LC_ALL=C IFS='' n
	builtin read -r -u 200 n || builtin exit 0
	_sunaba_code=
	((n == 0)) || builtin read -r -N "$n" -u 200 _sunaba_code || builtin exit 0
	[[ -z $_sunaba_opts ]] || _sunaba_code="builtin set $_sunaba_opts
$_sunaba_code"
	_sunaba_busy=1
}

_sunaba_done() {
	local status=$? opts=$- LC_ALL=C
	builtin set +exuva
	_sunaba_busy='' _sunaba_opts=''
	[[ $opts != *[euxva]* ]] || _sunaba_opts=-${opts//[!euxva]/}
	if [[ $_sunaba_tty ]]; then
		_sunaba_tty=''
		command exec 0</dev/tty
	fi
	if [[ $_sunaba_stop ]]; then
		_sunaba_stop='' status=130
		builtin trap - DEBUG
		builtin shopt -u extdebug
	fi
	builtin printf 'D%d\t%s\0' "$status" "${PWD:0:4096}" >&201
}

# SIGINT: what still stands in the step is skipped command by command. The DEBUG trap's status 1
# skips a command, 2 leaves a function or sourced file too. `break` leaves the loops, and then
# nothing behind it in the trap is run; a `for` must not be skipped, or it forgets the break.
_sunaba_interrupt() {
	[[ $_sunaba_busy ]] || return 0
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
# callback is one line, because `set -v` would show those that follow.
_sunaba_loop='mapfile -d "" -c 1 -u 202 -C "$_sunaba_step" _sunaba_ 202</dev/zero 210<&- 211<&- 212<&- 213<&- 214<&- 215<&- 216<&- 217<&- 218<&- 219<&-'
_sunaba_step='{ \_sunaba_read; } >/dev/null 2>&1; \builtin eval "$_sunaba_code" 200<&- 201>&- 202<&-; { \_sunaba_done; } >/dev/null 2>&1 #'
printf 'R\0' >&201
