// SPDX-License-Identifier: GPL-2.0-only
/*
 * oops.c - an oops whose instruction pointer lies in a stub names livecov, but the driver's author
 * needs the driver's function. After the report the log names the instruction's original address.
 *
 * Where the machine goes on without the task, so does livecov: a hit that the task was recording is
 * over. An oops in an interrupt, or in an int3, which is entered like one, is a panic.
 */
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/printk.h>

#include "arena.h"
#include "detour.h"
#include "hit_context.h"
#include "oops.h"
#include "shortcut.h"
#include "site_index.h"
#include "site_patch.h"

static unsigned long original_address(const struct cov_site *site, unsigned long address)
{
	if (site->engine == COV_ENGINE_DETOUR)
		return shortcut_origin(site, address) ?:
			detour_origin(site, address - site_stub(site));
	return site_patch(site);
}

/* The kernel has oopsed: nothing may be waited for, and following a bad pointer would not help. */
static int oops_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct die_args *args = data;
	const struct cov_site *site;

	if (event != DIE_OOPS)
		return NOTIFY_DONE;
	hit_abandon();
	if (!args->regs || !arena_has(args->regs->ip))
		return NOTIFY_DONE;
	site = site_index_find_stub(args->regs->ip);
	if (site)
		pr_emerg("RIP is in code that was moved here from %pS\n",
			 (void *)original_address(site, args->regs->ip));
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = oops_notify };

int oops_init(void)
{
	return register_die_notifier(&notifier);
}

void oops_exit(void)
{
	unregister_die_notifier(&notifier);
}
