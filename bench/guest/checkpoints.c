// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoints.c - checkpoints MODULE PREFIX FROM TO: watch the entries of functions PREFIX0
 * and so on by hand, from FROM to below TO. They stay.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <cov_ioctl.h>

int main(int argc, char **argv)
{
	int control = open(COV_CONTROL_PATH, O_RDWR), i;

	if (argc != 5)
		errx(2, "usage: checkpoints MODULE PREFIX FROM TO");
	if (control < 0)
		err(1, "%s", COV_CONTROL_PATH);
	for (i = atoi(argv[3]); i < atoi(argv[4]); i++) {
		struct cov_checkpoint_add add = { .levels = 1, .scope = COV_SCOPE_TRACKED };

		snprintf(add.module, sizeof(add.module), "%s", argv[1]);
		snprintf(add.function, sizeof(add.function), "%s%d", argv[2], i);
		snprintf(add.name, sizeof(add.name), "%s%d", argv[2], i);
		if (ioctl(control, COV_IOC_CHECKPOINT_ADD, &add))
			err(1, "%s", add.name);
	}
	return 0;
}
