/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map.h - a picture of coverage: nodes and edges, before they become text, JSON or
 * Graphviz. map.c has the command, map_build.c and map_records.c make pictures,
 * map_print.c prints them.
 */
#ifndef COVSTAT_MAP_H
#define COVSTAT_MAP_H

#include "covstat.h"

/* What is known about a node or an edge: libcov's values, and one more. */
#define MAP_OUTSIDE	3	/* not part of what is measured */

/**
 * struct map_node - a block, a function, a checkpoint
 * @key: unique
 * @label: what is shown, with lines separated by \n; owned by the node
 * @t: target of the function that it is or lies in
 * @function: that function; COV_NONE for none
 * @whole: the node is that whole function
 * @named: @label begins with that function's name
 * @state: COV_NO, COV_YES, COV_UNKNOWN, MAP_OUTSIDE
 * @kind: "block", "function", "elsewhere", or end_kind()'s
 * @offset: of it, from its function's first byte, if that is known
 * @outcome: outcome_json()'s; NULL if it is none
 * @symbol: the name of a function outside, if @function is COV_NONE, or NULL; owned by the node
 * @module: the module of @symbol, or NULL; owned by the node
 * @address: of the first byte of the function that it is
 */
struct map_node {
	uint64_t key;
	char *label;
	unsigned int t, function;
	bool whole;
	bool named;
	unsigned int state;
	const char *kind;
	uint64_t offset;
	const char *outcome;
	char *symbol, *module;
	uint64_t address;
};

/* map_box - the function that a node is drawn in, or COV_NONE */
static inline unsigned int map_box(const struct map_node *node)
{
	return node->whole ? COV_NONE : node->function;
}

/**
 * struct map_edge - an edge from node to node
 * @from: index
 * @to: index
 * @label: "taken", "never taken", ...; "" for none
 * @count: how often, 0 if that is not known
 * @state: COV_NO, COV_YES, COV_UNKNOWN
 * @taken: of a branch: COV_YES, COV_NO; COV_UNKNOWN for other edges
 * @recorded: it is a caller record, or several
 * @first_sample: that showed it, if it is @recorded; 0 for none
 */
struct map_edge {
	size_t from, to;
	char label[48];
	uint64_t count;
	unsigned int state;
	unsigned int taken;
	bool recorded;
	uint64_t first_sample;
};

/**
 * struct map - the picture
 * @title: of it
 * @names: of the snapshot's functions
 * @nodes: @nr_nodes of them
 * @edges: @nr_edges of them; after map_finish() by @from
 * @order: after map_finish(): nodes by function
 * @first_edge: after map_finish(): of each node; one entry more than nodes
 * @paths: each edge is a path
 * @lost: caller records that did not fit, of a picture that is made of them
 * @index: hash table from keys to nodes; MAP_NO_NODE where it is empty
 */
struct map {
	char title[512];
	struct names *names;
	struct map_node *nodes;
	size_t nr_nodes, room_nodes;
	struct map_edge *edges;
	size_t nr_edges, room_edges;
	size_t *order;
	size_t *first_edge;
	bool paths;
	uint64_t lost;
	size_t *index;
	size_t room_index;
};

/**
 * struct map_request - what to draw
 * @function: whose blocks; none if its name is empty
 * @sample: whose coverage, 0 for everything
 * @frontier: branches with a side that was not reached
 * @paths: every pair of checkpoints
 *
 * None of these: functions that ran, and their callers.
 */
struct map_request {
	struct place_name function;
	uint64_t sample;
	bool frontier;
	bool paths;
};

/* ---- map_build.c: from the tables ---- */

/* map_find - the node with that key, or MAP_NO_NODE */
#define MAP_NO_NODE	((size_t)-1)
size_t map_find(const struct map *map, uint64_t key);

/* map_add_node - a new one; its index. The strings are taken over. */
size_t map_add_node(struct map *map, const struct map_node *node);

/* map_add_edge - a new one, which may be changed until the next is added; @label is copied */
struct map_edge *map_add_edge(struct map *map, size_t from, size_t to, const char *label,
			      uint64_t count, unsigned int state);

/* map_text - like printf, into memory that the caller owns */
__attribute__((format(printf, 1, 2)))
char *map_text(const char *format, ...);

/* map_function, map_frontier - return an exit code; frontier: an empty name is all functions */
int map_function(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		 const struct place_name *function);
int map_frontier(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
		 const struct place_name *function);

/* map_finish - to be called when everything is added: sort it for printing */
void map_finish(struct map *map);

void map_free(struct map *map);

/* ---- map_records.c: from caller records ---- */

/* map_calls, map_paths - return an exit code; @sample: its records alone, or 0 */
int map_calls(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
	      uint64_t sample);
int map_paths(struct map *map, struct cov *cov, const struct cov_snapshot *snapshot,
	      uint64_t sample);

/* ---- map_print.c ---- */

void map_print_text(const struct map *map, FILE *out);
void map_print_dot(const struct map *map, FILE *out);
int map_print_json(const struct map *map);

#endif /* COVSTAT_MAP_H */
