/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image_build.h - the last step of making an image, whatever it is made of. Used
 * by the image files alone.
 */
#ifndef LIVECOV_IMAGE_BUILD_H
#define LIVECOV_IMAGE_BUILD_H

#include "symbols.h"
#include "tables.h"

/**
 * image_build - from symbols, text and tables to the finished image
 * @image: in: its @in points to texts and tables; out: all of it, open; cov_image_free() it, also
 *	   after an error
 * @choice: what is wanted
 * @symbols: tidied and selected; parents of cold parts are corrected
 * @tables: the memory that @image->in points to
 *
 * Sleeps. Afterwards @image needs none of the memory it was made from, whatever is
 * returned. Return: 0, -ENOMEM, -E2BIG; -EINVAL: livecov's own bug.
 */
int image_build(struct cov_image *image, const struct image_choice *choice,
		struct symbols *symbols, const struct tables *tables);

/**
 * image_failed - say why there is no image
 * @what: of what: a module's name
 * @err: of image_build(), tables_read(), text_read(), symbols_alloc() or symbols_read()
 * @error: out: a sentence for the caller
 *
 * Return: @err.
 */
int image_failed(const char *what, int err, struct cov_error *error);

#endif /* LIVECOV_IMAGE_BUILD_H */
