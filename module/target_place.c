// SPDX-License-Identifier: GPL-2.0-only
/*
 * target_place.c - manual checkpoints. Each is a target with one function; another target may watch
 * the same function, and even the same instruction (target_yield.c). Owns nothing.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "insn_branch.h"
#include "patched.h"
#include "target_parts.h"

/* May an int3 of the compiler's own come after such an instruction? It pads there. */
static bool may_be_padded(u8 kind)
{
	return kind == INSN_RET || kind == INSN_JMP || kind == INSN_JMP_IND ||
	       kind == INSN_TRAP || kind == INSN_INT3;
}

/* An instruction must begin at @offset: decode from the function's start. */
static int check_boundary(const struct flow_text *text, u64 offset, const char *name,
			  struct cov_error *error)
{
	struct insn_branch insn = { .kind = INSN_OTHER };
	u8 before;
	u64 at;

	for (at = 0; at < offset; at += insn.length) {
		before = insn.kind;
		if (insn_branch_decode(text->bytes + at, text->size - at, text->base + at, &insn))
			return cov_fail(error, -EILSEQ, "%.100s cannot be decoded at offset %#llx",
					name, at);
		if (insn.kind == INSN_INT3 && !may_be_padded(before))
			return cov_fail(error, -EBUSY, "another user has a breakpoint at offset %#llx of %.100s: what comes after it cannot be decoded",
					at, name);
	}
	if (at > offset)
		return cov_fail(error, -EILSEQ, "offset %#llx is inside an instruction of %.100s; the next one starts at %#llx",
				offset, name, at);
	return 0;
}

static int check_place(const struct cov_target *target, u64 offset, struct cov_error *error)
{
	const struct flow_function *function = &target->image.in.functions[target->function];
	const char *name = cov_image_name(&target->image, target->function);
	struct flow_text text;
	int err;

	if (offset >= function->size)
		return cov_fail(error, -ERANGE, "offset %#llx is beyond the end of %.100s, which has %#x bytes",
				offset, name, function->size);
	err = text_read_unprobed((struct compat_span){ function->address, function->size }, &text);
	if (err)
		return cov_fail(error, err, "the text of %.100s cannot be read", name);
	err = check_boundary(&text, offset, name, error);
	kvfree(text.bytes);
	return err;
}

/* May the checkpoint be in that function, of those that were selected by name? */
static bool may_hold(const struct flow_function *function, const struct target_request *request)
{
	/* The name of a function also selects its cold part. */
	return !function->cold &&
	       (!request->by_address || request->offset - function->address < function->size);
}

/* Which function it is in, and where. */
static int find_place(struct cov_target *target, const struct target_request *request,
		      struct cov_error *error)
{
	const struct flow_input *in = &target->image.in;
	u32 i, n = 0;

	for (i = 0; i < in->nr_functions; i++)
		if (may_hold(&in->functions[i], request) && !n++)
			target->function = i;
	if (!n)
		return cov_fail(error, -ENOENT, "%s has no function %.100s at address %#llx",
				target->name, request->choice.globs, request->offset);
	if (n > 1)
		return cov_fail(error, -ENOTUNIQ, "%s has %u functions named %.100s; give the address of the one that is meant",
				target->name, n, request->choice.globs);
	if (request->by_address)
		target->offset -= in->functions[target->function].address;
	return 0;
}

/* Add a site at the checkpoint itself, in addition to those of the plan. */
static int add_place(struct cov_target *target, struct cov_error *error)
{
	unsigned long address = target->image.in.functions[target->function].address;
	int err;

	if (!target->offset)
		return 0;
	/* targets_room() does not count this target's sites yet: it is not in the list. */
	err = checkpoints_add_manual(target, address + target->offset,
				     targets_room() > target->cps.sites.count);
	return err ? target_no_room(target, err, error) : 0;
}

const struct cov_site *target_checkpoint_site(const struct cov_target *target)
{
	struct site_chunk *chunk;
	struct cov_site *site;
	u32 i;

	lockdep_assert_held(&cov_targets_lock);
	if (target->cps.manual)
		return target->cps.manual;
	for_each_site(site, chunk, i, &target->cps)
		if (site->kind == SITE_ENTRY && checkpoints_index(site) == target->function)
			return site;
	return NULL;
}

static const char *why_refused(u32 error)
{
	switch (error) {
	case ENOMEM:
		return "not enough memory";
	case EINVAL:
		return "blacklisted, or bytes that belong to ftrace, a static branch or a WARN";
	case EBUSY:
		return "its bytes are in use by another patch";
	case ESHUTDOWN:
		return "probes are switched off (/sys/kernel/debug/kprobes/enabled, sysctl kernel.ftrace_enabled)";
	case EOPNOTSUPP:
		return "the instruction may fault while an attached target may have breakpoints, or it is a loop and can have no breakpoint";
	default:
		return "the kernel takes no probe there";
	}
}

static int fail_refused(const struct cov_target *target, const struct cov_site *place,
			struct cov_error *error)
{
	return cov_fail(error, -(int)place->error, "%.100s+%#llx cannot be watched (errno %u): %s",
			cov_image_name(&target->image, target->function), target->offset,
			place->error, why_refused(place->error));
}

static int arm_place(struct cov_target *target, struct cov_error *error)
{
	const struct cov_site *place = target_checkpoint_site(target);
	int err;

	do {
		err = target_arm(target, U32_MAX, error);
		if (!err && signal_pending(current))
			err = cov_fail(error, -EINTR, "interrupted");
	} while (!err && target_pending(target));
	if (!err && place && site_state(place) == COV_SITE_REFUSED)
		err = fail_refused(target, place, error);
	return err;
}

static int make_checkpoint(struct cov_target *target, const struct target_request *request,
			   struct cov_error *error)
{
	return target_read_image(target, &request->choice, error) ?:
	       find_place(target, request, error) ?:
	       check_place(target, target->offset, error) ?:
	       target_choose_sites(target, request->mode, error) ?:
	       add_place(target, error);
}

static int attach_place(const struct target_request *request, struct cov_target **out,
			struct cov_error *error)
{
	struct cov_target *target;
	int err;

	if (target_find_checkpoint(request->checkpoint))
		return cov_fail(error, -EEXIST, "there is a checkpoint %.100s already; delete it first",
				request->checkpoint);
	target = target_alloc(request);
	if (!target)
		return cov_fail(error, -ENOMEM, "not enough memory");
	err = make_checkpoint(target, request, error);
	if (!err)
		cov_image_close(&target->image);
	if (err) {
		target_free(target);
		return err;
	}
	target_publish(target, request);
	err = arm_place(target, error);
	if (err) {
		target_detach(target);
		return err;
	}
	*out = target;
	return 0;
}

int target_attach_checkpoint(const struct cov_checkpoint_add *place, struct cov_target **out,
			     struct cov_error *error)
{
	char owner[COV_MODULE_LEN];
	struct target_request request = {
		.name = place->module,
		.checkpoint = place->name,
		.offset = place->offset,
		.by_address = place->flags & COV_CHECKPOINT_ADDRESS,
		.choice = {
			.globs = place->function,
			.globs_len = strlen(place->function) + 1,
			.address = place->flags & COV_CHECKPOINT_ADDRESS ? place->offset : 0,
			.exact = true,
			.one_place = true,
			.entries_only = !(place->flags & COV_CHECKPOINT_AUTO),
		},
		.levels = place->levels,
		.mode = COV_MODE_EDGES,
		.scope = place->scope,
		.engine = COV_ENGINE_AUTO,
		/* For one place, callers, paths and counts are worth it. */
		.flags = COV_ATTACH_PATHS,
	};
	int err = 0;

	lockdep_assert_held(&cov_targets_lock);
	if (!place->module[0]) {
		err = cov_image_owner(place->function, request.choice.address, owner, error);
		request.name = owner;
	}
	return err ?: attach_place(&request, out, error);
}
