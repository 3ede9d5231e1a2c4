/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - every difference between kernel versions, and the only place that
 * asks for a version. The rest of the module sees named things.
 */
#ifndef LIVECOV_COMPAT_H
#define LIVECOV_COMPAT_H

#include <linux/version.h>

/*
 * Text whose address is taken, but which is never called through it: IBT's objtool wants to be
 * told. 89bc853eae4a ("objtool: Find unused ENDBR instructions"), 5.18.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#include <linux/objtool.h>
#define COMPAT_NOENDBR	ANNOTATE_NOENDBR
#elif defined(__ASSEMBLER__)
#define COMPAT_NOENDBR
#else
#define COMPAT_NOENDBR	""
#endif

#ifndef __ASSEMBLER__

#include <linux/module.h>

#ifndef CONFIG_X86_64
#error "livecov decodes x86-64 text: this kernel is for another architecture"
#endif
#ifndef CONFIG_KPROBES
#error "livecov needs a kernel with CONFIG_KPROBES=y"
#endif
#ifndef CONFIG_KALLSYMS
#error "livecov needs a kernel with CONFIG_KALLSYMS=y: module symbols are dropped without it"
#endif

/**
 * struct compat_span - a range of a module's memory
 * @base: address of its first byte
 * @size: bytes; 0: there is none
 */
struct compat_span {
	unsigned long base;
	unsigned int size;
};

/* compat_span_has - does @address lie in a range of a module's memory? */
static inline bool compat_span_has(const struct compat_span *span, unsigned long address)
{
	return address - span->base < span->size;
}

/*
 * ac3b43283923 ("module: replace module_layout with module_memory"), 6.4, gave
 * each kind of memory its own allocation.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)

/* After the text's end there is an unmapped page, not the module's data. */
#define COMPAT_TEXT_ENDS_MAPPING	true

/* compat_span_of - the memory of one type; only compat.h's own */
static inline struct compat_span compat_span_of(const struct module *mod,
						enum mod_mem_type type)
{
	return (struct compat_span){
		(unsigned long)mod->mem[type].base, mod->mem[type].size,
	};
}

/* compat_core_text - a module's text that stays as long as the module is loaded */
static inline struct compat_span compat_core_text(const struct module *mod)
{
	return compat_span_of(mod, MOD_TEXT);
}

/* compat_init_text - a module's text that is freed after its init function; size 0 once it is */
static inline struct compat_span compat_init_text(const struct module *mod)
{
	return compat_span_of(mod, MOD_INIT_TEXT);
}

/* compat_has_init - has a module memory that is freed after its init function? */
static inline bool compat_has_init(const struct module *mod)
{
	return mod->mem[MOD_INIT_TEXT].size || mod->mem[MOD_INIT_DATA].size ||
	       mod->mem[MOD_INIT_RODATA].size;
}

/* compat_core_rodata - a module's read-only data that stays as long as the module is loaded */
static inline struct compat_span compat_core_rodata(const struct module *mod)
{
	return compat_span_of(mod, MOD_RODATA);
}

/**
 * compat_data - a range of a module's memory that is no text
 * @mod: the module; it must not be freed meanwhile
 * @index: 0, 1, ...
 * @span: out: the range
 *
 * Return: false after the last one.
 */
static inline bool compat_data(const struct module *mod, u32 index, struct compat_span *span)
{
	static const enum mod_mem_type types[] = {
		MOD_DATA, MOD_RODATA, MOD_RO_AFTER_INIT, MOD_INIT_DATA, MOD_INIT_RODATA,
	};

	if (index >= ARRAY_SIZE(types))
		return false;
	*span = compat_span_of(mod, types[index]);
	return true;
}

#else

#define COMPAT_TEXT_ENDS_MAPPING	false

static inline struct compat_span compat_core_text(const struct module *mod)
{
	return (struct compat_span){
		(unsigned long)mod->core_layout.base, mod->core_layout.text_size,
	};
}

static inline struct compat_span compat_init_text(const struct module *mod)
{
	return (struct compat_span){
		(unsigned long)mod->init_layout.base, mod->init_layout.text_size,
	};
}

static inline bool compat_has_init(const struct module *mod)
{
	return mod->init_layout.size;
}

static inline struct compat_span compat_core_rodata(const struct module *mod)
{
	return (struct compat_span){
		(unsigned long)mod->core_layout.base + mod->core_layout.text_size,
		mod->core_layout.ro_size - mod->core_layout.text_size,
	};
}

static inline bool compat_data(const struct module *mod, u32 index, struct compat_span *span)
{
	const struct module_layout *layouts[] = { &mod->core_layout, &mod->init_layout };
	const struct module_layout *layout;

	if (index >= ARRAY_SIZE(layouts))
		return false;
	layout = layouts[index];
	*span = (struct compat_span){
		(unsigned long)layout->base + layout->text_size,
		layout->size - layout->text_size,
	};
	return true;
}

#endif

/*
 * The tables that a module has of its own text: empty where the kernel is built without what
 * they are for. The right option is the one that struct module has around the member: with
 * another a table would silently be empty. A reader keeps the module from being freed meanwhile;
 * an index is less than the table's length.
 */
#include <linux/bug.h>
#include <linux/jump_label.h>
#include <linux/static_call_types.h>

#ifdef CONFIG_JUMP_LABEL

/* compat_nr_jump_labels - how many static branches a module has */
static inline u32 compat_nr_jump_labels(const struct module *mod)
{
	return mod->num_jump_entries;
}

/* compat_jump_label - address of the static branch with index @index */
static inline unsigned long compat_jump_label(const struct module *mod, u32 index)
{
	return jump_entry_code(&mod->jump_entries[index]);
}

/* compat_jump_label_target - address that it jumps to while it is a jump */
static inline unsigned long compat_jump_label_target(const struct module *mod, u32 index)
{
	return jump_entry_target(&mod->jump_entries[index]);
}

#else

static inline u32 compat_nr_jump_labels(const struct module *mod)
{
	return 0;
}

static inline unsigned long compat_jump_label(const struct module *mod, u32 index)
{
	return 0;
}

static inline unsigned long compat_jump_label_target(const struct module *mod, u32 index)
{
	return 0;
}

#endif

#ifdef CONFIG_GENERIC_BUG

/* compat_nr_bugs - how many entries a module's bug table has */
static inline u32 compat_nr_bugs(const struct module *mod)
{
	return mod->num_bugs;
}

/* compat_bug - address of the ud2 of the entry with index @index */
static inline unsigned long compat_bug(const struct module *mod, u32 index)
{
	const struct bug_entry *bug = &mod->bug_table[index];

#ifdef CONFIG_GENERIC_BUG_RELATIVE_POINTERS
	return (unsigned long)&bug->bug_addr_disp + bug->bug_addr_disp;
#else
	return bug->bug_addr;
#endif
}

/* compat_bug_warns - is it a WARN: does execution go on after it? */
static inline bool compat_bug_warns(const struct module *mod, u32 index)
{
	return mod->bug_table[index].flags & BUGFLAG_WARNING;
}

#else

static inline u32 compat_nr_bugs(const struct module *mod)
{
	return 0;
}

static inline unsigned long compat_bug(const struct module *mod, u32 index)
{
	return 0;
}

static inline bool compat_bug_warns(const struct module *mod, u32 index)
{
	return false;
}

#endif

/**
 * compat_fentries - a module's fentry sites
 * @mod: the module
 * @n: out: how many
 *
 * The oldest kernels have them under FTRACE_MCOUNT_RECORD, which on x86 is DYNAMIC_FTRACE by
 * another name; the newest no longer know that name.
 *
 * Return: their addresses, struct module's own array; NULL if there are none.
 */
static inline const unsigned long *compat_fentries(const struct module *mod, u32 *n)
{
#ifdef CONFIG_DYNAMIC_FTRACE
	*n = mod->num_ftrace_callsites;
	return mod->ftrace_callsites;
#else
	*n = 0;
	return NULL;
#endif
}

#ifdef CONFIG_HAVE_STATIC_CALL_INLINE

/* compat_nr_static_calls - how many static calls a module has */
static inline u32 compat_nr_static_calls(const struct module *mod)
{
	return mod->num_static_call_sites;
}

/* compat_static_call - address of the static call with index @index */
static inline unsigned long compat_static_call(const struct module *mod, u32 index)
{
	const struct static_call_site *site = &mod->static_call_sites[index];

	return (long)site->addr + (long)&site->addr;
}

#else

static inline u32 compat_nr_static_calls(const struct module *mod)
{
	return 0;
}

static inline unsigned long compat_static_call(const struct module *mod, u32 index)
{
	return 0;
}

#endif

/* synchronize_rcu_tasks() is exported since 3.18, but kernels before 5.18 are left to kprobes. */
#include <linux/rcupdate.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0) && IS_ENABLED(CONFIG_TASKS_RCU)

#define COMPAT_HAS_RCU_TASKS	true

/* compat_synchronize_rcu_tasks - wait until every task has left the text it stands in. Sleeps. */
static inline void compat_synchronize_rcu_tasks(void)
{
	synchronize_rcu_tasks();
}

#else

#define COMPAT_HAS_RCU_TASKS	false

/* Nothing of ours is ever preempted in text there: only handlers have to end. */
static inline void compat_synchronize_rcu_tasks(void)
{
	synchronize_rcu();
}

#endif

/*
 * Preemption models: cfe43f478b79 ("preempt/dynamic: Introduce preemption model accessors"),
 * 5.18; 7c70cb94d29c ("sched: Add Lazy preemption model"), 6.13, added one that preempts as well.
 */
#include <linux/sched.h>

/* compat_preempts - can a task lose its CPU in the kernel without having asked for it? */
static inline bool compat_preempts(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	return !preempt_model_none() && !preempt_model_voluntary();
#else
	return IS_ENABLED(CONFIG_PREEMPTION);
#endif
}

/*
 * Return thunks: a149180fbcf3 ("x86: Add magic
 * AMD return-thunk"), 5.19 and stable kernels.
 */
#include <asm/cpufeature.h>

/* compat_returns_by_thunk - must returns in the kernel go by its return thunk on this CPU? */
static inline bool compat_returns_by_thunk(void)
{
#ifdef X86_FEATURE_RETHUNK
	return cpu_feature_enabled(X86_FEATURE_RETHUNK);
#else
	return false;
#endif
}

/* 908a1d775422 ("hrtimers: Introduce hrtimer_setup() to replace hrtimer_init()"), 6.13. */
#include <linux/hrtimer.h>

/* compat_hrtimer_setup - hrtimer_setup() of the newest kernels */
static inline void compat_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*function)(struct hrtimer *),
					clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

/* 4f554e955614 ("ftrace: Add ftrace_set_filter_ips function"), 5.18. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0) && \
    IS_ENABLED(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#define COMPAT_HAS_FTRACE_IPS	1
#else
#define COMPAT_HAS_FTRACE_IPS	0
#endif

#if COMPAT_HAS_FTRACE_IPS
#include <linux/ftrace.h>

/**
 * compat_arguments - the registers that ftrace has saved
 * @regs: as ftrace passes them to a callback
 *
 * Of these, the stack pointer and the registers of arguments are valid. 7888af4166d4
 * ("ftrace: Make ftrace_regs abstract from direct use"), 6.13 and some of 6.12.
 */
static __always_inline const struct pt_regs *compat_arguments(struct ftrace_regs *regs)
{
#ifdef arch_ftrace_regs
	return &arch_ftrace_regs(regs)->regs;
#else
	return &regs->regs;
#endif
}
#endif

/**
 * compat_is_forbidden - are probes forbidden in a module's function?
 * @mod: the module
 * @address: of the function
 * @size: of the function, bytes
 *
 * By what kprobes' own list is made of (add_module_kprobe_blacklist(), kernel/kprobes.c).
 */
static inline bool compat_is_forbidden(const struct module *mod, unsigned long address,
				       unsigned int size)
{
	unsigned int i;

	if (address - (unsigned long)mod->noinstr_text_start < mod->noinstr_text_size ||
	    address - (unsigned long)mod->kprobes_text_start < mod->kprobes_text_size)
		return true;
	for (i = 0; i < mod->num_kprobe_blacklist; i++)
		if (mod->kprobe_blacklist[i] - address < size)
			return true;
	return false;
}

/*
 * Before a89dfde3dc3c ("x86: Remove dynamic NOP selection"), 5.13, the nop that ftrace
 * writes came from a table, and depended on the processor.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
#define COMPAT_NOPS		NULL
#define COMPAT_FENTRY_NOP	0
#else
#include <asm/nops.h>
#define COMPAT_NOPS		"ideal_nops"
#define COMPAT_FENTRY_NOP	NOP_ATOMIC5
#endif

/*
 * Until 0c76ef3f26d5 ("kprobes: Fix check for probe enabled in kill_kprobe()"), 6.2 and 6.1's
 * stable releases, a module that went left its kprobes at fentry sites in ftrace's filter:
 * what was loaded there afterwards was traced for good.
 */
#define COMPAT_KPROBES_LOSES_FTRACE	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 2))

/* d741bf41d7c7 ("kprobes: Remove kretprobe hash"), 5.11, made get_kretprobe(). */
#include <linux/kprobes.h>

/* compat_kretprobe_of - the probe of @instance; NULL once the probe has gone. Any context. */
static __always_inline struct kretprobe *
compat_kretprobe_of(struct kretprobe_instance *instance)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return get_kretprobe(instance);
#else
	return instance->rp;
#endif
}

/*
 * Where preempt_count is. 64701838bf05 ("x86/percpu: Move preempt_count next to
 * current_task"), 6.2, put it into pcpu_hot; 46e8fff6d45f ("x86/preempt: Move
 * preempt count to percpu hot section"), 6.15, took it out again.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
    LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#include <asm/current.h>
#define COMPAT_PREEMPT_COUNT	pcpu_hot.preempt_count
#else
#include <asm/preempt.h>
#define COMPAT_PREEMPT_COUNT	__preempt_count
#endif

/*
 * bc292ab00f6c ("mm: introduce vma->vm_flags wrapper functions"), 6.3, made vm_flags
 * read-only.
 */
#include <linux/mm.h>

/* compat_vma_only_read - make @vma readable only, and not expandable; from mmap() */
static inline void compat_vma_only_read(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, VM_DONTEXPAND, VM_MAYWRITE | VM_MAYEXEC);
#else
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_flags |= VM_DONTEXPAND;
#endif
}

/*
 * compat_return_address - where a function returns to
 * @found: the address at @slot, now or a moment ago
 * @slot: address on the running task's stack
 *
 * A kretprobe puts its trampoline there, and a function that is jumped to at another's
 * end finds it. The true address is kept in the task's list, of which the innermost
 * comes first; kretprobe_find_ret_addr(), which looks there, is not exported. Several
 * kretprobes on one function follow each other, the first that was registered last.
 * d741bf41d7c7 ("kprobes: Remove kretprobe hash"), 5.11, made the list; before that the
 * trampoline is all there is. 73f9b911faa7 ("kprobes: Use rethook for kretprobe if
 * possible"), 5.18, replaced it by rethook's. Any context.
 *
 * Return: the true return address; before 5.11 @found.
 */
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
#include <linux/rethook.h>

static __always_inline unsigned long compat_return_address(unsigned long found,
							   unsigned long slot)
{
	const struct llist_node *node;

	for (node = READ_ONCE(current->rethooks.first); node; node = READ_ONCE(node->next)) {
		const struct rethook_node *hook = container_of(node, struct rethook_node, llist);

		if (hook->frame != slot)
			break;
		found = hook->ret_addr;
	}
	return found;
}

#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0) && IS_ENABLED(CONFIG_KRETPROBES)
#include <linux/kprobes.h>

static __always_inline unsigned long compat_return_address(unsigned long found,
							   unsigned long slot)
{
	const struct llist_node *node;

	for (node = READ_ONCE(current->kretprobe_instances.first); node;
	     node = READ_ONCE(node->next)) {
		const struct kretprobe_instance *hook =
			container_of(node, struct kretprobe_instance, llist);

		if ((unsigned long)hook->fp != slot)
			break;
		found = (unsigned long)hook->ret_addr;
	}
	return found;
}

#else

static __always_inline unsigned long compat_return_address(unsigned long found,
							   unsigned long slot)
{
	return found;
}

#endif

/*
 * Tracepoints' probes have exactly the prototypes of their kernels: with CONFIG_CFI_CLANG a call
 * through a pointer traps otherwise. sched_switch tells the previous task's state last:
 * fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting sched_switch event"), 5.18,
 * which put it first, and 9c2136be0878 ("sched/tracing: Append prev_state to tp args instead").
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define COMPAT_SWITCH_STATE	, unsigned int prev_state
#else
#define COMPAT_SWITCH_STATE
#endif

/* IRQ_WORK_INIT_HARD - 7a9f50a05843 ("irq_work: Cleanup"), 5.11 */
#include <linux/irq_work.h>

#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(_func)	\
	(struct irq_work){ .flags = ATOMIC_INIT(IRQ_WORK_HARD_IRQ), .func = (_func) }
#endif

/* compat_has_preempt_notifiers - will a task be told when it gives up its CPU? */
static inline bool compat_has_preempt_notifiers(const struct task_struct *task)
{
#ifdef CONFIG_PREEMPT_NOTIFIERS
	return !hlist_empty(&task->preempt_notifiers);
#else
	return false;
#endif
}

/* compat_clone_flags - task_newtask's; edd3cb05c00a ("copy_process: pass clone_flags as u64"), 6.18 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
typedef u64 compat_clone_flags;
#else
typedef unsigned long compat_clone_flags;
#endif

#endif /* __ASSEMBLER__ */

#endif /* LIVECOV_COMPAT_H */
