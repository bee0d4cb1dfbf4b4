/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_FOURIER_H
#define FW_LIB_IMAGE_FOURIER_H

#include <stddef.h>

#include <complex.h>

/*
 * Transforms of two dimensions and any size. What a spectrum of a real image is needed for is done
 * column by column, while a column is in the cache; so it is kept by columns, and the three parts
 * of a transform are to be called one by one: along all rows, down one column, along eight rows
 * back. Plans are made without measuring: the same image has the same bits in its spectrum in every
 * run, whatever the number of threads. Nothing is scaled. Plans are read only: any thread may use
 * them.
 */

enum fw_fourier_way { FW_FOURIER_FORWARD, FW_FOURIER_BACK };

enum { FW_FOURIER_ROWS = 8 };

struct fw_fourier {
    size_t height, width;
    size_t columns;                         /**< 0 to width/2: the others are conjugates */
    size_t room;                            /**< numbers from one column to the next */
    size_t line;                            /**< numbers from one pair of rows to the next */
    void *along_rows[2], *along_columns[2]; /**< FFTW's plans by fw_fourier_way */
};

/** 0 or -ENOMEM; what is left is to be finished in either case. */
int fw_fourier_init(struct fw_fourier *fourier, size_t height, size_t width);
int fw_fourier_init_single(struct fw_fourier *fourier, size_t height, size_t width);
void fw_fourier_finish(struct fw_fourier *fourier);
void fw_fourier_finish_single(struct fw_fourier *fourier);

/** Numbers of a spectrum. */
static inline size_t fw_fourier_size(const struct fw_fourier *fourier)
{
    return fourier->columns * fourier->room;
}

/**
 * Transforms the rows of some images, `stride` pixels from each other; the spectra lie one after
 * the other. 0 or -ENOMEM.
 */
int fw_fourier_rows(const struct fw_fourier *fourier, const double *const images[], size_t n_images,
                    size_t stride, unsigned n_threads, double complex *ret_spectra);
int fw_fourier_rows_single(const struct fw_fourier *fourier, const double *const images[],
                           size_t n_images, size_t stride, unsigned n_threads,
                           float complex *ret_spectra);

/** From one array of `height` numbers to another. Both are aligned to 16 bytes, as columns are. */
void fw_fourier_column(const struct fw_fourier *fourier, enum fw_fourier_way way,
                       const double complex *from, double complex *to);
void fw_fourier_column_single(const struct fw_fourier *fourier, enum fw_fourier_way way,
                              const float complex *from, float complex *to);

/** Numbers of the scratch memory that some rows back take, aligned to 16 bytes. */
static inline size_t fw_fourier_scratch(const struct fw_fourier *fourier)
{
    return (size_t)FW_FOURIER_ROWS * fourier->line;
}

/**
 * Rows `first` to `first` + 7, or to the last one; `first` is a multiple of 8. Returns pairs of
 * rows in `scratch`: the real parts are one row, the imaginary ones the next.
 */
const double complex *fw_fourier_rows_back(const struct fw_fourier *fourier,
                                           const double complex *spectrum, size_t first,
                                           double complex *scratch);
const float complex *fw_fourier_rows_back_single(const struct fw_fourier *fourier,
                                                 const float complex *spectrum, size_t first,
                                                 float complex *scratch);

/** Of a complex image, in place. 0 or -ENOMEM. */
int fw_fourier_complex(double complex *pixels, size_t height, size_t width, enum fw_fourier_way way,
                       unsigned n_threads);

#endif
