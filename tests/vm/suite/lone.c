// SPDX-License-Identifier: GPL-2.0-only
/*
 * lone.c - one of two processors is online, as the kernel was booted, and then the other. The first
 * program of a machine that begins so.
 */
#include <string.h>
#include <unistd.h>

#include "control.h"

#define CPU1		"/sys/devices/system/cpu/cpu1/online"
#define MODULE		"covpeek"
#define DS_PREFIX	0x3e
#define LOCK_PREFIX	0xf0

static void need_a_processor_that_is_offline(void)
{
	char online[4];

	if (access(CPU1, F_OK))
		skip_test("there is one processor");
	read_file(CPU1, online, sizeof(online));
	if (online[0] != '0')
		skip_test("two processors are online");
}

/* incl of what is addressed by rip, with ds where its lock prefix was. */
static uint64_t address_of_locked(const struct text *text)
{
	static const unsigned char incl[] = { DS_PREFIX, 0xff, 0x05 };
	const unsigned char *found = memmem(text->bytes, text->size, incl, sizeof(incl));

	EXPECT(found);
	return text->address + (found - text->bytes);
}

static unsigned char byte_at(uint64_t address)
{
	static struct text text;

	EXPECT_EQ(try_read_text(&text, address, 1), 0);
	return text.bytes[0];
}

static void lock_prefix_that_may_come_back_gets_no_probe(void)
{
	struct cov_checkpoint_add add = {
		.name = "locked", .module = MODULE, .function = "covpeek_locked", .levels = 1,
		.scope = COV_SCOPE_ALL, .flags = COV_CHECKPOINT_ADDRESS,
	};
	struct cov_checkpoint_del del = { .name = "locked" };
	static struct text text;
	int fd = control_open();

	need_a_processor_that_is_offline();
	/* It has such prefixes, too, and its text is looked at after the test. */
	unload(TARGET);
	read_module_text(&text, MODULE);
	add.offset = address_of_locked(&text);
	FAILS(fd, COV_IOC_CHECKPOINT_ADD, &add, EOPNOTSUPP);
	write_file(CPU1, "1");
	EXPECT_EQ(byte_at(add.offset), LOCK_PREFIX);
	CALL(fd, COV_IOC_CHECKPOINT_ADD, &add);
	CALL(fd, COV_IOC_CHECKPOINT_DEL, &del);
	EXPECT_EQ(byte_at(add.offset), LOCK_PREFIX);
	close(fd);
}

static const struct test tests[] = {
	TEST(lock_prefix_that_may_come_back_gets_no_probe),
};

int main(int argc, char **argv)
{
	const struct test_group groups[] = { TEST_GROUP(tests) };

	return suite_main(groups, ARRAY_SIZE(groups), argc, argv);
}
