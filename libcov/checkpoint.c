// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * checkpoint.c - single places to watch. May call cov.c, sections.c and symbols.c.
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

static const struct section *section_called(const struct section_list *list, const char *name)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->entries[i].name, name))
			return &list->entries[i];
	return NULL;
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
		return cov_fail(cov, EOPNOTSUPP,
				"the livecov.ko that is loaded speaks version %u.%u and takes no sections; "
				COV_LOAD_OURS, COV_ABI_MAJOR, cov->minor);
	ret = cov_sections_of(cov, request->module, &list);
	if (ret)
		return cov_fail(cov, ENOMEM, "no memory for section names");
	section = section_called(&list, o->section);
	if (section)
		request->offset = section->base + o->section_offset;
	else
		ret = cov_fail(cov, ENOENT, "%s is not loaded, or has no section of code %.100s",
			       request->module, o->section);
	request->flags |= COV_CHECKPOINT_ADDRESS;
	cov_sections_free(&list);
	return ret;
}

/* Places of functions of one name, as text; one module's sections are looked up once. */
struct places {
	char text[COV_ERROR_LEN];
	size_t length;
	unsigned int count;		/* also those that found no room */
	const char *module;
	struct section_list sections;
};

/* Append "MODULE:FUNCTION (SECTION+OFFSET)", if that is known and there is room. */
static void add_place(struct cov *cov, struct places *places, const char *module,
		      const char *function, uint64_t address)
{
	size_t room = sizeof(places->text) - places->length;
	const struct section *section;
	unsigned int i;
	int length;

	places->count++;
	if (!places->module || strcmp(places->module, module)) {
		cov_sections_free(&places->sections);
		places->module = module;
		if (cov_sections_of(cov, module, &places->sections))
			return;
	}
	i = cov_sections_find(&places->sections, address);
	if (i == COV_NONE)
		return;
	section = &places->sections.entries[i];
	length = snprintf(places->text + places->length, room, "%s'%s:%s (%s+0x%" PRIx64 ")'",
			  places->length ? ", " : "; say which: ", module, function, section->name,
			  address - section->base);
	if (length > 0 && (size_t)length < room)
		places->length += length;
	else
		places->text[places->length] = '\0';
}

/*
 * Of several functions of one name livecov takes the core kernel's first one, if no module is
 * named, or the core kernel is: it does not see the others. Other modules' functions it counts
 * itself. Return: 0; -ENOTUNIQ, noted, with what they can be told apart by.
 */
static int check_unique(struct cov *cov, const struct cov_checkpoint_add *request)
{
	const char *module = request->module[0] ? request->module : NULL;
	const struct symbols *symbols = cov_symbols_current(cov);
	struct places places = { 0 };
	uint64_t address = 0, offset;
	const char *owner;

	if (!symbols)
		return cov_fail(cov, ENOMEM, "no memory for the kernel's symbols");
	while ((address = cov_symbols_next(symbols, module, request->function, address))) {
		cov_symbols_find(symbols, address, &owner, &offset);
		add_place(cov, &places, owner, request->function, address);
	}
	cov_sections_free(&places.sections);
	if (places.count < 2)
		return 0;
	return cov_fail(cov, ENOTUNIQ, "there are %u functions %.100s%s", places.count,
			request->function, places.text);
}

static int make_request(struct cov *cov, const struct cov_checkpoint_options *o,
			struct cov_checkpoint_add *request)
{
	int ret;

	memset(request, 0, sizeof(*request));
	ret = copy_name(cov, request->name, o->name, "checkpoint's name");
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
	ret = cov_take(&o, sizeof(o), options);
	if (ret)
		return cov_fail(cov, -ret, "struct cov_checkpoint_options: wrong size, or members that this libcov does not know");
	ret = make_request(cov, &o, &request);
	if (ret)
		return ret;
	ret = cov_call(cov, COV_IOC_CHECKPOINT_ADD, &request, "add a checkpoint");
	if (ret == -ENOTUNIQ && !check_unique(cov, &request))
		return cov_errno(ENOTUNIQ);	/* livecov's own words stay */
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
	return ret == -ENOENT ? cov_fail(cov, ENOENT, "there is no checkpoint %.100s", checked) : ret;
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
