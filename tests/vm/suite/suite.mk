# SPDX-License-Identifier: GPL-2.0-only
#
# suite.mk - the programs that run in the guests: build/vm/NAME. Included by the
# top Makefile, or used alone from the project's root:
#
#	make -f tests/vm/suite/suite.mk suite

SUITE_BUILD := build/vm
SUITE_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -O2 -g -D_GNU_SOURCE -Iinclude -pthread

SUITE_PROGRAMS := abi life tasks samples load paths coexist engines restore trace killed \
		lone oops lockdown
SUITE_COMMON := harness.c machine.c control.c
suite_abi_SRCS := abi.c abi_attach.c abi_tables.c abi_checkpoint.c abi_limits.c
suite_life_SRCS := life.c life_init.c
suite_tasks_SRCS := tasks.c
suite_samples_SRCS := samples.c samples_expected.c
suite_load_SRCS := load.c load_oneshot.c
suite_paths_SRCS := paths.c paths_news.c paths_by_hand.c paths_yield.c engines_work.c coexist_target.c
suite_coexist_SRCS := coexist.c coexist_probes.c coexist_target.c
suite_engines_SRCS := engines.c engines_abi.c engines_counts.c engines_inside.c \
			engines_islands.c engines_settle.c engines_work.c coexist_target.c
suite_trace_SRCS := trace.c trace_read.c trace_life.c trace_abi.c coexist_target.c
suite_killed_SRCS := killed.c
suite_lone_SRCS := lone.c
suite_oops_SRCS := oops.c coexist_target.c
suite_lockdown_SRCS := lockdown.c
suite_restore_SRCS := restore.c engines_work.c coexist_target.c

suite_dir := tests/vm/suite
suite_headers := $(wildcard $(suite_dir)/*.h $(suite_dir)/module/*.h) \
		include/cov_ioctl.h tests/target/covtarget.h

# suite_rule NAME: static, because a guest fetches every library through 9p.
define suite_rule
$(SUITE_BUILD)/$(1): $(addprefix $(suite_dir)/,$(suite_$(1)_SRCS) $(SUITE_COMMON)) \
		$(suite_headers) $(suite_dir)/suite.mk
	@mkdir -p $$(@D)
	$$(CC) $(SUITE_CFLAGS) -static -o $$@ $$(filter %.c,$$^)
endef

.PHONY: suite
suite: $(SUITE_PROGRAMS:%=$(SUITE_BUILD)/%)

$(foreach name,$(SUITE_PROGRAMS),$(eval $(call suite_rule,$(name))))
