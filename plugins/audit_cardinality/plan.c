/* SPDX-License-Identifier: MIT */
#include "cardinality.h"

static void add_match(struct cardinality *c, struct fw_pairs_match *match, const char *name, int a,
                      int b)
{
    if (c->tables[a].source == NULL || c->tables[b].source == NULL) {
        return;
    }
    *match = (struct fw_pairs_match){name, &c->tables[a].pairs, &c->tables[b].pairs};
    fw_pairs_match_table(match, &c->made[c->n_made++]);
    c->facts_tables[c->n_facts_tables++] = name;
}

fw_status cardinality_plan_open(struct cardinality *c)
{
    for (int i = 0; i < CARDINALITY_N_TABLES; i++) {
        struct fw_pairs_table *pairs = &c->tables[i].pairs;
        if (c->tables[i].source != NULL) {
            c->n_inputs += fw_pairs_inputs(pairs, &c->inputs[c->n_inputs]);
            fw_pairs_tables(pairs, &c->made[c->n_made]);
            c->n_made += 2;
            c->facts_tables[c->n_facts_tables++] = pairs->facts_name;
        }
    }
    add_match(c, &c->text_match, "in_text", CARDINALITY_CORE, CARDINALITY_TEXT);
    add_match(c, &c->edgar_match, "in_edgar", CARDINALITY_INDEX, CARDINALITY_EDGAR);
    c->made[c->n_made++] =
        (struct fw_fold_table){.name = "missing", .make = cardinality_missing_make, .self = c};
    fw_text_appendf(&c->folder, "%s.work", fw_task_output(c->task, "report")->path);
    if (c->folder.failed) {
        return fw_fault_nomem(c->host);
    }
    const struct fw_fold_plan plan = {
        .sql = &c->sql,
        .folder = fw_text_get(&c->folder),
        .inputs = c->inputs,
        .n_inputs = c->n_inputs,
        .tables = c->made,
        .n_tables = c->n_made,
        .chunk_rows = fw_task_integer(c->task, "chunk_rows"),
        .in_memory = true,
    };
    return fw_fold_open(&plan, &c->fold);
}
