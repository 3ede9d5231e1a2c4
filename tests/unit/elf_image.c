// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_image.c - a module or a library as flow_build() gets it. Owns what is in
 * struct elf_image; may call libelf, and CMocka's skip().
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <gelf.h>
#include <glob.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "elf_image.h"
#include "region.h"

#define BUGFLAG_WARNING	1
#define PAGE		4096UL

/* A file on its way into an image. */
struct loader {
	struct elf_image *image;
	Elf *elf;
	u64 *places;		/* one for each section: its address, or 0 */
	u64 elsewhere;		/* of undefined symbols */
};

static u64 round_up(u64 n, u64 to)
{
	return to > 1 ? (n + to - 1) / to * to : n;
}

static GElf_Shdr header_of(Elf_Scn *scn)
{
	GElf_Shdr header = { 0 };

	gelf_getshdr(scn, &header);
	return header;
}

static const char *name_of(const struct loader *l, Elf_Scn *scn)
{
	size_t names;
	const char *name = elf_getshdrstrndx(l->elf, &names) ? NULL :
		elf_strptr(l->elf, names, header_of(scn).sh_name);

	return name ? name : "";
}

/* --- placing ------------------------------------------------------------------------------- */

static int map_image(struct loader *l, u64 size)
{
	struct elf_image *image = l->image;
	u64 whole = round_up(size, PAGE) + PAGE;
	u8 *bytes = mmap(NULL, whole, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (bytes == MAP_FAILED)
		return -ENOMEM;
	image->bytes = bytes;
	image->size = whole;
	l->elsewhere = (uintptr_t)bytes + whole - PAGE;
	return mprotect(bytes + whole - PAGE, PAGE, PROT_NONE) ? -errno : 0;
}

/* Offsets for the sections that are (not) text, behind @offset; where they end. */
static u64 lay_out(struct loader *l, bool text, u64 offset)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(l->elf, scn))) {
		GElf_Shdr header = header_of(scn);

		if (!(header.sh_flags & SHF_ALLOC) || !header.sh_size ||
		    !(header.sh_flags & SHF_EXECINSTR) == text)
			continue;
		offset = round_up(offset, header.sh_addralign);
		l->places[elf_ndxscn(scn)] = offset;
		offset += header.sh_size;
	}
	return offset;
}

static void copy_sections(struct loader *l)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(l->elf, scn))) {
		u64 *place = &l->places[elf_ndxscn(scn)];
		GElf_Shdr header = header_of(scn);
		Elf_Data *data = elf_getdata(scn, NULL);

		if (!*place)
			continue;
		*place += (uintptr_t)l->image->bytes;
		if (header.sh_type != SHT_NOBITS && data && data->d_buf)
			memcpy((void *)(uintptr_t)*place, data->d_buf, data->d_size);
	}
}

static int place_module(struct loader *l)
{
	u64 start = 64, end = lay_out(l, true, start);
	int err = map_image(l, lay_out(l, false, round_up(end, PAGE)));

	if (err)
		return err;
	copy_sections(l);
	l->image->texts[0] = (struct flow_text){
		(uintptr_t)l->image->bytes + start, l->image->bytes + start, end - start
	};
	l->image->in.nr_texts = 1;
	return 0;
}

static int place_library(struct loader *l)
{
	struct elf_image *image = l->image;
	size_t n, i, file_size;
	const char *file = elf_rawfile(l->elf, &file_size);
	GElf_Phdr header;
	u64 end = 0;
	int err;

	if (elf_getphdrnum(l->elf, &n))
		return -ENOEXEC;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(l->elf, i, &header) && header.p_type == PT_LOAD &&
		    header.p_vaddr + header.p_memsz > end)
			end = header.p_vaddr + header.p_memsz;
	err = map_image(l, end);
	for (i = 0; i < n && !err; i++) {
		if (!gelf_getphdr(l->elf, i, &header) || header.p_type != PT_LOAD)
			continue;
		memcpy(image->bytes + header.p_vaddr, file + header.p_offset, header.p_filesz);
		if (header.p_flags & PF_X && image->in.nr_texts < ELF_IMAGE_TEXTS)
			image->texts[image->in.nr_texts++] = (struct flow_text){
				(uintptr_t)image->bytes + header.p_vaddr,
				image->bytes + header.p_vaddr, header.p_filesz
			};
	}
	image->red_zone = true;
	return err;
}

/* --- relocating ---------------------------------------------------------------------------- */

static u64 symbol_address(const struct loader *l, Elf_Data *symbols, u32 index)
{
	GElf_Sym symbol;

	if (!gelf_getsym(symbols, index, &symbol) || symbol.st_shndx == SHN_UNDEF)
		return l->elsewhere;
	if (symbol.st_shndx >= SHN_LORESERVE)
		return symbol.st_value;
	return l->places[symbol.st_shndx] + symbol.st_value;
}

static void relocate_at(u64 at, u32 type, u64 value)
{
	void *place = (void *)(uintptr_t)at;
	u64 relative = value - at;

	switch (type) {
	case R_X86_64_64:
		memcpy(place, &value, 8);
		break;
	case R_X86_64_32: case R_X86_64_32S:
		memcpy(place, &value, 4);
		break;
	case R_X86_64_PC32: case R_X86_64_PLT32:
		memcpy(place, &relative, 4);
		break;
	case R_X86_64_PC64:
		memcpy(place, &relative, 8);
		break;
	}
}

static void relocate(struct loader *l)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(l->elf, scn))) {
		GElf_Shdr header = header_of(scn);
		Elf_Data *entries, *symbols;
		GElf_Rela rela;
		int i;

		if (header.sh_type != SHT_RELA || !l->places[header.sh_info])
			continue;
		entries = elf_getdata(scn, NULL);
		symbols = elf_getdata(elf_getscn(l->elf, header.sh_link), NULL);
		for (i = 0; gelf_getrela(entries, i, &rela); i++)
			relocate_at(l->places[header.sh_info] + rela.r_offset,
				    GELF_R_TYPE(rela.r_info),
				    symbol_address(l, symbols, GELF_R_SYM(rela.r_info)) +
				    rela.r_addend);
	}
}

/* --- tables -------------------------------------------------------------------------------- */

/* The section called @name: its bytes, and how many entries of @size it has. */
static const u8 *table(const struct loader *l, const char *name, u32 size, u32 *n)
{
	Elf_Scn *scn = NULL;

	*n = 0;
	while ((scn = elf_nextscn(l->elf, scn))) {
		if (strcmp(name_of(l, scn), name) || !l->places[elf_ndxscn(scn)])
			continue;
		*n = header_of(scn).sh_size / size;
		return (const u8 *)(uintptr_t)l->places[elf_ndxscn(scn)];
	}
	return NULL;
}

/* The address that 32 bits at @at give, relative to themselves. */
static u64 relative(const u8 *at)
{
	s32 offset;

	memcpy(&offset, at, sizeof(offset));
	return (uintptr_t)at + (s64)offset;
}

static struct flow_pair *read_pairs(const struct loader *l, const char *name, u32 size, u32 *n)
{
	const u8 *entries = table(l, name, size, n);
	struct flow_pair *pairs = calloc((size_t)*n + 1, sizeof(*pairs));
	u32 i;

	for (i = 0; pairs && i < *n; i++)
		pairs[i] = (struct flow_pair){
			relative(entries + i * size), relative(entries + i * size + 4)
		};
	return pairs;
}

static struct flow_bug *read_bugs(const struct loader *l, u32 *n)
{
	const u8 *entries = table(l, "__bug_table", 12, n);
	struct flow_bug *bugs = calloc((size_t)*n + 1, sizeof(*bugs));
	u32 i;

	for (i = 0; bugs && i < *n; i++)
		bugs[i] = (struct flow_bug){
			relative(entries + i * 12), entries[i * 12 + 10] & BUGFLAG_WARNING
		};
	return bugs;
}

static u64 *read_static_calls(const struct loader *l, u32 *n)
{
	const u8 *entries = table(l, ".static_call_sites", 8, n);
	u64 *places = calloc((size_t)*n + 1, sizeof(*places));
	u32 i;

	for (i = 0; places && i < *n; i++)
		places[i] = relative(entries + i * 8);
	return places;
}

static u64 *read_fentries(const struct loader *l, u32 *n)
{
	const u8 *entries = table(l, "__mcount_loc", 8, n);
	u64 *places = calloc((size_t)*n + 1, sizeof(*places));

	if (places && *n)
		memcpy(places, entries, (size_t)*n * 8);
	return places;
}

/* A kernel on a CPU that may return turns jumps to the return thunk into returns. */
static void patch_returns(const struct loader *l)
{
	static const u8 ret[] = { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc };
	u32 n, i;
	const u8 *entries = table(l, ".return_sites", 4, &n);

	for (i = 0; i < n; i++)
		memcpy((void *)(uintptr_t)relative(entries + i * 4), ret, sizeof(ret));
}

static bool is_in_text(const struct elf_image *image, u64 address)
{
	u32 i;

	for (i = 0; i < image->in.nr_texts; i++)
		if (address - image->texts[i].base < image->texts[i].size)
			return true;
	return false;
}

/* Every word of the data that could be a pointer. */
static int read_pointers(struct elf_image *image)
{
	u64 value;
	size_t at;

	image->pointers = calloc(image->size / 8 + 1, sizeof(*image->pointers));
	if (!image->pointers)
		return -ENOMEM;
	for (at = 0; at < image->size - PAGE; at += 8) {
		if (is_in_text(image, (uintptr_t)image->bytes + at))
			continue;
		memcpy(&value, image->bytes + at, sizeof(value));
		if (is_in_text(image, value))
			image->pointers[image->nr_pointers++] = value;
	}
	image->in.pointers = image->pointers;
	image->in.nr_pointers = image->nr_pointers;
	return 0;
}

static int read_tables(struct loader *l)
{
	struct flow_input *in = &l->image->in;

	in->texts = l->image->texts;
	in->fixups = read_pairs(l, "__ex_table", 12, &in->nr_fixups);
	in->jump_labels = read_pairs(l, "__jump_table", 16, &in->nr_jump_labels);
	in->bugs = read_bugs(l, &in->nr_bugs);
	in->fentries = read_fentries(l, &in->nr_fentries);
	in->static_calls = read_static_calls(l, &in->nr_static_calls);
	if (!in->fixups || !in->jump_labels || !in->bugs || !in->fentries || !in->static_calls)
		return -ENOMEM;
	patch_returns(l);
	return read_pointers(l->image);
}

/* --- functions ----------------------------------------------------------------------------- */

static int function_cmp(const void *a, const void *b)
{
	const struct flow_function *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->size > y->size ? -1 : x->size < y->size;
}

/* Of those that overlap the first, and the largest of those that begin together. */
static void tidy_functions(struct flow_input *in)
{
	u32 i, n = 0;

	qsort(in->functions, in->nr_functions, sizeof(*in->functions), function_cmp);
	for (i = 0; i < in->nr_functions; i++)
		if (!n || in->functions[i].address >=
			  in->functions[n - 1].address + in->functions[n - 1].size)
			in->functions[n++] = in->functions[i];
	in->nr_functions = n;
}

static void add_function(struct loader *l, const GElf_Sym *symbol, const char *name)
{
	struct flow_input *in = &l->image->in;
	GElf_Ehdr header;
	u64 address;

	if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_size ||
	    symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
		return;
	gelf_getehdr(l->elf, &header);
	address = symbol->st_value + (header.e_type == ET_REL ? l->places[symbol->st_shndx] :
				      (uintptr_t)l->image->bytes);
	if (is_in_text(l->image, address))
		in->functions[in->nr_functions++] = (struct flow_function){
			.address = address, .size = symbol->st_size, .selected = true,
			.cold = name && strstr(name, ".cold"),
		};
}

static int read_functions(struct loader *l)
{
	Elf_Scn *scn = NULL, *table = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Data *symbols;
	int i;

	while ((scn = elf_nextscn(l->elf, scn)))
		if (header_of(scn).sh_type == SHT_SYMTAB ||
		    (!table && header_of(scn).sh_type == SHT_DYNSYM))
			table = scn;
	if (!table)
		return -ENOEXEC;
	header = header_of(table);
	symbols = elf_getdata(table, NULL);
	l->image->in.functions = calloc(header.sh_size / header.sh_entsize + 1,
					sizeof(struct flow_function));
	if (!l->image->in.functions)
		return -ENOMEM;
	for (i = 0; gelf_getsym(symbols, i, &symbol); i++)
		add_function(l, &symbol, elf_strptr(l->elf, header.sh_link, symbol.st_name));
	tidy_functions(&l->image->in);
	return 0;
}

/* --- all of it ----------------------------------------------------------------------------- */

static int load(struct loader *l)
{
	GElf_Ehdr header;
	size_t n;
	int err;

	if (!gelf_getehdr(l->elf, &header) || header.e_machine != EM_X86_64 ||
	    elf_getshdrnum(l->elf, &n))
		return -ENOEXEC;
	l->places = calloc(n + 1, sizeof(*l->places));
	if (!l->places)
		return -ENOMEM;
	if (header.e_type == ET_REL)
		err = place_module(l);
	else if (header.e_type == ET_DYN)
		err = place_library(l);
	else
		err = -ENOEXEC;
	if (!err && header.e_type == ET_REL)
		relocate(l);
	err = err ? err : read_tables(l);
	return err ? err : read_functions(l);
}

int elf_image_load(const char *path, struct elf_image *image)
{
	struct loader l = { .image = image };
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	*image = (struct elf_image){ 0 };
	if (fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	l.elf = elf_begin(fd, ELF_C_READ, NULL);
	err = l.elf ? load(&l) : -ENOEXEC;
	elf_end(l.elf);
	free(l.places);
	close(fd);
	if (err)
		elf_image_free(image);
	return err;
}

void elf_image_free(struct elf_image *image)
{
	if (image->bytes)
		munmap(image->bytes, image->size);
	free(image->in.functions);
	free((void *)image->in.fixups);
	free((void *)image->in.jump_labels);
	free((void *)image->in.bugs);
	free((void *)image->in.fentries);
	free((void *)image->in.static_calls);
	free(image->pointers);
	*image = (struct elf_image){ 0 };
}

/* --- files --------------------------------------------------------------------------------- */

/* Where tests/vm/kernel puts kernels; false if that is nowhere. */
static bool find_cache(char *path, size_t size)
{
	static const struct {
		const char *variable, *below;
	} places[] = {
		{ "LIVECOV_CACHE", "" },
		{ "XDG_CACHE_HOME", "/livecov" },
		{ "HOME", "/.cache/livecov" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const char *value = getenv(places[i].variable);

		if (value && value[0]) {
			snprintf(path, size, "%s%s", value, places[i].below);
			return true;
		}
	}
	return false;
}

/* Below which directory of drivers it is depends on the module. */
static bool find_module(const char *name, char *path, size_t size)
{
	static const char *const stars[] = { "*", "*/*", "*/*/*", "*/*/*/*" };
	char cache[256], pattern[512];
	glob_t found;
	u32 depth;

	if (!find_cache(cache, sizeof(cache)))
		return false;
	for (depth = 0; depth < ARRAY_SIZE(stars); depth++) {
		snprintf(pattern, sizeof(pattern),
			 "%s/kernels/6.1/root/lib/modules/*/kernel/%s/%s.ko", cache, stars[depth],
			 name);
		if (!glob(pattern, 0, NULL, &found)) {
			snprintf(path, size, "%s", found.gl_pathv[0]);
			globfree(&found);
			return true;
		}
		globfree(&found);
	}
	return false;
}

const char *elf_image_module(const char *name)
{
	static char path[512];

	if (!find_module(name, path, sizeof(path))) {
		print_message("# no %s.ko: tests/vm/kernel 6.1 fetches it\n", name);
		skip();
	}
	return path;
}

static int remember_libc(struct dl_phdr_info *info, size_t size, void *path)
{
	(void)size;
	if (strstr(info->dlpi_name, "/libc.so"))
		snprintf(path, 512, "%s", info->dlpi_name);
	return 0;
}

const char *elf_image_libc(void)
{
	static char path[512];

	dl_iterate_phdr(remember_libc, path);
	return path[0] ? path : NULL;
}

static struct region *alloc_regions(u32 n)
{
	struct region *regions = calloc((size_t)n + 1, sizeof(*regions));

	assert(regions);
	return regions;
}

void elf_image_regions(const struct elf_image *image, const struct flow *flow,
		       struct region_table *regions)
{
	struct region_marks *marks = region_marks_read(&image->in, image->pointers, image->nr_pointers);

	assert(marks);
	*regions = (struct region_table){
		.branches = alloc_regions(flow->nr_branches),
		.entries = alloc_regions(image->in.nr_functions),
		.blocks = alloc_regions(flow->nr_blocks),
	};
	region_find(marks, flow, regions);
	region_marks_free(marks);
}

void elf_image_regions_free(struct region_table *regions)
{
	free(regions->branches);
	free(regions->entries);
	free(regions->blocks);
}
