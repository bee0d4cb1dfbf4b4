/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "train.h"

enum { STATE_VERSION = 2 };

/* Then the points, the weights, the optimiser's arrays, the best weights, what a callback
   remembers, the answers of each part, and the callbacks' own state; each as long as the head says,
   or the net is. */
struct head {
    struct train_place place;
    struct stopping stopping;
    struct train_keep keep;
    double seconds;
    uint64_t phase, next_part, optimiser_step, n_points;
    struct train_answers answers[FW_DATASET_PARTS]; /* `p` means nothing */
    uint64_t columns;
    uint64_t n_parameters, n_kept;
    uint64_t has_m, has_v, has_best, has_remembered;
    uint64_t hub_version, hub_bytes;
    uint64_t bytes; /* of all of it */
};

static void release(struct fw_blob *blob)
{
    free(blob->private_data);
}

static uint64_t bytes_of(const struct head *head)
{
    const uint64_t weights = head->n_parameters + head->n_kept;
    uint64_t floats = weights * (1 + head->has_best) +
                      head->n_parameters * (head->has_m + head->has_v + head->has_remembered);

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        floats += head->answers[part].n * head->columns;
    }
    return sizeof *head + head->n_points * sizeof(struct train_point) + floats * sizeof(float) +
           head->hub_bytes;
}

static struct head head_of(const struct train *train, const struct fw_blob *hub)
{
    struct head head = {
        .place = train->place,
        .stopping = train->stopping,
        .keep = train->keep,
        .seconds = train->seconds,
        .phase = train->phase,
        .next_part = train->next_part,
        .columns = train->columns,
        .optimiser_step = train->optimiser.step,
        .n_points = train->n_points,
        .n_parameters = train->net->n_parameters,
        .n_kept = train->net->n_kept_elements,
        .has_m = train->optimiser.m != NULL,
        .has_v = train->optimiser.v != NULL,
        .has_best = train->best != NULL,
        .has_remembered = train->remembered != NULL,
        .hub_version = hub->version,
        .hub_bytes = hub->size,
    };

    memcpy(head.answers, train->answers, sizeof head.answers);
    head.bytes = bytes_of(&head);
    return head;
}

static void put(char **at, const void *bytes, uint64_t size)
{
    if (size > 0) {
        memcpy(*at, bytes, size);
    }
    *at += size;
}

/* An array of the device, n_parameters long; NULL: there is none. */
static fw_status put_array(struct train *train, char **at, struct fw_kernels_buffer *buffer)
{
    const uint64_t bytes = train->net->n_parameters * sizeof(float);
    const struct fw_operand from = {.buffer = buffer};

    if (buffer == NULL) {
        return FW_OK;
    }
    fw_status status = train->kernels->download(train->session, from, *at, bytes);
    *at += bytes;
    return status;
}

static fw_status put_all(struct train *train, const struct head *head, const struct fw_blob *hub,
                         char *at)
{
    const uint64_t weights = (head->n_parameters + head->n_kept) * sizeof(float);

    put(&at, head, sizeof *head);
    put(&at, train->points, train->n_points * sizeof *train->points);
    fw_status status = train_weights_get(train, at);
    at += weights;
    if (status == FW_OK) {
        status = put_array(train, &at, train->optimiser.m);
    }
    if (status == FW_OK) {
        status = put_array(train, &at, train->optimiser.v);
    }
    put(&at, train->best, head->has_best * weights);
    if (status == FW_OK) {
        status = put_array(train, &at, train->remembered);
    }
    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        const struct train_answers *answers = &train->answers[part];
        put(&at, answers->p, answers->n * train->columns * sizeof *answers->p);
    }
    put(&at, hub->bytes, hub->size);
    return status;
}

static fw_status save_with(struct train *train, const struct fw_blob *hub, struct fw_blob *ret)
{
    train_keep_saved(train);
    const struct head head = head_of(train, hub);
    char *bytes = malloc(head.bytes);
    fw_status status =
        bytes != NULL ? put_all(train, &head, hub, bytes) : fw_fault_nomem(train->host);

    if (status != FW_OK) {
        free(bytes);
        return status;
    }
    ret->version = STATE_VERSION;
    ret->bytes = ret->private_data = bytes;
    ret->size = head.bytes;
    ret->release = release;
    return FW_OK;
}

fw_status train_save(void *self, struct fw_blob *ret)
{
    struct train *train = self;
    struct fw_blob hub = {.struct_size = (uint32_t)sizeof hub};
    fw_status status = train_begin(train);

    if (status == FW_OK) {
        status = fw_hub_save(train->hub, &hub);
    }
    if (status == FW_OK) {
        status = save_with(train, &hub, ret);
    }
    if (hub.release != NULL) {
        hub.release(&hub);
    }
    return status;
}

/* --- back --- */

static void get(const char **at, void *ret_bytes, uint64_t size)
{
    if (size > 0) {
        memcpy(ret_bytes, *at, size);
    }
    *at += size;
}

static fw_status get_array(struct train *train, const char **at, struct fw_kernels_buffer *buffer)
{
    const uint64_t bytes = train->net->n_parameters * sizeof(float);
    const struct fw_operand to = {.buffer = buffer};

    if (buffer == NULL) {
        return FW_OK;
    }
    fw_status status = train->kernels->upload(train->session, to, *at, bytes);
    *at += bytes;
    return status;
}

/* Each number is bounded before sizes are added up, so that their sum says what it means. */
static bool has_room(const struct train *train, const struct head *head, uint64_t size)
{
    bool fits = head->n_points <= size / sizeof(struct train_point) && head->hub_bytes <= size &&
                head->has_remembered <= 1 && head->keep.n <= train->settings.top_k &&
                head->keep.n_dropped <= FW_COUNT(head->keep.dropped) &&
                head->keep.n_unknown == head->keep.n_dropped &&
                head->keep.n_forgotten <= head->keep.n_dropped &&
                head->keep.n_dropped - head->keep.n_forgotten <= train->settings.top_k;

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        fits = fits && head->answers[part].n <= train->n_part[part];
    }
    return fits;
}

/* Whether a run of these settings comes by there. */
static bool is_on_the_way(const struct train *train, const struct head *head)
{
    const struct train_place *place = &head->place;
    const bool is_over = place->stopped_early != 0 || place->epoch == train->settings.epochs;

    return place->epoch <= train->settings.epochs && place->batch < train->batches &&
           place->step == place->epoch * train->batches + place->batch &&
           place->n_seen <= place->step * train->settings.batch_size &&
           head->optimiser_step == place->step && head->phase <= TRAIN_WRITE &&
           is_over == (head->phase != TRAIN_FIT) &&
           (head->next_part < FW_DATASET_PARTS || head->phase == TRAIN_WRITE);
}

static fw_status check(const struct train *train, const struct fw_blob *blob, struct head *ret_head)
{
    bool fits = blob->version == STATE_VERSION && blob->size >= sizeof *ret_head;

    if (fits) {
        memcpy(ret_head, blob->bytes, sizeof *ret_head);
        fits = ret_head->n_parameters == train->net->n_parameters &&
               ret_head->n_kept == train->net->n_kept_elements &&
               ret_head->columns == train->columns &&
               ret_head->has_m == (train->optimiser.m != NULL) &&
               ret_head->has_v == (train->optimiser.v != NULL) &&
               ret_head->has_best == (train->best != NULL) &&
               has_room(train, ret_head, blob->size) && ret_head->bytes == blob->size &&
               bytes_of(ret_head) == blob->size && is_on_the_way(train, ret_head);
    }
    return fits ? FW_OK
                : fw_faultf(train->host, FW_E_STATE, NULL, NULL,
                            "the saved state is damaged, or of another version or another net");
}

static fw_status make_remembered(struct train *train, const struct head *head)
{
    return head->has_remembered != 0 && train->remembered == NULL
               ? train->kernels->buffer_create(train->session, head->n_parameters * sizeof(float),
                                               &train->remembered)
               : FW_OK;
}

static fw_status get_points(struct train *train, const struct head *head, const char **at)
{
    free(train->points);
    train->points = calloc(head->n_points + 1, sizeof *train->points);
    if (train->points == NULL) {
        return fw_fault_nomem(train->host);
    }
    train->n_points = head->n_points;
    train->room_points = head->n_points + 1;
    get(at, train->points, head->n_points * sizeof *train->points);
    return make_remembered(train, head);
}

static fw_status get_answers(struct train *train, const struct head *head, const char **at)
{
    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        struct train_answers *answers = &train->answers[part];
        const uint64_t bytes = head->answers[part].n * train->columns * sizeof *answers->p;
        train_answers_finish(answers);
        *answers = head->answers[part];
        answers->p = bytes > 0 ? malloc(bytes) : NULL;
        if (bytes > 0 && answers->p == NULL) {
            return fw_fault_nomem(train->host);
        }
        get(at, answers->p, bytes);
    }
    return FW_OK;
}

static fw_status get_all(struct train *train, const struct head *head, const char *at)
{
    const uint64_t weights = (head->n_parameters + head->n_kept) * sizeof(float);

    at += sizeof *head;
    fw_status status = get_points(train, head, &at);
    if (status == FW_OK) {
        status = train_weights_put(train, at);
    }
    at += weights;
    if (status == FW_OK) {
        status = get_array(train, &at, train->optimiser.m);
    }
    if (status == FW_OK) {
        status = get_array(train, &at, train->optimiser.v);
    }
    get(&at, train->best, head->has_best * weights);
    if (status == FW_OK) {
        status = get_array(train, &at, head->has_remembered != 0 ? train->remembered : NULL);
    }
    if (status == FW_OK) {
        status = get_answers(train, head, &at);
    }
    const struct fw_blob hub = {.struct_size = (uint32_t)sizeof hub,
                                .version = (uint32_t)head->hub_version,
                                .bytes = at,
                                .size = head->hub_bytes};
    return status == FW_OK ? fw_hub_restore(train->hub, &hub) : status;
}

fw_status train_restore(void *self, const struct fw_blob *blob)
{
    struct train *train = self;
    struct head head;
    fw_status status = check(train, blob, &head);

    if (status == FW_OK) {
        status = train_begin(train);
    }
    if (status == FW_OK) {
        status = get_all(train, &head, blob->bytes);
    }
    if (status != FW_OK) {
        return status;
    }
    train->place = head.place;
    train->stopping = head.stopping;
    train->keep = head.keep;
    train->seconds = head.seconds;
    train->phase = (enum train_phase)head.phase;
    train->next_part = (uint32_t)head.next_part;
    train->optimiser.step = head.optimiser_step;
    train->has_order = false;
    return train_keep_restore(train);
}
