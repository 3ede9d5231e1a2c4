// SPDX-License-Identifier: GPL-2.0-only
/*
 * insn_branch.c - the x86-64 instruction decoder.
 *
 * Owns: the length of an instruction, its effect on control flow, and whether it
 * can be moved. Pure: it calls nothing outside this file and keeps no state.
 *
 * Whole modules are decoded several times when they are attached: most instructions must get
 * through with one look-up in a map and no switch.
 *
 * An instruction is prefixes, opcode, ModRM, SIB, displacement, immediate. What follows an
 * opcode is looked up in the maps of the SDM (Intel 64 and IA-32 Architectures Software
 * Developer's Manual), volume 2, appendix A. Where a map leaves an opcode or a member of a
 * group undefined in 64-bit mode, decoding fails. Two things are deliberately not checked, as
 * they do not change the length and only make the CPU raise #UD at the instruction: operands
 * and prefixes that an instruction may not have (lea of a register, lock on a mov), and which
 * opcodes of 0F 38, 0F 3A, VEX, EVEX and XOP exist, because all opcodes of such a map have one
 * shape: what later CPUs add there gets the right length.
 *
 * Intel and AMD differ in one point that matters here: a 66 prefix on a near branch. Intel
 * ignores it (SDM vol. 2, appendix A.2.5, superscript f64); AMD takes a 16-bit displacement and
 * cuts RIP to 16 bits (AMD64 Architecture Programmer's Manual, vol. 1, 3.7.9, table 3-9). The
 * latter can never lead to kernel text, so no kernel has such a branch on purpose: it is
 * decoded as Intel does.
 */
#include "insn_branch.h"

/* Prefixes that change what follows, or what the instruction is. */
#define PREFIX_66	(1U << 0)	/* operand size */
#define PREFIX_67	(1U << 1)	/* address size */
#define PREFIX_F2	(1U << 2)
#define PREFIX_F3	(1U << 3)
#define PREFIX_LOCK	(1U << 4)
#define PREFIX_DS	(1U << 5)

#define REX_W		0x08
#define REX_B		0x01

/* The bits of RFLAGS that conditions look at; SDM vol. 1, 3.4.3. */
#define FLAG_CF		(1U << 0)
#define FLAG_PF		(1U << 2)
#define FLAG_ZF		(1U << 6)
#define FLAG_SF		(1U << 7)
#define FLAG_OF		(1U << 11)

/* Opcode maps, by the number that VEX, EVEX and XOP give them. */
#define MAP_ONE_BYTE	0
#define MAP_0F		1
#define MAP_0F38	2
#define MAP_0F3A	3
#define MAP_MSR		7
#define NR_MAPS		11

/*
 * The shape of an instruction: what follows its opcode. One byte: an immediate
 * in the low three bits (displacements of branches and moffs count as such),
 * and flags.
 */
#define SHAPE_IMM	0x07
#define SHAPE_MODRM	0x08
#define SHAPE_GROUP	0x10	/* not every ModRM is defined: see groups[] */
#define SHAPE_SPECIAL	0x20	/* it has exceptions, or classify_*() knows more about it */
#define SHAPE_UNDEFINED	0x80

enum shape {
	NN = 0,			/* nothing */
	IB,			/* 8 bits */
	IW,			/* 16 bits */
	IE,			/* 16 and 8 bits: enter; also extrq, insertq */
	IZ,			/* 16 bits with 66, else 32 */
	IV,			/* 16 bits with 66, 64 with REX.W, else 32 */
	IO,			/* an address: 32 bits with 67, else 64 */
	ID,			/* 32 bits */
	MM = SHAPE_MODRM,
	MB = SHAPE_MODRM | IB,
	MZ = SHAPE_MODRM | IZ,
	MD = SHAPE_MODRM | ID,
	SN = SHAPE_SPECIAL,
	SB = SHAPE_SPECIAL | IB,
	SW = SHAPE_SPECIAL | IW,
	SD = SHAPE_SPECIAL | ID,
	SM = SHAPE_SPECIAL | MM,
	TB = SHAPE_SPECIAL | MB,
	TZ = SHAPE_SPECIAL | MZ,
	MG = SHAPE_SPECIAL | SHAPE_MODRM | SHAPE_GROUP,
	GB = MG | IB,
	GZ = MG | IZ,
	UD = SHAPE_UNDEFINED,
	PP = SHAPE_UNDEFINED | 1,	/* prefix or escape, consumed before the look-up */
	RX = SHAPE_UNDEFINED | 2,	/* the same, REX */
};

/* SDM vol. 2, table A-2. */
static const u8 one_byte_map[256] = {
/*	x0  x1  x2  x3  x4  x5  x6  x7  x8  x9  xA  xB  xC  xD  xE  xF */
/* 0 */	MM, MM, MM, MM, IB, IZ, UD, UD, MM, MM, MM, MM, IB, IZ, UD, PP,
/* 1 */	MM, MM, MM, MM, IB, IZ, UD, UD, MM, MM, MM, MM, IB, IZ, UD, UD,
/* 2 */	MM, MM, MM, MM, IB, IZ, PP, UD, MM, MM, MM, MM, IB, IZ, PP, UD,
/* 3 */	MM, MM, MM, MM, IB, IZ, PP, UD, MM, MM, MM, MM, IB, IZ, PP, UD,
/* 4 */	RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX, RX,
/* 5 */	NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN, NN,
/* 6 */	UD, UD, PP, MM, PP, PP, PP, PP, IZ, MZ, IB, MB, NN, NN, NN, NN,
/* 7 */	SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB, SB,
/* 8 */	MB, MZ, UD, MB, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, SM, MG,
/* 9 */	SN, NN, NN, NN, NN, NN, NN, NN, NN, NN, UD, NN, NN, SN, NN, NN,
/* A */	IO, IO, IO, IO, NN, NN, NN, NN, IB, IZ, NN, NN, NN, NN, NN, NN,
/* B */	IB, IB, IB, IB, IB, IB, IB, IB, IV, IV, IV, IV, IV, IV, IV, IV,
/* C */	MB, MB, SW, SN, PP, PP, GB, GZ, IE, NN, SW, SN, SN, SB, UD, SN,
/* D */	MM, MM, MM, MM, UD, UD, UD, NN, MM, MM, MM, MM, MM, MM, MM, MM,
/* E */	SB, SB, SB, SB, IB, IB, IB, IB, SD, SD, UD, SB, NN, NN, NN, NN,
/* F */	PP, SN, PP, PP, SN, NN, TB, TZ, NN, NN, NN, SN, NN, NN, MG, MG,
};

/*
 * SDM vol. 2, table A-3, and what AMD and VIA have put into its gaps: 0E femms,
 * 0F 3DNow! with its opcode as an immediate, 78 and 79 extrq and insertq, A6
 * and A7 PadLock.
 */
static const u8 map_0f[256] = {
/*	x0  x1  x2  x3  x4  x5  x6  x7  x8  x9  xA  xB  xC  xD  xE  xF */
/* 0 */	MG, SM, MM, MM, UD, SN, SN, SN, SN, SN, UD, SN, UD, MM, NN, MB,
/* 1 */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, SM, SM,
/* 2 */	SM, SM, SM, SM, UD, UD, UD, UD, MM, MM, MM, MM, MM, MM, MM, MM,
/* 3 */	SN, NN, NN, NN, SN, SN, UD, SN, PP, UD, PP, UD, UD, UD, UD, UD,
/* 4 */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* 5 */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* 6 */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* 7 */	MB, GB, GB, GB, MM, MM, MM, NN, SM, MM, UD, UD, MM, MM, MM, MM,
/* 8 */	SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD, SD,
/* 9 */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* A */	NN, SN, NN, MM, MB, MM, MG, MG, NN, SN, SN, MM, MB, MM, SM, MM,
/* B */	MM, MM, SM, MM, SM, SM, MM, MM, MM, SM, GB, MM, MM, MM, MM, MM,
/* C */	MM, MM, MB, MM, MB, MB, MB, MG, NN, NN, NN, NN, NN, NN, NN, NN,
/* D */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* E */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM,
/* F */	MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, MM, SM,
};

/*
 * Maps in which all opcodes have one shape: tables A-4 and A-5 (2 and 3), FP16
 * (5 and 6), MSR accesses with an immediate (7), AMD's XOP (8 to 10). Map 1 of
 * VEX and EVEX nearly is one: vex_0f_shape().
 */
static const u8 uniform_map[NR_MAPS] = { UD, UD, MM, MB, UD, MM, MM, MD, MB, MM, MD };

/* Which of these maps each encoding reaches, one bit each. */
#define VEX_MAPS	0x0ae	/* 1 2 3 5 7 */
#define EVEX_MAPS	0x0ee	/* 1 2 3 5 6 7 */
#define XOP_MAPS	0x700	/* 8 9 10 */

/*
 * SDM vol. 2, table A-6: which members of a group are defined, by ModRM.reg, for
 * ModRMs that name memory and those that name a register. Groups without gaps
 * are not listed.
 */
static const struct {
	u8 map;
	u8 opcode;
	u8 memory;
	u8 reg;
} groups[] = {
	{ MAP_ONE_BYTE,	0x8f,	0x01,	0x01 },	/* 1A: pop */
	{ MAP_ONE_BYTE,	0xc6,	0x01,	0x81 },	/* 11: mov; C6 F8 is xabort */
	{ MAP_ONE_BYTE,	0xc7,	0x01,	0x81 },	/* 11: mov; C7 F8 is xbegin */
	{ MAP_ONE_BYTE,	0xfe,	0x03,	0x03 },	/* 4: inc, dec */
	{ MAP_ONE_BYTE,	0xff,	0x7f,	0x57 },	/* 5: far branches from memory only */
	{ MAP_0F,	0x00,	0x7f,	0x7f },	/* 6: sldt ... verw, lkgs */
	{ MAP_0F,	0x71,	0x00,	0x54 },	/* 12: psrlw, psraw, psllw */
	{ MAP_0F,	0x72,	0x00,	0x54 },	/* 13: psrld, psrad, pslld */
	{ MAP_0F,	0x73,	0x00,	0xcc },	/* 14: psrlq, psrldq, psllq, pslldq */
	{ MAP_0F,	0xa6,	0x00,	0xff },	/* PadLock: F3 0F A6 C0 ... */
	{ MAP_0F,	0xa7,	0x00,	0xff },	/* PadLock: F3 0F A7 C0 ... */
	{ MAP_0F,	0xba,	0xf0,	0xf0 },	/* 8: bt, bts, btr, btc */
	{ MAP_0F,	0xc7,	0xfa,	0xc0 },	/* 9: cmpxchg8b, xsaves, rdrand ... */
};

/**
 * struct decoder - an instruction being decoded
 * @bytes: its first byte
 * @room: how many may be read, at most INSN_MAX_LEN
 * @pos: how many have been consumed
 * @prefixes: PREFIX_* seen
 * @rex: the REX prefix, 0 if there is none that counts
 * @map: MAP_* or a higher map's number
 * @opcode: last byte of the opcode
 * @modrm: 0 if there is none
 * @imm: bytes of the immediate, the last ones of the instruction
 * @rip_disp: where a rip-relative displacement is, or 0
 * @abs_disp: where a displacement without a base register is, or 0
 * @vex: VEX, EVEX or XOP
 */
struct decoder {
	const u8 *bytes;
	u32 room;
	u32 pos;
	u8 prefixes;
	u8 rex;
	u8 map;
	u8 opcode;
	u8 modrm;
	u8 imm;
	u8 rip_disp;
	u8 abs_disp;
	bool vex;
};

/* All reading of text goes through here, so nothing beyond @room is touched. */
static __always_inline int consume(struct decoder *d, u32 n)
{
	u32 pos = d->pos + n;

	if (unlikely(pos > d->room))
		return pos > INSN_MAX_LEN ? -EILSEQ : -ENODATA;
	d->pos = pos;
	return 0;
}

static __always_inline int next_byte(struct decoder *d, u8 *byte)
{
	u32 pos = d->pos;
	int err = consume(d, 1);

	if (likely(!err))
		*byte = d->bytes[pos];
	return err;
}

static u8 modrm_mod(u8 modrm)
{
	return modrm >> 6;
}

static u8 modrm_reg(u8 modrm)
{
	return modrm >> 3 & 7;
}

static u8 modrm_rm(u8 modrm)
{
	return modrm & 7;
}

/* Segments other than ds are of no interest. Return: false if it is not a prefix but an escape. */
static bool note_prefix(struct decoder *d, u8 byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x64: case 0x65:
		return true;
	case 0x3e:
		d->prefixes |= PREFIX_DS;
		return true;
	case 0x66:
		d->prefixes |= PREFIX_66;
		return true;
	case 0x67:
		d->prefixes |= PREFIX_67;
		return true;
	case 0xf0:
		d->prefixes |= PREFIX_LOCK;
		return true;
	case 0xf2:
		d->prefixes |= PREFIX_F2;
		return true;
	case 0xf3:
		d->prefixes |= PREFIX_F3;
		return true;
	default:
		return false;
	}
}

/*
 * Consume the legacy prefixes and REX, and the byte after them into @opcode. A REX that is not
 * directly before the opcode is ignored (SDM vol. 2, 2.2.1).
 */
static __always_inline int read_prefixes(struct decoder *d)
{
	for (;;) {
		int err = next_byte(d, &d->opcode);
		u8 shape;

		if (err)
			return err;
		shape = one_byte_map[d->opcode];
		if (shape == RX) {
			d->rex = d->opcode;
			continue;
		}
		if (likely(shape != PP) || !note_prefix(d, d->opcode))
			return 0;
		d->rex = 0;
	}
}

/*
 * After the first byte of VEX, EVEX or XOP: @payload more bytes, the first of which (except in
 * the short VEX, C5) has the map in the bits of @map_mask, then the opcode. They are #UD after
 * 66, F2, F3, LOCK and REX (SDM vol. 2, 2.3).
 */
static int read_vex(struct decoder *d, u8 payload, u8 map_mask, unsigned int maps)
{
	u8 first;
	int err;

	if (d->rex || d->prefixes & ~(PREFIX_67 | PREFIX_DS))
		return -EILSEQ;
	d->vex = true;
	err = next_byte(d, &first);
	if (err)
		return err;
	d->map = map_mask ? first & map_mask : MAP_0F;
	if (d->map >= NR_MAPS || !(maps >> d->map & 1))
		return -EILSEQ;
	err = consume(d, payload - 1);
	if (err)
		return err;
	return next_byte(d, &d->opcode);
}

/*
 * 8F is XOP if the map in the next byte is above 7, else pop, for which that
 * byte is ModRM (AMD64 APM vol. 3, "VEX and XOP Prefixes").
 */
static int read_xop_or_pop(struct decoder *d)
{
	u8 byte;
	int err = next_byte(d, &byte);

	if (err)
		return err;
	d->pos--;
	return (byte & 0x1f) > 7 ? read_vex(d, 2, 0x1f, XOP_MAPS) : 0;
}

/* After 0F; leaves the opcode's last byte in @opcode. */
static int read_escaped_opcode(struct decoder *d)
{
	int err;

	d->map = MAP_0F;
	err = next_byte(d, &d->opcode);
	if (err || (d->opcode != 0x38 && d->opcode != 0x3a))
		return err;
	d->map = d->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
	return next_byte(d, &d->opcode);
}

static int read_opcode(struct decoder *d)
{
	if (likely(one_byte_map[d->opcode] != PP && d->opcode != 0x8f))
		return 0;
	switch (d->opcode) {
	case 0x0f:
		return read_escaped_opcode(d);
	case 0x62:
		return read_vex(d, 3, 0x0f, EVEX_MAPS);
	case 0x8f:
		return read_xop_or_pop(d);
	case 0xc4:
		return read_vex(d, 2, 0x1f, VEX_MAPS);
	case 0xc5:
		return read_vex(d, 1, 0, 1U << MAP_0F);
	default:
		return 0;
	}
}

/* vzeroupper has no ModRM, vpshufd and its neighbours have an immediate. */
static u8 vex_0f_shape(u8 opcode)
{
	switch (opcode) {
	case 0x77:
		return NN;
	case 0x70: case 0x71: case 0x72: case 0x73:
	case 0xc2: case 0xc4: case 0xc5: case 0xc6:
		return MB;
	default:
		return MM;
	}
}

static u8 shape_of(const struct decoder *d)
{
	if (d->map == MAP_ONE_BYTE)
		return one_byte_map[d->opcode];
	if (d->map == MAP_0F)
		return d->vex ? vex_0f_shape(d->opcode) : map_0f[d->opcode];
	return uniform_map[d->map];
}

static int check_group(const struct decoder *d)
{
	bool is_reg = modrm_mod(d->modrm) == 3;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		u8 defined = is_reg ? groups[i].reg : groups[i].memory;

		if (groups[i].map == d->map && groups[i].opcode == d->opcode)
			return defined >> modrm_reg(d->modrm) & 1 ? 0 : -EILSEQ;
	}
	return 0;
}

/* mov to and from control and debug registers */
static bool ignores_mod(const struct decoder *d)
{
	return d->map == MAP_0F && (d->opcode & 0xfc) == 0x20;
}

/* ModRM, SIB and displacement; SDM vol. 2, tables 2-2 and 2-3. */
static int read_modrm(struct decoder *d, u8 shape)
{
	u8 mod, rm, sib, displacement = 0;
	int err = next_byte(d, &d->modrm);

	if (!err && shape & SHAPE_GROUP)
		err = check_group(d);
	if (err)
		return err;
	mod = modrm_mod(d->modrm);
	rm = modrm_rm(d->modrm);
	if (mod == 3 || (shape & SHAPE_SPECIAL && ignores_mod(d)))
		return 0;

	if (mod == 1)
		displacement = 1;
	else if (mod == 2)
		displacement = 4;
	if (rm == 4) {
		err = next_byte(d, &sib);
		if (err)
			return err;
		/* SIB.base has the same bits as ModRM.rm. */
		if (mod == 0 && modrm_rm(sib) == 5) {
			d->abs_disp = d->pos;
			displacement = 4;
		}
	} else if (mod == 0 && rm == 5) {
		d->rip_disp = d->pos;
		displacement = 4;
	}
	return consume(d, displacement);
}

/* What the maps cannot say: an immediate that depends on more than the opcode. */
static u8 immediate_of(const struct decoder *d, u8 shape)
{
	if (likely(!(shape & SHAPE_SPECIAL)))
		return shape & SHAPE_IMM;
	if (d->map == MAP_ONE_BYTE && (d->opcode & 0xfe) == 0xf6 && modrm_reg(d->modrm) > 1)
		return NN;	/* group 3: test has one, not, neg, mul, div have none */
	if (d->map == MAP_0F && d->opcode == 0x78 && d->prefixes & (PREFIX_66 | PREFIX_F2))
		return IW;	/* AMD's extrq and insertq: two of 8 bits; else vmread */
	return shape & SHAPE_IMM;
}

static u8 immediate_size(const struct decoder *d, u8 immediate)
{
	bool wide = d->rex & REX_W;
	bool small = d->prefixes & PREFIX_66 && !wide;

	switch (immediate) {
	case IB:
		return 1;
	case IW:
		return 2;
	case IE:
		return 3;
	case ID:
		return 4;
	case IZ:
		return small ? 2 : 4;
	case IV:
		return wide ? 8 : small ? 2 : 4;
	case IO:
		return d->prefixes & PREFIX_67 ? 4 : 8;
	default:
		return 0;
	}
}

static int read_operands(struct decoder *d, u8 shape)
{
	u8 immediate;
	int err;

	if (unlikely(shape & SHAPE_UNDEFINED))
		return -EILSEQ;
	if (shape & SHAPE_MODRM) {
		err = read_modrm(d, shape);
		if (err)
			return err;
	}
	immediate = immediate_of(d, shape);
	if (immediate == NN)
		return 0;
	d->imm = immediate_size(d, immediate);
	return consume(d, d->imm);
}

static u64 read_signed(const u8 *bytes, u8 size)
{
	u64 value = 0;

	memcpy(&value, bytes, size);
	return size == 1 ? (u64)(s8)value : size == 2 ? (u64)(s16)value :
	       size == 4 ? (u64)(s32)value : value;
}

/* Its immediate is a displacement, relative to the next instruction. */
static void classify_direct(const struct decoder *d, u64 address, u8 kind,
			    struct insn_branch *insn)
{
	insn->kind = kind;
	insn->target = address + d->pos + read_signed(d->bytes + d->pos - d->imm, d->imm);
	insn->imm = 0;
	insn->movable = false;
}

/* The 16 conditions of Jcc; loop and jrcxz are classify_one_byte()'s. */
static void classify_jcc(const struct decoder *d, u64 address, struct insn_branch *insn)
{
	insn->condition = d->opcode & 0x0f;
	classify_direct(d, address, INSN_JCC, insn);
}

/* FF: group 5, the indirect branches. */
static void classify_group5(u8 modrm, struct insn_branch *insn)
{
	switch (modrm_reg(modrm)) {
	case 2: case 3:
		insn->kind = INSN_CALL_IND;
		insn->movable = false;
		break;
	case 4: case 5:
		insn->kind = INSN_JMP_IND;
		break;
	}
}

/* 90 is pause after F3, #UD after LOCK and xchg %r8,%rax with REX.B. */
static bool is_nop_90(const struct decoder *d)
{
	return !(d->rex & REX_B) && !(d->prefixes & (PREFIX_F3 | PREFIX_LOCK));
}

static void classify_one_byte(const struct decoder *d, u64 address, struct insn_branch *insn)
{
	switch (d->opcode) {
	case 0x70: case 0x71: case 0x72: case 0x73:
	case 0x74: case 0x75: case 0x76: case 0x77:
	case 0x78: case 0x79: case 0x7a: case 0x7b:
	case 0x7c: case 0x7d: case 0x7e: case 0x7f:
		classify_jcc(d, address, insn);
		break;
	case 0xe0: case 0xe1: case 0xe2: case 0xe3:
		insn->condition = INSN_COND_LOOPNE + (d->opcode & 3);
		insn->narrow = d->prefixes & PREFIX_67;
		classify_direct(d, address, INSN_JCC, insn);
		break;
	case 0xe8:
		classify_direct(d, address, INSN_CALL, insn);
		break;
	case 0xe9: case 0xeb:
		classify_direct(d, address, INSN_JMP, insn);
		break;
	case 0xc7:
		if (d->modrm == 0xf8)	/* xbegin: an abort goes there */
			classify_direct(d, address, INSN_OTHER, insn);
		break;
	case 0x90:
		insn->kind = is_nop_90(d) ? INSN_NOP : INSN_OTHER;
		break;
	case 0xc2: case 0xc3: case 0xca: case 0xcb: case 0xcf:
		insn->kind = INSN_RET;
		break;
	case 0xcc:
		insn->kind = INSN_INT3;
		insn->movable = false;
		break;
	case 0xff:
		classify_group5(d->modrm, insn);
		break;
	case 0x8e: case 0x9d:			/* mov to a segment register, popf */
	case 0xcd: case 0xf1: case 0xf4: case 0xfb:	/* int, int1, hlt, sti */
		insn->movable = false;
		break;
	}
}

/* F2 and F3 0F 01 CA are erets and eretu (FRED), F3 0F 01 EC is uiret. */
static bool is_event_return(const struct decoder *d)
{
	if (d->modrm == 0xca)
		return d->prefixes & (PREFIX_F2 | PREFIX_F3);
	return d->modrm == 0xec && d->prefixes & PREFIX_F3;
}

/* Of 0F 01, a map of privileged instructions: stac, clac, xgetbv, rdpkru, wrpkru, rdtscp. */
static bool is_movable_0f01(u8 modrm)
{
	switch (modrm) {
	case 0xca: case 0xcb: case 0xd0: case 0xee: case 0xef: case 0xf9:
		return true;
	default:
		return false;
	}
}

static void classify_0f(const struct decoder *d, u64 address, struct insn_branch *insn)
{
	switch (d->opcode) {
	case 0x80: case 0x81: case 0x82: case 0x83:
	case 0x84: case 0x85: case 0x86: case 0x87:
	case 0x88: case 0x89: case 0x8a: case 0x8b:
	case 0x8c: case 0x8d: case 0x8e: case 0x8f:
		classify_jcc(d, address, insn);
		break;
	case 0x1f:
		/* The others of 0F 18 to 1F are hints, or nops that may become some. */
		if (modrm_reg(d->modrm) == 0 && !(d->prefixes & PREFIX_LOCK))
			insn->kind = INSN_NOP;
		break;
	case 0x01:
		insn->kind = is_event_return(d) ? INSN_RET : INSN_OTHER;
		insn->movable = is_movable_0f01(d->modrm) && insn->movable;
		break;
	case 0x07: case 0x35: case 0xaa:	/* sysret, sysexit, rsm */
		insn->kind = INSN_RET;
		break;
	case 0x0b: case 0xb9: case 0xff:	/* ud2, ud1, ud0 */
		insn->kind = INSN_TRAP;
		insn->movable = false;
		break;
	case 0x1e: case 0xae:	/* after F3: endbr64; wrgsbase, umonitor and their like */
		if (d->prefixes & PREFIX_F3)
			insn->movable = false;
		break;
	case 0x00: case 0x06: case 0x08: case 0x09:	/* lkgs, clts, invd, wbinvd */
	case 0x22: case 0x23: case 0x30:		/* to cr, to dr, wrmsr */
	case 0x05: case 0x34: case 0x37:		/* syscall, sysenter, getsec */
	case 0xa1: case 0xa9:				/* pop fs, gs */
	case 0xb2: case 0xb4: case 0xb5:		/* lss, lfs, lgs */
		insn->movable = false;
		break;
	}
}

/*
 * What holds for any opcode. An operand relative to eip wraps at 4 GiB. A ds prefix may become
 * a lock prefix: a kernel booted with one CPU replaces lock prefixes by ds, and restores them
 * in the text when a second CPU comes up. The MSRs of map 7 include the gs base.
 */
static __always_inline bool may_move(const struct decoder *d)
{
	if (likely(!d->prefixes))
		return d->map != MAP_MSR;
	return !(d->prefixes & PREFIX_DS) && !(d->rip_disp && d->prefixes & PREFIX_67) &&
	       d->map != MAP_MSR;
}

int insn_branch_decode(const u8 *bytes, size_t size, u64 address,
		       struct insn_branch *insn)
{
	struct decoder d = {
		.bytes = bytes,
		.room = size < INSN_MAX_LEN ? size : INSN_MAX_LEN,
	};
	u8 shape;
	int err;

	err = read_prefixes(&d);
	if (!err)
		err = read_opcode(&d);
	if (err)
		return err;
	shape = shape_of(&d);
	err = read_operands(&d, shape);
	if (err)
		return err;

	*insn = (struct insn_branch){
		.length = d.pos, .kind = INSN_OTHER,
		.rip_disp = d.rip_disp, .abs_disp = d.abs_disp, .imm = d.imm,
		.movable = may_move(&d),
	};
	if (likely(!(shape & SHAPE_SPECIAL)))
		return 0;
	if (d.map == MAP_ONE_BYTE)
		classify_one_byte(&d, address, insn);
	else if (d.map == MAP_0F && !d.vex)
		classify_0f(&d, address, insn);
	return 0;
}

void insn_branch_names(const u8 *bytes, u64 address, const struct insn_branch *insn,
		       u64 names[INSN_NR_NAMES])
{
	names[INSN_BY_MEMORY] = 0;
	names[INSN_BY_IMMEDIATE] = 0;
	if (insn->rip_disp)
		names[INSN_BY_MEMORY] = address + insn->length +
					read_signed(bytes + insn->rip_disp, 4);
	else if (insn->abs_disp)
		names[INSN_BY_MEMORY] = read_signed(bytes + insn->abs_disp, 4);
	if (insn->imm == 4 || insn->imm == 8)
		names[INSN_BY_IMMEDIATE] = read_signed(bytes + insn->length - insn->imm, insn->imm);
}

/* The even conditions of Jcc; SDM vol. 1, appendix B. */
static __always_inline bool flags_meet(u8 condition, u64 flags)
{
	bool less = !(flags & FLAG_SF) != !(flags & FLAG_OF);

	switch (condition >> 1) {
	case 0:
		return flags & FLAG_OF;
	case 1:
		return flags & FLAG_CF;
	case 2:
		return flags & FLAG_ZF;
	case 3:
		return flags & (FLAG_CF | FLAG_ZF);
	case 4:
		return flags & FLAG_SF;
	case 5:
		return flags & FLAG_PF;
	case 6:
		return less;
	default:
		return less || flags & FLAG_ZF;
	}
}

notrace bool insn_branch_taken(u8 condition, bool narrow, u64 flags, u64 rcx)
{
	u64 mask = narrow ? 0xffffffffULL : ~0ULL;
	bool loops = (rcx - 1) & mask;

	switch (condition) {
	case INSN_COND_LOOPNE:
		return loops && !(flags & FLAG_ZF);
	case INSN_COND_LOOPE:
		return loops && flags & FLAG_ZF;
	case INSN_COND_LOOP:
		return loops;
	case INSN_COND_RCXZ:
		return !(rcx & mask);
	default:
		/* An odd condition is the negation of the even one before it. */
		return flags_meet(condition, flags) != (condition & 1);
	}
}
NOKPROBE_SYMBOL(insn_branch_taken);
