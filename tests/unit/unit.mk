# SPDX-License-Identifier: GPL-2.0-only
#
# unit.mk - builds and runs the CMocka tests. Included by the top Makefile, or
# used alone from the project's root: make -f tests/unit/unit.mk unit
#
# A test NAME is tests/unit/test_NAME.c. To add one, above the rules:
#
#	UNIT_TESTS += NAME		runs under ASan and UBSan
#	UNIT_TSAN += NAME		runs under TSan
#	UNIT_UBSAN += NAME		runs under UBSan alone
#	NAME_SRCS := FILES		compiled together with it
#	NAME_LIBS := -lFOO		if it needs more than CMocka
#	NAME_DEPS := FILES		read by it, beyond the headers below
#
# A script NAME of UNIT_SCRIPTS is tests/unit/test_NAME.py and needs nothing built.

UNIT_BUILD := build/unit

UNIT_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -O2 -g -Imodule -Iinclude -Ilibcov -pthread
UNIT_asan_CFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_tsan_CFLAGS := -fsanitize=thread
UNIT_ubsan_CFLAGS := -fsanitize=undefined -fno-sanitize-recover=all
UNIT_HEADERS := $(wildcard module/*.h include/*.h tests/unit/*.h)

unit_tables := module/task_registry.c module/thread_buffer.c module/caller_table.c

UNIT_TESTS += task_registry
task_registry_SRCS := $(unit_tables)

UNIT_TESTS += thread_buffer
thread_buffer_SRCS := module/thread_buffer.c

UNIT_TESTS += caller_table
caller_table_SRCS := module/caller_table.c

# Includes the module's files itself, to put a switch point into every atomic.
UNIT_TESTS += tables_interleave
tables_interleave_DEPS := $(unit_tables) module/trace_area.c

UNIT_TESTS += tables_threads
UNIT_TSAN += tables_threads
tables_threads_SRCS := $(unit_tables)

UNIT_TESTS += trace_area
UNIT_TSAN += trace_area
trace_area_SRCS := module/trace_area.c

UNIT_TESTS += cell_layout

UNIT_TESTS += cell_news
cell_news_SRCS := module/cell_news.c

UNIT_TESTS += memory_budget
UNIT_TSAN += memory_budget
memory_budget_SRCS := module/memory_budget.c

UNIT_TESTS += refusals
refusals_SRCS := module/refusals.c

# covstat's tree of a trace; it wants covstat's own headers.
UNIT_TESTS += trace_tree
trace_tree_SRCS := $(addprefix tools/covstat/,trace_tree.c memory.c words.c)
trace_tree_LIBS := -Ilibcov -D_GNU_SOURCE

# The decoder and the control flow.
UNIT_TESTS += insn_branch
insn_branch_SRCS := module/insn_branch.c

UNIT_TESTS += flow
flow_SRCS := $(wildcard module/flow*.c) module/text_map.c module/insn_branch.c \
	     tests/unit/known_code.c tests/unit/test_flow_asm.S

UNIT_TESTS += flow_random
flow_random_SRCS := $(wildcard module/flow*.c) module/text_map.c module/insn_branch.c

UNIT_TESTS += address_set
address_set_SRCS := module/address_set.c

UNIT_TESTS += text_map
text_map_SRCS := module/text_map.c

# Regions and stubs, on code of their own and on the C library's.
unit_elf_image := tests/unit/elf_image.c module/region.c module/region_marks.c module/flow.c \
		  module/flow_read.c module/text_map.c module/insn_branch.c

UNIT_TESTS += region
region_SRCS := tests/unit/known_code.c tests/unit/test_region_asm.S $(unit_elf_image)
region_LIBS := -lelf

UNIT_TESTS += stub
stub_SRCS := module/stub.c $(unit_elf_image)
stub_LIBS := -lelf

# libcov's pure part.
UNIT_TESTS += known_sets
known_sets_SRCS := libcov/known_sets.c
known_sets_DEPS := libcov/known_sets.h

# Runs random code, which would write to ASan's shadow memory.
UNIT_UBSAN += stub_run
stub_run_SRCS := module/stub.c tests/unit/stepper.c $(unit_elf_image)
stub_run_LIBS := -lelf

# unit_rule NAME FLAVOUR
define unit_rule
$(UNIT_BUILD)/$(1).$(2): tests/unit/test_$(1).c $($(1)_SRCS) $($(1)_DEPS) $(UNIT_HEADERS) \
			 tests/unit/unit.mk | $(UNIT_BUILD)
	$$(CC) $(UNIT_CFLAGS) $(UNIT_$(2)_CFLAGS) -o $$@ $$< $($(1)_SRCS) -lcmocka $($(1)_LIBS)

.PHONY: run-$(1).$(2)
run-$(1).$(2): $(UNIT_BUILD)/$(1).$(2)
	@echo "--- unit test $(1), $(2)"
	@./$$<

unit: run-$(1).$(2)
endef

.PHONY: unit
unit:

$(foreach name,$(UNIT_TESTS),$(eval $(call unit_rule,$(name),asan)))
$(foreach name,$(UNIT_TSAN),$(eval $(call unit_rule,$(name),tsan)))
$(foreach name,$(UNIT_UBSAN),$(eval $(call unit_rule,$(name),ubsan)))

# Programs that compare what is written in one place with another.
UNIT_SCRIPTS := contract design kernel_doc run storm

.PHONY: $(UNIT_SCRIPTS:%=run-%)
$(UNIT_SCRIPTS:%=run-%): run-%:
	@echo "--- unit test $*"
	@tests/unit/test_$*.py

unit: $(UNIT_SCRIPTS:%=run-%)

$(UNIT_BUILD):
	mkdir -p $@
