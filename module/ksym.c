// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksym.c - see ksym.h. Owns nothing.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "ksym.h"
#include "alloc_array.h"

/* The MODULE of "NAME+OFFSET/SIZE [MODULE BUILD-ID]"; empty without one. */
static void ksym_module(const char *text, char module[COV_MODULE_LEN])
{
	const char *open = strchr(text, '[');
	size_t len = open ? strcspn(open + 1, " ]") : 0;

	len = min_t(size_t, len, COV_MODULE_LEN - 1);
	if (len)
		memcpy(module, open + 1, len);
	module[len] = '\0';
}

/*
 * The text of %pS, "NAME+OFFSET/SIZE [MODULE]", is the only exported source of this. Return:
 * the length of NAME, or 0 if there is no function.
 */
static size_t ksym_describe(unsigned long address, struct ksym *ksym, char text[KSYM_SYMBOL_LEN])
{
	unsigned long offset;
	char *plus;

	sprint_symbol(text, address);
	plus = strrchr(text, '+');
	ksym_module(text, ksym->module);
	if (!plus || sscanf(plus, "+%lx/%lx", &offset, &ksym->size) != 2)
		return 0;
	ksym->address = address - offset;
	return plus - text;
}

/*
 * kallsyms_lookup_name() is not exported, but a kprobe finds its function by name. It is registered
 * disabled, so that nothing is patched. @name is for the message alone.
 */
static int ksym_register(struct kprobe *probe, const char *name, struct cov_error *error)
{
	int err;

	probe->flags = KPROBE_FLAG_DISABLED;
	err = register_kprobe(probe);
	if (err == -ENOENT)
		return cov_fail(error, err, "no loaded module and not the kernel has a function %.100s; see /proc/kallsyms", name);
	if (err)
		return cov_fail(error, err, "the kernel takes no probe in %.100s (errno %d): it is in /sys/kernel/debug/kprobes/blacklist, or it is no code that stays in memory",
				name, -err);
	return 0;
}

/* Describe the function that a registered @probe is on, at its entry or past its endbr64. */
static int ksym_of(const struct kprobe *probe, const char *name, struct ksym *ksym,
		   struct cov_error *error)
{
	char text[KSYM_SYMBOL_LEN];

	if (!ksym_describe((unsigned long)probe->addr, ksym, text))
		return cov_fail(error, -ENOENT, "the kernel does not tell the size of %.100s", name);
	return 0;
}

static int ksym_find(const char *name, struct ksym *ksym, struct cov_error *error)
{
	struct kprobe probe = { .symbol_name = name };
	int err = ksym_register(&probe, name, error);

	if (err)
		return err;
	err = ksym_of(&probe, name, ksym, error);
	unregister_kprobe(&probe);
	return err;
}

/* Stops at the first name that fails. @registered: out: how many of @probes are registered. */
static int find_each(const char *name, u32 n, struct kprobe *probes, u32 *registered,
		     struct ksym *ksyms, struct cov_error *error)
{
	int err = 0;

	for (; !err && *registered < n; name += strlen(name) + 1) {
		struct kprobe *probe = &probes[*registered];

		if (signal_pending(current))
			return cov_fail(error, -EINTR, "interrupted");
		probe->symbol_name = name;
		err = ksym_register(probe, name, error);
		if (!err)
			err = ksym_of(probe, name, &ksyms[(*registered)++], error);
		cond_resched();
	}
	return err;
}

/* Each call of unregister_kprobe() waits for a grace period, an array for one in all. */
int ksym_find_all(const char *names, u32 n, struct ksym *ksyms, struct cov_error *error)
{
	struct kprobe *probes = kvcalloc(n, sizeof(*probes), GFP_LARGE);
	struct kprobe **list = kvcalloc(n, sizeof(*list), GFP_LARGE);
	u32 i, registered = 0;
	int err;

	if (probes && list)
		err = find_each(names, n, probes, &registered, ksyms, error);
	else
		err = cov_fail(error, -ENOMEM, "not enough memory to look for %u functions", n);
	for (i = 0; i < registered; i++)
		list[i] = &probes[i];
	if (registered)
		unregister_kprobes(list, registered);
	kvfree(list);
	kvfree(probes);
	return err;
}

/* Of several names of one function %pS gives the first: the others are found by name. */
static bool ksym_is_called(const char *text, size_t len, const struct ksym *ksym,
			   const char *name)
{
	if (len == strlen(name) && !memcmp(text, name, len))
		return true;
	return (unsigned long)ksym_address(name) == ksym->address;
}

static int ksym_describe_named(unsigned long address, const char *name, struct ksym *ksym,
			       struct cov_error *error)
{
	char text[KSYM_SYMBOL_LEN];
	size_t len = ksym_describe(address, ksym, text);

	if (!len || !ksym_is_called(text, len, ksym, name))
		return cov_fail(error, -ENOENT, "there is no function %.100s there", name);
	return 0;
}

int ksym_at(unsigned long address, const char *name, struct ksym *ksym, struct cov_error *error)
{
	struct kprobe probe = { };
	int err = ksym_describe_named(address, name, ksym, error);

	if (err)
		return err;
	probe.addr = (void *)ksym->address;
	err = ksym_register(&probe, name, error);
	if (!err)
		unregister_kprobe(&probe);
	return err;
}

int ksym_owner(const char *name, unsigned long address, char module[COV_MODULE_LEN],
	       struct cov_error *error)
{
	struct ksym ksym;
	int err;

	if (!address)
		address = (unsigned long)ksym_address(name);
	err = address ? ksym_describe_named(address, name, &ksym, error) :
		ksym_find(name, &ksym, error);
	if (!err)
		strscpy(module, ksym.module, COV_MODULE_LEN);
	return err;
}

void *ksym_address(const char *name)
{
	unsigned long (*lookup)(const char *name);
	struct cov_error ignored;
	struct ksym ksym;

	if (ksym_find("kallsyms_lookup_name", &ksym, &ignored))
		return NULL;
	lookup = (void *)ksym.address;
	return (void *)lookup(name);
}
