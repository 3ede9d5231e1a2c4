// SPDX-License-Identifier: GPL-2.0-only
/*
 * foreign.c - see foreign.h. Owns the list of kprobes' addresses, as of the last
 * foreign_refresh().
 *
 * A kprobe copies its instruction when it is registered, and uses the copy from then on; so
 * does a disabled one, which does not show in the text. If it was there before us, it will
 * overwrite the first byte of its instruction, and execute an instruction that our jump has
 * replaced; an optimised one overwrites five bytes. If it came later, its copy is our jump,
 * which works as long as the stub exists. So sites keep clear of kprobes, and are not removed
 * from under them.
 *
 * Nor may a kprobe be optimised while text is patched: can_optimize() looks in the function's
 * text for jumps into the bytes that it wants, and a detour hides where its jump goes.
 * optimiser.c sees to that.
 *
 * No kprobe may be registered between the check and the change. register_kprobe() copies the
 * instruction, and patches it later, all under kprobe_mutex; so livecov takes that mutex to
 * change text as well, and checks once more: a kprobe registered halfway through a change would
 * go on executing an instruction that is no longer there, or restore its byte in the middle of
 * a jump.
 *
 * The kernel lets modules register kprobes, but neither list them nor keep them from being
 * registered. The table and the mutex are found by name; the table's layout (64 hlists, linked
 * by struct kprobe.hlist under RCU; kernel/kprobes.c) has not changed since 2.6.
 */
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>

#include "foreign.h"
#include "alloc_array.h"
#include "insn_branch.h"
#include "ksym.h"
#include "optimiser.h"
#include "site_index.h"
#include "targets_lock.h"

#define WAIT_STEP_MS	50
/* When the log tells of a wait for the first time, and how often from then on. */
#define SAY_SO_MS	3000
#define SAY_AGAIN_MS	10000

#define TABLE_SIZE	64
/* An optimised kprobe covers whole instructions until there are five bytes. */
#define OPTIMISED_MAX	(JMP32_INSN_SIZE + INSN_MAX_LEN)

static struct hlist_head *table;
static struct mutex *kprobe_mutex;
static struct mutex *kernel_text_mutex;	/* text_mutex, which is not exported */
static const u8 *template;		/* of optimised kprobes' code; NULL: there are none */
static unsigned long *addresses;	/* sorted; targets' lock */
static u32 nr_addresses;

/* Where there may be a kprobe: the low bits of addresses. Under foreign_lock(). */
#define PLACES		32768
static DECLARE_BITMAP(places, PLACES);

/*
 * jmp *REG: a thunk that the kernel made for a module's indirect jumps, on a page without
 * symbols (MITIGATION_ITS). An optimised kprobe's code begins differently: it saves registers.
 */
static bool is_thunk(unsigned long address)
{
	u8 code[3];

	if (copy_from_kernel_nofault(code, (void *)address, sizeof(code)))
		return false;
	return (code[0] == 0xff && (code[1] & 0xf8) == 0xe0) ||
	       (code[0] == 0x41 && code[1] == 0xff && (code[2] & 0xf8) == 0xe0);
}

bool foreign_is_code(u64 address)
{
	char name[KSYM_SYMBOL_LEN];

	/* Outside the module area there is no code but the kernel's. */
	if (address < MODULES_VADDR || address >= MODULES_END)
		return true;
	/* What has no symbol is printed as a number. */
	sprint_symbol(name, address);
	return !strstarts(name, "0x") || is_thunk(address);
}

/*
 * Does an optimised kprobe's code begin there? That is a copy of the kernel's template, of
 * which the first four bytes are never changed (push $__KERNEL_DS, push %rsp, pushf;
 * arch_prepare_optimized_kprobe()).
 */
static bool is_optimised_code(unsigned long address)
{
	u8 code[4];

	return template && !copy_from_kernel_nofault(code, (void *)address, sizeof(code)) &&
	       !memcmp(code, template, sizeof(code));
}

/*
 * A kprobe that was just unregistered may still have its jump there. Most such bytes are not
 * jumps, and seem to lead anywhere: the lack of a symbol there would prove nothing.
 */
static bool foreign_is_jump(unsigned long address)
{
	struct {
		u8 opcode;
		s32 rel;
	} __packed jump;

	return !copy_from_kernel_nofault(&jump, (void *)address, sizeof(jump)) &&
	       jump.opcode == JMP32_INSN_OPCODE &&
	       is_optimised_code(address + JMP32_INSN_SIZE + jump.rel);
}

static bool behind_foreign_jump(unsigned long address)
{
	u8 bytes[JMP32_INSN_SIZE - 1];
	u32 i;

	if (copy_from_kernel_nofault(bytes, (void *)(address - sizeof(bytes)), sizeof(bytes)))
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		if (bytes[i] == JMP32_INSN_OPCODE && foreign_is_jump(address - sizeof(bytes) + i))
			return true;
	return false;
}

bool foreign_is_near(unsigned long address, u32 length)
{
	u32 low = 0, high = nr_addresses;

	lockdep_assert_held(&cov_targets_lock);
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (addresses[middle] + OPTIMISED_MAX <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < nr_addresses && addresses[low] < address + length)
		return true;
	return behind_foreign_jump(address);
}

static unsigned long address_of(const struct kprobe *kp)
{
	return (unsigned long)READ_ONCE(kp->addr);
}

/*
 * Call @fn for each registered kprobe; it must not sleep. Those whose module is going are
 * skipped: kprobes never touches its text again.
 */
static void each_probe(void (*fn)(const struct kprobe *kp, void *context), void *context)
{
	const struct kprobe *kp;
	u32 i;

	if (!table)
		return;
	rcu_read_lock();
	for (i = 0; i < TABLE_SIZE; i++)
		hlist_for_each_entry_rcu(kp, &table[i], hlist)
			if (!(READ_ONCE(kp->flags) & KPROBE_FLAG_GONE))
				fn(kp, context);
	rcu_read_unlock();
}

struct gathering {
	unsigned long *addresses;
	u32 n, max;
};

static void gather(const struct kprobe *kp, void *context)
{
	struct gathering *all = context;

	if (all->n < all->max)
		all->addresses[all->n] = address_of(kp);
	all->n++;
}

static int address_cmp(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* More may be registered between counting and gathering: then try again. */
int foreign_refresh(void)
{
	struct gathering all = { };

	lockdep_assert_held(&cov_targets_lock);
	do {
		all.max = all.n + 16;
		kvfree(all.addresses);
		all.addresses = kvmalloc_array(all.max, sizeof(*all.addresses), GFP_LARGE);
		if (!all.addresses)
			return -ENOMEM;
		all.n = 0;
		each_probe(gather, &all);
	} while (all.n > all.max);
	sort(all.addresses, all.n, sizeof(*all.addresses), address_cmp, NULL);
	kvfree(addresses);
	addresses = all.addresses;
	nr_addresses = all.n;
	return 0;
}

struct stretch {
	unsigned long address;
	u32 length;
	bool found;
};

static void look_on(const struct kprobe *kp, void *context)
{
	struct stretch *stretch = context;

	stretch->found |= address_of(kp) - stretch->address < stretch->length;
}

bool foreign_probe_on(unsigned long address, u32 length)
{
	struct stretch stretch = { address, length };

	each_probe(look_on, &stretch);
	return stretch.found;
}

/* --- text as it was -------------------------------------------------------------------- */

int foreign_read_text(unsigned long base, u8 *bytes, u32 size)
{
	int err;

	if (kernel_text_mutex)
		mutex_lock(kernel_text_mutex);
	err = copy_from_kernel_nofault(bytes, (void *)base, size);
	if (kernel_text_mutex)
		mutex_unlock(kernel_text_mutex);
	return err;
}

struct copied_text {
	unsigned long base;
	u8 *bytes;
	u32 size;
};

static void restore_byte(const struct kprobe *kp, void *context)
{
	const struct copied_text *text = context;
	unsigned long at = address_of(kp) - text->base;

	/* A disabled one has no int3, and one on a patch of ours has saved our byte. */
	if (at < text->size && text->bytes[at] == INT3_INSN_OPCODE)
		text->bytes[at] = READ_ONCE(kp->opcode);
}

void foreign_restore(unsigned long base, u8 *bytes, u32 size)
{
	struct copied_text text = { base, bytes, size };

	each_probe(restore_byte, &text);
}

/* --- while text is patched --------------------------------------------------------- */

static void note_place(const struct kprobe *kp, void *context)
{
	__set_bit(address_of(kp) % PLACES, places);
}

void foreign_lock(void)
{
	if (kprobe_mutex)
		mutex_lock(kprobe_mutex);
	optimiser_withdraw();
	bitmap_zero(places, PLACES);
	each_probe(note_place, NULL);
}

void foreign_unlock(void)
{
	if (kprobe_mutex)
		mutex_unlock(kprobe_mutex);
}

bool foreign_locked_probe_on(unsigned long address, u32 length)
{
	u32 i;

	for (i = 0; i < length; i++)
		if (test_bit((address + i) % PLACES, places))
			return foreign_probe_on(address, length);
	return false;
}

/* --- marks on sites ---------------------------------------------------------------- */

static void foreign_mark_one(const struct kprobe *kp, void *context)
{
	struct cov_site *site = site_index_covering(address_of(kp));

	if (site)
		site->kprobed = true;
}

void foreign_mark(void)
{
	lockdep_assert_held(&cov_targets_lock);
	each_probe(foreign_mark_one, NULL);
}

void foreign_wait(u32 *waited, u32 n)
{
	if (*waited % SAY_AGAIN_MS == SAY_SO_MS)
		pr_warn("waiting for %u kprobes of other users on livecov's jumps: remove them (/sys/kernel/debug/kprobes/list shows them)\n",
			n);
	msleep(WAIT_STEP_MS);
	*waited += WAIT_STEP_MS;
}

int foreign_init(void)
{
	table = ksym_address("kprobe_table");
	kprobe_mutex = ksym_address("kprobe_mutex");
	kernel_text_mutex = ksym_address("text_mutex");
	if (!table || !kprobe_mutex || !kernel_text_mutex)
		return -ENOENT;
	/* If absent: this kernel has no optimiser (CONFIG_OPTPROBES). */
	template = ksym_address("optprobe_template_entry");
	optimiser_init();
	return 0;
}

void foreign_exit(void)
{
	kvfree(addresses);
	optimiser_exit();
}
