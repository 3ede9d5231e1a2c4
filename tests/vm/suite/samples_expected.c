// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples_expected.c - see samples_expected.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "samples_expected.h"

#define FACTS		"/tmp/covtarget.facts"
#define COLLECT		"python3 tests/target/cases.py covtarget.ko > " FACTS
#define NAME_LEN	40
#define MAX_PLACES	1024
#define MAX_WORDS	2048
#define MAX_BLOCKS	4096
#define MAX_BRANCHES	2048

#define COVT_FN_NAME(name)	#name,

static const char *const function_names[] = { COVT_FUNCTIONS(COVT_FN_NAME) };

/* A mark or jump by its name; there may be copies of it. */
struct item {
	char function[NAME_LEN];
	char name[NAME_LEN];
	bool jump;
};

/* Where one is: in which block, or which branch it is. */
struct where {
	unsigned int item;
	uint64_t address;
	uint32_t index;
};

/* Something that a call implies: an item's SEEN*, or entries of a function. */
struct implied {
	bool entry;
	unsigned int index;
	unsigned int value;
};

/* A call and what it implies: words[first .. first + count). */
struct known_call {
	struct call call;
	unsigned int first, count;
};

static struct item items[MAX_ITEMS];
static struct where places[MAX_PLACES];
static char functions[MAX_FUNCTIONS][NAME_LEN];
static struct known_call calls[MAX_CASES];
static struct implied words[MAX_WORDS];
static unsigned int nr_items, nr_places, nr_functions, nr_calls, nr_words;

/* By function of the table, which of ours it is, or MAX_FUNCTIONS. */
static unsigned int ours[2 * MAX_FUNCTIONS];

/* --- reading the facts ----------------------------------------------------------------- */

static unsigned int function_index(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++)
		if (!strcmp(functions[i], name))
			return i;
	EXPECT(nr_functions < MAX_FUNCTIONS);
	strcpy(functions[nr_functions], name);
	return nr_functions++;
}

/* nr_items if there is none */
static unsigned int find_item(const char *function, const char *name, bool jump)
{
	unsigned int i;

	for (i = 0; i < nr_items; i++)
		if (items[i].jump == jump && !strcmp(items[i].name, name) &&
		    !strcmp(items[i].function, function))
			break;
	return i;
}

static uint64_t section_base(const char *section)
{
	char path[128], value[64];

	snprintf(path, sizeof(path), "/sys/module/covtarget/sections/%s", section);
	if (read_file(path, value, sizeof(value)) <= 0)
		FAIL("%s: %s", path, strerror(errno));
	return strtoull(value, NULL, 16);
}

static void add_place(const char *line, bool jump)
{
	char function[NAME_LEN], name[NAME_LEN], section[NAME_LEN];
	unsigned long long offset;
	unsigned int item;

	EXPECT_EQ(sscanf(line, "%*s %39s %39s %39s %llu", function, name, section, &offset), 4);
	item = find_item(function, name, jump);
	if (item == nr_items) {
		EXPECT(nr_items < MAX_ITEMS);
		strcpy(items[item].function, function);
		strcpy(items[item].name, name);
		items[item].jump = jump;
		nr_items++;
	}
	function_index(function);
	EXPECT(nr_places < MAX_PLACES);
	places[nr_places++] = (struct where){ item, section_base(section) + offset, 0 };
}

static void add_call(const char *line)
{
	struct known_call *known = &calls[nr_calls];
	unsigned long long a, b, c;
	char name[NAME_LEN];
	unsigned int i;

	EXPECT(nr_calls < MAX_CASES);
	EXPECT_EQ(sscanf(line, "%*s %39s %llu %llu %llu %lld", name, &a, &b, &c,
			 &known->call.result), 5);
	for (i = 0; i < COVT_FN_COUNT && strcmp(function_names[i], name); i++)
		;
	EXPECT(i < COVT_FN_COUNT);
	known->call.function = i;
	known->call.a = a;
	known->call.b = b;
	known->call.c = c;
	known->first = nr_words;
	nr_calls++;
}

static void imply(bool entry, unsigned int index, unsigned int value)
{
	EXPECT(nr_words < MAX_WORDS && nr_calls);
	words[nr_words++] = (struct implied){ entry, index, value };
	calls[nr_calls - 1].count++;
}

/* "name", "name+", "name-" or "name+-" */
static void add_word(const char *function, char *word)
{
	char *sign = word + strcspn(word, "+-");
	unsigned int value = (strchr(sign, '+') ? SEEN : 0) | (strchr(sign, '-') ? SEEN_NOT : 0);
	unsigned int item;
	bool jump = *sign;

	*sign = '\0';
	item = find_item(function, word, jump);
	if (item == nr_items)
		FAIL("%s has no place %s", function, word);
	imply(false, item, jump ? value : SEEN);
}

static void add_ran(char *line)
{
	char *function, *word;

	strtok(line, " \n");
	function = strtok(NULL, " \n");
	imply(true, function_index(function), atoi(strtok(NULL, " \n")));
	while ((word = strtok(NULL, " \n")))
		add_word(function, word);
}

void expected_load(void)
{
	static const char *const collect[] = { "/bin/sh", "-c", COLLECT, NULL };
	char line[1024];
	FILE *file;

	if (access(FACTS, F_OK))
		EXPECT_EQ(run_program(collect), 0);
	file = fopen(FACTS, "re");
	EXPECT(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "mark ", 5))
			add_place(line, false);
		else if (!strncmp(line, "jump ", 5))
			add_place(line, true);
		else if (!strncmp(line, "case ", 5))
			add_call(line);
		else
			add_ran(line);
	fclose(file);
}

unsigned int expected_calls(void)
{
	return nr_calls;
}

unsigned int expected_items(void)
{
	return nr_items;
}

/* --- what calls imply ------------------------------------------------------------------- */

struct call expected_call(unsigned int i, struct coverage *coverage, unsigned int times)
{
	const struct known_call *known = &calls[i % nr_calls];
	const struct implied *word;

	for (word = &words[known->first]; word < &words[known->first + known->count]; word++)
		if (word->entry)
			coverage->entries[word->index] += (uint64_t)word->value * times;
		else
			coverage->items[word->index] |= word->value;
	return known->call;
}

struct call expected_call_of(enum covt_function function, unsigned int i,
			     struct coverage *coverage, unsigned int times)
{
	unsigned int k = 0;

	do
		while (calls[k % nr_calls].call.function != function)
			k++;
	while (i-- && ++k);
	return expected_call(k, coverage, times);
}

/* generated.c: jump and mark 1000 + n belong to bit n % 64, and a set bit takes the jump. */
struct call expected_ifs(uint64_t mask, struct coverage *coverage, unsigned int times)
{
	struct call call = { COVT_FN_ifs_100, mask, 0, 0, 0 };
	unsigned int n;

	coverage->entries[function_index("covt_ifs_100")] += times;
	coverage->items[find_item("covt_ifs_100", "end", false)] |= SEEN;
	for (n = 0; n < 100; n++) {
		bool set = mask >> n % 64 & 1;
		char name[NAME_LEN];

		snprintf(name, sizeof(name), "%u", 1000 + n);
		coverage->items[find_item("covt_ifs_100", name, true)] |= set ? SEEN : SEEN_NOT;
		if (set)
			coverage->items[find_item("covt_ifs_100", name, false)] |= SEEN;
		call.result += set;
	}
	return call;
}

/* --- what livecov says -------------------------------------------------------------------- */

static struct cov_function function_table[2 * MAX_FUNCTIONS];
static struct cov_block block_table[MAX_BLOCKS];
static struct cov_branch branch_table[MAX_BRANCHES];

static void read_tables(int fd, uint32_t target)
{
	read_table(fd, COV_IOC_FUNCTIONS, target, 0, ARRAY_SIZE(function_table), function_table);
	read_table(fd, COV_IOC_BLOCKS, target, 0, ARRAY_SIZE(block_table), block_table);
	read_table(fd, COV_IOC_BRANCHES, target, 0, ARRAY_SIZE(branch_table), branch_table);
}

static void find_functions(int fd, uint32_t target, uint32_t count)
{
	static char names[1 << 14];
	unsigned int i, k, found = 0;

	read_table(fd, COV_IOC_NAMES, target, 0, sizeof(names), names);
	for (i = 0; i < count; i++) {
		bool cold = function_table[i].flags & COV_FUNCTION_COLD;

		for (k = 0; k < nr_functions; k++)
			if (!cold && !strcmp(names + function_table[i].name, functions[k]))
				break;
		ours[i] = k < nr_functions ? k : MAX_FUNCTIONS;
		found += k < nr_functions;
	}
	EXPECT_EQ(found, nr_functions);
}

static uint32_t block_at(uint64_t address, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint64_t begin = function_table[block_table[i].function].address +
				 block_table[i].offset;

		if (address >= begin && address - begin < block_table[i].size)
			return i;
	}
	FAIL("no block has %#llx", (unsigned long long)address);
}

static uint32_t branch_at(uint64_t address, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (function_table[branch_table[i].function].address +
		    branch_table[i].offset == address)
			return i;
	FAIL("no branch is at %#llx", (unsigned long long)address);
}

/* Find each place in the tables. */
static void find_places(int fd, uint32_t target)
{
	struct cov_target_info info = target_info(fd, target);
	unsigned int i;

	EXPECT(info.functions <= ARRAY_SIZE(function_table));
	EXPECT(info.blocks <= ARRAY_SIZE(block_table));
	EXPECT(info.branches <= ARRAY_SIZE(branch_table));
	read_tables(fd, target);
	find_functions(fd, target, info.functions);
	for (i = 0; i < nr_places; i++)
		places[i].index = items[places[i].item].jump ?
				  branch_at(places[i].address, info.branches) :
				  block_at(places[i].address, info.blocks);
}

uint32_t expected_attach(int fd, unsigned int mode)
{
	struct cov_attach request = attach_request("covtarget");
	char globs[MAX_FUNCTIONS * NAME_LEN];
	unsigned int i, length = 0;

	for (i = 0; i < nr_functions; i++)
		length += sprintf(globs + length, "%s", functions[i]) + 1;
	request.globs = (uintptr_t)globs;
	request.globs_len = length;
	request.mode = mode;
	request.scope = COV_SCOPE_TRACKED;
	request.engine = COV_ENGINE_AUTO;
	attach(fd, &request);
	arm(fd, request.target);
	find_places(fd, request.target);
	return request.target;
}

static void note(struct coverage *coverage, unsigned int item, unsigned int known, uint8_t seen)
{
	if (known == COV_YES)
		coverage->items[item] |= seen;
	else if (known == COV_UNKNOWN)
		coverage->unknown[item] |= seen;
}

/* An entry that follows from its block has no site, and no hits: in mode blocks. */
static uint64_t entries(const struct cov_function *function)
{
	if (function->hits)
		return function->hits;
	return block_table[function->first_block].covered == COV_YES;
}

/* Of copies of an item, it ran if one did. */
void coverage_read(int fd, uint32_t target, struct coverage *coverage)
{
	unsigned int i;

	memset(coverage, 0, sizeof(*coverage));
	read_tables(fd, target);
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (function_table[i].address && ours[i] < MAX_FUNCTIONS)
			coverage->entries[ours[i]] = entries(&function_table[i]);
	for (i = 0; i < nr_places; i++) {
		const struct where *place = &places[i];
		const struct cov_branch *branch = &branch_table[place->index];

		if (items[place->item].jump) {
			note(coverage, place->item, branch->taken, SEEN);
			note(coverage, place->item, branch->not_taken, SEEN_NOT);
		} else {
			note(coverage, place->item, block_table[place->index].covered, SEEN);
		}
	}
}

void expect_coverage(const struct coverage *said, const struct coverage *implied,
		     unsigned int mode)
{
	unsigned int i;

	for (i = 0; i < nr_functions; i++) {
		uint64_t says = said->entries[i], is = implied->entries[i];

		bool exact = mode == COV_MODE_COUNT || mode == COV_MODE_TRACE;

		if (exact ? says != is : !says != !is)
			FAIL("%s was entered %llu times, not %llu", functions[i],
			     (unsigned long long)is, (unsigned long long)says);
	}
	for (i = 0; i < nr_items; i++) {
		bool may = mode == COV_MODE_BLOCKS && items[i].jump;
		uint8_t allowed = may ? said->unknown[i] & ~said->items[i] : 0;

		if ((said->items[i] ^ implied->items[i]) & ~allowed)
			FAIL("%s of %s: %#x is said to have been seen, %#x was", items[i].name,
			     items[i].function, said->items[i], implied->items[i]);
	}
}
