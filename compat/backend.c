// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * backend.c - see backend.h. The only file here that uses libcov.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "libcov.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct cov *handle;

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void drop_lock(void)
{
	pthread_mutex_unlock(&lock);
}

/* A child of fork() must not inherit a lock held by a thread that it does not have. */
static void guard_fork(void)
{
	pthread_atfork(take_lock, drop_lock, drop_lock);
}

/* Must be followed by drop_lock(), whatever it returns. */
static int begin(void)
{
	pthread_once(&once, guard_fork);
	take_lock();
	return handle ? 0 : cov_open(&handle);
}

int backend_check(void)
{
	int ret = begin();

	drop_lock();
	return ret;
}

/*
 * A registration ends when the file through which it was made is closed. codecov's outlasts exec,
 * so the file has to stay open: the new program holds it until it ends, without knowing of it.
 */
static void outlast_exec(void)
{
	fcntl(cov_fd(handle), F_SETFD, 0);
}

int backend_register(uint64_t sample)
{
	int ret = begin();

	if (!ret)
		ret = cov_register(handle, sample);
	/* A task has inherited its parent's sample; with codecov it would not be registered yet. */
	if (ret == -EEXIST) {
		ret = cov_unregister(handle);
		if (!ret || ret == -ESRCH)
			ret = cov_register(handle, sample);
	}
	if (!ret)
		outlast_exec();
	drop_lock();
	return ret;
}

int backend_unregister(void)
{
	int ret = begin();

	if (!ret)
		ret = cov_unregister(handle);
	drop_lock();
	return ret;
}

int backend_add(const char *name, const char *function, uint64_t offset, uint64_t levels,
		bool branches)
{
	struct cov_checkpoint_options options = COV_INIT(options);
	int ret = begin();

	options.name = name;
	options.function = function;
	options.offset = offset;
	options.levels = levels;
	options.scope = COV_SCOPE_TRACKED;
	options.automatic = branches;
	if (!ret)
		ret = cov_checkpoint_add(handle, &options, NULL);
	if (ret == -ENOENT && handle) {
		options.module = COV_CORE_KERNEL;
		ret = cov_checkpoint_add(handle, &options, NULL);
	}
	drop_lock();
	return ret;
}

int backend_del(const char *name)
{
	int ret = begin();

	if (!ret)
		ret = checkpoint_del(handle, name);
	drop_lock();
	return ret;
}

/* A pattern that matches only the name itself; -ENAMETOOLONG if it does not fit. */
static int quote(char *pattern, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name; name++) {
		if (n + 3 > size)
			return -ENAMETOOLONG;
		if (strchr("*?[]\\", *name))
			pattern[n++] = '\\';
		pattern[n++] = *name;
	}
	pattern[n] = '\0';
	return 0;
}

int backend_switch(const char *name, bool on, bool branches)
{
	char pattern[256] = "*";
	int ret = name ? quote(pattern, sizeof(pattern), name) : 0;

	if (ret)
		return ret;
	ret = begin();
	if (!ret)
		ret = cov_checkpoint_switch(handle, pattern, on, branches);
	drop_lock();
	return ret;
}

int backend_change(const struct backend_point *point, enum backend_change change)
{
	static const unsigned int to[] = {
		[BACKEND_ON] = COV_OUTCOME_ON,
		[BACKEND_OFF] = COV_OUTCOME_OFF,
		[BACKEND_DELETE] = COV_OUTCOME_DELETED,
	};
	int ret = begin();

	if (!ret)
		ret = cov_outcome_switch(handle, point->target, point->address, to[change]);
	drop_lock();
	return ret == -ENOENT ? 0 : ret;
}

static int last_serial(uint64_t *serial)
{
	struct cov_news_counts counts = COV_INIT(counts);
	int ret = cov_news(handle, &counts);

	*serial = counts.pairs;
	return ret;
}

int backend_last_serial(uint64_t *serial)
{
	int ret = begin();

	if (!ret)
		ret = last_serial(serial);
	drop_lock();
	return ret;
}

/* ---- points ---------------------------------------------------------------- */

/* Index after the points of a target; they are contiguous, in the order of targets. */
static size_t end_of(const struct backend_view *view, uint32_t t)
{
	size_t low = 0, high = view->nr_points;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->points[middle].t <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The point of a target at an address, of a branch or not; nr_points if there is none. */
static size_t find_point(const struct backend_view *view, uint32_t t, bool branch,
			 uint64_t address)
{
	size_t i = end_of(view, t);

	while (i-- && view->points[i].t == t)
		if (view->points[i].branch == branch && view->points[i].address == address)
			return i;
	return view->nr_points;
}

static int add_point(struct backend_view *view, const struct backend_point *point)
{
	struct backend_point *grown;

	/* Doubled at each power of two. */
	if (!(view->nr_points & (view->nr_points - 1))) {
		grown = realloc(view->points, (view->nr_points ? 2 * view->nr_points : 1) *
						      sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		view->points = grown;
	}
	view->points[view->nr_points++] = *point;
	return 0;
}

/* Where a branch leads to. */
static uint64_t leads_to(const struct cov_function_desc *function,
			 const struct cov_branch_desc *branch, bool taken)
{
	return taken ? branch->target : function->address + branch->offset + branch->length;
}

/* Two branches may lead to the same place, and both outcomes of one as well. */
static int add_outcome(struct backend_view *view, const struct backend_point *place,
		       const struct cov_function_desc *function,
		       const struct cov_branch_desc *branch, bool taken)
{
	uint64_t address = leads_to(function, branch, taken);
	uint64_t hits = taken ? branch->taken_hits : branch->fallthrough_hits;
	unsigned int state = taken ? branch->taken_switch : branch->fallthrough_switch;
	size_t i = find_point(view, place->t, true, address);
	struct backend_point point = *place;

	if (state == COV_OUTCOME_DELETED)
		return 0;
	if (i < view->nr_points) {
		view->points[i].hits += hits;
		return 0;
	}
	point.branch = true;
	point.enabled = state == COV_OUTCOME_ON;
	point.address = address;
	point.offset = address - function->address;
	point.hits = hits;
	snprintf(point.name, sizeof(point.name), "%s#%lld", function->name,
		 (long long)point.offset);
	return add_point(view, &point);
}

static int add_branches(struct backend_view *view, const struct backend_point *place,
			uint32_t branches)
{
	int ret = 0;
	uint32_t i;

	for (i = 0; !ret && i < branches; i++) {
		struct cov_function_desc function = COV_INIT(function);
		struct cov_branch_desc branch = COV_INIT(branch);

		ret = cov_snapshot_branch(view->snapshot, place->t, i, &branch);
		if (!ret)
			ret = cov_snapshot_function(view->snapshot, place->t, branch.function,
						    &function);
		if (!ret)
			ret = add_outcome(view, place, &function, &branch, false);
		if (!ret)
			ret = add_outcome(view, place, &function, &branch, true);
	}
	return ret;
}

/* Targets that are whole modules are not ours. */
static int add_target(struct backend_view *view, uint32_t t)
{
	struct cov_checkpoint_desc desc = COV_INIT(desc);
	struct backend_point place = { .t = t };
	int ret = cov_snapshot_checkpoint(view->snapshot, t, &desc);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	place.target = desc.target;
	place.enabled = desc.enabled;
	place.address = desc.address;
	place.offset = desc.offset;
	place.levels = desc.levels;
	place.hits = desc.hits;
	snprintf(place.name, sizeof(place.name), "%s", desc.name);
	ret = add_point(view, &place);
	return ret ? ret : add_branches(view, &place, desc.branches);
}

/* ---- their callers --------------------------------------------------------- */

/* The point that a record leads to; nr_points if it is not ours. */
static size_t led_to(const struct backend_view *view, const struct cov_end *to)
{
	struct cov_function_desc function = COV_INIT(function);
	struct cov_branch_desc branch = COV_INIT(branch);

	switch (to->kind) {
	case COV_END_FUNCTION:
	case COV_END_CHECKPOINT:
		return find_point(view, to->t, false, to->address);
	case COV_END_OUTCOME:
		if (cov_snapshot_branch(view->snapshot, to->t, to->index, &branch) ||
		    cov_snapshot_function(view->snapshot, to->t, branch.function, &function))
			return view->nr_points;
		return find_point(view, to->t, true, leads_to(&function, &branch, to->taken));
	default:
		return view->nr_points;
	}
}

/* A function's entry is reached from a caller, any other place from the one before it. */
static bool counts(const struct backend_point *point, const struct cov_end *from)
{
	bool entry = !point->branch && !point->offset;

	return entry == (from->kind == COV_END_ADDRESS);
}

static int add_callers(struct backend_view *view)
{
	struct cov_news_counts all = COV_INIT(all);
	struct cov_record record = COV_INIT(record);
	size_t i;
	int ret;

	all.pairs = view->last_serial;
	ret = cov_new_pairs(handle, view->snapshot, &all, &view->records);
	if (ret)
		return ret;
	view->callers = calloc(cov_records_count(view->records) + 1, sizeof(*view->callers));
	if (!view->callers)
		return -ENOMEM;
	for (i = 0; !cov_records_get(view->records, i, &record); i++) {
		size_t point = led_to(view, &record.to);

		if (point == view->nr_points || !counts(&view->points[point], &record.from))
			continue;
		view->callers[view->nr_callers++] = (struct backend_caller){
			.point = point,
			.symbol = record.from.symbol,
			.address = record.from.address,
			.sample = record.first_sample,
			.serial = record.serial,
		};
	}
	return 0;
}

int backend_view(struct backend_view *view, bool callers)
{
	uint32_t t;
	int ret = begin();

	memset(view, 0, sizeof(*view));
	/* Before the snapshot: later records might lead to something that it does not have. */
	if (!ret && callers)
		ret = last_serial(&view->last_serial);
	if (!ret)
		ret = cov_snapshot_take(handle, NULL, &view->snapshot);
	for (t = 0; !ret && t < cov_snapshot_targets(view->snapshot); t++)
		ret = add_target(view, t);
	if (!ret && callers && view->last_serial)
		ret = add_callers(view);
	drop_lock();
	if (ret)
		backend_free(view);
	return ret;
}

void backend_free(struct backend_view *view)
{
	free(view->callers);
	free(view->points);
	cov_records_free(view->records);
	cov_snapshot_free(view->snapshot);
}
