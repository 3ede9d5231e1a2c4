# SPDX-License-Identifier: GPL-2.0-only
#
# decoder.mk - the decoder against objdump. Included by the top Makefile, or used
# alone from the project's root: make -f tests/decoder/decoder.mk test-decoder
#
#	test-decoder		every opcode, and some hundred modules
#	test-decoder-all	every opcode, and all modules of a kernel
#
# LIVECOV_MODULES_DIR and LIVECOV_KERNEL choose the kernel: see tests/decoder/run.

DECODER_BUILD := build/decoder
DECODER_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -g -Imodule
DECODER_HEADERS := module/insn_branch.h module/portable.h

.PHONY: decoder-tools test-decoder test-decoder-all
decoder-tools: $(DECODER_BUILD)/objdump_diff $(DECODER_BUILD)/every_opcode

$(DECODER_BUILD)/objdump_diff: tests/decoder/objdump_diff.c module/insn_branch.c $(DECODER_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DECODER_CFLAGS) -o $@ $(filter %.c,$^) -lelf

$(DECODER_BUILD)/every_opcode: tests/decoder/every_opcode.c $(DECODER_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DECODER_CFLAGS) -o $@ $<

test-decoder: decoder-tools
	DECODER_BUILD=$(DECODER_BUILD) tests/decoder/run opcodes
	DECODER_BUILD=$(DECODER_BUILD) tests/decoder/run some

test-decoder-all: decoder-tools
	DECODER_BUILD=$(DECODER_BUILD) tests/decoder/run opcodes
	DECODER_BUILD=$(DECODER_BUILD) tests/decoder/run all
