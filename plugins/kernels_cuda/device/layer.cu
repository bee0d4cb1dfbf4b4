/* SPDX-License-Identifier: MIT */
#include "device.h"

template <class T> static __device__ inline T inverse_root(const norm_args &args, uint64_t at)
{
    return 1 / sqrt(in<T>(args.variance)[at] + T(args.epsilon));
}

static __device__ inline uint64_t channel_of(const norm_args &args, uint64_t i)
{
    return divide(divide(i, args.inner).quotient, args.channels).remainder;
}

template <class T> static __device__ void normalise(const norm_args &args)
{
    each(args.n, [=](uint64_t i) {
        uint64_t c = channel_of(args, i);
        T scale = inverse_root<T>(args, c) * (args.gamma ? in<T>(args.gamma)[c] : T(1));
        T y = (in<T>(args.x)[i] - in<T>(args.mean)[c]) * scale;
        out<T>(args.out)[i] = args.beta ? y + in<T>(args.beta)[c] : y;
    });
}
TYPED_KERNEL(KERNEL, normalise, norm_args)

template <class T> static __device__ void denormalise(const norm_args &args)
{
    each(args.n, [=](uint64_t i) {
        uint64_t c = channel_of(args, i);
        T scale = inverse_root<T>(args, c) * (args.gamma ? in<T>(args.gamma)[c] : T(1));
        T value = in<T>(args.dy)[i];
        if (args.slopes) {
            value -= T(args.slopes[c].first) +
                     (in<T>(args.x)[i] - in<T>(args.mean)[c]) * T(args.slopes[c].second);
        }
        out<T>(args.out)[i] = scale * value;
    });
}
TYPED_KERNEL(KERNEL, denormalise, norm_args)

/* The place of a thread in a kernel where `lanes` threads share a row: a block has several. */
struct seat {
    uint64_t row;
    uint64_t lane;
    uint32_t rows; /* of the block */
};

static __device__ inline seat seat_of(uint32_t lanes)
{
    uint32_t rows = BLOCK_THREADS / lanes;

    return {(uint64_t)blockIdx.x * rows + threadIdx.x % rows, threadIdx.x / rows, rows};
}

template <class T> static __device__ void layer_norm(const norm_args &args)
{
    seat at = seat_of(args.lanes);
    uint64_t end = at.row * args.inner < args.n ? args.inner : 0;
    const T *x = in<T>(args.x) + at.row * args.inner;
    double sum = 0, squares = 0, mean, n = (double)args.inner;

    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        sum += (double)x[i];
    }
    mean = fold(sum, at.rows, add) / n;
    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    }
    squares = fold(squares, at.rows, add) / n;
    if (end > 0 && at.lane == 0) {
        out<T>(args.mean)[at.row] = T(mean);
        out<T>(args.variance)[at.row] = T(squares);
    }
    T scale = T(1 / sqrt(squares + args.epsilon)), shift = T(mean);
    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        T y = (x[i] - shift) * scale;
        y = args.gamma ? y * in<T>(args.gamma)[i] : y;
        out<T>(args.out)[at.row * args.inner + i] = args.beta ? y + in<T>(args.beta)[i] : y;
    }
}
TYPED_KERNEL(BLOCK_KERNEL, layer_norm, norm_args)

template <class T> static __device__ void layer_norm_back(const norm_args &args)
{
    seat at = seat_of(args.lanes);
    uint64_t end = at.row * args.inner < args.n ? args.inner : 0;
    const T *x = in<T>(args.x) + at.row * args.inner, *dy = in<T>(args.dy) + at.row * args.inner;
    const T *gamma = in<T>(args.gamma);
    T mean = end > 0 ? in<T>(args.mean)[at.row] : T(0);
    T root = end > 0 ? inverse_root<T>(args, at.row) : T(0);
    sums2 sum = {0, 0};

    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        double h = (double)(gamma ? gamma[i] * dy[i] : dy[i]);
        sum.first += h;
        sum.second += h * ((double)x[i] - (double)mean);
    }
    sum = fold(sum, at.rows, add2);
    T offset = T(sum.first / (double)args.inner);
    T slope = T(sum.second * (double)root * (double)root / (double)args.inner);
    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        T h = gamma ? gamma[i] * dy[i] : dy[i];
        out<T>(args.out)[at.row * args.inner + i] = root * (h - offset - (x[i] - mean) * slope);
    }
}
TYPED_KERNEL(BLOCK_KERNEL, layer_norm_back, norm_args)

/* The cells of a window that lie inside the image; or the windows that a cell lies in. */
struct span {
    uint64_t begin;
    uint64_t end;
};

static __device__ inline span cells(uint64_t window, uint64_t stride, uint64_t pad, uint64_t kernel,
                                    uint64_t in)
{
    uint64_t begin = window * stride, end = begin + kernel;

    return {begin > pad ? begin - pad : 0, end > pad + in ? in : end - pad};
}

static __device__ inline span windows(uint64_t cell, uint64_t stride, uint64_t pad, uint64_t kernel,
                                      uint64_t n)
{
    uint64_t last = (cell + pad) / stride, first = cell + pad + 1;

    first = first > kernel ? (first - kernel + stride - 1) / stride : 0;
    return {first, last < n ? last + 1 : n};
}

template <class T>
static __device__ void pool_window(const pool_args &args, uint64_t i, const T *x, span rows,
                                   span cols)
{
    uint64_t best = rows.begin * args.in_cols + cols.begin;
    double sum = 0;

    for (uint64_t r = rows.begin; r < rows.end; r++) {
        for (uint64_t q = cols.begin; q < cols.end; q++) {
            T value = x[r * args.in_cols + q], top = x[best];
            sum += (double)value;
            best = value > top || (value != value && top == top) ? r * args.in_cols + q : best;
        }
    }
    if (args.kind == FW_POOL_AVERAGE) {
        sum /= (double)((rows.end - rows.begin) * (cols.end - cols.begin));
    }
    out<T>(args.y)[i] = args.kind == FW_POOL_MAX ? x[best] : T(sum);
    if (args.kind == FW_POOL_MAX && args.index) {
        args.index[i] = (int32_t)best;
    }
}

template <class T> static __device__ void pool(const pool_args &args)
{
    each(args.n, [=](uint64_t i) {
        division row = divide(i, args.cols), plane = divide(row.quotient, args.rows);
        uint64_t inside = args.in_rows * args.in_cols;
        const T *x = in<T>(args.x) + plane.quotient * inside;
        if (args.direction == FW_POOL_PICK) {
            uint64_t at = (uint64_t)(int64_t)args.index[i];
            out<T>(args.y)[i] = at < inside ? x[at] : T(NAN);
            return;
        }
        pool_window<T>(
            args, i, x,
            cells(plane.remainder, args.stride_rows, args.pad_rows, args.kernel_rows, args.in_rows),
            cells(row.remainder, args.stride_cols, args.pad_cols, args.kernel_cols, args.in_cols));
    });
}
TYPED_KERNEL(KERNEL, pool, pool_args)

static __device__ inline uint64_t size(span s)
{
    return s.end - s.begin;
}

/* What window (r, q) of the plane whose windows begin at `first` gives cell `cell`. */
template <class T>
static __device__ T share(const pool_args &args, uint64_t first, uint64_t cell, uint64_t r,
                          uint64_t q)
{
    uint64_t at = first + r * args.cols + q;
    T value = in<T>(args.y)[at];

    if (args.kind == FW_POOL_MAX) {
        return (uint64_t)(int64_t)args.index[at] == cell ? value : T(0);
    }
    if (args.kind == FW_POOL_AVERAGE) {
        value /= T(size(cells(r, args.stride_rows, args.pad_rows, args.kernel_rows, args.in_rows)) *
                   size(cells(q, args.stride_cols, args.pad_cols, args.kernel_cols, args.in_cols)));
    }
    return value;
}

/* A cell gathers from its windows, so that no two threads write to one place. */
template <class T> static __device__ void pool_back(const pool_args &args)
{
    each(args.n, [=](uint64_t i) {
        division row = divide(i, args.in_cols), plane = divide(row.quotient, args.in_rows);
        span rows =
            windows(plane.remainder, args.stride_rows, args.pad_rows, args.kernel_rows, args.rows);
        span cols =
            windows(row.remainder, args.stride_cols, args.pad_cols, args.kernel_cols, args.cols);
        uint64_t cell = plane.remainder * args.in_cols + row.remainder;
        T sum = 0;
        for (uint64_t r = rows.begin; r < rows.end; r++) {
            for (uint64_t q = cols.begin; q < cols.end; q++) {
                sum += share<T>(args, plane.quotient * args.rows * args.cols, cell, r, q);
            }
        }
        out<T>(args.x)[i] = sum;
    });
}
TYPED_KERNEL(KERNEL, pool_back, pool_args)

/* y = softmax(scale * x) of this thread's row; the logarithm of the sum of exponentials. */
template <class T>
static __device__ double soften(const softmax_args &args, const seat &at, const T *x, T *y,
                                uint64_t end)
{
    const T scale = T(args.scale);
    double top = -HUGE_VAL, sum = 0;

    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        double value = (double)(scale * x[i]);
        top = value > top || value != value ? value : top;
    }
    top = fold(top, at.rows, [](double a, double b) { return b > a || b != b ? b : a; });
    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        T e = exp(scale * x[i] - T(top));
        sum += (double)e;
        if (y) {
            y[i] = e;
        }
    }
    sum = fold(sum, at.rows, add);
    for (uint64_t i = at.lane; i < end && y; i += args.lanes) {
        y[i] *= T(1 / sum);
    }
    return top + log(sum);
}

template <class T>
static __device__ void soften_back(const softmax_args &args, const seat &at, uint64_t end)
{
    const T *y = in<T>(args.y) + at.row * args.cols, *dy = in<T>(args.dy) + at.row * args.cols;
    T *x = out<T>(args.x) + at.row * args.cols;
    double sum = 0;

    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        sum += (double)y[i] * (double)dy[i];
    }
    sum = fold(sum, at.rows, add);
    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        x[i] = T(args.scale * (double)y[i] * ((double)dy[i] - sum));
    }
}

template <class T>
static __device__ void entropy_back(const softmax_args &args, const seat &at, uint64_t end)
{
    const T *y = in<T>(args.y) + at.row * args.cols;
    T *x = out<T>(args.x) + at.row * args.cols;
    int64_t label = end > 0 ? args.label[at.row] : -1;
    T factor = label < 0 ? T(0) : label < (int64_t)args.cols ? T(args.scale) : T(NAN);

    for (uint64_t i = at.lane; i < end; i += args.lanes) {
        x[i] = factor * (y[i] - ((int64_t)i == label ? T(1) : T(0)));
    }
}

template <class T> static __device__ void softmax(const softmax_args &args)
{
    seat at = seat_of(args.lanes);
    uint64_t end = at.row < args.rows ? args.cols : 0;
    const T *x = in<T>(args.x) + at.row * args.cols;
    T *y = args.y ? out<T>(args.y) + at.row * args.cols : nullptr;

    if (args.kind == FW_SOFTMAX_BACKWARD) {
        soften_back<T>(args, at, end);
    } else if (args.kind == FW_CROSS_ENTROPY_BACKWARD) {
        entropy_back<T>(args, at, end);
    } else {
        double total = soften<T>(args, at, x, y, end);
        if (args.kind == FW_CROSS_ENTROPY && end > 0 && at.lane == 0) {
            int64_t label = args.label[at.row];
            double loss = NAN;
            if (label < (int64_t)args.cols) {
                loss = label < 0 ? 0 : total - args.scale * (double)x[label];
            }
            out<T>(args.loss)[at.row] = T(loss);
        }
    }
}
TYPED_KERNEL(BLOCK_KERNEL, softmax, softmax_args)
