// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * checkpoint.c - single places to watch. May call cov.c, sections.c, section_list.c and
 * symbols.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int copy_name(struct cov *cov, char name[COV_NAME_LEN], const char *from,
		     const char *what)
{
	size_t length = from ? strlen(from) : 0;

	if (!length)
		return cov_fail(cov, EINVAL, "the %s is empty", what);
	if (length >= COV_NAME_LEN)
		return cov_fail(cov, ENAMETOOLONG, "a %s has at most %d characters", what,
				COV_NAME_LEN - 1);
	memcpy(name, from, length);
	return 0;
}

/* C0, DEL, and C1 in UTF-8: one of C1 begins an escape sequence, too. */
static bool is_control(const unsigned char *at)
{
	return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f);
}

/* Names are printed as they are: they must not control a terminal or break a table's lines. */
static int check_printable(struct cov *cov, const char *name)
{
	const unsigned char *at;

	for (at = (const unsigned char *)name; *at; at++)
		if (is_control(at))
			return cov_fail(cov, EINVAL, "the checkpoint's name has a control character; use printable ones alone");
	return 0;
}

static const struct section *section_called(const struct section_list *list, const char *name)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->entries[i].name, name))
			return &list->entries[i];
	return NULL;
}

/* If an offset in the function is given as well, both have to be the same place. */
static int check_start(struct cov *cov, const struct cov_checkpoint_options *o,
		       const struct cov_checkpoint_add *request)
{
	struct symbols *symbols = o->offset ? cov_symbols_get(cov) : NULL;
	uint64_t start = request->offset - o->offset;
	bool same = !symbols || cov_symbols_next(symbols, request->module, request->function,
						 start - 1) == start;

	cov_symbols_free(symbols);
	if (same)
		return 0;
	return cov_fail(cov, EINVAL, "%.100s+0x%" PRIx64 " is not at %.100s+0x%" PRIx64,
			request->function, o->offset, o->section, o->section_offset);
}

/* The place is given by its section: livecov takes its address. */
static int set_address(struct cov *cov, const struct cov_checkpoint_options *o,
		       struct cov_checkpoint_add *request)
{
	const struct section *section;
	struct section_list list = { 0 };
	int ret;

	if (!request->module[0])
		return cov_fail(cov, EINVAL, "name the module as well, as in MODULE:FUNCTION (%s+OFFSET)",
				o->section);
	if (cov->minor < 4)
		return cov_fail_older(cov, "takes no sections");
	ret = cov_sections_of(cov, request->module, &list);
	if (ret)
		return cov_fail(cov, ENOMEM, "no memory for section names");
	request->flags |= COV_CHECKPOINT_ADDRESS;
	section = section_called(&list, o->section);
	if (section) {
		request->offset = section->base + o->section_offset;
		ret = check_start(cov, o, request);
	} else {
		ret = cov_fail(cov, ENOENT, "%s is not loaded, or has no section of code %.100s, or its addresses are hidden (sysctl kernel.kptr_restrict)",
			       request->module, o->section);
	}
	cov_sections_free(&list);
	return ret;
}

/* What the message says about the places that it does not name. */
#define PLACES_MORE	", and %u more: see /proc/kallsyms"

/*
 * Places in functions of one name, as text; a module's sections are looked up once. The text is
 * shorter than the handle's, which also holds some words, a name and PLACES_MORE.
 */
struct places {
	const struct cov_checkpoint_add *request;
	char text[sizeof(((struct cov *)0)->error) - COV_ERROR_LEN];
	size_t length;
	bool full;
	unsigned int count;		/* including those that @text does not name */
	unsigned int named;
	const char *owner;		/* module of the last one */
	const char *module;		/* whose @sections these are, or NULL */
	struct section_list sections;
};

/* Append "MODULE:FUNCTION+OFFSET (SECTION+OFFSET)". */
static void append_place(struct places *places, const struct section *section,
			 uint64_t address)
{
	size_t room = sizeof(places->text) - places->length;
	char *at = places->text + places->length, plus[32] = "";
	uint64_t offset = places->request->offset;
	int length;

	if (offset)
		snprintf(plus, sizeof(plus), "+0x%" PRIx64, offset);
	length = snprintf(at, room, "%s'%s:%s%s (%s+0x%" PRIx64 ")'",
			  places->length ? ", " : "; say which: ", places->module,
			  places->request->function, plus, section->name,
			  address - section->base + offset);
	places->full = length < 0 || (size_t)length >= room;
	if (places->full) {
		*at = '\0';
		return;
	}
	places->length += length;
	places->named++;
}

static void add_place(struct cov *cov, struct places *places, const char *module,
		      uint64_t address)
{
	bool core = !strcmp(module, COV_CORE_KERNEL);
	unsigned int i;

	/* livecov watches none of its own functions. */
	if (!strcmp(module, "livecov"))
		return;
	if ((!places->full || core) && (!places->module || strcmp(places->module, module))) {
		cov_sections_free(&places->sections);
		if (cov_sections_of(cov, module, &places->sections))
			places->full = true;	/* no memory: the rest is only counted */
		places->module = module;
	}
	i = cov_sections_find(&places->sections, address);
	/* kallsyms still lists the core kernel's init functions, which were freed after boot. */
	if (core && places->sections.count && i == COV_NONE)
		return;
	places->count++;
	places->owner = module;
	if (i != COV_NONE && !places->full && cov->minor >= 4)
		append_place(places, &places->sections.entries[i], address);
}

/*
 * If no module is named, or the core kernel is, livecov takes the core kernel's first function of
 * that name without seeing any others; functions of a named module it counts itself. Where kallsyms
 * hides addresses from us, we see none either. Return: 0, with the module filled in if there is
 * only one such function; -ENOTUNIQ, noted, with what tells the functions apart.
 */
static int check_unique(struct cov *cov, struct cov_checkpoint_add *request)
{
	const char *module = request->module[0] ? request->module : NULL;
	struct symbols *symbols = cov_symbols_get(cov);
	struct places places = { .request = request };
	uint64_t address = 0, offset;
	const char *owner;
	char more[64] = "";

	if (!symbols)
		return cov_fail(cov, ENOMEM, "no memory for the kernel's symbols");
	while ((address = cov_symbols_next(symbols, module, request->function, address))) {
		cov_symbols_find(symbols, address, &owner, &offset);
		add_place(cov, &places, owner, address);
	}
	cov_sections_free(&places.sections);
	if (places.count == 1 && !module && strlen(places.owner) < sizeof(request->module))
		strcpy(request->module, places.owner);
	cov_symbols_free(symbols);
	if (places.count < 2)
		return 0;
	if (places.named && places.named < places.count)
		snprintf(more, sizeof(more), PLACES_MORE, places.count - places.named);
	return cov_fail(cov, ENOTUNIQ, "there are %u functions %.100s%s%s", places.count,
			request->function, places.text, more);
}

static int make_request(struct cov *cov, const struct cov_checkpoint_options *o,
			struct cov_checkpoint_add *request)
{
	int ret;

	memset(request, 0, sizeof(*request));
	ret = copy_name(cov, request->name, o->name, "checkpoint's name");
	if (!ret)
		ret = check_printable(cov, request->name);
	if (!ret)
		ret = copy_name(cov, request->function, o->function, "function's name");
	if (!ret && o->module)
		ret = cov_module_name(cov, request->module, o->module);
	request->offset = o->offset;
	request->levels = o->levels ? o->levels : COV_LEVEL(1);
	request->scope = o->scope ? o->scope : COV_SCOPE_ALL;
	request->flags = o->automatic ? COV_CHECKPOINT_AUTO : 0;
	if (!ret && o->section)
		ret = set_address(cov, o, request);
	else if (!ret && (!request->module[0] || !strcmp(request->module, COV_CORE_KERNEL)))
		ret = check_unique(cov, request);
	return ret;
}

COV_PUBLIC int cov_checkpoint_add(struct cov *cov, const struct cov_checkpoint_options *options,
				  uint32_t *target)
{
	struct cov_checkpoint_options o;
	struct cov_checkpoint_add request;
	int ret;

	cov_begin(cov);
	ret = cov_take_options(cov, &o, sizeof(o), options, "struct cov_checkpoint_options");
	if (ret)
		return ret;
	ret = make_request(cov, &o, &request);
	if (ret)
		return ret;
	ret = cov_call(cov, COV_IOC_CHECKPOINT_ADD, &request, "add a checkpoint");
	if (ret == -ENOTUNIQ)
		return check_unique(cov, &request) ?: cov_set_errno(ENOTUNIQ);
	if (!ret && target)
		*target = request.target;
	return ret;
}

COV_PUBLIC int checkpoint_add(struct cov *cov, const char *name, const char *function,
			      uint64_t offset, uint64_t level, int automatic)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	const char *colon = function ? strchr(function, ':') : NULL;
	char module[COV_MODULE_LEN];

	if (colon) {
		size_t length = colon - function;

		if (length >= sizeof(module))
			return cov_fail(cov, ENAMETOOLONG, "module names have at most %d characters",
					COV_MODULE_LEN - 1);
		memcpy(module, function, length);
		module[length] = '\0';
		options.module = module;
		function = colon + 1;
	}
	options.name = name;
	options.function = function;
	options.offset = offset;
	options.levels = level;
	options.automatic = automatic;
	return cov_checkpoint_add(cov, &options, NULL);
}

COV_PUBLIC int checkpoint_del(struct cov *cov, const char *name)
{
	struct cov_checkpoint_del request;
	int ret;

	cov_begin(cov);
	memset(&request, 0, sizeof(request));
	ret = copy_name(cov, request.name, name, "checkpoint's name");
	if (ret)
		return ret;
	return cov_call(cov, COV_IOC_CHECKPOINT_DEL, &request, "delete a checkpoint");
}

static int fail_none(struct cov *cov, const char *name)
{
	return cov_fail(cov, ENOENT, "there is no checkpoint %.100s; `covstat checkpoint list` shows which there are",
			name);
}

/* The target that holds a checkpoint. */
static int find_checkpoint(struct cov *cov, const char *name, uint32_t *target)
{
	struct cov_target_info info = { 0 };
	char checked[COV_NAME_LEN] = "";
	int ret = copy_name(cov, checked, name, "checkpoint's name");

	while (!ret) {
		ret = cov_target_next(cov, info.target, &info);
		if (!ret && !strcmp(info.checkpoint, checked)) {
			*target = info.target;
			return 0;
		}
	}
	return ret == -ENOENT ? fail_none(cov, checked) : ret;
}

COV_PUBLIC int checkpoint_restart(struct cov *cov, const char *name)
{
	struct cov_target_id id = { 0 };
	int ret;

	cov_begin(cov);
	ret = find_checkpoint(cov, name, &id.target);
	return ret ? ret : cov_call(cov, COV_IOC_RESET, &id, "restart a checkpoint");
}

COV_PUBLIC int cov_checkpoint_switch(struct cov *cov, const char *pattern, int on, int branches)
{
	struct cov_checkpoint_switch request;
	int ret;

	cov_begin(cov);
	memset(&request, 0, sizeof(request));
	ret = copy_name(cov, request.glob, pattern, "pattern");
	if (ret)
		return ret;
	request.on = !!on;
	request.flags = branches ? COV_CHECKPOINT_AUTO : 0;
	return cov_call_since(cov, 2, COV_IOC_CHECKPOINT_SWITCH, &request,
			      "switch checkpoints on or off");
}

COV_PUBLIC int cov_outcome_switch(struct cov *cov, uint32_t target, uint64_t address,
				  unsigned int to)
{
	struct cov_outcome_switch request = { .target = target, .to = to, .address = address };

	cov_begin(cov);
	return cov_call_since(cov, 6, COV_IOC_OUTCOME_SWITCH, &request,
			      "switch a branch's outcomes on or off");
}
