/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shapes.h - functions whose instructions are known, for measuring what a probe
 * in them adds. All are called as FN(ARGUMENT).
 */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#define BENCH_JUMPS	64	/* conditional jumps in near, short, tight and c */
#define BENCH_SPIN	1000	/* instructions of spin, but for its return */
#define BENCH_PLACES	1000	/* functions bench_place_0 and so on */
#define BENCH_PAIRED	320	/* of which pairs calls each behind each */

#ifndef __ASSEMBLY__

/* All jumps are taken when the argument is not 0. */
void bench_none(unsigned long argument);	/* no jump */
void bench_near(unsigned long argument);	/* six bytes each */
void bench_short(unsigned long argument);	/* two bytes, and room before them */
void bench_tight(unsigned long argument);	/* two bytes, each a target, no room */
void bench_spin(unsigned long argument);	/* for telling ticks from instructions */

void bench_entry(unsigned long argument);	/* an empty function that ftrace knows */
void bench_c(unsigned long argument);		/* compiled: bit N is jump N's condition */
void bench_pairs(unsigned long argument);	/* BENCH_PAIRED squared pairs of places */

extern void (*const bench_places[BENCH_PLACES])(unsigned long argument);

#endif

#endif /* BENCH_SHAPES_H */
