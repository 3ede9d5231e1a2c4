// SPDX-License-Identifier: GPL-2.0-only
/*
 * machine.c - see machine.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "module/covlife.h"

/* --- modules -------------------------------------------------------------------- */

const char *module_file(const char *name)
{
	static char path[2][512];
	static unsigned int next;
	const char *directory = getenv("LIVECOV_SUITE_MODULES");

	next = !next;
	snprintf(path[next], sizeof(path[next]), "%s/%s.ko", directory ? directory : ".", name);
	return path[next];
}

int try_load(const char *file, const char *parameters)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		FAIL("%s: %s", file, strerror(errno));
	err = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return err;
}

void load(const char *file, const char *parameters)
{
	int err = try_load(file, parameters);

	if (err)
		FAIL("cannot load %s with '%s': %s", file, parameters, strerror(err));
}

int try_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

void unload(const char *name)
{
	int err = try_unload(name);

	if (err)
		FAIL("cannot unload %s: %s", name, strerror(err));
}

void modprobe(const char *name)
{
	const char *const argv[] = { "/sbin/modprobe", name, NULL };
	int status = run_program(argv);

	if (status)
		FAIL("modprobe %s: status %#x", name, status);
}

bool is_loaded(const char *name)
{
	char path[128], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return read_file(path, state, sizeof(state)) > 0 && !strcmp(state, "live\n");
}

bool covlife_stays(void)
{
	char answer[4];

	return read_file("/sys/module/covlife/parameters/staying", answer, sizeof(answer)) > 0 &&
	       answer[0] == 'Y';
}

bool kernel_preempts(void)
{
	char model[200];

	/* "none voluntary (full)": only kernels on which it can be changed have the file. */
	if (read_file("/sys/kernel/debug/sched/preempt", model, sizeof(model)) >= 0)
		return strstr(model, "(full)") || strstr(model, "(lazy)");
	return count_lines("/proc/version", " PREEMPT ");
}

/* --- files ------------------------------------------------------------------------- */

ssize_t read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);

	if (fd >= 0)
		close(fd);
	buffer[n > 0 ? n : 0] = '\0';
	return n;
}

void write_file(const char *path, const char *text)
{
	int fd = MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

int kprobe_event(const char *line)
{
	int fd = MUST(open(TRACEFS "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC));
	int err = write(fd, line, strlen(line)) < 0 ? errno : 0;

	close(fd);
	return err;
}

unsigned int count_lines(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	unsigned int n = 0;
	char line[512];

	if (!file)
		FAIL("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		n += !!strstr(line, text);
	fclose(file);
	return n;
}

/* --- kernel text ---------------------------------------------------------------------- */

int try_read_text(struct text *text, uint64_t address, size_t size)
{
	struct covpeek request = { address, (uintptr_t)text->bytes, size };
	int fd = MUST(open("/dev/covpeek", O_RDONLY | O_CLOEXEC));
	int err = ioctl(fd, COVPEEK_READ, &request);

	close(fd);
	text->address = address;
	text->size = size;
	memset(text->sections, 0, sizeof(text->sections));
	return err;
}

/* 0 if the module has no such section. */
static uint64_t section_address(const char *module, const char *name)
{
	char path[128], value[64];

	snprintf(path, sizeof(path), "/sys/module/%s/sections/%s", module, name);
	return read_file(path, value, sizeof(value)) > 0 ? strtoull(value, NULL, 16) : 0;
}

/* 0 if there is no such symbol. Per-CPU variables have one, but no section that lies anywhere. */
static uint64_t symbol_address(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address, found = 0;
	char line[512], symbol[256];

	if (!file)
		FAIL("/proc/kallsyms: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %255s", &address, symbol) == 2 && !strcmp(symbol, name))
			found = address;
	fclose(file);
	return found;
}

/*
 * A per-CPU variable of covtarget's. The list of symbols takes seconds to read: once for each
 * time that the module was loaded, which its directory's inode tells.
 */
static uint64_t percpu_address(void)
{
	static uint64_t address;
	static ino_t loaded;
	struct stat now;

	MUST(stat("/sys/module/covtarget", &now));
	if (now.st_ino != loaded)
		address = symbol_address("covt_percpu_five");
	loaded = now.st_ino;
	return address;
}

void read_module_bytes(struct text *text, const char *module, size_t size)
{
	static const char *const names[TEXT_SECTIONS - 1] = {
		".data", ".bss", ".rodata", ".rodata.str1.1", ".rodata.str1.8", ".text.unlikely",
	};
	uint64_t address = section_address(module, ".text");
	int i;

	if (!address)
		FAIL("%s has no section .text", module);
	if (try_read_text(text, address, size))
		FAIL("the text of %s at %#llx cannot be read", module,
		     (unsigned long long)address);
	for (i = 0; i < TEXT_SECTIONS - 1; i++)
		text->sections[i] = section_address(module, names[i]);
	if (!strcmp(module, "covtarget"))
		text->sections[i] = percpu_address();
}

/*
 * From .text to the end of its page, at least: no module that is used here has
 * more than that of anything else behind its text, and none of that changes.
 */
void read_module_text(struct text *text, const char *module)
{
	read_module_bytes(text, module, 4096 - section_address(module, ".text") % 4096);
}

/* Is it what an operand becomes when the text, or what it names, was moved? */
static bool is_distance(const struct text *before, const struct text *after, uint32_t change)
{
	uint32_t moved = after->address - before->address, data;
	int i;

	if (change == moved || change == -moved)
		return true;
	for (i = 0; i < TEXT_SECTIONS; i++) {
		if (!before->sections[i] || !after->sections[i])
			continue;
		data = after->sections[i] - before->sections[i];
		if (change == data || change == data - moved)
			return true;
	}
	return false;
}

/* Do four bytes around @i differ by such a distance? */
static bool relocated(const struct text *before, const struct text *after, size_t i,
		      size_t *behind)
{
	uint32_t old, new;
	size_t start;

	for (start = i < 3 ? 0 : i - 3; start <= i && start + 4 <= before->size; start++) {
		memcpy(&old, before->bytes + start, sizeof(old));
		memcpy(&new, after->bytes + start, sizeof(new));
		*behind = start + 4;
		if (new != old && is_distance(before, after, new - old))
			return true;
	}
	return false;
}

void expect_same_text(const struct text *before, const struct text *after)
{
	size_t i, next;

	EXPECT_EQ(after->size, before->size);
	for (i = 0; i < before->size; i = next) {
		next = i + 1;
		if (after->bytes[i] != before->bytes[i] && !relocated(before, after, i, &next))
			FAIL("the text has changed: +%#zx held %#x, now %#x", i,
			     before->bytes[i], after->bytes[i]);
	}
}

void expect_text(const struct text *before)
{
	static struct text now;

	if (try_read_text(&now, before->address, before->size))
		FAIL("the text at %#llx cannot be read any more",
		     (unsigned long long)before->address);
	expect_same_text(before, &now);
}

/* --- memory ---------------------------------------------------------------------------- */

void *before_hole(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(map != MAP_FAILED);
	MUST(mprotect(map + room, page, PROT_NONE));
	return map + room - size;
}

void *shared_memory(size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	EXPECT(map != MAP_FAILED);
	return map;
}

#define FAILSLAB	"/sys/kernel/debug/failslab/"

static int make_it_fail = -1;

void need_fault_injection(void)
{
	if (access(FAILSLAB "space", W_OK))
		skip_test("this kernel has no fault injection");
	write_file(FAILSLAB "ignore-gfp-wait", "N");
	write_file(FAILSLAB "task-filter", "Y");
	write_file(FAILSLAB "verbose", "0");
	write_file(FAILSLAB "times", "-1");
	write_file(FAILSLAB "probability", "100");
	make_it_fail = MUST(open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC));
}

void short_of_memory(unsigned int bytes)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", bytes);
	write_file(FAILSLAB "space", text);
	MUST(pwrite(make_it_fail, "1", 1, 0));
}

void enough_memory(void)
{
	MUST(pwrite(make_it_fail, "0", 1, 0));
}

/* --- processes -------------------------------------------------------------------------- */

pid_t start(void (*run)(void *), void *data)
{
	pid_t parent = getpid();
	pid_t pid = MUST(fork());

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	run(data);
	_exit(0);
}

void finish(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, 0));
	if (status)
		FAIL("a child ended with status %#x", status);
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	MUST(waitpid(pid, NULL, 0));
}

int run_program(const char *const *argv)
{
	pid_t pid = MUST(fork());
	int status;

	if (!pid) {
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	MUST(waitpid(pid, &status, 0));
	return status;
}
