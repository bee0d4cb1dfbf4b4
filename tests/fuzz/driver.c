/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "test_files.h"

/*
 * Stands in for libFuzzer with any compiler: fuzz_TARGET [-runs=N] [-leaks=0] SEED... runs each
 * seed (a file, or the files of a folder) and then N mutations of them, the same ones each time.
 * What fails is written to ./crash-TARGET, for `fuzz_TARGET crash-TARGET` to repeat.
 */
enum { MAX_SIZE = 1 << 16, HANG_S = 20 };

struct input {
    uint8_t *data;
    size_t size;
};

static struct input *seeds;
static size_t n_seeds;
static struct input current;
static const char *target;
static bool running, watch_leaks = true;

static uint64_t next_random(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t limit)
{
    return limit > 0 ? (size_t)(next_random() % limit) : 0;
}

/* Only calls that a signal handler may make. */
static void keep_input(void)
{
    char name[64] = "crash-";
    strncat(name, target, sizeof name - 8);
    FILE *file = running ? fopen(name, "we") : NULL;
    if (file != NULL) {
        fwrite(current.data, 1, current.size, file);
        fclose(file);
        fprintf(stderr, "fuzz: the input is in %s\n", name);
    }
    running = false;
}

static void strike(int signal)
{
    fprintf(stderr, "fuzz: %s: %s\n", target,
            signal == SIGALRM ? "an input takes for ever" : strsignal(signal));
    keep_input();
    _exit(1);
}

static void ended_by_the_code(void)
{
    if (running) {
        fprintf(stderr, "fuzz: %s: the code that is tested ended the process\n", target);
        keep_input();
        _exit(1);
    }
}

/* The sanitizers end the process without a signal. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void run(struct input input)
{
    current = input;
    running = true;
    alarm(HANG_S);
    LLVMFuzzerTestOneInput(input.data, input.size);
    alarm(0);
    running = false;
}

/* What grows each time is a leak; what grows once is a cache. */
static void run_watched(struct input input)
{
    enum { TIMES = 5 };
    size_t before = mallinfo2().uordblks;
    int n_growths = 0;
    run(input);
    while (watch_leaks && mallinfo2().uordblks > before && n_growths < TIMES) {
        before = mallinfo2().uordblks;
        n_growths++;
        run(input);
    }
    if (n_growths == TIMES) {
        fprintf(stderr, "fuzz: %s: memory is lost each time\n", target);
        running = true;
        keep_input();
        exit(1);
    }
}

static void add_seed(const char *path)
{
    struct input *slot;
    size_t size;
    char *text = test_file_read(path, &size);
    seeds = reallocarray(seeds, n_seeds + 1, sizeof *seeds);
    if (seeds == NULL) {
        abort();
    }
    slot = &seeds[n_seeds++];
    *slot = (struct input){(uint8_t *)text, size};
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of their names: the mutations must be the same everywhere. */
static void add_seeds(const char *path)
{
    struct stat facts;
    struct dirent **entries;
    if (stat(path, &facts) != 0) {
        fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    if (!S_ISDIR(facts.st_mode)) {
        add_seed(path);
        return;
    }
    int n = scandir(path, &entries, visible, alphasort);
    for (int i = 0; i < n; i++) {
        char *file = test_path(path, "%s", entries[i]->d_name);
        add_seed(file);
        free(file);
        free(entries[i]);
    }
    free(entries);
}

static void insert(struct input *input, size_t at, const void *data, size_t size)
{
    size = size < MAX_SIZE - input->size ? size : MAX_SIZE - input->size;
    memmove(input->data + at + size, input->data + at, input->size - at);
    memmove(input->data + at, data, size);
    input->size += size;
}

static void erase(struct input *input, size_t at, size_t size)
{
    memmove(input->data + at, input->data + at + size, input->size - at - size);
    input->size -= size;
}

static void mutate(struct input *input)
{
    static const char *const words[] = {"",      "0",    "-1",   "9223372036854775808",
                                        "1e999", "\"",   "{",    "}",
                                        "[",     "]",    "\\u",  "../",
                                        "/",     "\n",   "%",    "@",
                                        "${",    "null", "true", "\xff\xff\xff\xff",
                                        "\\",    "=",    ":",    ";"};
    const char *word = words[below(sizeof words / sizeof *words)];
    const struct input *other = &seeds[below(n_seeds)];
    size_t at = below(input->size + 1), left = input->size - at, from = below(other->size);
    uint8_t piece[256];
    size_t size = 1 + below(sizeof piece);
    switch (below(7)) {
    case 0:
    case 1:
        if (left > 0) {
            input->data[at] ^= (uint8_t)(1u << below(8));
        }
        break;
    case 2:
        if (left > 0) {
            input->data[at] = (uint8_t)next_random();
        }
        break;
    case 3:
        insert(input, at, word, *word != '\0' ? strlen(word) : 1);
        break;
    case 4:
        erase(input, at, size < left ? size : left);
        break;
    case 5:
        input->size = below(8) == 0 ? at : input->size;
        break;
    default:
        size = size < other->size - from ? size : other->size - from;
        if (size > 0) {
            memcpy(piece, other->data + from, size);
            insert(input, at, piece, size);
        }
        break;
    }
}

static void run_mutations(unsigned long n)
{
    uint8_t *room = malloc(MAX_SIZE);
    for (unsigned long i = 0; i < n && room != NULL; i++) {
        const struct input *seed = &seeds[below(n_seeds)];
        struct input input = {room, seed->size < MAX_SIZE ? seed->size : MAX_SIZE};
        memcpy(room, seed->data, input.size);
        for (size_t k = 1 + below(4); k > 0; k--) {
            mutate(&input);
        }
        /* At the end of memory of its own, so that a sanitizer sees a step too far. */
        uint8_t *exact = malloc(input.size + (input.size == 0));
        if (exact == NULL) {
            abort();
        }
        memcpy(exact, room, input.size);
        run_watched((struct input){exact, input.size});
        free(exact);
    }
    free(room);
}

/* What the allocator keeps at hand for each thread counts as used: without it, used is used. */
static void count_exactly(char **argv)
{
    static const char name[] = "GLIBC_TUNABLES";
    if (getenv(name) == NULL && setenv(name, "glibc.malloc.tcache_count=0", 1) == 0) {
        execv("/proc/self/exe", argv);
    }
    mallopt(M_MXFAST, 0);
}

int main(int argc, char **argv)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    unsigned long n_runs = 0;
    count_exactly(argv);
    target = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0) {
            n_runs = strtoul(argv[i] + 6, NULL, 10);
        } else if (strcmp(argv[i], "-leaks=0") == 0) {
            watch_leaks = false;
        } else {
            add_seeds(argv[i]);
        }
    }
    if (n_seeds == 0) {
        fprintf(stderr, "usage: %s [-runs=N] [-leaks=0] SEED...\n", target);
        return 2;
    }
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        signal(deadly[i], strike);
    }
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(keep_input);
    }
    atexit(ended_by_the_code);
    for (size_t i = 0; i < n_seeds; i++) {
        run_watched(seeds[i]);
    }
    run_mutations(n_runs);
    printf("%s: %zu seeds and %lu mutations, nothing found\n", target, n_seeds, n_runs);
    for (size_t i = 0; i < n_seeds; i++) {
        free(seeds[i].data);
    }
    free(seeds);
    return 0;
}
