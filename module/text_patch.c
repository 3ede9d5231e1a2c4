// SPDX-License-Identifier: GPL-2.0-only
/*
 * text_patch.c - see text_patch.h.
 *
 * The poke mapping. Text is mapped read-only. Its pages are written through two pages of address
 * space that livecov maps once and points at any page for a moment: restoring bytes, which must
 * not fail, allocates nothing, and there is no lasting writable mapping of text. Adjacent
 * patches are written through one opening. Only the CPU that opened the mapping uses it, with
 * preemption off until it is closed; so the one translation that must not be stale is its own,
 * and INVLPG flushes that (SDM vol. 3, 4.10.4.1; stale ones of other CPUs and PCIDs are flushed
 * before those use the mapping). The second page is mapped only for a patch that crosses a page
 * boundary.
 *
 * The protocol, for a patch of more than one byte, as the kernel's own text_poke_bp():
 *
 *	old bytes        int3 .. old          int3 .. new           new bytes
 *	          ----->              ----->               ----->
 *	0. checks   1. first byte    2. the others        3. first byte
 *	            sync, quiesce       sync                 sync
 *
 * "sync" has every CPU execute a serialising instruction (SDM vol. 3, 8.1.3, cross-modifying
 * code): afterwards none has an older byte in its pipeline. The first byte changes alone, in
 * one store. A CPU that hits the int3 meanwhile is redirected to the stub by the breakpoint
 * engine's handler, which has known the site since before step 1. "quiesce", only if the patch
 * says that an instruction begins inside: a task may have been preempted or interrupted before
 * that instruction, with its instruction pointer in the bytes that are about to change; quiesce.c
 * waits until none is. No task can enter meanwhile: that is possible only through the first byte,
 * or, for the second jump of an island, through the short jump that is part of the same change,
 * whose first byte is int3 as well. When any other patch is removed no task is inside, because
 * the jump has been the only instruction there.
 *
 * A change may consist of two patches. All bytes are checked before the first is written, so that
 * a change is carried out as a whole or refused as a whole.
 *
 * One byte is one store and one sync. A batch goes through each step together.
 *
 * Other users that patch: the kernel's own text_poke() users touch other bytes: sites never lie
 * on bytes of ftrace, static branches or static calls. A kprobe can be registered on any byte:
 * a patch is applied under kprobes' lock (foreign.c), and one that has a kprobe on its bytes,
 * or a byte that is not what we left there, is refused (-EBUSY).
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/security.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/sync_core.h>
#include <asm/text-patching.h>
#include <asm/tlbflush.h>

#include "compat.h"
#include "foreign.h"
#include "quiesce.h"
#include "text_patch.h"

#define POKE_PAGES	2	/* a patch may cross a page boundary */

static void *poke_mapping;
static struct page *poke_idle;
static pte_t *poke_pte[POKE_PAGES];
static const char *unusable;

/* One job at a time: most patch under the targets' lock, the disarm worker without it. */
static DEFINE_MUTEX(text_lock);

/* --- the poke mapping ------------------------------------------------------------ */

static void poke_point(int i, struct page *page)
{
	pgprot_t prot = pte_pgprot(*poke_pte[i]);
	unsigned long address = (unsigned long)poke_mapping + i * PAGE_SIZE;

	set_pte(poke_pte[i], mk_pte(page, prot));
	asm volatile("invlpg (%0)" : : "r" (address) : "memory");
}

/*
 * Once open, the mapping stays at its page for the writes that follow: moving it costs more than
 * writing. Preemption is off meanwhile, so there is a limit to their number.
 */
#define POKE_WRITES	64

static unsigned long poke_page;	/* of text that its first page maps; 0: closed */
static bool poke_across;	/* its second page maps the next one */
static u32 poke_writes;

static void poke_close(void)
{
	if (!poke_page)
		return;
	poke_point(0, poke_idle);
	if (poke_across)
		poke_point(1, poke_idle);
	poke_page = 0;
	poke_across = false;
	preempt_enable();
}

/* Allow preemption now and then even where little is written. */
static void poke_rest(u32 i)
{
	if (i % POKE_WRITES == 0) {
		poke_close();
		cond_resched();
	}
}

/* The kernel's own text is mapped with large pages, which vmalloc_to_page() is not for. */
static bool is_module_text(unsigned long address)
{
	return address >= MODULES_VADDR && address < MODULES_END;
}

static struct page *text_page(unsigned long address)
{
	return is_module_text(address) ? vmalloc_to_page((void *)address) : NULL;
}

/* Point the mapping at the page of text that begins at @first. */
static bool poke_move(unsigned long first)
{
	struct page *page = text_page(first);

	if (!page)
		return false;
	if (poke_writes >= POKE_WRITES)
		poke_close();
	if (!poke_page) {
		preempt_disable();
		poke_writes = 0;
	}
	poke_point(0, page);
	poke_page = first;
	if (poke_across)
		poke_point(1, poke_idle);
	poke_across = false;
	return true;
}

/* For @length bytes at @address; no more than a page of them. Return: where to write. */
static u8 *poke_open(unsigned long address, u32 length)
{
	unsigned long first = address & PAGE_MASK;
	struct page *next;

	if ((poke_page != first || poke_writes >= POKE_WRITES) && !poke_move(first))
		return NULL;
	poke_writes++;
	if (offset_in_page(address) + length > PAGE_SIZE && !poke_across) {
		next = text_page(first + PAGE_SIZE);
		if (!next)
			return NULL;
		poke_point(1, next);
		poke_across = true;
	}
	return poke_mapping + offset_in_page(address);
}

/* @length 1 is one store; more bytes are not being executed at the moment. */
static void write_locked(unsigned long address, const u8 *bytes, u32 length)
{
	u8 *to;

	lockdep_assert_held(&text_lock);
	to = poke_open(address, length);
	if (WARN_ON_ONCE(!to))
		return;
	if (length == 1)
		WRITE_ONCE(*to, *bytes);
	else
		memcpy(to, bytes, length);
}

void text_write(unsigned long address, const u8 *bytes, u32 length)
{
	mutex_lock(&text_lock);
	while (length) {
		u32 n = min_t(u32, length, PAGE_SIZE);

		write_locked(address, bytes, n);
		address += n;
		bytes += n;
		length -= n;
	}
	poke_close();
	mutex_unlock(&text_lock);
}

static void sync_this_cpu(void *unused)
{
	sync_core();
}

static void sync_all_cpus(void)
{
	on_each_cpu(sync_this_cpu, NULL, 1);
}

/* --- the protocol --------------------------------------------------------------- */

static int check_bytes(const struct text_patch *patch)
{
	u8 now[REGION_MAX_LEN];

	if (copy_from_kernel_nofault(now, (void *)patch->address, patch->length))
		return -EFAULT;
	if (!is_module_text(patch->address))
		return -EFAULT;
	if (memcmp(now, patch->from, patch->length) ||
	    foreign_locked_probe_on(patch->address, patch->length))
		return -EBUSY;
	return 0;
}

/* Goes through the patches of a job, in the same order in each step. */
struct job_walk {
	const struct text_job *job;
	u32 change;		/* that @patch belongs to */
	u32 next;		/* patch, counted through all changes */
	struct text_patch patch;
};

/* Return: is there another patch? */
static bool next_patch(struct job_walk *walk)
{
	const struct text_job *job = walk->job;
	u32 parts = max(job->parts, 1U);

	while (walk->next < job->count * parts) {
		walk->change = walk->next / parts;
		walk->patch.part = walk->next % parts;
		poke_rest(++walk->next);
		if (job->describe(job->context, walk->change, &walk->patch))
			return true;
	}
	poke_close();
	return false;
}

/*
 * Before anything changes, so that the parts of a change are refused together. Nothing that is
 * checked can change later: kprobes' mutex is held.
 */
static void refuse_some(const struct text_job *job)
{
	struct job_walk walk = { job };

	while (next_patch(&walk)) {
		int err = check_bytes(&walk.patch);

		if (err)
			job->refused(job->context, walk.change, err);
	}
}

/* Step 1; whether one of the patches has instructions inside. */
static bool hold_first_bytes(const struct text_job *job)
{
	static const u8 int3 = INT3_INSN_OPCODE;
	struct job_walk walk = { job };
	bool inside = false;

	while (next_patch(&walk))
		if (walk.patch.length > 1) {
			write_locked(walk.patch.address, &int3, 1);
			inside |= walk.patch.inside;
		}
	return inside;
}

static void write_others(const struct text_job *job)
{
	struct job_walk walk = { job };

	while (next_patch(&walk))
		if (walk.patch.length > 1)
			write_locked(walk.patch.address + 1, walk.patch.to + 1,
				     walk.patch.length - 1);
}

/* Where first bytes have just been written, from MODULES_VADDR on. */
#define REMEMBERED	4096

static u32 remembered[REMEMBERED];
static u32 nr_remembered;

/* The byte that is there, in one instruction: another user may be changing it. */
static void rewrite(unsigned long address)
{
	u8 *to = poke_open(address, 1), now;

	if (WARN_ON_ONCE(!to))
		return;
	now = READ_ONCE(*to);
	cmpxchg(to, now, now);
}

/*
 * The last step's sync. qemu before 8.1, when it emulates, keeps a translation for which the
 * byte was read just before our store and which was finished just after (its commit "accel/tcg:
 * Always lock pages before translation"): that CPU would hit our int3 again and again, although
 * it is gone. After a sync all such translations are finished, and writing the same byte once
 * more drops them.
 */
static void sync_first_bytes(void)
{
	u32 i;

	poke_close();
	sync_all_cpus();
	if (boot_cpu_has(X86_FEATURE_HYPERVISOR))
		for (i = 0; i < nr_remembered; poke_rest(++i))
			rewrite(MODULES_VADDR + remembered[i]);
	poke_close();
	nr_remembered = 0;
}

static void write_first_bytes(const struct text_job *job)
{
	struct job_walk walk = { job };

	while (next_patch(&walk)) {
		write_locked(walk.patch.address, walk.patch.to, 1);
		remembered[nr_remembered++] = walk.patch.address - MODULES_VADDR;
		if (nr_remembered == REMEMBERED)
			sync_first_bytes();
	}
	sync_first_bytes();
}

void text_patch(const struct text_job *job)
{
	bool inside;

	/* Between two steps no kprobe comes or goes, and no CPU goes online or offline. */
	foreign_lock();
	cpus_read_lock();
	mutex_lock(&text_lock);
	refuse_some(job);
	inside = hold_first_bytes(job);
	sync_all_cpus();
	if (inside)
		text_quiesce_regions();
	write_others(job);
	sync_all_cpus();
	write_first_bytes(job);
	mutex_unlock(&text_lock);
	cpus_read_unlock();
	foreign_unlock();
}

/* --- life ------------------------------------------------------------------------ */

static int poke_init(void)
{
	struct page *pages[POKE_PAGES];
	unsigned int level;
	int i;

	poke_idle = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!poke_idle)
		return -ENOMEM;
	for (i = 0; i < POKE_PAGES; i++)
		pages[i] = poke_idle;
	poke_mapping = vmap(pages, POKE_PAGES, VM_MAP, PAGE_KERNEL);
	if (!poke_mapping)
		return -ENOMEM;
	for (i = 0; i < POKE_PAGES; i++) {
		poke_pte[i] = lookup_address((unsigned long)poke_mapping + i * PAGE_SIZE, &level);
		if (!poke_pte[i] || level != PG_LEVEL_4K)
			return -EIO;
	}
	return 0;
}

void text_patch_exit(void)
{
	if (poke_mapping)
		vunmap(poke_mapping);
	poke_mapping = NULL;
	if (poke_idle)
		__free_page(poke_idle);
	poke_idle = NULL;
}

static int find_unusable(void)
{
	int err;

	if (!COMPAT_HAS_RCU_TASKS) {
		unusable = "engines that patch text need Linux 5.18 and CONFIG_TASKS_RCU";
		return -EOPNOTSUPP;
	}
	/* At the level at which debugfs is shut and no call arrives (ioctl.c). */
	if (security_locked_down(LOCKDOWN_DEBUGFS)) {
		unusable = "the kernel is locked down";
		return -EPERM;
	}
	err = poke_init();
	if (err)
		unusable = "no writable mapping of text could be made";
	return err;
}

int text_patch_init(void)
{
	int err = find_unusable();

	if (err)
		text_patch_exit();
	return err;
}

void text_patch_forbid(const char *reason)
{
	unusable = reason;
}

const char *text_patch_unusable(void)
{
	return unusable;
}
