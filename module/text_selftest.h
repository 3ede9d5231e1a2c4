/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_selftest.h - is text patching right on this machine?
 */
#ifndef LIVECOV_TEXT_SELFTEST_H
#define LIVECOV_TEXT_SELFTEST_H

/**
 * text_selftest - patch a function of our own, run it, and restore it
 *
 * The poke mapping exists, and nothing else patches text yet. Sleeps. Return: NULL, or what failed,
 * in words: a string literal.
 */
const char *text_selftest(void);

#endif /* LIVECOV_TEXT_SELFTEST_H */
