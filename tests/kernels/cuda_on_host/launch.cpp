/* SPDX-License-Identifier: MIT */
#include <setjmp.h>

#include <cstring>
#include <ucontext.h>
#include <vector>

#include "device.h"
#include "standin.h"

host_place threadIdx, blockIdx, blockDim, gridDim;

static host_kernel *kernels;

host_kernel::host_kernel(const char *name, void (*run)(const void *args), size_t size, bool meets)
    : name(name), run(run), size(size), meets(meets), next(kernels)
{
    kernels = this;
}

const void *host_find(const char *name)
{
    const host_kernel *kernel = kernels;

    while (kernel != nullptr && strcmp(kernel->name, name) != 0) {
        kernel = kernel->next;
    }
    return kernel;
}

size_t host_size(const void *function)
{
    return static_cast<const host_kernel *>(function)->size;
}

static bool descending;

void host_turn()
{
    descending = !descending;
}

static unsigned turned(unsigned i, unsigned n)
{
    return descending ? n - 1 - i : i;
}

/* A thread of a block that has barriers. It is made once, and then runs one kernel after the other:
 * between fibers only registers change, which ucontext alone would ask the kernel for each time. */
struct fiber {
    std::vector<char> stack;
    jmp_buf state;
    bool ended;
};

static struct {
    std::vector<fiber> fibers;
    jmp_buf scheduler;
    fiber *running; /* NULL: threads without barriers */
    const host_kernel *kernel;
    const void *args;
    bool astray; /* a barrier where there is none */
} block;

static void leave_fiber()
{
    if (_setjmp(block.running->state) == 0) {
        _longjmp(block.scheduler, 1);
    }
}

void host_barrier()
{
    if (block.running == nullptr) {
        block.astray = true;
        return;
    }
    leave_fiber();
}

static void fiber_main()
{
    for (;;) {
        leave_fiber();
        block.kernel->run(block.args);
        block.running->ended = true;
    }
}

static void resume(fiber *next)
{
    block.running = next;
    if (_setjmp(block.scheduler) == 0) {
        _longjmp(next->state, 1);
    }
}

/* Up to where it waits for its first kernel. */
static void make_fiber(fiber *f)
{
    ucontext_t context;

    f->stack.resize(1 << 16);
    getcontext(&context);
    context.uc_stack.ss_sp = f->stack.data();
    context.uc_stack.ss_size = f->stack.size();
    context.uc_link = nullptr;
    makecontext(&context, fiber_main, 0);
    block.running = f;
    if (_setjmp(block.scheduler) == 0) {
        setcontext(&context);
    }
}

/* All threads up to the next barrier, in turn, until all have ended: one that ends while others
 * wait is what a barrier forbids. */
static bool run_fibers(unsigned threads)
{
    unsigned ended = 0;

    if (block.fibers.empty()) {
        block.fibers.resize(threads);
        for (fiber &f : block.fibers) {
            make_fiber(&f);
        }
    }
    for (fiber &f : block.fibers) {
        f.ended = false;
    }
    while (ended == 0) {
        for (unsigned i = 0; i < threads; i++) {
            threadIdx.x = turned(i, threads);
            resume(&block.fibers[threadIdx.x]);
            ended += block.running->ended;
        }
    }
    block.running = nullptr;
    return ended == threads;
}

static bool run_block(const host_kernel *kernel, unsigned threads, const void *args)
{
    if (kernel->meets) {
        return run_fibers(threads);
    }
    for (unsigned i = 0; i < threads; i++) {
        threadIdx.x = turned(i, threads);
        kernel->run(args);
    }
    return true;
}

bool host_launch(const void *function, unsigned blocks, unsigned threads, const void *args)
{
    const host_kernel *kernel = static_cast<const host_kernel *>(function);
    bool good = true;

    blockDim.x = threads;
    gridDim.x = blocks;
    block.kernel = kernel;
    block.args = args;
    block.astray = false;
    for (unsigned i = 0; i < blocks; i++) {
        blockIdx.x = turned(i, blocks);
        good = run_block(kernel, threads, args) && good;
    }
    return good && !block.astray;
}
