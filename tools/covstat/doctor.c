// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c - covstat doctor: what on this machine would prevent livecov from working, in
 * words, with the next step. Only reads files and changes nothing.
 */
#include <errno.h>
#include <json-c/json.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "covstat.h"

#define DEBUGFS		"/sys/kernel/debug"
#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* Steps to take, where more than one check finds the reason. */
#define BOOT_KPROBES	"boot a kernel with CONFIG_KPROBES; distribution kernels have it"
#define UNLOCK		"disable secure boot in the firmware, or use a virtual machine"

#define OLDEST_MAJOR	5
#define OLDEST_MINOR	10

enum verdict { OK, PROBLEM, UNKNOWN };

/* What a check found; @next is the step to take, empty if there is none. */
struct finding {
	enum verdict verdict;
	char text[256];
	char next[256];
};

/* What more than one check needs. */
struct machine {
	struct utsname system;
	int major, minor;	/* of the kernel's release; both 0 if it cannot be read */
	char config[sizeof(((struct utsname *)0)->release) + 16];	/* path of its configuration */
	bool root;
	bool loaded;	/* livecov is */
};

static bool is_older(const struct machine *machine, int major, int minor)
{
	return machine->major < major || (machine->major == major && machine->minor < minor);
}

__attribute__((format(printf, 3, 4)))
static void say(struct finding *finding, enum verdict verdict, const char *format, ...)
{
	va_list args;

	finding->verdict = verdict;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

__attribute__((format(printf, 2, 3)))
static void advise(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->next, sizeof(finding->next), format, args);
	va_end(args);
}

/* The first line of a file, without its end; false if it cannot be read. */
static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool read;

	if (!file)
		return false;
	read = fgets(line, size, file);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return read;
}

/* Does a file have a line that begins with @text? -1 if it cannot be read. */
static int has_line(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &size, file) > 0)
		found = !strncmp(line, text, strlen(text));
	free(line);
	fclose(file);
	return found;
}

static bool locked_down(void)
{
	char line[128];

	return read_line(LOCKDOWN, line, sizeof(line)) && strchr(line, '[') &&
	       !strstr(line, "[none]");
}

/* Has the kernel none? False also where debugfs cannot be looked into: then that is not known. */
static bool lacks_kprobes(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS, &fs) && fs.f_type == DEBUGFS_MAGIC &&
	       access(DEBUGFS "/kprobes", F_OK) && errno == ENOENT;
}

/* ---- the checks -------------------------------------------------------- */

static void check_architecture(const struct machine *machine, struct finding *f)
{
	if (!strcmp(machine->system.machine, "x86_64")) {
		say(f, OK, "%s", machine->system.machine);
		return;
	}
	say(f, PROBLEM, "this is %s; blocks and branches are decoded on x86-64 only",
	    machine->system.machine);
	advise(f, "use an x86-64 machine, or a virtual one");
}

static void check_kernel(const struct machine *machine, struct finding *f)
{
	const char *release = machine->system.release;

	if (!machine->major) {
		say(f, UNKNOWN, "release %s", release);
	} else if (is_older(machine, OLDEST_MAJOR, OLDEST_MINOR)) {
		say(f, PROBLEM, "Linux %s is older than %d.%d", release, OLDEST_MAJOR,
		    OLDEST_MINOR);
		advise(f, "boot a newer kernel");
	} else {
		say(f, OK, "Linux %s", release);
	}
}

static void check_root(const struct machine *machine, struct finding *f)
{
	if (machine->root) {
		say(f, OK, "running as root");
		return;
	}
	say(f, PROBLEM, "not running as root; only root can open livecov's files");
	advise(f, "run as root (sudo covstat ...)");
}

static void check_debugfs(const struct machine *machine, struct finding *f)
{
	struct statfs fs;

	(void)machine;
	if (statfs(DEBUGFS, &fs)) {
		say(f, PROBLEM, DEBUGFS " is not available: %s", strerror(errno));
		advise(f, "boot a kernel with CONFIG_DEBUG_FS");
	} else if (fs.f_type != DEBUGFS_MAGIC) {
		say(f, PROBLEM, "debugfs is not mounted");
		advise(f, "mount -t debugfs none " DEBUGFS);
	} else {
		say(f, OK, "mounted on " DEBUGFS);
	}
}

static void check_kprobes(const struct machine *machine, struct finding *f)
{
	int found = has_line(machine->config, "CONFIG_KPROBES=y");

	if (found > 0 || !access(DEBUGFS "/kprobes", F_OK)) {
		say(f, OK, "the kernel supports them");
	} else if (!found || lacks_kprobes()) {
		say(f, PROBLEM, "the kernel was built without CONFIG_KPROBES");
		advise(f, BOOT_KPROBES);
	} else {
		say(f, UNKNOWN, "neither %s nor " DEBUGFS "/kprobes can be found",
		    machine->config);
		advise(f, "run as root, with debugfs mounted");
	}
}

static void check_kprobes_on(const struct machine *machine, struct finding *f)
{
	char line[16];

	(void)machine;
	if (!read_line(DEBUGFS "/kprobes/enabled", line, sizeof(line))) {
		say(f, UNKNOWN, DEBUGFS "/kprobes/enabled cannot be read");
		/* A kernel that is locked down does not let root read it. */
		advise(f, lacks_kprobes() ? BOOT_KPROBES : locked_down() ? UNLOCK :
		       "run as root, with debugfs mounted");
	} else if (line[0] == '0') {
		say(f, PROBLEM, "all kprobes are switched off");
		advise(f, "echo 1 > " DEBUGFS "/kprobes/enabled");
	} else {
		say(f, OK, "switched on");
	}
}

static void check_optimization(const struct machine *machine, struct finding *f)
{
	char line[16];

	(void)machine;
	if (!read_line("/proc/sys/debug/kprobes-optimization", line, sizeof(line))) {
		say(f, OK, "this kernel has no jump-optimised kprobes");
	} else if (line[0] == '0') {
		say(f, OK, "switched off");
	} else {
		say(f, OK, "switched on; livecov keeps it off while it is loaded");
	}
}

static void check_lockdown(const struct machine *machine, struct finding *f)
{
	char line[128];
	char *begin, *end;

	(void)machine;
	if (!read_line(LOCKDOWN, line, sizeof(line))) {
		/* If securityfs is mounted but lacks the file, the kernel has no lockdown. */
		if (access("/sys/kernel/security/lsm", F_OK)) {
			say(f, UNKNOWN, LOCKDOWN " cannot be read");
			advise(f, "mount -t securityfs none /sys/kernel/security");
		} else {
			say(f, OK, "this kernel has no lockdown");
		}
		return;
	}
	begin = strchr(line, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end) {
		say(f, UNKNOWN, LOCKDOWN " says '%s'", line);
		return;
	}
	*end = '\0';
	if (!strcmp(begin + 1, "none")) {
		say(f, OK, "none");
		return;
	}
	say(f, PROBLEM, "the kernel is locked down (%s): debugfs and unsigned modules are blocked",
	    begin + 1);
	advise(f, UNLOCK);
}

static bool secure_boot(void)
{
	char bytes[5] = "";
	FILE *file = fopen(SECURE_BOOT, "re");
	bool on;

	if (!file)
		return false;
	/* Four bytes of attributes, then the value. */
	on = fread(bytes, 1, sizeof(bytes), file) == sizeof(bytes) && bytes[4] == 1;
	fclose(file);
	return on;
}

static void check_signatures(const struct machine *machine, struct finding *f)
{
	char line[16];

	if (machine->loaded) {
		say(f, OK, "livecov was accepted");
	} else if (read_line("/proc/sys/kernel/modules_disabled", line, sizeof(line)) &&
		   line[0] == '1') {
		say(f, PROBLEM, "no module can be loaded until the next boot (kernel.modules_disabled)");
		advise(f, "reboot without setting it");
	} else if (read_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line)) &&
		   line[0] == 'Y') {
		say(f, PROBLEM, "only signed modules can be loaded%s",
		    secure_boot() ? " (secure boot is on)" : "");
		advise(f, "sign livecov.ko with a key that the kernel trusts (mokutil --import), or disable secure boot");
	} else {
		say(f, OK, "unsigned modules can be loaded");
	}
}

static void check_headers(const struct machine *machine, struct finding *f)
{
	char path[sizeof(machine->system.release) + 32];

	snprintf(path, sizeof(path), "/lib/modules/%s/build", machine->system.release);
	if (!access(path, F_OK)) {
		say(f, OK, "%s", path);
	} else if (machine->loaded) {
		say(f, OK, "none, but livecov is already loaded");
	} else {
		say(f, PROBLEM, "no %s: livecov.ko cannot be built for this kernel", path);
		advise(f, "apt install linux-headers-%s (the package's name depends on the distribution)",
		       machine->system.release);
	}
}

static void check_livecov(const struct machine *machine, struct finding *f)
{
	struct cov_summary summary = COV_INIT(summary);
	const char *text;
	struct cov *cov;

	(void)machine;
	if (!cov_open(&cov)) {
		if (cov_status(cov, &summary))
			say(f, PROBLEM, "%s", cov_last_error(cov));
		else
			say(f, OK, "livecov %s, interface %u.%u, libcov " LIBCOV_VERSION,
			    summary.release, summary.abi_major, summary.abi_minor);
		cov_close(cov);
		return;
	}
	/* libcov's sentence ends with the next step, after a semicolon. */
	text = strchrnul(cov_last_error(NULL), ';');
	say(f, PROBLEM, "%.*s", (int)(text - cov_last_error(NULL)), cov_last_error(NULL));
	if (*text)
		advise(f, "%s", text + 2);
}

/* The names of a mask's engines, except auto. */
static void list_engines(char *text, size_t size, uint32_t mask)
{
	static const unsigned int all[] = {
		COV_ENGINE_DETOUR, COV_ENGINE_ENTRY, COV_ENGINE_BREAKPOINT, COV_ENGINE_KPROBE,
	};
	size_t i, length = 0;

	text[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (mask & 1U << all[i] && length < size)
			length += snprintf(text + length, size - length, "%s%s",
					   length ? ", " : "", engine_name(all[i]));
}

/* Why livecov does not patch text here: the same checks as its own, in the same order. */
static const char *why_not_all(const struct machine *machine, uint32_t abi_minor,
			       struct finding *f)
{
	if (!abi_minor) {
		advise(f, "load the livecov.ko that was built with this libcov");
		return "this livecov.ko is older than these engines";
	}
	if (machine->major && is_older(machine, 5, 18)) {
		advise(f, "boot Linux 5.18 or newer; until then kprobes are used, which are slower");
		return "Linux is older than 5.18";
	}
	if (!has_line(machine->config, "CONFIG_TASKS_RCU=y")) {
		advise(f, "boot a preemptible kernel; until then kprobes are used, which are slower");
		return "the kernel was built without CONFIG_TASKS_RCU";
	}
	if (locked_down()) {
		advise(f, UNLOCK);
		return "the kernel is locked down";
	}
	advise(f, "run `dmesg | grep 'livecov: engines'` and report what it says; until then kprobes are used, which are slower");
	return "livecov found no way to patch text, or its self-test of that failed";
}

#define FAST_ENGINES	(1U << COV_ENGINE_DETOUR | 1U << COV_ENGINE_BREAKPOINT | \
			 1U << COV_ENGINE_ENTRY)

static void check_engines(const struct machine *machine, struct finding *f)
{
	struct cov_summary summary = COV_INIT(summary);
	char have[64], lack[64];
	struct cov *cov = NULL;

	if (cov_open(&cov) || cov_status(cov, &summary)) {
		say(f, UNKNOWN, "only livecov knows, and it does not respond");
		advise(f, "load livecov, then run covstat doctor again");
		cov_close(cov);
		return;
	}
	cov_close(cov);
	list_engines(have, sizeof(have), summary.engines);
	list_engines(lack, sizeof(lack), FAST_ENGINES & ~summary.engines);
	if (lack[0])
		say(f, OK, "%s; not %s: %s", have, lack,
		    why_not_all(machine, summary.abi_minor, f));
	else
		say(f, OK, "%s", have);
}

static const struct {
	const char *name;
	void (*run)(const struct machine *machine, struct finding *finding);
} checks[] = {
	{ "architecture", check_architecture },
	{ "kernel", check_kernel },
	{ "root", check_root },
	{ "debugfs", check_debugfs },
	{ "kprobes", check_kprobes },
	{ "kprobes enabled", check_kprobes_on },
	{ "kprobes optimised", check_optimization },
	{ "lockdown", check_lockdown },
	{ "module signatures", check_signatures },
	{ "kernel headers", check_headers },
	{ "livecov", check_livecov },
	{ "engines", check_engines },
};

/* ---- output ------------------------------------------------------------ */

static const char *verdict_name(enum verdict verdict)
{
	return verdict == OK ? "ok" : verdict == PROBLEM ? "problem" : "unknown";
}

static void add_json(struct json_object *array, const char *name, const struct finding *f)
{
	struct json_object *object = json_append_object(array);

	json_add_string(object, "name", name);
	json_add_string(object, "state", verdict_name(f->verdict));
	json_add_string(object, "text", f->text);
	if (f->next[0])
		json_add_string(object, "next", f->next);
	else
		json_add_null(object, "next");
}

static void print(const char *name, const struct finding *f)
{
	static const int colors[] = {
		[OK] = COLOR_GOOD, [PROBLEM] = COLOR_BAD, [UNKNOWN] = COLOR_MIDDLING,
	};

	printf("%s%-7s%s  %-17s  %s\n", color_on(colors[f->verdict]), verdict_name(f->verdict),
	       color_off(colors[f->verdict]), name, f->text);
	if (f->next[0])
		printf("%-7s  %-17s  -> %s\n", "", "", f->next);
}

static void look_at(struct machine *machine)
{
	const char *release = machine->system.release;

	uname(&machine->system);
	if (sscanf(release, "%d.%d", &machine->major, &machine->minor) != 2)
		machine->major = machine->minor = 0;
	snprintf(machine->config, sizeof(machine->config), "/boot/config-%s", release);
	machine->root = geteuid() == 0;
	machine->loaded = !access("/sys/module/livecov", F_OK);
}

static int diagnose(void)
{
	struct json_object *document = settings.json ? json_document() : NULL;
	struct json_object *array = document ? json_add_array(document, "checks") : NULL;
	struct machine machine = { 0 };
	unsigned int problems = 0;
	size_t i;

	look_at(&machine);
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		struct finding finding = { 0 };

		checks[i].run(&machine, &finding);
		problems += finding.verdict == PROBLEM;
		if (document)
			add_json(array, checks[i].name, &finding);
		else
			print(checks[i].name, &finding);
	}
	if (document) {
		json_add_number(document, "problems", problems);
		json_print(document);
	}
	return problems ? EXIT_ERROR : EXIT_OK;
}

static const struct option longs[] = { COMMON_OPTIONS };

static int run_doctor(int argc, char **argv)
{
	int status;

	if (!take_options(&cmd_doctor, argc, argv, NULL, &status))
		return status;
	status = no_operands(&cmd_doctor, argc, argv);
	return status == EXIT_OK ? diagnose() : status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.purpose = "Say what would prevent livecov from working, and what to do.",
	.usage = "[OPTION]...",
	.options = "",
	.notes = "The exit status is 1 if something would prevent livecov from working.\n",
	.example = "sudo covstat doctor",
	.shorts = "h",
	.longs = longs,
	.run = run_doctor,
};
