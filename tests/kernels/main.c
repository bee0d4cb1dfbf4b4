/* SPDX-License-Identifier: MIT */
/*
 * suite PROVIDER.so: what fw.kernels/1 promises, tried with one provider. Prints TAP. Every test
 * runs for both types of elements, with one thread and with three, and must give the same bits.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

static unsigned number, failed, skipped;

static void report(const struct check *check, const char *name, const char *what)
{
    const char *verdict = check->failures > 0 ? "not ok" : "ok";

    (void)printf("%s %u - %s %s%s\n", verdict, ++number, name, what,
                 check->skipped ? " # SKIP this provider cannot" : "");
    if (check->failures > 0) {
        (void)printf("# %u findings, the first: %s\n", check->failures, check->finding);
        failed++;
    }
    skipped += check->skipped;
}

static uint64_t seed_of(const char *name)
{
    uint64_t seed = 1469598103934665603U;

    for (; *name != '\0'; name++) {
        seed = (seed ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return seed;
}

static struct check run(struct provider *provider, const struct test *test, uint32_t dtype,
                        uint32_t threads)
{
    struct check check = {.provider = provider,
                          .k = provider->kernels,
                          .random = seed_of(test->name),
                          .dtype = dtype,
                          .epsilon = dtype == FW_F32 ? 0x1p-23 : 0x1p-52};

    provider->threads = threads;
    provider->recorded = FW_OK;
    if (check_ok(&check, check.k->open(&provider->host, &check.session), "open")) {
        test->run(&check);
        (void)check_ok(&check, check.k->synchronize(check.session), "synchronize");
        check.k->close(check.session);
    }
    return check;
}

static void run_test(struct provider *provider, const struct test *test)
{
    static const struct {
        uint32_t dtype;
        const char *name;
    } types[] = {{FW_F32, "f32"}, {FW_F64, "f64"}};

    for (int t = 0; t < 2; t++) {
        struct check one = run(provider, test, types[t].dtype, 1);
        struct check three = run(provider, test, types[t].dtype, 3);
        report(&one, test->name, types[t].name);
        check_that(&three, three.digest == one.digest || three.skipped,
                   "the bits differ from those of one thread");
        report(&three, test->name,
               strcmp(types[t].name, "f32") == 0 ? "f32, 3 threads" : "f64, 3 threads");
    }
}

static void run_all(struct provider *provider, const struct test *tests, const char *wanted)
{
    for (; tests->name != NULL; tests++) {
        if (wanted == NULL || strstr(tests->name, wanted) != NULL) {
            run_test(provider, tests);
        }
    }
}

static void print_device(struct provider *provider)
{
    struct fw_kernels_session *session = NULL;

    if (provider->kernels->open(&provider->host, &session) == FW_OK) {
        (void)printf("# %s\n# %s\n", provider->kernels->engine,
                     provider->kernels->describe(session));
        provider->kernels->close(session);
    }
}

int main(int argc, char **argv)
{
    const struct test *const suites[] = {tests_array,  tests_dense, tests_layer,
                                         tests_slopes, tests_image, tests_errors};
    struct provider provider;
    char reason[256] = "";

    if (argc < 2) {
        (void)fprintf(stderr, "usage: suite PROVIDER.so [PART-OF-A-NAME]\n");
        return 2;
    }
    provider_open(&provider, argv[1]);
    if (provider.kernels->available(reason, sizeof reason) != FW_OK) {
        (void)printf("1..0 # SKIP %s\n", reason);
        provider_close(&provider);
        return 0;
    }
    print_device(&provider);
    for (unsigned i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        run_all(&provider, suites[i], argc > 2 ? argv[2] : NULL);
    }
    (void)printf("1..%u\n# %u failed, %u skipped\n", number, failed, skipped);
    provider_close(&provider);
    return failed > 0 || number == 0;
}
