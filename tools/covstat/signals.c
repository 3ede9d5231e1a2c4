// SPDX-License-Identifier: GPL-2.0-only
/*
 * signals.c - signals that ask a command to terminate cleanly.
 */
#include <signal.h>

#include "covstat.h"

static volatile sig_atomic_t stopped_by;

static void on_signal(int number)
{
	stopped_by = number;
}

void signals_catch(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };	/* no SA_RESTART */
	struct sigaction old;
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

int signals_stopped_by(void)
{
	return stopped_by;
}
