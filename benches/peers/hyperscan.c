// Hyperscan (or Vectorscan) on the question of `regex_set`: on how many lines each regex of a list matches. One thread.
//
//     cc -O2 benches/peers/hyperscan.c -o hyperscan $(pkg-config --cflags --libs libhs)
//     ./hyperscan datasets/secrets.txt TEXT BYTES ROUNDS
//
// It prints the sum of the counts, and the median throughput of the rounds.
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 4096

static const char *text;
static size_t len;
// Where the last line ends that each regex matched on.
static size_t ends[MOST];
static unsigned long long lines;

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    (void)from, (void)flags, (void)context;
    // A match that ends behind a byte is on the line of that byte.
    if (to > ends[id]) {
        const char *end = memchr(text + to - 1, '\n', len - (to - 1));
        ends[id] = end ? (size_t)(end - text) + 1 : len;
        lines++;
    }
    return 0;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: %s REGEXES TEXT BYTES ROUNDS\n", argv[0]), 2;
    static char *regexes[MOST];
    static unsigned flags[MOST], ids[MOST];
    unsigned count = 0;
    FILE *list = fopen(argv[1], "r");
    char *line = NULL;
    size_t room = 0;
    while (list && count < MOST && getline(&line, &room, list) > 0) {
        line[strcspn(line, "\n")] = 0;
        regexes[count] = strdup(line);
        flags[count] = HS_FLAG_MULTILINE;
        ids[count] = count;
        count++;
    }
    FILE *file = fopen(argv[2], "rb");
    len = strtoull(argv[3], NULL, 10);
    char *bytes = malloc(len);
    if (!list || !file || !bytes) return perror("cannot read"), 1;
    len = fread(bytes, 1, len, file);
    text = bytes;
    hs_database_t *database;
    hs_compile_error_t *error;
    const char *const *all = (const char *const *)regexes;
    if (hs_compile_multi(all, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS)
        return fprintf(stderr, "regex %d: %s\n", error->expression, error->message), 1;
    hs_scratch_t *scratch = NULL;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return 1;
    int rounds = atoi(argv[4]);
    double *speeds = malloc(sizeof(double) * (rounds + 1));
    for (int i = 0; i < rounds; i++) {
        struct timespec start, end;
        memset(ends, 0, sizeof(ends));
        lines = 0;
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (hs_scan(database, text, len, 0, scratch, on_match, NULL) != HS_SUCCESS) return 1;
        clock_gettime(CLOCK_MONOTONIC, &end);
        speeds[i] = len / ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec));
    }
    qsort(speeds, rounds, sizeof(double), by_value);
    printf("%s: %u regexes, %llu lines, %.2f GB/s\n", hs_version(), count, lines, speeds[rounds / 2]);
    return 0;
}
