/* SPDX-License-Identifier: MIT */
#include <cstddef>

#include "kernels_cuda/api.h"
#include "standin.h"

/*
 * cuDNN's convolutions by loops. Its proposals begin with what must not be taken: Winograd's
 * transforms, sums in no fixed order, TF32. It will not do kernels smaller than their padding.
 */
static int misuse()
{
    standin.misuses++;
    return 2000;
}

#define ENTER()                                                                                    \
    do {                                                                                           \
        if (int result = standin_call(__func__, 4004, 5000)) {                                     \
            return result;                                                                         \
        }                                                                                          \
    } while (0)

struct shape { /* of tensors and filters */
    int type;
    int n[4];
};

struct geometry {
    int pad[2];
    int stride[2];
    int type;
    int math;
};

static int make_shape(void **made)
{
    *made = new shape();
    standin.handles++;
    return 0;
}

static int set_shape(void *which, const shape &value)
{
    for (int n : value.n) {
        if (n < 1) {
            return misuse();
        }
    }
    *static_cast<shape *>(which) = value;
    return 0;
}

static int propose(const void *convolution, int direction, int wanted, int *found,
                   cuda_dnn_choice *choices)
{
    const geometry &g = *static_cast<const geometry *>(convolution);
    const int winograd = direction == 0 ? 6 : 4, good = direction == 0 ? 0 : 1;
    const cuda_dnn_choice all[] = {{winograd, 0, 1, 0, 1, 3, {}},
                                   {0, 0, 1, 0, 0, 3, {}},
                                   {good, 0, 1, 0, 1, 2, {}},
                                   {good, 3000, 1, 0, 1, 3, {}},
                                   {good, 0, 1, 256, 1, 3, {}}};

    *found = wanted < 5 ? wanted : 5;
    for (int i = 0; i < *found; i++) {
        choices[i] = all[i];
    }
    return g.math == CUDNN_FMA ? 0 : misuse();
}

/* y[b][o][r][q], x[b][c][.][.], w[o][c][i][j]: f(x, w, y) for all products, y's rows together. */
template <class F>
static void each_row(const shape &x, const shape &w, const shape &y, const geometry &g, F f)
{
    for (int b = 0; b < y.n[0]; b++) {
        for (int o = 0; o < y.n[1]; o++) {
            for (int c = 0; c < x.n[1]; c++) {
                for (int t = 0; t < w.n[2] * w.n[3] * y.n[2]; t++) {
                    int i = t / y.n[2] / w.n[3], j = t / y.n[2] % w.n[3], r = t % y.n[2];
                    int row = r * g.stride[0] + i - g.pad[0];
                    if (row >= 0 && row < x.n[2]) {
                        f((((size_t)b * x.n[1] + c) * x.n[2] + row) * x.n[3],
                          (((size_t)o * w.n[1] + c) * w.n[2] + i) * w.n[3] + j, j,
                          (((size_t)b * y.n[1] + o) * y.n[2] + r) * y.n[3]);
                    }
                }
            }
        }
    }
}

template <class T> struct arrays {
    const T *x, *w, *y;
    T *sum;
};

/* The columns q of an output row that tap j sees inside the image. */
template <class T>
static void add_row(int direction, const arrays<T> &a, const geometry &g, const size_t at[3],
                    const int j_cols_n[3])
{
    int j = j_cols_n[0], cols = j_cols_n[1], n = j_cols_n[2];
    T total = 0;

    for (int q = 0; q < n; q++) {
        int col = q * g.stride[1] + j - g.pad[1];
        if (col < 0 || col >= cols) {
            continue;
        }
        if (direction == 0) {
            a.sum[at[2] + q] += a.x[at[0] + col] * a.w[at[1]];
        } else if (direction == 1) {
            a.sum[at[0] + col] += a.y[at[2] + q] * a.w[at[1]];
        } else {
            total += a.x[at[0] + col] * a.y[at[2] + q];
        }
    }
    if (direction == 2) {
        a.sum[at[1]] += total;
    }
}

struct job {
    shape x, w, y;
    geometry g;
    double alpha, beta;
    const void *px, *pw, *py;
    void *out;
};

template <class T> static int convolve(int direction, const job &j)
{
    const shape &to = direction == 0 ? j.y : direction == 1 ? j.x : j.w;
    size_t n = (size_t)to.n[0] * to.n[1] * to.n[2] * to.n[3];
    T *sum = new T[n](), *out = static_cast<T *>(j.out);
    T alpha = T(j.alpha), beta = T(j.beta);
    arrays<T> a = {static_cast<const T *>(j.px), static_cast<const T *>(j.pw),
                   static_cast<const T *>(j.py), sum};

    each_row(j.x, j.w, j.y, j.g, [&](size_t x, size_t w, int tap, size_t y) {
        const size_t at[3] = {x, w, y};
        const int sizes[3] = {tap, j.x.n[3], j.y.n[3]};
        add_row<T>(direction, a, j.g, at, sizes);
    });
    for (size_t i = 0; i < n; i++) {
        out[i] = alpha * sum[i] + (beta != 0 ? beta * out[i] : 0);
    }
    delete[] sum;
    return 0;
}

/* A scalar is of the type that is computed in. */
static double scalar(const void *value, const geometry &g)
{
    return g.type == CUDNN_DOUBLE ? *static_cast<const double *>(value)
                                  : (double)*static_cast<const float *>(value);
}

static int run(int direction, const job &j)
{
    if (j.g.pad[0] >= j.w.n[2] || j.g.pad[1] >= j.w.n[3]) {
        return 3000;
    }
    return standin_put([=]() {
        return j.g.type == CUDNN_DOUBLE ? convolve<double>(direction, j)
                                        : convolve<float>(direction, j);
    });
}

static const shape &as_shape(const void *descriptor)
{
    return *static_cast<const shape *>(descriptor);
}

static const geometry &as_geometry(const void *descriptor)
{
    return *static_cast<const geometry *>(descriptor);
}

#define SET_TENSOR (void *which, int layout, int type, int batch, int channels, int rows, int cols)

#define SET_FILTER (void *which, int type, int layout, int out, int in, int rows, int cols)

#define SET_CONVOLUTION                                                                            \
    (void *which, int pad_rows, int pad_cols, int stride_rows, int stride_cols, int dilation_rows, \
     int dilation_cols, int mode, int type)

extern "C" {

size_t cudnnGetVersion()
{
    return 91900;
}

int cudnnCreate(void **handle)
{
    ENTER();
    standin.handles++;
    *handle = &standin;
    return 0;
}

int cudnnDestroy(void *)
{
    standin.handles--;
    ENTER();
    return 0;
}

int cudnnSetStream(void *, void *stream)
{
    ENTER();
    return stream != nullptr ? 0 : misuse();
}

int cudnnCreateTensorDescriptor(void **made)
{
    ENTER();
    return make_shape(made);
}

int cudnnDestroyTensorDescriptor(void *which)
{
    delete static_cast<shape *>(which);
    standin.handles--;
    ENTER();
    return 0;
}

int cudnnSetTensor4dDescriptor SET_TENSOR
{
    ENTER();
    return layout == CUDNN_NCHW ? set_shape(which, {type, {batch, channels, rows, cols}})
                                : misuse();
}

int cudnnCreateFilterDescriptor(void **made)
{
    ENTER();
    return make_shape(made);
}

int cudnnDestroyFilterDescriptor(void *which)
{
    delete static_cast<shape *>(which);
    standin.handles--;
    ENTER();
    return 0;
}

int cudnnSetFilter4dDescriptor SET_FILTER
{
    ENTER();
    return layout == CUDNN_NCHW ? set_shape(which, {type, {out, in, rows, cols}}) : misuse();
}

int cudnnCreateConvolutionDescriptor(void **made)
{
    ENTER();
    *made = new geometry();
    standin.handles++;
    return 0;
}

int cudnnDestroyConvolutionDescriptor(void *which)
{
    delete static_cast<geometry *>(which);
    standin.handles--;
    ENTER();
    return 0;
}

int cudnnSetConvolution2dDescriptor SET_CONVOLUTION
{
    ENTER();
    *static_cast<geometry *>(which) = {{pad_rows, pad_cols}, {stride_rows, stride_cols}, type, 0};
    return dilation_rows == 1 && dilation_cols == 1 && mode == CUDNN_CORRELATION ? 0 : misuse();
}

int cudnnSetConvolutionMathType(void *which, int math)
{
    ENTER();
    static_cast<geometry *>(which)->math = math;
    return 0;
}

int cudnnGetConvolutionForwardAlgorithm_v7 CUDA_DNN_FIND
{
    ENTER();
    (void)handle, (void)first, (void)second, (void)third;
    return propose(convolution, 0, wanted, found, choices);
}

int cudnnGetConvolutionBackwardDataAlgorithm_v7 CUDA_DNN_FIND
{
    ENTER();
    (void)handle, (void)first, (void)second, (void)third;
    return propose(convolution, 1, wanted, found, choices);
}

int cudnnGetConvolutionBackwardFilterAlgorithm_v7 CUDA_DNN_FIND
{
    ENTER();
    (void)handle, (void)first, (void)second, (void)third;
    return propose(convolution, 2, wanted, found, choices);
}

int cudnnConvolutionForward CUDA_DNN_RUN
{
    ENTER();
    (void)handle;
    if (algorithm != 0 || work == nullptr || work_bytes < 256) {
        return misuse();
    }
    return run(0, {as_shape(first_shape), as_shape(second_shape), as_shape(out_shape),
                   as_geometry(convolution), scalar(alpha, as_geometry(convolution)),
                   scalar(beta, as_geometry(convolution)), first, second, nullptr, out});
}

int cudnnConvolutionBackwardData CUDA_DNN_RUN
{
    ENTER();
    (void)handle;
    if (algorithm != 1 || work == nullptr || work_bytes < 256) {
        return misuse();
    }
    return run(1, {as_shape(out_shape), as_shape(first_shape), as_shape(second_shape),
                   as_geometry(convolution), scalar(alpha, as_geometry(convolution)),
                   scalar(beta, as_geometry(convolution)), nullptr, first, second, out});
}

int cudnnConvolutionBackwardFilter CUDA_DNN_RUN
{
    ENTER();
    (void)handle;
    if (algorithm != 1 || work == nullptr || work_bytes < 256) {
        return misuse();
    }
    return run(2, {as_shape(first_shape), as_shape(out_shape), as_shape(second_shape),
                   as_geometry(convolution), scalar(alpha, as_geometry(convolution)),
                   scalar(beta, as_geometry(convolution)), first, nullptr, second, out});
}
}
