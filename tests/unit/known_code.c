// SPDX-License-Identifier: GPL-2.0-only
/*
 * known_code.c - makes flow_build()'s input of the records of known_code.h.
 */
#include <assert.h>

#include "known_code.h"

#define ERROR_BEFORE	77	/* no error of flow_build() */

static void add_function(struct known_code *code, const struct known_record *record)
{
	u32 i = code->in.nr_functions++;

	/* The hot and the cold text may lie either way. */
	for (; i && code->functions[i - 1].address > record->function.start; i--) {
		code->functions[i] = code->functions[i - 1];
		code->records[i] = code->records[i - 1];
	}
	code->functions[i] = (struct flow_function){
		.address = record->function.start,
		.size = record->function.end - record->function.start,
		.selected = !record->function.unselected,
		.cold = record->function.cold,
		.error = ERROR_BEFORE,
	};
	code->records[i] = record;
}

static void add_record(struct known_code *code, const struct known_record *record)
{
	struct flow_input *in = &code->in;

	switch (record->kind) {
	case KNOWN_FUNCTION:
		add_function(code, record);
		break;
	case KNOWN_FIXUP:
		code->fixups[in->nr_fixups++] = record->pair;
		break;
	case KNOWN_LABEL:
		code->labels[in->nr_jump_labels++] = record->pair;
		break;
	case KNOWN_BUG:
		code->bugs[in->nr_bugs++] = (struct flow_bug){
			record->place.address, record->place.warn
		};
		break;
	case KNOWN_FENTRY:
		code->fentries[in->nr_fentries++] = record->place.address;
		break;
	case KNOWN_STATIC_CALL:
		code->static_calls[in->nr_static_calls++] = record->place.address;
		break;
	case KNOWN_POINTER:
		code->pointers[in->nr_pointers++] = record->place.address;
		break;
	}
}

const struct known_record *known_code_read(struct known_code *code,
					   const struct known_record *first,
					   const struct flow_text texts[2])
{
	const struct known_record *record = first + 1;

	memset(code, 0, sizeof(*code));
	code->name = first->test.name;
	code->in = (struct flow_input){
		.texts = texts, .nr_texts = 2,
		.functions = code->functions,
		.fixups = code->fixups, .jump_labels = code->labels, .bugs = code->bugs,
		.fentries = code->fentries, .static_calls = code->static_calls,
		.pointers = code->pointers,
		.incomplete = first->test.incomplete,
	};
	for (; !known_code_ends(record); record++)
		add_record(code, record);
	return record;
}
