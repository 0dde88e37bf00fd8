# SPDX-License-Identifier: MIT
# IX Lab. `make help` lists the targets; every object is found by wildcard and built once.
#
#   CC=clang        another compiler        V=1            show commands
#   BUILD=DIR       another build folder    NO_INSTALL=1   never install packages
SHELL := /bin/bash
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

ifeq ($(origin CC),default)
CC := gcc
endif
OPT      ?= -O2
BUILD    ?= build/$(notdir $(CC))
Q        := $(if $(V),,@)
WARN     := -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wcast-qual
CFLAGS   += -std=c11 $(OPT) -g -fno-strict-aliasing -ffp-contract=off -fno-common $(WARN) $(EXTRA)
CPPFLAGS += -Icore -Icore/include -I. -MMD -MP
# What touches the host (files, devices, arguments) needs POSIX and GNU names; core/ and the models do not.
HOSTED   := -D_GNU_SOURCE
LDFLAGS  += $(EXTRA)

CORE_SRC := $(wildcard core/*/*.c)
APP_SRC  := $(wildcard workloads/*.c)
SIM_SRC  := $(wildcard sim/*.c)
HW_SRC   := $(wildcard hw/*.c)
CLI_SRC  := $(wildcard cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_LIB := $(BUILD)/libixcore.a
APP_LIB  := $(BUILD)/libixapps.a
SIM_LIB  := $(BUILD)/libixsim.a
HW_LIB   := $(BUILD)/libixhw.a
LIBS     := $(SIM_LIB) $(HW_LIB) $(APP_LIB) $(CORE_LIB)
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))

.PHONY: all unit clean help
all: ix			## build ./ix

ix: $(BUILD)/ix
	$(Q)ln -sf $(BUILD)/ix ix

$(BUILD)/ix: $(call obj,$(CLI_SRC)) $(LIBS)
	@echo "  LINK    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lconfig -ljansson -lm

$(CORE_LIB): $(call obj,$(CORE_SRC))
$(APP_LIB): $(call obj,$(APP_SRC))
$(SIM_LIB): $(call obj,$(SIM_SRC))
$(HW_LIB): $(call obj,$(HW_SRC))
%.a:
	@echo "  AR      $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@echo "  CC      $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(if $(filter core/% workloads/%,$<),,$(HOSTED)) $(CFLAGS) -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIBS)
	@echo "  LINK    $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcunit -lm

unit: $(UNIT)		## build and run the unit suites
	$(Q)for t in $^; do $$t || exit 1; done

clean:			## remove everything that was built
	rm -rf build ix

help:			## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

-include $(shell [ -d $(BUILD) ] && find $(BUILD) -name '*.d')
