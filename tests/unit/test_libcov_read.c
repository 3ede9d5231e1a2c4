// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_libcov_read.c - libcov's snapshots, numbers, ranking and lines against the
 * fake kernel, as test_libcov.c does with the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcov_fixture.h"

#define STRIPPED	TOY_DIRECTORY "/stripped"
#define NO_ARANGES	TOY_DIRECTORY "/no_aranges"

/* ---- snapshots --------------------------------------------------------------- */

static void snapshot_has_every_entry_of_the_tables(void **state)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_branch_desc branch = COV_INIT(branch);
	struct cov_block_desc block = COV_INIT(block);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_snapshot *snapshot;

	counted(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_targets(snapshot), 1);
	assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
	assert_string_equal(target.module, "toy");
	assert_string_equal(target.checkpoint, "");
	assert_int_equal(target.build_id_len, 20);
	assert_int_equal(target.build_id[1], 0x23);
	assert_int_equal(target.functions, 7);
	assert_int_equal(target.sections, 2);

	assert_int_equal(cov_snapshot_function(snapshot, 0, 6, &f), 0);
	assert_string_equal(f.name, "toy_main.cold");
	assert_int_equal(f.parent, 0);
	assert_int_equal(f.entered, COV_NO);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 0, &f), 0);
	assert_string_equal(f.name, "toy_main");
	assert_int_equal(f.parent, COV_NONE);
	assert_int_equal(f.entered, COV_YES);
	assert_int_equal(f.hits, 7);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 2, &f), 0);
	assert_int_equal(f.entered, COV_UNKNOWN);
	assert_int_equal(f.error, EINVAL);

	assert_int_equal(cov_snapshot_block(snapshot, 0, 27, &block), 0);
	assert_int_equal(block.function, 6);
	assert_int_equal(block.length, 11);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 0, &branch), 0);
	assert_int_equal(branch.taken, COV_YES);
	assert_int_equal(branch.taken_hits, 3);
	assert_int_equal(branch.fallthrough_hits, 4);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 4, &branch), 0);
	assert_int_equal(branch.condition, 0x13);
	assert_int_equal(branch.taken, COV_UNKNOWN);
	assert_int_equal(branch.fallthrough, COV_NO);
	cov_snapshot_free(snapshot);
}

static void getters_refuse_indices_behind_the_end(void **state)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_section_desc s = COV_INIT(s);
	struct cov_target_desc t = COV_INIT(t);
	struct cov_branch_desc b = COV_INIT(b);
	struct cov_block_desc k = COV_INIT(k);
	struct cov_snapshot *snapshot;

	attached(*state);
	snapshot = taken(*state);
	assert_int_equal(cov_snapshot_target(snapshot, 1, &t), -ERANGE);
	assert_int_equal(cov_snapshot_section(snapshot, 0, 2, &s), -ERANGE);
	assert_int_equal(cov_snapshot_function(snapshot, 0, 7, &f), -ERANGE);
	assert_int_equal(cov_snapshot_function(snapshot, 1, 0, &f), -ERANGE);
	assert_int_equal(cov_snapshot_block(snapshot, 0, 28, &k), -ERANGE);
	assert_int_equal(cov_snapshot_branch(snapshot, 0, 10, &b), -ERANGE);
	assert_int_equal(errno, ERANGE);
	f.size = 0;
	assert_int_equal(cov_snapshot_function(snapshot, 0, 0, &f), -EINVAL);
	cov_snapshot_free(snapshot);
}

static void assert_place(const struct cov_snapshot *snapshot, unsigned int i,
			 const char *name, uint64_t offset)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_section_desc section = COV_INIT(section);

	assert_int_equal(cov_snapshot_function(snapshot, 0, i, &f), 0);
	assert_int_equal(cov_snapshot_section(snapshot, 0, f.section, &section), 0);
	assert_string_equal(section.name, name);
	assert_int_equal(f.offset, offset);
}

static void functions_lie_in_their_sections(void **state)
{
	struct cov_section_desc section = COV_INIT(section);
	struct cov_snapshot *snapshot;

	attached(*state);
	snapshot = taken(*state);
	assert_place(snapshot, 0, ".text", 0);
	assert_place(snapshot, 1, ".text", 0x24);
	assert_place(snapshot, 6, ".text.unlikely", 0);
	/* No file: they reach to the ends of their last functions. */
	assert_int_equal(cov_snapshot_section(snapshot, 0, 0, &section), 0);
	assert_int_equal(section.length, 0x56);
	assert_int_equal(cov_snapshot_section(snapshot, 0, 1, &section), 0);
	assert_int_equal(section.length, 11);
	cov_snapshot_free(snapshot);
}

/* As cov_checkpoint_add() takes it; kept sections are an attached target's alone. */
static void a_checkpoint_in_the_kernel_lies_where_its_text_does(void **state)
{
	struct cov_snapshot *snapshot;

	put("/proc/kallsyms", "ffffffffc0a00000 T _stext\nffffffffc0a10000 t toy_main\n"
	    "ffffffffc0b00000 D _etext\n");
	assert_int_equal(checkpoint_add(*state, "cp", "vmlinux:toy_main", 0, 0, 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_place(snapshot, 0, ".text", 0x10000);
	assert_place(snapshot, 1, ".text", 0x10024);
	cov_snapshot_free(snapshot);
	drop("/proc/kallsyms");
}

static void sections_of_a_gone_target_are_those_told_at_attach(void **state)
{
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.state = COV_TARGET_GONE;
	/* Stale, or another module's by now. */
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a00000\n");
	snapshot = taken(*state);
	assert_place(snapshot, 1, ".text", 0x24);
	assert_place(snapshot, 6, ".text.unlikely", 0);
	cov_snapshot_free(snapshot);
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n");
}

static void sections_end_where_the_file_says(void **state)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	attached(*state);
	drop("/sys/module/toy/sections/.text.unlikely");
	snapshot = taken(*state);
	/* The cold part is behind .text: it gets a section made for it. */
	assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
	assert_int_equal(target.sections, 2);
	cov_snapshot_free(snapshot);
	put("/sys/module/toy/sections/.text.unlikely", "0xffffffffc0a02000\n");
}

static void without_names_all_is_text(void **state)
{
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(cov_snapshot_take(*state, "toy_two", &snapshot), 0);
	assert_place(snapshot, 1, ".text", 0x24);
	assert_place(snapshot, 6, ".text", FAKE_COLD);
	cov_snapshot_free(snapshot);
}

static void tables_built_anew_while_read_are_read_again(void **state)
{
	struct cov_totals totals = COV_INIT(totals);
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.changes = 17;
	snapshot = taken(*state);
	assert_int_equal(fake_kernel()->settings.changes, 0);
	assert_int_equal(cov_snapshot_totals(snapshot, 0, &totals), 0);
	assert_int_equal(totals.blocks, 28);
	cov_snapshot_free(snapshot);
}

static void tables_that_never_rest_are_given_up(void **state)
{
	struct cov_snapshot *snapshot;

	attached(*state);
	fake_kernel()->settings.changes = UINT32_MAX;
	assert_error(cov_snapshot_take(*state, "toy", &snapshot), EAGAIN, "keeps changing");
	assert_null(snapshot);
}

static void tables_that_contradict_each_other_are_refused(void **state)
{
	struct cov_snapshot *snapshot;
	uint32_t which;

	attached(*state);
	for (which = 1; which <= 11; which++) {
		fake_kernel()->settings.damage = which;
		assert_error(cov_snapshot_take(*state, "toy", &snapshot), EPROTO,
			     "contradict");
	}
	fake_kernel()->settings.damage = 0;
	cov_snapshot_free(taken(*state));
}

static void snapshot_of_all_has_modules_and_checkpoints(void **state)
{
	struct cov_target_desc target = COV_INIT(target);
	struct cov_totals sum = COV_INIT(sum);
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_int_equal(cov_attach(*state, "toy_two", NULL, NULL), 0);
	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, 0, 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 3);
	assert_int_equal(cov_snapshot_target(snapshot, 2, &target), 0);
	assert_string_equal(target.checkpoint, "cp");
	/* What the checkpoint watches is in toy already. */
	assert_int_equal(cov_snapshot_totals(snapshot, COV_NONE, &sum), 0);
	assert_int_equal(sum.blocks, 56);
	assert_int_equal(sum.functions, 12);
	assert_int_equal(cov_snapshot_totals(snapshot, 2, &sum), 0);
	assert_int_equal(sum.blocks, 28);
	assert_int_equal(cov_snapshot_totals(snapshot, 3, &sum), -ERANGE);
	cov_snapshot_free(snapshot);
}

static void a_checkpoint_is_not_its_modules_target(void **state)
{
	uint32_t target;

	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, 0, 0), 0);
	assert_error(cov_find(*state, "toy", &target), ENOENT, "not attached");
}

/* ---- counts, or seen ------------------------------------------------------------ */

static void hits_are_counts_only_where_they_are_counted(void **state)
{
	static const struct {
		unsigned int mode, engine, counted;
	} cases[] = {
		{ COV_MODE_EDGES, COV_ENGINE_AUTO, 0 },
		{ COV_MODE_EDGES, COV_ENGINE_DETOUR, 0 },
		{ COV_MODE_EDGES, COV_ENGINE_BREAKPOINT, 0 },
		{ COV_MODE_EDGES, COV_ENGINE_KPROBE, 1 },
		{ COV_MODE_BLOCKS, COV_ENGINE_KPROBE, 0 },
		{ COV_MODE_COUNT, COV_ENGINE_AUTO, 1 },
		{ COV_MODE_COUNT, COV_ENGINE_KPROBE, 1 },
	};
	struct cov_function_desc f = COV_INIT(f);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_branch_desc branch = COV_INIT(branch);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cov_attach_result result = attached_by(*state, cases[i].mode, COV_SCOPE_ALL,
							      cases[i].engine);
		struct cov_snapshot *snapshot = taken(*state);

		assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
		assert_int_equal(target.counted, cases[i].counted);
		assert_int_equal(target.engine, cases[i].engine);
		assert_int_equal(cov_snapshot_function(snapshot, 0, 0, &f), 0);
		assert_int_equal(f.hits, cases[i].counted ? 7 : 1);
		assert_int_equal(cov_snapshot_branch(snapshot, 0, 0, &branch), 0);
		assert_int_equal(branch.taken_hits, cases[i].counted ? 3 : 1);
		cov_snapshot_free(snapshot);
		assert_int_equal(cov_detach(*state, result.target), 0);
	}
}

/* ---- one sample's view ------------------------------------------------------------ */

static uint64_t outcomes_hit(struct cov *cov, uint32_t target)
{
	struct cov_totals n = COV_INIT(n);

	assert_int_equal(cov_counts(cov, target, &n), 0);
	return n.outcomes_hit;
}

static void a_view_is_of_one_sample_until_it_is_of_all_again(void **state)
{
	struct cov_unhit unhit = COV_INIT(unhit);
	struct cov_attach_result result;

	result = attached_by(*state, COV_MODE_EDGES, COV_SCOPE_TRACKED, COV_ENGINE_AUTO);
	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(outcomes_hit(*state, result.target), 8);
	assert_int_equal(cov_view(*state, 7), 0);
	assert_int_equal(outcomes_hit(*state, result.target), 4);
	assert_int_equal(outcomes_hit(*state, 0), 4);
	/* What others have reached, this one has not. */
	assert_int_equal(cov_next_unhit_function(*state, 0, COV_LEVEL(1), &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_checks");
	assert_int_equal(cov_view(*state, 0), 0);
	assert_int_equal(outcomes_hit(*state, result.target), 8);
	assert_int_equal(cov_next_unhit_function(*state, 0, COV_LEVEL(1), &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_unused");
}

static void a_view_is_of_the_handle_that_has_it(void **state)
{
	struct cov *other;

	attached_by(*state, COV_MODE_EDGES, COV_SCOPE_TRACKED, COV_ENGINE_AUTO);
	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_open(&other), 0);
	assert_int_equal(cov_view(other, 7), 0);
	assert_int_equal(outcomes_hit(*state, 0), 8);
	assert_int_equal(outcomes_hit(other, 0), 4);
	cov_close(other);
}

static void scope_all_keeps_no_samples_apart(void **state)
{
	struct cov_attach_result result = attached(*state);
	struct cov_totals n = COV_INIT(n);
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_view(*state, 7), 0);
	assert_error(cov_snapshot_take(*state, "toy", &snapshot), EOPNOTSUPP, "scope all");
	assert_null(snapshot);
	assert_error(cov_counts(*state, result.target, &n), EOPNOTSUPP, "scope all");
	assert_error(cov_snapshot_take(*state, NULL, &snapshot), EOPNOTSUPP,
		     "covstat attach MODULE --scope tracked");
	assert_int_equal(cov_view(*state, 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	cov_snapshot_free(snapshot);
}

static void targets_with_scope_all_are_left_out_of_a_samples_view(void **state)
{
	struct cov_attach_options tracked = COV_INIT(tracked);
	struct cov_target_desc target = COV_INIT(target);
	struct cov_snapshot *snapshot;
	uint32_t id;

	attached(*state);
	tracked.scope = COV_SCOPE_TRACKED;
	assert_int_equal(cov_attach(*state, "toy_two", &tracked, NULL), 0);
	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_view(*state, 7), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 1);
	assert_int_equal(cov_snapshot_target(snapshot, 0, &target), 0);
	assert_string_equal(target.module, "toy_two");
	cov_snapshot_free(snapshot);
	/* Finding one is not looking at it: toy comes first, and is in the way of nothing. */
	assert_int_equal(cov_find(*state, "toy_two", &id), 0);
	assert_int_equal(cov_find(*state, "toy", &id), 0);
	assert_error(cov_find(*state, "nosuch", &id), ENOENT, "covstat attach nosuch");
	assert_int_equal(outcomes_hit(*state, 2), 4);
}

static void every_target_is_described_without_its_tables(void **state)
{
	struct cov_target_desc target = COV_INIT(target), same = COV_INIT(same);
	struct fake_settings *settings = &fake_kernel()->settings;
	struct cov_snapshot *snapshot;

	assert_error(cov_next_target(*state, 0, &target), ENOENT, "no target");
	counted(*state);
	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 4, 0, 0), 0);
	snapshot = taken(*state);
	/* Of no matter: a sample's view, a level that nothing has, tables that cannot be read. */
	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_view(*state, 7), 0);
	cov_levels(*state, COV_LEVEL(64));
	settings->fail_nr = _IOC_NR(COV_IOC_FUNCTIONS);
	settings->fail_errno = ENOMEM;

	assert_int_equal(cov_next_target(*state, 0, &target), 0);
	assert_int_equal(cov_snapshot_target(snapshot, 0, &same), 0);
	assert_string_equal(target.module, "toy");
	assert_string_equal(target.checkpoint, "");
	assert_memory_equal(target.build_id, same.build_id, same.build_id_len);
	target.module = same.module;
	target.checkpoint = same.checkpoint;
	target.build_id = same.build_id;
	assert_memory_equal(&target, &same, sizeof(target));

	assert_int_equal(cov_detach(*state, target.target), 0);
	assert_int_equal(cov_next_target(*state, target.target, &target), 0);
	assert_string_equal(target.checkpoint, "cp");
	assert_int_equal(target.checkpoint_offset, 4);
	assert_error(cov_next_target(*state, target.target, &target), ENOENT, "no target");
	target.size = 0;
	assert_error(cov_next_target(*state, 0, &target), EINVAL, "size");
	cov_snapshot_free(snapshot);
}

static void a_view_of_nothing_attached_is_empty(void **state)
{
	struct cov_snapshot *snapshot;

	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_view(*state, 7), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_int_equal(cov_snapshot_targets(snapshot), 0);
	cov_snapshot_free(snapshot);
}

/* ---- cells ------------------------------------------------------------------------ */

static uint64_t cell(const struct cov_mapping *mapping, uint32_t i)
{
	assert_true(i < mapping->cells);
	return mapping->cell_size == 8 ? ((const uint64_t *)mapping->base)[i] :
					 ((const uint8_t *)mapping->base)[i];
}

static void assert_cells_are_the_snapshots(struct cov *cov, const struct cov_mapping *mapping)
{
	struct cov_function_desc f = COV_INIT(f);
	struct cov_branch_desc b = COV_INIT(b);
	struct cov_snapshot *snapshot = taken(cov);
	uint32_t i;

	for (i = 0; !cov_snapshot_function(snapshot, 0, i, &f); i++)
		assert_int_equal(cell(mapping, mapping->functions + i), f.hits);
	assert_int_equal(i, fake_shape.functions);
	for (i = 0; !cov_snapshot_branch(snapshot, 0, i, &b); i++) {
		assert_int_equal(cell(mapping, mapping->branches + 2 * i), b.fallthrough_hits);
		assert_int_equal(cell(mapping, mapping->branches + 2 * i + 1), b.taken_hits);
	}
	assert_int_equal(i, fake_shape.branches);
	assert_int_equal(mapping->blocks + fake_shape.blocks, mapping->cells);
	cov_snapshot_free(snapshot);
}

static void cells_tell_what_the_tables_do(void **state)
{
	struct cov_mapping mapping = COV_INIT(mapping);
	struct cov_attach_result result = attached(*state);

	assert_int_equal(cov_map(*state, result.target, 0, &mapping), 0);
	assert_int_equal(mapping.cell_size, 1);
	assert_int_equal(mapping.length, 4096);
	assert_cells_are_the_snapshots(*state, &mapping);
	cov_unmap(&mapping);
	assert_null(mapping.base);
	cov_unmap(&mapping);
	cov_unmap(NULL);
}

static void cells_of_mode_count_are_counts(void **state)
{
	struct cov_mapping mapping = COV_INIT(mapping);
	struct cov_attach_result result;

	result = attached_by(*state, COV_MODE_COUNT, COV_SCOPE_ALL, COV_ENGINE_AUTO);
	assert_int_equal(cov_map(*state, result.target, 0, &mapping), 0);
	assert_int_equal(mapping.cell_size, 8);
	assert_int_equal(cell(&mapping, 0), 7);
	assert_cells_are_the_snapshots(*state, &mapping);
	cov_unmap(&mapping);
}

static void cells_belong_to_a_sample_in_scope_tracked(void **state)
{
	struct cov_mapping mapping = COV_INIT(mapping);
	struct cov_attach_result result;

	result = attached_by(*state, COV_MODE_EDGES, COV_SCOPE_TRACKED, COV_ENGINE_AUTO);
	assert_error(cov_map(*state, result.target, 0, &mapping), EINVAL, "belongs to a sample");
	assert_error(cov_map(*state, result.target, 7, &mapping), ENOENT, "no sample");
	assert_error(cov_map(*state, 4, 7, &mapping), ENOENT, "no target 4");
	assert_int_equal(cov_register(*state, 7), 0);
	assert_int_equal(cov_map(*state, result.target, 7, &mapping), 0);
	cov_unmap(&mapping);
	assert_int_equal(cov_detach(*state, result.target), 0);
	result = attached(*state);
	assert_error(cov_map(*state, result.target, 7, &mapping), EINVAL, "one map");
}

static void maps_that_contradict_themselves_are_refused(void **state)
{
	struct cov_mapping mapping = COV_INIT(mapping);
	struct cov_attach_result result = attached(*state);
	uint32_t which;

	for (which = 1; which <= 6; which++) {
		fake_kernel()->settings.map_damage = which;
		assert_error(cov_map(*state, result.target, 0, &mapping), EPROTO, "contradicts");
		assert_null(mapping.base);
	}
}

static void maps_that_cannot_be_had_say_why(void **state)
{
	struct cov_mapping mapping = COV_INIT(mapping);
	struct cov_attach_result result = attached(*state);

	fake_kernel()->settings.mmap_errno = ENOMEM;
	assert_error(cov_map(*state, result.target, 0, &mapping), ENOMEM, "cannot map");
	mapping.size = offsetof(struct cov_mapping, blocks);
	assert_error(cov_map(*state, result.target, 0, &mapping), EINVAL, "size");
	assert_error(cov_map(*state, result.target, 0, NULL), EINVAL, "size");
}

/* ---- numbers ------------------------------------------------------------------ */

static void counts_are_exact(void **state)
{
	struct cov_totals n = COV_INIT(n);
	struct cov_attach_result result = attached(*state);

	fake_kernel()->settings.missed = 9;
	fake_kernel()->settings.lost = 4;
	assert_int_equal(cov_counts(*state, result.target, &n), 0);
	assert_int_equal(n.functions, 6);	/* the cold part is no function of its own */
	assert_int_equal(n.functions_hit, 3);
	assert_int_equal(n.functions_unknown, 1);
	assert_int_equal(n.blocks, 28);
	assert_int_equal(n.blocks_hit, 10);
	assert_int_equal(n.blocks_unknown, 3);
	assert_int_equal(n.outcomes, 20);
	assert_int_equal(n.outcomes_hit, 8);
	assert_int_equal(n.outcomes_unknown, 1);
	assert_int_equal(n.sites, 201);
	assert_int_equal(n.armed, 199);
	assert_int_equal(n.refused, 2);
	assert_int_equal(n.pending, 0);
	assert_int_equal(n.missed, 9);
	assert_int_equal(n.lost, 4);
	assert_error(cov_counts(*state, 4, &n), ENOENT, "no target 4");
	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.outcomes_hit, 8);
}

static void counts_of_a_single_checkpoint_are_its_own(void **state)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	struct cov_totals n = COV_INIT(n);
	uint32_t target;

	options.name = "cp";
	options.function = "toy_main";
	assert_int_equal(cov_checkpoint_add(*state, &options, &target), 0);
	assert_int_equal(cov_counts(*state, target, &n), 0);
	assert_int_equal(n.blocks, 28);
	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.blocks, 0);
	assert_int_equal(n.sites, 200);
}

static void functions_without_blocks_are_known_by_their_entries(void **state)
{
	struct cov_attach_options options = COV_INIT(options);
	struct cov_totals n = COV_INIT(n);

	options.flags = COV_ATTACH_FUNCTIONS_ONLY;
	assert_int_equal(cov_attach(*state, "toy", &options, NULL), 0);
	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.functions, 6);
	assert_int_equal(n.functions_hit, 3);
	assert_int_equal(n.functions_unknown, 1);
	assert_int_equal(n.blocks, 0);
}

static void counts_of_nothing_are_zero(void **state)
{
	struct cov_totals n = COV_INIT(n);

	assert_int_equal(cov_counts(*state, 0, &n), 0);
	assert_int_equal(n.functions + n.blocks + n.outcomes, 0);
}

static void status_tells_versions_and_tables(void **state)
{
	struct cov_summary s = COV_INIT(s);

	attached(*state);
	assert_int_equal(cov_status(*state, &s), 0);
	assert_int_equal(s.abi_major, 1);
	assert_string_equal(s.release, "fake");
	assert_int_equal(s.targets, 1);
	assert_int_equal(s.checkpoints, 201);
	assert_int_equal(s.checkpoints_max, 1000);
	assert_int_equal(s.tasks_max, 100);
	assert_int_equal(s.callers_max, 10);
	assert_int_equal(s.abi_minor, COV_ABI_MINOR);
	assert_int_equal(s.modes, 0x1e);
	assert_int_equal(s.engines, 0x1f);
	assert_int_equal(s.refused, 2);
}

static void text_is_read_in_the_original(void **state)
{
	struct cov_attach_result result = attached(*state);
	uint8_t bytes[4];

	assert_int_equal(cov_text(*state, result.target, FAKE_BASE, bytes, 4), 0);
	assert_memory_equal(bytes, "\x85\xff\x74\x09", 4);
	assert_error(cov_text(*state, result.target, FAKE_BASE, bytes, 0), EINVAL, "no bytes");
	assert_error(cov_text(*state, result.target, 0, bytes, 1), EINVAL, "not inside");
}

/* ---- ranking -------------------------------------------------------------------- */

struct place {
	const char *function;
	uint32_t kind;
	uint64_t offset;
	uint32_t behind;
	uint64_t other_hits;
};

static void assert_ranking(struct cov *cov, uint64_t levels, unsigned int flags,
			   const struct place *places, size_t count)
{
	struct cov_snapshot *snapshot = taken(cov);
	struct cov_unhit behind = COV_INIT(behind);
	struct cov_ranking *ranking;
	size_t i;

	assert_int_equal(cov_rank(cov, snapshot, levels, flags, &ranking), 0);
	cov_snapshot_free(snapshot);	/* a ranking stands alone */
	assert_int_equal(cov_ranking_count(ranking), count);
	for (i = 0; i < count; i++) {
		struct cov_unhit unhit = COV_INIT(unhit);

		assert_int_equal(cov_ranking_get(ranking, i, &unhit), 0);
		assert_string_equal(unhit.function_name, places[i].function);
		assert_string_equal(unhit.module, "toy");
		assert_int_equal(unhit.kind, places[i].kind);
		assert_int_equal(unhit.offset, places[i].offset);
		assert_int_equal(unhit.behind, places[i].behind);
		assert_int_equal(unhit.other_hits, places[i].other_hits);
	}
	assert_int_equal(cov_ranking_get(ranking, count, &behind), -ERANGE);
	cov_ranking_free(ranking);
}

/* Also while the module is unloaded. */
static void ranking_puts_the_frontier_first_by_what_lies_behind(void **state)
{
	static const struct place places[] = {
		{ "toy_main", COV_UNHIT_OUTCOME, 0x14, 3, 7 },
		{ "toy_checks", COV_UNHIT_OUTCOME, 0x0f, 1, 5 },
		{ "toy_main", COV_UNHIT_OUTCOME, 0x07, 1, 4 },
		{ "toy_checks", COV_UNHIT_OUTCOME, 0x09, 0, 1000 },
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};

	counted(*state);
	assert_ranking(*state, 0, 0, places, ARRAY_SIZE(places));
	fake_kernel()->settings.state = COV_TARGET_GONE;
	assert_ranking(*state, 0, 0, places, ARRAY_SIZE(places));
}

/* Without edges nothing is known to be behind a place; functions are ranked as ever. */
static void an_older_livecov_does_not_tell_what_lies_behind(void **state)
{
	struct cov_unhit unhit = COV_INIT(unhit);
	struct cov *old;

	attached(*state);
	fake_kernel()->settings.old = 5;
	assert_int_equal(cov_open(&old), 0);
	state = (void **)&old;
	assert_error(cov_next_unhit_checkpoint(old, 0, 0, &unhit), EOPNOTSUPP,
		     "speaks version 1.4 and does not tell where blocks lead; load the livecov.ko");
	assert_int_equal(cov_next_unhit_function(old, 0, 0, &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_large");
	cov_close(old);
}

static void ranking_can_be_of_functions_or_of_a_level(void **state)
{
	static const struct place functions[] = {
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};
	struct cov_ranking *ranking;
	struct cov_snapshot *snapshot;

	counted(*state);
	assert_ranking(*state, 0, COV_RANK_FUNCTIONS_ONLY, functions, 2);
	assert_ranking(*state, COV_LEVEL(2), 0, functions, 1);
	assert_ranking(*state, COV_LEVEL(1), COV_RANK_FUNCTIONS_ONLY, functions + 1, 1);
	assert_ranking(*state, COV_LEVEL(64), 0, NULL, 0);
	snapshot = taken(*state);
	assert_error(cov_rank(*state, snapshot, 0, 2, &ranking), EINVAL, "flag");
	cov_snapshot_free(snapshot);
}

/* Of everything that is attached. */
static void assert_places(struct cov *cov, uint64_t levels, size_t count)
{
	struct cov_snapshot *snapshot;
	struct cov_ranking *ranking;

	assert_int_equal(cov_snapshot_take(cov, NULL, &snapshot), 0);
	assert_int_equal(cov_rank(cov, snapshot, levels, 0, &ranking), 0);
	cov_snapshot_free(snapshot);
	assert_int_equal(cov_ranking_count(ranking), count);
	cov_ranking_free(ranking);
}

static void ranking_has_no_place_twice(void **state)
{
	struct cov_attach_options entries = COV_INIT(entries);
	struct cov_attach_result result;

	/* In the fake, a checkpoint's target has all of toy. */
	assert_int_equal(checkpoint_add(*state, "cp", "toy:toy_main", 0, COV_LEVEL(3), 1), 0);
	assert_places(*state, 0, 6);
	result = attached(*state);
	assert_places(*state, 0, 6);
	assert_places(*state, COV_LEVEL(1) | COV_LEVEL(3), 6);
	assert_places(*state, COV_LEVEL(3), 6);
	assert_int_equal(cov_detach(*state, result.target), 0);
	/* Entries alone tell nothing of the checkpoint's branches. */
	entries.flags = COV_ATTACH_FUNCTIONS_ONLY;
	assert_int_equal(cov_attach(*state, "toy", &entries, NULL), 0);
	assert_places(*state, 0, 6);
	/* A place inside a function is another one. */
	assert_int_equal(checkpoint_add(*state, "in", "toy:toy_main", 4, 0, 1), 0);
	assert_places(*state, COV_LEVEL(1), 7);
}

static void ranking_knows_no_counts_where_nothing_counts(void **state)
{
	static const struct place places[] = {
		{ "toy_main", COV_UNHIT_OUTCOME, 0x14, 3, 0 },
		{ "toy_main", COV_UNHIT_OUTCOME, 0x07, 1, 0 },
		{ "toy_checks", COV_UNHIT_OUTCOME, 0x0f, 1, 0 },
		{ "toy_checks", COV_UNHIT_OUTCOME, 0x09, 0, 0 },
		{ "toy_large", COV_UNHIT_FUNCTION, 0, 3, 0 },
		{ "toy_unused", COV_UNHIT_FUNCTION, 0, 1, 0 },
	};

	attached(*state);
	assert_ranking(*state, 0, 0, places, ARRAY_SIZE(places));
}

static void next_unhit_walks_the_ranking(void **state)
{
	struct cov_unhit unhit = COV_INIT(unhit);

	assert_error(cov_next_unhit_function(*state, 0, 0, &unhit), ENOENT,
		     "nothing is attached; run `covstat attach MODULE`");
	assert_error(cov_next_unhit_checkpoint(*state, 0, COV_LEVEL(1), &unhit), ENOENT,
		     "nothing is attached");
	counted(*state);
	assert_int_equal(cov_next_unhit_checkpoint(*state, 0, 0, &unhit), 0);
	assert_int_equal(unhit.taken, 1);
	assert_int_equal(unhit.branch, 2);
	assert_int_equal(unhit.condition, 5);
	assert_true(unhit.address == FAKE_BASE + 0x14);
	assert_int_equal(cov_next_unhit_checkpoint(*state, 4, 0, &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_large");
	assert_int_equal(cov_next_unhit_function(*state, 1, 0, &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_unused");
	assert_int_equal(unhit.branch, COV_NONE);
	assert_int_equal(cov_next_unhit_function(*state, 0, COV_LEVEL(1), &unhit), 0);
	assert_string_equal(unhit.function_name, "toy_unused");
	assert_error(cov_next_unhit_checkpoint(*state, 6, 0, &unhit), ENOENT, "nothing more");
	assert_error(cov_next_unhit_function(*state, 9, COV_LEVEL(1), &unhit), ENOENT,
		     "nothing more");
	assert_error(cov_next_unhit_function(*state, 0, COV_LEVEL(60), &unhit), ENOENT,
		     "no function that is attached has a level that was asked for");
	assert_error(cov_next_unhit_checkpoint(*state, 0, COV_LEVEL(60), &unhit), ENOENT,
		     "--level N");
}

/* ---- lines ------------------------------------------------------------------------ */

/* The number of the line of toy.S that holds @text. */
static unsigned int line_of(const char *text)
{
	FILE *file = fopen(TOY_SOURCE, "r");
	unsigned int number = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (strstr(line, text)) {
			fclose(file);
			return number;
		}
	}
	fail_msg("toy.S has no '%s'", text);
	return 0;
}

static void assert_line(struct cov_lines *lines, unsigned int function, uint64_t offset,
			const char *text)
{
	unsigned int line = 0;
	const char *file = "";

	assert_int_equal(cov_lines_find(lines, function, offset, &file, &line), 0);
	assert_error_text(file, "toy.S");
	assert_int_equal(line, line_of(text));
}

static void assert_lines_of_toy(struct cov_lines *lines)
{
	assert_line(lines, 0, 0x07, "ja\ttoy_c0");
	assert_line(lines, 0, 0x14, "jne\ttoy_b4");
	assert_line(lines, 3, 0x03, "jl\ttoy_b15");
	/* Relocation: it lies in a section of its own. */
	assert_line(lines, 6, 0x00, "mov\t$-22");
}

/* Of the module's file in @directory; all as they should be. */
static struct cov_lines *lines_of_toy(struct cov *cov, const struct cov_snapshot *snapshot,
				      const char *directory)
{
	struct cov_lines *lines;

	assert_int_equal(cov_add_module_dir(cov, directory), 0);
	assert_int_equal(cov_lines_open(cov, snapshot, 0, &lines), 0);
	assert_lines_of_toy(lines);
	return lines;
}

static void lines_are_those_of_the_modules_file(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	unsigned int line;
	const char *file;

	attached(*state);
	snapshot = taken(*state);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, "-dbg");
	assert_null(lines);
	lines = lines_of_toy(*state, snapshot, TOY_DIRECTORY);
	assert_int_equal(cov_lines_find(lines, 7, 0, &file, &line), -ERANGE);
	assert_int_equal(cov_lines_find(lines, 3, 0x1000, &file, &line), -ENOENT);
	cov_lines_close(lines);
	assert_error(cov_lines_open(*state, snapshot, 1, &lines), ERANGE, "no target 1");
	cov_snapshot_free(snapshot);
}

/* As clang leaves them out. */
static void lines_need_no_debug_aranges(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	unsigned int line;
	const char *file;

	attached(*state);
	snapshot = taken(*state);
	lines = lines_of_toy(*state, snapshot, NO_ARANGES);
	assert_int_equal(cov_lines_find(lines, 3, 0x1000, &file, &line), -ENOENT);
	cov_lines_close(lines);
	cov_snapshot_free(snapshot);
}

/* Manual checkpoints of a module are targets of their own. */
static void a_snapshot_looks_for_a_modules_lines_once(void **state)
{
	struct cov_lines *lines, *again;
	struct cov_snapshot *snapshot;

	attached(*state);
	assert_int_equal(checkpoint_add(*state, "cp", "toy_main", 0, 0, 0), 0);
	assert_int_equal(cov_snapshot_take(*state, NULL, &snapshot), 0);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, "-dbg");
	fake_kernel()->opens = 0;
	assert_error(cov_lines_open(*state, snapshot, 1, &lines), ENOENT, "-dbg");
	assert_int_equal(fake_kernel()->opens, 0);
	assert_int_equal(cov_add_module_dir(*state, TOY_DIRECTORY), 0);
	assert_int_equal(cov_lines_open(*state, snapshot, 0, &lines), 0);
	assert_true(fake_kernel()->opens > 0);
	fake_kernel()->opens = 0;
	assert_int_equal(cov_lines_open(*state, snapshot, 1, &again), 0);
	assert_int_equal(fake_kernel()->opens, 0);
	assert_line(lines, 0, 0x07, "ja\ttoy_c0");
	cov_lines_close(lines);
	assert_line(again, 3, 0x03, "jl\ttoy_b15");
	cov_lines_close(again);
	cov_snapshot_free(snapshot);
}

static void lines_are_found_in_a_separate_debug_file(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	char link[512];

	attached(*state);
	snapshot = taken(*state);
	put("/usr/lib/debug/.build-id/01/x", "");
	snprintf(link, sizeof(link), "%s/usr/lib/debug/.build-id/01/%s.debug", root,
		 FAKE_BUILD_ID + 2);
	assert_int_equal(symlink(TOY_DIRECTORY "/toy.ko", link), 0);
	/* The module's own file has been stripped. */
	assert_int_equal(cov_add_module_dir(*state, STRIPPED), 0);
	assert_int_equal(cov_lines_open(*state, snapshot, 0, &lines), 0);
	assert_line(lines, 0, 0x14, "jne\ttoy_b4");
	cov_lines_close(lines);
	assert_int_equal(unlink(link), 0);
	cov_snapshot_free(snapshot);
}

/* Each directory has more to tell than those before it, and stays. */
static void assert_no_lines(void **state, struct cov_snapshot *snapshot, const char *directory,
			    const char *words)
{
	struct cov_lines *lines;
	char path[512];

	snprintf(path, sizeof(path), "%s%s", strcmp(directory, STRIPPED) ? root : "", directory);
	assert_int_equal(cov_add_module_dir(*state, path), 0);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, words);
	assert_null(lines);
}

static void why_there_are_no_lines_is_told(void **state)
{
	struct cov_snapshot *snapshot;
	char link[2048];

	attached(*state);
	snapshot = taken(*state);
	put("/empty/toy_two.ko", "");
	put("/garbage/toy.ko.zst", "\x28\xb5\x2f\xfd");
	put("/other/x", "");
	snprintf(link, sizeof(link), "%s/other/toy.ko", root);
	assert_int_equal(symlink("/proc/self/exe", link), 0);
	assert_no_lines(state, snapshot, "/empty", "empty has no toy.ko");
	assert_no_lines(state, snapshot, "/nowhere", "nowhere: No such file or directory");
	put("/fifo/x", "");
	snprintf(link, sizeof(link), "%s/fifo/toy.ko", root);
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_no_lines(state, snapshot, "/fifo", "fifo/toy.ko is not a regular file");
	assert_no_lines(state, snapshot, "/garbage", "garbage/toy.ko.zst; if it is compressed");
	put("/damaged/toy.ko", "");
	snprintf(link, sizeof(link), "cp '%s' '%s/damaged/' && truncate -s 1000 '%s/damaged/toy.ko'",
		 TOY_DIRECTORY "/toy.ko", root, root);
	assert_int_equal(system(link), 0);
	assert_no_lines(state, snapshot, "/damaged", "damaged/toy.ko has no build-id: it is damaged");
	assert_no_lines(state, snapshot, "/other", "other/toy.ko is not the build that is loaded");
	assert_no_lines(state, snapshot, STRIPPED, "before strip");
	cov_snapshot_free(snapshot);
	fake_kernel()->targets[0].info.build_id_len = 0;
	snapshot = taken(*state);
	assert_no_lines(state, snapshot, STRIPPED, "linked without a build-id, by which");
	cov_snapshot_free(snapshot);
}

/* What was found in its directories is not another's answer, though they are as long. */
static void lines_are_looked_for_in_the_directories_of_the_handle(void **state)
{
	struct cov_snapshot *snapshot;
	struct cov_lines *lines;
	struct cov *other;
	char nowhere[512];

	attached(*state);
	snapshot = taken(*state);
	snprintf(nowhere, sizeof(nowhere), "%s", TOY_DIRECTORY);
	nowhere[1] = '_';
	assert_int_equal(cov_open(&other), 0);
	assert_int_equal(cov_add_module_dir(*state, nowhere), 0);
	assert_int_equal(cov_add_module_dir(other, TOY_DIRECTORY), 0);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, "No such file");
	assert_int_equal(cov_lines_open(other, snapshot, 0, &lines), 0);
	cov_lines_close(lines);
	assert_error(cov_lines_open(*state, snapshot, 0, &lines), ENOENT, "No such file");
	cov_snapshot_free(snapshot);
	cov_close(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(snapshot_has_every_entry_of_the_tables),
		TEST(getters_refuse_indices_behind_the_end),
		TEST(functions_lie_in_their_sections),
		TEST(a_checkpoint_in_the_kernel_lies_where_its_text_does),
		TEST(sections_of_a_gone_target_are_those_told_at_attach),
		TEST(sections_end_where_the_file_says),
		TEST(without_names_all_is_text),
		TEST(tables_built_anew_while_read_are_read_again),
		TEST(tables_that_never_rest_are_given_up),
		TEST(tables_that_contradict_each_other_are_refused),
		TEST(snapshot_of_all_has_modules_and_checkpoints),
		TEST(a_checkpoint_is_not_its_modules_target),
		TEST(hits_are_counts_only_where_they_are_counted),
		TEST(a_view_is_of_one_sample_until_it_is_of_all_again),
		TEST(a_view_is_of_the_handle_that_has_it),
		TEST(scope_all_keeps_no_samples_apart),
		TEST(targets_with_scope_all_are_left_out_of_a_samples_view),
		TEST(every_target_is_described_without_its_tables),
		TEST(a_view_of_nothing_attached_is_empty),
		TEST(cells_tell_what_the_tables_do),
		TEST(cells_of_mode_count_are_counts),
		TEST(cells_belong_to_a_sample_in_scope_tracked),
		TEST(maps_that_contradict_themselves_are_refused),
		TEST(maps_that_cannot_be_had_say_why),
		TEST(counts_are_exact),
		TEST(counts_of_a_single_checkpoint_are_its_own),
		TEST(functions_without_blocks_are_known_by_their_entries),
		TEST(counts_of_nothing_are_zero),
		TEST(status_tells_versions_and_tables),
		TEST(text_is_read_in_the_original),
		TEST(ranking_puts_the_frontier_first_by_what_lies_behind),
		TEST(an_older_livecov_does_not_tell_what_lies_behind),
		TEST(ranking_can_be_of_functions_or_of_a_level),
		TEST(ranking_has_no_place_twice),
		TEST(ranking_knows_no_counts_where_nothing_counts),
		TEST(next_unhit_walks_the_ranking),
		TEST(lines_are_those_of_the_modules_file),
		TEST(lines_need_no_debug_aranges),
		TEST(a_snapshot_looks_for_a_modules_lines_once),
		TEST(lines_are_found_in_a_separate_debug_file),
		TEST(why_there_are_no_lines_is_told),
		TEST(lines_are_looked_for_in_the_directories_of_the_handle),
	};

	return cmocka_run_group_tests_name("libcov, reading", tests, make_tree, remove_tree);
}
