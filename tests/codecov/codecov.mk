# SPDX-License-Identifier: GPL-2.0-only
#
# codecov.mk - builds build/codecov-overlay, as a program for codecov is built: with its
# header and -lcodecov. Included by the top Makefile.

.PHONY: codecov-overlay
codecov-overlay: build/codecov-overlay

build/codecov-overlay: tests/codecov/overlay.c compat/codecov.h build/libcodecov.so
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -g -Icompat -pthread -o $@ $< -Lbuild -lcodecov \
		-Wl,-rpath-link,build
