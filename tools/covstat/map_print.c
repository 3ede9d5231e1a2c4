// SPDX-License-Identifier: GPL-2.0-only
/*
 * map_print.c - a map as text, as JSON, and for Graphviz.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "map.h"

static const struct {
	const char *word;
	char mark;
	const char *fill, *line;
} states[] = {
	[COV_NO] = { "unhit", '-', "#ffcdd2", "#c62828" },
	[COV_YES] = { "hit", '+', "#c8e6c9", "#2e7d32" },
	[COV_UNKNOWN] = { "unknown", '?', "#eeeeee", "#757575" },
	[MAP_OUTSIDE] = { "outside", '.', "#ffffff", "#757575" },
};

static bool same_function(const struct map_node *x, const struct map_node *y)
{
	return map_box(x) == map_box(y) && (map_box(x) == COV_NONE || x->t == y->t);
}

/* Does the @i-th node in print begin a group? */
static bool opens_group(const struct map *map, size_t i)
{
	return !i || !same_function(&map->nodes[map->order[i]], &map->nodes[map->order[i - 1]]);
}

/* The function that a node lies in; the buffer is the caller's. */
static const char *group_text(const struct map *map, const struct map_node *node,
			      char buffer[PLACE_LEN])
{
	return place_text(map->names, node->t, node->function, 0, buffer);
}

/* ---- text -------------------------------------------------------------- */

/* Prints it on one line, with its function's name unless @beside is in the same function. */
static void print_label(const struct map *map, const struct map_node *node,
			const struct map_node *beside, FILE *out)
{
	const char *label = node->label;
	char function[PLACE_LEN];

	if (map_box(node) != COV_NONE && !node->named && !same_function(node, beside))
		fprintf(out, "%s ", group_text(map, node, function));
	for (; *label; label++)
		fputs(*label == '\n' ? ", " : (char[]){ *label, '\0' }, out);
}

static void print_node(const struct map *map, const struct map_node *node, const char *indent,
		       FILE *out)
{
	size_t i = node - map->nodes, end = map->first_edge[i + 1];

	fprintf(out, "%s%c ", indent, states[node->state].mark);
	print_label(map, node, node, out);
	fputc('\n', out);
	for (i = map->first_edge[i]; i < end; i++) {
		const struct map_edge *edge = &map->edges[i];

		fprintf(out, "%s    %c %s%s-> ", indent, states[edge->state].mark, edge->label,
			edge->label[0] ? " " : "");
		print_label(map, &map->nodes[edge->to], node, out);
		if (edge->count)
			fprintf(out, "  x %" PRIu64, edge->count);
		fputc('\n', out);
	}
}

void map_print_text(const struct map *map, FILE *out)
{
	char function[PLACE_LEN], paths[GROUPED_LEN];
	size_t i;

	fprintf(out, "%s\n(+ ran, - did not, ? not known, . outside)\n", map->title);
	for (i = 0; i < map->nr_nodes; i++) {
		const struct map_node *node = &map->nodes[map->order[i]];
		bool boxed = map_box(node) != COV_NONE;

		if (boxed && opens_group(map, i))
			fprintf(out, "\n%s:\n", group_text(map, node, function));
		print_node(map, node, boxed ? "  " : "", out);
	}
	if (map->paths)
		fprintf(out, "\n%s paths\n", grouped(paths, map->nr_edges));
}

/* ---- Graphviz ---------------------------------------------------------- */

/* Inside double quotes; \n is dot's own line separator. */
static void print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void dot_node(const struct map *map, size_t node, FILE *out)
{
	const struct map_node *n = &map->nodes[node];

	fprintf(out, "\tn%zu [label=", node);
	print_quoted(n->label, out);
	fprintf(out, ", fillcolor=\"%s\", color=\"%s\"%s];\n", states[n->state].fill,
		states[n->state].line,
		n->state == MAP_OUTSIDE ? ", style=\"filled,dashed\"" : "");
}

static void dot_edge(const struct map_edge *edge, FILE *out)
{
	char label[sizeof(edge->label) + 32];

	if (edge->count)
		snprintf(label, sizeof(label), "%s%s%" PRIu64, edge->label,
			 edge->label[0] ? " " : "", edge->count);
	else
		snprintf(label, sizeof(label), "%s", edge->label);
	fprintf(out, "\tn%zu -> n%zu [color=\"%s\", fontcolor=\"%s\", style=%s, label=", edge->from,
		edge->to, states[edge->state].line, states[edge->state].line,
		edge->state == COV_YES ? "solid" : "dashed");
	print_quoted(label, out);
	fputs("];\n", out);
}

/* A box around the nodes of each function. */
static void dot_nodes(const struct map *map, FILE *out)
{
	char function[PLACE_LEN];
	bool open = false;
	size_t i;

	for (i = 0; i < map->nr_nodes; i++) {
		const struct map_node *node = &map->nodes[map->order[i]];

		if (opens_group(map, i)) {
			fputs(open ? "\t}\n" : "", out);
			open = map_box(node) != COV_NONE;
			if (open) {
				fprintf(out, "\tsubgraph cluster_%zu {\n\tlabel=", i);
				print_quoted(group_text(map, node, function), out);
				fputs(";\n", out);
			}
		}
		dot_node(map, map->order[i], out);
	}
	fputs(open ? "\t}\n" : "", out);
}

void map_print_dot(const struct map *map, FILE *out)
{
	size_t i;

	fputs("digraph coverage {\n"
	      "\tgraph [fontname=\"sans-serif\", color=\"#bdbdbd\", labelloc=t, label=", out);
	print_quoted(map->title, out);
	fputs("];\n"
	      "\tnode [shape=box, style=filled, fontname=\"monospace\", fontsize=11];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=10];\n", out);
	dot_nodes(map, out);
	for (i = 0; i < map->nr_edges; i++)
		dot_edge(&map->edges[i], out);
	fputs("}\n", out);
}

/* ---- JSON -------------------------------------------------------------- */

/* A node outside of what is measured: what is known of it. */
static void add_outside(struct json_object *to, const struct map_node *node)
{
	json_add_string(to, "function", node->symbol ? node->symbol : "");
	if (node->module)
		json_add_string(to, "module", node->module);
	else
		json_add_null(to, "module");
	if (node->symbol)
		json_add_address(to, "function_address", node->address);
	else
		json_add_no_address(to, "function_address");
}

/* The function that a node is, or lies in. */
static void add_function(struct json_object *to, const struct map *map,
			 const struct map_node *node)
{
	const struct cov_snapshot *snapshot = names_snapshot(map->names);
	struct cov_function_desc f = COV_INIT(f);
	struct cov_target_desc target = COV_INIT(target);

	if (node->function == COV_NONE) {
		add_outside(to, node);
		return;
	}
	cov_snapshot_target(snapshot, node->t, &target);
	cov_snapshot_function(snapshot, node->t, node->function, &f);
	json_add_string(to, "function", f.name);
	json_add_string(to, "module", target.module);
	json_add_address(to, "function_address", f.address);
}

/* Everything of a node but its number. */
static void add_node(struct json_object *to, const struct map *map, const struct map_node *node)
{
	json_add_string(to, "label", node->label);
	json_add_string(to, "kind", node->kind);
	add_function(to, map, node);
	if (node->function == COV_NONE && !node->symbol)
		json_add_null(to, "function_offset");
	else
		json_add_number(to, "function_offset", node->offset);
	if (node->outcome)
		json_add_string(to, "outcome", node->outcome);
	else
		json_add_null(to, "outcome");
	json_add_string(to, "state", states[node->state].word);
}

static void add_edge(struct json_object *to, const struct map_edge *edge)
{
	json_add_number(to, "from", edge->from);
	json_add_number(to, "to", edge->to);
	json_add_string(to, "label", edge->label);
	json_add_known(to, "taken", edge->taken);
	json_add_number(to, "count", edge->count);
	if (edge->recorded)
		json_add_number(to, "first_sample", edge->first_sample);
	else
		json_add_null(to, "first_sample");
	json_add_string(to, "state", states[edge->state].word);
}

int map_print_json(const struct map *map)
{
	struct json_object *document = json_document();
	struct json_object *array, *object;
	size_t i;

	json_add_string(document, "title", map->title);
	array = json_add_array(document, "nodes");
	for (i = 0; i < map->nr_nodes; i++) {
		object = json_append_object(array);
		json_add_number(object, "id", i);
		add_node(object, map, &map->nodes[i]);
	}
	array = json_add_array(document, "edges");
	for (i = 0; i < map->nr_edges; i++)
		add_edge(json_append_object(array), &map->edges[i]);
	if (map->paths)
		json_add_number(document, "paths", map->nr_edges);
	else
		json_add_null(document, "paths");
	json_add_number(document, "lost", map->lost);
	return json_print(document);
}
