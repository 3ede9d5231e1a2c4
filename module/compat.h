/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - every difference between kernel versions, and the only place that
 * asks for a version. The rest of the module sees named things.
 */
#ifndef LIVECOV_COMPAT_H
#define LIVECOV_COMPAT_H

#include <linux/module.h>
#include <linux/version.h>

#ifndef CONFIG_X86_64
#error "livecov decodes x86-64 text: this kernel is for another architecture"
#endif
#ifndef CONFIG_KPROBES
#error "livecov needs a kernel with CONFIG_KPROBES=y"
#endif
#ifndef CONFIG_KALLSYMS
#error "livecov needs a kernel with CONFIG_KALLSYMS=y: module symbols are dropped without it"
#endif

/* A stretch of a module's memory. */
struct compat_span {
	unsigned long base;
	unsigned int size;
};

/*
 * ac3b43283923 ("module: replace module_layout with module_memory"), 6.4, gave
 * each kind of memory its own allocation.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)

/* Behind the text's end there is an unmapped page, not the module's data. */
#define COMPAT_TEXT_ENDS_MAPPING	true

static inline struct compat_span compat_span_of(const struct module *mod,
						enum mod_mem_type type)
{
	return (struct compat_span){
		(unsigned long)mod->mem[type].base, mod->mem[type].size,
	};
}

static inline struct compat_span compat_core_text(const struct module *mod)
{
	return compat_span_of(mod, MOD_TEXT);
}

static inline struct compat_span compat_init_text(const struct module *mod)
{
	return compat_span_of(mod, MOD_INIT_TEXT);
}

static inline struct compat_span compat_core_rodata(const struct module *mod)
{
	return compat_span_of(mod, MOD_RODATA);
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

static inline struct compat_span compat_core_rodata(const struct module *mod)
{
	return (struct compat_span){
		(unsigned long)mod->core_layout.base + mod->core_layout.text_size,
		mod->core_layout.ro_size - mod->core_layout.text_size,
	};
}

#endif

#endif /* LIVECOV_COMPAT_H */
