// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * codecov.c - the calls of codecov.h, on backend.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend.h"
#include "codecov.h"

/*
 * livecov has no sample 0, and news are told apart by samples, so a task that gives no id gets a
 * number of its own. There are only so many of them, because until it is unloaded livecov keeps
 * each sample, at least a page of it for each checkpoint.
 */
#define OWN_SAMPLES	64

#define NAME_MAX_LEN	255

/*
 * What a thread has registered; if @tid is not its own, its parent did so before a
 * fork(). Callers with higher serials are new to it, or not yet read by it.
 */
static __thread struct {
	pid_t tid;
	uint64_t sample;
	bool test_case;
	uint64_t since;
	uint64_t read;
} self;

/* As ioctl() would. */
static int result(int ret)
{
	if (!ret)
		return 0;
	errno = -ret;
	return -1;
}

static bool is_registered(void)
{
	return self.tid == gettid();
}

/* Rarely the same for threads that run at the same time; a child of fork() gets another one. */
static uint64_t own_sample(void)
{
	return UINT64_MAX - gettid() % OWN_SAMPLES;
}

/* ---- tasks ----------------------------------------------------------------- */

int cov_register(unsigned long id, int is_test_case)
{
	uint64_t sample = id ? id : own_sample();
	uint64_t serial = 0;
	int ret;

	if (is_registered())
		return result(-EEXIST);
	ret = backend_last_serial(&serial);
	if (!ret && is_test_case)
		ret = backend_register(sample);
	else if (!ret)
		backend_unregister();	/* what it may have inherited */
	if (ret)
		return result(ret);
	self.tid = gettid();
	self.sample = sample;
	self.test_case = is_test_case;
	self.since = serial;
	self.read = serial;
	return 0;
}

int cov_unregister(void)
{
	/* Unregistered as far as we know, it may have been registered before exec or fork. */
	if (!is_registered() || self.test_case)
		backend_unregister();
	self.tid = 0;
	return 0;
}

int cov_check(void)
{
	return result(backend_check());
}

/* ---- checkpoints ----------------------------------------------------------- */

static const struct backend_point *find_name(const struct backend_view *view, const char *name)
{
	size_t i;

	for (i = 0; i < view->nr_points; i++)
		if (!strcmp(view->points[i].name, name))
			return &view->points[i];
	return NULL;
}

/* A new name must not be a branch's. */
static int check_branch(const char *name)
{
	struct backend_view view;
	int ret = backend_view(&view, false);

	if (ret)
		return ret;
	ret = find_name(&view, name) ? -EEXIST : 0;
	backend_free(&view);
	return ret;
}

/* A name that livecov does not know may be that of a branch's place. */
static int change_branch(const char *name, enum backend_change change)
{
	struct backend_view view;
	int ret = backend_view(&view, false);
	size_t i;

	if (ret)
		return ret;
	for (i = 0; i < view.nr_points && !ret; i++)
		if (view.points[i].branch && !strcmp(view.points[i].name, name))
			ret = backend_change(&view.points[i], change);
	backend_free(&view);
	return ret;
}

int checkpoint_add(char *name, char *func, unsigned long offset, unsigned long level,
		   int _auto)
{
	int ret = name && func ? 0 : -EFAULT;

	/* Only such a name can be a branch's. */
	if (!ret && strchr(name, '#'))
		ret = check_branch(name);
	return result(ret ? ret : backend_add(name, func, offset, level, _auto && !offset));
}

int checkpoint_del(char *name)
{
	int ret = name ? backend_del(name) : -EFAULT;

	/* Without livecov it is ENOENT as well. */
	return result(ret == -ENOENT ? change_branch(name, BACKEND_DELETE) : ret);
}

int checkpoint_restart(void)
{
	struct backend_view view;
	int ret = backend_view(&view, false);
	size_t i;

	if (ret)
		return result(ret);
	for (i = 0; i < view.nr_points && (!ret || ret == -ENOENT); i++)
		if (!view.points[i].branch)
			ret = backend_del(view.points[i].name);
	backend_free(&view);
	return result(ret == -ENOENT ? 0 : ret);
}

int checkpoint_xstate(char *name, size_t len, unsigned long enable, unsigned long subpath)
{
	char own[NAME_MAX_LEN + 1];
	int ret;

	if (!name)
		return checkpoint_xstate_all(enable);
	len = strnlen(name, len);
	if (!len || len > NAME_MAX_LEN)
		return result(-EINVAL);
	memcpy(own, name, len);
	own[len] = '\0';
	ret = backend_switch(own, enable, subpath);
	if (ret == -ENOENT)
		ret = change_branch(own, enable ? BACKEND_ON : BACKEND_OFF);
	return result(ret);
}

int checkpoint_xstate_all(unsigned long enable)
{
	int ret = backend_switch(NULL, enable, true);

	return result(ret == -ENOENT ? backend_check() : ret);
}

/* ---- numbers and names ----------------------------------------------------- */

/* All checkpoints, if the caller has given every pointer that is needed. */
static int view_if(bool given, struct backend_view *view, bool callers)
{
	return given ? backend_view(view, callers) : -EFAULT;
}

static int count(unsigned long *hit, unsigned long *total)
{
	struct backend_view view;
	int ret = view_if(hit && total, &view, false);
	size_t i;

	if (ret)
		return result(ret);
	*hit = 0;
	*total = view.nr_points;
	for (i = 0; i < view.nr_points; i++)
		*hit += !!view.points[i].hits;
	backend_free(&view);
	return 0;
}

int get_numhit(unsigned long *num_hit)
{
	unsigned long total;

	return count(num_hit, &total);
}

int get_numtotal(unsigned long *num_total)
{
	unsigned long hit;

	return count(&hit, num_total);
}

int get_coverage(double *percent)
{
	unsigned long hit, total;

	if (count(percent ? &hit : NULL, &total))
		return -1;
	*percent = total ? (double)hit / total : 0;
	return 0;
}

int cov_path_count(unsigned long *paths)
{
	struct backend_view view;
	int ret = view_if(paths, &view, true);

	if (ret)
		return result(ret);
	*paths = view.nr_callers;
	backend_free(&view);
	return 0;
}

static int status_of(const struct backend_point *point, enum status_opt option,
		     unsigned long *value)
{
	switch (option) {
	case STATUS_HIT:
		*value = point->hits;
		return 0;
	case STATUS_LEVEL:
		*value = point->levels;
		return 0;
	case STATUS_ENABLED:
		*value = point->enabled;
		return 0;
	}
	return -EINVAL;
}

int get_cp_status(char *name, enum status_opt option, unsigned long *value)
{
	const struct backend_point *point;
	struct backend_view view;
	int ret = view_if(name && value, &view, false);

	if (ret)
		return result(ret);
	point = find_name(&view, name);
	ret = point ? status_of(point, option, value) : -ENOENT;
	backend_free(&view);
	return result(ret);
}

static bool has_level(const struct backend_point *point, unsigned long level)
{
	return level >= 1 && level <= 64 && point->levels >> (level - 1) & 1;
}

static int next_unhit(char *buf, size_t len, size_t skip, unsigned long level, bool branches)
{
	const struct backend_point *point;
	struct backend_view view;
	int ret = view_if(buf, &view, false);
	size_t i;

	if (ret)
		return result(ret);
	ret = -ENOENT;
	for (i = 0; i < view.nr_points; i++) {
		point = &view.points[i];
		if (point->hits || !has_level(point, level) ||
		    (!branches && strchr(point->name, '#')) || skip-- > 0)
			continue;
		ret = strlen(point->name) < len ? 0 : -EINVAL;
		if (!ret)
			strcpy(buf, point->name);
		break;
	}
	backend_free(&view);
	return result(ret);
}

int get_next_unhit_func(char *buf, size_t len, size_t skip, unsigned long level)
{
	return next_unhit(buf, len, skip, level, false);
}

int get_next_unhit_cp(char *buf, size_t len, size_t skip, unsigned long level)
{
	return next_unhit(buf, len, skip, level, true);
}

/* ---- the path map ---------------------------------------------------------- */

/* By point; the callers of one point in the order in which they first occurred. */
static int compare(const void *left, const void *right)
{
	const struct backend_caller *a = left, *b = right;

	if (a->point != b->point)
		return a->point < b->point ? -1 : 1;
	return a->serial < b->serial ? -1 : 1;
}

static void write_caller(FILE *out, const struct backend_caller *caller)
{
	if (caller->symbol)
		fprintf(out, "+%s(0x%016llx)", caller->symbol,
			(unsigned long long)caller->address);
	else
		fputs("+NULL", out);
}

static void write_map(FILE *out, struct backend_view *view)
{
	size_t i, next = 0;

	if (view->nr_callers)
		qsort(view->callers, view->nr_callers, sizeof(*view->callers), compare);
	for (i = 0; i < view->nr_points; i++) {
		fputs(view->points[i].name, out);
		while (next < view->nr_callers && view->callers[next].point == i)
			write_caller(out, &view->callers[next++]);
		fputc(':', out);
	}
}

/* The whole map as a string that the caller frees. */
static int make_map(char **text, size_t *length)
{
	struct backend_view view;
	FILE *out;
	int ret = backend_view(&view, true);

	if (ret)
		return ret;
	out = open_memstream(text, length);
	if (out)
		write_map(out, &view);
	backend_free(&view);
	return !out || fclose(out) ? -ENOMEM : 0;
}

int get_path_map(char *buf, size_t *len)
{
	size_t room = len ? *len : 0;
	char *text;
	int ret = len ? make_map(&text, len) : -EFAULT;

	if (ret)
		return result(ret);
	if (++*len > room)
		ret = -EAGAIN;
	else if (!buf)
		ret = -EFAULT;
	else
		memcpy(buf, text, *len);
	free(text);
	return result(ret);
}

void output_path_map(char *buf, size_t len)
{
	char *entry, *name, *caller, *entries = NULL, *names = NULL;

	if (!buf || !len)
		return;
	buf[len - 1] = '\0';
	for (entry = strtok_r(buf, ":", &entries); entry;
	     entry = strtok_r(NULL, ":", &entries)) {
		name = strtok_r(entry, "+", &names);
		caller = name ? strtok_r(NULL, "+", &names) : NULL;
		if (caller)
			fprintf(stderr, "%s\n", name);
		for (; caller; caller = strtok_r(NULL, "+", &names))
			fprintf(stderr, "----%s\n", caller);
	}
}

/* ---- what is new to this task ---------------------------------------------- */

static bool is_news(const struct backend_caller *caller, uint64_t since)
{
	return self.test_case && caller->sample == self.sample && caller->serial > since;
}

static int write_line(char *line, size_t size, const struct backend_view *view,
		      const struct backend_caller *caller)
{
	const struct backend_point *point = &view->points[caller->point];

	if (point->branch || point->offset)
		return snprintf(line, size, "NEW PATH: %s\n", point->name);
	return snprintf(line, size, "NEW PATH: %s. CALLER_ADDR: 0x%016llx\n", point->name,
			(unsigned long long)caller->address);
}

int cov_get_buffer(char *buffer, size_t len)
{
	struct backend_view view;
	size_t i, used = 0;
	int ret = is_registered() ? view_if(buffer || !len, &view, true) : -ESRCH;

	if (ret)
		return result(ret);
	for (i = 0; i < view.nr_callers; i++) {
		char line[384];
		size_t length;

		if (!is_news(&view.callers[i], self.read))
			continue;
		length = write_line(line, sizeof(line), &view, &view.callers[i]);
		if (length > len - used)
			break;
		memcpy(buffer + used, line, length);
		used += length;
		self.read = view.callers[i].serial;
	}
	if (used < len)
		buffer[used] = '\0';
	backend_free(&view);
	return 0;
}

/* Prints what is new and marks it as read. */
static int print_news(bool pretty)
{
	struct backend_view view;
	size_t i;
	int ret = is_registered() ? backend_view(&view, true) : -ESRCH;

	if (ret)
		return result(ret);
	for (i = 0; i < view.nr_callers; i++) {
		const struct backend_caller *caller = &view.callers[i];
		char line[384];

		if (!is_news(caller, self.read))
			continue;
		write_line(line, sizeof(line), &view, caller);
		if (pretty)
			fprintf(stderr, "%s\n----%s\n", caller->symbol ? caller->symbol : "NULL",
				view.points[caller->point].name);
		else
			fputs(line, stderr);
	}
	self.read = view.last_serial;
	backend_free(&view);
	return 0;
}

int cov_buffer_print(void)
{
	return print_news(false);
}

int cov_buffer_print_pretty(void)
{
	return print_news(true);
}

int cov_buffer_clear(void)
{
	return result(is_registered() ? backend_last_serial(&self.read) : -ESRCH);
}

int cov_thread_effective(void)
{
	struct backend_view view;
	int effective = 0;
	size_t i;
	int ret;

	if (!is_registered())
		return 0;
	ret = backend_view(&view, true);
	if (ret)
		return result(ret);
	for (i = 0; i < view.nr_callers; i++)
		effective |= is_news(&view.callers[i], self.since);
	backend_free(&view);
	return effective;
}
