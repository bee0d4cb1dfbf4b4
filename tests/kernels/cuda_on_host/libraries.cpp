/* SPDX-License-Identifier: MIT */
#include <cstdlib>
#include <cstring>
#include <fftw3.h>
#include <vector>

#include "standin.h"

/* cuBLAS by loops and cuFFT by FFTW, as far as they are used; they are particular where the real
 * ones are. */
static int misuse(int status)
{
    standin.misuses++;
    return status;
}

#define ENTER(memory, failure)                                                                     \
    do {                                                                                           \
        if (int result = standin_call(__func__, memory, failure)) {                                \
            return result;                                                                         \
        }                                                                                          \
    } while (0)

struct matrix {
    int rows; /* as it is stored, columns first */
    int cols;
    int ld;
};

static bool is_good(const matrix &m)
{
    return m.rows > 0 && m.cols > 0 && m.ld >= m.rows;
}

template <class T> struct product {
    int m, n, k;
    T alpha, beta;
    const T *a, *b;
    bool turn_a, turn_b;
    int lda, ldb, ldc;
    T *c;
};

template <class T> static void multiply(const product<T> &p)
{
    for (int j = 0; j < p.n; j++) {
        for (int i = 0; i < p.m; i++) {
            const T *a = p.turn_a ? p.a + (size_t)i * p.lda : p.a + i;
            const T *b = p.turn_b ? p.b + j : p.b + (size_t)j * p.ldb;
            size_t step_a = p.turn_a ? 1 : p.lda, step_b = p.turn_b ? p.ldb : 1;
            T sum = 0, *c = p.c + (size_t)j * p.ldc + i;
            for (int l = 0; l < p.k; l++) {
                sum += a[l * step_a] * b[l * step_b];
            }
            *c = p.alpha * sum + (p.beta != 0 ? p.beta * *c : 0);
        }
    }
}

#define GEMM(real)                                                                                 \
    (void *, int turn_a, int turn_b, int m, int n, int k, const real *alpha, const real *a,        \
     int lda, long long stride_a, const real *b, int ldb, long long stride_b, const real *beta,    \
     real *c, int ldc, long long stride_c, int batch)                                              \
    {                                                                                              \
        ENTER(3, 13);                                                                              \
        matrix sa = {turn_a ? k : m, turn_a ? m : k, lda};                                         \
        matrix sb = {turn_b ? n : k, turn_b ? k : n, ldb}, sc = {m, n, ldc};                       \
        if (!is_good(sa) || !is_good(sb) || !is_good(sc) || batch < 0) {                           \
            return misuse(7);                                                                      \
        }                                                                                          \
        const real scale = *alpha, keep = *beta;                                                   \
        return standin_put([=]() {                                                                 \
            for (int i = 0; i < batch; i++) {                                                      \
                multiply<real>({m, n, k, scale, keep, a + i * stride_a, b + i * stride_b,          \
                                turn_a != 0, turn_b != 0, lda, ldb, ldc, c + i * stride_c});       \
            }                                                                                      \
            return 0;                                                                              \
        });                                                                                        \
    }

extern "C" {

int cublasCreate_v2(void **handle)
{
    ENTER(3, 1);
    standin.handles++;
    *handle = &standin;
    return 0;
}

int cublasDestroy_v2(void *)
{
    standin.handles--;
    ENTER(3, 13);
    return 0;
}

int cublasSetStream_v2(void *, void *stream)
{
    ENTER(3, 13);
    return stream != nullptr ? 0 : misuse(7);
}

int cublasSetWorkspace_v2(void *, void *memory, size_t)
{
    ENTER(3, 13);
    return memory != nullptr ? 0 : misuse(7);
}

int cublasSetMathMode(void *, int mode)
{
    ENTER(3, 13);
    return mode == 2 ? 0 : misuse(7);
}

int cublasGetVersion_v2(void *, int *version)
{
    ENTER(3, 13);
    *version = 130100;
    return 0;
}

int cublasSgemmStridedBatched GEMM(float)

    int cublasDgemmStridedBatched GEMM(double)
}

struct plan {
    int rank, sizes[2], type, batch;
    void *work;
};
static std::vector<plan *> plans;

static size_t count(const plan &p, bool half)
{
    int last = p.sizes[p.rank - 1];

    return (size_t)(p.rank > 1 ? p.sizes[0] : 1) * (half ? last / 2 + 1 : last);
}

/* One precision of FFTW. */
#define TRANSFORMS(real, X)                                                                        \
    static int complex_##X(const plan &p, real *in, real *out, int sign)                           \
    {                                                                                              \
        size_t n = count(p, false);                                                                \
        for (int i = 0; i < p.batch; i++) {                                                        \
            X##_plan made =                                                                        \
                X##_plan_dft(p.rank, p.sizes, reinterpret_cast<X##_complex *>(in + 2 * n * i),     \
                             reinterpret_cast<X##_complex *>(out + 2 * n * i), sign,               \
                             FFTW_ESTIMATE | FFTW_UNALIGNED);                                      \
            X##_execute(made);                                                                     \
            X##_destroy_plan(made);                                                                \
        }                                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    static int forward_##X(const plan &p, real *in, real *out)                                     \
    {                                                                                              \
        for (int i = 0; i < p.batch; i++) {                                                        \
            X##_plan made =                                                                        \
                X##_plan_dft_r2c(p.rank, p.sizes, in + count(p, false) * i,                        \
                                 reinterpret_cast<X##_complex *>(out + 2 * count(p, true) * i),    \
                                 FFTW_ESTIMATE | FFTW_UNALIGNED | FFTW_PRESERVE_INPUT);            \
            X##_execute(made);                                                                     \
            X##_destroy_plan(made);                                                                \
        }                                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    static int backward_##X(const plan &p, real *in, real *out)                                    \
    {                                                                                              \
        size_t half = count(p, true);                                                              \
        for (int i = 0; i < p.batch; i++) {                                                        \
            X##_plan made = X##_plan_dft_c2r(                                                      \
                p.rank, p.sizes, reinterpret_cast<X##_complex *>(in + 2 * half * i),               \
                out + count(p, false) * i, FFTW_ESTIMATE | FFTW_UNALIGNED);                        \
            X##_execute(made);                                                                     \
            X##_destroy_plan(made);                                                                \
        }                                                                                          \
        memset(in, 0xA5, 2 * half * (size_t)p.batch * sizeof(real));                               \
        return 0;                                                                                  \
    }
TRANSFORMS(double, fftw)
TRANSFORMS(float, fftwf)

static bool is_aligned(const void *memory, size_t bytes)
{
    return reinterpret_cast<uintptr_t>(memory) % bytes == 0;
}

/* What a transform must find: its own kind of plan with room to work in, aligned complex numbers.
 */
static int check(int plan, int type, const void *complex, size_t bytes)
{
    if (plans[plan] == nullptr || plans[plan]->type != type || plans[plan]->work == nullptr) {
        return misuse(1);
    }
    return is_aligned(complex, bytes) ? 0 : misuse(9);
}

/* A plan must still be there when its turn comes. */
#define PUT(work) return standin_put([=]() { return plans[plan] == nullptr ? misuse(1) : work; })

#define EXEC(type, complex, bytes)                                                                 \
    ENTER(2, 6);                                                                                   \
    if (int result = check(plan, type, complex, bytes)) {                                          \
        return result;                                                                             \
    }

#define MAKE_PLAN                                                                                  \
    (int which, int rank, int *sizes, int *in_embed, int, int, int *out_embed, int, int, int type, \
     int batch, size_t *bytes)

extern "C" {

int cufftGetVersion(int *version)
{
    ENTER(2, 6);
    *version = 12000;
    return 0;
}

int cufftCreate(int *made)
{
    ENTER(2, 5);
    *made = (int)plans.size();
    plans.push_back(new plan());
    standin.handles++;
    return 0;
}

int cufftDestroy(int which)
{
    delete plans[which];
    plans[which] = nullptr;
    standin.handles--;
    ENTER(2, 6);
    return 0;
}

int cufftSetAutoAllocation(int, int automatic)
{
    ENTER(2, 6);
    return automatic == 0 ? 0 : misuse(4);
}

int cufftSetStream(int, void *stream)
{
    ENTER(2, 6);
    return stream != nullptr ? 0 : misuse(4);
}

int cufftSetWorkArea(int which, void *memory)
{
    ENTER(2, 6);
    plans[which]->work = memory;
    return 0;
}

int cufftMakePlanMany MAKE_PLAN
{
    ENTER(2, 5);
    plan &p = *plans[which];
    if (in_embed != nullptr || out_embed != nullptr || batch < 1 || rank < 1 || rank > 2) {
        return misuse(4);
    }
    p.rank = rank;
    p.type = type;
    p.batch = batch;
    for (int i = 0; i < rank; i++) {
        p.sizes[i] = sizes[i];
    }
    *bytes = 128;
    return 0;
}

int cufftExecC2C(int plan, float *in, float *out, int sign)
{
    EXEC(0x29, in, 8);
    PUT(is_aligned(out, 8) ? complex_fftwf(*plans[plan], in, out, sign) : misuse(9));
}

int cufftExecZ2Z(int plan, double *in, double *out, int sign)
{
    EXEC(0x69, in, 16);
    PUT(is_aligned(out, 16) ? complex_fftw(*plans[plan], in, out, sign) : misuse(9));
}

int cufftExecR2C(int plan, float *in, float *out)
{
    EXEC(0x2a, out, 8);
    PUT(forward_fftwf(*plans[plan], in, out));
}

int cufftExecD2Z(int plan, double *in, double *out)
{
    EXEC(0x6a, out, 16);
    PUT(forward_fftw(*plans[plan], in, out));
}

int cufftExecC2R(int plan, float *in, float *out)
{
    EXEC(0x2c, in, 8);
    PUT(backward_fftwf(*plans[plan], in, out));
}

int cufftExecZ2D(int plan, double *in, double *out)
{
    EXEC(0x6c, in, 16);
    PUT(backward_fftw(*plans[plan], in, out));
}
}
