// SPDX-License-Identifier: GPL-2.0-only
/*
 * objdump_diff.c - does insn_branch.c read machine code as objdump does?
 *
 * Owns: the differential test of the decoder. May call insn_branch.c, libelf,
 * objdump. Each executable section of each file is disassembled by objdump, and
 * at each instruction that it prints our decoder is asked for the length, the
 * kind, the condition and the target. Relocations are applied by neither side:
 * both see the bytes of the file, at the addresses of the file (in a module all
 * sections start at 0).
 *
 * objdump goes on one byte (or a few) behind what it calls "(bad)"; the decoder
 * must refuse such bytes, and is asked again where objdump goes on, so the two
 * cannot drift apart. Every byte of every executable section must have been
 * printed, else the comparison itself is at fault.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "insn_branch.h"

#define PRINTED_PER_FILE	20	/* differences shown of each file */

/* What a line of objdump says; it knows two more kinds. */
#define KIND_BAD	0xff	/* no instruction */
#define KIND_PREFIX	0xfe	/* nothing but prefixes */

struct witness {
	u64 offset;		/* from the start of the section */
	u64 target;
	unsigned int length;
	u8 kind;
	u8 condition;
	bool narrow;
	u8 last_byte;
	const char *text;
};

/* An executable section; @covered bytes of it have been printed by objdump. */
struct section {
	const char *name;
	const u8 *bytes;
	u64 address;
	u64 size;
	u64 covered;
	bool seen;
};

/*
 * A class of differences that has a reason, a line of the file given with -e:
 *	WHAT PATTERN REASON
 * PATTERN is compared with the hex digits of the instruction behind its legacy
 * prefixes and REX. "." stands for any digit, "[12a]" for one of these; each
 * "f3+" before it also wants that prefix, and "/12" behind it a ModRM whose reg
 * is 1 or 2.
 */
struct explanation {
	char what[16];
	char pattern[32];
	bool used;
};

struct totals {
	unsigned long modules, sections, instructions, jcc, differences, explained;
};

static struct totals totals;
static struct explanation *explanations;
static size_t nr_explanations;

static const char *const conditions[] = {
	"o", "no", "b", "ae", "e", "ne", "be", "a",
	"s", "ns", "p", "np", "l", "ge", "le", "g",
};

static const struct {
	const char *name;
	u8 kind;
	u8 condition;
	bool narrow;
} mnemonics[] = {
	{ "(bad)", KIND_BAD, 0, false },
	{ "nop", INSN_NOP, 0, false },
	{ "nopw", INSN_NOP, 0, false },
	{ "nopl", INSN_NOP, 0, false },
	{ "nopq", INSN_NOP, 0, false },
	{ "jmp", INSN_JMP, 0, false },
	{ "jmpw", INSN_JMP, 0, false },
	{ "ljmp", INSN_JMP, 0, false },
	{ "ljmpw", INSN_JMP, 0, false },
	{ "ljmpq", INSN_JMP, 0, false },
	{ "call", INSN_CALL, 0, false },
	{ "callw", INSN_CALL, 0, false },
	{ "lcall", INSN_CALL, 0, false },
	{ "lcallw", INSN_CALL, 0, false },
	{ "lcallq", INSN_CALL, 0, false },
	{ "ret", INSN_RET, 0, false },
	{ "retw", INSN_RET, 0, false },
	{ "lret", INSN_RET, 0, false },
	{ "lretw", INSN_RET, 0, false },
	{ "lretq", INSN_RET, 0, false },
	{ "iret", INSN_RET, 0, false },
	{ "iretw", INSN_RET, 0, false },
	{ "iretq", INSN_RET, 0, false },
	{ "sysretl", INSN_RET, 0, false },
	{ "sysretq", INSN_RET, 0, false },
	{ "sysexitl", INSN_RET, 0, false },
	{ "sysexitq", INSN_RET, 0, false },
	{ "uiret", INSN_RET, 0, false },
	{ "erets", INSN_RET, 0, false },
	{ "eretu", INSN_RET, 0, false },
	{ "rsm", INSN_RET, 0, false },
	{ "ud0", INSN_TRAP, 0, false },
	{ "ud1", INSN_TRAP, 0, false },
	{ "ud2", INSN_TRAP, 0, false },
	{ "int3", INSN_INT3, 0, false },
	{ "loopne", INSN_JCC, INSN_COND_LOOPNE, false },
	{ "loopnel", INSN_JCC, INSN_COND_LOOPNE, true },
	{ "loope", INSN_JCC, INSN_COND_LOOPE, false },
	{ "loopel", INSN_JCC, INSN_COND_LOOPE, true },
	{ "loop", INSN_JCC, INSN_COND_LOOP, false },
	{ "loopl", INSN_JCC, INSN_COND_LOOP, true },
	{ "jrcxz", INSN_JCC, INSN_COND_RCXZ, false },
	{ "jecxz", INSN_JCC, INSN_COND_RCXZ, true },
};

static const char *const prefixes[] = {
	"cs", "ds", "es", "fs", "gs", "ss", "data16", "addr32", "lock", "rep",
	"repz", "repnz", "bnd", "notrack", "xacquire", "xrelease",
};

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && !memcmp(word, name, length);
}

static bool is_prefix(const char *word, size_t length)
{
	size_t i;

	if (length >= 3 && !memcmp(word, "rex", 3))
		return true;
	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (word_is(word, length, prefixes[i]))
			return true;
	return false;
}

/* Behind prefixes and blanks; an empty string if there is nothing else. */
static const char *skip_prefixes(const char *text)
{
	for (;;) {
		size_t length;

		text += strspn(text, " ");
		length = strcspn(text, " ");
		if (!length || !is_prefix(text, length))
			return text;
		text += length;
	}
}

static bool parse_jcc(const char *word, size_t length, struct witness *witness)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conditions); i++) {
		if (*word == 'j' && word_is(word + 1, length - 1, conditions[i])) {
			witness->kind = INSN_JCC;
			witness->condition = i;
			return true;
		}
	}
	return false;
}

/* A branch may have a hint, ",pt" or ",pn". */
static void parse_mnemonic(const char *word, size_t length, struct witness *witness)
{
	const char *comma = memchr(word, ',', length);
	size_t i;

	if (comma)
		length = comma - word;
	if (parse_jcc(word, length, witness))
		return;
	for (i = 0; i < ARRAY_SIZE(mnemonics); i++) {
		if (word_is(word, length, mnemonics[i].name)) {
			witness->kind = mnemonics[i].kind;
			witness->condition = mnemonics[i].condition;
			witness->narrow = mnemonics[i].narrow;
			return;
		}
	}
}

/* Fill in what the text of an instruction, without its prefixes, says. */
static void parse_text(const char *text, struct witness *witness)
{
	size_t length = strcspn(text, " ");
	const char *operands = text + length + strspn(text + length, " ");

	if (!length)
		witness->kind = KIND_PREFIX;
	parse_mnemonic(text, length, witness);
	if (strstr(operands, "(bad)"))
		witness->kind = KIND_BAD;
	/* 90 with prefixes; but 87 C0, which is printed so too, is no nop. */
	if (word_is(text, length, "xchg") && witness->last_byte == 0x90 &&
	    (!strcmp(operands, "%ax,%ax") || !strcmp(operands, "%rax,%rax")))
		witness->kind = INSN_NOP;

	switch (witness->kind) {
	case INSN_JMP:
	case INSN_CALL:
		if (*operands == '*') {
			witness->kind = witness->kind == INSN_JMP ? INSN_JMP_IND : INSN_CALL_IND;
			return;
		}
		break;
	case INSN_JCC:
		break;
	default:
		if (strncmp(text, "xbegin", 6))
			return;
	}
	witness->target = strtoull(operands, NULL, 16);
}

/*
 * A line is "  ADDRESS:\tBYTES\tTEXT". The bytes are compared with the section's:
 * if objdump saw others than we do, nothing that follows means anything.
 * Returns false for other lines.
 */
static bool parse_line(char *line, const struct section *section, struct witness *witness)
{
	char *end;

	*witness = (struct witness){ .kind = INSN_OTHER };
	witness->offset = strtoull(line, &end, 16) - section->address;
	if (*end++ != ':' || *end++ != '\t')
		return false;
	while (isxdigit(end[0]) && isxdigit(end[1])) {
		u64 at = witness->offset + witness->length++;

		if (at >= section->size || strtoul(end, &end, 16) != section->bytes[at])
			errx(2, "%s: objdump shows other bytes than the file has: %s",
			     section->name, line);
		witness->last_byte = section->bytes[at];
		end += strspn(end, " ");
	}
	witness->text = end + strspn(end, "\t");
	return true;
}

static bool pattern_fits(const char *pattern, const u8 *bytes, size_t length)
{
	size_t i;

	for (i = 0; *pattern && i < 2 * length; i++) {
		char digit = "0123456789abcdef"[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
		size_t choices = 1;

		if (*pattern == '/')
			return strchr(pattern, '0' + (bytes[i / 2] >> 3 & 7));
		if (*pattern == '[')
			choices = strcspn(pattern, "]") + 1;
		if (*pattern != '.' && !memchr(pattern, digit, choices))
			return false;
		pattern += choices;
	}
	return !*pattern;
}

static bool is_prefix_byte(u8 byte)
{
	static const u8 legacy[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3
	};

	return memchr(legacy, byte, sizeof(legacy)) || (byte & 0xf0) == 0x40;
}

/* @bytes begins with @nr_prefixes prefixes. */
static bool explains(const struct explanation *e, const char *what, const u8 *bytes,
		     size_t nr_prefixes, size_t length)
{
	const char *pattern = e->pattern;

	if (strcmp(e->what, what))
		return false;
	for (; pattern[0] && pattern[1] && pattern[2] == '+'; pattern += 3)
		if (!memchr(bytes, strtoul(pattern, NULL, 16), nr_prefixes))
			return false;
	return pattern_fits(pattern, bytes + nr_prefixes, length - nr_prefixes);
}

static bool is_explained(const char *what, const u8 *bytes, size_t length)
{
	size_t i, nr_prefixes = 0;

	while (nr_prefixes < length && is_prefix_byte(bytes[nr_prefixes]))
		nr_prefixes++;
	for (i = 0; i < nr_explanations; i++)
		if (explains(&explanations[i], what, bytes, nr_prefixes, length))
			return explanations[i].used = true;
	return false;
}

/* One word for how the two differ, or NULL. */
static const char *difference(const struct witness *witness, int err,
			      const struct insn_branch *insn)
{
	if (witness->kind == KIND_BAD)
		return err ? NULL : "accepts";
	if (witness->kind == KIND_PREFIX)
		return "prefix";
	if (err)
		return "rejects";
	if (insn->length != witness->length)
		return "length";
	if (insn->kind != witness->kind)
		return "kind";
	if (insn->condition != witness->condition || insn->narrow != witness->narrow)
		return "condition";
	if (insn->target != witness->target)
		return "target";
	return NULL;
}

static void print_difference(const char *file, const struct section *section,
			     const struct witness *witness, const char *what, int err,
			     const struct insn_branch *insn)
{
	unsigned int i;

	printf("%s %s+%#" PRIx64 ": %s:", file, section->name, witness->offset, what);
	for (i = 0; i < 16 && witness->offset + i < section->size; i++)
		printf(" %02x", section->bytes[witness->offset + i]);
	if (err)
		printf("\n    ours: %s", strerror(-err));
	else
		printf("\n    ours: length %u kind %u condition %#x%s target %#" PRIx64,
		       insn->length, insn->kind, insn->condition,
		       insn->narrow ? " narrow" : "", insn->target);
	printf("\n    objdump: length %u %s\n", witness->length, witness->text);
}

static void compare(const char *file, const struct section *section,
		    const struct witness *witness, unsigned int *printed)
{
	const u8 *bytes = section->bytes + witness->offset;
	u64 size = section->size - witness->offset;
	struct insn_branch insn = { 0 };
	int err = insn_branch_decode(bytes, size, section->address + witness->offset, &insn);
	const char *what = difference(witness, err, &insn);

	totals.instructions++;
	totals.jcc += witness->kind == INSN_JCC;
	if (!what)
		return;
	if (is_explained(what, bytes, size)) {
		totals.explained++;
		return;
	}
	totals.differences++;
	if ((*printed)++ < PRINTED_PER_FILE)
		print_difference(file, section, witness, what, err, &insn);
}

static void read_explanations(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL, reason;
	size_t size = 0;

	if (!file)
		err(2, "%s", path);
	while (getline(&line, &size, file) > 0) {
		struct explanation e = { .used = false };

		if (*line == '#' || *line == '\n')
			continue;
		if (sscanf(line, "%15s %31s %c", e.what, e.pattern, &reason) != 3)
			errx(2, "%s: WHAT PATTERN REASON expected: %s", path, line);
		explanations = realloc(explanations, (nr_explanations + 1) * sizeof(e));
		if (!explanations)
			err(2, NULL);
		explanations[nr_explanations++] = e;
	}
	free(line);
	fclose(file);
}

/* The executable sections of @elf, in the order of the file. */
static struct section *read_sections(Elf *elf, const char *file, size_t *count)
{
	struct section *sections = NULL;
	Elf_Scn *scn = NULL;
	size_t names;

	*count = 0;
	if (elf_getshdrstrndx(elf, &names))
		errx(2, "%s: %s", file, elf_errmsg(-1));
	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &shdr))
			errx(2, "%s: %s", file, elf_errmsg(-1));
		if (!(shdr.sh_flags & SHF_EXECINSTR) || shdr.sh_type == SHT_NOBITS || !shdr.sh_size)
			continue;
		data = elf_rawdata(scn, NULL);
		sections = realloc(sections, (*count + 1) * sizeof(*sections));
		if (!data || !sections)
			errx(2, "%s: cannot read its sections", file);
		sections[(*count)++] = (struct section){
			.name = elf_strptr(elf, names, shdr.sh_name),
			.bytes = data->d_buf,
			.address = shdr.sh_addr,
			.size = data->d_size,
		};
	}
	return sections;
}

/* "Disassembly of section NAME:"; sections of one name come in their order. */
static struct section *next_section(struct section *sections, size_t count, const char *line)
{
	static const char heading[] = "Disassembly of section ";
	const char *name = line + strlen(heading);
	size_t i, length;

	if (strncmp(line, heading, strlen(heading)))
		return NULL;
	length = strcspn(name, ":");
	for (i = 0; i < count; i++) {
		if (!sections[i].seen && word_is(name, length, sections[i].name)) {
			sections[i].seen = true;
			return &sections[i];
		}
	}
	errx(2, "objdump prints a section that is not executable: %s", line);
}

/*
 * Compare all that objdump prints. Prefixes which it cannot make sense of get a
 * line of their own (the CPU counts them to what follows): they need an
 * explanation, and the comparison goes on behind them.
 */
static void compare_listing(FILE *listing, const char *file, struct section *sections,
			    size_t count)
{
	struct section *section = NULL, *next;
	unsigned int printed = 0;
	struct witness witness;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, listing) > 0) {
		line[strcspn(line, "\n")] = 0;
		next = next_section(sections, count, line);
		if (next)
			section = next;
		if (next || !section || !parse_line(line, section, &witness))
			continue;
		if (witness.offset != section->covered)
			errx(2, "%s %s: objdump skips or repeats bytes: %s", file,
			     section->name, line);
		section->covered += witness.length;
		parse_text(skip_prefixes(witness.text), &witness);
		compare(file, section, &witness, &printed);
	}
	free(line);
	if (printed > PRINTED_PER_FILE)
		printf("%s: %u more\n", file, printed - PRINTED_PER_FILE);
}

static FILE *start_objdump(const char *objdump, const char *file, pid_t *pid)
{
	int fds[2];

	if (pipe(fds))
		err(2, "pipe");
	*pid = fork();
	if (*pid < 0)
		err(2, "fork");
	if (!*pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		setenv("LC_ALL", "C", 1);
		execlp(objdump, objdump, "-d", "-z", "-w", "-M", "intel64", "--", file, NULL);
		err(2, "%s", objdump);
	}
	close(fds[1]);
	return fdopen(fds[0], "r");
}

static void compare_file(const char *objdump, const char *file)
{
	int status, fd = open(file, O_RDONLY | O_CLOEXEC);
	struct section *sections;
	FILE *listing;
	size_t i, count;
	pid_t pid;
	Elf *elf;

	if (fd < 0)
		err(2, "%s", file);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		errx(2, "%s: no ELF file", file);
	sections = read_sections(elf, file, &count);
	listing = start_objdump(objdump, file, &pid);
	if (!listing)
		err(2, "fdopen");
	compare_listing(listing, file, sections, count);
	fclose(listing);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(2, "%s: objdump failed", file);
	for (i = 0; i < count; i++)
		if (sections[i].covered != sections[i].size)
			errx(2, "%s %s: objdump printed %" PRIu64 " of %" PRIu64 " bytes", file,
			     sections[i].name, sections[i].covered, sections[i].size);
	totals.modules++;
	totals.sections += count;
	free(sections);
	elf_end(elf);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *objdump = "objdump";
	size_t i;
	int opt;

	while ((opt = getopt(argc, argv, "e:o:")) != -1) {
		switch (opt) {
		case 'e':
			read_explanations(optarg);
			break;
		case 'o':
			objdump = optarg;
			break;
		default:
			errx(2, "usage: objdump_diff [-e EXPLAINED] [-o OBJDUMP] FILE...");
		}
	}
	if (elf_version(EV_CURRENT) == EV_NONE)
		errx(2, "libelf: %s", elf_errmsg(-1));
	for (; optind < argc; optind++)
		compare_file(objdump, argv[optind]);
	/* Another objdump may need fewer: this is for whoever edits the list. */
	for (i = 0; i < nr_explanations; i++)
		if (!explanations[i].used)
			warnx("not needed: %s %s", explanations[i].what, explanations[i].pattern);
	printf("modules %lu, sections %lu, instructions %lu, jcc %lu, ", totals.modules,
	       totals.sections, totals.instructions, totals.jcc);
	printf("differences %lu, explained %lu\n", totals.differences, totals.explained);
	return totals.differences ? 1 : 0;
}
