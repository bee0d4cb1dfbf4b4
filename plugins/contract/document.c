/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "contract.h"

bool contract_push(cJSON *array, const char *text)
{
    cJSON *item = cJSON_CreateString(text);

    if (array == NULL || item == NULL || !cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        return false;
    }
    return true;
}

bool contract_has(const cJSON *array, const char *text)
{
    const cJSON *item = NULL;

    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool push_new(cJSON *array, const cJSON *list)
{
    const cJSON *item = NULL;
    bool done = array != NULL;

    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item) && !contract_has(array, item->valuestring)) {
            done &= contract_push(array, item->valuestring);
        }
    }
    return done;
}

static cJSON *list_of_param(const struct contract *c, const char *param)
{
    const struct fw_value *value = fw_task_value(c->task, param);
    cJSON *list = cJSON_CreateArray();
    bool done = list != NULL;

    for (size_t i = 0; value->type != FW_PARAM_UNSET && i < value->n; i++) {
        done &= contract_push(list, value->texts[i]);
    }
    if (!done) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

/* What the offers' snapshot and daily table must keep: raw columns, those of the contract before,
 * and the two keys that stages make. */
static cJSON *must_keep(const struct contract *c, const char *part)
{
    const cJSON *section = cJSON_GetObjectItemCaseSensitive(c->base, part);
    cJSON *list = cJSON_Duplicate(c->offers.kept, true);
    static const char *const made[] = {"snapshot_ts", "entity_id"};
    bool done = push_new(list, cJSON_GetObjectItemCaseSensitive(section, "must_keep"));

    for (size_t i = 0; i < FW_COUNT(made); i++) {
        done &= contract_has(list, made[i]) || contract_push(list, made[i]);
    }
    if (!done) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

static cJSON *derived_nested(const struct contract *c)
{
    static const char *const endings[] = {"json", "len", "hash"};
    cJSON *list = cJSON_CreateArray();
    const cJSON *item = NULL;
    struct fw_text name = {0};
    bool done = list != NULL;

    cJSON_ArrayForEach(item, c->offers.nested)
    {
        for (size_t i = 0; i < FW_COUNT(endings); i++) {
            fw_text_clear(&name);
            fw_text_appendf(&name, "%s__%s", item->valuestring, endings[i]);
            done &= !name.failed && contract_push(list, fw_text_get(&name));
        }
    }
    fw_text_finish(&name);
    if (!done) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

/* Takes the value; NULL stands for one that could not be allocated. */
static bool put(cJSON *object, const char *name, cJSON *value)
{
    if (object == NULL || value == NULL || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        return false;
    }
    return true;
}

static bool put_core(const struct contract *c, cJSON *document, const char *part)
{
    bool daily = strcmp(part, "offers_core_daily") == 0;
    const char *derived = daily ? "derived_structured" : "derived_only";
    cJSON *section = cJSON_CreateObject();
    bool done = put(section, "must_keep", must_keep(c, part));

    done &= put(section, "high_value", cJSON_CreateArray());
    if (daily) {
        done &= put(section, derived, list_of_param(c, "derived_structured"));
    } else {
        done &= put(section, derived,
                    c->compat ? cJSON_CreateArray() : cJSON_Duplicate(c->offers.nested, true));
    }
    done &= put(section, "nested_columns", cJSON_Duplicate(c->offers.nested, true));
    done &= put(section, "derived_nested", derived_nested(c));
    done &= put(section, "can_drop", list_of_param(c, "can_drop"));
    return put(document, part, section) && done;
}

/* The keys of the table of texts, and those texts that the raw table has. */
static cJSON *texts(const struct contract *c)
{
    static const char *const keys[] = {"entity_id", "platform_name", "offer_id",
                                       "crawled_date_day"};
    const struct fw_value *wanted = fw_task_value(c->task, "text_columns");
    cJSON *list = cJSON_CreateStringArray(keys, (int)FW_COUNT(keys));
    bool done = list != NULL;

    for (size_t i = 0; i < wanted->n; i++) {
        if (c->offers.source != NULL &&
            fw_source_column(c->offers.source, wanted->texts[i]) != NULL) {
            done &= contract_push(list, wanted->texts[i]);
        }
    }
    if (!done) {
        cJSON_Delete(list);
        return NULL;
    }
    return list;
}

cJSON *contract_document(const struct contract *c)
{
    const char *stamp = fw_task_text(c->task, "stamp");
    cJSON *document = cJSON_CreateObject(), *text = cJSON_CreateObject();
    cJSON *store = cJSON_CreateObject();
    bool done = put(document, "stamp", cJSON_CreateString(stamp));

    done &=
        put(document, "non_null_min", cJSON_CreateNumber(fw_task_real(c->task, "non_null_min")));
    done &= put(document, "categorical_distinct_max",
                cJSON_CreateNumber((double)fw_task_integer(c->task, "categorical_distinct_max")));
    done &= put_core(c, document, "offers_core_snapshot");
    done &= put_core(c, document, "offers_core_daily");
    done &= put(text, "must_keep", texts(c));
    done &= put(document, "offers_text", text);
    done &= put(store, "must_keep", cJSON_Duplicate(c->filings.kept, true));
    done &= put(store, "high_value", cJSON_CreateArray());
    done &= put(document, "edgar_store", store);
    if (!done) {
        cJSON_Delete(document);
        return NULL;
    }
    return document;
}

fw_status contract_check_derived(const struct contract *c)
{
    const struct fw_value *wanted = fw_task_value(c->task, "derived_structured");
    const struct fw_value *provided = fw_task_value(c->task, "provides");

    for (size_t i = 0; wanted->type != FW_PARAM_UNSET && i < wanted->n; i++) {
        bool found = false;
        for (size_t k = 0; provided->type != FW_PARAM_UNSET && k < provided->n; k++) {
            found |= strcmp(provided->texts[k], wanted->texts[i]) == 0;
        }
        if (!found) {
            return fw_faultf(c->host, FW_E_CONFIG, "derived_structured",
                             "name it in `provides` when a stage makes it, as daily does with "
                             "text_structure = true",
                             "no stage makes the column \"%s\": gate A could never pass",
                             wanted->texts[i]);
        }
    }
    return FW_OK;
}
