// SPDX-License-Identifier: GPL-2.0-only
/*
 * site_insn.c - see site_insn.h. Owns nothing.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "site_insn.h"
#include "target_list.h"

u32 site_insn_read(unsigned long address, u8 *text)
{
	u32 room = min_t(u32, INSN_MAX_LEN, PAGE_SIZE - offset_in_page(address));

	/* An instruction may cross into the next page, but the text may end with this one. */
	if (!copy_from_kernel_nofault(text, (void *)address, INSN_MAX_LEN))
		return INSN_MAX_LEN;
	return copy_from_kernel_nofault(text, (void *)address, room) ? 0 : room;
}

bool site_insn_may_fault(const struct cov_site *site, unsigned long address, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++)
		if (cov_image_may_fault(&site_target(site)->image, address + i))
			return true;
	return false;
}
