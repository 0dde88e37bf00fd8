# SPDX-License-Identifier: MIT
# IX Lab. `make help` lists the targets; every object is found by wildcard and built once.
#
#   CC=clang        another compiler        V=1            show commands
#   BUILD=DIR       another build folder    NO_INSTALL=1   never install packages
#   OPT=-O0         another optimisation    EXTRA=FLAGS    more flags, compiling and linking
#
# Programs of tests/ are found by folder too: unit/test_*.c, fuzz/fuzz_*.c, and what has a
# main in sim/, bench/ and diff/ are one each (x_main.c makes x); pkt/*.c are one together; other
# files help them.
SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ifeq ($(origin CC),default)
CC := gcc
endif
OPT      ?= -O2
BUILD    ?= build/$(notdir $(lastword $(CC)))
PREFIX   ?= /usr/local
Q        := $(if $(V),,@)
WARN     := -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-qual
ALL_CFLAGS   := -std=c11 $(OPT) -g -fno-strict-aliasing -ffp-contract=off -fno-common \
                $(WARN) $(CFLAGS) $(EXTRA)
ALL_CPPFLAGS := -Icore -Icore/include -I. -MMD -MP $(CPPFLAGS)
ALL_LDFLAGS  := $(LDFLAGS) $(EXTRA)
# What touches the host (files, devices, arguments) needs POSIX and GNU names; core/ and the
# workloads do not.
HOSTED   := -D_GNU_SOURCE

# --- what there is ---
CORE_SRC  := $(wildcard core/*/*.c)
APP_SRC   := $(wildcard workloads/*.c)
SIM_SRC   := $(wildcard sim/*.c)
HW_SRC    := $(wildcard hw/*.c)
CLI_SRC   := $(wildcard cli/*.c)
UNIT_SRC  := $(wildcard tests/unit/test_*.c)
PKT_SRC   := $(wildcard tests/pkt/*.c)
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
with_main = $(shell grep -lE '^(int main|CU_MAIN)\b' /dev/null $(wildcard tests/$(1)/*.c))
SIMT_SRC  := $(call with_main,sim)
BENCH_SRC := $(call with_main,bench)
DIFF_SRC  := $(call with_main,diff)
HELP_SRC  := $(filter-out $(UNIT_SRC) $(FUZZ_SRC) $(SIMT_SRC) $(BENCH_SRC) $(DIFF_SRC), \
               $(foreach d,unit fuzz sim bench diff,$(wildcard tests/$(d)/*.c)))
ALL_SRC   := $(CORE_SRC) $(APP_SRC) $(SIM_SRC) $(HW_SRC) $(CLI_SRC) $(UNIT_SRC) $(PKT_SRC) \
             $(SIMT_SRC) $(BENCH_SRC) $(DIFF_SRC) $(FUZZ_SRC) $(HELP_SRC)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_LIB := $(BUILD)/libixcore.a
APP_LIB  := $(BUILD)/libixapps.a
SIM_LIB  := $(BUILD)/libixsim.a
HW_LIB   := $(BUILD)/libixhw.a
CLI_LIB  := $(BUILD)/libixcli.a
HELP_LIB := $(if $(HELP_SRC),$(BUILD)/libixhelp.a)
LIBS     := $(CLI_LIB) $(SIM_LIB) $(HW_LIB) $(APP_LIB) $(CORE_LIB)
SYS_LIBS := -lconfig -ljansson -lm
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
PKT      := $(if $(PKT_SRC),$(BUILD)/pkt/tcp_pkt)
SIMT     := $(patsubst tests/sim/%.c,$(BUILD)/sim-tests/%,$(filter-out %_main.c,$(SIMT_SRC)))
SIMT_M   := $(patsubst tests/sim/%_main.c,$(BUILD)/sim-tests/%,$(filter %_main.c,$(SIMT_SRC)))
BENCH    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))
DIFF     := $(patsubst tests/diff/%_main.c,$(BUILD)/diff/%,$(DIFF_SRC))
FUZZ     := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
TESTS    := $(UNIT) $(PKT) $(SIMT) $(SIMT_M)

.PHONY: all tests programs fuzzers everything unit figures congestion check bench diff fuzz \
        sanitize layout conformance install uninstall clean help deps FORCE
all: ix			## build ./ix (the default)

# Any compiler must take the fuzzers; clang alone has what they are linked with.
tests: $(TESTS) $(BENCH) $(DIFF) $(call obj,$(FUZZ_SRC))	## build all test programs, run none
programs: $(BUILD)/ix tests
everything: programs $(if $(findstring clang,$(CC)),fuzzers)

# --- building ---
ix: $(BUILD)/ix FORCE
	@ln -sfn $(BUILD)/ix ix

# A missing library is a sentence, not a compiler error.
deps:
	@CC='$(CC)' NO_INSTALL=1 scripts/deps.sh -q build

$(BUILD)/ix: $(call obj,cli/main.c) $(LIBS)
	@echo "  LINK    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(SYS_LIBS)

$(CORE_LIB): $(call obj,$(CORE_SRC))
$(APP_LIB): $(call obj,$(APP_SRC))
$(SIM_LIB): $(call obj,$(SIM_SRC))
$(HW_LIB): $(call obj,$(HW_SRC))
$(CLI_LIB): $(call obj,$(filter-out cli/main.c,$(CLI_SRC)))
$(BUILD)/libixhelp.a: $(call obj,$(HELP_SRC))
$(LIBS) $(HELP_LIB): $(BUILD)/sources.stamp
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(call obj,$(ALL_SRC)): $(BUILD)/%.o: %.c $(BUILD)/flags.stamp | deps
	@echo "  CC      $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(if $(filter core/% workloads/%,$<),,$(HOSTED)) $(FLAGS) \
		$(ALL_CFLAGS) -c -o $@ $<

# The commit is known to one object and costs one object.
CC_NAME = $(notdir $(lastword $(CC))) $(shell $(CC) -dumpfullversion 2>/dev/null || \
                                               $(CC) -dumpversion 2>/dev/null)
$(call obj,cli/version.c): FLAGS = -DIX_COMMIT='"$(file <$(BUILD)/commit.stamp)"' \
                                   -DIX_CC='"$(CC_NAME)"'
$(call obj,cli/version.c): $(BUILD)/commit.stamp

# Stamps change when their content does, so what depends on them is rebuilt then and only then.
stamp = @mkdir -p $(BUILD); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(BUILD)/flags.stamp: FORCE
	$(call stamp,$(subst ','\'',$(CC) $(CC_NAME) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)))
$(BUILD)/sources.stamp: FORCE
	$(call stamp,$(sort $(ALL_SRC)))
# What runs write is no part of the program: figures made anew do not make it another.
OUTPUTS  := results paper-figs/index.html
$(BUILD)/commit.stamp: FORCE
	@mkdir -p $(BUILD); \
	c=$$(git describe --always --abbrev=12 --exclude='*' 2>/dev/null || echo unknown); \
	[ "$$c" = unknown ] || git diff --quiet HEAD -- . $(OUTPUTS:%=':!%') || c=$$c-dirty; \
	echo "$$c" | cmp -s - $@ || echo "$$c" >$@

# --- test programs ---
link = @mkdir -p $(@D); echo "  LINK    $@"; \
	$(if $(V),set -x;) $(CC) $(ALL_LDFLAGS) $(2) -o $@ $(filter %.o %.a,$^) $(1) $(SYS_LIBS)
$(UNIT): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(HELP_LIB) $(LIBS)
	$(call link,-lcunit)
$(PKT): $(call obj,$(PKT_SRC)) $(HELP_LIB) $(LIBS)
	$(call link,-lcunit)
$(SIMT): $(BUILD)/sim-tests/%: $(BUILD)/tests/sim/%.o $(HELP_LIB) $(LIBS)
	$(call link,-lcunit)
$(SIMT_M): $(BUILD)/sim-tests/%: $(BUILD)/tests/sim/%_main.o $(HELP_LIB) $(LIBS)
	$(call link,-lcunit)
$(BENCH): $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(HELP_LIB) $(LIBS)
	$(call link)
$(DIFF): $(BUILD)/diff/%: $(BUILD)/tests/diff/%_main.o $(HELP_LIB) $(LIBS)
	$(call link)
# Useful in a build for fuzzing only: see `fuzz`.
fuzzers: $(FUZZ)
$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(HELP_LIB) $(LIBS)
	$(call link,,-fsanitize=fuzzer)

# --- running ---
# Recursive builds use every core unless the caller has said how many.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
SUB  = $(MAKE) --no-print-directory $(JOBS)

unit: $(UNIT)		## build and run the unit suites, and nothing else
	$(Q)for t in $^; do $$t || exit 1; done

layout: $(CORE_LIB)	## the house rules: who includes whom, sizes, globals
	@python3 scripts/check_layout.py --core-lib $(CORE_LIB)

conformance: $(PKT)	## docs/tcp-conformance.md from the requirements and the packet tests
	@python3 scripts/conformance.py --tcp-pkt $(PKT)

figures:		## packages, build, every figure into results/ (QUICK=1: a preview)
	@CC='$(CC)' scripts/deps.sh figures
	+@$(SUB) all
	@scripts/figures.sh $(if $(QUICK),--quick)

congestion:		## packages, build, docs/congestion.md and its figures (QUICK=1: a preview)
	@CC='$(CC)' scripts/deps.sh congestion
	+@$(SUB) all
	@python3 scripts/congestion.py $(if $(QUICK),--quick)

check:			## packages, build with gcc and clang, and every test
	@CC='$(CC)' scripts/deps.sh check
	+@MAKE='$(MAKE)' scripts/check.sh

SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize:		## unit, packet, short swarm tests and fuzzing corpora under sanitizers
	@CC='$(CC)' scripts/deps.sh check
	+@$(SUB) BUILD=build/san OPT=-O1 EXTRA='$(SAN)' tests
	+@MAKE='$(MAKE)' scripts/check.sh --only-tests build/san
	+@if NO_INSTALL=1 scripts/deps.sh fuzz >/dev/null 2>&1; then \
		$(FUZZ_BUILD) && scripts/fuzz.sh build/fuzz 0; \
	else echo "skipped: corpora of the fuzzers, clang's fuzzer runtime is not installed"; fi

bench:			## packages, build and run the benchmarks (UPDATE=1: a new baseline)
	@CC='$(CC)' scripts/deps.sh bench
	+@$(SUB) all $(BENCH)
	@python3 scripts/bench.py --build $(BUILD) $(if $(UPDATE),--update)

diff:			## as root: our TCP against Linux's over an impaired wire (DIFF_ARGS=--help)
	+@$(SUB) all $(DIFF)
	@python3 tests/diff/diff.py --ix $(BUILD)/ix --wire $(BUILD)/diff/wire $(DIFF_ARGS)

FUZZ_SECONDS ?= 30
FUZZ_BUILD = $(SUB) CC=clang BUILD=build/fuzz OPT=-O1 \
             EXTRA='$(SAN) -fsanitize=fuzzer-no-link' fuzzers
fuzz:			## packages, build with clang, and FUZZ_SECONDS=30 of every fuzzer
	@scripts/deps.sh fuzz
	+@$(FUZZ_BUILD)
	@scripts/fuzz.sh build/fuzz $(FUZZ_SECONDS)

# --- installing ---
SHARE := $(DESTDIR)$(PREFIX)/share/ix
install: all		## into PREFIX=/usr/local, below DESTDIR
	install -D -m 755 $(BUILD)/ix "$(DESTDIR)$(PREFIX)/bin/ix"
	install -D -m 644 -t "$(SHARE)/prices" $(wildcard sim/prices/*.conf)
	install -D -m 644 -t "$(SHARE)/paper-figs" $(wildcard paper-figs/*.*)
	install -D -m 644 -t "$(SHARE)/paper-figs/systems" $(wildcard paper-figs/systems/*)
	install -D -m 644 docs/ix.1 "$(DESTDIR)$(PREFIX)/share/man/man1/ix.1"

uninstall:		## what install put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/ix" "$(DESTDIR)$(PREFIX)/share/man/man1/ix.1"
	rm -rf "$(SHARE)"

clean:			## remove everything that was built
	rm -rf build ix

help:			## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC)))
