/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * optimiser.h - kprobes are not optimised while livecov is loaded, whatever the administrator
 * says meanwhile; what he said last holds afterwards.
 */
#ifndef LIVECOV_OPTIMISER_H
#define LIVECOV_OPTIMISER_H

/**
 * optimiser_init - keep kprobes from being optimised from now on
 *
 * Called once, when livecov is loaded. Sleeps; takes kprobes' mutex. Without effect where the
 * kernel has no optimiser (CONFIG_OPTPROBES). No failure.
 */
void optimiser_init(void);

/**
 * optimiser_withdraw - undo it if somebody has permitted kprobes to be optimised
 *
 * kprobes' mutex is held. From then on none is, until it is released.
 */
void optimiser_withdraw(void);

/* optimiser_exit - as the administrator wants it; no site is left. Sleeps; takes kprobes' mutex. */
void optimiser_exit(void);

#endif /* LIVECOV_OPTIMISER_H */
