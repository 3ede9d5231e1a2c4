# SPDX-License-Identifier: GPL-2.0-only
#
# bench.mk - the programs that bench/run takes into its guests. Used alone from the
# project's root: make -f bench/bench.mk bench-tools

.PHONY: bench-tools
bench-tools: $(addprefix build/bench/,file-load tasks checkpoints fork-storm)

build/bench/%: bench/guest/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -Iinclude -pthread -static -o $@ $<
