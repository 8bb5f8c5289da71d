# sunaba. `make run` and `make test` install what is missing, build, and go.
# Targets for people who package: all, install, uninstall (PREFIX, DESTDIR), V=1 shows commands.

PREFIX  ?= /usr/local
DESTDIR ?=
B       ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
VERSION := 0.1.0

WARN   := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	  -Wvla -Wformat=2 -Wswitch-enum -Werror
HARDEN := -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DSUNABA_VERSION='"$(VERSION)"' -I. -I$B $(WARN) \
	     $(HARDEN) $(CFLAGS) $(EXTRA_CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(EXTRA_LDFLAGS)
# Libraries are opened on first use (agent/base/lib.h, agent/model/curl_lib.h), so that start-up
# does not pay for them.
LIBS := -lm -lpthread -ldl
OPENED := cjson cmark readline unistring yaml

SRC  := $(sort $(wildcard agent/*.c agent/*/*.c sandbox/*.c sandbox/net/*.c tools/*.c tools/kernels/*.c))
OBJ  := $(SRC:%.c=$B/%.o)
MAIN := $B/agent/main.o
LIB  := $B/libsunaba.a
TEXT := $(wildcard prompts/*.md prompts/*.txt prompts/demo/* tools/kernels/driver.* \
	  tools/kernels/*.py tools/kernels/*.js tools/kernels/*.sh sandbox/*.policy)
UNIT := $(patsubst tests/unit/%.c,$B/unit/%,$(wildcard tests/unit/test_*.c)) \
	$(patsubst tests/term/%.c,$B/term/%,$(wildcard tests/term/tool_*.c)) \
	$(patsubst tests/gate/%.c,$B/gate/%,$(wildcard tests/gate/tool_*.c)) $B/jail/probe $B/bench/soak

JOBS := $(shell nproc 2>/dev/null || echo 2)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

.PHONY: all run test check check-asan lint fuzz bench bench-net format install uninstall clean setup \
	setup-test man check-peers unit check-attacks bench-sandbox soak-sandbox soak \
	bench-steps bench-gate score-gate check-gate
.DELETE_ON_ERROR:

MAN := $(patsubst docs/%.in,$B/%,$(wildcard docs/*.in))

all: $B/sunaba $(MAN)

# Two programs: the one that is started (front/), and the agent, which it executes. The first is
# static, and built with musl where that is installed (not with sanitizers, which need the usual
# library): its start takes a fifth of the time. MUSL= does without.
AGENT := $B/libexec/sunaba/sunaba
MUSL  := $(if $(findstring -fsanitize,$(CFLAGS) $(EXTRA_CFLAGS)),,$(shell sh scripts/musl.sh "$(CC)"))
FRONT_SRC := $(wildcard front/*.c sandbox/*.c sandbox/net/*.c) agent/commands.c agent/options.c \
	  agent/policy.c $(wildcard agent/base/opt*.c) $(patsubst %,agent/base/%.c,buf err fs mem utf8)
ifeq ($(MUSL),)
FRONT_OBJ := $(patsubst %.c,$B/%.o,$(wildcard front/*.c))
else
FRONT_OBJ := $(patsubst %.c,$B/front/musl/%.o,$(FRONT_SRC) $(wildcard front/compat/*.c))
endif

run: setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)if [ -n "$(ARGS)" ] || { [ -t 0 ] && [ -t 1 ]; }; then exec $B/sunaba $(ARGS); \
	  else exec $B/sunaba -m demo -y all; fi

test: setup-test
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all unit
	$(Q)$(MAKE) --no-print-directory check

# Installs packages only where something is missing; asks at most once (apt-get's question).
setup:
	$(Q)sh scripts/setup.sh build
setup-test:
	$(Q)sh scripts/setup.sh test

unit: $(UNIT)

# Lint first: it is quick. The runner prints the one closing line.
check: all unit
	$(Q)SUNABA=$B/sunaba BUILD=$B python3 tests/run.py --lint

$(AGENT): $(MAIN) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(MAIN) $(LIB) $(LIBS)

ifeq ($(MUSL),)
$B/sunaba: $(FRONT_OBJ) $(LIB) | $(AGENT)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(FRONT_OBJ) $(LIB) $(LIBS)
else
# What musl's own compiler script does, which knows no static-pie. The kernel's headers come last,
# behind musl's. Its ioctl() takes an int, where numbers do not fit; conversions were looked at in
# the agent's objects.
MUSL_CFLAGS := -nostdinc -Ifront/compat -isystem $(firstword $(MUSL)) \
	  -isystem $(shell $(CC) -print-file-name=include) -idirafter /usr/include \
	  -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)
MUSL_CRT := $(addprefix $(lastword $(MUSL))/,rcrt1.o crti.o)
$B/sunaba: $(FRONT_OBJ) | $(AGENT)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -static-pie -nostdlib -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS) \
	  $(EXTRA_LDFLAGS) -o $@ $(MUSL_CRT) $(FRONT_OBJ) $(lastword $(MUSL))/libc.a \
	  $(shell $(CC) -print-libgcc-file-name) $(lastword $(MUSL))/crtn.o

$(FRONT_OBJ): $(wildcard front/compat/*.h front/compat/sys/*.h)
$B/front/musl/%.o: %.c | $B/sandbox/filter.h $B/sandbox/cell_filter.h $B/front/errors.h
	$(call say,FRONT,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(MUSL_CFLAGS) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion -Wno-overflow \
	  -Wno-sign-compare -MMD -MP -c -o $@ $<
endif

# Words for errors, so that both programs use the same.
$B/front/errors.h: front/gen/generrors.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 $(WARN) -O1 -o $B/front/generrors $<
	$(Q)$B/front/generrors > $@

$(LIB): $(filter-out $(MAIN),$(OBJ))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsP $@ $^

$B/%.o: %.c | $B/sandbox/filter.h $B/sandbox/cell_filter.h $B/sonames.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The detector reads all that tools say.
$(filter $B/agent/gate/scan%.o,$(OBJ)): CFLAGS := $(patsubst -O2,-O3,$(CFLAGS))

# Texts embedded with .incbin are not seen by -MMD.
$(filter $B/tools/kernels/% $B/agent/core/prompt.o $B/agent/model/provider_demo.o,$(OBJ)): $(TEXT)

# The names by which the libraries of this machine are opened.
$B/sonames.h: scripts/sonames.sh
	@mkdir -p $(@D)
	$(Q)CC="$(CC)" sh scripts/sonames.sh $(OPENED) > $@

# The system-call filter is compiled once, at build time, through libseccomp.
$B/sandbox/filter.h: sandbox/gen/genfilter.c $(wildcard sandbox/*.policy)
	$(call say,FILTER,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARN) -O1 -o $B/sandbox/genfilter $< -lseccomp
	$(Q)$B/sandbox/genfilter $(wildcard sandbox/*.policy) > $@

$B/sandbox/cell_filter.h: sandbox/gen/gencell.c sandbox/cell.calls
	$(call say,FILTER,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARN) -O1 -o $B/sandbox/gencell $< -lseccomp
	$(Q)$B/sandbox/gencell sandbox/cell.calls > $@

$B/unit/%: tests/unit/%.c $(LIB)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) -lcmocka $(LIBS)

# Small programs that the terminal tests drive.
$B/term/%: tests/term/%.c $(LIB)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS)

$B/gate/%: tests/gate/%.c $(LIB)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS)

# What the attacks need beyond python; static, since it runs in any sandbox.
$B/jail/probe: tests/jail/attacks/probe.c
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -O1 -static -o $@ $<

$(MAN): $B/%: docs/%.in $B/sunaba
	$(call say,MAN,$@)
	$(Q)$B/sunaba help --man $< > $@

man: $(MAN)

lint: all
	$(Q)SUNABA=$B/sunaba sh scripts/lint.sh

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

check-asan: setup-test
	$(Q)$(MAKE) --no-print-directory B=build-asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	  HARDEN=-fPIE EXTRA_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=undefined' \
	  all unit
	$(Q)SUNABA=build-asan/sunaba BUILD=build-asan python3 tests/run.py --asan

# FUZZ_SECONDS each. Needs clang.
fuzz: setup-test
	$(Q)FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) sh tests/fuzz/run.sh

# Servers of others; their start scripts are found in $$SUNABA_SHARED/peers.
check-peers: all
	$(Q)SUNABA=$$PWD/$B/sunaba ROOT=$$PWD python3 tests/peers/test_peers.py

# Every attack of the list as every identity; ARGS=--bare is the control, ARGS='--rung landlock'
# another rung than the full one. See tests/jail/attacks.
check-attacks: all unit
	$(Q)SUNABA=$B/sunaba python3 tests/jail/attacks/score.py --staged $(ARGS)

bench: all
	$(Q)SUNABA=$B/sunaba python3 tests/bench/bench.py

# Connecting through the sandbox's proxy beside the direct way.
bench-net: all
	$(Q)SUNABA=$B/sunaba python3 tests/bench/net.py

# The sandbox beside bubblewrap, firejail and unshare; goals are checked.
BENCH := $(addprefix $B/bench/,race calls session nothing)
bench-sandbox: all $(BENCH)
	$(Q)SUNABA=$B/sunaba BUILD=$B python3 tests/bench/sandbox.py $(ARGS)

# The gate: linking actions to megabytes of output, and the detector's megabytes a second on one core,
# beside memchr, wc and grep.
bench-gate: $B/bench/scan $B/bench/link
	$(Q)$B/bench/link
	$(Q)$B/bench/scan

# What it finds, on texts that are read by path (DATA).
score-gate: $B/gate/tool_scan
	$(Q)BUILD=$B python3 tests/gate/score.py $(ARGS)

# A model that obeys every attack text, in every mode, and the detector's figures. DATA=DIR.
check-gate: all $B/gate/tool_scan
	$(Q)SUNABA=$(abspath $B/sunaba) DATA="$(DATA)" python3 tests/gate/check.py $(ARGS)
	$(Q)SUNABA=$(abspath $B/sunaba) python3 tests/gate/benign.py
	$(Q)DATA="$(DATA)" BUILD=$B python3 tests/gate/score.py

# Steps beside bare interpreters, a pipe, jupyter's kernel; goals are checked.
bench-steps: all $B/bench/steps
	$(Q)SUNABA=$B/sunaba BUILD=$B python3 tests/bench/steps.py $(ARGS)

soak-sandbox: all unit
	$(Q)SUNABA=$(abspath $B/sunaba) SOAK=$(or $(SOAK),50x20) python3 tests/jail/test_soak.py

# SOAK_STEPS steps of all languages in one session, and all that goes wrong; SOAK_SEED plays the
# same steps again. SUNABA=build-asan/sunaba SUNABA_ASAN=1 after check-asan looks for leaks too.
soak: all
	$(Q)SUNABA=$(abspath $(or $(SUNABA),$B/sunaba)) SOAK_STEPS=$(or $(SOAK_STEPS),2000) \
	  SOAK_SEED=$(SOAK_SEED) python3 tests/soak/soak.py

$B/bench/session $B/bench/soak $B/bench/steps $B/bench/scan $B/bench/link: $B/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(LIB) $(LIBS)
$B/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) -I. -O2 -static -o $@ $<
$B/bench/nothing:
	@mkdir -p $(@D)
	$(Q)echo 'int main(void) { return 0; }' | $(CC) -O2 -static -x c -o $@ -

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sunaba \
	  $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/man/man5 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(AGENT) $(DESTDIR)$(PREFIX)/libexec/sunaba/sunaba
	install -m 755 $B/sunaba $(DESTDIR)$(PREFIX)/bin/sunaba
	install -m 644 $(filter %.1,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(filter %.5,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man5
	$B/sunaba completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sunaba
	$B/sunaba completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sunaba
	$B/sunaba completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sunaba.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/sunaba $(DESTDIR)$(PREFIX)/libexec/sunaba/sunaba \
	  $(patsubst $B/%,$(DESTDIR)$(PREFIX)/share/man/man1/%,$(filter %.1,$(MAN))) \
	  $(patsubst $B/%,$(DESTDIR)$(PREFIX)/share/man/man5/%,$(filter %.5,$(MAN))) \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sunaba \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sunaba \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sunaba.fish
	-rmdir $(DESTDIR)$(PREFIX)/libexec/sunaba

clean:
	rm -rf $B build-asan build-fuzz

-include $(OBJ:.o=.d) $(FRONT_OBJ:.o=.d) $(addsuffix .d,$(UNIT))
