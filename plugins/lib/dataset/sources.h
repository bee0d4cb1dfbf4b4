/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DATASET_SOURCES_H
#define FW_LIB_DATASET_SOURCES_H

#include "dataset/dataset.h"
#include "sql/sql.h"

/*
 * Where data sets come from. A source that cannot be read is refused with its file, the record or
 * row and column, the value and what was expected; nothing is guessed and no sample left out.
 */

/** How raw values become inputs. Bytes are divided by 255 first, whatever follows. */
enum fw_dataset_scaling {
    FW_DATASET_USUAL,   /**< CIFAR-10: its published constants; windows: as they are; others:
                             measured */
    FW_DATASET_AS_IS,   /**< nothing more */
    FW_DATASET_MEASURED /**< less the mean, by the deviation (divisor n), of the training part: of a
                             channel of images, of a column of windows and rows. What is constant
                             there is only centred */
};

/**
 * What is done to the raw values of a training batch, image by image, in this order. Zero: nothing.
 * Windows and rows are never augmented: FW_E_CONFIG.
 */
struct fw_dataset_augment {
    /** 0: none; else RandomResizedCrop: up to ten times an area of that share … 1 of the image with
        a ratio log-uniform in 3/4 … 4/3, else the centre, and back to the image's size: bilinear,
        pixel centres at ½, without antialiasing, as torchvision does with tensors. */
    double crop_scale_min;
    /** 0: none; else that many raw zeros around it and a crop of its size anywhere. Not together
        with crop_scale_min. */
    uint32_t pad;
    double flip; /**< probability that left and right change places */
    double turn; /**< probability of half a turn */
};

/**
 * For every source. Zero-initialise, then set `host`. Shares are of each class of what the source
 * gives to train with, rounded to whole samples; which ones is drawn from `split_seed`. They are
 * for sources without such a part of their own: what validates stands in info's val_origin. Of
 * windows no share is taken, since they overlap: without a part val or test of their own a share of
 * it is FW_E_DATA.
 */
struct fw_dataset_options {
    const struct fw_host *host;
    uint64_t split_seed;
    double val_share, test_share; /**< 0 ≤, together < 1 */
    bool val_is_test; /**< the test part validates too, and what would have validated trains */
    enum fw_dataset_scaling scaling;
    struct fw_dataset_augment augment;
};

/**
 * CIFAR-10 in its binary form: records of a label, 0 … 9, and 32 × 32 bytes of red, green, blue.
 * `train` is a folder with data_batch_1.bin … data_batch_5.bin and test_batch.bin of 10,000 records
 * each, or with one other .bin, or a .bin itself; `test` a .bin beside the latter two, NULL: none.
 */
fw_status fw_dataset_open_cifar10(const struct fw_dataset_options *options, const char *train,
                                  const char *test, struct fw_dataset **ret_set);

/**
 * IDX, as MNIST and Fashion-MNIST lie, plain or .gz: bytes [n][rows][cols] and their classes [n].
 * `train_images` may be a folder of the publisher's four names; then the others are NULL.
 */
struct fw_dataset_idx {
    const char *train_images, *train_labels;
    const char *test_images, *test_labels; /**< NULL: none */
};
fw_status fw_dataset_open_idx(const struct fw_dataset_options *options,
                              const struct fw_dataset_idx *files, struct fw_dataset **ret_set);

/**
 * NumPy's files: [n][features], [n][rows][cols] or [n][channels][rows][cols], and classes [n].
 * Bytes stay bytes; other real numbers become floats.
 */
struct fw_dataset_npz {
    const char *train, *test;               /**< .npz, or .npy of the inputs; test NULL: none */
    const char *train_labels, *test_labels; /**< .npy of the classes, NULL: in the archive */
    const char *input, *target;             /**< names of an archive's arrays, NULL: "x", "y" */
};
fw_status fw_dataset_open_npz(const struct fw_dataset_options *options,
                              const struct fw_dataset_npz *files, struct fw_dataset **ret_set);

/**
 * Drawn here, no files: oriented gratings of three channels, class c at the angle c·π/classes, in
 * noise. Class of sample i: i modulo classes. Zeros mean the values behind them.
 */
struct fw_dataset_gratings {
    uint32_t size, n_classes;      /**< 16, 10 */
    uint32_t n_train, n_val;       /**< 4096, 512 */
    uint64_t train_seed, val_seed; /**< 10, 11 */
    double noise;                  /**< deviation, 1 */
};
fw_status fw_dataset_open_gratings(const struct fw_dataset_options *options,
                                   const struct fw_dataset_gratings *gratings,
                                   struct fw_dataset **ret_set);

/**
 * Windows of a table of days: `context` rows that end with the day of a decision, a column each
 * feature. Samples are the output of `split`: horizon, split, Date, row, y; the features are the
 * table that its targets were made of: a sample whose day is another row there is refused, and so
 * is a value within a window that is missing or not finite. Features are the columns named, or all
 * numbers but the prices. context = 1: plain rows.
 */
struct fw_dataset_windows {
    const struct fw_sql_handle *sql; /**< used while opening */
    const char *const *features;     /**< paths of one table */
    size_t n_features;
    const char *const *samples;
    size_t n_samples;
    int64_t horizon;
    uint64_t context;           /**< 80 in the market pipelines */
    const char *const *columns; /**< NULL: all but day and prices */
    size_t n_columns;
    bool include_ohlcv;      /**< Open, High, Low, Close, Volume too; for columns = NULL */
    const char *date_column; /**< of the features; NULL: "Date" */
    const char *date_format; /**< of dates that are text, as in strptime; NULL or "": 2019-03-01 */
};
fw_status fw_dataset_open_windows(const struct fw_dataset_options *options,
                                  const struct fw_dataset_windows *windows,
                                  struct fw_dataset **ret_set);

/**
 * Rows of any table, in its own order: numbers as features, whole numbers 0 … as classes.
 * `split_column` holds train, val or test; without one everything trains, less the shares.
 */
struct fw_dataset_rows {
    const struct fw_sql_handle *sql; /**< used while opening */
    const char *const *paths;
    size_t n_paths;
    const char *target;         /**< NULL: "y" */
    const char *const *columns; /**< NULL: all numbers but the target */
    size_t n_columns;
    const char *split_column; /**< NULL: none */
    bool no_header;           /**< of CSV: columns are column0, column1 … */
};
fw_status fw_dataset_open_rows(const struct fw_dataset_options *options,
                               const struct fw_dataset_rows *rows, struct fw_dataset **ret_set);

#endif
