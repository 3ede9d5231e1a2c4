// SPDX-License-Identifier: GPL-2.0-only
/*
 * every_opcode.c - write machine code in which every opcode occurs, with every
 * kind of ModRM and prefix, for objdump_diff.c: modules hold few opcodes only.
 *
 * Owns: the choice of what is tried. Writes raw bytes to stdout.
 *
 * Each candidate is followed by nops. They are its SIB, displacement and
 * immediate as far as it has any (0x90 is a SIB without special meaning), and
 * whatever a disassembler makes of a candidate, it is in step again at the next.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "portable.h"

/* A candidate of up to 7 bytes, and as many nops as its last byte can draw in. */
#define SLOT_SIZE	24

struct candidate {
	u8 bytes[SLOT_SIZE];
	unsigned int length;
};

static void add(struct candidate *c, const void *bytes, unsigned int length)
{
	memcpy(c->bytes + c->length, bytes, length);
	c->length += length;
}

static void add_byte(struct candidate *c, u8 byte)
{
	add(c, &byte, 1);
}

static void emit(const struct candidate *c)
{
	u8 slot[SLOT_SIZE];

	memset(slot, 0x90, sizeof(slot));
	memcpy(slot, c->bytes, c->length);
	if (fwrite(slot, sizeof(slot), 1, stdout) != 1)
		err(1, "stdout");
}

/* Every ModRM, and for those with a SIB also one that has no base. */
static void emit_every_modrm(const struct candidate *head)
{
	unsigned int modrm;

	for (modrm = 0; modrm < 256; modrm++) {
		struct candidate c = *head;

		add_byte(&c, modrm);
		emit(&c);
		if ((modrm & 7) == 4 && modrm < 0xc0) {
			add_byte(&c, 0x25);
			emit(&c);
		}
	}
}

/* Each ModRM.reg, with memory and with a register. */
static void emit_every_group_member(const struct candidate *head)
{
	unsigned int reg, mod;

	for (reg = 0; reg < 8; reg++) {
		for (mod = 1; mod <= 3; mod += 2) {
			struct candidate c = *head;

			add_byte(&c, mod << 6 | reg << 3);
			emit(&c);
		}
	}
}

/* Each opcode behind @escape, alone and with the prefixes that can matter to it. */
static void every_legacy_opcode(const void *escape, unsigned int escape_length)
{
	static const struct {
		const char *bytes;
		unsigned int length;
	} prefixes[] = {
		{ "\x66", 1 }, { "\x67", 1 }, { "\xf2", 1 }, { "\xf3", 1 }, { "\x48", 1 },
		{ "\x41", 1 }, { "\x66\x48", 2 }, { "\x66\x67", 2 }, { "\xf3\x48", 2 },
		{ "\xf2\x48", 2 }, { "\x2e", 1 }, { "\x3e", 1 }, { "\x65\x66", 2 },
		{ "\xf0", 1 }, { "\x66\x2e", 2 },
	};
	unsigned int opcode, i;

	for (opcode = 0; opcode < 256; opcode++) {
		struct candidate c = { .length = 0 };

		add(&c, escape, escape_length);
		add_byte(&c, opcode);
		emit_every_modrm(&c);
		for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
			c.length = 0;
			add(&c, prefixes[i].bytes, prefixes[i].length);
			add(&c, escape, escape_length);
			add_byte(&c, opcode);
			emit_every_group_member(&c);
		}
	}
}

/* Each opcode behind @head, which ends where VEX, EVEX or XOP end. */
static void every_opcode_behind(const void *head, unsigned int length)
{
	static const u8 modrms[] = { 0x40, 0x50, 0x70, 0xc0, 0xd0, 0xf0 };
	unsigned int opcode, i;

	for (opcode = 0; opcode < 256; opcode++) {
		for (i = 0; i < ARRAY_SIZE(modrms); i++) {
			struct candidate c = { .length = 0 };

			add(&c, head, length);
			add_byte(&c, opcode);
			add_byte(&c, modrms[i]);
			emit(&c);
		}
	}
}

/*
 * @pp is the bits that stand for 66, F3 and F2. R, X, B and vvvv are inverted:
 * all ones names the first registers. W and L are tried together.
 */
static void every_vex_opcode(void)
{
	unsigned int map, wl, pp;

	for (map = 0; map < 32; map++) {
		for (pp = 0; pp < 4; pp++) {
			for (wl = 0; wl < 2; wl++) {
				u8 vex3[] = { 0xc4, 0xe0 | map, wl << 7 | 0x78 | wl << 2 | pp };
				u8 vex2[] = { 0xc5, 0xf8 | wl << 2 | pp };

				every_opcode_behind(vex3, sizeof(vex3));
				if (map == 1)
					every_opcode_behind(vex2, sizeof(vex2));
			}
			if (!map || map > 7)
				break;	/* undefined: once is enough */
		}
	}
}

static void every_evex_opcode(void)
{
	unsigned int map, wl, pp;

	for (map = 0; map < 16; map++) {
		for (pp = 0; pp < 4; pp++) {
			for (wl = 0; wl < 2; wl++) {
				u8 w = wl << 7, l = wl << 6;
				u8 head[] = { 0x62, 0xf0 | map, w | 0x7c | pp, l | 0x08 };

				every_opcode_behind(head, sizeof(head));
			}
			if (!map || map > 7)
				break;	/* undefined: once is enough */
		}
	}
}

static void every_xop_opcode(void)
{
	unsigned int map, w;

	for (map = 8; map < 32; map++) {
		for (w = 0; w < 2; w++) {
			u8 head[] = { 0x8f, 0xe0 | map, w << 7 | 0x78 };

			every_opcode_behind(head, sizeof(head));
			if (map > 10)
				break;	/* undefined: once is enough */
		}
	}
}

int main(void)
{
	every_legacy_opcode("", 0);
	every_legacy_opcode("\x0f", 1);
	every_legacy_opcode("\x0f\x38", 2);
	every_legacy_opcode("\x0f\x3a", 2);
	every_vex_opcode();
	every_evex_opcode();
	every_xop_opcode();
	if (fflush(stdout))
		err(1, "stdout");
	return 0;
}
